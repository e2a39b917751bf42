/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * allowed.c - on which CPUs each task was allowed to run, when: what was told at the opening, inherited, changed.
 */
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "model/machine.h"

#define WORD_BITS 64u

/* Stands in a history for "not known". Everywhere is NULL. */
static const struct allowed_set nowhere_known;

void allowed_open(struct model *m)
{
	struct allowed_book *b = &m->allowed;
	const char *affinity = facts_get(m->facts, "affinity"), *list = facts_get(m->facts, "cpu.possible");

	b->known = affinity && (!strcmp(affinity, "yes") || !strcmp(affinity, "waits"));
	if (list && !cpuset_parse(&b->possible, list, NULL) && cpuset_count(&b->possible))
		return;
	for (uint32_t cpu = 0; cpu < m->nr_cpus; cpu++)
		cpuset_add(&b->possible, cpu);
}

/* ---- sets, each kept once ---- */

static uint32_t words_used(const struct cpuset *set)
{
	uint32_t n = set->nr_words;

	while (n && !set->bits[n - 1])
		n--;
	return n;
}

/* Small, so that the map of it has few pages. */
static uint32_t hash_of(const struct cpuset *set, uint32_t nr_words)
{
	uint64_t h = nr_words;

	for (uint32_t i = 0; i < nr_words; i++)
		h = (h ^ set->bits[i]) * 0x9e3779b97f4a7c15ull;
	/* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): it is nr_words at least */
	return (uint32_t)(h >> 52);
}

static const struct allowed_set *set_of(struct allowed_book *b, const struct event *ev)
{
	uint32_t n = words_used(&ev->allowed.set), hash = hash_of(&ev->allowed.set, n);
	struct allowed_set *s;

	for (uint32_t i = idmap_get(&b->by_hash, hash); i != IDMAP_NONE; i = b->sets.v[i]->next) {
		s = b->sets.v[i];
		if (s->nr_known == ev->allowed.nr_known && s->cpus.nr_words == n &&
		    !memcmp(s->cpus.bits, ev->allowed.set.bits, n * sizeof(*s->cpus.bits)))
			return s;
	}
	s = xcalloc(1, sizeof(*s));
	s->next = idmap_get(&b->by_hash, hash);
	s->nr_known = ev->allowed.nr_known;
	s->cpus.nr_words = n;
	s->cpus.bits = xcalloc(n, sizeof(*s->cpus.bits));
	memcpy(s->cpus.bits, ev->allowed.set.bits, n * sizeof(*s->cpus.bits));
	idmap_set(&b->by_hash, hash, (uint32_t)b->sets.n);
	*vec_push(&b->sets) = s;
	return s;
}

static bool is_everywhere(const struct allowed_book *b, const struct cpuset *set)
{
	for (uint32_t i = 0; i < b->possible.nr_words; i++)
		if (b->possible.bits[i] & ~(i < set->nr_words ? set->bits[i] : 0))
			return false;
	return true;
}

/* ---- histories ---- */

/* The index of the last entry at or before `ts_ns`, plus one; 0: none, so everywhere. */
static uint32_t entries_until(const struct allowed_past *p, uint64_t ts_ns)
{
	uint32_t low = 0, high = p->n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (p->v[mid].ts_ns <= ts_ns)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static const struct allowed_set *last_set(const struct model *m, uint32_t id)
{
	const struct allowed_past *p = id < m->allowed.pasts.n ? &m->allowed.pasts.v[id] : NULL;

	return p && p->n ? p->v[p->n - 1].set : NULL;
}

/* From `ts_ns` on it is `set`. A second word about the same instant replaces the first. */
static void turn(struct model *m, uint32_t id, uint64_t ts_ns, const struct allowed_set *set)
{
	struct allowed_past *p;

	if (last_set(m, id) == set)
		return;
	while (m->allowed.pasts.n <= id)
		*vec_push(&m->allowed.pasts) = (struct allowed_past){ 0 };
	p = &m->allowed.pasts.v[id];
	if (p->n && p->v[p->n - 1].ts_ns == ts_ns)
		p->n--;
	if ((p->n ? p->v[p->n - 1].set : NULL) == set)
		return;
	if (p->n == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 1;
		p->v = xrealloc(p->v, p->cap, sizeof(*p->v));
	}
	p->v[p->n++] = (struct allowed_at){ .ts_ns = ts_ns, .set = set };
}

void allowed_event(struct model *m, const struct event *ev)
{
	uint32_t id = roster_find(m, ev->allowed.tid);

	if (!ev->allowed.tid || id == NOBODY || m->stays.v[id].flags & STAY_DEAD || !cpuset_count(&ev->allowed.set))
		return;
	if (ev->allowed.set.nr_words > CPUSET_MAX_CPU / WORD_BITS + 1)
		return;
	turn(m, id, m->now_ns, is_everywhere(&m->allowed, &ev->allowed.set) ? NULL : set_of(&m->allowed, ev));
}

/*
 * Of a parent outside the recorded tree only the opening is told, which may be long ago; but of a child that may not
 * run everywhere the kernel tells.
 */
void allowed_inherit(struct model *m, uint32_t id, uint32_t parent)
{
	const struct allowed_set *set;

	if (parent == NOBODY || m->tasks.v[parent].outside)
		return;
	set = last_set(m, parent);
	if (set && set != &nowhere_known)
		turn(m, id, m->now_ns, set);
}

void allowed_unknown(struct model *m, uint32_t id)
{
	turn(m, id, 0, &nowhere_known);
}

void allowed_introduced(struct model *m, uint32_t id)
{
	if (last_set(m, id) == &nowhere_known)
		turn(m, id, 0, NULL);
}

void allowed_release(struct allowed_book *b)
{
	for (size_t i = 0; i < b->sets.n; i++) {
		cpuset_release(&b->sets.v[i]->cpus);
		free(b->sets.v[i]);
	}
	for (size_t i = 0; i < b->pasts.n; i++)
		free(b->pasts.v[i].v);
	vec_release(&b->sets);
	vec_release(&b->pasts);
	idmap_release(&b->by_hash);
	cpuset_release(&b->possible);
}

/* ---- questions ---- */

/* The set in force, NULL: everywhere; &nowhere_known when that is so. */
static const struct allowed_set *set_at(const struct model *m, task_id id, uint64_t ts_ns, uint64_t *until_ns)
{
	const struct allowed_past *p;
	uint32_t n;

	*until_ns = UINT64_MAX;
	if (!m->allowed.known || !task_some(id) || m->tasks.v[id.i].outside)
		return &nowhere_known;
	if (id.i >= m->allowed.pasts.n)
		return NULL;
	p = &m->allowed.pasts.v[id.i];
	n = entries_until(p, ts_ns);
	if (n < p->n)
		*until_ns = p->v[n].ts_ns;
	return n ? p->v[n - 1].set : NULL;
}

enum allowed model_allowed(const struct model *m, task_id id, uint64_t ts_ns, uint32_t cpu)
{
	uint64_t until_ns;
	const struct allowed_set *s = set_at(m, id, ts_ns, &until_ns);

	if (s == &nowhere_known || (s && s->nr_known && cpu >= s->nr_known))
		return ALLOWED_UNKNOWN;
	return !s || cpuset_has(&s->cpus, cpu) ? ALLOWED_YES : ALLOWED_NO;
}

const struct cpuset *model_allowed_set(const struct model *m, task_id id, uint64_t ts_ns, bool *known,
				       uint64_t *until_ns)
{
	const struct allowed_set *s = set_at(m, id, ts_ns, until_ns);

	*known = s != &nowhere_known && !(s && s->nr_known && s->nr_known < m->nr_cpus);
	return *known && s ? &s->cpus : NULL;
}
