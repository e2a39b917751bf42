/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * table.h - rows of text in aligned columns that fit the page: the less important ones give way first.
 *
 *         static const struct column cols[] = { { "tid", COL_RIGHT, 0 }, { "name", COL_LEFT, 0 }, ... };
 *         struct table t = table_make(cols, 2);
 *         table_row(&t); fmt_count(table_cell(&t, 0), tid); buf_puts(table_cell(&t, 1), name);
 *         table_put(&t, st, out); table_release(&t);
 */
#ifndef SCHEDVIZ_RENDER_TABLE_H
#define SCHEDVIZ_RENDER_TABLE_H

#include "base/vec.h"
#include "render/style.h"

enum column_flags {
	COL_LEFT = 0,
	COL_RIGHT = 1 << 0,
	COL_IF_ANY = 1 << 1, /* left out when every cell is "0", "-" or empty */
	COL_REST = 1 << 2,   /* takes what is left of the page and is elided to it */
};

struct column {
	const char *title;
	unsigned flags;
	unsigned rank; /* 0 stays; of the others the largest goes first when the page is too narrow */
	unsigned most; /* elided to so many columns when the page is too narrow for more; 0: never */
	enum ink ink;
};

struct table {
	const struct column *cols;
	size_t nr_cols;
	VEC(struct buf) cells; /* nr_cols to a row */
};

struct table table_make(const struct column *cols, size_t nr);
void table_row(struct table *t);			/* begin a row of empty cells */
struct buf *table_cell(struct table *t, size_t column); /* of the last row; valid until the next */
void table_put(const struct table *t, const struct style *st, struct buf *out); /* title line and rows */
void table_release(struct table *t);

#endif
