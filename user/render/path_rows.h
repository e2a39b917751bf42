/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_rows.h - the critical path in the picture: a row under each lane that it runs along.
 *
 * A heavy line lies under a lane where the path is on that task; where it goes over to another, the two rows are
 * joined at that column, also through rows between them. A column in which it goes over more often than PATH_JOINTS
 * times shows no joints: there a row is heavy where the path was on that task for half of the column or more, and
 * broken where it was for less.
 *
 *         path_rows_init(&rows, &path, sum->model, window);
 *         path_rows_has(&rows, id)  for each lane, from the top; if so: path_rows_add(&rows, id)
 *         path_rows_count(&rows, &axis);
 *         path_rows_paint(&rows, row, style, cells, &seen);
 */
#ifndef SCHEDVIZ_RENDER_PATH_ROWS_H
#define SCHEDVIZ_RENDER_PATH_ROWS_H

#include "analysis/path.h"
#include "render/paint.h"

#define PATH_JOINTS 4u

struct path_on {
	uint64_t run_ns, wait_ns, rest_ns; /* of the path inside the window, on one task */
};

struct path_row_cell {
	uint64_t ns;
	uint8_t arms; /* PATH_LEFT ... */
};

struct path_rows {
	const struct path *path;
	const struct model *model;
	struct window window;
	struct path_on *on; /* by task_id.i */
	uint32_t *row;	    /* by task_id.i: UINT32_MAX: none */
	uint32_t nr;	    /* rows */
	unsigned columns;
	uint64_t column_ns;
	struct path_row_cell *cells; /* nr rows of `columns` */
	uint32_t *joints;	     /* by column: how often the path goes over */
};

void path_rows_init(struct path_rows *r, const struct path *p, const struct model *m, struct window window);
bool path_rows_has(const struct path_rows *r, task_id id);
const struct path_on *path_rows_add(struct path_rows *r, task_id id); /* the next row, from the top */
void path_rows_count(struct path_rows *r, const struct axis *axis);
void path_rows_paint(const struct path_rows *r, uint32_t row, const struct style *st, struct cell *cells,
		     struct seen *seen);
void path_rows_release(struct path_rows *r);

/* A sentence or two: how long the path is, and of what; what of it has no row. Lines end with a newline. */
void path_rows_report(const struct path_rows *r, const struct style *st, struct buf *out);

#endif
