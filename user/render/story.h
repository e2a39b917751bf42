/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * story.h - the sentences under a picture: what is notable in it, from its numbers alone.
 *
 * Deterministic: the same recording and window give the same sentences.
 */
#ifndef SCHEDVIZ_RENDER_STORY_H
#define SCHEDVIZ_RENDER_STORY_H

#include "render/pick.h"
#include "render/style.h"

/* At most three: the job that waited longest for a worker, the task most kept from a CPU, how idle the CPUs were. */
void story_put(const struct summary *sum, const struct picks *picks, const struct style *st, struct buf *out);

#endif
