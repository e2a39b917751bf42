/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * verdict.h - what a check found, as a table, and its verdict; the same for programs.
 */
#ifndef SCHEDVIZ_RENDER_VERDICT_H
#define SCHEDVIZ_RENDER_VERDICT_H

#include "analysis/report.h"
#include "render/style.h"

/* Every finding with its expectation, then the verdict with its reason; nothing for a report without findings. */
void verdict_put(const struct report *r, const struct style *st, struct buf *out);

/* One line: "✓ as predicted", "? not judged: others used 12.3 % of the machine". */
void verdict_line(const struct report *r, const struct style *st, struct buf *out);

/* The same without the reason, and no newline. */
void verdict_word(const struct report *r, const struct style *st, struct buf *out);

/* What was measured for a finding, "4.001s", "75.2 %"; no newline. */
void verdict_measured(const struct finding *f, const struct style *st, struct buf *out);

/* `schedviz check --json`: one object, as CHECK_JSON.md documents it. */
void verdict_json(const struct report *r, const char *workload, const char *theory, struct buf *out);

#endif
