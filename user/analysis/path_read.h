/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_read.h - the critical path of a recording by itself, for pictures and exports.
 *
 * It is that of the whole recording, whatever part is looked at: who zooms in sees a part of the same path, not
 * another one that ends where the part ends.
 */
#ifndef SCHEDVIZ_ANALYSIS_PATH_READ_H
#define SCHEDVIZ_ANALYSIS_PATH_READ_H

#include "analysis/path.h"

/*
 * One pass over `r`, with the memory of a history of the target: the tasks that `filter` lets through, else the
 * recorded tree, else the whole machine. `m` is finished, of a pass over the same recording. No steps: the target was
 * never there. Errors: those of model_build(). path_release() in either case.
 */
int path_read(struct path *p, struct trace_reader *r, const struct model *m, const struct task_filter *filter,
	      struct err *e);

/* The steps that touch `w`: the first, and one more than the last, as indexes. */
struct path_part {
	size_t from, to;
};
struct path_part path_within(const struct path *p, struct window w);

#endif
