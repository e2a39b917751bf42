/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * blame_longest.h - the longest waits: the inside of blame.h.
 */
#ifndef SCHEDVIZ_ANALYSIS_BLAME_LONGEST_H
#define SCHEDVIZ_ANALYSIS_BLAME_LONGEST_H

#include "analysis/blame.h"
#include "analysis/places.h"

struct longest {
	struct blame *b; /* whose `longest` it fills */
	size_t least;	 /* which of them is, once there are enough */
};

void longest_keep(struct longest *l, const struct wait *x);
/* Put them in order, longest first, and find who ran longest during each and which CPU was idle beside it. */
void longest_finish(struct longest *l, const struct history *h, struct places *places);

#endif
