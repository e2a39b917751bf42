/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * whatif.h - how much earlier the end would have come without something: the recorded dependencies played again.
 *
 * Each task of the target is a line of pieces: computing for as long as it did; sleeping for as long as a timer or the
 * outside took; waiting for another task until that reaches the point where it woke this one; starting when it was
 * made (replay.h). What depends on what stays as recorded, only the waits change, so this is what would be if nothing
 * else changed: no wake-up latency, no waiting. Where the answer depends on decisions that would have been others,
 * there are two bounds:
 *
 * - One more CPU: no better than never waiting for one, no worse than as recorded.
 * - One more worker: jobs as long as they were, each taken in the order of submission by whoever is free first, on as
 *   many workers as there were and on one more; the difference is the gain. Two doubts widen it. The jobs may have
 *   been handed out otherwise: by as much as such a schedule's end is off the recorded one. And their computing may
 *   get in each other's way, once there are more workers than CPUs or they kept to fewer CPUs: by at most all of it.
 * - No sleep for time: no better than if nobody then waited for a CPU either, no worse than as recorded, nor than if
 *   moreover all that was computed queued for a single CPU. No gain if the end did not wait for any such sleep.
 */
#ifndef SCHEDVIZ_ANALYSIS_WHATIF_H
#define SCHEDVIZ_ANALYSIS_WHATIF_H

#include "analysis/path.h"

enum whatif_kind {
	WHATIF_NO_WAKE_LATENCY, /* whoever is woken runs at once */
	WHATIF_NO_WAITING,	/* nobody ever waits for a CPU: as many CPUs as tasks */
	WHATIF_ONE_MORE_CPU,
	WHATIF_ONE_MORE_WORKER, /* only where there are jobs */
	WHATIF_NO_SLEEP,	/* timed sleeps take no time */
	NR_WHATIFS
};

struct whatif {
	bool known; /* else it cannot be told: no jobs that one hands to another; nothing known of the end */
	bool exact; /* min_ns == max_ns, given that only this changes */
	uint64_t min_ns, max_ns; /* from the beginning of the window to the new end */
};

struct whatifs {
	struct window window;
	uint64_t replayed_ns; /* the unchanged replay's end: equals the window's length, or the recording has gaps */
	struct whatif v[NR_WHATIFS];
};

void whatifs_make(struct whatifs *w, const struct history *h, const struct path *p);

#endif
