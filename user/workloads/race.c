/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * race.c - the workload `race`: threads add to one counter, and what of that is lost.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/schedviz_mark.h"
#include "base/vec.h"
#include "workloads/lock.h"
#include "workloads/stages.h"
#include "workloads/theory.h"

#define MAX_ROUNDS UINT64_C(1000000000)
/* A mutex that threads on two CPUs fight for is some 40 times as slow as an atomic add: so many times fewer rounds. */
#define MUTEX_FEWER 4
/*
 * Of a round, load, add and store take about as long as so many steps of private work; between load and store the
 * thread is for at most that share of its time. Measured with 20 steps: 6 preemptions of 216 fell in between.
 */
#define COUNTING_STEPS 4
/* On two CPUs, measured: 21 to 50 % with 20 steps between, 0.7 to 2.8 % with 100. */
#define LOST_MIN 0.001
#define MAX_APART 200
/* Where each has a CPU: the share of a stage in which two ran at once, less one's coming late and the other's being
 * done.
 */
#define TOGETHER_MIN 0.3

struct race_cfg {
	struct workload_cfg c; /* workers; tasks: rounds of each */
	uint64_t apart;
	const char *stages;
	int kinds[STAGES_MAX];
	uint32_t nr;
};

enum kind { KIND_ONE, KIND_TWO, KIND_ATOMIC, KIND_MUTEX };
static const char *const kind_names[] = { "one", "two", "atomic", "mutex", NULL };
static const char *const kind_told[] = { "on one CPU", "on two CPUs", "with an atomic add", "with a mutex" };

/* No policy: on one CPU real-time threads would not take turns. */
static const struct opt race_opts[] = {
	OPT_STRING(0, "stages", struct race_cfg, stages, "LIST",
		   "which to run, in this order, of one, two, atomic, mutex (one,two,atomic)"),
	OPT_U64('w', "workers", struct race_cfg, c.workers, 2, STAGE_MAX_WORKERS, "N", "threads that count (2)"),
	OPT_U64('n', "rounds", struct race_cfg, c.tasks, 1000, MAX_ROUNDS, "N", "how often each adds one (20000000)"),
	OPT_U64(0, "apart", struct race_cfg, apart, 0, MAX_APART, "N",
		"steps of private work between two additions (20, some 15 ns)"),
	WORKLOAD_RUN_OPTS(struct race_cfg, c),
	OPT_END
};

static const struct race_cfg *own(const struct workload_cfg *cfg)
{
	return (const struct race_cfg *)cfg;
}

static void race_defaults(struct workload_cfg *cfg)
{
	*(struct race_cfg *)cfg = (struct race_cfg){
		.c = { .repeat = 1, .workers = 2, .tasks = 20000000 },
		.apart = 20,
		.stages = "one,two,atomic",
	};
}

static int race_prepare(struct workload_cfg *cfg, struct err *e)
{
	struct race_cfg *v = (struct race_cfg *)cfg;
	int n = stages_kinds(v->stages, "stages", kind_names, v->kinds, e);

	if (n < 0)
		return n;
	v->nr = (uint32_t)n;
	cfg->tasks = workload_scaled(cfg, cfg->tasks);
	return cfg->tasks >= 1000 ? 0 : err_set(e, -EINVAL, "so few rounds are over at once - raise --rounds");
}

/* ---- theory ---- */

static bool race_cannot(const struct workload_cfg *cfg, struct buf *why)
{
	for (uint32_t i = 0; i < own(cfg)->nr; i++) {
		if (own(cfg)->kinds[i] != KIND_TWO || cfg->nr_cpus > 1)
			continue;
		buf_puts(why, "two CPUs are needed for two threads to run at once");
		return true;
	}
	return false;
}

static void race_predict(const struct workload_cfg *cfg, struct facts *out)
{
	(void)cfg;
	facts_set(out, "theory.text", "some are lost by two at once; one CPU: by preemptions; locked: none");
}

static uint64_t rounds_of(const struct race_cfg *v, int kind)
{
	return kind == KIND_MUTEX ? v->c.tasks / MUTEX_FEWER + 1 : v->c.tasks;
}

/* ---- the run ---- */

struct track {
	const struct race_cfg *cfg;
	uint64_t counter __attribute__((aligned(128))); /* a cache line of its own, and the one fetched along with it */
	struct lock lock __attribute__((aligned(128)));
};

static inline void private_work(uint64_t steps)
{
	for (; steps; steps--)
		__asm__ volatile("" : "+r"(steps));
}

/* counter = counter + 1, as any processor does it; the compiler may not make one instruction of the three. */
static inline void add_plainly(uint64_t *counter)
{
	uint64_t seen = __atomic_load_n(counter, __ATOMIC_RELAXED);

	__asm__ volatile("" : "+r"(seen));
	seen++;
	__asm__ volatile("" : "+r"(seen));
	__atomic_store_n(counter, seen, __ATOMIC_RELAXED);
}

static void count_plainly(struct track *t, uint64_t rounds, uint32_t i)
{
	(void)i;
	for (; rounds; rounds--) {
		add_plainly(&t->counter);
		private_work(t->cfg->apart);
	}
}

static void count_atomically(struct track *t, uint64_t rounds, uint32_t i)
{
	(void)i;
	for (; rounds; rounds--) {
		__atomic_fetch_add(&t->counter, 1, __ATOMIC_RELAXED);
		private_work(t->cfg->apart);
	}
}

static void count_locked(struct track *t, uint64_t rounds, uint32_t i)
{
	for (; rounds; rounds--) {
		lock_take(&t->lock, i);
		add_plainly(&t->counter);
		lock_give(&t->lock);
		private_work(t->cfg->apart);
	}
}

static void (*const counts[])(struct track *t, uint64_t rounds, uint32_t i) = {
	[KIND_ONE] = count_plainly,
	[KIND_TWO] = count_plainly,
	[KIND_ATOMIC] = count_atomically,
	[KIND_MUTEX] = count_locked,
};

static void adder(void *arg, uint32_t stage, uint32_t i)
{
	struct track *t = arg;
	int kind = t->cfg->kinds[stage];

	counts[kind](t, rounds_of(t->cfg, kind), i);
}

enum said { SAID_COUNTER };

static void stage_ended(void *arg, uint32_t stage)
{
	struct track *t = arg;
	int kind = t->cfg->kinds[stage];
	uint64_t all = t->cfg->c.workers * rounds_of(t->cfg, kind);

	schedviz_mark_instant(STAGE_SAID(stage, SAID_COUNTER), t->counter);
	workload_say("race (%d) %s: added %" PRIu64 " times, the counter says %" PRIu64, getpid(), kind_told[kind], all,
		     t->counter);
	t->counter = 0;
}

static int race_run(const struct workload_cfg *cfg)
{
	const struct race_cfg *v = own(cfg);
	struct track track = { .cfg = v };
	struct stage list[STAGES_MAX];
	struct stages stages = {
		.list = list, .nr = v->nr, .name = "adder%u", .work = adder, .after = stage_ended, .arg = &track
	};
	struct err e = { 0 };

	if (workload_enter("race", cfg, &e) < 0)
		return workload_failed(&e);
	schedviz_mark_noun("count");
	workload_map_program();
	lock_init(&track.lock, LOCK_MUTEX, 1);
	for (uint32_t i = 0; i < v->nr; i++)
		list[i] = (struct stage){ (uint32_t)cfg->workers, v->kinds[i] == KIND_ONE ? 1 : cfg->nr_cpus };
	return stages_run(&stages, &e) < 0 ? workload_failed(&e) : 0;
}

/* ---- the check ---- */

struct outcome {
	bool said;
	uint64_t added, counter, lost;
	struct window w;
	uint64_t together_ns, ran_ns, unknown_ns;
	uint64_t preempted;
	VEC(uint64_t) absences; /* the longest first */
};

/* From each preemption to the next turn. */
static void absences_add(struct outcome *o, const struct evidence *ev, task_id id)
{
	const struct evidence_task *t = evidence_task(ev, id);

	for (size_t i = 0; t && i < t->spans.n; i++) {
		const struct span *s = &t->spans.v[i];
		uint64_t ns = s->state == STATE_RUNNABLE ? evidence_part_ns(s->from_ns, s->to_ns, o->w) : 0;

		if (ns)
			*vec_push(&o->absences) = ns;
	}
}

static int longest_first(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x > y ? -1 : x < y;
}

/* Release with vec_release(&o.absences). */
static struct outcome outcome_of(const struct race_cfg *v, const struct evidence *ev, uint32_t stage)
{
	struct outcome o = { .added = v->c.workers * rounds_of(v, v->kinds[stage]), .w = stage_window(ev, stage) };
	task_set all = evidence_named(ev, "adder*");

	o.said = evidence_said(ev, STAGE_SAID(stage, SAID_COUNTER), &o.counter);
	o.lost = o.added > o.counter ? o.added - o.counter : 0;
	o.together_ns = evidence_together_ns(ev, "adder*", 2, o.w);
	for (size_t i = 0; i < all.n; i++) {
		o.ran_ns += evidence_ns(ev, all.v[i], STATE_RUNNING, o.w);
		o.preempted += evidence_switches(ev, all.v[i], OUT_INVOLUNTARY, o.w);
		o.unknown_ns += evidence_ns(ev, all.v[i], STATE_UNKNOWN, o.w);
		absences_add(&o, ev, all.v[i]);
	}
	if (o.absences.n)
		qsort(o.absences.v, o.absences.n, sizeof(*o.absences.v), longest_first);
	vec_release(&all);
	return o;
}

/*
 * What can be lost on one CPU. Between one thread's load and its store another can add only if the first is preempted
 * just there. It stores what it had loaded, plus one, when it is back: so one preemption loses not one addition but
 * all that were made in its absence, a whole time slice of them, or none. So the loss is at most what is added in the
 * longest of the absences, as many of them as preemptions may have hit. How many hit is chance; each does with at most
 * the share of a round between load and store. Twice as many as are expected and eight more come up once in a hundred
 * thousand runs (sums of the binomial distribution, for expectations from 0.1 to 100).
 */
static uint64_t loss_max(const struct race_cfg *v, const struct outcome *o)
{
	uint64_t hits = 2 * o->preempted * COUNTING_STEPS / (COUNTING_STEPS + v->apart) + 8;
	uint64_t absent_ns = o->unknown_ns; /* a preemption that the kernel told nobody of */

	hits = hits < o->preempted ? hits : o->preempted;
	for (size_t i = 0; i < o->absences.n && i < hits; i++)
		absent_ns += o->absences.v[i];
	return o->ran_ns ? (uint64_t)((double)absent_ns * (double)o->added / (double)o->ran_ns) : 0;
}

/* A switch that the kernel told nobody of leaves a gap in a lane, in which it may have run: nothing is asked of that.
 */
static void check_together(const struct race_cfg *v, const struct outcome *o, const char *told, struct report *r)
{
	uint64_t all_ns = o->w.to_ns - o->w.from_ns, known_ns = all_ns > o->unknown_ns ? all_ns - o->unknown_ns : 0;

	if (v->c.nr_cpus > 1)
		report_ns(r, o->together_ns, (uint64_t)(TOGETHER_MIN * (double)known_ns), all_ns,
			  "two of them ran at once, %s", told);
}

static void check_stage(const struct race_cfg *v, int kind, const struct outcome *o, struct report *r)
{
	const char *told = kind_told[kind];

	if (!o->said) {
		report_text(r, false, "the counter", "a number", "the workload did not get to its end");
		return;
	}
	switch (kind) {
	case KIND_ONE:
		report_count(r, o->lost, 0, loss_max(v, o), "lost %s", told);
		report_ns(r, o->together_ns, 0, 0, "two of them ran at once, %s", told);
		report_tell(r, UNIT_COUNT, o->preempted, "preemptions %s", told);
		break;
	case KIND_TWO:
		report_share(r, o->lost, o->added, LOST_MIN, 1, "of all additions lost %s", told);
		check_together(v, o, told, r);
		break;
	default:
		report_count(r, o->lost, 0, 0, "lost %s", told);
		if (kind == KIND_ATOMIC)
			check_together(v, o, told, r);
	}
}

static void race_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	const struct race_cfg *v = own(cfg);

	/* what the theory is about comes first */
	for (int two_first = 1; two_first >= 0; two_first--)
		for (uint32_t i = 0; i < v->nr; i++) {
			struct outcome o = outcome_of(v, ev, i);

			if ((v->kinds[i] == KIND_TWO) == two_first)
				check_stage(v, v->kinds[i], &o, r);
			vec_release(&o.absences);
		}
}

static void explain_stage(const struct race_cfg *v, int kind, const struct outcome *o, struct buf *out)
{
	buf_printf(out, "%c%s ", kind_told[kind][0] - 'a' + 'A', kind_told[kind] + 1);
	if (o->lost)
		fmt_percent(out, o->lost, o->added);
	else
		buf_puts(out, "none");
	buf_puts(out, " of ");
	fmt_count(out, o->added);
	buf_puts(out, o->lost ? " additions were lost" : " additions was lost");
	if (kind == KIND_ONE) {
		buf_printf(out,
			   ", in %" PRIu64 " preemptions: one that falls between load and store loses all that the "
			   "other adds until the first is back, up to ",
			   o->preempted);
		fmt_duration(out, o->absences.n ? o->absences.v[0] : 0, true);
		buf_puts(out, " of work; any other loses nothing. ");
		return;
	}
	if (v->c.nr_cpus > 1) {
		buf_puts(out, ", while two of them ran at once for ");
		fmt_duration(out, o->together_ns, true);
	}
	buf_puts(out, ". ");
}

static void race_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	const struct race_cfg *v = own(cfg);

	buf_printf(out, "%" PRIu64 " threads added one to the same counter, which is a load, an addition and a store. ",
		   cfg->workers);
	for (uint32_t i = 0; i < v->nr; i++) {
		struct outcome o = outcome_of(v, ev, i);

		if (o.said)
			explain_stage(v, v->kinds[i], &o, out);
		vec_release(&o.absences);
	}
	buf_puts(out, "Nothing in the schedule tells a wrong sum from a right one: it shows that the threads ran at "
		      "once, which is what they are for. What they share must be made safe in the program, by an "
		      "atomic instruction or a lock.");
}

const struct workload workload_race = {
	.name = "race",
	.group = GROUP_LOCKS,
	.summary = "two threads, one counter: the sum is wrong, the picture fine",
	.lesson = "Threads share memory, and two of them add one to the same counter, many times each. Adding is three "
		  "steps: load, add, store. Who stores after another one's store, but loaded before it, undoes that "
		  "addition. On two CPUs this happens all the time. On one CPU it takes a preemption at the wrong "
		  "moment, which is rare; but then it undoes all that the other thread did in its time slice, not one "
		  "addition, so one CPU is no protection. With an atomic add, or a lock, nothing is lost, and the "
		  "picture is the same: no scheduler can show that a program is right.",
	.theory =
		"Lost with a lock = 0; on two CPUs > 0; on one CPU at most what is added in the absences of those who "
		"were preempted between their load and their store.",
	.look = "Counts 10 and 11 take turns on one CPU. Counts 20 and 21 (plain) and 30 and 31 (atomic) look alike, "
		"both lanes full: only the last have the right sum.",
	.example = "schedviz run race --stages one,two,mutex",
	.opts = race_opts,
	.cfg_size = sizeof(struct race_cfg),
	.quick_permille = 200,
	.defaults = race_defaults,
	.prepare = race_prepare,
	.cannot = race_cannot,
	.predict = race_predict,
	.run = race_run,
	.check = race_check,
	.explain = race_explain,
};
