/* SPDX-License-Identifier: GPL-2.0-only */
/* test_theory_sharing.c - what steal and amdahl, which share work out, predict and refuse. */
#include "workload_try.h"

#define MS NSEC_PER_MSEC
#define US NSEC_PER_USEC

/* Lengths of 12 items fall evenly from 270 ms to 30 ms, 1.8 s in all; measured 743, 482 and 483 to 519 ms. */
static const struct prediction stealing[] = {
	{ "steal", "--sched static", "the longest of 4 shares: 742.5 ms, evenly 450 ms", 742500 * US, 742500 * US },
	{ "steal", "--sched central", "one queue for 4 workers: 481.5 ms", 481500 * US, 481500 * US },
	/* Graham's bound: 450 ms + 270 ms x 3/4 */
	{ "steal", "", "nobody idle while items wait, 4 workers: 450 ms to 652.5 ms", 450 * MS, 652500 * US },
	/* equal items need no thief */
	{ "steal", "--sched static --skew 0", "the longest of 4 shares: 450 ms, evenly 450 ms", 450 * MS, 450 * MS },
	{ "steal", "--sched static --skew 0 -n 5 -w 4", "the longest of 4 shares: 300 ms, evenly 187.5 ms", 300 * MS,
	  300 * MS },
	{ "steal", "-w 1", "nobody idle while items wait, 1 worker: 1.8 s", 1800 * MS, 1800 * MS },
};

TEST(steal_predicts)
{
	check_predictions(stealing, sizeof(stealing) / sizeof(stealing[0]));
}

TEST(steal_refuses)
{
	static const struct refusal bad[] = {
		{ "steal", "--sched fair", "fair" },	     { "steal", "-w 4 -n 3", "raise --tasks" },
		{ "steal", "--skew 101", "--skew" },	     { "steal", "--workers 17", "--workers" },
		{ "steal", "--work 1ms --cpus 0", "fewer" }, { "steal", "--work 1ms --cpus 0 -w 1", NULL },
	};

	check_refusals(bad, sizeof(bad) / sizeof(bad[0]));
}

/* Measured with two workers on two CPUs: 627 to 629 ms, 1.57 to 1.60 times as fast. */
TEST(amdahl_predicts_by_the_cpus_there_are)
{
	static const struct {
		const char *options, *text;
		uint32_t nr_cpus;
		bool cannot;
	} rows[] = {
		{ "", "1/(0.25 + 0.75/2) = 1.60 times as fast: 1 s of work in 625 ms", 2, false },
		{ "-w 8", "1/(0.25 + 0.75/8) = 2.91 times as fast: 1 s of work in 343.75 ms", 8, false },
		{ "-w 8", "1/(0.25 + 0.75/2) = 1.60 times as fast: 1 s of work in 625 ms", 2, false },
		{ "--serial 0", "1/(0.00 + 1.00/2) = 2.00 times as fast: 1 s of work in 500 ms", 4, false },
		{ "--serial 100", "1/(1.00 + 0.00/2) = 1.00 times as fast: 1 s of work in 1 s", 4, false },
		{ "", "1/(0.25 + 0.75/1) = 1.00 times as fast: 1 s of work in 1 s", 1, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tried t = try_options("amdahl", rows[i].options);
		struct facts f = { 0 };
		struct buf why = { 0 };

		t.cfg->nr_cpus = rows[i].nr_cpus;
		t.w->predict(t.cfg, &f);
		CHECK_STR(facts_get(&f, "theory.text"), rows[i].text);
		CHECK(t.w->cannot(t.cfg, &why) == rows[i].cannot);
		buf_release(&why);
		facts_release(&f);
		try_release(&t);
	}
}

TEST(amdahl_refuses)
{
	static const struct refusal bad[] = {
		{ "amdahl", "--serial 101", "--serial" },     { "amdahl", "--rounds 100", "fewer --rounds" },
		{ "amdahl", "--policy fifo:1", "real time" }, { "amdahl", "--workers 65", "--workers" },
		{ "amdahl", "--work 10ms", "raise --work" },  { "amdahl", "--work 20ms --rounds 1", NULL },
	};

	check_refusals(bad, sizeof(bad) / sizeof(bad[0]));
}

TEST_MAIN
