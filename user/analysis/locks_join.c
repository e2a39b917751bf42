/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * locks_join.c - which places are one: by who wakes whom.
 */
#include <stdlib.h>
#include "analysis/locks_inside.h"
#include "base/alloc.h"

#define NEAR_BYTES 4096u /* words of one lock: a page */
#define OWNERS_MIN 3u	 /* two are a conversation */
#define WORDS_OF_ONE 8u	 /* who sleeps alone at more words than that does not have a word of its own */

void locks_unite(struct lock_work *w, uint32_t a, uint32_t b)
{
	a = locks_root(w, a);
	b = locks_root(w, b);
	if (a < b)
		w->places.v[b].up = a;
	else
		w->places.v[a].up = b;
}

/* ---- several processes ---- */

/* The parent of both, or of the other; LOCK_NOBODY: they are no brothers, nor parent and child. */
static uint32_t common_family(const struct lock_work *w, uint32_t a, uint32_t b)
{
	uint32_t of_a = locks_family(w, a), of_b = locks_family(w, b);

	return of_a == of_b || of_a == b ? of_a : of_b == a ? of_b : LOCK_NOBODY;
}

/* A task of another process woke who slept at `place`. */
static void woken_from_outside(struct lock_work *w, uint32_t place, uint32_t by)
{
	struct lock_place *p = &w->places.v[place];
	uint32_t family, own;
	uint64_t arg = p->arg;

	if (by == p->woken_by)
		return;
	p->woken_by = by;
	if (p->class == LOCK_CLASS_FUTEX) {
		own = locks_find(w, LOCK_CLASS_FUTEX, by, arg);
		if (own != LOCK_NO_PLACE)
			locks_unite(w, place, own);
		family = common_family(w, p->process, by);
		if (family != LOCK_NOBODY)
			locks_unite(w, place, locks_place(w, LOCK_CLASS_FUTEX | LOCK_NODE_SIBLINGS, family, arg));
		return;
	}
	family = locks_family(w, p->process);
	if (p->class <= LOCK_CLASS_ACCEPT && family != p->process) {
		locks_unite(w, place,
			    locks_place(w, p->class | LOCK_NODE_WAKER, family, (uint64_t)by << 32 | (uint32_t)arg));
	}
}

/* Connections come by interrupt. Who accepts them at the same descriptor in several children has it from the parent. */
static void woken_by_interrupt(struct lock_work *w, uint32_t place)
{
	struct lock_place *p = &w->places.v[place];
	uint32_t family;

	if (p->class != LOCK_CLASS_ACCEPT || p->woken_by != LOCK_NOBODY)
		return;
	family = locks_family(w, p->process);
	if (family != p->process)
		locks_unite(w, place, locks_place(w, LOCK_CLASS_ACCEPT | LOCK_NODE_SIBLINGS, family, p->arg));
}

/* ---- a word of its own for everybody ---- */

struct own {
	struct lock_work *w;
	uint32_t nr;
	uint32_t *first;       /* by task_id.i: a place where it sleeps alone, + 1 */
	uint32_t *next;	       /* by place: another one, + 1 */
	uint32_t *up, *owners; /* different ones, of those that stand for others */
};

static uint32_t own_root(struct own *o, uint32_t at)
{
	while (o->up[at] != at)
		at = o->up[at] = o->up[o->up[at]];
	return at;
}

static bool is_near(const struct own *o, uint32_t a, uint32_t b)
{
	const struct lock_place *p = &o->w->places.v[a], *q = &o->w->places.v[b];
	uint64_t apart = p->arg > q->arg ? p->arg - q->arg : q->arg - p->arg;

	return apart < NEAR_BYTES && apart &&
	       (p->process == q->process || locks_family(o->w, p->process) == locks_family(o->w, q->process));
}

/* Who has a word at `place` was woken by somebody who has one nearby. */
static void own_edge(struct own *o, uint32_t place, uint32_t waker)
{
	uint32_t at = o->w->places.v[place].class == LOCK_CLASS_FUTEX ? o->first[waker] : 0, a, b;

	for (uint32_t n = 0; at && n < WORDS_OF_ONE; n++, at = o->next[at - 1]) {
		if (!is_near(o, place, at - 1))
			continue;
		a = own_root(o, place);
		b = own_root(o, at - 1);
		if (a == b)
			continue;
		o->up[a > b ? a : b] = a > b ? b : a;
	}
}

static void own_begin(struct own *o, struct lock_work *w)
{
	uint32_t nr_tasks = model_nr_tasks(w->h->model);

	*o = (struct own){ .w = w, .nr = (uint32_t)w->places.n };
	o->first = xcalloc(nr_tasks ? nr_tasks : 1, sizeof(*o->first));
	o->next = xcalloc(o->nr ? o->nr : 1, sizeof(*o->next));
	o->up = xcalloc(o->nr ? o->nr : 1, sizeof(*o->up));
	o->owners = xcalloc(o->nr ? o->nr : 1, sizeof(*o->owners));
	for (uint32_t i = 0; i < o->nr; i++) {
		uint32_t one = w->places.v[i].one;

		o->up[i] = i;
		if (w->places.v[i].class != LOCK_CLASS_FUTEX || one >= LOCK_MANY)
			continue;
		o->next[i] = o->first[one];
		o->first[one] = i + 1;
	}
}

static void count_owners(struct own *o)
{
	uint32_t *last = xcalloc(o->nr ? o->nr : 1, sizeof(*last)); /* that was counted, + 1 */

	for (uint32_t task = 0; task < model_nr_tasks(o->w->h->model); task++)
		for (uint32_t at = o->first[task]; at; at = o->next[at - 1]) {
			uint32_t root = own_root(o, at - 1);

			o->owners[root] += last[root] != task + 1;
			last[root] = task + 1;
		}
	free(last);
}

static void join_words(struct own *o)
{
	count_owners(o);
	for (uint32_t i = 0; i < o->nr; i++)
		if (o->owners[own_root(o, i)] >= OWNERS_MIN)
			locks_unite(o->w, i, own_root(o, i));
	free(o->first);
	free(o->next);
	free(o->up);
	free(o->owners);
}

void locks_join(struct lock_work *w)
{
	struct own o;

	own_begin(&o, w);
	for (size_t i = 0; i < w->sleeps.n; i++) {
		const struct lock_sleep *s = &w->sleeps.v[i];

		if (s->end == LOCK_END_IRQ)
			woken_by_interrupt(w, s->place);
		if (s->end != LOCK_END_TASK)
			continue;
		if (w->process[s->waker] != w->process[s->who])
			woken_from_outside(w, s->place, w->process[s->waker]);
		if (w->places.v[s->place].one < LOCK_MANY)
			own_edge(&o, s->place, s->waker);
	}
	join_words(&o);
}
