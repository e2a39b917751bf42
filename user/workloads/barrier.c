/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * barrier.c - the workload `barrier`: all wait for the slowest, round after round.
 */
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>
#include "base/schedviz_mark.h"
#include "workloads/burn.h"
#include "workloads/lock.h"
#include "workloads/team.h"
#include "workloads/theory.h"
#include "workloads/workload.h"

#define MAX_RUNNERS 64
#define MAX_ROUNDS 10000
/* A round more than its slowest: waking up the others, and the balancer that finds two on one CPU. Measured: 0.1 ms. */
#define ROUND_LATE_NS (300 * NSEC_PER_USEC)
/* Where every CPU computes, whatever else runs takes time from it: with more than that a run is not judged. */
#define OTHERS_PERCENT 5

struct barrier_cfg {
	struct workload_cfg c; /* workers; tasks: rounds; work_ns: of a round */
	uint64_t skew_ns;
	bool spin;
};

static const struct opt barrier_opts[] = {
	OPT_U64('w', "workers", struct barrier_cfg, c.workers, 2, MAX_RUNNERS, "N",
		"how many run, each on a CPU of its own (2)"),
	OPT_U64('n', "rounds", struct barrier_cfg, c.tasks, 1, MAX_ROUNDS, "N", "rounds (10)"),
	OPT_DURATION(0, "work", struct barrier_cfg, c.work_ns, NSEC_PER_MSEC, WORKLOAD_MAX_NS,
		     "CPU time of one round (20ms)"),
	OPT_DURATION(0, "skew", struct barrier_cfg, skew_ns, 0, WORKLOAD_MAX_NS,
		     "what the straggler needs in excess of that (20ms)"),
	OPT_FLAG(0, "spin", struct barrier_cfg, spin, "wait at the barrier by looking again and again, not asleep"),
	WORKLOAD_SEED_OPT(struct barrier_cfg, c),
	WORKLOAD_OPTS(struct barrier_cfg, c),
	OPT_END
};

static const struct barrier_cfg *own(const struct workload_cfg *cfg)
{
	return (const struct barrier_cfg *)cfg;
}

static void barrier_defaults(struct workload_cfg *cfg)
{
	*(struct barrier_cfg *)cfg = (struct barrier_cfg){
		.c = { .repeat = 1, .workers = 2, .tasks = 10, .work_ns = 20 * NSEC_PER_MSEC },
		.skew_ns = 20 * NSEC_PER_MSEC,
	};
}

/* --quick leaves rounds out, not their length: a round must be long beside a wake-up. */
static int barrier_prepare(struct workload_cfg *cfg, struct err *e)
{
	struct barrier_cfg *b = (struct barrier_cfg *)cfg;

	(void)e;
	b->skew_ns = workload_scaled(cfg, b->skew_ns);
	if (cfg->quick && cfg->tasks > 5)
		cfg->tasks = 5;
	return 0;
}

static bool barrier_cannot(const struct workload_cfg *cfg, struct buf *why)
{
	if (cfg->workers <= cfg->nr_cpus)
		return false;
	buf_printf(why, "%" PRIu64 " runners need a CPU each to be as fast as one another, here are %u", cfg->workers,
		   cfg->nr_cpus);
	return true;
}

/* What each of the others waits: the straggler's excess, every round. */
static uint64_t excess_ns(const struct barrier_cfg *b)
{
	return b->c.tasks * b->skew_ns;
}

/* All that the slowest computes. With a seed rounds differ, not the runners in one. */
static uint64_t straggler_ns(const struct barrier_cfg *b)
{
	uint64_t ns = 0;

	for (uint64_t round = 0; round < b->c.tasks; round++)
		ns += workload_vary(b->c.work_ns, b->c.seed, round) + b->skew_ns;
	return ns;
}

static void barrier_predict(const struct workload_cfg *cfg, struct facts *out)
{
	const struct barrier_cfg *b = own(cfg);
	uint64_t ns = straggler_ns(b);
	struct theory_range range = { ns, ns + cfg->tasks * ROUND_LATE_NS };
	struct buf text = { 0 };

	if (cfg->workers >= cfg->nr_cpus)
		range.max_ns += ns * OTHERS_PERCENT / 100;
	if (cfg->seed) {
		buf_printf(&text, "%" PRIu64 " rounds of lengths that differ (each + the straggler's ", cfg->tasks);
	} else {
		buf_printf(&text, "%" PRIu64 " x (", cfg->tasks);
		theory_time(&text, cfg->work_ns);
		buf_puts(&text, " + the straggler's ");
	}
	theory_time(&text, b->skew_ns);
	buf_puts(&text, ") = ");
	theory_time(&text, ns);
	theory_set(out, buf_str(&text), range);
	buf_release(&text);
}

/* ---- the run ---- */

struct track {
	const struct barrier_cfg *cfg;
	uint32_t cpu[MAX_RUNNERS];
	struct gate gate;
};

static int runner_before(void *arg, uint32_t i)
{
	const struct track *t = arg;
	struct err e = { 0 };

	return workload_pin(t->cpu[i], &e) < 0 ? workload_failed(&e) : 0;
}

static int runner(void *arg, uint32_t i)
{
	struct track *t = arg;
	const struct workload_cfg *c = &t->cfg->c;
	bool straggles = i + 1 == c->workers;

	for (uint64_t round = 0; round < c->tasks; round++) {
		schedviz_mark_start(round * c->workers + i);
		burn(workload_vary(c->work_ns, c->seed, round) + (straggles ? t->cfg->skew_ns : 0));
		schedviz_mark_finish(round * c->workers + i);
		if (gate_wait(&t->gate, (uint32_t)c->workers, t->cfg->spin))
			gate_open(&t->gate, t->cfg->spin);
	}
	return 0;
}

static int track_run(struct track *t, struct err *e)
{
	const struct team_cfg cfg = {
		.n = (uint32_t)t->cfg->c.workers,
		.kind = KIND_THREADS,
		.name = "runner%u",
		.before = runner_before,
		.fn = runner,
		.arg = t,
	};
	struct team_span span;
	int ret = team_run(&cfg, &span, e);

	if (ret < 0)
		return ret;
	schedviz_mark_wall(span.from_ns, span.to_ns);
	workload_say("barrier (%d) %u runners met %" PRIu64 " times", getpid(), cfg.n, t->cfg->c.tasks);
	return 0;
}

static int barrier_run(const struct workload_cfg *cfg)
{
	struct track t = { .cfg = own(cfg) };
	struct err e = { 0 };

	if (workload_enter("barrier", cfg, &e) < 0)
		return workload_failed(&e);
	schedviz_mark_noun("leg");
	workload_map_program();
	burn_calibrate();
	for (uint32_t i = 0; i < MAX_RUNNERS; i++)
		t.cpu[i] = workload_cpu(i);
	return track_run(&t, &e) < 0 ? workload_failed(&e) : 0;
}

/* ---- the check ---- */

/* Asleep at the barrier; with --spin running, and more than the work. */
static uint64_t waited_ns(const struct barrier_cfg *b, const struct evidence *ev, const char *name)
{
	task_id id = evidence_one(ev, name);
	uint64_t ran_ns = evidence_ns(ev, id, STATE_RUNNING, ev->wall), work_ns = straggler_ns(b) - excess_ns(b);

	if (!b->spin)
		return evidence_sleeps(ev, id, "futex", ev->wall).ns;
	return ran_ns > work_ns ? ran_ns - work_ns : 0;
}

/*
 * What made it come late to the barrier, so that it had less time left to wait: strangers on its CPU, a burst that took
 * longer than it should, and gaps in its lane, which a switch that the kernel told nobody of leaves, for it may have
 * run.
 */
static uint64_t late_ns(const struct barrier_cfg *b, const struct evidence *ev, task_id id)
{
	uint64_t ran_ns = evidence_ns(ev, id, STATE_RUNNING, ev->wall), work_ns = straggler_ns(b) - excess_ns(b);
	uint64_t over_ns = !b->spin && ran_ns > work_ns ? ran_ns - work_ns : 0;

	return evidence_ns(ev, id, STATE_RUNNABLE, ev->wall) + evidence_ns(ev, id, STATE_UNKNOWN, ev->wall) + over_ns;
}

/*
 * In either direction the slack is what the wall clock has: 3 % of all the straggler's work, the round's delay, and the
 * time that others take from the straggler, for which all wait as well.
 */
static void barrier_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	const struct barrier_cfg *b = own(cfg);
	uint64_t all_ns = straggler_ns(b);
	uint64_t slack_ns = report_slack_ns(all_ns) + cfg->tasks * ROUND_LATE_NS + all_ns * OTHERS_PERCENT / 100;
	uint64_t want_ns = excess_ns(b), slept = evidence_sleeps(ev, evidence_one(ev, "runner0"), "futex", ev->wall).n;
	uint64_t less_ns = slack_ns + late_ns(b, ev, evidence_one(ev, "runner0"));

	report_ns(r, waited_ns(b, ev, "runner0"), want_ns > less_ns ? want_ns - less_ns : 0, want_ns + slack_ns,
		  b->spin ? "runner0 computed for nothing" : "runner0 slept at the barrier");
	if (b->spin)
		report_count(r, slept, 0, 0, "sleeps of runner0 at the barrier");
	else if (b->skew_ns >= 2 * NSEC_PER_MSEC)
		report_count(r, slept, cfg->tasks, cfg->tasks, "sleeps of runner0 at the barrier");
}

static void barrier_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	const struct barrier_cfg *b = own(cfg);
	uint64_t straggler = cfg->workers - 1;

	buf_printf(out, "runner%" PRIu64 " needs ", straggler);
	fmt_duration(out, b->skew_ns, true);
	buf_printf(out,
		   " more than the others in each of %" PRIu64 " rounds, and nobody may begin a round before all have "
		   "ended the last. So runner0 %s ",
		   cfg->tasks,
		   b->spin ? "computed for nothing, looking whether the barrier was open, for"
			   : "slept at the barrier for");
	fmt_duration(out, waited_ns(b, ev, "runner0"), true);
	buf_printf(out,
		   ": the excess, times the rounds. The slowest sets the pace; a faster CPU for anybody else would "
		   "change nothing. %s",
		   b->spin ? "In the picture all are busy to the same degree, which says nothing about progress."
			   : "Spinning instead (--spin) looks busier and is no sooner done.");
}

const struct workload workload_barrier = {
	.name = "barrier",
	.group = GROUP_LOCKS,
	.summary = "all wait for the slowest, every round",
	.lesson =
		"Two threads, each on a CPU of its own, compute in rounds and wait for each other after each; one of "
		"them "
		"needs 40 ms a round, the other 20 ms. It takes as long as the slower one alone, and the faster one is "
		"idle for half the time. With --spin it waits by looking again and again: the CPU is busy, the work is "
		"done no sooner, and who looks at the load sees no idle time.",
	.theory = "rounds x (work + skew); everyone but the straggler waits rounds x skew.",
	.look = "The straggler's lane is solid; the other's has a gap in each round. With --spin both are solid.",
	.example = "schedviz run barrier --skew 40ms",
	.opts = barrier_opts,
	.cfg_size = sizeof(struct barrier_cfg),
	.quick_permille = 1000, /* fewer rounds instead */
	.defaults = barrier_defaults,
	.prepare = barrier_prepare,
	.cannot = barrier_cannot,
	.predict = barrier_predict,
	.run = barrier_run,
	.check = barrier_check,
	.explain = barrier_explain,
};
