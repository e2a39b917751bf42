/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pair.c - the lanes of two recordings, set on sheets whose columns are the same.
 */
#include "render/pair.h"

#include <string.h>
#include "analysis/path_read.h"
#include "render/lanes.h"
#include "render/legend.h"
#include "render/path_rows.h"

struct half {
	struct lanes lanes;
	struct path path;
	struct path_rows rows;
	struct grid grid;
	bool has_lanes, has_grid;
};

static int half_make(struct half *h, const struct pair_side *side, const struct pick_cfg *pick, const struct style *st,
		     struct err *e)
{
	int ret = path_read(&h->path, side->reader, side->sum->model, &pick->filter, e);

	path_rows_init(&h->rows, &h->path, side->sum->model, side->sum->window);
	if (ret < 0)
		return ret;
	lanes_make(&h->lanes, side->sum, pick, false, &h->rows, st);
	h->has_lanes = true;
	return 0;
}

static void half_release(struct half *h)
{
	if (h->has_grid)
		grid_release(&h->grid);
	if (h->has_lanes)
		lanes_release(&h->lanes);
	path_rows_release(&h->rows);
	path_release(&h->path);
}

/* Lay `ns` over its lanes, count and paint. */
static int half_paint(struct half *h, const struct pair_side *side, uint64_t ns, struct seen *seen, struct err *e)
{
	struct window w = { side->sum->window.from_ns, side->sum->window.from_ns + ns };
	struct axis axis = axis_make(w, model_window(side->sum->model).from_ns, h->lanes.sheet.lane_columns);
	struct model *again = NULL;
	struct model_sink sink;
	int ret;

	grid_init(&h->grid, &axis, side->sum->model);
	h->has_grid = true;
	lanes_want(&h->lanes, &h->grid);
	grid_sink(&h->grid, &sink);
	ret = model_build(&again, side->reader, &sink, 1, e);
	model_free(again);
	if (ret < 0)
		return ret;
	path_rows_count(&h->rows, &axis);
	lanes_paint(&h->lanes, &h->grid, seen);
	return 0;
}

static uint64_t length_ns(const struct pair_side *side)
{
	return side->sum->window.to_ns - side->sum->window.from_ns;
}

static void put_both(const struct half halves[2], const struct pair_side sides[2], const struct seen *seen,
		     const struct style *st, struct buf *out)
{
	struct buf noun = { 0 };
	const char *said = model_job_noun(sides[0].sum->model);

	for (int i = 0; i < 2; i++) {
		style_ink(st, INK_HEAD, INK_PLAIN, true, out);
		buf_printf(out, "%c  %s", "AB"[i], sides[i].name);
		style_ink(st, INK_PLAIN, INK_PLAIN, false, out);
		buf_putc(out, '\n');
		sheet_put(&halves[i].lanes.sheet, st, out);
		buf_putc(out, '\n');
	}
	fmt_safe(&noun, said, strlen(said), false);
	legend_put(seen, &(struct legend_jobs){ buf_str(&noun), jobs_await(sides[0].sum->model) },
		   axis_cell_ns(&halves[0].grid.axis), st, out);
	buf_release(&noun);
}

int pair_draw(struct buf *out, const struct pair_side sides[2], const struct pick_cfg *pick, const struct style *st,
	      struct err *e)
{
	uint64_t ns = length_ns(&sides[0]) > length_ns(&sides[1]) ? length_ns(&sides[0]) : length_ns(&sides[1]);
	struct half halves[2] = { 0 };
	struct seen seen = { 0 };
	int ret = 0;

	for (int i = 0; i < 2 && ret == 0; i++)
		ret = half_make(&halves[i], &sides[i], pick, st, e);
	if (ret < 0)
		goto out;
	sheet_align(&halves[0].lanes.sheet, &halves[1].lanes.sheet, st);
	for (int i = 0; i < 2 && ret == 0; i++)
		ret = half_paint(&halves[i], &sides[i], ns, &seen, e);
	if (ret == 0)
		put_both(halves, sides, &seen, st, out);
out:
	half_release(&halves[1]);
	half_release(&halves[0]);
	return ret;
}
