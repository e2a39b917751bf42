/* SPDX-License-Identifier: GPL-2.0-only */
/* test_theory_locks.c - what the workloads about the GIL, doors, inheritance and barriers predict and refuse. */
#include "workload_try.h"

#define MS NSEC_PER_MSEC
#define S NSEC_PER_SEC

/* Python itself: 0.373 s of work each, two threads took 0.847 s with the 0.1 s they slept before. */
static const struct prediction serial[] = {
	{ "gil", "", "2 x 400 ms = 800 ms", 800 * MS, 800 * MS },
	{ "gil", "--work 373ms", "2 x 373 ms = 746 ms", 746 * MS, 746 * MS },
	{ "gil", "-n 4 --mode bytecode --work 100ms", "4 x 100 ms = 400 ms", 400 * MS, 400 * MS },
	{ "gil", "--threads 1 --mode ccall", "1 x 400 ms = 400 ms", 400 * MS, 400 * MS },
	{ "gil", "--quick", "2 x 100 ms = 200 ms", 200 * MS, 200 * MS },
	{ "gil", "--exp 200000", "2 x the time of 8^200000 alone", 0, 0 },
	{ "gil", "--echo --mode bytecode", "a round trip takes 5 ms and then until the next look, at most 50 us", 0,
	  0 },
	{ "gil", "--echo --call 30ms --interval 2ms",
	  "a round trip takes 2 ms and then until the next end of a call, at most 30 ms", 0, 0 },
	{ "gil", "--echo --mode none", "a round trip takes as long as two wake-ups: nobody waits for a lock", 0, 0 },
};

TEST(what_is_serial_is_so_on_any_machine)
{
	check_predictions(serial, sizeof(serial) / sizeof(serial[0]));
}

TEST(without_the_lock_it_depends_on_the_cpus)
{
	static const struct {
		uint32_t nr_cpus;
		const char *text;
		uint64_t min_ns, max_ns;
	} rows[] = {
		{ 1, "2 x 400 ms = 800 ms", 800 * MS, 840 * MS },
		{ 2, "2 x 400 ms on 2 CPUs = 400 ms", 400 * MS, 430 * MS },
		{ 4, "2 x 400 ms on 2 CPUs = 400 ms", 400 * MS, 410 * MS },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tried t = try_options("gil", "--mode release");
		struct facts f = { 0 };

		t.cfg->nr_cpus = rows[i].nr_cpus;
		t.w->predict(t.cfg, &f);
		CHECK_STR(facts_get(&f, "theory.text"), rows[i].text);
		CHECK_U64(facts_u64(&f, "theory.wall_min_ns", 0), rows[i].min_ns);
		CHECK_U64(facts_u64(&f, "theory.wall_max_ns", 0), rows[i].max_ns);
		facts_release(&f);
		try_release(&t);
	}
}

TEST(one_cpu_cannot_show_that_no_lock_helps)
{
	static const struct {
		const char *options;
		bool cannot;
	} rows[] = { { "--mode release", true }, { "--mode none", true }, { "--mode bytecode", false }, { "", false } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tried t = try_options("gil", rows[i].options);
		struct buf why = { 0 };

		t.cfg->nr_cpus = 1;
		CHECK(t.w->cannot(t.cfg, &why) == rows[i].cannot);
		buf_release(&why);
		try_release(&t);
	}
}

/* Measured: 167.9 and 317.8 ms, with --pi 17.6 and 17.6 ms. */
static const struct prediction locks[] = {
	{ "inversion", "", "high waits for low's last 17.5 ms and middle's 150 ms = 167.5 ms", 0, 0 },
	{ "inversion", "--m 300ms", "high waits for low's last 17.5 ms and middle's 300 ms = 317.5 ms", 0, 0 },
	{ "inversion", "--m 300ms --pi", "high waits for low's last 17.5 ms", 0, 0 },
	{ "inversion", "--scale 0.5 --pi", "high waits for low's last 8.75 ms", 0, 0 },
	{ "rooms", "", "ceil(4/1) x 100 ms = 400 ms", 400 * MS, 400 * MS },
	/* 4 stays of half to one and a half of 100 ms, whoever goes first */
	{ "rooms", "--seed 5", "4 stays of lengths that differ, 1 key: 468.6 ms", 468600000, 468600000 },
	{ "rooms", "--seed 5 --keys 2", "4 stays of lengths that differ, 2 keys: 234.3 ms to 305.55 ms", 234300000,
	  305550000 },
	{ "rooms", "--visitors 7 --keys 3", "ceil(7/3) x 100 ms = 300 ms", 300 * MS, 300 * MS },
	{ "rooms", "-n 2 -k 5 --lock ticket", "ceil(2/5) x 100 ms = 100 ms", 100 * MS, 100 * MS },
	{ "rooms", "--relock --lock handoff", "all in turn: Jain's index of their visits is 1", 0, 0 },
};

TEST(locks_predict)
{
	check_predictions(locks, sizeof(locks) / sizeof(locks[0]));
}

TEST(real_time_priorities_need_root)
{
	struct tried t = try_options("inversion", "--pi");

	CHECK(workload_needs_root(t.w, t.cfg));
	try_release(&t);
}

/* 2 on 2 CPUs: 500 and 1 visits in half a second. */
TEST(who_shares_a_cpu_shares_the_key)
{
	static const struct {
		const char *options, *text;
		uint32_t nr_cpus;
		bool cannot;
	} rows[] = {
		{ "--relock", "no queue: one CPU's 2 of 4 keep the key, Jain's index 0.50", 2, false },
		{ "--relock", "no queue: one CPU's 1 of 4 keep the key, Jain's index 0.25", 8, false },
		{ "--relock -n 2 --lock sem", "no queue: one CPU's 1 of 2 keep the key, Jain's index 0.50", 2, false },
		{ "--relock", "no queue: one CPU's 4 of 4 keep the key, Jain's index 1.00", 1, true },
		{ "--relock --lock ticket", "all in turn: Jain's index of their visits is 1", 1, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tried t = try_options("rooms", rows[i].options);
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

TEST(a_barrier_waits_for_the_straggler)
{
	struct tried t = try_options("barrier", "");
	struct facts f = { 0 };
	struct buf why = { 0 };

	t.cfg->nr_cpus = 4; /* with no more than 2 whatever else runs is in the way: 5 % */
	t.w->predict(t.cfg, &f);
	CHECK_STR(facts_get(&f, "theory.text"), "10 x (20 ms + the straggler's 20 ms) = 400 ms");
	CHECK_U64(facts_u64(&f, "theory.wall_min_ns", 0), 400 * MS);
	CHECK_U64(facts_u64(&f, "theory.wall_max_ns", 0), 403 * MS);
	t.cfg->nr_cpus = 2;
	t.w->predict(t.cfg, &f);
	CHECK_U64(facts_u64(&f, "theory.wall_max_ns", 0), 423 * MS);
	CHECK(!t.w->cannot(t.cfg, &why));
	t.cfg->nr_cpus = 1;
	CHECK(t.w->cannot(t.cfg, &why));
	buf_release(&why);
	facts_release(&f);
	try_release(&t);
}

TEST(bad_knobs_are_refused)
{
	static const struct refusal bad[] = {
		{ "gil", "--mode jython", "'jython'" },
		{ "gil", "--threads 0", "--threads" },
		{ "gil", "--echo --exp 1000", "--work" },
		{ "gil", "--echo -n 3", "--echo" },
		{ "gil", "--exp 1000 --call 1ms", "--exp" },
		{ "gil", "--interval 0", "--interval" },
		{ "gil", "--echo --call 5ms", NULL },
		{ "rooms", "--lock mutex --keys 2", "mutex" },
		{ "rooms", "--relock --keys 2", "--relock" },
		{ "rooms", "--relock --visitors 1", "--relock" },
		{ "rooms", "--scale 0.001", "--sleep" },
		{ "rooms", "--lock spin", "'spin'" },
		{ "rooms", "--keys 2", NULL },
		{ "barrier", "--workers 1", "--workers" },
		{ "barrier", "--rounds 0", "--rounds" },
		{ "inversion", "--m 490ms", "half a second" },
		{ "inversion", "--m 490ms --scale 0.5", NULL },
		{ "inversion", "--scale 0.01", "--hold" },
	};

	check_refusals(bad, sizeof(bad) / sizeof(bad[0]));
}

TEST_MAIN
