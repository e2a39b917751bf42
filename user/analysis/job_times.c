/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * job_times.c - each worker's spans against its jobs; both come in order of time, so one cursor per worker will do.
 */
#include "analysis/job_times.h"

#include <stdlib.h>
#include "base/alloc.h"

/* ---- between its marks ---- */

uint64_t job_between(uint64_t from_ns, uint64_t to_ns)
{
	return from_ns == JOB_UNSEEN || to_ns == JOB_UNSEEN || to_ns < from_ns ? JOB_UNSEEN : to_ns - from_ns;
}

uint64_t job_waited_ns(const struct job *j)
{
	return job_between(j->submitted_ns, j->started_ns);
}

uint64_t job_service_ns(const struct job *j)
{
	return job_between(j->started_ns, j->finished_ns);
}

uint64_t job_turnaround_ns(const struct job *j)
{
	return job_between(j->submitted_ns, j->finished_ns);
}

uint64_t job_left_ns(const struct model *m, const struct job *j)
{
	const struct task *worker;

	if (j->finished_ns != JOB_UNSEEN || j->started_ns == JOB_UNSEEN || !task_some(j->worker))
		return j->finished_ns;
	worker = model_task(m, j->worker);
	return worker->died_here ? worker->died_ns : JOB_UNSEEN;
}

uint64_t job_first_ns(const struct job *j)
{
	uint64_t ns = j->submitted_ns < j->started_ns ? j->submitted_ns : j->started_ns;

	return ns < j->finished_ns ? ns : j->finished_ns;
}

bool job_in_window(const struct model *m, const struct job *j, struct window w)
{
	return job_first_ns(j) < w.to_ns && job_left_ns(m, j) >= w.from_ns;
}

/* ---- what its worker did ---- */

struct job_served {
	uint32_t worker; /* task_id.i */
	size_t job;	 /* index into the model's jobs */
	uint64_t from_ns, to_ns;
};

static int by_worker(const void *a, const void *b)
{
	const struct job_served *x = a, *y = b;

	if (x->worker != y->worker)
		return x->worker < y->worker ? -1 : 1;
	if (x->from_ns != y->from_ns)
		return x->from_ns < y->from_ns ? -1 : 1;
	return x->job < y->job ? -1 : x->job > y->job;
}

void job_times_add(struct job_times *t, task_id who, enum task_state state, uint64_t from_ns, uint64_t to_ns)
{
	const struct job_served *v = t->served;
	size_t *at;

	if (who.i >= t->nr_tasks)
		return;
	at = &t->cursor[who.i];
	while (*at < t->nr_served && v[*at].worker == who.i && v[*at].to_ns <= from_ns)
		(*at)++;
	for (size_t i = *at; i < t->nr_served && v[i].worker == who.i && v[i].from_ns < to_ns; i++) {
		uint64_t a_ns = from_ns > v[i].from_ns ? from_ns : v[i].from_ns;
		uint64_t b_ns = to_ns < v[i].to_ns ? to_ns : v[i].to_ns;

		if (a_ns < b_ns)
			t->ns[v[i].job][state] += b_ns - a_ns;
	}
}

static void list_served(struct job_times *t, const struct model *m, const struct job *jobs)
{
	for (size_t i = 0; i < t->nr; i++)
		if (task_some(jobs[i].worker) && jobs[i].started_ns < job_left_ns(m, &jobs[i]))
			t->served[t->nr_served++] = (struct job_served){
				.worker = jobs[i].worker.i,
				.job = i,
				.from_ns = jobs[i].started_ns,
				.to_ns = job_left_ns(m, &jobs[i]),
			};
	qsort(t->served, t->nr_served, sizeof(*t->served), by_worker);
	for (uint32_t i = 0; i < t->nr_tasks; i++)
		t->cursor[i] = t->nr_served;
	for (size_t i = t->nr_served; i-- > 0;)
		t->cursor[t->served[i].worker] = i;
}

void job_times_init(struct job_times *t, const struct model *known)
{
	size_t nr;
	const struct job *jobs = model_jobs(known, &nr);

	*t = (struct job_times){ .nr = nr };
	if (t->nr == 0)
		return;
	t->nr_tasks = model_nr_tasks(known);
	t->ns = xcalloc(t->nr, sizeof(*t->ns));
	t->served = xcalloc(t->nr, sizeof(*t->served));
	t->cursor = xcalloc(t->nr_tasks + 1u, sizeof(*t->cursor));
	list_served(t, known, jobs);
}

static void on_span(void *ctx, const struct span *s)
{
	job_times_add(ctx, s->task, s->state, s->from_ns, s->to_ns);
}

int job_times_measure(struct job_times *t, const struct model *known, struct trace_reader *r, struct err *e)
{
	struct model_sink sink = { .ctx = t, .span = on_span };
	struct model *m = NULL;
	int ret;

	job_times_init(t, known);
	if (t->nr == 0)
		return 0;
	ret = model_build(&m, r, &sink, 1, e);
	model_free(m);
	return ret;
}

void job_times_release(struct job_times *t)
{
	free(t->ns);
	free(t->served);
	free(t->cursor);
	*t = (struct job_times){ 0 };
}
