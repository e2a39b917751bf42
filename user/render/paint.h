/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * paint.h - from what a grid counted to what is seen: one lane's numbers become one row of cells.
 *
 * The rule for a cell whose time is split, the same everywhere: running always wins, as a bar as high as its share of
 * the cell (a thin stroke when that is less than an eighth); a gap in the recording wins over the rest when it fills
 * an eighth; else the state with the most time. In colour, the ground behind a bar tells that the rest of the cell
 * was mostly spent waiting for a CPU.
 */
#ifndef SCHEDVIZ_RENDER_PAINT_H
#define SCHEDVIZ_RENDER_PAINT_H

#include "render/grid.h"

/* What a picture has used, so that the legend explains just that. */
struct seen {
	bool glyph[NR_GLYPHS];
	bool bar;     /* a bar of any height */
	bool partial; /* one lower than the cell */
	bool others;  /* bars of a CPU that was with tasks outside of the recorded tree */
	bool queue;   /* bars for the length of a queue */
};

/* Paint a task's lane; the CPU's number is written into stretches of running that have room for it. */
void paint_task(const struct grid *g, uint32_t lane, const struct style *st, struct cell *row, struct seen *seen);

/*
 * Paint a CPU's lane, with the name of the task inside stretches that are one task's; in colour, bars that are mostly
 * other people's tasks are dim. Returns how long the CPU was with tasks of the recorded tree.
 */
uint64_t paint_cpu(const struct grid *g, uint32_t lane, const struct style *st, struct cell *row, struct seen *seen);

/* Bar height for `part` of `whole`, in eighths, rounded: 0 only when it is less than a sixteenth. */
unsigned paint_eighths(uint64_t part, uint64_t whole);

#endif
