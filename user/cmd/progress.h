/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * progress.h - how far a long reading is, for who watches: a line on standard error that is gone at the end.
 *
 * Only on a terminal, and only when it takes more than a second.
 */
#ifndef SCHEDVIZ_CMD_PROGRESS_H
#define SCHEDVIZ_CMD_PROGRESS_H

#include "model/model.h"

struct progress {
	struct window window; /* what is read */
	const char *doing;    /* "reading" */
	uint64_t next_ns;     /* CLOCK_MONOTONIC: not before that is anything said; UINT64_MAX: to nobody */
	uint32_t calls;
	bool shown;
};

/* The sink to feed in the pass. */
void progress_init(struct progress *p, const char *doing, struct window window, struct model_sink *sink);
/* The pass is over, and this is done now; at once if it has been more than a second, for nothing will tell how far. */
void progress_now(struct progress *p, const char *doing);
/* Take the line away. */
void progress_end(struct progress *p);

#endif
