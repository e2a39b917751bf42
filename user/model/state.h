/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * state.h - what a task or a CPU is doing, and how the kernel's raw bits say it.
 */
#ifndef SCHEDVIZ_MODEL_STATE_H
#define SCHEDVIZ_MODEL_STATE_H

#include <stdint.h>

enum task_state {
	STATE_UNKNOWN,	/* events were lost, or nothing tells */
	STATE_RUNNING,	/* on a CPU */
	STATE_RUNNABLE, /* wants a CPU, has none */
	STATE_SLEEPING, /* interruptible, idle (I) or parked */
	STATE_BLOCKED,	/* uninterruptible: D */
	STATE_STOPPED,	/* by a signal, a tracer or the freezer */
	NR_STATES
};

enum runnable_why {
	WHY_NONE,
	WHY_WOKEN,
	WHY_PREEMPTED, /* switched out while runnable: R or R+; a yield and a throttling look the same */
	WHY_NEW,       /* born, has not run yet */
	WHY_SIGNAL,    /* was about to sleep, a signal was pending: it never left the run queue */
	WHY_OPENING,   /* runnable when the recording began (or resumed after a loss) */
	NR_WHYS
};

enum cpu_state {
	CPU_UNKNOWN,
	CPU_IDLE,
	CPU_TASK,
	CPU_OFFLINE,
	CPU_UNRECORDED, /* only-target recording: something outside the tree, or idle */
	NR_CPU_STATES
};

/*
 * Raw bits of __state, or of sched_switch's prev_state argument; both use the values of include/linux/sched.h, which
 * are the same from 4.14 to now: 1 S, 2 D, 4 T, 8 t, 0x10 X, 0x20 Z, 0x40 P, 0x80 dead, 0x100 wakekill, 0x200 waking,
 * 0x400 noload, 0x800 new, 0x1000 rtlock wait, 0x2000 freezable, 0x8000 frozen.
 */
enum task_state state_of_raw(uint32_t raw); /* 0 gives STATE_RUNNABLE */
int state_raw_is_dead(uint32_t raw);
char state_letter(uint32_t raw);	    /* as /proc and sched_switch print it: R S D T t X Z P I */
/* From the letter of /proc/PID/stat. */
enum task_state state_of_letter(char letter);
const char *state_name(enum task_state s); /* "running" ... */
const char *state_why_name(enum runnable_why w);

#endif
