/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load.c - lists the times in which tasks wanted a CPU, and counts how many did: without sorting all of them.
 */
#include "analysis/load.h"

#include <stdlib.h>
#include "base/alloc.h"

/* ---- when ---- */

static uint64_t max_of(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t min_of(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline bool wants_cpu(const struct stretch *s)
{
	return s->state == STATE_RUNNING || s->state == STATE_RUNNABLE;
}

static void close_want(struct wants *w, struct window window, uint64_t from_ns, uint64_t to_ns)
{
	struct want want = { max_of(from_ns, window.from_ns), min_of(to_ns, window.to_ns) };

	if (want.from_ns >= want.to_ns)
		return;
	w->ns += want.to_ns - want.from_ns;
	w->v.v[w->v.n++] = want;
}

static void add_task(struct wants *w, const struct history *h, const struct history_task *t)
{
	uint64_t from_ns = 0, ran_ns = 0;
	bool open = false;

	for (size_t i = 0; i < t->v.n; i++) {
		const struct stretch *s = &t->v.v[i];

		if (wants_cpu(s) != open) {
			if (open)
				close_want(w, h->window, from_ns, s->from_ns);
			open = !open;
			from_ns = s->from_ns;
		}
		if (s->state == STATE_RUNNING)
			ran_ns += history_part_ns(s->from_ns, stretch_to_ns(t, i), h->window);
	}
	if (open)
		close_want(w, h->window, from_ns, t->to_ns);
	w->ran_ns += ran_ns;
}

void wants_make(struct wants *w, const struct history *h)
{
	size_t most = 0; /* what is not wanting lies between */

	for (size_t i = 0; i < h->tasks.n; i++)
		most += (h->tasks.v[i].v.n + 1) / 2;
	*w = (struct wants){ .first = xcalloc(h->tasks.n + 1, sizeof(*w->first)) };
	w->v.v = xarray(most, sizeof(*w->v.v));
	for (size_t i = 0; i < h->tasks.n; i++) {
		add_task(w, h, &h->tasks.v[i]);
		w->first[i + 1] = w->v.n;
	}
}

void wants_release(struct wants *w)
{
	free(w->v.v);
	free(w->first);
	*w = (struct wants){ 0 };
}

/* ---- how many, on average over each cell ---- */

static uint32_t cell_of(struct window w, uint64_t ts_ns)
{
	return (uint32_t)min_of((uint64_t)((unsigned __int128)(ts_ns - w.from_ns) * LOAD_CELLS / (w.to_ns - w.from_ns)),
				LOAD_CELLS - 1);
}

static void fill_cells(struct load *l, const struct wants *wants, struct window w)
{
	uint64_t from_ns = 0, to_ns = 0; /* of the cell that was added to last: the next is often in it, too */
	uint32_t cell = 0;

	for (size_t i = 0; i < wants->v.n; i++) {
		struct want want = wants->v.v[i];

		if (want.from_ns < from_ns || want.from_ns >= to_ns) {
			cell = cell_of(w, want.from_ns);
			from_ns = load_cell_from_ns(w, cell);
			to_ns = load_cell_from_ns(w, cell + 1);
		}
		while (want.to_ns > to_ns) {
			l->cell_ns[cell++] += to_ns - want.from_ns;
			want.from_ns = from_ns = to_ns;
			to_ns = load_cell_from_ns(w, cell + 1);
		}
		l->cell_ns[cell] += want.to_ns - want.from_ns;
	}
}

/* ---- how many, at most ---- */

/*
 * The window in slots of a power of two. How many want a CPU when a slot begins is known from counts alone, and in it
 * they are at most so many plus those that begin in it. Only where this bound is above what is certain elsewhere, the
 * order within the slot matters, and its begins and ends are sorted; the slot of the highest bound first, which often
 * rules out the others.
 */
struct slot {
	uint32_t begin, end;
};

struct doubtful {
	uint32_t bound, before; /* how many want one at most, and when it begins */
	size_t first, n;	/* its events */
};

struct slots {
	struct slot *v;
	size_t n;
	VEC(struct doubtful) doubtful;
	uint32_t *at;	 /* by slot, of those in `doubtful`: index into it */
	uint64_t *is_in; /* by slot, a bit: it is there. Few are, and this is small enough to be asked for each event */
	uint64_t *events, *spare;
	unsigned shift;
	uint64_t from_ns;
	uint32_t max; /* certain so far */
};

#define SLOTS_MAX ((uint64_t)1 << 17) /* 1 MiB: about what a core has of second-level cache */
#define SLOTS_MIN 4		      /* so that shift stays below 63 */

static size_t slot_of(const struct slots *s, uint64_t ts_ns)
{
	return (size_t)((ts_ns - s->from_ns) >> s->shift);
}

static void count_slots(struct slots *s, const struct wants *wants, struct window w)
{
	uint64_t want = min_of(max_of(wants->v.n, SLOTS_MIN), SLOTS_MAX);
	uint32_t depth = 0;

	s->from_ns = w.from_ns;
	while ((w.to_ns - w.from_ns) >> s->shift >= want)
		s->shift++;
	s->n = slot_of(s, w.to_ns) + 1;
	s->v = xcalloc(s->n, sizeof(*s->v));
	for (size_t i = 0; i < wants->v.n; i++) {
		s->v[slot_of(s, wants->v.v[i].from_ns)].begin++;
		s->v[slot_of(s, wants->v.v[i].to_ns)].end++;
	}
	for (size_t i = 0; i < s->n; i++) {
		depth += s->v[i].begin - s->v[i].end;
		s->max = depth > s->max ? depth : s->max;
	}
}

static void list_doubtful(struct slots *s)
{
	size_t events = 0;
	uint32_t depth = 0;

	s->at = xcalloc(s->n, sizeof(*s->at));
	s->is_in = xcalloc(s->n / 64 + 1, sizeof(*s->is_in));
	for (size_t i = 0; i < s->n; i++) {
		uint32_t bound = depth + s->v[i].begin;

		if (bound > s->max) {
			s->at[i] = (uint32_t)s->doubtful.n;
			s->is_in[i / 64] |= (uint64_t)1 << i % 64;
			*vec_push(&s->doubtful) = (struct doubtful){ .bound = bound, .before = depth, .first = events };
			events += (size_t)s->v[i].begin + s->v[i].end;
		}
		depth += s->v[i].begin - s->v[i].end;
	}
	s->events = xcalloc(events + 1, sizeof(*s->events));
}

/* Ends sort before begins of the same time: who goes makes room for who comes. */
static inline void add_event(struct slots *s, uint64_t ts_ns, bool begin)
{
	size_t slot = slot_of(s, ts_ns);
	struct doubtful *d;

	if (!(s->is_in[slot / 64] >> slot % 64 & 1))
		return;
	d = &s->doubtful.v[s->at[slot]];
	s->events[d->first + d->n++] = ((ts_ns - s->from_ns) & (((uint64_t)1 << s->shift) - 1)) << 1 | begin;
}

#define FEW 48u

static void sort_few(uint64_t *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		uint64_t x = v[i];
		size_t at = i;

		for (; at > 0 && v[at - 1] > x; at--)
			v[at] = v[at - 1];
		v[at] = x;
	}
}

/* Byte by byte from the lowest; all are below 1 << bits. `spare` has room for as many; what is sorted is returned. */
static uint64_t *sort_events(uint64_t *v, uint64_t *spare, size_t n, unsigned bits)
{
	if (n <= FEW) {
		sort_few(v, n);
		return v;
	}
	for (unsigned shift = 0; shift < bits; shift += 8) {
		size_t next[257] = { 0 };
		uint64_t *swap = v;

		for (size_t i = 0; i < n; i++)
			next[(v[i] >> shift & 255) + 1]++;
		for (unsigned b = 1; b < 256; b++)
			next[b] += next[b - 1];
		for (size_t i = 0; i < n; i++)
			spare[next[v[i] >> shift & 255]++] = v[i];
		v = spare;
		spare = swap;
	}
	return v;
}

static void settle(struct slots *s, const struct doubtful *d)
{
	uint32_t depth = d->before;
	const uint64_t *events;

	if (d->bound <= s->max)
		return;
	events = sort_events(s->events + d->first, s->spare, d->n, s->shift + 1);
	for (size_t i = 0; i < d->n; i++) {
		depth += events[i] & 1 ? 1 : UINT32_MAX;
		s->max = depth > s->max ? depth : s->max;
	}
}

static void settle_all(struct slots *s, const struct wants *wants)
{
	size_t highest = 0, most = 0;

	for (size_t i = 0; i < wants->v.n; i++) {
		add_event(s, wants->v.v[i].from_ns, true);
		add_event(s, wants->v.v[i].to_ns, false);
	}
	for (size_t i = 0; i < s->doubtful.n; i++) {
		most = max_of(most, s->doubtful.v[i].n);
		if (s->doubtful.v[i].bound > s->doubtful.v[highest].bound)
			highest = i;
	}
	s->spare = xcalloc(most, sizeof(*s->spare));
	settle(s, &s->doubtful.v[highest]);
	for (size_t i = 0; i < s->doubtful.n; i++)
		settle(s, &s->doubtful.v[i]);
}

static uint32_t find_max(const struct wants *wants, struct window w)
{
	struct slots s = { 0 };

	count_slots(&s, wants, w);
	list_doubtful(&s);
	if (s.doubtful.n)
		settle_all(&s, wants);
	free(s.v);
	free(s.at);
	free(s.is_in);
	free(s.events);
	free(s.spare);
	vec_release(&s.doubtful);
	return s.max;
}

void load_make(struct load *l, const struct wants *wants, struct window w)
{
	*l = (struct load){ 0 };
	if (!wants->v.n)
		return;
	fill_cells(l, wants, w);
	l->max = find_max(wants, w);
	l->mean_milli = (uint64_t)((unsigned __int128)wants->ns * 1000 / (w.to_ns - w.from_ns));
}
