/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * strips.c - who gets a lane, and what each was doing in each column.
 */
#include "export/strips.h"

#include <stdlib.h>
#include "base/alloc.h"

/* ---- time and columns ---- */

uint64_t strips_time(const struct strips *l, unsigned column)
{
	uint64_t span_ns = l->window.to_ns - l->window.from_ns;

	return l->window.from_ns + (uint64_t)((unsigned __int128)span_ns * column / l->columns);
}

unsigned strips_column(const struct strips *l, uint64_t ns)
{
	uint64_t span_ns = l->window.to_ns - l->window.from_ns;
	unsigned c = (unsigned)((unsigned __int128)(ns - l->window.from_ns) * l->columns / span_ns);

	/* strips_time() rounds down: the instant may belong to the next one */
	while (c + 1 < l->columns && strips_time(l, c + 1) <= ns)
		c++;
	return c < l->columns ? c : l->columns - 1;
}

static void strip_add(const struct strips *l, struct strip *lane, unsigned state, struct window part)
{
	lane->all_ns[state] += part.to_ns - part.from_ns;
	for (unsigned c = strips_column(l, part.from_ns); part.from_ns < part.to_ns; c++) {
		uint64_t edge_ns = c + 1 < l->columns ? strips_time(l, c + 1) : l->window.to_ns;
		uint64_t to_ns = part.to_ns < edge_ns ? part.to_ns : edge_ns;

		lane->ns[c][state] += to_ns - part.from_ns;
		part.from_ns = to_ns;
	}
}

/* ---- first pass: who ran how long ---- */

struct census {
	const struct export_job *job;
	uint64_t *ran_ns; /* by task_id.i */
};

static void count_span(void *ctx, const struct span *s)
{
	struct census *c = ctx;
	struct window cut;

	if (s->state == STATE_RUNNING && s->task.i < model_nr_tasks(c->job->model) &&
	    export_cut(c->job, s->from_ns, s->to_ns, &cut))
		c->ran_ns[s->task.i] += cut.to_ns - cut.from_ns;
}

static bool is_candidate(const struct export_job *job, const struct census *c, task_id id)
{
	const struct task *t = model_task(job->model, id);

	if (t->died_ns <= job->window.from_ns || t->born_ns >= job->window.to_ns || !export_wants(job, id))
		return false;
	if (job->filter.text)
		return true;
	return task_some(model_target(job->model)) ? t->in_target : c->ran_ns[id.i] > 0;
}

static int longer_first(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x > *y ? -1 : *x < *y;
}

/* With more candidates than lanes: the least that one must have run to get one. */
static uint64_t threshold_ns(const struct export_job *job, const struct census *c, uint32_t *left_out)
{
	uint32_t nr = model_nr_tasks(job->model), n = 0;
	uint64_t *ran = xcalloc(nr + 1u, sizeof(*ran)), least_ns = 0;

	for (uint32_t i = 0; i < nr; i++)
		if (is_candidate(job, c, (task_id){ i }))
			ran[n++] = c->ran_ns[i];
	qsort(ran, n, sizeof(*ran), longer_first);
	*left_out = n > STRIPS_TASKS_MAX ? n - STRIPS_TASKS_MAX : 0;
	if (*left_out)
		least_ns = ran[STRIPS_TASKS_MAX - 1];
	free(ran);
	return least_ns;
}

static void strip_new(struct strips *l, struct strip lane)
{
	lane.ns = xcalloc(l->columns, sizeof(*lane.ns));
	l->v[l->n++] = lane;
}

static void choose(struct strips *l, const struct export_job *job, const struct census *c)
{
	uint32_t nr = model_nr_tasks(job->model), nr_cpus = model_nr_cpus(job->model);
	task_id *order = xcalloc(nr + 1u, sizeof(*order));
	uint8_t *depth = xcalloc(nr + 1u, sizeof(*depth));
	uint64_t least_ns = threshold_ns(job, c, &l->left_out);

	l->v = xcalloc(STRIPS_TASKS_MAX + STRIPS_CPUS_MAX, sizeof(*l->v));
	model_tree_order(job->model, order, depth);
	for (uint32_t i = 0; i < nr && l->n < STRIPS_TASKS_MAX; i++)
		if (is_candidate(job, c, order[i]) && c->ran_ns[order[i].i] >= least_ns)
			strip_new(l, (struct strip){ .task = order[i], .depth = depth[i], .cpu = CPU_NONE });
	l->nr_tasks = l->n;
	l->least_depth = UINT8_MAX;
	for (size_t i = 0; i < l->n; i++)
		l->least_depth = l->v[i].depth < l->least_depth ? l->v[i].depth : l->least_depth;
	for (uint32_t cpu = 0; cpu < nr_cpus && l->n < l->nr_tasks + STRIPS_CPUS_MAX; cpu++)
		if (model_cpu_seen(job->model, cpu))
			strip_new(l, (struct strip){ .task = TASK_NONE, .cpu = cpu });
	free(order);
	free(depth);
}

/* ---- second pass: what they did ---- */

struct filling {
	const struct export_job *job;
	struct strips *l;
	struct strip **by_task; /* by task_id.i; NULL: it has none */
};

static void fill_span(void *ctx, const struct span *s)
{
	struct filling *f = ctx;
	struct window cut;

	if (s->task.i < model_nr_tasks(f->job->model) && f->by_task[s->task.i] &&
	    export_cut(f->job, s->from_ns, s->to_ns, &cut))
		strip_add(f->l, f->by_task[s->task.i], s->state, cut);
}

static void fill_cpu_span(void *ctx, const struct cpu_span *s)
{
	static const uint8_t as[NR_CPU_STATES] = {
		[CPU_UNKNOWN] = STATE_UNKNOWN, [CPU_IDLE] = STATE_SLEEPING,	 [CPU_TASK] = STATE_RUNNING,
		[CPU_OFFLINE] = STATE_STOPPED, [CPU_UNRECORDED] = STATE_UNKNOWN,
	};
	struct filling *f = ctx;
	struct window cut;

	for (size_t i = f->l->nr_tasks; i < f->l->n; i++)
		if (f->l->v[i].cpu == s->cpu && export_cut(f->job, s->from_ns, s->to_ns, &cut))
			strip_add(f->l, &f->l->v[i], as[s->state], cut);
}

static int pass(const struct export_job *job, struct model_sink sink, struct err *e)
{
	struct model *m = NULL;
	int ret = model_build(&m, job->reader, &sink, 1, e);

	model_free(m);
	return ret;
}

static int fill(struct strips *l, const struct export_job *job, struct err *e)
{
	struct filling f = { .job = job, .l = l };
	int ret;

	f.by_task = xcalloc(model_nr_tasks(job->model) + 1u, sizeof(struct strip *));
	for (size_t i = 0; i < l->nr_tasks; i++)
		f.by_task[l->v[i].task.i] = &l->v[i];
	ret = pass(job, (struct model_sink){ .ctx = &f, .span = fill_span, .cpu_span = fill_cpu_span }, e);
	free(f.by_task);
	return ret;
}

int strips_make(struct strips *l, const struct export_job *job, unsigned columns, struct err *e)
{
	uint64_t span_ns = job->window.to_ns - job->window.from_ns;
	struct census c = { .job = job };
	int ret;

	*l = (struct strips){ .window = job->window, .columns = columns };
	if (span_ns < columns)
		l->columns = span_ns ? (unsigned)span_ns : 1;
	c.ran_ns = xcalloc(model_nr_tasks(job->model) + 1u, sizeof(*c.ran_ns));
	ret = pass(job, (struct model_sink){ .ctx = &c, .span = count_span }, e);
	if (ret >= 0)
		choose(l, job, &c);
	free(c.ran_ns);
	return ret < 0 ? ret : fill(l, job, e);
}

void strips_release(struct strips *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].ns);
	free(l->v);
	*l = (struct strips){ 0 };
}
