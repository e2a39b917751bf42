/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * grid.h - the second pass over a recording: how much of each cell a task spent in each state, a CPU with each task.
 *
 * A model sink. Memory is lanes x columns, whatever the number of events. Nothing short is lost: times are kept in
 * nanoseconds however long a cell lasts.
 */
#ifndef SCHEDVIZ_RENDER_GRID_H
#define SCHEDVIZ_RENDER_GRID_H

#include "model/model.h"
#include "render/axis.h"

struct task_cell {
	uint64_t ns[NR_STATES];
	uint32_t cpu; /* where it ran, if it did and not `mixed` */
	bool mixed;   /* ran on several CPUs */
};

struct cpu_cell {
	uint64_t ns[NR_CPU_STATES];
	uint64_t target_ns; /* of ns[CPU_TASK], with tasks of the recorded tree */
	task_id task;	    /* who ran, if anybody did and not `mixed` */
	bool mixed;	    /* several did */
};

struct grid {
	struct axis axis;
	const struct model *known;  /* of the first pass */
	uint32_t nr_tasks, nr_cpus; /* lanes */
	uint32_t *task_lane;	    /* by task_id.i: lane or UINT32_MAX */
	uint32_t *cpu_lane;	    /* by CPU number */
	struct task_cell *tasks;    /* nr_tasks rows of axis.columns */
	struct cpu_cell *cpus;
};

/* Lanes are given afterwards with grid_want_*(), then grid_sink() is handed to model_build(). */
void grid_init(struct grid *g, const struct axis *axis, const struct model *known);
void grid_want_task(struct grid *g, task_id id);
void grid_want_cpu(struct grid *g, uint32_t cpu);
void grid_sink(struct grid *g, struct model_sink *sink); /* no more lanes from here on */
void grid_release(struct grid *g);

/* The cells of a lane, in the order they were wanted. */
const struct task_cell *grid_task(const struct grid *g, uint32_t lane);
const struct cpu_cell *grid_cpu(const struct grid *g, uint32_t lane);

#endif
