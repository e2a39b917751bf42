/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * replay.c - play wake-ups and forks in the order of their time, all kinds of replay at once.
 */
#include "analysis/replay.h"

#include <stdlib.h>
#include <string.h>
#include "analysis/edge.h"
#include "base/alloc.h"

/* A stretch that another task began. */
struct edge {
	uint64_t ts_ns; /* from the window's beginning */
	uint32_t slot, at;
};

/* Where a task has come to: at the beginning of a stretch, or of the part of it that is inside the window. */
struct player {
	size_t at;
	uint64_t now_ns[NR_REPLAYS];
};

struct replayer {
	const struct history *h;
	struct window window;
	struct player *players; /* by slot */
	bool timed[512];	/* by number: calls that wait for time alone */
};

/* ---- edges, in order of time ---- */

/* And what was computed, as this goes over everything. */
static size_t collect_edges(const struct replayer *r, struct edge **out, uint64_t *ran_ns)
{
	const struct history *h = r->h;
	VEC(struct edge) edges = { 0 };

	*ran_ns = 0;
	for (uint32_t slot = 0; slot < h->tasks.n; slot++) {
		const struct history_task *t = &h->tasks.v[slot];

		for (size_t i = 0; i < t->v.n; i++) {
			uint64_t ts_ns = t->v.v[i].from_ns;

			if (ts_ns > r->window.from_ns && ts_ns < r->window.to_ns && history_task(h, edge_from(h, t, i)))
				*vec_push(&edges) = (struct edge){ ts_ns - r->window.from_ns, slot, (uint32_t)i };
			if (t->v.v[i].state == STATE_RUNNING)
				*ran_ns += history_part_ns(ts_ns, stretch_to_ns(t, i), r->window);
		}
	}
	*out = edges.v;
	return edges.n;
}

#define DIGIT_BITS 12

/* Least significant digit first: stable, so edges of one instant stay in the order of their tasks. */
static void sort_edges(struct edge **edges, size_t n, uint64_t max_ns)
{
	struct edge *from = *edges, *to = n ? xcalloc(n, sizeof(*to)) : NULL;

	for (unsigned shift = 0; n && shift < 64 && max_ns >> shift; shift += DIGIT_BITS) {
		size_t at[(1 << DIGIT_BITS) + 1] = { 0 };
		struct edge *swap = from;

		for (size_t i = 0; i < n; i++)
			at[(from[i].ts_ns >> shift & ((1 << DIGIT_BITS) - 1)) + 1]++;
		for (size_t d = 0; d < 1 << DIGIT_BITS; d++)
			at[d + 1] += at[d];
		for (size_t i = 0; i < n; i++)
			to[at[from[i].ts_ns >> shift & ((1 << DIGIT_BITS) - 1)]++] = from[i];
		from = to;
		to = swap;
	}
	free(to);
	*edges = from;
}

/* ---- playing ---- */

enum pace { PACE_PLAIN, PACE_WOKEN, PACE_WAITING, PACE_TIMED, NR_PACES };

#define YES UINT64_MAX

/* Does a stretch of this kind take its time? All bits or none. */
static const uint64_t takes[NR_PACES][NR_REPLAYS] = {
	[PACE_PLAIN] = { YES, YES, YES, YES },
	[PACE_WOKEN] = { [REPLAY_AS_RECORDED] = YES },
	[PACE_WAITING] = { [REPLAY_AS_RECORDED] = YES, [REPLAY_NO_WAKE_LATENCY] = YES },
	[PACE_TIMED] = { [REPLAY_AS_RECORDED] = YES, [REPLAY_NO_WAKE_LATENCY] = YES, [REPLAY_NO_WAITING] = YES },
};

static enum pace pace_of(const struct replayer *r, const struct stretch *s)
{
	if (s->state == STATE_RUNNABLE)
		return s->why == WHY_WOKEN ? PACE_WOKEN : PACE_WAITING;
	if (s->state >= STATE_SLEEPING && s->syscall >= 0 && s->syscall < (int32_t)sizeof(r->timed) &&
	    r->timed[s->syscall])
		return PACE_TIMED;
	return PACE_PLAIN;
}

/* On to the beginning of stretch `to`, by itself. */
static void play_to(const struct replayer *r, uint32_t slot, size_t to)
{
	const struct history_task *t = &r->h->tasks.v[slot];
	struct player *p = &r->players[slot];

	for (; p->at < to; p->at++) {
		uint64_t ns = history_part_ns(t->v.v[p->at].from_ns, stretch_to_ns(t, p->at), r->window);
		const uint64_t *mask = takes[pace_of(r, &t->v.v[p->at])];

		for (int k = 0; k < NR_REPLAYS; k++)
			p->now_ns[k] += ns & mask[k];
	}
}

#define SAME_INSTANT 16 /* so many wake-ups one after the other within a nanosecond are followed */

static void play_edge(const struct replayer *r, uint32_t slot, size_t at, int depth);

/* When the waker comes to where it woke the other. False: it was on no CPU then. */
static bool post_ns(const struct replayer *r, task_id waker, uint64_t ts_ns, uint64_t ns[NR_REPLAYS], int depth)
{
	uint32_t slot = r->h->slot[waker.i];
	const struct history_task *t = &r->h->tasks.v[slot];
	const struct player *p = &r->players[slot];
	uint64_t begin_ns;
	size_t at = p->at;

	while (at + 1 < t->v.n && t->v.v[at + 1].from_ns <= ts_ns)
		at++;
	if (t->v.v[at].from_ns > ts_ns || !edge_ran(t, &at, ts_ns) || at < p->at)
		return false;
	begin_ns = t->v.v[at].from_ns;
	if (begin_ns == ts_ns && at > p->at && edge_is_wake(t, at) && depth < SAME_INSTANT)
		play_edge(r, slot, at, depth + 1);
	play_to(r, slot, at);
	if (begin_ns < r->window.from_ns)
		begin_ns = r->window.from_ns;
	for (int k = 0; k < NR_REPLAYS; k++)
		ns[k] = p->now_ns[k] + (ts_ns - begin_ns);
	return true;
}

/* A new task's first stretch, or one after a sleep, begins: when? */
static void play_edge(const struct replayer *r, uint32_t slot, size_t at, int depth)
{
	const struct history_task *t = &r->h->tasks.v[slot];
	struct player *p = &r->players[slot];
	uint64_t post[NR_REPLAYS];
	const uint64_t *mask;

	if (at && p->at >= at) /* played already, because of another of that instant */
		return;
	play_to(r, slot, at ? at - 1 : 0);
	if (!history_task(r->h, edge_from(r->h, t, at)) ||
	    !post_ns(r, t->v.v[at].waker, t->v.v[at].from_ns, post, depth)) {
		play_to(r, slot, at);
		return;
	}
	mask = takes[at ? pace_of(r, &t->v.v[at - 1]) : PACE_PLAIN];
	for (int k = 0; k < NR_REPLAYS; k++)
		if (mask[k] && (!at || post[k] > p->now_ns[k]))
			p->now_ns[k] = post[k];
	p->at = at;
}

/* ---- all of it ---- */

static void begin(struct replayer *r, const struct history *h)
{
	*r = (struct replayer){ .h = h, .window = h->window };
	r->players = xcalloc(h->tasks.n + 1, sizeof(*r->players));
	for (size_t i = 0; i < sizeof(r->timed); i++)
		r->timed[i] = history_call_is_timed(h->model, (int32_t)i);
	for (size_t i = 0; i < h->tasks.n; i++) {
		uint64_t from_ns = h->tasks.v[i].v.v[0].from_ns;

		for (int k = 0; k < NR_REPLAYS; k++)
			r->players[i].now_ns[k] = from_ns > r->window.from_ns ? from_ns - r->window.from_ns : 0;
	}
}

/* What comes next is anywhere in memory: have it on its way. */
#define AHEAD 8

static inline void fetch(const struct replayer *r, const struct edge *edges, size_t i, size_t n)
{
	const struct history *h = r->h;

	if (i + 2 * AHEAD < n) {
		const struct edge *e = &edges[i + 2 * AHEAD];

		__builtin_prefetch(&h->tasks.v[e->slot].v.v[e->at]);
	}
	if (i + AHEAD < n) {
		const struct edge *e = &edges[i + AHEAD];
		uint32_t waker = h->slot[h->tasks.v[e->slot].v.v[e->at].waker.i];

		__builtin_prefetch(&h->tasks.v[waker].v.v[r->players[waker].at + 1]);
	}
}

static void play_all(const struct replayer *r, uint64_t *ran_ns)
{
	struct edge *edges;
	size_t n = collect_edges(r, &edges, ran_ns);

	sort_edges(&edges, n, r->window.to_ns - r->window.from_ns);
	for (size_t i = 0; i < n; i++) {
		fetch(r, edges, i, n);
		play_edge(r, edges[i].slot, edges[i].at, 0);
	}
	free(edges);
}

void replay_play(struct replay *out, const struct history *h, task_id last)
{
	const struct history_task *t = history_task(h, last);
	uint64_t after_ns;
	struct replayer r;

	*out = (struct replay){ 0 };
	for (int k = 0; k < NR_REPLAYS; k++)
		out->end_ns[k] = h->window.to_ns - h->window.from_ns;
	if (!t)
		return;
	begin(&r, h);
	play_all(&r, &out->ran_ns);
	play_to(&r, h->slot[last.i], t->v.n);
	after_ns = t->to_ns < h->window.to_ns ? h->window.to_ns - t->to_ns : 0; /* it had ended */
	for (int k = 0; k < NR_REPLAYS; k++)
		out->end_ns[k] = r.players[h->slot[last.i]].now_ns[k] + after_ns;
	free(r.players);
}
