/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reasons.c - find what stands behind a path: a lock handed over, a job without a worker.
 */
#include "analysis/reasons.h"

#include <stdlib.h>
#include "analysis/edge.h"
#include "base/alloc.h"

/* ---- handed over ---- */

static uint64_t inside_ns(const struct history *h, const struct history_task *t, size_t at)
{
	return history_part_ns(t->v.v[at].from_ns, stretch_to_ns(t, at), h->window);
}

/*
 * The sleep before that of stretch `at`, if it was for the same: in the same call, not ended by a task of the target,
 * and followed by so little (a tenth of it) that it can only have looked and gone back to sleep. SIZE_MAX: it was not.
 */
static size_t slept_before(const struct history *h, const struct history_task *t, size_t at)
{
	uint64_t between_ns = 0;
	size_t i = at;

	while (i-- && t->v.v[i].state < STATE_SLEEPING)
		between_ns += stretch_to_ns(t, i) - t->v.v[i].from_ns;
	if (i == SIZE_MAX || t->v.v[i].syscall != t->v.v[at].syscall || t->v.v[i].arg != t->v.v[at].arg ||
	    target_has(h->target, edge_from(h, t, i + 1)) || stretch_to_ns(t, i) <= h->window.from_ns ||
	    between_ns > inside_ns(h, t, i) / 10)
		return SIZE_MAX;
	return i;
}

/* How long the path stays with the task that step `i` is of. */
static uint64_t stays_ns(const struct path *p, size_t i)
{
	uint64_t ns = path_step_ns(&p->steps.v[i]);

	for (; i + 1 < p->steps.n && p->steps.v[i].edge == PATH_SAME; i++)
		ns += path_step_ns(&p->steps.v[i + 1]);
	return ns;
}

/* What the wake-up after step `i` ended; false: there was none, or by ending. */
static bool handed_over(const struct history *h, const struct path *p, size_t i, struct handover *out)
{
	const struct path_step *s = &p->steps.v[i];
	const struct history_task *t = s->edge == PATH_WAKE ? history_task(h, s[1].task) : NULL;
	size_t at = t ? history_at(t, s->to_ns) : SIZE_MAX;
	uint64_t next_ns;

	if (at == SIZE_MAX || t->v.v[at].from_ns != s->to_ns || !edge_is_wake(t, at))
		return false;
	*out = (struct handover){
		.waker = edge_from(h, t, at),
		.woken = t->id,
		.syscall = t->v.v[at - 1].syscall,
		.arg = t->v.v[at - 1].arg,
		.to_ns = s->to_ns,
	};
	for (size_t k = at - 1; k != SIZE_MAX; k = slept_before(h, t, k)) {
		out->slept_ns += inside_ns(h, t, k);
		out->sleeps++;
	}
	next_ns = stays_ns(p, i + 1);
	out->held_ns = out->slept_ns < next_ns ? out->slept_ns : next_ns;
	return true;
}

static void find_handover(struct handover *best, const struct history *h, const struct path *p)
{
	bool *met = xcalloc(h->tasks.n + 1, sizeof(*met));
	struct handover one;

	*best = (struct handover){ .waker = TASK_NONE, .woken = TASK_NONE };
	for (size_t i = 0; i + 1 < p->steps.n; i++)
		if (handed_over(h, p, i, &one) && one.held_ns > best->held_ns)
			*best = one;
	for (size_t i = 0; best->held_ns && i + 1 < p->steps.n; i++) {
		if (!handed_over(h, p, i, &one) || one.syscall != best->syscall)
			continue;
		best->count++;
		best->all_held_ns += one.held_ns;
		best->tasks += !met[h->slot[one.woken.i]];
		met[h->slot[one.woken.i]] = true;
	}
	free(met);
}

/* ---- without a worker ---- */

static uint64_t waited_ns(const struct history *h, const struct job *j)
{
	return history_part_ns(j->submitted_ns, j->started_ns, h->window);
}

static void count_workers(struct queued *q, const struct history *h)
{
	uint64_t half_ns = h->jobs[q->job].started_ns - q->waited_ns / 2;
	task_id met = TASK_NONE;

	for (uint32_t i = 0; i < h->nr_jobs; i++) {
		const struct job *j = &h->jobs[h->job_order[i]];
		const struct task *t = model_task(h->model, j->worker);

		if (task_is(j->worker, met) || !workers_job(h, j))
			continue;
		met = j->worker;
		if (t->born_ns > half_ns || t->died_ns <= half_ns)
			continue;
		q->workers++;
		q->busy += history_job(h, j->worker, half_ns) != HISTORY_NO_JOB;
	}
}

static void find_queued(struct queued *q, const struct history *h, const struct path *p)
{
	uint32_t last = HISTORY_NO_JOB;

	*q = (struct queued){ .job = HISTORY_NO_JOB, .before = HISTORY_NO_JOB };
	for (size_t i = 0; i < p->steps.n; i++) {
		uint32_t now = p->steps.v[i].job, before;
		const struct job *j;

		if (now == HISTORY_NO_JOB || now == last || !workers_job(h, &h->jobs[now]))
			continue;
		last = now;
		j = &h->jobs[now];
		before = history_job_before(h, j->worker, j->started_ns);
		if (before != HISTORY_NO_JOB && h->jobs[before].finished_ns > j->submitted_ns &&
		    waited_ns(h, j) > q->waited_ns)
			*q = (struct queued){ .job = now, .before = before, .waited_ns = waited_ns(h, j) };
	}
	if (q->job != HISTORY_NO_JOB)
		count_workers(q, h);
}

void reasons_find(struct reasons *r, const struct history *h, const struct path *p)
{
	find_handover(&r->handover, h, p);
	find_queued(&r->queued, h, p);
	at_once_count(&r->at_once, &r->at_work, h);
	workers_measure(&r->workers, h);
}
