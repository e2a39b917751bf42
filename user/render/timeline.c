/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * timeline.c - compose the picture: lanes, second pass, paint, legend, story.
 */
#include "render/timeline.h"

#include <string.h>
#include "analysis/path_read.h"
#include "render/frame.h"
#include "render/lanes.h"
#include "render/legend.h"
#include "render/story.h"

static int count_cells(struct grid *g, struct trace_reader *r, struct err *e)
{
	struct model_sink sink;
	struct model *m = NULL;
	int ret;

	grid_sink(g, &sink);
	ret = model_build(&m, r, &sink, 1, e);
	model_free(m);
	return ret;
}

static void put_page(const struct lanes *l, const struct grid *g, const struct seen *seen, const struct report *report,
		     const struct style *st, struct buf *out)
{
	struct buf noun = { 0 };
	const char *said = model_job_noun(l->sum->model);

	frame_head(l->sum->model, l->sum->window, report, st, out);
	buf_putc(out, '\n');
	sheet_put(&l->sheet, st, out);
	buf_putc(out, '\n');
	fmt_safe(&noun, said, strlen(said), false);
	legend_put(seen, &(struct legend_jobs){ buf_str(&noun), jobs_await(l->sum->model) }, axis_cell_ns(&g->axis), st,
		   out);
	buf_putc(out, '\n');
	if (l->path)
		path_rows_report(l->path, st, out);
	story_put(l->sum, &l->picks, st, out);
	buf_release(&noun);
}

static int draw(struct buf *out, struct trace_reader *r, const struct summary *sum, const struct timeline_cfg *cfg,
		struct path_rows *path, const struct style *st, struct err *e)
{
	struct seen seen = { 0 };
	struct lanes lanes;
	struct axis axis;
	struct grid grid;
	int ret;

	lanes_make(&lanes, sum, &cfg->pick, cfg->cpus_only, path, st);
	axis = axis_make(sum->window, model_window(sum->model).from_ns, lanes.sheet.lane_columns);
	grid_init(&grid, &axis, sum->model);
	lanes_want(&lanes, &grid);
	ret = count_cells(&grid, r, e);
	if (ret < 0)
		goto out;
	if (path)
		path_rows_count(path, &axis);
	lanes_paint(&lanes, &grid, &seen);
	put_page(&lanes, &grid, &seen, cfg->report, st, out);
	frame_foot(sum->model, trace_reader_damage(r), st, out);
out:
	grid_release(&grid);
	lanes_release(&lanes);
	return ret;
}

int timeline_draw(struct buf *out, struct trace_reader *r, const struct summary *sum, const struct timeline_cfg *cfg,
		  const struct style *st, struct err *e)
{
	struct path path;
	struct path_rows rows;
	int ret;

	if (!cfg->path)
		return draw(out, r, sum, cfg, NULL, st, e);
	ret = path_read(&path, r, sum->model, &cfg->pick.filter, e);
	path_rows_init(&rows, &path, sum->model, sum->window);
	if (ret == 0)
		ret = draw(out, r, sum, cfg, &rows, st, e);
	path_rows_release(&rows);
	path_release(&path);
	return ret;
}
