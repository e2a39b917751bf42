/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * axis.h - a window of time laid over columns: which column an instant falls into, and the ticks above them.
 *
 * Column c covers [axis_time(c), axis_time(c + 1)); together the columns tile the window exactly.
 */
#ifndef SCHEDVIZ_RENDER_AXIS_H
#define SCHEDVIZ_RENDER_AXIS_H

#include "base/fmt.h"
#include "render/canvas.h"

struct axis {
	struct window window; /* absolute */
	uint64_t origin_ns;   /* start of the recording: labels are relative to it */
	unsigned columns;     /* at most as many as the window has nanoseconds */
};

/* `columns` is lowered when the window has fewer nanoseconds. */
struct axis axis_make(struct window window, uint64_t origin_ns, unsigned columns);

uint64_t axis_time(const struct axis *a, unsigned column);
/* The column of an instant; instants outside of the window fall into the first or the last one. */
unsigned axis_column(const struct axis *a, uint64_t ts_ns);
/* How long a cell lasts, rounded down. */
uint64_t axis_cell_ns(const struct axis *a);

/*
 * Ticks at round steps (1, 2 or 5 of a power of ten; of minutes and hours as people count them) from the window's
 * start, each label right of its mark. In a window that does not begin with the recording the first label says where
 * it begins and the others count from there: "2.001s", "+0.5ms".
 */
void axis_draw(const struct axis *a, const struct style *st, struct cell *row);

/* Between two ticks, in ns; for tests and for whoever draws the same axis elsewhere. */
uint64_t axis_step_ns(const struct axis *a);

#endif
