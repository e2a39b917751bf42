/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * smt.h - what the workload `smt` and the check of it have in common.
 */
#ifndef SCHEDVIZ_WORKLOADS_SMT_H
#define SCHEDVIZ_WORKLOADS_SMT_H

#include "workloads/workload.h"

struct smt_cfg {
	struct workload_cfg c; /* work_ns: what a stint takes alone */
	const char *pair;      /* "A,B"; NULL: ask the kernel */
	uint32_t a, b;	       /* of pair, set by prepare */
};

/* Who computes at once. A stint's arg is the leg's number in the run x NR_SMT_KINDS + kind. */
enum smt_kind { SMT_ALONE, SMT_SIBLINGS, SMT_CORES, NR_SMT_KINDS };

#define SMT_MAX_TASKS 3
#define SMT_SAID_VIRTUAL UINT64_C(0x7669727475616c) /* id of an instant: is it a virtual machine? "virtual" */

void smt_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r);
void smt_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out);

#endif
