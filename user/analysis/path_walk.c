/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_walk.c - what the walk back asks: who ran there, who had that CPU, which job began.
 */
#include "analysis/path_walk.h"

#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"

/* ---- the last element that begins by an instant, searched downwards from where the last search ended ---- */

/* `v` has at least `hi` elements; v[i].from_ns grows. SIZE_MAX: all begin later. */
#define LAST_BELOW(v, hi, ts_ns)                                     \
	({                                                           \
		size_t hi_ = (hi), lo_ = hi_, step_ = 1;             \
		while (lo_ && (v)[lo_ - 1].from_ns > (ts_ns)) {      \
			hi_ = lo_ - 1;                               \
			lo_ = lo_ - 1 > step_ ? lo_ - 1 - step_ : 0; \
			step_ *= 2;                                  \
		}                                                    \
		while (lo_ < hi_) {                                  \
			size_t mid_ = lo_ + (hi_ - lo_) / 2;         \
			if ((v)[mid_].from_ns <= (ts_ns))            \
				lo_ = mid_ + 1;                      \
			else                                         \
				hi_ = mid_;                          \
		}                                                    \
		lo_ - 1;                                             \
	})

size_t walk_ran_at(struct walk *w, uint32_t slot, uint64_t ts_ns)
{
	const struct history_task *t = &w->h->tasks.v[slot];
	size_t at = LAST_BELOW(t->v.v, w->task_at[slot], ts_ns);

	w->task_at[slot] = at + 1;
	return edge_ran(t, &at, ts_ns) ? at : SIZE_MAX;
}

/* ---- who had a CPU ---- */

static void had(struct walk *w, uint32_t who, uint64_t ns)
{
	if (!w->had_ns[who])
		*vec_push(&w->had) = who;
	w->had_ns[who] += ns;
}

/* Of equals the one of the lowest number. */
static task_id had_most(struct walk *w, uint64_t *ns)
{
	task_id best = TASK_NONE;

	*ns = 0;
	for (size_t i = 0; i < w->had.n; i++) {
		uint32_t who = w->had.v[i];

		if (w->had_ns[who] > *ns || (w->had_ns[who] == *ns && who < best.i)) {
			*ns = w->had_ns[who];
			best.i = who;
		}
		w->had_ns[who] = 0;
	}
	w->had.n = 0;
	return best;
}

task_id walk_who_had(struct walk *w, uint32_t cpu, struct window span, uint64_t *ns)
{
	const struct history_cpu *c = cpu < w->h->nr_cpus ? &w->h->cpus[cpu] : NULL;
	uint64_t to_ns = span.to_ns;
	size_t at;

	*ns = 0;
	if (!c || !c->v.n)
		return TASK_NONE;
	at = LAST_BELOW(c->v.v, w->cpu_at[cpu], span.to_ns - 1);
	w->cpu_at[cpu] = at + 1;
	if (to_ns > c->to_ns)
		to_ns = c->to_ns;
	for (; at != SIZE_MAX && to_ns > span.from_ns; at--) {
		uint64_t from_ns = c->v.v[at].from_ns > span.from_ns ? c->v.v[at].from_ns : span.from_ns;

		if (ON_CPU_IS_TASK(c->v.v[at].who))
			had(w, c->v.v[at].who, to_ns - from_ns);
		to_ns = from_ns;
	}
	return had_most(w, ns);
}

/* ---- where jobs cut ---- */

static int by_time(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Jobs one after the other give their cuts in order; one inside another does not. */
static void order_cuts(uint64_t *v, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (v[i] < v[i - 1]) {
			qsort(v, n, sizeof(*v), by_time);
			return;
		}
}

static void collect_cuts(struct walk *w)
{
	const struct history *h = w->h;
	size_t n = 0;

	w->cuts = xcalloc(2 * (size_t)h->nr_jobs + 1, sizeof(*w->cuts));
	for (uint32_t i = 0; i < h->nr_jobs;) {
		task_id worker = h->jobs[h->job_order[i]].worker;
		const struct history_task *t = history_task(h, worker);
		size_t first = n;

		for (; i < h->nr_jobs && task_is(h->jobs[h->job_order[i]].worker, worker); i++) {
			const struct job *j = &h->jobs[h->job_order[i]];

			w->cuts[n++] = j->started_ns;
			if (j->finished_ns != UINT64_MAX)
				w->cuts[n++] = j->finished_ns;
		}
		order_cuts(w->cuts + first, n - first);
		if (t) {
			w->cut_from[h->slot[worker.i]] = first;
			w->cut_at[h->slot[worker.i]] = n;
		}
	}
}

uint64_t walk_job_cut(struct walk *w, uint64_t from_ns)
{
	size_t first = w->cut_from[w->slot], *at = &w->cut_at[w->slot];

	while (*at > first && w->cuts[*at - 1] >= w->now_ns)
		--*at;
	return *at > first && w->cuts[*at - 1] > from_ns ? w->cuts[*at - 1] : from_ns;
}

/* ---- begin and end ---- */

void walk_init(struct walk *w, struct path *p, const struct history *h)
{
	size_t nr = h->tasks.n + 1, ids = model_nr_tasks(h->model) + 1u, cpus = h->nr_cpus + 1u;

	*w = (struct walk){ .p = p, .h = h, .now_ns = p->window.to_ns };
	w->here_ns = xcalloc(nr, sizeof(*w->here_ns));
	memset(w->here_ns, 0xff, nr * sizeof(*w->here_ns));
	w->on_path = xcalloc(nr, sizeof(*w->on_path));
	w->task_at = xcalloc(nr, sizeof(*w->task_at));
	w->cpu_at = xcalloc(cpus, sizeof(*w->cpu_at));
	w->had_ns = xcalloc(ids, sizeof(*w->had_ns));
	w->cut_at = xcalloc(nr, sizeof(*w->cut_at));
	w->cut_from = xcalloc(nr, sizeof(*w->cut_from));
	for (size_t i = 0; i < h->tasks.n; i++)
		w->task_at[i] = h->tasks.v[i].v.n;
	for (uint32_t c = 0; c < h->nr_cpus; c++)
		w->cpu_at[c] = h->cpus[c].v.n;
	collect_cuts(w);
}

void walk_release(struct walk *w)
{
	free(w->here_ns);
	free(w->on_path);
	free(w->task_at);
	free(w->cpu_at);
	free(w->had_ns);
	vec_release(&w->had);
	free(w->cuts);
	free(w->cut_at);
	free(w->cut_from);
}
