/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * squeeze_block.h - one block of a deflate stream (RFC 1951): bytes in a code that is given, or as they are.
 *
 * Nothing here looks for room: who calls has 2 * n + SQ_HEADER_MAX + SQ_SLACK bytes for it. A block that does not
 * please can be written anew: each begins at part->start.
 */
#ifndef SCHEDVIZ_EXPORT_SQUEEZE_BLOCK_H
#define SCHEDVIZ_EXPORT_SQUEEZE_BLOCK_H

#include <endian.h>
#include <stddef.h>
#include <string.h>
#include "export/squeeze.h"
#include "export/squeeze_code.h"

#define SQ_SLACK 64 /* bytes that may be written beyond the end */

/* Bits on their way: the first of them is the lowest. */
struct sq_bits {
	uint64_t held;
	unsigned n; /* below 8 between calls */
	uint8_t *at;
};

struct sq_part {
	struct sq_bits start;
	enum squeeze_shape shape;
	const uint8_t *bytes;
	size_t n; /* not 0 */
};

#define SQ_INLINE static inline __attribute__((always_inline))

SQ_INLINE void sq_bits_add(struct sq_bits *b, uint64_t bits, unsigned n)
{
	b->held |= bits << b->n;
	b->n += n;
}

/* At most 63 may be held. */
SQ_INLINE void sq_bits_flush(struct sq_bits *b)
{
	uint64_t le = htole64(b->held);

	memcpy(b->at, &le, sizeof(le));
	b->at += b->n >> 3;
	b->held >>= b->n & ~7u;
	b->n &= 7;
}

static inline void sq_bits_align(struct sq_bits *b)
{
	b->n = (b->n + 7) & ~7u;
	sq_bits_flush(b);
}

/* Adds what a code for the part should know of it. `guide` says what repetitions are worth. */
void sq_count(struct sq_counts *counts, const struct sq_code *guide, const struct sq_part *p);
/* Writes the block. Returns its bits, or SIZE_MAX if the code cannot do it: then something else has to be written. */
size_t sq_put_coded(struct sq_bits *b, const struct sq_code *c, const struct sq_part *p);
/* Writes it as it is, in at most so many bits. */
void sq_put_stored(struct sq_bits *b, const struct sq_part *p);
size_t sq_stored_bits(const struct sq_part *p);

#endif
