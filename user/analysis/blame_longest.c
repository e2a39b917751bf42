/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * blame_longest.c - keep the longest waits as they come, and look closer at them in the end.
 */
#include "analysis/blame_longest.h"

#include <stdlib.h>
#include "analysis/waits.h"

static bool longer(const struct wait *x, const struct wait *y)
{
	uint64_t x_ns = x->to_ns - x->from_ns, y_ns = y->to_ns - y->from_ns;

	if (x_ns != y_ns)
		return x_ns > y_ns;
	if (x->from_ns != y->from_ns)
		return x->from_ns < y->from_ns;
	return x->victim.i < y->victim.i;
}

static int by_length(const void *a, const void *b)
{
	return longer(a, b) ? -1 : 1;
}

static size_t least_of(const struct blame *b)
{
	size_t least = 0;

	for (size_t i = 1; i < b->longest.n; i++)
		if (longer(&b->longest.v[least], &b->longest.v[i]))
			least = i;
	return least;
}

/* In no order until the end: only which is the least must be known, once there are enough. */
void longest_keep(struct longest *l, const struct wait *x)
{
	struct blame *b = l->b;

	if (b->longest.n < BLAME_LONGEST)
		*vec_push(&b->longest) = *x;
	else if (longer(x, &b->longest.v[l->least]))
		b->longest.v[l->least] = *x;
	else
		return;
	if (b->longest.n == BLAME_LONGEST)
		l->least = least_of(b);
}

/* ---- who ran longest meanwhile ---- */

struct ran {
	uint32_t who;
	uint64_t ns;
};

struct ran_all {
	struct ran *v;
	size_t n, cap;
};

static void add_part(struct ran_all *all, const struct waiting_part *p)
{
	uint64_t to_ns = p->when.to_ns;

	for (size_t i = p->spans ? p->end : 0; i > 0 && to_ns > p->when.from_ns; i--) {
		const struct on_cpu *s = &p->spans->v.v[i - 1];
		uint64_t from_ns = s->from_ns > p->when.from_ns ? s->from_ns : p->when.from_ns;

		if (ON_CPU_IS_TASK(s->who))
			*vec_push(all) = (struct ran){ s->who, to_ns - from_ns };
		to_ns = from_ns;
	}
}

static int by_who(const void *a, const void *b)
{
	const struct ran *x = a, *y = b;

	return (x->who > y->who) - (x->who < y->who);
}

/* `by` unless that is known, of several the eldest; and how long it ran. */
static void find_by(const struct history *h, struct wait *x, struct ran_all *all)
{
	const struct history_task *t = history_task(h, x->victim);
	struct waiting w = waiting_from(h, t, history_at(t, x->from_ns));
	uint64_t ns = 0;

	all->n = 0;
	for (size_t i = w.first; i <= w.last; i++) {
		struct waiting_part p = waiting_part(h, &w, i);

		add_part(all, &p);
	}
	if (all->n)
		qsort(all->v, all->n, sizeof(*all->v), by_who);
	for (size_t i = 0; i < all->n; i++) {
		ns = i && all->v[i].who == all->v[i - 1].who ? ns + all->v[i].ns : all->v[i].ns;
		if (x->preempted ? all->v[i].who == x->by.i : ns > x->by_ns) {
			x->by.i = all->v[i].who;
			x->by_ns = ns;
		}
	}
}

/* ---- which CPU idled beside it ---- */

static uint64_t idle_within(const struct history_cpu *c, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t ns = 0;
	size_t i = c->v.n ? history_cpu_at(c, from_ns) : SIZE_MAX;

	for (i = i == SIZE_MAX ? 0 : i; i < c->v.n && c->v.v[i].from_ns < to_ns; i++)
		if (c->v.v[i].who == ON_CPU_IDLE)
			ns += history_part_ns(c->v.v[i].from_ns, on_cpu_to_ns(c, i), (struct window){ from_ns, to_ns });
	return ns;
}

/* Only at its beginning is looked where it was allowed: who is told the CPU's name wants to know which, not how long.
 */
static void find_beside_cpu(const struct history *h, struct places *places, struct wait *x)
{
	const struct history_task *t = history_task(h, x->victim);
	uint64_t until_ns;
	uint32_t place = places_at(places, (uint32_t)(t - h->tasks.v), x->from_ns, &until_ns);
	const struct cpuset *set = places->v.v[place].set;

	for (uint32_t cpu = 0; cpu < h->nr_cpus && x->beside_ns + x->beside_maybe_ns; cpu++) {
		uint64_t ns;

		if (cpu == x->cpu || (set && !cpuset_has(set, cpu)))
			continue;
		ns = idle_within(&h->cpus[cpu], x->from_ns, x->to_ns);
		if (ns > x->beside_cpu_ns) {
			x->beside_cpu_ns = ns;
			x->beside_cpu = cpu;
		}
	}
}

void longest_finish(struct longest *l, const struct history *h, struct places *places)
{
	struct ran_all ran = { 0 };
	struct blame *b = l->b;

	if (b->longest.n)
		qsort(b->longest.v, b->longest.n, sizeof(b->longest.v[0]), by_length);
	for (size_t i = 0; i < b->longest.n; i++) {
		find_by(h, &b->longest.v[i], &ran);
		find_beside_cpu(h, places, &b->longest.v[i]);
	}
	vec_release(&ran);
}
