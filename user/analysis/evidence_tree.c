/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * evidence_tree.c - questions about several tasks: who woke whom, how many at once, who had the CPUs, what was said.
 */
#include "analysis/evidence.h"

#include <stdlib.h>
#include "base/alloc.h"

/* ---- who woke whom ---- */

/* The sleep of the woken that this wake-up ended: its last span that ends at that instant or later begins before. */
static const struct span *sleep_ended(const struct evidence *e, const struct wake *w)
{
	const struct evidence_task *t = evidence_task(e, w->target);
	size_t lo = 0, hi = t ? t->spans.n : 0;

	while (lo < hi) { /* the first span that ends at or after the wake-up */
		size_t mid = lo + (hi - lo) / 2;

		if (t->spans.v[mid].to_ns < w->ts_ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!t || lo == t->spans.n || t->spans.v[lo].from_ns > w->ts_ns)
		return NULL;
	return &t->spans.v[lo];
}

int32_t evidence_woken_from(const struct evidence *e, const struct wake *w)
{
	const struct span *s = w->effect == WAKE_REAL ? sleep_ended(e, w) : NULL;

	return s && (s->state == STATE_SLEEPING || s->state == STATE_BLOCKED) ? s->syscall : EV_NO_SYSCALL;
}

static bool is_called(const struct evidence *e, task_id id, const char *glob)
{
	const struct evidence_task *t = evidence_task(e, id);

	return t && (!glob || (t->task->name && fmt_glob(glob, t->task->name)));
}

static bool ended_sleep_in(const struct evidence *e, const struct wake *w, const char *to, const char *calls,
			   struct window in)
{
	return w->effect == WAKE_REAL && window_contains(in, w->ts_ns) && is_called(e, w->target, to) &&
	       (!calls || evidence_call_is(e, evidence_woken_from(e, w), calls));
}

uint64_t evidence_edges(const struct evidence *e, const char *from, const char *to, const char *calls, struct window w)
{
	uint64_t n = 0;

	for (const struct wake *k = e->wakes.v; k < e->wakes.v + e->wakes.n; k++)
		n += k->ctx == EV_CTX_TASK && is_called(e, k->waker, from) && ended_sleep_in(e, k, to, calls, w);
	return n;
}

uint64_t evidence_timer_wakes(const struct evidence *e, const char *to, const char *calls, struct window w)
{
	uint64_t n = 0;

	for (const struct wake *k = e->wakes.v; k < e->wakes.v + e->wakes.n; k++)
		n += (k->ctx == EV_CTX_HARDIRQ || k->ctx == EV_CTX_SOFTIRQ) && ended_sleep_in(e, k, to, calls, w);
	return n;
}

/* ---- how many at once ---- */

struct edge {
	uint64_t ts_ns;
	int step; /* +1: one more, -1: one less */
};

/* At one instant the ends come first: who leaves a state as another enters it was not in it together with that one. */
static int by_time(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	if (x->ts_ns != y->ts_ns)
		return x->ts_ns < y->ts_ns ? -1 : 1;
	return x->step - y->step;
}

void evidence_profile(const struct evidence *e, const task_set *set, enum task_state state, struct window w,
		      uint64_t *at, size_t n)
{
	VEC(struct edge) edges = { 0 };
	uint64_t now_ns = w.from_ns;
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		at[i] = 0;
	for (size_t i = 0; i < set->n; i++) {
		const struct evidence_task *t = evidence_task(e, set->v[i]);

		for (size_t s = 0; t && s < t->spans.n; s++) {
			const struct span *span = &t->spans.v[s];

			if (span->state != state || !evidence_part_ns(span->from_ns, span->to_ns, w))
				continue;
			*vec_push(&edges) = (struct edge){ span->from_ns > w.from_ns ? span->from_ns : w.from_ns, 1 };
			*vec_push(&edges) = (struct edge){ span->to_ns < w.to_ns ? span->to_ns : w.to_ns, -1 };
		}
	}
	if (edges.n)
		qsort(edges.v, edges.n, sizeof(edges.v[0]), by_time);
	for (size_t i = 0; i < edges.n; i++) {
		at[k < n ? k : n - 1] += edges.v[i].ts_ns - now_ns;
		now_ns = edges.v[i].ts_ns;
		k = edges.v[i].step > 0 ? k + 1 : k - 1;
	}
	at[0] += w.to_ns - now_ns;
	vec_release(&edges);
}

uint64_t evidence_together_ns(const struct evidence *e, const char *glob, size_t k, struct window w)
{
	task_set set = evidence_named(e, glob);
	uint64_t *at = xcalloc(k + 1, sizeof(*at)), ns;

	evidence_profile(e, &set, STATE_RUNNING, w, at, k + 1);
	ns = at[k];
	free(at);
	vec_release(&set);
	return ns;
}

/* ---- the CPUs ---- */

static uint64_t *share_of(const struct evidence *e, const struct cpu_span *s, struct evidence_cpu *sum)
{
	switch (s->state) {
	case CPU_IDLE:
		return &sum->idle_ns;
	case CPU_TASK:
		if (evidence_task(e, s->task))
			return &sum->ours_ns;
		return model_is_recorder(e->model, s->task) ? &sum->recorder_ns : &sum->others_ns;
	case CPU_UNRECORDED:
		return &sum->others_ns;
	case CPU_OFFLINE:
		return NULL;
	default:
		return &sum->unknown_ns;
	}
}

struct evidence_cpu evidence_cpus(const struct evidence *e, const struct cpuset *set, struct window w)
{
	struct evidence_cpu sum = { 0 };

	for (const struct cpu_span *s = e->cpus.v; s < e->cpus.v + e->cpus.n; s++) {
		uint64_t *ns = !set || cpuset_has(set, s->cpu) ? share_of(e, s, &sum) : NULL;

		if (ns)
			*ns += evidence_part_ns(s->from_ns, s->to_ns, w);
	}
	return sum;
}

/* ---- what the workload said ---- */

bool evidence_said(const struct evidence *e, uint64_t id, uint64_t *arg)
{
	for (size_t i = e->instants.n; i-- > 0;) {
		if (e->instants.v[i].id != id)
			continue;
		*arg = e->instants.v[i].arg;
		return true;
	}
	return false;
}

uint64_t evidence_said_sum(const struct evidence *e, uint64_t id)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < e->instants.n; i++)
		sum += e->instants.v[i].id == id ? e->instants.v[i].arg : 0;
	return sum;
}
