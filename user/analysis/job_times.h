/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * job_times.h - a job's times: from one of its marks to another, and what its worker did meanwhile: ran, waited, slept.
 */
#ifndef SCHEDVIZ_ANALYSIS_JOB_TIMES_H
#define SCHEDVIZ_ANALYSIS_JOB_TIMES_H

#include "model/model.h"

/* ---- between its marks ---- */

#define JOB_UNSEEN UINT64_MAX /* a mark that was not seen */

/* From one mark to another; JOB_UNSEEN when either is missing or they contradict each other. */
uint64_t job_between(uint64_t from_ns, uint64_t to_ns);

/* The same for the marks that make sense together. */
uint64_t job_waited_ns(const struct job *j);	 /* submitted to started */
uint64_t job_service_ns(const struct job *j);	 /* started to finished */
uint64_t job_turnaround_ns(const struct job *j); /* submitted to finished */

/* The first mark that was seen. */
uint64_t job_first_ns(const struct job *j);

/*
 * When its worker was done with it: finished, or the worker died with it; JOB_UNSEEN if it has it yet, or never had
 * it.
 */
uint64_t job_left_ns(const struct model *m, const struct job *j);

/* Is any part of the job, its wait for a worker included, inside the window? */
bool job_in_window(const struct model *m, const struct job *j, struct window w);

/* ---- what its worker did between start and finish ---- */

struct job_served;

struct job_times {
	uint64_t (*ns)[NR_STATES]; /* by index into model_jobs(); whole jobs, whatever the window */
	size_t nr;
	/* inside: */
	struct job_served *served; /* by worker, then by start */
	size_t nr_served;
	size_t *cursor; /* by task_id.i: its first job that can still matter; nr_served: it has none */
	uint32_t nr_tasks;
};

/* `known` is a finished model. Then job_times_add() for every span; job_times_release() at the end. */
void job_times_init(struct job_times *t, const struct model *known);
/* Of one task in order of time; tasks may be mixed. Of those that had no job it is ignored. */
void job_times_add(struct job_times *t, task_id who, enum task_state state, uint64_t from_ns, uint64_t to_ns);
static inline bool job_times_wants(const struct job_times *t, task_id who)
{
	return who.i < t->nr_tasks && t->cursor[who.i] < t->nr_served;
}

/*
 * All of it over the recording: it is read once more, but only if it has jobs; `known` is of the same reader. Errors:
 * those of model_build(). Release in either case.
 */
int job_times_measure(struct job_times *t, const struct model *known, struct trace_reader *r, struct err *e);
void job_times_release(struct job_times *t);

#endif
