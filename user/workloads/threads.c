/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * threads.c - the workload `threads`: one process, several threads that sleep side by side, and are joined.
 */
#include <inttypes.h>
#include <unistd.h>
#include "base/schedviz_mark.h"
#include "workloads/apart.h"
#include "workloads/burn.h"

#define MAX_TASKS 200
#define FUTEX "futex,futex_wait"

struct threads_cfg {
	struct workload_cfg c;
};

static const struct opt threads_opts[] = {
	OPT_U64('n', "tasks", struct threads_cfg, c.tasks, 1, MAX_TASKS, "N", "threads, a task each (2)"),
	OPT_DURATION(0, "sleep", struct threads_cfg, c.sleep_ns, 0, WORKLOAD_MAX_NS, "how long each task sleeps (2s)"),
	OPT_DURATION(0, "work", struct threads_cfg, c.work_ns, 0, WORKLOAD_MAX_NS,
		     "CPU time each task uses after that (0)"),
	WORKLOAD_SEED_OPT(struct threads_cfg, c),
	WORKLOAD_OPTS(struct threads_cfg, c), OPT_END
};

static void threads_defaults(struct workload_cfg *cfg)
{
	*cfg = (struct workload_cfg){ .repeat = 1, .tasks = 2, .sleep_ns = 2 * NSEC_PER_SEC };
}

static int threads_run(const struct workload_cfg *cfg)
{
	struct err e = { 0 };

	if (workload_enter("threads", cfg, &e) < 0)
		return workload_failed(&e);
	schedviz_mark_noun("task");
	workload_map_program();
	if (cfg->work_ns)
		burn_calibrate();
	if (apart_run(cfg, KIND_THREADS, "thread", &e) < 0)
		return workload_failed(&e);
	workload_say("threads (%d) joined %" PRIu64 " threads", getpid(), cfg->tasks);
	return 0;
}

/* ---- the check ---- */

static uint64_t in_its_process(const struct evidence *ev, task_id main_thread)
{
	const struct evidence_task *leader = evidence_task(ev, main_thread);
	uint64_t n = 0;

	for (size_t i = 0; leader && i < ev->tasks.n; i++)
		n += ev->tasks.v[i].task->tgid == leader->task->tgid;
	return n;
}

/* An end wakes the one that waits in pthread_join(): the kernel clears the thread's tid there (CLONE_CHILD_CLEARTID).
 */
static void threads_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	task_id main_thread = evidence_one(ev, "threads");
	uint64_t ends = evidence_edges(ev, "thread[0-9]*", "threads", FUTEX, ev->wall);

	report_count(r, in_its_process(ev, main_thread), cfg->tasks + 1, cfg->tasks + 1,
		     "threads of one process, the first included");
	report_count(r, ev->tasks.n, cfg->tasks + 1, cfg->tasks + 1, "tasks that the kernel scheduled");
	report_count(r, ends, apart_ends_min(cfg, ev, "thread[0-9]*"), cfg->tasks,
		     "wake-ups of the joiner by a thread that ends");
	if (cfg->sleep_ns)
		report_ns(r, apart_asleep_ns(cfg, ev, "thread[0-9]*"), apart_asleep_min_ns(cfg), REPORT_ANY,
			  "time in which all of them slept at once");
}

static void threads_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	uint64_t slept_ns = 0;
	task_set set = evidence_named(ev, "thread[0-9]*");

	for (size_t i = 0; i < set.n; i++)
		slept_ns += evidence_ns(ev, set.v[i], STATE_SLEEPING, ev->wall);
	buf_printf(out, "One process, %zu lanes: the kernel schedules threads as it does processes, each a task. ",
		   set.n + 1);
	buf_printf(out, "Its %" PRIu64 " threads slept ", cfg->tasks);
	fmt_duration(out, slept_ns, true);
	buf_puts(out, " in all, but side by side, so the whole took ");
	fmt_duration(out, ev->wall.to_ns - ev->wall.from_ns, true);
	buf_puts(out,
		 ". Meanwhile threads, the first one, slept in futex, which is what pthread_join() is made of; each "
		 "thread woke it as it ended. A sleeping thread needs neither a core nor hyper-threading, and in "
		 "Python it lets go of the GIL: there two threads that sleep take no longer either.");
	vec_release(&set);
}

const struct workload workload_threads = {
	.name = "threads",
	.group = GROUP_TASKS,
	.summary = "two threads sleep at once: one process, several tasks",
	.lesson = "One process makes two threads, each sleeps 2 s and computes 8^20, and waits until both have "
		  "ended. Together they take two seconds, not four. To the kernel a thread is a task like any other, "
		  "with a number of its own; what it shares with its siblings is memory, files and the process's "
		  "number. Threads are no invention of hyper-threading, they are decades older, and a sleeping one "
		  "needs no core at all. Compare with `procs`: the picture is nearly the same.",
	.theory = "The longest of all lengths (plus 5 ms from one start to the next), not their sum; when more "
		  "threads compute than there are CPUs, between sum/CPUs and sum/CPUs + longest.",
	.look = "A lane for each thread under its process, asleep at the same time; at its end an arrow to the first "
		"thread, which slept in futex to join it.",
	.example = "schedviz run threads --tasks 4",
	.opts = threads_opts,
	.cfg_size = sizeof(struct threads_cfg),
	.defaults = threads_defaults,
	.predict = apart_predict,
	.run = threads_run,
	.check = threads_check,
	.explain = threads_explain,
};
