/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * task_json.h - a task and its sums as members of a JSON object, the same wherever they are written, and the words
 * that views and exports share for what a summary holds.
 */
#ifndef SCHEDVIZ_ANALYSIS_TASK_JSON_H
#define SCHEDVIZ_ANALYSIS_TASK_JSON_H

#include "analysis/summary.h"
#include "base/json.h"

/* Into an open object: what STAT_JSON.md (render/) lists under `tasks`, of the summary's window. */
void task_json(struct json *j, const struct summary *sum, task_id id);
/* An object of that key: count, mean_ns, p95_ns, max_ns. */
void latency_json(struct json *j, const char *key, const struct hist *h);

/* "result handler"; NULL for ROLE_NONE. */
const char *words_role(enum role role);

/* "clock_nanosleep", "sys_9999", "no syscall", "unknown". */
void words_syscall(const struct model *m, int32_t syscall, struct buf *out);

/* A wait status: *signal is 0 for who exited by itself. */
void exit_split(int32_t status, int *code, int *signal);

#endif
