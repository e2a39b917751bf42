/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_analysis_summary.c - sums of a small recording, within windows, and which tasks a filter means.
 */
#include "analysis/summary.h"
#include "unit/test.h"

static const char trace[] =
	"schedviz-text 1\n"
	"cpus 2\n"
	"0ms cpu0 task web/10 state R on 0\n"
	"0ms cpu0 task db/11 state S on 0\n"
	"0ms cpu0 current web/10\n"
	"0ms cpu1 current idle\n"
	"1ms cpu0 waking db/11 by web/10\n"
	"1.001ms cpu0 migrate db/11 0 -> 1 by web/10\n"
	"1.1ms cpu1 switch idle R -> db/11\n"
	"2ms cpu1 switch db/11 S read(0x3) -> idle\n"
	"3ms cpu0 waking db/11 by web/10\n"
	"3.5ms cpu0 migrate db/11 1 -> 0 by web/10\n"
	"4ms cpu0 switch web/10 R+ -> db/11\n"
	"5ms cpu0 switch db/11 D futex(0x1) -> web/10\n"
	"6ms cpu0 fork web/10 -> web/12 tgid 12 flags 0x1200011\n"
	"6ms cpu0 wakeup_new web/12 on 0 by web/10\n"
	"7ms cpu0 switch web/10 S read(0x0) -> web/12\n"
	"8ms cpu0 switch web/12 X -> idle\n"
	"10ms end\n";

static struct trace_reader *reader;
static struct model *model;

static struct summary sum_up(uint64_t from_ns, uint64_t to_ns)
{
	struct summary s;
	struct model_sink sink;
	struct err e = { 0 };

	summary_init(&s, (struct window){ from_ns, to_ns }, &sink);
	if (trace_reader_open_mem(&reader, trace, strlen(trace), &e) < 0 ||
	    model_build(&model, reader, &sink, 1, &e) < 0)
		TEST_FAIL("%s", e.text);
	summary_finish(&s, model);
	return s;
}

static void done(struct summary *s)
{
	summary_release(s);
	model_free(model);
	trace_reader_close(reader);
}

TEST(a_whole_recording)
{
	struct summary s = sum_up(0, UINT64_MAX);
	const struct task_sum *web = &s.tasks[0], *db = &s.tasks[1];

	CHECK_U64(s.nr_tasks, 3);
	CHECK_U64(web->ns[STATE_RUNNING], 6000000);
	CHECK_U64(web->ns[STATE_RUNNABLE], 1000000);
	CHECK_U64(web->wait_ns[WHY_PREEMPTED], 1000000);
	CHECK_U64(web->involuntary, 1);
	CHECK_U64(web->voluntary, 1);
	CHECK_U64(db->ns[STATE_RUNNING], 1900000);
	CHECK_U64(db->ns[STATE_SLEEPING], 2000000);
	CHECK_U64(db->ns[STATE_BLOCKED], 5000000);
	CHECK_U64(db->wakeups, 2);
	CHECK_U64(db->migrations, 2);
	CHECK_U64(db->latency.n, 2);
	CHECK_U64(db->latency.min_ns, 100000);
	CHECK_U64(db->latency.max_ns, 1000000); /* both parts of the wait that was moved */
	CHECK_U64(s.latency.n, 2);
	CHECK_U64(s.forks, 1);
	CHECK_U64(s.exits, 1);
	CHECK_U64(s.switches, 6);
	CHECK_U64(summary_life_ns(&s, (task_id){ 2 }), 2000000);
	done(&s);
}

TEST(cpus_tell_use_and_queues)
{
	struct summary s = sum_up(0, UINT64_MAX);

	CHECK_U64(s.nr_cpus, 2);
	CHECK(s.cpus[0].seen && s.cpus[1].seen);
	CHECK_U64(s.cpus[0].ns[CPU_TASK], 8000000);
	CHECK_U64(s.cpus[0].ns[CPU_IDLE], 2000000);
	CHECK_U64(s.cpus[0].switches, 4);
	CHECK_U64(s.cpus[1].switches, 2);
	CHECK_U64(s.cpus[0].max_depth, 2);
	CHECK_U64(s.cpus[1].max_depth, 1);
	CHECK_U64(s.cpus[0].queued_ns, 8000000 + 500000 + 1000000 + 1000000);
	done(&s);
}

TEST(what_a_task_slept_in_is_longest_first)
{
	struct summary s = sum_up(0, UINT64_MAX);
	const struct task_sum *db = &s.tasks[1];

	CHECK_U64(db->nr_slept, 3);
	CHECK_U64(db->slept[0].ns, 5000000);
	CHECK_U64(db->slept[1].ns, 1000000);
	CHECK_U64(db->slept[0].count, 1);
	done(&s);
}

TEST(a_window_clips_times_and_counts_only_what_is_inside)
{
	struct summary s = sum_up(3500000, 4500000);
	const struct task_sum *web = &s.tasks[0], *db = &s.tasks[1];

	CHECK_U64(web->ns[STATE_RUNNING], 500000);
	CHECK_U64(web->ns[STATE_RUNNABLE], 500000);
	CHECK_U64(db->ns[STATE_RUNNABLE], 500000);
	CHECK_U64(db->ns[STATE_RUNNING], 500000);
	CHECK_U64(db->latency.n, 1); /* its wait began before, but ends inside */
	CHECK_U64(db->latency.max_ns, 1000000);
	CHECK_U64(s.wakeups, 0);
	CHECK_U64(s.migrations, 1);
	CHECK_U64(s.switches, 1);
	CHECK_U64(web->involuntary, 1);
	CHECK_U64(s.cpus[0].max_depth, 2);
	CHECK_U64(summary_life_ns(&s, (task_id){ 0 }), 1000000);
	CHECK_U64(summary_life_ns(&s, (task_id){ 2 }), 0);
	done(&s);
}

TEST(a_filter_means_names_globs_and_tids)
{
	struct task web = { .tid = 10, .name = "web" }, k = { .tid = 11, .name = "[kthread]" };
	struct task_filter all = { NULL }, none = { "db,x*" }, some = { "db,we?,77" };
	struct task_filter tid = { "9,10" }, odd = { "[kthread]" };

	CHECK(task_filter_match(&all, &web));
	CHECK(!task_filter_match(&none, &web));
	CHECK(task_filter_match(&some, &web));
	CHECK(task_filter_match(&tid, &web));
	CHECK(!task_filter_match(&tid, &k));
	CHECK(task_filter_match(&odd, &k));
}

TEST_MAIN
