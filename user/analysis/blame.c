/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * blame.c - go through every wait, hand out its time, keep the longest, sum per culprit and per victim.
 */
#include "analysis/blame.h"

#include <stdlib.h>
#include "analysis/blame_longest.h"
#include "analysis/places.h"
#include "analysis/waits.h"
#include "base/alloc.h"

/* A task that ran while others waited. */
struct share {
	uint64_t ns, waits, preempted;
	uint64_t most_ns; /* during the waits of the victim that it took most from, */
	uint32_t most;	  /* task_id.i */
};

/*
 * What it took of the victim whose waits come now. Where queues are deep nearly all time goes into this: a wait has as
 * many spans as ran meanwhile, and who took most of whom is known only when each has been added. So it is small.
 */
struct taken {
	uint64_t ns;
	uint32_t waits, wait; /* in how many, the last of which is this, counted from 1 */
};
_Static_assert(sizeof(struct taken) == 16, "four to a cache line");

/* A wait that may prove to have been held, by rule 3, once all that were by rule 1 are known. */
struct suspect {
	struct waiting waiting;
	struct wait wait;
};

struct blamer {
	const struct history *h;
	struct blame *b;
	struct places places;
	struct share *shares;	   /* by task_id.i */
	struct victim *victims;	   /* by slot */
	uint32_t victim;	   /* slot of the one whose waits come now, */
	uint32_t wait;		   /* this is which of them, from 1 */
	struct taken *taken;	   /* by task_id.i */
	uint32_t *met, nr_met;	   /* task_id.i of those who took something of it */
	VEC(struct interval) idle; /* of the CPU of the part that is looked at */
	VEC(struct suspect) suspects;
	struct intervals by_quota; /* when some were held by a quota, by rule 1; in no order */
	struct longest longest;
};

static inline uint32_t slot_of(const struct blamer *r, const struct waiting *w)
{
	return (uint32_t)(w->task - r->h->tasks.v);
}

/* ---- one wait: what the CPU did that it was queued on ---- */

/* Was it the first time? Without branches, which nobody could predict. */
static inline bool take(struct taken *t, uint32_t wait, uint64_t ns)
{
	uint32_t waits = t->waits;

	t->waits = waits + (t->wait != wait);
	t->wait = wait;
	t->ns += ns;
	return !waits;
}

/* Index of the first span that overlaps the part, or p->end. */
static size_t part_times(struct blamer *r, const struct waiting_part *p, struct wait *x)
{
	const struct on_cpu *spans = p->spans ? p->spans->v.v : NULL;
	uint64_t begin_ns = p->when.from_ns, to_ns = p->when.to_ns, busy_ns = 0;
	uint32_t *met = r->met + r->nr_met, wait = r->wait;
	size_t i = p->spans ? p->end : 0;

	r->idle.n = 0;
	for (; i > 0 && to_ns > begin_ns; i--) {
		const struct on_cpu *s = &spans[i - 1];
		uint64_t from_ns = s->from_ns > begin_ns ? s->from_ns : begin_ns;
		uint64_t ns = to_ns - from_ns;

		if (__builtin_expect(ON_CPU_IS_TASK(s->who), 1)) {
			busy_ns += ns;
			*met = s->who;
			met += take(&r->taken[s->who], wait, ns);
		} else if (s->who == ON_CPU_IDLE) {
			x->idle_ns += ns;
			*vec_push(&r->idle) = (struct interval){ from_ns, to_ns };
		} else {
			x->unknown_ns += ns;
		}
		to_ns = from_ns;
	}
	x->busy_ns += busy_ns;
	x->unknown_ns += to_ns - begin_ns;
	r->nr_met = (uint32_t)(met - r->met);
	return i;
}

static void part_beside(struct blamer *r, const struct waiting *w, const struct waiting_part *p, struct wait *x)
{
	struct window now = p->when;

	while (now.from_ns < p->when.to_ns) {
		uint64_t until_ns, ns;
		uint32_t place = places_at(&r->places, slot_of(r, w), now.from_ns, &until_ns);

		now.to_ns = until_ns < p->when.to_ns ? until_ns : p->when.to_ns;
		ns = places_beside(&r->places, place, p->cpu, now, r->idle.v, r->idle.n);
		if (r->places.v.v[place].known)
			x->beside_ns += ns;
		else
			x->beside_maybe_ns += ns;
		now.from_ns = now.to_ns;
	}
}

/* ---- one wait: how it began, and whether it was held ---- */

#define PRIO_REALTIME 100 /* MAX_RT_PRIO, include/linux/sched/prio.h: below are FIFO and RR, -1 is DEADLINE */

static enum held held_by(event_prio prio)
{
	return prio < 0 ? HELD_DEADLINE : prio < PRIO_REALTIME ? HELD_REALTIME : HELD_QUOTA;
}

static bool is_lower_class(event_prio prio, event_prio than)
{
	return held_by(prio) < held_by(than);
}

/* Its priority as it left and as it came back: that which is less urgent, for it may have been lent one before. */
static void own_prio(const struct blamer *r, const struct waiting *w, const struct history_cpu *c, size_t first,
		     struct wait *x)
{
	x->prios_known = true;
	x->own_prio = history_prio(c, first - 1);
	if (w->span != SIZE_MAX) {
		event_prio back = history_prio(&r->h->cpus[w->task->v.v[w->last].cpu], w->span);

		x->own_prio = back > x->own_prio ? back : x->own_prio;
	}
}

/* `first`: the span of the CPU at the beginning of the wait. */
static void how_it_began(const struct blamer *r, const struct waiting *w, const struct waiting_part *p, size_t first,
			 struct wait *x)
{
	const struct history_cpu *c = p->spans;
	const struct on_cpu *s;

	if (x->why != WHY_PREEMPTED || !c || first == 0 || first >= c->v.n)
		return;
	s = &c->v.v[first];
	if (s->from_ns != x->since_ns || c->v.v[first - 1].who != x->victim.i)
		return;
	own_prio(r, w, c, first, x);
	if (!ON_CPU_IS_TASK(s->who))
		return;
	x->preempted = true;
	x->by = (task_id){ s->who };
	x->by_prio = history_prio(c, first);
	if (x->own_prio < PRIO_REALTIME && is_lower_class(x->by_prio, x->own_prio))
		x->held = (uint8_t)held_by(x->own_prio);
}

/* See blame.h. `idle_ns`: of the first part. */
static void was_it_held(struct wait *x, uint64_t idle_ns)
{
	if (x->why == WHY_PREEMPTED && !x->held && idle_ns > BLAME_HELD_SLACK_NS)
		x->held = (uint8_t)(x->prios_known ? held_by(x->own_prio) : HELD_QUOTA);
}

/* ---- one wait: into the sums ---- */

/* All waits of a victim have been looked at: who took most from it, and from whom did they? Elders first. */
static void close_victim(struct blamer *r)
{
	struct victim *v = &r->victims[r->victim];

	for (size_t i = 0; i < r->nr_met; i++) {
		uint32_t who = r->met[i];
		struct taken *t = &r->taken[who];
		struct share *s = &r->shares[who];

		if (t->ns > v->most_ns || (t->ns == v->most_ns && who < v->most.i)) {
			v->most_ns = t->ns;
			v->most.i = who;
		}
		if (t->ns > s->most_ns) {
			s->most_ns = t->ns;
			s->most = v->task.i;
		}
		s->ns += t->ns;
		s->waits += t->waits;
		*t = (struct taken){ 0 };
	}
	r->nr_met = 0;
	r->wait = 0;
}

static void add_up(struct blamer *r, uint32_t slot, const struct wait *x)
{
	struct victim *v = &r->victims[slot];
	struct blame *b = r->b;
	uint64_t ns = x->to_ns - x->from_ns;

#define BOTH(member, value) (v->member += (value), b->member += (value))
	BOTH(ns, ns);
	BOTH(busy_ns, x->busy_ns);
	BOTH(idle_ns, x->idle_ns);
	BOTH(unknown_ns, x->unknown_ns);
	BOTH(beside_ns, x->beside_ns);
	BOTH(beside_maybe_ns, x->beside_maybe_ns);
	BOTH(preemptions, x->preempted);
#undef BOTH
	v->waits++;
	v->longest_ns = ns > v->longest_ns ? ns : v->longest_ns;
	v->held_ns += x->held ? ns : 0;
	v->held_waits += x->held != HELD_NOT;
	b->by_why_ns[x->why] += ns;
	b->held_ns[x->held] += ns;
	b->held_waits[x->held]++;
}

/* ---- where it goes ---- */

/* When it waited, for who looks at idle CPUs. */
static void note_part(struct blamer *r, const struct waiting *w, struct window when, enum held held)
{
	uint64_t until_ns;

	if (held) {
		buckets_add(&r->b->held, when.from_ns, when.to_ns);
		if (held == HELD_QUOTA)
			intervals_add(&r->by_quota, when.from_ns, when.to_ns);
		return;
	}
	for (uint64_t at_ns = when.from_ns; at_ns < when.to_ns; at_ns = until_ns) {
		uint32_t place = places_at(&r->places, slot_of(r, w), at_ns, &until_ns);

		until_ns = until_ns < when.to_ns ? until_ns : when.to_ns;
		buckets_add(&r->places.v.v[place].waits, at_ns, until_ns);
	}
}

static void settle(struct blamer *r, const struct waiting *w, const struct wait *x)
{
	note_part(r, w, (struct window){ x->from_ns, x->to_ns }, (enum held)x->held);
	add_up(r, slot_of(r, w), x);
	longest_keep(&r->longest, x);
}

static bool is_suspect(const struct wait *x)
{
	return (x->why == WHY_WOKEN || x->why == WHY_NEW) && x->idle_ns > BLAME_HELD_WOKEN_NS;
}

/* Field by field: clearing it as a whole first costs more than all else of a short wait. */
static inline void wait_begin(struct wait *x, const struct waiting *w, struct window window)
{
	const struct stretch *first = &w->task->v.v[w->first], *last = &w->task->v.v[w->last];
	uint64_t to_ns = stretch_to_ns(w->task, w->last);

	x->victim = w->task->id;
	x->from_ns = first->from_ns > window.from_ns ? first->from_ns : window.from_ns;
	x->to_ns = to_ns < window.to_ns ? to_ns : window.to_ns;
	x->since_ns = last->since_ns;
	x->cpu = last->cpu;
	x->why = last->why;
	x->held = HELD_NOT;
	x->moved = w->first != w->last;
	x->cut = first->flags & STRETCH_CUT_LEFT || !(last->flags & STRETCH_THEN_RAN);
	x->preempted = x->prios_known = false;
	x->by = TASK_NONE;
	x->by_prio = x->own_prio = 0;
	x->by_ns = x->busy_ns = x->idle_ns = x->unknown_ns = 0;
	x->beside_ns = x->beside_maybe_ns = x->beside_cpu_ns = 0;
	x->beside_cpu = CPU_NONE;
}

static void on_wait(void *ctx, const struct waiting *w)
{
	struct blamer *r = ctx;
	struct wait x;

	wait_begin(&x, w, r->h->window);
	if (x.from_ns >= x.to_ns)
		return;
	if (slot_of(r, w) != r->victim) {
		close_victim(r);
		r->victim = slot_of(r, w);
	}
	r->b->waits++;
	r->wait++;
	for (size_t i = w->first; i <= w->last; i++) {
		struct waiting_part p = waiting_part(r->h, w, i);
		size_t span = part_times(r, &p, &x);

		part_beside(r, w, &p, &x);
		if (i > w->first)
			continue;
		how_it_began(r, w, &p, span, &x);
		if (w->task->v.v[i].from_ns == x.since_ns) /* else what came before lies outside of the window */
			was_it_held(&x, x.idle_ns);
	}
	if (x.preempted)
		r->shares[x.by.i].preempted++;
	if (is_suspect(&x))
		*vec_push(&r->suspects) = (struct suspect){ *w, x };
	else
		settle(r, w, &x);
}

/* ---- the end ---- */

static int culprits_order(const void *a, const void *b)
{
	const struct culprit *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns > y->ns ? -1 : 1;
	return x->task.i < y->task.i ? -1 : x->task.i > y->task.i;
}

static int victims_order(const void *a, const void *b)
{
	const struct victim *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns > y->ns ? -1 : 1;
	return x->task.i < y->task.i ? -1 : x->task.i > y->task.i;
}

static void keep_places(struct blamer *r)
{
	for (size_t i = 0; i < r->places.v.n; i++) {
		struct place *p = &r->places.v.v[i];

		buckets_finish(&p->waits);
		*vec_push(&r->b->places) = (struct wait_place){ p->set, p->known, p->waits };
		p->waits = (struct buckets){ 0 };
	}
	buckets_finish(&r->b->held);
}

/* Rule 3 of blame.h. */
static void judge_suspects(struct blamer *r)
{
	struct coverage when;

	intervals_settle(&r->by_quota);
	coverage_make(&when, &r->by_quota);
	for (size_t i = 0; i < r->suspects.n; i++) {
		struct suspect *s = &r->suspects.v[i];

		if (coverage_ns(&when, s->wait.from_ns, s->wait.to_ns) + BLAME_HELD_WOKEN_NS >= s->wait.idle_ns)
			s->wait.held = HELD_QUOTA;
		settle(r, &s->waiting, &s->wait);
	}
	coverage_release(&when);
}

static void keep_culprits(struct blamer *r)
{
	for (uint32_t i = 0; i < model_nr_tasks(r->h->model); i++) {
		const struct share *s = &r->shares[i];

		if (s->waits || s->preempted)
			*vec_push(&r->b->culprits) = (struct culprit){
				.task = { i },
				.ns = s->ns,
				.preempted = s->preempted,
				.waits = s->waits,
				.most = { s->most },
				.most_ns = s->most_ns,
			};
	}
}

static void finish(struct blamer *r)
{
	struct blame *b = r->b;

	judge_suspects(r);
	keep_culprits(r);
	for (size_t i = 0; i < r->h->tasks.n; i++)
		if (r->victims[i].waits)
			*vec_push(&b->victims) = r->victims[i];
	if (b->culprits.n)
		qsort(b->culprits.v, b->culprits.n, sizeof(b->culprits.v[0]), culprits_order);
	if (b->victims.n)
		qsort(b->victims.v, b->victims.n, sizeof(b->victims.v[0]), victims_order);
	longest_finish(&r->longest, r->h, &r->places);
	keep_places(r);
}

void blame_make(struct blame *b, const struct history *h)
{
	uint32_t nr = model_nr_tasks(h->model);
	struct blamer r = { .h = h, .b = b, .longest = { .b = b } };

	*b = (struct blame){ 0 };
	places_init(&r.places, h);
	buckets_init(&b->held, h->window, r.places.shift);
	r.shares = xcalloc(nr + 1, sizeof(*r.shares));
	r.taken = xcalloc(nr + 1, sizeof(*r.taken));
	r.met = xcalloc(nr + 1, sizeof(*r.met)); /* one more, as it is written to before that is counted */
	r.victims = xcalloc(h->tasks.n + 1, sizeof(*r.victims));
	for (uint32_t i = 0; i < nr; i++)
		r.shares[i].most = UINT32_MAX;
	for (size_t i = 0; i < h->tasks.n; i++)
		r.victims[i] = (struct victim){ .task = h->tasks.v[i].id, .most = TASK_NONE };
	waits_walk(h, on_wait, &r);
	close_victim(&r);
	finish(&r);
	places_release(&r.places);
	vec_release(&r.idle);
	vec_release(&r.suspects);
	intervals_release(&r.by_quota);
	free(r.shares);
	free(r.taken);
	free(r.met);
	free(r.victims);
}

void blame_release_times(struct blame *b)
{
	for (size_t i = 0; i < b->places.n; i++)
		buckets_release(&b->places.v[i].when);
	buckets_release(&b->held);
	vec_release(&b->places);
}

void blame_release(struct blame *b)
{
	blame_release_times(b);
	vec_release(&b->culprits);
	vec_release(&b->victims);
	vec_release(&b->longest);
}
