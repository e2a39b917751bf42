/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * info.h - about a recording itself: machine, command, events, losses, and what the recording cost.
 */
#ifndef SCHEDVIZ_RENDER_INFO_H
#define SCHEDVIZ_RENDER_INFO_H

#include "render/intrusion.h"
#include "render/style.h"

/* What `info` speaks of; nothing is owned. */
struct info {
	const char *path;
	const struct model *model;
	const struct trace_reader *reader;
	struct intrusion intrusion;
};

/* A name and a text for each thing that is known. */
void info_text(const struct info *i, const struct style *st, struct buf *out);
/* {"schema": "schedviz-info", "version": 1, ...}: the figures, and every fact as it stands in the file. */
void info_json(const struct info *i, struct buf *out);

#endif
