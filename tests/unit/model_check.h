/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * model_check.h - a sink that holds the model to its promises: spans tile, in order, inside lives and the window.
 *
 * Put check_sink() first among the sinks, then ask check_verdict(): NULL, or a sentence about the first broken promise.
 */
#ifndef SCHEDVIZ_MODEL_CHECK_H
#define SCHEDVIZ_MODEL_CHECK_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/vec.h"
#include "model/model.h"

#define CHECK_MAX_CPUS 256

struct check_task {
	uint64_t from_ns, to_ns; /* that its spans tile so far; to_ns 0: none yet */
	uint8_t state;
};

struct check {
	VEC(struct check_task) tasks;
	struct { uint64_t to_ns; } cpus[CHECK_MAX_CPUS];
	uint64_t depth_ns;
	uint64_t spans;
	char broken[160];
};

#define CHECK_THAT(c, cond, ...)                                                              \
	do {                                                                                  \
		if (!(cond) && !(c)->broken[0])                                               \
			snprintf((c)->broken, sizeof((c)->broken), "not " #cond ": " __VA_ARGS__); \
	} while (0)

static void check_born(void *ctx, task_id id)
{
	struct check *c = ctx;

	CHECK_THAT(c, id.i == c->tasks.n, "task %u announced out of order", id.i);
	while (c->tasks.n <= id.i)
		*vec_push(&c->tasks) = (struct check_task){ 0 };
}

static void check_span(void *ctx, const struct span *s)
{
	struct check *c = ctx;
	struct check_task *t;

	c->spans++;
	CHECK_THAT(c, s->task.i < c->tasks.n, "span of task %u before it was born", s->task.i);
	if (c->broken[0])
		return;
	t = &c->tasks.v[s->task.i];
	CHECK_THAT(c, s->from_ns < s->to_ns, "task %u at %" PRIu64, s->task.i, s->from_ns);
	CHECK_THAT(c, s->since_ns <= s->from_ns, "task %u at %" PRIu64, s->task.i, s->from_ns);
	CHECK_THAT(c, !t->to_ns || s->from_ns == t->to_ns, "task %u at %" PRIu64, s->task.i, s->from_ns);
	CHECK_THAT(c, s->state != STATE_RUNNING || s->cpu != CPU_NONE, "task %u at %" PRIu64, s->task.i, s->from_ns);
	CHECK_THAT(c, s->state == STATE_RUNNABLE || s->why == WHY_NONE, "task %u at %" PRIu64, s->task.i, s->from_ns);
	CHECK_THAT(c, s->state != STATE_RUNNABLE || s->why != WHY_NONE, "task %u at %" PRIu64, s->task.i, s->from_ns);
	CHECK_THAT(c, !task_some(s->waker) || s->waker.i < c->tasks.n, "task %u at %" PRIu64, s->task.i, s->from_ns);
	CHECK_THAT(c, s->out == OUT_NONE || s->state == STATE_RUNNING, "task %u at %" PRIu64, s->task.i, s->from_ns);
	if (!t->to_ns)
		t->from_ns = s->from_ns;
	t->to_ns = s->to_ns;
	t->state = s->state;
}

static void check_cpu_span(void *ctx, const struct cpu_span *s)
{
	struct check *c = ctx;

	if (s->cpu >= CHECK_MAX_CPUS)
		return;
	CHECK_THAT(c, s->from_ns < s->to_ns, "cpu %u at %" PRIu64, s->cpu, s->from_ns);
	CHECK_THAT(c, !c->cpus[s->cpu].to_ns || c->cpus[s->cpu].to_ns == s->from_ns, "cpu %u at %" PRIu64, s->cpu,
		   s->from_ns);
	CHECK_THAT(c, (s->state == CPU_TASK) == task_some(s->task), "cpu %u at %" PRIu64, s->cpu, s->from_ns);
	c->cpus[s->cpu].to_ns = s->to_ns;
}

static void check_wake(void *ctx, const struct wake *w)
{
	struct check *c = ctx;

	CHECK_THAT(c, w->target.i < c->tasks.n, "wake at %" PRIu64, w->ts_ns);
	CHECK_THAT(c, !task_some(w->waker) || w->waker.i < c->tasks.n, "wake at %" PRIu64, w->ts_ns);
}

static void check_migration(void *ctx, const struct migration *m)
{
	struct check *c = ctx;

	CHECK_THAT(c, m->task.i < c->tasks.n, "migration at %" PRIu64, m->ts_ns);
}

static void check_depth(void *ctx, uint32_t cpu, uint64_t ts_ns, uint32_t depth)
{
	struct check *c = ctx;

	CHECK_THAT(c, ts_ns >= c->depth_ns, "depth of cpu %u at %" PRIu64, cpu, ts_ns);
	CHECK_THAT(c, depth <= c->tasks.n, "depth of cpu %u at %" PRIu64, cpu, ts_ns);
	c->depth_ns = ts_ns;
}

static inline struct model_sink check_sink(struct check *c)
{
	return (struct model_sink){
		.ctx = c,
		.task_born = check_born,
		.span = check_span,
		.cpu_span = check_cpu_span,
		.wake = check_wake,
		.migration = check_migration,
		.depth = check_depth,
	};
}

static inline void check_ends(struct check *c, const struct model *m)
{
	struct window w = model_window(m);

	for (uint32_t i = 0; i < model_nr_tasks(m); i++) {
		const struct task *t = model_task(m, (task_id){ i });
		const struct check_task *got = &c->tasks.v[i];

		CHECK_THAT(c, w.from_ns <= t->born_ns && t->born_ns <= t->died_ns && t->died_ns <= w.to_ns, "task %u",
			   i);
		CHECK_THAT(c, t->name && *t->name, "task %u", i);
		if (t->outside || t->born_ns == t->died_ns)
			CHECK_THAT(c, !got->to_ns, "task %u, outside %d, has spans and no life", i, t->outside);
		else
			CHECK_THAT(c, got->from_ns == t->born_ns && got->to_ns == t->died_ns, "task %u", i);
	}
	for (uint32_t i = 0; i < model_nr_cpus(m) && i < CHECK_MAX_CPUS; i++)
		CHECK_THAT(c, c->cpus[i].to_ns == (model_cpu_seen(m, i) ? w.to_ns : 0), "cpu %u ends at %" PRIu64, i,
			   c->cpus[i].to_ns);
}

/* After the pass; releases the check. */
static inline const char *check_verdict(struct check *c, const struct model *m)
{
	check_ends(c, m);
	vec_release(&c->tasks);
	return c->broken[0] ? c->broken : NULL;
}

#endif
