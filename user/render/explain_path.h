/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explain_path.h - the words that the stories about a path share: the section and the short form.
 */
#ifndef SCHEDVIZ_RENDER_EXPLAIN_PATH_H
#define SCHEDVIZ_RENDER_EXPLAIN_PATH_H

#include "analysis/path_groups.h"
#include "render/explain.h"

/* The name alone where it is one task's of the target, else with its number: "worker0", "python3/812". */
void path_name(const struct account *a, task_id id, const struct style *st, struct buf *out);

/* "asleep", "running": what a step of this kind is. */
const char *path_kind_words(enum path_kind kind);
enum ink path_kind_ink(enum path_kind kind);

static inline bool path_is_asleep_kind(uint8_t kind)
{
	return kind == PATH_ASLEEP || kind == PATH_BLOCKED || kind == PATH_STOPPED;
}

/* "4.000s asleep, 1.24ms running, 155us waiting for a CPU": longest first; only those of at least `least_ns`. */
void path_put_kinds(const uint64_t ns[NR_PATH_KINDS], uint64_t least_ns, const struct style *st, struct buf *out);

/*
 * "2 x clock_nanosleep: tasks 0 and 4 on worker0"; "running: thread1 402ms, thread0 401ms"; without its length. At most
 * `most` tasks are named.
 */
void path_put_part(const struct account *a, const struct path_group *part, size_t most, const struct style *st,
		   struct buf *out);

#define PATH_NAMES 3 /* so many tasks are named before "and 3 others" */

/* "worker0, pool and 3 others": the tasks of these shares. */
void path_put_tasks(const struct account *a, const struct path_share *shares, size_t nr, const struct style *st,
		    struct buf *out);

/* "task 4"; "tasks 0 and 4", "items 0-7": of the path's steps of this part, in order of time; false: hardly any. */
bool path_put_jobs(const struct account *a, const struct path_group *part, struct buf *out);

/* "task", or "tasks" for any number but one. */
void path_put_nouns(const struct account *a, uint64_t n, struct buf *out);

/*
 * The steps [from, to) in words, without their times: "worker0 asleep in clock_nanosleep: task 4". If there are several
 * they are of one task and job, as the first one is, and are told as one.
 */
void path_put_step(const struct account *a, size_t from, size_t to, const struct style *st, struct buf *out);

#endif
