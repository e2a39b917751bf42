/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compare.h - two recordings, or groups of them, side by side: what changed and why in a sentence, then the numbers.
 */
#ifndef SCHEDVIZ_RENDER_COMPARE_H
#define SCHEDVIZ_RENDER_COMPARE_H

#include "analysis/compare.h"
#include "render/style.h"

struct compare_cfg {
	unsigned top; /* rows of each group, those that differ most */
};

/* The sentences. */
void compare_story(const struct comparison *c, const struct style *st, struct buf *out);
/* The table, a group after the other; what differs little is left out. */
void compare_table(const struct comparison *c, const struct compare_cfg *cfg, const struct style *st, struct buf *out);
#define COMPARE_JSON_VERSION 1
/* All of it; as COMPARE_JSON.md documents it. */
void compare_json(const struct comparison *c, struct buf *out);

#endif
