/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * intervals.h - sets of instants: sorted lists of stretches of time that neither overlap nor touch.
 *
 * A zeroed struct is the empty set. Whoever adds leaves a heap of stretches, in no order and overlapping; then
 * intervals_settle() makes a set of it. All else takes and gives sets. Half-open, nanoseconds; empty stretches vanish.
 *
 *         intervals_add(&waits, a, b); ... intervals_settle(&waits);
 *         ns = intervals_cut(&idle, &waits, &spare);	// idle is now without the waits; ns: how much that took
 *
 * Sorting is by buckets of time, so it takes time in proportion to the number of stretches unless nearly all of them
 * are in a sliver of the whole. Millions are still better gone through piece by piece of time, each of which fits into
 * a cache: see buckets.h.
 */
#ifndef SCHEDVIZ_ANALYSIS_INTERVALS_H
#define SCHEDVIZ_ANALYSIS_INTERVALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/vec.h"

struct interval {
	uint64_t from_ns, to_ns;
};

struct intervals {
	struct interval *v;
	size_t n, cap;
};

static inline void intervals_add(struct intervals *s, uint64_t from_ns, uint64_t to_ns)
{
	if (from_ns < to_ns)
		*vec_push(s) = (struct interval){ from_ns, to_ns };
}

/*
 * Add one that ends no earlier than any of v[base], v[base + 1] ...: those stay a set among themselves. For stretches
 * that come in the order of their ends there is nothing to sort.
 */
void intervals_add_ending(struct intervals *s, size_t base, uint64_t from_ns, uint64_t to_ns);

void intervals_settle(struct intervals *s);
/* The same, and `twice` (replaced) becomes the set of what at least two of the heap's stretches cover. */
void intervals_settle_twice(struct intervals *s, struct intervals *twice);

/* *left becomes left without `set`; returns how much that took away. `spare`: anything, is overwritten. */
uint64_t intervals_cut(struct intervals *left, const struct intervals *set, struct intervals *spare);
/* Adds what both have to the heap `out`. */
void intervals_common(const struct intervals *a, const struct intervals *b, struct intervals *out);
uint64_t intervals_total(const struct intervals *s);
void intervals_release(struct intervals *s);

/* Adds to the heap `out` what of a set is inside [from_ns, to_ns). *at: 0, then as left for a later piece. */
void intervals_slice(const struct intervals *s, size_t *at, uint64_t from_ns, uint64_t to_ns, struct intervals *out);

/* A set that is asked often how much of it lies within [a, b): two loads and a short search for each end. */
struct coverage {
	struct intervals set;
	uint64_t *before_ns; /* parallel: how much of the set lies before each stretch of it */
	uint32_t *bucket;    /* which stretch is the first that ends after each bucket's begin */
	uint64_t from_ns;
	unsigned shift;
	size_t nr_buckets;
};

void coverage_make(struct coverage *c, struct intervals *set); /* takes the set over */
uint64_t coverage_before(const struct coverage *c, uint64_t ts_ns);
void coverage_release(struct coverage *c);

static inline uint64_t coverage_ns(const struct coverage *c, uint64_t from_ns, uint64_t to_ns)
{
	return coverage_before(c, to_ns) - coverage_before(c, from_ns);
}

#endif
