/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * queue.c - a bounded queue of equal items in memory, between threads or processes.
 *
 * Its two counters, of items ever put and ever taken, are changed by one store each, after the item was copied, under a
 * robust lock: whoever dies in between leaves the queue whole. Sleepers wait in futex on a word that every put (or get)
 * changes. No condition variables: a process killed in one can make the next signal hang.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "svpool/inside.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

/* One side's sleepers: those that wait for items, or for places. */
struct waiters {
	uint32_t word; /* changes with each thing to wait for */
	uint32_t n;    /* asleep, or about to be; those killed in their sleep stay counted, which costs a call or two */
};

struct svq {
	size_t bytes; /* of this mapping */
	size_t item, capacity;
	bool shared;
	uint32_t closed;
	uint64_t put, taken;
	struct waiters items, places;
	pthread_mutex_t lock;
	char slots[] __attribute__((aligned(64)));
};

/*
 * Between processes a wake-up may be lost: one that is woken may be killed before it takes what it was woken for, so of
 * several sleepers each looks again soon; and one that should wake may be killed before it does, so the only one looks
 * again later.
 */
#define SEVERAL_LOOK_NS SVP_NS
#define ONE_LOOKS_NS (10 * SVP_NS)

static int lock_init(svq *q)
{
	pthread_mutexattr_t attr;
	int ret;

	pthread_mutexattr_init(&attr);
	if (q->shared) {
		pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
		pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	}
	ret = pthread_mutex_init(&q->lock, &attr);
	pthread_mutexattr_destroy(&attr);
	return ret;
}

svq *svq_new(size_t item, size_t capacity, int shared)
{
	size_t bytes;
	svq *q;
	int ret;

	if (!item || !capacity) {
		errno = EINVAL;
		return NULL;
	}
	if (__builtin_mul_overflow(item, capacity, &bytes) || __builtin_add_overflow(bytes, sizeof(*q), &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	q = mmap(NULL, bytes, PROT_READ | PROT_WRITE, (shared ? MAP_SHARED : MAP_PRIVATE) | MAP_ANONYMOUS, -1, 0);
	if (q == MAP_FAILED)
		return NULL;
	q->bytes = bytes;
	q->item = item;
	q->capacity = capacity;
	q->shared = shared;
	ret = lock_init(q);
	if (ret == 0)
		return q;
	munmap(q, bytes);
	errno = ret;
	return NULL;
}

static void lock(svq *q)
{
	if (pthread_mutex_lock(&q->lock) == EOWNERDEAD)
		pthread_mutex_consistent(&q->lock);
}

static int futex_op(const svq *q, int op)
{
	return q->shared ? op : op | FUTEX_PRIVATE_FLAG;
}

/* Under the lock, which is let go meanwhile. 0: look again; -ETIMEDOUT; -EINTR: the pool is stopping. */
static int wait(svq *q, struct waiters *w, uint64_t until_ns)
{
	uint32_t word = __atomic_load_n(&w->word, __ATOMIC_SEQ_CST);
	uint64_t now_ns = svp_now(), look_ns = now_ns + (w->n ? SEVERAL_LOOK_NS : ONE_LOOKS_NS);
	uint64_t wake_ns = q->shared && look_ns < until_ns ? look_ns : until_ns;
	struct timespec t;

	if (svp_stopping())
		return -EINTR;
	if (now_ns >= until_ns)
		return -ETIMEDOUT;
	t = (struct timespec){ .tv_sec = (time_t)(wake_ns / SVP_NS), .tv_nsec = (long)(wake_ns % SVP_NS) };
	w->n++;
	pthread_mutex_unlock(&q->lock);
	svp_futex(&w->word, futex_op(q, FUTEX_WAIT_BITSET), word, wake_ns == UINT64_MAX ? NULL : &t);
	lock(q);
	w->n--;
	return 0;
}

/* Under the lock: there is one thing more to wait for. */
static bool changed(struct waiters *w)
{
	__atomic_add_fetch(&w->word, 1, __ATOMIC_SEQ_CST);
	return w->n;
}

/* After the lock: a sleeper that runs at once must not find it taken. */
static void wake(svq *q, struct waiters *w, int n)
{
	svp_futex(&w->word, futex_op(q, FUTEX_WAKE), (uint32_t)n, NULL);
}

static char *slot(svq *q, uint64_t nr)
{
	return q->slots + nr % q->capacity * q->item;
}

int svq_put(svq *q, const void *item, double seconds)
{
	uint64_t until_ns = seconds == 0 ? 0 : svp_until(seconds);
	bool sleepers = false;
	int ret = 0;

	lock(q);
	while (!q->closed && q->put - q->taken == q->capacity && ret == 0)
		ret = wait(q, &q->places, until_ns);
	if (ret == 0 && q->closed)
		ret = -EPIPE;
	if (ret == 0) {
		memcpy(slot(q, q->put), item, q->item);
		__atomic_store_n(&q->put, q->put + 1, __ATOMIC_SEQ_CST);
		sleepers = changed(&q->items);
	}
	pthread_mutex_unlock(&q->lock);
	if (sleepers)
		wake(q, &q->items, 1);
	return ret;
}

int svq_get(svq *q, void *item, double seconds)
{
	uint64_t until_ns = seconds == 0 ? 0 : svp_until(seconds);
	bool sleepers = false;
	int ret = 0;

	lock(q);
	while (!q->closed && q->put == q->taken && ret == 0)
		ret = wait(q, &q->items, until_ns);
	if (ret == 0 && q->put == q->taken)
		ret = -EPIPE;
	if (ret == 0) {
		memcpy(item, slot(q, q->taken), q->item);
		__atomic_store_n(&q->taken, q->taken + 1, __ATOMIC_SEQ_CST);
		sleepers = changed(&q->places);
	}
	pthread_mutex_unlock(&q->lock);
	if (sleepers)
		wake(q, &q->places, 1);
	return ret;
}

void svq_close(svq *q)
{
	lock(q);
	q->closed = 1;
	changed(&q->items);
	changed(&q->places);
	pthread_mutex_unlock(&q->lock);
	wake(q, &q->items, INT_MAX);
	wake(q, &q->places, INT_MAX);
}

void svq_free(svq *q)
{
	if (q)
		munmap(q, q->bytes);
}
