/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * target.h - whom an explanation is about, and of which stretch of time.
 *
 * The tasks that the user chose by name; else the recorded tree; else, in a recording of a whole machine, everybody but
 * the recorder. The time that was asked for; else what the program measured itself (schedviz_mark_wall()); else from
 * the first of these tasks to the end of the last.
 */
#ifndef SCHEDVIZ_ANALYSIS_TARGET_H
#define SCHEDVIZ_ANALYSIS_TARGET_H

#include "analysis/summary.h"

enum target_why { TARGET_CHOSEN, TARGET_TREE, TARGET_MACHINE };

struct target {
	bool *has;	   /* by task_id.i, of all tasks of the model; never the recorder's, nor those outside */
	uint32_t nr_tasks; /* of it */
	enum target_why why;
	struct window window; /* what is explained, absolute, inside the model's */
	bool whole;	      /* no part of the recording was asked for: the window was found as said above */
	/*
	 * Where the story ends: the root of the tree if it lives to the end of the window, else who of the target died
	 * last inside it, or ran last when all outlive it. TASK_NONE: the target was never there.
	 */
	task_id last;
	bool aimed; /* `last` is whom the user asked for, whatever it does at the end */
};

/*
 * `m` is finished. `asked`: absolute; to_ns UINT64_MAX and from_ns 0: no part was asked for. A filter that matches
 * nobody gives an empty target.
 */
void target_init(struct target *t, const struct model *m, const struct task_filter *filter, struct window asked);
void target_release(struct target *t);

static inline bool target_has(const struct target *t, task_id id)
{
	return task_some(id) && t->has[id.i];
}

#endif
