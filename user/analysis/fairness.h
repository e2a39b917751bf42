/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fairness.h - who got how much of a CPU while all who are compared wanted one, and how much of it they were due.
 *
 * Unequal demands are no unfairness, so only times count in which every one of the compared tasks ran or was runnable
 * throughout, and only where such a time is long enough for all to have had turns: FAIR_TURN_NS for each of them.
 *
 * Who is compared: of the tasks of the target in the fair class (real-time and deadline tasks go before all others by
 * their class, and are counted apart) those that wanted a CPU longest, one after the other. A task joins the group if
 * the time together then is at least 5 % of the window and at least half of what it was without it. Those that did not
 * join are tried as further groups, because others may have competed at other times.
 *
 * What a task is due: of the time that the group got, the part of its weight (nice 0: 1024, a step of nice about 1.25,
 * as the kernel's table has it), but never more than one CPU. So a nice task that gets little is not treated unfairly.
 * Weights of cgroups and sessions, SCHED_IDLE and CPU masks are not in a recording: they show as unequal parts of what
 * is due.
 *
 * Jain's index of x is (sum x)^2 / (n sum x^2) over x = got / due: 1 where each got the same part of what it was due,
 * 1/n where one got all.
 */
#ifndef SCHEDVIZ_ANALYSIS_FAIRNESS_H
#define SCHEDVIZ_ANALYSIS_FAIRNESS_H

#include "analysis/load.h"

/* A time slice is at most a few milliseconds unless somebody asked for a longer one; this is several. */
#define FAIR_TURN_NS (UINT64_C(20) * NSEC_PER_MSEC)
#define FAIR_GROUPS 8

struct fair_share {
	task_id task;
	int nice;
	uint64_t got_ns, due_ns; /* on a CPU, of the time together */
};

struct fairness {
	uint32_t tasks;	      /* compared; fewer than 2: nothing is */
	uint64_t together_ns; /* for so long all of them wanted a CPU */
	uint64_t jain_ppm;
	task_id least, most; /* who got the smallest and the largest part of what it was due */
	uint64_t least_ns, most_ns;
	bool weighted;		  /* their nice values differ */
	VEC(struct fair_share) v; /* by got / due, smallest first, then by task_id */
};

struct fair_groups {
	VEC(struct fairness) v; /* as found: whose members wanted a CPU longest first; at most FAIR_GROUPS */
	uint32_t above;		/* real-time and deadline tasks that wanted a CPU as long, and are not compared */
};

void fair_groups_make(struct fair_groups *f, const struct history *h, const struct wants *w);
void fair_groups_release(struct fair_groups *f);

#endif
