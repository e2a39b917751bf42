/* SPDX-License-Identifier: GPL-2.0-only */
/* test_theory_cores.c - what the workloads about sharing work out over workers and CPUs predict and refuse. */
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

TEST_MAIN
