/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * buckets.c - cut stretches at the borders of pieces, count those that cover one.
 */
#include "analysis/buckets.h"

#include <stdlib.h>
#include "base/alloc.h"

#define PIECE_SPANS 1024 /* of 16 bytes, and what is made of them: fits into any level-1 or level-2 cache */
#define SHIFT_NARROW 31	 /* up to here the ends of a part are 32-bit numbers; a window of years has longer pieces */
#define SHIFT_MOST 63

unsigned buckets_shift(const struct history *h)
{
	uint64_t wall_ns = h->window.to_ns - h->window.from_ns, pieces = 1;
	unsigned shift = 0;

	for (uint32_t cpu = 0; cpu < h->nr_cpus; cpu++)
		pieces += h->cpus[cpu].v.n / PIECE_SPANS;
	while (wall_ns >> shift > pieces && shift < SHIFT_MOST)
		shift++;
	return shift;
}

void buckets_init(struct buckets *b, struct window w, unsigned shift)
{
	*b = (struct buckets){ .window = w, .shift = shift };
	b->nr = (size_t)((w.to_ns - w.from_ns - 1) >> shift) + 1;
	b->v = xcalloc(b->nr + 1, sizeof(*b->v));
}

struct window buckets_piece(const struct buckets *b, size_t piece)
{
	uint64_t from_ns = b->window.from_ns + ((uint64_t)piece << b->shift), ns = UINT64_C(1) << b->shift;

	return (struct window){ from_ns, b->window.to_ns - from_ns > ns ? from_ns + ns : b->window.to_ns };
}

static void add_part(struct buckets *b, size_t piece, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t base_ns = b->window.from_ns + ((uint64_t)piece << b->shift);

	if (from_ns >= to_ns)
		return;
	from_ns -= base_ns;
	to_ns -= base_ns;
	*vec_push(&b->v[piece].v) = (struct bucket_part){ (uint32_t)from_ns, (uint32_t)to_ns };
	if (b->shift > SHIFT_NARROW)
		*vec_push(&b->v[piece].v) = (struct bucket_part){ (uint32_t)(from_ns >> 32), (uint32_t)(to_ns >> 32) };
}

void buckets_add_whole(struct buckets *b, uint64_t from_ns, uint64_t to_ns)
{
	struct window w = b->window;
	size_t first, end;

	from_ns = from_ns > w.from_ns ? from_ns : w.from_ns;
	first = from_ns > w.from_ns ? (size_t)((from_ns - w.from_ns - 1) >> b->shift) + 1 : 0;
	end = to_ns >= w.to_ns ? b->nr : (size_t)((to_ns - w.from_ns) >> b->shift);
	if (to_ns > w.from_ns && first < end) {
		b->v[first].covers++;
		b->v[end].covers--;
	}
}

void buckets_add(struct buckets *b, uint64_t from_ns, uint64_t to_ns)
{
	struct window w = b->window;
	size_t first, last;

	from_ns = from_ns > w.from_ns ? from_ns : w.from_ns;
	to_ns = to_ns < w.to_ns ? to_ns : w.to_ns;
	if (from_ns >= to_ns)
		return;
	first = (size_t)((from_ns - w.from_ns) >> b->shift);
	last = (size_t)((to_ns - 1 - w.from_ns) >> b->shift);
	if (first == last) {
		add_part(b, first, from_ns, to_ns);
		return;
	}
	add_part(b, first, from_ns, buckets_piece(b, first).to_ns);
	add_part(b, last, buckets_piece(b, last).from_ns, to_ns);
	b->v[first + 1].covers++;
	b->v[last].covers--;
}

void buckets_finish(struct buckets *b)
{
	for (size_t i = 1; i < b->nr; i++)
		b->v[i].covers += b->v[i - 1].covers;
}

void buckets_read(const struct buckets *b, size_t piece, struct intervals *out)
{
	struct window w = buckets_piece(b, piece);
	const struct bucket *from = &b->v[piece];

	out->n = 0;
	if (from->covers) {
		intervals_add(out, w.from_ns, w.to_ns);
		return;
	}
	for (size_t i = 0; i < from->v.n; i++) {
		struct bucket_part low = from->v.v[i], high = { 0 };

		if (b->shift > SHIFT_NARROW)
			high = from->v.v[++i];
		intervals_add(out, w.from_ns + ((uint64_t)high.from << 32 | low.from),
			      w.from_ns + ((uint64_t)high.to << 32 | low.to));
	}
	intervals_settle(out);
}

void buckets_release(struct buckets *b)
{
	for (size_t i = 0; i < b->nr; i++)
		vec_release(&b->v[i].v);
	free(b->v);
	*b = (struct buckets){ 0 };
}
