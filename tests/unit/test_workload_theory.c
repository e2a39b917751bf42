/* SPDX-License-Identifier: GPL-2.0-only */
/* test_workload_theory.c - what workloads predict: list scheduling, bounds, texts, and what spoils a configuration. */
#include "workload_try.h"
#include "workloads/theory.h"

#define MS NSEC_PER_MSEC
#define S NSEC_PER_SEC

static const char *time_text(uint64_t ns)
{
	static struct buf b;

	buf_reset(&b);
	theory_time(&b, ns);
	return buf_str(&b);
}

TEST(times_are_written_short)
{
	CHECK_STR(time_text(0), "0 ns");
	CHECK_STR(time_text(2 * S), "2 s");
	CHECK_STR(time_text(1500 * MS), "1.5 s");
	CHECK_STR(time_text(150 * MS), "150 ms");
	CHECK_STR(time_text(20500), "20.5 us");
	CHECK_STR(time_text(7), "7 ns");
	CHECK_STR(time_text(100 * S), "100 s");
	CHECK_STR(time_text(1234567890), "1.235 s");
	CHECK_STR(time_text(3600 * S), "3600 s");
}

static void fill(struct theory_task *tasks, const uint64_t *sleeps_ms, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		tasks[i] = (struct theory_task){ .sleep_ns = sleeps_ms[i] * MS };
}

TEST(list_scheduling_gives_the_next_task_to_whom_is_free_first)
{
	struct theory_task t[7];

	fill(t, (uint64_t[]){ 2, 2, 2, 2, 2 }, 5);
	CHECK_U64(theory_list_ns(t, 5, 4), 4 * MS);
	CHECK_U64(theory_list_ns(t, 5, 5), 2 * MS);
	CHECK_U64(theory_list_ns(t, 5, 1), 10 * MS);
	CHECK_U64(theory_list_ns(t, 5, 1000), 2 * MS);
	fill(t, (uint64_t[]){ 7, 1, 1, 5, 2 }, 5); /* 7 2, 1 1 5: both are free at 7 */
	CHECK_U64(theory_list_ns(t, 5, 2), 9 * MS);
	fill(t, (uint64_t[]){ 3, 1, 4, 1, 5, 9, 2 }, 7); /* 3 1 5 2, 1 4 9 */
	CHECK_U64(theory_list_ns(t, 7, 2), 14 * MS);
	CHECK_U64(theory_list_ns(t, 7, 1), 25 * MS);
	CHECK_U64(theory_list_ns(t, 7, 7), 9 * MS);
}

TEST(list_scheduling_agrees_with_a_plain_search)
{
	struct theory_task t[200];

	for (uint64_t i = 0; i < 200; i++)
		t[i] = (struct theory_task){ .sleep_ns = workload_vary(1000000, 42, i) };
	for (uint64_t w = 1; w <= 60; w++) {
		uint64_t free_ns[60] = { 0 }, last = 0;

		for (uint64_t i = 0; i < 200; i++) {
			uint64_t best = 0;

			for (uint64_t k = 1; k < w; k++)
				best = free_ns[k] < free_ns[best] ? k : best;
			free_ns[best] += t[i].sleep_ns;
			last = free_ns[best] > last ? free_ns[best] : last;
		}
		CHECK_U64(theory_list_ns(t, 200, w), last);
	}
}

static struct theory_range cpu_bounds(uint64_t n, uint64_t workers, uint64_t cpus)
{
	struct theory_task t[16];

	for (uint64_t i = 0; i < n; i++)
		t[i] = (struct theory_task){ .work_ns = 200 * MS };
	return theory_bounds(t, n, workers, cpus);
}

/* 5 CPU tasks of 0.2 s on 2 CPUs took 1.010 .598 .528 .526 s with 1, 2, 4, 5 workers on a quiet machine. */
TEST(bounds_hold_what_was_measured)
{
	static const uint64_t workers[] = { 1, 2, 4, 5 }, measured_ms[] = { 1010, 598, 528, 526 };

	for (size_t i = 0; i < 4; i++) {
		struct theory_range r = cpu_bounds(5, workers[i], 2);

		CHECK(r.min_ns <= measured_ms[i] * MS + 5 * MS);
		CHECK(r.max_ns >= measured_ms[i] * MS - 15 * MS);
	}
	CHECK_U64(cpu_bounds(5, 1, 2).min_ns, 1000 * MS);
	CHECK_U64(cpu_bounds(5, 2, 2).max_ns, 600 * MS);
	CHECK_U64(cpu_bounds(5, 4, 2).min_ns, 500 * MS);
	CHECK_U64(cpu_bounds(5, 4, 2).max_ns, 700 * MS);
}

TEST(seeded_lengths_vary_by_half_and_stay_the_same)
{
	bool differ = false;

	for (uint64_t i = 0; i < 1000; i++) {
		uint64_t ns = workload_vary(2 * S, 7, i);

		CHECK(ns >= 1 * S && ns <= 3 * S);
		CHECK_U64(workload_vary(2 * S, 7, i), ns);
		CHECK_U64(workload_vary(2 * S, 0, i), 2 * S);
		differ = differ || ns != workload_vary(2 * S, 8, i);
	}
	CHECK(differ);
}

static const struct prediction predictions[] = {
	{ "pool", "", "ceil(5/4) x 2 s = 4 s", 4 * S, 4 * S },
	{ "pool", "--api apply", "5 tasks of 2 s, one at a time = 10 s", 10 * S, 10 * S },
	{ "pool", "--api map -n 20", "20 tasks of 2 s in chunks of 2 on 4 workers = 12 s", 12 * S, 12 * S },
	{ "pool", "--api map_async", "ceil(5/4) x 2 s = 4 s", 4 * S, 4 * S },
	{ "pool", "--api map --chunk 5", "5 tasks of 2 s in chunks of 5 on 4 workers = 10 s", 10 * S, 10 * S },
	{ "pool", "--terminate-after 1s", "ceil(5/4) x 2 s = 4 s, but terminated after 1 s", 1 * S, 1 * S },
	{ "pool", "--terminate-after 1m", "ceil(5/4) x 2 s = 4 s", 4 * S, 4 * S },
	{ "pool", "--terminate-after 1s --scale 0.1", "ceil(5/4) x 200 ms = 400 ms, but terminated after 100 ms",
	  100 * MS, 100 * MS },
	{ "pool", "-C --sleep 10ms --cpus 0", "5 tasks of 10 ms CPU on 4 workers, 1 CPU: 50 ms to 60 ms", 50 * MS,
	  60 * MS },
	{ "pool", "--max-tasks 1 --ondemand", "ceil(5/4) x 2 s = 4 s", 4 * S, 4 * S },
	{ "pool", "--tasks 4", "ceil(4/4) x 2 s = 2 s", 2 * S, 2 * S },
	{ "pool", "--tasks 9", "ceil(9/4) x 2 s = 6 s", 6 * S, 6 * S },
	{ "pool", "-w 1 -n 1 --sleep 20us", "ceil(1/1) x 20 us = 20 us", 20000, 20000 },
	{ "pool", "--workers 1000 --sleep 150ms", "ceil(5/1000) x 150 ms = 150 ms", 150 * MS, 150 * MS },
	{ "pool", "--scale 0.1", "ceil(5/4) x 200 ms = 400 ms", 400 * MS, 400 * MS },
	{ "pool", "--threads --handoff lockpipe", "ceil(5/4) x 2 s = 4 s", 4 * S, 4 * S },
	{ "pool", "--cpus 0 -w 1 --sleep 0 --work 1s", "ceil(5/1) x 1 s CPU = 5 s", 5 * S, 5 * S },
	{ "pool", "--cpus 0 -w 1 --work 1s", "ceil(5/1) x (2 s + 1 s CPU) = 15 s", 15 * S, 15 * S },
	{ "pool", "--cpus 0 --sleep 0 --work 10ms", "5 tasks of 10 ms CPU on 4 workers, 1 CPU: 50 ms to 60 ms", 50 * MS,
	  60 * MS },
	{ "pool", "--cpus 0 --work 10ms", "5 tasks of (2 s + 10 ms CPU) on 4 workers, 1 CPU: 4.02 s to 4.07 s",
	  4020 * MS, 4070 * MS },
};

TEST(pool_predicts)
{
	check_predictions(predictions, sizeof(predictions) / sizeof(predictions[0]));
}

TEST(pool_predicts_seeded_lengths_by_list_scheduling)
{
	struct tried pool = try_options("pool", "--seed 7");
	struct facts facts = { 0 };
	struct theory_task t[5];

	CHECK(pool.ret == 0);
	for (uint64_t i = 0; i < 5; i++)
		t[i] = (struct theory_task){ .sleep_ns = workload_vary(2 * S, 7, i) };
	pool.w->predict(pool.cfg, &facts);
	CHECK_U64(facts_u64(&facts, "theory.wall_min_ns", 0), theory_list_ns(t, 5, 4));
	CHECK_U64(facts_u64(&facts, "theory.wall_max_ns", 0), theory_list_ns(t, 5, 4));
	CHECK(strstr(facts_get(&facts, "theory.text"), "5 tasks of 1.") == facts_get(&facts, "theory.text"));
	facts_release(&facts);
	try_release(&pool);
}

TEST(bad_configurations_are_refused_in_one_sentence)
{
	static const struct refusal rows[] = {
		{ "pool", "--workers 0", "--workers" },
		{ "pool", "--workers -1", "--workers" },
		{ "pool", "--workers 1000000000", "--workers" },
		{ "pool", "--workers abc", "--workers" },
		{ "pool", "--tasks 0", "--tasks" },
		{ "pool", "--tasks 1000000000", "--tasks" },
		{ "pool", "--sleep 2", NULL },
		{ "pool", "--sleep 2x", "2x" },
		{ "pool", "--sleep -1s", "-1s" },
		{ "pool", "--sleep 2h", "--sleep" },
		{ "pool", "--work 99h", "--work" },
		{ "pool", "--handoff pip", "pip" },
		{ "pool", "--scale 0", "'0'" },
		{ "pool", "--scale 2ms", "'2ms'" },
		{ "pool", "--scale 1e3", "'1e3'" },
		{ "pool", "--scale 0.0001", "'0.0001'" },
		{ "pool", "--scale 101", "'101'" },
		{ "pool", "--scale 1.2.3", "'1.2.3'" },
		{ "pool", "--scale", "--scale" },
		{ "pool", "--sleep 50m --work 50m", "hour" },
		{ "pool", "--sleep 50m --scale 2", "hour" },
		{ "pool", "--cpus 65535", "65535" },
		{ "pool", "--cpus x", "'x'" },
		{ "pool", "--cpus 99999999", "99999999" },
		{ "pool", "--seed x", "--seed" },
		{ "pool", "--worker 4", "--workers" },
		{ "pool", "--chunk 2", "--api map" }, { "pool", "--api map --chunk 2", NULL },
		{ "pool", "--api map --terminate-after 1s", "--api map_async" }, { "pool", "--api pool", "'pool'" },
		{ "pool", "-C --work 1s", "--work" }, { "pool", "--max-tasks 0", "--max-tasks" },
		{ "pool", "--policy fast", "'fast'" },
		{ "pool", "--policy fifo:0", "1 to 99" },
		{ "pool", "--policy fifo:5 --nice 3", "--nice" },
		{ "pool", "--nice 20", "'20'" },
		{ "pool", "--policy deadline:5ms/2ms", "RUN <= DEADLINE" },
		{ "pool", "--policy deadline:x/1ms/2ms", "RUN <= DEADLINE" },
		{ "pool", "--policy deadline:1ms/x", "RUN <= DEADLINE" },
		{ "pool", "--policy deadline:1ms/2ms/3ms/4ms/5ms/6ms", "RUN <= DEADLINE" },
		{ "pool", "--slice 1us", "--slice" },
		{ "pool", "--policy deadline:5ms/20ms", NULL },
		{ "pool", "--repeat 0", "--repeat" },
	};

	check_refusals(rows, sizeof(rows) / sizeof(rows[0]));
}

static uint32_t cpus_counted(const char *options)
{
	struct tried t = try_options("pool", options);
	uint32_t n = t.ret == 0 ? t.cfg->nr_cpus : 0;

	try_release(&t);
	return n;
}

TEST(preparing_counts_cpus_and_leaves_the_caller_alone)
{
	uint32_t all = cpus_counted("");

	CHECK(all >= 1);
	CHECK_U64(cpus_counted("--cpus 0"), 1);
	CHECK_U64(cpus_counted(""), all);
}

TEST(quick_and_scale_multiply)
{
	static const struct prediction rows[] = {
		{ "seq", "--quick", "2 x 200 ms = 400 ms", 400 * MS, 400 * MS },
		{ "seq", "--quick --scale 2", "2 x 400 ms = 800 ms", 800 * MS, 800 * MS },
		{ "seq", "--tasks 3", "3 x 2 s = 6 s", 6 * S, 6 * S },
		{ "seq", "-n 1 --sleep 10ms --work 5ms", "1 x 15 ms = 15 ms", 15 * MS, 15 * MS },
		{ "nice", "", "weights 1024:335, so shares 75.3 % : 24.7 %", 0, 0 },
		{ "nice", "--nice 0,1", "weights 1024:820, so shares 55.5 % : 44.5 %", 0, 0 },
	};

	check_predictions(rows, sizeof(rows) / sizeof(rows[0]));
}

TEST(workloads_are_found_by_their_whole_name)
{
	CHECK_STR(workload_find("pool")->name, "pool");
	CHECK(!workload_find("poo"));
	CHECK(!workload_find(""));
	for (const struct workload *const *w = workloads; *w; w++) {
		const struct workload *row = *w;

		CHECK(row->summary && row->lesson && row->theory && row->look && row->example && row->opts);
		CHECK(row->defaults && row->predict && row->run && row->check && row->explain);
		CHECK(row->cfg_size >= sizeof(struct workload_cfg));
		CHECK(strlen(row->summary) <= 60);
		CHECK(w == workloads || w[-1]->group <= row->group);
		CHECK(strstr(row->example, "schedviz run ") == row->example);
	}
}

TEST_MAIN
