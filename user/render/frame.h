/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * frame.h - what stands above and below every view: what was recorded, how it compares with its theory, and what is
 * missing or doubtful in the recording.
 */
#ifndef SCHEDVIZ_RENDER_FRAME_H
#define SCHEDVIZ_RENDER_FRAME_H

#include "analysis/report.h"
#include "model/model.h"
#include "render/style.h"

/*
 * Command, length, CPUs; the window if it is not all of it; theory beside measurement when the facts have them. With a
 * report (may be NULL) the measurement is that of its headline, with its verdict.
 */
void frame_head(const struct model *m, struct window window, const struct report *report, const struct style *st,
		struct buf *out);

/* Losses, oddities and damage, a line each; nothing for a sound recording. */
void frame_foot(const struct model *m, const struct trace_damage *d, const struct style *st, struct buf *out);

/* Is something missing or possibly wrong: damage, losses, contradictions? */
bool frame_doubtful(const struct model *m, const struct trace_damage *d);

#endif
