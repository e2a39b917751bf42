/* SPDX-License-Identifier: GPL-2.0-only */
/* test_theory_pools.c - what the workloads about pools and queues predict, and what they refuse. */
#include "workload_try.h"

#define MS NSEC_PER_MSEC
#define S NSEC_PER_SEC

/* 100 items of 0.1 s in Python's chunks: 15 of 7 on 4 workers took 2.8 s, one by one 2.5 s. */
static const struct prediction rows[] = {
	{ "chunk", "", "15 chunks of 7 on 4 workers: 2.8 s, not 2.5 s", 2800 * MS, 2800 * MS },
	{ "chunk", "--chunk 1", "100 chunks of 1 on 4 workers: 2.5 s, not 2.5 s", 2500 * MS, 2500 * MS },
	{ "chunk", "--chunk 100", "1 chunk of 100 on 4 workers: 10 s, not 2.5 s", 10 * S, 10 * S },
	{ "chunk", "--shape one-giant --chunk 1", "100 chunks of 1 on 4 workers: 3.4 s, not 2.725 s", 3400 * MS,
	  3400 * MS },
	{ "chunk", "-n 8 -w 2 --sleep 9ms --shape linear --chunk 2", "4 chunks of 2 on 2 workers: 44 ms, not 36 ms",
	  44 * MS, 44 * MS },
	{ "chunk", "--quick", "15 chunks of 7 on 4 workers: 280 ms, not 250 ms", 280 * MS, 280 * MS },
	{ "queue", "--seed 0", "the writer's sleeps: 1 s + 1 s + 1 s = 3 s", 3 * S, 3 * S },
	{ "queue", "--seed 0 -n 6 --sleep 10ms", "the writer's sleeps: 10 ms + 10 ms + 10 ms + 10 ms + ... = 60 ms",
	  60 * MS, 60 * MS },
	{ "queue", "--feeder --seed 0 --scale 0.5", "the writer's sleeps: 500 ms + 500 ms + 500 ms = 1.5 s", 1500 * MS,
	  1500 * MS },
};

TEST(pools_and_queues_predict)
{
	check_predictions(rows, sizeof(rows) / sizeof(rows[0]));
}

TEST(a_queue_varies_its_sleeps_by_default)
{
	struct tried t = try_options("queue", "");
	struct facts f = { 0 };
	uint64_t ns;

	CHECK(t.ret == 0);
	t.w->predict(t.cfg, &f);
	ns = facts_u64(&f, "theory.wall_min_ns", 0);
	CHECK(ns >= 1500 * MS && ns <= 4500 * MS && ns != 3 * S);
	facts_release(&f);
	try_release(&t);
}

TEST(bad_knobs_are_refused)
{
	static const struct refusal bad[] = {
		{ "chunk", "--chunk 0", "--chunk" },	 { "chunk", "--shape round", "'round'" },
		{ "chunk", "--workers 0", "--workers" }, { "queue", "--sleep 1us", "--sleep" },
		{ "queue", "--scale 0.001", "--scale" }, { "queue", "--tasks 0", "--tasks" },
		{ "queue", "--feeder=yes", "--feeder" }, { "queue", "--workers 3", "'--workers'" },
	};

	check_refusals(bad, sizeof(bad) / sizeof(bad[0]));
}

TEST_MAIN
