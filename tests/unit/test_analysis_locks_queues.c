/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_analysis_locks_queues.c - lines at locks: who starves in them, and which are convoys.
 */
#include "unit/locks_try.h"

/* 0 takes it again and again; 1, 2 are woken in turn; `fair`: they get it. Ends after `us`, with 40 turns. */
static const struct lock *draw_turns(bool fair, unsigned us)
{
	unsigned holder = 0, next = 1;

	draw_begin(3, ONE_PROCESS);
	sleeps(100, 1, "futex(0x1000)");
	sleeps(200, 2, "futex(0x1000)");
	for (unsigned i = 0; i < 40; i++) {
		unsigned now = 1000 * (i + 1);

		wakes(now, holder, next);
		if (fair || i == 20) {
			sleeps(now + 20, holder, "futex(0x1000)");
			holder = next;
			next = (next + 1) % 3;
		} else {
			sleeps(now + 20, next, "futex(0x1000)");
			next = 3 - holder - next;
		}
	}
	return draw_end(us, 0x1000);
}

TEST(who_is_passed_again_and_again_starves)
{
	const struct lock *l = draw_turns(false, 41000);

	CHECK(is_task(l->starved, 2));
	CHECK_U64(l->starved_passes, 0);
	CHECK_U64(user_of(l, 2).wait_gives, 40);
	CHECK_U64(user_of(l, 2).wait_ns, 40800 * US);
	CHECK_U64(l->others_passes, 40);
	CHECK_U64(l->in_vain, 39);
	try_end(&drawn);
}

TEST(who_takes_turns_does_not)
{
	const struct lock *l = draw_turns(true, 41000);

	CHECK(!task_some(l->starved));
	CHECK_U64(l->passes, 40);
	for (unsigned i = 0; i < 3; i++)
		CHECK(user_of(l, i).wait_gives <= 2);
	try_end(&drawn);
}

TEST(a_queue_that_stands_is_a_convoy)
{
	const struct lock *l = draw_turns(true, 41000);

	CHECK(l->convoy);
	CHECK_U64(l->queue_ns, 39 * 980 * US + 800 * US + 980 * US);
	CHECK_U64(l->max_sleepers, 2);
	CHECK_U64(l->queues, 1);
	CHECK_U64(l->queues_ns, 40800 * US); /* from 200 us on, not cleared yet */
	try_end(&drawn);
}

enum holder { RUNS, WAITS_FOR_TASK, WAITS_FOR_DEVICE };

/*
 * Four take turns, three in line; each gives it back `rounds` times and lies down again, but for the last time.
 * Meanwhile who has it runs, or sleeps until somebody gives it work, or until a device has done it.
 */
static const struct lock *draw_line(enum holder how, unsigned rounds, unsigned us)
{
	unsigned gives = 4 * rounds;

	draw_begin(5, ONE_PROCESS);
	for (unsigned i = 1; i < 4; i++)
		sleeps(100, i, "futex(0x1000)");
	for (unsigned k = 0; k < gives; k++) {
		unsigned now = 1600 * (k + 1);

		if (how != RUNS)
			sleeps(now - 1500, k % 4, "read(0x3)");
		if (how == WAITS_FOR_TASK)
			wakes(now - 10, 4, k % 4);
		if (how == WAITS_FOR_DEVICE)
			wakes_by_irq(now - 10, k % 4, k % 4);
		wakes(now, k % 4, (k + 1) % 4);
		if (k + 3 < gives)
			sleeps(now + 50, k % 4, "futex(0x1000)");
	}
	return draw_end(us, 0x1000);
}

static bool is_convoy(enum holder how, unsigned rounds, unsigned us)
{
	const struct lock *l = draw_line(how, rounds, us);
	bool convoy = l->convoy;

	CHECK_U64(l->gives, 4 * rounds);
	CHECK_U64(l->queue_ns, (1600 * (4 * rounds - 1) - 100) * US);
	CHECK_U64(l->queues, 1);
	CHECK_U64(l->queues_ns, (1600 * 4 * rounds - 100) * US);
	try_end(&drawn);
	return convoy;
}

TEST(a_queue_that_is_soon_gone_is_no_convoy)
{
	CHECK(is_convoy(RUNS, 3, 175000));
	CHECK(!is_convoy(RUNS, 3, 175001));
}

TEST(a_line_whose_tasks_do_not_come_back_is_no_convoy)
{
	CHECK(!is_convoy(RUNS, 1, 20000));
	CHECK(is_convoy(RUNS, 2, 20000));
}

TEST(a_line_behind_one_who_waits_for_work_is_no_convoy)
{
	CHECK(!is_convoy(WAITS_FOR_TASK, 10, 100000));
	CHECK(is_convoy(WAITS_FOR_DEVICE, 10, 100000));
}

TEST(one_that_waits_at_a_time_is_no_queue)
{
	const struct lock *l;

	draw_begin(2, ONE_PROCESS);
	for (unsigned i = 0; i < 20; i++) {
		sleeps(1000 * i + 100, (i + 1) % 2, "futex(0x1000)");
		wakes(1000 * i + 1000, i % 2, (i + 1) % 2);
	}
	l = draw_end(21000, 0x1000);
	CHECK(l->use == LOCK_USE_LOCK);
	CHECK(!l->convoy);
	CHECK_U64(l->queue_ns, 0);
	CHECK_U64(l->queues, 0);
	try_end(&drawn);
}

TEST_MAIN
