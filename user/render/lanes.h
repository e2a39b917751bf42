/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lanes.h - which lanes a timeline has, what stands left and right of each, and what is painted on it.
 *
 * lanes_make() writes the words of every line (they decide how wide the lanes are); lanes_paint() fills the lanes
 * once the grid has counted.
 */
#ifndef SCHEDVIZ_RENDER_LANES_H
#define SCHEDVIZ_RENDER_LANES_H

#include "render/jobs.h"
#include "render/path_rows.h"
#include "render/pick.h"
#include "render/sheet.h"

enum lane_kind { LANE_AXIS, LANE_TASK, LANE_PATH, LANE_JOB, LANE_QUEUE, LANE_CPU };

struct lane {
	enum lane_kind kind;
	size_t line;	       /* of the sheet */
	task_id task;	       /* LANE_TASK, LANE_PATH: under it */
	uint32_t cpu;	       /* LANE_CPU */
	const struct job *job; /* LANE_JOB */
};

struct lanes {
	VEC(struct lane) v;
	struct sheet sheet;
	struct picks picks;
	struct path_rows *path; /* NULL: none; not owned */
	const struct summary *sum;
	const struct style *style;
};

/* `cpus_only`: no tasks, no jobs. `path`: initialised, rows are added to it; NULL: it is not drawn. */
void lanes_make(struct lanes *l, const struct summary *sum, const struct pick_cfg *cfg, bool cpus_only,
		struct path_rows *path, const struct style *st);

/* The grid of these lanes over `axis`; g->axis.columns is at most the sheet's lane_columns. */
void lanes_want(const struct lanes *l, struct grid *g);
void lanes_paint(struct lanes *l, const struct grid *g, struct seen *seen);
void lanes_release(struct lanes *l);

#endif
