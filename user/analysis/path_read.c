/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_read.c - a target, its history, and of that only the path is kept.
 */
#include "analysis/path_read.h"

int path_read(struct path *p, struct trace_reader *r, const struct model *m, const struct task_filter *filter,
	      struct err *e)
{
	struct target target;
	struct history history;
	struct model_sink sink;
	struct model *again = NULL;
	int ret;

	*p = (struct path){ 0 };
	target_init(&target, m, filter, (struct window){ 0, UINT64_MAX });
	history_init(&history, target.window, &target, &sink);
	ret = model_build(&again, r, &sink, 1, e);
	model_free(again);
	if (ret == 0) {
		history_finish(&history, m, &target);
		path_make(p, &history, target.last, target.window);
	}
	history_release(&history);
	target_release(&target);
	return ret;
}

/* How many steps end by `ts_ns`. */
static size_t ended_by(const struct path *p, uint64_t ts_ns)
{
	size_t lo = 0, hi = p->steps.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (p->steps.v[mid].to_ns <= ts_ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct path_part path_within(const struct path *p, struct window w)
{
	struct path_part part = { ended_by(p, w.from_ns), ended_by(p, w.to_ns) };

	if (part.to < p->steps.n && p->steps.v[part.to].from_ns < w.to_ns)
		part.to++;
	return part;
}
