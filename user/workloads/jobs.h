/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * jobs.h - what the run of the workload `jobs` and its check (jobs_check.c) share.
 */
#ifndef SCHEDVIZ_WORKLOADS_JOBS_H
#define SCHEDVIZ_WORKLOADS_JOBS_H

#include "workloads/hogs.h"
#include "workloads/textbook.h"

struct jobs_cfg {
	struct workload_cfg c;
	const char *list; /* "0:100,10:10" */
	uint32_t nr;	  /* from jobs_prepare() */
	struct textbook_job job[HOGS_MAX];
};

/* Ids of instants: the kernel's turn of SCHED_RR, the slice of the fair policies. */
enum { JOBS_SAID_QUANTUM = 1, JOBS_SAID_SLICE };

/*
 * Jobs that arrive at the same instant do so one after the other, in the order of the list, so far apart: else chance
 * would say who is first.
 */
#define JOBS_TIE_NS (100 * NSEC_PER_USEC)
uint64_t jobs_arrival_ns(const struct jobs_cfg *j, uint32_t i);

void jobs_predict(const struct workload_cfg *cfg, struct facts *out);
void jobs_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r);
void jobs_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out);

#endif
