/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reasons.h - why it took neither less nor more time: what stands behind a path, as numbers.
 *
 * Why not less: who had to wait for whom before it could go on (a lock handed over, a job that no worker was free for).
 * Why not more: how much was done at once.
 */
#ifndef SCHEDVIZ_ANALYSIS_REASONS_H
#define SCHEDVIZ_ANALYSIS_REASONS_H

#include "analysis/path.h"
#include "analysis/workers.h"

/*
 * The wake-up on the path that held back most: the woken had slept until then, and what it did next, as far as the path
 * stays with it, could have been done meanwhile; the shorter of the two is what it held back. Sleeps in one call with
 * the same argument, which timers ended and after which it soon slept again, are one wait.
 */
struct handover {
	task_id waker, woken; /* TASK_NONE: there is none */
	int32_t syscall;
	uint64_t arg, to_ns;
	uint64_t slept_ns; /* inside the window */
	uint32_t sleeps;
	uint64_t held_ns;
	/* All of the path's wake-ups out of that call: */
	uint32_t count, tasks; /* different ones woken */
	uint64_t all_held_ns;
};

/* The job of the path that waited longest for its worker, while that had another one. */
struct queued {
	uint32_t job, before; /* indexes into jobs; HISTORY_NO_JOB: there is none */
	uint64_t waited_ns;
	uint32_t workers; /* alive half-way through that wait, of those that ever had a job handed to them */
	uint32_t busy;	  /* of them, with one then */
};

/* Jobs that were started and finished inside the window, also those that a task gave itself. */
struct at_work {
	uint32_t jobs, most; /* most at one time */
	uint64_t ns;	     /* sum of their lengths */
};

/* Tasks of the target on CPUs at once. */
struct at_once {
	uint64_t ns[3];	     /* none, one, two or more; they add up to the window */
	uint32_t most, cpus; /* CPUs that were seen */
};

struct reasons {
	struct handover handover;
	struct queued queued;
	struct at_work at_work;
	struct at_once at_once;
	struct workers workers;
};

/* ---- at_once.c ---- */

void at_once_count(struct at_once *tasks, struct at_work *jobs, const struct history *h);

/* ---- all of it: reasons.c ---- */

void reasons_find(struct reasons *r, const struct history *h, const struct path *p);

#endif
