/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * spin.c - the workload `spin`: wait for a lock by looking at it again and again, or asleep.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>
#include "base/schedviz_mark.h"
#include "workloads/burn.h"
#include "workloads/hogs.h"
#include "workloads/lock.h"
#include "workloads/stages.h"
#include "workloads/theory.h"

#define MAX_HOLD_NS (200 * NSEC_PER_USEC) /* far from a time slice */
#define MAX_OUT_NS NSEC_PER_MSEC
#define MAX_CROWDS 2
/* To be fetched out of sleep takes longer than that: measured 50 us across CPUs, 5 us on one. */
#define SHORT_NS (10 * NSEC_PER_USEC)
/* With a CPU each and the lock kept for longer than a switch takes it makes no difference: 0.99 for 100 us. */
#define LONG_MIN_RATIO 0.7
/* A lock that is kept for less of the time is not met often enough for a claim about meeting. */
#define MIN_SHARE 0.3
/* Measured: on two CPUs 0.26 to 0.96 sleeps of a mutex for each visit, ticket on one CPU 0.83 to 1.5. */
#define SLEEPS_MIN 0.1
/* Of the machine in one stage: more than that, and who should have a CPU each had not. */
#define OTHERS_MAX 0.05
/*
 * On one CPU a mutex is found taken only after a preemption by all others, and by nobody else: twice that is allowed,
 * for turns as short as the kernel makes them, and some for strangers' preemptions. Measured 0.001 to 0.008 of 0.04.
 */
#define TURN_NS (1400 * NSEC_PER_USEC)
#define STRAY_SLEEPS 0.02
/* So hardly any CPU time is lost then: measured 0.99 to 1.09 (the loop's speed is known from a sixteenth of it). */
#define MUTEX_WORK_MIN 0.8
/* Measured with the lock kept for 5 us: 1.41 to 1.63. */
#define QUEUE_COSTS 1.1

struct spin_cfg {
	struct workload_cfg c; /* workers; 0: both crowds */
	uint64_t hold_ns, out_ns, length_ns;
	const char *locks;
	int kinds[STAGES_MAX];
	uint32_t nr;
};

enum kind { KIND_SPIN, KIND_MUTEX, KIND_TICKET, NR_KINDS };
static const char *const kind_names[] = { "spin", "mutex", "ticket", NULL };
static const int kind_locks[] = { LOCK_SPIN, LOCK_MUTEX, LOCK_TICKET };

/* No policy: a real-time thread that spins for a lock whose holder it keeps from its CPU does so for ever. */
static const struct opt spin_opts[] = {
	OPT_STRING(0, "lock", struct spin_cfg, locks, "LIST",
		   "which locks, one after another, of spin, mutex, ticket (spin,mutex)"),
	OPT_U64('w', "workers", struct spin_cfg, c.workers, 2, STAGE_MAX_WORKERS, "N",
		"so many threads, on all the CPUs there are (first 2 on two CPUs, then 4 on one)"),
	OPT_DURATION(0, "hold", struct spin_cfg, hold_ns, NSEC_PER_USEC, MAX_HOLD_NS,
		     "how long the lock is kept each time (5us)"),
	OPT_DURATION(0, "out", struct spin_cfg, out_ns, 0, MAX_OUT_NS, "and how long not, in between (5us)"),
	OPT_DURATION(0, "length", struct spin_cfg, length_ns, 10 * NSEC_PER_MSEC, WORKLOAD_MAX_NS,
		     "how long they do so, with each lock (250ms)"),
	WORKLOAD_RUN_OPTS(struct spin_cfg, c),
	OPT_END
};

static const struct spin_cfg *own(const struct workload_cfg *cfg)
{
	return (const struct spin_cfg *)cfg;
}

static void spin_defaults(struct workload_cfg *cfg)
{
	*(struct spin_cfg *)cfg = (struct spin_cfg){
		.c = { .repeat = 1 },
		.hold_ns = 5 * NSEC_PER_USEC,
		.out_ns = 5 * NSEC_PER_USEC,
		.length_ns = 250 * NSEC_PER_MSEC,
		.locks = "spin,mutex",
	};
}

static int spin_prepare(struct workload_cfg *cfg, struct err *e)
{
	struct spin_cfg *v = (struct spin_cfg *)cfg;
	int n = stages_kinds(v->locks, "lock", kind_names, v->kinds, e);

	if (n < 0)
		return n;
	v->nr = (uint32_t)n;
	if (v->nr > STAGES_MAX / MAX_CROWDS)
		return err_set(e, -EINVAL, "--lock names more than %d", STAGES_MAX / MAX_CROWDS);
	for (uint32_t i = 0; i < v->nr; i++)
		for (uint32_t k = 0; k < i; k++)
			if (v->kinds[i] == v->kinds[k])
				return err_set(e, -EINVAL, "--lock names '%s' twice", kind_names[v->kinds[i]]);
	v->length_ns = workload_scaled(cfg, v->length_ns);
	return 0;
}

/* ---- who competes where ---- */

struct crowds {
	struct stage of[MAX_CROWDS];
	uint32_t nr;
};

static struct crowds crowds_of(const struct workload_cfg *cfg)
{
	uint32_t n = (uint32_t)cfg->workers, all = cfg->nr_cpus;

	if (n)
		return (struct crowds){ .of = { { n, all < n ? all : n } }, .nr = 1 };
	return (struct crowds){ .of = { { 2, all < 2 ? all : 2 }, { 4, 1 } }, .nr = 2 };
}

static bool has_cpu_each(const struct stage *crowd)
{
	return crowd->workers <= crowd->cpus;
}

static bool has(const struct spin_cfg *v, int kind)
{
	for (uint32_t i = 0; i < v->nr; i++)
		if (v->kinds[i] == kind)
			return true;
	return false;
}

/* ---- theory ---- */

/* How likely a thread that wants nothing but this has the lock when it is preempted. */
static double share_held(const struct spin_cfg *v)
{
	return (double)v->hold_ns / (double)(v->hold_ns + v->out_ns);
}

/* On one CPU, of what it would be without spinning: after a turn that ends so the others' turns are in vain. */
static double spin_share(const struct spin_cfg *v, const struct stage *crowd)
{
	return 1 / (1 + (crowd->workers - 1) * share_held(v));
}

/* Is the lock kept so short, and wanted so often, that sleeping for it makes a difference? */
static bool is_short(const struct spin_cfg *v)
{
	return v->hold_ns <= SHORT_NS && share_held(v) >= MIN_SHARE;
}

static bool spin_cannot(const struct workload_cfg *cfg, struct buf *why)
{
	if (cfg->workers || cfg->nr_cpus > 1)
		return false;
	buf_puts(why, "two CPUs are needed for two threads to have one each");
	return true;
}

static void spin_predict(const struct workload_cfg *cfg, struct facts *out)
{
	const struct spin_cfg *v = own(cfg);
	const struct crowds crowds = crowds_of(cfg);
	struct buf text = { 0 };

	if (!has(v, KIND_SPIN) || !has(v, KIND_MUTEX))
		buf_puts(&text, has(v, KIND_SPIN) ? "who spins never sleeps"
						  : "a mutex costs less than a ticket, which is a switch each");
	else
		buf_puts(&text, "spin/mutex: ");
	for (uint32_t c = 0; c < crowds.nr && has(v, KIND_SPIN) && has(v, KIND_MUTEX); c++) {
		const struct stage *crowd = &crowds.of[c];

		buf_printf(&text, "%s%u on %u ", c ? "; " : "", crowd->workers, crowd->cpus);
		if (crowd->cpus == 1)
			buf_printf(&text, "1/(1 + %u x %.2f) = %.2f", crowd->workers - 1, share_held(v),
				   spin_share(v, crowd));
		else if (has_cpu_each(crowd))
			buf_puts(&text, is_short(v) ? "more than 1" : "about 1");
		else
			buf_puts(&text, "not known");
	}
	facts_set(out, "theory.text", buf_str(&text));
	buf_release(&text);
}

/* First one crowd with each lock, then the other. */
static uint32_t stage_at(const struct spin_cfg *v, uint32_t crowd, uint32_t lock)
{
	return crowd * v->nr + lock;
}

/* ---- the run ---- */

struct door {
	const struct spin_cfg *cfg;
	const struct stages *stages;
	struct lock lock __attribute__((aligned(128)));
};

enum said { SAID_VISITS, SAID_HOLD_NS };

/* How long some of the holds took. The loop's speed changes with the host's mood; what is compared must not. */
struct pace {
	uint64_t n, ns;
};

#define PACE_EVERY 16u
#define PACE_MAX 8 /* so many times as long as it should be: it was preempted meanwhile */

static void hold(const struct spin_cfg *v, uint64_t visit, struct pace *pace)
{
	uint64_t from_ns, ns;

	if (visit % PACE_EVERY) {
		burn_blindly(v->hold_ns);
		return;
	}
	from_ns = schedviz_mark_now();
	burn_blindly(v->hold_ns);
	ns = schedviz_mark_now() - from_ns;
	if (ns > PACE_MAX * v->hold_ns)
		return;
	pace->ns += ns;
	pace->n++;
}

static void worker(void *arg, uint32_t stage, uint32_t i)
{
	struct door *d = arg;
	const struct spin_cfg *v = d->cfg;
	uint64_t visits = 0, end_ns = stages_began_ns(d->stages) + v->length_ns;
	struct pace pace = { 0 };

	for (; schedviz_mark_now() < end_ns; visits++) {
		lock_take(&d->lock, i);
		hold(v, visits, &pace);
		lock_give(&d->lock);
		burn_blindly(v->out_ns);
	}
	schedviz_mark_instant(STAGE_SAID(stage, SAID_VISITS), visits);
	/* all its holds, as long as those that were timed: comes in by visits, so that it adds up */
	schedviz_mark_instant(STAGE_SAID(stage, SAID_HOLD_NS), pace.n ? visits * (pace.ns / pace.n) : 0);
}

/* Nobody is at the door: the next kind of lock. */
static void stage_ended(void *arg, uint32_t stage)
{
	struct door *d = arg;

	lock_init(&d->lock, kind_locks[d->cfg->kinds[(stage + 1) % d->cfg->nr]], 1);
}

static int spin_run(const struct workload_cfg *cfg)
{
	const struct spin_cfg *v = own(cfg);
	const struct crowds crowds = crowds_of(cfg);
	struct stage list[STAGES_MAX];
	struct door door = { .cfg = v };
	struct stages stages = { .list = list,
				 .nr = crowds.nr * v->nr,
				 .name = "worker%u",
				 .work = worker,
				 .after = stage_ended,
				 .arg = &door };
	struct err e = { 0 };

	if (workload_enter("spin", cfg, &e) < 0)
		return workload_failed(&e);
	schedviz_mark_noun("stage");
	workload_map_program();
	burn_calibrate();
	door.stages = &stages;
	lock_init(&door.lock, kind_locks[v->kinds[0]], 1);
	for (uint32_t c = 0; c < crowds.nr; c++)
		for (uint32_t k = 0; k < v->nr; k++)
			list[stage_at(v, c, k)] = crowds.of[c];
	return stages_run(&stages, &e) < 0 ? workload_failed(&e) : 0;
}

/* ---- the check ---- */

struct tally {
	struct window w;
	uint64_t visits, ran_ns, left; /* left: switches away to sleep */
	uint64_t rate;		       /* visits per second */
	uint64_t work_ns;	       /* what all that was done in and out of the lock takes at this stage's speed */
	uint64_t work_rate;	       /* the same per second: rates of stages of different speed compare by that */
};

static struct tally tally_of(const struct spin_cfg *v, const struct evidence *ev, uint32_t stage)
{
	struct tally t = { .w = stage_window(ev, stage),
			   .visits = evidence_said_sum(ev, STAGE_SAID(stage, SAID_VISITS)) };
	uint64_t ns = t.w.to_ns - t.w.from_ns;
	task_set all = evidence_named(ev, "worker*");

	for (size_t i = 0; i < all.n; i++) {
		t.ran_ns += evidence_ns(ev, all.v[i], STATE_RUNNING, t.w);
		t.left += evidence_sleeps(ev, all.v[i], "futex", t.w).n;
	}
	vec_release(&all);
	t.work_ns = (uint64_t)((double)evidence_said_sum(ev, STAGE_SAID(stage, SAID_HOLD_NS)) / share_held(v));
	t.rate = ns ? (uint64_t)((double)t.visits * 1e9 / (double)ns) : 0;
	t.work_rate = ns ? (uint64_t)((double)t.work_ns * 1e9 / (double)ns) : 0;
	return t;
}

/*
 * What theory has for one CPU is an expectation. In a stage of some 25 turns (--quick) it is met within a factor of 2:
 * measured 0.27 to 0.55 for 0.4. A lock that is seldom held makes no difference that could be told from noise.
 */
static void check_spin(const struct spin_cfg *v, const struct stage *crowd, const struct tally *of, const char *where,
		       struct report *r)
{
	const struct tally *spin = &of[KIND_SPIN], *mutex = &of[KIND_MUTEX];
	double share = spin_share(v, crowd), min = share / 2, max = share * 2;

	if (crowd->cpus > 1) {
		min = !has_cpu_each(crowd) ? 0 : is_short(v) ? 1 : LONG_MIN_RATIO;
		max = HOGS_NO_MAX;
	} else if (max > 1) {
		max = share_held(v) >= MIN_SHARE ? 1 : HOGS_NO_MAX;
	}
	report_ratio(r, spin->work_rate, mutex->work_rate, min, max, "work done with spin / with mutex, %s", where);
}

static void check_ratios(const struct spin_cfg *v, const struct evidence *ev, uint32_t c, struct report *r)
{
	const struct crowds crowds = crowds_of(&v->c);
	const struct stage *crowd = &crowds.of[c];
	struct tally of[NR_KINDS] = { 0 };
	char where[32];

	for (uint32_t k = 0; k < v->nr; k++)
		of[v->kinds[k]] = tally_of(v, ev, stage_at(v, c, k));
	snprintf(where, sizeof(where), "%u on %u", crowd->workers, crowd->cpus);
	if (has(v, KIND_SPIN) && has(v, KIND_MUTEX))
		check_spin(v, crowd, of, where, r);
	if (has(v, KIND_MUTEX) && has(v, KIND_TICKET) && crowd->cpus == 1 && is_short(v))
		report_ratio(r, of[KIND_MUTEX].work_rate, of[KIND_TICKET].work_rate, QUEUE_COSTS, HOGS_NO_MAX,
			     "work done with mutex / with ticket, %s", where);
}

static double mutex_sleeps_max(const struct spin_cfg *v, const struct stage *crowd)
{
	double visits = (double)TURN_NS / (double)(v->hold_ns + v->out_ns);

	return STRAY_SLEEPS + 2 * share_held(v) * (crowd->workers - 1) / visits;
}

/* The signature of spinning: a CPU that is used all the time, and how much of that is for nothing. */
static void check_work(const struct spin_cfg *v, const struct stage *crowd, int kind, const struct tally *t,
		       struct report *r)
{
	double share = spin_share(v, crowd);
	uint64_t got = report_ppm(t->work_ns, t->ran_ns), min = 0, max = REPORT_ANY;

	if (crowd->cpus == 1 && kind == KIND_MUTEX)
		min = report_fraction(MUTEX_WORK_MIN, 1e6);
	if (crowd->cpus == 1 && kind == KIND_SPIN) {
		min = report_fraction(share / 2, 1e6);
		max = share <= 0.5 ? report_fraction(2 * share, 1e6) : REPORT_ANY;
	}
	if (min)
		report_add(r, UNIT_PPM, got, min, max, "of the CPU time of %s was work, %u on %u", kind_names[kind],
			   crowd->workers, crowd->cpus);
	else
		report_tell(r, UNIT_PPM, got, "of the CPU time of %s was work, %u on %u", kind_names[kind],
			    crowd->workers, crowd->cpus);
}

/* A visitor may fall asleep when it is done with its stage and the others are not. */
static void check_sleeps(const struct spin_cfg *v, const struct stage *crowd, int kind, const struct tally *t,
			 struct report *r)
{
	char what[64];

	snprintf(what, sizeof(what), "of %s, %u on %u", kind_names[kind], crowd->workers, crowd->cpus);
	report_tell(r, UNIT_RATE, t->rate, "visits %s", what);
	if (kind == KIND_SPIN) {
		report_count(r, t->left, 0, crowd->workers, "sleeps %s", what);
		return;
	}
	if (kind == KIND_MUTEX && crowd->cpus == 1)
		report_ratio(r, t->left, t->visits, 0, mutex_sleeps_max(v, crowd), "sleeps for each visit %s", what);
	else if (share_held(v) >= MIN_SHARE && (kind == KIND_TICKET || has_cpu_each(crowd)))
		report_ratio(r, t->left, t->visits, SLEEPS_MIN, HOGS_NO_MAX, "sleeps for each visit %s", what);
	else
		report_tell(r, UNIT_MILLI, report_milli(t->left, t->visits), "sleeps for each visit %s", what);
}

/* Others that are few on the whole may have been there in one stage, which is then compared with one without them. */
static void doubt_others(const struct evidence *ev, const struct stage *crowd, int kind, struct window w,
			 struct report *r)
{
	struct evidence_cpu cpu = evidence_cpus(ev, NULL, w);
	uint64_t all_ns = cpu.others_ns + cpu.ours_ns + cpu.recorder_ns + cpu.idle_ns;

	if ((double)cpu.others_ns > OTHERS_MAX * (double)all_ns)
		report_doubt(r, "others used %.1f %% of the machine during %s, %u on %u",
			     100.0 * (double)cpu.others_ns / (double)all_ns, kind_names[kind], crowd->workers,
			     crowd->cpus);
}

static void spin_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	const struct spin_cfg *v = own(cfg);
	const struct crowds crowds = crowds_of(cfg);

	for (uint32_t c = 0; c < crowds.nr; c++)
		check_ratios(v, ev, c, r);
	for (uint32_t c = 0; c < crowds.nr; c++)
		for (uint32_t k = 0; k < v->nr; k++) {
			struct tally t = tally_of(v, ev, stage_at(v, c, k));

			check_sleeps(v, &crowds.of[c], v->kinds[k], &t, r);
			check_work(v, &crowds.of[c], v->kinds[k], &t, r);
			doubt_others(ev, &crowds.of[c], v->kinds[k], t.w, r);
		}
}

static const char spin_moral[] =
	"Who spins has the lock the moment it is free, and uses its CPU for nothing until then; who sleeps leaves the "
	"CPU to others, and must be fetched back. So spin where the lock is kept for less time than a switch takes and "
	"the one who has it is sure to be running. With fewer CPUs than threads it may be preempted with the lock in "
	"its hand, and whoever spins then keeps it from going on, for a whole time slice each. The lanes look busy in "
	"either case: what is running need not be getting on.";
static const char ticket_moral[] =
	"The mutex goes to whoever asks first, mostly the one that is running, and hardly anybody sleeps. Tickets are "
	"served in order: the next in line must be switched to at every visit before it can have the lock, and all "
	"others wait for that. That is what fairness costs; see 'schedviz run rooms --relock' for what its lack does.";

static void explain_stage(int kind, const struct tally *t, struct buf *out)
{
	buf_puts(out, kind_names[kind]);
	buf_puts(out, " ");
	fmt_count(out, t->rate);
	buf_puts(out, " a second, ");
	fmt_percent(out, t->work_ns, t->ran_ns);
	buf_printf(out, " of the CPU time was work, %.3f sleeps each",
		   t->visits ? (double)t->left / (double)t->visits : 0.0);
}

static void spin_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	const struct spin_cfg *v = own(cfg);
	const struct crowds crowds = crowds_of(cfg);

	for (uint32_t c = 0; c < crowds.nr; c++) {
		const struct stage *crowd = &crowds.of[c];

		buf_printf(out, "Visits by worker0 to worker%u on %u CPU%s: ", crowd->workers - 1, crowd->cpus,
			   crowd->cpus == 1 ? "" : "s");
		for (uint32_t k = 0; k < v->nr; k++) {
			struct tally t = tally_of(v, ev, stage_at(v, c, k));

			explain_stage(v->kinds[k], &t, out);
			buf_puts(out, k + 1 < v->nr ? "; " : ". ");
		}
	}
	buf_puts(out, has(v, KIND_TICKET) && !has(v, KIND_SPIN) ? ticket_moral : spin_moral);
}

const struct workload workload_spin = {
	.name = "spin",
	.group = GROUP_LOCKS,
	.summary = "spin if shorter than a switch and a CPU each",
	.lesson =
		"A thread that finds a lock taken can look at it again and again (spin), or go to sleep until it is "
		"woken (mutex). Sleeping costs two switches and a wake-up, so for a lock that is kept for 5 us "
		"spinning is much faster, as long as everybody has a CPU. With more threads than CPUs the one who has "
		"the lock can be preempted, and the others spend their time slices waiting for one that they keep "
		"from running: then sleeping is much faster. --lock mutex,ticket compares one that whoever comes "
		"first gets with one that is served in order (see rooms --relock): in order means a switch to "
		"another thread at every visit.",
	.theory =
		"Visits with spin / with mutex: more than 1 where each thread has a CPU and the lock is kept for less "
		"than a switch takes. n threads on one CPU: a thread preempted with the lock, which is likely by the "
		"share of time p that it has it, makes the n-1 others waste a slice each: 1/(1 + (n-1) p).",
	.look = "Stages 10 and 11 (spin, a CPU each): both lanes full. 20 and 21 (mutex): lower, asleep in between. "
		"Stages 30-33 and 40-43 on one CPU look alike, but for the number of visits.",
	.example = "schedviz run spin --hold 50us",
	.opts = spin_opts,
	.cfg_size = sizeof(struct spin_cfg),
	.quick_permille = 400,
	.defaults = spin_defaults,
	.prepare = spin_prepare,
	.cannot = spin_cannot,
	.predict = spin_predict,
	.run = spin_run,
	.check = spin_check,
	.explain = spin_explain,
};
