/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * places.h - the sets of CPUs that tasks are allowed on: when tasks of each waited, and how long its CPUs were idle.
 */
#ifndef SCHEDVIZ_ANALYSIS_PLACES_H
#define SCHEDVIZ_ANALYSIS_PLACES_H

#include "analysis/buckets.h"

struct place {
	const struct cpuset *set; /* NULL: everywhere, or not known */
	bool known, counted;	  /* counted: `one` and `two` are made */
	struct coverage one, two; /* when at least one, at least two of its CPUs were idle */
	struct buckets waits;	  /* the caller's */
};

/* Where the task asked about last is allowed, remembered for as long as that holds. */
struct place_of {
	uint64_t from_ns, until_ns;
	uint32_t place;
};

struct places {
	const struct history *history;
	VEC(struct place) v;
	struct place_of of; /* of task `slot` */
	uint32_t slot;
	unsigned shift; /* of the buckets */
};

void places_init(struct places *p, const struct history *h);
void places_release(struct places *p);

/* The place where the task of this slot is allowed at `ts_ns`: an index into v; *until_ns: that holds until then. */
uint32_t places_at(struct places *p, uint32_t slot, uint64_t ts_ns, uint64_t *until_ns);

/*
 * For how long of `w` was a CPU of the place idle, other than `cpu` (CPU_NONE: any)? That one itself was idle during
 * the `nr` stretches `idle` of it.
 */
uint64_t places_beside(struct places *p, uint32_t place, uint32_t cpu, struct window w, const struct interval *idle,
		       size_t nr);

#endif
