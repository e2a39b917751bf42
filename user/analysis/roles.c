/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * roles.c - collects what speaks for a role while the model passes over the recording.
 */
#include "analysis/roles.h"

#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "trace/syscalls.h"

static const struct {
	const char *name;
	enum role_call call;
} calls[] = {
	{ "futex", CALL_FUTEX },
	{ "read", CALL_READ },
	{ "poll", CALL_POLL },
	{ "ppoll", CALL_POLL }, /* arm64 has no poll */
};

static void number_calls(struct roles *r)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		int32_t nr = syscall_number(model_arch(*r->model), calls[i].name);

		if (nr >= 0 && (uint32_t)nr < ROLE_SYSCALLS)
			r->call_of[nr] = (uint8_t)calls[i].call;
	}
}

static inline uint8_t call_of(const struct roles *r, int32_t syscall)
{
	return (uint32_t)syscall < ROLE_SYSCALLS ? r->call_of[syscall] : CALL_OTHER;
}

static void *grown(void *p, uint32_t cap, uint32_t want, size_t size)
{
	char *bytes = xrealloc(p, want, size);

	memset(bytes + cap * size, 0, (want - cap) * size);
	return bytes;
}

static void grow(struct roles *r, uint32_t want)
{
	uint32_t cap = r->cap ? r->cap : 64;

	while (cap < want)
		cap *= 2;
	r->v = grown(r->v, r->cap, cap, sizeof(*r->v));
	r->kin = grown(r->kin, r->cap, cap, sizeof(*r->kin));
	r->cap = cap;
}

/* Of a /proc row that comes before its leader's no leader is known: it counts as a process of its own. */
static void on_task_born(void *ctx, task_id id)
{
	struct roles *r = ctx;
	const struct task *t = model_task(*r->model, id);
	struct role_kin *kin, *leader;

	if (!r->n)
		number_calls(r);
	if (id.i >= r->cap)
		grow(r, id.i + 1);
	r->n = id.i + 1;
	kin = &r->kin[id.i];
	kin->leader = task_some(t->leader) ? t->leader.i : id.i;
	kin->parent = task_some(t->parent) ? t->parent.i : id.i;
	if (kin->leader == id.i)
		return;
	leader = &r->kin[kin->leader];
	if (!leader->threaded && t->born_here) { /* who makes a first thread runs */
		leader->on_cpu = true;
		r->v[leader->leader].running++;
	}
	leader->threaded = kin->threaded = true;
}

/* ---- who sleeps in what, and which processes are on a CPU ---- */

static void ran(struct roles *r, const struct span *s)
{
	struct role_kin *kin = &r->kin[s->task.i];
	struct role_facts *process = &r->v[kin->leader];

	if (s->state == STATE_RUNNING)
		process->ran_ns = s->to_ns;
	if (kin->on_cpu == s->then_ran)
		return;
	kin->on_cpu = s->then_ran;
	if (kin->on_cpu)
		process->running++;
	else
		process->running--;
}

static void on_span(void *ctx, const struct span *s)
{
	struct roles *r = ctx;

	if (!r->kin[s->task.i].threaded)
		return;
	if (s->state == STATE_SLEEPING)
		r->v[s->task.i].ns[call_of(r, s->syscall)] += s->to_ns - s->from_ns;
	else if (s->state == STATE_BLOCKED)
		r->v[s->task.i].ns[CALL_OTHER] += s->to_ns - s->from_ns;
	ran(r, s);
}

/* ---- how a sleep ended ---- */

#define MET_ENOUGH 2u /* no rule asks for more */

static void meet(struct roles *r, const struct wake *w, enum role_call call)
{
	uint32_t *known = &r->kin[w->waker.i].known;
	struct role_met *met = r->v[w->waker.i].met;
	size_t enough = 0;

	for (size_t i = 0; i < ROLE_MET; i++) {
		struct role_met *m = &met[i];

		if (m->reads + m->futexes == 0)
			m->who = w->target;
		if (task_is(m->who, w->target)) {
			m->reads += call == CALL_READ;
			m->futexes += call == CALL_FUTEX;
			if (m->reads >= MET_ENOUGH)
				*known = w->target.i + 1;
			return;
		}
		enough += m->reads >= MET_ENOUGH;
	}
	*known = enough == ROLE_MET ? UINT32_MAX : w->target.i + 1; /* there is no place for this one any more */
}

#define COND_BYTES 48u /* sizeof(pthread_cond_t), which glibc waits on at more than one address */

static void woken_by_kin(struct role_facts *t, const struct wake *w)
{
	t->kin_wakes++;
	t->gil_handed += t->gil.count && w->arg - t->gil_arg + COND_BYTES < 2 * COND_BYTES;
}

/* Whoever of its process was on a CPU since it fell asleep is another thread. */
static void timed_out(struct roles *r, struct role_facts *t, const struct wake *w)
{
	const struct role_facts *process = &r->v[r->kin[w->target.i].leader];

	t->timeouts++;
	if (w->slept_ns < ROLE_GIL_LEAST_NS || w->slept_ns >= ROLE_GIL_MOST_NS)
		return;
	t->gil.count++;
	t->gil.ns += w->slept_ns;
	t->gil_arg = w->arg;
	t->gil_busy += process->running > 0 || process->ran_ns > w->ts_ns - w->slept_ns;
	if (!window_contains(r->window, w->ts_ns))
		return;
	t->gil_inside.count++;
	t->gil_inside.ns += w->slept_ns;
}

static void woken_by_task(struct roles *r, const struct wake *w, enum role_call call)
{
	const struct role_kin *target = &r->kin[w->target.i], *waker = &r->kin[w->waker.i];

	if (waker->leader != target->leader) {
		if (waker->known != w->target.i + 1 && waker->known != UINT32_MAX)
			meet(r, w, call);
	} else if (call == CALL_FUTEX) {
		woken_by_kin(&r->v[w->target.i], w);
	}
}

/* In a family without threads nobody has a role: not in its process, nor in its parent's. */
static inline bool of_threads(const struct roles *r, task_id id)
{
	return task_some(id) && (r->kin[id.i].threaded || r->kin[r->kin[id.i].parent].threaded);
}

static void on_wake(void *ctx, const struct wake *w)
{
	struct roles *r = ctx;
	enum role_call call;

	if (w->state != STATE_SLEEPING || (!of_threads(r, w->target) && !of_threads(r, w->waker)))
		return;
	call = (enum role_call)call_of(r, w->syscall);
	if (call != CALL_FUTEX && call != CALL_READ)
		return;
	if (w->ctx == EV_CTX_TASK && task_some(w->waker))
		woken_by_task(r, w, call);
	else if (call == CALL_FUTEX && (w->ctx == EV_CTX_HARDIRQ || w->ctx == EV_CTX_SOFTIRQ))
		timed_out(r, &r->v[w->target.i], w);
}

void roles_init(struct roles *r, struct window window, struct model *const *model, struct model_sink *sink)
{
	*r = (struct roles){ .window = window, .model = model };
	*sink = (struct model_sink){ .ctx = r, .task_born = on_task_born, .span = on_span, .wake = on_wake };
}

void roles_release(struct roles *r)
{
	free(r->v);
	free(r->kin);
	*r = (struct roles){ 0 };
}

enum role roles_of(const struct roles *r, task_id id)
{
	return r && id.i < r->n ? r->v[id.i].role : ROLE_NONE;
}

struct role_waits roles_gil(const struct roles *r, task_id id)
{
	return roles_of(r, id) == ROLE_GIL_WAITER ? r->v[id.i].gil_inside : (struct role_waits){ 0 };
}
