/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * step.c - what a switch, a waking, a first wake-up and a migration do to the tasks they name.
 */
#include "model/machine.h"

/*
 * The kernel counts a switch as voluntary when the task had a state other than running and was not preempted
 * (kernel/sched/core.c, __schedule); the parity of its count, where known, settles the case of a pending signal.
 */
static bool left_voluntarily(struct stay *s, const struct event *ev)
{
	bool voluntary = !ev->sw.preempted && ev->sw.prev_state;

	if (ev->sw.nvcsw != NVCSW_UNKNOWN && s->parity != NVCSW_UNKNOWN)
		voluntary = ev->sw.nvcsw != s->parity;
	s->parity = ev->sw.nvcsw;
	return voluntary;
}

/*
 * It left its CPU and is still runnable. Involuntarily, or pushed off as R+: preempted, even if a waking came just
 * before and undid its wish to sleep, because so it is in the kernel's books. Voluntarily: on kernels whose state was
 * read late, or is no sleeping one, it was woken on its way out; else a pending signal kept it.
 */
static void stay_runnable(struct model *m, struct stay *s, const struct event *ev, bool voluntary)
{
	bool woken = s->flags & STAY_EARLY && (m->late_state || ev->sw.prev_state);

	stay_clear(s, STAY_EARLY);
	s->span.why = WHY_PREEMPTED;
	if (!voluntary || ev->sw.preempted)
		return;
	if (woken || ev->sw.prev_state) {
		s->span.why = WHY_WOKEN;
		if (woken)
			span_set_waker(&s->span, s->early_waker, s->early_cpu, s->early_ctx);
	} else {
		s->span.why = WHY_SIGNAL;
		m->health.requeued_by_signal++;
	}
}

static void set_prio(struct model *m, struct stay *s, event_prio prio)
{
	if (s->span.prio != prio)
		s->span.prio = m->tasks.v[s->span.task.i].prio = prio;
}

/*
 * A kernel before 5.18 reads the state late: of one that left by itself and is runnable already the wake-up is still to
 * be told, stamped later than this switch. It fell asleep, for that long; if nobody wakes it, a signal kept it.
 */
static bool wakes_later(const struct model *m, const struct stay *s, const struct event *ev, bool voluntary)
{
	return m->late_state && voluntary && !ev->sw.preempted && !(s->flags & STAY_EARLY);
}

#define RAW_SIGNALABLE (0x1 | 0x4 | 0x8 | 0x100) /* interruptible, stopped, traced, wakekill: signal_pending_state() */

static void switch_out(struct model *m, struct stay *s, const struct event *ev)
{
	uint32_t raw = ev->sw.preempted ? 0 : ev->sw.prev_state;
	bool voluntary = left_voluntarily(s, ev);
	enum task_state state = state_of_raw(raw);

	set_prio(m, s, ev->sw.prev_prio);
	if (__builtin_expect(state == STATE_UNKNOWN, 0)) { /* dead */
		stay_close(m, s, m->now_ns, OUT_DEAD, false);
		stay_die(m, s);
		return;
	}
	stay_close(m, s, m->now_ns, voluntary ? OUT_VOLUNTARY : OUT_INVOLUNTARY, false);
	if (state == STATE_RUNNABLE && wakes_later(m, s, ev, voluntary)) {
		state = STATE_SLEEPING;
		raw = RAW_SIGNALABLE;
	}
	stay_turn(m, s, state);
	stay_forget_waker(s);
	if (state == STATE_RUNNABLE) {
		stay_runnable(m, s, ev, voluntary);
		return;
	}
	s->span.syscall = ev->sw.syscall;
	s->span.arg = ev->sw.arg;
	stay_clear(s, STAY_SIGNALABLE);
	if (raw & RAW_SIGNALABLE)
		stay_set(s, STAY_SIGNALABLE);
	stay_unqueue(m, s);
}

/* Switched in though it was not waiting in a queue, as far as is known. */
static void switch_in_unexpected(struct model *m, struct stay *s, uint32_t cpu)
{
	if (s->flags & STAY_ASKED) {
		stay_answer(m, s, STATE_RUNNABLE, stay_known_ns(m, s));
		s->span.why = WHY_OPENING;
		s->span.cpu = cpu; /* a move since then would have been recorded */
		stay_close(m, s, m->now_ns, OUT_NONE, true);
	} else if (s->span.state == STATE_RUNNING) { /* seen here before it was seen to leave there */
		stay_close(m, s, m->now_ns, OUT_NONE, false);
		stay_forget_waker(s);
		s->parity = NVCSW_UNKNOWN;
		cpu_left(m, &m->cpus[s->span.cpu], s->span.task.i);
	} else {
		m->cpus[cpu].unexplained = *s;
		stay_clear(s, STAY_EARLY);
		stay_set(s, STAY_UNEXPLAINED);
	}
}

static void switch_in(struct model *m, struct stay *s, const struct event *ev)
{
	set_prio(m, s, ev->sw.next_prio);
	if (__builtin_expect(s->span.state == STATE_RUNNABLE, 1)) {
		if (s->span.cpu == CPU_NONE)
			s->span.cpu = ev->cpu;
		stay_close(m, s, m->now_ns, OUT_NONE, true);
	} else {
		switch_in_unexpected(m, s, ev->cpu);
	}
	stay_turn(m, s, STATE_RUNNING);
	if (__builtin_expect(!(s->flags & STAY_QUEUED) || s->span.cpu != ev->cpu, 0))
		stay_queue(m, s, ev->cpu, m->now_ns);
}

void step_switch(struct model *m, struct cpu *c, const struct event *ev)
{
	uint32_t tid = ev->sw.next_tid;
	uint32_t prev = cpu_leaver(m, c, ev->sw.prev_tid);
	uint32_t next;

	c->woken = NOBODY;
	if (prev != NOBODY)
		switch_out(m, &m->stays.v[prev], ev);
	next = tid ? roster_meet(m, tid) : NOBODY; /* only now: prev may have died, and a dead one is nobody's next */
	cpu_close(m, c, m->now_ns, true);
	cpu_become(m, c, tid, next);
	c->prio = ev->sw.next_prio;
	if (c->task != NOBODY)
		switch_in(m, &m->stays.v[next], ev);
}

/* What the idle task wakes it wakes for an interrupt, its CPU's own or one that another CPU handed to it. */
static enum event_ctx ctx_of(const struct event *ev)
{
	return ev->waking.ctx == EV_CTX_TASK && !ev->waking.waker_tid ? EV_CTX_HARDIRQ : ev->waking.ctx;
}

/* Who did the waking: the task that ran there, unless an interrupt used its time. */
static uint32_t waker_of(struct model *m, const struct cpu *c, const struct event *ev)
{
	uint32_t tid = ev->waking.waker_tid, id;

	if (ev->waking.ctx != EV_CTX_TASK || !tid)
		return NOBODY;
	if (c->task != NOBODY && (m->stays.v[c->task].tid == tid || roster_exchanged(m, c->task, tid)))
		return c->task;
	id = roster_find(m, tid);
	return id != NOBODY && !(m->stays.v[id].flags & STAY_DEAD) ? id : NOBODY;
}

void step_placed(struct model *m)
{
	struct stay *s = &m->stays.v[m->placing];

	m->placing = NOBODY;
	stay_queue(m, s, s->span.cpu, s->span.from_ns);
}

/* An ASKED one was asleep: in what /proc said, if that was a sleep. */
static void wake_asked(struct model *m, struct stay *s)
{
	enum task_state rest = stay_rest(s);

	if (rest == STATE_UNKNOWN) {
		stay_answer(m, s, STATE_SLEEPING, stay_known_ns(m, s));
		s->span.syscall = EV_SYSCALL_UNKNOWN;
		s->span.arg = 0;
	} else {
		stay_answer(m, s, rest, stay_known_ns(m, s));
	}
}

static void tell_sleep(struct wake *w, const struct span *sleep, uint64_t end_ns)
{
	w->state = sleep->state;
	w->syscall = sleep->syscall;
	w->arg = sleep->arg;
	w->slept_ns = end_ns - sleep->from_ns;
}

static enum wake_effect wake_running(struct model *m, struct stay *s, struct wake *w)
{
	if (s->flags & STAY_UNEXPLAINED && m->now_ns - s->span.from_ns < CLOCK_SLACK_NS) {
		tell_sleep(w, &m->cpus[s->span.cpu].unexplained.span, s->span.from_ns);
		stay_explain(m, s, true);
		span_set_waker(&s->span, w->waker.i, w->waker_cpu, w->ctx);
		w->ts_ns = s->span.from_ns;
		w->late = true;
		return WAKE_REAL;
	}
	if (s->flags & STAY_UNEXPLAINED)
		stay_explain(m, s, false);
	s->early_waker = w->waker.i;
	s->early_cpu = w->waker_cpu;
	s->early_ctx = w->ctx;
	stay_set(s, STAY_EARLY);
	return WAKE_EARLY;
}

static enum wake_effect wake(struct model *m, struct stay *s, struct wake *w)
{
	if (!(s->flags & STAY_FOLLOWED))
		return WAKE_UNKNOWN;
	if (s->flags & STAY_ASKED)
		wake_asked(m, s);
	if (s->span.state == STATE_RUNNING)
		return wake_running(m, s, w);
	if (s->span.state == STATE_RUNNABLE)
		return WAKE_AGAIN;
	tell_sleep(w, &s->span, m->now_ns);
	stay_close(m, s, m->now_ns, OUT_NONE, false);
	stay_turn(m, s, STATE_RUNNABLE);
	s->span.why = WHY_WOKEN;
	stay_clear(s, STAY_EARLY);
	span_set_waker(&s->span, w->waker.i, w->waker_cpu, w->ctx);
	m->placing = w->target.i;
	return WAKE_REAL;
}

static void wake_tell(struct model *m, struct cpu *c, const struct wake *w)
{
	c->woken = w->target.i;
	c->woken_ns = m->now_ns;
	if (!m->cut_now) /* else it was before the window */
		TELL(m, wake, w);
}

void step_waking(struct model *m, struct cpu *c, const struct event *ev)
{
	struct wake w = { .ts_ns = m->now_ns, .waker_cpu = ev->cpu, .ctx = (uint8_t)ctx_of(ev) };
	struct stay *s;

	if (!ev->waking.tid)
		return;
	w.target.i = roster_meet(m, ev->waking.tid);
	w.waker.i = waker_of(m, c, ev);
	s = &m->stays.v[w.target.i];
	set_prio(m, s, ev->waking.prio);
	w.prio = ev->waking.prio;
	w.effect = (uint8_t)wake(m, s, &w);
	wake_tell(m, c, &w);
}

/* A new task becomes runnable where it is put. */
static enum wake_effect wake_new(struct model *m, struct stay *s, uint32_t parent, const struct event *ev)
{
	if (!(s->flags & STAY_FOLLOWED))
		return WAKE_UNKNOWN;
	if (s->span.state == STATE_RUNNING) /* stamped after it was switched in elsewhere */
		return WAKE_NEW;
	if (s->span.state != STATE_RUNNABLE && !(s->flags & STAY_ASKED)) {
		m->health.impossible_steps++;
		stay_ask(m, s, s->span.from_ns, m->now_ns);
	}
	if (s->flags & STAY_ASKED)
		stay_answer(m, s, STATE_RUNNABLE, stay_known_ns(m, s));
	else if (s->span.why != WHY_NEW || s->flags & STAY_QUEUED)
		return WAKE_AGAIN;
	s->span.why = WHY_NEW;
	span_set_waker(&s->span, parent, ev->cpu, EV_CTX_TASK);
	stay_queue(m, s, model_cpu_number(m, ev->wakeup_new.target_cpu), m->now_ns);
	return WAKE_NEW;
}

void step_wakeup_new(struct model *m, struct cpu *c, const struct event *ev)
{
	struct wake w = { .ts_ns = m->now_ns, .waker_cpu = ev->cpu, .ctx = EV_CTX_TASK };
	uint32_t parent, id = roster_find(m, ev->wakeup_new.tid);

	if (!ev->wakeup_new.tid)
		return;
	parent = ev->wakeup_new.parent_tid ? roster_find(m, ev->wakeup_new.parent_tid) : NOBODY;
	if (id == NOBODY || m->stays.v[id].flags & STAY_DEAD)
		id = roster_born(m, ev->wakeup_new.tid, parent);
	set_prio(m, &m->stays.v[id], ev->wakeup_new.prio);
	w.prio = ev->wakeup_new.prio;
	w.target.i = id;
	w.waker.i = parent;
	w.effect = (uint8_t)wake_new(m, &m->stays.v[id], parent, ev);
	wake_tell(m, c, &w);
}

/* try_to_wake_up() waits for a task to leave its CPU before placing it: it has been runnable since it left. */
static void woken_while_leaving(struct stay *s)
{
	stay_clear(s, STAY_EARLY);
	s->span.state = STATE_RUNNABLE;
	s->span.why = WHY_WOKEN;
	s->span.syscall = EV_NO_SYSCALL;
	s->span.arg = 0;
	span_set_waker(&s->span, s->early_waker, s->early_cpu, s->early_ctx);
}

/* Returns whether the move was the placement of a wake-up. */
static bool migrate(struct model *m, struct stay *s, uint32_t to, bool just_woken)
{
	if (s->span.state == STATE_RUNNING) /* it moves only once it has left; nothing to note */
		return false;
	if (just_woken && s->flags & STAY_EARLY && state_is_asleep(s->span.state))
		woken_while_leaving(s);
	if (s->span.state != STATE_RUNNABLE) {
		s->span.cpu = to;
		return false;
	}
	if (s->span.why == WHY_NEW && !(s->flags & STAY_QUEUED)) { /* between fork and first wake-up */
		s->span.cpu = to;
		return true;
	}
	if (!just_woken)
		stay_close(m, s, m->now_ns, OUT_NONE, false); /* since_ns stays: it is still the same wait */
	stay_queue(m, s, to, m->now_ns);
	return just_woken;
}

void step_migrate(struct model *m, struct cpu *c, const struct event *ev)
{
	uint32_t to = model_cpu_number(m, ev->migrate.to_cpu);
	struct migration mig = {
		.ts_ns = m->now_ns, .from_cpu = ev->migrate.from_cpu, .to_cpu = ev->migrate.to_cpu,
	};
	bool just_woken;

	if (!ev->migrate.tid)
		return;
	mig.task.i = roster_meet(m, ev->migrate.tid);
	just_woken = c->woken == mig.task.i && m->now_ns - c->woken_ns < PLACEMENT_NS;
	c->woken = NOBODY;
	if (m->placing == mig.task.i)
		m->placing = NOBODY;
	if (m->stays.v[mig.task.i].flags & STAY_FOLLOWED)
		mig.placement = migrate(m, &m->stays.v[mig.task.i], to, just_woken);
	if (!m->cut_now)
		TELL(m, migration, &mig);
}
