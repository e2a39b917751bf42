/* SPDX-License-Identifier: GPL-2.0-only */
/* test_theory_contention.c - what the workloads about fighting for a counter or a lock predict and refuse. */
#include "workload_try.h"

static const struct prediction rows[] = {
	{ "race", "", "some are lost by two at once; one CPU: by preemptions; locked: none", 0, 0 },
};

TEST(contention_predicts)
{
	check_predictions(rows, sizeof(rows) / sizeof(rows[0]));
}

TEST(who_needs_two_cpus_says_so)
{
	static const struct {
		const char *name, *options;
		uint32_t nr_cpus;
		bool cannot;
	} machines[] = {
		{ "race", "", 1, true },
		{ "race", "", 2, false },
		{ "race", "--stages one,mutex", 1, false },
	};

	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		struct tried t = try_options(machines[i].name, machines[i].options);
		struct buf why = { 0 };

		t.cfg->nr_cpus = machines[i].nr_cpus;
		CHECK(t.w->cannot(t.cfg, &why) == machines[i].cannot);
		CHECK(!why.len == !machines[i].cannot);
		buf_release(&why);
		try_release(&t);
	}
}

TEST(bad_knobs_are_refused)
{
	static const struct refusal bad[] = {
		{ "race", "--stages one,three", "'three'" },
		{ "race", "--stages on", "'on'" },
		{ "race", "--stages one,,two", "none of one, two, atomic, mutex" },
		{ "race", "--stages one,one,one,one,one,one,one,one,one", "--stages" },
		{ "race", "--workers 1", "--workers" },
		{ "race", "--rounds 2000 --scale 0.1", "--rounds" },
		{ "race", "--policy fifo:1", "--policy" },
		{ "race", "--stages two,mutex -w 10 --apart 0", NULL },
	};

	check_refusals(bad, sizeof(bad) / sizeof(bad[0]));
}

TEST_MAIN
