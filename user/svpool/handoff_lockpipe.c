/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * handoff_lockpipe.c - a pipe of tokens behind a lock, as CPython's multiprocessing has it.
 *
 * One idle worker holds the lock and sleeps in read; the others sleep in futex. Whoever has read a token unlocks and so
 * wakes the next: the master wakes worker0, worker0 wakes worker1, and so on, a baton.
 */
#include "svpool/inside.h"

#include <errno.h>

static int lockpipe_open(svp *p)
{
	pthread_mutexattr_t attr;
	int ret;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	/* the kernel passes the lock on when a worker is killed while it reads */
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	ret = pthread_mutex_init(&p->shared->lock, &attr);
	pthread_mutexattr_destroy(&attr);
	return ret ? -ret : svp_pipe_open(p);
}

static int lock(pthread_mutex_t *m)
{
	int ret = svp_lock(m);

	if (ret == EOWNERDEAD) /* a pipe is whole between any two reads: nothing to mend */
		ret = pthread_mutex_consistent(m);
	return -ret;
}

static int lockpipe_take(struct svp_worker *w, uint64_t *task)
{
	svp *p = w->pool;
	int ret;

	for (;;) {
		ret = lock(&p->shared->lock);
		if (ret < 0)
			return ret;
		ret = svp_pool_stopping(p) ? -EINTR : svp_pipe_read(p);
		pthread_mutex_unlock(&p->shared->lock);
		if (ret < 0)
			return svp_pool_stopping(p) ? 0 : ret;
		if (svp_claim(w, task))
			return 1;
		if (ret == 0 || svp_pool_closing(p))
			return 0;
	}
}

const struct svp_way svp_way_lockpipe = {
	.open = lockpipe_open,
	.keep_worker_end = svp_pipe_keep_worker_end,
	.offer = svp_pipe_offer,
	.close = svp_pipe_close,
	.polls = svp_pipe_polls,
	.take = lockpipe_take,
	.nudge = svp_pipe_nudge,
	.release = svp_pipe_release,
};
