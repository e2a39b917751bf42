/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * doubts.h - what a reader must know before believing a recording, in sentences: damage of the file, losses, oddities.
 */
#ifndef SCHEDVIZ_ANALYSIS_DOUBTS_H
#define SCHEDVIZ_ANALYSIS_DOUBTS_H

#include "model/model.h"

/* A line each; nothing for a sound recording. After the pass that `d` is of. */
void doubts_report(const struct model *m, const struct trace_damage *d, bool utf8, struct buf *out);

#endif
