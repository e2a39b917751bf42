/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * seq.c - the workload `seq`: one process does everything itself, one task after the other.
 */
#include <inttypes.h>
#include <unistd.h>
#include "base/schedviz_mark.h"
#include "workloads/burn.h"
#include "workloads/decimal.h"
#include "workloads/theory.h"
#include "workloads/workload.h"

#define MAX_TASKS 10000

struct seq_cfg {
	struct workload_cfg c;
};

static const struct opt seq_opts[] = {
	OPT_U64('n', "tasks", struct seq_cfg, c.tasks, 1, MAX_TASKS, "N", "tasks to do, one after another (2)"),
	OPT_DURATION(0, "sleep", struct seq_cfg, c.sleep_ns, 0, WORKLOAD_MAX_NS, "how long each task sleeps (2s)"),
	OPT_DURATION(0, "work", struct seq_cfg, c.work_ns, 0, WORKLOAD_MAX_NS,
		     "CPU time each task uses after that (0)"),
	WORKLOAD_SEED_OPT(struct seq_cfg, c),
	WORKLOAD_OPTS(struct seq_cfg, c), OPT_END
};

static void seq_defaults(struct workload_cfg *cfg)
{
	*cfg = (struct workload_cfg){ .repeat = 1, .tasks = 2, .sleep_ns = 2 * NSEC_PER_SEC };
}

/* ---- theory ---- */

static struct theory_task length_of(const struct workload_cfg *cfg, uint64_t i)
{
	return (struct theory_task){ workload_vary(cfg->sleep_ns, cfg->seed, i),
				     workload_vary(cfg->work_ns, cfg->seed, i) };
}

static uint64_t sum_ns(const struct workload_cfg *cfg)
{
	uint64_t ns = 0;

	for (uint64_t i = 0; i < cfg->tasks; i++)
		ns += length_of(cfg, i).sleep_ns + length_of(cfg, i).work_ns;
	return ns;
}

static void seq_predict(const struct workload_cfg *cfg, struct facts *out)
{
	uint64_t ns = sum_ns(cfg);
	struct buf text = { 0 };

	if (cfg->seed)
		buf_printf(&text, "the sum of %" PRIu64 " lengths = ", cfg->tasks);
	else
		buf_printf(&text, "%" PRIu64 " x ", cfg->tasks);
	if (!cfg->seed) {
		theory_time(&text, cfg->sleep_ns + cfg->work_ns);
		buf_puts(&text, " = ");
	}
	theory_time(&text, ns);
	theory_set(out, buf_str(&text), (struct theory_range){ ns, ns });
	buf_release(&text);
}

/* ---- the run ---- */

static void task_do(const struct workload_cfg *cfg, uint64_t i)
{
	struct theory_task length = length_of(cfg, i);

	schedviz_mark_start(i);
	workload_sleep(length.sleep_ns);
	burn(length.work_ns);
	schedviz_mark_finish(i);
	workload_say("seq (%d) task %" PRIu64 ": 8^20 = %" PRIu64, getpid(), i, decimal_eight_to_the_20th());
}

static int seq_run(const struct workload_cfg *cfg)
{
	struct err e = { 0 };
	uint64_t from_ns;

	if (workload_enter("seq", cfg, &e) < 0)
		return workload_failed(&e);
	schedviz_mark_noun("task");
	workload_map_program();
	if (cfg->work_ns)
		burn_calibrate();
	from_ns = schedviz_mark_now();
	for (uint64_t i = 0; i < cfg->tasks; i++)
		task_do(cfg, i);
	schedviz_mark_wall(from_ns, schedviz_mark_now());
	return 0;
}

/* ---- the check ---- */

static void seq_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	task_id seq = evidence_one(ev, "seq");
	struct evidence_sleeps s = evidence_sleeps(ev, seq, EVIDENCE_TIMED, ev->wall);

	report_count(r, ev->tasks.n, 1, 1, "tasks that the kernel scheduled");
	if (!cfg->sleep_ns)
		return;
	report_count(r, s.n, cfg->tasks, cfg->tasks, "sleeps in clock_nanosleep");
	report_count(r, s.by_timer, s.n, s.n, "of them ended by a timer");
	if (!cfg->seed)
		report_ns(r, s.min_ns, cfg->sleep_ns, REPORT_ANY, "the shortest of them");
}

static void seq_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	task_id seq = evidence_one(ev, "seq");
	uint64_t ran_ns = evidence_ns(ev, seq, STATE_RUNNING, ev->wall);
	uint64_t slept_ns = evidence_ns(ev, seq, STATE_SLEEPING, ev->wall);

	buf_printf(out,
		   "One process, one lane: seq does %" PRIu64
		   " tasks one after the other, so their lengths add up. Of ",
		   cfg->tasks);
	fmt_duration(out, ev->wall.to_ns - ev->wall.from_ns, true);
	buf_puts(out, " it ran ");
	fmt_duration(out, ran_ns, true);
	buf_puts(out, " and slept ");
	fmt_duration(out, slept_ns, true);
	buf_puts(out, cfg->work_ns
			      ? ". While it computed it needed one CPU, while it slept none; no second CPU could help, "
				"because a process does one thing at a time."
			      : ": a sleeping task needs no CPU, and nobody else was there to use the time. Compare "
				"with 'schedviz run procs', where the sleeps overlap.");
}

const struct workload workload_seq = {
	.name = "seq",
	.group = GROUP_TASKS,
	.summary = "one process, one task after the other: times add up",
	.lesson = "One process does two tasks, each of which sleeps 2 s and computes 8^20. It does them one after the "
		  "other, so it takes four seconds, nearly all of which it is asleep. Sleep is not work: look at how "
		  "little it ran. It is the measure for `procs`, `threads` and `pool`.",
	.theory = "n x (sleep + work): the lengths of all tasks added up, however many CPUs there are.",
	.look = "One lane. A stroke where it ran, dots where it slept; each sleep ends by a timer, not by another "
		"task.",
	.example = "schedviz run seq --tasks 3 --sleep 1s",
	.opts = seq_opts,
	.cfg_size = sizeof(struct seq_cfg),
	.defaults = seq_defaults,
	.predict = seq_predict,
	.run = seq_run,
	.check = seq_check,
	.explain = seq_explain,
};
