/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * crash.c - the workload `crash`: one of several tasks touches memory that it may not, and who dies of it.
 *
 * What crashes lives in children of the workload, which itself ends well.
 */
#define _GNU_SOURCE /* gettid */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/schedviz_mark.h"
#include "workloads/crash.h"
#include "workloads/team.h"
#include "workloads/theory.h"

/*
 * From the first death of a process's threads to the last. The kernel kills them in one go, and each needs a turn on a
 * CPU to die: measured 0.1 to 0.3 ms for four threads on two CPUs.
 */
#define GROUP_EXIT_NS (5 * NSEC_PER_MSEC)

#define POOL_WORKERS 2

static const struct opt crash_opts[] = {
	OPT_U64('n', "tasks", struct crash_cfg, c.tasks, 2, CRASH_MAX_TASKS, "N",
		"tasks side by side, one of which crashes (4)"),
	OPT_DURATION(0, "sleep", struct crash_cfg, c.sleep_ns, NSEC_PER_MSEC, WORKLOAD_MAX_NS,
		     "how long each task sleeps; the crash comes after a third of it (1s)"),
	WORKLOAD_KIND_OPTS(struct crash_cfg, c, "the tasks are processes (the default)",
			   "they are threads of one process, beside a second process"),
	OPT_FLAG(0, "in-pool", struct crash_cfg, in_pool, "they are tasks of a pool of worker processes"),
	OPT_U64('w', "workers", struct crash_cfg, c.workers, 1, CRASH_MAX_TASKS, "N", "workers of that pool (2)"),
	WORKLOAD_SEED_OPT(struct crash_cfg, c),
	WORKLOAD_OPTS(struct crash_cfg, c),
	OPT_END
};

static void crash_defaults(struct workload_cfg *cfg)
{
	*cfg = (struct workload_cfg){ .repeat = 1, .tasks = 4, .sleep_ns = NSEC_PER_SEC };
}

static bool in_pool(const struct workload_cfg *cfg)
{
	return ((const struct crash_cfg *)cfg)->in_pool;
}

static int crash_prepare(struct workload_cfg *cfg, struct err *e)
{
	if (in_pool(cfg) && cfg->kind == KIND_THREADS)
		return err_set(e, -EINVAL,
			       "a thread that crashes takes the whole pool with it - "
			       "leave out --threads or --in-pool");
	if (cfg->workers && !in_pool(cfg))
		return err_set(e, -EINVAL,
			       "without a pool each task has a process of its own - "
			       "leave out --workers, or give --in-pool too");
	if (in_pool(cfg) && !cfg->workers)
		cfg->workers = POOL_WORKERS;
	return 0;
}

static void crash_predict(const struct workload_cfg *cfg, struct facts *out)
{
	uint64_t n = cfg->tasks;

	if (in_pool(cfg))
		crash_pool_predict(cfg, out);
	else if (cfg->kind == KIND_THREADS)
		facts_setf(out, "theory.text", "one of %" PRIu64 " threads crashes, its process dies: 0 survive", n);
	else
		facts_setf(out, "theory.text",
			   "one of %" PRIu64 " processes crashes, it alone dies: %" PRIu64 " survive", n, n - 1);
}

/* ---- the run ---- */

struct scene {
	const struct workload_cfg *cfg;
	uint64_t start_ns;
};

void crash_fault(void)
{
	volatile char *page = mmap(NULL, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	signal(SIGSEGV, SIG_DFL);
	if (page != MAP_FAILED)
		*page = 1;
}

static int worker(void *arg, uint32_t i)
{
	const struct scene *s = arg;
	uint64_t length_ns = workload_vary(s->cfg->sleep_ns, s->cfg->seed, i);

	if (i == CRASHER)
		prctl(PR_SET_NAME, "crasher");
	workload_sleep_until(s->start_ns);
	schedviz_mark_start(i);
	if (i == CRASHER) {
		workload_sleep(s->cfg->sleep_ns / CRASH_AFTER);
		workload_say("crasher (%d): writes to a page that it may not write to", gettid());
		crash_fault();
		return 1;
	}
	workload_sleep(length_ns);
	schedviz_mark_finish(i);
	workload_say("worker%u (%d): done", i, gettid());
	return 0;
}

/* The process whose threads die, and beside it another. */
static int program_or_sibling(void *arg, uint32_t i)
{
	const struct scene *s = arg;
	const struct team_cfg threads = {
		.n = (uint32_t)s->cfg->tasks,
		.kind = KIND_THREADS,
		.name = "worker%u",
		.fn = worker,
		.arg = arg,
		.lead_ns = TEAM_AT_ONCE,
	};
	struct err e = { 0 };
	struct team *t;

	if (i == 1) {
		prctl(PR_SET_NAME, "sibling");
		workload_sleep_until(s->start_ns);
		workload_sleep(s->cfg->sleep_ns);
		workload_say("sibling (%d): done", gettid());
		return 0;
	}
	t = team_start(&threads, &e);
	if (!t)
		return workload_failed(&e);
	return team_join(t, NULL) != 0;
}

/* The statuses must be: the crasher's (or its process's) death by SIGSEGV, and success of all others. */
static int judge_ends(const int *statuses, uint32_t n, uint32_t dies, struct err *e)
{
	for (uint32_t i = 0; i < n; i++) {
		bool as_meant = i == dies ? WIFSIGNALED(statuses[i]) && WTERMSIG(statuses[i]) == SIGSEGV : !statuses[i];

		if (!as_meant)
			return err_set(e, -ECHILD, "process %u of %u ended with status %#x", i + 1, n,
				       (unsigned)statuses[i]);
	}
	return 0;
}

static int run_team(const struct workload_cfg *cfg, struct err *e)
{
	bool threads = cfg->kind == KIND_THREADS;
	struct scene scene = { .cfg = cfg, .start_ns = schedviz_mark_now() + TEAM_LEAD_NS };
	const struct team_cfg procs = {
		.n = threads ? 2 : (uint32_t)cfg->tasks,
		.kind = KIND_PROCS,
		.name = threads ? "program" : "worker%u",
		.fn = threads ? program_or_sibling : worker,
		.arg = &scene,
		.lead_ns = TEAM_AT_ONCE,
	};
	int statuses[CRASH_MAX_TASKS] = { 0 }, ret;
	struct team *t = team_start(&procs, e);

	if (!t)
		return -1;
	team_join(t, statuses);
	schedviz_mark_wall(scene.start_ns, schedviz_mark_now());
	ret = judge_ends(statuses, procs.n, threads ? 0 : CRASHER, e);
	if (ret < 0)
		return ret;
	workload_say("crash (%d) sees: signal %d ended one process, the other%s ended well", getpid(),
		     WTERMSIG(statuses[threads ? 0 : CRASHER]), procs.n > 2 ? "s" : "");
	return 0;
}

static int crash_run(const struct workload_cfg *cfg)
{
	struct err e = { 0 };
	int ret;

	if (workload_enter("crash", cfg, &e) < 0)
		return workload_failed(&e);
	schedviz_mark_noun("task");
	workload_map_program();
	prctl(PR_SET_DUMPABLE, 0);
	ret = in_pool(cfg) ? crash_pool_run(cfg, &e) : run_team(cfg, &e);
	return ret < 0 ? workload_failed(&e) : 0;
}

/* ---- the check ---- */

uint64_t crash_ended_well(const struct evidence *ev, const char *glob)
{
	task_set set = evidence_named(ev, glob);
	uint64_t n = 0;

	for (size_t i = 0; i < set.n; i++) {
		const struct task *t = evidence_task(ev, set.v[i])->task;

		n += t->died_here && t->exit_known && !t->exit_code;
	}
	vec_release(&set);
	return n;
}

struct deaths {
	uint64_t n, by_segv, first_ns, last_ns;
};

/* Of all threads of the process that `id` was in. */
static struct deaths deaths_in(const struct evidence *ev, task_id id)
{
	const struct evidence_task *one = evidence_task(ev, id);
	struct deaths d = { .first_ns = UINT64_MAX };

	for (size_t i = 0; one && i < ev->tasks.n; i++) {
		const struct task *t = ev->tasks.v[i].task;

		if (t->tgid != one->task->tgid || !t->died_here)
			continue;
		d.n++;
		d.by_segv += t->exit_known && (t->exit_code & 0x7f) == SIGSEGV;
		d.first_ns = t->died_ns < d.first_ns ? t->died_ns : d.first_ns;
		d.last_ns = t->died_ns > d.last_ns ? t->died_ns : d.last_ns;
	}
	d.first_ns = d.n ? d.first_ns : 0;
	return d;
}

static uint64_t shell_status(const struct evidence *ev, task_id id)
{
	const struct evidence_task *t = evidence_task(ev, id);

	if (!t || !t->task->exit_known)
		return 0;
	return t->task->exit_code & 0x7f ? CRASH_SHELL_SIGNAL + (t->task->exit_code & 0x7f)
					 : t->task->exit_code >> 8 & 0xff;
}

static void check_threads(const struct workload_cfg *cfg, const struct evidence *ev, const struct deaths *d,
			  struct report *r)
{
	report_count(r, d->by_segv, cfg->tasks + 1, cfg->tasks + 1,
		     "threads that the signal ended, the first included");
	report_ns(r, d->last_ns - d->first_ns, 0, GROUP_EXIT_NS, "from the first of their deaths to the last");
	/* each was asleep; the one that crashes wakes them, to die: */
	report_count(r, evidence_edges(ev, "crasher", "worker*", EVIDENCE_TIMED, ev->window), cfg->tasks - 1,
		     cfg->tasks - 1, "sleeping threads that it woke to die");
	report_count(r, crash_ended_well(ev, "sibling"), 1, 1, "processes beside it that ended well");
}

static void check_procs(const struct evidence *ev, const struct deaths *d, struct report *r)
{
	report_count(r, d->by_segv, 1, 1, "tasks that the signal ended");
	report_count(r, evidence_edges(ev, "crasher", "worker*", EVIDENCE_TIMED, ev->window), 0, 0,
		     "others that it woke from their sleep");
}

static void crash_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	task_id crasher = evidence_one(ev, "crasher");
	struct deaths d = deaths_in(ev, crasher);
	uint64_t survive = cfg->kind == KIND_THREADS ? 0 : cfg->tasks - 1;

	if (in_pool(cfg)) {
		crash_pool_check(cfg, ev, r);
		return;
	}
	report_count(r, crash_ended_well(ev, "worker*"), survive, survive, "survivors of %" PRIu64, cfg->tasks);
	report_count(r, shell_status(ev, crasher), CRASH_SHELL_SIGNAL + SIGSEGV, CRASH_SHELL_SIGNAL + SIGSEGV,
		     "exit status of crasher, as a shell says it");
	if (cfg->kind == KIND_THREADS)
		check_threads(cfg, ev, &d, r);
	else
		check_procs(ev, &d, r);
	report_count(r, shell_status(ev, evidence_one(ev, "crash")), 0, 0, "exit status of crash, which made them");
}

static void crash_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	struct deaths d = deaths_in(ev, evidence_one(ev, "crasher"));

	if (in_pool(cfg)) {
		crash_pool_explain(cfg, ev, out);
		return;
	}
	if (cfg->kind == KIND_THREADS) {
		buf_printf(
			out,
			"crasher wrote to memory that it may not write to, the kernel ended it with SIGSEGV, and with "
			"it its whole process: %" PRIu64 " threads died within ",
			d.n);
		fmt_duration(out, d.last_ns - d.first_ns, true);
		buf_puts(out,
			 ", woken from their sleep only to die, because threads share the memory that now cannot be "
			 "trusted. sibling, a process of its own, noticed nothing. It takes a fault of this kind: an "
			 "exception in a Python thread ends that thread alone.");
		return;
	}
	buf_printf(
		out,
		"crasher wrote to memory that it may not write to, and the kernel ended it with SIGSEGV (a shell would "
		"say %" PRIu64 "). The other %" PRIu64 " processes slept on and ended well, for each has memory of its "
		"own; only crash, the parent, was told, by the status that it waited for. That holds for memory, not "
		"for agreements: a pool that waits for a result of the dead one would wait for ever unless it looks "
		"after its workers. Compare with --threads and --in-pool.",
		shell_status(ev, evidence_one(ev, "crasher")), crash_ended_well(ev, "worker*"));
}

const struct workload workload_crash = {
	.name = "crash",
	.group = GROUP_TASKS,
	.summary = "one task crashes: who dies with it, who does not",
	.lesson = "Four processes sleep side by side; after a third of it one of them writes to memory that it may "
		  "not write to. It dies, the other three end well. With --threads the four are threads of one "
		  "process: all of them die at once, and only a process beside it goes on. Memory is what processes "
		  "keep apart and threads share. With --in-pool they are tasks of a pool: the worker that had the one "
		  "dies and is replaced, and its task is lost.",
	.theory = "Survivors of n: n - 1 processes, 0 threads, n - 1 tasks of a pool.",
	.look = "One lane that ends early; the others go on to the end. With --threads all lanes of one process end "
		"at the same instant, and sibling's goes on. With --in-pool a new lane begins where the one ended.",
	.example = "schedviz run crash --threads",
	.opts = crash_opts,
	.cfg_size = sizeof(struct crash_cfg),
	.defaults = crash_defaults,
	.prepare = crash_prepare,
	.predict = crash_predict,
	.run = crash_run,
	.check = crash_check,
	.explain = crash_explain,
};
