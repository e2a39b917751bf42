/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * world.h - events that make sense: a random but possible life of a few tasks on a few CPUs, from a seed.
 *
 * Tasks run, sleep for time or for each other, are woken by tasks and by interrupts, preempted, moved, made, and end.
 * No two events have one time. Task 1 is the root of the recorded tree and outlives it; tasks 2 and 3 are strangers.
 */
#ifndef SCHEDVIZ_WORLD_H
#define SCHEDVIZ_WORLD_H

#include "unit/soup.h"

#define WORLD_TASKS 9u /* tids 1 to 9; the fourth and later ones are made on the way */
#define WORLD_CPUS 3u
#define WORLD_STEPS 150

enum world_state { WORLD_UNBORN, WORLD_ASLEEP, WORLD_WAITING, WORLD_ON_CPU, WORLD_DEAD };

struct world {
	struct dice d;
	struct model *m;
	uint64_t now_ns;
	uint8_t state[WORLD_TASKS + 1], cpu[WORLD_TASKS + 1];
	uint32_t on[WORLD_CPUS]; /* tid, 0: idle */
};

static inline void world_tell(struct world *w, struct event ev)
{
	ev.ts_ns = w->now_ns;
	model_event(w->m, &ev);
	w->now_ns += 1 + roll(&w->d, 9);
}

/* Somebody in this state, on this CPU if that is not WORLD_CPUS; 0: nobody is. */
static inline uint32_t world_any(struct world *w, enum world_state state, uint32_t cpu)
{
	uint32_t from = roll(&w->d, WORLD_TASKS);

	for (uint32_t i = 0; i < WORLD_TASKS; i++) {
		uint32_t tid = 1 + (from + i) % WORLD_TASKS;

		if (w->state[tid] == state && (cpu == WORLD_CPUS || w->cpu[tid] == cpu))
			return tid;
	}
	return 0;
}

/* Who is on `cpu` leaves; who waits there, or nobody, comes. */
static inline void world_switch(struct world *w, uint32_t cpu, enum world_state becomes, int32_t syscall)
{
	static const uint32_t raws[] = { [WORLD_ASLEEP] = 1, [WORLD_WAITING] = 0, [WORLD_DEAD] = 0x80 };
	uint32_t prev = w->on[cpu], next = world_any(w, WORLD_WAITING, cpu);
	struct event ev = { .kind = EV_SWITCH, .cpu = cpu };

	ev.sw.prev_tid = prev;
	ev.sw.next_tid = next;
	ev.sw.nvcsw = NVCSW_UNKNOWN;
	ev.sw.syscall = syscall;
	if (prev) {
		ev.sw.prev_state = raws[becomes];
		ev.sw.preempted = becomes == WORLD_WAITING;
		w->state[prev] = (uint8_t)becomes;
	}
	w->on[cpu] = next;
	if (next)
		w->state[next] = WORLD_ON_CPU;
	world_tell(w, ev);
}

/* Whatever runs on `cpu` wakes somebody, or an interrupt does in its time. */
static inline void world_wake(struct world *w, uint32_t cpu)
{
	uint32_t tid = world_any(w, WORLD_ASLEEP, WORLD_CPUS), to = roll(&w->d, WORLD_CPUS);
	struct event ev = { .kind = EV_WAKING, .cpu = cpu };

	if (!tid)
		return;
	ev.waking.tid = tid;
	ev.waking.waker_tid = w->on[cpu];
	ev.waking.ctx = w->on[cpu] && roll(&w->d, 3) ? EV_CTX_TASK : EV_CTX_HARDIRQ;
	w->state[tid] = WORLD_WAITING;
	world_tell(w, ev);
	if (to == w->cpu[tid])
		return;
	ev = (struct event){ .kind = EV_MIGRATE, .cpu = cpu };
	ev.migrate.tid = tid;
	ev.migrate.from_cpu = w->cpu[tid];
	ev.migrate.to_cpu = to;
	w->cpu[tid] = (uint8_t)to;
	world_tell(w, ev);
}

static inline void world_move(struct world *w, uint32_t cpu)
{
	uint32_t tid = world_any(w, WORLD_WAITING, cpu);
	struct event ev = { .kind = EV_MIGRATE, .cpu = cpu };

	if (!tid)
		return;
	ev.migrate.tid = tid;
	ev.migrate.from_cpu = cpu;
	ev.migrate.to_cpu = (cpu + 1) % WORLD_CPUS;
	w->cpu[tid] = (uint8_t)ev.migrate.to_cpu;
	world_tell(w, ev);
}

static inline void world_fork(struct world *w, uint32_t cpu)
{
	uint32_t tid = world_any(w, WORLD_UNBORN, WORLD_CPUS);
	struct event ev = { .kind = EV_FORK, .cpu = cpu };

	if (!tid || !w->on[cpu])
		return;
	ev.fork.tid = ev.fork.tgid = tid;
	ev.fork.parent_tid = ev.fork.parent_tgid = w->on[cpu];
	strcpy(ev.fork.comm, "child");
	w->state[tid] = WORLD_WAITING;
	w->cpu[tid] = (uint8_t)roll(&w->d, WORLD_CPUS);
	world_tell(w, ev);
	ev = (struct event){ .kind = EV_WAKEUP_NEW, .cpu = cpu };
	ev.wakeup_new.tid = tid;
	ev.wakeup_new.parent_tid = w->on[cpu];
	ev.wakeup_new.target_cpu = w->cpu[tid];
	world_tell(w, ev);
}

static inline void world_step(struct world *w)
{
	static const int32_t calls[] = { 35 /* nanosleep */, 202 /* futex */, 0 /* read */ };
	uint32_t cpu = roll(&w->d, WORLD_CPUS), dice = roll(&w->d, 20);

	if (!w->on[cpu] && world_any(w, WORLD_WAITING, cpu) && dice < 15)
		world_switch(w, cpu, WORLD_ASLEEP, EV_NO_SYSCALL);
	else if (dice < 7)
		world_wake(w, cpu);
	else if (dice < 9)
		world_move(w, cpu);
	else if (dice < 10)
		world_fork(w, cpu);
	else if (dice < 12 && w->on[cpu] && world_any(w, WORLD_WAITING, cpu))
		world_switch(w, cpu, WORLD_WAITING, EV_NO_SYSCALL);
	else if (dice < 13 && w->on[cpu] > 3)
		world_switch(w, cpu, WORLD_DEAD, EV_NO_SYSCALL);
	else if (w->on[cpu])
		world_switch(w, cpu, WORLD_ASLEEP, calls[roll(&w->d, 3)]);
	w->now_ns += roll(&w->d, 60);
}

/* All of it is over well before the window ends. */
static inline void world_model(struct model **m, uint64_t seed, const struct facts *facts,
			       const struct model_sink *sinks, size_t nr)
{
	struct world w = { .d = { seed }, .now_ns = SOUP_FROM_NS };
	struct event ev = { .ts_ns = SOUP_FROM_NS };

	*m = w.m = model_begin(facts, (struct window){ SOUP_FROM_NS, SOUP_FROM_NS + 9000 }, WORLD_CPUS, sinks, nr);
	for (uint32_t tid = 1; tid <= 3; tid++) {
		ev.kind = EV_TASK;
		ev.task.tid = ev.task.tgid = tid;
		ev.task.cpu = tid - 1;
		ev.task.state = 'S';
		strcpy(ev.task.comm, "row");
		model_event(w.m, &ev);
		w.state[tid] = WORLD_ASLEEP;
		w.cpu[tid] = (uint8_t)(tid - 1);
	}
	ev = (struct event){ .ts_ns = SOUP_FROM_NS, .kind = EV_CURRENT };
	for (ev.cpu = 0; ev.cpu < WORLD_CPUS; ev.cpu++)
		model_event(w.m, &ev);
	for (int i = 0; i < WORLD_STEPS && w.now_ns < SOUP_FROM_NS + 8900; i++)
		world_step(&w);
	model_end(w.m);
}

#endif
