/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * words.h - the same thing called by the same name in every view: tasks, what they slept in, how they ended.
 */
#ifndef SCHEDVIZ_RENDER_WORDS_H
#define SCHEDVIZ_RENDER_WORDS_H

#include "analysis/summary.h"
#include "analysis/task_json.h"
#include "render/style.h"

/* The task's name, harmless; "(no name)" for one that was never introduced. */
void words_task(const struct task *t, const struct style *st, struct buf *out);

/* The task's name and, if it has one, its role: "python3 result handler". */
void words_who(const struct summary *sum, task_id id, const struct style *st, struct buf *out);

/* "waits for the GIL (5.06ms x 75)", brief "GIL 5.06ms"; false: it does not, nothing written. */
bool words_gil(const struct summary *sum, task_id id, bool brief, struct buf *out);

/* What it mostly slept in: "read", or "read 62%" when that is not nearly all of it; nothing for who never slept. */
void words_slept(const struct model *m, const struct task_sum *t, struct buf *out);

/* "0", "1", "SIGKILL"; "-" while it lives or when its end was not seen. */
void words_exit(const struct task *t, struct buf *out);

uint64_t slept_ns(const struct task_sum *t); /* asleep, blocked or stopped */

/* "12.3 %", "100 %", "<0.1 %" (little is not nothing), "0": at most six columns. */
void words_share(struct buf *out, uint64_t part, uint64_t whole);

/* "s", or "" for one. */
const char *plural(uint64_t n);

#endif
