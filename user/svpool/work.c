/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * work.c - the life of a worker: it asks for a task, does it, asks again.
 *
 * Nothing here allocates or prints: the first malloc() of a thread makes it an arena, with system calls that lock the
 * process's memory map. Workers that do so at the same time would wake each other, and that would be drawn.
 */
#define _GNU_SOURCE /* sigset functions, PR_SET_NAME */
#include "svpool/inside.h"

#include <errno.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>
#include "base/schedviz_mark.h"

static __thread struct svp_worker *self; /* the worker that this thread is */

bool svp_pool_stopping(const svp *p)
{
	return __atomic_load_n(&p->shared->stopping, __ATOMIC_SEQ_CST);
}

bool svp_pool_closing(const svp *p)
{
	return __atomic_load_n(&p->shared->closing, __ATOMIC_SEQ_CST);
}

/* ---- a task changes hands ---- */

bool svp_claim_this(struct svp_worker *w, uint64_t task)
{
	struct svp_entry *e = &w->pool->shared->ring[task % SVP_RING];
	uint64_t waiting = task << 16 | SVP_WAITING;

	__atomic_store_n(&w->pool->shared->tried[w->index], task, __ATOMIC_SEQ_CST);
	return __atomic_compare_exchange_n(&e->word, &waiting, task << 16 | (w->index + 1), false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

bool svp_claim(struct svp_worker *w, uint64_t *task)
{
	struct svp_shared *s = w->pool->shared;
	uint64_t head, word, same;
	bool mine;

	for (;;) {
		head = __atomic_load_n(&s->head, __ATOMIC_SEQ_CST);
		word = __atomic_load_n(&s->ring[head % SVP_RING].word, __ATOMIC_SEQ_CST);
		if (word >> 16 != head) {
			if (__atomic_load_n(&s->head, __ATOMIC_SEQ_CST) == head)
				return false; /* not there yet */
			continue;
		}
		mine = (word & 0xffff) == SVP_WAITING && svp_claim_this(w, head);
		same = head;
		__atomic_compare_exchange_n(&s->head, &same, head + 1, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
		*task = head;
		if (mine)
			return true;
	}
}

/*
 * The batch's memory may be used for something else as soon as its last entry is finished, so what is asked of it is
 * asked before; the master allows for one that has counted and not finished. The order of the last two accesses pairs
 * with the master's, which first says what it waits for and then looks whether it is done.
 */
void svp_finish(svp *p, uint64_t task, int status)
{
	struct svp_entry *e = &p->shared->ring[task % SVP_RING];
	struct svp_batch *batch = e->task->batch;
	uint64_t id = batch->id, left, waited, one = 1;

	e->task->status = status;
	left = __atomic_sub_fetch(&batch->left, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&e->word, task << 16 | SVP_FINISHED, __ATOMIC_SEQ_CST);
	if (p->handoff->give_back)
		return; /* the number that goes back wakes the master */
	waited = __atomic_load_n(&p->shared->waiting_for, __ATOMIC_SEQ_CST);
	if (waited != SVP_ANY && (waited != id || left))
		return;
	while (write(p->event, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

void svp_lose(svp *p, uint64_t task, const struct svp_worker *w, int wait_status)
{
	struct svp_task *t = p->shared->ring[task % SVP_RING].task;

	t->how = (struct svp_lost){ .worker = w->number, .pid = w->pid, .status = wait_status };
	t->lost = true;
	svp_finish(p, task, -EOWNERDEAD);
}

/* ---- a task is done ---- */

static int items_do(const struct svp_worker *w, const struct svp_task *t)
{
	bool marks = w->pool->opts.marks;
	int status = 0;

	for (size_t i = 0; i < t->n; i++) {
		int ret;

		if (i && svp_pool_stopping(w->pool))
			return -ECANCELED;
		if (marks)
			schedviz_mark_start(t->job + i);
		ret = t->fn(t->args + i * t->size, t->size, t->outs + i * t->out_size, t->out_size);
		if (marks)
			schedviz_mark_finish(t->job + i);
		status = status < 0 ? status : ret;
	}
	return status;
}

static void task_do(struct svp_worker *w, uint64_t task)
{
	const struct svp_way *handoff = w->pool->handoff;
	int status;

	w->now = task;
	status = items_do(w, w->pool->shared->ring[task % SVP_RING].task);
	w->now = 0;
	svp_finish(w->pool, task, status);
	if (handoff->give_back)
		handoff->give_back(w, task);
}

static int tasks_do(struct svp_worker *w)
{
	const svp *p = w->pool;
	uint64_t task;
	int ret;

	for (unsigned done = 0; !p->opts.max_tasks || done < p->opts.max_tasks; done++) {
		if (svp_pool_stopping(p))
			return 0;
		ret = p->handoff->take(w, &task);
		if (ret <= 0)
			return ret;
		task_do(w, task);
	}
	return 0;
}

int svp_work(struct svp_worker *w)
{
	svp *p = w->pool;
	char name[16];

	self = w;
	snprintf(name, sizeof(name), "worker%u", w->number);
	prctl(PR_SET_NAME, name);
	if (p->opts.init)
		p->opts.init(p->opts.init_ctx);
	__atomic_store_n(&p->shared->states[w->index], SVP_READY, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&p->shared->ready, 1, __ATOMIC_RELEASE);
	return tasks_do(w);
}

/* ---- what jobs may ask ---- */

int svp_worker(void)
{
	return self ? (int)self->number : -1;
}

int svp_stopping(void)
{
	return self && svp_pool_stopping(self->pool);
}

int svp_sleep(double seconds)
{
	uint64_t until_ns = svp_until(seconds);
	struct timespec t = { .tv_sec = (time_t)(until_ns / SVP_NS), .tv_nsec = (long)(until_ns % SVP_NS) };

	if (seconds == 0)
		return 0;
	do {
		if (svp_stopping())
			return -EINTR;
	} while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR);
	return 0;
}
