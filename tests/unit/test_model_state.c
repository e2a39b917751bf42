/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_model_state.c - raw task states and the sentences about a recording's health.
 */
#include "model/health.h"
#include "model/state.h"
#include "unit/test.h"

TEST(raw_states_of_sched_h)
{
	static const struct {
		uint32_t raw;
		enum task_state state;
		char letter;
	} rows[] = {
		{ 0x0, STATE_RUNNABLE, 'R' },	 { 0x1, STATE_SLEEPING, 'S' },	  { 0x2, STATE_BLOCKED, 'D' },
		{ 0x4, STATE_STOPPED, 'T' },	 { 0x8, STATE_STOPPED, 't' },	  { 0x40, STATE_SLEEPING, 'P' },
		{ 0x102, STATE_BLOCKED, 'D' },	 { 0x104, STATE_STOPPED, 'T' },	  { 0x402, STATE_SLEEPING, 'I' },
		{ 0x200, STATE_RUNNABLE, 'R' },	 { 0x800, STATE_RUNNABLE, 'R' },  { 0x1000, STATE_BLOCKED, 'D' },
		{ 0x2001, STATE_SLEEPING, 'S' }, { 0x8000, STATE_STOPPED, 'D' },  { 0x2102, STATE_BLOCKED, 'D' },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK_U64(state_of_raw(rows[i].raw), rows[i].state);
		CHECK_U64(state_letter(rows[i].raw), rows[i].letter);
		CHECK(!state_raw_is_dead(rows[i].raw));
	}
	CHECK(state_raw_is_dead(0x10) && state_raw_is_dead(0x20) && state_raw_is_dead(0x80));
}

TEST(letters_of_proc)
{
	CHECK_U64(state_of_letter('R'), STATE_RUNNABLE);
	CHECK_U64(state_of_letter('S'), STATE_SLEEPING);
	CHECK_U64(state_of_letter('I'), STATE_SLEEPING);
	CHECK_U64(state_of_letter('D'), STATE_BLOCKED);
	CHECK_U64(state_of_letter('t'), STATE_STOPPED);
	CHECK_U64(state_of_letter('Z'), STATE_UNKNOWN);
	CHECK_U64(state_of_letter(0), STATE_UNKNOWN);
}

TEST(every_state_has_a_name)
{
	for (enum task_state s = 0; s < NR_STATES; s++)
		CHECK(*state_name(s));
	for (enum runnable_why w = WHY_NONE + 1; w < NR_WHYS; w++)
		CHECK(*state_why_name(w));
}

TEST(health_says_one_line_per_counter)
{
	struct health h = { .lost_events = 1234, .cpu_mismatches = 1, .tid_reuses = 2 };
	struct buf out = { 0 };

	health_report(&h, 0, &out);
	CHECK_STR(buf_str(&out), "1,234 events lost: the rings were full; the gaps are drawn as unknown\n"
				 "1 switch away from a task that did not run there: drawn as unknown\n");
	buf_reset(&out);
	h.lost_events = h.cpu_mismatches = 0;
	health_report(&h, 1, &out);
	CHECK_STR(buf_str(&out), "2 task numbers used again by a later task\n");
	buf_release(&out);
	CHECK(!health_doubtful(&h));
}

TEST_MAIN
