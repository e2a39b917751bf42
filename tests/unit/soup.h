/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * soup.h - events without sense: whatever may stand in a file, from a seed, for what must hold whatever the events say.
 *
 * soup_model() makes a model of SOUP_EVENTS of them, about few tasks on few CPUs, so that they meet.
 */
#ifndef SCHEDVIZ_SOUP_H
#define SCHEDVIZ_SOUP_H

#include <string.h>
#include "model/machine.h"

#define SOUP_FROM_NS 1000u
#define SOUP_NS 1000000u
#define SOUP_EVENTS 600

struct dice {
	uint64_t s;
};

static inline uint32_t roll(struct dice *d, uint32_t sides)
{
	d->s = d->s * 6364136223846793005ull + 1442695040888963407ull; /* Knuth, MMIX */
	return (uint32_t)(d->s >> 33) % sides;
}

/* tids that few enough events share; now and then one that none does */
static inline uint32_t roll_tid(struct dice *d)
{
	return roll(d, 200) ? roll(d, 9) : roll(d, UINT32_MAX);
}

static inline uint32_t roll_cpu(struct dice *d)
{
	if (roll(d, 50))
		return roll(d, 3);
	return roll(d, 4) ? roll(d, 12) : CPUSET_MAX_CPU + 1 + roll(d, 9);
}

static inline uint32_t roll_raw(struct dice *d)
{
	static const uint32_t raws[] = {
		0, 0, 1, 1, 1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80, 0x102, 0x200, 0x402, 0x1000, 0x2001, 0x8000,
	};

	return raws[roll(d, sizeof(raws) / sizeof(raws[0]))];
}

/* Mostly a task's own; some are lent another for a while. Not rolled, so that the events stay the same. */
static inline event_prio soup_prio(const struct dice *d, uint32_t tid)
{
	static const event_prio prios[] = { 120, 120, 139, 100, 99, 50, 0, -1 };

	return prios[(tid + (d->s >> 60 == 0)) % 8];
}

static inline void roll_hot(struct dice *d, struct event *ev)
{
	switch (ev->kind) {
	case EV_LOST:
		ev->lost.from_ns = ev->ts_ns > 900 ? ev->ts_ns - roll(d, 20000) : 0;
		ev->lost.count = roll(d, 100);
		break;
	case EV_CURRENT:
		ev->current.tid = roll_tid(d);
		break;
	case EV_WAKING:
		ev->waking.tid = roll_tid(d);
		ev->waking.waker_tid = roll_tid(d);
		ev->waking.ctx = (uint8_t)roll(d, EV_CTX_KINDS);
		ev->waking.prio = soup_prio(d, ev->waking.tid);
		break;
	case EV_WAKEUP_NEW:
		ev->wakeup_new.tid = roll_tid(d);
		ev->wakeup_new.parent_tid = roll_tid(d);
		ev->wakeup_new.target_cpu = roll_cpu(d);
		break;
	case EV_MIGRATE:
		ev->migrate.tid = roll_tid(d);
		ev->migrate.from_cpu = roll_cpu(d);
		ev->migrate.to_cpu = roll_cpu(d);
		break;
	default:
		ev->sw.prev_tid = roll_tid(d);
		ev->sw.next_tid = roll_tid(d);
		ev->sw.prev_state = roll_raw(d);
		ev->sw.prev_prio = soup_prio(d, ev->sw.prev_tid);
		ev->sw.next_prio = soup_prio(d, ev->sw.next_tid);
		ev->sw.preempted = !roll(d, 5);
		ev->sw.nvcsw = (uint8_t)roll(d, 3);
		ev->sw.syscall = (int32_t)roll(d, 700) - 2;
		if (ev->sw.syscall % 6 == 0) /* clock_nanosleep of x86_64 */
			ev->sw.syscall = 230;
		break;
	}
}

/* Every set of four CPUs, none at all among them. */
static uint64_t roll_sets[16][1] = {
	{ 0 }, { 1 }, { 2 },  { 3 },  { 4 },  { 5 },  { 6 },  { 7 },
	{ 8 }, { 9 }, { 10 }, { 11 }, { 12 }, { 13 }, { 14 }, { 15 },
};

static inline void roll_rare(struct dice *d, struct event *ev)
{
	switch (ev->kind) {
	case EV_TASK:
		ev->task.tid = roll_tid(d);
		ev->task.tgid = roll_tid(d);
		ev->task.ppid = roll_tid(d);
		ev->task.cpu = roll_cpu(d);
		ev->task.state = "RSDTtZXI?"[roll(d, 9)];
		strcpy(ev->task.comm, "row");
		break;
	case EV_FORK:
		ev->fork.tid = roll_tid(d);
		ev->fork.tgid = roll(d, 2) ? ev->fork.tid : roll_tid(d);
		ev->fork.parent_tid = roll_tid(d);
		ev->fork.parent_tgid = roll_tid(d);
		ev->fork.flags = roll(d, 4) << 15;
		strcpy(ev->fork.comm, "child");
		break;
	case EV_EXEC:
		ev->exec.tid = roll_tid(d);
		ev->exec.tgid = ev->exec.tid;
		ev->exec.old_tid = roll_tid(d);
		ev->exec.path = "/bin/soup";
		strcpy(ev->exec.comm, "soup");
		break;
	case EV_RENAME:
		ev->rename.tid = roll_tid(d);
		strcpy(ev->rename.comm, "renamed");
		break;
	case EV_MARK:
		ev->mark.tid = roll_tid(d);
		ev->mark.what = (uint8_t)roll(d, MARK_KINDS + 1);
		ev->mark.job = roll(d, 6);
		break;
	case EV_ALLOWED:
		ev->allowed.tid = roll_tid(d);
		ev->allowed.nr_known = (uint32_t)roll(d, 3);
		ev->allowed.set = (struct cpuset){ .bits = roll_sets[roll(d, 16)], .nr_words = 1 };
		break;
	case EV_CPU:
		ev->hotplug.online = roll(d, 2);
		break;
	default:
		ev->exit.tid = roll_tid(d);
		ev->exit.code = (int32_t)roll(d, 256);
		break;
	}
}

static inline struct event roll_event(struct dice *d, uint64_t ts_ns)
{
	static const uint8_t kinds[] = {
		EV_SWITCH, EV_SWITCH, EV_SWITCH, EV_SWITCH, EV_SWITCH,
		EV_SWITCH, EV_WAKING, EV_WAKING, EV_WAKING, EV_MIGRATE,
	};
	uint8_t often = kinds[roll(d, sizeof(kinds))];
	struct event ev = {
		.ts_ns = ts_ns,
		.cpu = roll_cpu(d),
		.kind = roll(d, 5) ? often : (uint8_t)roll(d, EV_KINDS),
	};

	if (event_is_hot(ev.kind))
		roll_hot(d, &ev);
	else
		roll_rare(d, &ev);
	return ev;
}

/* `each` (may be NULL) is called after every event. */
static inline void soup_model(struct model **m, uint64_t seed, const struct facts *facts,
			      const struct model_sink *sinks, size_t nr,
			      void (*each)(const struct model *m, uint64_t seed, int i, const struct event *ev))
{
	struct dice d = { seed };
	uint64_t ts_ns = roll(&d, 2) ? 0 : SOUP_FROM_NS;

	*m = model_begin(facts, (struct window){ SOUP_FROM_NS, SOUP_FROM_NS + SOUP_NS }, roll(&d, 4), sinks, nr);
	for (int i = 0; i < SOUP_EVENTS; i++) {
		struct event ev = roll_event(&d, ts_ns);

		model_event(*m, &ev);
		if (each)
			each(*m, seed, i, &ev);
		ts_ns += roll(&d, 3) ? roll(&d, 200) : roll(&d, 9000);
	}
	model_end(*m);
}

#endif
