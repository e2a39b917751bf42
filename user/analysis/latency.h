/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * latency.h - how long tasks waited for a CPU after a wake-up, and how long they kept it: exact distributions.
 *
 * A wake-up latency is from waking to running (struct span: since_ns to the switch in), of woken waits that end inside
 * the window and whose beginning was seen; so it is where it began before the window. Count and longest are those of
 * `stat`. A time slice is a stay on a CPU whose end lies inside the window and whose beginning was seen.
 *
 * Waits that are cut off are counted apart, never averaged: their beginning was not seen (the recording's opening, a
 * loss), or their end was not, or lies after the window.
 */
#ifndef SCHEDVIZ_ANALYSIS_LATENCY_H
#define SCHEDVIZ_ANALYSIS_LATENCY_H

#include "analysis/dist.h"
#include "analysis/history.h"

/* Which waker and where: the waits of each class add up to all of them. */
enum latency_class {
	LATENCY_TASK_SAME,  /* woken by a task on the CPU where it then ran */
	LATENCY_TASK_OTHER, /* on another */
	LATENCY_IRQ_SAME,   /* by an interrupt, soft, hard or not maskable */
	LATENCY_IRQ_OTHER,
	LATENCY_NOT_KNOWN,
	NR_LATENCY_CLASSES
};

struct latency_task {
	task_id task;
	struct dist wake;  /* waking to running */
	struct dist slice; /* stays on a CPU, however they ended */
	struct dist taken; /* those of them that ended because another was to run: real time slices */
	uint64_t ran_ns;   /* inside the window */
	uint64_t cut;	   /* waits that were cut off */
	uint64_t cut_ns;   /* what of them is inside the window */
	uint64_t migrations, moved_core, moved_cache, moved_node, moved_far, moved_unknown; /* topology_distance() */
	uint64_t placed; /* of the migrations: part of a wake-up, not the balancer's doing */
};

struct latencies {
	/* of the target, who was woken, waited, ran or was moved; by p99 of the wake-up latency, worst first, then by
	   the longest, then by task_id */
	VEC(struct latency_task) tasks;
	struct latency_task all; /* together; `task` is nobody */
	struct dist wake, slice; /* = all.wake, all.slice */
	struct dist by_class[NR_LATENCY_CLASSES];
	uint64_t cut, cut_ns;
};

void latencies_make(struct latencies *l, const struct history *h);
void latencies_release(struct latencies *l);

#endif
