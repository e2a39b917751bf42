/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * jobs.h - jobs in the picture: written over the worker that does them, and on lanes of their own from the moment they
 * were submitted, so that the wait for a worker, or for a turn, can be seen.
 */
#ifndef SCHEDVIZ_RENDER_JOBS_H
#define SCHEDVIZ_RENDER_JOBS_H

#include "analysis/job_times.h"
#include "render/paint.h"

#define JOB_LANES 12 /* with more jobs than this in the window the queue's length is drawn instead */

/* "task 4": the recording's word for jobs and the number; printable ASCII. */
void job_name(const struct model *m, const struct job *j, struct buf *out);

/*
 * What jobs wait for between submit and start: "a worker"; or "a turn" where all were done by those who submitted them,
 * as when tasks come to a lock.
 */
const char *jobs_await(const struct model *m);

/*
 * Over a worker's painted lane: sleep inside a job becomes a line, and the job's name is written into a stretch that
 * has room. Names that found none although the job is wide enough go to `above`, a row for a line of its own over the
 * lane; returns whether there are any.
 */
bool paint_worker_jobs(const struct grid *g, const struct model *m, task_id worker, const struct style *st,
		       struct cell *row, struct cell *above, struct seen *seen);

/* A job's own lane: waiting, then with the name of the worker that did it, or died of it. */
void paint_job(const struct grid *g, const struct model *m, const struct job *j, const struct style *st,
	       struct cell *row, struct seen *seen);

/* One lane for many jobs: how many wait for a worker, as bars; returns the most that waited at a time. */
uint32_t paint_queue(const struct grid *g, const struct model *m, const struct style *st, struct cell *row,
		     struct seen *seen);

#endif
