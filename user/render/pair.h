/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pair.h - two timelines one under the other, on one scale: what takes longer is longer.
 */
#ifndef SCHEDVIZ_RENDER_PAIR_H
#define SCHEDVIZ_RENDER_PAIR_H

#include "render/pick.h"
#include "render/style.h"

struct pair_side {
	const char *name;	     /* above its lanes; safe text */
	struct trace_reader *reader; /* read once more, for the path another time */
	const struct summary *sum;   /* finished, of its whole recording or a part */
};

/*
 * The lanes of both with their critical paths, each from the beginning of its window, the cells of both as long; one
 * legend. Errors: those of model_build().
 */
int pair_draw(struct buf *out, const struct pair_side sides[2], const struct pick_cfg *pick, const struct style *st,
	      struct err *e);

#endif
