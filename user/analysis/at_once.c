/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * at_once.c - how many of the target's tasks were on CPUs, and how many jobs in work, at one time.
 */
#include "analysis/reasons.h"

#include <stdlib.h>
#include "base/alloc.h"

/* ---- CPUs ---- */

/* A CPU whose next span begins, or whose last one ends, at `next_ns`. */
struct turn {
	uint64_t next_ns;
	uint32_t cpu;
	bool ours; /* until then it has a task of the target */
	size_t at; /* the span that begins then; one more than the last: none does */
};

struct turns {
	struct turn *v; /* a heap: the earliest at the top */
	uint32_t n;
};

static void sift(struct turns *t, uint32_t i)
{
	struct turn moved = t->v[i];

	for (uint32_t child; (child = 2 * i + 1) < t->n; i = child) {
		child += child + 1 < t->n && t->v[child + 1].next_ns < t->v[child].next_ns;
		if (t->v[child].next_ns >= moved.next_ns)
			break;
		t->v[i] = t->v[child];
	}
	t->v[i] = moved;
}

static struct turns turns_of(const struct history *h)
{
	struct turns t = { .v = xcalloc(h->nr_cpus + 1u, sizeof(*t.v)) };

	for (uint32_t c = 0; c < h->nr_cpus; c++)
		if (h->cpus[c].v.n)
			t.v[t.n++] = (struct turn){ .next_ns = h->cpus[c].v.v[0].from_ns, .cpu = c };
	for (uint32_t i = t.n / 2; i--;)
		sift(&t, i);
	return t;
}

/* The turn at the top comes. Returns by how much there are more of the target on CPUs. */
static int take_turn(struct turns *t, const struct history *h)
{
	struct turn *top = &t->v[0];
	const struct history_cpu *c = &h->cpus[top->cpu];
	int before = top->ours, more;

	top->ours = top->at < c->v.n && ON_CPU_IS_TASK(c->v.v[top->at].who) &&
		    target_has(h->target, (task_id){ c->v.v[top->at].who });
	if (top->at < c->v.n) {
		top->next_ns = on_cpu_to_ns(c, top->at);
		top->at++;
	} else {
		top->next_ns = UINT64_MAX;
	}
	more = top->ours - before;
	sift(t, 0);
	return more;
}

static void count_tasks(struct at_once *a, const struct history *h)
{
	struct turns turns = turns_of(h);
	uint64_t now_ns = h->window.from_ns;
	uint32_t now = 0;

	a->cpus = turns.n;
	while (turns.n && now_ns < h->window.to_ns) {
		uint64_t ns = history_part_ns(now_ns, turns.v[0].next_ns, h->window);

		a->ns[now < 2 ? now : 2] += ns;
		if (ns && now > a->most)
			a->most = now;
		now_ns += ns;
		if (now_ns < h->window.to_ns)
			now = (uint32_t)((int)now + take_turn(&turns, h));
	}
	if (!turns.n)
		a->ns[0] = h->window.to_ns - h->window.from_ns;
	free(turns.v);
}

/* ---- jobs ---- */

static int by_time(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void count_jobs(struct at_work *a, const struct history *h)
{
	uint64_t *from_ns = xcalloc(h->nr_jobs + 1u, sizeof(*from_ns)),
		 *to_ns = xcalloc(h->nr_jobs + 1u, sizeof(*to_ns));
	uint32_t ended = 0;

	for (uint32_t i = 0; i < h->nr_jobs; i++) {
		const struct job *j = &h->jobs[h->job_order[i]];

		if (j->started_ns < h->window.from_ns || j->finished_ns == UINT64_MAX ||
		    j->finished_ns > h->window.to_ns || j->finished_ns < j->started_ns)
			continue;
		from_ns[a->jobs] = j->started_ns;
		to_ns[a->jobs++] = j->finished_ns;
		a->ns += j->finished_ns - j->started_ns;
	}
	qsort(from_ns, a->jobs, sizeof(*from_ns), by_time);
	qsort(to_ns, a->jobs, sizeof(*to_ns), by_time);
	for (uint32_t i = 0; i < a->jobs; i++) {
		while (ended < i && to_ns[ended] <= from_ns[i])
			ended++;
		if (i + 1 - ended > a->most)
			a->most = i + 1 - ended;
	}
	free(from_ns);
	free(to_ns);
}

void at_once_count(struct at_once *tasks, struct at_work *jobs, const struct history *h)
{
	*tasks = (struct at_once){ 0 };
	*jobs = (struct at_work){ 0 };
	count_tasks(tasks, h);
	count_jobs(jobs, h);
}
