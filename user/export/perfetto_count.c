/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * perfetto_count.c - counters for Perfetto: the depth of each CPU's run queue, of all together, and jobs queued.
 *
 * A value takes about as much room as two switches. So that queues that change all the time do not fill the file,
 * there is a budget that grows with the switches: beyond it only the peak and the last value of every 10 ms are kept.
 */
#include <stdlib.h>
#include "base/alloc.h"
#include "export/perfetto.h"

#define FREE_VALUES 4096
#define EVENTS_A_VALUE 32
#define COARSE_NS 10000000u
#define FIRST_CPU 2 /* rank of the first run queue, behind the others */

struct counter {
	uint64_t uuid, end_ns; /* end of the 10 ms that are held back; 0: nothing is */
	uint64_t peak_ns, last_ns;
	int64_t peak, last, written;
	bool any;
	const char *name, *description; /* NULL: of the run queue of a CPU, which its rank tells */
	int rank;
};

struct pf_counts {
	struct counter runnable, queued, *depths; /* of each CPU */
	uint32_t *depth;
	int64_t nr_runnable;
	uint64_t nr_values;
};

void pf_count_open(struct pf *p)
{
	struct pf_counts *c = p->counts = xcalloc(1, sizeof(*c));

	c->depths = xcalloc(p->nr_cpus, sizeof(*c->depths));
	c->depth = xcalloc(p->nr_cpus, sizeof(*c->depth));
	c->queued = (struct counter){
		.uuid = pf_uuid(TRACK_OF_ALL, 1),
		.name = "jobs queued",
		.description = "submitted, but not started",
	};
	c->runnable = (struct counter){
		.uuid = pf_uuid(TRACK_OF_ALL, 0),
		.name = "runnable tasks",
		.description = "running or waiting for a CPU, on all CPUs",
		.rank = 1,
	};
	for (uint32_t cpu = 0; cpu < p->nr_cpus; cpu++)
		c->depths[cpu] = (struct counter){
			.uuid = pf_uuid(TRACK_OF_DEPTH, cpu),
			.description = "tasks running there or waiting for it; where it changes often, the peak of "
				       "every 10 ms",
			.rank = FIRST_CPU + (int)cpu,
		};
}

void pf_count_close(struct pf *p)
{
	if (!p->counts)
		return;
	free(p->counts->depths);
	free(p->counts->depth);
	free(p->counts);
}

/* Its descriptor: the importer wants it before the first value. */
static void put_track(struct pf *p, const struct counter *c)
{
	enum { COUNTER_UNIT = 3, UNIT_COUNT = 2 };
	size_t packet = pf_packet(p, p->job->window.from_ns, 0);
	size_t inner = pb_open(&p->packets, PACKET_TRACK_DESCRIPTOR), counter;
	struct buf name = { 0 };

	if (c->name)
		buf_puts(&name, c->name);
	else
		buf_printf(&name, "run queue of CPU %d", c->rank - FIRST_CPU);
	pb_uint(&p->packets, TRACK_UUID, c->uuid);
	pb_bytes(&p->packets, TRACK_NAME, name.data, name.len);
	counter = pb_open(&p->packets, TRACK_COUNTER);
	pb_uint(&p->packets, COUNTER_UNIT, UNIT_COUNT);
	pb_close(&p->packets, counter);
	pb_int(&p->packets, TRACK_RANK, c->rank);
	pb_str(&p->packets, TRACK_DESCRIPTION, c->description);
	pb_close(&p->packets, inner);
	pf_packet_end(p, packet);
	buf_release(&name);
}

static void put_value(struct pf *p, struct counter *c, uint64_t ns, int64_t value)
{
	size_t packet, inner;

	if (c->any && value == c->written)
		return;
	if (!c->any)
		put_track(p, c);
	inner = pf_track_event(p, ns, EVENT_COUNT, c->uuid, &packet);
	pb_int(&p->packets, EVENT_COUNTER, value);
	pf_track_event_end(p, packet, inner);
	c->any = true;
	c->written = value;
	p->counts->nr_values++;
}

static void put_held(struct pf *p, struct counter *c)
{
	if (!c->end_ns)
		return;
	if (c->peak != c->last && c->peak > c->written)
		put_value(p, c, c->peak_ns, c->peak);
	put_value(p, c, c->last_ns, c->last);
	c->end_ns = 0;
}

/* Nothing is held back, or not up to `ns`. */
static void count_anew(struct pf *p, struct counter *c, uint64_t ns, int64_t value)
{
	put_held(p, c);
	if (p->counts->nr_values < FREE_VALUES + p->events / EVENTS_A_VALUE) {
		put_value(p, c, ns, value);
		return;
	}
	c->end_ns = ns - ns % COARSE_NS + COARSE_NS;
	c->peak = c->last = value;
	c->peak_ns = c->last_ns = ns;
}

static inline void count(struct pf *p, struct counter *c, uint64_t ns, int64_t value)
{
	if (__builtin_expect(ns >= c->end_ns, 0)) {
		count_anew(p, c, ns, value);
		return;
	}
	if (value > c->peak) {
		c->peak = value;
		c->peak_ns = ns;
	}
	c->last = value;
	c->last_ns = ns;
}

void pf_depth(struct pf *p, uint32_t cpu, uint64_t ns, uint32_t depth)
{
	struct pf_counts *c = p->counts;
	struct window w = p->job->window;

	c->nr_runnable += (int64_t)depth - (int64_t)c->depth[cpu];
	c->depth[cpu] = depth;
	if (ns >= w.to_ns)
		return;
	ns = ns > w.from_ns ? ns : w.from_ns; /* what it is at the beginning is told there */
	count(p, &c->depths[cpu], ns, depth);
	count(p, &c->runnable, ns, c->nr_runnable);
}

void pf_queued(struct pf *p, uint64_t ns, int64_t jobs)
{
	put_value(p, &p->counts->queued, ns, jobs); /* however many: they are the program's own */
}

void pf_counts_end(struct pf *p)
{
	put_held(p, &p->counts->runnable);
	for (uint32_t cpu = 0; cpu < p->nr_cpus; cpu++)
		put_held(p, &p->counts->depths[cpu]);
}
