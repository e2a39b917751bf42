/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load.h - when the target's tasks wanted a CPU, and how many did at a time.
 *
 * A task wants a CPU while it runs and while it is runnable. Only the parts inside the window are looked at.
 */
#ifndef SCHEDVIZ_ANALYSIS_LOAD_H
#define SCHEDVIZ_ANALYSIS_LOAD_H

#include "analysis/history.h"

/* Of one task these are in order and never touch: in between it slept, or what it did is not known. */
struct want {
	uint64_t from_ns, to_ns; /* inside the window, not empty */
};

struct wants {
	struct {
		struct want *v;
		size_t n;
	} v;		 /* task by task, as in history.tasks */
	size_t *first;	 /* by index into history.tasks, and one more: where the task's begin */
	uint64_t ns;	 /* sum of all */
	uint64_t ran_ns; /* what of it was running */
};

void wants_make(struct wants *w, const struct history *h);
void wants_release(struct wants *w);

#define LOAD_CELLS 240

/* Tasks that want a CPU at a time: the depth of the run queues of all CPUs together, who runs included. */
struct load {
	uint32_t max;
	uint64_t mean_milli; /* over the window, thousandths */
	/* The window in LOAD_CELLS equal parts: cell i is from load_cell_from_ns(i) to that of i + 1, and this is the
	   time that all tasks together wanted in it: divided by its length the mean depth. They add up to wants.ns. */
	uint64_t cell_ns[LOAD_CELLS];
};

void load_make(struct load *l, const struct wants *wants, struct window w);

static inline uint64_t load_cell_from_ns(struct window w, uint32_t cell)
{
	return w.from_ns + (uint64_t)((unsigned __int128)(w.to_ns - w.from_ns) * cell / LOAD_CELLS);
}

#endif
