/* SPDX-License-Identifier: GPL-2.0-only */
/* roff.c - plain text as man(7) source. */
#include "cmd/roff.h"

#include <ctype.h>
#include <string.h>

#include "cmd/frame.h"

/* What roff would take for something else than the character itself. */
static const struct {
	char c;
	const char *roff;
} escapes[] = {
	{ '\\', "\\(rs" }, { '\'', "\\(aq" }, { '`', "\\(ga" }, { '^', "\\(ha" }, { '~', "\\(ti" }, { '"', "\\(dq" },
};

static const char *escape_of(char c)
{
	for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++)
		if (escapes[i].c == c)
			return escapes[i].roff;
	return NULL;
}

/* `literal`: hyphens are minus signs, as the shell wants them. */
static void put_bytes(struct buf *out, const char *s, size_t n, bool literal)
{
	/* a point or an apostrophe that begins a line would begin a request */
	if (n && *s == '.' && (!out->len || out->data[out->len - 1] == '\n'))
		buf_puts(out, "\\&");
	for (size_t i = 0; i < n; i++) {
		const char *roff = literal && s[i] == '-' ? "\\-" : escape_of(s[i]);

		if (roff)
			buf_puts(out, roff);
		else
			buf_putc(out, s[i]);
	}
}

/* Length of the option that a word begins with: "--output=x" has 8, "x" has 0. */
static size_t option_length(const char *s, size_t n)
{
	size_t len = 0;

	if (n < 2 || s[0] != '-' || (s[1] != '-' && !isalpha((unsigned char)s[1])))
		return 0;
	while (len < n && (s[len] == '-' || isalnum((unsigned char)s[len])))
		len++;
	return len;
}

static void put_word(struct buf *out, const char *s, size_t n)
{
	size_t lead = 0, option;

	while (lead < n && strchr("('[", s[lead]))
		lead++;
	option = option_length(s + lead, n - lead);
	put_bytes(out, s, lead, false);
	if (option) {
		buf_puts(out, "\\fB");
		put_bytes(out, s + lead, option, true);
		buf_puts(out, "\\fP");
	}
	put_bytes(out, s + lead + option, n - lead - option, false);
}

void roff_text(struct buf *out, const char *s, size_t n)
{
	const char *end = s + n;

	while (s < end) {
		size_t blank = strspn(s, " \n"), len;

		s += blank < (size_t)(end - s) ? blank : (size_t)(end - s);
		len = strcspn(s, " \n");
		len = len < (size_t)(end - s) ? len : (size_t)(end - s);
		if (!len)
			break;
		put_word(out, s, len);
		buf_putc(out, s[len - 1] == '.' ? '\n' : ' ');
		s += len;
	}
	if (out->len && out->data[out->len - 1] == ' ')
		out->data[out->len - 1] = '\n';
}

void roff_example(struct buf *out, const char *s, size_t n)
{
	const char *end = s + n;

	buf_puts(out, ".PP\n.in +4n\n.EX\n");
	while (s < end) {
		size_t len = strcspn(s, "\n");

		len = len < (size_t)(end - s) ? len : (size_t)(end - s);
		if (len >= 2 && !strncmp(s, "  ", 2)) {
			s += 2;
			len -= 2;
		}
		put_bytes(out, s, len, true);
		buf_putc(out, '\n');
		s += len + 1;
	}
	buf_puts(out, ".EE\n.in\n");
}

static void put_paragraph(void *ctx, const char *s, size_t n, bool example)
{
	struct buf *out = ctx;

	if (example) {
		roff_example(out, s, n);
		return;
	}
	buf_puts(out, ".PP\n");
	roff_text(out, s, n);
}

void roff_paragraphs(struct buf *out, const char *text)
{
	help_paragraphs(text, put_paragraph, out);
}

void roff_section(struct buf *out, const char *title)
{
	buf_printf(out, ".SH %s\n", title);
}

void roff_subsection(struct buf *out, const char *title)
{
	buf_printf(out, ".SS %s\n", title);
}

void roff_bold_line(struct buf *out, const char *s)
{
	buf_puts(out, "\\fB");
	put_bytes(out, s, strlen(s), true);
	buf_puts(out, "\\fP\n");
}

void roff_tagged(struct buf *out, const char *left, const char *right)
{
	buf_puts(out, ".TP\n");
	roff_bold_line(out, left);
	roff_text(out, right, strlen(right));
}

void roff_synopsis(struct buf *out, const char *name, const char *args)
{
	static const char capitals[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	buf_printf(out, "\\fBschedviz %s\\fP [\\fIOPTION\\fP]...%s", name, args ? " " : "");
	while (args && *args) {
		size_t word = strspn(args, capitals), other = strcspn(args, capitals);

		buf_puts(out, word ? "\\fI" : "");
		put_bytes(out, args, word ? word : other, true);
		buf_puts(out, word ? "\\fP" : "");
		args += word ? word : other;
	}
	buf_putc(out, '\n');
}

static void put_option_head(struct buf *out, const struct opt *o)
{
	const char *arg = o->arg ? o->arg : "VALUE";

	if (o->letter)
		buf_printf(out, "\\fB\\-%c\\fP, ", o->letter);
	buf_puts(out, "\\fB\\-\\-");
	put_bytes(out, o->name, strlen(o->name), true);
	buf_puts(out, "\\fP");
	if (opt_takes_value(o)) {
		buf_puts(out, " \\fI");
		put_bytes(out, arg, strlen(arg), false);
		buf_puts(out, "\\fP");
	}
	buf_putc(out, '\n');
}

void roff_options(struct buf *out, const struct opt *opts)
{
	for (const struct opt *o = opts; o && o->type != OPT_T_END; o++) {
		if (!o->help)
			continue;
		buf_puts(out, ".TP\n");
		put_option_head(out, o);
		roff_text(out, o->help, strlen(o->help));
	}
}
