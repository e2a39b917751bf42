/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * handoff_socketpair.c - the master deals: a socket to each worker, a task down, its number back, the next task down.
 *
 * The master sleeps in poll and is woken by every result; each worker sleeps in read on its own socket and is woken by
 * the master for every task, and once more when all is done. Packets, not a stream: a reader of a stream is also woken,
 * in vain, whenever the other side takes what it had sent.
 */
#define _GNU_SOURCE /* SOCK_CLOEXEC */
#include "workloads/pool.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/alloc.h"

struct handoff_ends {
	uint32_t n;	     /* pairs made */
	struct pollfd *poll; /* the master's ends; fd -1: closed, or its worker died */
	int *worker;	     /* the workers' ends; -1: closed here */
	bool *busy;
	uint32_t nr_busy;
	uint64_t submitted, dealt; /* tasks, dealt in the order of submission */
};

static void end_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int socketpair_open(struct pool *p, struct err *e)
{
	uint32_t n = (uint32_t)p->cfg->workers;
	struct handoff_ends *s = p->ends = xcalloc(1, sizeof(*s));
	int fd[2];

	s->poll = xcalloc(n, sizeof(*s->poll));
	s->worker = xcalloc(n, sizeof(*s->worker));
	s->busy = xcalloc(n, sizeof(*s->busy));
	for (; s->n < n; s->n++) {
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) < 0)
			return err_sys(e, -errno, "cannot make the socket of worker%u%s", s->n,
				       errno == EMFILE ? " - raise 'ulimit -n' or take fewer workers" : "");
		s->poll[s->n] = (struct pollfd){ .fd = fd[0], .events = POLLIN };
		s->worker[s->n] = fd[1];
	}
	return 0;
}

static void socketpair_keep_worker_end(struct pool *p, uint32_t me)
{
	for (uint32_t i = 0; i < p->ends->n; i++) {
		end_close(&p->ends->poll[i].fd);
		if (i != me)
			end_close(&p->ends->worker[i]);
	}
}

static void socketpair_keep_master_end(struct pool *p)
{
	for (uint32_t i = 0; i < p->ends->n; i++)
		end_close(&p->ends->worker[i]);
}

/* Give worker `i` the next task, if there is one. If it cannot be sent to it is dead; another will get the task. */
static void deal(struct handoff_ends *s, uint32_t i)
{
	if (s->dealt == s->submitted || s->poll[i].fd < 0)
		return;
	if (send(s->poll[i].fd, &s->dealt, sizeof(s->dealt), MSG_NOSIGNAL) < 0) {
		end_close(&s->poll[i].fd);
		return;
	}
	s->dealt++;
	s->busy[i] = true;
	s->nr_busy++;
}

static int socketpair_submit(struct pool *p, uint64_t task, struct err *e)
{
	struct handoff_ends *s = p->ends;

	(void)e;
	s->submitted = task + 1;
	for (uint32_t i = 0; i < s->n && s->dealt < s->submitted; i++)
		if (!s->busy[i])
			deal(s, i);
	return 0;
}

/* Worker `i` has something to say: a result, or nothing any more. */
static void hear(struct handoff_ends *s, uint32_t i)
{
	uint64_t task;

	if (read(s->poll[i].fd, &task, sizeof(task)) <= 0)
		end_close(&s->poll[i].fd);
	if (s->busy[i])
		s->nr_busy--;
	s->busy[i] = false;
	deal(s, i);
}

static int socketpair_close(struct pool *p, struct err *e)
{
	struct handoff_ends *s = p->ends;

	while (s->nr_busy) {
		if (poll(s->poll, s->n, -1) < 0) {
			if (errno == EINTR)
				continue;
			return err_sys(e, -errno, "cannot wait for results");
		}
		for (uint32_t i = 0; i < s->n; i++)
			if (s->poll[i].fd >= 0 && s->poll[i].revents)
				hear(s, i);
	}
	for (uint32_t i = 0; i < s->n; i++)
		end_close(&s->poll[i].fd);
	return 0;
}

static int socketpair_take(struct pool *p, uint32_t me, uint64_t *task)
{
	ssize_t n;

	do
		n = read(p->ends->worker[me], task, sizeof(*task));
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n > 0;
}

static int socketpair_give_back(struct pool *p, uint32_t me, uint64_t task)
{
	return send(p->ends->worker[me], &task, sizeof(task), MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static void socketpair_release(struct pool *p)
{
	struct handoff_ends *s = p->ends;

	if (!s)
		return;
	for (uint32_t i = 0; i < s->n; i++) {
		end_close(&s->poll[i].fd);
		end_close(&s->worker[i]);
	}
	free(s->poll);
	free(s->worker);
	free(s->busy);
	free(s);
	p->ends = NULL;
}

const struct handoff handoff_socketpair = {
	.open = socketpair_open,
	.keep_worker_end = socketpair_keep_worker_end,
	.keep_master_end = socketpair_keep_master_end,
	.submit = socketpair_submit,
	.close = socketpair_close,
	.take = socketpair_take,
	.give_back = socketpair_give_back,
	.release = socketpair_release,
};
