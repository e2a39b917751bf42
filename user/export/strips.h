/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * strips.h - a recording laid over a number of columns, for whoever draws: how long each lane was in each state within
 * each column. Nothing is too short to be in there.
 */
#ifndef SCHEDVIZ_EXPORT_STRIPS_H
#define SCHEDVIZ_EXPORT_STRIPS_H

#include "export/export.h"

#define STRIPS_TASKS_MAX 40 /* the ones that ran longest, if there are more */
#define STRIPS_CPUS_MAX 16  /* the first ones */

struct strip {
	task_id task; /* or TASK_NONE: */
	uint32_t cpu; /* of a CPU */
	uint8_t depth;
	/* by column: of a task by enum task_state; of a CPU running is "with a task", sleeping is "idle" */
	uint64_t (*ns)[NR_STATES];
	uint64_t all_ns[NR_STATES]; /* in the window */
};

struct strips {
	struct window window;
	unsigned columns;
	struct strip *v; /* tasks as people read them, then CPUs */
	size_t n, nr_tasks;
	uint32_t left_out;   /* tasks of the tree that have no lane */
	uint8_t least_depth; /* of any task that has a strip */
};

/*
 * Of the recorded tree, or of everybody who ran where there is none or a filter chooses. `columns` is lowered when the
 * window has fewer nanoseconds. Two passes. Release in any case.
 */
int strips_make(struct strips *l, const struct export_job *job, unsigned columns, struct err *e);
void strips_release(struct strips *l);

/* The column of an instant inside the window, and its edges: column c is [strips_time(c), strips_time(c + 1)). */
unsigned strips_column(const struct strips *l, uint64_t ns);
uint64_t strips_time(const struct strips *l, unsigned column);

#endif
