/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * job_times.h - what the worker of a job did between the job's start and its finish: ran, waited for a CPU, slept.
 */
#ifndef SCHEDVIZ_RENDER_JOB_TIMES_H
#define SCHEDVIZ_RENDER_JOB_TIMES_H

#include "model/model.h"

struct job_times {
	uint64_t (*ns)[NR_STATES]; /* by index into model_jobs(); whole jobs, whatever the window */
	size_t nr;
};

/*
 * Goes over the recording once more, but only if it has jobs; `known` is a finished model of the same reader. Errors:
 * those of model_build(). Release in either case.
 */
int job_times_measure(struct job_times *t, const struct model *known, struct trace_reader *r, struct err *e);
void job_times_release(struct job_times *t);

#endif
