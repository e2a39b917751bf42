/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path.c - walk backwards from the end: what was waited for, and who had to do it.
 */
#include "analysis/path.h"

#include <stdlib.h>
#include <string.h>
#include "analysis/path_walk.h"
#include "base/alloc.h"
#include "trace/syscalls.h"

/* ---- steps, made from the last one to the first ---- */

static enum path_kind kind_of(enum task_state state)
{
	static const enum path_kind kinds[NR_STATES] = {
		[STATE_UNKNOWN] = PATH_UNKNOWN, [STATE_RUNNING] = PATH_RUNNING, [STATE_RUNNABLE] = PATH_WAITING,
		[STATE_SLEEPING] = PATH_ASLEEP, [STATE_BLOCKED] = PATH_BLOCKED, [STATE_STOPPED] = PATH_STOPPED,
	};

	return kinds[state];
}

/* From `from_ns` to where the walk is; the walk is there then. An empty one is none. */
static void step_put(struct walk *w, uint64_t from_ns, struct path_step *s)
{
	if (from_ns >= w->now_ns)
		return;
	s->from_ns = from_ns;
	s->to_ns = w->now_ns;
	s->edge = w->edge;
	if (!path_is_asleep(s)) {
		s->syscall = s->edge == PATH_SAME ? EV_NO_SYSCALL : w->edge_syscall;
		s->arg = s->edge == PATH_SAME ? 0 : w->edge_arg;
	}
	*vec_push(&w->p->steps) = *s;
	w->p->ns[s->kind] += s->to_ns - s->from_ns;
	if (s->kind == PATH_WAITING && s->why == WHY_WOKEN)
		w->p->wake_ns += s->to_ns - s->from_ns;
	w->now_ns = from_ns;
	w->edge = PATH_SAME;
}

/* Running, cut where its jobs started or finished. */
static void put_running(struct walk *w, uint64_t from_ns, struct path_step *s)
{
	while (w->now_ns > from_ns) {
		uint64_t cut_ns = walk_job_cut(w, from_ns);

		s->job = history_job(w->h, s->task, cut_ns);
		step_put(w, cut_ns, s);
	}
}

/* The stretch where the walk is, from its beginning or the window's. */
static void put_stretch(struct walk *w)
{
	const struct stretch *st = &w->t->v.v[w->at];
	const struct stretch *next = w->at + 1 < w->t->v.n ? st + 1 : NULL;
	uint64_t from_ns = st->from_ns > w->p->window.from_ns ? st->from_ns : w->p->window.from_ns;
	struct path_step s = {
		.task = w->t->id,
		.kind = (uint8_t)kind_of(st->state),
		.ctx = EV_CTX_UNKNOWN,
		.cpu = st->cpu,
		.syscall = EV_NO_SYSCALL,
		.by = TASK_NONE,
		.job = HISTORY_NO_JOB,
	};

	if (from_ns >= w->now_ns)
		return;
	if (!w->on_path[w->slot]) {
		w->on_path[w->slot] = true;
		w->p->tasks++;
	}
	if (st->state == STATE_RUNNING) {
		put_running(w, from_ns, &s);
		return;
	}
	if (st->state == STATE_RUNNABLE) {
		s.why = st->why;
		s.by = walk_who_had(w, st->cpu, (struct window){ from_ns, w->now_ns }, &s.by_ns);
	} else if (st->state >= STATE_SLEEPING) {
		s.syscall = st->syscall;
		s.arg = st->arg;
		if (next && next->from_ns == w->now_ns && edge_is_wake(w->t, w->at + 1)) {
			s.ctx = (uint8_t)stretch_ctx(next);
			s.by = next->waker;
		}
	}
	s.job = history_job(w->h, s.task, from_ns);
	step_put(w, from_ns, &s);
}

/* Before it began, or after it ended: nobody. */
static void put_nobody(struct walk *w, uint64_t from_ns)
{
	struct path_step s = {
		.task = TASK_NONE,
		.kind = PATH_NOBODY,
		.ctx = EV_CTX_UNKNOWN,
		.cpu = CPU_NONE,
		.syscall = EV_NO_SYSCALL,
		.by = TASK_NONE,
		.job = HISTORY_NO_JOB,
	};

	step_put(w, from_ns, &s);
}

/* ---- edges ---- */

static bool is_call(const struct walk *w, int32_t syscall, const char *a, const char *b)
{
	const char *name = syscall_name(model_arch(w->h->model), syscall);

	return name && (!strcmp(name, a) || !strcmp(name, b));
}

/* Did `waker` end by what it does in its stretch `at`, and was that what the other slept for? */
static bool is_exit(const struct walk *w, const struct history_task *waker, size_t at, task_id woken,
		    const struct stretch *sleep)
{
	const struct task *task = model_task(w->h->model, waker->id);

	if (at + 1 < waker->v.n || !task->died_here)
		return false;
	if (is_call(w, sleep->syscall, "wait4", "waitid"))
		return true;
	if (!is_call(w, sleep->syscall, "futex", "futex_wait") || waker->to_ns - w->now_ns > EDGE_JOIN_NS)
		return false;
	return task_is(woken, task->leader) || (edge_is_birth(w->h, waker) && task_is(woken, waker->v.v[0].waker));
}

/* Go on with `who`, on a CPU at this instant. False: it was not, or has been here at this instant. */
static bool follow(struct walk *w, task_id who, enum path_edge edge, const struct stretch *sleep)
{
	const struct history_task *t = history_task(w->h, who);
	uint32_t slot = t ? w->h->slot[who.i] : 0;
	size_t at = t ? walk_ran_at(w, slot, w->now_ns) : SIZE_MAX;

	if (at == SIZE_MAX || w->here_ns[slot] == w->now_ns)
		return false;
	if (sleep && is_exit(w, t, at, w->t->id, sleep))
		edge = PATH_EXIT;
	if (w->edge == PATH_SAME) {
		w->edge = (uint8_t)edge;
		w->edge_syscall = sleep ? sleep->syscall : EV_NO_SYSCALL;
		w->edge_arg = sleep ? sleep->arg : 0;
	}
	w->here_ns[w->slot] = w->here_ns[slot] = w->now_ns;
	w->t = t;
	w->slot = slot;
	w->at = at;
	return true;
}

/* All from the beginning of the walk's stretch on is on steps: what was before it? */
static void go_before(struct walk *w)
{
	task_id from = edge_from(w->h, w->t, w->at);

	if (!w->at) {
		if (!follow(w, from, PATH_FORK, NULL))
			put_nobody(w, w->p->window.from_ns);
		return;
	}
	if (!follow(w, from, PATH_WAKE, &w->t->v.v[w->at - 1]))
		w->at--;
}

static void walk_to_the_beginning(struct walk *w)
{
	while (w->now_ns > w->p->window.from_ns) {
		put_stretch(w);
		if (w->now_ns > w->p->window.from_ns)
			go_before(w);
	}
}

/* ---- whose end ---- */

/* When it was last on a CPU in the window, cut to it; 0: never. */
static uint64_t last_ran_ns(const struct history_task *t, struct window window)
{
	for (size_t i = t->v.n; i-- && stretch_to_ns(t, i) > window.from_ns;)
		if (t->v.v[i].state == STATE_RUNNING && t->v.v[i].from_ns < window.to_ns)
			return stretch_to_ns(t, i) < window.to_ns ? stretch_to_ns(t, i) : window.to_ns;
	return 0;
}

static task_id last_on_cpu(const struct history *h, struct window window)
{
	task_id best = TASK_NONE;
	uint64_t best_ns = 0;

	for (size_t i = 0; i < h->tasks.n; i++) {
		uint64_t ns = last_ran_ns(&h->tasks.v[i], window);

		if (ns > best_ns) {
			best_ns = ns;
			best = h->tasks.v[i].id;
		}
	}
	return best;
}

/* Does it do, or want to do, something when the window ends? */
static bool ends_awake(const struct history *h, task_id id, uint64_t to_ns)
{
	const struct history_task *t = history_task(h, id);
	size_t at = t && to_ns ? history_at(t, to_ns - 1) : SIZE_MAX;

	return at != SIZE_MAX && (t->v.v[at].state == STATE_RUNNING || t->v.v[at].state == STATE_RUNNABLE);
}

static task_id whose_end(const struct history *h, task_id asked, struct window window)
{
	task_id other;

	if (h->target->aimed || ends_awake(h, asked, window.to_ns))
		return asked;
	other = last_on_cpu(h, window);
	return task_some(other) ? other : asked;
}

/* ---- all of it ---- */

static void turn_round(struct path *p)
{
	for (size_t i = 0, j = p->steps.n; i + 1 < j; i++) {
		struct path_step s = p->steps.v[i];

		j--;
		p->steps.v[i] = p->steps.v[j];
		p->steps.v[j] = s;
	}
}

void path_make(struct path *p, const struct history *h, task_id last, struct window window)
{
	struct walk w;

	*p = (struct path){ .window = window, .last = TASK_NONE, .asked = last };
	if (!task_some(last) || window.to_ns <= window.from_ns)
		return;
	p->last = whose_end(h, last, window);
	walk_init(&w, p, h);
	w.edge = PATH_END;
	w.edge_syscall = EV_NO_SYSCALL;
	w.t = history_task(h, p->last);
	if (w.t) {
		w.slot = h->slot[p->last.i];
		put_nobody(&w, w.t->to_ns); /* nothing, unless it had died */
		w.at = history_at(w.t, w.now_ns - 1);
	}
	if (!w.t || w.at == SIZE_MAX)
		put_nobody(&w, window.from_ns);
	else
		walk_to_the_beginning(&w);
	walk_release(&w);
	turn_round(p);
}

void path_release(struct path *p)
{
	vec_release(&p->steps);
}
