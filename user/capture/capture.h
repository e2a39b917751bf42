/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * capture.h - the eBPF programs' user-space side: load, attach, wait, hand out events.
 *
 * The order of a recording:
 *
 *         capture_open()      load, attach, map the rings; needs the privileges
 *         capture_begin()     who is there? the recording's window starts here
 *         capture_follow_*()  --only-target: whose events to keep
 *         (drop privileges)   nothing below needs any
 *         poll(capture_fd()) and capture_drain(), again and again
 *         capture_stop(), a last capture_drain(), capture_receipt(), capture_close()
 *
 * Only this room knows libbpf, the skeleton and bpf/abi.h. In a BPF=0 build stub.c stands for it.
 */
#ifndef SCHEDVIZ_CAPTURE_CAPTURE_H
#define SCHEDVIZ_CAPTURE_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "trace/event.h"
#include "trace/facts.h"

struct capture;

struct capture_cfg {
	uint64_t ring_bytes; /* of each CPU; 0: CAPTURE_RING_DEFAULT. Rounded to pages, within the limits below */
	bool only_target;    /* drop in the kernel what is not of the followed tree */
};

/*
 * An array element above 4 MiB is refused up to 5.10 (KMALLOC_MAX_SIZE). 4 MiB hold 130,944 records: half of them,
 * at which the doorbell rings, are 90 ms of one CPU doing nothing but switching pipe to pipe.
 */
#define CAPTURE_RING_MIN (16u << 10)
#define CAPTURE_RING_DEFAULT (4u << 20)
#define CAPTURE_RING_MAX (4u << 20)
#define CAPTURE_RINGS_TOTAL \
	(512ull << 20) /* rings are made smaller on machines where they would exceed this together */

/*
 * Errors are sentences with the remedy: no privilege (-EPERM), no BTF (-ENOENT), a kernel without one of the
 * essential tracepoints (-ENOTSUP). What is not essential and missing is a fact of the recording, not an error.
 */
int capture_open(struct capture **out, const struct capture_cfg *cfg, struct err *e);

/*
 * Take the census of tasks and CPUs, start the window, ask every CPU who runs there. Adds to `facts`: kernel, arch,
 * host, clocks, topology, attach.*, window.from_ns, ring.bytes, ... (trace/facts.h).
 */
int capture_begin(struct capture *c, struct facts *facts, struct err *e);

/*
 * Only with only_target: what task `tid` makes from now on is followed, until capture_unfollow(). So a recorder that
 * makes a program between the two misses no event of it.
 */
int capture_follow_children(struct capture *c, uint32_t tid, struct err *e);
/* The same for a running process, with itself: its threads, all that descend from it. Only before the first drain. */
int capture_follow_tree(struct capture *c, uint32_t pid, struct err *e);
void capture_unfollow(struct capture *c, uint32_t tid);

/* Becomes readable when a ring is half full; for poll(2). */
int capture_fd(const struct capture *c);

/* Returning not 0 ends the drain early; that value is returned. The event is valid during the call. */
typedef int capture_event_fn(void *ctx, const struct event *ev);

/*
 * Hand out everything recorded since the last time: each CPU's events in their order, then the rare ones; events of
 * time >= until_ns are thrown away (UINT64_MAX: none). The first drain begins with EV_TASK for every task that was
 * there.
 */
int capture_drain(struct capture *c, uint64_t until_ns, capture_event_fn *fn, void *ctx);

/* Detach: nothing is recorded after this returns. */
void capture_stop(struct capture *c);

/* The kernel counted, for a short time at the start, what its programs cost; facts receipt.bpf_*, receipt.lost*. */
void capture_receipt(const struct capture *c, struct facts *facts);

/* End the sample of the programs' cost; at the latest when the recording ends. Harmless when there is none. */
void capture_end_sample(struct capture *c);

uint64_t capture_lost(const struct capture *c); /* hot records lost so far */
uint64_t capture_now(void);			/* the clock of the events */
void capture_close(struct capture *c);		/* NULL is fine */

#endif
