/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * roster.c - who is who: tids to tasks through births, deaths, execs and reuse, names, kin, and the recorded tree.
 */
#include <stdio.h>
#include <string.h>
#include "model/machine.h"

#define PRIO_UNSEEN 120 /* DEFAULT_PRIO, include/linux/sched/prio.h */

/* include/uapi/linux/sched.h */
#define FORK_PARENT 0x8000ull  /* CLONE_PARENT */
#define FORK_THREAD 0x10000ull /* CLONE_THREAD */

static task_id task_of(uint32_t id)
{
	return (task_id){ id };
}

static bool is_dead(const struct model *m, uint32_t id)
{
	return m->stays.v[id].flags & STAY_DEAD;
}

static uint32_t find_alive(const struct model *m, uint32_t tid)
{
	uint32_t id = roster_find(m, tid);

	return id != NOBODY && !is_dead(m, id) ? id : NOBODY;
}

static void set_name(struct model *m, uint32_t id, const char comm[COMM_LEN])
{
	m->tasks.v[id].name = intern_n(&m->names, comm, COMM_LEN);
}

static void rename_to(struct model *m, uint32_t id, const char comm[COMM_LEN])
{
	const char *before = m->tasks.v[id].name;

	set_name(m, id, comm);
	if (m->tasks.v[id].name != before && !m->cut_now)
		TELL(m, renamed, (task_id){ id }, m->now_ns);
}

static void follow(struct model *m, uint32_t id)
{
	if (is_dead(m, id)) /* too late for any span of it */
		return;
	m->tasks.v[id].outside = false;
	stay_set(&m->stays.v[id], STAY_FOLLOWED);
}

/* A new row, nothing known about it yet: ASKED since `born_ns`. The caller fills in more, then announces it. */
static uint32_t add(struct model *m, uint32_t tid, uint64_t born_ns)
{
	uint32_t id = (uint32_t)m->stays.n;

	*vec_push(&m->stays) = (struct stay){
		.span = {
			.task = task_of(id),
			.cut_left = true,
			.ctx = EV_CTX_UNKNOWN,
			.cpu = CPU_NONE,
			.from_ns = born_ns,
			.since_ns = born_ns,
			.waker = TASK_NONE,
			.waker_cpu = CPU_NONE,
			.syscall = EV_NO_SYSCALL,
			.prio = PRIO_UNSEEN,
		},
		.tid = tid,
		.early_waker = NOBODY,
		.parity = NVCSW_UNKNOWN,
		.flags = STAY_ASKED | STAY_LISTED,
	};
	*vec_push(&m->tasks) = (struct task){
		.tid = tid,
		.tgid = tid,
		.leader = TASK_NONE,
		.parent = TASK_NONE,
		.born_ns = born_ns,
		.died_ns = m->window.to_ns,
		.outside = true,
		.prio = PRIO_UNSEEN,
	};
	*vec_push(&m->next_named) = NOBODY;
	*vec_push(&m->settled) = id;
	idmap_set(&m->by_tid, tid, id);
	if (!m->only_target)
		follow(m, id);
	return id;
}

/* Known from now on, and runnable from its first wake-up. */
static void be_born(struct model *m, uint32_t id)
{
	struct stay *s = &m->stays.v[id];

	m->tasks.v[id].born_here = !m->cut_now;
	stay_clear(s, STAY_ASKED);
	stay_turn(m, s, STATE_RUNNABLE);
	s->span.why = WHY_NEW;
	s->parity = NVCSW_EVEN; /* a new task's count starts at 0 (kernel/fork.c, copy_mm) */
}

static void announce(struct model *m, uint32_t id)
{
	TELL(m, task_born, task_of(id));
}

uint32_t roster_introduce(struct model *m, uint32_t tid)
{
	uint32_t id, before = roster_find(m, tid);
	char name[16];

	/* Who has a dead one's tid was born after that death, unseen. */
	id = add(m, tid, before == NOBODY ? m->window.from_ns : m->now_ns);
	m->tasks.v[id].born_here = before != NOBODY;
	snprintf(name, sizeof(name), "<%u>", tid);
	m->tasks.v[id].name = intern(&m->names, name);
	allowed_unknown(m, id);
	announce(m, id);
	return id;
}

/* ---- kin ---- */

static void name_kin(struct model *m, uint32_t tid, uint32_t id)
{
	m->next_named.v[id] = idmap_get(&m->named, tid);
	idmap_set(&m->named, tid, id);
}

/* `id` and all of /proc's rows below it are in the recorded tree. A row names its leader, a leader its parent. */
static void join_target(struct model *m, uint32_t id)
{
	VEC(uint32_t) todo = { 0 };

	*vec_push(&todo) = id;
	while (todo.n) {
		uint32_t x = todo.v[--todo.n];
		struct task *t = &m->tasks.v[x];

		if (t->in_target)
			continue;
		t->in_target = true;
		follow(m, x);
		if (t->tid != t->tgid)
			continue;
		for (uint32_t y = idmap_get(&m->named, t->tid); y != NOBODY; y = m->next_named.v[y])
			*vec_push(&todo) = y;
	}
	vec_release(&todo);
}

static bool in_target(const struct model *m, task_id id)
{
	return task_some(id) && m->tasks.v[id.i].in_target;
}

/* /proc's rows come in any order: link what is known of this one, and those that waited for it. */
static void link_row(struct model *m, uint32_t id)
{
	struct task *t = &m->tasks.v[id];
	bool leads = t->tid == t->tgid;

	t->leader = leads ? task_of(id) : task_of(find_alive(m, t->tgid));
	t->parent = t->ppid ? task_of(find_alive(m, t->ppid)) : TASK_NONE;
	if (leads) {
		for (uint32_t y = idmap_get(&m->named, t->tid); y != NOBODY; y = m->next_named.v[y]) {
			if (m->tasks.v[y].tgid == t->tid)
				m->tasks.v[y].leader = task_of(id);
			else
				m->tasks.v[y].parent = task_of(id);
		}
	}
	name_kin(m, leads ? t->ppid : t->tgid, id);
	if (m->target_tid && t->tid == m->target_tid && m->target == NOBODY) {
		m->target = id;
		m->target_tgid = t->tgid;
		if (task_some(t->leader))
			join_target(m, t->leader.i);
	}
	if (m->target == id || (m->target_tgid && t->tgid == m->target_tgid) ||
	    in_target(m, leads ? t->parent : t->leader))
		join_target(m, id);
}

static void rest_as_row(struct model *m, uint32_t id, const struct event *ev)
{
	struct stay *s = &m->stays.v[id];

	if (!(s->flags & STAY_ASKED) || m->lost_until_ns)
		return;
	s->letter = ev->task.state;
	s->span.cpu = model_cpu_number(m, ev->task.cpu);
	if (stay_rest(s) != STATE_UNKNOWN) {
		s->span.syscall = ev->task.syscall;
		s->span.arg = ev->task.arg;
	}
	if (s->letter == 'Z' || s->letter == 'X') { /* over before the recording began: it has no span */
		stay_die(m, s);
		m->tasks.v[id].died_here = false;
	}
}

void roster_task(struct model *m, const struct event *ev)
{
	uint32_t id = roster_find(m, ev->task.tid);
	bool fresh = id == NOBODY;
	struct task *t;

	if (!ev->task.tid || (!fresh && m->stays.v[id].flags & (STAY_DEAD | STAY_INTRODUCED)))
		return;
	if (fresh)
		id = add(m, ev->task.tid, m->window.from_ns);
	t = &m->tasks.v[id];
	t->tgid = ev->task.tgid;
	t->ppid = ev->task.ppid;
	t->kthread = ev->task.kthread;
	t->prio = m->stays.v[id].span.prio = ev->task.prio;
	stay_set(&m->stays.v[id], STAY_INTRODUCED);
	allowed_introduced(m, id);
	if (fresh)
		set_name(m, id, ev->task.comm);
	else
		rename_to(m, id, ev->task.comm);
	link_row(m, id);
	rest_as_row(m, id, ev);
	if (fresh)
		announce(m, id);
}

/* ---- births ---- */

/* One that still runs on to its last switch has given its number back already; any other's death went by unseen. */
static void bury_namesake(struct model *m, uint32_t tid)
{
	uint32_t old = roster_find(m, tid);

	if (old == NOBODY)
		return;
	m->health.tid_reuses++;
	if (!(m->stays.v[old].flags & STAY_EXITING) || m->stays.v[old].span.state != STATE_RUNNING)
		stay_die_unseen(m, &m->stays.v[old]);
}

static void inherit(struct model *m, uint32_t id, uint32_t parent)
{
	struct task *t = &m->tasks.v[id];

	if (m->target_tid && m->target == NOBODY && t->tid == m->target_tid) {
		m->target = id;
		m->target_tgid = t->tgid;
	}
	t->in_target = m->target == id || (parent != NOBODY && m->tasks.v[parent].in_target);
	if (t->in_target)
		follow(m, id);
	allowed_inherit(m, id, parent);
}

static void set_fork_kin(struct model *m, uint32_t id, uint32_t parent, const struct event *ev)
{
	struct task *t = &m->tasks.v[id];
	const struct task *p = parent == NOBODY ? NULL : &m->tasks.v[parent];

	if (ev->fork.flags & FORK_THREAD) {
		t->leader = task_of(find_alive(m, t->tgid));
		if (!task_some(t->leader) && p)
			t->leader = p->leader; /* it died before its threads */
	} else {
		t->leader = task_of(id);
	}
	t->ppid = ev->fork.parent_tgid;
	if (!p)
		return;
	if (ev->fork.flags & (FORK_THREAD | FORK_PARENT)) {
		t->parent = p->parent;
		t->ppid = p->ppid;
	} else {
		t->parent = task_some(p->leader) ? p->leader : task_of(parent);
	}
}

void roster_fork(struct model *m, const struct event *ev)
{
	uint32_t id, parent;

	if (!ev->fork.tid)
		return;
	bury_namesake(m, ev->fork.tid);
	id = add(m, ev->fork.tid, m->now_ns);
	m->tasks.v[id].tgid = ev->fork.tgid;
	m->tasks.v[id].kthread = ev->fork.kthread;
	stay_set(&m->stays.v[id], STAY_INTRODUCED);
	be_born(m, id);
	set_name(m, id, ev->fork.comm);
	parent = ev->fork.parent_tid ? find_alive(m, ev->fork.parent_tid) : NOBODY;
	set_fork_kin(m, id, parent, ev);
	inherit(m, id, parent);
	announce(m, id);
}

uint32_t roster_born(struct model *m, uint32_t tid, uint32_t parent)
{
	uint32_t id = add(m, tid, m->now_ns);

	be_born(m, id);
	set_name(m, id, parent == NOBODY ? "?" : m->tasks.v[parent].name);
	inherit(m, id, parent);
	announce(m, id);
	return id;
}

/* ---- exec ---- */

/*
 * An exec by a thread that is not its process' leader: de_thread() (fs/exec.c) waits for the leader to be a zombie and
 * exchanges their numbers, long before the exec is told. `t` goes on as the leader; the old leader may still have its
 * last switch before it, under t's former number.
 */
static void exchange(struct model *m, uint32_t t, uint32_t leader)
{
	struct stay *st = &m->stays.v[t], *sl = &m->stays.v[leader];
	uint32_t tid = st->tid;

	st->tid = sl->tid;
	sl->tid = tid;
	idmap_set(&m->by_tid, st->tid, t);
	idmap_set(&m->by_tid, sl->tid, leader);
	m->tasks.v[t].tid = st->tid;
	m->tasks.v[t].leader = task_of(t);
	m->tasks.v[t].parent = m->tasks.v[leader].parent;
	m->tasks.v[t].ppid = m->tasks.v[leader].ppid;
}

static bool is_gone_leader(const struct model *m, uint32_t id)
{
	const struct task *t = &m->tasks.v[id];

	return t->tid == t->tgid && m->stays.v[id].flags & (STAY_DEAD | STAY_EXITING);
}

bool roster_exchanged(struct model *m, uint32_t id, uint32_t tid)
{
	uint32_t other = tid ? roster_find(m, tid) : NOBODY;

	if (other == NOBODY || other == id || m->tasks.v[other].tgid != m->tasks.v[id].tgid)
		return false;
	if (is_gone_leader(m, other) && m->stays.v[other].tid == m->tasks.v[other].tgid)
		exchange(m, id, other);
	else if (is_gone_leader(m, id) && m->stays.v[id].tid == m->tasks.v[id].tgid && !is_dead(m, other))
		exchange(m, other, id);
	else
		return false;
	return true;
}

/* The exec is told: take over the leader's number now, unless a switch has shown that already. */
static void take_over(struct model *m, uint32_t old_tid, uint32_t tid)
{
	uint32_t t = find_alive(m, old_tid), leader = roster_find(m, tid);

	if (t == NOBODY || m->stays.v[t].flags & STAY_EXITING)
		return;
	if (leader != NOBODY && leader != t) {
		if (!(m->stays.v[leader].flags & STAY_EXITING))
			stay_die_unseen(m, &m->stays.v[leader]);
		exchange(m, t, leader);
		return;
	}
	idmap_set(&m->by_tid, old_tid, NOBODY);
	idmap_set(&m->by_tid, tid, t);
	m->stays.v[t].tid = m->tasks.v[t].tid = tid;
	m->tasks.v[t].leader = task_of(t);
}

void roster_exec(struct model *m, const struct event *ev)
{
	uint32_t id;

	if (!ev->exec.tid)
		return;
	if (ev->exec.old_tid && ev->exec.old_tid != ev->exec.tid)
		take_over(m, ev->exec.old_tid, ev->exec.tid);
	id = roster_meet(m, ev->exec.tid);
	m->tasks.v[id].tgid = ev->exec.tgid;
	m->tasks.v[id].path = intern(&m->names, ev->exec.path);
	stay_set(&m->stays.v[id], STAY_INTRODUCED);
	rename_to(m, id, ev->exec.comm);
}

/* ---- names and ends ---- */

void roster_rename(struct model *m, const struct event *ev)
{
	uint32_t id;

	if (!ev->rename.tid)
		return;
	id = roster_meet(m, ev->rename.tid);
	stay_set(&m->stays.v[id], STAY_INTRODUCED);
	rename_to(m, id, ev->rename.comm);
}

void roster_exit(struct model *m, const struct event *ev)
{
	uint32_t id = find_alive(m, ev->exit.tid);
	struct task *t;

	if (id == NOBODY)
		return;
	t = &m->tasks.v[id];
	t->exit_known = true;
	t->exit_code = ev->exit.code;
	t->died_ns = m->now_ns; /* until its last switch, and if that is lost */
	stay_set(&m->stays.v[id], STAY_EXITING);
	if (!t->outside)
		return;
	m->stays.v[id].span.from_ns = m->now_ns; /* its last switch is not recorded */
	stay_die(m, &m->stays.v[id]);
}

void roster_finish(struct model *m)
{
	for (uint32_t id = 0; id < m->tasks.n; id++) {
		struct task *t = &m->tasks.v[id];

		if (!task_some(t->parent) && task_some(t->leader) && t->leader.i != id)
			t->parent = m->tasks.v[t->leader.i].parent;
		m->health.unknown_tids += !t->outside && !(m->stays.v[id].flags & STAY_INTRODUCED);
	}
}
