/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * raw.h - all spans of a model as they were given out, and a table of who did what between any two changes: for
 * references that take the slow road and cannot be wrong in the same way.
 *
 * Times are cut at every change of anything, so that between two cuts nothing changes.
 */
#ifndef SCHEDVIZ_TESTS_RAW_H
#define SCHEDVIZ_TESTS_RAW_H

#include <stdlib.h>
#include <string.h>
#include "analysis/account.h"
#include "trace/syscalls.h"
#include "unit/soup.h"
#include "unit/test.h"

struct raw {
	struct model *m;
	struct target target;
	VEC(struct span) spans;
	VEC(struct cpu_span) cpus;
	uint64_t *cut; /* nr_cuts + 1 of them, ascending, all different: the window's ends and all between */
	size_t nr_cuts;
	const struct span **did;      /* [cut * nr_tasks + task]: in force from that cut to the next; NULL: none */
	const struct cpu_span **had;  /* [cut * nr_cpus + cpu] */
	uint32_t nr_tasks, nr_cpus;
};

static inline void raw_on_span(void *ctx, const struct span *s)
{
	struct raw *r = ctx;

	*vec_push(&r->spans) = *s;
}

/* One stay, though it may be given out in two spans. */
static inline void raw_on_cpu_span(void *ctx, const struct cpu_span *s)
{
	struct raw *r = ctx;

	for (size_t i = r->cpus.n; i > 0; i--) {
		struct cpu_span *last = &r->cpus.v[i - 1];

		if (last->cpu != s->cpu)
			continue;
		if (last->state != s->state || !task_is(last->task, s->task))
			break;
		last->to_ns = s->to_ns;
		return;
	}
	*vec_push(&r->cpus) = *s;
}

static inline struct model_sink raw_sink(struct raw *r)
{
	return (struct model_sink){ .ctx = r, .span = raw_on_span, .cpu_span = raw_on_cpu_span };
}

static inline int raw_by_time(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static inline void raw_cut(struct raw *r, uint64_t ts_ns)
{
	if (ts_ns > r->target.window.from_ns && ts_ns < r->target.window.to_ns)
		r->cut[r->nr_cuts++] = ts_ns;
}

static inline void raw_cut_allowed(struct raw *r, bool count_only, size_t *n)
{
	for (uint32_t i = 0; i < r->nr_tasks; i++) {
		uint64_t ts_ns = 0;
		bool known;

		while (ts_ns != UINT64_MAX) {
			model_allowed_set(r->m, (task_id){ i }, ts_ns, &known, &ts_ns);
			++*n;
			if (!count_only)
				raw_cut(r, ts_ns);
		}
	}
}

static inline void raw_cuts(struct raw *r)
{
	size_t nr_jobs, n = 2, kept = 1;
	const struct job *jobs = model_jobs(r->m, &nr_jobs);

	raw_cut_allowed(r, true, &n);
	n += 2 * r->spans.n + 2 * r->cpus.n + 3 * nr_jobs + 2 * r->nr_tasks;
	r->cut = malloc((n + 2) * sizeof(*r->cut));
	r->cut[r->nr_cuts++] = r->target.window.from_ns;
	for (size_t i = 0; i < r->spans.n; i++) {
		raw_cut(r, r->spans.v[i].from_ns);
		raw_cut(r, r->spans.v[i].to_ns);
	}
	for (size_t i = 0; i < r->cpus.n; i++) {
		raw_cut(r, r->cpus.v[i].from_ns);
		raw_cut(r, r->cpus.v[i].to_ns);
	}
	for (size_t i = 0; i < nr_jobs; i++) {
		raw_cut(r, jobs[i].submitted_ns);
		raw_cut(r, jobs[i].started_ns);
		raw_cut(r, jobs[i].finished_ns);
	}
	for (uint32_t i = 0; i < r->nr_tasks; i++) {
		raw_cut(r, model_task(r->m, (task_id){ i })->born_ns);
		raw_cut(r, model_task(r->m, (task_id){ i })->died_ns);
	}
	raw_cut_allowed(r, false, &n);
	qsort(r->cut, r->nr_cuts, sizeof(*r->cut), raw_by_time);
	for (size_t i = 1; i < r->nr_cuts; i++)
		if (r->cut[i] != r->cut[kept - 1])
			r->cut[kept++] = r->cut[i];
	r->nr_cuts = kept;
	r->cut[kept] = r->target.window.to_ns;
}

/* After the pass; `window`: within the model's. The target is everybody, or the tree, as the facts say. */
static inline void raw_finish(struct raw *r, struct window window)
{
	r->nr_tasks = model_nr_tasks(r->m);
	r->nr_cpus = model_nr_cpus(r->m);
	target_init(&r->target, r->m, NULL, window);
	raw_cuts(r);
	r->did = calloc(r->nr_cuts * r->nr_tasks + 1, sizeof(*r->did));
	r->had = calloc(r->nr_cuts * r->nr_cpus + 1, sizeof(*r->had));
	for (size_t i = 0; i < r->spans.n; i++)
		for (size_t c = 0; c < r->nr_cuts; c++)
			if (r->spans.v[i].from_ns <= r->cut[c] && r->cut[c] < r->spans.v[i].to_ns)
				r->did[c * r->nr_tasks + r->spans.v[i].task.i] = &r->spans.v[i];
	for (size_t i = 0; i < r->cpus.n; i++)
		for (size_t c = 0; c < r->nr_cuts; c++)
			if (r->cpus.v[i].from_ns <= r->cut[c] && r->cut[c] < r->cpus.v[i].to_ns)
				r->had[c * r->nr_cpus + r->cpus.v[i].cpu] = &r->cpus.v[i];
}

static inline const struct span *raw_did(const struct raw *r, size_t cut, uint32_t task)
{
	return r->did[cut * r->nr_tasks + task];
}

/* NULL: a CPU that was never seen, or none. */
static inline const struct cpu_span *raw_had(const struct raw *r, size_t cut, uint32_t cpu)
{
	return cpu < r->nr_cpus ? r->had[cut * r->nr_cpus + cpu] : NULL;
}

static inline uint64_t raw_ns(const struct raw *r, size_t cut)
{
	return r->cut[cut + 1] - r->cut[cut];
}

static inline bool raw_is_idle(const struct raw *r, size_t cut, uint32_t cpu)
{
	const struct cpu_span *s = raw_had(r, cut, cpu);

	return s && s->state == CPU_IDLE;
}

static inline bool raw_is_timed(const struct raw *r, const struct span *s)
{
	const char *name = syscall_name(model_arch(r->m), s->syscall);

	return s->state >= STATE_SLEEPING && name &&
	       (!strcmp(name, "clock_nanosleep") || !strcmp(name, "nanosleep"));
}

static inline void raw_release(struct raw *r)
{
	vec_release(&r->spans);
	vec_release(&r->cpus);
	free(r->cut);
	free(r->did);
	free(r->had);
	target_release(&r->target);
}

/* ---- a soup, its history and its raw spans ---- */

struct raw_soup {
	struct raw raw;
	struct history h;
};

/* A third of them of all, a third of a part, a third of a sliver. */
static inline struct window raw_window(uint64_t seed)
{
	struct dice d = { seed * 77 };
	struct window w = { SOUP_FROM_NS, SOUP_FROM_NS + SOUP_NS };
	uint32_t kind = roll(&d, 3);

	if (kind == 0)
		return w;
	w.from_ns += roll(&d, SOUP_NS / 2);
	w.to_ns = w.from_ns + 1 + roll(&d, kind == 1 ? SOUP_NS / 2 - 1 : 3000);
	return w;
}

static inline void raw_soup_make(struct raw_soup *x, uint64_t seed, const struct facts *facts)
{
	struct model_sink sinks[2];

	*x = (struct raw_soup){ 0 };
	sinks[0] = raw_sink(&x->raw);
	history_init(&x->h, (struct window){ 0, UINT64_MAX }, NULL, &sinks[1]);
	soup_model(&x->raw.m, seed, facts, sinks, 2, NULL);
	raw_finish(&x->raw, raw_window(seed));
	history_finish(&x->h, x->raw.m, &x->raw.target);
}

static inline void raw_soup_release(struct raw_soup *x)
{
	history_release(&x->h);
	raw_release(&x->raw);
	model_free(x->raw.m);
}

#endif
