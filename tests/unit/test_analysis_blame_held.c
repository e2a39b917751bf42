/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_analysis_blame_held.c - throttled or unlucky: a drawn case for each rule of analysis/blame.h, and one beside it.
 */
#include "analysis/blame.h"
#include "unit/account_make.h"

#define HEAD "schedviz-text 1\ncpus 2\nfact target.tid 10\n"
#define TASKS                                         \
	"0ms cpu0 task boss/10 state R on 0\n"        \
	"0ms cpu0 task kid/11 ppid 10 state S on 0\n" \
	"0ms cpu0 task other/99 state S on 1\n"       \
	"0ms cpu0 current boss/10\n"                  \
	"0ms cpu1 current idle\n"

#define MS NSEC_PER_MSEC

static task_id task_of(const struct accounted *t, uint32_t tid)
{
	for (uint32_t i = 0; i < model_nr_tasks(t->m); i++)
		if (model_task(t->m, (task_id){ i })->tid == tid)
			return (task_id){ i };
	return TASK_NONE;
}

static const struct victim *victim(const struct accounted *t, uint32_t tid)
{
	for (size_t i = 0; i < t->account.blame.victims.n; i++)
		if (task_is(t->account.blame.victims.v[i].task, task_of(t, tid)))
			return &t->account.blame.victims.v[i];
	return NULL;
}

TEST(a_switch_to_idle_is_no_preemption)
{
	struct accounted t;
	const struct wait *w;

	accounted_make(&t, HEAD TASKS "2ms cpu0 switch boss/10 R -> idle\n"
				      "82ms cpu0 switch idle -> boss/10\n"
				      "90ms end\n");
	w = &t.account.blame.longest.v[0];
	CHECK(!w->preempted && !task_some(w->by));
	CHECK_U64(w->held, HELD_QUOTA);
	CHECK_U64(w->idle_ns, 80 * MS);
	CHECK_U64(t.account.blame.preemptions, 0);
	CHECK_U64(t.account.blame.held_ns[HELD_QUOTA], 80 * MS);
	CHECK_U64(victim(&t, 10)->held_waits, 1);
	accounted_release(&t);
}

/* The CPU idles for no longer than clocks may disagree. */
TEST(a_moment_of_idleness_is_no_quota)
{
	struct accounted t;

	accounted_make(&t, HEAD TASKS "2ms cpu0 switch boss/10 R+ -> other/99\n"
				      "3ms cpu0 switch other/99 S -> idle\n"
				      "3.02ms cpu0 switch idle -> boss/10\n"
				      "9ms end\n");
	CHECK_U64(t.account.blame.held_waits[HELD_QUOTA], 0);
	CHECK_U64(t.account.blame.held_waits[HELD_NOT], 1);
	accounted_release(&t);
	accounted_make(&t, HEAD TASKS "2ms cpu0 switch boss/10 R+ -> other/99\n"
				      "3ms cpu0 switch other/99 S -> idle\n"
				      "3.020001ms cpu0 switch idle -> boss/10\n"
				      "9ms end\n");
	CHECK_U64(t.account.blame.held_waits[HELD_QUOTA], 1);
	accounted_release(&t);
}

/* It waits for its new CPU to wake up, which may take long: its old one was never idle beside it. */
TEST(a_moved_task_is_not_held)
{
	struct accounted t;

	accounted_make(&t, HEAD TASKS "2ms cpu0 switch boss/10 R+ -> other/99\n"
				      "3ms cpu0 migrate boss/10 0 -> 1 by other/99\n"
				      "3.2ms cpu1 switch idle -> boss/10\n"
				      "9ms end\n");
	CHECK_U64(t.account.blame.held_waits[HELD_NOT], 1);
	CHECK(t.account.blame.longest.v[0].moved && t.account.blame.longest.v[0].preempted);
	CHECK_U64(t.account.blame.longest.v[0].idle_ns, 2 * MS / 10);
	CHECK_U64(t.account.blame.longest.v[0].cpu, 1);
	accounted_release(&t);
}

/* The same, with the window beginning after the move: how it began is not known, but it is no quota. */
TEST(what_began_before_the_window_is_not_held_for_how_it_goes_on)
{
	struct accounted t;

	accounted_part(&t,
		       HEAD TASKS "2ms cpu0 switch boss/10 R+ -> other/99\n"
				  "3ms cpu0 migrate boss/10 0 -> 1 by other/99\n"
				  "3.2ms cpu1 switch idle -> boss/10\n"
				  "9ms end\n",
		       (struct window){ 31 * MS / 10, 9 * MS }, NULL);
	CHECK_U64(t.account.blame.held_waits[HELD_NOT], 1);
	CHECK_U64(t.account.blame.idle_ns, 1 * MS / 10);
	CHECK(!t.account.blame.longest.v[0].preempted);
	accounted_release(&t);
}

/* A real-time task that leaves against its will for an ordinary one. */
TEST(the_limit_of_real_time_is_told_by_classes)
{
	struct accounted t;

	accounted_make(&t, HEAD TASKS "1ms cpu1 switch idle -> kid/11 prio 120 -> 98\n"
				      "2ms cpu1 switch kid/11 R -> other/99 prio 98 -> 120\n"
				      "52ms cpu1 switch other/99 R+ -> kid/11 prio 120 -> 98\n"
				      "90ms end\n");
	CHECK_U64(t.account.blame.held_ns[HELD_REALTIME], 50 * MS);
	CHECK_U64(t.account.blame.longest.v[0].own_prio, 98);
	accounted_release(&t);
	/* one that had been lent that priority and gave it back is simply preempted */
	accounted_make(&t, HEAD TASKS "1ms cpu1 switch idle -> kid/11 prio 120 -> 98\n"
				      "2ms cpu1 switch kid/11 R -> other/99 prio 120 -> 120\n"
				      "52ms cpu1 switch other/99 R+ -> kid/11 prio 120 -> 120\n"
				      "90ms end\n");
	CHECK_U64(t.account.blame.held_ns[HELD_REALTIME], 0);
	CHECK_U64(t.account.blame.longest.v[0].own_prio, 120);
	accounted_release(&t);
}

TEST(a_deadline_task_out_of_run_time_is_held)
{
	struct accounted t;

	accounted_make(&t, HEAD TASKS "1ms cpu1 switch idle -> kid/11 prio 120 -> -1\n"
				      "11ms cpu1 switch kid/11 R -> other/99 prio -1 -> 50\n"
				      "101ms cpu1 switch other/99 R+ -> kid/11 prio 50 -> -1\n"
				      "110ms end\n");
	CHECK_U64(t.account.blame.held_ns[HELD_DEADLINE], 90 * MS);
	accounted_release(&t);
}

#define THROTTLED                                      \
	"2ms cpu0 switch boss/10 R -> idle\n"          \
	"10ms cpu1 waking kid/11 by idle in hardirq\n" \
	"10ms cpu1 migrate kid/11 0 -> 1\n"            \
	"82ms cpu0 switch idle -> boss/10\n"

TEST(who_wakes_up_in_a_throttled_group_is_held)
{
	struct accounted t;

	accounted_make(&t, HEAD TASKS THROTTLED "82.1ms cpu1 switch idle -> kid/11\n"
						"90ms end\n");
	CHECK_U64(t.account.blame.held_waits[HELD_QUOTA], 2);
	CHECK_U64(t.account.blame.held_ns[HELD_QUOTA], 80 * MS + 721 * MS / 10);
	accounted_release(&t);
	/* for most of its wait nobody else was held */
	accounted_make(&t, HEAD TASKS "2ms cpu0 switch boss/10 R -> idle\n"
				      "4ms cpu0 switch idle -> boss/10\n"
				      "3ms cpu1 waking kid/11 by idle in hardirq\n"
				      "3ms cpu1 migrate kid/11 0 -> 1\n"
				      "5.000001ms cpu1 switch idle -> kid/11\n"
				      "90ms end\n");
	CHECK_U64(t.account.blame.held_waits[HELD_QUOTA], 1);
	accounted_release(&t);
	/* its CPU woke up at once */
	accounted_make(&t, HEAD TASKS THROTTLED "10.9ms cpu1 switch idle -> kid/11\n"
						"90ms end\n");
	CHECK_U64(t.account.blame.held_waits[HELD_QUOTA], 1);
	accounted_release(&t);
}

TEST_MAIN
