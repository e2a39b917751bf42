/* SPDX-License-Identifier: GPL-2.0-only */
/* test_theory_contention.c - what the workloads about fighting for a counter or a lock predict and refuse. */
#include "workload_try.h"

static const struct prediction rows[] = {
	{ "race", "", "some are lost by two at once; one CPU: by preemptions; locked: none", 0, 0 },
	{ "convoy", "", "behind 90 ms all 4 line up, the last waits for 76 ms to 102 ms", 0, 0 },
	{ "convoy", "-w 2 --out 50ms", "behind 90 ms all 2 line up, the last waits for 42 ms to 94 ms", 0, 0 },
	{ "convoy", "--scale 0.5", "behind 45 ms all 4 line up, the last waits for 38 ms to 51 ms", 0, 0 },
	{ "convoy", "--long 0", "the lock is taken 36 % of the time, nobody waits for long", 0, 0 },
	{ "convoy", "--long 0 --hold 10ms", "the lock is taken 100 % of the time, each waits for 10 ms", 0, 0 },
	{ "convoy", "--long 0 --hold 10ms --out 30ms",
	  "the lock is taken 100 % of the time, nobody waits for long", 0, 0 },
	{ "spin", "-w 4 --lock mutex,ticket", "a mutex costs less than a ticket, which is a switch each", 0, 0 },
	{ "spin", "--lock spin", "who spins never sleeps", 0, 0 },
};

TEST(contention_predicts)
{
	check_predictions(rows, sizeof(rows) / sizeof(rows[0]));
}

/* Measured with 5 us in, 5 us out: 178,615 against 106,586 a second, and 40,465 against 97,763 = 0.41. */
TEST(spin_wins_with_a_cpu_each_and_loses_without)
{
	static const struct {
		const char *options, *text;
		uint32_t nr_cpus;
	} machines[] = {
		{ "", "spin/mutex: 2 on 2 more than 1; 4 on 1 1/(1 + 3 x 0.50) = 0.40", 2 },
		{ "", "spin/mutex: 2 on 2 more than 1; 4 on 1 1/(1 + 3 x 0.50) = 0.40", 64 },
		{ "--hold 100us --out 300us", "spin/mutex: 2 on 2 about 1; 4 on 1 1/(1 + 3 x 0.25) = 0.57", 2 },
		{ "--hold 1us --out 19us", "spin/mutex: 2 on 2 about 1; 4 on 1 1/(1 + 3 x 0.05) = 0.87", 2 },
		{ "-w 3", "spin/mutex: 3 on 1 1/(1 + 2 x 0.50) = 0.50", 1 },
		{ "-w 3", "spin/mutex: 3 on 2 not known", 2 },
		{ "-w 3", "spin/mutex: 3 on 3 more than 1", 4 },
	};

	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		struct tried t = try_options("spin", machines[i].options);
		struct facts f = { 0 };

		t.cfg->nr_cpus = machines[i].nr_cpus;
		t.w->predict(t.cfg, &f);
		CHECK_STR(facts_get(&f, "theory.text"), machines[i].text);
		facts_release(&f);
		try_release(&t);
	}
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
		{ "spin", "", 1, true },
		{ "spin", "", 2, false },
		{ "spin", "-w 4", 1, false },
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
		{ "convoy", "--long 10ms", "--out" },
		{ "convoy", "--long 25ms --seed 1", "--out" },
		{ "convoy", "--every 100ms", "--every" },
		{ "convoy", "--length 200ms", "--length" },
		{ "convoy", "--scale 0.05", "--hold" },
		{ "convoy", "--workers 1", "--workers" },
		{ "convoy", "--lock sem", "'sem'" },
		{ "convoy", "--long 0 --length 200ms --every 1ms", NULL },
		{ "spin", "--lock sem", "'sem' is none of spin, mutex, ticket" },
		{ "spin", "--lock spin,mutex,spin", "'spin' twice" },
		{ "spin", "--workers 11", "--workers" },
		{ "spin", "--hold 2ms", "--hold" },
		{ "spin", "--policy fifo:1", "--policy" },
		{ "spin", "--lock ticket,mutex --hold 200us --out 0", NULL },
	};

	check_refusals(bad, sizeof(bad) / sizeof(bad[0]));
}

TEST_MAIN
