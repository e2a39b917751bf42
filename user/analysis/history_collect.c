/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * history_collect.c - spans are logged as they end, then sorted to their tasks and CPUs.
 *
 * The log is written front to back in blocks and each entry moved once, to its place in one array for all tasks: there
 * is no array to grow for each of thousands of tasks, which costs more than all the rest.
 */
#include "analysis/history_collect.h"

#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"

#define LARGE_PAGE (2u << 20)
#define BLOCK ((LARGE_PAGE - 64) / (sizeof(struct stretch) + sizeof(uint32_t)))
#define CPU_BLOCK ((LARGE_PAGE - 64) / (sizeof(struct on_cpu) + sizeof(uint32_t) + 1))
#define NO_SLOT UINT32_MAX

struct stretch_block {
	uint32_t n;
	uint32_t task[BLOCK];
	struct stretch v[BLOCK];
};

struct on_cpu_block {
	uint32_t n;
	uint32_t cpu[CPU_BLOCK];
	uint8_t prio[CPU_BLOCK];
	struct on_cpu v[CPU_BLOCK];
};

_Static_assert(sizeof(struct stretch_block) <= LARGE_PAGE && sizeof(struct on_cpu_block) <= LARGE_PAGE, "a page each");

struct logged_move {
	uint64_t ts_ns;
	uint32_t task, from_cpu, to_cpu;
	bool placed;
};

struct logged_cpu {
	uint64_t to_ns;
	uint32_t n, who; /* who: of the last entry */
};

struct history_log {
	const struct target *only;
	struct window window;
	struct stretch_block *at; /* the last block of each kind */
	struct on_cpu_block *cpu_at;
	VEC(struct stretch_block *) blocks;
	VEC(struct on_cpu_block *) cpu_blocks;
	VEC(uint64_t) to_ns;	    /* by task_id.i */
	VEC(uint32_t) entries;	    /* parallel */
	VEC(struct stretch *) last; /* parallel: logged last */
	VEC(struct logged_cpu) cpus;
	VEC(struct logged_move) moves;
};

/* ---- logging ---- */

static void on_born(void *ctx, task_id id)
{
	struct history_log *log = ctx;

	while (log->to_ns.n <= id.i) {
		*vec_push(&log->to_ns) = 0;
		*vec_push(&log->entries) = 0;
		*vec_push(&log->last) = NULL;
	}
}

static inline bool touches(struct window w, uint64_t from_ns, uint64_t to_ns)
{
	return from_ns < w.to_ns && to_ns > w.from_ns;
}

static inline void stretch_of(const struct span *s, struct stretch *out)
{
	bool resting = s->state >= STATE_SLEEPING;

	out->from_ns = s->from_ns;
	out->since_ns = resting ? s->arg : s->since_ns; /* or out->arg */
	out->cpu = s->cpu;
	if (resting)
		out->syscall = s->syscall;
	else
		out->waker = s->waker;
	out->waker_cpu = s->waker_cpu;
	out->state = s->state;
	out->why = s->why;
	out->out_ctx = (uint8_t)(s->out | s->ctx << 4);
	out->flags = (uint8_t)((s->cut_left ? STRETCH_CUT_LEFT : 0) | (s->cut_right ? STRETCH_CUT_RIGHT : 0) |
			       (s->then_ran ? STRETCH_THEN_RAN : 0));
}

static struct stretch_block *block_add(struct history_log *log)
{
	log->at = xarray(1, sizeof(*log->at));
	log->at->n = 0;
	*vec_push(&log->blocks) = log->at;
	return log->at;
}

static void on_span(void *ctx, const struct span *s)
{
	struct history_log *log = ctx;
	struct stretch_block *b = log->at;

	if ((log->only && !log->only->has[s->task.i]) ||
	    (!touches(log->window, s->from_ns, s->to_ns) && s->to_ns != log->window.from_ns))
		return;
	if (__builtin_expect(!b || b->n == BLOCK, 0))
		b = block_add(log);
	b->task[b->n] = s->task.i;
	log->last.v[s->task.i] = &b->v[b->n];
	stretch_of(s, &b->v[b->n++]);
	log->to_ns.v[s->task.i] = s->to_ns;
	log->entries.v[s->task.i]++;
}

static struct on_cpu_block *cpu_block_add(struct history_log *log)
{
	log->cpu_at = xarray(1, sizeof(*log->cpu_at));
	log->cpu_at->n = 0;
	*vec_push(&log->cpu_blocks) = log->cpu_at;
	return log->cpu_at;
}

/* The model gives out a task's running span before that of the CPU, but for what is cut where it was not sure. */
static uint32_t link_stretch(struct history_log *log, const struct cpu_span *s, uint32_t number)
{
	struct stretch *last = s->state == CPU_TASK ? log->last.v[s->task.i] : NULL;

	if (!last || last->state != STATE_RUNNING || last->from_ns != s->from_ns || last->cpu != s->cpu)
		return ON_CPU_NO_STRETCH;
	last->flags |= STRETCH_LINKED;
	last->span = number;
	return log->entries.v[s->task.i] - 1;
}

static void on_cpu_span(void *ctx, const struct cpu_span *s)
{
	static const uint32_t others[NR_CPU_STATES] = {
		[CPU_UNKNOWN] = ON_CPU_UNKNOWN,
		[CPU_IDLE] = ON_CPU_IDLE,
		[CPU_OFFLINE] = ON_CPU_OFFLINE,
		[CPU_UNRECORDED] = ON_CPU_UNRECORDED,
	};
	struct history_log *log = ctx;
	uint32_t who = s->state == CPU_TASK ? s->task.i : others[s->state];
	struct on_cpu_block *b = log->cpu_at;
	struct logged_cpu *c;

	if (!touches(log->window, s->from_ns, s->to_ns))
		return;
	while (log->cpus.n <= s->cpu)
		*vec_push(&log->cpus) = (struct logged_cpu){ 0 };
	c = &log->cpus.v[s->cpu];
	c->to_ns = s->to_ns;
	if (c->n && c->who == who)
		return; /* one stay, cut in two */
	c->who = who;
	c->n++;
	if (__builtin_expect(!b || b->n == CPU_BLOCK, 0))
		b = cpu_block_add(log);
	b->cpu[b->n] = s->cpu;
	b->prio[b->n] = (uint8_t)(s->prio + 1);
	b->v[b->n++] = (struct on_cpu){ .from_ns = s->from_ns, .who = who, .at = link_stretch(log, s, c->n - 1) };
}

static void on_migration(void *ctx, const struct migration *m)
{
	struct history_log *log = ctx;

	if ((log->only && !log->only->has[m->task.i]) || !window_contains(log->window, m->ts_ns))
		return;
	*vec_push(&log->moves) =
		(struct logged_move){ m->ts_ns, m->task.i, m->from_cpu, m->to_cpu, .placed = m->placement };
}

void history_init(struct history *h, struct window window, const struct target *only, struct model_sink *sink)
{
	*h = (struct history){ .window = window };
	h->log = xcalloc(1, sizeof(*h->log));
	h->log->only = only;
	h->log->window = window;
	*sink = (struct model_sink){
		.ctx = h->log,
		.task_born = on_born,
		.span = on_span,
		.cpu_span = on_cpu_span,
		.migration = on_migration,
	};
}

/* ---- sorting ---- */

/* Which tasks there are, and where in the array each begins. */
static void place_tasks(struct history *h)
{
	const struct history_log *log = h->log;
	uint32_t nr = model_nr_tasks(h->model);
	size_t total = 0;

	h->slot = xmalloc((nr ? nr : 1) * sizeof(*h->slot));
	memset(h->slot, 0xff, nr * sizeof(*h->slot));
	for (uint32_t i = 0; i < nr && i < log->entries.n; i++)
		total += h->target->has[i] ? log->entries.v[i] : 0;
	h->stretches = xarray(total, sizeof(*h->stretches));
	total = 0;
	for (uint32_t i = 0; i < nr && i < log->entries.n; i++) {
		if (!h->target->has[i] || !log->entries.v[i])
			continue;
		h->slot[i] = (uint32_t)h->tasks.n;
		*vec_push(&h->tasks) = (struct history_task){
			.id = { i },
			.to_ns = log->to_ns.v[i],
			.v = { h->stretches + total, 0 },
		};
		total += log->entries.v[i];
	}
}

static void move_stretches(struct history *h)
{
	for (size_t i = 0; i < h->log->blocks.n; i++) {
		struct stretch_block *b = h->log->blocks.v[i];

		for (uint32_t k = 0; k < b->n; k++) {
			uint32_t slot = h->slot[b->task[k]];
			struct history_task *t;

			if (slot == NO_SLOT)
				continue;
			t = &h->tasks.v[slot];
			t->v.v[t->v.n++] = b->v[k];
		}
		free(b);
	}
}

static void place_cpus(struct history *h)
{
	const struct history_log *log = h->log;
	size_t total = 0;

	for (size_t i = 0; i < log->cpus.n; i++)
		total += log->cpus.v[i].n;
	h->on_cpus = xarray(total, sizeof(*h->on_cpus));
	h->prios = xarray(total, sizeof(*h->prios));
	total = 0;
	for (size_t i = 0; i < log->cpus.n && i < h->nr_cpus; i++) {
		h->cpus[i] = (struct history_cpu){
			.to_ns = log->cpus.v[i].to_ns,
			.v = { h->on_cpus + total, 0 },
			.prios = h->prios + total,
		};
		total += log->cpus.v[i].n;
	}
}

static void move_on_cpus(struct history *h)
{
	for (size_t i = 0; i < h->log->cpu_blocks.n; i++) {
		struct on_cpu_block *b = h->log->cpu_blocks.v[i];

		for (uint32_t k = 0; k < b->n; k++) {
			struct history_cpu *c = &h->cpus[b->cpu[k]];

			c->prios[c->v.n] = b->prio[k];
			c->v.v[c->v.n++] = b->v[k];
		}
		free(b);
	}
}

static void count_moves(struct history *h)
{
	struct topology topology;

	h->moves = xcalloc(model_nr_tasks(h->model) + 1u, sizeof(*h->moves));
	topology_init(&topology, model_facts(h->model));
	for (size_t i = 0; i < h->log->moves.n; i++) {
		const struct logged_move *m = &h->log->moves.v[i];

		if (!h->target->has[m->task] || !window_contains(h->window, m->ts_ns))
			continue;
		h->moves[m->task].by[topology_distance(&topology, m->from_cpu, m->to_cpu)]++;
		h->moves[m->task].placed += m->placed;
	}
	topology_release(&topology);
}

/* What lies outside of the target's window is of no use to anybody. dropped[slot]: stretches before it. */
static void cut_tasks(struct history *h, uint32_t *dropped)
{
	for (size_t i = 0; i < h->tasks.n; i++) {
		struct history_task *t = &h->tasks.v[i];

		while (t->v.n && t->v.v[t->v.n - 1].from_ns >= h->window.to_ns)
			t->to_ns = t->v.v[--t->v.n].from_ns;
		while (t->v.n && stretch_to_ns(t, 0) <= h->window.from_ns) {
			t->ended = stretch_to_ns(t, 0) == h->window.from_ns;
			t->v.v++;
			t->v.n--;
			dropped[i]++;
		}
	}
}

static void relink(const struct history *h, struct on_cpu *on, const uint32_t *dropped)
{
	uint32_t slot = ON_CPU_IS_TASK(on->who) ? h->slot[on->who] : NO_SLOT;

	if (slot == NO_SLOT || on->at == ON_CPU_NO_STRETCH || on->at < dropped[slot] ||
	    on->at - dropped[slot] >= h->tasks.v[slot].v.n)
		on->at = ON_CPU_NO_STRETCH;
	else
		on->at -= dropped[slot];
}

static void cut_cpus(struct history *h, const uint32_t *dropped)
{
	for (uint32_t i = 0; i < h->nr_cpus; i++) {
		struct history_cpu *c = &h->cpus[i];

		while (c->v.n && c->v.v[c->v.n - 1].from_ns >= h->window.to_ns)
			c->to_ns = c->v.v[--c->v.n].from_ns;
		while (c->v.n > 1 && c->v.v[1].from_ns <= h->window.from_ns) {
			c->v.v++;
			c->prios++;
			c->dropped++;
			c->v.n--;
		}
		for (size_t k = 0; k < c->v.n; k++)
			relink(h, &c->v.v[k], dropped);
	}
}

/* Tasks of which nothing is left. */
static void drop_empty(struct history *h)
{
	size_t n = 0;

	for (size_t i = 0; i < h->tasks.n; i++) {
		struct history_task t = h->tasks.v[i];

		h->slot[t.id.i] = NO_SLOT;
		if (!t.v.n)
			continue;
		h->slot[t.id.i] = (uint32_t)n;
		h->tasks.v[n++] = t;
	}
	h->tasks.n = n;
}

static void cut(struct history *h)
{
	uint32_t *dropped = xcalloc(h->tasks.n ? h->tasks.n : 1, sizeof(*dropped));

	cut_tasks(h, dropped);
	cut_cpus(h, dropped);
	drop_empty(h);
	free(dropped);
}

static void log_release(struct history *h)
{
	if (!h->log)
		return;
	vec_release(&h->log->blocks);
	vec_release(&h->log->cpu_blocks);
	vec_release(&h->log->to_ns);
	vec_release(&h->log->entries);
	vec_release(&h->log->last);
	vec_release(&h->log->cpus);
	vec_release(&h->log->moves);
	free(h->log);
	h->log = NULL;
}

void history_finish(struct history *h, const struct model *m, const struct target *target)
{
	h->model = m;
	h->target = target;
	h->window = target->window;
	h->nr_cpus = model_nr_cpus(m);
	h->cpus = xcalloc(h->nr_cpus ? h->nr_cpus : 1, sizeof(*h->cpus));
	place_tasks(h);
	place_cpus(h);
	move_stretches(h);
	move_on_cpus(h);
	count_moves(h);
	log_release(h);
	cut(h);
	history_order_jobs(h);
}

void history_release(struct history *h)
{
	for (size_t i = 0; h->log && i < h->log->blocks.n; i++)
		free(h->log->blocks.v[i]);
	for (size_t i = 0; h->log && i < h->log->cpu_blocks.n; i++)
		free(h->log->cpu_blocks.v[i]);
	log_release(h);
	vec_release(&h->tasks);
	free(h->stretches);
	free(h->on_cpus);
	free(h->prios);
	free(h->moves);
	free(h->cpus);
	free(h->slot);
	free(h->job_order);
	*h = (struct history){ 0 };
}
