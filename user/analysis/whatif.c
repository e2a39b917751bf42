/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * whatif.c - the new end for each thing that might not have been, or its bounds.
 */
#include "analysis/whatif.h"

#include "analysis/replay.h"
#include "analysis/workers.h"

static struct whatif between(uint64_t min_ns, uint64_t max_ns)
{
	return (struct whatif){ .known = true, .exact = min_ns == max_ns, .min_ns = min_ns, .max_ns = max_ns };
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* Did the end wait for any of the jobs? */
static bool jobs_on_path(const struct history *h, const struct path *p)
{
	for (size_t i = 0; i < p->steps.n; i++)
		if (p->steps.v[i].job != HISTORY_NO_JOB && workers_job(h, &h->jobs[p->steps.v[i].job]))
			return true;
	return false;
}

static uint32_t cpus_seen(const struct history *h)
{
	uint32_t n = 0;

	for (uint32_t c = 0; c < h->nr_cpus; c++)
		n += h->cpus[c].v.n > 0;
	return n;
}

static struct whatif one_more_worker(const struct history *h, const struct path *p, uint64_t wall_ns)
{
	struct workers w;
	uint64_t min_ns, max_ns, off_ns;

	workers_measure(&w, h);
	if (!w.nr)
		return (struct whatif){ 0 };
	if (w.more_ns == w.same_ns || !jobs_on_path(h, p))
		return between(wall_ns, wall_ns);
	min_ns = max_ns = wall_ns - least(wall_ns, w.same_ns - w.more_ns);
	off_ns = less(w.last_ns, w.same_ns) + less(w.same_ns, w.last_ns);
	if (w.last_ns > w.same_ns)
		min_ns = less(min_ns, off_ns);
	else
		max_ns += off_ns;
	if (w.nr + 1 > cpus_seen(h) || w.cpus < w.nr)
		max_ns += w.ran_ns;
	return between(min_ns, least(max_ns, wall_ns));
}

/* Nothing is known of an end that nobody is seen to come to. */
static bool end_is_known(const struct path *p)
{
	uint64_t wall_ns = p->window.to_ns - p->window.from_ns;

	return p->steps.n && p->ns[PATH_UNKNOWN] + p->ns[PATH_NOBODY] < wall_ns;
}

void whatifs_make(struct whatifs *w, const struct history *h, const struct path *p)
{
	uint64_t wall_ns = p->window.to_ns - p->window.from_ns, woken_ns, waiting_ns, sleep_ns;
	struct replay again;

	*w = (struct whatifs){ .window = p->window };
	replay_play(&again, h, p->last);
	w->replayed_ns = again.end_ns[REPLAY_AS_RECORDED];
	if (!end_is_known(p))
		return;
	woken_ns = again.end_ns[REPLAY_NO_WAKE_LATENCY];
	waiting_ns = again.end_ns[REPLAY_NO_WAITING];
	sleep_ns = again.end_ns[REPLAY_NO_SLEEP];
	w->v[WHATIF_NO_WAKE_LATENCY] = between(woken_ns, woken_ns);
	w->v[WHATIF_NO_WAITING] = between(waiting_ns, waiting_ns);
	w->v[WHATIF_ONE_MORE_CPU] = between(waiting_ns, wall_ns);
	w->v[WHATIF_ONE_MORE_WORKER] = one_more_worker(h, p, wall_ns);
	w->v[WHATIF_NO_SLEEP] = sleep_ns == waiting_ns ? between(wall_ns, wall_ns)
						       : between(sleep_ns, least(wall_ns, sleep_ns + again.ran_ns));
}
