/* SPDX-License-Identifier: GPL-2.0-only */
/* opt_help.c - the rows of option tables as two columns of text. */
#include "base/opt.h"

#define LEFT_MAX 28 /* a wider spelling stands on a line of its own */

void opt_spell(const struct opt *o, struct buf *out)
{
	if (o->letter)
		buf_printf(out, "-%c, ", o->letter);
	else
		buf_puts(out, "    ");
	buf_printf(out, "--%s", o->name);
	if (opt_takes_value(o))
		buf_printf(out, " %s", o->arg ? o->arg : "VALUE");
}

static size_t left_width(const struct opt_group *groups, size_t nr)
{
	struct buf spelling = { 0 };
	size_t width = 0;

	for (size_t g = 0; g < nr; g++) {
		for (const struct opt *o = groups[g].opts; o->type != OPT_T_END; o++) {
			buf_reset(&spelling);
			opt_spell(o, &spelling);
			if (o->help && spelling.len > width && spelling.len <= LEFT_MAX)
				width = spelling.len;
		}
	}
	buf_release(&spelling);
	return width;
}

/* The rows of a group below its title; nothing for a group that has none to show. */
static void put_group(const struct opt_group *g, size_t left, unsigned columns, struct buf *out)
{
	const char *title = g->title;
	struct buf spelling = { 0 };

	for (const struct opt *o = g->opts; o->type != OPT_T_END; o++) {
		if (!o->help)
			continue;
		if (title)
			buf_printf(out, "%s%s\n", out->len ? "\n" : "", title);
		title = NULL;
		buf_reset(&spelling);
		opt_spell(o, &spelling);
		fmt_pair(out, buf_str(&spelling), left, o->help, columns);
	}
	buf_release(&spelling);
}

void opt_help(const struct opt_group *groups, size_t nr, unsigned columns, struct buf *out)
{
	size_t left = left_width(groups, nr);

	for (size_t g = 0; g < nr; g++)
		put_group(&groups[g], left, columns, out);
}
