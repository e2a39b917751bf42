/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * waits.c - find waits among the stretches of each task, and the spans of the CPU that they were for.
 */
#include "analysis/waits.h"

/* The spans of CPUs are all over the memory: they are asked for so many stretches before they are looked at. */
#define AHEAD 32

static inline bool is_wait(const struct stretch *s)
{
	return s->state == STATE_RUNNABLE;
}

static inline void ask_ahead(const struct history *h, const struct history_task *t, size_t i)
{
	size_t span = i + AHEAD < t->v.n ? history_span(h, &t->v.v[i + AHEAD]) : SIZE_MAX;

	if (span != SIZE_MAX && span)
		__builtin_prefetch(&h->cpus[t->v.v[i + AHEAD].cpu].v.v[span - 1]);
}

/* The span of its CPU that the stretch after a wait is, if they are of one CPU. */
static size_t span_after(const struct history *h, const struct history_task *t, size_t last)
{
	const struct stretch *next = last + 1 < t->v.n ? &t->v.v[last + 1] : NULL;

	return next && next->state == STATE_RUNNING && next->cpu == t->v.v[last].cpu ? history_span(h, next) : SIZE_MAX;
}

static void along_task(const struct history *h, const struct history_task *t,
		       void (*each)(void *ctx, const struct waiting *w), void *ctx)
{
	struct waiting w = { .task = t };

	for (size_t i = 0; i < t->v.n; i++) {
		const struct stretch *s = &t->v.v[i];

		ask_ahead(h, t, i);
		if (!is_wait(s))
			continue;
		w.first = i;
		while (i + 1 < t->v.n && is_wait(&s[1]) && s[1].since_ns == s->since_ns) {
			i++;
			s++;
		}
		w.last = i;
		w.span = span_after(h, t, i);
		each(ctx, &w);
	}
}

void waits_walk(const struct history *h, void (*each)(void *ctx, const struct waiting *w), void *ctx)
{
	for (size_t i = 0; i < h->tasks.n; i++)
		along_task(h, &h->tasks.v[i], each, ctx);
}

static inline struct window cut_to(struct window outer, uint64_t from_ns, uint64_t to_ns)
{
	struct window w = { from_ns > outer.from_ns ? from_ns : outer.from_ns,
			    to_ns < outer.to_ns ? to_ns : outer.to_ns };

	if (w.to_ns < w.from_ns)
		w.to_ns = w.from_ns;
	return w;
}

struct waiting_part waiting_part(const struct history *h, const struct waiting *w, size_t i)
{
	const struct stretch *s = &w->task->v.v[i];
	struct waiting_part p = { .cpu = s->cpu < h->nr_cpus ? s->cpu : CPU_NONE };

	p.when = cut_to(h->window, s->from_ns, stretch_to_ns(w->task, i));
	if (p.cpu == CPU_NONE || !h->cpus[p.cpu].v.n)
		return p;
	p.spans = &h->cpus[p.cpu];
	if (w->span != SIZE_MAX && i == w->last)
		p.end = w->span;
	else if (p.when.to_ns > p.when.from_ns)
		p.end = history_cpu_at(p.spans, p.when.to_ns - 1) + 1; /* none: SIZE_MAX + 1 is 0 */
	return p;
}
