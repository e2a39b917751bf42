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

/* 2 and 3 are woken at once; 2 has it first, 3 after it. */
TEST(of_several_woken_at_once_one_has_it_at_a_time)
{
	const struct lock *l;

	draw_begin(6, ONE_PROCESS);
	for (unsigned i = 1; i < 6; i++)
		sleeps(100 * i, i, "futex(0x1000)");
	wakes(1000, 0, 2);
	wakes(1010, 0, 3);
	wakes(1500, 2, 4);
	wakes(2300, 3, 5);
	wakes(2400, 5, 1);
	l = draw_end(4000, 0x1000);
	CHECK(l->use == LOCK_USE_LOCK);
	CHECK_U64(user_of(l, 0).held_ns, 900 * US); /* since somebody slept there */
	CHECK_U64(user_of(l, 2).held_ns, 500 * US);
	CHECK_U64(user_of(l, 3).held_ns, 800 * US); /* not 1290 */
	CHECK_U64(user_of(l, 5).held_ns, 100 * US);
	CHECK_U64(l->held_ns, 2300 * US);
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
