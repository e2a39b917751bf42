/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * locks_herd.c - wake-ups in vain: of one at a lock, of all but one in a herd.
 *
 * A herd is several woken at once, by one task or in interrupts on one CPU, no more than HERD_GAP_NS from one to the
 * next, of whom, of all of these together, half or more slept there again without progress, three at least. Those who
 * all go on, to work for as short a time each, look the same one by one; so of a herd either half of the winners must
 * have done what no loser did (slept elsewhere, begun or ended a job), or the losers have run, on the average, for at
 * most half as long as the winners. Where none of them shows progress the one who ran longest is the winner: something
 * was there, or nobody would have been woken.
 */
#include <stdlib.h>
#include "analysis/locks_inside.h"
#include "base/alloc.h"

#define HERD_GAP_NS (50 * NSEC_PER_USEC) /* measured 2 to 6 us in one loop over sleepers, an interrupt in it 20 us */
#define HERD_LOSERS_MIN 3u
#define GATE_LOSERS 4u /* at a gate fewer than a fourth are back at once, for they had nothing to do this time */

/* ---- progress ---- */

static uint64_t again_ns(const struct lock_sleep *s)
{
	return s->awake_ns < LOCK_LONG_NS ? s->to_ns + s->awake_ns : UINT64_MAX;
}

static bool marked_a_job(const struct history *h, const struct lock_sleep *s)
{
	task_id who = { s->who };
	uint32_t next = history_job_next(h, who, s->to_ns), before;

	if (next != HISTORY_NO_JOB && h->jobs[next].started_ns < again_ns(s))
		return true;
	before = history_job_before(h, who, again_ns(s) - 1);
	return before != HISTORY_NO_JOB && h->jobs[before].finished_ns >= s->to_ns;
}

static void flag_progress(struct lock_work *w, struct lock_sleep *s)
{
	if (!(s->flags & LOCK_SLEPT_SAME) || (w->h->nr_jobs && marked_a_job(w->h, s)))
		s->flags |= LOCK_SLEPT_SURE;
	else if (s->ran_ns < LOCK_PROGRESS_NS)
		s->flags |= LOCK_SLEPT_BACK;
}

/* It woke somebody: was that between being woken itself and sleeping again? Its sleeps, [lo, hi), are in order. */
static void woke_somebody(struct lock_sleep *all, uint32_t lo, uint32_t hi, uint64_t ts_ns)
{
	uint32_t first = lo;

	while (lo < hi) { /* the first that ends after it: the one before had ended */
		uint32_t mid = lo + (hi - lo) / 2;

		if (all[mid].to_ns <= ts_ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo > first && again_ns(&all[lo - 1]) > ts_ns)
		all[lo - 1].flags &= LOCK_SLEPT_ALL & ~LOCK_SLEPT_BACK;
}

/* Where the sleeps of each task begin, and one more. `doubtful`: by task, who has one that is flagged. */
static uint32_t *sleeps_of_tasks(const struct lock_work *w, bool *doubtful)
{
	uint32_t nr = model_nr_tasks(w->h->model), task = 0;
	uint32_t *begin = xcalloc(nr + 1, sizeof(*begin));

	for (uint32_t i = 0; i < w->sleeps.n; i++) {
		const struct lock_sleep *s = &w->sleeps.v[i];

		for (; task <= s->who; task++)
			begin[task] = i;
		doubtful[s->who] |= (s->flags & LOCK_SLEPT_BACK) != 0;
	}
	for (; task <= nr; task++)
		begin[task] = (uint32_t)w->sleeps.n;
	return begin;
}

void locks_progress_by_waking(struct lock_work *w)
{
	bool *doubtful = xcalloc((size_t)model_nr_tasks(w->h->model) + 1, sizeof(*doubtful));
	uint32_t *begin = sleeps_of_tasks(w, doubtful);

	for (size_t i = 0; i < w->sleeps.n; i++) {
		const struct lock_sleep *s = &w->sleeps.v[i];

		if (s->end == LOCK_END_TASK && doubtful[s->waker])
			woke_somebody(w->sleeps.v, begin[s->waker], begin[s->waker + 1], s->to_ns);
	}
	for (size_t i = 0; i < w->wakes.n; i++) {
		uint32_t waker = w->wakes.v[i].waker;

		if (doubtful[waker])
			woke_somebody(w->sleeps.v, begin[waker], begin[waker + 1], w->wakes.v[i].ts_ns);
	}
	free(begin);
	free(doubtful);
}

/* ---- herds ---- */

/* An interrupt that wakes who sleeps at a futex is a timer of its own. */
static bool is_one_burst(const struct lock *l, const struct lock_sleep *a, const struct lock_sleep *b)
{
	if (a->end != b->end || b->to_ns - a->to_ns > HERD_GAP_NS || a->who == b->who)
		return false;
	if (a->end == LOCK_END_IRQ)
		return l->kind != LOCK_FUTEX && a->cpu == b->cpu;
	return a->end == LOCK_END_TASK && a->waker == b->waker;
}

/* Where the burst that begins at `at` ends. */
static uint32_t burst_end(const struct lock_work *w, const struct lock *l, const struct lock_order *o, uint32_t at)
{
	for (at++; at < o->n; at++)
		if (!is_one_burst(l, &w->sleeps.v[o->by_to[at - 1]], &w->sleeps.v[o->by_to[at]]))
			break;
	return at;
}

/*
 * Who of them is the winner though nothing shows it; UINT32_MAX: nobody, because another's progress shows, or because
 * at a lock somebody who had not slept may have been faster.
 */
static uint32_t silent_winner(const struct lock_work *w, const struct lock *l, const struct lock_order *o,
			      uint32_t from, uint32_t to)
{
	uint32_t best = o->by_to[from];

	if (l->use == LOCK_USE_LOCK)
		return UINT32_MAX;
	for (uint32_t i = from; i < to; i++) {
		const struct lock_sleep *s = &w->sleeps.v[o->by_to[i]];

		if (!(s->flags & LOCK_SLEPT_BACK))
			return UINT32_MAX;
		if (s->ran_ns > w->sleeps.v[best].ran_ns)
			best = o->by_to[i];
	}
	return best;
}

static void add_burst(struct lock_herd *h, const struct lock_work *w, const struct lock *l, const struct lock_order *o,
		      uint32_t from, uint32_t to)
{
	uint32_t winner = silent_winner(w, l, o, from, to);

	h->bursts++;
	h->woken += to - from;
	for (uint32_t i = from; i < to; i++) {
		const struct lock_sleep *s = &w->sleeps.v[o->by_to[i]];
		bool lost = (s->flags & LOCK_SLEPT_BACK) && o->by_to[i] != winner;

		h->losers += lost;
		h->winners += !lost;
		h->sure += (s->flags & LOCK_SLEPT_SURE) != 0;
		*(lost ? &h->lost_ns : &h->won_ns) += s->ran_ns;
	}
}

static struct lock_herd look_for_herds(const struct lock_work *w, const struct lock *l, const struct lock_order *o)
{
	struct lock_herd h = { 0 };

	for (uint32_t at = 0, end; l->sleepers > 1 && at < o->n; at = end) {
		end = burst_end(w, l, o, at);
		if (end - at > 1)
			add_burst(&h, w, l, o, at, end);
	}
	return h;
}

/* Did the losers not do what the winners did? */
static bool are_unlike(const struct lock_herd *h)
{
	return h->losers && h->winners &&
	       (2 * h->sure >= h->winners || 2 * (h->lost_ns / h->losers) <= h->won_ns / h->winners);
}

static bool is_herd(const struct lock_herd *h)
{
	return h->losers >= HERD_LOSERS_MIN && 2 * h->losers >= h->woken && are_unlike(h);
}

/* Most wake-ups there are of several, and nearly all of these go on. */
static bool is_gate(const struct lock *l, const struct lock_herd *h)
{
	return l->kind == LOCK_FUTEX && h->bursts && 4 * h->woken >= 3 * l->wakes &&
	       (!are_unlike(h) || GATE_LOSERS * h->losers < h->woken);
}

bool locks_progress(struct lock_work *w, const struct lock *l, const struct lock_order *o)
{
	struct lock_herd h;
	bool any = false;

	if (l->use != LOCK_USE_LOCK && l->sleepers < 2 && !w->h->nr_jobs)
		return false;
	for (uint32_t i = 0; i < o->n; i++) {
		struct lock_sleep *s = &w->sleeps.v[o->by_to[i]];

		if (s->end == LOCK_END_NONE)
			continue;
		flag_progress(w, s);
		any |= (s->flags & LOCK_SLEPT_BACK) != 0;
	}
	if (!any || l->use == LOCK_USE_LOCK || w->h->nr_jobs)
		return any;
	h = look_for_herds(w, l, o); /* with more losers than there may be */
	return is_herd(&h);
}

/* In what is no lock a wake-up of one alone is not in vain as far as one can tell. */
static void flag_losers(struct lock_work *w, const struct lock *l, const struct lock_order *o)
{
	for (uint32_t at = 0, end; at < o->n; at = end) {
		uint32_t winner;

		end = burst_end(w, l, o, at);
		if (end - at < 2)
			continue;
		winner = silent_winner(w, l, o, at, end);
		for (uint32_t i = at; i < end; i++)
			if ((w->sleeps.v[o->by_to[i]].flags & LOCK_SLEPT_BACK) && o->by_to[i] != winner)
				w->sleeps.v[o->by_to[i]].flags |= LOCK_SLEPT_VAIN;
	}
}

/* At a lock, and of who would have marked a job. */
static void flag_singles(struct lock_work *w, const struct lock *l, const struct lock_order *o)
{
	for (uint32_t i = 0; i < o->n; i++) {
		struct lock_sleep *s = &w->sleeps.v[o->by_to[i]];

		if (!(s->flags & LOCK_SLEPT_BACK) || s->end != LOCK_END_TASK)
			continue;
		if (l->use == LOCK_USE_LOCK || history_job_next(w->h, (task_id){ s->who }, 0) != HISTORY_NO_JOB)
			s->flags |= LOCK_SLEPT_VAIN;
	}
}

void locks_herd(struct lock_work *w, struct lock *l, const struct lock_order *o)
{
	struct lock_herd h = look_for_herds(w, l, o);

	if (is_herd(&h)) {
		l->herds = h.bursts;
		l->herd_woken = h.woken;
		l->herd_progress = h.winners;
		flag_losers(w, l, o);
	} else if (is_gate(l, &h)) {
		l->use = LOCK_USE_GATE;
	}
	if (l->use != LOCK_USE_GATE)
		flag_singles(w, l, o);
}
