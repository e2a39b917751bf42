/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_analysis_locks_places.c - which addresses and descriptors are one place, and what a window cuts off.
 */
#include "unit/locks_try.h"

/* ---- which places are one ---- */

static size_t nr_locks(void)
{
	return drawn.account.locks.v.n;
}

TEST(shared_memory_of_siblings_is_one_lock)
{
	const struct lock *l;

	draw_begin(4, SIBLINGS);
	sleeps(100, 1, "futex(0x1000)");
	sleeps(200, 3, "futex(0x1000)");
	wakes(1000, 0, 1); /* 0 wakes 1, and 2 wakes 3: nobody in common but the parent */
	wakes(1500, 2, 3);
	l = draw_end(4000, 0x1000);
	CHECK_U64(nr_locks(), 1);
	CHECK_U64(l->processes, 2);
	CHECK_U64(l->sleepers, 2);
	try_end(&drawn);
}

TEST(shared_memory_of_parent_and_children_is_one_lock)
{
	draw_begin(3, FAMILY);
	sleeps(100, 1, "futex(0x1000)");
	sleeps(200, 2, "futex(0x1000)");
	wakes(1000, 0, 1);
	wakes(1500, 0, 2);
	draw_end(4000, 0x1000);
	CHECK_U64(nr_locks(), 1);
	try_end(&drawn);
	draw_begin(2, FAMILY);
	sleeps(100, 0, "futex(0x1000)");
	wakes(1000, 1, 0);
	sleeps(2000, 1, "futex(0x1000)");
	wakes(3000, 0, 1);
	draw_end(4000, 0x1000);
	CHECK_U64(nr_locks(), 1);
	try_end(&drawn);
}

TEST(the_same_address_of_strangers_is_not)
{
	draw_begin(4, STRANGERS);
	sleeps(100, 1, "futex(0x1000)");
	sleeps(200, 3, "futex(0x1000)");
	wakes(1000, 0, 1);
	wakes(1500, 2, 3);
	draw_end(4000, 0x1000);
	CHECK_U64(nr_locks(), 2);
	try_end(&drawn);
}

TEST(strangers_that_sleep_there_and_wake_each_other_are)
{
	draw_begin(2, STRANGERS);
	sleeps(100, 1, "futex(0x1000)");
	wakes(1000, 0, 1);
	sleeps(1200, 0, "futex(0x1000)");
	wakes(2000, 1, 0);
	draw_end(4000, 0x1000);
	CHECK_U64(nr_locks(), 1);
	try_end(&drawn);
}

TEST(memory_that_nobody_shares_is_apart)
{
	draw_begin(4, SIBLINGS);
	sleeps(100, 1, "futex(0x1000)");
	sleeps(200, 3, "futex(0x1000)");
	wakes_by_irq(1000, 0, 1);
	wakes_by_irq(1500, 0, 3);
	draw_end(4000, 0x1000);
	CHECK_U64(nr_locks(), 2);
	try_end(&drawn);
}

TEST(a_pipe_is_one_for_the_children_that_one_writes_to)
{
	for (enum drawn d = SIBLINGS; d <= STRANGERS; d++) {
		draw_begin(3, d);
		sleeps(100, 1, "read(0x5)");
		sleeps(200, 2, "read(0x5)");
		wakes(1000, 0, 1);
		wakes(1500, 0, 2);
		draw_end(4000, 5);
		CHECK_U64(nr_locks(), d == STRANGERS ? 2 : 1);
		try_end(&drawn);
	}
}

TEST(reading_and_writing_are_two_queues)
{
	draw_begin(2, ONE_PROCESS);
	sleeps(100, 1, "read(0x5)");
	wakes(200, 0, 1);
	sleeps(300, 1, "write(0x5)");
	wakes(400, 0, 1);
	draw_end(1000, 5);
	CHECK_U64(nr_locks(), 2);
	CHECK(drawn.account.locks.v.v[0].out != drawn.account.locks.v.v[1].out);
	try_end(&drawn);
}

TEST(three_words_of_their_own_are_a_lock_with_a_queue)
{
	static const struct {
		unsigned words, apart;
	} cases[] = { { 3, 4 }, { 3, 0x1000 }, { 2, 8 } };

	for (size_t c = 0; c < 3; c++) {
		char call[32];

		draw_begin(4, ONE_PROCESS);
		for (unsigned i = 1; i <= cases[c].words; i++) {
			snprintf(call, sizeof(call), "futex(0x%x)", 0x10000 + i * cases[c].apart);
			sleeps(100 * i, i, call);
		}
		for (unsigned i = 0; i < cases[c].words; i++)
			wakes(1000 * (i + 1), i, i + 1);
		draw_end(5000, 0);
		CHECK_U64(nr_locks(), c == 0 ? 1 : cases[c].words);
		if (c == 0) {
			CHECK_U64(drawn.account.locks.v.v[0].words, 3);
			CHECK(drawn.account.locks.v.v[0].use == LOCK_USE_LOCK);
			CHECK_U64(drawn.account.locks.v.v[0].chain_len, 4);
		}
		try_end(&drawn);
	}
}

TEST(the_words_of_a_condition_are_one)
{
	for (unsigned first = 0; first < 2; first++) {
		draw_begin(2, ONE_PROCESS);
		sleeps(100, 1, first ? "futex(0x1004)" : "futex(0x1000)");
		wakes(200, 0, 1);
		sleeps(300, 1, first ? "futex(0x1008)" : "futex(0x1004)"); /* not the same eight bytes */
		wakes(400, 0, 1);
		draw_end(1000, 0);
		CHECK_U64(nr_locks(), first + 1);
		try_end(&drawn);
	}
}

/* ---- windows and ends ---- */

TEST(sleeps_are_cut_to_the_window)
{
	const struct lock *l;

	draw_begin(3, ONE_PROCESS);
	sleeps(100, 1, "futex(0x1000)");
	sleeps(200, 2, "futex(0x1000)");
	wakes(1000, 0, 1);
	wakes(3000, 1, 2);
	l = draw_end_in(4000, 0x1000, (struct window){ 500 * US, 2000 * US });
	CHECK_U64(l->ns, 500 * US + 1500 * US);
	CHECK_U64(l->wakes, 1);
	CHECK_U64(l->queue_ns, 500 * US);
	CHECK_U64(l->max_ns, 1500 * US);
	CHECK(!task_some(l->ender)); /* that is later */
	try_end(&drawn);
}

TEST(a_window_of_a_nanosecond_and_nobody_at_all)
{
	draw_begin(2, ONE_PROCESS);
	sleeps(100, 1, "futex(0x1000)");
	draw_end_in(4000, 0x1000, (struct window){ 500 * US, 500 * US + 1 });
	CHECK_U64(drawn.account.locks.ns, 1);
	try_end(&drawn);
	draw_begin(2, ONE_PROCESS);
	draw_end(4000, 0x1000);
	CHECK_U64(nr_locks(), 0);
	try_end(&drawn);
}

TEST(other_calls_are_no_places)
{
	draw_begin(2, ONE_PROCESS);
	sleeps(100, 1, "clock_nanosleep(0x1)");
	wakes_by_irq(200, 0, 1);
	sleeps(300, 1, "poll(0x1000)");
	wakes(400, 0, 1);
	sleeps(500, 1, "wait4(0x5)");
	wakes(600, 0, 1);
	sleeps(700, 1, "epoll_wait(0x5)");
	wakes(800, 0, 1);
	draw_end(1000, 5);
	CHECK_U64(nr_locks(), 0);
	try_end(&drawn);
}

TEST_MAIN
