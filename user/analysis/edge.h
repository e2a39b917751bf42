/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * edge.h - where a task's life depends on another's: its first stretch, and those that a wake-up began.
 */
#ifndef SCHEDVIZ_ANALYSIS_EDGE_H
#define SCHEDVIZ_ANALYSIS_EDGE_H

#include "analysis/history.h"

/*
 * Glibc's pthread_join() waits on a futex that the kernel wakes as the thread ends (CLONE_CHILD_CLEARTID), a few system
 * calls' time before its last switch. A lock given back that late by a thread that its creator joins looks the same.
 */
#define EDGE_JOIN_NS NSEC_PER_MSEC

/* Does this first stretch begin with the birth? Its waker is who made the task. */
static inline bool edge_is_birth(const struct history *h, const struct history_task *t)
{
	const struct stretch *first = &t->v.v[0];
	const struct task *task = model_task(h->model, t->id);

	return first->why == WHY_NEW ||
	       (first->state == STATE_RUNNING && task->born_here && task->born_ns == first->from_ns);
}

/* Did something end the sleep before this stretch? Also of one that ran at once: clocks of two CPUs disagree a little.
 */
static inline bool edge_is_wake(const struct history_task *t, size_t at)
{
	const struct stretch *s = &t->v.v[at];

	return at && s[-1].state >= STATE_SLEEPING &&
	       (s->state == STATE_RUNNING || (s->state == STATE_RUNNABLE && s->why == WHY_WOKEN));
}

/* Who began this stretch, by a wake-up in task context or a fork; TASK_NONE: nobody did. */
static inline task_id edge_from(const struct history *h, const struct history_task *t, size_t at)
{
	const struct stretch *s = &t->v.v[at];

	if (at ? !edge_is_wake(t, at) || stretch_ctx(s) != EV_CTX_TASK : !edge_is_birth(h, t))
		return TASK_NONE;
	return s->waker;
}

/*
 * Was it, or may it have been, on a CPU at `ts_ns`? In stretch `at`, the last one that begins by then; or until then,
 * in the one before, which *at then is. Whoever woke somebody was: that what it did is unknown is no objection.
 */
static inline bool edge_ran(const struct history_task *t, size_t *at, uint64_t ts_ns)
{
	if (*at == SIZE_MAX || ts_ns > t->to_ns)
		return false;
	if (t->v.v[*at].state <= STATE_RUNNING)
		return true;
	return *at && t->v.v[*at].from_ns == ts_ns && t->v.v[--*at].state <= STATE_RUNNING;
}
_Static_assert(STATE_UNKNOWN < STATE_RUNNING && STATE_RUNNING < STATE_RUNNABLE, "see above");

#endif
