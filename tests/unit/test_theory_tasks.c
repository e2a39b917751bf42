/* SPDX-License-Identifier: GPL-2.0-only */
/* test_theory_tasks.c - what procs, threads, create and crash predict and refuse. */
#include "workload_try.h"
#include "workloads/theory.h"

#define MS NSEC_PER_MSEC
#define S NSEC_PER_SEC

static const struct prediction predictions[] = {
	{ "procs", "", "2 s + 1 start of 5 ms = 2.005 s", 2005 * MS, 2005 * MS },
	{ "procs", "-n 1", "2 s", 2 * S, 2 * S },
	{ "procs", "-n 4 --quick", "200 ms + 3 starts of 5 ms = 215 ms", 215 * MS, 215 * MS },
	{ "procs", "--cpus 0 -n 4 --sleep 0 --work 50ms", "4 tasks that compute on 1 CPU: 200 ms to 265 ms", 200 * MS,
	  265 * MS },
	{ "procs", "--no-join", "0 s: 2 forks and no wait, below 2 ms", 0, 2 * MS },
	{ "procs", "--no-join -n 1 --quick", "0 s: 1 fork and no wait, below 1 ms", 0, 1 * MS },
	{ "threads", "", "2 s + 1 start of 5 ms = 2.005 s", 2005 * MS, 2005 * MS },
	{ "threads", "--cpus 0 -n 1 --work 1s", "3 s", 3 * S, 3 * S },
	{ "create", "", "thread, vfork < fork; fork = a + b x MiB touched, of 1, 64, 512", 0, 0 },
	{ "create", "--quick", "thread, vfork < fork; fork = a + b x MiB touched, of 1, 32, 64", 0, 0 },
	{ "create", "--quick --memory 32M", "thread, vfork < fork; fork = a + b x MiB touched, of 1, 16, 32", 0, 0 },
	{ "crash", "", "one of 4 processes crashes, it alone dies: 3 survive", 0, 0 },
	{ "crash", "--threads -n 7", "one of 7 threads crashes, its process dies: 0 survive", 0, 0 },
};

TEST(predictions_are_these)
{
	check_predictions(predictions, sizeof(predictions) / sizeof(predictions[0]));
}

static struct theory_range wall_of(const char *name, const char *options)
{
	struct tried t = try_options(name, options);
	struct facts facts = { 0 };
	struct theory_range r;

	CHECK(t.ret == 0);
	t.w->predict(t.cfg, &facts);
	r.min_ns = facts_u64(&facts, "theory.wall_min_ns", 0);
	r.max_ns = facts_u64(&facts, "theory.wall_max_ns", 0);
	facts_release(&facts);
	try_release(&t);
	return r;
}

/* The published times: two processes of 2 s took 2.0054 s, two threads 2.0010 s. */
TEST(published_times_are_within_reach_of_theory)
{
	static const struct {
		const char *name, *options;
		uint64_t measured_ms;
	} rows[] = {
		{ "procs", "", 2005 },
		{ "threads", "", 2001 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct theory_range r = wall_of(rows[i].name, rows[i].options);
		uint64_t ns = rows[i].measured_ms * MS;

		if (ns + report_slack_ns(ns) < r.min_ns || ns > r.max_ns + 8 * MS) /* Python's own start is in them */
			TEST_FAIL("%s %s took %llu ms", rows[i].name, rows[i].options,
				  (unsigned long long)rows[i].measured_ms);
	}
}

TEST(bad_configurations_are_refused_in_one_sentence)
{
	static const struct refusal rows[] = {
		{ "procs", "--tasks 0", "--tasks" },
		{ "procs", "--tasks 201", "--tasks" },
		{ "procs", "--sleep 2h", "--sleep" },
		{ "procs", "--join", "--join" },
		{ "procs", "--no-join --tasks 200", NULL },
		{ "threads", "--tasks 201", "--tasks" },
		{ "threads", "--no-join", "--no-join" },
		{ "create", "--memory 1M", "--memory" },
		{ "create", "--memory 1T", "--memory" },
		{ "create", "--tasks 2", "--tasks" },
		{ "crash", "--tasks 1", "--tasks" },
		{ "crash", "--tasks 101", "--tasks" },
		{ "crash", "--sleep 0", "--sleep" },
		{ "crash", "--procs --tasks 2", NULL },
	};

	check_refusals(rows, sizeof(rows) / sizeof(rows[0]));
}

TEST_MAIN
