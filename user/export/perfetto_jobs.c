/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * perfetto_jobs.c - jobs for Perfetto: slices on the worker's thread, arrows from who submitted them, their queue.
 */
#include <inttypes.h>
#include <stdlib.h>
#include "base/alloc.h"
#include "export/perfetto.h"

/* One worker's slices must not overlap on a track: those that would (coroutines) go to further ones below it. */
struct track_end {
	uint32_t worker, lane;
	uint64_t free_ns;
};

struct jobs_pass {
	struct pf *p;
	VEC(struct track_end) lanes;
};

/* "job 3" */
static void put_name(struct pf *p, const char *verb, const struct job *j)
{
	struct buf name = { 0 };

	buf_printf(&name, "%s%s %" PRIu64, verb, model_job_noun(p->m), j->id);
	pb_bytes(&p->packets, EVENT_NAME, name.data, name.len);
	buf_release(&name);
}

/* `verb` NULL: without a name; `flow` 0: without an arrow. */
static void put_event(struct pf *p, uint64_t ns, unsigned type, uint64_t track, const char *verb, const struct job *j,
		      unsigned flow_field, uint64_t flow)
{
	size_t packet, inner = pf_track_event(p, ns, type, track, &packet);

	if (verb) {
		pb_str(&p->packets, EVENT_CATEGORY, model_job_noun(p->m));
		put_name(p, verb, j);
	}
	if (flow)
		pb_fixed64(&p->packets, flow_field, flow);
	pf_track_event_end(p, packet, inner);
}

static bool inside(const struct pf *p, uint64_t ns)
{
	return window_contains(p->job->window, ns);
}

/* Is `id` a task with a track of its own at that time? */
static bool has_track(struct pf *p, task_id id, uint64_t ns)
{
	const struct task *t;

	if (!task_some(id) || !pf_wants(p, id) || !inside(p, ns) || pf_task(p, id)->known_ns == UINT64_MAX)
		return false;
	t = model_task(p->m, id);
	return t->born_ns <= ns && ns <= t->died_ns;
}

/* ---- slices ---- */

static uint64_t lane_track(struct jobs_pass *jp, uint32_t worker, uint64_t from_ns, uint64_t to_ns)
{
	uint32_t lanes = 0;
	struct track_end *e;

	for (size_t i = 0; i < jp->lanes.n; i++) {
		e = &jp->lanes.v[i];
		if (e->worker != worker)
			continue;
		lanes++;
		if (e->free_ns > from_ns)
			continue;
		e->free_ns = to_ns;
		return e->lane ? pf_uuid(TRACK_OF_JOBS, (uint32_t)i) : pf_uuid(TRACK_OF_THREAD, worker);
	}
	e = vec_push(&jp->lanes);
	*e = (struct track_end){ .worker = worker, .lane = lanes, .free_ns = to_ns };
	return lanes ? pf_uuid(TRACK_OF_JOBS, (uint32_t)(jp->lanes.n - 1)) : pf_uuid(TRACK_OF_THREAD, worker);
}

static void put_lanes(struct jobs_pass *jp)
{
	struct pf *p = jp->p;

	for (size_t i = 0; i < jp->lanes.n; i++) {
		const struct track_end *e = &jp->lanes.v[i];
		size_t packet, inner;

		if (!e->lane)
			continue;
		packet = pf_packet(p, pf_task(p, (task_id){ e->worker })->known_ns, 0);
		inner = pb_open(&p->packets, PACKET_TRACK_DESCRIPTOR);
		pb_uint(&p->packets, TRACK_UUID, pf_uuid(TRACK_OF_JOBS, (uint32_t)i));
		pb_uint(&p->packets, TRACK_PARENT, pf_uuid(TRACK_OF_THREAD, e->worker));
		pb_str(&p->packets, TRACK_NAME, "at the same time");
		pb_int(&p->packets, TRACK_RANK, (int)e->lane);
		pb_close(&p->packets, inner);
		pf_packet_end(p, packet);
	}
}

/* A job that nobody finished ends with its worker, or not at all. */
static uint64_t end_of(struct pf *p, const struct job *j)
{
	const struct task *worker = model_task(p->m, j->worker);

	if (j->finished_ns != UINT64_MAX)
		return j->finished_ns;
	return worker->died_here ? worker->died_ns : UINT64_MAX;
}

static void put_job(struct jobs_pass *jp, const struct job *j, uint64_t flow)
{
	struct pf *p = jp->p;
	uint64_t from = j->started_ns > p->job->window.from_ns ? j->started_ns : p->job->window.from_ns;
	bool submitted = has_track(p, j->submitter, j->submitted_ns);
	bool started = j->started_ns != UINT64_MAX && has_track(p, j->worker, from);
	uint64_t end = started ? end_of(p, j) : 0, track;
	bool finished = inside(p, end) && end == j->finished_ns;

	started = started && end > from;
	if (!submitted || !started)
		flow = 0;
	if (submitted)
		put_event(p, j->submitted_ns, EVENT_INSTANT, pf_uuid(TRACK_OF_THREAD, j->submitter.i), "submit ", j,
			  EVENT_FLOWS, flow);
	if (!started)
		return;
	track = lane_track(jp, j->worker.i, from, end);
	put_event(p, from, EVENT_SLICE_BEGIN, track, "", j, finished ? EVENT_FLOWS : EVENT_FLOWS_END, flow);
	if (inside(p, end))
		put_event(p, end, EVENT_SLICE_END, track, NULL, j, 0, 0);
	if (finished && flow)
		put_event(p, end, EVENT_INSTANT, track, "finish ", j, EVENT_FLOWS_END, flow);
}

static int by_start(const void *a, const void *b)
{
	const struct job *x = *(const struct job *const *)a, *y = *(const struct job *const *)b;

	if (x->started_ns != y->started_ns)
		return x->started_ns < y->started_ns ? -1 : 1;
	return (x > y) - (x < y);
}

/* ---- how many wait ---- */

struct edge {
	uint64_t ns;
	int step;
};

static int by_time(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? -1 : 1;
	return y->step - x->step;
}

static void put_queue(struct pf *p, const struct job *jobs, size_t nr)
{
	VEC(struct edge) edges = { 0 };
	int64_t queued = 0;

	for (size_t i = 0; i < nr; i++) {
		if (jobs[i].submitted_ns == UINT64_MAX || !export_has_job(p->job, &jobs[i]))
			continue;
		*vec_push(&edges) = (struct edge){ jobs[i].submitted_ns, 1 };
		if (jobs[i].started_ns != UINT64_MAX)
			*vec_push(&edges) = (struct edge){ jobs[i].started_ns, -1 };
	}
	if (edges.n)
		qsort(edges.v, edges.n, sizeof(*edges.v), by_time);
	for (size_t i = 0; i < edges.n; i++) {
		queued += edges.v[i].step;
		if (i + 1 == edges.n || edges.v[i + 1].ns != edges.v[i].ns)
			pf_queued(p, edges.v[i].ns, queued);
	}
	vec_release(&edges);
}

void pf_jobs(struct pf *p)
{
	size_t nr;
	const struct job *jobs = model_jobs(p->m, &nr);
	struct jobs_pass jp = { .p = p };
	const struct job **order;

	if (!nr)
		return;
	order = xcalloc(nr, sizeof(*order));
	for (size_t i = 0; i < nr; i++)
		order[i] = &jobs[i];
	qsort(order, nr, sizeof(*order), by_start);
	for (size_t i = 0; i < nr; i++)
		if (export_has_job(p->job, order[i]))
			put_job(&jp, order[i], (uint64_t)(order[i] - jobs) + 1);
	put_lanes(&jp);
	put_queue(p, jobs, nr);
	vec_release(&jp.lanes);
	free(order);
}
