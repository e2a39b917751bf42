/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * procs.c - the workload `procs`: children that sleep side by side, and a parent that waits for them, or does not.
 *
 * Without join the parent is a child of `procs` itself, which adopts the orphans (PR_SET_CHILD_SUBREAPER) and stays
 * until they have ended: the recording ends with it, and so sees them to their end.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/schedviz_mark.h"
#include "workloads/apart.h"
#include "workloads/burn.h"

#define MAX_TASKS 200
#define WAIT "wait4,waitid"
/* Without join: what a fork may take of the parent's stopwatch; 0.2 ms measured. */
#define FORK_NS NSEC_PER_MSEC
/* The children begin so long after the first was made: the parent is gone then, even with 200 of them. */
#define ORPHANED_NS (50 * NSEC_PER_MSEC)

struct procs_cfg {
	struct workload_cfg c;
	bool no_join;
};

static const struct opt procs_opts[] = {
	OPT_U64('n', "tasks", struct procs_cfg, c.tasks, 1, MAX_TASKS, "N", "child processes, a task each (2)"),
	OPT_DURATION(0, "sleep", struct procs_cfg, c.sleep_ns, 0, WORKLOAD_MAX_NS, "how long each task sleeps (2s)"),
	OPT_DURATION(0, "work", struct procs_cfg, c.work_ns, 0, WORKLOAD_MAX_NS,
		     "CPU time each task uses after that (0)"),
	OPT_FLAG(0, "no-join", struct procs_cfg, no_join, "the parent does not wait for its children"),
	WORKLOAD_SEED_OPT(struct procs_cfg, c),
	WORKLOAD_OPTS(struct procs_cfg, c),
	OPT_END
};

static bool no_join(const struct workload_cfg *cfg)
{
	return ((const struct procs_cfg *)cfg)->no_join;
}

static void procs_defaults(struct workload_cfg *cfg)
{
	*(struct procs_cfg *)cfg = (struct procs_cfg){ .c = { .repeat = 1, .tasks = 2, .sleep_ns = 2 * NSEC_PER_SEC } };
}

static void procs_predict(const struct workload_cfg *cfg, struct facts *out)
{
	struct buf text = { 0 };

	if (!no_join(cfg)) {
		apart_predict(cfg, out);
		return;
	}
	buf_printf(&text, "0 s: %" PRIu64 " fork%s and no wait, below ", cfg->tasks, cfg->tasks == 1 ? "" : "s");
	theory_time(&text, cfg->tasks * FORK_NS);
	theory_set(out, buf_str(&text), (struct theory_range){ 0, cfg->tasks * FORK_NS });
	buf_release(&text);
}

/* ---- without join ---- */

/*
 * A child is to die with `procs`, but not with the parent that made it: it asks for that when it is an orphan. The
 * status it ends with.
 */
static int orphan(const struct workload_cfg *cfg, uint64_t i, pid_t maker, pid_t heir, uint64_t start_ns)
{
	char name[16];

	snprintf(name, sizeof(name), "child%u", (unsigned)i);
	prctl(PR_SET_NAME, name);
	do
		workload_sleep_until(start_ns);
	while (getppid() == maker && (start_ns += NSEC_PER_MSEC));
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != heir)
		return 1;
	apart_task(cfg, name, i);
	return 0;
}

/* The parent's whole life: it makes children, reads its stopwatch and ends. */
static int parent(const struct workload_cfg *cfg, pid_t heir)
{
	uint64_t from_ns, ns;
	struct err e = { 0 };
	pid_t self = getpid();

	prctl(PR_SET_NAME, "parent");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != heir)
		return 1;
	from_ns = schedviz_mark_now();
	for (uint64_t i = 0; i < cfg->tasks; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(orphan(cfg, i, self, heir, from_ns + ORPHANED_NS));
		if (pid < 0) {
			err_sys(&e, -errno, "cannot make child %" PRIu64 " of %" PRIu64, i + 1, cfg->tasks);
			return workload_failed(&e);
		}
	}
	ns = schedviz_mark_now() - from_ns;
	schedviz_mark_wall(from_ns, from_ns + ns);
	workload_say("parent (%d) thinks that it took %.4f s", self, (double)ns / (double)NSEC_PER_SEC);
	return 0;
}

static int run_without_join(const struct workload_cfg *cfg, struct err *e)
{
	pid_t self = getpid(), pid;
	uint64_t ended = 0, failed = 0;
	int status;

	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return err_sys(e, -errno, "cannot adopt orphans");
	pid = fork();
	if (pid == 0)
		_exit(parent(cfg, self));
	if (pid < 0)
		return err_sys(e, -errno, "cannot make the parent");
	for (;;) {
		pid = wait(&status);
		if (pid < 0 && errno != EINTR)
			break; /* nobody is left */
		ended += pid > 0;
		failed += pid > 0 && status;
	}
	if (failed)
		return err_set(e, -ECHILD, "%" PRIu64 " of %" PRIu64 " processes did not end well", failed, ended);
	workload_say("procs (%d) adopted the children and saw them end", self);
	return 0;
}

static int procs_run(const struct workload_cfg *cfg)
{
	struct err e = { 0 };
	int ret;

	if (workload_enter("procs", cfg, &e) < 0)
		return workload_failed(&e);
	schedviz_mark_noun("task");
	workload_map_program();
	if (cfg->work_ns)
		burn_calibrate();
	ret = no_join(cfg) ? run_without_join(cfg, &e) : apart_run(cfg, KIND_PROCS, "child", &e);
	if (ret < 0)
		return workload_failed(&e);
	if (!no_join(cfg))
		workload_say("procs (%d) waited for %" PRIu64 " children", getpid(), cfg->tasks);
	return 0;
}

/* ---- the check ---- */

static uint64_t nr_named(const struct evidence *ev, const char *glob)
{
	task_set set = evidence_named(ev, glob);
	uint64_t n = set.n;

	vec_release(&set);
	return n;
}

/* Children that ended well after `parent` had ended. */
static uint64_t outlived(const struct evidence *ev, task_id parent_id)
{
	const struct evidence_task *p = evidence_task(ev, parent_id);
	task_set set = evidence_named(ev, "child*");
	uint64_t n = 0;

	for (size_t i = 0; p && p->task->died_here && i < set.n; i++) {
		const struct task *t = evidence_task(ev, set.v[i])->task;

		n += t->died_here && t->exit_known && t->exit_code == 0 && t->died_ns > p->task->died_ns;
	}
	vec_release(&set);
	return n;
}

static void check_without_join(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	task_id parent_id = evidence_one(ev, "parent");

	report_count(r, outlived(ev, parent_id), cfg->tasks, cfg->tasks, "children that lived on without their parent");
	report_count(r, evidence_sleeps(ev, parent_id, WAIT, ev->window).n, 0, 0, "times that the parent waited");
	report_count(r, evidence_edges(ev, "child*", "parent", NULL, ev->window), 0, 0,
		     "wake-ups of the parent by a child");
	/* they begin at one instant, so two may end before whoever waits for them runs */
	report_count(r, evidence_edges(ev, "child*", "procs", WAIT, ev->window), 1, cfg->tasks,
		     "wake-ups of procs by an orphan that ends");
}

static void procs_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	report_count(r, nr_named(ev, "child*"), cfg->tasks, cfg->tasks, "children that were made");
	if (no_join(cfg)) {
		check_without_join(cfg, ev, r);
		return;
	}
	report_count(r, evidence_edges(ev, "child*", "procs", WAIT, ev->wall), apart_ends_min(cfg, ev, "child*"),
		     cfg->tasks, "wake-ups of the parent by a child that ends");
	report_count(r, evidence_sleeps(ev, evidence_one(ev, "procs"), WAIT, ev->wall).by_timer, 0, 0,
		     "waits of the parent that a timer ended");
	if (cfg->sleep_ns)
		report_ns(r, apart_asleep_ns(cfg, ev, "child*"), apart_asleep_min_ns(cfg), REPORT_ANY,
			  "time in which all children slept at once");
}

static void explain_without_join(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	const struct evidence_task *first = evidence_task(ev, evidence_one(ev, "child*"));

	buf_printf(out, "The parent made %" PRIu64 " children and did not wait: its stopwatch shows ", cfg->tasks);
	fmt_duration(out, ev->wall.to_ns - ev->wall.from_ns, true);
	buf_puts(out, ", and then it was gone. Its children did not care: ");
	if (first) {
		buf_puts(out, "child0 lived ");
		fmt_duration(out, first->task->died_ns - first->task->born_ns, true);
		buf_puts(out, ", as they all did, ");
	}
	buf_puts(out, "under another parent, for an orphan is adopted at once, as a rule by process 1, here by "
		      "procs, which asked for it. A stopwatch in the parent measures the making, not the work. "
		      "(Python's multiprocessing prints the same small number, but the process itself lives on: at "
		      "its exit it waits for children that are no daemons.)");
}

static void procs_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	task_id procs = evidence_one(ev, "procs");

	if (no_join(cfg)) {
		explain_without_join(cfg, ev, out);
		return;
	}
	buf_printf(out, "The parent, procs, made %" PRIu64 " children, a process each, and then slept in wait4 for ",
		   cfg->tasks);
	fmt_duration(out, evidence_sleeps(ev, procs, WAIT, ev->wall).ns, true);
	buf_printf(out, "; %" PRIu64 " times a child woke it by ending. The children slept side by side, ",
		   evidence_edges(ev, "child*", "procs", WAIT, ev->wall));
	fmt_duration(out, apart_asleep_ns(cfg, ev, "child*"), true);
	buf_puts(out, " of it all of them at once, so the whole took ");
	fmt_duration(out, ev->wall.to_ns - ev->wall.from_ns, true);
	buf_puts(out, ", not the sum. No second CPU was needed for that: who sleeps needs none. Compare with "
		      "'schedviz run seq' and with --no-join.");
}

const struct workload workload_procs = {
	.name = "procs",
	.group = GROUP_TASKS,
	.summary = "two processes sleep at once; the parent waits, or not",
	.lesson = "A process makes two children, each sleeps 2 s and computes 8^20, and waits until both have ended. "
		  "Together they take two seconds, not four as in `seq`: sleeps overlap. With --no-join the parent "
		  "does not wait: its own stopwatch shows next to nothing, but the children live on, adopted by "
		  "another process.",
	.theory = "The longest of all lengths (plus 5 ms from one start to the next), not their sum; when more "
		  "processes compute than there are CPUs, between sum/CPUs and sum/CPUs + longest. With --no-join: "
		  "the forks alone.",
	.look = "A lane for each child, asleep at the same time; the parent asleep in wait4 until a child that ends "
		"wakes it. With --no-join the parent's lane ends at once and the children's go on.",
	.example = "schedviz run procs --no-join",
	.opts = procs_opts,
	.cfg_size = sizeof(struct procs_cfg),
	.defaults = procs_defaults,
	.predict = procs_predict,
	.run = procs_run,
	.check = procs_check,
	.explain = procs_explain,
};
