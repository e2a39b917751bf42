/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_groups.h - a path summed up: how long of it by what was done, and by whom.
 */
#ifndef SCHEDVIZ_ANALYSIS_PATH_GROUPS_H
#define SCHEDVIZ_ANALYSIS_PATH_GROUPS_H

#include "analysis/path.h"

struct path_share {
	task_id task, by; /* `by`: waiting: who had the CPU longest meanwhile; else TASK_NONE */
	uint64_t ns;
	uint32_t steps;
};

struct path_group {
	uint8_t kind;	 /* enum path_kind */
	int32_t syscall; /* asleep, blocked, stopped: a part for each call; else EV_NO_SYSCALL */
	uint64_t ns, max_ns;
	uint32_t steps;
	VEC(struct path_share) shares; /* longest first, then by task */
};

struct path_groups {
	VEC(struct path_group) v;     /* longest first, then by kind and call; their sum is that of the steps */
	VEC(struct path_share) tasks; /* all that one task is on the path with: longest first, then by task */
	uint64_t ns[NR_PATH_KINDS];
};

/* Of these steps, which may be some of a path's. */
void path_groups_make(struct path_groups *parts, const struct path_step *steps, size_t nr);
void path_groups_release(struct path_groups *parts);

#endif
