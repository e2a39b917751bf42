/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_analysis_report.c - claims, doubts and the verdict that follows from them.
 */
#include "analysis/report.h"
#include "unit/test.h"

static enum verdict verdict(bool holds, const char *doubt, const char *cannot)
{
	struct report r = { 0 };
	enum verdict v;

	report_count(&r, holds ? 3 : 4, 3, 3, "things");
	report_tell(&r, UNIT_NS, 17, "told");
	if (doubt)
		report_doubt(&r, "%s", doubt);
	if (cannot)
		report_cannot(&r, "%s", cannot);
	v = report_verdict(&r);
	report_release(&r);
	return v;
}

TEST(what_holds_is_as_predicted_whatever_was_doubted)
{
	CHECK_U64(verdict(true, NULL, NULL), VERDICT_AS_PREDICTED);
	CHECK_U64(verdict(true, "others", NULL), VERDICT_AS_PREDICTED);
	CHECK_U64(verdict(true, NULL, "one CPU"), VERDICT_NOT_JUDGED);
}

TEST(what_does_not_hold_is_excused_by_a_doubt_alone)
{
	CHECK_U64(verdict(false, NULL, NULL), VERDICT_NOT_AS_PREDICTED);
	CHECK_U64(verdict(false, "others", NULL), VERDICT_NOT_JUDGED);
	CHECK_U64(verdict(false, NULL, "one CPU"), VERDICT_NOT_JUDGED);
}

TEST(a_report_that_claims_nothing_is_not_judged)
{
	struct report r = { 0 };

	CHECK_U64(report_verdict(&r), VERDICT_NOT_JUDGED);
	report_tell(&r, UNIT_COUNT, 1, "told");
	CHECK_U64(report_verdict(&r), VERDICT_NOT_JUDGED);
	report_release(&r);
}

TEST(the_clock_is_held_to_5_ms_or_3_percent)
{
	static const struct {
		uint64_t got_ms, min_ms, max_ms;
		bool holds;
	} rows[] = {
		{ 104, 100, 100, true }, { 106, 100, 100, false }, { 95, 100, 100, true }, { 94, 100, 100, false },
		{ 4119, 4000, 4000, true }, { 4121, 4000, 4000, false }, { 3881, 4000, 4000, true },
		{ 150, 100, 200, true }, { 4, 0, 0, true }, { 6, 0, 0, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct report r = { 0 };

		report_wall(&r, rows[i].got_ms * 1000000, rows[i].min_ms * 1000000, rows[i].max_ms * 1000000, "wall");
		if (r.findings.v[0].holds != rows[i].holds)
			TEST_FAIL("row %zu", i);
		report_release(&r);
	}
}

TEST(shares_and_ratios_are_numbers)
{
	struct report r = { 0 };

	report_share(&r, 1, 4, 0.24, 0.26, "share");
	report_ratio(&r, 500, 200, 2.4, 2.6, "ratio");
	report_share(&r, 1, 0, 0.1, 1.0, "of nothing");
	report_share(&r, 0, 4, -0.1, 0.1, "below zero");
	CHECK_U64(r.findings.v[0].got, 250000);
	CHECK_U64(r.findings.v[0].min, 240000);
	CHECK_U64(r.findings.v[1].got, 2500);
	CHECK_U64(r.findings.v[1].max, 2600);
	CHECK(!r.findings.v[2].holds);
	CHECK_U64(r.findings.v[3].min, 0);
	CHECK_STR(report_failed(&r)->what, "of nothing");
	report_release(&r);
}

TEST_MAIN
