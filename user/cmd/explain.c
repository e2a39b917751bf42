/* SPDX-License-Identifier: GPL-2.0-only */
/* explain.c - `schedviz explain`: where the time went, who is to blame, and what held the result back. */
#include "render/explain.h"

#include <errno.h>
#include <inttypes.h>
#include "cmd/explained.h"

struct explain_args {
	struct view_cfg view;
	const char *only, *of;
	uint64_t job, top;
	bool brief, longest, json;
};

#define NO_JOB UINT64_MAX
#define TOP_DEFAULT 10

static const struct opt explain_opts[] = {
	OPT_STRING(0, "only", struct explain_args, only, "LIST",
		   "only these sections: findings, path, whatif, ledger, blame, latency, jobs, locks"),
	OPT_FLAG('s', "short", struct explain_args, brief, "only why it took so long, not less and not more"),
	OPT_U64(0, "job", struct explain_args, job, 0, NO_JOB - 1, "N",
		"what job N waited for, from its submission to its end"),
	OPT_STRING(0, "of", struct explain_args, of, "TASK", "what the end of this task waited for, over its life"),
	OPT_FLAG(0, "longest", struct explain_args, longest, "the steps of the path by length, not by time"),
	OPT_U64(0, "top", struct explain_args, top, 1, 1000000, "N",
		"at most N rows of a table, N steps of a path (10)"),
	VIEW_WINDOW_OPTS(struct explain_args),
	VIEW_TASKS_OPT(struct explain_args),
	OPT_FLAG('j', "json", struct explain_args, json, "write JSON, times in nanoseconds, everything"),
	VIEW_COLUMNS_OPT(struct explain_args),
	VIEW_STRICT_OPT(struct explain_args),
	OPT_END
};

static void explain_defaults(void *cfg)
{
	struct explain_args *args = cfg;

	view_defaults(&args->view);
	args->job = NO_JOB;
	args->top = TOP_DEFAULT;
}

/* ---- whose end, and since when ---- */

static int aim_at_job(struct target *t, const struct model *m, uint64_t id, struct err *e)
{
	size_t nr;
	const struct job *jobs = model_jobs(m, &nr);

	for (size_t i = 0; i < nr; i++) {
		if (jobs[i].id != id)
			continue;
		if (jobs[i].finished_ns == UINT64_MAX || jobs[i].submitted_ns == UINT64_MAX ||
		    jobs[i].submitted_ns >= jobs[i].finished_ns)
			return err_set(e, -EINVAL, "%s %" PRIu64 " was not seen from its submission to its end",
				       model_job_noun(m), id);
		if (!target_has(t, jobs[i].worker))
			return err_set(e, -EINVAL, "the worker of %s %" PRIu64 " is not among the tasks",
				       model_job_noun(m), id);
		t->window = (struct window){ jobs[i].submitted_ns, jobs[i].finished_ns };
		t->last = jobs[i].worker;
		t->whole = false;
		return 0;
	}
	return err_set(e, -ENOENT, "there is no %s %" PRIu64 " - 'schedviz stat' lists them", model_job_noun(m), id);
}

/* The first of that name; its life as far as it is in the window. */
static int aim_at_task(struct target *t, const struct model *m, const char *of, struct err *e)
{
	struct task_filter filter = { of };

	for (uint32_t i = 0; i < model_nr_tasks(m); i++) {
		const struct task *task = model_task(m, (task_id){ i });

		if (!target_has(t, (task_id){ i }) || !task_filter_match(&filter, task))
			continue;
		if (!t->whole && (task->born_ns >= t->window.to_ns || task->died_ns <= t->window.from_ns))
			continue;
		if (t->whole)
			t->window = (struct window){ task->born_ns, task->died_ns };
		t->window.to_ns = task->died_ns < t->window.to_ns ? task->died_ns : t->window.to_ns;
		t->last = (task_id){ i };
		return 0;
	}
	return err_set(e, -ENOENT, "no task of the recorded ones matches '%s' - 'schedviz stat --all' lists all", of);
}

static int aim(struct target *t, const struct model *m, const void *ctx, struct err *e)
{
	const struct explain_args *args = ctx;

	t->aimed = args->job != NO_JOB || args->of;
	if (args->job != NO_JOB && args->of)
		return err_set(e, -EINVAL, "--job and --of cannot be used together");
	if (args->job != NO_JOB)
		return aim_at_job(t, m, args->job, e);
	return args->of ? aim_at_task(t, m, args->of, e) : 0;
}

/* ---- the command ---- */

static int compose(struct cmd_ctx *ctx, const struct explain_args *args, const struct explained *x)
{
	struct explain_cfg cfg = {
		.longest = args->longest,
		.top = (unsigned)args->top,
		.only = args->only,
		.from_ns = model_window(x->m).from_ns,
	};
	struct style style = view_style(ctx, &args->view);

	if (args->json)
		explain_json(&x->account, &cfg, &ctx->out);
	else if (args->brief)
		explain_short(&x->account, &style, &ctx->out);
	else
		explain_text(&x->account, &cfg, &style, &ctx->out);
	return view_verdict(&x->view, x->m, args->view.strict);
}

static int explain_run(struct cmd_ctx *ctx, void *arg)
{
	const struct explain_args *args = arg;
	const char *path = cmd_trace_word(ctx);
	struct explained x;
	int ret;

	if (!path || explain_check_only(args->only, &ctx->err) < 0)
		return EXIT_USAGE;
	ret = explained_open(&x, path, &args->view, &ctx->err);
	if (ret == EXIT_FINE)
		ret = explained_make(&x, &args->view, aim, args, &ctx->err);
	if (ret == EXIT_FINE)
		ret = compose(ctx, args, &x);
	explained_close(&x);
	return ret;
}

const struct cmd cmd_explain = {
	.name = "explain",
	.args = "[TRACE]",
	.summary = "say where the time went, who is to blame, what held it back",
	.detail =
		"Turns a recording into answers, each number traceable to its events. What is explained: the recorded "
		"tree, or the tasks that --tasks names; over the time that the program measured itself, or from its "
		"first task's beginning to the last one's end, or the part that --window asks for.\n"
		"\n"
		"findings: what stands out, worst first, each with its evidence. path: what the end waited for, "
		"backwards "
		"to the beginning; every nanosecond is on exactly one step. whatif: how much earlier the end would "
		"have come without waiting for a CPU, with one more worker, with one more CPU. ledger: wall time x "
		"CPUs, "
		"split into lines that add up to it exactly. blame: for each wait for a CPU, who ran there meanwhile, "
		"and which CPUs were idle. latency: from waking to running, and time slices, as exact percentiles and "
		"histograms. jobs: turnaround, response, throughput, fairness. locks: futexes, pipes and sockets at "
		"which tasks waited for each other, convoys, herds, who starved.\n"
		"\n"
		"--json writes all of it for programs; its members are described in EXPLAIN_JSON.md of the source.\n"
		"\n"
		"  schedviz explain --short                   in a few lines, as `run` ends\n"
		"  schedviz explain --only path --longest     the longest steps of the critical path first\n"
		"  schedviz explain --job 4                   what job 4 waited for",
	.flags = CMD_PAGER,
	.opts = explain_opts,
	.cfg_size = sizeof(struct explain_args),
	.defaults = explain_defaults,
	.run = explain_run,
};
