/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * handoff_pipe.c - one pipe of tasks that all idle workers read from: the kernel picks who gets the next.
 *
 * Readers of a pipe queue up, and a write wakes the first of them if the pipe was empty. The master writes all tasks in
 * a few microseconds, before that worker can be there, and closing its end wakes the rest: each worker is woken by the
 * master, once. Whoever comes back later finds a task, or the end of the file, and does not sleep.
 */
#define _GNU_SOURCE /* pipe2 */
#include "workloads/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/alloc.h"

struct handoff_ends {
	int reader, writer; /* -1: closed here */
};

static void end_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int task_pipe_open(struct pool *p, struct err *e)
{
	int fd[2];

	if (pipe2(fd, O_CLOEXEC) < 0)
		return err_sys(e, -errno, "cannot make the pipe of tasks");
	p->ends = xmalloc(sizeof(*p->ends));
	*p->ends = (struct handoff_ends){ .reader = fd[0], .writer = fd[1] };
	return 0;
}

void task_pipe_keep_worker_end(struct pool *p, uint32_t me)
{
	(void)me;
	end_close(&p->ends->writer);
}

void task_pipe_keep_master_end(struct pool *p)
{
	end_close(&p->ends->reader); /* so that writing fails, and does not wait, once all workers are dead */
}

/* 8 bytes divide a page, so the kernel neither splits nor mixes them. */
int task_pipe_submit(struct pool *p, uint64_t task, struct err *e)
{
	ssize_t n;

	do
		n = write(p->ends->writer, &task, sizeof(task));
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EPIPE)
		return 0; /* no worker is left: what is lost will be said at the end */
	return n < 0 ? err_sys(e, -errno, "cannot submit a task") : 0;
}

int task_pipe_close(struct pool *p, struct err *e)
{
	(void)e;
	end_close(&p->ends->writer);
	return 0;
}

int task_pipe_read(struct pool *p, uint64_t *task)
{
	ssize_t n;

	do
		n = read(p->ends->reader, task, sizeof(*task));
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n > 0;
}

static int pipe_take(struct pool *p, uint32_t me, uint64_t *task)
{
	(void)me;
	return task_pipe_read(p, task);
}

void task_pipe_release(struct pool *p)
{
	if (!p->ends)
		return;
	end_close(&p->ends->reader);
	end_close(&p->ends->writer);
	free(p->ends);
	p->ends = NULL;
}

const struct handoff handoff_pipe = {
	.open = task_pipe_open,
	.keep_worker_end = task_pipe_keep_worker_end,
	.keep_master_end = task_pipe_keep_master_end,
	.submit = task_pipe_submit,
	.close = task_pipe_close,
	.take = pipe_take,
	.release = task_pipe_release,
};
