/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * squeeze_code.h - one Huffman code of a deflate block (RFC 1951, 3.2): made of counts, ready to write.
 *
 * A code stays as it is made: its header is kept as bits, and so is what stands for each literal and each length of a
 * match with its extra bits. Codes are canonical and bit-reversed, as the format has them.
 */
#ifndef SCHEDVIZ_EXPORT_SQUEEZE_CODE_H
#define SCHEDVIZ_EXPORT_SQUEEZE_CODE_H

#include <stdbool.h>
#include <stdint.h>

enum { SQ_LITERALS = 256, SQ_END = 256, SQ_NR_SYMBOLS = 286, SQ_NR_DISTANCES = 30 };
enum { SQ_MATCH_MIN = 3, SQ_MATCH_MAX = 258, SQ_DISTANCE_MAX = 32768 };

#define SQ_CODE_MAX 14	   /* bits: four codes and the rest of a byte fit into 64 */
#define SQ_HEADER_MAX 320  /* bytes: 316 lengths of at most 7 bits, and the lengths of those */
#define SQ_NO_CODE 0x8000u /* what has none: no code has this bit; it counts as one of SQ_CODE_MAX bits */

/* How often each symbol occurs. */
struct sq_counts {
	uint32_t symbols[SQ_NR_SYMBOLS];
	uint32_t distances[SQ_NR_DISTANCES];
};

struct sq_match {
	uint32_t bits;
	uint16_t len; /* shorter than asked for where that length has no code */
	uint8_t nr_bits;
	bool none; /* no such length has one */
};

struct sq_code {
	uint32_t literals[SQ_LITERALS]; /* bits | how many << 16 */
	uint32_t end, distances[SQ_NR_DISTANCES];
	struct sq_match matches[SQ_MATCH_MAX + 1]; /* by length */
	uint8_t header[SQ_HEADER_MAX];		   /* of a block that is not the last one */
	unsigned header_bits;
};

/* Symbols that never occur get no code; `counts` needs one of SQ_END, another symbol, and a distance. */
void sq_code_make(struct sq_code *c, const struct sq_counts *counts);
/* The code of the format itself (3.2.6); it covers all symbols. */
void sq_code_fixed(struct sq_code *c);

/* The symbol of a distance of 1 to SQ_DISTANCE_MAX, and its extra bits. */
static inline unsigned sq_distance(uint32_t distance, uint32_t *extra, unsigned *nr_extra)
{
	uint32_t d = distance - 1;
	unsigned log;

	*extra = *nr_extra = 0;
	if (d < 4)
		return d;
	log = 31 - (unsigned)__builtin_clz(d);
	*nr_extra = log - 1;
	*extra = d & ((1u << *nr_extra) - 1);
	return 2 * log + (d >> *nr_extra & 1);
}

/* The symbol of a match's length. */
unsigned sq_length(unsigned len, uint32_t *extra, unsigned *nr_extra);

#endif
