/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * workload.h - the included experiments: rows of a table, each with its theory.
 *
 * A workload runs in a process of its own, as the calling user, without any privilege; it knows nothing of eBPF. It
 * speaks to the recording through marks (base/schedviz_mark.h) and to the person through standard output.
 *
 * The caller's order: defaults(), options, workload_prepare(), predict(), then run() in a child of its own, to which
 * the ring of marks was exported. run() tells the recording its own stopwatch's reading with schedviz_mark_wall().
 *
 * A workload is one file that declares one `const struct workload workload_NAME` and a row in workload.c.
 */
#ifndef SCHEDVIZ_WORKLOADS_WORKLOAD_H
#define SCHEDVIZ_WORKLOADS_WORKLOAD_H

#include <stdint.h>
#include "base/err.h"
#include "base/opt.h"
#include "trace/facts.h"

/* The knobs that workloads share; each reads those that its table offers. Durations in ns. */
struct workload_cfg {
	uint64_t workers, tasks;
	uint64_t sleep_ns, work_ns;
	uint64_t seed;
	uint64_t scale_permille; /* applied to durations by workload_prepare() */
	const char *scale;	 /* "0.1", as given; NULL: 1 */
	const char *cpus;	 /* kernel list; NULL: leave the affinity alone */
	int kind;		 /* enum workload_kind */
	int handoff;		 /* enum workload_handoff */
	uint32_t nr_cpus;	 /* that it may use; set by workload_prepare() */
};

enum workload_kind { KIND_PROCS, KIND_THREADS };
enum workload_handoff { HANDOFF_PIPE, HANDOFF_LOCKPIPE, HANDOFF_SOCKETPAIR };
extern const char *const workload_handoff_names[];

struct workload {
	const char *name;
	const char *summary; /* one line for `list` */
	const char *lesson;  /* what it teaches; a paragraph for `help run NAME` */
	const char *example; /* "schedviz run pool --workers 2" */
	const struct opt *opts; /* on struct workload_cfg */
	void (*defaults)(struct workload_cfg *cfg);
	int (*check_cfg)(const struct workload_cfg *cfg, struct err *e); /* impossible combinations; may be NULL */
	/* theory before it runs: facts theory.text ("ceil(5/4) x 2 s = 4 s"), theory.wall_min_ns, theory.wall_max_ns */
	void (*predict)(const struct workload_cfg *cfg, struct facts *out);
	/* run it in this process, whose name and affinity it takes; returns the exit status, has said why it failed */
	int (*run)(const struct workload_cfg *cfg);
};

extern const struct workload *const workloads[]; /* NULL-ended */
const struct workload *workload_find(const char *name);
/*
 * Check the configuration, apply --scale to its durations and count the CPUs it may use. Once per configuration; the
 * calling process is not changed: --cpus takes effect in run(). -EINVAL and a sentence, or what the kernel said.
 */
int workload_prepare(const struct workload *w, struct workload_cfg *cfg, struct err *e);

/* ---- for the workloads' own use ---- */

/* First thing in run(): the process's name, its CPUs, the marks; a closed standard output must not kill it. */
int workload_enter(const char *name, const struct workload_cfg *cfg, struct err *e);

/* One line (at most 255 bytes) to standard output in one write, so that lines never mix. Errors are ignored. */
void workload_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The sentence to standard error, after "schedviz: "; returns the exit status of a failed run(). */
int workload_failed(const struct err *e);

/*
 * Map every page of the program and its libraries now, in a new process before it is measured. Processes that fault in
 * the same page of a file at the same time wait for one another, and that would be drawn.
 */
void workload_map_program(void);

/* `ns` for item `i`: as it is without a seed; with one, from half of it to one and a half, always the same. */
uint64_t workload_vary(uint64_t ns, uint64_t seed, uint64_t i);

/* Asleep until CLOCK_MONOTONIC is `ns`; asleep for `ns`. Interrupted sleeps go on. */
void workload_sleep_until(uint64_t ns);
void workload_sleep(uint64_t ns);

#endif
