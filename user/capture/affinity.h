/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * affinity.h - where tasks may run: asked of the kernel at the opening, and put in order as it comes from the programs.
 */
#ifndef SCHEDVIZ_CAPTURE_AFFINITY_H
#define SCHEDVIZ_CAPTURE_AFFINITY_H

#include "base/fmt.h"
#include "base/vec.h"
#include "bpf/abi.h"
#include "trace/event.h"

struct affinity {
	struct cpuset possible;
	uint64_t words[SV_ALLOWED_WORDS]; /* of the event being handed out */
	VEC(struct cpuset) kept;	  /* of events that wait */
};

/* Reads which CPUs are possible. */
void affinity_begin(struct affinity *a);
uint32_t affinity_nr_words(const struct affinity *a);			    /* of a mask, as far as records hold it */
uint32_t affinity_hash(const struct affinity *a, const struct cpuset *set); /* as the programs compute it */
/* A mask as the kernel has it becomes a set of CPUs that are possible; what is not in the record is not known. The set
 * is a's, until the next call. False: nothing is left of it. */
bool affinity_clip(struct affinity *a, struct event *ev);
/* Give the event a set of its own, which lives as long as `a`. */
void affinity_keep(struct affinity *a, struct event *ev);
void affinity_release(struct affinity *a);

/* Where this task may run, of the CPUs in `online`; *out stays empty if that is everywhere, or it is gone. */
void affinity_ask(uint32_t tid, const struct cpuset *online, struct cpuset *out);
void affinity_copy(struct cpuset *to, const struct cpuset *from); /* replaces the contents */

#endif
