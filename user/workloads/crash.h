/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * crash.h - the knobs of the workload `crash`, and the half of it that runs its tasks in a pool.
 */
#ifndef SCHEDVIZ_WORKLOADS_CRASH_H
#define SCHEDVIZ_WORKLOADS_CRASH_H

#include "workloads/workload.h"

#define CRASHER 1     /* which task; where it is a process or thread of its own, its name is "crasher" */
#define CRASH_AFTER 3 /* the part of --sleep after which: before any other ends, with every seed */
#define CRASH_MAX_TASKS 100
#define CRASH_SHELL_SIGNAL 128 /* a shell says a death by signal N as 128 + N: 139 for SIGSEGV */

struct crash_cfg {
	struct workload_cfg c;
	bool in_pool; /* of c.workers processes */
};

/*
 * A fault of the hardware, not a signal that somebody sent: a write to a page that may not be written. No core file is
 * left, and no sanitizer makes something else of it. Does not return where the hardware works.
 */
void crash_fault(void);

/* Tasks named `glob` that ended as they meant to. */
uint64_t crash_ended_well(const struct evidence *ev, const char *glob);

void crash_pool_predict(const struct workload_cfg *cfg, struct facts *out);
int crash_pool_run(const struct workload_cfg *cfg, struct err *e);
void crash_pool_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r);
void crash_pool_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out);

#endif
