/* SPDX-License-Identifier: GPL-2.0-only */
/* cmd.c - the table of commands, and the way from a command line through one of them to an exit code. */
#include "cmd/cmd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/log.h"
#include "cmd/frame.h"

const struct cmd *const commands[] = {
	&cmd_run,  &cmd_record, &cmd_show, &cmd_stat, &cmd_explain, &cmd_compare, &cmd_check,
	&cmd_dump, &cmd_export, &cmd_info, &cmd_list, &cmd_doctor,  &cmd_help,	  NULL,
};

const struct cmd *cmd_find(const char *name)
{
	for (const struct cmd *const *c = commands; *c; c++)
		if (!strcmp((*c)->name, name))
			return *c;
	return NULL;
}

void cmd_say(const struct cmd_ctx *ctx, const char *fmt, ...)
{
	struct buf text = { 0 }, line = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	buf_puts(&line, "schedviz: ");
	fmt_safe(&line, buf_str(&text), text.len, ctx->style.utf8);
	buf_putc(&line, '\n');
	fputs(buf_str(&line), stderr);
	buf_release(&line);
	buf_release(&text);
}

int cmd_at_most(struct cmd_ctx *ctx, int max)
{
	if (ctx->argc <= max)
		return EXIT_FINE;
	err_set(&ctx->err, -EINVAL, "unexpected word '%s' - usage: schedviz %s%s%s", ctx->argv[max], ctx->cmd->name,
		ctx->cmd->args ? " " : "", ctx->cmd->args ? ctx->cmd->args : "");
	return EXIT_USAGE;
}

const char *cmd_trace_word(struct cmd_ctx *ctx)
{
	if (cmd_at_most(ctx, 1))
		return NULL;
	return ctx->argc ? ctx->argv[0] : CMD_TRACE_DEFAULT;
}

static int parse_line(struct cmd_ctx *ctx, void *cfg, struct common_cfg *common)
{
	int status = frame_parse(ctx, cfg, common);

	if (status == EXIT_FINE && ctx->cmd->flags & CMD_WORKLOAD && !ctx->workload && !common->help) {
		err_set(&ctx->err, -EINVAL, "%s needs a workload - 'schedviz list' shows them", ctx->cmd->name);
		return EXIT_USAGE;
	}
	return status;
}

static int run_command(struct cmd_ctx *ctx, struct common_cfg *common)
{
	void *cfg = xcalloc(1, ctx->cmd->cfg_size);
	int status;

	status = parse_line(ctx, cfg, common);
	terminal_detect(&ctx->style, common);
	log_set_verbose(common->verbose);
	output_init(&ctx->output, ctx->style.tty && ctx->cmd->flags & CMD_PAGER && !common->no_pager);
	if (status == EXIT_FINE && common->help)
		help_command(&ctx->out, ctx->cmd, ctx->workload, ctx->style.columns);
	else if (status == EXIT_FINE)
		status = ctx->cmd->run(ctx, cfg);
	buf_release(&ctx->line);
	free(ctx->workload_cfg);
	if (ctx->cmd->opts)
		opt_release(ctx->cmd->opts, cfg);
	free(cfg);
	return status;
}

/* Decide by the words that stand behind the program's own options. */
static int run_words(struct cmd_ctx *ctx, struct common_cfg *common)
{
	struct buf usage = { 0 };

	if (common->version) {
		buf_puts(&ctx->out, "schedviz " SCHEDVIZ_VERSION "\n");
		return EXIT_FINE;
	}
	if (common->help) {
		common->help = false;
		ctx->cmd = &cmd_help;
		return run_command(ctx, common);
	}
	if (!ctx->argc) {
		help_usage(&usage);
		fputs(buf_str(&usage), stderr);
		buf_release(&usage);
		return EXIT_USAGE;
	}
	ctx->cmd = cmd_find(ctx->argv[0]);
	if (!ctx->cmd)
		return frame_unknown_command(ctx->argv[0], &ctx->err);
	ctx->argv++;
	ctx->argc--;
	return run_command(ctx, common);
}

int cmd_main(int argc, char **argv)
{
	struct common_cfg common = { 0 };
	const struct opt_group groups[] = { { .opts = program_opts, .cfg = &common },
					    { .opts = common_opts, .cfg = &common } };
	struct cmd_ctx ctx = { .argc = argc > 1 ? argc - 1 : 0, .argv = argv + 1 };
	int status, words, error;

	words = opt_parse(groups, 2, ctx.argc, ctx.argv, OPT_STOP_AT_WORD, &ctx.err);
	terminal_detect(&ctx.style, &common);
	output_init(&ctx.output, false);
	ctx.argc = words;
	status = words < 0 ? EXIT_USAGE : run_words(&ctx, &common);

	error = output_finish(&ctx);
	/* A reader who has seen enough is no failure. */
	if (error && error != -EPIPE && status == EXIT_FINE) {
		err_sys(&ctx.err, error, "cannot write to standard output");
		status = EXIT_FAILED;
	}
	if (status != EXIT_FINE && *ctx.err.text)
		cmd_say(&ctx, "%s", ctx.err.text);
	buf_release(&ctx.out);
	return status;
}
