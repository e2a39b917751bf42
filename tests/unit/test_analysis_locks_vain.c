/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_analysis_locks_vain.c - which wake-ups were in vain: of one at a time, and of herds.
 */
#include "unit/locks_try.h"

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

/* The same, but most of them find it free when they are there: too few losers for a herd, too many for a gate. */
TEST(a_lock_that_wakes_all_need_not_have_a_herd)
{
	const struct lock *l;

	draw_begin(4, SIBLINGS);
	for (unsigned round = 0; round < 4; round++) {
		unsigned now = 4000 * round;

		for (unsigned i = 1; i < 4; i++)
			sleeps(now + 100 * i, i, "futex(0x1000)");
		for (unsigned i = 1; i < 4; i++)
			wakes(now + 1000 + i, 0, i);
		sleeps(now + 1020, 3, "futex(0x1000)");
		marks(now + 1020, 1, "start", round);
		marks(now + 1500, 2, "start", 100 + round);
		wakes(now + 2000, 2, 3);
		marks(now + 2010, 3, "start", 200 + round);
	}
	l = draw_end(16000, 0x1000);
	CHECK(l->use == LOCK_USE_LOCK);
	CHECK_U64(l->herds, 0);
	CHECK_U64(l->in_vain, 4);
	try_end(&drawn);
}

/* 0 wakes 1 and 2, and is preempted in between, as drawn, or runs for so long. */
static uint64_t gives_of(bool preempted)
{
	const struct lock *l;
	uint64_t gives;

	draw_begin(4, ONE_PROCESS);
	sleeps(50, 3, "read(0x3)");
	for (unsigned i = 1; i < 3; i++)
		sleeps(100 * i, i, "futex(0x1000)");
	wakes(1000, 0, 1);
	if (preempted) {
		buf_puts(&drawn_text, "1020us cpu0 switch t0/100 R -> other/60\n");
		buf_puts(&drawn_text, "1480us cpu0 switch other/60 R -> t0/100\n");
	}
	wakes(1500, 0, 2);
	sleeps(1600, 1, "futex(0x1000)");
	wakes(1700, 2, 1);
	l = draw_end(4000, 0x1000);
	CHECK(l->use == LOCK_USE_LOCK);
	CHECK_U64(l->wakes, 3);
	gives = user_of(l, 0).gives;
	try_end(&drawn);
	return gives;
}

TEST(who_is_preempted_between_waking_two_gives_it_back_once)
{
	CHECK_U64(gives_of(true), 1);
	CHECK_U64(gives_of(false), 2);
}

TEST(timers_of_a_futex_are_no_herd)
{
	const struct lock *l = draw_herd("futex(0x1000)", 0x1000, true, 30, 4);

	CHECK(l->use == LOCK_USE_TIMER);
	CHECK_U64(l->herds, 0);
	CHECK_U64(l->in_vain, 0);
	try_end(&drawn);
}

TEST_MAIN
