/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * frame.h - what the files around the commands share: common options, terminal, output, help, manual, completion.
 *
 * Commands need cmd.h only.
 */
#ifndef SCHEDVIZ_CMD_FRAME_H
#define SCHEDVIZ_CMD_FRAME_H

#include "cmd/cmd.h"
#include "workloads/workload.h"

#ifndef SCHEDVIZ_VERSION
#define SCHEDVIZ_VERSION "unknown"
#endif

/* ---- options of every command, and which tables a line may use: common.c ---- */

enum color_when { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct common_cfg {
	int color; /* enum color_when */
	bool ascii, no_pager, verbose, help, version;
};

extern const struct opt common_opts[];
extern const struct opt program_opts[]; /* only before a command */

#define FRAME_MAX_GROUPS 3
#define FRAME_MAX_WORDS 512 /* of a line that is read back */

/*
 * The groups in the order in which they are asked and shown: the workload's (NULL: none), the command's own, the
 * common ones. Returns how many of `out`'s FRAME_MAX_GROUPS are filled. The structs may be NULL when the groups are
 * only shown.
 */
size_t frame_groups(struct opt_group *out, const struct cmd *cmd, void *cfg, const struct workload *w,
		    struct workload_cfg *knobs, struct common_cfg *common);

/*
 * Parse the words of ctx->argv for ctx->cmd: its defaults and options into `cfg` (its cfg_size bytes, zeroed), for a
 * CMD_WORKLOAD command also the workload's name and knobs into ctx->workload (NULL when none was named),
 * ctx->workload_cfg (the caller's to free) and ctx->line. What is left in ctx->argv are positional words. EXIT_FINE, or
 * EXIT_USAGE and a sentence.
 */
int frame_parse(struct cmd_ctx *ctx, void *cfg, struct common_cfg *common);

/* Words as a shell would need them typed, a space between; and back. Split words point into `text`, which it cuts. */
void frame_quote(struct buf *out, int argc, char **argv);
int frame_unquote(char *text, char **argv, int max, struct err *e); /* their number, argv ended by NULL; or -EINVAL */

/*
 * The place of a command's workload among its raw arguments; argc: there is none; negative: the arguments cannot be
 * told apart, because of an option that neither the command nor any workload has.
 */
int frame_find_workload(const struct cmd *cmd, int argc, char **argv, struct err *e);

/* Usage errors: the sentence, with the nearest right word, and EXIT_USAGE. */
int frame_unknown_command(const char *word, struct err *e);
int frame_unknown_workload(const char *word, struct err *e);

/* ---- the terminal: terminal.c ---- */

void terminal_detect(struct cmd_style *style, const struct common_cfg *common);

/* ---- where the output goes: output.c ---- */

void output_init(struct cmd_output *o, bool may_page);
/* Write the rest, wait for the pager; 0 or the negative code of the first write that failed (-EPIPE: reader left). */
int output_finish(struct cmd_ctx *ctx);

/* ---- texts made from the tables: help.c, manual.c, completion.c ---- */

struct help_pair {
	const char *left, *right;
};

extern const char help_tagline[];
extern const struct help_pair help_examples[]; /* a command line and what it does; ended by NULL */

/* Call put() for each paragraph of a text such as struct cmd's `detail`; examples have their own newlines. */
void help_paragraphs(const char *text, void (*put)(void *ctx, const char *s, size_t n, bool example), void *ctx);

void help_usage(struct buf *out); /* for a line without a command */
void help_program(struct buf *out, unsigned columns);
void help_command(struct buf *out, const struct cmd *cmd, const struct workload *w, unsigned columns);

void manual_write(struct buf *out);	/* schedviz(1), in roff */
void completion_write(struct buf *out); /* for bash */

#endif
