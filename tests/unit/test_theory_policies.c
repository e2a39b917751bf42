/* SPDX-License-Identifier: GPL-2.0-only */
/* test_theory_policies.c - what the workloads about policies predict, and what they refuse. */
#include "workload_try.h"
#include "workloads/hogs.h"
#include "workloads/textbook.h"

#define MS NSEC_PER_MSEC
#define S NSEC_PER_SEC

/* Weights of the kernel's table: shares .5553 .7535 .9030 .9856 against nice 0. */
TEST(nice_predicts_by_weight)
{
	static const struct prediction rows[] = {
		{ "nice", "--nice 0,1", "weights 1024:820, so shares 55.5 % : 44.5 %", 0, 0 },
		{ "nice", "--nice 0,5", "weights 1024:335, so shares 75.3 % : 24.7 %", 0, 0 },
		{ "nice", "--nice 0,10", "weights 1024:110, so shares 90.3 % : 9.7 %", 0, 0 },
		{ "nice", "--nice 0,19", "weights 1024:15, so shares 98.6 % : 1.4 %", 0, 0 },
		{ "nice", "--nice 0,0,0", "weights 1024:1024:1024, so shares 33.3 % : 33.3 % : 33.3 %", 0, 0 },
	};

	check_predictions(rows, sizeof(rows) / sizeof(rows[0]));
}

TEST(slice_predicts_equal_shares)
{
	static const struct prediction rows[] = {
		{ "slice", "", "half the CPU each, whatever the slice: 3 ms, 30 ms", 0, 0 },
		{ "slice", "--slice 100us", "half the CPU each, whatever the slice: 100 us", 0, 0 },
	};

	check_predictions(rows, sizeof(rows) / sizeof(rows[0]));
}

TEST(policy_predicts_by_rank_then_weight)
{
	static const struct prediction rows[] = {
		{ "policy", "--policies other,batch", "other0 50.0 %, batch1 50.0 %", 0, 0 },
		{ "policy", "--policies other,idle", "other0 99.7 %, idle1 0.3 %", 0, 0 },
		{ "policy", "--policies fifo:20,fifo:10", "fifo0 100.0 %, fifo1 0 %", 0, 0 },
		{ "policy", "--policies rr,rr,rr,rr", "rr0 25.0 %, rr1 25.0 %, rr2 25.0 %, rr3 25.0 %", 0, 0 },
		{ "policy", "--policies fifo,rr", "fifo0 all or none, rr1 all or none", 0, 0 },
	};

	check_predictions(rows, sizeof(rows) / sizeof(rows[0]));
}

/* What is left beside real time is the kernel's affair; where it is 5 %, as all kernels have it, so says the theory. */
TEST(policy_predicts_what_real_time_leaves)
{
	static const struct prediction rows[] = {
		{ "policy", "", "fifo0 95.0 %, other1 5.0 %", 0, 0 },
		{ "policy", "--policies rr,rr,other,other", "rr0 47.5 %, rr1 47.5 %, other2 2.5 %, other3 2.5 %", 0,
		  0 },
	};

	if (sched_left_permille() != 50)
		TEST_SKIP("this kernel does not leave 5 % beside real time");
	check_predictions(rows, sizeof(rows) / sizeof(rows[0]));
}

TEST(balance_and_affinity_predict)
{
	static const struct prediction rows[] = {
		{ "affinity", "", "2 x 500 ms of CPU on 1 CPU: 1 s, though others are free", 1 * S, 1 * S },
		{ "affinity", "--cpus 0 -n 1", "1 x 500 ms of CPU on 1 CPU: 500 ms", 500 * MS, 500 * MS },
		{ "affinity", "--quick -n 3", "3 x 200 ms of CPU on 1 CPU: 600 ms, though others are free", 600 * MS,
		  600 * MS },
		{ "balance", "--cpus 0", "3 tasks on 1 CPU: 1/3 = 33.3 % of a CPU each", 0, 0 },
	};

	check_predictions(rows, sizeof(rows) / sizeof(rows[0]));
}

/* On two CPUs, whatever this machine has: 2/3, 1/2 and 2/5 are the published shares of 3, 4 and 5 tasks. */
TEST(balance_predicts_for_two_cpus)
{
	static const char *const texts[] = {
		"2 tasks on 2 CPUs: 100.0 % of a CPU each",
		"3 tasks on 2 CPUs: 2/3 = 66.7 % of a CPU each, by migrating",
		"4 tasks on 2 CPUs: 2/4 = 50.0 % of a CPU each",
		"5 tasks on 2 CPUs: 2/5 = 40.0 % of a CPU each, by migrating",
	};

	for (uint64_t n = 2; n <= 5; n++) {
		struct tried t = try_options("balance", "");
		struct facts facts = { 0 };

		CHECK(workload_restore(t.w, t.cfg, 2, &t.e) == 0);
		t.cfg->tasks = n;
		t.w->predict(t.cfg, &facts);
		CHECK_STR(facts_get(&facts, "theory.text"), texts[n - 2]);
		facts_release(&facts);
		try_release(&t);
	}
}

TEST(affinity_predicts_bounds_for_two_cpus)
{
	struct tried t = try_options("affinity", "--cpus 0 -n 3");
	struct facts facts = { 0 };

	CHECK(workload_restore(t.w, t.cfg, 2, &t.e) == 0);
	t.w->predict(t.cfg, &facts);
	CHECK_STR(facts_get(&facts, "theory.text"),
		  "3 x 500 ms of CPU on 2 CPUs: 750 ms to 1.25 s, though others are free");
	CHECK_U64(facts_u64(&facts, "theory.wall_min_ns", 0), 750 * MS);
	facts_release(&facts);
	try_release(&t);
}

TEST(interactive_predicts_by_how_it_stands_to_the_hogs)
{
	static const struct prediction rows[] = {
		{ "interactive", "", "at once while it is owed time, else at a tick: 1 of 100 above 1 ms", 0, 0 },
		{ "interactive", "--hogs 1", "at once while it is owed time, else at a tick", 0, 0 },
		{ "interactive", "--hogs 0", "nobody is in its way: it runs at once", 0, 0 },
		{ "interactive", "--nice -10", "weight gives right of way: it runs at once, nearly always", 0, 0 },
		{ "interactive", "--hog-nice 10", "weight gives right of way: it runs at once, nearly always", 0, 0 },
		{ "interactive", "--nice 5", "it weighs less than a hog: 1 of 20 wake-ups waits for a tick or more", 0,
		  0 },
		{ "interactive", "--slice 100us", "a short slice gives right of way: at once, or at the next tick", 0,
		  0 },
		{ "interactive", "--hog-policy idle", "SCHED_IDLE gives way: it runs at once, nearly always", 0, 0 },
		{ "interactive", "--policy fifo:10", "real time goes first: it runs at once", 0, 0 },
	};

	check_predictions(rows, sizeof(rows) / sizeof(rows[0]));
}

TEST(deadline_predicts_for_two_cpus)
{
	static const struct prediction rows[] = {
		{ "deadline", "", "3 x 10 ms every 100 ms: greedy gets 10.0 %, no job is late", 0, 0 },
		{ "deadline", "--quick --work 15ms", "3 x 10 ms every 100 ms: greedy gets 10.0 %, every job is late", 0,
		  0 },
		{ "deadline", "--tasks 0 --runtime 5ms --period 20ms", "1 x 5 ms every 20 ms: greedy gets 25.0 %", 0,
		  0 },
		{ "deadline", "--tasks 18", "19 x 10 ms every 100 ms: greedy gets 10.0 %, no job is late", 0, 0 },
		{ "deadline", "--tasks 19", "20 x 10 ms every 100 ms is more than 0.95 x 2 CPUs: some are refused", 0,
		  0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tried t = try_options(rows[i].name, rows[i].options);
		struct facts facts = { 0 };

		CHECK(t.ret == 0);
		t.cfg->nr_cpus = 2;
		t.w->predict(t.cfg, &facts);
		CHECK_STR(facts_get(&facts, "theory.text"), rows[i].text);
		facts_release(&facts);
		try_release(&t);
	}
}

/* ---- textbooks ---- */

struct example {
	struct textbook_job jobs[5];
	uint32_t n;
	uint64_t quantum_ns;
	uint64_t turnaround_ns, response_ns, waiting_ns; /* sums over all jobs, which stay whole numbers */
};

#define J(arrival, length)                  \
	{                                   \
		(arrival) * MS, (length)*MS \
	}

/* Operating Systems: Three Easy Pieces, chapter 7; Silberschatz, Galvin, Gagne, Operating System Concepts, chapter 5.
 */
static const struct example examples[] = {
	{ { J(0, 10), J(0, 10), J(0, 10) }, 3, 0, 60 * MS, 30 * MS, 30 * MS },		  /* OSTEP: 20 */
	{ { J(0, 100), J(0, 10), J(0, 10) }, 3, 0, 330 * MS, 210 * MS, 210 * MS },	  /* OSTEP: 110 */
	{ { J(0, 10), J(0, 10), J(0, 100) }, 3, 0, 150 * MS, 30 * MS, 30 * MS },	  /* OSTEP, SJF's order: 50 */
	{ { J(0, 100), J(10, 10), J(10, 10) }, 3, 0, 310 * MS, 190 * MS, 190 * MS },	  /* OSTEP: 103.33 */
	{ { J(0, 5), J(0, 5), J(0, 5) }, 3, 0, 30 * MS, 15 * MS, 15 * MS },		  /* OSTEP: response 5 */
	{ { J(0, 5), J(0, 5), J(0, 5) }, 3, 1 * MS, 42 * MS, 3 * MS, 27 * MS },		  /* OSTEP: 14 and 1 */
	{ { J(0, 24), J(0, 3), J(0, 3) }, 3, 0, 81 * MS, 51 * MS, 51 * MS },		  /* OSC: waiting 17 */
	{ { J(0, 3), J(0, 3), J(0, 24) }, 3, 0, 39 * MS, 9 * MS, 9 * MS },		  /* OSC: waiting 3 */
	{ { J(0, 24), J(0, 3), J(0, 3) }, 3, 4 * MS, 47 * MS, 11 * MS, 17 * MS },	  /* OSC: waiting 5.66 */
	{ { J(0, 300), J(0, 30), J(0, 30) }, 3, 100 * MS, 650 * MS, 230 * MS, 290 * MS }, /* turnaround 216.67 */
};

TEST(textbooks_answers_are_found)
{
	for (const struct example *x = examples; x < examples + sizeof(examples) / sizeof(examples[0]); x++) {
		uint64_t turnaround = 0, response = 0, waiting = 0;
		struct textbook_times t[5];

		textbook_queue(x->jobs, x->n, (struct textbook_turn){ .quantum_ns = x->quantum_ns }, t);
		for (uint32_t i = 0; i < x->n; i++) {
			turnaround += t[i].finish_ns - x->jobs[i].arrival_ns;
			response += t[i].first_ns - x->jobs[i].arrival_ns;
			waiting += t[i].finish_ns - x->jobs[i].arrival_ns - x->jobs[i].length_ns;
		}
		CHECK_U64(turnaround, x->turnaround_ns);
		CHECK_U64(response, x->response_ns);
		CHECK_U64(waiting, x->waiting_ns);
	}
}

/* A turn begun 1 ms before a tick has that tick as its first: 24 ticks later it is over, after 97 ms of 100. */
TEST(turns_end_at_ticks)
{
	const struct textbook_job jobs[] = { J(0, 100), J(10, 10), J(10, 10) };
	struct textbook_turn turn = { 100 * MS, 4 * MS, 1 * MS };
	struct textbook_times t[3];

	textbook_queue(jobs, 3, turn, t);
	CHECK_U64(t[1].first_ns, 97 * MS);
	CHECK_U64(t[0].finish_ns, 120 * MS);
	turn.phase_ns = 0; /* a tick just before it: the turn is whole, and the job is done at its end */
	textbook_queue(jobs, 3, turn, t);
	CHECK_U64(t[0].finish_ns, 100 * MS);
}

/* A CPU that idles between jobs, and a turn that is renewed because nobody waits. */
TEST(queues_may_be_empty)
{
	const struct textbook_job jobs[] = { J(5, 10), J(30, 10) };
	struct textbook_times t[2];

	textbook_queue(jobs, 2, (struct textbook_turn){ .quantum_ns = 3 * MS }, t);
	CHECK_U64(t[0].first_ns, 5 * MS);
	CHECK_U64(t[0].finish_ns, 15 * MS);
	CHECK_U64(t[1].finish_ns, 40 * MS);
	textbook_fluid(jobs, 2, t);
	CHECK_U64(t[0].finish_ns, 15 * MS);
	CHECK_U64(t[1].finish_ns, 40 * MS);
}

TEST(processor_sharing_divides_evenly)
{
	const struct textbook_job jobs[] = { J(0, 100), J(10, 10), J(10, 10) };
	struct textbook_times t[3];

	textbook_fluid(jobs, 3, t);
	CHECK_U64(t[0].finish_ns, 120 * MS);
	CHECK_U64(t[1].finish_ns, 40 * MS);
	CHECK_U64(t[2].finish_ns, 40 * MS);
}

/* Real SCHED_OTHER took 61.01 and 179.76 ms, FIFO 103.68. */
TEST(jobs_predicts_by_policy)
{
	static const struct prediction rows[] = {
		{ "jobs", "", "processor sharing: mean turnaround 60 ms", 0, 0 },
		{ "jobs", "--jobs 0:300,0:30,0:30 --policy batch", "processor sharing: mean turnaround 180 ms", 0, 0 },
		{ "jobs", "--policy fifo", "first come first served: mean turnaround 103.333 ms, response 63.333 ms", 0,
		  0 },
		{ "jobs", "--jobs 0:100us --policy fifo:99",
		  "first come first served: mean turnaround 100 us, response 0 ns", 0, 0 },
		{ "jobs", "--jobs 0:5,0:5,0:5 --policy rr", "round robin: mean turnaround 10 ms, response 5 ms", 0, 0 },
		{ "jobs", "--scale 0.5", "processor sharing: mean turnaround 30 ms", 0, 0 },
	};

	check_predictions(rows, sizeof(rows) / sizeof(rows[0]));
}

TEST(jain_is_one_when_all_are_equal)
{
	CHECK(hogs_jain((uint64_t[]){ 5, 5, 5 }, 3) == 1);
	CHECK(hogs_jain((uint64_t[]){ 9, 0, 0 }, 3) * 3 == 1);
	CHECK(hogs_jain((uint64_t[]){ 500, 1 }, 2) < 0.51);
	CHECK(hogs_jain((uint64_t[]){ 0, 0 }, 2) == 0);
}

TEST(bad_knobs_are_refused)
{
	static const struct refusal rows[] = {
		{ "nice", "--nice 0,x", "0,x" },
		{ "nice", "--nice 20", "20" },
		{ "slice", "--slice 3ms,3ms", "twice" },
		{ "slice", "--slice 50us", "'50us'" },
		{ "slice", "--slice 101ms", "'101ms'" },
		{ "slice", "--slice 3ms,", NULL },
		{ "slice", "--slice ms", "'ms'" },
		{ "slice", "--length 0", "--length" },
		{ "policy", "--policies fast", "'fast'" },
		{ "policy", "--policies fifo:100", "1 to 99" },
		{ "policy", "--policies deadline:1ms/2ms", "deadline" },
		{ "policy", "--length 3s", "2s" },
		{ "policy", "--scale 1.5", "2s" },
		{ "policy", "--length 3s --policies other,batch", NULL },
		{ "policy", "--policies a-policy-of-a-name-that-never-ends,other", "too long" },
		{ "policy",
		  "--policies idle,idle,idle,idle,idle,idle,idle,idle,idle,idle,idle,idle,idle,idle,idle,idle,idle",
		  "16 tasks" },
	};

	check_refusals(rows, sizeof(rows) / sizeof(rows[0]));
}

static bool root_for(const char *name, const char *options)
{
	struct tried t = try_options(name, options);
	bool root = workload_needs_root(t.w, t.cfg);

	CHECK(t.ret == 0);
	try_release(&t);
	return root;
}

TEST(root_is_asked_for_where_linux_asks)
{
	CHECK(root_for("policy", ""));
	CHECK(root_for("policy", "--policies other,rr:3"));
	CHECK(!root_for("policy", "--policies other,batch,idle"));
	CHECK(!root_for("slice", ""));
	CHECK(!root_for("interactive", "--hog-policy idle"));
	CHECK(root_for("interactive", "--hog-nice -1"));
	CHECK(root_for("interactive", "--policy rr"));
	CHECK(root_for("deadline", ""));
	CHECK(root_for("jobs", "--policy fifo"));
	CHECK(!root_for("jobs", "--policy batch"));
	CHECK(root_for("nice", "--nice -1,0"));
	CHECK(!root_for("nice", "--nice 0,19"));
}

TEST_MAIN
