/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * follow.c - watch a running process through a pidfd, which no later process of the same number can take over.
 */
#define _GNU_SOURCE
#include "cmd/follow.h"

#include <errno.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

int follow_open(struct follow *f, uint32_t pid, struct err *e)
{
	f->pid = pid;
	f->pidfd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
	if (f->pidfd >= 0)
		return 0;
	if (errno == ESRCH)
		return err_set(e, -ESRCH, "there is no process %u - it may have ended", pid);
	if (errno == EINVAL || errno == ENOENT) /* what kernels say to a tid that leads no process */
		return err_set(e, -ESRCH, "%u is a thread, not a process - give the number of its process", pid);
	return err_sys(e, -errno, "cannot watch process %u", pid);
}

bool follow_ended(const struct follow *f)
{
	struct pollfd p = { .fd = f->pidfd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

void follow_close(struct follow *f)
{
	if (f->pidfd >= 0)
		close(f->pidfd);
	f->pidfd = -1;
}
