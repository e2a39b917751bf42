/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_analysis_levels.c - how many sets there are at a time against a row of numbers, one for each instant.
 */
#include "analysis/levels.h"
#include "unit/soup.h"
#include "unit/test.h"

#define SHIFT 8
#define INSTANTS (1u << SHIFT)
#define SETS 5
#define ROUNDS 3000

struct row {
	unsigned char at[INSTANTS];
};

/* A set somewhere from `base` on, not always up to the end; counted up in *row. */
static void roll_set(struct dice *d, struct intervals *s, uint64_t base, struct row *row)
{
	uint32_t n = roll(d, 12);

	s->n = 0;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t from = roll(d, INSTANTS), to = from + 1 + roll(d, roll(d, 5) ? 9 : INSTANTS);

		intervals_add(s, base + from, base + (to < INSTANTS ? to : INSTANTS));
	}
	intervals_settle(s);
	for (size_t i = 0; i < s->n; i++)
		for (uint64_t t = s->v[i].from_ns; t < s->v[i].to_ns; t++)
			row->at[t - base]++;
}

static void check_levels(const struct levels *l, uint64_t base, const struct row *row)
{
	struct row got = { 0 };
	uint64_t ns = 0;

	for (size_t i = 0; i < l->n; i++) {
		CHECK(l->v[i].from_ns < l->v[i].to_ns && l->v[i].nr);
		CHECK(i == 0 || l->v[i].from_ns >= l->v[i - 1].to_ns);
		for (uint64_t t = l->v[i].from_ns; t < l->v[i].to_ns; t++)
			got.at[t - base] = (unsigned char)l->v[i].nr;
	}
	for (unsigned i = 0; i < INSTANTS; i++) {
		CHECK_U64(got.at[i], row->at[i]);
		ns += row->at[i];
	}
	CHECK_U64(levels_total(l), ns);
}

TEST(sets_are_counted_and_cut_by_others)
{
	struct intervals sets[SETS] = { 0 }, cut = { 0 };
	struct levels l = { 0 }, spare = { 0 };
	struct levels_scratch scratch = { 0 };
	struct dice d = { 1 };

	for (int round = 0; round < ROUNDS; round++) {
		uint64_t base = round % 3 ? roll(&d, 1000) : UINT64_MAX - INSTANTS;
		struct row row = { 0 };

		for (int s = 0; s < SETS; s++)
			roll_set(&d, &sets[s], base, &row);
		levels_make(&l, sets, SETS, base, SHIFT, &scratch);
		check_levels(&l, base, &row);
		for (int k = 0; k < 2; k++) {
			struct row by = { 0 };
			uint64_t ns = 0;

			roll_set(&d, &cut, base, &by);
			for (unsigned i = 0; i < INSTANTS; i++) {
				ns += by.at[i] ? row.at[i] : 0;
				row.at[i] = by.at[i] ? 0 : row.at[i];
			}
			CHECK_U64(levels_cut(&l, &cut, &spare), ns);
			check_levels(&l, base, &row);
		}
	}
	for (int s = 0; s < SETS; s++)
		intervals_release(&sets[s]);
	intervals_release(&cut);
	levels_release(&l);
	levels_release(&spare);
	levels_scratch_release(&scratch);
}

/* Pieces of time may be as long as half of all that there is. */
TEST(of_any_length)
{
	for (unsigned shift = 0; shift < 64; shift++) {
		uint64_t end = UINT64_C(1) << shift;
		struct interval v[2] = { { 0, end }, { end / 2, end } };
		struct intervals set = { v, 2, 2 };
		struct levels l = { 0 };
		struct levels_scratch scratch = { 0 };

		levels_make(&l, &set, 1, 0, shift, &scratch);
		CHECK_U64(levels_total(&l), end + (end - end / 2));
		levels_release(&l);
		levels_scratch_release(&scratch);
	}
}

TEST_MAIN
