/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * handoff_socketpair.c - the master deals: a socket to each worker, a task down, its number back, the next task down.
 *
 * The master sleeps in poll and is woken by every result; each worker sleeps in read on its own socket and is woken by
 * the master for every task, and once more when all is done. Packets, not a stream: a reader of a stream is also woken,
 * in vain, whenever the other side takes what it had sent.
 */
#define _GNU_SOURCE /* SOCK_CLOEXEC */
#include "svpool/inside.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int socketpair_open(svp *p)
{
	p->again = calloc(p->nr_workers, sizeof(*p->again));
	return p->again ? 0 : -ENOMEM;
}

/* A thread's successor reads on where it ended; a process gets a new socket. */
static int socketpair_add(struct svp_worker *w)
{
	int fd[2];

	w->dealt = 0;
	w->nr_dealt = 0;
	if (w->master_end >= 0)
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) < 0)
		return -errno;
	svp_end_close(&w->worker_end);
	w->master_end = fd[0];
	w->worker_end = fd[1];
	return 0;
}

static void socketpair_keep_worker_end(struct svp_worker *me)
{
	for (unsigned i = 0; i < me->pool->nr_workers; i++) {
		struct svp_worker *w = &me->pool->workers[i];

		svp_end_close(&w->master_end);
		if (w != me)
			svp_end_close(&w->worker_end);
	}
}

static void socketpair_keep_master_end(struct svp_worker *w)
{
	svp_end_close(&w->worker_end);
}

/* It is with its task still; that the number is under way may be known already. */
bool svp_dealt_busy(const struct svp_worker *w)
{
	uint64_t finished = w->dealt << 16 | SVP_FINISHED;

	return w->dealt &&
	       __atomic_load_n(&w->pool->shared->ring[w->dealt % SVP_RING].word, __ATOMIC_SEQ_CST) != finished;
}

static bool free_for_more(const struct svp_worker *w)
{
	unsigned max = w->pool->opts.kind == SVP_PROCS ? w->pool->opts.max_tasks : 0;

	return w->alive && w->master_end >= 0 && !svp_dealt_busy(w) && (!max || w->nr_dealt < max);
}

/* A thread that has ended without a successor gets none; whether it did is settled under the lock. */
static bool thread_reads(const struct svp_worker *w)
{
	return __atomic_load_n(&w->pool->shared->states[w->index], __ATOMIC_SEQ_CST) != SVP_RETIRED;
}

static int socketpair_pending(struct svp_worker *w)
{
	uint64_t task;

	return recv(w->worker_end, &task, sizeof(task), MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* What cannot be sent to is dead; another will get the task. */
static bool deal(struct svp_worker *w, uint64_t task)
{
	if (send(w->master_end, &task, sizeof(task), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
		svp_end_close(&w->master_end);
		return false;
	}
	w->dealt = task;
	w->nr_dealt++;
	return true;
}

static bool deal_to_thread(struct svp_worker *w, uint64_t task)
{
	bool dealt;

	svp_lock(&w->pool->lock);
	dealt = thread_reads(w) && deal(w, task);
	pthread_mutex_unlock(&w->pool->lock);
	return dealt;
}

/* The next task goes to the first who is idle. */
static int socketpair_offer(svp *p)
{
	uint64_t task = p->nr_again ? p->again[p->nr_again - 1] : p->next_deal;

	for (unsigned i = 0; i < p->nr_workers; i++) {
		struct svp_worker *w = &p->workers[i];

		if (!free_for_more(w) || !(p->opts.kind == SVP_THREADS ? deal_to_thread : deal)(w, task))
			continue;
		if (p->nr_again)
			p->nr_again--;
		else
			p->next_deal++;
		return 0;
	}
	return -EAGAIN;
}

static unsigned socketpair_polls(svp *p, struct pollfd *out)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->nr_workers; i++)
		if (p->workers[i].master_end >= 0)
			out[n++] = (struct pollfd){ .fd = p->workers[i].master_end, .events = POLLIN };
	return n;
}

/* A worker has something to say: a result, or nothing any more. */
static void hear(struct svp_worker *w)
{
	uint64_t task;
	ssize_t n = recv(w->master_end, &task, sizeof(task), MSG_DONTWAIT);

	if (n > 0 && task == w->dealt)
		w->dealt = 0;
	else if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		svp_end_close(&w->master_end);
}

static void socketpair_heard(svp *p, const struct pollfd *polls, unsigned n)
{
	const struct pollfd *next = polls;

	for (unsigned i = 0; i < p->nr_workers && next < polls + n; i++)
		if (p->workers[i].master_end >= 0 && next++->revents)
			hear(&p->workers[i]);
}

static int socketpair_close(svp *p)
{
	for (unsigned i = 0; i < p->nr_workers; i++)
		if (p->workers[i].dealt)
			return -EAGAIN;
	for (unsigned i = 0; i < p->nr_workers; i++) {
		if (p->workers[i].master_end >= 0) /* a process that the caller forked may hold it, too */
			shutdown(p->workers[i].master_end, SHUT_WR);
		svp_end_close(&p->workers[i].master_end);
	}
	return 0;
}

static int socketpair_take(struct svp_worker *w, uint64_t *task)
{
	ssize_t n;

	for (;;) {
		n = read(w->worker_end, task, sizeof(*task));
		if (n == 0 || (n < 0 && svp_pool_stopping(w->pool)))
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0 && svp_claim_this(w, *task))
			return 1;
	}
}

static void socketpair_give_back(struct svp_worker *w, uint64_t task)
{
	while (send(w->worker_end, &task, sizeof(task), MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

static void socketpair_gone(struct svp_worker *w)
{
	svp *p = w->pool;

	svp_end_close(&w->master_end);
	if (w->dealt && p->shared->ring[w->dealt % SVP_RING].word == (w->dealt << 16 | SVP_WAITING)) {
		p->again[p->nr_again++] = w->dealt;
		p->owed++;
	}
	w->dealt = 0;
}

static void socketpair_release(svp *p)
{
	for (unsigned i = 0; i < p->nr_workers; i++) {
		svp_end_close(&p->workers[i].master_end);
		svp_end_close(&p->workers[i].worker_end);
	}
	free(p->again);
	p->again = NULL;
}

const struct svp_way svp_way_socketpair = {
	.open = socketpair_open,
	.add = socketpair_add,
	.keep_worker_end = socketpair_keep_worker_end,
	.keep_master_end = socketpair_keep_master_end,
	.offer = socketpair_offer,
	.close = socketpair_close,
	.polls = socketpair_polls,
	.heard = socketpair_heard,
	.take = socketpair_take,
	.give_back = socketpair_give_back,
	.gone = socketpair_gone,
	.pending = socketpair_pending,
	.release = socketpair_release,
};
