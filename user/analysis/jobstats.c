/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * jobstats.c - the times of each job, then what they come to; utilisation; the load and who shared it how.
 */
#include "analysis/jobstats.h"

#include <stdlib.h>
#include "analysis/job_times.h"
#include "base/alloc.h"

/* ---- jobs ---- */

/* `w` is [from, to], both ends included: a finish at the very end is the end of what is explained. */
static bool lies_inside(const struct job *j, struct window w)
{
	return job_service_ns(j) != JOB_UNSEEN && job_first_ns(j) >= w.from_ns && j->finished_ns <= w.to_ns;
}

static uint64_t slowdown_of(const struct job_row *r)
{
	uint64_t alone_ns = r->service_ns + r->asleep_ns;

	if (r->turnaround_ns == JOB_UNSEEN || !alone_ns)
		return JOB_UNSEEN;
	return (uint64_t)((unsigned __int128)r->turnaround_ns * 1000 / alone_ns);
}

static struct job_row row_of(const struct job *j, uint32_t job, const uint64_t *ns)
{
	struct job_row r = {
		.job = job,
		.turnaround_ns = job_turnaround_ns(j),
		.response_ns = job_waited_ns(j),
		.waiting_ns = ns[STATE_RUNNABLE],
		.service_ns = ns[STATE_RUNNING],
		.asleep_ns = ns[STATE_SLEEPING] + ns[STATE_BLOCKED] + ns[STATE_STOPPED],
	};

	r.slowdown_milli = slowdown_of(&r);
	return r;
}

static void measure(struct job_times *t, const struct history *h)
{
	for (size_t i = 0; i < h->tasks.n; i++) {
		const struct history_task *task = &h->tasks.v[i];

		for (size_t k = 0; job_times_wants(t, task->id) && k < task->v.n; k++)
			job_times_add(t, task->id, task->v.v[k].state, task->v.v[k].from_ns, stretch_to_ns(task, k));
	}
}

static void add_job(struct jobstats *s, const struct history *h, const struct job_times *t, size_t i)
{
	const struct job *j = &h->jobs[i];

	if (!target_has(h->target, j->worker) || !job_in_window(h->model, j, h->window))
		return;
	s->finished += j->finished_ns >= h->window.from_ns && j->finished_ns <= h->window.to_ns;
	if (lies_inside(j, h->window))
		*vec_push(&s->rows) = row_of(j, (uint32_t)i, t->ns[i]);
	else
		s->incomplete++;
}

/* In the order by worker. */
static uint32_t count_workers(const struct history *h)
{
	task_id last = TASK_NONE;
	uint32_t n = 0;

	for (uint32_t i = 0; i < h->nr_jobs; i++) {
		const struct job *j = &h->jobs[h->job_order[i]];

		if (task_is(j->worker, last) || !target_has(h->target, j->worker) ||
		    !job_in_window(h->model, j, h->window))
			continue;
		last = j->worker;
		n++;
	}
	return n;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Of the member of each row at `offset`; `v` has room for all. */
static struct spread spread_of(const struct jobstats *j, size_t offset, uint64_t *v)
{
	unsigned __int128 sum = 0;
	struct spread s = { 0 };

	for (size_t i = 0; i < j->rows.n; i++) {
		uint64_t x = *(const uint64_t *)((const char *)&j->rows.v[i] + offset);

		if (x == JOB_UNSEEN)
			continue;
		v[s.n++] = x;
		sum += x;
	}
	if (!s.n)
		return s;
	qsort(v, s.n, sizeof(*v), by_value);
	s.mean = (uint64_t)(sum / s.n);
	s.median = v[(s.n + 1) / 2 - 1];
	s.max = v[s.n - 1];
	return s;
}

static void make_spreads(struct jobstats *j)
{
	uint64_t *v = xcalloc(j->rows.n + 1, sizeof(*v));

	j->turnaround_ns = spread_of(j, offsetof(struct job_row, turnaround_ns), v);
	j->response_ns = spread_of(j, offsetof(struct job_row, response_ns), v);
	j->waiting_ns = spread_of(j, offsetof(struct job_row, waiting_ns), v);
	j->service_ns = spread_of(j, offsetof(struct job_row, service_ns), v);
	j->asleep_ns = spread_of(j, offsetof(struct job_row, asleep_ns), v);
	j->slowdown_milli = spread_of(j, offsetof(struct job_row, slowdown_milli), v);
	free(v);
}

static void make_jobs(struct jobstats *j, const struct history *h)
{
	struct job_times t;

	job_times_init(&t, h->model);
	if (t.nr)
		measure(&t, h);
	for (size_t i = 0; i < t.nr; i++)
		add_job(j, h, &t, i);
	job_times_release(&t);
	j->jobs = j->rows.n;
	j->workers = count_workers(h);
	j->throughput_milli = (uint64_t)((unsigned __int128)j->finished * NSEC_PER_SEC * 1000 /
					 (h->window.to_ns - h->window.from_ns));
	make_spreads(j);
}

/* ---- CPUs ---- */

static void add_cpu(struct jobstats *j, const struct history *h, const struct history_cpu *c)
{
	for (size_t i = 0; i < c->v.n; i++) {
		uint64_t ns = history_part_ns(c->v.v[i].from_ns, on_cpu_to_ns(c, i), h->window);
		uint32_t who = c->v.v[i].who;

		if (ON_CPU_IS_TASK(who))
			j->busy_ns += ns;
		else if (who == ON_CPU_UNRECORDED)
			j->unrecorded_ns += ns;
		else if (who == ON_CPU_UNKNOWN)
			j->unknown_ns += ns;
	}
}

static uint64_t ppm(uint64_t part, uint64_t whole)
{
	return whole ? (uint64_t)((unsigned __int128)part * 1000000 / whole) : 0;
}

static void make_use(struct jobstats *j, const struct history *h)
{
	for (uint32_t i = 0; i < h->nr_cpus; i++) {
		if (!h->cpus[i].v.n)
			continue;
		j->cpus++;
		add_cpu(j, h, &h->cpus[i]);
	}
	j->cpu_ns = j->cpus * (h->window.to_ns - h->window.from_ns);
	j->busy_ppm = ppm(j->busy_ns, j->cpu_ns);
	j->ours_ppm = ppm(j->ours_ns, j->cpu_ns);
}

void jobstats_make(struct jobstats *j, const struct history *h)
{
	struct wants wants;

	*j = (struct jobstats){ 0 };
	make_jobs(j, h);
	wants_make(&wants, h);
	j->ours_ns = wants.ran_ns;
	make_use(j, h);
	load_make(&j->load, &wants, h->window);
	j->depth_mean_milli = j->load.mean_milli;
	j->depth_max = j->load.max;
	fair_groups_make(&j->groups, h, &wants);
	if (j->groups.v.n)
		j->fairness = j->groups.v.v[0];
	wants_release(&wants);
}

void jobstats_release(struct jobstats *j)
{
	vec_release(&j->rows);
	fair_groups_release(&j->groups);
	*j = (struct jobstats){ 0 };
}
