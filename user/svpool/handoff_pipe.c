/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * handoff_pipe.c - one pipe of tokens that all idle workers read from: the kernel picks who gets the next.
 *
 * Readers of a pipe queue up, and a write wakes the first of them if the pipe was empty. The master writes all tokens
 * in a few microseconds, before that worker can be there, and closing its end wakes the rest: each worker is woken by
 * the master, once. Whoever comes back later finds a token, or the end of the file, and does not sleep. At the end of
 * the file a worker takes what there is without a token.
 */
#define _GNU_SOURCE /* pipe2 */
#include "svpool/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int svp_pipe_open(svp *p)
{
	int fd[2];

	if (pipe2(fd, O_CLOEXEC) < 0)
		return -errno;
	p->reader = fd[0];
	p->writer = fd[1];
	return fcntl(p->writer, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0; /* submitting never waits; reading does */
}

void svp_pipe_keep_worker_end(struct svp_worker *w)
{
	svp_end_close(&w->pool->writer);
}

int svp_pipe_offer(svp *p)
{
	ssize_t n;

	if (p->writer < 0)
		return 0; /* whoever is there takes all there is */
	do
		n = write(p->writer, "", 1);
	while (n < 0 && errno == EINTR);
	return n == 1 ? 0 : -EAGAIN;
}

int svp_pipe_close(svp *p)
{
	svp_end_close(&p->writer);
	return 0;
}

unsigned svp_pipe_polls(svp *p, struct pollfd *out)
{
	*out = (struct pollfd){ .fd = p->writer, .events = POLLOUT };
	return p->owed && p->writer >= 0;
}

int svp_pipe_read(svp *p)
{
	char token;
	ssize_t n;

	for (;;) {
		n = read(p->reader, &token, 1);
		if (n >= 0)
			return n > 0;
		if (errno != EINTR || svp_pool_stopping(p))
			return -errno;
	}
}

static int pipe_take(struct svp_worker *w, uint64_t *task)
{
	svp *p = w->pool;
	int ret;

	for (;;) {
		ret = svp_pipe_read(p);
		if (ret < 0)
			return svp_pool_stopping(p) ? 0 : ret;
		if (svp_claim(w, task))
			return 1;
		if (ret == 0 || svp_pool_closing(p))
			return 0;
	}
}

/*
 * The end of the file does not come while a process that the caller forked, and that is no worker, holds the writing
 * end. So it is opened once more, for a token for each.
 */
void svp_pipe_nudge(svp *p)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", p->reader);
	fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	for (unsigned i = 0; fd >= 0 && i < p->nr_workers; i++)
		if (write(fd, "", 1) < 0)
			break;
	svp_end_close(&fd);
}

void svp_pipe_release(svp *p)
{
	svp_end_close(&p->reader);
	svp_end_close(&p->writer);
}

const struct svp_way svp_way_pipe = {
	.open = svp_pipe_open,
	.keep_worker_end = svp_pipe_keep_worker_end,
	.offer = svp_pipe_offer,
	.close = svp_pipe_close,
	.polls = svp_pipe_polls,
	.take = pipe_take,
	.nudge = svp_pipe_nudge,
	.release = svp_pipe_release,
};
