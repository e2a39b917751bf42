/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_analysis_locks.c - who waited for whom at what: each rule where it holds, and nearly the same where it does not.
 */
#include "unit/locks_try.h"

/* ---- what it is ---- */

/* 0 has it, 1 and 2 come; 0 gives it to 1, 1 to 2. */
static const struct lock *draw_rooms(void)
{
	draw_begin(3, ONE_PROCESS);
	sleeps(100, 1, "futex(0x1000)");
	sleeps(200, 2, "futex(0x1000)");
	wakes(1000, 0, 1);
	wakes(3000, 1, 2);
	return draw_end(4000, 0x1000);
}

TEST(a_lock_is_handed_over)
{
	const struct lock *l = draw_rooms();

	CHECK(l && l->kind == LOCK_FUTEX && l->use == LOCK_USE_LOCK);
	CHECK_U64(l->sleepers, 2);
	CHECK_U64(l->ns, 900 * US + 2800 * US);
	CHECK_U64(l->max_ns, 2800 * US);
	CHECK(is_task(l->longest, 2) && is_task(l->ender, 1));
	CHECK_U64(l->max_sleepers, 2);
	CHECK_U64(l->queue_ns, 800 * US);
	CHECK_U64(l->wakes, 2);
	CHECK_U64(l->gives, 2);
	CHECK_U64(l->handovers, 1);
	CHECK_U64(l->passes, 2);
	CHECK_U64(l->in_vain, 0);
	CHECK_U64(l->chain_len, 3);
	CHECK(is_task(l->chain[0], 0) && is_task(l->chain[1], 1) && is_task(l->chain[2], 2));
	try_end(&drawn);
}

TEST(it_was_held_from_being_woken_to_waking_or_since_somebody_waits)
{
	const struct lock *l = draw_rooms();

	CHECK_U64(l->held, 2);
	CHECK_U64(l->held_ns, 900 * US + 2000 * US);
	CHECK_U64(l->held_max_ns, 2000 * US);
	CHECK_U64(user_of(l, 0).held_ns, 900 * US);
	CHECK_U64(user_of(l, 1).held_ns, 2000 * US);
	CHECK_U64(user_of(l, 2).held, 0);
	try_end(&drawn);
}

TEST(who_takes_it_again_at_once_held_it_since_it_gave_it_back)
{
	const struct lock *l;

	draw_begin(3, ONE_PROCESS);
	sleeps(100, 1, "futex(0x1000)");
	sleeps(200, 2, "futex(0x1000)");
	wakes(1000, 0, 1);
	sleeps(1020, 1, "futex(0x1000)"); /* in vain */
	wakes(2500, 0, 2);
	wakes(3000, 2, 1);
	l = draw_end(4000, 0x1000);
	CHECK_U64(user_of(l, 0).held, 2);
	CHECK_U64(user_of(l, 0).held_ns, 900 * US + 1500 * US);
	CHECK_U64(user_of(l, 2).held_ns, 500 * US);
	CHECK_U64(l->in_vain, 1);
	CHECK_U64(user_of(l, 1).in_vain, 1);
	CHECK_U64(user_of(l, 1).wait_gives, 2); /* by 0, for it and for 2; by 2 for it is none of others */
	try_end(&drawn);
}

TEST(holders_that_overlap_have_a_key_each)
{
	const struct lock *l;

	draw_begin(6, ONE_PROCESS);
	for (unsigned i = 2; i < 6; i++)
		sleeps(100 * i, i, "futex(0x1000)");
	wakes(1000, 0, 2);
	wakes(1200, 1, 3);
	wakes(2000, 2, 4);
	wakes(2200, 3, 5);
	l = draw_end(4000, 0x1000);
	CHECK(l->use == LOCK_USE_LOCK);
	CHECK_U64(l->held, 2);
	CHECK_U64(l->held_ns, 2000 * US);
	CHECK_U64(user_of(l, 1).held, 0);
	try_end(&drawn);
}

TEST(one_side_sleeps_the_other_wakes_is_a_signal)
{
	const struct lock *l;

	draw_begin(2, ONE_PROCESS);
	for (unsigned i = 0; i < 3; i++) {
		sleeps(1000 * i + 100, 1, "futex(0x1000)");
		wakes(1000 * i + 600, 0, 1);
	}
	l = draw_end(4000, 0x1000);
	CHECK(l->use == LOCK_USE_SIGNAL);
	CHECK_U64(l->held, 0);
	CHECK_U64(l->in_vain, 0);
	CHECK_U64(user_of(l, 0).wakes, 3);
	try_end(&drawn);
}

TEST(one_wake_up_alone_may_be_either)
{
	const struct lock *l;

	draw_begin(2, ONE_PROCESS);
	sleeps(100, 1, "futex(0x1000)");
	wakes(600, 0, 1);
	l = draw_end(4000, 0x1000);
	CHECK(l->use == LOCK_USE_UNKNOWN);
	CHECK_U64(l->held, 0);
	try_end(&drawn);
}

TEST(what_only_interrupts_end_is_a_timer)
{
	const struct lock *l;

	draw_begin(2, ONE_PROCESS);
	sleeps(100, 1, "futex(0x1000)");
	wakes_by_irq(5100, 0, 1);
	l = draw_end(6000, 0x1000);
	CHECK(l->use == LOCK_USE_TIMER);
	CHECK_U64(l->timeouts, 1);
	CHECK(!task_some(l->ender));
	try_end(&drawn);
}

TEST(a_thread_that_ends_is_joined)
{
	const struct lock *l;

	draw_begin(2, ONE_PROCESS);
	sleeps(100, 0, "futex(0x1990)");
	wakes(600, 1, 0);
	dies(620, 1);
	l = draw_end(4000, 0x1990);
	CHECK(l->use == LOCK_USE_JOIN);
	try_end(&drawn);
}

TEST(who_sleeps_again_before_it_ends_was_not_joined)
{
	const struct lock *l;

	draw_begin(2, ONE_PROCESS);
	sleeps(100, 0, "futex(0x1990)");
	wakes(600, 1, 0);
	sleeps(620, 1, "clock_nanosleep(0x1)");
	wakes_by_irq(700, 0, 1);
	dies(720, 1);
	l = draw_end(4000, 0x1990);
	CHECK(l->use == LOCK_USE_UNKNOWN);
	try_end(&drawn);
}

TEST(a_brother_that_ends_is_not_joined)
{
	const struct lock *l;

	draw_begin(3, ONE_PROCESS);
	sleeps(100, 2, "futex(0x1990)"); /* neither the main thread nor who made 1 */
	wakes(600, 1, 2);
	dies(620, 1);
	l = draw_end(4000, 0x1990);
	CHECK(l->use == LOCK_USE_UNKNOWN);
	try_end(&drawn);
}

/* ---- in vain ---- */

enum between { NOTHING, RUNS_LONG, SLEEPS_ELSEWHERE, WAKES_ANOTHER, BEGINS_A_JOB, ENDS_A_JOB };

/* 1 is woken at 1000 and sleeps there again; what it did in between. */
static const struct lock *draw_again(enum between b)
{
	draw_begin(4, ONE_PROCESS);
	sleeps(10, 3, "read(0x3)");
	if (b == ENDS_A_JOB)
		marks(20, 1, "start", 7);
	sleeps(100, 1, "futex(0x1000)");
	sleeps(200, 2, "futex(0x1000)");
	wakes(1000, 0, 1);
	if (b == SLEEPS_ELSEWHERE) {
		sleeps(1010, 1, "futex(0x9000)");
		wakes(1020, 0, 1);
	}
	if (b == WAKES_ANOTHER)
		wakes(1020, 1, 3);
	if (b == BEGINS_A_JOB || b == ENDS_A_JOB)
		marks(1020, 1, b == BEGINS_A_JOB ? "start" : "finish", 7);
	sleeps(b == RUNS_LONG ? 1101 : 1100, 1, "futex(0x1000)"); /* it ran from 1001 on */
	wakes(2000, 0, 2);
	wakes(3000, 2, 1);
	return draw_end(4000, 0x1000);
}

TEST(a_wake_up_without_progress_was_in_vain)
{
	for (enum between b = NOTHING; b <= ENDS_A_JOB; b++) {
		const struct lock *l = draw_again(b);

		CHECK(l->use == LOCK_USE_LOCK);
		CHECK_U64(l->in_vain, b == NOTHING);
		CHECK_U64(l->in_vain + l->passes, l->wakes);
		try_end(&drawn);
	}
}

/* A consumer that is quick is not: nothing says that it found nothing. But one that marks its jobs would have. */
TEST(at_a_signal_only_who_marks_jobs_is_woken_in_vain)
{
	for (unsigned jobs = 0; jobs < 2; jobs++) {
		const struct lock *l;

		draw_begin(2, ONE_PROCESS);
		for (unsigned i = 0; i < 4; i++) {
			sleeps(1000 * i + 100, 1, "futex(0x1000)");
			wakes(1000 * i + 1050, 0, 1);
			if (jobs && i != 1)
				marks(1000 * i + 1060, 1, "start", i);
			if (jobs && i != 1)
				marks(1000 * i + 1070, 1, "finish", i);
		}
		l = draw_end(5000, 0x1000);
		CHECK(l->use == LOCK_USE_SIGNAL);
		CHECK_U64(l->in_vain, jobs);
		try_end(&drawn);
	}
}

/* 1 submits a job, is woken 40 times for nothing, and begins it at last; 0 has the lock until then and never sleeps. */
TEST(who_is_woken_for_no_job_waits_for_a_lock)
{
	for (unsigned jobs = 0; jobs < 2; jobs++) {
		const struct lock *l;

		draw_begin(2, ONE_PROCESS);
		for (unsigned i = 0; i < 40; i++) {
			sleeps(1000 * i + 100, 1, "futex(0x1000)");
			wakes(1000 * i + 1050, 0, 1);
		}
		if (jobs)
			marks(41000, 1, "start", 3);
		l = draw_end(42000, 0x1000);
		CHECK(l->use == (jobs ? LOCK_USE_LOCK : LOCK_USE_SIGNAL));
		CHECK_U64(l->in_vain, jobs ? 39 : 0);
		CHECK(task_some(l->starved) == jobs);
		CHECK_U64(l->held, jobs ? 40 : 0);
		try_end(&drawn);
	}
}

/* ---- several at once ---- */

/* Each of `n` sleeps at the call; then all are woken at once, `rounds` times; the winner runs long, the others short.
 */
static const struct lock *draw_herd(const char *call, uint64_t arg, bool by_irq, unsigned win_us, unsigned lose_us)
{
	unsigned n = 4, now = 1000;

	draw_begin(n + 1, SIBLINGS);
	for (unsigned i = 1; i <= n; i++)
		sleeps(100 + i, i, call);
	for (unsigned round = 0; round < 5; round++, now += 1000) {
		for (unsigned i = 1; i <= n; i++)
			by_irq ? wakes_by_irq(now + 3 * i, 0, i) : wakes(now + 3 * i, 0, i);
		for (unsigned i = 1; i <= n; i++)
			sleeps(now + 3 * i + 1 + (i == 1 + round % n ? win_us : lose_us), i, call);
	}
	return draw_end(now, arg);
}

TEST(all_woken_for_what_one_gets_are_a_herd)
{
	const struct lock *l = draw_herd("epoll_wait(0x5)", 0, true, 30, 4);

	CHECK(l && l->kind == LOCK_POLL);
	CHECK_U64(l->herds, 5);
	CHECK_U64(l->herd_woken, 20);
	CHECK_U64(l->herd_progress, 5);
	CHECK_U64(l->in_vain, 15);
	CHECK_U64(l->processes, 4);
	CHECK_U64(drawn.account.locks.ns, 0); /* it is not what they waited for each other at */
	try_end(&drawn);
	l = draw_herd("accept4(0x3)", 3, true, 30, 4);
	CHECK(l && l->kind == LOCK_FD);
	CHECK_U64(l->in_vain, 15);
	try_end(&drawn);
}

TEST(all_who_have_the_same_to_do_are_none)
{
	CHECK(!draw_herd("epoll_wait(0x5)", 0, true, 30, 30));
	try_end(&drawn);
	CHECK(!draw_herd("epoll_wait(0x5)", 0, true, 30, 16));
	try_end(&drawn);
}

TEST(a_barrier_is_a_gate)
{
	const struct lock *l = draw_herd("futex(0x1000)", 0x1000, false, 50, 40);

	CHECK(l->use == LOCK_USE_GATE);
	CHECK_U64(l->in_vain, 0);
	CHECK_U64(l->herds, 0);
	CHECK_U64(l->gives, 5);
	CHECK_U64(l->wakes, 20);
	try_end(&drawn);
}

/* A ticket lock: all are woken, the next goes in and wakes all when it comes out. */
TEST(a_lock_that_wakes_all_is_a_lock_and_has_a_herd)
{
	const struct lock *l;

	draw_begin(4, SIBLINGS);
	for (unsigned i = 1; i < 4; i++)
		sleeps(100 * i, i, "futex(0x1000)");
	for (unsigned turn = 0; turn < 3; turn++) {
		for (unsigned i = turn + 1; i < 4; i++)
			wakes(1000 * (turn + 1) + i, turn, i);
		for (unsigned i = turn + 2; i < 4; i++)
			sleeps(1000 * (turn + 1) + i + 10, i, "futex(0x1000)");
	}
	l = draw_end(4000, 0x1000);
	CHECK(l->use == LOCK_USE_LOCK);
	CHECK_U64(l->herds, 2);
	CHECK_U64(l->in_vain, 3);
	CHECK_U64(l->passes, 3);
	CHECK_U64(l->gives, 3);
	CHECK_U64(l->handovers, 2);
	CHECK_U64(l->chain_len, 4);
	try_end(&drawn);
}

TEST(timers_of_a_futex_are_no_herd)
{
	const struct lock *l = draw_herd("futex(0x1000)", 0x1000, true, 30, 4);

	CHECK(l->use == LOCK_USE_TIMER);
	CHECK_U64(l->herds, 0);
	CHECK_U64(l->in_vain, 0);
	try_end(&drawn);
}

/* ---- the holder, meanwhile ---- */

TEST(what_the_holder_did_while_it_was_waited_for)
{
	static const char trace[] = "schedviz-text 1\ncpus 2\n"
				    "0us cpu0 task low/1 tgid 1 state R on 0\n0us cpu0 current low/1\n"
				    "0us cpu1 task high/2 tgid 1 state R on 1\n0us cpu1 current high/2\n"
				    "0us cpu0 task middle/3 tgid 1 state S on 0\n"
				    "100us cpu1 switch high/2 S futex(0x1000) -> idle\n"
				    "200us cpu0 waking middle/3 by idle in hardirq\n"
				    "200us cpu0 switch low/1 R -> middle/3\n"
				    "900us cpu0 switch middle/3 S read(0x0) -> low/1\n"
				    "1000us cpu0 switch low/1 S clock_nanosleep(0x1) -> idle\n"
				    "1050us cpu0 waking low/1 by idle in hardirq\n"
				    "1060us cpu0 switch idle R -> low/1\n"
				    "1100us cpu0 waking high/2 by low/1\n"
				    "1101us cpu1 switch idle R -> high/2\n"
				    "2000us end\n";
	struct lock_while w;

	try_text(&drawn, trace, ALL, NULL);
	try_account(&drawn);
	w = locks_while(lock_at(0x1000), &drawn.account.history);
	CHECK_U64(w.ran_ns, (100 + 100 + 40) * US);
	CHECK_U64(w.waited_ns, (700 + 10) * US);
	CHECK_U64(w.slept_ns, 50 * US);
	CHECK_U64(w.unknown_ns, 0);
	CHECK_U64(model_task(drawn.model, w.ran_most)->tid, 3);
	CHECK_U64(w.ran_most_ns, 700 * US);
	try_end(&drawn);
}

TEST_MAIN
