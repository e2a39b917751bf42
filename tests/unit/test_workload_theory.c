/* SPDX-License-Identifier: GPL-2.0-only */
/* test_workload_theory.c - what workloads predict: list scheduling, bounds, texts, and what spoils a configuration. */
#include "test.h"
#include "base/fmt.h"
#include "workloads/theory.h"
#include "workloads/workload.h"

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

struct prediction {
	const char *options, *text;
	uint64_t min_ns, max_ns;
};

static const struct prediction predictions[] = {
	{ "", "ceil(5/4) x 2 s = 4 s", 4 * S, 4 * S },
	{ "--tasks 4", "ceil(4/4) x 2 s = 2 s", 2 * S, 2 * S },
	{ "--tasks 9", "ceil(9/4) x 2 s = 6 s", 6 * S, 6 * S },
	{ "-w 1 -n 1 --sleep 20us", "ceil(1/1) x 20 us = 20 us", 20000, 20000 },
	{ "--workers 1000 --sleep 150ms", "ceil(5/1000) x 150 ms = 150 ms", 150 * MS,
	  150 * MS },
	{ "--scale 0.1", "ceil(5/4) x 200 ms = 400 ms", 400 * MS, 400 * MS },
	{ "--threads --handoff lockpipe", "ceil(5/4) x 2 s = 4 s", 4 * S, 4 * S },
	{ "--cpus 0 -w 1 --sleep 0 --work 1s", "ceil(5/1) x 1 s CPU = 5 s", 5 * S, 5 * S },
	{ "--cpus 0 -w 1 --work 1s", "ceil(5/1) x (2 s + 1 s CPU) = 15 s", 15 * S,
	  15 * S },
	{ "--cpus 0 --sleep 0 --work 10ms", "5 tasks of 10 ms CPU on 4 workers, 1 CPU: 50 ms to 60 ms", 50 * MS,
	  60 * MS },
	{ "--cpus 0 --work 10ms", "5 tasks of (2 s + 10 ms CPU) on 4 workers, 1 CPU: 4.02 s to 4.07 s", 4020 * MS,
	  4070 * MS },
};

static int prepare(const char *options, struct workload_cfg *cfg, struct err *e)
{
	const struct workload *w = workload_find("pool");
	struct opt_group group = { .opts = w->opts, .cfg = cfg };
	static char words[256];
	char *argv[32];
	int argc = 0, ret;

	snprintf(words, sizeof(words), "%s", options);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	w->defaults(cfg);
	ret = opt_parse(&group, 1, argc, argv, OPT_ANYWHERE, e);
	return ret < 0 ? ret : workload_prepare(w, cfg, e);
}

TEST(pool_predicts)
{
	for (size_t i = 0; i < sizeof(predictions) / sizeof(predictions[0]); i++) {
		const struct prediction *p = &predictions[i];
		struct facts facts = { 0 };
		struct workload_cfg cfg;
		struct err e = { 0 };

		if (prepare(p->options, &cfg, &e) < 0)
			TEST_FAIL("'%s': %s", p->options, e.text);
		workload_find("pool")->predict(&cfg, &facts);
		CHECK_STR(facts_get(&facts, "theory.text"), p->text);
		CHECK_U64(facts_u64(&facts, "theory.wall_min_ns", 0), p->min_ns);
		CHECK_U64(facts_u64(&facts, "theory.wall_max_ns", 0), p->max_ns);
		facts_release(&facts);
	}
}

TEST(pool_predicts_seeded_lengths_by_list_scheduling)
{
	struct facts facts = { 0 };
	struct theory_task t[5];
	struct workload_cfg cfg;

	CHECK(prepare("--seed 7", &cfg, NULL) == 0);
	for (uint64_t i = 0; i < 5; i++)
		t[i] = (struct theory_task){ .sleep_ns = workload_vary(2 * S, 7, i) };
	workload_find("pool")->predict(&cfg, &facts);
	CHECK_U64(facts_u64(&facts, "theory.wall_min_ns", 0), theory_list_ns(t, 5, 4));
	CHECK_U64(facts_u64(&facts, "theory.wall_max_ns", 0), theory_list_ns(t, 5, 4));
	CHECK(strstr(facts_get(&facts, "theory.text"), "5 tasks of 1.") == facts_get(&facts, "theory.text"));
	facts_release(&facts);
}

TEST(bad_configurations_are_refused_in_one_sentence)
{
	static const struct { const char *options, *named; } rows[] = {
		{ "--workers 0", "--workers" }, { "--workers -1", "--workers" },
		{ "--workers 1000000000", "--workers" }, { "--workers abc", "--workers" },
		{ "--tasks 0", "--tasks" }, { "--tasks 1000000000", "--tasks" },
		{ "--sleep 2", NULL }, { "--sleep 2x", "2x" },
		{ "--sleep -1s", "-1s" }, { "--sleep 2h", "--sleep" },
		{ "--work 99h", "--work" }, { "--handoff pip", "pip" },
		{ "--scale 0", "'0'" }, { "--scale 2ms", "'2ms'" },
		{ "--scale 1e3", "'1e3'" }, { "--scale 0.0001", "'0.0001'" },
		{ "--scale 101", "'101'" }, { "--scale 1.2.3", "'1.2.3'" },
		{ "--scale", "--scale" }, { "--sleep 50m --work 50m", "hour" },
		{ "--sleep 50m --scale 2", "hour" }, { "--cpus 65535", "65535" },
		{ "--cpus x", "'x'" }, { "--cpus 99999999", "99999999" },
		{ "--seed x", "--seed" }, { "--worker 4", "--workers" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct workload_cfg cfg;
		struct err e = { 0 };
		int ret = prepare(rows[i].options, &cfg, &e);

		if (!rows[i].named && ret < 0)
			TEST_FAIL("'%s' is refused: %s", rows[i].options, e.text);
		if (rows[i].named && (ret >= 0 || !strstr(e.text, rows[i].named) || strchr(e.text, '\n')))
			TEST_FAIL("'%s' gives %d: %s", rows[i].options, ret, e.text);
	}
}

TEST(preparing_counts_cpus_and_leaves_the_caller_alone)
{
	struct workload_cfg all, one;

	CHECK(prepare("", &all, NULL) == 0);
	CHECK(all.nr_cpus >= 1);
	CHECK(prepare("--cpus 0", &one, NULL) == 0);
	CHECK_U64(one.nr_cpus, 1);
	CHECK(prepare("", &one, NULL) == 0);
	CHECK_U64(one.nr_cpus, all.nr_cpus);
}

TEST(workloads_are_found_by_their_whole_name)
{
	CHECK(workload_find("pool") == workloads[0]);
	CHECK(!workload_find("poo"));
	CHECK(!workload_find(""));
	for (const struct workload *const *w = workloads; *w; w++)
		CHECK((*w)->summary && (*w)->lesson && (*w)->example && (*w)->predict && (*w)->run);
}

TEST_MAIN
