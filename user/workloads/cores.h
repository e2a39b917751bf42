/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cores.h - a fixed amount of work on a CPU of one's own: on which CPUs, how much of it, and what a recording says.
 *
 * For effects that CPU time hides. burn() uses an amount of CPU time, however little gets done in it; here it is the
 * work that is given (loops), and the time it takes is the result. One such piece of work is a stint: a job, marked by
 * its start and its finish, in which its task should have a CPU all the time.
 */
#ifndef SCHEDVIZ_WORKLOADS_CORES_H
#define SCHEDVIZ_WORKLOADS_CORES_H

#include "workloads/workload.h"

/* ---- which CPUs ---- */

#define CORES_SYS "/sys/devices/system/cpu"

/* CPU_NONE where there is no such CPU. */
struct cores_pick {
	uint32_t first;	  /* the lowest that has a sibling of its own, if none has the lowest */
	uint32_t sibling; /* another hardware thread of the same core */
	uint32_t other;	  /* of another core */
};

/*
 * Choose among `usable` by what the kernel says of cores (cpuN/topology/thread_siblings_list below `sys`, which is
 * CORES_SYS but in tests). A CPU of which nothing is told has a core to itself. A hypervisor may tell less than is
 * true.
 */
struct cores_pick cores_pick(const struct cpuset *usable, const char *sys);
/* The same among the CPUs that the workload may use, before and after workload_enter(). */
struct cores_pick cores_pick_here(const struct workload_cfg *cfg);

/* Where tasks compute for as long as it takes, real time would keep everybody else away: -EINVAL and a sentence. */
int cores_refuse_realtime(const struct workload_cfg *cfg, const char *name, struct err *e);

/* ---- how much ---- */

/* How many loops of `work` take about `ns` on the CPU that the caller is on; at least 1. Takes 10 to 20 ms itself. */
uint64_t cores_loops(void (*work)(void *arg, uint64_t loops), void *arg, uint64_t ns);

/* ---- what the recording says ---- */

struct stint {
	task_id who;
	struct window w;
	uint64_t ran_ns, waited_ns, slept_ns; /* of its length; for the rest nobody saw it */
	uint64_t sleeps, wakes;
};

/* Of a job that was begun and finished by a task of the tree; false: it was not. */
bool stint_of(const struct evidence *ev, const struct job *job, struct stint *out);

/* Sums over stints. */
struct stints {
	uint64_t n, length_ns, ran_ns, sleeps, wakes;
	uint64_t known_ns;  /* of their length: what nobody saw is held against nobody */
	uint64_t excuse_ns; /* waited for a CPU while others had one */
};
void stints_add(struct stints *sum, const struct evidence *ev, const struct stint *s);
/* Add the finding that they were on a CPU all the time, but for what others took: "on a CPU WHEN". */
void stints_report(const struct stints *sum, struct report *r, const char *when);

#endif
