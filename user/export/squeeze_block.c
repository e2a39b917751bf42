/* SPDX-License-Identifier: GPL-2.0-only */
/* squeeze_block.c - the walk over a part's bytes that either writes symbols or counts them. */
#include "export/squeeze_block.h"

#define LONG_MATCH 8u /* bytes: always shorter than literals, or hardly longer */
#define STORED_MAX 65535u
#define RECORD_BITS 10
#define RECORD_SLOTS (1u << RECORD_BITS)

/* ---- the walk: it either writes symbols or counts them ---- */

struct walk {
	struct sq_bits b;
	const struct sq_code *code;
	struct sq_counts *counts;
	uint32_t met; /* all codes together, so as to see SQ_NO_CODE */
};

SQ_INLINE uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

SQ_INLINE uint32_t load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

SQ_INLINE void literal(struct walk *w, const uint8_t *p, bool counting)
{
	uint32_t code = w->code->literals[*p];

	if (counting) {
		w->counts->symbols[*p]++;
		return;
	}
	w->met |= code;
	sq_bits_add(&w->b, code & 0xffff, code >> 16);
}

SQ_INLINE void four_literals(struct walk *w, const uint8_t *p, bool counting)
{
	const uint32_t *codes = w->code->literals;
	uint32_t c0, c1, c2, c3, low, high;
	unsigned nr_low;

	if (counting) {
		for (int i = 0; i < 4; i++)
			w->counts->symbols[p[i]]++;
		return;
	}
	c0 = codes[p[0]];
	c1 = codes[p[1]];
	c2 = codes[p[2]];
	c3 = codes[p[3]];
	w->met |= c0 | c1 | c2 | c3;
	low = (c0 & 0xffff) | (c1 & 0xffff) << (c0 >> 16);
	high = (c2 & 0xffff) | (c3 & 0xffff) << (c2 >> 16);
	nr_low = (c0 >> 16) + (c1 >> 16);
	sq_bits_add(&w->b, low | (uint64_t)high << nr_low, nr_low + (c2 >> 16) + (c3 >> 16));
	sq_bits_flush(&w->b);
}

SQ_INLINE void literals(struct walk *w, const uint8_t *p, size_t n, bool counting)
{
	for (; n >= 4; n -= 4, p += 4)
		four_literals(w, p, counting);
	for (; n; n--, p++)
		literal(w, p, counting);
	if (!counting)
		sq_bits_flush(&w->b);
}

struct distance {
	uint32_t bits, symbol;
	unsigned nr_bits;
	bool none; /* too far, or it has no code */
};

SQ_INLINE struct distance distance_of(const struct sq_code *c, size_t distance)
{
	struct distance d = { .none = true };
	unsigned nr_extra, nr_bits;
	uint32_t extra;

	if (!distance || distance > SQ_DISTANCE_MAX)
		return d;
	d.symbol = sq_distance((uint32_t)distance, &extra, &nr_extra);
	nr_bits = c->distances[d.symbol] >> 16;
	d.none = c->distances[d.symbol] & SQ_NO_CODE;
	d.bits = (c->distances[d.symbol] & 0xffff) | extra << nr_bits;
	d.nr_bits = nr_bits + nr_extra;
	return d;
}

SQ_INLINE void match(struct walk *w, const struct sq_match *m, const struct distance *d, size_t len, bool counting)
{
	if (counting) {
		uint32_t extra;
		unsigned nr_extra;

		w->counts->symbols[sq_length((unsigned)len, &extra, &nr_extra)]++;
		w->counts->distances[d->symbol]++;
		return;
	}
	sq_bits_add(&w->b, m->bits | (uint64_t)d->bits << m->nr_bits, m->nr_bits + d->nr_bits);
	sq_bits_flush(&w->b);
}

/* Bits of `n` literals, for a few. */
SQ_INLINE unsigned price(const struct sq_code *c, const uint8_t *p, size_t n)
{
	unsigned sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += c->literals[p[i]] >> 16;
	return sum;
}

/* `len` bytes that are the same as `d` before: as matches where these are shorter than literals. */
SQ_INLINE void repeat(struct walk *w, const uint8_t *p, size_t len, const struct distance *d, bool counting)
{
	while (len) {
		size_t now = len < SQ_MATCH_MAX ? len : SQ_MATCH_MAX;
		const struct sq_match *m = &w->code->matches[now];

		if (m->none || (now < LONG_MATCH && price(w->code, p, now) <= m->nr_bits + d->nr_bits)) {
			literals(w, p, now, counting);
		} else {
			now = counting ? now : m->len;
			match(w, m, d, now, counting);
		}
		p += now;
		len -= now;
	}
}

/* How many bytes from `p` on, up to `end`, are the same as `distance` before. */
SQ_INLINE size_t same(const uint8_t *p, const uint8_t *end, size_t distance)
{
	const uint8_t *from = p;

	for (; end - p >= 8; p += 8) {
		uint64_t differ = load64(p) ^ load64(p - distance);

		if (differ)
			return (size_t)(p - from) + (size_t)__builtin_ctzll(differ) / 8;
	}
	while (p < end && *p == p[-(ptrdiff_t)distance])
		p++;
	return (size_t)(p - from);
}

/*
 * Repetitions of the last one, two or three bytes, looked for at every fourth byte only: those that matter are long.
 * (A column of small numbers repeats one byte or takes turns between two; one of larger numbers has them of two bytes.)
 */
SQ_INLINE void walk_column(struct walk *w, const uint8_t *p, const uint8_t *end, bool counting)
{
	const struct distance distances[3] = { distance_of(w->code, 1), distance_of(w->code, 2),
					       distance_of(w->code, 3) };
	size_t first = end - p < 3 ? (size_t)(end - p) : 3;

	literals(w, p, first, counting);
	p += first;
	while (end - p >= 4) {
		uint32_t now = load32(p), one = load32(p - 1) ^ now, two = load32(p - 2) ^ now,
			 three = load32(p - 3) ^ now;

		if (one && two && three) {
			four_literals(w, p, counting);
			p += 4;
		} else {
			size_t distance = !one ? 1 : !two ? 2 : 3, len = same(p, end, distance);

			repeat(w, p, len, &distances[distance - 1], counting);
			p += len;
		}
	}
	literals(w, p, (size_t)(end - p), counting);
}

/* The bytes of which this and the next two are zero, by their highest bits. */
SQ_INLINE uint64_t three_zeros(uint64_t v)
{
	uint64_t low = 0x7f7f7f7f7f7f7f7f, zeros = ~(((v & low) + low) | v | low);

	return zeros & zeros >> 8 & zeros >> 16;
}

/* From `p` on, at least up to `stop` and at most to `end`. Returns how far it got. */
SQ_INLINE const uint8_t *walk_like(struct walk *w, const uint8_t *p, const uint8_t *stop, const uint8_t *end,
				   size_t distance, bool counting)
{
	struct distance d = distance_of(w->code, distance);

	while (!d.none && p < stop && end - p >= 8) {
		uint64_t same3 = three_zeros(load64(p) ^ load64(p - distance));
		size_t other = same3 ? (size_t)__builtin_ctzll(same3) / 8 : 6;

		if (other)
			literals(w, p, other, counting);
		p += other;
		if (same3) {
			size_t len = same(p, end, distance);

			repeat(w, p, len, &d, counting);
			p += len;
		}
	}
	if (p >= stop)
		return p;
	literals(w, p, (size_t)(stop - p), counting);
	return stop;
}

/* Where the record at `p` ends. */
SQ_INLINE const uint8_t *record_end(const uint8_t *p, const uint8_t *end)
{
	size_t len = 0;

	while (p < end && *p++ & 0x80)
		;
	for (unsigned shift = 0; p < end && shift < 32; shift += 7) {
		len |= (size_t)(*p & 0x7f) << shift;
		if (!(*p++ & 0x80))
			break;
	}
	return len < (size_t)(end - p) ? p + len : end;
}

/*
 * Each record is compared with the last one that is as long and has the same end, else with the one before it. A
 * stretch goes on into the next record, which mostly begins as the one after the other did.
 */
SQ_INLINE void walk_records(struct walk *w, const uint8_t *bytes, const uint8_t *end, bool counting)
{
	const uint8_t *at = bytes, *record = bytes, *last = bytes, *next;
	uint32_t seen[RECORD_SLOTS] = { 0 };

	for (; record < end; last = record, record = next) {
		const uint8_t *like = last;

		next = record_end(record, end);
		if (next - record >= 4) {
			uint32_t tail = load32(next - 4), len = (uint32_t)(next - record);
			uint32_t *slot = &seen[((tail + len) * 0x9e3779b1u) >> (32 - RECORD_BITS)];
			const uint8_t *other = bytes + *slot;

			if (other < record && record - other <= SQ_DISTANCE_MAX && load32(other + len - 4) == tail)
				like = other;
			*slot = (uint32_t)(record - bytes);
		}
		if (at < next)
			at = walk_like(w, at, next, end, (size_t)(record - like), counting);
	}
}

/* ---- blocks ---- */

/* The walks, each made twice. */

static __attribute__((noinline)) void count_column(struct walk *w, const struct sq_part *p)
{
	walk_column(w, p->bytes, p->bytes + p->n, true);
}

static __attribute__((noinline)) void count_records(struct walk *w, const struct sq_part *p)
{
	walk_records(w, p->bytes, p->bytes + p->n, true);
}

/* On a copy, which fits into registers. */
static __attribute__((noinline)) void put_column(struct walk *w, const struct sq_part *p)
{
	struct walk copy = *w;

	walk_column(&copy, p->bytes, p->bytes + p->n, false);
	*w = copy;
}

static __attribute__((noinline)) void put_records(struct walk *w, const struct sq_part *p)
{
	struct walk copy = *w;

	walk_records(&copy, p->bytes, p->bytes + p->n, false);
	*w = copy;
}

void sq_count(struct sq_counts *counts, const struct sq_code *guide, const struct sq_part *p)
{
	struct walk w = { .code = guide, .counts = counts };

	if (p->shape == SQUEEZE_COLUMN)
		count_column(&w, p);
	else
		count_records(&w, p);
}

static void put_header(struct sq_bits *b, const struct sq_code *c)
{
	for (unsigned at = 0; at < c->header_bits; at += 32) {
		unsigned n = c->header_bits - at < 32 ? c->header_bits - at : 32;

		sq_bits_add(b, load32(c->header + at / 8), n);
		sq_bits_flush(b);
	}
}

/* Writes the block. Returns its bits, or SIZE_MAX if the code cannot do it: then it has to be written anew. */
size_t sq_put_coded(struct sq_bits *b, const struct sq_code *c, const struct sq_part *p)
{
	struct walk w = { .b = p->start, .code = c };

	put_header(&w.b, c);
	if (p->shape == SQUEEZE_COLUMN)
		put_column(&w, p);
	else
		put_records(&w, p);
	sq_bits_add(&w.b, c->end & 0xffff, c->end >> 16);
	sq_bits_flush(&w.b);
	*b = w.b;
	if (w.met & SQ_NO_CODE)
		return SIZE_MAX;
	return (size_t)(w.b.at - p->start.at) * 8 + w.b.n - p->start.n;
}

size_t sq_stored_bits(const struct sq_part *p)
{
	return p->n * 8 + 10 + 32 + (p->n - 1) / STORED_MAX * 40;
}

void sq_put_stored(struct sq_bits *b, const struct sq_part *p)
{
	size_t n;

	*b = p->start;
	for (size_t at = 0; at < p->n; at += n) {
		n = p->n - at < STORED_MAX ? p->n - at : STORED_MAX;
		sq_bits_add(b, 0, 3);
		sq_bits_align(b);
		sq_bits_add(b, n | (~n & 0xffff) << 16, 32);
		sq_bits_flush(b);
		memcpy(b->at, p->bytes + at, n);
		b->at += n;
	}
}
