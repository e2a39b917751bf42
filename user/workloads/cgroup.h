/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cgroup.h - a control group of one's own, on version 1 or 2, that is gone again however the workload ends.
 *
 *         struct cgroup *g = cgroup_make(CGROUP_CPU, &e);
 *         cgroup_quota(g, 20 * NSEC_PER_MSEC, 100 * NSEC_PER_MSEC, &e);
 *         ... in a child: cgroup_enter(g, NULL, &e); ...
 *         cgroup_remove(g, &e);
 *
 * The group is made, and removed, by a small process called "janitor" in a session of its own, which sleeps until its
 * maker asks or is gone, by SIGKILL too. It then kills what is left in the group. So the maker itself must not enter:
 * its children do. Only groups made here are written to; the one that the maker is in, and those above it, are left
 * as they are. Needs root, or a part of the hierarchy that was delegated to the user.
 */
#ifndef SCHEDVIZ_WORKLOADS_CGROUP_H
#define SCHEDVIZ_WORKLOADS_CGROUP_H

#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/err.h"

enum cgroup_controller { CGROUP_CPU, CGROUP_PIDS };

#define CGROUP_PATH 1024

/* Where a new group would go: beside or below the caller's own. */
struct cgroup_place {
	bool v2;
	bool in_root; /* the caller is in the real root of this controller: autogroups are in effect there */
	char parent[CGROUP_PATH];
};

/*
 * Find it from `proc`/cgroup and `proc`/mountinfo ("/proc/self"). Of version 2 the nearest group above the caller that
 * hands the controller down already (cgroup.subtree_control). -ENOENT and a sentence: none does.
 */
int cgroup_find(struct cgroup_place *out, enum cgroup_controller c, const char *proc, struct err *e);

/* Can groups not be made here? Tries it; the reason goes into `why`. */
bool cgroup_cannot(enum cgroup_controller c, struct buf *why);

struct cgroup;

/* NULL and a sentence: no controller, no privilege. */
struct cgroup *cgroup_make(enum cgroup_controller c, struct err *e);
/* Kill what is in it, remove it and the groups in it, free `g` (NULL is fine). A sentence if it would not go. */
int cgroup_remove(struct cgroup *g, struct err *e);
const char *cgroup_path(const struct cgroup *g);

/* A group inside, with the same controller. `sub` in the calls below is its name; NULL: the group itself. */
int cgroup_sub(struct cgroup *g, const char *sub, struct err *e);
/* The calling process enters, with all that it makes from now on. To be called while it has one thread. */
int cgroup_enter(const struct cgroup *g, const char *sub, struct err *e);

/* CPU: a weight among its siblings, 1 to 10000, 100 as a new group has it (version 1: cpu.shares of 1024). */
int cgroup_weight(const struct cgroup *g, const char *sub, uint32_t weight, struct err *e);
/* CPU: at most `quota_ns` of CPU time in each `period_ns`; 1 ms at least, periods 1 s at most. */
int cgroup_quota(const struct cgroup *g, uint64_t quota_ns, uint64_t period_ns, struct err *e);
/* CPU: a number of cpu.stat, as "nr_throttled"; 0 when it is not there. */
uint64_t cgroup_stat(const struct cgroup *g, const char *key);
/* Pids: at most so many tasks, read back: 0 only when the limit is in force. */
int cgroup_limit(const struct cgroup *g, uint64_t tasks, struct err *e);
/*
 * Pids: 0 only if the kernel lists the calling process in the group and its limit is at most `tasks`. To be asked after
 * cgroup_enter(), before anything is made that the limit is to bound. -EIO and a sentence: it is not so.
 */
int cgroup_confined(const struct cgroup *g, uint64_t tasks, struct err *e);

#endif
