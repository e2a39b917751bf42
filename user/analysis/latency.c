/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * latency.c - gather every wait and every stay of each task, and make distributions of them.
 */
#include "analysis/latency.h"

#include <stdlib.h>
#include "base/alloc.h"

enum slice_kind { SLICE_GAVE, SLICE_TAKEN, NR_SLICE_KINDS };

/* All samples, those of a task one behind the other in each of these. */
struct samples {
	VEC(uint64_t) wake[NR_LATENCY_CLASSES], slice[NR_SLICE_KINDS];
	size_t wake_from[NR_LATENCY_CLASSES], slice_from[NR_SLICE_KINDS]; /* where the task's begin */
	struct dist_scratch scratch;
};

/* ---- one task ---- */

static enum latency_class class_of(const struct stretch *s)
{
	bool known = s->cpu != CPU_NONE && s->waker_cpu != CPU_NONE;

	switch (known ? stretch_ctx(s) : EV_CTX_UNKNOWN) {
	case EV_CTX_TASK:
		return s->cpu == s->waker_cpu ? LATENCY_TASK_SAME : LATENCY_TASK_OTHER;
	case EV_CTX_SOFTIRQ:
	case EV_CTX_HARDIRQ:
	case EV_CTX_NMI:
		return s->cpu == s->waker_cpu ? LATENCY_IRQ_SAME : LATENCY_IRQ_OTHER;
	default:
		return LATENCY_NOT_KNOWN;
	}
}

static inline void add_stay(struct samples *all, const struct stretch *s, uint64_t to_ns)
{
	enum span_out out = stretch_out(s);

	if (out != OUT_NONE && !(s->flags & STRETCH_CUT_LEFT))
		*vec_push(&all->slice[out == OUT_INVOLUNTARY ? SLICE_TAKEN : SLICE_GAVE]) = to_ns - s->from_ns;
}

/* Was it a wait from waking to running that was seen whole? The last part of one that was moved tells. */
static inline bool add_wait(struct samples *all, const struct stretch *s, uint64_t to_ns)
{
	if (s->why != WHY_WOKEN || !(s->flags & STRETCH_THEN_RAN) || s->flags & STRETCH_CUT_LEFT)
		return false;
	*vec_push(&all->wake[class_of(s)]) = to_ns - s->since_ns;
	return true;
}

/* Moved to another CPU: the wait goes on in the next stretch. */
static inline bool goes_on(const struct history_task *t, size_t i)
{
	const struct stretch *s = &t->v.v[i], *next = s + 1;

	return i + 1 < t->v.n && next->state == STATE_RUNNABLE && next->since_ns == s->since_ns;
}

static void gather(struct samples *all, struct latency_task *l, const struct history *h, const struct history_task *t)
{
	uint64_t waited_ns = 0;

	for (size_t i = 0; i < t->v.n; i++) {
		const struct stretch *s = &t->v.v[i];
		uint64_t to_ns = stretch_to_ns(t, i);
		bool ends = window_contains(h->window, to_ns);

		if (s->state == STATE_RUNNING) {
			l->ran_ns += history_part_ns(s->from_ns, to_ns, h->window);
			if (ends)
				add_stay(all, s, to_ns);
		}
		if (s->state != STATE_RUNNABLE || (s->why != WHY_WOKEN && s->why != WHY_OPENING))
			continue;
		waited_ns += history_part_ns(s->from_ns, to_ns, h->window);
		if (goes_on(t, i))
			continue;
		if (!ends || !add_wait(all, s, to_ns)) {
			l->cut++;
			l->cut_ns += waited_ns;
		}
		waited_ns = 0;
	}
}

/* What ended in the very instant in which the window begins. */
static void gather_ended(struct samples *all, const struct history_task *t)
{
	const struct stretch *s = t->v.v - 1;

	if (!t->ended)
		return;
	if (s->state == STATE_RUNNING)
		add_stay(all, s, t->v.v[0].from_ns);
	else if (s->state == STATE_RUNNABLE)
		add_wait(all, s, t->v.v[0].from_ns);
}

static void take_moves(struct latency_task *l, const struct history_moves *m)
{
	l->moved_core = m->by[DISTANCE_CORE];
	l->moved_cache = m->by[DISTANCE_CACHE];
	l->moved_node = m->by[DISTANCE_NODE];
	l->moved_far = m->by[DISTANCE_FAR];
	l->moved_unknown = m->by[DISTANCE_UNKNOWN];
	l->placed = m->placed;
	for (int d = 0; d < NR_DISTANCES; d++)
		l->migrations += m->by[d];
}

static void mark(struct samples *all)
{
	for (int c = 0; c < NR_LATENCY_CLASSES; c++)
		all->wake_from[c] = all->wake[c].n;
	for (int k = 0; k < NR_SLICE_KINDS; k++)
		all->slice_from[k] = all->slice[k].n;
}

/* The distributions of what was gathered since mark(). */
static void distribute(struct samples *all, struct latency_task *l)
{
	struct dist_part wake[NR_LATENCY_CLASSES], slice[NR_SLICE_KINDS];

	for (int c = 0; c < NR_LATENCY_CLASSES; c++)
		wake[c] = (struct dist_part){ all->wake[c].v + all->wake_from[c], all->wake[c].n - all->wake_from[c] };
	for (int k = 0; k < NR_SLICE_KINDS; k++)
		slice[k] = (struct dist_part){ all->slice[k].v + all->slice_from[k],
					       all->slice[k].n - all->slice_from[k] };
	dist_make(&l->wake, wake, NR_LATENCY_CLASSES, &all->scratch);
	dist_make(&l->slice, slice, NR_SLICE_KINDS, &all->scratch);
	dist_make(&l->taken, &slice[SLICE_TAKEN], 1, &all->scratch);
}

/* ---- all ---- */

static void add_sums(struct latency_task *all, const struct latency_task *l)
{
	all->ran_ns += l->ran_ns;
	all->cut += l->cut;
	all->cut_ns += l->cut_ns;
	all->migrations += l->migrations;
	all->moved_core += l->moved_core;
	all->moved_cache += l->moved_cache;
	all->moved_node += l->moved_node;
	all->moved_far += l->moved_far;
	all->moved_unknown += l->moved_unknown;
	all->placed += l->placed;
}

static void make_all(struct latencies *l, struct samples *all)
{
	for (int c = 0; c < NR_LATENCY_CLASSES; c++) {
		all->wake_from[c] = 0;
		dist_make(&l->by_class[c], &(struct dist_part){ all->wake[c].v, all->wake[c].n }, 1, &all->scratch);
	}
	for (int k = 0; k < NR_SLICE_KINDS; k++)
		all->slice_from[k] = 0;
	distribute(all, &l->all);
	l->wake = l->all.wake;
	l->slice = l->all.slice;
	l->cut = l->all.cut;
	l->cut_ns = l->all.cut_ns;
}

static int worst_first(const void *a, const void *b)
{
	const struct latency_task *x = *(const struct latency_task *const *)a;
	const struct latency_task *y = *(const struct latency_task *const *)b;

	if (x->wake.p99_ns != y->wake.p99_ns)
		return x->wake.p99_ns < y->wake.p99_ns ? 1 : -1;
	if (x->wake.max_ns != y->wake.max_ns)
		return x->wake.max_ns < y->wake.max_ns ? 1 : -1;
	return (x->task.i > y->task.i) - (x->task.i < y->task.i);
}

/* Pointers are sorted, not what they point to, which is large. */
static void sort_tasks(struct latencies *l)
{
	struct latency_task *sorted = xcalloc(l->tasks.n + 1, sizeof(*sorted));
	const struct latency_task **order = xcalloc(l->tasks.n + 1, sizeof(*order));

	for (size_t i = 0; i < l->tasks.n; i++)
		order[i] = &l->tasks.v[i];
	qsort(order, l->tasks.n, sizeof(*order), worst_first);
	for (size_t i = 0; i < l->tasks.n; i++)
		sorted[i] = *order[i];
	free(order);
	free(l->tasks.v);
	l->tasks.v = sorted;
	l->tasks.cap = l->tasks.n + 1;
}

static void samples_release(struct samples *all)
{
	for (int c = 0; c < NR_LATENCY_CLASSES; c++)
		vec_release(&all->wake[c]);
	for (int k = 0; k < NR_SLICE_KINDS; k++)
		vec_release(&all->slice[k]);
	dist_scratch_release(&all->scratch);
}

void latencies_make(struct latencies *l, const struct history *h)
{
	struct samples all = { 0 };

	*l = (struct latencies){ .all.task = TASK_NONE };
	for (size_t i = 0; i < h->tasks.n; i++) {
		struct latency_task t = { .task = h->tasks.v[i].id };

		mark(&all);
		gather(&all, &t, h, &h->tasks.v[i]);
		gather_ended(&all, &h->tasks.v[i]);
		distribute(&all, &t);
		take_moves(&t, &h->moves[t.task.i]);
		add_sums(&l->all, &t);
		if (t.wake.n || t.slice.n || t.ran_ns || t.cut || t.migrations)
			*vec_push(&l->tasks) = t;
	}
	make_all(l, &all);
	sort_tasks(l);
	samples_release(&all);
}

void latencies_release(struct latencies *l)
{
	vec_release(&l->tasks);
}
