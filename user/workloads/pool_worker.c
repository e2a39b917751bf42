/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pool_worker.c - the workers of a pool: made as processes or threads, at work, and gone again.
 */
#define _GNU_SOURCE /* gettid */
#include "workloads/pool.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/schedviz_mark.h"
#include "workloads/burn.h"

#define STACK_BYTES (1u << 20)
#define GUARD_BYTES (64u << 10) /* a page, on machines with the largest pages too */

/* 8^20 by twenty multiplications; the compiler is not told the base, so that it cannot do them beforehand. */
static uint64_t eight_to_the_20th(void)
{
	uint64_t base = 8, power = 1;

	__asm__ volatile("" : "+r"(base));
	for (int i = 0; i < 20; i++)
		power *= base;
	return power;
}

static void task_do(struct pool_worker *w, uint64_t task)
{
	struct theory_task length = pool_task_length(w->pool->cfg, task);
	struct pool_task *t = &w->pool->shared->tasks[task];

	__atomic_store_n(&t->worker, w->index, __ATOMIC_RELAXED);
	__atomic_store_n(&t->state, TASK_TAKEN, __ATOMIC_RELEASE);
	schedviz_mark_start(task);
	workload_sleep(length.sleep_ns);
	burn(length.work_ns);
	workload_say("worker%u (%d) task %" PRIu64 ": 8^20 = %" PRIu64, w->index, gettid(), task, eight_to_the_20th());
	schedviz_mark_finish(task);
	__atomic_store_n(&t->state, TASK_DONE, __ATOMIC_RELEASE);
}

/* 0, or the negative code of what failed. */
static int worker_main(struct pool_worker *w)
{
	const struct handoff *handoff = w->pool->handoff;
	char name[16];
	uint64_t task;
	int ret;

	snprintf(name, sizeof(name), "worker%u", w->index);
	prctl(PR_SET_NAME, name);
	__atomic_fetch_add(&w->pool->shared->ready, 1, __ATOMIC_RELEASE);
	while ((ret = handoff->take(w->pool, w->index, &task)) > 0) {
		task_do(w, task);
		if (handoff->give_back && (ret = handoff->give_back(w->pool, w->index, task)) < 0)
			break;
	}
	return ret;
}

static void *worker_thread(void *arg)
{
	worker_main(arg);
	return NULL;
}

static int worker_process(struct pool_worker *w, pid_t master)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != master)
		return 1; /* it died before that took effect */
	w->pool->handoff->keep_worker_end(w->pool, w->index);
	workload_map_program();
	return worker_main(w) < 0;
}

static int worker_fork(struct pool_worker *w, struct err *e)
{
	pid_t master = getpid();

	w->pid = fork();
	if (w->pid == 0)
		_exit(worker_process(w, master));
	if (w->pid < 0)
		return err_sys(e, -errno, "cannot make worker%u of %" PRIu64, w->index, w->pool->cfg->workers);
	return 0;
}

/*
 * On a stack of ours: glibc gives the memory of its own back when a thread ends, which locks the process's memory map,
 * and threads that end together would wake each other. The lowest page stays a guard.
 */
static int worker_clone(struct pool_worker *w, struct err *e)
{
	char *stack = w->pool->stacks + (size_t)w->index * STACK_BYTES;
	pthread_attr_t attr;
	int ret;

	pthread_attr_init(&attr);
	pthread_attr_setstack(&attr, stack + GUARD_BYTES, STACK_BYTES - GUARD_BYTES);
	ret = mprotect(stack + GUARD_BYTES, STACK_BYTES - GUARD_BYTES, PROT_READ | PROT_WRITE) < 0 ? errno : 0;
	if (!ret)
		ret = pthread_create(&w->thread, &attr, worker_thread, w);
	pthread_attr_destroy(&attr);
	return ret ? err_sys(e, -ret, "cannot make worker%u of %" PRIu64, w->index, w->pool->cfg->workers) : 0;
}

int pool_workers_init(struct pool *p, struct err *e)
{
	p->workers = xcalloc(p->cfg->workers, sizeof(*p->workers));
	if (p->cfg->kind != KIND_THREADS)
		return 0;
	p->stacks = mmap(NULL, p->cfg->workers * STACK_BYTES, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	if (p->stacks != MAP_FAILED)
		return 0;
	p->stacks = NULL;
	return err_sys(e, -errno, "cannot get stacks for %" PRIu64 " threads", p->cfg->workers);
}

void pool_workers_release(struct pool *p)
{
	if (p->stacks)
		munmap(p->stacks, p->cfg->workers * STACK_BYTES);
	free(p->workers);
}

int pool_worker_start(struct pool *p, uint32_t i, struct err *e)
{
	struct pool_worker *w = &p->workers[i];
	int ret;

	*w = (struct pool_worker){ .pool = p, .index = i };
	ret = p->cfg->kind == KIND_THREADS ? worker_clone(w, e) : worker_fork(w, e);
	if (ret == 0)
		p->nr_started++;
	return ret;
}

void pool_workers_join(struct pool *p)
{
	for (uint32_t i = 0; i < p->nr_started; i++) {
		struct pool_worker *w = &p->workers[i];

		if (p->cfg->kind == KIND_THREADS)
			pthread_join(w->thread, NULL);
		else
			while (waitpid(w->pid, &w->status, 0) < 0 && errno == EINTR)
				;
	}
}

void pool_workers_kill(struct pool *p)
{
	if (p->cfg->kind == KIND_THREADS)
		p->handoff->close(p, NULL);
	else
		for (uint32_t i = 0; i < p->nr_started; i++)
			kill(p->workers[i].pid, SIGKILL);
	pool_workers_join(p);
}
