/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lock.h - locks with one or more keys, for threads and processes alike, most on futex(2), to be compared.
 *
 *   mutex    one key, three states (Drepper, "Futexes Are Tricky", mutex2): giving it back wakes one, but whoever comes
 *            first has it, the same one again too
 *   sem      any number of keys, a counter: the same with several
 *   ticket   numbers are drawn and served in order; giving a key back wakes all who wait, since the word they sleep on
 *            does not say whose turn it is
 *   handoff  who waits is in a queue and has a word of its own: a key given back goes to the first of them, and wakes
 *            that one only
 *   spin     one key; who waits looks again and again and never sleeps, so that nobody need be woken
 *
 * A lock lies in zeroed memory that its users share (shared_alloc()). Nothing waits forever unless a holder does.
 */
#ifndef SCHEDVIZ_WORKLOADS_LOCK_H
#define SCHEDVIZ_WORKLOADS_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#define LOCK_MAX_USERS 64

enum lock_kind { LOCK_MUTEX, LOCK_SEM, LOCK_TICKET, LOCK_HANDOFF, LOCK_SPIN };

struct lock {
	int kind; /* enum lock_kind */
	uint32_t keys;
	/* mutex: 0 free, 1 taken, 2 taken and awaited; spin: 0, 1; sem: keys left; ticket: keys given back so far */
	uint32_t word;
	uint32_t waiters; /* sem */
	uint32_t next;	  /* ticket: the next number */
	/* handoff, all but `turn` under `guard`, a mutex of the first kind */
	uint32_t guard, left, head, tail;
	uint32_t queue[LOCK_MAX_USERS], turn[LOCK_MAX_USERS];
};

void lock_init(struct lock *l, int kind, uint32_t keys); /* a mutex, and spin, has one key */
void lock_take(struct lock *l, uint32_t user);		 /* 0 <= user < LOCK_MAX_USERS, nobody else's number */
void lock_give(struct lock *l);

/* A place where all must be before anybody goes on, again and again. In zeroed memory that they share. */
struct gate {
	uint32_t arrived, round;
};

/*
 * Come to a gate for `members`. The last to come gets true at once and must open it; the others get false when it has.
 * They wait asleep or, with `spin`, computing; all in the same way.
 */
bool gate_wait(struct gate *g, uint32_t members, bool spin);
void gate_open(struct gate *g, bool spin);

/* futex(2), between processes too: asleep while *word is `seen`, but it may wake up for nothing; wake up to `n`. */
void lock_futex_wait(uint32_t *word, uint32_t seen);
void lock_futex_wake(uint32_t *word, int n);

#endif
