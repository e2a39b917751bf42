/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_analysis_hist.c - percentiles: exact while few, never too low and at most 1/32 too high when many.
 */
#include "analysis/hist.h"
#include "unit/test.h"

TEST(an_empty_one_is_zero)
{
	struct hist h = { 0 };

	CHECK_U64(hist_mean(&h), 0);
	CHECK_U64(hist_percentile(&h, 950), 0);
}

TEST(few_samples_are_exact)
{
	struct hist h = { 0 };

	for (uint64_t i = 100; i >= 1; i--)
		hist_add(&h, i * 1000);
	CHECK_U64(hist_percentile(&h, 0), 1000);
	CHECK_U64(hist_percentile(&h, 500), 50000);
	CHECK_U64(hist_percentile(&h, 950), 95000);
	CHECK_U64(hist_percentile(&h, 1000), 100000);
	CHECK_U64(hist_mean(&h), 50500);
	CHECK_U64(h.min_ns, 1000);
	CHECK_U64(h.max_ns, 100000);
	hist_release(&h);
}

TEST(many_samples_are_close)
{
	struct hist h = { 0 };
	uint64_t n = 10 * HIST_EXACT;

	for (uint64_t i = 1; i <= n; i++)
		hist_add(&h, i * i * i);
	for (unsigned p = 1; p <= 1000; p++) {
		uint64_t rank = (n * p + 999) / 1000, want = rank * rank * rank, got = hist_percentile(&h, p);

		CHECK(got >= want);
		CHECK(got - want <= want / 32);
	}
	CHECK_U64(hist_percentile(&h, 1000), n * n * n);
	hist_release(&h);
}

TEST(the_largest_duration_has_a_bucket)
{
	struct hist h = { 0 };

	for (int i = 0; i < 2 * HIST_EXACT; i++)
		hist_add(&h, i % 2 ? UINT64_MAX : 0);
	CHECK_U64(hist_percentile(&h, 500), 0);
	CHECK_U64(hist_percentile(&h, 501), UINT64_MAX);
	CHECK_U64(hist_mean(&h), UINT64_MAX / 2);
	hist_release(&h);
}

TEST(merging_is_adding)
{
	static const uint64_t sizes[] = { 0, 3, HIST_EXACT, HIST_EXACT + 1, 1000 };

	for (size_t i = 0; i < 25; i++) {
		struct hist a = { 0 }, b = { 0 }, both = { 0 };

		for (uint64_t k = 0; k < sizes[i / 5]; k++)
			hist_add(&a, k * 777), hist_add(&both, k * 777);
		for (uint64_t k = 0; k < sizes[i % 5]; k++)
			hist_add(&b, k * k + 5), hist_add(&both, k * k + 5);
		hist_merge(&a, &b);
		CHECK_U64(a.n, both.n);
		CHECK_U64(a.min_ns, both.min_ns);
		CHECK_U64(a.max_ns, both.max_ns);
		CHECK_U64(hist_mean(&a), hist_mean(&both));
		for (unsigned p = 0; p <= 1000; p += 50)
			CHECK_U64(hist_percentile(&a, p), hist_percentile(&both, p));
		hist_release(&a);
		hist_release(&b);
		hist_release(&both);
	}
}

TEST_MAIN
