/* SPDX-License-Identifier: GPL-2.0-only */
/* show.c - `schedviz show`: the timeline. */
#include "cmd/views.h"

#include <errno.h>

struct show_cfg {
	struct view_cfg view;
	bool all, cpus, path;
	uint64_t top;
};

static const struct opt show_opts[] = {
	VIEW_WINDOW_OPTS(struct show_cfg),
	VIEW_TASKS_OPT(struct show_cfg),
	OPT_FLAG('a', "all", struct show_cfg, all, "everybody who was active, busiest first, not only the tree"),
	OPT_U64(0, "top", struct show_cfg, top, 1, PICK_MAX, "N", "at most N tasks, those that ran longest (40)"),
	OPT_FLAG(0, "path", struct show_cfg, path, "the critical path, too: a line under the lanes it runs along"),
	OPT_FLAG(0, "cpus", struct show_cfg, cpus, "only the CPUs, but all of them"),
	VIEW_COLUMNS_OPT(struct show_cfg),
	VIEW_STRICT_OPT(struct show_cfg),
	OPT_END
};

static void show_defaults(void *cfg)
{
	view_defaults(&((struct show_cfg *)cfg)->view);
}

static int show_run(struct cmd_ctx *ctx, void *arg)
{
	const struct show_cfg *cfg = arg;
	const char *path = cmd_trace_word(ctx);
	struct timeline_cfg what = {
		.pick = { .filter = { cfg->view.tasks }, .all = cfg->all, .top = cfg->top },
		.cpus_only = cfg->cpus,
		.path = cfg->path,
	};

	if (path && cfg->path && cfg->cpus) {
		err_set(&ctx->err, -EINVAL, "--cpus draws no tasks for --path to run along - leave out one of them");
		return EXIT_USAGE;
	}
	return path ? view_timeline(ctx, path, &cfg->view, &what, false) : EXIT_USAGE;
}

const struct cmd cmd_show = {
	.name = "show",
	.args = "[TRACE]",
	.summary = "draw the timeline of a recording",
	.detail =
		"Draws a lane for each task, for each job that the program marked, and for each CPU, all on one "
		"time axis. A cell of a lane stands for a stretch of time; the line under the picture says how "
		"long. Running always shows, however briefly: as a thin stroke, or as a bar as high as the task's "
		"share of the cell; in colour the ground behind such a bar tells whether it waited for the rest. "
		"What else a cell shows is the state that filled most of it. Long stretches of running bear the "
		"number of the CPU, those of a CPU the name of the task.\n"
		"\n"
		"Beside a task stand the times it ran, waited for a CPU although it could have run, and slept, and "
		"the system call it mostly slept in. Of a recorded command its whole tree is drawn, others are "
		"counted below; --all shows them. Of a recording of the machine those are drawn who ran longest.\n"
		"\n"
		"Threads that share their name with others are told apart by what they sleep in and whom they wake: "
		"in a process pool of Python the worker, task and result handler and the workers, the feeder of a "
		"queue, who waits for the global interpreter lock (GIL) or otherwise for a futex. Where that does not "
		"show clearly, nothing is said.\n"
		"\n"
		"What was lost is drawn as unknown, and said under the picture.\n"
		"\n"
		"--path draws the critical path: what the end waited for, back to the beginning, as 'explain --only "
		"path' tells it. A heavy line lies under the lane of the task that it is on, asleep, waiting or "
		"running as the lane says; where it goes over to another task the lines are joined. Beside it stands "
		"how long it is on that task. It is the path of the whole recording (with --tasks, of these tasks), "
		"also of a window.\n"
		"\n"
		"  schedviz show --window 2.001s..2.003s     the microseconds of a hand-over\n"
		"  schedviz show --path                      and what the end waited for\n"
		"  schedviz show --tasks 'worker*,4711'      some tasks, by name or number\n"
		"  schedviz show --all --top 100             who else was there",
	.flags = CMD_PAGER,
	.opts = show_opts,
	.cfg_size = sizeof(struct show_cfg),
	.defaults = show_defaults,
	.run = show_run,
};
