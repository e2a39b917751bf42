/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * waits.c - find waits among the stretches of each task, and the spans of the CPU that they were for.
 */
#include "analysis/waits.h"

#include <stdlib.h>
#include "base/alloc.h"

/*
 * The spans of CPUs are all over the memory. Before so many stretches are looked at, the spans of their waits are read:
 * one after the other with nothing in between, so that the processor fetches many at once, pages and all; asking it to
 * (prefetch) is not enough for that. As many lines of the cache as a wait of that length has on average, within limits.
 */
#define BATCH 24u
#define AHEAD_LINES 12
#define LINE_SPANS (64 / sizeof(struct on_cpu))

static inline bool is_wait(const struct stretch *s)
{
	return s->state == STATE_RUNNABLE;
}

static void count_lines(const struct history *h, float *lines_per_ns)
{
	for (uint32_t i = 0; i < h->nr_cpus; i++) {
		const struct history_cpu *c = &h->cpus[i];

		if (c->v.n)
			lines_per_ns[i] = (float)(c->v.n / LINE_SPANS) / (float)(c->to_ns - c->v.v[0].from_ns);
	}
}

static void read_ahead(const struct history *h, const struct history_task *t, size_t from, const float *lines_per_ns)
{
	size_t to = from + BATCH < t->v.n ? from + BATCH : t->v.n;
	uint32_t sum = 0;

	for (size_t i = from; i < to; i++) {
		const struct stretch *s = &t->v.v[i];
		size_t span = history_span(h, s), lines;
		float want;
		const struct on_cpu *at;

		if (span == SIZE_MAX || !span || !i)
			continue;
		at = &h->cpus[s->cpu].v.v[span - 1];
		sum += at->who;
		want = lines_per_ns[s->cpu] * (float)(s->from_ns - s[-1].from_ns) + 1;
		lines = want < AHEAD_LINES ? (size_t)want : AHEAD_LINES;
		for (size_t k = 1; k < lines && k * LINE_SPANS < span; k++)
			sum += at[-(ptrdiff_t)(k * LINE_SPANS)].who;
	}
	__asm__ volatile("" : : "r"(sum)); /* or nothing would be read */
}

/* The span of its CPU that the stretch after a wait is, if they are of one CPU. */
static size_t span_after(const struct history *h, const struct history_task *t, size_t last)
{
	const struct stretch *next = last + 1 < t->v.n ? &t->v.v[last + 1] : NULL;

	return next && next->state == STATE_RUNNING && next->cpu == t->v.v[last].cpu ? history_span(h, next) : SIZE_MAX;
}

struct waiting waiting_from(const struct history *h, const struct history_task *t, size_t first)
{
	const struct stretch *s = &t->v.v[first];
	size_t last = first;

	while (last + 1 < t->v.n && is_wait(&t->v.v[last + 1]) && t->v.v[last + 1].since_ns == s->since_ns)
		last++;
	return (struct waiting){ .task = t, .first = first, .last = last, .span = span_after(h, t, last) };
}

static void along_task(const struct history *h, const struct history_task *t, const float *lines_per_ns,
		       void (*each)(void *ctx, const struct waiting *w), void *ctx)
{
	for (size_t i = 0, ahead = 0; i < t->v.n; i++) {
		struct waiting w;

		if (i >= ahead) {
			read_ahead(h, t, i, lines_per_ns);
			ahead = i + BATCH;
		}
		if (!is_wait(&t->v.v[i]))
			continue;
		w = waiting_from(h, t, i);
		i = w.last;
		each(ctx, &w);
	}
}

void waits_walk(const struct history *h, void (*each)(void *ctx, const struct waiting *w), void *ctx)
{
	float *lines_per_ns = xcalloc(h->nr_cpus, sizeof(*lines_per_ns));

	count_lines(h, lines_per_ns);
	for (size_t i = 0; i < h->tasks.n; i++)
		along_task(h, &h->tasks.v[i], lines_per_ns, each, ctx);
	free(lines_per_ns);
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
