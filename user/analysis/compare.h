/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compare.h - two recordings, or two groups of repeated ones, side by side: the same measures of both, matched by name.
 *
 * A measure is one number of an account: a wall time, a line of the ledger, what kind of step filled the critical path,
 * what tasks of one role did. Tasks are matched by their names with numbers left out ("worker#"), jobs by number. Of
 * several recordings a side has the median, and its spread, [min, max], is what chance does: a difference is noise when
 * the spreads of both sides overlap. With one recording on each side that is not known.
 *
 *         comparison_add(&c, 0, &account_of_a);
 *         comparison_add(&c, 1, &account_of_b);
 *         comparison_finish(&c);
 */
#ifndef SCHEDVIZ_ANALYSIS_COMPARE_H
#define SCHEDVIZ_ANALYSIS_COMPARE_H

#include "analysis/account.h"
#include "analysis/report.h"

enum measure_group {
	MEASURE_WALL,	 /* wall time, how much of it how many ran or worked at once */
	MEASURE_PATH,	 /* the critical path by kind of step and call */
	MEASURE_LEDGER,	 /* lines of the ledger, of all CPUs together */
	MEASURE_LATENCY, /* percentiles */
	MEASURE_ROLE,	 /* what tasks of one name did, summed */
	MEASURE_JOB,	 /* turnaround of each job, and of all */
	NR_MEASURE_GROUPS
};

struct measure {
	enum measure_group group;
	char *name;	     /* "asleep in clock_nanosleep", "worker# running"; strangers' bytes */
	enum unit unit;	     /* UNIT_NS, UNIT_COUNT, UNIT_PPM, UNIT_MILLI */
	VEC(uint64_t) of[2]; /* a value for each recording that has it; 0 is added where others of the side have one */
	/* after comparison_finish() */
	uint64_t median[2], min[2], max[2];
	size_t mentioned; /* the how manieth it was */
	bool noise;	  /* the spreads overlap, and at least one side is of several recordings */
};

struct comparison {
	VEC(struct measure) v; /* in order of groups, then of first mention */
	size_t recordings[2];
	bool has[2][NR_FINDINGS]; /* a finding that every recording of the side has */
	bool any[2][NR_FINDINGS]; /* that at least one has */
};

void comparison_add(struct comparison *c, int side, const struct account *a);
void comparison_finish(struct comparison *c);
void comparison_release(struct comparison *c);

/* How far the medians are apart. */
uint64_t measure_difference(const struct measure *m);
/* NULL: no recording had it. */
const struct measure *comparison_find(const struct comparison *c, enum measure_group group, const char *name);

/* Of this group (wall and jobs apart: times only) whose medians differ most, not by noise; NULL: none differs. */
const struct measure *comparison_most(const struct comparison *c, enum measure_group group);

#endif
