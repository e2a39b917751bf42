/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dist.h - what is said of many durations: how many, how long at least, at most, in the middle, and how they spread.
 *
 * Exact, however many there are: the caller keeps every sample (8 bytes), percentiles are those of the nearest rank,
 * the ceil(p n)-th smallest, so each is one of the samples. hist.h does the same in bounded memory, less exactly.
 *
 * Bin i counts [2^i, 2^(i+1)) ns; 0 is in the first, and the last has no end. With such limits what takes a
 * millisecond, or 2, 4, 8 of them, as a tick does, lies well inside of a bin, a little below its end, and jitter does
 * not split it.
 */
#ifndef SCHEDVIZ_ANALYSIS_DIST_H
#define SCHEDVIZ_ANALYSIS_DIST_H

#include <stddef.h>
#include <stdint.h>

#define DIST_BINS 40

struct dist {
	uint64_t n; /* 0: all else is 0, too */
	uint64_t min_ns, max_ns;
	uint64_t p50_ns, p90_ns, p95_ns, p99_ns, p999_ns;
	unsigned __int128 sum_ns;
	uint64_t bins[DIST_BINS]; /* they add up to n */
};

/* Samples lie in pieces, in any order. */
struct dist_part {
	const uint64_t *v;
	size_t n;
};

/* Memory and counters for many dist_make() in a row; zeroed is empty. */
struct dist_scratch {
	struct dist_tally *tally; /* dist.c */
	uint64_t *v;
	size_t cap;
};

/* Linear in the number of samples, whatever they are. */
void dist_make(struct dist *d, const struct dist_part *parts, size_t nr, struct dist_scratch *scratch);
void dist_scratch_release(struct dist_scratch *s);

uint64_t dist_mean_ns(const struct dist *d); /* 0 when empty */
uint64_t dist_bin_from_ns(unsigned bin);     /* 0, 2, 4, 8 ... */

#endif
