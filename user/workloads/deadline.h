/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * deadline.h - what the run of the workload `deadline` and its check (deadline_check.c) share.
 */
#ifndef SCHEDVIZ_WORKLOADS_DEADLINE_H
#define SCHEDVIZ_WORKLOADS_DEADLINE_H

#include "workloads/workload.h"

struct deadline_cfg {
	struct workload_cfg c; /* .tasks: those with jobs */
	uint64_t runtime_ns, period_ns, job_ns, length_ns;
};

/* Ids of instants: how many tasks, how many hogs got the reservation they asked for; the others were told EBUSY. */
enum { DEADLINE_SAID_GRANTED = 1, DEADLINE_SAID_HOGS };

/* Tasks that reserve: the greedy one, number 0, and those with jobs; members from there on are hogs, one a CPU. */
uint32_t deadline_reserving(const struct deadline_cfg *d);
/* "greedy" "periodic0" "hog1" of member i. */
void deadline_name(const struct deadline_cfg *d, uint32_t i, char *name, size_t bytes);

void deadline_predict(const struct workload_cfg *cfg, struct facts *out);
void deadline_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r);
void deadline_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out);

#endif
