/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lock.c - a mutex, a semaphore, a ticket lock, one that is handed over and one that is spun on.
 */
#include "workloads/lock.h"

#include <limits.h>
#include <linux/futex.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

void lock_futex_wait(uint32_t *word, uint32_t seen)
{
	syscall(SYS_futex, word, FUTEX_WAIT, seen, NULL, NULL, 0);
}

void lock_futex_wake(uint32_t *word, int n)
{
	syscall(SYS_futex, word, FUTEX_WAKE, n, NULL, NULL, 0);
}

static uint32_t load(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static bool replace(uint32_t *word, uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(word, &from, to, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* ---- mutex ---- */

static void mutex_take(uint32_t *word)
{
	if (replace(word, 0, 1))
		return;
	while (__atomic_exchange_n(word, 2, __ATOMIC_SEQ_CST))
		lock_futex_wait(word, 2);
}

static void mutex_give(uint32_t *word)
{
	if (__atomic_exchange_n(word, 0, __ATOMIC_SEQ_CST) == 2)
		lock_futex_wake(word, 1);
}

static void mutex_take_for(struct lock *l, uint32_t user)
{
	(void)user;
	mutex_take(&l->word);
}

static void mutex_give_back(struct lock *l)
{
	mutex_give(&l->word);
}

/* ---- sem ---- */

static bool sem_try(struct lock *l)
{
	for (uint32_t left = load(&l->word); left; left = load(&l->word))
		if (replace(&l->word, left, left - 1))
			return true;
	return false;
}

static void sem_take(struct lock *l, uint32_t user)
{
	(void)user;
	if (sem_try(l))
		return;
	__atomic_fetch_add(&l->waiters, 1, __ATOMIC_SEQ_CST);
	while (!sem_try(l))
		lock_futex_wait(&l->word, 0);
	__atomic_fetch_sub(&l->waiters, 1, __ATOMIC_SEQ_CST);
}

static void sem_give(struct lock *l)
{
	__atomic_fetch_add(&l->word, 1, __ATOMIC_SEQ_CST);
	if (load(&l->waiters))
		lock_futex_wake(&l->word, 1);
}

/* ---- ticket ---- */

static void ticket_take(struct lock *l, uint32_t user)
{
	uint32_t mine = __atomic_fetch_add(&l->next, 1, __ATOMIC_SEQ_CST), given;

	(void)user;
	for (given = load(&l->word); (int32_t)(mine - given - l->keys) >= 0; given = load(&l->word))
		lock_futex_wait(&l->word, given);
}

static void ticket_give(struct lock *l)
{
	__atomic_fetch_add(&l->word, 1, __ATOMIC_SEQ_CST);
	lock_futex_wake(&l->word, INT_MAX);
}

/* ---- handoff ---- */

static void handoff_take(struct lock *l, uint32_t user)
{
	bool mine;

	mutex_take(&l->guard);
	mine = l->left > 0;
	if (mine) {
		l->left--;
	} else {
		__atomic_store_n(&l->turn[user], 0, __ATOMIC_SEQ_CST);
		l->queue[l->tail++ % LOCK_MAX_USERS] = user;
	}
	mutex_give(&l->guard);
	while (!mine && !load(&l->turn[user]))
		lock_futex_wait(&l->turn[user], 0);
}

static void handoff_give(struct lock *l)
{
	uint32_t *turn = NULL;

	mutex_take(&l->guard);
	if (l->head == l->tail)
		l->left++;
	else
		turn = &l->turn[l->queue[l->head++ % LOCK_MAX_USERS]];
	mutex_give(&l->guard);
	if (!turn)
		return;
	__atomic_store_n(turn, 1, __ATOMIC_SEQ_CST);
	lock_futex_wake(turn, 1);
}

/* ---- spin ---- */

/* Leaves the other hardware thread of the core alone meanwhile, and the memory bus. */
static inline void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* Looks before it tries: only a try fetches the cache line for itself. */
static void spin_take(struct lock *l, uint32_t user)
{
	(void)user;
	while (load(&l->word) || !replace(&l->word, 0, 1))
		relax();
}

static void spin_give(struct lock *l)
{
	__atomic_store_n(&l->word, 0, __ATOMIC_SEQ_CST);
}

/* ---- whichever it is ---- */

static const struct {
	void (*take)(struct lock *l, uint32_t user);
	void (*give)(struct lock *l);
} kinds[] = {
	[LOCK_MUTEX] = { mutex_take_for, mutex_give_back },
	[LOCK_SEM] = { sem_take, sem_give },
	[LOCK_TICKET] = { ticket_take, ticket_give },
	[LOCK_HANDOFF] = { handoff_take, handoff_give },
	[LOCK_SPIN] = { spin_take, spin_give },
};

void lock_init(struct lock *l, int kind, uint32_t keys)
{
	*l = (struct lock){ .kind = kind, .keys = keys, .word = kind == LOCK_SEM ? keys : 0, .left = keys };
}

void lock_take(struct lock *l, uint32_t user)
{
	kinds[l->kind].take(l, user);
}

void lock_give(struct lock *l)
{
	kinds[l->kind].give(l);
}

/* ---- gates ---- */

bool gate_wait(struct gate *g, uint32_t members, bool spin)
{
	uint32_t round = __atomic_load_n(&g->round, __ATOMIC_SEQ_CST);

	if (__atomic_add_fetch(&g->arrived, 1, __ATOMIC_SEQ_CST) == members)
		return true;
	while (__atomic_load_n(&g->round, __ATOMIC_SEQ_CST) == round)
		if (!spin)
			lock_futex_wait(&g->round, round);
	return false;
}

void gate_open(struct gate *g, bool spin)
{
	__atomic_store_n(&g->arrived, 0, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&g->round, 1, __ATOMIC_SEQ_CST);
	if (!spin)
		lock_futex_wake(&g->round, INT_MAX);
}
