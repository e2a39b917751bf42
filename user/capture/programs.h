/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * programs.h - the BPF programs as rows: on which tracepoint or function, and what is lost without it.
 */
#ifndef SCHEDVIZ_CAPTURE_PROGRAMS_H
#define SCHEDVIZ_CAPTURE_PROGRAMS_H

#include <stdbool.h>
#include <stddef.h>

/* One of several programs on sched_waking is loaded, by where this kernel lets us see the context of a wake-up. */
enum wake_context { WAKE_DEPTH, WAKE_COUNT, WAKE_PCPU_HOT, WAKE_THREAD_INFO, NR_WAKE_CONTEXTS };

enum program_need {
	NEED_ALWAYS,   /* no recording without it */
	NEED_OPTIONAL, /* the recording says what it lacks */
	NEED_DEPTH,    /* only with WAKE_DEPTH */
	NEED_WAKING,   /* the one of `context` */
};

struct program {
	const char *name;	/* in schedviz.bpf.c */
	const char *hook;	/* a tracepoint, which BTF knows as btf_trace_NAME; or a function, when it returns */
	bool function;
	enum program_need need;
	enum wake_context context; /* of NEED_WAKING */
	const char *without;	   /* what a recording without it lacks */
};

extern const struct program programs[];
extern const size_t nr_programs;
extern const char *const wake_context_names[NR_WAKE_CONTEXTS]; /* as the fact wake_context says it */

#endif
