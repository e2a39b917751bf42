/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * evidence.h - everything the tasks of the recorded tree did, kept so that a claim about it can be checked.
 *
 * A model sink for a second pass over a recording (the first gives the model, whose ids it uses). It keeps the spans,
 * wake-ups, migrations and instants of the tree, and who had each CPU; memory grows with these. Questions are then
 * asked of it: how long, how often, who woke whom, how many at once. Nothing here makes text.
 *
 *         evidence_init(&ev, model, &sink);
 *         model_build(&again, reader, &sink, 1, e);
 *         n = evidence_edges(&ev, "pool", "worker*", EVIDENCE_HAND_OFF, ev.wall);
 *         evidence_release(&ev);
 *
 * Names are matched as shell globs, so "worker*" is every worker. Windows are half-open, [from_ns, to_ns), absolute.
 */
#ifndef SCHEDVIZ_ANALYSIS_EVIDENCE_H
#define SCHEDVIZ_ANALYSIS_EVIDENCE_H

#include "analysis/hist.h"
#include "base/vec.h"
#include "model/model.h"

/* The calls in which programs wait for each other, or for time; what else they sleep in is the kernel's own affair. */
#define EVIDENCE_HAND_OFF                                                                                          \
	"read,futex,futex_wait,recvfrom,recvmsg,poll,ppoll,select,pselect6,epoll_wait,epoll_pwait,accept,accept4," \
	"wait4,"                                                                                                   \
	"waitid,clock_nanosleep,write,sendto,msgrcv,semop,semtimedop,rt_sigtimedwait"
#define EVIDENCE_TIMED "clock_nanosleep,nanosleep"

typedef VEC(task_id) task_set;

struct evidence_task {
	task_id id;
	const struct task *task;
	VEC(struct span) spans; /* in order of time, tiling its life */
};

struct evidence_instant { /* schedviz_mark_instant(id, arg) */
	uint64_t ts_ns, id, arg;
	task_id who;
};

struct evidence {
	const struct model *model;
	struct window window;		 /* of the recording */
	struct window wall;		 /* what the workload measured itself (schedviz_mark_wall), else as `window` */
	VEC(struct evidence_task) tasks; /* of the tree, in order of birth */
	uint32_t *slot;			 /* by task_id.i: index into tasks, UINT32_MAX: not of the tree */
	VEC(struct wake) wakes;		 /* of tasks of the tree, in order of time */
	VEC(struct migration) migrations;
	VEC(struct evidence_instant) instants;
	VEC(struct cpu_span) cpus; /* of all CPUs, by their ends */
};

void evidence_init(struct evidence *e, const struct model *m, struct model_sink *sink);
void evidence_release(struct evidence *e);

/* ---- who ---- */

/* The tree's tasks whose last name matches; order of birth. Release with vec_release(). NULL: all of them. */
task_set evidence_named(const struct evidence *e, const char *glob);
/* The first of them, or TASK_NONE. */
task_id evidence_one(const struct evidence *e, const char *glob);
/* NULL for TASK_NONE and for strangers. */
const struct evidence_task *evidence_task(const struct evidence *e, task_id id);

/* ---- how long, how often: of one task; 0 for TASK_NONE. Times are the parts of spans inside `w` ---- */

uint64_t evidence_ns(const struct evidence *e, task_id id, enum task_state state, struct window w);
uint64_t evidence_wait_ns(const struct evidence *e, task_id id, enum runnable_why why, struct window w);
/* Stays on a CPU that ended so inside `w`. */
uint64_t evidence_switches(const struct evidence *e, task_id id, enum span_out out, struct window w);
uint64_t evidence_migrations(const struct evidence *e, task_id id, bool placements_too, struct window w);

struct evidence_sleeps {
	uint64_t n, ns, min_ns, max_ns; /* whole lengths; all 0 when there were none */
	uint64_t by_timer;		/* ended by a wake-up in interrupt context, not by a task */
};
/* Sleeps (S, D) that began inside `w` in one of `calls` ("futex,read"; NULL: any). */
struct evidence_sleeps evidence_sleeps(const struct evidence *e, task_id id, const char *calls, struct window w);

/* Lengths of the stays on a CPU that began inside `w`; of the waits from waking to running that ended inside it. */
void evidence_stays(const struct evidence *e, task_id id, struct window w, struct hist *out);
void evidence_latencies(const struct evidence *e, task_id id, struct window w, struct hist *out);

/* ---- who woke whom ---- */

/* In which system call the woken slept; EV_NO_SYSCALL if it was not asleep. */
int32_t evidence_woken_from(const struct evidence *e, const struct wake *w);
/* Is the system call one of `calls` (NULL: any)? */
bool evidence_call_is(const struct evidence *e, int32_t syscall, const char *calls);
/*
 * Wake-ups inside `w` that ended a sleep in one of `calls` (NULL: any) of a task named `to`, made by a task named
 * `from` of the tree itself, not by an interrupt that happened to hit it. NULL names are anybody of the tree.
 */
uint64_t evidence_edges(const struct evidence *e, const char *from, const char *to, const char *calls, struct window w);
/* The same made in interrupt context: timers and devices. */
uint64_t evidence_timer_wakes(const struct evidence *e, const char *to, const char *calls, struct window w);

/* ---- how many at once ---- */

/* at[k] becomes the time inside `w` in which exactly k of the set were in `state`; at[n - 1]: that many or more. */
void evidence_profile(const struct evidence *e, const task_set *set, enum task_state state, struct window w,
		      uint64_t *at, size_t n);
/* Time inside `w` in which at least `k` of those named `glob` ran. */
uint64_t evidence_together_ns(const struct evidence *e, const char *glob, size_t k, struct window w);

/* ---- the CPUs ---- */

struct evidence_cpu {
	uint64_t ours_ns, recorder_ns, others_ns, idle_ns, unknown_ns;
};
/* Of the CPUs of `set` (NULL: all), summed, inside `w`. */
struct evidence_cpu evidence_cpus(const struct evidence *e, const struct cpuset *set, struct window w);

/* ---- what the workload said ---- */

/* The arg of the last instant with this id; false: never said. */
bool evidence_said(const struct evidence *e, uint64_t id, uint64_t *arg);
uint64_t evidence_said_sum(const struct evidence *e, uint64_t id);

/* The part of [from_ns, to_ns) inside `w`. */
static inline uint64_t evidence_part_ns(uint64_t from_ns, uint64_t to_ns, struct window w)
{
	uint64_t a = from_ns > w.from_ns ? from_ns : w.from_ns, b = to_ns < w.to_ns ? to_ns : w.to_ns;

	return a < b ? b - a : 0;
}

#endif
