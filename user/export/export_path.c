/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * export_path.c - the critical path for exporters: of which recordings it is told, and up to which length.
 */
#include "export/export.h"

#include <inttypes.h>

/* Of a whole machine it costs as much as the rest of an export and says little: only if it was asked for. */
static bool is_wanted(const struct export_job *job, const struct model *m)
{
	return job->path || job->filter.text || task_some(model_target(m));
}

int export_path_make(struct export_path *x, const struct export_job *job, const struct model *m, struct err *e)
{
	int ret = 0;

	*x = (struct export_path){ 0 };
	if (!is_wanted(job, m))
		return 0;
	ret = path_read(&x->path, job->reader, m, &job->filter, e);
	x->part = path_within(&x->path, job->window);
	if (x->part.to - x->part.from > EXPORT_PATH_MAX) {
		buf_printf(&x->note, "left out: %zu steps, more than %u - export a part of it",
			   x->part.to - x->part.from, EXPORT_PATH_MAX);
		x->part.to = x->part.from;
	}
	return ret;
}

void export_path_release(struct export_path *x)
{
	path_release(&x->path);
	buf_release(&x->note);
}
