/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pick.h - which tasks a view shows, in which order and under whom; and what is said of those it does not show.
 *
 * By default: of a recorded command its tree, in tree order, everybody else folded into a count; of a machine
 * whoever ran the most. The recorder's own tasks are folded unless asked for. Used by every view, so that they agree.
 */
#ifndef SCHEDVIZ_RENDER_PICK_H
#define SCHEDVIZ_RENDER_PICK_H

#include "analysis/summary.h"

#define PICK_DEFAULT_TOP 40
#define PICK_MAX 10000 /* more lanes than this nobody reads; bounds the memory of a drawing */

struct pick_cfg {
	struct task_filter filter; /* text NULL or "": no filter */
	bool all;	/* everybody who was active, not just the target's tree */
	bool everyone;	/* and whether active or not */
	uint64_t top;	/* at most so many, those that ran longest; 0: PICK_DEFAULT_TOP, with a filter PICK_MAX */
	bool flat;	/* for tables: no limit but `top`, no families; in the order of the model's tree */
};

struct picked {
	task_id id;
	uint32_t parent;   /* index into the picks; UINT32_MAX: a root of what is shown */
	uint8_t depth;
	uint64_t siblings; /* bit d: at depth d another sibling follows below; for tree art */
};

struct picks {
	struct picked *v;
	uint32_t n;
	uint32_t more;		/* would be shown, but for the limit */
	uint64_t more_run_ns;
	uint32_t others;	/* ran, but do not belong to what was recorded */
	uint64_t others_run_ns;
	uint32_t recorders;	/* of the others, the recorder's own */
	uint64_t recorder_run_ns;
};

void picks_make(struct picks *p, const struct summary *s, const struct pick_cfg *cfg);
void picks_release(struct picks *p);

/* "and 214 more tasks, 1.20s on CPU" and "and 87 other tasks, 12.3ms on CPU (schedviz itself: 1.1ms)": a line each. */
void picks_report(const struct picks *p, bool utf8, struct buf *out);

/* Has the task done or suffered anything inside the window? One that slept all through it has not. */
bool pick_active(const struct summary *s, task_id id);

#endif
