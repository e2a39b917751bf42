/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_analysis_roles.c - each rule of roles.h on a trace where it holds, and on one nearly the same where it does not.
 */
#include "analysis/roles.h"
#include "unit/test.h"

static struct trace_reader *reader;
static struct model *model;
static struct roles roles;

/* `edit`, if given: in a copy of the trace each `from` becomes `to`. */
struct edit {
	const char *from, *to;
};

static char *edited(const char *text, struct edit edit)
{
	size_t n = strlen(edit.from), len = strlen(text), extra = strlen(edit.to);
	char *out = malloc(len + (len / (n ? n : 1) + 1) * extra + 1), *at = out;
	unsigned found = 0;

	while (*text) {
		if (n && !strncmp(text, edit.from, n)) {
			memcpy(at, edit.to, extra);
			at += extra;
			text += n;
			found++;
		} else {
			*at++ = *text++;
		}
	}
	*at = '\0';
	if (n && !found)
		TEST_FAIL("'%s' is not in the trace", edit.from);
	return out;
}

static void judge_within(const char *trace, struct edit edit, struct window window)
{
	char *text = edited(trace, edit);
	struct model_sink sink;
	struct err e = { 0 };

	roles_init(&roles, window, &model, &sink);
	if (trace_reader_open_mem(&reader, text, strlen(text), &e) < 0 || model_build(&model, reader, &sink, 1, &e) < 0)
		TEST_FAIL("%s", e.text);
	roles_finish(&roles);
	free(text);
}

static void judge(const char *trace, struct edit edit)
{
	judge_within(trace, edit, (struct window){ 0, UINT64_MAX });
}

#define AS_IT_IS ((struct edit){ "", "" })

static enum role role_of_tid(uint32_t tid)
{
	for (uint32_t i = 0; i < model_nr_tasks(model); i++)
		if (model_task(model, (task_id){ i })->tid == tid)
			return roles_of(&roles, (task_id){ i });
	TEST_FAIL("no task has tid %u", tid);
}

static void done(void)
{
	roles_release(&roles);
	model_free(model);
	trace_reader_close(reader);
	model = NULL;
	reader = NULL;
}

/* What `tid` is in the trace after the edit. */
static enum role role_in(const char *trace, struct edit edit, uint32_t tid)
{
	enum role role;

	judge(trace, edit);
	role = role_of_tid(tid);
	done();
	return role;
}

/* ---- the pool ---- */

/*
 * Master 20 with workers 21 and 22, made before the three handlers 23 (poll), 24 (futex) and 25 (read). 21 has the
 * lock and waits in read, 22 for the lock. A task comes: 24 wakes 21, which hands the lock to 22, works, and wakes 25
 * with its result.
 */
static const char pool[] = "schedviz-text 1\n"
			   "cpus 2\n"
			   "0ms cpu0 task py/20 tgid 20 state R on 0\n"
			   "0ms cpu0 current py/20\n"
			   "0ms cpu1 current idle/0\n"
			   "1ms cpu0 fork py/20 -> py/21 tgid 21 flags 0x1200011\n"
			   "1ms cpu0 wakeup_new py/21 on 1 by py/20\n"
			   "1.1ms cpu1 switch idle/0 R -> py/21\n"
			   "1.2ms cpu1 switch py/21 S read(0x3) -> idle/0\n"
			   "2ms cpu0 fork py/20 -> py/22 tgid 22 flags 0x1200011\n"
			   "2ms cpu0 wakeup_new py/22 on 1 by py/20\n"
			   "2.1ms cpu1 switch idle/0 R -> py/22\n"
			   "2.2ms cpu1 switch py/22 S futex(0x7000) -> idle/0\n"
			   "3ms cpu0 fork py/20 -> py/23 tgid 20 flags 0x3d0f00\n"
			   "3ms cpu0 wakeup_new py/23 on 1 by py/20\n"
			   "3.1ms cpu1 switch idle/0 R -> py/23\n"
			   "3.2ms cpu1 switch py/23 S poll(0x1) -> idle/0\n"
			   "4ms cpu0 fork py/20 -> py/24 tgid 20 flags 0x3d0f00\n"
			   "4ms cpu0 wakeup_new py/24 on 1 by py/20\n"
			   "4.1ms cpu1 switch idle/0 R -> py/24\n"
			   "4.2ms cpu1 switch py/24 S futex(0x100) -> idle/0\n"
			   "5ms cpu0 fork py/20 -> py/25 tgid 20 flags 0x3d0f00\n"
			   "5ms cpu0 wakeup_new py/25 on 1 by py/20\n"
			   "5.1ms cpu1 switch idle/0 R -> py/25\n"
			   "5.2ms cpu1 switch py/25 S read(0x6) -> idle/0\n"
			   "10ms cpu0 waking py/24 by py/20\n"
			   "10.1ms cpu1 switch idle/0 R -> py/24\n"
			   "10.2ms cpu0 switch py/20 S futex(0x200) -> idle/0\n"
			   "10.3ms cpu1 waking py/21 by py/24\n"
			   "10.4ms cpu1 switch py/24 S futex(0x100) -> py/21\n"
			   "10.5ms cpu1 waking py/22 by py/21\n"
			   "10.6ms cpu0 switch idle/0 R -> py/22\n"
			   "10.7ms cpu0 switch py/22 S read(0x3) -> idle/0\n"
			   "12ms cpu1 waking py/25 by py/21\n"
			   "12.1ms cpu1 switch py/21 S futex(0x7000) -> py/25\n"
			   "12.2ms cpu1 waking py/20 by py/25\n"
			   "12.3ms cpu1 switch py/25 S read(0x6) -> py/20\n"
			   "12.4ms cpu1 switch py/20 S futex(0x200) -> idle/0\n"
			   "30ms end\n";

TEST(a_pool_is_told_by_three_threads_and_their_talk_with_children)
{
	judge(pool, AS_IT_IS);
	CHECK_U64(role_of_tid(20), ROLE_NONE); /* the leader is told apart by leading */
	CHECK_U64(role_of_tid(21), ROLE_WORKER);
	CHECK_U64(role_of_tid(22), ROLE_WORKER); /* by the lock it was handed */
	CHECK_U64(role_of_tid(23), ROLE_WORKER_HANDLER);
	CHECK_U64(role_of_tid(24), ROLE_TASK_HANDLER);
	CHECK_U64(role_of_tid(25), ROLE_RESULT_HANDLER);
	done();
}

TEST(no_pool_without_the_three_calls_in_their_order)
{
	CHECK_U64(role_in(pool, (struct edit){ "poll(0x1)", "epoll_wait(0x1)" }, 25), ROLE_NONE);
	CHECK_U64(role_in(pool, (struct edit){ "poll(0x1)", "epoll_wait(0x1)" }, 21), ROLE_NONE);
	CHECK_U64(role_in(pool, (struct edit){ "read(0x6)", "recvfrom(0x6)" }, 23), ROLE_NONE);
	CHECK_U64(role_in(pool, (struct edit){ "futex(0x100)", "read(0x9)" }, 23), ROLE_NONE);
	/* the same threads, but the one in poll and the one in futex are born the other way round */
	CHECK_U64(role_in(pool,
			  (struct edit){ "3.2ms cpu1 switch py/23 S poll(0x1) -> idle/0\n",
					 "3.2ms cpu1 switch "
					 "py/23 S futex(0x1) -> idle/0\n" },
			  25),
		  ROLE_NONE);
}

TEST(a_task_handler_without_a_pool_is_a_waiter)
{
	CHECK_U64(role_in(pool, (struct edit){ "poll(0x1)", "epoll_wait(0x1)" }, 24), ROLE_WAITER);
}

TEST(no_pool_without_a_child_that_took_part)
{
	/* the child has run another program since */
	static const struct edit exec[] = {
		{ "10ms cpu0 waking", "9ms cpu1 exec py/21 tgid 21 old 21 \"/bin/py\"\n"
				      "9ms cpu1 exec py/22 tgid 22 old 22 \"/bin/py\"\n10ms cpu0 waking" },
		/* woken by nobody of the three, nor waking them */
		{ "by py/24", "by idle/0 in softirq" },
	};

	CHECK_U64(role_in(pool, exec[0], 23), ROLE_NONE);
	CHECK_U64(role_in(pool, exec[0], 21), ROLE_NONE);
	CHECK_U64(role_in(pool, exec[1], 23), ROLE_WORKER_HANDLER); /* its result still tells */
	CHECK_U64(role_in(pool, (struct edit){ "py/21 tgid 21", "other/21 tgid 21" }, 21), ROLE_NONE);
}

TEST(who_has_a_name_of_its_own_keeps_it)
{
	judge(pool, (struct edit){ "30ms end", "29ms cpu1 rename py/25 results\n30ms end" });
	CHECK_U64(role_of_tid(25), ROLE_NONE);
	CHECK_U64(role_of_tid(23), ROLE_NONE);
	CHECK_U64(role_of_tid(24), ROLE_WAITER); /* shares its name with 23 and the leader */
	done();
	CHECK_U64(role_in(pool, (struct edit){ "30ms end", "29ms cpu1 rename py/21 mine\n30ms end" }, 21), ROLE_NONE);
	CHECK_U64(role_in(pool, (struct edit){ "30ms end", "29ms cpu1 rename py/24 mine\n30ms end" }, 24), ROLE_NONE);
}

TEST(a_child_that_had_nothing_to_do_with_the_pool_is_no_worker)
{
	static const char child[] = "6ms cpu0 fork py/20 -> py/26 tgid 26 flags 0x1200011\n"
				    "6ms cpu0 wakeup_new py/26 on 1 by py/20\n"
				    "6.1ms cpu1 switch idle/0 R -> py/26\n"
				    "6.2ms cpu1 switch py/26 S read(0x8) -> idle/0\n"
				    "10ms cpu0 waking py/24";

	judge(pool, (struct edit){ "10ms cpu0 waking py/24", child });
	CHECK_U64(role_of_tid(26), ROLE_NONE);
	CHECK_U64(role_of_tid(21), ROLE_WORKER);
	done();
}

/* ---- the feeder ---- */

/* Writer 20 puts twice: each time its thread 22 is woken, which wakes the reader 21 out of its pipe. */
static const char feeder[] = "schedviz-text 1\n"
			     "cpus 2\n"
			     "0ms cpu0 task py/20 tgid 20 state R on 0\n"
			     "0ms cpu1 task py/21 tgid 21 state S on 1 read(0x3)\n"
			     "0ms cpu0 current py/20\n"
			     "0ms cpu1 current idle/0\n"
			     "1ms cpu0 fork py/20 -> py/22 tgid 20 flags 0x3d0f00\n"
			     "1ms cpu0 wakeup_new py/22 on 1 by py/20\n"
			     "1.1ms cpu1 switch idle/0 R -> py/22\n"
			     "1.2ms cpu1 switch py/22 S futex(0x100) -> idle/0\n"
			     "5ms cpu0 waking py/22 by py/20\n"
			     "5.1ms cpu1 switch idle/0 R -> py/22\n"
			     "5.2ms cpu1 waking py/21 by py/22\n"
			     "5.3ms cpu1 switch py/22 S futex(0x100) -> py/21\n"
			     "5.4ms cpu1 switch py/21 S read(0x3) -> idle/0\n"
			     "9ms cpu0 waking py/22 by py/20\n"
			     "9.1ms cpu1 switch idle/0 R -> py/22\n"
			     "9.2ms cpu1 waking py/21 by py/22\n"
			     "9.3ms cpu1 switch py/22 S futex(0x100) -> py/21\n"
			     "9.4ms cpu1 switch py/21 S read(0x3) -> idle/0\n"
			     "20ms end\n";

TEST(a_feeder_is_woken_by_its_process_and_wakes_a_reader)
{
	judge(feeder, AS_IT_IS);
	CHECK_U64(role_of_tid(22), ROLE_FEEDER);
	CHECK_U64(role_of_tid(20), ROLE_NONE);
	CHECK_U64(role_of_tid(21), ROLE_NONE);
	done();
}

TEST(no_feeder_on_less)
{
	/* the reader is woken once only, or out of another call, or is of another program */
	CHECK_U64(role_in(feeder,
			  (struct edit){ "9.2ms cpu1 waking py/21 by py/22\n",
					 "9.2ms cpu1 waking py/21 by idle/0 in softirq\n" },
			  22),
		  ROLE_WAITER);
	CHECK_U64(role_in(feeder, (struct edit){ "read(0x3)", "poll(0x3)" }, 22), ROLE_WAITER);
	CHECK_U64(role_in(feeder, (struct edit){ "py/21", "db/21" }, 22), ROLE_WAITER);
	/* nobody of its process gives it anything to do: timers do */
	CHECK_U64(role_in(feeder, (struct edit){ "waking py/22 by py/20", "waking py/22 by py/20 in hardirq" }, 22),
		  ROLE_WAITER);
	/* it is the reader's own process */
	CHECK_U64(role_in(feeder, (struct edit){ "task py/21 tgid 21", "task py/21 tgid 20" }, 22), ROLE_WAITER);
}

/* ---- the GIL ---- */

#define WAIT(sleep, wake, run)                                                                                         \
	sleep "ms cpu1 switch py/21 S futex(0x6f0) -> idle/0\n" wake "ms cpu1 waking py/21 by idle/0 in hardirq\n" run \
	      "ms cpu1 switch idle/0 R -> py/21\n"

/* 20 computes; 21 wants the lock: five times it sleeps 5.06 ms, then 20 hands it over and waits in turn. */
static const char gil[] =
	"schedviz-text 1\n"
	"cpus 2\n"
	"0ms cpu0 task py/20 tgid 20 state S on 0 read(0x0)\n"
	"0ms cpu0 current idle/0\n"
	"0ms cpu1 current idle/0\n"
	"0.01ms cpu0 waking py/20 by idle/0 in hardirq\n"
	"0.02ms cpu0 switch idle/0 R -> py/20\n"
	"0.1ms cpu0 fork py/20 -> py/21 tgid 20 flags 0x3d0f00\n"
	"0.1ms cpu0 wakeup_new py/21 on 1 by py/20\n"
	"0.2ms cpu1 switch idle/0 R -> py/21\n" WAIT("1", "6.06", "6.07") WAIT("6.08", "11.14", "11.15")
		WAIT("11.16", "16.22", "16.23") WAIT("16.24", "21.30", "21.31")
			WAIT("21.32", "26.38", "26.39") "26.4ms cpu1 switch py/21 S futex(0x6f4) -> idle/0\n"
							"28ms cpu0 waking py/21 by py/20\n"
							"28.01ms cpu0 switch py/20 S futex(0x720) -> idle/0\n"
							"28.02ms cpu1 switch idle/0 R -> py/21\n"
							"40ms end\n";

TEST(who_waits_for_the_gil_sleeps_the_interval_again_and_again)
{
	struct role_waits w;

	judge(gil, AS_IT_IS);
	CHECK_U64(role_of_tid(21), ROLE_GIL_WAITER);
	CHECK_U64(role_of_tid(20), ROLE_NONE);
	w = roles_gil(&roles, (task_id){ 1 });
	CHECK_U64(w.count, 5);
	CHECK_U64(w.ns, 5 * 5060000);
	CHECK_U64(roles_gil(&roles, (task_id){ 0 }).count, 0);
	done();
}

TEST(a_window_counts_its_own_waits_and_changes_no_role)
{
	judge_within(gil, AS_IT_IS, (struct window){ 7000000, 17000000 });
	CHECK_U64(role_of_tid(21), ROLE_GIL_WAITER);
	CHECK_U64(roles_gil(&roles, (task_id){ 1 }).count, 2);
	done();
	judge_within(gil, AS_IT_IS, (struct window){ 30000000, 31000000 });
	CHECK_U64(role_of_tid(21), ROLE_GIL_WAITER);
	CHECK_U64(roles_gil(&roles, (task_id){ 1 }).count, 0);
	done();
}

TEST(no_gil_on_less)
{
	/* four sleeps of the interval; one of another length */
	CHECK_U64(role_in(gil, (struct edit){ "21.30ms cpu1 waking", "20ms cpu1 waking" }, 21), ROLE_WAITER);
	/* ended by a task, not by a timer */
	CHECK_U64(role_in(gil, (struct edit){ "by idle/0 in hardirq", "by py/20" }, 21), ROLE_WAITER);
	/* in another call */
	CHECK_U64(role_in(gil, (struct edit){ "futex(0x6f0)", "clock_nanosleep(0x0)" }, 21), ROLE_NONE);
	/* never handed over, or something else was */
	CHECK_U64(role_in(gil,
			  (struct edit){ "28ms cpu0 waking py/21 by py/20", "28ms cpu0 waking py/21 by py/20 in "
									    "hardirq" },
			  21),
		  ROLE_WAITER);
	CHECK_U64(role_in(gil, (struct edit){ "futex(0x6f4)", "futex(0x9000)" }, 21), ROLE_WAITER);
	/* nobody else of its process runs meanwhile: it polls */
	CHECK_U64(role_in(gil,
			  (struct edit){ "1ms cpu1 switch py/21 S futex(0x6f0)",
					 "0.9ms cpu0 switch py/20 S read(0x0) -> "
					 "idle/0\n27ms cpu1 waking py/20 by idle/0 in hardirq\n27.1ms cpu0 switch "
					 "idle/0 R -> py/20\n"
					 "1ms cpu1 switch py/21 S futex(0x6f0)" },
			  21),
		  ROLE_WAITER);
	/* a name of its own */
	CHECK_U64(role_in(gil, (struct edit){ "40ms end", "39ms cpu1 rename py/21 own\n40ms end" }, 21), ROLE_NONE);
}

TEST(who_mostly_slept_elsewhere_does_not_wait_for_the_gil)
{
	CHECK_U64(
		role_in(gil, (struct edit){ "40ms end", "30ms cpu1 switch py/21 S read(0x3) -> idle/0\n80ms end" }, 21),
		ROLE_NONE);
}

/* ---- waiting in general ---- */

TEST(a_waiter_is_a_thread_that_mostly_sleeps_in_futex)
{
	static const char text[] = "schedviz-text 1\n"
				   "cpus 2\n"
				   "0ms cpu0 task py/20 tgid 20 state R on 0\n"
				   "0ms cpu0 current py/20\n"
				   "0ms cpu1 current idle/0\n"
				   "1ms cpu0 fork py/20 -> py/21 tgid 20 flags 0x3d0f00\n"
				   "1ms cpu0 wakeup_new py/21 on 1 by py/20\n"
				   "1.1ms cpu1 switch idle/0 R -> py/21\n"
				   "2ms cpu1 switch py/21 S futex(0x100) -> idle/0\n"
				   "9ms cpu0 waking py/21 by py/20\n"
				   "9.1ms cpu1 switch idle/0 R -> py/21\n"
				   "10ms end\n";

	CHECK_U64(role_in(text, AS_IT_IS, 21), ROLE_WAITER);
	CHECK_U64(role_in(text, (struct edit){ "10ms end", "20ms end" }, 21), ROLE_NONE); /* it mostly runs */
	CHECK_U64(role_in(text, (struct edit){ "futex", "poll" }, 21), ROLE_NONE);
	CHECK_U64(role_in(text, (struct edit){ "py/21 tgid 20", "other/21 tgid 20" }, 21), ROLE_NONE);
	CHECK_U64(role_in(text, (struct edit){ "tgid 20 flags 0x3d0f00", "tgid 21 flags 0x1200011" }, 21), ROLE_NONE);
	CHECK_U64(role_in(text, AS_IT_IS, 20), ROLE_NONE);
}

TEST_MAIN
