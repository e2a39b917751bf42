/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stages.h - the same threads do the same thing under one condition after another: one CPU, two, with a lock, without.
 *
 *         const struct stage list[] = { { .workers = 2, .cpus = 1 }, { .workers = 2, .cpus = 2 } };
 *         struct stages s = { .list = list, .nr = 2, .name = "adder%u", .work = work, .arg = mine };
 *         ret = stages_run(&s, &e);
 *
 * The members of each stage begin it at the same instant, STAGE_PAUSE_NS after the last one has ended the stage before.
 * Each stage of each member is a job, STAGE_JOB(stage, i); whatever is said with STAGE_SAID(stage, what) is found
 * there.
 */
#ifndef SCHEDVIZ_WORKLOADS_STAGES_H
#define SCHEDVIZ_WORKLOADS_STAGES_H

#include "workloads/lock.h"
#include "workloads/workload.h"

#define STAGES_MAX 9
#define STAGE_MAX_WORKERS 10
#define STAGE_PAUSE_NS (30 * NSEC_PER_MSEC) /* to be seen in the picture */

/* Two digits that can be read: "stage 21" is the second stage's second worker. */
#define STAGE_JOB(stage, i) (10 * ((uint64_t)(stage) + 1) + (i))
#define STAGE_SAID(stage, what) (UINT64_C(0x73746167) << 16 | (uint64_t)(stage) << 8 | (what)) /* "stag" */

struct stage {
	uint32_t workers, cpus; /* worker i has the (i modulo cpus)th of the CPUs that the workload may use */
};

struct stages {
	const struct stage *list;
	uint32_t nr;
	const char *name; /* of the threads, as "adder%u" */
	void (*work)(void *arg, uint32_t stage, uint32_t i);
	void (*after)(void *arg,
		      uint32_t stage); /* called once all have ended it, by the last of them; NULL: nothing */
	void *arg;
	/* the rest is stages.c's: zero */
	uint32_t cpu[STAGE_MAX_WORKERS];
	uint32_t members;
	struct gate gate;
	uint64_t start_ns;
};

/*
 * A list as "one,two": for each word its index in `names` (NULL-ended) into `kinds`, of STAGES_MAX. Returns how many,
 * or -EINVAL and a sentence that names `option`. For prepare().
 */
int stages_kinds(const char *list, const char *option, const char *const *names, int *kinds, struct err *e);

/* After workload_enter(). To the end of all stages, which are the wall clock; what went wrong, and a sentence. */
int stages_run(struct stages *s, struct err *e);
/* When the present stage began: CLOCK_MONOTONIC, asked inside work(). */
uint64_t stages_began_ns(const struct stages *s);

/* From the first start to the last end of that stage; empty when it was not seen. */
struct window stage_window(const struct evidence *ev, uint32_t stage);

#endif
