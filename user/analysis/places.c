/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * places.c - find a task's place, and count its idle CPUs when first asked.
 */
#include "analysis/places.h"

#include <stdlib.h>
#include "base/alloc.h"

void places_init(struct places *p, const struct history *h)
{
	*p = (struct places){ .history = h, .slot = UINT32_MAX, .shift = buckets_shift(h) };
}

void places_release(struct places *p)
{
	for (size_t i = 0; i < p->v.n; i++) {
		coverage_release(&p->v.v[i].one);
		coverage_release(&p->v.v[i].two);
		buckets_release(&p->v.v[i].waits);
	}
	vec_release(&p->v);
	*p = (struct places){ 0 };
}

/* Equal sets have one address. */
static uint32_t place_of_set(struct places *p, const struct cpuset *set, bool known)
{
	for (size_t i = 0; i < p->v.n; i++)
		if (p->v.v[i].set == set && p->v.v[i].known == known)
			return (uint32_t)i;
	*vec_push(&p->v) = (struct place){ .set = set, .known = known };
	buckets_init(&p->v.v[p->v.n - 1].waits, p->history->window, p->shift);
	return (uint32_t)p->v.n - 1;
}

uint32_t places_at(struct places *p, uint32_t slot, uint64_t ts_ns, uint64_t *until_ns)
{
	struct place_of *of = &p->of;

	if (slot != p->slot || ts_ns < of->from_ns || ts_ns >= of->until_ns) {
		bool known;
		const struct cpuset *set = model_allowed_set(p->history->model, p->history->tasks.v[slot].id, ts_ns,
							     &known, &of->until_ns);

		p->slot = slot;
		of->from_ns = ts_ns;
		of->place = place_of_set(p, set, known);
	}
	*until_ns = of->until_ns;
	return of->place;
}

/* From span *at on, which is left where a later piece of time begins. */
static void add_idle(const struct history_cpu *c, size_t *at, struct window w, struct intervals *out)
{
	for (; *at < c->v.n && c->v.v[*at].from_ns < w.to_ns; ++*at) {
		uint64_t from_ns = c->v.v[*at].from_ns, to_ns = on_cpu_to_ns(c, *at);

		if (c->v.v[*at].who == ON_CPU_IDLE)
			intervals_add(out, from_ns > w.from_ns ? from_ns : w.from_ns,
				      to_ns < w.to_ns ? to_ns : w.to_ns);
		if (to_ns > w.to_ns)
			return;
	}
}

static void append(struct intervals *to, const struct intervals *from)
{
	for (size_t i = 0; i < from->n; i++)
		intervals_add_ending(to, 0, from->v[i].from_ns, from->v[i].to_ns);
}

static void count_idle(struct places *p, struct place *place)
{
	const struct history *h = p->history;
	struct intervals one = { 0 }, two = { 0 }, some = { 0 }, twice = { 0 };
	size_t *at = xcalloc(h->nr_cpus + 1, sizeof(*at));

	for (size_t i = 0; i < place->waits.nr; i++) {
		some.n = 0;
		for (uint32_t cpu = 0; cpu < h->nr_cpus; cpu++)
			if (!place->set || cpuset_has(place->set, cpu))
				add_idle(&h->cpus[cpu], &at[cpu], buckets_piece(&place->waits, i), &some);
		intervals_settle_twice(&some, &twice);
		append(&one, &some);
		append(&two, &twice);
	}
	intervals_release(&some);
	intervals_release(&twice);
	free(at);
	coverage_make(&place->one, &one);
	coverage_make(&place->two, &two);
	place->counted = true;
}

uint64_t places_beside(struct places *p, uint32_t index, uint32_t cpu, struct window w, const struct interval *idle,
		       size_t nr)
{
	struct place *place = &p->v.v[index];
	uint64_t ns;

	if (!place->counted)
		count_idle(p, place);
	ns = coverage_ns(&place->one, w.from_ns, w.to_ns);
	if (cpu == CPU_NONE || (place->set && !cpuset_has(place->set, cpu)))
		return ns;
	for (size_t i = 0; i < nr; i++) {
		uint64_t from_ns = idle[i].from_ns > w.from_ns ? idle[i].from_ns : w.from_ns;
		uint64_t to_ns = idle[i].to_ns < w.to_ns ? idle[i].to_ns : w.to_ns;

		if (from_ns < to_ns)
			ns -= to_ns - from_ns - coverage_ns(&place->two, from_ns, to_ns);
	}
	return ns;
}
