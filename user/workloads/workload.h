/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * workload.h - the included experiments: rows of a table, each with its theory and the check of it.
 *
 * A workload runs in a process of its own, as the calling user unless it needs root; it knows nothing of eBPF. It
 * speaks to the recording through marks (base/schedviz_mark.h) and to the person through standard output. What it
 * predicts is held against the recording afterwards, on any machine: check() and explain() get the same knobs and what
 * was recorded, and may look at nothing else.
 *
 * The caller's order: a zeroed struct of cfg_size bytes, defaults(), options, workload_prepare(), predict(), then run()
 * in a child of its own, to which the ring of marks was exported; run() tells the recording its own stopwatch's reading
 * with schedviz_mark_wall(). Later, from the recording: the same options, workload_restore(), check(), explain().
 *
 * A workload is one file (NAME.c; where it grows long NAME_check.c beside it) that declares one
 * `const struct workload workload_NAME`, and a row in catalogue.c.
 */
#ifndef SCHEDVIZ_WORKLOADS_WORKLOAD_H
#define SCHEDVIZ_WORKLOADS_WORKLOAD_H

#include <stdint.h>
#include "analysis/evidence.h"
#include "analysis/report.h"
#include "base/err.h"
#include "base/opt.h"
#include "trace/facts.h"
#include "workloads/sched.h"

/* What workloads share. A workload's own knobs are in a struct of its own that begins with this one. Durations in ns.
 */
struct workload_cfg {
	uint64_t workers, tasks;
	uint64_t sleep_ns, work_ns; /* scaled by workload_prepare() */
	uint64_t exp;		    /* compute 8^exp in decimal; 0: not */
	int kind;		    /* enum workload_kind */
	uint64_t seed;
	uint64_t repeat;	   /* recordings to make, the caller's affair */
	const char *scale;	   /* "0.1", as given; NULL: 1 */
	bool quick;		   /* short enough for tests */
	const char *cpus;	   /* kernel list; NULL: leave the affinity alone */
	const char *policy, *nice; /* as given; NULL: leave them alone */
	uint64_t slice_ns;	   /* 0: the kernel's own */
	/* set by workload_prepare() and workload_restore() */
	uint64_t scale_permille;   /* --scale, and --quick's share of it */
	uint32_t nr_cpus;	   /* that it may use */
	struct sched_choice sched; /* of policy, nice and slice_ns */
};

enum workload_kind { KIND_PROCS, KIND_THREADS };

/* Rows that every workload's table ends with; `st` begins with the struct workload_cfg `c`. */
#define WORKLOAD_OPTS(st, c) WORKLOAD_SCHED_OPTS(st, c), WORKLOAD_RUN_OPTS(st, c)
#define WORKLOAD_SCHED_OPTS(st, c)                                                                     \
	OPT_STRING(0, "policy", st, c.policy, "POLICY",                                                \
		   "schedule it as other, batch, idle, fifo:P, rr:P or deadline:RUN/DEADLINE/PERIOD"), \
		OPT_STRING(0, "nice", st, c.nice, "N", "give it this nice value, -20 to 19"),          \
		OPT_DURATION(0, "slice", st, c.slice_ns, SCHED_SLICE_MIN_NS, SCHED_SLICE_MAX_NS,       \
			     "ask the kernel (6.12 on) for time slices of this length")
#define WORKLOAD_RUN_OPTS(st, c) \
	OPT_STRING(0, "cpus", st, c.cpus, "LIST", "run on these CPUs only, as 0-1,3"), WORKLOAD_PACE_OPTS(st, c)
#define WORKLOAD_PACE_OPTS(st, c)                                                               \
	OPT_STRING(0, "scale", st, c.scale, "FACTOR", "multiply all durations by it, as 0.1"),  \
		OPT_FLAG(0, "quick", st, c.quick, "be done soon: short durations, few rounds"), \
		OPT_U64(0, "repeat", st, c.repeat, 1, 1000, "K", "record it K times, into FILE-1, FILE-2, ...")
/* Where workload_vary() makes use of it, and the theory knows. */
#define WORKLOAD_SEED_OPT(st, c)                           \
	OPT_U64(0, "seed", st, c.seed, 0, UINT64_MAX, "N", \
		"let lengths differ, by half either way, the same for the same N (0: all equal)")
#define WORKLOAD_KIND_OPTS(st, c, procs_help, threads_help)        \
	OPT_ALIAS(0, "procs", st, c.kind, KIND_PROCS, procs_help), \
		OPT_ALIAS(0, "threads", st, c.kind, KIND_THREADS, threads_help)

#define WORKLOAD_MAX_NS (3600 * NSEC_PER_SEC) /* the longest duration an option takes: sums stay far from 2^64 */

enum workload_group {
	GROUP_TASKS,
	GROUP_POOLS,
	GROUP_PYTHON,
	GROUP_LOCKS,
	GROUP_SERVERS,
	GROUP_POLICIES,
	GROUP_CORES,
	NR_WORKLOAD_GROUPS
};

struct workload {
	const char *name;
	enum workload_group group;
	const char *summary;	 /* one line for `list`: what it does and what one learns, at most 60 columns */
	const char *lesson;	 /* what it teaches; paragraphs for `help run NAME`, as those of struct cmd */
	const char *theory;	 /* the formula, in words and symbols; a paragraph for `help run NAME` */
	const char *look;	 /* what to look for in the picture; a paragraph for `help run NAME` */
	const char *example;	 /* "schedviz run pool --workers 2" */
	const struct opt *opts;	 /* on the struct of cfg_size bytes */
	size_t cfg_size;	 /* of that struct, which begins with a struct workload_cfg */
	uint64_t quick_permille; /* what --quick makes of durations; 0: a tenth */
	void (*defaults)(struct workload_cfg *cfg);
	/* scale its own durations (workload_scaled()), refuse impossible combinations; may be NULL */
	int (*prepare)(struct workload_cfg *cfg, struct err *e);
	/* is root needed beyond what --policy, --nice and --slice need? NULL: no */
	bool (*needs_root)(const struct workload_cfg *cfg);
	/* why this machine cannot show it, though it will run: put the reason into `why`; may be NULL */
	bool (*cannot)(const struct workload_cfg *cfg, struct buf *why);
	/*
	 * theory before it runs: facts theory.text ("ceil(5/4) x 2 s = 4 s", ASCII), and where it is about the wall
	 * clock theory.wall_min_ns, theory.wall_max_ns (theory_set() sets all three)
	 */
	void (*predict)(const struct workload_cfg *cfg, struct facts *out);
	/* run it in this process, whose name and affinity it takes; returns the exit status, has said why it failed */
	int (*run)(const struct workload_cfg *cfg);
	/* hold it against the theory; the wall clock is done already where the theory has one */
	void (*check)(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r);
	/* one paragraph on what the picture shows, with this run's numbers and names; ASCII but for the sign
	 * that fmt_duration() writes with utf8, no newline */
	void (*explain)(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out);
};

extern const struct workload *const workloads[]; /* by group; NULL-ended */
const char *workload_group_name(enum workload_group g);
const struct workload *workload_find(const char *name);
/*
 * Check the configuration, apply --scale and --quick to its durations and count the CPUs it may use. Once per
 * configuration; the calling process is not changed: --cpus and --policy take effect in run(). -EINVAL and a sentence,
 * or what the kernel said.
 */
int workload_prepare(const struct workload *w, struct workload_cfg *cfg, struct err *e);
/* The same for the configuration of a recording made elsewhere: no machine is asked, it had `nr_cpus`. */
int workload_restore(const struct workload *w, struct workload_cfg *cfg, uint32_t nr_cpus, struct err *e);
/* Must its process be root's? Of a prepared configuration. */
bool workload_needs_root(const struct workload *w, const struct workload_cfg *cfg);
/*
 * Check a recording of it: wall clock against theory, its own check(), and the doubts that every recording may give
 * rise to. `cannot`: the recorded reason why that machine could not show it, or NULL.
 */
void workload_check(const struct workload *w, const struct workload_cfg *cfg, const struct evidence *ev,
		    const char *cannot, struct report *r);

/* ---- for the workloads' own use ---- */

/* `ns` times the scale, for prepare(). */
uint64_t workload_scaled(const struct workload_cfg *cfg, uint64_t ns);

/*
 * First thing in run(): the process's name, its policy and CPUs, the marks; a closed standard output must not kill it.
 */
int workload_enter(const char *name, const struct workload_cfg *cfg, struct err *e);

/* Its CPUs, lowest first: the nth (modulo their number) it may run on; of run(), after workload_enter(). */
uint32_t workload_cpu(uint32_t nth);

/* Stay on one CPU from now on: the calling thread. 0, or what the kernel said and a sentence. */
int workload_pin(uint32_t cpu, struct err *e);

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
