/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * topology.h - how far apart two CPUs are, from what the recording says of its machine.
 *
 * The facts cpu.N.siblings, .core, .package, .llc and .node (FORMAT.md) say which CPUs share what. A move of a task is
 * the dearer the less the two CPUs share: on one core nothing of its data has to be fetched again, within one
 * last-level cache only what is private to a core, on another node all of it, through the link between them.
 *
 *         topology_init(&t, model_facts(m));
 *         if (topology_distance(&t, 0, 9) == DISTANCE_FAR) ...
 *         topology_release(&t);
 */
#ifndef SCHEDVIZ_ANALYSIS_TOPOLOGY_H
#define SCHEDVIZ_ANALYSIS_TOPOLOGY_H

#include "trace/facts.h"

/* The nearest that the facts confirm; none confirmed: not known. */
enum cpu_distance {
	DISTANCE_CORE,	/* hardware threads of one core; a CPU to itself */
	DISTANCE_CACHE, /* other core, same last-level cache */
	DISTANCE_NODE,	/* other cache, or it is not known which; same node (same package where nodes are not known) */
	DISTANCE_FAR,	/* other node (other package where nodes are not known) */
	DISTANCE_UNKNOWN,
	NR_DISTANCES
};

struct topology_cpu; /* topology.c */

struct topology {
	struct topology_cpu *cpus;
	uint32_t nr; /* CPUs above have no facts */
};

void topology_init(struct topology *t, const struct facts *facts);
void topology_release(struct topology *t);

/* Any numbers, also of CPUs that do not exist. Symmetric. */
enum cpu_distance topology_distance(const struct topology *t, uint32_t a, uint32_t b);

#endif
