/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * intrusion.h - how much the recorder was in the way of what it recorded.
 */
#ifndef SCHEDVIZ_RENDER_INTRUSION_H
#define SCHEDVIZ_RENDER_INTRUSION_H

#include "model/model.h"

struct intrusion {
	uint64_t stays, run_ns;	/* of the recorder's tasks: times on a CPU, and how long in all */
	uint64_t displaced;	/* of these, in the place of a task of the target that was preempted for it */
	uint64_t displaced_ns;
};

/*
 * Goes over the recording once more; `known` is a model of the same reader, which tells who is who. Errors: those of
 * model_build().
 */
int intrusion_measure(struct intrusion *out, const struct model *known, struct trace_reader *r, struct err *e);

#endif
