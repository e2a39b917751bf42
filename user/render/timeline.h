/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * timeline.h - the picture: a lane per task, per job and per CPU on one time axis, with its legend and what is notable.
 */
#ifndef SCHEDVIZ_RENDER_TIMELINE_H
#define SCHEDVIZ_RENDER_TIMELINE_H

#include "analysis/report.h"
#include "render/pick.h"
#include "render/style.h"

struct timeline_cfg {
	struct pick_cfg pick;
	bool cpus_only;
	bool path; /* the critical path, too: of the tasks that the filter lets through, else of the tree */
	const struct report *report; /* its headline stands beside the theory; NULL: none */
};

/*
 * Draw the window of `sum` (finished, made from the same reader), reading the recording once more, and for the path
 * another time. Errors: those of
 * model_build().
 */
int timeline_draw(struct buf *out, struct trace_reader *r, const struct summary *sum, const struct timeline_cfg *cfg,
		  const struct style *st, struct err *e);

#endif
