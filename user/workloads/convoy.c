/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * convoy.c - the workload `convoy`: one who keeps a lock for long, and all others who line up behind.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "base/schedviz_mark.h"
#include "workloads/burn.h"
#include "workloads/convoy.h"
#include "workloads/lock.h"
#include "workloads/team.h"
#include "workloads/theory.h"

#define MIN_HOLD_NS (200 * NSEC_PER_USEC) /* a hand-over is short beside it */

static const char *const lock_names[] = { "handoff", "mutex", "ticket", NULL };
static const int lock_kinds[] = { LOCK_HANDOFF, LOCK_MUTEX, LOCK_TICKET };

/* No policy: a lock that is always taken takes a CPU, and real-time threads would not give it back. */
static const struct opt convoy_opts[] = {
	OPT_U64('w', "workers", struct convoy_cfg, c.workers, 2, CONVOY_MAX_CARS, "N", "threads, called cars (4)"),
	OPT_DURATION(0, "hold", struct convoy_cfg, hold_ns, MIN_HOLD_NS, WORKLOAD_MAX_NS,
		     "CPU time for which a car keeps the lock (2ms)"),
	OPT_DURATION(0, "out", struct convoy_cfg, out_ns, 0, WORKLOAD_MAX_NS,
		     "how long it sleeps before it wants it again (20ms)"),
	OPT_DURATION(0, "long", struct convoy_cfg, long_ns, 0, WORKLOAD_MAX_NS,
		     "how long the truck keeps it (90ms; 0: there is none)"),
	OPT_DURATION(0, "every", struct convoy_cfg, every_ns, NSEC_PER_MSEC, WORKLOAD_MAX_NS,
		     "from one coming of the truck to the next (200ms)"),
	OPT_DURATION(0, "length", struct convoy_cfg, length_ns, 10 * NSEC_PER_MSEC, WORKLOAD_MAX_NS,
		     "how long all this goes on; the truck comes in its second half (1.2s)"),
	OPT_CHOICE(0, "lock", struct convoy_cfg, lock, lock_names, "LOCK", "handoff, mutex or ticket (handoff)"),
	WORKLOAD_SEED_OPT(struct convoy_cfg, c),
	WORKLOAD_RUN_OPTS(struct convoy_cfg, c),
	OPT_END
};

static const struct convoy_cfg *own(const struct workload_cfg *cfg)
{
	return (const struct convoy_cfg *)cfg;
}

static void convoy_defaults(struct workload_cfg *cfg)
{
	*(struct convoy_cfg *)cfg = (struct convoy_cfg){
		.c = { .repeat = 1, .workers = 4 },
		.hold_ns = 2 * NSEC_PER_MSEC,
		.out_ns = 20 * NSEC_PER_MSEC,
		.long_ns = 90 * NSEC_PER_MSEC,
		.every_ns = 200 * NSEC_PER_MSEC,
		.length_ns = 1200 * NSEC_PER_MSEC,
	};
}

/* With a seed absences differ, by half of it either way. */
static uint64_t longest_out_ns(const struct convoy_cfg *v)
{
	return v->c.seed ? v->out_ns + v->out_ns / 2 : v->out_ns;
}

/* Until all who lined up are through and asleep again. */
static uint64_t train_ns(const struct convoy_cfg *v)
{
	return v->long_ns + v->c.workers * v->hold_ns + longest_out_ns(v);
}

uint64_t convoy_trains(const struct convoy_cfg *v)
{
	uint64_t half_ns = v->length_ns / 2;

	return v->long_ns && half_ns >= train_ns(v) ? (half_ns - train_ns(v)) / v->every_ns + 1 : 0;
}

/* --quick leaves trains out, not their length. */
static int convoy_prepare(struct workload_cfg *cfg, struct err *e)
{
	struct convoy_cfg *v = (struct convoy_cfg *)cfg;

	v->hold_ns = workload_scaled(cfg, v->hold_ns);
	v->out_ns = workload_scaled(cfg, v->out_ns);
	v->long_ns = workload_scaled(cfg, v->long_ns);
	v->every_ns = workload_scaled(cfg, v->every_ns);
	v->length_ns = workload_scaled(cfg, v->length_ns) / (cfg->quick ? 3 : 1);
	if (v->hold_ns < MIN_HOLD_NS)
		return err_set(e, -EINVAL, "a lock that is kept so short shows no queue - raise --hold or --scale");
	if (!v->long_ns)
		return 0;
	if (v->long_ns < longest_out_ns(v))
		return err_set(e, -EINVAL,
			       "--long is less than --out: not all have come before the truck is gone - raise it");
	if (v->every_ns < train_ns(v))
		return err_set(e, -EINVAL, "--every is too short for those who lined up to get through - raise it");
	if (!convoy_trains(v))
		return err_set(e, -EINVAL, "--length is too short for the truck to come in its second half - raise it");
	return 0;
}

/* ---- theory: a closed queue, all lengths constant ---- */

double convoy_demand(const struct convoy_cfg *v)
{
	return (double)(v->c.workers * v->hold_ns) / (double)(v->hold_ns + v->out_ns);
}

/* Beyond saturation a round takes as long as all holds together. */
uint64_t convoy_wait_ns(const struct convoy_cfg *v)
{
	uint64_t all_ns = v->c.workers * v->hold_ns, alone_ns = v->hold_ns + v->out_ns;

	return all_ns > alone_ns ? all_ns - alone_ns : 0;
}

/*
 * The longest wait of a train. Whoever does not wait yet when the truck takes the lock comes within --out; and the last
 * of all has the others before it. At most it came when the truck itself had yet to wait for the others.
 */
struct theory_range convoy_train_wait(const struct convoy_cfg *v)
{
	uint64_t others_ns = (v->c.workers - 1) * v->hold_ns;

	return (struct theory_range){ v->long_ns - longest_out_ns(v) + others_ns, v->long_ns + 2 * others_ns };
}

static void convoy_predict(const struct workload_cfg *cfg, struct facts *out)
{
	const struct convoy_cfg *v = own(cfg);
	struct theory_range wait = convoy_train_wait(v);
	struct buf text = { 0 };

	if (v->long_ns) {
		buf_puts(&text, "behind ");
		theory_time(&text, v->long_ns);
		buf_printf(&text, " all %" PRIu64 " line up, the last waits for ", cfg->workers);
		theory_time(&text, wait.min_ns);
		buf_puts(&text, " to ");
		theory_time(&text, wait.max_ns);
	} else {
		buf_printf(&text, "the lock is taken %.0f %% of the time, ",
			   100 * (convoy_demand(v) < 1 ? convoy_demand(v) : 1));
		if (convoy_wait_ns(v)) {
			buf_puts(&text, "each waits for ");
			theory_time(&text, convoy_wait_ns(v));
		} else {
			buf_puts(&text, "nobody waits for long");
		}
	}
	facts_set(out, "theory.text", buf_str(&text));
	buf_release(&text);
}

/* ---- the run ---- */

struct road {
	const struct convoy_cfg *cfg;
	struct lock lock;
};

static void pass(struct road *road, uint32_t who, uint64_t nth, uint64_t ns)
{
	uint64_t job = CONVOY_JOB(road->cfg, nth, who);

	schedviz_mark_submit(job);
	lock_take(&road->lock, who);
	schedviz_mark_start(job);
	burn(ns);
	schedviz_mark_finish(job);
	lock_give(&road->lock);
}

/* They begin one after another, in the distance that they can keep. */
static void car(struct road *road, uint32_t i)
{
	const struct convoy_cfg *v = road->cfg;
	uint64_t start_ns = team_began_ns(), end_ns = start_ns + v->length_ns;

	workload_sleep_until(start_ns + i * (v->hold_ns + v->out_ns) / v->c.workers);
	for (uint64_t nth = 0; schedviz_mark_now() < end_ns; nth++) {
		pass(road, i, nth, v->hold_ns);
		workload_sleep(workload_vary(v->out_ns, v->c.seed, nth * v->c.workers + i));
	}
}

static void truck(struct road *road, uint32_t i)
{
	const struct convoy_cfg *v = road->cfg;

	prctl(PR_SET_NAME, "truck");
	for (uint64_t nth = 0; nth < convoy_trains(v); nth++) {
		workload_sleep_until(team_began_ns() + v->length_ns / 2 + nth * v->every_ns);
		pass(road, i, nth, v->long_ns);
	}
}

static int drive(void *arg, uint32_t i)
{
	struct road *road = arg;

	(i < road->cfg->c.workers ? car : truck)(road, i);
	return 0;
}

static int convoy_run(const struct workload_cfg *cfg)
{
	const struct convoy_cfg *v = own(cfg);
	struct road road = { .cfg = v };
	const struct team_cfg team = {
		.n = (uint32_t)cfg->workers + (v->long_ns ? 1 : 0),
		.kind = KIND_THREADS,
		.name = "car%u",
		.fn = drive,
		.arg = &road,
	};
	struct err e = { 0 };
	struct team_span span;

	if (workload_enter("convoy", cfg, &e) < 0)
		return workload_failed(&e);
	schedviz_mark_noun("trip");
	workload_map_program();
	burn_calibrate();
	lock_init(&road.lock, lock_kinds[v->lock], 1);
	if (team_run(&team, &span, &e) < 0)
		return workload_failed(&e);
	schedviz_mark_wall(span.from_ns, span.from_ns + v->length_ns);
	workload_say("convoy (%d) %" PRIu64 " cars, %" PRIu64 " times a truck before them", getpid(), cfg->workers,
		     convoy_trains(v));
	return 0;
}

const struct workload workload_convoy = {
	.name = "convoy",
	.group = GROUP_LOCKS,
	.summary = "one long holder makes everyone line up",
	.lesson = "Four threads (cars) need the same lock for 2 ms, sleep for 20 ms and come again: the lock is taken "
		  "for a third of the time, and nobody waits. Then a fifth (the truck) comes at times and keeps it for "
		  "90 ms. Each car that wants the lock meanwhile has to stop, so that soon all of them stand in line, "
		  "and when the truck is through they go one after another, each woken by the one before it: a convoy, "
		  "as on a road where nobody can overtake. The truck alone waits for almost nothing. A lock that is "
		  "kept for long now and then delays all who use it, however seldom it is taken on the whole.",
	.theory = "n cars that keep the lock for S and stay away for Z: it is taken for min(1, n S/(S+Z)) of the time, "
		  "and each waits for max(0, n S - (S+Z)). Behind a truck that keeps it for L >= Z all n line up, and "
		  "the last waits for at least L - Z + (n-1) S and at most L + 2 (n-1) S.",
	.look = "In the second half all cars' lanes go blank together, each time that the truck's is full; then each "
		"has "
		"a short run, the next one 2 ms later (--window zooms in).",
	.example = "schedviz run convoy --long 0 --hold 8ms",
	.opts = convoy_opts,
	.cfg_size = sizeof(struct convoy_cfg),
	.quick_permille = 1000, /* shorter instead */
	.defaults = convoy_defaults,
	.prepare = convoy_prepare,
	.predict = convoy_predict,
	.run = convoy_run,
	.check = convoy_check,
	.explain = convoy_explain,
};
