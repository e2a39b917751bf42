/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stay.c - the open span of each task: how it is closed, asked about, answered, and counted in a queue.
 */
#include "model/machine.h"

void stay_explain(struct model *m, struct stay *s, bool woken)
{
	struct stay *asleep = &m->cpus[s->span.cpu].unexplained;
	struct span *sleep = &asleep->span;

	stay_clear(s, STAY_UNEXPLAINED);
	sleep->prio = s->span.prio;
	if (!woken) {
		sleep->syscall = EV_NO_SYSCALL;
		sleep->arg = 0;
	}
	if (woken) {
		m->health.clock_backwards++;
	} else if (asleep->flags & STAY_EARLY) {
		sleep->state = STATE_RUNNABLE;
		sleep->why = WHY_WOKEN;
		span_set_waker(sleep, asleep->early_waker, asleep->early_cpu, asleep->early_ctx);
		span_set_waker(&s->span, asleep->early_waker, asleep->early_cpu, asleep->early_ctx);
	} else if (asleep->flags & STAY_SIGNALABLE) {
		sleep->state = STATE_RUNNABLE;
		sleep->why = WHY_SIGNAL;
		m->health.requeued_by_signal++;
	} else {
		sleep->state = STATE_UNKNOWN;
		m->health.impossible_steps++;
	}
	stay_close(m, asleep, s->span.from_ns, OUT_NONE, true);
}

uint64_t stay_known_ns(const struct model *m, const struct stay *s)
{
	return s->span.since_ns > m->lost_until_ns ? s->span.since_ns : m->lost_until_ns;
}

void stay_answer(struct model *m, struct stay *s, enum task_state state, uint64_t known_ns)
{
	s->span.since_ns = s->span.from_ns;
	if (known_ns > s->span.from_ns) {
		stay_close(m, s, known_ns, OUT_NONE, false);
		s->span.since_ns = known_ns;
	}
	s->span.state = (uint8_t)state;
	s->span.cut_left = true;
	if (!state_is_asleep(state)) {
		s->span.syscall = EV_NO_SYSCALL;
		s->span.arg = 0;
	}
	stay_clear(s, STAY_ASKED);
	if (!(s->flags & STAY_LISTED)) {
		stay_set(s, STAY_LISTED);
		*vec_push(&m->settled) = s->span.task.i;
	}
}

enum task_state stay_rest(const struct stay *s)
{
	enum task_state state = state_of_letter(s->letter);

	return state_is_asleep(state) ? state : STATE_UNKNOWN;
}

void stay_ask(struct model *m, struct stay *s, uint64_t until_ns, uint64_t known_ns)
{
	if (s->flags & STAY_ASKED && stay_rest(s) != STATE_UNKNOWN)
		stay_answer(m, s, stay_rest(s), stay_known_ns(m, s));
	if (!(s->flags & STAY_ASKED)) {
		stay_unqueue(m, s);
		stay_close(m, s, until_ns > s->span.from_ns ? until_ns : s->span.from_ns, OUT_NONE, false);
		stay_forget_waker(s);
		s->span.state = STATE_UNKNOWN;
		s->span.why = WHY_NONE;
		s->span.cut_left = true;
		stay_clear(s, STAY_EARLY);
		stay_set(s, STAY_ASKED);
	}
	s->span.since_ns = known_ns;
	s->span.syscall = EV_NO_SYSCALL;
	s->span.arg = 0;
	s->letter = 0;
	s->parity = NVCSW_UNKNOWN;
}

void stay_die(struct model *m, struct stay *s)
{
	struct task *t = &m->tasks.v[s->span.task.i];

	stay_unqueue(m, s);
	stay_set(s, STAY_DEAD);
	t->died_ns = s->span.from_ns;
	t->died_here = true;
}

/* An ASKED one whose exit was seen before the loss: its last switch is among what was lost. */
static bool died_in_loss(const struct model *m, const struct stay *s)
{
	return s->flags & STAY_ASKED && s->flags & STAY_EXITING &&
	       m->tasks.v[s->span.task.i].died_ns <= m->lost_until_ns;
}

void stay_die_unseen(struct model *m, struct stay *s)
{
	uint64_t end_ns = died_in_loss(m, s) ? stay_known_ns(m, s) : m->now_ns;
	uint32_t cpu = s->span.state == STATE_RUNNING ? s->span.cpu : CPU_NONE;

	if (s->flags & STAY_DEAD)
		return;
	if (end_ns < s->span.from_ns)
		end_ns = s->span.from_ns;
	if (s->flags & STAY_FOLLOWED) {
		if (!(s->flags & STAY_ASKED))
			m->health.impossible_steps++;
		stay_ask(m, s, s->span.from_ns, end_ns);
		s->span.since_ns = s->span.from_ns;
		stay_close(m, s, end_ns, OUT_NONE, false);
	}
	s->span.from_ns = end_ns;
	stay_die(m, s);
	if (cpu != CPU_NONE)
		cpu_ask(m, &m->cpus[cpu], m->cpus[cpu].from_ns, m->now_ns, CPU_UNKNOWN);
}

void stay_unqueue(struct model *m, struct stay *s)
{
	struct cpu *c;

	if (m->placing == s->span.task.i)
		m->placing = NOBODY;
	if (!(s->flags & STAY_QUEUED))
		return;
	stay_clear(s, STAY_QUEUED);
	c = &m->cpus[s->span.cpu];
	c->depth--;
	TELL(m, depth, s->span.cpu, m->now_ns, c->depth);
}

void stay_queue(struct model *m, struct stay *s, uint32_t cpu, uint64_t ts_ns)
{
	struct cpu *c;

	if (s->flags & STAY_QUEUED) {
		if (s->span.cpu == cpu)
			return;
		stay_unqueue(m, s);
	}
	s->span.cpu = cpu;
	if (cpu == CPU_NONE)
		return;
	stay_set(s, STAY_QUEUED);
	c = &m->cpus[cpu];
	c->depth++;
	TELL(m, depth, cpu, ts_ns, c->depth);
}

/* Nothing more will tell: /proc decides what an ASKED one did. */
static void finish_asked(struct model *m, struct stay *s)
{
	enum task_state rest = stay_rest(s);

	if (died_in_loss(m, s))
		stay_die_unseen(m, s);
	else
		stay_answer(m, s, rest, rest == STATE_UNKNOWN ? s->span.from_ns : stay_known_ns(m, s));
}

void stay_finish(struct model *m)
{
	for (uint32_t id = 0; id < m->stays.n; id++) {
		struct stay *s = &m->stays.v[id];

		if (stay_followed(m, id) && s->flags & STAY_ASKED)
			finish_asked(m, s);
		if (s->flags & STAY_DEAD)
			continue;
		if (s->flags & STAY_FOLLOWED) {
			if (s->flags & STAY_UNEXPLAINED)
				stay_explain(m, s, false);
			s->span.cut_right = true;
			stay_close(m, s, m->window.to_ns, OUT_NONE, false);
		}
		m->tasks.v[id].died_ns = m->window.to_ns;
	}
}
