/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_analysis_evidence.c - what a small tree did: times, sleeps, edges, how many at once, whose the CPUs were.
 */
#include "analysis/evidence.h"
#include "unit/test.h"

#define MS NSEC_PER_MSEC
#define ALL ((struct window){ 0, UINT64_MAX })

/* A master and two workers; a stranger takes CPU 1 for a while. */
static const char trace[] =
	"schedviz-text 1\n"
	"cpus 2\n"
	"fact target.tid 10\n"
	"fact run.wall_from_ns 1000000\n"
	"fact run.wall_ns 8000000\n"
	"0ms cpu0 task boss/10 state R on 0\n"
	"0ms cpu0 task other/99 state S on 1\n"
	"0ms cpu0 current boss/10\n"
	"0ms cpu1 current idle\n"
	"0.1ms cpu0 fork boss/10 -> work0/11 tgid 11 flags 0x1200011\n"
	"0.1ms cpu0 wakeup_new work0/11 on 1 by boss/10\n"
	"0.2ms cpu1 switch idle R -> work0/11\n"
	"0.5ms cpu1 switch work0/11 S read(0x3) -> idle\n"
	"0.6ms cpu0 fork boss/10 -> work1/12 tgid 12 flags 0x1200011\n"
	"0.6ms cpu0 wakeup_new work1/12 on 1 by boss/10\n"
	"0.7ms cpu1 switch idle R -> work1/12\n"
	"0.9ms cpu1 switch work1/12 S read(0x3) -> idle\n"
	"2ms cpu0 waking work0/11 by boss/10\n"	   /* a hand-off */
	"2.1ms cpu1 switch idle R -> work0/11\n"
	"3ms cpu0 switch boss/10 S wait4(0x0) -> idle\n"
	"3.5ms cpu1 waking work1/12 by work0/11\n" /* another */
	"3.5ms cpu1 migrate work1/12 1 -> 0 by work0/11\n"
	"3.6ms cpu0 switch idle R -> work1/12\n"   /* both run for 1 ms */
	"4.6ms cpu1 switch work0/11 S clock_nanosleep(0x1) -> other/99\n"
	"5.6ms cpu1 switch other/99 S read(0x0) -> idle\n"
	"6ms cpu1 waking work0/11 by idle in hardirq\n" /* a timer */
	"6.2ms cpu1 switch idle R -> work0/11\n"
	"6.5ms cpu1 mark work0/11 instant 7 arg 3\n"
	"6.6ms cpu0 mark work1/12 instant 7 arg 5\n"
	"7ms cpu0 switch work1/12 S madvise(0x0) -> idle\n"
	"7.5ms cpu1 waking work1/12 by work0/11\n" /* the kernel's own affair */
	"7.6ms cpu0 switch idle R -> work1/12\n"
	"8ms cpu0 switch work1/12 R+ -> idle\n"
	"10ms end\n";

static struct trace_reader *reader;
static struct model *model;
static struct evidence ev;

static void begin(void)
{
	struct model *again = NULL;
	struct model_sink sink;
	struct err e = { 0 };

	if (trace_reader_open_mem(&reader, trace, strlen(trace), &e) < 0 ||
	    model_build(&model, reader, NULL, 0, &e) < 0)
		TEST_FAIL("%s", e.text);
	evidence_init(&ev, model, &sink);
	CHECK(model_build(&again, reader, &sink, 1, &e) == 0);
	model_free(again);
}

static void end(void)
{
	evidence_release(&ev);
	model_free(model);
	trace_reader_close(reader);
}

TEST(only_the_tree_is_kept_and_found_by_name)
{
	task_set workers;

	begin();
	CHECK_U64(ev.tasks.n, 3);
	workers = evidence_named(&ev, "work*");
	CHECK_U64(workers.n, 2);
	CHECK_U64(evidence_task(&ev, workers.v[1])->task->tid, 12);
	CHECK(!task_some(evidence_one(&ev, "other")));
	CHECK(!evidence_task(&ev, TASK_NONE));
	CHECK_U64(evidence_ns(&ev, TASK_NONE, STATE_RUNNING, ALL), 0);
	vec_release(&workers);
	end();
}

TEST(the_wall_is_what_the_workload_measured)
{
	begin();
	CHECK_U64(ev.wall.from_ns, 1 * MS);
	CHECK_U64(ev.wall.to_ns, 9 * MS);
	end();
}

TEST(times_of_a_task_are_cut_to_the_window)
{
	task_id w0;

	begin();
	w0 = evidence_one(&ev, "work0");
	CHECK_U64(evidence_ns(&ev, w0, STATE_RUNNING, ALL), (3 + 25 + 38) * MS / 10);
	CHECK_U64(evidence_ns(&ev, w0, STATE_RUNNING, ((struct window){ 2 * MS, 3 * MS })), 9 * MS / 10);
	CHECK_U64(evidence_wait_ns(&ev, w0, WHY_WOKEN, ALL), 3 * MS / 10);
	CHECK_U64(evidence_switches(&ev, w0, OUT_VOLUNTARY, ALL), 2);
	CHECK_U64(evidence_switches(&ev, evidence_one(&ev, "work1"), OUT_INVOLUNTARY, ALL), 1);
	CHECK_U64(evidence_migrations(&ev, evidence_one(&ev, "work1"), true, ALL), 1);
	CHECK_U64(evidence_migrations(&ev, evidence_one(&ev, "work1"), false, ALL), 0);
	end();
}

TEST(sleeps_are_counted_by_call_and_by_what_ended_them)
{
	struct evidence_sleeps s;
	task_id w0;

	begin();
	w0 = evidence_one(&ev, "work0");
	s = evidence_sleeps(&ev, w0, EVIDENCE_TIMED, ALL);
	CHECK_U64(s.n, 1);
	CHECK_U64(s.ns, 14 * MS / 10);
	CHECK_U64(s.by_timer, 1);
	s = evidence_sleeps(&ev, w0, "read,futex", ALL);
	CHECK_U64(s.n, 1);
	CHECK_U64(s.by_timer, 0);
	CHECK_U64(s.min_ns, 15 * MS / 10);
	CHECK_U64(evidence_sleeps(&ev, w0, NULL, ALL).n, 2);
	CHECK_U64(evidence_sleeps(&ev, w0, "rea", ALL).n, 0);
	CHECK_U64(evidence_sleeps(&ev, w0, "readv", ALL).n, 0);
	end();
}

TEST(edges_are_wake_ups_by_tasks_out_of_the_calls_asked_for)
{
	begin();
	CHECK_U64(evidence_edges(&ev, "boss", "work*", EVIDENCE_HAND_OFF, ALL), 1);
	CHECK_U64(evidence_edges(&ev, "work*", "work*", EVIDENCE_HAND_OFF, ALL), 1);
	CHECK_U64(evidence_edges(&ev, "work*", "work*", NULL, ALL), 2);
	CHECK_U64(evidence_edges(&ev, NULL, NULL, EVIDENCE_HAND_OFF, ((struct window){ 0, 3 * MS })), 1);
	CHECK_U64(evidence_timer_wakes(&ev, "work*", EVIDENCE_TIMED, ALL), 1);
	CHECK_U64(evidence_timer_wakes(&ev, "work*", "read", ALL), 0);
	end();
}

TEST(profiles_say_how_many_ran_at_once)
{
	uint64_t at[3], sum = 0;
	task_set workers;

	begin();
	workers = evidence_named(&ev, "work*");
	evidence_profile(&ev, &workers, STATE_RUNNING, ev.wall, at, 3);
	for (int i = 0; i < 3; i++)
		sum += at[i];
	CHECK_U64(sum, 8 * MS);
	CHECK_U64(at[2], (10 + 8 + 4) * MS / 10);
	CHECK_U64(evidence_together_ns(&ev, "work*", 2, ev.wall), at[2]);
	CHECK_U64(evidence_together_ns(&ev, "work*", 3, ev.wall), 0);
	vec_release(&workers);
	end();
}

TEST(cpus_are_ours_others_or_idle)
{
	struct cpuset one = { 0 };
	struct evidence_cpu all, second;

	begin();
	cpuset_add(&one, 1);
	all = evidence_cpus(&ev, NULL, ev.wall);
	second = evidence_cpus(&ev, &one, ev.wall);
	CHECK_U64(all.ours_ns + all.others_ns + all.recorder_ns + all.idle_ns + all.unknown_ns, 16 * MS);
	CHECK_U64(all.others_ns, 1 * MS);
	CHECK_U64(second.others_ns, 1 * MS);
	CHECK_U64(second.ours_ns, (25 + 28) * MS / 10);
	cpuset_release(&one);
	end();
}

TEST(instants_are_what_the_workload_said)
{
	uint64_t arg;

	begin();
	CHECK(evidence_said(&ev, 7, &arg));
	CHECK_U64(arg, 5);
	CHECK_U64(evidence_said_sum(&ev, 7), 8);
	CHECK(!evidence_said(&ev, 8, &arg));
	end();
}

TEST(latencies_and_stays)
{
	struct hist h = { 0 }, stays = { 0 };
	task_id w0;

	begin();
	w0 = evidence_one(&ev, "work0");
	evidence_latencies(&ev, w0, ALL, &h);
	CHECK_U64(h.n, 2);
	CHECK_U64(h.max_ns, 2 * MS / 10);
	evidence_stays(&ev, w0, ev.wall, &stays);
	CHECK_U64(stays.n, 2);
	hist_release(&h);
	hist_release(&stays);
	end();
}

TEST_MAIN
