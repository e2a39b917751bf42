/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * model.h - from events to meaning: who was in which state when, who woke whom, which job ran where.
 *
 * One pass over a reader drives a state machine per task and per CPU. What it learns goes, as it is learned, to
 * sinks (a summary, a canvas, an exporter); what is small stays in the model (tasks, CPUs, jobs, health). So memory is
 * bounded by tasks, not events. A view that must know the tasks before it draws makes two passes.
 *
 * Promises, each held by a test:
 * - a followed task's spans tile [born_ns, died_ns) without gap or overlap; a CPU's tile the window;
 * - a span is given out when it ends, so of one task (or CPU) in order of time, across tasks in order of their ends;
 * - what is not known is STATE_UNKNOWN or CPU_UNKNOWN, counted in health, never guessed.
 * Only CPUs that were seen (model_cpu_seen()) have spans, and a span is never empty.
 */
#ifndef SCHEDVIZ_MODEL_MODEL_H
#define SCHEDVIZ_MODEL_MODEL_H

#include "base/err.h"
#include "base/fmt.h"
#include "model/health.h"
#include "model/state.h"
#include "model/task.h"
#include "trace/reader.h"

#define CPU_NONE UINT32_MAX

/*
 * Part of a task's life in one state on one CPU. A wait that is moved to another CPU by the balancer is two spans with
 * one `since_ns`; a migration that is only the placement of a wake-up is not a cut.
 */
struct span {
	task_id task;
	uint8_t state;	/* enum task_state */
	uint8_t why;	/* enum runnable_why, of a runnable span */
	uint8_t ctx;	/* enum event_ctx of the wake-up; EV_CTX_UNKNOWN when there was none */
	bool cut_left;	/* began before the window or during a loss: the true length is not known */
	bool cut_right; /* still so at the window's end */
	bool then_ran;	/* the task was running right after it */
	uint8_t out;	/* of a running span: enum span_out, how it ended */
	uint32_t cpu;	/* running: on it; runnable: in its queue; else where it last ran; CPU_NONE: not known */
	uint64_t from_ns, to_ns;
	uint64_t since_ns; /* when this wait or sleep began, <= from_ns */
	task_id waker;	   /* of a woken or new runnable span, and of the running span after it; TASK_NONE: an interrupt
			      or unknown */
	uint32_t waker_cpu;
	int32_t syscall; /* of a sleeping, blocked or stopped span: in which it left the CPU; EV_NO_SYSCALL, ... */
	event_prio prio; /* of the task, last seen */
	uint64_t arg;
};

/* How a stay on a CPU ended, as the kernel's books count it (ru_nvcsw, ru_nivcsw). */
enum span_out { OUT_NONE /* still running, or unknown */, OUT_VOLUNTARY, OUT_INVOLUNTARY, OUT_DEAD };

struct cpu_span {
	uint32_t cpu;
	uint8_t state;	     /* enum cpu_state */
	bool switched;	     /* a switch ended it */
	event_prio prio;     /* of CPU_TASK: what it came with, as far as it was seen coming; else of no meaning */
	event_prio end_prio; /* and what it was last seen with */
	task_id task;	     /* of CPU_TASK, else TASK_NONE */
	uint64_t from_ns, to_ns;
};

enum wake_effect {
	WAKE_REAL,    /* it was asleep (or blocked, stopped) */
	WAKE_EARLY,   /* it had not left its CPU yet */
	WAKE_AGAIN,   /* it was runnable already */
	WAKE_NEW,     /* first wake-up of a new task */
	WAKE_UNKNOWN, /* of a task whose state is not known */
};

struct wake {
	uint64_t ts_ns;
	task_id target;
	task_id waker;	    /* TASK_NONE unless ctx is EV_CTX_TASK */
	uint32_t waker_cpu; /* where it was recorded */
	uint8_t ctx;	    /* enum event_ctx */
	uint8_t effect;	    /* enum wake_effect */
	uint8_t state;	    /* of WAKE_REAL: enum task_state that it ended, else STATE_UNKNOWN */
	event_prio prio;    /* of the target */
	int32_t syscall;    /* the call that it was in, */
	uint64_t arg;
	uint64_t slept_ns; /* and how long that had lasted, as far as is known */
	bool late;	   /* stamped after the switch it caused, which now is its time: there was no wait */
};

struct migration {
	uint64_t ts_ns;
	task_id task;
	uint32_t from_cpu, to_cpu;
	bool placement; /* part of a wake-up, not the balancer's doing */
};

/* Any member may be NULL. The pointers given are valid during the call. */
struct model_sink {
	void *ctx;
	void (*task_born)(void *ctx, task_id id); /* the task can be looked up from here on */
	void (*span)(void *ctx, const struct span *s);
	void (*cpu_span)(void *ctx, const struct cpu_span *s);
	void (*wake)(void *ctx, const struct wake *w);
	void (*migration)(void *ctx, const struct migration *m);
	/* tasks running or runnable on this CPU from now on, as far as is known */
	void (*depth)(void *ctx, uint32_t cpu, uint64_t ts_ns, uint32_t depth);
	/* it is called otherwise from now on: see the task's name */
	void (*renamed)(void *ctx, task_id id, uint64_t ts_ns);
	/* a program said something that is no job: schedviz_mark_instant(id, arg) */
	void (*instant)(void *ctx, task_id who, uint64_t ts_ns, uint64_t id, uint64_t arg);
};

struct job {
	uint64_t id;
	uint64_t submitted_ns, started_ns, finished_ns; /* UINT64_MAX: not seen */
	uint64_t arg;					/* of its last mark */
	task_id submitter, worker;			/* TASK_NONE: not known */
};

struct model;

/*
 * Run over the whole of `r` (rewound first), feeding `nr` sinks, which may be 0. The model keeps no reference to the
 * sinks but does to the reader's facts. *out is there before the first sink is called, so that one that is told where
 * may look at it. Errors: only what makes the file meaningless (an empty window).
 */
int model_build(struct model **out, struct trace_reader *r, const struct model_sink *sinks, size_t nr, struct err *e);
void model_free(struct model *m); /* NULL is fine */

/* Also usable by sinks while the pass runs. */
struct window model_window(const struct model *m);
uint32_t model_nr_tasks(const struct model *m);
const struct task *model_task(const struct model *m, task_id id);
uint32_t model_nr_cpus(const struct model *m);		  /* one more than the largest CPU number */
bool model_cpu_seen(const struct model *m, uint32_t cpu); /* had events, or is online by the facts */
const struct facts *model_facts(const struct model *m);
const char *model_arch(const struct model *m);

/* After the pass. Jobs in order of their first mark; NULL and 0 when nothing was marked. */
const struct job *model_jobs(const struct model *m, size_t *nr);
const char *model_job_noun(const struct model *m); /* "job" unless the facts say otherwise */
const struct health *model_health(const struct model *m);
uint64_t model_events(const struct model *m, enum event_kind kind);
task_id model_target(const struct model *m); /* root of the recorded tree; TASK_NONE for a machine */
/* Tasks of the recorder itself (facts recorder.tgid). */
bool model_is_recorder(const struct model *m, task_id id);

/*
 * Affinity: was this task allowed on that CPU at that time? What was so at the opening, was inherited from the parent,
 * and was changed since. Also for sinks, about any time up to now. With the fact `affinity yes` a change is at the
 * instant when the kernel made it; with `affinity waits` where the task next began to wait, so each wait begins with
 * what was so then. Unknown are: all of a recording without either (older ones), or that lost changes; tasks outside of
 * the recorded tree; and tasks that were never introduced.
 */
enum allowed { ALLOWED_UNKNOWN, ALLOWED_NO, ALLOWED_YES };
enum allowed model_allowed(const struct model *m, task_id id, uint64_t ts_ns, uint32_t cpu);
/*
 * The same for loops: the set in force at ts_ns; NULL: everywhere, or not known, as *known says. It holds up to
 * *until_ns, UINT64_MAX when no change after it has been seen. The set is the model's; equal sets have one address.
 */
const struct cpuset *model_allowed_set(const struct model *m, task_id id, uint64_t ts_ns, bool *known,
				       uint64_t *until_ns);

/*
 * The tasks in the order people read them: parents before children, threads under their process, siblings by birth.
 * `depth` (may be NULL) gets how deep each is. Both arrays have model_nr_tasks() entries, the caller's.
 */
void model_tree_order(const struct model *m, task_id *order, uint8_t *depth);

#endif
