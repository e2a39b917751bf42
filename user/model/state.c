/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * state.c - decodes the kernel's raw task states and names ours.
 */
#include <stddef.h>
#include "model/state.h"

/* include/linux/sched.h; the values have not moved since 4.14 */
enum raw_state {
	RAW_INTERRUPTIBLE = 0x1,
	RAW_UNINTERRUPTIBLE = 0x2,
	RAW_STOPPED = 0x4,
	RAW_TRACED = 0x8,
	RAW_EXIT_DEAD = 0x10,
	RAW_EXIT_ZOMBIE = 0x20,
	RAW_PARKED = 0x40,
	RAW_DEAD = 0x80,
	RAW_NOLOAD = 0x400,
	RAW_RTLOCK_WAIT = 0x1000,
	RAW_FROZEN = 0x8000,
	RAW_IDLE = RAW_UNINTERRUPTIBLE | RAW_NOLOAD,
};

/*
 * First row with all of its bits set decides. What is in no row (0, waking 0x200, new 0x800, modifiers alone) is
 * runnable: a kernel before 5.18 reads the state after a wake-up may have changed it to "waking" already.
 */
static const struct {
	uint32_t bits;
	enum task_state state;
	char letter;
} raw_rows[] = {
	{ RAW_DEAD, STATE_UNKNOWN, 'X' },
	{ RAW_EXIT_DEAD, STATE_UNKNOWN, 'X' },
	{ RAW_EXIT_ZOMBIE, STATE_UNKNOWN, 'Z' },
	{ RAW_FROZEN, STATE_STOPPED, 'D' },
	{ RAW_TRACED, STATE_STOPPED, 't' },
	{ RAW_STOPPED, STATE_STOPPED, 'T' },
	{ RAW_PARKED, STATE_SLEEPING, 'P' },
	{ RAW_IDLE, STATE_SLEEPING, 'I' },
	{ RAW_UNINTERRUPTIBLE, STATE_BLOCKED, 'D' },
	{ RAW_RTLOCK_WAIT, STATE_BLOCKED, 'D' },
	{ RAW_INTERRUPTIBLE, STATE_SLEEPING, 'S' },
};

#define NR_RAW_ROWS (sizeof(raw_rows) / sizeof(raw_rows[0]))

static size_t raw_row(uint32_t raw)
{
	size_t i = 0;

	while (i < NR_RAW_ROWS && (raw & raw_rows[i].bits) != raw_rows[i].bits)
		i++;
	return i;
}

enum task_state state_of_raw(uint32_t raw)
{
	size_t i;

	/* the two that nearly every switch has */
	if (!raw)
		return STATE_RUNNABLE;
	if (raw == RAW_INTERRUPTIBLE)
		return STATE_SLEEPING;
	i = raw_row(raw);
	return i < NR_RAW_ROWS ? raw_rows[i].state : STATE_RUNNABLE;
}

int state_raw_is_dead(uint32_t raw)
{
	return (raw & (RAW_EXIT_DEAD | RAW_EXIT_ZOMBIE | RAW_DEAD)) != 0;
}

char state_letter(uint32_t raw)
{
	size_t i = raw_row(raw);

	return i < NR_RAW_ROWS ? raw_rows[i].letter : 'R';
}

enum task_state state_of_letter(char letter)
{
	switch (letter) {
	case 'R':
		return STATE_RUNNABLE;
	case 'S':
	case 'I':
	case 'P':
		return STATE_SLEEPING;
	case 'D':
		return STATE_BLOCKED;
	case 'T':
	case 't':
		return STATE_STOPPED;
	default:
		return STATE_UNKNOWN;
	}
}

const char *state_name(enum task_state s)
{
	static const char *const names[NR_STATES] = {
		[STATE_UNKNOWN] = "unknown",   [STATE_RUNNING] = "running", [STATE_RUNNABLE] = "runnable",
		[STATE_SLEEPING] = "sleeping", [STATE_BLOCKED] = "blocked", [STATE_STOPPED] = "stopped",
	};

	return names[s];
}

const char *state_why_name(enum runnable_why w)
{
	static const char *const names[NR_WHYS] = {
		[WHY_NONE] = "",      [WHY_WOKEN] = "woken",   [WHY_PREEMPTED] = "preempted",
		[WHY_NEW] = "new",    [WHY_SIGNAL] = "signal", [WHY_OPENING] = "opening",
	};

	return names[w];
}
