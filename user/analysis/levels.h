/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * levels.h - how many of several sets of instants there are at a time: what is cut by sets that count for all alike.
 *
 * A sorted list of stretches of time, none empty, none overlapping, each with how many of the sets it is in; where none
 * is there is no stretch. To cut it by a set takes one walk along both, not one for each of the sets. A zeroed struct
 * is empty.
 */
#ifndef SCHEDVIZ_ANALYSIS_LEVELS_H
#define SCHEDVIZ_ANALYSIS_LEVELS_H

#include "analysis/intervals.h"

struct level {
	uint64_t from_ns, to_ns;
	uint32_t nr;
};

struct levels {
	struct level *v;
	size_t n, cap;
};

/* Begins and ends, while they are sorted. */
struct levels_scratch {
	uint64_t *v;
	size_t cap;
};

/*
 * *out, replaced: of `nr` sets, or heaps, each stretch of which counts; all inside [from_ns, from_ns + (1 << shift)].
 */
void levels_make(struct levels *out, const struct intervals *sets, size_t nr, uint64_t from_ns, unsigned shift,
		 struct levels_scratch *scratch);
/* Add one that begins no earlier than the last ends. */
void levels_add(struct levels *l, struct level x);
/* *left becomes left without `set`; returns how much that took away, of all together. `spare` is overwritten. */
uint64_t levels_cut(struct levels *left, const struct intervals *set, struct levels *spare);
uint64_t levels_total(const struct levels *l);
void levels_release(struct levels *l);
void levels_scratch_release(struct levels_scratch *s);

#endif
