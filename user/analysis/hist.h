/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hist.h - a distribution of durations in little memory.
 *
 * Up to HIST_EXACT samples are kept as they are and every percentile of them is exact; beyond, they fall into
 * buckets of 1/32 of a power of two, so that a percentile is at most 3.2 % too high and never too low. Mean, minimum,
 * maximum and count are always exact. Zeroed is empty.
 */
#ifndef SCHEDVIZ_ANALYSIS_HIST_H
#define SCHEDVIZ_ANALYSIS_HIST_H

#include <stdint.h>

#define HIST_EXACT 256

struct hist {
	uint64_t n, min_ns, max_ns;
	unsigned __int128 sum_ns;
	uint64_t *exact;  /* first HIST_EXACT samples, unsorted, until there are more */
	uint32_t *bucket; /* then these, grown to the largest used */
	uint32_t nr_buckets, cap_exact;
};

void hist_add(struct hist *h, uint64_t ns);
void hist_merge(struct hist *into, const struct hist *from); /* as if each sample of `from` were added */
uint64_t hist_mean(const struct hist *h);		   /* 0 when empty */
uint64_t hist_percentile(const struct hist *h, unsigned permille); /* nearest rank; 0 when empty */
void hist_release(struct hist *h);

#endif
