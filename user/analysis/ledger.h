/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ledger.h - where the CPUs' time went: wall time x CPUs, split into lines that add up to it to the nanosecond.
 *
 * For every nanosecond of every CPU that was seen, within the target's window, exactly one line: by who had the CPU;
 * where it was idle, by whether a task of the target wanted one; where none did, by what they were waiting for.
 *
 *         sum over lines of ledger.ns[line] == (window.to_ns - window.from_ns) x nr_cpus
 *
 * An idle nanosecond belongs to the first of these that holds for it:
 *
 *   BESIDE        a task of the target was runnable, not held (blame.h), and allowed on this CPU
 *   BESIDE_MAYBE  one was runnable, not held, and where it was allowed is not known
 *   PINNED        one was runnable and not held
 *   HELD          one was runnable
 *   STARTUP       no job had been started yet, and one was later
 *   JOIN          all jobs were over that ever were
 *   DISPATCH      a job had been submitted by another task than the one that was to do it later, and not been started,
 *                 while a worker lived that had none
 *   TAIL          fewer jobs were left, those in progress and those yet to be submitted counted, than there were
 * workers PARTLY        a task of the target ran on another CPU PLANNED       one slept in a call that waits for time
 * alone ASLEEP        one was asleep, blocked or stopped NOBODY        none of them
 *
 * Jobs are those whose worker is of the target, and those never started whose submitter is (or is not known). A worker
 * is a task that started one. There are as many workers as at most were at once between the start of their first job
 * and the end of their last: one that replaces another is not one more. A job that was started and never finished is
 * over with the life of its worker; one that was never started, with that of the last worker.
 *
 * Per task: its life inside the window, by state; equal to a summary's where the windows are the same.
 */
#ifndef SCHEDVIZ_ANALYSIS_LEDGER_H
#define SCHEDVIZ_ANALYSIS_LEDGER_H

#include "analysis/blame.h"

enum ledger_line {
	LEDGER_OURS,	 /* tasks of the target */
	LEDGER_OTHERS,	 /* other tasks, by name in `others` */
	LEDGER_RECORDER, /* the recorder itself */
	/* idle, although a task of the target was runnable: */
	LEDGER_BESIDE,
	LEDGER_BESIDE_MAYBE,
	LEDGER_PINNED,
	LEDGER_HELD,
	/* idle, and none of the target was runnable: */
	LEDGER_STARTUP,
	LEDGER_DISPATCH,
	LEDGER_TAIL,
	LEDGER_JOIN,
	LEDGER_PLANNED,
	LEDGER_PARTLY,
	LEDGER_ASLEEP,
	LEDGER_NOBODY,
	/* */
	LEDGER_UNRECORDED, /* a recording of the target alone: others ran, or it was idle */
	LEDGER_OFFLINE,
	LEDGER_UNKNOWN, /* lost events, or outside of what was recorded */
	NR_LEDGER_LINES
};

struct ledger_other {
	const char *name; /* of the model's; NULL: tasks without one */
	uint32_t tasks;	  /* of that name that ran */
	uint64_t ns;
};

/* A task's life inside the window: life_ns == the sum of ns[]; ns[STATE_RUNNABLE] == the sum of wait_ns[]; ... */
struct ledger_task {
	task_id task;
	uint64_t life_ns;
	uint64_t ns[NR_STATES];
	uint64_t wait_ns[NR_WHYS];
	VEC(struct sleep_in) slept; /* ... those asleep or blocked == the sum of these; longest first, then by number */
};

/* Phases of the jobs inside the window, as wall time. */
struct ledger_jobs {
	uint32_t jobs, workers; /* 0: none were marked */
	uint64_t dispatch_ns, tail_ns;
	uint64_t tail_from_ns; /* when there were fewer left than workers for the first time; UINT64_MAX: never */
};

struct ledger {
	struct window window;
	uint32_t nr_cpus;  /* that were seen */
	uint64_t total_ns; /* wall x CPUs */
	uint64_t ns[NR_LEDGER_LINES];
	VEC(struct ledger_other) others; /* longest first, then by name; their sum is ns[LEDGER_OTHERS] */
	VEC(struct ledger_task) tasks;	 /* of the target, by birth: who lived inside the window */
	struct ledger_jobs jobs;
};

/* `b` is of the same history: it knows who was held, and when they waited. */
void ledger_make(struct ledger *l, const struct history *h, const struct blame *b);
void ledger_release(struct ledger *l);

#endif
