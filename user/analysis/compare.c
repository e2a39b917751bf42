/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compare.c - take the measures of an account, match them by name, tell differences from noise.
 */
#include "analysis/compare.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/task_json.h"
#include "base/alloc.h"

#define JOBS_MAX 1000 /* aligned one by one; of more jobs only the sums are compared */

/* ---- adding ---- */

static struct measure *measure_of(struct comparison *c, enum measure_group group, const char *name, enum unit unit)
{
	struct measure *m;

	for (size_t i = 0; i < c->v.n; i++)
		if (c->v.v[i].group == group && !strcmp(c->v.v[i].name, name))
			return &c->v.v[i];
	m = vec_push(&c->v);
	*m = (struct measure){ .group = group, .name = xstrdup(name), .unit = unit };
	return m;
}

/* Several of one name in one recording add up. */
static void add(struct comparison *c, int side, enum measure_group group, enum unit unit, uint64_t value,
		const char *name)
{
	struct measure *m = measure_of(c, group, name, unit);

	while (m->of[side].n < c->recordings[side])
		*vec_push(&m->of[side]) = 0;
	m->of[side].v[c->recordings[side] - 1] += value;
}

/* ---- what an account has ---- */

struct edge {
	uint64_t ts_ns;
	int step;
};

static int by_time(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	if (x->ts_ns != y->ts_ns)
		return x->ts_ns < y->ts_ns ? -1 : 1;
	return x->step - y->step;
}

/* For how long two or more tasks of the target were on CPUs at once. */
static uint64_t together_ns(const struct history *h)
{
	VEC(struct edge) edges = { 0 };
	uint64_t ns = 0, since_ns = 0;
	int at_once = 0;

	for (size_t i = 0; i < h->tasks.n; i++) {
		const struct history_task *t = &h->tasks.v[i];

		for (size_t k = 0; k < t->v.n; k++) {
			uint64_t from_ns = t->v.v[k].from_ns, to_ns = stretch_to_ns(t, k);

			from_ns = from_ns > h->window.from_ns ? from_ns : h->window.from_ns;
			to_ns = to_ns < h->window.to_ns ? to_ns : h->window.to_ns;
			if (t->v.v[k].state != STATE_RUNNING || from_ns >= to_ns)
				continue;
			*vec_push(&edges) = (struct edge){ from_ns, 1 };
			*vec_push(&edges) = (struct edge){ to_ns, -1 };
		}
	}
	if (edges.n)
		qsort(edges.v, edges.n, sizeof(edges.v[0]), by_time);
	for (size_t i = 0; i < edges.n; i++) {
		ns += at_once >= 2 ? edges.v[i].ts_ns - since_ns : 0;
		at_once += edges.v[i].step;
		since_ns = edges.v[i].ts_ns;
	}
	vec_release(&edges);
	return ns;
}

/* When it came: programs need not say that they submit what they then do themselves. */
static uint64_t came_ns(const struct job *j)
{
	return j->submitted_ns == UINT64_MAX ? j->started_ns : j->submitted_ns;
}

static bool in_window(const struct account *a, const struct job *j)
{
	return came_ns(j) <= j->started_ns && j->started_ns <= j->finished_ns && j->finished_ns != UINT64_MAX &&
	       came_ns(j) >= a->target.window.from_ns && j->finished_ns <= a->target.window.to_ns;
}

/* The most jobs that were being done at one time. */
static uint64_t jobs_at_once(const struct account *a)
{
	VEC(struct edge) edges = { 0 };
	const struct job *jobs;
	int at_once = 0, most = 0;
	size_t nr;

	jobs = model_jobs(a->sum->model, &nr);
	for (size_t i = 0; i < nr; i++) {
		if (!in_window(a, &jobs[i]))
			continue;
		*vec_push(&edges) = (struct edge){ jobs[i].started_ns, 1 };
		*vec_push(&edges) = (struct edge){ jobs[i].finished_ns, -1 };
	}
	if (edges.n)
		qsort(edges.v, edges.n, sizeof(edges.v[0]), by_time);
	for (size_t i = 0; i < edges.n; i++) {
		at_once += edges.v[i].step;
		most = at_once > most ? at_once : most;
	}
	vec_release(&edges);
	return (uint64_t)most;
}

static void add_wall(struct comparison *c, int side, const struct account *a)
{
	add(c, side, MEASURE_WALL, UNIT_NS, account_wall_ns(a), "wall time");
	add(c, side, MEASURE_WALL, UNIT_NS, a->ledger.ns[LEDGER_OURS], "its tasks on CPUs");
	add(c, side, MEASURE_WALL, UNIT_NS, together_ns(&a->history), "two or more at once");
	add(c, side, MEASURE_WALL, UNIT_COUNT, a->target.nr_tasks, "tasks");
	add(c, side, MEASURE_WALL, UNIT_COUNT, a->ledger.jobs.workers, "workers");
	add(c, side, MEASURE_WALL, UNIT_COUNT, a->ledger.jobs.jobs, "jobs");
	add(c, side, MEASURE_WALL, UNIT_COUNT, jobs_at_once(a), "jobs at once");
}

static void add_path(struct comparison *c, int side, const struct account *a)
{
	static const char *const kinds[NR_PATH_KINDS] = {
		[PATH_RUNNING] = "running",	[PATH_WAITING] = "waiting for a CPU", [PATH_ASLEEP] = "asleep in ",
		[PATH_BLOCKED] = "blocked in ", [PATH_STOPPED] = "stopped",	      [PATH_UNKNOWN] = "not known",
		[PATH_NOBODY] = "nobody there",
	};
	struct buf name = { 0 };

	for (size_t i = 0; i < a->path.steps.n; i++) {
		const struct path_step *s = &a->path.steps.v[i];

		buf_reset(&name);
		buf_puts(&name, kinds[s->kind]);
		if (s->kind == PATH_ASLEEP || s->kind == PATH_BLOCKED)
			words_syscall(a->sum->model, s->syscall, &name);
		add(c, side, MEASURE_PATH, UNIT_NS, s->to_ns - s->from_ns, buf_str(&name));
	}
	buf_release(&name);
}

/* A line of the ledger in a few words. */
static const char *const lines[NR_LEDGER_LINES] = {
	[LEDGER_OURS] = "its tasks",
	[LEDGER_OTHERS] = "other tasks",
	[LEDGER_RECORDER] = "the recorder",
	[LEDGER_BESIDE] = "idle beside a waiting task",
	[LEDGER_BESIDE_MAYBE] = "idle, one waited, perhaps elsewhere",
	[LEDGER_PINNED] = "idle, those waiting not allowed",
	[LEDGER_HELD] = "idle, those waiting held back",
	[LEDGER_STARTUP] = "idle, starting up",
	[LEDGER_DISPATCH] = "idle, jobs not handed out",
	[LEDGER_TAIL] = "idle, fewer jobs than workers",
	[LEDGER_JOIN] = "idle, joining",
	[LEDGER_PLANNED] = "idle, asleep by plan",
	[LEDGER_PARTLY] = "idle, too little to do at once",
	[LEDGER_ASLEEP] = "idle, all asleep",
	[LEDGER_NOBODY] = "idle, none of its tasks there",
	[LEDGER_UNRECORDED] = "others or idle, not recorded",
	[LEDGER_OFFLINE] = "offline",
	[LEDGER_UNKNOWN] = "not known",
};

static void add_ledger(struct comparison *c, int side, const struct account *a)
{
	for (enum ledger_line i = 0; i < NR_LEDGER_LINES; i++)
		if (a->ledger.ns[i])
			add(c, side, MEASURE_LEDGER, UNIT_NS, a->ledger.ns[i], lines[i]);
}

static void add_latency(struct comparison *c, int side, const struct account *a)
{
	const struct dist *d = &a->latencies.wake;

	add(c, side, MEASURE_LATENCY, UNIT_COUNT, d->n, "wake-ups");
	add(c, side, MEASURE_LATENCY, UNIT_NS, d->p50_ns, "p50");
	add(c, side, MEASURE_LATENCY, UNIT_NS, d->p95_ns, "p95");
	add(c, side, MEASURE_LATENCY, UNIT_NS, d->p99_ns, "p99");
	add(c, side, MEASURE_LATENCY, UNIT_NS, d->max_ns, "max");
}

/* "worker12" and "worker3" are "worker#". */
static void role_name(const struct task *t, struct buf *out)
{
	buf_reset(out);
	for (const char *at = t->name; *at; at++) {
		bool digit = *at >= '0' && *at <= '9', next = at[1] >= '0' && at[1] <= '9';

		if (!digit)
			buf_putc(out, *at);
		else if (!next)
			buf_putc(out, '#');
	}
}

static void add_roles(struct comparison *c, int side, const struct account *a)
{
	static const char *const states[NR_STATES] = {
		[STATE_RUNNING] = " running", [STATE_RUNNABLE] = " waiting", [STATE_SLEEPING] = " asleep",
		[STATE_BLOCKED] = " blocked", [STATE_STOPPED] = " stopped",
	};
	struct buf role = { 0 }, name = { 0 };
	uint64_t switches = 0;

	for (size_t i = 0; i < a->history.tasks.n; i++) {
		const struct history_task *t = &a->history.tasks.v[i];
		uint64_t ns[NR_STATES] = { 0 };

		for (size_t k = 0; k < t->v.n; k++) {
			uint64_t to_ns = stretch_to_ns(t, k);

			ns[t->v.v[k].state] += history_part_ns(t->v.v[k].from_ns, to_ns, a->history.window);
			switches += t->v.v[k].state == STATE_RUNNING && stretch_out(&t->v.v[k]) != OUT_NONE &&
				    window_contains(a->history.window, to_ns);
		}
		role_name(model_task(a->sum->model, t->id), &role);
		for (enum task_state s = 0; s < NR_STATES; s++) {
			if (!states[s] || !ns[s])
				continue;
			buf_reset(&name);
			buf_printf(&name, "%s%s", buf_str(&role), states[s]);
			add(c, side, MEASURE_ROLE, UNIT_NS, ns[s], buf_str(&name));
		}
	}
	add(c, side, MEASURE_WALL, UNIT_COUNT, switches, "switches");
	if (a->ledger.jobs.jobs)
		add(c, side, MEASURE_WALL, UNIT_MILLI, report_milli(switches, a->ledger.jobs.jobs), "switches per job");
	buf_release(&role);
	buf_release(&name);
}

static void add_jobs(struct comparison *c, int side, const struct account *a)
{
	const struct job *jobs;
	struct buf name = { 0 };
	size_t nr;

	jobs = model_jobs(a->sum->model, &nr);
	if (a->jobs.turnaround_ns.n) {
		add(c, side, MEASURE_JOB, UNIT_NS, a->jobs.turnaround_ns.mean, "turnaround, mean");
		add(c, side, MEASURE_JOB, UNIT_NS, a->jobs.turnaround_ns.max, "turnaround, longest");
		add(c, side, MEASURE_JOB, UNIT_NS, a->jobs.response_ns.mean, "response, mean");
	}
	for (size_t i = 0; i < nr && nr <= JOBS_MAX; i++) {
		if (!in_window(a, &jobs[i]))
			continue;
		buf_reset(&name);
		buf_printf(&name, "%s %" PRIu64, model_job_noun(a->sum->model), jobs[i].id);
		add(c, side, MEASURE_JOB, UNIT_NS, jobs[i].finished_ns - came_ns(&jobs[i]), buf_str(&name));
	}
	buf_release(&name);
}

void comparison_add(struct comparison *c, int side, const struct account *a)
{
	bool has[NR_FINDINGS] = { false };

	c->recordings[side]++;
	add_wall(c, side, a);
	add_path(c, side, a);
	add_ledger(c, side, a);
	add_latency(c, side, a);
	add_roles(c, side, a);
	add_jobs(c, side, a);
	for (size_t i = 0; i < a->findings.v.n; i++)
		has[a->findings.v.v[i].kind] = true;
	for (int k = 0; k < NR_FINDINGS; k++) {
		c->has[side][k] = has[k] && (c->has[side][k] || c->recordings[side] == 1);
		c->any[side][k] = has[k] || c->any[side][k];
	}
}

/* ---- in the end ---- */

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int by_group(const void *a, const void *b)
{
	const struct measure *x = a, *y = b;

	return x->group != y->group ? (x->group < y->group ? -1 : 1) : (int)x->mentioned - (int)y->mentioned;
}

/* Of an even number of recordings the lower middle one: a value that was measured. */
static void settle(struct measure *m, const size_t recordings[2])
{
	for (int side = 0; side < 2; side++) {
		size_t n = recordings[side];

		while (m->of[side].n < n)
			*vec_push(&m->of[side]) = 0;
		if (!n)
			continue;
		qsort(m->of[side].v, n, sizeof(m->of[side].v[0]), by_value);
		m->min[side] = m->of[side].v[0];
		m->max[side] = m->of[side].v[n - 1];
		m->median[side] = m->of[side].v[(n - 1) / 2];
	}
	m->noise = recordings[0] + recordings[1] > 2 && m->min[0] <= m->max[1] && m->min[1] <= m->max[0];
}

void comparison_finish(struct comparison *c)
{
	for (size_t i = 0; i < c->v.n; i++) {
		settle(&c->v.v[i], c->recordings);
		c->v.v[i].mentioned = i;
	}
	if (c->v.n)
		qsort(c->v.v, c->v.n, sizeof(c->v.v[0]), by_group);
}

void comparison_release(struct comparison *c)
{
	for (size_t i = 0; i < c->v.n; i++) {
		free(c->v.v[i].name);
		vec_release(&c->v.v[i].of[0]);
		vec_release(&c->v.v[i].of[1]);
	}
	vec_release(&c->v);
	*c = (struct comparison){ 0 };
}

const struct measure *comparison_find(const struct comparison *c, enum measure_group group, const char *name)
{
	for (size_t i = 0; i < c->v.n; i++)
		if (c->v.v[i].group == group && !strcmp(c->v.v[i].name, name))
			return &c->v.v[i];
	return NULL;
}

uint64_t measure_difference(const struct measure *m)
{
	return m->median[0] > m->median[1] ? m->median[0] - m->median[1] : m->median[1] - m->median[0];
}

const struct measure *comparison_most(const struct comparison *c, enum measure_group group)
{
	const struct measure *most = NULL;

	for (size_t i = 0; i < c->v.n; i++) {
		const struct measure *m = &c->v.v[i];

		if (m->group != group || m->unit != UNIT_NS || m->noise || !measure_difference(m))
			continue;
		if (!most || measure_difference(m) > measure_difference(most))
			most = m;
	}
	return most;
}
