/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sheet.h - the page a timeline is set on: lines of a label, a lane of cells, and figures beside it, all aligned.
 *
 * First the lines are made with their words; then sheet_measure() divides the width between labels, lanes and
 * figures; then the lanes are painted; then sheet_put() writes it all. The lane gets what the words leave, and the
 * words are elided before it gets less than a third of the page, or a quarter where labels tell apart.
 */
#ifndef SCHEDVIZ_RENDER_SHEET_H
#define SCHEDVIZ_RENDER_SHEET_H

#include "base/vec.h"
#include "render/canvas.h"

enum side { SIDE_RUN, SIDE_WAIT, SIDE_SLEEP, SIDE_NOTE, NR_SIDES };

struct line {
	struct buf label; /* safe text */
	enum ink label_ink;
	char number[12];	   /* right of the label: a tid */
	struct buf side[NR_SIDES]; /* the note is ASCII */
	enum ink side_ink[NR_SIDES];
	struct cell *cells;	/* as many as the lane is wide; NULL: a line of words only */
	struct cell *above;	/* a row over the lane; NULL: none */
	struct buf above_label; /* what stands left of that row */
	bool words;		/* the label may run across the page: a note or an empty line */
};

struct sheet {
	VEC(struct line) lines;
	unsigned label_columns, number_columns, lane_columns;
	unsigned label_least; /* before measuring: what labels that tell tasks of one name apart need; 0: nothing */
	unsigned side_columns[NR_SIDES]; /* 0: left out; before measuring: the least, for figures to come */
};

struct line *sheet_add(struct sheet *s); /* zeroed; valid until the next one is added */
void sheet_measure(struct sheet *s, const struct style *st);
/* After both were measured: give two sheets the same columns. */
void sheet_align(struct sheet *a, struct sheet *b, const struct style *st);
void sheet_alloc_cells(struct sheet *s, struct line *l); /* after sheet_measure() */
void sheet_put(const struct sheet *s, const struct style *st, struct buf *out);
void sheet_release(struct sheet *s);

#endif
