/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * workers.c - list scheduling of the recorded jobs, and what their workers did.
 */
#define _GNU_SOURCE /* qsort_r */
#include "analysis/workers.h"

#include <stdlib.h>
#include "base/alloc.h"

bool workers_job(const struct history *h, const struct job *j)
{
	return task_some(j->worker) && !task_is(j->worker, j->submitter) && history_task(h, j->worker) &&
	       j->submitted_ns <= j->started_ns && j->started_ns < j->finished_ns &&
	       j->started_ns >= h->window.from_ns && j->finished_ns != UINT64_MAX && j->finished_ns <= h->window.to_ns;
}

/* ---- first come, first served ---- */

/* When each worker is free next, the earliest at the top of a heap. */
static void free_later(uint64_t *free_ns, uint32_t n, uint64_t ns)
{
	uint32_t i = 0;

	for (uint32_t child; (child = 2 * i + 1) < n; i = child) {
		child += child + 1 < n && free_ns[child + 1] < free_ns[child];
		if (free_ns[child] >= ns)
			break;
		free_ns[i] = free_ns[child];
	}
	free_ns[i] = ns;
}

static uint64_t schedule(const struct history *h, const uint32_t *order, uint32_t nr, uint32_t workers)
{
	uint64_t *free_ns = xcalloc(workers, sizeof(*free_ns)), end_ns = 0;

	for (uint32_t i = 0; i < nr; i++) {
		const struct job *j = &h->jobs[order[i]];
		uint64_t at_ns = j->submitted_ns > h->window.from_ns ? j->submitted_ns - h->window.from_ns : 0;

		if (free_ns[0] > at_ns)
			at_ns = free_ns[0];
		at_ns += j->finished_ns - j->started_ns;
		free_later(free_ns, workers, at_ns);
		end_ns = at_ns > end_ns ? at_ns : end_ns;
	}
	free(free_ns);
	return end_ns;
}

static int by_submission(const void *a, const void *b, void *ctx)
{
	const struct job *jobs = ctx, *x = &jobs[*(const uint32_t *)a], *y = &jobs[*(const uint32_t *)b];

	if (x->submitted_ns != y->submitted_ns)
		return x->submitted_ns < y->submitted_ns ? -1 : 1;
	return (x > y) - (x < y);
}

/* ---- what the workers did ---- */

static void add_worker(struct workers *w, const struct history *h, const struct history_task *t, uint8_t *cpus)
{
	w->nr++;
	for (size_t i = 0; i < t->v.n; i++) {
		uint64_t ns = history_part_ns(t->v.v[i].from_ns, stretch_to_ns(t, i), h->window);

		if (t->v.v[i].state != STATE_RUNNING || !ns)
			continue;
		w->ran_ns += ns;
		if (t->v.v[i].cpu < h->nr_cpus && !cpus[t->v.v[i].cpu]) {
			cpus[t->v.v[i].cpu] = 1;
			w->cpus++;
		}
	}
}

/* The jobs that count, by worker as the history has them; each worker is met once. */
static uint32_t collect(struct workers *w, const struct history *h, uint32_t *order)
{
	uint8_t *cpus = xcalloc(h->nr_cpus + 1u, 1);
	task_id met = TASK_NONE;
	uint32_t n = 0;

	for (uint32_t i = 0; i < h->nr_jobs; i++) {
		const struct job *j = &h->jobs[h->job_order[i]];

		if (!workers_job(h, j))
			continue;
		order[n++] = h->job_order[i];
		if (j->finished_ns - h->window.from_ns > w->last_ns)
			w->last_ns = j->finished_ns - h->window.from_ns;
		if (!task_is(j->worker, met))
			add_worker(w, h, history_task(h, j->worker), cpus);
		met = j->worker;
	}
	free(cpus);
	return n;
}

void workers_measure(struct workers *w, const struct history *h)
{
	uint32_t *order = xcalloc(h->nr_jobs + 1u, sizeof(*order));

	*w = (struct workers){ 0 };
	w->jobs = collect(w, h, order);
	if (w->jobs) {
		qsort_r(order, w->jobs, sizeof(*order), by_submission, (void *)(uintptr_t)h->jobs);
		w->same_ns = schedule(h, order, w->jobs, w->nr);
		w->more_ns = schedule(h, order, w->jobs, w->nr + 1);
	}
	free(order);
}
