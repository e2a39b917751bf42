/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * findings.c - the rules that look at sums: CPUs, waits, jobs, locks, the recorder.
 */
#include "analysis/findings_rules.h"

#include <stdlib.h>

struct finding_row *finding_add(struct findings *f, enum finding_kind kind)
{
	struct finding_row *row = vec_push(&f->v);

	*row = (struct finding_row){
		.kind = kind,
		.who = TASK_NONE,
		.other = TASK_NONE,
		.third = TASK_NONE,
		.cpu = CPU_NONE,
		.lock = UINT32_MAX,
	};
	return row;
}

void finding_at(struct finding_row *row, uint64_t ts_ns)
{
	if (row->nr_at < FINDING_EVENTS)
		row->at_ns[row->nr_at++] = ts_ns;
}

/* ---- what was recorded ---- */

static void find_lost(struct findings *f, const struct account *a)
{
	const struct health *h = model_health(a->sum->model);
	struct finding_row *row;

	if (!h->lost_events && !h->lost_spans && !h->lost_rare)
		return;
	row = finding_add(f, FINDING_LOST);
	row->count = h->lost_events;
	row->of_count = h->lost_spans;
	row->ns = a->ledger.ns[LEDGER_UNKNOWN];
	row->weight_ns = UINT64_MAX; /* before anything else is believed */
}

static uint64_t recorders_share(const struct account *a)
{
	uint64_t ns = 0;

	for (size_t i = 0; i < a->blame.culprits.n; i++)
		if (model_is_recorder(a->sum->model, a->blame.culprits.v[i].task))
			ns += a->blame.culprits.v[i].ns;
	return ns;
}

static void find_recorder(struct findings *f, const struct account *a)
{
	uint64_t ns = a->ledger.ns[LEDGER_RECORDER], stolen_ns = recorders_share(a);
	bool waits = stolen_ns >= FINDING_LONG_NS && finding_much(stolen_ns, account_wall_ns(a));
	struct finding_row *row;

	if (!waits && (ns < FINDING_LONG_NS || ns * 100 < a->ledger.total_ns))
		return;
	row = finding_add(f, FINDING_RECORDER);
	row->ns = ns;
	row->of_ns = a->ledger.total_ns;
	row->count = stolen_ns;
	row->weight_ns = stolen_ns ? stolen_ns : ns / (a->ledger.nr_cpus ? a->ledger.nr_cpus : 1);
}

/* ---- CPUs and waits ---- */

static void find_wasted(struct findings *f, const struct account *a)
{
	const struct wait *most = NULL;
	struct finding_row *row = NULL;

	for (size_t i = 0; i < a->blame.longest.n; i++) {
		const struct wait *w = &a->blame.longest.v[i];

		if (w->held != HELD_NOT || w->beside_ns < FINDING_LONG_NS)
			continue;
		row = row ? row : finding_add(f, FINDING_WASTED_CPU);
		row->count++;
		row->ns += w->beside_ns;
		most = !most || w->beside_ns > most->beside_ns ? w : most;
		finding_at(row, w->from_ns);
	}
	if (!row)
		return;
	row->who = most->victim;
	row->cpu = most->beside_cpu;
	row->other = most->by;
	row->weight_ns = row->ns;
}

static void find_pinned(struct findings *f, const struct account *a)
{
	uint64_t ns = a->ledger.ns[LEDGER_PINNED];
	struct finding_row *row;

	if (ns < FINDING_LONG_NS || !finding_much(ns, a->ledger.total_ns))
		return;
	row = finding_add(f, FINDING_PINNED);
	row->ns = ns;
	row->of_ns = a->ledger.total_ns;
	if (a->blame.victims.n)
		row->who = a->blame.victims.v[0].task;
	row->weight_ns = ns / a->ledger.nr_cpus;
	if (a->blame.longest.n)
		finding_at(row, a->blame.longest.v[0].from_ns);
}

static uint64_t held_ns(const struct blame *b)
{
	uint64_t ns = 0;

	for (int i = HELD_NOT + 1; i < NR_HELD; i++)
		ns += b->held_ns[i];
	return ns;
}

static void find_overload(struct findings *f, const struct account *a)
{
	const struct blame *b = &a->blame;
	uint64_t beside_ns = b->beside_ns + b->beside_maybe_ns, pinned_ns = a->ledger.ns[LEDGER_PINNED];
	uint64_t spared_ns = beside_ns > pinned_ns ? beside_ns : pinned_ns;
	uint64_t ns = b->busy_ns > spared_ns + held_ns(b) ? b->busy_ns - spared_ns - held_ns(b) : 0;
	struct finding_row *row;

	if (ns < FINDING_LONG_NS || !finding_much(ns, account_wall_ns(a)) || a->jobs.depth_max <= a->ledger.nr_cpus)
		return;
	row = finding_add(f, FINDING_OVERLOAD);
	row->ns = ns;
	row->count = a->jobs.depth_max;
	row->of_count = a->ledger.nr_cpus;
	row->who = b->victims.n ? b->victims.v[0].task : TASK_NONE;
	row->other = b->culprits.n ? b->culprits.v[0].task : TASK_NONE;
	row->weight_ns = ns < account_wall_ns(a) ? ns : account_wall_ns(a);
	for (size_t i = 0; i < b->longest.n; i++)
		finding_at(row, b->longest.v[i].from_ns);
}

static void find_throttled(struct findings *f, const struct account *a)
{
	const struct victim *most = NULL;
	struct finding_row *row;

	if (held_ns(&a->blame) < FINDING_LONG_NS)
		return;
	for (size_t i = 0; i < a->blame.victims.n; i++)
		if (!most || a->blame.victims.v[i].held_ns > most->held_ns)
			most = &a->blame.victims.v[i];
	row = finding_add(f, FINDING_THROTTLED);
	row->ns = held_ns(&a->blame);
	row->who = most ? most->task : TASK_NONE;
	row->weight_ns = most ? most->held_ns : row->ns;
	for (size_t i = 0; i < a->blame.longest.n; i++) {
		if (a->blame.longest.v[i].held == HELD_NOT)
			continue;
		row->count++;
		finding_at(row, a->blame.longest.v[i].from_ns);
	}
}

/* ---- jobs ---- */

static bool whole(const struct account *a, const struct job *j)
{
	return target_has(&a->target, j->worker) && j->started_ns != UINT64_MAX && j->finished_ns != UINT64_MAX &&
	       j->started_ns < j->finished_ns && j->started_ns >= a->target.window.from_ns &&
	       j->finished_ns <= a->target.window.to_ns;
}

/* The job that ended last, and when the last of the others did. */
static void find_tail(struct findings *f, const struct account *a)
{
	const struct job *jobs, *last = NULL;
	uint64_t before_ns = 0, ns;
	struct finding_row *row;
	size_t nr;

	jobs = model_jobs(a->sum->model, &nr);
	for (size_t i = 0; i < nr; i++) {
		if (!whole(a, &jobs[i]))
			continue;
		if (!last || jobs[i].finished_ns > last->finished_ns) {
			before_ns = last ? last->finished_ns : 0;
			last = &jobs[i];
		} else if (jobs[i].finished_ns > before_ns) {
			before_ns = jobs[i].finished_ns;
		}
	}
	if (!before_ns || a->ledger.jobs.workers < 2)
		return;
	before_ns = before_ns > last->started_ns ? before_ns : last->started_ns;
	ns = last->finished_ns - before_ns;
	if (ns < FINDING_LONG_NS || !finding_much(ns, account_wall_ns(a)))
		return;
	row = finding_add(f, FINDING_TAIL);
	row->who = last->worker;
	row->count = last->id;
	row->of_count = a->ledger.jobs.workers;
	row->ns = row->weight_ns = ns;
	finding_at(row, before_ns);
}

static void find_dispatch(struct findings *f, const struct account *a)
{
	const struct job *jobs;
	uint64_t ns = a->ledger.ns[LEDGER_DISPATCH];
	struct finding_row *row;
	size_t nr;

	if (ns < FINDING_LONG_NS || !finding_much(ns, a->ledger.total_ns))
		return;
	row = finding_add(f, FINDING_DISPATCH);
	row->ns = ns;
	row->of_ns = a->ledger.total_ns;
	row->weight_ns = ns / a->ledger.nr_cpus;
	jobs = model_jobs(a->sum->model, &nr);
	for (size_t i = 0; i < nr && !task_some(row->who); i++)
		row->who = jobs[i].submitter;
}

/* ---- locks ---- */

static void find_locks(struct findings *f, const struct account *a)
{
	for (size_t i = 0; i < a->locks.v.n; i++) {
		const struct lock *l = &a->locks.v.v[i];
		struct finding_row *row;

		if (l->convoy) {
			row = finding_add(f, FINDING_CONVOY);
			row->lock = (uint32_t)i;
			row->ns = row->weight_ns = l->queue_ns;
			row->count = l->max_sleepers;
		}
		if (task_some(l->starved)) {
			row = finding_add(f, FINDING_STARVED);
			row->lock = (uint32_t)i;
			row->who = l->starved;
			row->ns = row->weight_ns = l->starved_ns;
			row->count = l->others_passes;
			row->of_count = l->starved_passes;
		}
		if (l->herds && l->herd_woken > 2 * l->herd_progress) {
			row = finding_add(f, FINDING_HERD);
			row->lock = (uint32_t)i;
			row->count = l->herd_woken;
			row->of_count = l->herd_progress;
			row->ns = l->herds;
			row->weight_ns =
				a->latencies.wake.n ? (l->herd_woken - l->herd_progress) * a->latencies.wake.p50_ns : 0;
		}
	}
}

/* ---- the numbers of events ---- */

struct looked_for {
	struct finding_row *row;
	uint32_t i;
	bool named; /* the event found names the task */
};

static int by_instant(const void *a, const void *b)
{
	const struct looked_for *x = a, *y = b;

	return (x->row->at_ns[x->i] > y->row->at_ns[y->i]) - (x->row->at_ns[x->i] < y->row->at_ns[y->i]);
}

static bool names_task(const struct event *ev, uint32_t tid)
{
	uint32_t tids[EVENT_MAX_TIDS];
	unsigned n = event_tids(ev, tids);

	while (n)
		if (tids[--n] == tid)
			return true;
	return false;
}

/* Event number `nr` comes at the instant of some of `at`, which are in order of time. */
static void number_those(struct looked_for *at, size_t n, const struct event *ev, uint64_t nr, const struct model *m)
{
	for (size_t i = 0; i < n && at[i].row->at_ns[at[i].i] <= ev->ts_ns; i++) {
		struct finding_row *row = at[i].row;
		bool named = task_some(row->who) && names_task(ev, model_task(m, row->who)->tid);

		if (at[i].named || row->at_ns[at[i].i] != ev->ts_ns || (row->event[at[i].i] && !named))
			continue;
		row->event[at[i].i] = nr;
		at[i].named = named;
	}
}

void findings_number(struct findings *f, struct trace_reader *r, const struct model *m)
{
	VEC(struct looked_for) at = { 0 };
	const struct event *ev;
	uint64_t nr = 0, all = 0;
	size_t done = 0;

	for (enum event_kind k = 0; k < EV_KINDS; k++)
		all += model_events(m, k);
	for (size_t i = 0; i < f->v.n; i++)
		for (uint32_t k = 0; k < f->v.v[i].nr_at; k++)
			*vec_push(&at) = (struct looked_for){ &f->v.v[i], k, false };
	if (at.n && all <= FINDING_NUMBERED) {
		qsort(at.v, at.n, sizeof(at.v[0]), by_instant);
		trace_reader_rewind(r);
		while (done < at.n && (ev = trace_reader_next(r))) {
			nr++;
			while (done < at.n && at.v[done].row->at_ns[at.v[done].i] < ev->ts_ns)
				done++;
			number_those(at.v + done, at.n - done, ev, nr, m);
		}
	}
	vec_release(&at);
}

/* ---- all ---- */

/* Heaviest first; of equal ones in the order of kinds. */
static int by_weight(const void *a, const void *b)
{
	const struct finding_row *x = a, *y = b;

	if (x->weight_ns != y->weight_ns)
		return x->weight_ns < y->weight_ns ? 1 : -1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return (x->lock > y->lock) - (x->lock < y->lock);
}

void findings_make(struct findings *f, const struct account *a)
{
	static void (*const rules[])(struct findings *, const struct account *) = {
		find_lost,     find_recorder, find_wasted,    find_pinned,   find_overload, find_throttled, find_tail,
		find_dispatch, find_locks,    find_inversion, find_pingpong, find_helpers,  find_gil,
	};

	*f = (struct findings){ 0 };
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		rules[i](f, a);
	if (f->v.n)
		qsort(f->v.v, f->v.n, sizeof(f->v.v[0]), by_weight);
}

void findings_release(struct findings *f)
{
	vec_release(&f->v);
}

const char *finding_name(enum finding_kind k)
{
	static const char *const names[NR_FINDINGS] = {
		[FINDING_LOST] = "lost",	 [FINDING_WASTED_CPU] = "wasted-cpu",
		[FINDING_PINNED] = "pinned",	 [FINDING_OVERLOAD] = "overload",
		[FINDING_TAIL] = "tail",	 [FINDING_DISPATCH] = "dispatch",
		[FINDING_CONVOY] = "convoy",	 [FINDING_STARVED] = "starved",
		[FINDING_HERD] = "herd",	 [FINDING_INVERSION] = "inversion",
		[FINDING_PINGPONG] = "pingpong", [FINDING_HELPERS] = "helpers",
		[FINDING_GIL] = "gil",		 [FINDING_THROTTLED] = "throttled",
		[FINDING_RECORDER] = "recorder",
	};

	return names[k];
}
