/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cmd.h - the commands are rows of one table; main, help, the manual and the completion all read it.
 *
 * Only cmd/ prints. A command composes its output in ctx->out; dispatch writes it once, through the pager where the
 * row allows one, and turns a struct err into one line "schedviz: SENTENCE" on standard error.
 *
 * No command parses: dispatch does, before run() is called. A CMD_WORKLOAD command (`run`) takes the name of a
 * workload as its first word and that workload's options beside its own, in any order; run() then finds the row in
 * ctx->workload and the filled knobs in ctx->workload_cfg.
 */
#ifndef SCHEDVIZ_CMD_CMD_H
#define SCHEDVIZ_CMD_CMD_H

#include <sys/types.h>
#include "base/buf.h"
#include "base/err.h"
#include "base/opt.h"

/* What the recording commands write and the reading commands read when no name is given. */
#define CMD_TRACE_DEFAULT "schedviz.svz"

enum exit_code {
	EXIT_FINE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_DAMAGED = 3, /* the trace was damaged, cut, or lost events (with --strict) */
	EXIT_CANNOT = 77, /* this machine or user cannot do it */
};

enum cmd_flags {
	CMD_PAGER = 1 << 0,    /* its output may be paged */
	CMD_WORDS = 1 << 1,    /* options end at the first word: the rest is another program's */
	CMD_BPF = 1 << 2,      /* needs the recording half; absent from a BPF=0 build's abilities */
	CMD_WORKLOAD = 1 << 3, /* its first word names a workload, whose options it takes too */
};

/* How the terminal is to be used; filled by dispatch from --color, --ascii, NO_COLOR, LANG, the terminal. */
struct cmd_style {
	bool utf8, color, tty;
	unsigned columns, rows;
};

/* Where the output goes; dispatch's own. */
struct cmd_output {
	bool may_page; /* the row and the options allow a pager */
	int error;     /* negative code of a write that failed: what comes now is dropped */
	int fd;	       /* standard output, or the pager's input */
	pid_t pager;   /* 0: none */
};

struct cmd_ctx {
	struct buf out; /* composed here; written by dispatch */
	struct err err;
	struct cmd_style style;
	int argc; /* positional words, after options; argv[argc] is NULL */
	char **argv;
	const struct cmd *cmd;
	const struct workload *workload;   /* of a CMD_WORKLOAD command: never NULL in its run() */
	struct workload_cfg *workload_cfg; /* its defaults and options; workload_prepare() is still to be called */
	struct buf line; /* of a CMD_WORKLOAD command: the whole line as a shell would need it typed */
	struct cmd_output output;
};

struct cmd {
	const char *name;
	const char *args;    /* "[TRACE]" */
	const char *summary; /* one line, for help and the manual */
	/*
	 * For `help NAME` and the manual; NULL: none. Paragraphs, parted by an empty line; one that begins with two
	 * spaces is an example and keeps its lines, any other is filled to the width.
	 */
	const char *detail;
	unsigned flags;
	const struct opt *opts; /* NULL: none */
	size_t cfg_size;	/* of the struct they fill; dispatch gives it zeroed, then calls defaults() */
	void (*defaults)(void *cfg);
	/*
	 * Exit code; on failure ctx->err says why (empty: already said by other means, e.g. the command's own status).
	 * What is in ctx->out is written in either case.
	 */
	int (*run)(struct cmd_ctx *ctx, void *cfg);
};

extern const struct cmd *const commands[]; /* NULL-ended, in the order help shows them */

extern const struct cmd cmd_run, cmd_record, cmd_show, cmd_stat, cmd_explain, cmd_compare, cmd_check, cmd_dump,
	cmd_export, cmd_info, cmd_list, cmd_doctor, cmd_help;

const struct cmd *cmd_find(const char *name);
int cmd_main(int argc, char **argv); /* the whole program; argv as main() has it; returns the exit code */

/*
 * For a command whose output is long: write what is composed so far and empty ctx->out (while it still fits the screen
 * it is kept, since it may need no pager). Negative: stop composing and return EXIT_FINE; dispatch says what is to be
 * said, which is nothing when the reader has just left.
 */
int cmd_flush(struct cmd_ctx *ctx);

/* One line "schedviz: ..." on standard error now, strangers' bytes in it made harmless. */
void cmd_say(const struct cmd_ctx *ctx, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* EXIT_FINE, or EXIT_USAGE with a sentence that names the first word beyond the `max` that the command takes. */
int cmd_at_most(struct cmd_ctx *ctx, int max);

/* "dir/pool.svz" with "-3" is "dir/pool-3.svz"; to be freed. */
char *cmd_path_with(const char *path, const char *add);

/* For commands with "[TRACE]": the only word, or CMD_TRACE_DEFAULT; NULL: more words, sentence set, EXIT_USAGE due. */
const char *cmd_trace_word(struct cmd_ctx *ctx);

#endif
