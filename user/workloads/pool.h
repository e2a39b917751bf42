/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pool.h - the knobs of the workload `pool`, for its run, its theory and its check.
 *
 * The pool itself is svpool's. There nothing but a hand-off wakes anybody, so that what one sees in the recording is
 * the hand-off alone.
 */
#ifndef SCHEDVIZ_WORKLOADS_POOL_H
#define SCHEDVIZ_WORKLOADS_POOL_H

#include "workloads/theory.h"
#include "workloads/workload.h"

/* The order of enum svp_handoff. */
enum pool_handoff { HANDOFF_PIPE, HANDOFF_LOCKPIPE, HANDOFF_SOCKETPAIR, HANDOFF_FUTEX, NR_HANDOFFS };
extern const char *const pool_handoff_names[];

enum pool_api { API_APPLY_ASYNC, API_APPLY, API_MAP, API_MAP_ASYNC };

struct pool_cfg {
	struct workload_cfg c;
	int api, handoff;
	uint64_t chunk;	       /* of a map; 0: the default */
	uint64_t max_tasks;    /* of a worker, then a fresh one; 0: no limit */
	uint64_t terminate_ns; /* after so long; 0: never */
	bool ondemand;
	bool cpu; /* what tasks would sleep they compute */
};

static inline const struct pool_cfg *pool_cfg_of(const struct workload_cfg *cfg)
{
	return (const struct pool_cfg *)cfg;
}

/* How long task `i` sleeps and computes. */
struct theory_task pool_task_length(const struct workload_cfg *cfg, uint64_t i);

/* Is it submitted as one map, in chunks, of `pool_chunk()` tasks each? */
bool pool_maps(const struct workload_cfg *cfg);
uint64_t pool_chunk(const struct workload_cfg *cfg);

/* pool_theory.c and pool_check.c: the row's functions of these names. */
void pool_predict(const struct workload_cfg *cfg, struct facts *out);
void pool_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r);
void pool_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out);

#endif
