/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * phases.c - sweep over the begins and ends of jobs and workers, in order of time.
 */
#include "analysis/phases.h"

#include <stdlib.h>
#include "base/alloc.h"

enum step_kind { WORKER_BORN, WORKER_DIED, JOB_QUEUED, JOB_TAKEN, JOB_BEGAN, JOB_ENDED };

struct step {
	uint64_t ts_ns;
	uint32_t kind, worker;
};

struct worker {
	uint64_t first_ns, last_ns; /* begin of its first job, end of its last */
	task_id task;
	uint32_t busy; /* jobs in progress; one may be inside another */
	bool alive;
};

struct sweep {
	const struct history *h;
	uint32_t *number; /* by task_id.i: index into workers, UINT32_MAX: is none */
	VEC(struct worker) workers;
	VEC(struct step) steps;
	uint64_t first_ns, last_ns; /* begin of the first job, end of the last */
	uint32_t queued, free, left;
};

/* ---- which jobs, and when they began and ended ---- */

static bool has_worker(const struct sweep *s, const struct job *j)
{
	return target_has(s->h->target, j->worker) && (j->started_ns != UINT64_MAX || j->finished_ns != UINT64_MAX);
}

static bool never_started(const struct sweep *s, const struct job *j)
{
	return !task_some(j->worker) && j->submitted_ns != UINT64_MAX &&
	       (!task_some(j->submitter) || target_has(s->h->target, j->submitter));
}

static uint64_t began_ns(const struct sweep *s, const struct job *j)
{
	return j->started_ns != UINT64_MAX ? j->started_ns : model_task(s->h->model, j->worker)->born_ns;
}

static uint64_t ended_ns(const struct sweep *s, const struct job *j)
{
	uint64_t began = began_ns(s, j);
	uint64_t ended = j->finished_ns != UINT64_MAX ? j->finished_ns : model_task(s->h->model, j->worker)->died_ns;

	return ended > began ? ended : began;
}

/* ---- steps ---- */

static void step(struct sweep *s, uint64_t ts_ns, enum step_kind kind, uint32_t worker)
{
	*vec_push(&s->steps) = (struct step){ ts_ns, kind, worker };
}

static struct worker *worker_of(struct sweep *s, task_id id)
{
	if (s->number[id.i] == UINT32_MAX) {
		s->number[id.i] = (uint32_t)s->workers.n;
		*vec_push(&s->workers) = (struct worker){ .first_ns = UINT64_MAX, .task = id };
		step(s, model_task(s->h->model, id)->born_ns, WORKER_BORN, s->number[id.i]);
		step(s, model_task(s->h->model, id)->died_ns, WORKER_DIED, s->number[id.i]);
	}
	return &s->workers.v[s->number[id.i]];
}

static void add_job(struct sweep *s, const struct job *j)
{
	uint64_t began = began_ns(s, j), ended = ended_ns(s, j);
	struct worker *w = worker_of(s, j->worker);
	uint32_t number = (uint32_t)(w - s->workers.v);

	w->first_ns = began < w->first_ns ? began : w->first_ns;
	w->last_ns = ended > w->last_ns ? ended : w->last_ns;
	s->first_ns = began < s->first_ns ? began : s->first_ns;
	s->last_ns = ended > s->last_ns ? ended : s->last_ns;
	if (j->submitted_ns < began && !task_is(j->submitter, j->worker)) {
		step(s, j->submitted_ns, JOB_QUEUED, number);
		step(s, began, JOB_TAKEN, number);
	}
	step(s, began, JOB_BEGAN, number);
	step(s, ended, JOB_ENDED, number);
	s->left++;
}

/* It was there for any worker to take, until the last of them had gone. */
static void add_never_started(struct sweep *s, const struct job *j)
{
	uint64_t ended = 0;

	for (size_t i = 0; i < s->workers.n; i++) {
		uint64_t died_ns = model_task(s->h->model, s->workers.v[i].task)->died_ns;

		ended = died_ns > ended ? died_ns : ended;
	}
	ended = ended > j->submitted_ns ? ended : j->submitted_ns;
	s->last_ns = ended > s->last_ns ? ended : s->last_ns;
	step(s, j->submitted_ns, JOB_QUEUED, UINT32_MAX);
	step(s, ended, JOB_TAKEN, UINT32_MAX);
	step(s, ended, JOB_ENDED, UINT32_MAX);
	s->left++;
}

static int by_time(const void *a, const void *b)
{
	const struct step *x = a, *y = b;

	return (x->ts_ns > y->ts_ns) - (x->ts_ns < y->ts_ns);
}

static void collect(struct sweep *s)
{
	size_t nr;
	const struct job *jobs = model_jobs(s->h->model, &nr);

	for (size_t i = 0; i < nr; i++)
		if (has_worker(s, &jobs[i]))
			add_job(s, &jobs[i]);
	for (size_t i = 0; i < nr && s->workers.n; i++)
		if (never_started(s, &jobs[i]))
			add_never_started(s, &jobs[i]);
	if (s->steps.n)
		qsort(s->steps.v, s->steps.n, sizeof(s->steps.v[0]), by_time);
}

/* ---- the sweep ---- */

static void set_worker(struct sweep *s, uint32_t number, int busy, bool alive)
{
	struct worker *w = &s->workers.v[number];

	s->free -= w->alive && !w->busy;
	w->busy = (uint32_t)((int)w->busy + busy);
	w->alive = alive;
	s->free += w->alive && !w->busy;
}

static void take(struct sweep *s, const struct step *x)
{
	switch ((enum step_kind)x->kind) {
	case WORKER_BORN:
	case WORKER_DIED:
		set_worker(s, x->worker, 0, x->kind == WORKER_BORN);
		break;
	case JOB_QUEUED:
		s->queued++;
		break;
	case JOB_TAKEN:
		s->queued--;
		break;
	case JOB_BEGAN:
		set_worker(s, x->worker, 1, s->workers.v[x->worker].alive);
		break;
	case JOB_ENDED:
		s->left--;
		if (x->worker != UINT32_MAX)
			set_worker(s, x->worker, -1, s->workers.v[x->worker].alive);
		break;
	}
}

static int by_begin(const void *a, const void *b)
{
	const struct interval *x = a, *y = b;

	return (x->from_ns > y->from_ns) - (x->from_ns < y->from_ns);
}

static int by_end(const void *a, const void *b)
{
	const struct interval *x = a, *y = b;

	return (x->to_ns > y->to_ns) - (x->to_ns < y->to_ns);
}

/* How many of them were at work at once, at most. */
static uint32_t most_at_once(const struct sweep *s)
{
	struct intervals begins = { 0 }, ends = { 0 };
	uint32_t now = 0, most = 0;

	for (size_t i = 0; i < s->workers.n; i++) {
		const struct worker *w = &s->workers.v[i];

		intervals_add(&begins, w->first_ns, w->last_ns + (w->last_ns == w->first_ns));
		intervals_add(&ends, w->first_ns, w->last_ns + (w->last_ns == w->first_ns));
	}
	if (begins.n) {
		qsort(begins.v, begins.n, sizeof(*begins.v), by_begin);
		qsort(ends.v, ends.n, sizeof(*ends.v), by_end);
	}
	for (size_t b = 0, e = 0; b < begins.n; b++) {
		for (; ends.v[e].to_ns <= begins.v[b].from_ns; e++)
			now--;
		most = ++now > most ? now : most;
	}
	intervals_release(&begins);
	intervals_release(&ends);
	return most;
}

static void sweep(struct sweep *s, struct phases *p)
{
	for (size_t i = 0; i < s->steps.n; i++) {
		uint64_t at_ns = s->steps.v[i].ts_ns, next_ns;

		take(s, &s->steps.v[i]);
		next_ns = i + 1 < s->steps.n ? s->steps.v[i + 1].ts_ns : at_ns;
		if (s->queued && s->free)
			intervals_add(&p->dispatch, at_ns, next_ns);
		if (s->left && s->left < p->jobs.workers)
			intervals_add(&p->tail, at_ns, next_ns);
	}
	intervals_settle(&p->dispatch);
	intervals_settle(&p->tail);
}

static uint64_t inside(const struct intervals *s, struct window w, uint64_t *first_ns)
{
	uint64_t ns = 0;

	*first_ns = UINT64_MAX;
	for (size_t i = 0; i < s->n; i++) {
		uint64_t part_ns = history_part_ns(s->v[i].from_ns, s->v[i].to_ns, w);

		if (part_ns && !ns)
			*first_ns = s->v[i].from_ns > w.from_ns ? s->v[i].from_ns : w.from_ns;
		ns += part_ns;
	}
	return ns;
}

void phases_make(struct phases *p, const struct history *h)
{
	struct sweep s = { .h = h, .first_ns = UINT64_MAX };
	uint32_t nr = model_nr_tasks(h->model);
	uint64_t ignored;

	*p = (struct phases){ .jobs.tail_from_ns = UINT64_MAX };
	s.number = xcalloc(nr + 1, sizeof(*s.number));
	for (uint32_t i = 0; i < nr; i++)
		s.number[i] = UINT32_MAX;
	collect(&s);
	if (s.workers.n) {
		p->jobs.jobs = s.left;
		p->jobs.workers = most_at_once(&s);
		intervals_add(&p->startup, 0, s.first_ns);
		intervals_add(&p->join, s.last_ns, UINT64_MAX);
		sweep(&s, p);
		p->jobs.dispatch_ns = inside(&p->dispatch, h->window, &ignored);
		p->jobs.tail_ns = inside(&p->tail, h->window, &p->jobs.tail_from_ns);
	}
	vec_release(&s.workers);
	vec_release(&s.steps);
	free(s.number);
}

void phases_release(struct phases *p)
{
	intervals_release(&p->startup);
	intervals_release(&p->dispatch);
	intervals_release(&p->tail);
	intervals_release(&p->join);
}
