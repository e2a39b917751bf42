/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * findings.h - what stands out in an account, each by a rule that holds, with its evidence.
 *
 * Numbers and ids only; the words are the renderer's. A finding is there only when its rule, stated with its kind
 * below, holds. "Much" of a time is MUCH_PPM of it, "long" is LONG_NS: below a scheduler tick nothing is worth a
 * sentence. Ranked by `weight_ns`, the wall time that it touches.
 */
#ifndef SCHEDVIZ_ANALYSIS_FINDINGS_H
#define SCHEDVIZ_ANALYSIS_FINDINGS_H

#include "base/vec.h"
#include "model/model.h"

#define FINDING_LONG_NS 1000000u /* a millisecond: a tick is 1 to 10 of them */
#define FINDING_MUCH_PPM 20000u	 /* a fiftieth */

enum finding_kind {
	/* Events were lost or the file is damaged: the numbers are lower bounds. count: events, ns: gaps on all CPUs.
	 */
	FINDING_LOST,
	/*
	 * A CPU was idle, long, beside a waiting task that was allowed there and not throttled. who: the task that
	 * waited so most, cpu: which was idle, ns: all such waiting, count: long waits, at: their beginnings.
	 */
	FINDING_WASTED_CPU,
	/* CPUs were idle, much of wall x CPUs, while those that waited were not allowed there. ns: CPU time, who waited
	 */
	FINDING_PINNED,
	/* More tasks wanted a CPU than there are: waited, much of the wall time, while no CPU was idle. ns, count: most
	 */
	FINDING_OVERLOAD,
	/* The last job ran alone, much of the wall time. who: its worker, count: the job's number, ns: for so long */
	FINDING_TAIL,
	/* Jobs were waiting, workers had none, CPUs were idle: much of wall x CPUs. ns: CPU time, who: the submitter */
	FINDING_DISPATCH,
	/* A queue stood at a lock (struct lock, convoy). lock, ns: how long, who: who held it likely most */
	FINDING_CONVOY,
	/* One slept at a lock while others passed again and again. lock, who, ns: slept, count: passes of the others */
	FINDING_STARVED,
	/* Several woken at once for what fewer got. lock, count: woken in all, of_count: that made progress */
	FINDING_HERD,
	/*
	 * A task slept at a futex until a less urgent one woke it, which meanwhile waited, long, for its CPU, where
	 * somebody ran who is more urgent than it and less than, or as, the sleeper. who: sleeper, other: who woke it,
	 * third: who ran
	 */
	FINDING_INVERSION,
	/* Two woke each other, nearly always each other, from different CPUs. who, other, count: wake-ups, ns: latency
	 */
	FINDING_PINGPONG,
	/* Threads of a runtime's own (struct roles) are on the critical path. who: most of it, ns, count: how many */
	FINDING_HELPERS,
	/* Threads waited for an interpreter's lock (ROLE_GIL_WAITER). who: most, count: sleeps, ns */
	FINDING_GIL,
	/* A quota, or the limit of real-time classes, kept tasks from running (struct wait, held). who, ns */
	FINDING_THROTTLED,
	/* The recorder took, much of the wait for CPUs, or a hundredth of the CPUs. ns: its time, of_ns: wall x CPUs */
	FINDING_RECORDER,
	NR_FINDINGS
};

#define FINDING_EVENTS 4 /* evidence: so many instants at most */

struct finding_row {
	enum finding_kind kind;
	uint64_t weight_ns;
	task_id who, other, third; /* TASK_NONE */
	uint64_t ns, of_ns, count, of_count;
	uint32_t cpu, lock;		/* CPU_NONE; index into locks, UINT32_MAX */
	uint64_t at_ns[FINDING_EVENTS]; /* when it shows, absolute, most telling first */
	uint64_t event[FINDING_EVENTS]; /* number of the event there, as `dump --numbers` counts from 1; 0: not known */
	uint32_t nr_at;
};

struct findings {
	VEC(struct finding_row) v; /* heaviest first */
};

struct account;
void findings_make(struct findings *f, const struct account *a);
void findings_release(struct findings *f);

/*
 * Find the numbers of the events, by reading `r` up to the last of them; the one at that instant that names the task it
 * is about, else the first. Longer recordings than FINDING_NUMBERED events are left without: the time says it, too.
 */
#define FINDING_NUMBERED 4000000u
struct trace_reader;
void findings_number(struct findings *f, struct trace_reader *r, const struct model *m);

/* "wasted-cpu": in JSON, and as file names of tests. */
const char *finding_name(enum finding_kind k);

#endif
