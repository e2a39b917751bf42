/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * grid.c - spread spans over the cells they touch.
 */
#include "render/grid.h"

#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"

void grid_init(struct grid *g, const struct axis *axis, const struct model *known)
{
	uint32_t nr_tasks = model_nr_tasks(known), nr_cpus = model_nr_cpus(known);

	*g = (struct grid){ .axis = *axis, .known = known };
	g->task_lane = xcalloc(nr_tasks + 1u, sizeof(*g->task_lane));
	g->cpu_lane = xcalloc(nr_cpus + 1u, sizeof(*g->cpu_lane));
	memset(g->task_lane, 0xff, nr_tasks * sizeof(*g->task_lane));
	memset(g->cpu_lane, 0xff, nr_cpus * sizeof(*g->cpu_lane));
}

void grid_want_task(struct grid *g, task_id id)
{
	g->task_lane[id.i] = g->nr_tasks++;
}

void grid_want_cpu(struct grid *g, uint32_t cpu)
{
	g->cpu_lane[cpu] = g->nr_cpus++;
}

void grid_release(struct grid *g)
{
	free(g->task_lane);
	free(g->cpu_lane);
	free(g->tasks);
	free(g->cpus);
	*g = (struct grid){ 0 };
}

const struct task_cell *grid_task(const struct grid *g, uint32_t lane)
{
	return &g->tasks[(size_t)lane * g->axis.columns];
}

const struct cpu_cell *grid_cpu(const struct grid *g, uint32_t lane)
{
	return &g->cpus[(size_t)lane * g->axis.columns];
}

/* The cells a span touches, and how much of it lies in each: for (struct pour p = pour(...); pour_next(&p);) */
struct pour {
	const struct axis *axis;
	uint64_t from_ns, to_ns;
	unsigned next, last;
	unsigned column;
	uint64_t ns;
};

static struct pour pour(const struct axis *a, uint64_t from_ns, uint64_t to_ns)
{
	struct pour p = { .axis = a, .from_ns = from_ns, .to_ns = to_ns, .next = 1, .last = 0 };

	if (p.from_ns < a->window.from_ns)
		p.from_ns = a->window.from_ns;
	if (p.to_ns > a->window.to_ns)
		p.to_ns = a->window.to_ns;
	if (p.from_ns >= p.to_ns)
		return p;
	p.next = axis_column(a, p.from_ns);
	p.last = axis_column(a, p.to_ns - 1);
	return p;
}

static bool pour_next(struct pour *p)
{
	uint64_t left, right;

	if (p->next > p->last)
		return false;
	p->column = p->next++;
	left = axis_time(p->axis, p->column);
	right = axis_time(p->axis, p->column + 1);
	left = left > p->from_ns ? left : p->from_ns;
	right = right < p->to_ns ? right : p->to_ns;
	p->ns = right - left;
	return true;
}

static void grid_span(void *ctx, const struct span *s)
{
	struct grid *g = ctx;
	uint32_t lane = s->task.i < model_nr_tasks(g->known) ? g->task_lane[s->task.i] : UINT32_MAX;

	if (lane == UINT32_MAX)
		return;
	for (struct pour p = pour(&g->axis, s->from_ns, s->to_ns); pour_next(&p);) {
		struct task_cell *c = &g->tasks[(size_t)lane * g->axis.columns + p.column];

		if (s->state == STATE_RUNNING) {
			c->mixed |= c->ns[STATE_RUNNING] && c->cpu != s->cpu;
			c->cpu = s->cpu;
		}
		c->ns[s->state] += p.ns;
	}
}

static void grid_cpu_span(void *ctx, const struct cpu_span *s)
{
	struct grid *g = ctx;
	uint32_t lane = s->cpu < model_nr_cpus(g->known) ? g->cpu_lane[s->cpu] : UINT32_MAX;

	if (lane == UINT32_MAX)
		return;
	for (struct pour p = pour(&g->axis, s->from_ns, s->to_ns); pour_next(&p);) {
		struct cpu_cell *c = &g->cpus[(size_t)lane * g->axis.columns + p.column];

		if (s->state == CPU_TASK) {
			c->mixed |= c->ns[CPU_TASK] && !task_is(c->task, s->task);
			c->task = s->task;
			c->target_ns += model_task(g->known, s->task)->in_target ? p.ns : 0;
		}
		c->ns[s->state] += p.ns;
	}
}

void grid_sink(struct grid *g, struct model_sink *sink)
{
	g->tasks = xcalloc((size_t)g->nr_tasks * g->axis.columns + 1, sizeof(*g->tasks));
	g->cpus = xcalloc((size_t)g->nr_cpus * g->axis.columns + 1, sizeof(*g->cpus));
	*sink = (struct model_sink){ .ctx = g, .span = grid_span, .cpu_span = grid_cpu_span };
}
