/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * levels.c - sort begins and ends, count up and down along them; cut what was counted.
 */
#include "analysis/levels.h"

#include <stdbool.h>
#include <stdlib.h>
#include "base/alloc.h"

void levels_add(struct levels *l, struct level x)
{
	struct level *last = l->n ? &l->v[l->n - 1] : NULL;

	if (x.from_ns >= x.to_ns || !x.nr)
		return;
	if (last && last->to_ns == x.from_ns && last->nr == x.nr)
		last->to_ns = x.to_ns;
	else
		*vec_push(l) = x;
}

/* ---- making ---- */

#define BUCKET_BITS 9
#define BUCKETS (1u << BUCKET_BITS)

/* Into `to`: dealt out to buckets of time, after which each is near its place. All are at most 1 << shift. */
static void sort_times(const uint64_t *v, uint64_t *to, size_t n, unsigned shift)
{
	unsigned down = shift > BUCKET_BITS ? shift - BUCKET_BITS : 0;
	size_t at[BUCKETS + 2] = { 0 };

	for (size_t i = 0; i < n; i++)
		at[(v[i] >> down) + 1]++;
	for (size_t b = 0; b <= BUCKETS; b++)
		at[b + 1] += at[b];
	for (size_t i = 0; i < n; i++)
		to[at[v[i] >> down]++] = v[i];
	for (size_t i = 1; i < n; i++) {
		uint64_t x = to[i];
		size_t k = i;

		for (; k > 0 && to[k - 1] > x; k--)
			to[k] = to[k - 1];
		to[k] = x;
	}
}

static void reserve(struct levels_scratch *s, size_t want)
{
	if (want <= s->cap)
		return;
	free(s->v);
	s->cap = 2 * want;
	s->v = xcalloc(s->cap, sizeof(*s->v));
}

static void count_up(struct levels *out, const uint64_t *begin, const uint64_t *end, size_t n, uint64_t from_ns)
{
	uint64_t last_ns = 0;
	uint32_t nr = 0;

	for (size_t b = 0, e = 0; e < n;) {
		bool begins = b < n && begin[b] <= end[e];
		uint64_t ns = begins ? begin[b] : end[e];

		levels_add(out, (struct level){ from_ns + last_ns, from_ns + ns, nr });
		nr += begins ? 1 : UINT32_MAX; /* or one less */
		b += begins;
		e += !begins;
		last_ns = ns;
	}
}

void levels_make(struct levels *out, const struct intervals *sets, size_t nr, uint64_t from_ns, unsigned shift,
		 struct levels_scratch *scratch)
{
	uint64_t *begin, *end, *spare;
	size_t n = 0, all = 0;

	for (size_t s = 0; s < nr; s++)
		all += sets[s].n;
	out->n = 0;
	if (!all)
		return;
	reserve(scratch, 3 * all);
	begin = scratch->v;
	end = begin + all;
	spare = end + all;
	for (size_t s = 0; s < nr; s++)
		for (size_t i = 0; i < sets[s].n; i++)
			spare[n++] = sets[s].v[i].from_ns - from_ns;
	sort_times(spare, begin, all, shift);
	n = 0;
	for (size_t s = 0; s < nr; s++)
		for (size_t i = 0; i < sets[s].n; i++)
			spare[n++] = sets[s].v[i].to_ns - from_ns;
	sort_times(spare, end, all, shift);
	count_up(out, begin, end, all, from_ns);
}

void levels_scratch_release(struct levels_scratch *s)
{
	free(s->v);
	*s = (struct levels_scratch){ 0 };
}

/* ---- with a set ---- */

/* What is nothing is written, too, and then overwritten: whether it is, nobody could predict. */
uint64_t levels_cut(struct levels *left, const struct intervals *set, struct levels *spare)
{
	struct levels out = *spare;
	uint64_t taken_ns = 0;
	size_t at = 0, n = 0;

	if (!left->n || !set->n)
		return 0;
	vec_reserve(&out, left->n + set->n + 1);
	for (size_t i = 0; i < left->n; i++) {
		struct level x = left->v[i];

		while (at < set->n && set->v[at].to_ns <= x.from_ns)
			at++;
		for (; at < set->n && set->v[at].from_ns < x.to_ns; at++) {
			struct interval cut = set->v[at];
			uint64_t from_ns = cut.from_ns > x.from_ns ? cut.from_ns : x.from_ns;
			uint64_t to_ns = cut.to_ns < x.to_ns ? cut.to_ns : x.to_ns;

			out.v[n] = (struct level){ x.from_ns, from_ns, x.nr };
			n += x.from_ns < from_ns;
			taken_ns += (to_ns - from_ns) * x.nr;
			x.from_ns = to_ns;
			if (cut.to_ns >= x.to_ns)
				break; /* it may reach into the next */
		}
		out.v[n] = x;
		n += x.from_ns < x.to_ns;
	}
	out.n = n;
	*spare = *left;
	*left = out;
	return taken_ns;
}

uint64_t levels_total(const struct levels *l)
{
	uint64_t ns = 0;

	for (size_t i = 0; i < l->n; i++)
		ns += (l->v[i].to_ns - l->v[i].from_ns) * l->v[i].nr;
	return ns;
}

void levels_release(struct levels *l)
{
	vec_release(l);
}
