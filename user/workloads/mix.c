/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mix.c - the workload `mix`: tasks that compute, sleep or both, done in turn, by threads, by processes or under a
 * lock.
 */
#define _GNU_SOURCE /* gettid */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/schedviz_mark.h"
#include "workloads/burn.h"
#include "workloads/decimal.h"
#include "workloads/team.h"
#include "workloads/theory.h"
#include "workloads/workload.h"

#define MAX_TASKS 64
/*
 * What else than their work the workers use CPU time for (starting, printing, waking): 0.2 to 0.5 ms each measured. And
 * how far a burst may miss its length: burn() looks at the clock for the last time with a sixteenth left, and a CPU
 * that becomes half as fast in it takes twice that.
 */
#define SPARE_NS NSEC_PER_MSEC
#define SPARE_SHARE (1.0 / 16)

/*
 * Of --exp nobody knows how long it takes: one is done alone before the others, and that is the measure. The same sum
 * again takes a tenth less or more (measured 0.95 to 1.06), and side by side on CPUs that share a core up to twice as
 * long: no longer than one after another, then.
 */
#define SAID_ALONE UINT64_C(0x616c6f6e65) /* id of an instant, "alone": its CPU time */
#define ALONE_SPREAD 0.1

enum mix_kind { MIX_CPU, MIX_IO, MIX_BOTH };
enum mix_how { HOW_SEQ, HOW_THREADS, HOW_PROCS, HOW_GIL };

static const char *const kind_names[] = { "cpu", "io", "mixed", NULL };
static const char *const how_names[] = { "seq", "threads", "procs", "gil", NULL };

struct mix_cfg {
	struct workload_cfg c;
	int kind; /* enum mix_kind */
	int how;  /* enum mix_how */
};

static const struct opt mix_opts[] = {
	OPT_CHOICE(0, "kind", struct mix_cfg, kind, kind_names, "KIND",
		   "tasks that compute (cpu, the default), that sleep (io), or first sleep and then compute (mixed)"),
	OPT_CHOICE(0, "how", struct mix_cfg, how, how_names, "HOW",
		   "one after another (seq), by threads, by procs (the default), or by threads under one lock (gil)"),
	OPT_U64('n', "tasks", struct mix_cfg, c.tasks, 1, MAX_TASKS, "N", "tasks (4)"),
	OPT_DURATION(0, "sleep", struct mix_cfg, c.sleep_ns, NSEC_PER_MSEC, WORKLOAD_MAX_NS,
		     "how long each sleeps, of io and mixed (500ms)"),
	OPT_DURATION(0, "work", struct mix_cfg, c.work_ns, NSEC_PER_MSEC, WORKLOAD_MAX_NS,
		     "CPU time each uses, of cpu and mixed (250ms)"),
	OPT_U64(0, "exp", struct mix_cfg, c.exp, 0, DECIMAL_MAX_EXP, "E",
		"compute 8^E in decimal instead of --work, of cpu and mixed (0: not)"),
	WORKLOAD_SEED_OPT(struct mix_cfg, c),
	WORKLOAD_OPTS(struct mix_cfg, c),
	OPT_END
};

static const struct mix_cfg *own(const struct workload_cfg *cfg)
{
	return (const struct mix_cfg *)cfg;
}

static void mix_defaults(struct workload_cfg *cfg)
{
	*(struct mix_cfg *)cfg = (struct mix_cfg){
		.c = { .repeat = 1, .tasks = 4, .sleep_ns = 500 * NSEC_PER_MSEC, .work_ns = 250 * NSEC_PER_MSEC },
		.how = HOW_PROCS,
	};
}

static int mix_prepare(struct workload_cfg *cfg, struct err *e)
{
	struct mix_cfg *m = (struct mix_cfg *)cfg;

	if (cfg->exp && m->kind == MIX_IO)
		return err_set(e, -EINVAL, "tasks of --kind io only sleep - leave out --exp, or give --kind cpu");
	if (cfg->exp && cfg->seed)
		return err_set(e, -EINVAL, "8^E takes as long every time - leave out --exp or --seed");
	if (m->kind == MIX_CPU)
		cfg->sleep_ns = 0;
	if (m->kind == MIX_IO || cfg->exp)
		cfg->work_ns = 0;
	if (cfg->quick)
		cfg->exp /= 2;
	cfg->kind = m->how == HOW_PROCS ? KIND_PROCS : KIND_THREADS;
	return 0;
}

/* ---- theory ---- */

static struct theory_task length_of(const struct workload_cfg *cfg, uint64_t i)
{
	return (struct theory_task){ workload_vary(cfg->sleep_ns, cfg->seed, 2 * i),
				     workload_vary(cfg->work_ns, cfg->seed, 2 * i + 1) };
}

static bool in_turn(const struct workload_cfg *cfg)
{
	return own(cfg)->how == HOW_SEQ || own(cfg)->how == HOW_GIL;
}

struct course {
	struct theory_range wall;
	uint64_t work_ns, sleep_ns; /* of all */
};

static struct course course_of(const struct workload_cfg *cfg)
{
	struct theory_task tasks[MAX_TASKS];
	uint64_t n = cfg->tasks, ns;
	struct course c = { 0 };

	for (uint64_t i = 0; i < n; i++) {
		tasks[i] = length_of(cfg, i);
		c.work_ns += tasks[i].work_ns;
		c.sleep_ns += tasks[i].sleep_ns;
	}
	if (in_turn(cfg)) {
		ns = own(cfg)->how == HOW_SEQ ? c.work_ns + c.sleep_ns : theory_one_server_ns(tasks, n);
		c.wall = (struct theory_range){ ns, ns };
	} else {
		c.wall = theory_bounds(tasks, n, n, c.work_ns ? cfg->nr_cpus : n);
	}
	return c;
}

static bool computes(const struct workload_cfg *cfg)
{
	return cfg->work_ns || cfg->exp;
}

/* "4 x (500 ms + 250 ms)", "500 ms", "4 x 250 ms / 2 CPUs", "4 x 8^100000 / 2 CPUs" */
static void formula_put(struct buf *out, const struct workload_cfg *cfg)
{
	bool seq = own(cfg)->how == HOW_SEQ, both = own(cfg)->kind == MIX_BOTH;
	bool shared = !seq && own(cfg)->how != HOW_GIL && cfg->tasks > cfg->nr_cpus;

	if (seq)
		buf_printf(out, "%" PRIu64 " x %s", cfg->tasks, both ? "(" : "");
	if (cfg->sleep_ns)
		theory_time(out, cfg->sleep_ns);
	if (both)
		buf_puts(out, " + ");
	if (computes(cfg) && (shared || own(cfg)->how == HOW_GIL))
		buf_printf(out, "%" PRIu64 " x ", cfg->tasks);
	if (cfg->exp)
		buf_printf(out, "8^%" PRIu64, cfg->exp);
	else if (cfg->work_ns)
		theory_time(out, cfg->work_ns);
	if (computes(cfg) && shared)
		buf_printf(out, " / %u CPU%s", cfg->nr_cpus, cfg->nr_cpus == 1 ? "" : "s");
	if (seq && both)
		buf_puts(out, ")");
}

static void mix_predict(const struct workload_cfg *cfg, struct facts *out)
{
	struct course c = course_of(cfg);
	bool exact = c.wall.min_ns == c.wall.max_ns;
	struct buf text = { 0 };

	if (cfg->exp) {
		formula_put(&text, cfg);
		buf_puts(&text, ", as long as one alone takes for it");
		facts_set(out, "theory.text", buf_str(&text));
		buf_release(&text);
		return;
	}
	if (cfg->seed)
		buf_printf(&text, "%" PRIu64 " tasks of lengths that differ, %s", cfg->tasks, how_names[own(cfg)->how]);
	else if (cfg->sleep_ns && !cfg->work_ns && own(cfg)->how != HOW_SEQ)
		buf_printf(&text, "%" PRIu64 " sleeps at once", cfg->tasks);
	else
		formula_put(&text, cfg);
	buf_puts(&text, exact ? " = " : ": ");
	theory_time(&text, c.wall.min_ns);
	if (!exact) {
		buf_puts(&text, " to ");
		theory_time(&text, c.wall.max_ns);
	}
	theory_set(out, buf_str(&text), c.wall);
	buf_release(&text);
}

/* ---- the run ---- */

struct scene {
	const struct workload_cfg *cfg;
	pthread_mutex_t *lock; /* held while computing; NULL: nobody needs it */
};

/* Returns 0, or 1 when it computed wrongly. */
static int task_do(const struct scene *s, uint64_t i)
{
	struct theory_task length = length_of(s->cfg, i);
	bool wrong = false;

	schedviz_mark_start(i);
	workload_sleep(length.sleep_ns);
	if (s->lock)
		pthread_mutex_lock(s->lock);
	if (!s->cfg->exp)
		burn(length.work_ns);
	else if (decimal_digits(s->cfg->exp, NULL, NULL) != decimal_expected(s->cfg->exp))
		wrong = true;
	if (s->lock)
		pthread_mutex_unlock(s->lock);
	schedviz_mark_finish(i);
	return wrong;
}

static int worker(void *arg, uint32_t i)
{
	const struct scene *s = arg;
	int wrong = 0;

	if (own(s->cfg)->how != HOW_SEQ)
		return task_do(s, i);
	for (uint64_t k = 0; k < s->cfg->tasks; k++)
		wrong |= task_do(s, k);
	return wrong;
}

/* The measure of --exp, before anybody else computes. */
static void compute_alone(const struct workload_cfg *cfg)
{
	uint64_t from_ns = burn_clock_ns();

	decimal_digits(cfg->exp, NULL, NULL);
	schedviz_mark_instant(SAID_ALONE, burn_clock_ns() - from_ns);
}

static int mix_run(const struct workload_cfg *cfg)
{
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct scene scene = { .cfg = cfg, .lock = own(cfg)->how == HOW_GIL ? &lock : NULL };
	const struct team_cfg team = {
		.n = own(cfg)->how == HOW_SEQ ? 1 : (uint32_t)cfg->tasks,
		.kind = cfg->kind,
		.name = "worker%u",
		.fn = worker,
		.arg = &scene,
	};
	struct err e = { 0 };
	struct team_span span;

	if (workload_enter("mix", cfg, &e) < 0)
		return workload_failed(&e);
	schedviz_mark_noun("task");
	workload_map_program();
	if (cfg->work_ns)
		burn_calibrate();
	if (cfg->exp)
		compute_alone(cfg);
	if (team_run(&team, &span, &e) < 0)
		return workload_failed(&e);
	schedviz_mark_wall(span.from_ns, span.to_ns);
	workload_say("mix (%d) %" PRIu64 " %s tasks, %s: %.4f s", getpid(), cfg->tasks, kind_names[own(cfg)->kind],
		     how_names[own(cfg)->how], (double)(span.to_ns - span.from_ns) / (double)NSEC_PER_SEC);
	return 0;
}

/* ---- the check ---- */

#define PROFILE_MAX 65

/* at[k]: time in which exactly k workers ran; how many may, at the most. */
static size_t profile_of(const struct workload_cfg *cfg, const struct evidence *ev, uint64_t at[PROFILE_MAX])
{
	task_set set = evidence_named(ev, "worker*");
	size_t most = cfg->tasks < cfg->nr_cpus ? (size_t)cfg->tasks : cfg->nr_cpus;

	evidence_profile(ev, &set, STATE_RUNNING, ev->wall, at, PROFILE_MAX);
	vec_release(&set);
	return most;
}

static uint64_t ran_ns(const uint64_t at[PROFILE_MAX])
{
	uint64_t ns = 0;

	for (size_t k = 0; k < PROFILE_MAX; k++)
		ns += k * at[k];
	return ns;
}

/* Where the recording has a hole the worker may have been on a CPU. */
static uint64_t unknown_ns(const struct evidence *ev)
{
	task_set set = evidence_named(ev, "worker*");
	uint64_t ns = 0;

	for (size_t i = 0; i < set.n; i++)
		ns += evidence_ns(ev, set.v[i], STATE_UNKNOWN, ev->wall);
	vec_release(&set);
	return ns;
}

static uint64_t two_ns(const uint64_t at[PROFILE_MAX])
{
	uint64_t ns = 0;

	for (size_t k = 2; k < PROFILE_MAX; k++)
		ns += at[k];
	return ns;
}

/*
 * Of --exp, side by side: of three on two CPUs the last may be alone for as long as two ran at once before it, a third
 * of all work, and more tasks do better. The balancer may be late by 20 ms to part two that begin on one CPU.
 */
static uint64_t least_two_ns(const struct course *c)
{
	return report_less(c->work_ns / 4, 20 * NSEC_PER_MSEC);
}

/*
 * Of the time in which two or more ran: none in turn or under the lock. Side by side at least what does not fit into
 * the longest run that theory allows if only one ran at a time.
 */
static void check_two(const struct workload_cfg *cfg, const struct course *c, uint64_t got_ns, uint64_t hole_ns,
		      struct report *r)
{
	uint64_t longest_ns = c->wall.max_ns + report_slack_ns(c->wall.max_ns) + hole_ns;
	bool alone = in_turn(cfg) || !c->work_ns;

	/* who comes to the lock runs a moment to find it taken, and so does who ends beside the next that began */
	if (alone)
		report_ns(r, got_ns, 0, cfg->tasks * SPARE_NS, "time in which two workers ran at once");
	else if (cfg->exp)
		report_ns(r, got_ns, cfg->tasks > 1 && cfg->nr_cpus > 1 ? report_less(least_two_ns(c), hole_ns) : 0,
			  REPORT_ANY, "time in which two workers ran at once");
	else if (c->work_ns > longest_ns)
		report_ns(r, got_ns, c->work_ns - longest_ns, REPORT_ANY, "time in which two workers ran at once");
}

static uint64_t all_asleep_ns(const struct workload_cfg *cfg, const struct evidence *ev)
{
	task_set set = evidence_named(ev, "worker*");
	uint64_t at[PROFILE_MAX], ns;

	evidence_profile(ev, &set, STATE_SLEEPING, ev->wall, at, (size_t)cfg->tasks + 1);
	ns = at[cfg->tasks];
	vec_release(&set);
	return ns;
}

/* Of --exp: the theory, now that it is known how long one takes. */
static struct course course_by(const struct workload_cfg *cfg, uint64_t alone_ns, struct report *r, uint64_t wall_ns)
{
	struct mix_cfg known = *own(cfg);
	struct course c;

	known.c.work_ns = alone_ns;
	c = course_of(&known.c);
	if (!in_turn(cfg))
		c.wall.max_ns = c.work_ns + cfg->sleep_ns;
	c.wall.min_ns = (uint64_t)((1 - ALONE_SPREAD) * (double)c.wall.min_ns);
	c.wall.max_ns = (uint64_t)((1 + ALONE_SPREAD) * (double)c.wall.max_ns);
	report_wall(r, wall_ns, c.wall.min_ns, c.wall.max_ns, "wall clock");
	report_tell(r, UNIT_NS, alone_ns, "CPU time of one alone, before");
	return c;
}

/*
 * CPU time: of --exp what a CPU makes of the same sum is no better known than how fast it is, so that only the lower
 * bound is one.
 */
static void check_work(const struct workload_cfg *cfg, uint64_t ran_ns, uint64_t work_ns, uint64_t hole_ns,
		       struct report *r)
{
	uint64_t spread_ns = (uint64_t)((cfg->exp ? ALONE_SPREAD : SPARE_SHARE) * (double)work_ns);
	uint64_t spare_ns = cfg->tasks * SPARE_NS + spread_ns;

	report_ns(r, ran_ns, report_less(work_ns, spare_ns + hole_ns), cfg->exp ? REPORT_ANY : work_ns + spare_ns,
		  "CPU time of all workers");
}

static void mix_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	uint64_t wall_ns = ev->wall.to_ns - ev->wall.from_ns;
	struct course c = cfg->exp ? course_by(cfg, evidence_said_sum(ev, SAID_ALONE), r, wall_ns) : course_of(cfg);
	uint64_t at[PROFILE_MAX], slack_ns = report_slack_ns(cfg->sleep_ns), hole_ns = unknown_ns(ev);
	size_t most = profile_of(cfg, ev, at);

	check_work(cfg, ran_ns(at), c.work_ns, hole_ns, r);
	check_two(cfg, &c, two_ns(at), hole_ns, r);
	if (cfg->sleep_ns && !cfg->seed && own(cfg)->how != HOW_SEQ)
		report_ns(r, all_asleep_ns(cfg, ev), report_less(cfg->sleep_ns, slack_ns + hole_ns), REPORT_ANY,
			  "time in which all workers slept at once");
	for (size_t k = 0; k <= most && k <= 4; k++)
		report_tell(r, UNIT_PPM, report_ppm(at[k], wall_ns), "of the time with %zu of them on a CPU", k);
}

static void mix_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	static const char *const morals[] = {
		[HOW_SEQ] = "One worker did them one after another, so sleeps and work all add up.",
		[HOW_THREADS] =
			"Threads sleep side by side without any need of a CPU, but only as many compute at once as "
			"there are CPUs. (In C. In Python add the GIL: compare with --how gil.)",
		[HOW_PROCS] =
			"Processes sleep side by side without any need of a CPU, but only as many compute at once as "
			"there are CPUs.",
		[HOW_GIL] = "Each held the one lock while it computed and let go of it while it slept, as Python's "
			    "threads do: sleeps overlap, work does not, however many CPUs are idle.",
	};
	uint64_t at[PROFILE_MAX], wall_ns = ev->wall.to_ns - ev->wall.from_ns;
	size_t most = profile_of(cfg, ev, at);

	buf_printf(out, "%" PRIu64 " tasks, %s, in ", cfg->tasks,
		   own(cfg)->kind == MIX_CPU  ? "which compute"
		   : own(cfg)->kind == MIX_IO ? "which sleep"
					      : "which sleep and then compute");
	fmt_duration(out, wall_ns, true);
	buf_puts(out, ". Workers on a CPU: ");
	for (size_t k = 0; k <= most && k <= 4; k++) {
		buf_printf(out, "%s%zu for ", k ? ", " : "", k);
		fmt_duration(out, at[k], true);
	}
	buf_printf(out, ". %s What helps depends on what they lack: a CPU, or only time.", morals[own(cfg)->how]);
}

const struct workload workload_mix = {
	.name = "mix",
	.group = GROUP_PYTHON,
	.summary = "computing or waiting: what threads and processes help",
	.lesson = "Four tasks that compute (--kind cpu), that wait (io) or both (mixed), done one after another "
		  "(--how seq), by threads, by processes (procs), or by threads under one lock that whoever computes "
		  "must hold, like Python's (gil). Waiting overlaps in every way but seq. Computing overlaps only in "
		  "threads and procs, and only as far as there are CPUs. Run the twelve combinations and make a "
		  "table.",
	.theory = "seq: n (S + C). threads, procs: about S + n C / min(n, CPUs), between bounds where tasks "
		  "outnumber CPUs. gil: S + n C: sleeps overlap, work does not.",
	.look = "How many lanes are solid at the same instant: at most one with seq and gil, at most as many as CPUs "
		"else. Dots side by side cost nothing.",
	.example = "schedviz run mix --kind mixed --how gil",
	.opts = mix_opts,
	.cfg_size = sizeof(struct mix_cfg),
	.defaults = mix_defaults,
	.prepare = mix_prepare,
	.predict = mix_predict,
	.run = mix_run,
	.check = mix_check,
	.explain = mix_explain,
};
