/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hogs.h - tasks that want a CPU all the time, each scheduled in its own way: how they run, and what each got.
 *
 *         struct hog hogs[2] = { { .name = "fifo0", .sched = ..., .pinned = true, .cpu = 0 }, ... };
 *         status = hogs_run(hogs, 2, KIND_PROCS, 2 * NSEC_PER_SEC);
 *
 * They begin at the same instant and end at the same instant, whoever had how much of a CPU until then; that span is
 * the recording's wall clock. Real-time hogs end by the clock too, so they hold a CPU no longer than that.
 */
#ifndef SCHEDVIZ_WORKLOADS_HOGS_H
#define SCHEDVIZ_WORKLOADS_HOGS_H

#include "workloads/workload.h"

#define HOGS_MAX 16				/* of those that are named in a list */
#define HOGS_REALTIME_MAX_NS (2 * NSEC_PER_SEC) /* so long may real-time tasks keep a CPU from everybody else */

#define HOGS_NO_MAX 1e18 /* of report_ratio(): no upper bound */

struct hog {
	char name[16];
	struct sched_choice sched;
	bool pinned; /* to `cpu`; else wherever the process may run */
	uint32_t cpu;
	uint64_t from_ns, to_ns; /* after the common start; 0 and 0: all the time */
};

/* After workload_enter(). Returns the exit status of run(), has said why one failed. */
int hogs_run(const struct hog *hogs, uint32_t n, int kind, uint64_t length_ns);

/*
 * May --policy be put on tasks that keep their CPUs for up to `ns`? -EINVAL and a sentence: deadline, whose tasks can
 * neither be made by each other nor pinned, and real time for longer than HOGS_REALTIME_MAX_NS. For prepare().
 */
int hogs_may(const struct workload_cfg *cfg, uint64_t ns, struct err *e);

/*
 * A list as "a,b,c": calls `take` for each word, at most HOGS_MAX of them; returns how many, or -EINVAL and a sentence
 * that names `option`. `take` returns 0 or a negative code, its sentence is made in `e`.
 */
int hogs_list(const char *list, const char *option, int (*take)(void *ctx, uint32_t i, const char *word, struct err *e),
	      void *ctx, struct err *e);

/* CPU time inside the wall clock of the task with that name; 0 when there was none. */
uint64_t hogs_ran_ns(const struct evidence *ev, const char *name);
/* Lengths of the stays on a CPU that began inside `w` of all tasks whose names match. Release with hist_release(). */
struct hist hogs_turns(const struct evidence *ev, const char *glob, struct window w);

/*
 * The tick: what of the scheduler happens at ticks happens so late. 1 to 10 ms as CONFIG_HZ says; hogs_run() says it
 * to the recording, hogs_tick_ns() reads it there (10 ms when it was not said).
 */
uint64_t hogs_tick_ns(const struct evidence *ev);
uint64_t hogs_tick_here_ns(void);
#define HOGS_SAID_TICK UINT64_C(0x7469636b) /* id of the instant; "tick" */

/* Jain's index of fairness of `n` services: (sum x)^2 / (n sum x^2), 1 when all are equal; 0 when all are 0. */
double hogs_jain(const uint64_t *x, uint32_t n);

#endif
