/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * summary.c - adds up spans and events into sums per task, per CPU and in total.
 */
#include <stdlib.h>
#include <string.h>
#include "analysis/summary.h"
#include "base/alloc.h"

/* More system calls than any task sleeps in; the rest of a strange file's numbers are put under one. */
#define SLEPT_MAX 512

/* Every task is announced before anything is told about it. */
static void on_task_born(void *ctx, task_id id)
{
	struct summary *s = ctx;
	uint32_t cap = s->cap_tasks ? s->cap_tasks : 64;

	if (id.i < s->cap_tasks)
		return;
	while (cap <= id.i)
		cap *= 2;
	s->tasks = xrealloc(s->tasks, cap, sizeof(*s->tasks));
	memset(s->tasks + s->cap_tasks, 0, (cap - s->cap_tasks) * sizeof(*s->tasks));
	for (uint32_t i = s->cap_tasks; i < cap; i++)
		s->tasks[i].last_cpu = CPU_NONE;
	s->cap_tasks = cap;
}

/* Only for CPUs that the model has: they are few. */
static void grow_cpus(struct summary *s, uint32_t want)
{
	s->cpus = xrealloc(s->cpus, want, sizeof(*s->cpus));
	memset(s->cpus + s->nr_cpus, 0, (want - s->nr_cpus) * sizeof(*s->cpus));
	s->nr_cpus = want;
}

static inline struct cpu_sum *cpu_sum_at(struct summary *s, uint32_t cpu)
{
	if (__builtin_expect(cpu >= s->nr_cpus, 0))
		grow_cpus(s, cpu + 1);
	return &s->cpus[cpu];
}

static inline uint64_t inside(struct window w, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t from = from_ns > w.from_ns ? from_ns : w.from_ns;
	uint64_t to = to_ns < w.to_ns ? to_ns : w.to_ns;

	return to > from ? to - from : 0;
}

/* Where the time in `syscall` is added; each use moves it one place forward, so that the usual one is found first. */
static struct sleep_in *find_slept(struct task_sum *t, int32_t syscall)
{
	uint32_t i = 0;
	struct sleep_in swap;

	while (i < t->nr_slept && t->slept[i].syscall != syscall)
		i++;
	if (i == t->nr_slept) {
		if (i >= SLEPT_MAX && syscall != EV_SYSCALL_UNKNOWN)
			return find_slept(t, EV_SYSCALL_UNKNOWN);
		if (i == t->cap_slept) {
			t->cap_slept = i ? 2 * i : 4;
			t->slept = xrealloc(t->slept, t->cap_slept, sizeof(*t->slept));
		}
		t->nr_slept++;
		t->slept[i] = (struct sleep_in){ .syscall = syscall };
		return &t->slept[i];
	}
	if (!i)
		return t->slept;
	swap = t->slept[i - 1];
	t->slept[i - 1] = t->slept[i];
	t->slept[i] = swap;
	return &t->slept[i - 1];
}

static void add_sleep(struct task_sum *t, const struct span *sp, uint64_t ns)
{
	struct sleep_in *in = t->slept;

	if (!t->nr_slept || in->syscall != sp->syscall)
		in = find_slept(t, sp->syscall);
	in->ns += ns;
	in->count++;
}

static void add_run(struct task_sum *t, const struct span *sp, uint64_t ns, bool ends)
{
	if (ns)
		t->last_cpu = sp->cpu;
	t->voluntary += ends && sp->out == OUT_VOLUNTARY;
	t->involuntary += ends && sp->out == OUT_INVOLUNTARY;
}

static void add_wait(struct task_sum *t, const struct span *sp, uint64_t ns, bool ends)
{
	t->wait_ns[sp->why] += ns;
	if (ends && sp->why == WHY_WOKEN && sp->then_ran && !sp->cut_left)
		hist_add(&t->latency, sp->to_ns - sp->since_ns);
}

static void on_span(void *ctx, const struct span *sp)
{
	struct summary *s = ctx;
	struct task_sum *t = &s->tasks[sp->task.i];
	uint64_t ns = inside(s->window, sp->from_ns, sp->to_ns);
	bool ends = window_contains(s->window, sp->to_ns);

	t->ns[sp->state] += ns;
	if (sp->state == STATE_SLEEPING || sp->state == STATE_BLOCKED) {
		if (ns)
			add_sleep(t, sp, ns);
		return;
	}
	if (sp->state != STATE_RUNNING && sp->state != STATE_RUNNABLE)
		return;
	if (sp->cpu != CPU_NONE)
		cpu_sum_at(s, sp->cpu)->queued_ns += ns;
	if (sp->state == STATE_RUNNING)
		add_run(t, sp, ns, ends);
	else
		add_wait(t, sp, ns, ends);
}

static void on_cpu_span(void *ctx, const struct cpu_span *sp)
{
	struct summary *s = ctx;
	struct cpu_sum *c = cpu_sum_at(s, sp->cpu);

	c->ns[sp->state] += inside(s->window, sp->from_ns, sp->to_ns);
	if (sp->switched && window_contains(s->window, sp->to_ns)) {
		c->switches++;
		s->switches++;
	}
}

static void on_wake(void *ctx, const struct wake *w)
{
	struct summary *s = ctx;

	if (w->effect == WAKE_AGAIN || w->effect == WAKE_NEW || !window_contains(s->window, w->ts_ns))
		return;
	s->tasks[w->target.i].wakeups++;
	s->wakeups++;
}

static void on_migration(void *ctx, const struct migration *mig)
{
	struct summary *s = ctx;

	if (!window_contains(s->window, mig->ts_ns))
		return;
	s->tasks[mig->task.i].migrations++;
	s->migrations++;
}

/* A depth holds until the next one: one reached before the window may still hold inside it. */
static void on_depth(void *ctx, uint32_t cpu, uint64_t ts_ns, uint32_t depth)
{
	struct summary *s = ctx;
	struct cpu_sum *c = cpu_sum_at(s, cpu);

	if ((depth > c->max_depth && ts_ns < s->window.to_ns) || ts_ns < s->window.from_ns)
		c->max_depth = depth;
}

void summary_init(struct summary *s, struct window window, struct model_sink *sink)
{
	*s = (struct summary){ .window = window };
	*sink = (struct model_sink){
		.ctx = s,
		.task_born = on_task_born,
		.span = on_span,
		.cpu_span = on_cpu_span,
		.wake = on_wake,
		.migration = on_migration,
		.depth = on_depth,
	};
}

static int by_time_slept(const void *a, const void *b)
{
	const struct sleep_in *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? 1 : -1;
	return (x->syscall > y->syscall) - (x->syscall < y->syscall);
}

static void count_lives(struct summary *s)
{
	for (uint32_t i = 0; i < s->nr_tasks; i++) {
		const struct task *t = model_task(s->model, (task_id){ i });

		s->forks += t->born_here && window_contains(s->window, t->born_ns);
		s->exits += t->died_here && window_contains(s->window, t->died_ns);
	}
}

void summary_finish(struct summary *s, const struct model *m)
{
	struct window whole = model_window(m);

	s->model = m;
	s->window.from_ns = s->window.from_ns > whole.from_ns ? s->window.from_ns : whole.from_ns;
	s->window.to_ns = s->window.to_ns < whole.to_ns ? s->window.to_ns : whole.to_ns;
	s->nr_tasks = model_nr_tasks(m);
	if (model_nr_cpus(m))
		cpu_sum_at(s, model_nr_cpus(m) - 1);
	for (uint32_t i = 0; i < s->nr_cpus; i++)
		s->cpus[i].seen = model_cpu_seen(m, i);
	for (uint32_t i = 0; i < s->nr_tasks; i++) {
		struct task_sum *t = &s->tasks[i];

		if (t->nr_slept)
			qsort(t->slept, t->nr_slept, sizeof(*t->slept), by_time_slept);
		hist_merge(&s->latency, &t->latency);
	}
	count_lives(s);
}

void summary_release(struct summary *s)
{
	for (uint32_t i = 0; i < s->cap_tasks; i++) {
		hist_release(&s->tasks[i].latency);
		free(s->tasks[i].slept);
	}
	hist_release(&s->latency);
	free(s->tasks);
	free(s->cpus);
	*s = (struct summary){ 0 };
}

uint64_t summary_life_ns(const struct summary *s, task_id id)
{
	const struct task *t = model_task(s->model, id);

	return t->outside ? 0 : inside(s->window, t->born_ns, t->died_ns);
}
