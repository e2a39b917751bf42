/* SPDX-License-Identifier: GPL-2.0-only */
/* stat.c - `schedviz stat`: the numbers. */
#include "render/stat.h"

#include "cmd/views.h"

struct stat_args {
	struct view_cfg view;
	bool all, cpus, reverse, json;
	uint64_t top;
	int sort;
};

static const struct opt stat_opts[] = {
	OPT_CHOICE('s', "sort", struct stat_args, sort, stat_sort_keys, "KEY",
		   "order by: run (default), wait, sleep, blocked, unknown, switches, vol, invol, wakeups, migrations, "
		   "latency, max, pid, name, born"),
	OPT_FLAG('r', "reverse", struct stat_args, reverse, "the other way round"),
	VIEW_WINDOW_OPTS(struct stat_args),
	VIEW_TASKS_OPT(struct stat_args),
	OPT_FLAG('a', "all", struct stat_args, all, "everybody who was active, not just the recorded tree"),
	OPT_U64(0, "top", struct stat_args, top, 1, 100000000, "N", "at most N tasks, those that ran longest"),
	OPT_FLAG(0, "cpus", struct stat_args, cpus, "only the CPUs and the totals"),
	OPT_FLAG('j', "json", struct stat_args, json, "write JSON, times in nanoseconds; all tasks unless chosen"),
	VIEW_COLUMNS_OPT(struct stat_args),
	VIEW_STRICT_OPT(struct stat_args),
	OPT_END
};

static void stat_defaults(void *cfg)
{
	view_defaults(&((struct stat_args *)cfg)->view);
}

/* Compose what was asked for. */
static int compose(struct cmd_ctx *ctx, const struct stat_args *args, struct view *v, const struct summary *sum)
{
	struct stat_cfg cfg = {
		.pick = { .filter = { args->view.tasks }, .all = args->all, .everyone = args->json, .top = args->top },
		.sort = args->sort,
		.reverse = args->reverse,
		.cpus_only = args->cpus,
	};
	struct style style = view_style(ctx, &args->view);
	struct job_times jobs = { 0 };
	struct stat_of of = { .sum = sum, .jobs = &jobs, .damage = trace_reader_damage(v->reader) };
	int ret = job_times_measure(&jobs, sum->model, v->reader, &ctx->err);

	if (ret >= 0 && args->json)
		stat_json(&of, &cfg, &ctx->out);
	else if (ret >= 0)
		stat_text(&of, &cfg, &style, &ctx->out);
	job_times_release(&jobs);
	return ret < 0 ? EXIT_FAILED : view_verdict(v, sum->model, args->view.strict);
}

static int stat_run(struct cmd_ctx *ctx, void *arg)
{
	const struct stat_args *args = arg;
	const char *path = cmd_trace_word(ctx);
	struct summary sum = { 0 };
	struct model *m = NULL;
	struct view v;
	int ret;

	if (!path)
		return EXIT_USAGE;
	ret = view_open(&v, path, &args->view, &ctx->err);
	if (ret == EXIT_FINE)
		ret = view_summarise(&v, &args->view, &sum, &m, &ctx->err);
	if (ret == EXIT_FINE)
		ret = compose(ctx, args, &v, &sum);
	summary_release(&sum);
	model_free(m);
	view_close(&v);
	return ret;
}

const struct cmd cmd_stat = {
	.name = "stat",
	.args = "[TRACE]",
	.summary = "count and time what each task and CPU did",
	.detail =
		"For each task: the time it ran, waited for a CPU, slept, was blocked in the kernel; how often it "
		"gave up its CPU (vol) and lost it (invol); how often it was woken and moved to another CPU; the "
		"wake-up latency, from waking to running: mean, 95th percentile and the worst; how it ended; and "
		"which system calls it slept in. On a narrow terminal the less important columns give way; "
		"--columns makes it wider.\n"
		"\n"
		"Behind the name of a thread that shares it with others stands its role, where that shows (see "
		"'schedviz help show').\n"
		"\n"
		"For each job that the program marked: which worker did it, how long it waited for one, how long "
		"it took, and its turnaround, from submitting to finishing. For each CPU: how busy it was and how "
		"many tasks ran or waited there, on average over time and at most.\n"
		"\n"
		"--json writes all of it, and more, for programs; its members are described in STAT_JSON.md of the "
		"source.\n"
		"\n"
		"  schedviz stat --sort max --top 10     who waited longest to run after a wake-up",
	.flags = CMD_PAGER,
	.opts = stat_opts,
	.cfg_size = sizeof(struct stat_args),
	.defaults = stat_defaults,
	.run = stat_run,
};
