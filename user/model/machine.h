/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * machine.h - the inside of the model: what its own files share. Nobody outside model/ and its tests includes it.
 *
 * A task is in one open span at any time, its `struct stay`, which is given to the sinks when it ends: so what is only
 * guessed at can be corrected until then. Three things are left open that way:
 *
 * - ASKED. At the opening of the recording, and after a loss, nobody knows what a task does; its next event tells, and
 *   also what it did since then: woken: it was asleep; switched in: it was runnable; switched out: it was running. A
 *   CPU is asked the same way: who leaves it first has been running on it.
 * - EARLY. A waking of a task that has not left its CPU yet. If it then leaves as asleep and comes back without
 *   another waking, that waking was its: it was runnable all the time.
 * - UNEXPLAINED. A sleeping task that is switched in without a waking. Either the clocks of two CPUs disagree and
 *   its waking is still to come (within CLOCK_SLACK_NS): then it did sleep. Or none comes: then it never left the
 *   run queue, by an EARLY waking or because a signal was pending (kernels 5.18 to 6.14 report the state it had
 *   before that check). Until that is settled the sleep waits in the task's CPU. A waking that by chance comes to a
 *   task requeued by a signal within the slack is taken for the first kind.
 *
 *            waking               switch in                    next event
 *   asleep -----------> runnable ----------> running    ASKED ------------> any
 *      ^ '------ switch in, UNEXPLAINED ------^ | '-- preempted --> runnable
 *      '----------------------------------------'
 */
#ifndef SCHEDVIZ_MODEL_MACHINE_H
#define SCHEDVIZ_MODEL_MACHINE_H

#include "base/idmap.h"
#include "base/intern.h"
#include "base/vec.h"
#include "model/model.h"

#define NOBODY UINT32_MAX

/* CPUs whose clocks agree at all agree to this: far above what a warp costs, far below a sleep worth naming. */
#define CLOCK_SLACK_NS 20000

/* A wake-up is placed right after the waking, interrupts off; only a hypervisor stretches that. Balancing is later. */
#define PLACEMENT_NS 100000

enum stay_flag {
	STAY_FOLLOWED = 1 << 0,
	STAY_DEAD = 1 << 1,
	STAY_ASKED = 1 << 2,
	STAY_EARLY = 1 << 3,
	STAY_UNEXPLAINED = 1 << 4,
	STAY_QUEUED = 1 << 5,	  /* counted in the depth of its `cpu` */
	STAY_SIGNALABLE = 1 << 6, /* asleep in a way that a pending signal prevents */
	STAY_LISTED = 1 << 7,	  /* in model.settled */
	STAY_INTRODUCED = 1 << 8, /* by /proc, a fork, an exec or a rename */
	STAY_EXITING = 1 << 9,
};

/* All of a task that hot events touch. Its open span is kept as it will be given to the sinks. */
struct stay {
	struct span span;  /* from_ns: what was before has been given out; while ASKED, state is STATE_UNKNOWN and
			      since_ns from when on the next event can tell */
	uint32_t tid;	   /* under which events name it now */
	uint32_t early_waker, early_cpu;
	uint16_t flags;	   /* enum stay_flag */
	uint8_t early_ctx;
	uint8_t parity;	   /* enum nvcsw_parity at its last switch-out */
	char letter;	   /* while ASKED: of /proc at the opening; 0: none */
};
_Static_assert(sizeof(struct stay) <= 96, "a line and a half");

/* The open span of a CPU. `task` is somebody only in CPU_TASK. */
struct cpu {
	uint64_t from_ns;
	uint64_t known_ns; /* while asked: from when on its first switch tells who ran */
	uint64_t left_ns;  /* when `left` was seen elsewhere before leaving here */
	uint64_t woken_ns; /* when `woken` was */
	uint32_t task;
	uint32_t woken; /* whose waking was this CPU's last hot event, or NOBODY */
	uint32_t left;
	uint32_t depth;
	uint8_t state;	  /* CPU_UNKNOWN while asked */
	uint8_t fallback; /* while asked: what it was if nothing ever tells */
	bool asked, seen;
	event_prio prio; /* in CPU_TASK: that its task came with */
	struct stay unexplained; /* of the task that runs here */
};

struct job_book {
	VEC(struct job) jobs;
	VEC(uint32_t) next; /* parallel: chains of equal hash */
	struct idmap by_hash;
};

/* A set of CPUs on which some task was allowed; kept once, and as long as the model. */
struct allowed_set {
	struct cpuset cpus; /* its last word is not 0 */
	uint32_t nr_known;  /* as in the event */
	uint32_t next;	    /* of equal hash */
};

struct allowed_at {
	uint64_t ts_ns; /* from when on */
	const struct allowed_set *set; /* NULL: everywhere */
};

/* Of one task, in order of time; everywhere before the first. */
struct allowed_past {
	struct allowed_at *v;
	uint32_t n, cap;
};

struct allowed_book {
	bool known;
	struct cpuset possible;
	VEC(struct allowed_past) pasts; /* by task_id.i, up to the last task that has one */
	VEC(struct allowed_set *) sets;
	struct idmap by_hash;
};

struct model {
	VEC(struct stay) stays;	      /* by task_id.i */
	VEC(struct task) tasks;	      /* parallel */
	VEC(uint32_t) next_named;     /* parallel: chains of `named` */
	struct cpu *cpus;
	uint32_t nr_cpus;
	uint32_t placing;	      /* just woken, not yet queued: its placement may follow */
	uint64_t now_ns;	      /* of the event being handled; inside the window; never goes back */
	uint64_t lost_until_ns;	      /* end of the last loss */
	bool cut_now;		      /* while handling an event before the window */
	bool only_target, late_state; /* late_state: prev_state was read from the task, a wake-up may have changed it */
	const struct model_sink *sinks, *sinks_end;
	struct window window;
	struct idmap by_tid;	      /* the last task that had it, dead or alive */
	struct idmap named;	      /* tid -> chain of /proc rows that name it as their leader or parent */
	VEC(uint32_t) settled;	      /* tasks of which a loss would take knowledge away, and some dead ones */
	struct intern *names;
	uint32_t target_tid, target_tgid, target;
	struct job_book book;
	struct allowed_book allowed;
	struct health health;
	uint64_t events[EV_KINDS];
	const struct facts *facts;
	const char *arch, *job_noun;
	uint32_t recorder_tgid;
};

#define TELL(m, what, ...)                                                                                 \
	do {                                                                                               \
		for (const struct model_sink *to_ = (m)->sinks, *end_ = (m)->sinks_end; to_ < end_; to_++) \
			if (to_->what)                                                                     \
				to_->what(to_->ctx, __VA_ARGS__);                                          \
	} while (0)

static inline bool state_is_asleep(enum task_state s)
{
	return s >= STATE_SLEEPING;
}

static inline bool stay_followed(const struct model *m, uint32_t id)
{
	return id != NOBODY && (m->stays.v[id].flags & (STAY_FOLLOWED | STAY_DEAD)) == STAY_FOLLOWED;
}

/* What was open has been given out up to now; what begins now is `state`, in no system call. */
static inline void stay_turn(const struct model *m, struct stay *s, enum task_state state)
{
	s->span.state = (uint8_t)state;
	s->span.why = WHY_NONE;
	s->span.cut_left = m->cut_now;
	s->span.from_ns = s->span.since_ns = m->now_ns;
	s->span.syscall = EV_NO_SYSCALL;
	s->span.arg = 0;
}

static inline void span_set_waker(struct span *s, uint32_t waker, uint32_t cpu, enum event_ctx ctx)
{
	s->waker.i = waker;
	s->waker_cpu = cpu;
	s->ctx = (uint8_t)ctx;
}

static inline void stay_forget_waker(struct stay *s)
{
	span_set_waker(&s->span, NOBODY, CPU_NONE, EV_CTX_UNKNOWN);
}

static inline void stay_set(struct stay *s, enum stay_flag flag)
{
	s->flags |= (uint16_t)flag;
}

static inline void stay_clear(struct stay *s, enum stay_flag flag)
{
	s->flags &= (uint16_t)~flag;
}

/* ---- model.c: the pass, step by step, for those who have no reader ---- */

struct model *model_begin(const struct facts *facts, struct window window, uint32_t nr_cpus,
			  const struct model_sink *sinks, size_t nr);
void model_event(struct model *m, const struct event *ev);
void model_end(struct model *m); /* the sinks are not used after it */
/* The number itself if it is below nr_cpus, else CPU_NONE. */
uint32_t model_cpu_number(const struct model *m, uint32_t cpu);

/* ---- stay.c: spans of tasks ---- */

/* Settle an UNEXPLAINED sleep: by a waking that came late, or without one. */
void stay_explain(struct model *m, struct stay *s, bool woken);

/* Give out the open span up to `to_ns` (>= from_ns); the stay begins there. An empty one is not given. */
static inline void stay_close(struct model *m, struct stay *s, uint64_t to_ns, enum span_out out, bool then_ran)
{
	if (__builtin_expect(s->flags & STAY_UNEXPLAINED, 0))
		stay_explain(m, s, false);
	if (__builtin_expect(to_ns > s->span.from_ns, 1)) {
		s->span.to_ns = to_ns;
		s->span.out = (uint8_t)out;
		s->span.then_ran = then_ran;
		TELL(m, span, &s->span);
	}
	s->span.from_ns = to_ns;
}

/* From when on the next event tells what an ASKED task did. */
uint64_t stay_known_ns(const struct model *m, const struct stay *s);
/* ASKED is over: it has been in `state` since `known_ns`; before that is a hole. */
void stay_answer(struct model *m, struct stay *s, enum task_state state, uint64_t known_ns);
/* How /proc says an ASKED task rested at the opening; STATE_UNKNOWN: it does not. */
enum task_state stay_rest(const struct stay *s);
/* Knowledge ends at `until_ns` (clamped to the open span) and its next event tells what it did from `known_ns` on. */
void stay_ask(struct model *m, struct stay *s, uint64_t until_ns, uint64_t known_ns);
/* No further event of it can come. */
void stay_die(struct model *m, struct stay *s);
/* Its death went by unseen: it is unknown from its last event on. */
void stay_die_unseen(struct model *m, struct stay *s);
/* Count it in the depth of `cpu` (CPU_NONE: of none), which becomes its CPU; leave whichever it was in. */
void stay_queue(struct model *m, struct stay *s, uint32_t cpu, uint64_t ts_ns);
void stay_unqueue(struct model *m, struct stay *s);
void stay_finish(struct model *m); /* every task's last span */

/* ---- cpu.c: spans of CPUs ---- */

void cpu_open(struct model *m, uint32_t cpu, bool online);

static inline void cpu_close(struct model *m, struct cpu *c, uint64_t to_ns, bool switched)
{
	struct cpu_span span = {
		.cpu = (uint32_t)(c - m->cpus),
		.state = c->state,
		.switched = switched,
		.prio = c->prio,
		.end_prio = c->task == NOBODY ? 0 : m->stays.v[c->task].span.prio,
		.task = { c->task },
		.from_ns = c->from_ns,
		.to_ns = to_ns,
	};

	if (__builtin_expect(to_ns <= c->from_ns, 0))
		return;
	TELL(m, cpu_span, &span);
	c->from_ns = to_ns;
}

/* Like stay_ask(). The caller has taken care of the task that ran there. */
void cpu_ask(struct model *m, struct cpu *c, uint64_t until_ns, uint64_t known_ns, enum cpu_state fallback);
uint32_t cpu_leaver_unexpected(struct model *m, struct cpu *c, uint32_t tid);

/* A switch on `c` says that `tid` leaves: who is that? NOBODY: idle, or not followed. The task is then running on c. */
static inline uint32_t cpu_leaver(struct model *m, struct cpu *c, uint32_t tid)
{
	if (c->state == CPU_TASK && m->stays.v[c->task].tid == tid)
		return c->task;
	if (c->state == CPU_IDLE && !tid)
		return NOBODY;
	return cpu_leaver_unexpected(m, c, tid);
}

/* From now on `tid` runs on c, which is the task `id` or NOBODY that is followed. */
static inline void cpu_become(struct model *m, struct cpu *c, uint32_t tid, uint32_t id)
{
	bool followed = stay_followed(m, id);

	c->state = followed ? CPU_TASK : (tid || m->only_target ? CPU_UNRECORDED : CPU_IDLE);
	c->task = followed ? id : NOBODY;
	c->prio = followed ? m->stays.v[id].span.prio : 0;
	c->asked = false;
}

/* Nobody is known to run there any more, because its task was seen elsewhere. */
void cpu_left(struct model *m, struct cpu *c, uint32_t id);
void cpu_current(struct model *m, struct cpu *c, const struct event *ev);
void cpu_hotplug(struct model *m, const struct event *ev);
void cpu_lost(struct model *m, struct cpu *c, const struct event *ev);
void cpu_finish(struct model *m);

/* ---- step.c: what hot events do to tasks; `c` is the CPU they were recorded on ---- */

void step_switch(struct model *m, struct cpu *c, const struct event *ev);
void step_waking(struct model *m, struct cpu *c, const struct event *ev);
void step_wakeup_new(struct model *m, struct cpu *c, const struct event *ev);
void step_migrate(struct model *m, struct cpu *c, const struct event *ev);
/* The waking before was not followed by a placement elsewhere: the woken waits where it last ran. */
void step_placed(struct model *m);

/* ---- roster.c: who is who ---- */

/* The task that has, or had last, this tid. */
static inline uint32_t roster_find(const struct model *m, uint32_t tid)
{
	return idmap_get(&m->by_tid, tid);
}

uint32_t roster_introduce(struct model *m, uint32_t tid); /* a tid that nobody alive has */

/* The living task of this tid, introduced as an unknown one if need be. May move stays and tasks. */
static inline uint32_t roster_meet(struct model *m, uint32_t tid)
{
	uint32_t id = roster_find(m, tid);

	if (__builtin_expect(id != NOBODY && !(m->stays.v[id].flags & STAY_DEAD), 1))
		return id;
	return roster_introduce(m, tid);
}

uint32_t roster_born(struct model *m, uint32_t tid, uint32_t parent); /* now, though no fork was seen */
/* Has `id` been given `tid` in exchange for its own by an exec of the other? True: it has it from now on. */
bool roster_exchanged(struct model *m, uint32_t id, uint32_t tid);
void roster_task(struct model *m, const struct event *ev);
void roster_fork(struct model *m, const struct event *ev);
void roster_exec(struct model *m, const struct event *ev);
void roster_rename(struct model *m, const struct event *ev);
void roster_exit(struct model *m, const struct event *ev);
void roster_finish(struct model *m);

/* ---- allowed.c: affinity ---- */

void allowed_open(struct model *m);
void allowed_event(struct model *m, const struct event *ev);
void allowed_inherit(struct model *m, uint32_t id, uint32_t parent); /* `id` was made by `parent`, or by NOBODY known */
void allowed_unknown(struct model *m, uint32_t id);    /* it is new here and came from nowhere */
void allowed_introduced(struct model *m, uint32_t id); /* /proc knew it at the opening */
void allowed_release(struct allowed_book *b);

/* ---- job.c: jobs that programs marked ---- */

void job_mark(struct model *m, const struct event *ev);
void job_release(struct job_book *b);

#endif
