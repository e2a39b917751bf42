/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * handoff_lockpipe.c - a pipe of tasks behind a lock, as CPython's multiprocessing has it.
 *
 * One idle worker holds the lock and sleeps in read; the others sleep in futex. Whoever has read a task unlocks and so
 * wakes the next: the master wakes worker0, worker0 wakes worker1, and so on, a baton.
 */
#include "workloads/pool.h"

#include <errno.h>

/*
 * Reading a task that is there takes about a microsecond. Workers that come back together try for some twenty before
 * they sleep, or the baton would be seen again where nobody was idle.
 */
#define TRIES 500

static int lockpipe_open(struct pool *p, struct err *e)
{
	pthread_mutexattr_t attr;
	int ret;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	/* the kernel passes the lock on when a worker is killed while it reads */
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	ret = pthread_mutex_init(&p->shared->lock, &attr);
	pthread_mutexattr_destroy(&attr);
	if (ret)
		return err_sys(e, -ret, "cannot make the lock of the pipe");
	return task_pipe_open(p, e);
}

static inline void cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#else
	__asm__ volatile("" ::: "memory");
#endif
}

static int lock(pthread_mutex_t *m)
{
	int ret = EBUSY;

	for (int i = 0; i < TRIES && ret == EBUSY; i++) {
		ret = pthread_mutex_trylock(m);
		if (ret == EBUSY)
			cpu_relax();
	}
	if (ret == EBUSY)
		ret = pthread_mutex_lock(m);
	if (ret == EOWNERDEAD) /* a pipe is whole between any two reads: nothing to mend */
		ret = pthread_mutex_consistent(m);
	return -ret;
}

static int lockpipe_take(struct pool *p, uint32_t me, uint64_t *task)
{
	int ret = lock(&p->shared->lock);

	(void)me;
	if (ret < 0)
		return ret;
	ret = task_pipe_read(p, task);
	pthread_mutex_unlock(&p->shared->lock);
	return ret;
}

const struct handoff handoff_lockpipe = {
	.open = lockpipe_open,
	.keep_worker_end = task_pipe_keep_worker_end,
	.keep_master_end = task_pipe_keep_master_end,
	.submit = task_pipe_submit,
	.close = task_pipe_close,
	.take = lockpipe_take,
	.release = task_pipe_release,
};
