/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * history.h - what the target's tasks and all CPUs did, kept compactly, so that it can be walked in any direction.
 *
 * A model sink. It keeps 32 bytes for each span of the target and 17 for each span of a CPU, of those that touch the
 * window. Spans tile: a stretch ends where the next begins, the last one at `to_ns` of its task or CPU. They are kept
 * whole, so the first may begin before the window and the last end after it; who adds up cuts them (history_part_ns()).
 *
 * Who the target is, only a finished model tells. So it takes a second pass, except where everybody is the target, as
 * in the recording of a machine, which may be large:
 *
 *         history_init(&h, window, NULL, &sink);      in the first pass: everybody
 *         history_init(&h, window, &target, &sink);   in a second one
 *         model_build(&m, reader, &sink, 1, e);
 *         target_init(&target, m, ...);
 *         history_finish(&h, m, &target);
 */
#ifndef SCHEDVIZ_ANALYSIS_HISTORY_H
#define SCHEDVIZ_ANALYSIS_HISTORY_H

#include "analysis/target.h"
#include "analysis/topology.h"
#include "base/vec.h"

enum stretch_flag {
	STRETCH_CUT_LEFT = 1 << 0,  /* as struct span: began before the recording, or during a loss */
	STRETCH_CUT_RIGHT = 1 << 1, /* still so when the recording ended */
	STRETCH_THEN_RAN = 1 << 2,
	STRETCH_LINKED = 1 << 3, /* running: a span of its CPU points to it (struct on_cpu) */
};

/* A part of a task's life, see struct span. */
struct stretch {
	uint64_t from_ns;
	union {
		uint64_t since_ns; /* runnable: when this wait began, <= from_ns (it was moved to another CPU in
				      between) */
		uint64_t arg;	   /* asleep, blocked, stopped: of the call */
		uint64_t span;	   /* running, STRETCH_LINKED: history_span() */
	};
	uint32_t cpu; /* CPU_NONE: not known */
	union {
		task_id waker;	 /* runnable, running: see struct span */
		int32_t syscall; /* asleep, blocked, stopped */
	};
	uint32_t waker_cpu;
	uint8_t state;	 /* enum task_state */
	uint8_t why;	 /* enum runnable_why */
	uint8_t out_ctx; /* enum span_out, and enum event_ctx above it: stretch_out(), stretch_ctx() */
	uint8_t flags;	 /* enum stretch_flag */
};
_Static_assert(sizeof(struct stretch) == 32, "two to a cache line");

static inline enum span_out stretch_out(const struct stretch *s)
{
	return (enum span_out)(s->out_ctx & 15);
}

/* Of the wake-up; EV_CTX_UNKNOWN when there was none. */
static inline enum event_ctx stretch_ctx(const struct stretch *s)
{
	return (enum event_ctx)(s->out_ctx >> 4);
}

struct history_task {
	task_id id;
	uint64_t to_ns; /* end of its last stretch */
	struct {
		struct stretch *v;
		size_t n;
	} v;
	bool ended; /* v.v[-1] is a stretch, too, which ends just when the window begins */
};

/* The moves of a task to other CPUs inside the window, as `stat` counts them. */
struct history_moves {
	uint32_t by[NR_DISTANCES];
	uint32_t placed; /* of all these: part of a wake-up, not the balancer's doing */
};

/* Who has a CPU: a task_id.i, or one of these. */
#define ON_CPU_IDLE (UINT32_MAX - 1)
#define ON_CPU_UNKNOWN (UINT32_MAX - 2)
#define ON_CPU_OFFLINE (UINT32_MAX - 3)
#define ON_CPU_UNRECORDED (UINT32_MAX - 4) /* only-target recording: somebody outside the tree, or idle */
#define ON_CPU_IS_TASK(who) ((who) < ON_CPU_UNRECORDED)

struct on_cpu {
	uint64_t from_ns;
	uint32_t who;
	uint32_t at; /* of a task of the target: which of its stretches this is; ON_CPU_NO_STRETCH: of another */
};
#define ON_CPU_NO_STRETCH UINT32_MAX

struct history_cpu {
	uint64_t to_ns;
	struct {
		struct on_cpu *v;
		size_t n;
	} v;		/* empty: never seen */
	uint8_t *prios; /* parallel: see history_prio() */
	size_t dropped; /* spans before v[0], which lay outside of the window */
};

/* The priority that the task of this span came to the CPU with, see event_prio. */
static inline event_prio history_prio(const struct history_cpu *c, size_t i)
{
	return (event_prio)(c->prios[i] - 1);
}

struct history {
	const struct model *model;
	const struct target *target;
	struct window window;		/* the target's */
	VEC(struct history_task) tasks; /* of the target that live inside the window, in order of birth (task_id) */
	uint32_t *slot;			/* by task_id.i: index into tasks, UINT32_MAX: none */
	struct history_moves *moves;	/* by task_id.i, of the target */
	struct history_cpu *cpus;
	uint32_t nr_cpus;
	const struct job *jobs; /* model_jobs() */
	uint32_t *job_order;	/* those with a worker and a start, by worker, then by start: indexes into jobs */
	uint32_t nr_jobs;
	/* history_collect.c's */
	struct history_log *log; /* while collecting: in the order of their ends */
	struct stretch *stretches;
	struct on_cpu *on_cpus;
	uint8_t *prios;
};

/* `window`: what may be asked about later, absolute; to_ns UINT64_MAX: all. `only`: NULL is everybody. */
void history_init(struct history *h, struct window window, const struct target *only, struct model_sink *sink);
/* After the pass. `target` and `m` stay in use; the target's window is inside that of history_init(). */
void history_finish(struct history *h, const struct model *m, const struct target *target);
void history_release(struct history *h);

/* NULL: not of the target, or not there within the window. */
const struct history_task *history_task(const struct history *h, task_id id);

/* Which span of its CPU a running stretch is: index into history_cpu.v, SIZE_MAX: not known. */
static inline size_t history_span(const struct history *h, const struct stretch *s)
{
	const struct history_cpu *c = &h->cpus[s->flags & STRETCH_LINKED ? s->cpu : 0];
	size_t i = s->flags & STRETCH_LINKED ? (size_t)s->span - c->dropped : SIZE_MAX;

	return i < c->v.n ? i : SIZE_MAX;
}

/* Which stretch holds at `ts_ns`: the last that begins at or before it; SIZE_MAX: none does (not born yet, dead). */
size_t history_at(const struct history_task *t, uint64_t ts_ns);
/* The same of a CPU. */
size_t history_cpu_at(const struct history_cpu *c, uint64_t ts_ns);

static inline uint64_t stretch_to_ns(const struct history_task *t, size_t i)
{
	return i + 1 < t->v.n ? t->v.v[i + 1].from_ns : t->to_ns;
}

static inline uint64_t on_cpu_to_ns(const struct history_cpu *c, size_t i)
{
	return i + 1 < c->v.n ? c->v.v[i + 1].from_ns : c->to_ns;
}

/* The part of [from_ns, to_ns) inside `w`. */
static inline uint64_t history_part_ns(uint64_t from_ns, uint64_t to_ns, struct window w)
{
	uint64_t a = from_ns > w.from_ns ? from_ns : w.from_ns, b = to_ns < w.to_ns ? to_ns : w.to_ns;

	return a < b ? b - a : 0;
}

/* Which job a worker had at `ts_ns` (started <= ts_ns < finished, or never finished): its index, or HISTORY_NO_JOB. */
#define HISTORY_NO_JOB UINT32_MAX
uint32_t history_job(const struct history *h, task_id worker, uint64_t ts_ns);
/* The first job that this worker started at or after `ts_ns`; the last that it finished at or before. */
uint32_t history_job_next(const struct history *h, task_id worker, uint64_t ts_ns);
uint32_t history_job_before(const struct history *h, task_id worker, uint64_t ts_ns);

/* Is the system call one that waits for time alone (clock_nanosleep, nanosleep)? */
bool history_call_is_timed(const struct model *m, int32_t syscall);

#endif
