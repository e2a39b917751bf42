/* SPDX-License-Identifier: GPL-2.0-only */
/* fmt_text.c - strangers' names made harmless, terminal columns, cells and wrapped paragraphs. */
#include "base/fmt.h"

#include <string.h>
#include "base/utf8.h"

void fmt_safe(struct buf *out, const char *s, size_t n, bool utf8)
{
	uint32_t c;
	size_t len;

	for (size_t i = 0; i < n; i += len) {
		len = utf8_decode(s + i, n - i, &c);
		if (len && c != '\\' && (utf8 || c < 0x80) && utf8_printable(c)) {
			buf_put(out, s + i, len);
			continue;
		}
		len = len ? len : 1;
		for (size_t k = 0; k < len; k++)
			buf_printf(out, "\\x%02x", (unsigned char)s[i + k]);
	}
}

/* The character at s: its bytes, at least one, and its columns. What is not UTF-8 counts as one column per byte. */
static size_t step(const char *s, size_t n, size_t *columns)
{
	uint32_t c;
	size_t len = utf8_decode(s, n, &c);

	*columns = len ? utf8_width(c) : 1;
	return len ? len : 1;
}

size_t fmt_columns(const char *s, size_t n)
{
	size_t columns = 0, width;

	for (size_t i = 0; i < n; columns += width)
		i += step(s + i, n - i, &width);
	return columns;
}

/* Bytes of the longest beginning of s that fits into `columns`, and how many it takes. */
static size_t fitting(const char *s, size_t n, size_t columns, size_t *taken)
{
	size_t i = 0, len, width;

	*taken = 0;
	while (i < n) {
		len = step(s + i, n - i, &width);
		if (*taken + width > columns)
			break;
		*taken += width;
		i += len;
	}
	return i;
}

void fmt_cell(struct buf *out, const char *s, size_t columns, bool right_align, bool utf8)
{
	size_t n = strlen(s), taken, fits = fitting(s, n, columns, &taken);
	bool cut = fits < n && columns;

	if (cut)
		fits = fitting(s, n, columns - 1, &taken);
	taken += cut;
	if (right_align)
		buf_repeat(out, " ", columns - taken);
	buf_put(out, s, fits);
	if (cut)
		buf_puts(out, utf8 ? "\u2026" : "~");
	if (!right_align)
		buf_repeat(out, " ", columns - taken);
}

void fmt_wrap(struct buf *out, const char *s, size_t at, size_t indent, size_t columns)
{
	bool first = true;

	for (s += strspn(s, " \n"); *s; s += strspn(s, " \n")) {
		size_t n = strcspn(s, " \n"), width = fmt_columns(s, n);

		if (!first && at + 1 + width > columns) {
			buf_putc(out, '\n');
			buf_repeat(out, " ", indent);
			at = indent;
		} else if (!first) {
			buf_putc(out, ' ');
			at++;
		}
		buf_put(out, s, n);
		at += width;
		s += n;
		first = false;
	}
	buf_putc(out, '\n');
}

void fmt_pair(struct buf *out, const char *left, size_t left_width, const char *right, size_t columns)
{
	size_t indent = 2 + left_width + 2, at = 2 + fmt_columns(left, strlen(left));

	buf_printf(out, "  %s", left);
	if (at + 2 > indent) {
		buf_putc(out, '\n');
		at = 0;
	}
	buf_repeat(out, " ", indent - at);
	fmt_wrap(out, right, indent, indent, columns);
}
