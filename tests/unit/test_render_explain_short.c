/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_render_explain_short.c - the few lines below a picture: each sentence where it holds, none where it does
 * not.
 */
#include "render/explain.h"
#include "unit/account_make.h"

#define HEAD                                   \
	"schedviz-text 1\n"                    \
	"cpus 2\n"                             \
	"fact target.tid 10\n"                 \
	"fact job.noun task\n"                 \
	"0ms cpu0 task boss/10 state R on 0\n" \
	"0ms cpu0 current boss/10\n"           \
	"0ms cpu1 current idle\n"

static void expect(const char *trace, const char *want)
{
	struct style st = style_make(false, false, 80, "dumb", NULL);
	struct accounted x;
	struct buf out = { 0 };

	accounted_make(&x, trace);
	explain_short(&x.account, &st, &out);
	CHECK_STR(buf_str(&out), want);
	buf_release(&out);
	accounted_release(&x);
}

/* ---- why so long ---- */

TEST(parts_below_a_tenth_are_told_by_kind_alone)
{
	expect(HEAD "1ms cpu0 switch boss/10 S clock_nanosleep(0) -> idle\n"
		    "41ms cpu0 waking boss/10 by idle in hardirq\n"
		    "42ms cpu0 switch idle R -> boss/10\n"
		    "44ms cpu0 switch boss/10 X -> idle\n"
		    "45ms end\n",
	       "Why 44.0ms: 40.0ms = 1 x clock_nanosleep: boss; 3.00ms running, 1.00ms waiting\n"
	       "  for a CPU.\n");
}

TEST(nobody_there_is_nothing_to_say)
{
	expect("schedviz-text 1\ncpus 1\nfact target.tid 7\n0ms cpu0 current idle\n1ms end\n", "");
}

/* ---- why not less ---- */

/* Two jobs by one worker, each asleep for 20 ms; then by two, at once. */
#define WORKER(tid, job, from, to)                                                                            \
	from " cpu1 waking w" tid "/" tid " by idle in hardirq\n" from " cpu1 switch idle R -> w" tid "/" tid \
	     "\n" from " cpu1 mark w" tid "/" tid " start " job "\n" from " cpu1 switch w" tid "/" tid        \
	     " S clock_nanosleep(0) -> idle\n" to " cpu1 waking w" tid "/" tid " by idle in hardirq\n" to     \
	     " cpu1 switch idle R -> w" tid "/" tid "\n" to " cpu1 mark w" tid "/" tid " finish " job "\n"

TEST(a_job_that_no_worker_was_free_for)
{
	expect(HEAD "0ms cpu0 task w11/11 ppid 10 state S on 1 read(0x5)\n"
		    "0ms cpu0 mark boss/10 submit 0\n"
		    "0ms cpu0 mark boss/10 submit 1\n"
		    "1ms cpu0 switch boss/10 S futex(0x70) -> idle\n" WORKER(
			    "11", "0", "1ms", "21ms") "21.1ms cpu1 mark w11/11 start 1\n"
						      "21.2ms cpu1 switch w11/11 S clock_nanosleep(0) -> idle\n"
						      "41ms cpu1 waking w11/11 by idle in hardirq\n"
						      "41ms cpu1 switch idle R -> w11/11\n"
						      "41.1ms cpu1 mark w11/11 finish 1\n"
						      "41.2ms cpu1 waking boss/10 by w11/11\n"
						      "41.3ms cpu1 switch w11/11 S read(0x5) -> idle\n"
						      "41.4ms cpu0 switch idle R -> boss/10\n"
						      "43ms cpu0 switch boss/10 X -> idle\n"
						      "43ms end\n",
	       "Why 43.0ms: 39.8ms = 2 x clock_nanosleep: tasks 0 and 1 on w11; 2.00ms running,\n"
	       "  1.00ms asleep, 200us waiting for a CPU.\n"
	       "Why not less: task 1 waited 21.1ms for the only worker; then w11 did it, after\n"
	       "  task 0. With one more worker: 21.9ms to 23.0ms.\n");
}

TEST(jobs_done_at_once_say_why_not_more)
{
	expect(HEAD "0ms cpu0 task w11/11 ppid 10 state S on 1 read(0x5)\n"
		    "0ms cpu0 task w12/12 ppid 10 state S on 1 read(0x5)\n"
		    "0ms cpu0 mark boss/10 submit 0\n"
		    "0ms cpu0 mark boss/10 submit 1\n"
		    "1ms cpu0 switch boss/10 S futex(0x70) -> idle\n" WORKER("11", "0", "1ms", "21ms")
			    WORKER("12", "1", "1.2ms", "21.2ms") "21.1ms cpu1 switch w11/11 S read(0x5) -> idle\n"
								 "21.3ms cpu1 waking boss/10 by w12/12\n"
								 "21.4ms cpu1 switch w12/12 S read(0x5) -> idle\n"
								 "21.5ms cpu0 switch idle R -> boss/10\n"
								 "22ms cpu0 switch boss/10 X -> idle\n"
								 "22ms end\n",
	       "Why 22.0ms: 20.0ms = 1 x clock_nanosleep: task 1 on w12; 1.20ms asleep, 600us\n"
	       "  running, 200us waiting for a CPU.\n"
	       "Why not more: 2 tasks of 40.0ms in all were done, up to 2 at once.\n");
}

/* Who has the lock sleeps with it, and so the other has to wait before it can sleep in its turn. */
TEST(a_lock_handed_over)
{
	expect(HEAD "1ms cpu0 fork boss/10 -> a/11 tgid 11\n"
		    "1ms cpu0 wakeup_new a/11 on 1 by boss/10\n"
		    "1ms cpu1 switch idle R -> a/11\n"
		    "2ms cpu1 switch a/11 S clock_nanosleep(0) -> idle\n"
		    "3ms cpu0 switch boss/10 S futex(0x70) -> idle\n"
		    "22ms cpu1 waking a/11 by idle in hardirq\n"
		    "22ms cpu1 switch idle R -> a/11\n"
		    "23ms cpu1 waking boss/10 by a/11\n"
		    "23ms cpu0 switch idle R -> boss/10\n"
		    "24ms cpu0 switch boss/10 S clock_nanosleep(0) -> idle\n"
		    "26ms cpu1 switch a/11 X -> idle\n"
		    "44ms cpu0 waking boss/10 by idle in hardirq\n"
		    "44ms cpu0 switch idle R -> boss/10\n"
		    "45ms cpu0 switch boss/10 X -> idle\n"
		    "45ms end\n",
	       "Why 45.0ms: 40.0ms = 2 x clock_nanosleep: boss and a; 5.00ms running: boss\n"
	       "  3.00ms, a 2.00ms.\n"
	       "Why not less: boss slept 20.0ms in futex until a woke it.\n");
}

/* The same, but who was woken has nothing to do: nothing was held back. */
TEST(a_wake_up_that_holds_nothing_back_is_not_told)
{
	expect(HEAD "1ms cpu0 fork boss/10 -> a/11 tgid 11\n"
		    "1ms cpu0 wakeup_new a/11 on 1 by boss/10\n"
		    "1ms cpu1 switch idle R -> a/11\n"
		    "2ms cpu1 switch a/11 S clock_nanosleep(0) -> idle\n"
		    "3ms cpu0 switch boss/10 S futex(0x70) -> idle\n"
		    "42ms cpu1 waking a/11 by idle in hardirq\n"
		    "42ms cpu1 switch idle R -> a/11\n"
		    "43ms cpu1 waking boss/10 by a/11\n"
		    "43ms cpu0 switch idle R -> boss/10\n"
		    "45ms cpu0 switch boss/10 X -> idle\n"
		    "45ms end\n",
	       "Why 45.0ms: 40.0ms = 1 x clock_nanosleep: a; 5.00ms running: boss 3.00ms, a\n"
	       "  2.00ms.\n");
}

/* Timers wake it again and again until it is its turn to compute: one wait. Two never ran at once. */
TEST(two_that_compute_one_at_a_time)
{
	expect(HEAD "1ms cpu0 fork boss/10 -> a/11 tgid 10 flags 0x10000\n"
		    "1ms cpu0 wakeup_new a/11 on 1 by boss/10\n"
		    "1ms cpu0 switch boss/10 S futex(0x70) -> idle\n"
		    "1ms cpu1 switch idle R -> a/11\n"
		    "6ms cpu0 waking boss/10 by idle in hardirq\n"
		    "6ms cpu0 switch idle R -> boss/10\n"
		    "6.01ms cpu0 switch boss/10 S futex(0x70) -> idle\n"
		    "21ms cpu1 waking boss/10 by a/11\n"
		    "21ms cpu1 switch a/11 S futex(0x70) -> idle\n"
		    "21ms cpu0 switch idle R -> boss/10\n"
		    "41ms cpu0 switch boss/10 X -> idle\n"
		    "41ms end\n",
	       "Why 41.0ms: 41.0ms running: boss 21.0ms, a 20.0ms.\n"
	       "Why not less: boss slept 20.0ms in futex (2 times) until a woke it. Two of its\n"
	       "  tasks ran at once for <0.1 % of the time that any ran, on 2 CPUs.\n");
}

TEST(two_that_compute_at_once_say_why_not_more)
{
	expect(HEAD "1ms cpu0 fork boss/10 -> a/11 tgid 11\n"
		    "1ms cpu0 wakeup_new a/11 on 1 by boss/10\n"
		    "1ms cpu1 switch idle R -> a/11\n"
		    "40ms cpu1 switch a/11 X -> idle\n"
		    "41ms cpu0 switch boss/10 X -> idle\n"
		    "41ms end\n",
	       "Why 41.0ms: 41.0ms running: boss.\n"
	       "Why not more: its tasks computed 80.0ms in all, up to 2 at once.\n");
}

/* ---- what else stands out ---- */

TEST(who_is_in_the_way_is_told)
{
	expect(HEAD "0ms cpu0 task hog/99 state S on 0\n"
		    "5ms cpu0 switch boss/10 R+ -> hog/99\n"
		    "25ms cpu0 switch hog/99 S read(0) -> boss/10\n"
		    "30ms cpu0 switch boss/10 X -> idle\n"
		    "30ms end\n",
	       "Why 30.0ms: 20.0ms waiting for a CPU: boss 20.0ms behind hog/99; 10.0ms running:\n"
	       "  boss.\n");
}

TEST_MAIN
