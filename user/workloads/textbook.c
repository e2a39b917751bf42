/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * textbook.c - first come first served, round robin and processor sharing, played through on paper.
 */
#include "workloads/textbook.h"

#include <stdbool.h>

#define NEVER UINT64_MAX

/* ---- a queue and one CPU ---- */

struct play {
	const struct textbook_job *jobs;
	uint32_t n;
	struct textbook_turn turn;
	struct textbook_times *out;
	uint64_t left_ns[TEXTBOOK_MAX_JOBS];
	bool arrived[TEXTBOOK_MAX_JOBS];
	uint32_t queue[TEXTBOOK_MAX_JOBS], queued; /* the next to run first */
	uint64_t now_ns, turn_end_ns;
	uint32_t running; /* n: nobody */
};

static uint64_t turn_end(const struct textbook_turn *t, uint64_t from_ns)
{
	uint64_t ticks, first_ns;

	if (!t->quantum_ns)
		return NEVER;
	if (!t->tick_ns)
		return from_ns + t->quantum_ns;
	ticks = t->quantum_ns / t->tick_ns;
	first_ns = from_ns < t->phase_ns
			   ? t->phase_ns
			   : from_ns + t->tick_ns - (from_ns - t->phase_ns) % t->tick_ns; /* the first one after it */
	return first_ns + (ticks ? ticks - 1 : 0) * t->tick_ns;
}

static void begin(struct play *p)
{
	uint32_t i = p->queue[0];

	for (uint32_t k = 1; k < p->queued; k++)
		p->queue[k - 1] = p->queue[k];
	p->queued--;
	p->running = i;
	p->turn_end_ns = turn_end(&p->turn, p->now_ns);
	if (p->left_ns[i] == p->jobs[i].length_ns)
		p->out[i].first_ns = p->now_ns;
}

/* The next instant at which something happens; NEVER: all is done. */
static uint64_t next_event(const struct play *p)
{
	uint64_t at_ns = NEVER;

	if (p->running < p->n) {
		at_ns = p->now_ns + p->left_ns[p->running];
		at_ns = p->turn_end_ns < at_ns ? p->turn_end_ns : at_ns;
	}
	for (uint32_t i = 0; i < p->n; i++)
		if (!p->arrived[i] && p->jobs[i].arrival_ns < at_ns)
			at_ns = p->jobs[i].arrival_ns;
	return at_ns;
}

static void pass(struct play *p, uint64_t to_ns)
{
	if (p->running < p->n)
		p->left_ns[p->running] -= to_ns - p->now_ns;
	p->now_ns = to_ns;
	if (p->running < p->n && !p->left_ns[p->running]) {
		p->out[p->running].finish_ns = to_ns;
		p->running = p->n;
	}
	for (uint32_t i = 0; i < p->n; i++) {
		if (p->arrived[i] || p->jobs[i].arrival_ns > to_ns)
			continue;
		p->arrived[i] = true;
		p->queue[p->queued++] = i;
	}
	if (p->running < p->n && p->turn_end_ns <= to_ns) {
		p->queue[p->queued++] = p->running;
		p->running = p->n;
	}
	if (p->running == p->n && p->queued)
		begin(p);
}

void textbook_queue(const struct textbook_job *jobs, uint32_t n, struct textbook_turn turn, struct textbook_times *out)
{
	struct play p = { .jobs = jobs, .n = n, .turn = turn, .out = out, .running = n };

	for (uint32_t i = 0; i < n; i++)
		p.left_ns[i] = jobs[i].length_ns;
	for (uint64_t at_ns = next_event(&p); at_ns != NEVER; at_ns = next_event(&p))
		pass(&p, at_ns);
}

/* ---- processor sharing ---- */

/* How many want the CPU at `now`; the least that one of them still needs, and when the next job arrives. */
static uint32_t wanting(const struct textbook_job *jobs, uint32_t n, const double *left, double now, double *least,
			double *next)
{
	uint32_t k = 0;

	*least = *next = 1e300;
	for (uint32_t i = 0; i < n; i++) {
		double arrival = (double)jobs[i].arrival_ns;

		if (arrival > now)
			*next = arrival < *next ? arrival : *next;
		else if (left[i] > 0)
			*least = left[i] < *least ? left[i] : *least, k++;
	}
	return k;
}

void textbook_fluid(const struct textbook_job *jobs, uint32_t n, struct textbook_times *out)
{
	double left[TEXTBOOK_MAX_JOBS], now = 0, least, next, step;
	uint32_t k;

	for (uint32_t i = 0; i < n; i++) {
		left[i] = (double)jobs[i].length_ns;
		out[i].first_ns = jobs[i].arrival_ns;
	}
	while ((k = wanting(jobs, n, left, now, &least, &next)) || next < 1e300) {
		step = k && least * k < next - now ? least * k : next - now;
		for (uint32_t i = 0; i < n; i++) {
			if ((double)jobs[i].arrival_ns > now || left[i] <= 0)
				continue;
			left[i] -= step / k;
			if (left[i] < 0.5) { /* of a nanosecond: done */
				left[i] = 0;
				out[i].finish_ns = (uint64_t)(now + step + 0.5);
			}
		}
		now += step;
	}
}
