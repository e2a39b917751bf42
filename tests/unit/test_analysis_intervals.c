/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_analysis_intervals.c - sets of instants against a row of bits, one for each instant.
 */
#include "analysis/buckets.h"
#include "unit/soup.h"
#include "unit/test.h"

#define INSTANTS 200u
#define ROUNDS 3000

struct bits {
	unsigned char at[INSTANTS];
};

static struct interval roll_one(struct dice *d)
{
	uint64_t a = roll(d, INSTANTS), n = roll(d, 4) ? roll(d, 9) : roll(d, INSTANTS);

	return (struct interval){ a, a + n < INSTANTS ? a + n : INSTANTS };
}

/* How often each instant is covered. */
static void cover(struct bits *b, struct interval x)
{
	for (uint64_t i = x.from_ns; i < x.to_ns; i++)
		b->at[i]++;
}

static void roll_heap(struct dice *d, struct intervals *s, struct bits *b)
{
	uint32_t n = roll(d, 40);

	memset(b, 0, sizeof(*b));
	for (uint32_t i = 0; i < n; i++) {
		struct interval x = roll_one(d);

		intervals_add(s, x.from_ns, x.to_ns);
		cover(b, x);
	}
}

/* A set: ascending, not touching, and of those instants that are covered at least `times`. */
static void check_set(const struct intervals *s, const struct bits *b, unsigned times)
{
	struct bits got = { 0 };

	for (size_t i = 0; i < s->n; i++) {
		CHECK(s->v[i].from_ns < s->v[i].to_ns);
		CHECK(i == 0 || s->v[i].from_ns > s->v[i - 1].to_ns);
		cover(&got, s->v[i]);
	}
	for (unsigned i = 0; i < INSTANTS; i++)
		CHECK_U64(got.at[i], b->at[i] >= times);
}

TEST(a_heap_becomes_a_set)
{
	struct dice d = { 1 };

	for (int round = 0; round < ROUNDS; round++) {
		struct intervals s = { 0 }, twice = { 0 };
		struct bits b;
		uint64_t ns = 0;

		roll_heap(&d, &s, &b);
		if (round % 2)
			intervals_settle(&s);
		else
			intervals_settle_twice(&s, &twice);
		check_set(&s, &b, 1);
		if (round % 2 == 0)
			check_set(&twice, &b, 2);
		for (unsigned i = 0; i < INSTANTS; i++)
			ns += b.at[i] != 0;
		CHECK_U64(intervals_total(&s), ns);
		intervals_release(&s);
		intervals_release(&twice);
	}
}

/* Far more than one bucket, and most of them in one. */
TEST(many_are_sorted_wherever_they_are)
{
	struct dice d = { 2 };

	for (int round = 0; round < 20; round++) {
		struct intervals s = { 0 };

		for (int i = 0; i < 5000; i++) {
			uint64_t at = roll(&d, 10) || round % 2 ? 1000000 + roll(&d, 3000) : roll(&d, UINT32_MAX);

			intervals_add(&s, at, at + 1 + roll(&d, 2));
		}
		intervals_settle(&s);
		for (size_t i = 1; i < s.n; i++)
			CHECK(s.v[i].from_ns > s.v[i - 1].to_ns);
		intervals_release(&s);
	}
}

static int by_end(const void *a, const void *b)
{
	const struct interval *x = a, *y = b;

	return (x->to_ns > y->to_ns) - (x->to_ns < y->to_ns);
}

TEST(what_comes_by_its_ends_is_a_set_at_once)
{
	struct dice d = { 3 };

	for (int round = 0; round < ROUNDS; round++) {
		struct intervals heap = { 0 }, s = { 0 };
		struct bits b;

		roll_heap(&d, &heap, &b);
		if (heap.n)
			qsort(heap.v, heap.n, sizeof(*heap.v), by_end);
		intervals_add(&s, 7, 9); /* what is before the base stays as it is */
		for (size_t i = 0; i < heap.n; i++)
			intervals_add_ending(&s, 1, heap.v[i].from_ns, heap.v[i].to_ns);
		CHECK_U64(s.v[0].to_ns, 9);
		s.v++;
		s.n--;
		check_set(&s, &b, 1);
		s.v--;
		intervals_release(&s);
		intervals_release(&heap);
	}
}

TEST(a_set_is_cut_by_another)
{
	struct dice d = { 4 };
	struct intervals spare = { 0 };

	for (int round = 0; round < ROUNDS; round++) {
		struct intervals a = { 0 }, b = { 0 }, both = { 0 };
		struct bits in_a, in_b, left = { 0 }, common = { 0 };
		uint64_t taken = 0;

		roll_heap(&d, &a, &in_a);
		roll_heap(&d, &b, &in_b);
		intervals_settle(&a);
		intervals_settle(&b);
		for (unsigned i = 0; i < INSTANTS; i++) {
			left.at[i] = in_a.at[i] && !in_b.at[i];
			common.at[i] = in_a.at[i] && in_b.at[i];
			taken += common.at[i];
		}
		intervals_common(&a, &b, &both);
		intervals_settle(&both);
		check_set(&both, &common, 1);
		CHECK_U64(intervals_cut(&a, &b, &spare), taken);
		check_set(&a, &left, 1);
		intervals_release(&a);
		intervals_release(&b);
		intervals_release(&both);
	}
	intervals_release(&spare);
}

TEST(a_set_is_sliced_piece_by_piece)
{
	struct dice d = { 5 };

	for (int round = 0; round < ROUNDS; round++) {
		struct intervals s = { 0 }, out = { 0 };
		struct bits b;
		uint64_t step = 1 + roll(&d, 50);
		size_t at = 0;

		roll_heap(&d, &s, &b);
		intervals_settle(&s);
		for (uint64_t from = 0; from < INSTANTS; from += step)
			intervals_slice(&s, &at, from, from + step < INSTANTS ? from + step : INSTANTS, &out);
		intervals_settle(&out);
		check_set(&out, &b, 1);
		intervals_release(&s);
		intervals_release(&out);
	}
}

TEST(a_coverage_is_what_lies_between)
{
	struct dice d = { 6 };

	for (int round = 0; round < ROUNDS; round++) {
		struct intervals s = { 0 };
		struct coverage c;
		struct bits b;

		roll_heap(&d, &s, &b);
		intervals_settle(&s);
		coverage_make(&c, &s);
		for (int i = 0; i < 20; i++) {
			struct interval x = roll_one(&d);
			uint64_t ns = 0;

			for (uint64_t k = x.from_ns; k < x.to_ns; k++)
				ns += b.at[k] != 0;
			CHECK_U64(coverage_ns(&c, x.from_ns, x.to_ns), ns);
		}
		CHECK_U64(coverage_before(&c, UINT64_MAX), intervals_total(&c.set));
		coverage_release(&c);
	}
}

TEST(buckets_give_back_what_was_put_in)
{
	struct dice d = { 7 };

	for (int round = 0; round < ROUNDS; round++) {
		struct window w = { 20 + roll(&d, 50), 100 + roll(&d, INSTANTS - 100) };
		struct buckets b, whole;
		struct intervals all = { 0 }, piece = { 0 };
		struct bits in = { 0 };
		uint32_t n = roll(&d, 30);

		buckets_init(&b, w, roll(&d, 9));
		buckets_init(&whole, w, b.shift);
		for (uint32_t i = 0; i < n; i++) {
			struct interval x = roll_one(&d);

			cover(&in, x);
			buckets_add(&b, x.from_ns, x.to_ns);
			buckets_add_whole(&whole, x.from_ns, x.to_ns);
		}
		buckets_finish(&b);
		buckets_finish(&whole);
		for (size_t p = 0; p < b.nr; p++) {
			struct window at = buckets_piece(&b, p);

			CHECK(at.from_ns < at.to_ns && at.from_ns >= w.from_ns && at.to_ns <= w.to_ns);
			CHECK_U64(at.to_ns, p + 1 < b.nr ? buckets_piece(&b, p + 1).from_ns : w.to_ns);
			buckets_read(&b, p, &piece);
			for (size_t i = 0; i < piece.n; i++)
				intervals_add(&all, piece.v[i].from_ns, piece.v[i].to_ns);
			if (whole.v[p].covers)
				CHECK_U64(intervals_total(&piece), at.to_ns - at.from_ns);
		}
		for (unsigned i = 0; i < INSTANTS; i++)
			in.at[i] = in.at[i] && i >= w.from_ns && i < w.to_ns;
		intervals_settle(&all);
		check_set(&all, &in, 1);
		buckets_release(&b);
		buckets_release(&whole);
		intervals_release(&all);
		intervals_release(&piece);
	}
}

/* Pieces of more than 2^32 ns, and of all the time there is. */
TEST(buckets_of_any_window_keep_every_bit)
{
	for (unsigned shift = 31; shift < 64; shift++) {
		struct window w = { 1, UINT64_MAX };
		struct history h = { .window = w };
		struct buckets b;
		struct intervals piece = { 0 };
		uint64_t ns = 0;

		CHECK_U64(buckets_shift(&h), 63);
		w.to_ns = shift > 58 ? UINT64_MAX : UINT64_C(31) << shift;
		buckets_init(&b, w, shift);
		CHECK(b.nr <= 32);
		buckets_add(&b, 0, 2);
		buckets_add(&b, 12345678901, w.to_ns / 2 + 1);
		buckets_add(&b, w.to_ns / 4, w.to_ns - 3);
		buckets_add(&b, w.to_ns - 1, UINT64_MAX);
		buckets_finish(&b);
		for (size_t p = 0; p < b.nr; p++) {
			buckets_read(&b, p, &piece);
			ns += intervals_total(&piece);
		}
		CHECK_U64(ns, 1 + (w.to_ns - 3 - 12345678901) + 1);
		buckets_release(&b);
		buckets_init(&b, w, shift);
		buckets_add_whole(&b, 0, UINT64_MAX);
		buckets_finish(&b);
		for (size_t p = 0; p < b.nr; p++)
			CHECK_U64((uint64_t)b.v[p].covers, 1);
		buckets_release(&b);
		intervals_release(&piece);
	}
}

TEST_MAIN
