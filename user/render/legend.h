/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * legend.h - what the glyphs of a picture mean: only those that it has.
 */
#ifndef SCHEDVIZ_RENDER_LEGEND_H
#define SCHEDVIZ_RENDER_LEGEND_H

#include "render/paint.h"

/* How jobs are spoken of: printable. */
struct legend_jobs {
	const char *noun;  /* "task" */
	const char *await; /* what they wait for, "a worker" */
};

/* One or two lines, broken between entries; says how long a cell lasts. */
void legend_put(const struct seen *seen, const struct legend_jobs *jobs, uint64_t cell_ns, const struct style *st,
		struct buf *out);

#endif
