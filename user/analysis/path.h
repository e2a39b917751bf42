/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path.h - the critical path: what the end of the target waited for, backwards to the beginning of the window.
 *
 * From the end, on one task: while it ran, the path is its running; while it waited for a CPU, that wait; and where it
 * was woken, the path goes on with who woke it, at that instant, if that was a task of the target in task context; a
 * new task's goes on with who made it. Was it an interrupt (a timer, a device), or somebody outside of the target,
 * then the sleep itself is on the path and it goes on with the same task. So every nanosecond of the window is on
 * exactly one step, and the steps, in order of time, tile it.
 *
 * A waker is followed only if it was on a CPU at that instant, or what it did is unknown; one that was not (clocks of
 * two CPUs that disagree) is only named. Time never goes forward, and no task is come to twice at one instant. A step
 * is one stretch of a task's life, cut where a job of it starts or finishes.
 *
 * Whose end? The given task's; but where nobody asked for that one and it sleeps when the window ends, what it waits
 * for is not in the window: then the one of the target that was last on a CPU.
 */
#ifndef SCHEDVIZ_ANALYSIS_PATH_H
#define SCHEDVIZ_ANALYSIS_PATH_H

#include "analysis/history.h"

enum path_kind {
	PATH_RUNNING,
	PATH_WAITING, /* for a CPU */
	PATH_ASLEEP,
	PATH_BLOCKED,
	PATH_STOPPED,
	PATH_UNKNOWN, /* what the task did is not known */
	PATH_NOBODY,  /* the task did not exist, or no longer, and who made it is not followed; of no task */
	NR_PATH_KINDS
};

/* How the path came from this step to the next in time. */
enum path_edge {
	PATH_SAME, /* the same task goes on */
	PATH_WAKE, /* this step's task woke the next one's */
	PATH_FORK, /* made it */
	PATH_EXIT, /* ended, which woke it */
	PATH_END,  /* the last step */
};

struct path_step {
	uint64_t from_ns, to_ns;
	task_id task;
	uint8_t kind; /* enum path_kind */
	uint8_t edge; /* enum path_edge */
	uint8_t why;  /* waiting: enum runnable_why */
	uint8_t ctx;  /* asleep: enum event_ctx of what ended it; EV_CTX_UNKNOWN: nothing did, or not known */
	uint32_t cpu; /* running: on it; waiting: in its queue; else where it last ran; CPU_NONE */
	/* asleep, blocked, stopped: in which call; else of an edge to another task: in which call *that* one slept
	 * until then */
	int32_t syscall;
	uint64_t arg;
	task_id by; /* waiting: who had the CPU longest meanwhile; asleep: who woke it, if not followed; TASK_NONE */
	uint64_t by_ns; /* waiting: how long */
	uint32_t job;	/* that the task had (index into model_jobs()), or HISTORY_NO_JOB */
};

/* Asleep, blocked or stopped: in a call, until something ended it. */
static inline bool path_is_asleep(const struct path_step *s)
{
	return s->kind == PATH_ASLEEP || s->kind == PATH_BLOCKED || s->kind == PATH_STOPPED;
}

static inline uint64_t path_step_ns(const struct path_step *s)
{
	return s->to_ns - s->from_ns;
}

struct path {
	struct window window;
	task_id last, asked;	     /* `last`: whose end it is; `asked`: whose it was to be */
	VEC(struct path_step) steps; /* in order of time; they tile the window, empty only when there is no target */
	uint64_t ns[NR_PATH_KINDS];  /* their sum is the window */
	uint64_t wake_ns;	     /* of the waiting: after wake-ups */
	uint32_t tasks;		     /* different ones on it */
};

/* Back from the end of `window`, which is inside h->window, on `last`; TASK_NONE: no steps. */
void path_make(struct path *p, const struct history *h, task_id last, struct window window);
void path_release(struct path *p);

#endif
