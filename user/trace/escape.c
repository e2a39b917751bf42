/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * escape.c - owns \xNN.
 */
#include "trace/escape.h"

void escape_word(struct buf *out, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c <= ' ' || c >= 0x7f || c == '\\' || c == '"')
			buf_printf(out, "\\x%02x", c);
		else
			buf_putc(out, (char)c);
	}
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that s[0..4) spells as \xNN, or a negative value. */
static int escaped_byte(const char *s)
{
	int high = hex_digit(s[2]), low = hex_digit(s[3]);

	return s[1] == 'x' && high >= 0 && low >= 0 ? high << 4 | low : -1;
}

bool unescape(struct buf *out, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int c = (unsigned char)s[i];

		if (c == '\\') {
			c = n - i >= 4 ? escaped_byte(s + i) : -1;
			if (c < 0)
				return false;
			i += 3;
		}
		buf_putc(out, (char)c);
	}
	return true;
}
