/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * apart.h - tasks side by side, each begun a moment after the one before: what `procs` and `threads` have in common.
 *
 * A moment, so that their ends are a moment apart too: each finds the one that joins them asleep again, and wakes it.
 */
#ifndef SCHEDVIZ_WORKLOADS_APART_H
#define SCHEDVIZ_WORKLOADS_APART_H

#include <stdint.h>
#include "workloads/theory.h"
#include "workloads/workload.h"

/* From one start to the next: many times what an exit, a wake-up and a reaping take (0.1 ms; 1 ms on a busy host). */
#define APART_STEP_NS (5 * NSEC_PER_MSEC)

/* How long task i sleeps and computes. */
struct theory_task apart_length(const struct workload_cfg *cfg, uint64_t i);

/* The wall clock from the first start to the last join. */
void apart_predict(const struct workload_cfg *cfg, struct facts *out);

/*
 * How many ends of tasks named `glob` must have found the one that joins asleep, at the least: those that came well
 * after the end of all that are joined before. None, if some may end before the last was begun.
 */
uint64_t apart_ends_min(const struct workload_cfg *cfg, const struct evidence *ev, const char *glob);

/* Task i: marks, sleep, work and a line by `name`, the calling task's. */
void apart_task(const struct workload_cfg *cfg, const char *name, uint64_t i);

/*
 * cfg->tasks members of `kind`, called "NAME0", "NAME1"..., each doing its task; join them in that order and mark the
 * wall clock. 0, or a negative code and a sentence.
 */
int apart_run(const struct workload_cfg *cfg, int kind, const char *name, struct err *e);

/* Of those named `glob`: time inside `w` in which all cfg->tasks of them slept. */
uint64_t apart_asleep_ns(const struct workload_cfg *cfg, const struct evidence *ev, const char *glob);

/* The least that the above must be: one sleep, less the starts and what it may be late by. */
uint64_t apart_asleep_min_ns(const struct workload_cfg *cfg);

#endif
