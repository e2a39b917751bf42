/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_analysis_path.c - each kind of step and edge of a critical path, in hand-drawn traces.
 */
#include "analysis/path.h"

#include "unit/test.h"

#define US NSEC_PER_USEC
#define ALL ((struct window){ 0, UINT64_MAX })
#define TO_50US ((struct window){ 0, 50 * US }) /* where the root ends and others do not */

static struct trace_reader *reader;
static struct model *model;
static struct target target;
static struct history history;
static struct path path;

static task_id task_of(uint32_t tid)
{
	for (uint32_t i = 0; i < model_nr_tasks(model); i++)
		if (model_task(model, (task_id){ i })->tid == tid)
			return (task_id){ i };
	return TASK_NONE;
}

/* `last`: a tid, or 0: as the target has it. */
static void begin(const char *trace, struct window asked, uint32_t last)
{
	struct task_filter filter = { NULL };
	struct model_sink sink;
	struct err e = { 0 };

	history = (struct history){ 0 };
	if (trace_reader_open_mem(&reader, trace, strlen(trace), &e) < 0)
		TEST_FAIL("%s", e.text);
	history_init(&history, asked, NULL, &sink);
	if (model_build(&model, reader, &sink, 1, &e) < 0)
		TEST_FAIL("%s", e.text);
	target_init(&target, model, &filter, asked);
	if (last) {
		target.last = task_of(last);
		target.aimed = true;
	}
	history_finish(&history, model, &target);
	path_make(&path, &history, target.last, target.window);
}

static void end(void)
{
	path_release(&path);
	history_release(&history);
	target_release(&target);
	model_free(model);
	trace_reader_close(reader);
	reader = NULL;
}

/* ---- a path as text ---- */

static const char *const kinds[NR_PATH_KINDS] = { "run", "wait", "sleep", "blocked", "stopped", "unknown", "nobody" };
static const char *const edges[] = { "", " wakes", " forks", " exits", " ends" };

static void put_step(const struct path_step *s, struct buf *out)
{
	buf_printf(out, "%u %s %u", task_some(s->task) ? model_task(model, s->task)->tid : 0, kinds[s->kind],
		   (unsigned)((s->to_ns - s->from_ns) / US));
	if (task_some(s->by))
		buf_printf(out, " by %u", model_task(model, s->by)->tid);
	if (s->by_ns)
		buf_printf(out, " for %u", (unsigned)(s->by_ns / US));
	if (s->job != HISTORY_NO_JOB)
		buf_printf(out, " job %u", (unsigned)history.jobs[s->job].id);
	buf_printf(out, "%s\n", edges[s->edge]);
}

/* "TID KIND us [by TID [for us]] [job N] EDGE", a line for each step. */
static void expect(const char *want)
{
	struct buf got = { 0 };
	uint64_t at_ns = path.window.from_ns, sum = 0;

	for (size_t i = 0; i < path.steps.n; i++) {
		CHECK_U64(path.steps.v[i].from_ns, at_ns);
		at_ns = path.steps.v[i].to_ns;
		put_step(&path.steps.v[i], &got);
	}
	for (int k = 0; k < NR_PATH_KINDS; k++)
		sum += path.ns[k];
	CHECK_STR(buf_str(&got), want);
	CHECK_U64(at_ns, path.window.to_ns);
	CHECK_U64(sum, path.window.to_ns - path.window.from_ns);
	buf_release(&got);
}

#define HEAD                                   \
	"schedviz-text 1\n"                    \
	"cpus 2\n"                             \
	"fact target.tid 10\n"                 \
	"0us cpu0 task boss/10 state R on 0\n" \
	"0us cpu0 current boss/10\n"           \
	"0us cpu1 current idle\n"

/* ---- each kind and edge ---- */

TEST(it_runs_waits_behind_somebody_and_sleeps_until_a_timer)
{
	begin(HEAD "0us cpu0 task other/99 state S on 0\n"
		   "10us cpu0 switch boss/10 S clock_nanosleep(0) -> idle\n"
		   "30us cpu0 waking other/99 by idle in hardirq\n"
		   "31us cpu0 switch idle R -> other/99\n"
		   "50us cpu0 waking boss/10 by other/99 in hardirq\n"
		   "56us cpu0 switch other/99 S read(0) -> boss/10\n"
		   "60us cpu0 exit boss/10 tgid 10 code 0x0 last\n"
		   "61us cpu0 switch boss/10 X -> idle\n"
		   "70us end\n",
	      ALL, 0);
	expect("10 run 10\n"
	       "10 sleep 40\n"
	       "10 wait 6 by 99 for 6\n"
	       "10 run 5 ends\n");
	CHECK_U64(path.steps.v[1].ctx, EV_CTX_HARDIRQ);
	CHECK_U64(path.steps.v[1].syscall, 230);
	CHECK_U64(path.steps.v[2].cpu, 0);
	CHECK_U64(path.steps.v[2].why, WHY_WOKEN);
	CHECK_U64(path.wake_ns, 6 * US);
	CHECK_U64(path.tasks, 1);
	end();
}

TEST(a_task_that_wakes_is_followed_and_a_stranger_is_named)
{
	static const char trace[] = HEAD "0us cpu0 task other/99 state S on 0\n"
					 "5us cpu0 fork boss/10 -> hand/11 tgid 11\n"
					 "6us cpu0 wakeup_new hand/11 on 1 by boss/10\n"
					 "8us cpu1 switch idle R -> hand/11\n"
					 "10us cpu0 switch boss/10 S read(0x7) -> idle\n"
					 "20us cpu1 switch hand/11 S futex(0x70) -> other/99\n"
					 "25us cpu1 waking hand/11 by other/99\n"
					 "30us cpu1 switch other/99 S read(0) -> hand/11\n"
					 "40us cpu1 waking boss/10 by hand/11\n"
					 "43us cpu0 switch idle R -> boss/10\n"
					 "45us cpu1 switch hand/11 S read(0x3) -> idle\n"
					 "50us cpu0 switch boss/10 X -> idle\n"
					 "60us end\n";

	begin(trace, TO_50US, 0);
	expect("10 run 5 forks\n"
	       "11 wait 3\n"
	       "11 run 12\n"
	       "11 sleep 5 by 99\n"
	       "11 wait 5 by 99 for 5\n"
	       "11 run 10 wakes\n"
	       "10 wait 3\n"
	       "10 run 7 ends\n");
	CHECK_U64(path.steps.v[3].ctx, EV_CTX_TASK);
	CHECK_U64(path.steps.v[5].syscall, 0); /* what boss slept in */
	CHECK_U64(path.steps.v[5].arg, 7);
	CHECK_U64(path.tasks, 2);
	end();
}

/* By wait4(), and as pthread_join() waits: a thread that ends wakes a futex first. */
TEST(who_ended_and_so_woke_another_is_told_apart)
{
	begin(HEAD "5us cpu0 fork boss/10 -> hand/11 tgid 11\n"
		   "5us cpu0 wakeup_new hand/11 on 1 by boss/10\n"
		   "6us cpu1 switch idle R -> hand/11\n"
		   "10us cpu0 switch boss/10 S wait4(0xffffffff) -> idle\n"
		   "20us cpu1 exit hand/11 tgid 11 code 0x0 last\n"
		   "21us cpu1 waking boss/10 by hand/11\n"
		   "22us cpu1 switch hand/11 X -> idle\n"
		   "23us cpu0 switch idle R -> boss/10\n"
		   "30us cpu0 fork boss/10 -> thread/12 tgid 10 flags 0x10000\n"
		   "30us cpu0 wakeup_new thread/12 on 1 by boss/10\n"
		   "31us cpu1 switch idle R -> thread/12\n"
		   "32us cpu0 switch boss/10 S futex(0x70) -> idle\n"
		   "40us cpu1 waking boss/10 by thread/12\n"
		   "41us cpu1 exit thread/12 tgid 10 code 0x0\n"
		   "42us cpu0 switch idle R -> boss/10\n"
		   "43us cpu1 switch thread/12 X -> idle\n"
		   "50us cpu0 switch boss/10 X -> idle\n"
		   "60us end\n",
	      ALL, 0);
	expect("10 run 5 forks\n"
	       "11 wait 1\n"
	       "11 run 15 exits\n"
	       "10 wait 2\n"
	       "10 run 7 forks\n"
	       "12 wait 1\n"
	       "12 run 9 exits\n"
	       "10 wait 2\n"
	       "10 run 8 ends\n");
	end();
}

/* A lock given back long before the end is no end. */
TEST(who_goes_on_after_the_wake_up_did_not_end)
{
	begin(HEAD "5us cpu0 fork boss/10 -> thread/12 tgid 10 flags 0x10000\n"
		   "5us cpu0 wakeup_new thread/12 on 1 by boss/10\n"
		   "6us cpu1 switch idle R -> thread/12\n"
		   "10us cpu0 switch boss/10 S futex(0x70) -> idle\n"
		   "20us cpu1 waking boss/10 by thread/12\n"
		   "22us cpu0 switch idle R -> boss/10\n"
		   "1500us cpu1 exit thread/12 tgid 10 code 0x0\n"
		   "1500us cpu1 switch thread/12 X -> idle\n"
		   "1600us cpu0 switch boss/10 X -> idle\n"
		   "1700us end\n",
	      ALL, 0);
	expect("10 run 5 forks\n"
	       "12 wait 1\n"
	       "12 run 14 wakes\n"
	       "10 wait 2\n"
	       "10 run 1578 ends\n");
	end();
}

TEST(a_waking_before_it_left_its_cpu_is_no_sleep)
{
	begin(HEAD "0us cpu0 task hand/11 ppid 10 state R on 1\n"
		   "0us cpu1 current hand/11\n"
		   "20us cpu1 waking boss/10 by hand/11\n"
		   "22us cpu0 switch boss/10 S futex(0x70) -> idle\n"
		   "23us cpu0 migrate boss/10 0 -> 0 by hand/11\n"
		   "25us cpu0 switch idle R -> boss/10\n"
		   "30us cpu0 switch boss/10 X -> idle\n"
		   "40us end\n",
	      ((struct window){ 0, 30 * US }), 0);
	expect("10 run 22\n"
	       "10 wait 3\n"
	       "10 run 5 ends\n");
	end();
}

TEST(blocked_and_stopped_are_steps_of_their_own)
{
	begin(HEAD "10us cpu0 switch boss/10 D read(0x3) -> idle\n"
		   "15us cpu0 waking boss/10 by idle in softirq\n"
		   "16us cpu0 switch idle R -> boss/10\n"
		   "20us cpu0 switch boss/10 T -> idle\n"
		   "30us cpu0 waking boss/10 by idle in hardirq\n"
		   "31us cpu0 switch idle R -> boss/10\n"
		   "35us cpu0 switch boss/10 X -> idle\n"
		   "40us end\n",
	      ALL, 0);
	expect("10 run 10\n"
	       "10 blocked 5\n"
	       "10 wait 1\n"
	       "10 run 4\n"
	       "10 stopped 10\n"
	       "10 wait 1\n"
	       "10 run 4 ends\n");
	CHECK_U64(path.steps.v[1].ctx, EV_CTX_SOFTIRQ);
	end();
}

/* The balancer moved the wait; on each CPU another was in the way, the second one most of it. */
TEST(a_moved_wait_is_two_steps_and_each_has_who_was_there_longest)
{
	begin(HEAD "0us cpu0 task a/20 state R on 0\n"
		   "0us cpu0 task b/21 state R on 1\n"
		   "0us cpu0 task c/22 state R on 1\n"
		   "5us cpu1 switch idle R -> b/21\n"
		   "10us cpu0 switch boss/10 R+ -> a/20\n"
		   "20us cpu1 migrate boss/10 0 -> 1 by b/21\n"
		   "23us cpu1 switch b/21 R+ -> c/22\n"
		   "30us cpu1 switch c/22 R+ -> boss/10\n"
		   "40us cpu1 switch boss/10 X -> idle\n"
		   "50us end\n",
	      ALL, 0);
	expect("10 run 10\n"
	       "10 wait 10 by 20 for 10\n"
	       "10 wait 10 by 22 for 7\n"
	       "10 run 10 ends\n");
	CHECK_U64(path.steps.v[1].why, WHY_PREEMPTED);
	CHECK_U64(path.steps.v[1].cpu, 0);
	CHECK_U64(path.steps.v[2].cpu, 1);
	CHECK_U64(path.wake_ns, 0);
	end();
}

TEST(running_is_cut_where_jobs_begin_and_end)
{
	begin(HEAD "fact job.noun task\n"
		   "5us cpu0 mark boss/10 start 3\n"
		   "10us cpu0 switch boss/10 S clock_nanosleep(0) -> idle\n"
		   "20us cpu0 waking boss/10 by idle in hardirq\n"
		   "21us cpu0 switch idle R -> boss/10\n"
		   "25us cpu0 mark boss/10 finish 3\n"
		   "27us cpu0 mark boss/10 start 4\n"
		   "30us cpu0 mark boss/10 start 5\n" /* one inside another */
		   "33us cpu0 mark boss/10 finish 5\n"
		   "36us cpu0 mark boss/10 finish 4\n"
		   "40us cpu0 switch boss/10 X -> idle\n"
		   "50us end\n",
	      ALL, 0);
	expect("10 run 5\n"
	       "10 run 5 job 3\n"
	       "10 sleep 10 job 3\n"
	       "10 wait 1 job 3\n"
	       "10 run 4 job 3\n"
	       "10 run 2\n"
	       "10 run 3 job 4\n"
	       "10 run 3 job 5\n"
	       "10 run 3 job 4\n"
	       "10 run 4 ends\n");
	end();
}

/* ---- what is not known ---- */

TEST(what_was_lost_is_unknown_and_its_task_is_followed)
{
	begin(HEAD "0us cpu0 task hand/11 ppid 10 state S on 1\n"
		   "3us cpu1 switch idle R -> hand/11\n"
		   "10us cpu0 switch boss/10 S read(0x7) -> idle\n"
		   "30us cpu1 lost 17 since 12us\n"
		   "40us cpu1 waking boss/10 by hand/11\n"
		   "41us cpu0 switch idle R -> boss/10\n"
		   "43us cpu1 switch hand/11 S read(0) -> idle\n"
		   "50us cpu0 switch boss/10 X -> idle\n"
		   "60us end\n",
	      TO_50US, 0);
	CHECK_U64(path.ns[PATH_NOBODY], 0);
	CHECK(path.ns[PATH_UNKNOWN] > 0);
	CHECK_U64(path.tasks, 2);
	end();
}

TEST(who_made_a_task_is_not_always_followed)
{
	begin("schedviz-text 1\n"
	      "cpus 2\n"
	      "fact target.tid 11\n"
	      "0us cpu0 task other/99 state R on 0\n"
	      "0us cpu0 current other/99\n"
	      "0us cpu1 current idle\n"
	      "5us cpu0 fork other/99 -> hand/11 tgid 11\n"
	      "6us cpu0 wakeup_new hand/11 on 1 by other/99\n"
	      "8us cpu1 switch idle R -> hand/11\n"
	      "20us cpu1 switch hand/11 X -> idle\n"
	      "30us end\n",
	      (struct window){ 1 * US, 25 * US }, 0);
	expect("0 nobody 4\n"
	       "11 wait 3\n"
	       "11 run 12\n"
	       "0 nobody 5 ends\n");
	end();
}

/* The events of the waker's CPU say that it was asleep when it woke the other: it is named, not followed. */
TEST(a_waker_that_was_on_no_cpu_is_only_named)
{
	begin(HEAD "0us cpu0 task hand/11 ppid 10 state S on 1 futex(0x70)\n"
		   "2us cpu1 switch idle R -> hand/11\n"
		   "4us cpu1 switch hand/11 S futex(0x70) -> idle\n"
		   "10us cpu0 switch boss/10 S read(0x7) -> idle\n"
		   "40us cpu1 waking boss/10 by hand/11\n"
		   "41us cpu0 switch idle R -> boss/10\n"
		   "50us cpu0 switch boss/10 X -> idle\n"
		   "60us end\n",
	      TO_50US, 0);
	expect("10 run 10\n"
	       "10 sleep 30 by 11\n"
	       "10 wait 1\n"
	       "10 run 9 ends\n");
	end();
}

/* Two that woke each other at one instant, says the file: each is come to once. */
TEST(a_circle_at_one_instant_is_left)
{
	begin(HEAD "0us cpu0 task hand/11 ppid 10 state S on 1 futex(0x70)\n"
		   "2us cpu1 switch idle R -> hand/11\n"
		   "4us cpu1 switch hand/11 S futex(0x70) -> idle\n"
		   "10us cpu0 switch boss/10 S read(0x7) -> idle\n"
		   "40us cpu0 switch idle R -> boss/10\n"
		   "40us cpu1 switch idle R -> hand/11\n"
		   "41us cpu1 waking boss/10 by hand/11\n" /* both stamped late: they count from 40us */
		   "42us cpu0 waking hand/11 by boss/10\n"
		   "45us cpu1 switch hand/11 S read(0) -> idle\n"
		   "50us cpu0 switch boss/10 X -> idle\n"
		   "60us end\n",
	      TO_50US, 0);
	expect("11 wait 2\n"
	       "11 run 2\n"
	       "11 sleep 36 by 10 wakes\n"
	       "10 run 10 ends\n");
	end();
}

/* ---- whose end ---- */

#define TWO_SLEEPERS                                                   \
	HEAD "5us cpu0 fork boss/10 -> hand/11 tgid 11\n"              \
	     "5us cpu0 wakeup_new hand/11 on 1 by boss/10\n"           \
	     "6us cpu1 switch idle R -> hand/11\n"                     \
	     "10us cpu0 switch boss/10 S wait4(0xb) -> idle\n"         \
	     "20us cpu1 switch hand/11 S clock_nanosleep(0) -> idle\n" \
	     "90us cpu1 waking hand/11 by idle in hardirq\n"           \
	     "91us cpu1 switch idle R -> hand/11\n"                    \
	     "95us cpu1 waking boss/10 by hand/11\n"                   \
	     "96us cpu1 switch hand/11 X -> idle\n"                    \
	     "97us cpu0 switch idle R -> boss/10\n"                    \
	     "99us cpu0 switch boss/10 X -> idle\n"                    \
	     "100us end\n"

TEST(in_a_part_where_the_root_sleeps_it_is_who_was_last_on_a_cpu)
{
	begin(TWO_SLEEPERS, (struct window){ 0, 60 * US }, 0);
	CHECK_U64(model_task(model, path.asked)->tid, 10);
	CHECK_U64(model_task(model, path.last)->tid, 11);
	expect("10 run 5 forks\n"
	       "11 wait 1\n"
	       "11 run 14\n"
	       "11 sleep 40 ends\n");
	CHECK_U64(path.steps.v[3].ctx, EV_CTX_UNKNOWN);
	end();
}

TEST(who_was_asked_for_is_taken_even_asleep)
{
	begin(TWO_SLEEPERS, (struct window){ 0, 60 * US }, 10);
	expect("10 run 10\n"
	       "10 sleep 50 ends\n");
	end();
}

TEST(where_nobody_ran_the_sleeper_is_all_there_is)
{
	begin(TWO_SLEEPERS, (struct window){ 30 * US, 60 * US }, 0);
	expect("10 sleep 30 ends\n");
	end();
}

/* The root is gone, who is left sleeps: the path ends where the last on a CPU did. */
TEST(after_the_last_on_a_cpu_had_ended_there_is_nobody)
{
	begin(HEAD "0us cpu0 task hand/11 ppid 10 state S on 1\n"
		   "10us cpu0 switch boss/10 X -> idle\n"
		   "15us end\n",
	      ALL, 0);
	expect("10 run 10\n"
	       "0 nobody 5 ends\n");
	end();
}

TEST(a_part_cuts_its_first_step)
{
	begin(TWO_SLEEPERS, (struct window){ 50 * US, 98 * US }, 0);
	expect("11 sleep 40\n"
	       "11 wait 1\n"
	       "11 run 4 exits\n"
	       "10 wait 2\n"
	       "10 run 1 ends\n");
	end();
}

TEST(a_nanosecond_has_a_path)
{
	begin(TWO_SLEEPERS, (struct window){ 93 * US, 93 * US + 1 }, 0);
	CHECK_U64(path.steps.n, 1);
	CHECK_U64(path.ns[PATH_RUNNING], 1);
	end();
}

TEST(without_a_target_there_is_no_path)
{
	begin("schedviz-text 1\ncpus 2\nfact target.tid 77\n0us cpu0 current idle\n10us end\n", ALL, 0);
	CHECK_U64(path.steps.n, 0);
	CHECK(!task_some(path.last));
	end();
}

TEST_MAIN
