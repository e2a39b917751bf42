/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * buckets.h - a heap of stretches of time, kept by pieces of time: to be read piece by piece, in order.
 *
 * Who gathers millions of stretches in any order and then needs them in order of time would have to sort them; here
 * each is cut at the borders of pieces, so that what is sorted is small. A piece that one covers wholly is counted, not
 * kept; so a stretch is two entries at most, however long.
 *
 *         buckets_init(&b, window, shift); buckets_add(&b, from, to); ... buckets_finish(&b);
 *         for (size_t p = 0; p < b.nr; p++)
 *                 buckets_read(&b, p, &set);
 */
#ifndef SCHEDVIZ_ANALYSIS_BUCKETS_H
#define SCHEDVIZ_ANALYSIS_BUCKETS_H

#include "analysis/history.h"
#include "analysis/intervals.h"

/* A part of a piece, in ns from its begin. Where pieces are longer than 2^31 ns, a second one has the upper halves. */
struct bucket_part {
	uint32_t from, to;
};

struct bucket {
	VEC(struct bucket_part) v;
	int32_t covers; /* how many stretches cover it wholly; until finished: how many more than the piece before */
};

struct buckets {
	struct window window;
	unsigned shift; /* a piece is 1 << shift ns, the last may be shorter */
	size_t nr;
	struct bucket *v;
};

/* Pieces with about so many spans of CPUs that what is done to them stays in a cache: their shift, at most 63. */
unsigned buckets_shift(const struct history *h);

void buckets_init(struct buckets *b, struct window w, unsigned shift);
void buckets_add(struct buckets *b, uint64_t from_ns, uint64_t to_ns);	     /* cut to the window */
void buckets_add_whole(struct buckets *b, uint64_t from_ns, uint64_t to_ns); /* only those pieces that it covers */
void buckets_finish(struct buckets *b);
struct window buckets_piece(const struct buckets *b, size_t piece);
/* *out, replaced, becomes the set of what is inside the piece. */
void buckets_read(const struct buckets *b, size_t piece, struct intervals *out);
void buckets_release(struct buckets *b);

#endif
