/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * replay.h - the recorded dependencies played again, with some waits left out.
 *
 * Each task of the target is its stretches in order, each as long as it was, except for a sleep that another task of
 * the target ended while it was on a CPU: that lasts until the other has come to the point where it did so, and not at
 * all if it has been there before (a post before the wait is no sleep). A new task begins where its maker had come to
 * when it made it. All such edges point forward in recorded time, so playing them in that order never waits for ever.
 */
#ifndef SCHEDVIZ_ANALYSIS_REPLAY_H
#define SCHEDVIZ_ANALYSIS_REPLAY_H

#include "analysis/history.h"

enum replay_kind {
	REPLAY_AS_RECORDED,
	REPLAY_NO_WAKE_LATENCY, /* waits after a wake-up take no time */
	REPLAY_NO_WAITING,	/* no wait for a CPU does */
	REPLAY_NO_SLEEP,	/* neither that nor sleeps for time do */
	NR_REPLAYS
};

struct replay {
	uint64_t end_ns[NR_REPLAYS]; /* when `last` comes to the end of the window, counted from its beginning */
	uint64_t ran_ns;	     /* all that the target's tasks computed inside the window */
};

/* TASK_NONE, or one that was never there: the end is always as recorded. */
void replay_play(struct replay *out, const struct history *h, task_id last);

#endif
