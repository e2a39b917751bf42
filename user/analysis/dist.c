/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dist.c - exact percentiles without sorting: count into fine classes, then select within the few that hold a rank.
 */
#include "analysis/dist.h"

#include <stdbool.h>
#include <string.h>
#include <stdlib.h>
#include "base/alloc.h"

/* Each bin is counted in so many classes of equal width, a power of two: a class holds few samples of many. */
#define FINE 128u
#define FINE_BITS 7

/* So few are sorted; above, clearing and reading the counters (20 KiB) pays off. */
#define FEW 64u

struct dist_tally {
	uint32_t count[DIST_BINS * FINE];
	bool wanted[DIST_BINS * FINE];
};

static const unsigned permille[] = { 500, 900, 950, 990, 999 };
#define NR_RANKS (sizeof(permille) / sizeof(permille[0]))

/* ---- bins ---- */

uint64_t dist_bin_from_ns(unsigned bin)
{
	return bin ? (uint64_t)1 << bin : 0;
}

static inline unsigned bin_of(uint64_t ns)
{
	unsigned bin = 63 - (unsigned)__builtin_clzll(ns | 1);

	return bin < DIST_BINS ? bin : DIST_BINS - 1;
}

/* The FINE_BITS bits below the highest one; in the last bin, which has no end, the highest ones of all. */
static inline uint32_t class_of(uint64_t ns)
{
	unsigned bin = bin_of(ns);

	if (__builtin_expect(bin == DIST_BINS - 1, 0))
		return bin * FINE + (uint32_t)(ns >> (64 - FINE_BITS));
	return bin * FINE + ((uint32_t)(ns << FINE_BITS >> bin) & (FINE - 1));
}

/* ---- few: sorted ---- */

static void sort_few(uint64_t *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		uint64_t x = v[i];
		size_t at = i;

		for (; at > 0 && v[at - 1] > x; at--)
			v[at] = v[at - 1];
		v[at] = x;
	}
}

/* From 0. n * 999 overflows only beyond any memory. */
static size_t rank_of(uint64_t n, unsigned p)
{
	return (size_t)((n * p + 999) / 1000 - 1);
}

static void take_ranks(struct dist *d, const uint64_t *ns)
{
	uint64_t *to[NR_RANKS] = { &d->p50_ns, &d->p90_ns, &d->p95_ns, &d->p99_ns, &d->p999_ns };

	for (size_t i = 0; i < NR_RANKS; i++)
		*to[i] = ns[i];
}

static void make_few(struct dist *d, const struct dist_part *parts, size_t nr)
{
	uint64_t v[FEW], ranked[NR_RANKS];
	size_t n = 0;

	for (size_t p = 0; p < nr; p++)
		for (size_t i = 0; i < parts[p].n; i++)
			v[n++] = parts[p].v[i];
	if (!n)
		return;
	sort_few(v, n);
	for (size_t i = 0; i < n; i++) {
		d->sum_ns += v[i];
		d->bins[bin_of(v[i])]++;
	}
	d->min_ns = v[0];
	d->max_ns = v[n - 1];
	for (size_t i = 0; i < NR_RANKS; i++)
		ranked[i] = v[rank_of(n, permille[i])];
	take_ranks(d, ranked);
}

/* ---- many: counted ---- */

static void count_part(struct dist *d, struct dist_tally *t, const struct dist_part *part)
{
	uint64_t min = d->min_ns, max = d->max_ns;
	unsigned __int128 sum = 0;

	for (size_t i = 0; i < part->n; i++) {
		uint64_t ns = part->v[i];

		t->count[class_of(ns)]++;
		min = ns < min ? ns : min;
		max = ns > max ? ns : max;
		sum += ns;
	}
	d->min_ns = min;
	d->max_ns = max;
	d->sum_ns += sum;
}

/* The class that holds each rank, and how many samples are in the classes before it. */
struct rank {
	uint32_t class;
	uint64_t before;
};

static void find_ranks(struct dist *d, struct dist_tally *t, struct rank *ranks)
{
	unsigned from = bin_of(d->min_ns), to = bin_of(d->max_ns);
	uint64_t before = 0;
	size_t next = 0;

	for (unsigned b = from; b <= to; b++) {
		for (uint32_t c = b * FINE; c < (b + 1) * FINE; c++) {
			for (; next < NR_RANKS && rank_of(d->n, permille[next]) < before + t->count[c]; next++) {
				ranks[next] = (struct rank){ c, before };
				t->wanted[c] = true;
			}
			before += t->count[c];
			d->bins[b] += t->count[c];
		}
	}
}

/* The rank-th smallest: byte by byte from the top, each time only those go on that agree. */
static uint64_t select_rank(uint64_t *v, size_t n, size_t rank)
{
	uint64_t differ = 0;
	unsigned shift;

	for (size_t i = 1; i < n; i++)
		differ |= v[i] ^ v[0];
	if (!differ)
		return v[0];
	for (shift = (63 - (unsigned)__builtin_clzll(differ)) / 8 * 8; n > FEW; shift -= 8) {
		size_t count[256] = { 0 }, kept = 0;
		unsigned byte = 0;

		for (size_t i = 0; i < n; i++)
			count[v[i] >> shift & 255]++;
		for (; rank >= count[byte]; byte++)
			rank -= count[byte];
		for (size_t i = 0; i < n; i++)
			if ((v[i] >> shift & 255) == byte)
				v[kept++] = v[i];
		n = kept;
		if (!shift)
			return v[0];
	}
	sort_few(v, n);
	return v[rank];
}

/* All samples of one class. */
static size_t gather(const struct dist_part *parts, size_t nr, uint32_t class, uint64_t *v)
{
	size_t n = 0;

	for (size_t p = 0; p < nr; p++)
		for (size_t i = 0; i < parts[p].n; i++)
			if (class_of(parts[p].v[i]) == class)
				v[n++] = parts[p].v[i];
	return n;
}

/* All samples of the classes that are wanted. */
static size_t gather_wanted(const struct dist_tally *t, const struct dist_part *parts, size_t nr, uint64_t *v)
{
	size_t n = 0;

	for (size_t p = 0; p < nr; p++)
		for (size_t i = 0; i < parts[p].n; i++) {
			v[n] = parts[p].v[i];
			n += t->wanted[class_of(v[n])];
		}
	return n;
}

static void reserve(struct dist_scratch *s, size_t want)
{
	if (want <= s->cap)
		return;
	free(s->v);
	s->cap = want > 2 * s->cap ? want : 2 * s->cap;
	s->v = xcalloc(s->cap, sizeof(*s->v));
}

static void pick_ranks(struct dist *d, const struct dist_part *parts, size_t nr, const struct rank *ranks,
		       struct dist_scratch *s)
{
	struct dist_tally *t = s->tally;
	uint64_t ranked[NR_RANKS];
	struct dist_part few = { 0 };
	size_t room = 1;

	for (size_t i = 0; i < NR_RANKS; i++)
		room += i && ranks[i].class == ranks[i - 1].class ? 0 : t->count[ranks[i].class];
	reserve(s, 2 * room); /* those that are wanted, then those of one class, each with one place to spare */
	few.v = s->v;
	few.n = gather_wanted(t, parts, nr, s->v);
	for (size_t i = 0; i < NR_RANKS; i++) {
		uint64_t *v = s->v + room;
		size_t n = gather(&few, 1, ranks[i].class, v);

		ranked[i] = select_rank(v, n, rank_of(d->n, permille[i]) - (size_t)ranks[i].before);
		t->wanted[ranks[i].class] = false;
	}
	take_ranks(d, ranked);
}

static void make_many(struct dist *d, const struct dist_part *parts, size_t nr, struct dist_scratch *s)
{
	struct rank ranks[NR_RANKS] = { 0 };

	if (!s->tally)
		s->tally = xcalloc(1, sizeof(*s->tally));
	memset(s->tally->count, 0, sizeof(s->tally->count));
	d->min_ns = UINT64_MAX;
	for (size_t p = 0; p < nr; p++)
		count_part(d, s->tally, &parts[p]);
	find_ranks(d, s->tally, ranks);
	pick_ranks(d, parts, nr, ranks, s);
}

/* ---- ---- */

void dist_make(struct dist *d, const struct dist_part *parts, size_t nr, struct dist_scratch *s)
{
	*d = (struct dist){ 0 };
	for (size_t p = 0; p < nr; p++)
		d->n += parts[p].n;
	if (d->n > FEW)
		make_many(d, parts, nr, s);
	else
		make_few(d, parts, nr);
}

void dist_scratch_release(struct dist_scratch *s)
{
	free(s->tally);
	free(s->v);
	*s = (struct dist_scratch){ 0 };
}

uint64_t dist_mean_ns(const struct dist *d)
{
	return d->n ? (uint64_t)(d->sum_ns / d->n) : 0;
}
