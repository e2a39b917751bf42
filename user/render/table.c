/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * table.c - column widths and the choice of columns.
 */
#include "render/table.h"

#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/fmt.h"

#define GAP 1u
#define WIDE_GAP 2u    /* where the page has room for it */
#define REST_LEAST 18u /* narrower than this a COL_REST says too little */

struct table table_make(const struct column *cols, size_t nr)
{
	return (struct table){ .cols = cols, .nr_cols = nr };
}

void table_row(struct table *t)
{
	for (size_t i = 0; i < t->nr_cols; i++)
		*vec_push(&t->cells) = (struct buf){ 0 };
}

struct buf *table_cell(struct table *t, size_t column)
{
	return &t->cells.v[t->cells.n - t->nr_cols + column];
}

void table_release(struct table *t)
{
	for (size_t i = 0; i < t->cells.n; i++)
		buf_release(&t->cells.v[i]);
	vec_release(&t->cells);
}

static bool says_nothing(const struct buf *b)
{
	return !strcmp(buf_str(b), "") || !strcmp(buf_str(b), "0") || !strcmp(buf_str(b), "-");
}

/* Natural widths; 0 for a column that has nothing to say. */
static void measure(const struct table *t, unsigned *width)
{
	for (size_t c = 0; c < t->nr_cols; c++) {
		bool any = !(t->cols[c].flags & COL_IF_ANY);

		width[c] = (unsigned)fmt_columns(t->cols[c].title, strlen(t->cols[c].title));
		for (size_t i = c; i < t->cells.n; i += t->nr_cols) {
			unsigned w = text_columns(&t->cells.v[i]);

			width[c] = w > width[c] ? w : width[c];
			any |= !says_nothing(&t->cells.v[i]);
		}
		if (!any)
			width[c] = 0;
	}
}

/* Width of the page that the columns need; a column that is elided to the rest counts with at most `rest`. */
static unsigned total(const struct table *t, const unsigned *width, unsigned gap, unsigned rest)
{
	unsigned sum = 0;

	for (size_t c = 0; c < t->nr_cols; c++) {
		unsigned w = width[c];

		if ((t->cols[c].flags & COL_REST) && w > rest)
			w = rest;
		sum += w ? w + gap : 0;
	}
	return sum ? sum - gap : 0;
}

static void drop_columns(const struct table *t, unsigned *width, unsigned columns)
{
	while (total(t, width, GAP, REST_LEAST) > columns) {
		size_t worst = t->nr_cols;

		for (size_t c = 0; c < t->nr_cols; c++)
			if (width[c] && t->cols[c].rank > (worst < t->nr_cols ? t->cols[worst].rank : 0))
				worst = c;
		if (worst == t->nr_cols)
			return;
		width[worst] = 0;
	}
}

/* Returns the gap between columns: the wide one only where nothing has to be elided for it. */
static unsigned fit(const struct table *t, unsigned *width, unsigned columns)
{
	if (total(t, width, GAP, REST_LEAST) > columns)
		for (size_t c = 0; c < t->nr_cols; c++)
			if (t->cols[c].most && width[c] > t->cols[c].most)
				width[c] = t->cols[c].most;
	drop_columns(t, width, columns);
	if (total(t, width, WIDE_GAP, UINT32_MAX) <= columns)
		return WIDE_GAP;
	for (size_t c = 0; c < t->nr_cols; c++)
		if ((t->cols[c].flags & COL_REST) && width[c] > REST_LEAST) {
			unsigned used = total(t, width, GAP, REST_LEAST);
			unsigned room = REST_LEAST + (columns > used ? columns - used : 0);

			width[c] = width[c] < room ? width[c] : room;
		}
	return GAP;
}

void table_put(const struct table *t, const struct style *st, struct buf *out)
{
	unsigned *width = xcalloc(t->nr_cols, sizeof(*width)), gap;

	measure(t, width);
	gap = fit(t, width, st->columns);
	for (size_t row = 0; row <= t->cells.n / t->nr_cols; row++) {
		bool first = true;

		for (size_t c = 0; c < t->nr_cols; c++) {
			const struct buf *b = row ? &t->cells.v[(row - 1) * t->nr_cols + c] : NULL;
			enum ink ink = !b ? INK_HEAD : says_nothing(b) ? INK_DIM : t->cols[c].ink;

			if (!width[c])
				continue;
			if (!first)
				buf_repeat(out, " ", gap);
			first = false;
			style_cell(st, ink, b ? buf_str(b) : t->cols[c].title, width[c], t->cols[c].flags & COL_RIGHT,
				   out);
		}
		style_line_end(out);
	}
	free(width);
}
