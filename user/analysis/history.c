/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * history.c - find a stretch, a CPU span or a job by time.
 */
#define _GNU_SOURCE /* qsort_r */
#include "analysis/history_collect.h"

#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "trace/syscalls.h"

/* ---- jobs by worker and start ---- */

static int by_worker(const void *a, const void *b, void *ctx)
{
	const struct job *jobs = ctx, *x = &jobs[*(const uint32_t *)a], *y = &jobs[*(const uint32_t *)b];

	if (x->worker.i != y->worker.i)
		return x->worker.i < y->worker.i ? -1 : 1;
	if (x->started_ns != y->started_ns)
		return x->started_ns < y->started_ns ? -1 : 1;
	return (x > y) - (x < y);
}

void history_order_jobs(struct history *h)
{
	size_t nr;

	h->jobs = model_jobs(h->model, &nr);
	h->job_order = xcalloc(nr ? nr : 1, sizeof(*h->job_order));
	for (size_t i = 0; i < nr; i++)
		if (task_some(h->jobs[i].worker) && h->jobs[i].started_ns != UINT64_MAX)
			h->job_order[h->nr_jobs++] = (uint32_t)i;
	if (h->nr_jobs)
		qsort_r(h->job_order, h->nr_jobs, sizeof(*h->job_order), by_worker, (void *)(uintptr_t)h->jobs);
}

/* ---- asking ---- */

const struct history_task *history_task(const struct history *h, task_id id)
{
	return task_some(id) && id.i < model_nr_tasks(h->model) && h->slot[id.i] != UINT32_MAX
		       ? &h->tasks.v[h->slot[id.i]]
		       : NULL;
}

/* Index of the last of `n` elements of `size` bytes, each beginning with its from_ns, that begins by `ts_ns`. */
#define LAST_BY(vec, ts_ns)                                    \
	({                                                     \
		size_t lo_ = 0, hi_ = (vec)->n;                \
		while (lo_ < hi_) {                            \
			size_t mid_ = lo_ + (hi_ - lo_) / 2;   \
			if ((vec)->v[mid_].from_ns <= (ts_ns)) \
				lo_ = mid_ + 1;                \
			else                                   \
				hi_ = mid_;                    \
		}                                              \
		lo_ - 1; /* SIZE_MAX: none */                  \
	})

size_t history_at(const struct history_task *t, uint64_t ts_ns)
{
	return ts_ns < t->to_ns ? LAST_BY(&t->v, ts_ns) : SIZE_MAX;
}

size_t history_cpu_at(const struct history_cpu *c, uint64_t ts_ns)
{
	return ts_ns < c->to_ns ? LAST_BY(&c->v, ts_ns) : SIZE_MAX;
}

/* How many of the ordered jobs come before (worker, ts_ns): those of lower workers, and its own started before. */
static uint32_t jobs_before(const struct history *h, task_id worker, uint64_t ts_ns)
{
	uint32_t lo = 0, hi = h->nr_jobs;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		const struct job *j = &h->jobs[h->job_order[mid]];

		if (j->worker.i < worker.i || (j->worker.i == worker.i && j->started_ns < ts_ns))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static const struct job *ordered(const struct history *h, uint32_t at, task_id worker)
{
	const struct job *j = at < h->nr_jobs ? &h->jobs[h->job_order[at]] : NULL;

	return j && task_is(j->worker, worker) ? j : NULL;
}

/* Jobs of one worker do not overlap, but one inside another (a lock taken in a job) may: the innermost is meant. */
uint32_t history_job(const struct history *h, task_id worker, uint64_t ts_ns)
{
	uint32_t at = task_some(worker) ? jobs_before(h, worker, ts_ns + 1) : 0;
	const struct job *j;

	for (int tries = 0; tries < 8 && at-- && (j = ordered(h, at, worker)); tries++)
		if (ts_ns < j->finished_ns)
			return h->job_order[at];
	return HISTORY_NO_JOB;
}

uint32_t history_job_next(const struct history *h, task_id worker, uint64_t ts_ns)
{
	uint32_t at = jobs_before(h, worker, ts_ns);

	return ordered(h, at, worker) ? h->job_order[at] : HISTORY_NO_JOB;
}

uint32_t history_job_before(const struct history *h, task_id worker, uint64_t ts_ns)
{
	uint32_t at = jobs_before(h, worker, ts_ns + 1), best = HISTORY_NO_JOB;
	const struct job *j;

	for (int tries = 0; tries < 8 && at-- && (j = ordered(h, at, worker)); tries++)
		if (j->finished_ns <= ts_ns && (best == HISTORY_NO_JOB || j->finished_ns > h->jobs[best].finished_ns))
			best = h->job_order[at];
	return best;
}

bool history_call_is_timed(const struct model *m, int32_t syscall)
{
	const char *name = syscall_name(model_arch(m), syscall);

	return name && (!strcmp(name, "clock_nanosleep") || !strcmp(name, "nanosleep"));
}
