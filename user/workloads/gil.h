/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gil.h - what the workload `gil` is made of: its knobs, shared between the run (gil.c) and the check (gil_check.c).
 */
#ifndef SCHEDVIZ_WORKLOADS_GIL_H
#define SCHEDVIZ_WORKLOADS_GIL_H

#include "workloads/workload.h"

enum gil_mode { MODE_CCALL, MODE_BYTECODE, MODE_RELEASE, MODE_NONE };

struct gil_cfg {
	struct workload_cfg c; /* tasks: threads that compute */
	int mode;
	uint64_t interval_ns, check_ns;
	uint64_t call_ns; /* of one C call; 0: the whole work in one */
	bool echo;
};

/* Instants, in nanoseconds. */
enum { GIL_ALONE, GIL_ROUND_TRIP };

/* A thread that another wakes may be put on the waker's CPU, until a tick finds the other CPU idle: 10 ms, measured. */
#define GIL_BALANCE_NS (20 * NSEC_PER_MSEC)

/* The client's pause between an answer and the next question. */
#define GIL_PAUSE_NS NSEC_PER_MSEC

static inline const struct gil_cfg *gil_own(const struct workload_cfg *cfg)
{
	return (const struct gil_cfg *)cfg;
}

/* One at a time, whatever the number of CPUs? */
static inline bool gil_serial(const struct gil_cfg *g)
{
	return g->mode == MODE_CCALL || g->mode == MODE_BYTECODE;
}

/* Of one C call. */
static inline uint64_t gil_call_ns(const struct gil_cfg *g)
{
	return g->call_ns && g->call_ns < g->c.work_ns ? g->call_ns : g->c.work_ns;
}

struct theory_range gil_echo_range(const struct gil_cfg *g); /* a round trip of the client */

void gil_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r);
void gil_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out);

#endif
