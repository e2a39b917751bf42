/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cpu.c - who runs on each CPU: its spans, who leaves it at a switch, hotplug, and what a loss takes away.
 */
#include "model/machine.h"

void cpu_open(struct model *m, uint32_t cpu, bool online)
{
	struct cpu *c = &m->cpus[cpu];

	*c = (struct cpu){
		.from_ns = m->window.from_ns,
		.known_ns = m->window.from_ns,
		.task = NOBODY,
		.woken = NOBODY,
		.left = NOBODY,
		.state = online ? CPU_UNKNOWN : CPU_OFFLINE,
		.fallback = m->only_target ? CPU_UNRECORDED : CPU_UNKNOWN,
		.asked = online,
	};
}

/* Nobody runs there. */
static void cpu_rest(struct cpu *c, enum cpu_state state)
{
	c->state = (uint8_t)state;
	c->task = NOBODY;
	c->asked = false;
}

void cpu_ask(struct model *m, struct cpu *c, uint64_t until_ns, uint64_t known_ns, enum cpu_state fallback)
{
	if (c->asked && c->fallback != CPU_UNKNOWN && until_ns > c->known_ns) {
		cpu_close(m, c, c->known_ns, false);
		cpu_rest(c, c->fallback);
	}
	if (!c->asked) {
		cpu_close(m, c, until_ns, false);
		cpu_rest(c, CPU_UNKNOWN);
	}
	c->asked = true;
	c->known_ns = known_ns;
	c->fallback = (uint8_t)fallback;
}

void cpu_left(struct model *m, struct cpu *c, uint32_t id)
{
	cpu_ask(m, c, m->now_ns, m->now_ns, CPU_UNKNOWN);
	c->left = id;
	c->left_ns = m->now_ns;
}

/*
 * A switch says that `s` has been running on `c`, though it did not see it come: can that be, and since when? Then it
 * is RUNNING there. One seen as runnable has been woken early, before anything had told that it ran.
 */
static bool ran_here(struct model *m, struct stay *s, struct cpu *c, uint64_t *since_ns)
{
	if (*since_ns < s->span.from_ns)
		*since_ns = s->span.from_ns;
	if (s->flags & STAY_ASKED) {
		stay_answer(m, s, STATE_RUNNING, *since_ns);
	} else if (s->span.state == STATE_RUNNABLE) {
		stay_close(m, s, *since_ns, OUT_NONE, false);
		stay_turn(m, s, STATE_RUNNING);
		s->span.from_ns = s->span.since_ns = *since_ns;
		s->span.cut_left = true;
	} else {
		return false;
	}
	stay_queue(m, s, (uint32_t)(c - m->cpus), m->now_ns);
	return true;
}

/* Whatever it was thought to do, it was running on `c`: both are unknown up to now. */
static void force_here(struct model *m, struct stay *s, struct cpu *c)
{
	if (s->span.state == STATE_RUNNING) {
		struct cpu *other = &m->cpus[s->span.cpu];

		cpu_ask(m, other, other->from_ns, m->now_ns, CPU_UNKNOWN);
	}
	stay_ask(m, s, s->span.from_ns, m->now_ns);
	stay_answer(m, s, STATE_RUNNING, m->now_ns);
	stay_queue(m, s, (uint32_t)(c - m->cpus), m->now_ns);
}

static uint32_t mismatch(struct model *m, struct cpu *c, uint32_t tid)
{
	uint32_t id = tid ? roster_meet(m, tid) : NOBODY;

	m->health.cpu_mismatches++;
	if (c->task != NOBODY) {
		struct stay *s = &m->stays.v[c->task];

		stay_ask(m, s, s->span.from_ns, m->now_ns);
	}
	cpu_ask(m, c, c->from_ns, m->now_ns, CPU_UNKNOWN);
	if (stay_followed(m, id))
		force_here(m, &m->stays.v[id], c);
	cpu_close(m, c, m->now_ns, false);
	cpu_become(m, c, tid, id);
	return c->task;
}

/* The first switch of a CPU whose task was switched in elsewhere: by that task, a few us late, or a contradiction? */
static bool left_before(struct model *m, struct cpu *c, uint32_t tid)
{
	uint32_t left = c->left;

	c->left = NOBODY;
	if (m->stays.v[left].tid == tid && m->now_ns - c->left_ns < CLOCK_SLACK_NS) {
		m->health.clock_backwards++;
		return true;
	}
	m->health.impossible_steps++;
	return false;
}

/* The first that is heard of an asked CPU: `tid` has been running since it can be told. */
static uint32_t answer(struct model *m, struct cpu *c, uint32_t tid)
{
	uint32_t id;
	uint64_t since_ns = c->known_ns;

	if (c->left != NOBODY && left_before(m, c, tid)) {
		c->asked = false;
		return NOBODY;
	}
	id = tid ? roster_meet(m, tid) : NOBODY;
	if (stay_followed(m, id) && !ran_here(m, &m->stays.v[id], c, &since_ns))
		return mismatch(m, c, tid);
	cpu_close(m, c, since_ns, false);
	cpu_become(m, c, tid, id);
	return c->task;
}

uint32_t cpu_leaver_unexpected(struct model *m, struct cpu *c, uint32_t tid)
{
	if (c->state == CPU_OFFLINE) /* it came back unnoticed */
		cpu_ask(m, c, m->now_ns, m->now_ns, CPU_UNKNOWN);
	if (c->asked)
		return answer(m, c, tid);
	if (c->task != NOBODY && roster_exchanged(m, c->task, tid))
		return c->task;
	if (c->state == CPU_UNRECORDED && !(tid && stay_followed(m, roster_meet(m, tid))))
		return NOBODY;
	return mismatch(m, c, tid);
}

void cpu_current(struct model *m, struct cpu *c, const struct event *ev)
{
	uint32_t tid = ev->current.tid;

	if (c->state == CPU_OFFLINE)
		cpu_ask(m, c, m->now_ns, m->now_ns, CPU_UNKNOWN);
	if (c->asked)
		answer(m, c, tid);
	else if (c->state == CPU_TASK ? m->stays.v[c->task].tid != tid : c->state == CPU_IDLE && tid)
		m->health.cpu_mismatches++;
}

void cpu_hotplug(struct model *m, const struct event *ev)
{
	struct cpu *c;

	if (model_cpu_number(m, ev->cpu) == CPU_NONE)
		return;
	c = &m->cpus[ev->cpu];
	c->seen = true;
	if (ev->hotplug.online == (c->state != CPU_OFFLINE))
		return;
	if (c->task != NOBODY)
		stay_ask(m, &m->stays.v[c->task], m->now_ns, m->now_ns);
	/* A CPU comes up idle, but its own helper threads may run before this is told: its first switch knows. */
	cpu_ask(m, c, m->now_ns, m->now_ns, m->only_target ? CPU_UNRECORDED : CPU_IDLE);
	if (!ev->hotplug.online) {
		cpu_close(m, c, m->now_ns, false);
		cpu_rest(c, CPU_OFFLINE);
	}
}

/* What any task but one running on another CPU did meanwhile may be among what was lost. */
static void forget_tasks(struct model *m, uint32_t cpu, uint64_t from_ns)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->settled.n; i++) {
		uint32_t id = m->settled.v[i];
		struct stay *s = &m->stays.v[id];

		if (s->flags & STAY_DEAD)
			continue;
		if (s->span.state == STATE_RUNNING && s->span.cpu != cpu) {
			m->settled.v[kept++] = id;
			continue;
		}
		if (s->flags & STAY_FOLLOWED)
			stay_ask(m, s, from_ns, m->now_ns);
		else
			s->letter = 0; /* should /proc put it into the tree later */
		stay_clear(s, STAY_LISTED);
	}
	m->settled.n = kept;
}

void cpu_lost(struct model *m, struct cpu *c, const struct event *ev)
{
	uint64_t from_ns = ev->lost.from_ns;

	m->health.lost_spans++;
	m->health.lost_events += ev->lost.count;
	from_ns = from_ns < m->window.from_ns ? m->window.from_ns : from_ns;
	from_ns = from_ns > m->now_ns ? m->now_ns : from_ns;
	forget_tasks(m, ev->cpu, from_ns);
	m->lost_until_ns = m->now_ns;
	c->left = NOBODY;
	c->woken = NOBODY;
	cpu_ask(m, c, from_ns, m->now_ns, CPU_UNKNOWN);
}

void cpu_finish(struct model *m)
{
	for (uint32_t i = 0; i < m->nr_cpus; i++) {
		struct cpu *c = &m->cpus[i];

		m->health.impossible_steps += c->left != NOBODY;
		if (!c->seen)
			continue;
		if (c->asked && c->fallback != CPU_UNKNOWN) {
			cpu_close(m, c, c->known_ns, false);
			cpu_rest(c, c->fallback);
		}
		cpu_close(m, c, m->window.to_ns, false);
	}
}
