/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * views.h - what the reading commands share: their common options, opening a recording within a window, and the
 * picture that `show` draws and `run` ends with.
 */
#ifndef SCHEDVIZ_CMD_VIEWS_H
#define SCHEDVIZ_CMD_VIEWS_H

#include "analysis/summary.h"
#include "cmd/cmd.h"
#include "cmd/judge.h"
#include "render/timeline.h"

struct view_cfg {
	struct window window;	 /* relative to the start of the recording; to_ns UINT64_MAX: to its end */
	uint64_t from_ns, to_ns; /* the same as two options; UINT64_MAX: not given */
	const char *tasks;	 /* NULL: no filter */
	uint64_t columns;	 /* 0: the terminal's */
	bool strict;
};

void view_defaults(struct view_cfg *cfg);

#define VIEW_WINDOW_OPTS(st)                                                                                     \
	OPT_WINDOW('w', "window", st, view.window, "only this part, as 2.001s..2.003s, counted from the start"), \
		OPT_DURATION(0, "from", st, view.from_ns, 0, UINT64_MAX - 1, "the same as --window TIME.."),     \
		OPT_DURATION(0, "to", st, view.to_ns, 0, UINT64_MAX - 1, "the same as --window ..TIME")

#define VIEW_TASKS_OPT(st) \
	OPT_STRING('t', "tasks", st, view.tasks, "LIST", "only these tasks: names, globs or tids, comma-separated")

#define VIEW_STRICT_OPT(st) \
	OPT_FLAG(0, "strict", st, view.strict, "exit with 3 if the recording is damaged or has lost events")

#define VIEW_COLUMNS_OPT(st)                                                               \
	OPT_U64(0, "columns", st, view.columns, STYLE_MIN_COLUMNS, STYLE_MAX_COLUMNS, "N", \
		"draw so wide (the terminal's width)")

/* A recording opened for viewing. */
struct view {
	struct trace_reader *reader;
	struct window window; /* absolute, cut to the recording */
	bool part;	      /* that window was asked for; else it is the whole */
	struct roles roles;   /* that the summary points to */
};

/*
 * Open and resolve the window; --from and --to with --window, or a window that does not touch the recording, are
 * errors. Returns an exit code; `v` is always to be closed.
 */
int view_open(struct view *v, const char *path, const struct view_cfg *cfg, struct err *e);
void view_close(struct view *v);

/* The window as it was asked for: from_ns 0 and to_ns UINT64_MAX when none was. */
struct window view_asked(const struct view *v);

/*
 * One pass: a finished summary of the window, and its model. Both the caller's to release, whatever is returned. A
 * filter that matches nobody is an error. The summary is to be released before the view is closed.
 */
int view_summarise(struct view *v, const struct view_cfg *cfg, struct summary *sum, struct model **m, struct err *e);

/* The same, feeding `nr` other sinks, at most VIEW_MORE_SINKS, in the same pass. */
#define VIEW_MORE_SINKS 2
int view_summarise_with(struct view *v, const struct view_cfg *cfg, struct summary *sum, struct model **m,
			const struct model_sink *others, size_t nr, struct err *e);

/* --tasks that match nobody are a mistake: EXIT_FAILED and a sentence. */
int view_check_tasks(const struct model *m, const char *tasks, struct err *e);

/* The exit code that the recording's state asks for, after a pass. */
int view_verdict(const struct view *v, const struct model *m, bool strict);

/* The terminal as render knows it. */
struct style view_style(const struct cmd_ctx *ctx, const struct view_cfg *cfg);

/* What the recorded workload's picture shows, a paragraph; nothing where there is no workload. */
void view_explain(struct cmd_ctx *ctx, const struct judgement *j, const struct style *st);

/*
 * Compose the picture of a recording in ctx->out; `whole`: of a workload's with its explanation and what was checked.
 * Exit code, the sentence in ctx->err on failure.
 */
int view_timeline(struct cmd_ctx *ctx, const char *path, const struct view_cfg *cfg, const struct timeline_cfg *what,
		  bool whole);

#endif
