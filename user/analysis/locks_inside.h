/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * locks_inside.h - the inside of locks.h: what its files share.
 *
 *   locks_collect.c  one pass over all stretches: the sleeps at places where tasks meet
 *   locks_join.c     which places are one
 *   locks.c          the sleeps of each, who its users are, what it is
 *   locks_herd.c     several woken at once, and wake-ups in vain
 *   locks_hold.c     in order of time: queues, who had it, who starved
 */
#ifndef SCHEDVIZ_ANALYSIS_LOCKS_INSIDE_H
#define SCHEDVIZ_ANALYSIS_LOCKS_INSIDE_H

#include "analysis/locks.h"

#define LOCK_NO_PLACE UINT32_MAX
#define LOCK_NOBODY UINT32_MAX
#define LOCK_MANY (UINT32_MAX - 1)

/* Which calls wait for what. */
enum lock_class {
	LOCK_CLASS_NONE,
	LOCK_CLASS_FUTEX,
	LOCK_CLASS_IN, /* of a descriptor, until there is something to read */
	LOCK_CLASS_OUT,
	LOCK_CLASS_ACCEPT,
	LOCK_CLASS_IPC,
	LOCK_CLASS_POLL,
};

/* Or-ed in: no place but a node by which places are joined: who woke at several; who has it from one parent. */
#define LOCK_NODE_WAKER 16
#define LOCK_NODE_SIBLINGS 32

struct lock_place {
	uint64_t arg;
	uint32_t process;  /* task_id.i of its leader */
	uint32_t up;	   /* towards the place that stands for all that are one with it; itself */
	uint32_t one;	   /* who sleeps there alone; LOCK_NOBODY, LOCK_MANY */
	int32_t syscall;   /* of the first sleep */
	uint32_t woken_by; /* process that woke somebody there last: a cache */
	uint8_t class;	   /* enum lock_class, maybe with LOCK_NODE_ */
};

/* How a sleep ended. */
enum lock_end { LOCK_END_NONE /* not seen */, LOCK_END_TASK, LOCK_END_IRQ };

enum lock_sleep_flag {
	LOCK_SLEPT_BACK = 1 << 0, /* it slept there again, and all that is known of it speaks for in vain */
	LOCK_SLEPT_VAIN = 1 << 1, /* and it counts as that */
	LOCK_SLEPT_SURE = 1 << 2, /* it got what it waited for: it slept elsewhere next, or began or ended a job */
	LOCK_SLEPT_SAME = 1 << 3, /* its next sleep is there again */
	LOCK_SLEPT_ALL = (1 << 6) - 1,
};

/* There may be millions, so they are small; and much of the time goes into fetching them. */
struct lock_sleep {
	uint64_t from_ns, to_ns; /* whole, maybe beyond the window */
	uint32_t place;
	union {
		uint32_t next; /* while collecting: place of its next sleep; LOCK_NO_PLACE: elsewhere, or none */
		uint32_t lock; /* later: number of the lock that `place` belongs to */
	};
	uint32_t who; /* task_id.i */
	union {
		uint32_t waker; /* LOCK_END_TASK: task_id.i */
		uint32_t cpu;	/* LOCK_END_IRQ: where the interrupt was */
	};
	uint32_t awake_ns;    /* until it slept again, anywhere; LOCK_LONG_NS: for that or longer */
	uint32_t ran_ns : 24; /* of it, on a CPU; LOCK_RAN_MAX_NS: that or more */
	uint32_t end : 2;     /* enum lock_end */
	uint32_t flags : 6;   /* enum lock_sleep_flag */
};
_Static_assert(sizeof(struct lock_sleep) == 40, "as small as it can be");

#define LOCK_LONG_NS UINT32_MAX
#define LOCK_RAN_MAX_NS ((1u << 24) - 1)

/* Of somebody who slept elsewhere. */
struct lock_wake {
	uint64_t ts_ns;
	uint32_t waker;
};

struct lock_work {
	const struct history *h;
	uint8_t *class_of; /* by system call number */
	uint32_t *process; /* by task_id.i */
	VEC(struct lock_place) places;
	uint32_t *slots; /* open addressing: place + 1; 0 is free */
	size_t nr_slots;
	VEC(struct lock_sleep) sleeps; /* task by task, of each in order of time */
	VEC(struct lock_wake) wakes;   /* by tasks, other than those that ended one of these */
	uint64_t *seat;		       /* by task_id.i: lock << 32 | index of its user, see lock_seat() */
};

/* The sleeps of one lock in two orders: indexes into work->sleeps. */
struct lock_order {
	uint32_t *by_from, *by_to;
	uint32_t n;
};

/* Who was woken while who slept there at the same time: see locks_herd.c. */
struct lock_herd {
	uint64_t bursts, woken, losers, winners, sure; /* sure: of the winners */
	uint64_t lost_ns, won_ns;		       /* ran */
};

void locks_collect(struct lock_work *w, const struct history *h);
void locks_collect_release(struct lock_work *w);
/* The place of this key, or LOCK_NO_PLACE. */
uint32_t locks_find(const struct lock_work *w, uint8_t class, uint32_t process, uint64_t arg);
/* The same, made if it is new. */
uint32_t locks_place(struct lock_work *w, uint8_t class, uint32_t process, uint64_t arg);

/* The place that stands for all that are one with `at`. */
static inline uint32_t locks_root(struct lock_work *w, uint32_t at)
{
	struct lock_place *p = w->places.v;

	while (p[at].up != at) {
		p[at].up = p[p[at].up].up;
		at = p[at].up;
	}
	return at;
}
void locks_unite(struct lock_work *w, uint32_t a, uint32_t b);
void locks_join(struct lock_work *w);
/* The process that made this one, if it is known and not the machine's first; else the process itself. */
uint32_t locks_family(const struct lock_work *w, uint32_t process);

/* The index of the user, made if it is new. `nr`: of the lock, so that seats of other locks are told apart. */
uint32_t locks_seat(struct lock_work *w, struct lock *l, uint32_t nr, uint32_t who);

/*
 * Flags LOCK_SLEPT_BACK and LOCK_SLEPT_SURE, but does not look yet whether the woken woke somebody. True: that could
 * change what is said of this lock.
 */
bool locks_progress(struct lock_work *w, const struct lock *l, const struct lock_order *o);
/* It does; for all. */
void locks_progress_by_waking(struct lock_work *w);
/* Flags LOCK_SLEPT_VAIN, finds herds and gates. */
void locks_herd(struct lock_work *w, struct lock *l, const struct lock_order *o);
/* Fills what needs the order of time. The users are there. */
void locks_hold(struct lock_work *w, struct lock *l, uint32_t nr, const struct lock_order *o);

#endif
