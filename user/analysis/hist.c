/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hist.c - distributions of durations: exact while small, then in buckets of 1/32 of a power of two.
 */
#include <stdlib.h>
#include <string.h>
#include "analysis/hist.h"
#include "base/alloc.h"

#define SUB_BITS 5
#define SUB (1u << SUB_BITS)

/* Below SUB a bucket is one value; above, SUB buckets to each power of two. */
static uint32_t bucket_of(uint64_t ns)
{
	unsigned shift;

	if (ns < SUB)
		return (uint32_t)ns;
	shift = 63 - (unsigned)__builtin_clzll(ns) - SUB_BITS;
	return (uint32_t)((shift + 1) * SUB + ((ns >> shift) & (SUB - 1)));
}

/* The largest value that falls into it. */
static uint64_t bucket_top(uint32_t bucket)
{
	unsigned shift;

	if (bucket < SUB)
		return bucket;
	shift = bucket / SUB - 1;
	return (((uint64_t)SUB + bucket % SUB) << shift) + ((1ull << shift) - 1);
}

static void bucket_grow(struct hist *h, uint32_t bucket)
{
	uint32_t nr = (bucket | (SUB - 1)) + 1;

	h->bucket = xrealloc(h->bucket, nr, sizeof(*h->bucket));
	memset(h->bucket + h->nr_buckets, 0, (nr - h->nr_buckets) * sizeof(*h->bucket));
	h->nr_buckets = nr;
}

static inline void bucket_add(struct hist *h, uint32_t bucket, uint32_t times)
{
	if (__builtin_expect(bucket >= h->nr_buckets, 0))
		bucket_grow(h, bucket);
	h->bucket[bucket] = h->bucket[bucket] <= UINT32_MAX - times ? h->bucket[bucket] + times : UINT32_MAX;
}

/* The samples no longer fit as they are. */
static void spill(struct hist *h)
{
	for (uint64_t i = 0; i < h->n; i++)
		bucket_add(h, bucket_of(h->exact[i]), 1);
	free(h->exact);
	h->exact = NULL;
	h->cap_exact = 0;
}

static void exact_add(struct hist *h, uint64_t ns)
{
	if (h->n == h->cap_exact) {
		h->cap_exact = h->cap_exact ? 2 * h->cap_exact : 8;
		h->exact = xrealloc(h->exact, h->cap_exact, sizeof(*h->exact));
	}
	h->exact[h->n] = ns;
}

void hist_add(struct hist *h, uint64_t ns)
{
	if (__builtin_expect(h->n > HIST_EXACT, 1)) {
		bucket_add(h, bucket_of(ns), 1);
	} else if (h->n < HIST_EXACT) {
		exact_add(h, ns);
	} else {
		spill(h);
		bucket_add(h, bucket_of(ns), 1);
	}
	if (ns < h->min_ns || !h->n)
		h->min_ns = ns;
	if (ns > h->max_ns)
		h->max_ns = ns;
	h->sum_ns += ns;
	h->n++;
}

void hist_merge(struct hist *into, const struct hist *from)
{
	if (from->n <= HIST_EXACT) {
		for (uint64_t i = 0; i < from->n; i++)
			hist_add(into, from->exact[i]);
		return;
	}
	if (into->n <= HIST_EXACT)
		spill(into);
	for (uint32_t b = 0; b < from->nr_buckets; b++)
		if (from->bucket[b])
			bucket_add(into, b, from->bucket[b]);
	if (from->min_ns < into->min_ns || !into->n)
		into->min_ns = from->min_ns;
	if (from->max_ns > into->max_ns)
		into->max_ns = from->max_ns;
	into->sum_ns += from->sum_ns;
	into->n += from->n;
}

uint64_t hist_mean(const struct hist *h)
{
	return h->n ? (uint64_t)(h->sum_ns / h->n) : 0;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t exact_rank(const struct hist *h, uint64_t rank)
{
	uint64_t sorted[HIST_EXACT];

	memcpy(sorted, h->exact, h->n * sizeof(*sorted));
	qsort(sorted, h->n, sizeof(*sorted), by_value);
	return sorted[rank - 1];
}

uint64_t hist_percentile(const struct hist *h, unsigned permille)
{
	uint64_t rank = (uint64_t)(((unsigned __int128)h->n * permille + 999) / 1000), below = 0;

	if (!h->n)
		return 0;
	rank = rank < 1 ? 1 : rank > h->n ? h->n : rank;
	if (h->n <= HIST_EXACT)
		return exact_rank(h, rank);
	for (uint32_t b = 0; b < h->nr_buckets; b++) {
		below += h->bucket[b];
		if (below >= rank)
			return bucket_top(b) < h->max_ns ? bucket_top(b) : h->max_ns;
	}
	return h->max_ns;
}

void hist_release(struct hist *h)
{
	free(h->exact);
	free(h->bucket);
	*h = (struct hist){ 0 };
}
