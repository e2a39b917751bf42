/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * snapshot.h - the census: which tasks and CPUs there are when a recording begins.
 *
 * /proc is read after the programs are attached, and what they recorded meanwhile is applied to it, so the census is
 * that of one instant: no task is counted twice, none is missed.
 */
#ifndef SCHEDVIZ_CAPTURE_SNAPSHOT_H
#define SCHEDVIZ_CAPTURE_SNAPSHOT_H

#include "base/fmt.h"
#include "base/idmap.h"
#include "base/vec.h"
#include "trace/event.h"
#include "trace/facts.h"

struct snapshot {
	VEC(struct event) tasks; /* EV_TASK; a tid of 0 marks one that has ended since */
	VEC(struct cpuset) allowed; /* parallel; empty: everywhere */
	struct cpuset online;	    /* when it began */
	struct idmap by_tid;
	uint64_t scanned_ns; /* when reading /proc began */
};

/* Read every thread of /proc. A task that ends while being read is left out. */
void snapshot_scan(struct snapshot *s, uint64_t now_ns);
/* Bring it up to date with an event that came after the scan began. */
void snapshot_apply(struct snapshot *s, const struct event *ev);
/* Stamp all of them with the instant the window begins. */
void snapshot_stamp(struct snapshot *s, uint64_t from_ns);
void snapshot_release(struct snapshot *s);

/* Facts cpu.possible, cpu.online, cpu.N.* from /sys/devices/system. */
void snapshot_cpus(struct facts *facts);
/* The CPUs that are physically there, else those that are possible; never empty. */
void snapshot_present(struct cpuset *out);
void snapshot_possible(struct cpuset *out); /* those that may ever be there; likewise */
void snapshot_online(struct cpuset *out);   /* those that run tasks now; likewise */

#endif
