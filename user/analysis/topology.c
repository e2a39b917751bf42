/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * topology.c - what each CPU shares, as numbers that are equal for those who share it.
 */
#include "analysis/topology.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/fmt.h"

#define NOT_KNOWN UINT32_MAX

struct topology_cpu {
	uint32_t siblings, llc; /* lists of CPUs; as they do not overlap, the first number tells them apart */
	uint32_t core, package, node;
};

/* The number that the fact is, or its list begins with. */
static uint32_t number_of(const struct facts *facts, uint32_t cpu, const char *what)
{
	const char *value;
	unsigned long n;
	char key[64];

	snprintf(key, sizeof(key), "cpu.%u.%s", cpu, what);
	value = facts_get(facts, key);
	if (!value || !isdigit((unsigned char)*value))
		return NOT_KNOWN;
	n = strtoul(value, NULL, 10);
	return n < NOT_KNOWN ? (uint32_t)n : NOT_KNOWN;
}

/* One more than the largest N of any "cpu.N." */
static uint32_t count_cpus(const struct facts *facts)
{
	uint32_t nr = 0;

	for (size_t i = 0; i < facts->n; i++) {
		const char *key = facts->v[i].key;
		unsigned long cpu;

		if (strncmp(key, "cpu.", 4) != 0 || !isdigit((unsigned char)key[4]))
			continue;
		cpu = strtoul(key + 4, NULL, 10);
		if (cpu <= CPUSET_MAX_CPU && cpu >= nr)
			nr = (uint32_t)cpu + 1;
	}
	return nr;
}

void topology_init(struct topology *t, const struct facts *facts)
{
	t->nr = count_cpus(facts);
	t->cpus = xcalloc(t->nr ? t->nr : 1, sizeof(*t->cpus));
	for (uint32_t cpu = 0; cpu < t->nr; cpu++)
		t->cpus[cpu] = (struct topology_cpu){
			.siblings = number_of(facts, cpu, "siblings"),
			.llc = number_of(facts, cpu, "llc"),
			.core = number_of(facts, cpu, "core"),
			.package = number_of(facts, cpu, "package"),
			.node = number_of(facts, cpu, "node"),
		};
}

void topology_release(struct topology *t)
{
	free(t->cpus);
	*t = (struct topology){ 0 };
}

static inline bool both_known(uint32_t x, uint32_t y)
{
	return x != NOT_KNOWN && y != NOT_KNOWN;
}

static inline bool shared(uint32_t x, uint32_t y)
{
	return both_known(x, y) && x == y;
}

/* The number of a core is its own only within its package. */
static bool same_core(const struct topology_cpu *x, const struct topology_cpu *y)
{
	if (both_known(x->siblings, y->siblings))
		return x->siblings == y->siblings;
	return shared(x->package, y->package) && shared(x->core, y->core);
}

enum cpu_distance topology_distance(const struct topology *t, uint32_t a, uint32_t b)
{
	const struct topology_cpu *x, *y;

	if (a == b && a < t->nr)
		return DISTANCE_CORE;
	if (a >= t->nr || b >= t->nr)
		return DISTANCE_UNKNOWN;
	x = &t->cpus[a];
	y = &t->cpus[b];
	if (same_core(x, y))
		return DISTANCE_CORE;
	if (shared(x->llc, y->llc))
		return DISTANCE_CACHE;
	if (both_known(x->node, y->node))
		return x->node == y->node ? DISTANCE_NODE : DISTANCE_FAR;
	if (both_known(x->package, y->package))
		return x->package == y->package ? DISTANCE_NODE : DISTANCE_FAR;
	return DISTANCE_UNKNOWN;
}
