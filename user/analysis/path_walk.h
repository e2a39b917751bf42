/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_walk.h - the inside of path.c: where the walk is, and what it asks of the history on its way back.
 *
 * Every question is about an instant not later than the one before it, so each task, CPU and worker is searched from
 * where the last question about it ended: all of them together cost one pass over what is on the path.
 */
#ifndef SCHEDVIZ_ANALYSIS_PATH_WALK_H
#define SCHEDVIZ_ANALYSIS_PATH_WALK_H

#include "analysis/edge.h"
#include "analysis/path.h"

struct walk {
	struct path *p;
	const struct history *h;
	uint64_t now_ns; /* all from here to the end is on steps */
	const struct history_task *t;
	uint32_t slot;
	size_t at;	      /* stretch of t that the walk is in, or at the beginning of */
	uint8_t edge;	      /* enum path_edge from the step that comes next to the one that was made last */
	int32_t edge_syscall; /* what that one's task slept in */
	uint64_t edge_arg;
	uint64_t *here_ns; /* by slot: when the walk last left it or came to it */
	bool *on_path;	   /* by slot */
	size_t *task_at;   /* by slot, where the last search ended */
	size_t *cpu_at;	   /* by CPU */
	uint64_t *had_ns;  /* by task_id.i, zero between questions */
	VEC(uint32_t) had; /* whose is not */
	uint64_t *cuts;	   /* when jobs started or finished: by worker, in order of time */
	size_t *cut_at;	   /* by slot: one more than the last cut before the walk's instant, of this worker's */
	size_t *cut_from;  /* by slot: its first */
};

void walk_init(struct walk *w, struct path *p, const struct history *h);
void walk_release(struct walk *w);

/* Which stretch of this task was on a CPU at `ts_ns`, or ended or began then; SIZE_MAX: none. */
size_t walk_ran_at(struct walk *w, uint32_t slot, uint64_t ts_ns);

/* Who had this CPU longest in `span`, and how long; TASK_NONE: no task that is known. */
task_id walk_who_had(struct walk *w, uint32_t cpu, struct window span, uint64_t *ns);

/* The last instant in [from_ns, now_ns) at which the walk's task started or finished a job; from_ns: none after it. */
uint64_t walk_job_cut(struct walk *w, uint64_t from_ns);

#endif
