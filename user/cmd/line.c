/* SPDX-License-Identifier: GPL-2.0-only */
/* line.c - a command line: parsed by the tables, and as one text that a shell, or this program, reads back. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "cmd/frame.h"

static bool is_plain(const char *word)
{
	return *word && !word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:=@_")];
}

static void quote(struct buf *out, const char *word)
{
	buf_putc(out, '\'');
	for (const char *c = word; *c; c++)
		if (*c == '\'')
			buf_puts(out, "'\\''");
		else
			buf_putc(out, *c);
	buf_putc(out, '\'');
}

void frame_quote(struct buf *out, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (i)
			buf_putc(out, ' ');
		if (is_plain(argv[i]))
			buf_puts(out, argv[i]);
		else
			quote(out, argv[i]);
	}
}

/* One word from *from on, unquoted in place, moved to `to`; *from is behind it then. False: a quote does not end. */
static bool unquote_word(char **from, char *to)
{
	bool quoted = false;
	char *at = *from;

	for (; *at && (quoted || *at != ' '); at++) {
		if (*at == '\'')
			quoted = !quoted;
		else if (*at == '\\' && !quoted && at[1])
			*to++ = *++at;
		else
			*to++ = *at;
	}
	*from = *at ? at + 1 : at;
	*to = '\0';
	return !quoted;
}

int frame_unquote(char *text, char **argv, int max, struct err *e)
{
	int argc = 0;

	for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
		if (argc + 1 >= max)
			return err_set(e, -EINVAL, "more than %d words in a line", max - 1);
		argv[argc++] = text;
		if (!unquote_word(&text, text))
			return err_set(e, -EINVAL, "a quote does not end in '%s'", argv[argc - 1]);
	}
	argv[argc] = NULL;
	return argc;
}

/* Take the workload's name out of the raw arguments. None is no error yet: --help needs none. */
static int take_workload(struct cmd_ctx *ctx)
{
	int at = frame_find_workload(ctx->cmd, ctx->argc, ctx->argv, &ctx->err);
	const char *word;

	if (at < 0)
		return EXIT_USAGE;
	if (at == ctx->argc)
		return EXIT_FINE;
	word = ctx->argv[at];
	ctx->workload = workload_find(word);
	if (!ctx->workload)
		return frame_unknown_workload(word, &ctx->err);
	memmove(ctx->argv + at, ctx->argv + at + 1, (size_t)(ctx->argc - at) * sizeof(*ctx->argv));
	ctx->argc--;
	ctx->workload_cfg = xcalloc(1, ctx->workload->cfg_size);
	ctx->workload->defaults(ctx->workload_cfg);
	return EXIT_FINE;
}

static bool table_has(const struct opt *opts, const char *name, size_t n)
{
	for (const struct opt *o = opts; o->type != OPT_T_END; o++)
		if (o->name && strlen(o->name) == n && !strncmp(o->name, name, n))
			return true;
	return false;
}

/* An unknown option that another workload knows deserves more than a similar word. */
static void say_whose(struct cmd_ctx *ctx)
{
	char *text = xstrdup(buf_str(&ctx->line)), *argv[FRAME_MAX_WORDS];
	int argc = frame_unquote(text, argv, FRAME_MAX_WORDS, NULL);

	for (int i = 0; i < argc; i++) {
		const char *name = strncmp(argv[i], "--", 2) ? "" : argv[i] + 2;
		size_t n = strcspn(name, "=");

		if (!n || table_has(ctx->workload->opts, name, n) || table_has(ctx->cmd->opts, name, n) ||
		    table_has(common_opts, name, n))
			continue;
		for (const struct workload *const *w = workloads; *w; w++)
			if (table_has((*w)->opts, name, n))
				err_set(&ctx->err, -EINVAL,
					"'%s' has no knob --%.*s - 'schedviz help run %s' shows its own",
					ctx->workload->name, (int)n, name, ctx->workload->name);
		break;
	}
	free(text);
}

int frame_parse(struct cmd_ctx *ctx, void *cfg, struct common_cfg *common)
{
	enum opt_order order = ctx->cmd->flags & CMD_WORDS ? OPT_STOP_AT_WORD : OPT_ANYWHERE;
	struct opt_group groups[FRAME_MAX_GROUPS];
	size_t nr;
	int words;

	if (ctx->cmd->defaults)
		ctx->cmd->defaults(cfg);
	if (ctx->cmd->flags & CMD_WORKLOAD) {
		buf_printf(&ctx->line, "schedviz %s ", ctx->cmd->name);
		frame_quote(&ctx->line, ctx->argc, ctx->argv);
		if (take_workload(ctx) != EXIT_FINE)
			return EXIT_USAGE;
	}
	nr = frame_groups(groups, ctx->cmd, cfg, ctx->workload, ctx->workload_cfg, common);
	words = opt_parse(groups, nr, ctx->argc, ctx->argv, order, &ctx->err);
	if (words < 0 && ctx->workload)
		say_whose(ctx);
	if (words < 0)
		return EXIT_USAGE;
	ctx->argc = words;
	return EXIT_FINE;
}
