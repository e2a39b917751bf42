/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * evidence.c - collect what the tree's tasks did, and answer questions about one task.
 */
#include "analysis/evidence.h"

#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "trace/syscalls.h"

#define NO_SLOT UINT32_MAX

/* ---- collecting ---- */

static struct evidence_task *slot_of(struct evidence *e, task_id id)
{
	return id.i < model_nr_tasks(e->model) && e->slot[id.i] != NO_SLOT ? &e->tasks.v[e->slot[id.i]] : NULL;
}

static void take_span(void *ctx, const struct span *s)
{
	struct evidence_task *t = slot_of(ctx, s->task);

	if (t)
		*vec_push(&t->spans) = *s;
}

static void take_cpu_span(void *ctx, const struct cpu_span *s)
{
	struct evidence *e = ctx;

	*vec_push(&e->cpus) = *s;
}

static void take_wake(void *ctx, const struct wake *w)
{
	struct evidence *e = ctx;

	if (slot_of(e, w->target))
		*vec_push(&e->wakes) = *w;
}

static void take_migration(void *ctx, const struct migration *m)
{
	struct evidence *e = ctx;

	if (slot_of(e, m->task))
		*vec_push(&e->migrations) = *m;
}

static void take_instant(void *ctx, task_id who, uint64_t ts_ns, uint64_t id, uint64_t arg)
{
	struct evidence *e = ctx;

	*vec_push(&e->instants) = (struct evidence_instant){ .ts_ns = ts_ns, .id = id, .arg = arg, .who = who };
}

static struct window wall_of(const struct model *m)
{
	struct window all = model_window(m), wall;

	wall.from_ns = facts_u64(model_facts(m), "run.wall_from_ns", all.from_ns);
	wall.to_ns = wall.from_ns + facts_u64(model_facts(m), "run.wall_ns", 0);
	return wall.from_ns >= all.from_ns && wall.to_ns > wall.from_ns && wall.to_ns <= all.to_ns ? wall : all;
}

void evidence_init(struct evidence *e, const struct model *m, struct model_sink *sink)
{
	uint32_t nr = model_nr_tasks(m);

	*e = (struct evidence){ .model = m, .window = model_window(m), .wall = wall_of(m) };
	e->slot = xcalloc(nr ? nr : 1, sizeof(*e->slot));
	for (uint32_t i = 0; i < nr; i++) {
		const struct task *t = model_task(m, (task_id){ i });

		e->slot[i] = NO_SLOT;
		if (!t->in_target)
			continue;
		e->slot[i] = (uint32_t)e->tasks.n;
		*vec_push(&e->tasks) = (struct evidence_task){ .id = { i }, .task = t };
	}
	*sink = (struct model_sink){
		.ctx = e,
		.span = take_span,
		.cpu_span = take_cpu_span,
		.wake = take_wake,
		.migration = take_migration,
		.instant = take_instant,
	};
}

void evidence_release(struct evidence *e)
{
	for (size_t i = 0; i < e->tasks.n; i++)
		vec_release(&e->tasks.v[i].spans);
	vec_release(&e->tasks);
	vec_release(&e->wakes);
	vec_release(&e->migrations);
	vec_release(&e->instants);
	vec_release(&e->cpus);
	free(e->slot);
	*e = (struct evidence){ 0 };
}

/* ---- who ---- */

const struct evidence_task *evidence_task(const struct evidence *e, task_id id)
{
	return slot_of((struct evidence *)e, id);
}

static bool is_named(const struct task *t, const char *glob)
{
	return !glob || (t->name && fmt_glob(glob, t->name));
}

task_set evidence_named(const struct evidence *e, const char *glob)
{
	task_set set = { 0 };

	for (size_t i = 0; i < e->tasks.n; i++)
		if (is_named(e->tasks.v[i].task, glob))
			*vec_push(&set) = e->tasks.v[i].id;
	return set;
}

task_id evidence_one(const struct evidence *e, const char *glob)
{
	for (size_t i = 0; i < e->tasks.n; i++)
		if (is_named(e->tasks.v[i].task, glob))
			return e->tasks.v[i].id;
	return TASK_NONE;
}

/* ---- of one task ---- */

#define EACH_SPAN(e, id, s)                                                            \
	for (const struct evidence_task *t_ = evidence_task((e), (id)); t_; t_ = NULL) \
		for (const struct span *s = t_->spans.v; s < t_->spans.v + t_->spans.n; s++)

uint64_t evidence_ns(const struct evidence *e, task_id id, enum task_state state, struct window w)
{
	uint64_t ns = 0;

	EACH_SPAN(e, id, s)
	if (s->state == state)
		ns += evidence_part_ns(s->from_ns, s->to_ns, w);
	return ns;
}

uint64_t evidence_wait_ns(const struct evidence *e, task_id id, enum runnable_why why, struct window w)
{
	uint64_t ns = 0;

	EACH_SPAN(e, id, s)
	if (s->state == STATE_RUNNABLE && s->why == why)
		ns += evidence_part_ns(s->from_ns, s->to_ns, w);
	return ns;
}

uint64_t evidence_switches(const struct evidence *e, task_id id, enum span_out out, struct window w)
{
	uint64_t n = 0;

	EACH_SPAN(e, id, s)
	n += s->state == STATE_RUNNING && s->out == out && window_contains(w, s->to_ns);
	return n;
}

uint64_t evidence_migrations(const struct evidence *e, task_id id, bool placements_too, struct window w)
{
	uint64_t n = 0;

	for (size_t i = 0; i < e->migrations.n; i++) {
		const struct migration *m = &e->migrations.v[i];

		n += task_is(m->task, id) && (placements_too || !m->placement) && window_contains(w, m->ts_ns);
	}
	return n;
}

bool evidence_call_is(const struct evidence *e, int32_t syscall, const char *calls)
{
	const char *name = calls ? syscall_name(model_arch(e->model), syscall) : "";
	size_t n = name ? strlen(name) : 0;

	if (!calls)
		return true;
	for (const char *at = calls; name && *at; at += strcspn(at, ","), at += *at == ',')
		if (!strncmp(at, name, n) && (at[n] == ',' || at[n] == '\0'))
			return true;
	return false;
}

static bool is_sleep(const struct span *s)
{
	return s->state == STATE_SLEEPING || s->state == STATE_BLOCKED;
}

struct evidence_sleeps evidence_sleeps(const struct evidence *e, task_id id, const char *calls, struct window w)
{
	struct evidence_sleeps out = { .min_ns = UINT64_MAX };
	const struct span *before = NULL;

	EACH_SPAN(e, id, s)
	{
		if (before && s->state == STATE_RUNNABLE && s->why == WHY_WOKEN)
			out.by_timer += s->ctx == EV_CTX_HARDIRQ || s->ctx == EV_CTX_SOFTIRQ;
		before = NULL;
		if (!is_sleep(s) || !window_contains(w, s->since_ns) || !evidence_call_is(e, s->syscall, calls))
			continue;
		before = s;
		out.n++;
		out.ns += s->to_ns - s->since_ns;
		out.min_ns = s->to_ns - s->since_ns < out.min_ns ? s->to_ns - s->since_ns : out.min_ns;
		out.max_ns = s->to_ns - s->since_ns > out.max_ns ? s->to_ns - s->since_ns : out.max_ns;
	}
	out.min_ns = out.n ? out.min_ns : 0;
	return out;
}

void evidence_stays(const struct evidence *e, task_id id, struct window w, struct hist *out)
{
	EACH_SPAN(e, id, s)
	if (s->state == STATE_RUNNING && window_contains(w, s->from_ns))
		hist_add(out, s->to_ns - s->from_ns);
}

void evidence_latencies(const struct evidence *e, task_id id, struct window w, struct hist *out)
{
	EACH_SPAN(e, id, s)
	if (s->state == STATE_RUNNABLE && s->why == WHY_WOKEN && s->then_ran && !s->cut_left &&
	    window_contains(w, s->to_ns))
		hist_add(out, s->to_ns - s->since_ns);
}
