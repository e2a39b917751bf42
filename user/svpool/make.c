/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * make.c - workers are made: processes by fork, threads on stacks of the pool's own.
 */
#define _GNU_SOURCE /* pidfd_open's number, MAP_STACK */
#include "svpool/inside.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

#define STACK_BYTES (1u << 20)
#define GUARD_BYTES (64u << 10) /* a page, on machines with the largest pages too */

int svp_stacks_init(svp *p)
{
	if (p->opts.kind != SVP_THREADS)
		return 0;
	p->stacks = mmap(NULL, 2 * (size_t)p->nr_workers * STACK_BYTES, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	if (p->stacks != MAP_FAILED)
		return 0;
	p->stacks = NULL;
	return -errno;
}

void svp_stacks_release(svp *p)
{
	if (p->stacks)
		munmap(p->stacks, 2 * (size_t)p->nr_workers * STACK_BYTES);
	p->stacks = NULL;
}

static void state_set(struct svp_worker *w, enum svp_state state)
{
	__atomic_store_n(&w->pool->shared->states[w->index], (uint32_t)state, __ATOMIC_SEQ_CST);
}

static void signal_restore(int sig, bool dispose)
{
	sigset_t set;

	if (dispose)
		signal(sig, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* ---- processes ---- */

static int process_main(struct svp_worker *w)
{
	svp *p = w->pool;
	int ret;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != p->master)
		return 1; /* it died before that took effect */
	signal_restore(SIGTERM, true);
	for (unsigned i = 0; i < p->nr_workers; i++)
		svp_end_close(&p->workers[i].pidfd);
	if (p->handoff->keep_worker_end)
		p->handoff->keep_worker_end(w);
	ret = svp_work(w);
	if (ret == 0)
		state_set(w, SVP_RETIRED);
	return ret < 0;
}

static int process_make(struct svp_worker *w)
{
	svp *p = w->pool;
	int ret;

	w->pid = fork();
	if (w->pid == 0)
		_exit(process_main(w));
	if (w->pid < 0)
		return -errno;
	w->pidfd = (int)syscall(SYS_pidfd_open, w->pid, 0);
	if (w->pidfd < 0) {
		ret = -errno;
		kill(w->pid, SIGKILL);
		waitpid(w->pid, NULL, 0);
		return ret;
	}
	p->nr_alive++;
	if (p->handoff->keep_master_end)
		p->handoff->keep_master_end(w);
	return 0;
}

/* ---- threads ---- */

static int thread_make(struct svp_worker *w);

/*
 * A thread that has done its max_tasks, or that ends itself within a job, makes its successor, which first waits until
 * it is gone: two stacks for each are enough. Only the last of them is left to the master. It has to be told.
 */
static bool thread_succeeded(struct svp_worker *w)
{
	uint32_t number = w->number;
	pthread_t thread = w->thread;

	w->before = thread;
	w->has_before = true;
	w->stack = !w->stack;
	w->number = __atomic_fetch_add(&w->pool->nr_made, 1, __ATOMIC_RELAXED);
	state_set(w, SVP_STARTING);
	if (thread_make(w) == 0)
		return true;
	w->has_before = false;
	w->stack = !w->stack;
	w->number = number;
	w->thread = thread;
	return false;
}

static bool successor_needed(struct svp_worker *w)
{
	svp *p = w->pool;

	if (svp_pool_stopping(p))
		return false;
	return svp_waiting(p) || !svp_pool_closing(p) || (p->handoff->pending && p->handoff->pending(w));
}

static void thread_ends(struct svp_worker *w)
{
	svp *p = w->pool;
	uint64_t one = 1;
	bool needed;

	svp_lock(&p->lock);
	needed = successor_needed(w) && thread_succeeded(w);
	if (!needed)
		state_set(w, SVP_RETIRED);
	pthread_mutex_unlock(&p->lock);
	if (needed || !__atomic_load_n(&p->shared->waiting_for, __ATOMIC_SEQ_CST))
		return;
	while (write(p->event, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void thread_cleanup(void *arg)
{
	struct svp_worker *w = arg;
	uint64_t task = w->now;

	w->now = 0;
	if (task) {
		svp_lose(w->pool, task, w, -1);
		if (w->pool->handoff->give_back)
			w->pool->handoff->give_back(w, task);
	}
	thread_ends(w);
}

static void *thread_main(void *arg)
{
	struct svp_worker *w = arg;

	if (w->has_before)
		pthread_join(w->before, NULL);
	pthread_cleanup_push(thread_cleanup, w);
	signal_restore(SIGURG, false);
	svp_work(w);
	pthread_cleanup_pop(1);
	return NULL;
}

/*
 * On a stack of ours: glibc gives the memory of its own back when a thread ends, which locks the process's memory map,
 * and threads that end together would wake each other. The lowest page stays a guard.
 */
static int thread_make(struct svp_worker *w)
{
	char *stack = w->pool->stacks + (2 * (size_t)w->index + w->stack) * STACK_BYTES;
	pthread_attr_t attr;
	int ret;

	pthread_attr_init(&attr);
	ret = pthread_attr_setstack(&attr, stack + GUARD_BYTES, STACK_BYTES - GUARD_BYTES);
	if (!ret && mprotect(stack + GUARD_BYTES, STACK_BYTES - GUARD_BYTES, PROT_READ | PROT_WRITE) < 0)
		ret = errno;
	if (!ret)
		ret = pthread_create(&w->thread, &attr, thread_main, w);
	pthread_attr_destroy(&attr);
	return -ret;
}

/* ---- either ---- */

int svp_worker_make(struct svp_worker *w)
{
	svp *p = w->pool;
	int ret = 0;

	w->number = __atomic_fetch_add(&p->nr_made, 1, __ATOMIC_RELAXED);
	w->now = 0;
	w->pid = p->master;
	w->has_before = false;
	state_set(w, SVP_STARTING);
	if (p->handoff->add)
		ret = p->handoff->add(w);
	if (ret == 0)
		ret = p->opts.kind == SVP_THREADS ? thread_make(w) : process_make(w);
	w->alive = ret == 0;
	if (ret < 0)
		state_set(w, SVP_NOBODY);
	return ret;
}
