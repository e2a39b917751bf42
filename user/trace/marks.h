/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * marks.h - the recorder's end of the ring through which programs mark their jobs (base/schedviz_mark.h is theirs).
 *
 *         mark_ring_create(&ring, 0, e);
 *         if (fork() == 0) { mark_ring_export(&ring, e); execvp(...); }
 *         while (mark_ring_next(&ring, &ev))           now and then
 *                 trace_writer_add(w, &ev, e);
 *         mark_ring_end(&ring); ... once more ...      when the programs are gone
 *
 * The ring is memory that strangers write to while we read: nothing in it is believed. A record is copied before it is
 * looked at; a mark from before the ring or from the future, of no tid or of an unknown kind is counted and dropped;
 * a slot that was claimed and never published (its writer was killed in between) is given up after MARK_PATIENCE_NS.
 */
#ifndef SCHEDVIZ_TRACE_MARKS_H
#define SCHEDVIZ_TRACE_MARKS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "base/fmt.h"
#include "base/schedviz_mark.h"
#include "trace/event.h"

#define MARK_RING_CAPACITY 65536u	  /* 2 MiB: what 300,000 marks a second fill in 0.2 s */
#define MARK_PATIENCE_NS (1 * NSEC_PER_SEC) /* a writer that was only preempted is back by then */

struct mark_ring {
	int fd; /* close-on-exec until mark_ring_export() */
	struct schedviz_mark_ring *shared;
	uint32_t capacity; /* ours: what the shared page says later is not looked at */
	unsigned shift;
	uint64_t tail;     /* next slot to read; the shared one is only told */
	uint64_t born_ns, now_ns;
	uint64_t gap_since_ns, gap_head; /* waiting for slot `tail` since; slots claimed by then. 0: not waiting */
	uint64_t refused;  /* records that made no sense, slots given up */
	uint32_t round;	   /* slots passed since next() last gave 0 */
	bool ended;
};

/* `capacity` records, a power of two; 0: MARK_RING_CAPACITY. -EINVAL, or what the kernel said. */
int mark_ring_create(struct mark_ring *r, uint32_t capacity, struct err *e);

/* In the child, before exec or workload: let it and what it starts inherit the ring, and tell them where it is. */
int mark_ring_export(const struct mark_ring *r, struct err *e);

/*
 * 1 and the next mark as an EV_MARK, or 0 when there is none now. Gives 0 at the latest after `capacity` slots, so that
 * a loop over it ends however fast programs mark. Marks come in the order their slots were claimed, which is not
 * quite that of their times.
 */
int mark_ring_next(struct mark_ring *r, struct event *out);

/* No writer is left, or their time is over: wait for no unpublished slot any more. */
void mark_ring_end(struct mark_ring *r);

/* Marks that were lost: the ring was full (as the writers say), never published, or senseless. */
uint64_t mark_ring_dropped(const struct mark_ring *r);

/* The span that the program measured itself; false if it said none, or an impossible one. */
bool mark_ring_wall(const struct mark_ring *r, struct window *out);

/* What a job is called, a stranger's bytes, NUL-ended; empty when the program did not say. */
void mark_ring_noun(const struct mark_ring *r, char noun[SCHEDVIZ_MARK_NOUN_LEN]);

void mark_ring_release(struct mark_ring *r); /* zeroed, or created; closes the descriptor */

#endif
