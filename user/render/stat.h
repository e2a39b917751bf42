/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stat.h - the numbers behind the picture: per task, per job, per CPU and in total, as tables or as JSON.
 */
#ifndef SCHEDVIZ_RENDER_STAT_H
#define SCHEDVIZ_RENDER_STAT_H

#include "analysis/job_times.h"
#include "render/pick.h"
#include "render/style.h"

struct stat_cfg {
	struct pick_cfg pick;
	int sort; /* index into stat_sort_keys */
	bool reverse, cpus_only;
};

extern const char *const stat_sort_keys[]; /* NULL-ended; the first is the default */

/* What is told about; nothing is owned. */
struct stat_of {
	const struct summary *sum; /* finished */
	const struct job_times *jobs;
	const struct trace_damage *damage;
};

/* The chosen tasks in the asked order; release with picks_release(). */
void stat_pick(struct picks *p, const struct summary *sum, const struct stat_cfg *cfg);

void stat_text(const struct stat_of *s, const struct stat_cfg *cfg, const struct style *st, struct buf *out);
/* As STAT_JSON.md documents it. */
void stat_json(const struct stat_of *s, const struct stat_cfg *cfg, struct buf *out);

#define STAT_JSON_VERSION 1

#endif
