/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_words.h - a step of the critical path by name, the same in every picture and export.
 */
#ifndef SCHEDVIZ_ANALYSIS_PATH_WORDS_H
#define SCHEDVIZ_ANALYSIS_PATH_WORDS_H

#include "analysis/path.h"
#include "base/buf.h"

struct path_words {
	const struct model *model;
	bool *shared; /* by task_id.i: another task has its name, too, so its number is said */
};

void path_words_init(struct path_words *w, const struct model *m); /* finished; not owned */
void path_words_release(struct path_words *w);

/*
 * "worker0 asleep in clock_nanosleep: task 4", "worker0 running", "python3/811 waiting for CPU 1 behind python3/812".
 * Harmless bytes only.
 */
void path_words_put(const struct path_words *w, const struct path_step *s, bool utf8, struct buf *out);

/* "running", "waiting", "asleep", ...: of enum path_kind. "same", "wake", "fork", "exit", "end": of enum path_edge. */
const char *path_kind_name(uint8_t kind);
const char *path_edge_name(uint8_t edge);

#endif
