/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * locks.h - what tasks waited for each other at: futexes by address, pipes and sockets by descriptor.
 *
 * What the events show of a place is who slept there, for how long, and who woke whom. Whether it is a lock, and who
 * had it meanwhile, follows only likely. The rules:
 *
 * A place is an address of a process, or a descriptor of one and a direction; a descriptor that is closed and given out
 * again is the same. Places are one
 * - where a task of one process wakes who sleeps at an address of another, and sleeps at the same one itself or is the
 *   other's brother, parent or child: shared memory of forked processes;
 * - where one task wakes who sleep at the same descriptor in several children of one process: an inherited pipe;
 * - where one task sleeps now at this, now at the other word of eight bytes: a condition variable of the C library;
 * - where at least three words within 4 KiB have one sleeper each, and these wake each other: a lock with a queue in
 *   which everyone has a word of its own.
 *
 * A wake-up was in vain if the woken slept there again and, in between, nothing tells that it got what it waited for:
 * it slept nowhere else, woke nobody, began and ended no job, and had a CPU for less than LOCK_PROGRESS_NS. Only where
 * such a thing can be: at a lock, in a herd, and for tasks that mark their jobs. So who is served faster than that,
 * unseen by anybody, counts as woken in vain. A wake-up that was not in vain is a pass.
 *
 * A lock was held, likely, from when its holder was woken there until it woke the next; of several woken at once the
 * second had it only when the first had given it back, and so on. Who got in without sleeping is seen as it gives the
 * lock back, if somebody sleeps there then: it had it at least since the lock was given back last, or since somebody
 * began to wait for it. Where holders overlap that were not woken at once it has several keys: each is held since its
 * holder was woken, and the second kind is left out.
 */
#ifndef SCHEDVIZ_ANALYSIS_LOCKS_H
#define SCHEDVIZ_ANALYSIS_LOCKS_H

#include "analysis/history.h"

/*
 * Measured: who is woken, finds the lock taken and lies down again ran for 4 us in a tight loop, for 12 us after an
 * idle CPU (the median of each), for 69 us at most, an interrupt included.
 */
#define LOCK_PROGRESS_NS (100 * NSEC_PER_USEC)

enum lock_kind {
	LOCK_FUTEX,
	LOCK_FD,   /* a pipe or socket */
	LOCK_IPC,  /* a semaphore or message queue of System V, by its id */
	LOCK_POLL, /* epoll_wait() of sibling processes and their threads: only if there was a herd */
	NR_LOCK_KINDS
};

/* What it likely is, by who wakes whom. */
enum lock_use {
	LOCK_USE_UNKNOWN, /* too little was seen */
	/*
	 * Those who sleep there also wake each other, it is handed over: a quarter of the wake-ups or more. Or who
	 * marks its jobs was woken there for none of them, for a quarter of the wake-ups or more.
	 */
	LOCK_USE_LOCK,
	LOCK_USE_SIGNAL, /* some always sleep, others always wake: from producers to consumers */
	LOCK_USE_GATE,	 /* who wakes wakes several at once, and all go on: a barrier, a broadcast */
	LOCK_USE_JOIN,	 /* one sleeps until a thread of its process ends */
	LOCK_USE_TIMER,	 /* only ever left by interrupts: timers and devices */
	NR_LOCK_USES
};

struct lock_user {
	task_id task;		     /* also one that is not of the target, if it woke who is */
	uint64_t sleeps, ns, max_ns; /* of it there */
	uint64_t in_vain;	     /* wake-ups after which it slept there again without progress */
	uint64_t timeouts;	     /* sleeps that an interrupt ended: of a futex, a timer */
	uint64_t wakes;		     /* times it woke somebody there */
	uint64_t gives;		     /* the same, several woken at once being one: times it gave the lock back */
	uint64_t passes;	     /* times it was woken there, not by an interrupt, and not in vain */
	uint64_t held, held_ns;	     /* how often and how long it likely held it; at a lock only */
	/* Its worst wait, awake in vain in between: how often others gave the lock back meanwhile, and its length. */
	uint64_t wait_gives, wait_ns;
};

#define LOCK_CHAIN 8

struct lock {
	uint8_t kind, use;	     /* enum lock_kind, enum lock_use */
	bool out;		     /* of a descriptor: it slept until it could write */
	int32_t syscall;	     /* of the first sleep there */
	uint64_t arg;		     /* futex address, file descriptor, id; of the first sleep */
	task_id process;	     /* leader of who slept there first; TASK_NONE: not known */
	uint32_t processes;	     /* whose tasks slept there */
	uint32_t words;		     /* different addresses, or descriptors, that are this one */
	uint32_t sleepers;	     /* users that slept there */
	VEC(struct lock_user) users; /* longest asleep there first */
	uint64_t sleeps, ns, max_ns, in_vain, timeouts, wakes, gives, passes;
	uint64_t held, held_ns, held_max_ns;
	uint32_t max_sleepers; /* at one time */
	uint64_t queue_ns;     /* for so long two or more slept there */
	/* The longest sleep, as far as it is inside the window. ender: TASK_NONE: an interrupt, or nobody. */
	task_id longest, ender;
	uint64_t longest_from_ns, longest_to_ns;
	/*
	 * Queues: from when a second one falls asleep there until all are gone. A convoy: a lock with a queue for a
	 * tenth of the window or more, which was given back to sleepers twice as often as there are sleepers: they come
	 * back; and whose holders did not themselves sleep for most of the time until a task woke them: such a line is
	 * idle.
	 */
	uint64_t queues, queues_ns, queues_max_ns;
	bool convoy;
	uint64_t handovers;	   /* the woken woke the next: a chain */
	task_id chain[LOCK_CHAIN]; /* the longest: who woke the next, who woke the next, ...; its beginning */
	uint64_t chain_len;	   /* tasks in it, one counts as often as it comes */
	/* Several woken at once, of whom fewer made progress: see locks_herd.c. All 0 where it was no herd. */
	uint64_t herds, herd_woken, herd_progress;
	/*
	 * Who slept there while others passed again and again. In a fair queue nobody passes twice while one waits;
	 * here each of the others did four times on the average, and all ten times, during one wait; and in all it had
	 * it at most three quarters as often as the others on the average. TASK_NONE: nobody. Who had it without
	 * sleeping counts here too, as far as it was seen to give it back.
	 */
	task_id starved;
	uint64_t starved_ns, starved_passes, others_passes;
};

struct locks {
	VEC(struct lock) v; /* longest waited for first */
	uint64_t ns;	    /* slept at all of them */
};

void locks_make(struct locks *l, const struct history *h);
void locks_release(struct locks *l);

/* What a task did with some time: the parts add up to what it was there for. */
struct lock_while {
	uint64_t ran_ns, waited_ns, slept_ns, unknown_ns;
	task_id ran_most; /* while it waited for a CPU: who had that CPU longest; TASK_NONE */
	uint64_t ran_most_ns;
};

/* Of who ended the longest sleep, during it: what the holder did while it was waited for. Zero without an ender. */
struct lock_while locks_while(const struct lock *l, const struct history *h);

#endif
