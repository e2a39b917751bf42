/* SPDX-License-Identifier: GPL-2.0-only */
/* help.c - explaining the program, a command or a workload on the terminal. */
#include <string.h>
#include "base/vec.h"
#include "cmd/frame.h"

#define HELP_MAX_COLUMNS 100 /* longer lines are hard to read */

const char help_tagline[] = "record the Linux scheduler and see where every nanosecond of every task went";

const struct help_pair help_examples[] = {
	{ "sudo schedviz run pool", "record an included workload, draw it, compare it with theory" },
	{ "sudo schedviz record -- make -j4", "record a command" },
	{ "sudo schedviz record -a -d 5s", "record the whole machine for five seconds" },
	{ "schedviz show", "draw the last recording" },
	{ "schedviz show --from 2.001s --to 2.003s", "look at two milliseconds of it" },
	{ "schedviz stat --json old.svz", "the figures of another recording, for a program" },
	{ NULL, NULL },
};

/* ---- paragraphs ---- */

void help_paragraphs(const char *text, void (*put)(void *ctx, const char *s, size_t n, bool example), void *ctx)
{
	for (text += strspn(text, "\n"); *text; text += strspn(text, "\n")) {
		const char *end = strstr(text, "\n\n");
		size_t n = end ? (size_t)(end - text) : strlen(text);

		while (n && text[n - 1] == '\n')
			n--;
		put(ctx, text, n, !strncmp(text, "  ", 2));
		text += n;
	}
}

struct page {
	struct buf *out;
	unsigned columns;
};

static void put_paragraph(void *ctx, const char *s, size_t n, bool example)
{
	struct page *page = ctx;
	struct buf text = { 0 };

	buf_putc(page->out, '\n');
	buf_put(&text, s, n);
	if (example)
		buf_printf(page->out, "%s\n", buf_str(&text));
	else
		fmt_wrap(page->out, buf_str(&text), 0, 0, page->columns);
	buf_release(&text);
}

static void put_detail(struct buf *out, const char *text, unsigned columns)
{
	struct page page = { out, columns };

	if (text)
		help_paragraphs(text, put_paragraph, &page);
}

/* A heading and a paragraph that is set in by two. */
static void put_section(struct buf *out, const char *title, const char *text, unsigned columns)
{
	buf_printf(out, "\n%s\n  ", title);
	fmt_wrap(out, text, 2, 2, columns);
}

/* ---- pages ---- */

static void put_title(struct buf *out, const char *name, const char *summary, unsigned columns)
{
	buf_printf(out, "%s - ", name);
	fmt_wrap(out, summary, strlen(name) + 3, 4, columns);
	buf_putc(out, '\n');
}

/* Pairs, ended by a NULL, under a heading. */
static void put_pairs(struct buf *out, const char *title, const struct help_pair *pairs, unsigned columns)
{
	size_t width = 0;

	for (const struct help_pair *p = pairs; p->left; p++)
		width = strlen(p->left) > width ? strlen(p->left) : width;
	buf_printf(out, "\n%s\n", title);
	for (const struct help_pair *p = pairs; p->left; p++)
		fmt_pair(out, p->left, width, p->right, columns);
}

static void put_commands(struct buf *out, unsigned columns)
{
	VEC(struct help_pair) pairs = { 0 };

	for (const struct cmd *const *c = commands; *c; c++)
		*vec_push(&pairs) = (struct help_pair){ (*c)->name, (*c)->summary };
	*vec_push(&pairs) = (struct help_pair){ 0 };
	put_pairs(out, "Commands", pairs.v, columns);
	vec_release(&pairs);
}

static void put_workloads(struct buf *out, unsigned columns)
{
	VEC(struct help_pair) pairs = { 0 };

	for (const struct workload *const *w = workloads; *w; w++)
		*vec_push(&pairs) = (struct help_pair){ (*w)->name, (*w)->summary };
	*vec_push(&pairs) = (struct help_pair){ 0 };
	put_pairs(out, "Workloads", pairs.v, columns);
	vec_release(&pairs);
}

void help_usage(struct buf *out)
{
	const char *comma = "";

	buf_puts(out, "usage: schedviz COMMAND [OPTION]... [ARGUMENT]...\ncommands: ");
	for (const struct cmd *const *c = commands; *c; c++) {
		buf_printf(out, "%s%s", comma, (*c)->name);
		comma = ", ";
	}
	buf_puts(out, "\ntry: sudo schedviz run pool, or: schedviz help\n");
}

void help_program(struct buf *out, unsigned columns)
{
	const struct opt_group groups[] = { { .title = "Options", .opts = program_opts },
					    { .title = "Options of every command", .opts = common_opts } };

	columns = columns < HELP_MAX_COLUMNS ? columns : HELP_MAX_COLUMNS;
	put_title(out, "schedviz", help_tagline, columns);
	buf_puts(out, "Usage: schedviz COMMAND [OPTION]... [ARGUMENT]...\n");
	put_commands(out, columns);
	opt_help(groups, 2, columns, out);
	put_pairs(out, "Examples", help_examples, columns);
	buf_puts(out, "\n'schedviz help COMMAND' explains a command, 'man schedviz' all of them.\n");
}

/* What stands for the arguments: the workload's name has taken the place of WORKLOAD. */
static void put_synopsis(struct buf *out, const struct cmd *cmd, const struct workload *w)
{
	buf_printf(out, "Usage: schedviz %s", cmd->name);
	if (w)
		buf_printf(out, " %s [OPTION]...\n", w->name);
	else
		buf_printf(out, " [OPTION]...%s%s\n", cmd->args ? " " : "", cmd->args ? cmd->args : "");
}

void help_command(struct buf *out, const struct cmd *cmd, const struct workload *w, unsigned columns)
{
	struct opt_group groups[FRAME_MAX_GROUPS];
	size_t nr = frame_groups(groups, cmd, NULL, w, NULL, NULL);
	struct buf name = { 0 };

	columns = columns < HELP_MAX_COLUMNS ? columns : HELP_MAX_COLUMNS;
	buf_printf(&name, "schedviz %s%s%s", cmd->name, w ? " " : "", w ? w->name : "");
	put_title(out, buf_str(&name), w ? w->summary : cmd->summary, columns);
	buf_release(&name);
	put_synopsis(out, cmd, w);
	put_detail(out, w ? w->lesson : cmd->detail, columns);
	if (w) {
		put_section(out, "Theory", w->theory, columns);
		put_section(out, "What to look for", w->look, columns);
	}
	if (cmd->flags & CMD_WORKLOAD && !w)
		put_workloads(out, columns);
	opt_help(groups, nr, columns, out);
	if (w)
		buf_printf(out, "\nExample\n  %s\n", w->example);
	if (cmd->flags & CMD_WORKLOAD && !w)
		buf_printf(out, "\n'schedviz help %s WORKLOAD' explains a workload and its options.\n", cmd->name);
}

/* ---- the command ---- */

struct help_cfg {
	bool manual, completion;
};

static const struct opt help_opts[] = {
	/* not shown: the build makes the installed files with them */
	{ .type = OPT_T_FLAG, .name = "manual", OPT_FIELD(struct help_cfg, manual) },
	{ .type = OPT_T_FLAG, .name = "completion", OPT_FIELD(struct help_cfg, completion) },
	OPT_END
};

static int help_words(struct cmd_ctx *ctx)
{
	const struct cmd *cmd = cmd_find(ctx->argv[0]);
	const struct workload *w = NULL;

	if (!cmd)
		return frame_unknown_command(ctx->argv[0], &ctx->err);
	if (cmd_at_most(ctx, cmd->flags & CMD_WORKLOAD ? 2 : 1))
		return EXIT_USAGE;
	if (ctx->argc == 2) {
		w = workload_find(ctx->argv[1]);
		if (!w)
			return frame_unknown_workload(ctx->argv[1], &ctx->err);
	}
	help_command(&ctx->out, cmd, w, ctx->style.columns);
	return EXIT_FINE;
}

static int help_run(struct cmd_ctx *ctx, void *cfg)
{
	const struct help_cfg *help = cfg;

	if (ctx->argc)
		return help_words(ctx);
	if (help->manual)
		manual_write(&ctx->out);
	else if (help->completion)
		completion_write(&ctx->out);
	else
		help_program(&ctx->out, ctx->style.columns);
	return EXIT_FINE;
}

const struct cmd cmd_help = {
	.name = "help",
	.args = "[COMMAND [WORKLOAD]]",
	.summary = "explain the program, a command or a workload",
	.flags = CMD_PAGER,
	.opts = help_opts,
	.cfg_size = sizeof(struct help_cfg),
	.run = help_run,
};
