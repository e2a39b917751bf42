/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * findings_tasks.c - the rules that look at what tasks did to each other: inversion, ping-pong, helpers, the GIL.
 */
#include "analysis/findings_rules.h"

#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "trace/syscalls.h"

/* The stretch with the wake-up that ended the rest `i`, if a task of the target made it; NULL. */
static const struct stretch *woken_by_task(const struct history *h, const struct history_task *t, size_t i)
{
	const struct stretch *next = i + 1 < t->v.n ? &t->v.v[i + 1] : NULL;

	if (!next || t->v.v[i].state < STATE_SLEEPING || next->state > STATE_RUNNABLE || next->state == STATE_UNKNOWN)
		return NULL;
	return stretch_ctx(next) == EV_CTX_TASK && target_has(h->target, next->waker) ? next : NULL;
}

/* ---- inversion ---- */

static bool is_futex(const struct model *m, int32_t syscall)
{
	const char *name = syscall_name(model_arch(m), syscall);

	return name && !strncmp(name, "futex", 5);
}

struct inversion {
	uint64_t ns; /* that the holder waited while somebody between ran, within a sleep */
	uint64_t slept_ns, at_ns;
	task_id high, low, middle;
	uint64_t middle_ns;
};

/* Of the holder's wait [from_ns, to_ns) on a CPU: when somebody ran there who is more urgent than the holder and no
 * more than the sleeper.
 */
static void add_between(const struct history *h, uint32_t cpu, struct window w, struct inversion *inv)
{
	const struct history_cpu *c = cpu < h->nr_cpus ? &h->cpus[cpu] : NULL;
	const struct task *high = model_task(h->model, inv->high), *low = model_task(h->model, inv->low);

	if (!c || !c->v.n)
		return;
	for (size_t i = history_cpu_at(c, w.from_ns); i < c->v.n && c->v.v[i].from_ns < w.to_ns; i++) {
		uint32_t who = c->v.v[i].who;
		uint64_t ns = history_part_ns(c->v.v[i].from_ns, on_cpu_to_ns(c, i), w);
		const struct task *t = ON_CPU_IS_TASK(who) ? model_task(h->model, (task_id){ who }) : NULL;

		if (!t || t->prio >= low->prio || t->prio < high->prio || who == inv->high.i)
			continue;
		inv->ns += ns;
		if (ns > inv->middle_ns) {
			inv->middle = (task_id){ who };
			inv->middle_ns = ns;
		}
	}
}

/* What the holder did while the sleeper slept [from_ns, to_ns). */
static void add_sleep(const struct history *h, struct window sleep, struct inversion *inv)
{
	const struct history_task *low = history_task(h, inv->low);
	size_t i = low ? history_at(low, sleep.from_ns) : SIZE_MAX;

	if (!low)
		return;
	for (i = i == SIZE_MAX ? 0 : i; i < low->v.n && low->v.v[i].from_ns < sleep.to_ns; i++) {
		const struct stretch *s = &low->v.v[i];
		uint64_t from_ns = s->from_ns, to_ns = stretch_to_ns(low, i);

		if (s->state != STATE_RUNNABLE)
			continue;
		from_ns = from_ns > sleep.from_ns ? from_ns : sleep.from_ns;
		to_ns = to_ns < sleep.to_ns ? to_ns : sleep.to_ns;
		if (from_ns < to_ns)
			add_between(h, s->cpu, (struct window){ from_ns, to_ns }, inv);
	}
}

/* The worst single sleep of all. */
static void worst_of(const struct history *h, const struct history_task *t, struct inversion *worst)
{
	event_prio own = model_task(h->model, t->id)->prio;

	for (size_t i = 0; i < t->v.n; i++) {
		const struct stretch *by = woken_by_task(h, t, i);
		struct inversion inv = { .high = t->id, .low = TASK_NONE, .middle = TASK_NONE };

		if (!by || model_task(h->model, by->waker)->prio <= own || !is_futex(h->model, t->v.v[i].syscall))
			continue;
		inv.low = by->waker;
		inv.at_ns = t->v.v[i].from_ns;
		inv.slept_ns = by->from_ns - inv.at_ns;
		add_sleep(h, (struct window){ inv.at_ns, by->from_ns }, &inv);
		if (inv.ns > worst->ns)
			*worst = inv;
	}
}

static event_prio least_urgent(const struct history *h)
{
	event_prio least = INT16_MIN;

	for (uint32_t i = 0; i < model_nr_tasks(h->model); i++) {
		event_prio prio = model_task(h->model, (task_id){ i })->prio;

		if (h->target->has[i] && prio > least)
			least = prio;
	}
	return least;
}

void find_inversion(struct findings *f, const struct account *a)
{
	const struct history *h = &a->history;
	event_prio least = least_urgent(h);
	struct inversion worst = { 0 };
	struct finding_row *row;

	for (size_t i = 0; i < h->tasks.n; i++)
		if (model_task(h->model, h->tasks.v[i].id)->prio < least)
			worst_of(h, &h->tasks.v[i], &worst);
	if (worst.ns < FINDING_LONG_NS || worst.ns * 10 < worst.slept_ns)
		return;
	row = finding_add(f, FINDING_INVERSION);
	row->who = worst.high;
	row->other = worst.low;
	row->third = worst.middle;
	row->ns = worst.ns;
	row->of_ns = worst.slept_ns;
	row->weight_ns = worst.slept_ns;
	finding_at(row, worst.at_ns);
}

/* ---- ping-pong ---- */

#define PINGPONG_LEAST 100 /* wake-ups of each by the other */

/* Whom a task was woken by most, found by voting: right whenever somebody has the majority. */
struct partner {
	uint32_t who;
	uint64_t votes, wakes, by_who, apart, late_ns;
	uint64_t first_ns;
};

static void vote(struct partner *p, uint32_t who)
{
	if (!p->votes)
		p->who = who;
	p->votes += p->who == who ? 1 : UINT64_MAX; /* or one less */
}

static struct partner partner_of(const struct history *h, const struct history_task *t)
{
	struct partner p = { .who = UINT32_MAX };

	for (size_t i = 0; i + 1 < t->v.n; i++) {
		const struct stretch *by = woken_by_task(h, t, i);

		if (t->v.v[i].state < STATE_SLEEPING)
			continue;
		p.wakes++;
		if (by)
			vote(&p, by->waker.i);
	}
	if (p.votes * 10 < p.wakes * 6) /* what is left of 80 % once the other 20 % have voted against it */
		return p;
	for (size_t i = 0; p.who != UINT32_MAX && i + 1 < t->v.n; i++) {
		const struct stretch *by = woken_by_task(h, t, i);

		if (!by || by->waker.i != p.who)
			continue;
		p.first_ns = p.by_who++ ? p.first_ns : by->from_ns;
		p.apart += by->cpu != by->waker_cpu;
		p.late_ns += by->state == STATE_RUNNABLE ? stretch_to_ns(t, i + 1) - by->from_ns : 0;
	}
	return p;
}

static bool is_faithful(const struct partner *p)
{
	return p->by_who >= PINGPONG_LEAST && p->by_who * 10 >= p->wakes * 8 && p->apart * 10 >= p->by_who * 8;
}

void find_pingpong(struct findings *f, const struct account *a)
{
	const struct history *h = &a->history;
	struct partner *all = xcalloc(h->tasks.n ? h->tasks.n : 1, sizeof(*all));

	for (size_t i = 0; i < h->tasks.n; i++)
		if (h->tasks.v[i].v.n >= 2 * PINGPONG_LEAST)
			all[i] = partner_of(h, &h->tasks.v[i]);
	for (size_t i = 0; i < h->tasks.n; i++) {
		uint32_t k = is_faithful(&all[i]) ? h->slot[all[i].who] : UINT32_MAX;
		struct finding_row *row;

		if (k == UINT32_MAX || k <= i || !is_faithful(&all[k]) || all[k].who != h->tasks.v[i].id.i ||
		    !finding_much(all[i].late_ns + all[k].late_ns, account_wall_ns(a)))
			continue;
		row = finding_add(f, FINDING_PINGPONG);
		row->who = h->tasks.v[i].id;
		row->other = h->tasks.v[k].id;
		row->count = all[i].by_who + all[k].by_who;
		row->ns = row->weight_ns = all[i].late_ns + all[k].late_ns;
		finding_at(row, all[i].first_ns);
	}
	free(all);
}

/* ---- helpers and the GIL ---- */

static bool is_helper(enum role r)
{
	return r == ROLE_WORKER_HANDLER || r == ROLE_TASK_HANDLER || r == ROLE_RESULT_HANDLER || r == ROLE_FEEDER;
}

void find_helpers(struct findings *f, const struct account *a)
{
	uint32_t nr = model_nr_tasks(a->sum->model);
	uint64_t *ns = xcalloc(nr ? nr : 1, sizeof(*ns)), most_ns = 0;
	struct finding_row *row = NULL;

	for (size_t i = 0; i < a->path.steps.n; i++) {
		const struct path_step *s = &a->path.steps.v[i];

		if (!task_some(s->task) || !is_helper(roles_of(a->sum->roles, s->task)))
			continue;
		row = row ? row : finding_add(f, FINDING_HELPERS);
		row->count += !ns[s->task.i];
		ns[s->task.i] += s->to_ns - s->from_ns;
		row->ns += s->to_ns - s->from_ns;
		if (ns[s->task.i] > most_ns) {
			most_ns = ns[s->task.i];
			row->who = s->task;
		}
		finding_at(row, s->from_ns);
	}
	if (row) {
		row->weight_ns = row->ns;
		row->of_ns = account_wall_ns(a);
	}
	free(ns);
}

void find_gil(struct findings *f, const struct account *a)
{
	struct finding_row *row = NULL;
	uint64_t most_ns = 0;

	for (size_t i = 0; a->sum->roles && i < a->history.tasks.n; i++) {
		struct role_waits w = roles_gil(a->sum->roles, a->history.tasks.v[i].id);

		if (!w.count)
			continue;
		row = row ? row : finding_add(f, FINDING_GIL);
		row->count += w.count;
		row->of_count++;
		row->ns += w.ns;
		if (w.ns > most_ns) {
			most_ns = w.ns;
			row->who = a->history.tasks.v[i].id;
		}
	}
	if (row)
		row->weight_ns = most_ns;
}
