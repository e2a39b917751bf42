/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * waits.h - every wait of the target's tasks for a CPU, task by task, each task's in order of time.
 *
 * A wait is a chain of runnable stretches with one beginning: the balancer may move who waits from queue to queue. Most
 * end with the task on the CPU that it was queued on; the spans of that CPU just before that are those that it waited
 * behind. Only for the others (moved, cut, ended by a loss) is a CPU searched.
 */
#ifndef SCHEDVIZ_ANALYSIS_WAITS_H
#define SCHEDVIZ_ANALYSIS_WAITS_H

#include "analysis/history.h"

struct waiting {
	const struct history_task *task;
	size_t first, last; /* its stretches */
	size_t span; /* the span of its CPU that it ended with; SIZE_MAX: it did not run after it, as far as known */
};

/* One stretch of it, cut to the target's window, as the CPU saw it. */
struct waiting_part {
	struct window when;		 /* may be empty */
	uint32_t cpu;			 /* CPU_NONE: not known */
	const struct history_cpu *spans; /* NULL: nothing is known of that CPU */
	size_t end;			 /* the first span of it that begins at or after when.to_ns */
};

void waits_walk(const struct history *h, void (*each)(void *ctx, const struct waiting *w), void *ctx);

/* The one that begins with this stretch, a runnable one. */
struct waiting waiting_from(const struct history *h, const struct history_task *t, size_t first);

/* Stretch `i`, first <= i <= last, of the wait. */
struct waiting_part waiting_part(const struct history *h, const struct waiting *w, size_t i);

#endif
