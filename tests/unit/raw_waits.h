/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * raw_waits.h - every wait of a raw recording, told apart instant by instant, by the words of analysis/blame.h.
 */
#ifndef SCHEDVIZ_TESTS_RAW_WAITS_H
#define SCHEDVIZ_TESTS_RAW_WAITS_H

#include "unit/raw.h"

struct raw_waits {
	VEC(struct wait) v;
	uint64_t *ran; /* [wait * nr_tasks + task]: how long it ran on the wait's CPU during it */
};

/* The next span of the task, or the one before; NULL: none. */
static inline const struct span *raw_beside_span(const struct raw *r, const struct span *s, int step)
{
	for (size_t i = (size_t)(s - r->spans.v) + (size_t)step; i < r->spans.n; i += (size_t)step)
		if (task_is(r->spans.v[i].task, s->task))
			return &r->spans.v[i];
	return NULL;
}

static inline bool raw_same_wait(const struct span *a, const struct span *b)
{
	return a && b && a->state == STATE_RUNNABLE && b->state == STATE_RUNNABLE && a->since_ns == b->since_ns;
}

/* The span of the CPU that begins at `ts_ns`, or ends; inside the window for at least an instant. */
static inline const struct cpu_span *raw_cpu_at(const struct raw *r, uint32_t cpu, uint64_t ts_ns, bool ends)
{
	for (size_t i = 0; i < r->cpus.n; i++) {
		const struct cpu_span *s = &r->cpus.v[i];

		if (s->cpu == cpu && (ends ? s->to_ns : s->from_ns) == ts_ns &&
		    s->from_ns < r->target.window.to_ns && s->to_ns > r->target.window.from_ns)
			return s;
	}
	return NULL;
}

static inline bool raw_lower_class(event_prio prio, event_prio than)
{
	int a = prio < 0 ? 2 : prio < 100 ? 1 : 0, b = than < 0 ? 2 : than < 100 ? 1 : 0;

	return a < b;
}

static inline enum held raw_held_by(event_prio prio)
{
	return prio < 0 ? HELD_DEADLINE : prio < 100 ? HELD_REALTIME : HELD_QUOTA;
}

static inline void raw_how(const struct raw *r, const struct span *first, const struct span *last, struct wait *x)
{
	const struct cpu_span *before = raw_cpu_at(r, first->cpu, x->since_ns, true);
	const struct cpu_span *came = raw_cpu_at(r, first->cpu, x->since_ns, false);
	const struct span *next = raw_beside_span(r, last, 1);
	const struct cpu_span *back = NULL;

	if (x->why != WHY_PREEMPTED || first->from_ns != x->since_ns || !before || !came ||
	    !task_is(before->task, x->victim))
		return;
	if (next && next->state == STATE_RUNNING && next->cpu == last->cpu)
		back = raw_cpu_at(r, next->cpu, next->from_ns, false);
	x->prios_known = true;
	x->own_prio = before->prio;
	if (back && task_is(back->task, x->victim) && back->prio > x->own_prio)
		x->own_prio = back->prio;
	if (came->state != CPU_TASK)
		return;
	x->preempted = true;
	x->by = came->task;
	x->by_prio = came->prio;
	if (x->own_prio < 100 && raw_lower_class(x->by_prio, x->own_prio))
		x->held = (uint8_t)raw_held_by(x->own_prio);
}

static inline void raw_beside(const struct raw *r, size_t cut, uint32_t cpu, struct wait *x)
{
	uint64_t until_ns;
	bool known, idle = false;
	const struct cpuset *set = model_allowed_set(r->m, x->victim, r->cut[cut], &known, &until_ns);

	for (uint32_t c = 0; c < r->nr_cpus; c++)
		idle |= c != cpu && raw_is_idle(r, cut, c) && (!set || cpuset_has(set, c));
	x->beside_ns += idle && known ? raw_ns(r, cut) : 0;
	x->beside_maybe_ns += idle && !known ? raw_ns(r, cut) : 0;
}

/* Everything between two cuts. Returns for how long its CPU was idle there, if it was its first. */
static inline uint64_t raw_wait_cut(const struct raw *r, size_t cut, const struct span *first, struct wait *x,
				    uint64_t *ran)
{
	const struct span *s = raw_did(r, cut, x->victim.i);
	const struct cpu_span *c = raw_had(r, cut, s->cpu);
	uint64_t ns = raw_ns(r, cut);

	raw_beside(r, cut, s->cpu, x);
	if (!c || (c->state != CPU_TASK && c->state != CPU_IDLE)) {
		x->unknown_ns += ns;
	} else if (c->state == CPU_IDLE) {
		x->idle_ns += ns;
		return s == first ? ns : 0;
	} else {
		x->busy_ns += ns;
		ran[c->task.i] += ns;
	}
	return 0;
}

static inline void raw_wait(const struct raw *r, const struct span *first, const struct span *last,
			    struct raw_waits *out)
{
	struct window w = r->target.window;
	struct wait x = {
		.victim = last->task, .since_ns = last->since_ns, .cpu = last->cpu, .why = last->why,
		.moved = first != last, .cut = first->cut_left || !last->then_ran, .by = TASK_NONE,
	};
	uint64_t idle_ns = 0, *ran;

	x.from_ns = first->from_ns > w.from_ns ? first->from_ns : w.from_ns;
	x.to_ns = last->to_ns < w.to_ns ? last->to_ns : w.to_ns;
	if (x.from_ns >= x.to_ns)
		return;
	out->ran = realloc(out->ran, (out->v.n + 1) * r->nr_tasks * sizeof(*out->ran));
	ran = out->ran + out->v.n * r->nr_tasks;
	memset(ran, 0, r->nr_tasks * sizeof(*ran));
	for (size_t c = 0; c < r->nr_cuts; c++)
		if (r->cut[c] >= x.from_ns && r->cut[c] < x.to_ns)
			idle_ns += raw_wait_cut(r, c, first, &x, ran);
	raw_how(r, first, last, &x);
	if (x.why == WHY_PREEMPTED && !x.held && first->from_ns == x.since_ns && idle_ns > BLAME_HELD_SLACK_NS)
		x.held = (uint8_t)(x.prios_known ? raw_held_by(x.own_prio) : HELD_QUOTA);
	for (uint32_t i = 0; i < r->nr_tasks && !x.preempted; i++)
		if (ran[i] > x.by_ns) {
			x.by.i = i;
			x.by_ns = ran[i];
		}
	if (x.preempted)
		x.by_ns = ran[x.by.i];
	*vec_push(&out->v) = x;
}

/* For how long of it somebody was held by a quota, before this rule. */
static inline uint64_t raw_beside_held(const struct raw *r, const struct raw_waits *w, const struct wait *x)
{
	uint64_t ns = 0;

	for (size_t c = 0; c < r->nr_cuts; c++) {
		bool held = false;

		if (r->cut[c] < x->from_ns || r->cut[c] >= x->to_ns)
			continue;
		for (size_t i = 0; i < w->v.n; i++)
			held |= w->v.v[i].why == WHY_PREEMPTED && w->v.v[i].held == HELD_QUOTA &&
				w->v.v[i].from_ns <= r->cut[c] && r->cut[c] < w->v.v[i].to_ns;
		ns += held ? raw_ns(r, c) : 0;
	}
	return ns;
}

static inline void raw_waits_make(struct raw_waits *out, const struct raw *r)
{
	*out = (struct raw_waits){ 0 };
	for (uint32_t task = 0; task < r->nr_tasks; task++)
		for (size_t i = 0; i < r->spans.n; i++) {
			const struct span *first = &r->spans.v[i], *last = first, *next;

			if (first->task.i != task || !r->target.has[task] || first->state != STATE_RUNNABLE ||
			    raw_same_wait(raw_beside_span(r, first, -1), first))
				continue;
			/* one that lies before the window is not known of */
			while (first->to_ns <= r->target.window.from_ns &&
			       raw_same_wait(first, next = raw_beside_span(r, first, 1)))
				first = last = next;
			while (raw_same_wait(last, next = raw_beside_span(r, last, 1)) &&
			       next->from_ns < r->target.window.to_ns)
				last = next;
			raw_wait(r, first, last, out);
		}
	for (size_t i = 0; i < out->v.n; i++) {
		struct wait *x = &out->v.v[i];

		if ((x->why == WHY_WOKEN || x->why == WHY_NEW) && x->idle_ns > BLAME_HELD_WOKEN_NS &&
		    raw_beside_held(r, out, x) + BLAME_HELD_WOKEN_NS >= x->idle_ns)
			x->held = HELD_QUOTA;
	}
}

static inline void raw_waits_release(struct raw_waits *w)
{
	vec_release(&w->v);
	free(w->ran);
}

#endif
