/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * health.h - what was odd or lost, counted, so that every view can say so.
 */
#ifndef SCHEDVIZ_MODEL_HEALTH_H
#define SCHEDVIZ_MODEL_HEALTH_H

#include <stdint.h>
#include "base/buf.h"

/* name, (what is counted: one, several, and the rest of the sentence for the reader) */
#define HEALTH_COUNTERS(X)                                                                                          \
	X(lost_events, ("event", "events", "lost: the rings were full; the gaps are drawn as unknown"))             \
	X(lost_spans, ("gap", "gaps", "in the recording"))                                                          \
	X(lost_rare, ("fork, exit or rename", "forks, exits or renames", "lost: names and parents may be missing")) \
	X(lost_marks, ("job mark", "job marks", "lost"))                                                            \
	X(impossible_steps, ("event", "events", "that did not fit what was known: drawn as unknown"))               \
	X(cpu_mismatches, ("switch", "switches", "away from a task that did not run there: drawn as unknown"))      \
	X(clock_backwards, ("event", "events", "earlier than the cause on another CPU: clamped"))                   \
	X(unknown_tids, ("task", "tasks", "never introduced: names and parents may be missing"))                      \
	X(odd_marks, ("job mark", "job marks", "without sense (unknown task, time outside, finished twice)"))       \
	X(requeued_by_signal, ("sleep", "sleeps", "that did not happen because a signal was pending"))              \
	X(tid_reuses, ("task number", "task numbers", "used again by a later task"))

struct health {
#define X(name, words) uint64_t name;
	HEALTH_COUNTERS(X)
#undef X
};

/* One line per counter above zero that a reader must know (the last two are no faults and only shown verbosely). */
void health_report(const struct health *h, int verbose, struct buf *out);
/* Could any number drawn from this recording be wrong? (losses, mismatches, impossible steps) */
int health_doubtful(const struct health *h);

#endif
