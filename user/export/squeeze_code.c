/* SPDX-License-Identifier: GPL-2.0-only */
/* squeeze_code.c - from counts to code lengths, from these to codes and to the header that tells them. */
#include "export/squeeze_code.h"

#include <string.h>

#define NR_LENGTHS (SQ_NR_SYMBOLS + SQ_NR_DISTANCES)
#define LENGTH_CODE_MAX 7 /* bits; the header has three for it */

enum { COPY_LAST = 16, ZEROS_SHORT = 17, ZEROS_LONG = 18, NR_LENGTH_SYMBOLS = 19 };

/* ---- code lengths ---- */

struct leaf {
	uint16_t count;
	uint16_t symbol;
};

/* The symbols that occur, rarest first, by counts that fit 16 bits. Returns how many. */
static unsigned sort_leaves(struct leaf *leaves, const uint32_t *counts, unsigned n)
{
	uint16_t starts[2][257] = { 0 };
	struct leaf half[SQ_NR_SYMBOLS];
	unsigned used = 0, shift = 0;
	uint32_t most = 0;

	for (unsigned i = 0; i < n; i++)
		most = counts[i] > most ? counts[i] : most;
	while (most >> shift > UINT16_MAX)
		shift++;
	for (unsigned i = 0; i < n; i++) {
		uint16_t count = (uint16_t)(counts[i] >> shift);

		if (!counts[i])
			continue;
		count = count ? count : 1;
		leaves[used++] = (struct leaf){ .count = count, .symbol = (uint16_t)i };
		starts[0][(count & 0xff) + 1]++;
		starts[1][(count >> 8) + 1]++;
	}
	for (unsigned i = 0; i < 256; i++) {
		starts[0][i + 1] = (uint16_t)(starts[0][i + 1] + starts[0][i]);
		starts[1][i + 1] = (uint16_t)(starts[1][i + 1] + starts[1][i]);
	}
	for (unsigned i = 0; i < used; i++)
		half[starts[0][leaves[i].count & 0xff]++] = leaves[i];
	for (unsigned i = 0; i < used; i++)
		leaves[starts[1][half[i].count >> 8]++] = half[i];
	return used;
}

/*
 * Huffman's tree of `n` sorted leaves: nodes are made in the order of their counts, so two queues do. Counts how many
 * leaves have each depth; those deeper than `limit` count as being there, which is too many.
 */
static void count_depths(uint16_t *depths, const struct leaf *leaves, unsigned n, unsigned limit)
{
	uint32_t counts[2 * SQ_NR_SYMBOLS];
	uint16_t parents[2 * SQ_NR_SYMBOLS], depth[2 * SQ_NR_SYMBOLS];
	unsigned leaf = 0, node = n, end = 2 * n - 1;

	for (unsigned i = 0; i < n; i++)
		counts[i] = leaves[i].count;
	for (unsigned made = n; made < end; made++) {
		counts[made] = 0;
		for (int child = 0; child < 2; child++) {
			bool of_leaves = leaf < n && (node == made || counts[leaf] <= counts[node]);
			unsigned least = of_leaves ? leaf++ : node++;

			counts[made] += counts[least];
			parents[least] = (uint16_t)made;
		}
	}
	depth[end - 1] = 0;
	for (unsigned i = end - 1; i-- > 0;) {
		depth[i] = (uint16_t)(depth[parents[i]] + 1);
		if (i < n)
			depths[depth[i] < limit ? depth[i] : limit]++;
	}
}

/* Lengthens codes until there is room for those that were cut to `limit`. */
static void fit(uint16_t *depths, unsigned limit)
{
	uint32_t room = 0;

	for (unsigned i = 1; i <= limit; i++)
		room += (uint32_t)depths[i] << (limit - i);
	for (; room > 1u << limit; room--) {
		unsigned i = limit - 1;

		while (!depths[i])
			i--;
		depths[limit]--;
		depths[i]--;
		depths[i + 1] = (uint16_t)(depths[i + 1] + 2);
	}
}

/* Bits of the code of each of `n` symbols; 0: it does not occur. */
static void make_lengths(uint8_t *lengths, const uint32_t *counts, unsigned n, unsigned limit)
{
	struct leaf leaves[SQ_NR_SYMBOLS];
	uint16_t depths[16] = { 0 };
	unsigned used = sort_leaves(leaves, counts, n);

	memset(lengths, 0, n);
	if (used < 2) {
		depths[1] = (uint16_t)used;
	} else {
		count_depths(depths, leaves, used, limit);
		fit(depths, limit);
	}
	for (unsigned length = limit, at = 0; length; length--) {
		for (unsigned i = 0; i < depths[length]; i++)
			lengths[leaves[at++].symbol] = (uint8_t)length;
	}
}

/* ---- codes ---- */

static uint32_t reversed(uint32_t code, unsigned nr_bits)
{
	code = (code & 0x5555) << 1 | (code >> 1 & 0x5555);
	code = (code & 0x3333) << 2 | (code >> 2 & 0x3333);
	code = (code & 0x0f0f) << 4 | (code >> 4 & 0x0f0f);
	code = (code & 0x00ff) << 8 | (code >> 8 & 0x00ff);
	return code >> (16 - nr_bits);
}

/* RFC 1951, 3.2.2. */
static void make_codes(uint32_t *codes, const uint8_t *lengths, unsigned n)
{
	uint32_t next[17] = { 0 }, used[16] = { 0 };

	for (unsigned i = 0; i < n; i++)
		used[lengths[i]]++;
	used[0] = 0;
	for (unsigned i = 0; i < 16; i++)
		next[i + 1] = (next[i] + used[i]) << 1;
	for (unsigned i = 0; i < n; i++) {
		codes[i] = SQ_NO_CODE | SQ_CODE_MAX << 16;
		if (lengths[i])
			codes[i] = reversed(next[lengths[i]]++, lengths[i]) | (uint32_t)lengths[i] << 16;
	}
}

unsigned sq_length(unsigned len, uint32_t *extra, unsigned *nr_extra)
{
	uint32_t l = len - SQ_MATCH_MIN;
	unsigned log;

	*extra = *nr_extra = 0;
	if (len == SQ_MATCH_MAX)
		return SQ_NR_SYMBOLS - 1;
	if (l < 8)
		return SQ_END + 1 + l;
	log = 31 - (unsigned)__builtin_clz(l);
	*nr_extra = log - 2;
	*extra = l & ((1u << *nr_extra) - 1);
	return SQ_END + 1 + 4 * (log - 1) + (l >> *nr_extra & 3);
}

static void set_codes(struct sq_code *c, const uint8_t *lengths, unsigned nr_distances)
{
	uint32_t codes[SQ_NR_SYMBOLS + 2];

	make_codes(c->distances, lengths + SQ_NR_SYMBOLS + 2, nr_distances);
	make_codes(codes, lengths, SQ_NR_SYMBOLS + 2);
	memcpy(c->literals, codes, sizeof(c->literals));
	c->end = codes[SQ_END];
	for (unsigned len = 0; len < SQ_MATCH_MIN; len++)
		c->matches[len] = (struct sq_match){ .none = true };
	for (unsigned len = SQ_MATCH_MIN; len <= SQ_MATCH_MAX; len++) {
		unsigned nr_extra, nr_bits;
		uint32_t extra, code = codes[sq_length(len, &extra, &nr_extra)];

		nr_bits = code >> 16;
		c->matches[len] = c->matches[len - 1];
		if (!(code & SQ_NO_CODE))
			c->matches[len] = (struct sq_match){ .bits = (code & 0xffff) | extra << nr_bits,
							     .nr_bits = (uint8_t)(nr_bits + nr_extra),
							     .len = (uint16_t)len };
	}
}

/* ---- the header: RFC 1951, 3.2.7 ---- */

static void put(struct sq_code *c, uint32_t bits, unsigned n)
{
	for (; n; n--, bits >>= 1, c->header_bits++)
		c->header[c->header_bits >> 3] |= (uint8_t)((bits & 1) << (c->header_bits & 7));
}

/* What tells the lengths: symbols, each with its extra bits. */
struct runs {
	struct {
		uint8_t symbol, extra;
	} v[NR_LENGTHS];
	unsigned n;
};

static void put_run(struct runs *r, uint8_t symbol, unsigned extra)
{
	r->v[r->n].symbol = symbol;
	r->v[r->n++].extra = (uint8_t)extra;
}

static void find_runs(struct runs *r, const uint8_t *lengths, unsigned n)
{
	r->n = 0;
	for (unsigned i = 0; i < n;) {
		unsigned run = 1;

		while (i + run < n && lengths[i + run] == lengths[i])
			run++;
		if (!lengths[i] && run >= 11) {
			run = run < 138 ? run : 138;
			put_run(r, ZEROS_LONG, run - 11);
		} else if (!lengths[i] && run >= 3) {
			put_run(r, ZEROS_SHORT, run - 3);
		} else if (i && lengths[i] == lengths[i - 1] && run >= 3) {
			run = run < 6 ? run : 6;
			put_run(r, COPY_LAST, run - 3);
		} else {
			run = 1;
			put_run(r, lengths[i], 0);
		}
		i += run;
	}
}

static void make_header(struct sq_code *c, const uint8_t *lengths, unsigned nr_symbols, unsigned nr_distances)
{
	static const uint8_t order[NR_LENGTH_SYMBOLS] = { 16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
							  11, 4,  12, 3, 13, 2, 14, 1, 15 };
	static const uint8_t extras[NR_LENGTH_SYMBOLS] = { [COPY_LAST] = 2, [ZEROS_SHORT] = 3, [ZEROS_LONG] = 7 };
	uint32_t counts[NR_LENGTH_SYMBOLS] = { 0 }, codes[NR_LENGTH_SYMBOLS];
	uint8_t own[NR_LENGTH_SYMBOLS];
	unsigned nr_own = NR_LENGTH_SYMBOLS;
	struct runs r;

	find_runs(&r, lengths, nr_symbols + nr_distances);
	for (unsigned i = 0; i < r.n; i++)
		counts[r.v[i].symbol]++;
	make_lengths(own, counts, NR_LENGTH_SYMBOLS, LENGTH_CODE_MAX);
	make_codes(codes, own, NR_LENGTH_SYMBOLS);
	while (nr_own > 4 && !own[order[nr_own - 1]])
		nr_own--;
	put(c, nr_symbols - 257, 5);
	put(c, nr_distances - 1, 5);
	put(c, nr_own - 4, 4);
	for (unsigned i = 0; i < nr_own; i++)
		put(c, own[order[i]], 3);
	for (unsigned i = 0; i < r.n; i++) {
		uint32_t code = codes[r.v[i].symbol];

		put(c, code & 0xffff, code >> 16);
		put(c, r.v[i].extra, extras[r.v[i].symbol]);
	}
}

void sq_code_make(struct sq_code *c, const struct sq_counts *counts)
{
	uint8_t lengths[NR_LENGTHS + 2] = { 0 };
	unsigned nr_symbols = SQ_NR_SYMBOLS, nr_distances = SQ_NR_DISTANCES;

	make_lengths(lengths, counts->symbols, SQ_NR_SYMBOLS, SQ_CODE_MAX);
	make_lengths(lengths + SQ_NR_SYMBOLS + 2, counts->distances, SQ_NR_DISTANCES, SQ_CODE_MAX);
	set_codes(c, lengths, SQ_NR_DISTANCES);

	while (!lengths[nr_symbols - 1])
		nr_symbols--;
	nr_symbols = nr_symbols < SQ_END + 1 ? SQ_END + 1 : nr_symbols;
	while (nr_distances > 1 && !lengths[SQ_NR_SYMBOLS + 2 + nr_distances - 1])
		nr_distances--;
	memmove(lengths + nr_symbols, lengths + SQ_NR_SYMBOLS + 2, nr_distances);
	memset(c->header, 0, sizeof(c->header));
	c->header_bits = 0;
	put(c, 2 << 1, 3);
	make_header(c, lengths, nr_symbols, nr_distances);
}

void sq_code_fixed(struct sq_code *c)
{
	/* 288 symbols, the last two of which never occur but have their share of the codes. */
	uint8_t lengths[NR_LENGTHS + 2];

	memset(lengths, 8, 144);
	memset(lengths + 144, 9, 256 - 144);
	memset(lengths + 256, 7, 280 - 256);
	memset(lengths + 280, 8, 288 - 280);
	memset(lengths + 288, 5, SQ_NR_DISTANCES);
	set_codes(c, lengths, SQ_NR_DISTANCES);
	memset(c->header, 0, sizeof(c->header));
	c->header_bits = 0;
	put(c, 1 << 1, 3);
}
