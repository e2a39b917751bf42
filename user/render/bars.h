/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bars.h - distributions as lying bars, several beside each other, and a course over time as standing ones.
 */
#ifndef SCHEDVIZ_RENDER_BARS_H
#define SCHEDVIZ_RENDER_BARS_H

#include "analysis/dist.h"
#include "render/style.h"

struct bars {
	const char *title;    /* harmless bytes */
	const uint64_t *bins; /* DIST_BINS */
	enum ink ink;
};

/*
 * A line for each bin from the first to the last that any of them uses: its lower limit, then for each a bar, the
 * longest as long as there is room, and the count. Many empty lines in a row become one. As many of the `nr` as fit,
 * the first ones.
 */
void bars_put(const struct bars *v, size_t nr, const struct style *st, struct buf *out);

/*
 * `n` values as a line of standing bars, the largest (at least `most`) full; as wide as `columns` allows, so that each
 * bar is the mean of equally many. No newline.
 */
void bars_course(const uint64_t *v, unsigned n, uint64_t most, unsigned columns, enum ink ink, const struct style *st,
		 struct buf *out);
/* How many bars that gives: the largest divisor of n that is at most `columns`. */
unsigned bars_course_columns(unsigned n, unsigned columns);

#endif
