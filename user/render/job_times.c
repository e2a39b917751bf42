/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * job_times.c - each worker's spans against its jobs; both come in order of time, so one cursor per worker will do.
 */
#include "render/job_times.h"

#include <stdlib.h>
#include "base/alloc.h"
#include "render/jobs.h"

struct served {
	uint32_t worker; /* task_id.i */
	size_t job;	 /* index into the model's jobs */
	uint64_t from_ns, to_ns;
};

struct pass {
	struct served *v; /* by worker, then by start */
	size_t n;
	size_t *cursor; /* by task_id.i: the worker's first entry that can still matter; n: it has none */
	uint32_t nr_tasks;
	struct job_times *out;
};

static int by_worker(const void *a, const void *b)
{
	const struct served *x = a, *y = b;

	if (x->worker != y->worker)
		return x->worker < y->worker ? -1 : 1;
	if (x->from_ns != y->from_ns)
		return x->from_ns < y->from_ns ? -1 : 1;
	return x->job < y->job ? -1 : x->job > y->job;
}

static void on_span(void *ctx, const struct span *s)
{
	struct pass *p = ctx;
	size_t *at;

	if (s->task.i >= p->nr_tasks)
		return;
	at = &p->cursor[s->task.i];
	while (*at < p->n && p->v[*at].worker == s->task.i && p->v[*at].to_ns <= s->from_ns)
		(*at)++;
	for (size_t i = *at; i < p->n && p->v[i].worker == s->task.i && p->v[i].from_ns < s->to_ns; i++) {
		uint64_t from_ns = s->from_ns > p->v[i].from_ns ? s->from_ns : p->v[i].from_ns;
		uint64_t to_ns = s->to_ns < p->v[i].to_ns ? s->to_ns : p->v[i].to_ns;

		if (from_ns < to_ns)
			p->out->ns[p->v[i].job][s->state] += to_ns - from_ns;
	}
}

static void list_served(struct pass *p, const struct model *m, const struct job *jobs, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (task_some(jobs[i].worker) && jobs[i].started_ns < job_left_ns(m, &jobs[i]))
			p->v[p->n++] = (struct served){
				.worker = jobs[i].worker.i,
				.job = i,
				.from_ns = jobs[i].started_ns,
				.to_ns = job_left_ns(m, &jobs[i]),
			};
	qsort(p->v, p->n, sizeof(*p->v), by_worker);
	for (uint32_t t = 0; t < p->nr_tasks; t++)
		p->cursor[t] = p->n;
	for (size_t i = p->n; i-- > 0;)
		p->cursor[p->v[i].worker] = i;
}

int job_times_measure(struct job_times *t, const struct model *known, struct trace_reader *r, struct err *e)
{
	const struct job *jobs = model_jobs(known, &t->nr);
	struct pass p = { .nr_tasks = model_nr_tasks(known), .out = t };
	struct model_sink sink = { .ctx = &p, .span = on_span };
	struct model *m = NULL;
	int ret;

	t->ns = NULL;
	if (t->nr == 0)
		return 0;
	t->ns = xcalloc(t->nr, sizeof(*t->ns));
	p.v = xcalloc(t->nr, sizeof(*p.v));
	p.cursor = xcalloc(p.nr_tasks + 1u, sizeof(*p.cursor));
	list_served(&p, known, jobs, t->nr);
	ret = model_build(&m, r, &sink, 1, e);
	model_free(m);
	free(p.cursor);
	free(p.v);
	return ret;
}

void job_times_release(struct job_times *t)
{
	free(t->ns);
	*t = (struct job_times){ 0 };
}
