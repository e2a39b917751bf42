/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * child.h - the recorded program: born before the recording loses its privileges, held until everything is ready.
 *
 *         child_fork()    it exists, asleep in a read; its birth is recorded
 *         child_go()      it becomes who it is to be and begins; tells whether it could
 *         child_signal(), child_reap()
 */
#ifndef SCHEDVIZ_CMD_CHILD_H
#define SCHEDVIZ_CMD_CHILD_H

#include <stdbool.h>
#include <sys/types.h>
#include "base/err.h"
#include "base/privilege.h"
#include "trace/marks.h"

struct child_cfg {
	char **argv;		     /* a program to execute, or NULL: */
	int (*main)(void *main_ctx); /* a function to run in the child; its exit status */
	void *main_ctx;
	const struct identity *as;     /* who it is to be */
	const struct identity *us;     /* who the recorder will be when it has given up its privileges */
	const struct mark_ring *marks; /* exported to it; NULL: none */
	bool dies_with_us;	       /* killed when the recorder ends */
};

struct child {
	pid_t pid;   /* 0: none */
	int go;	     /* closed or written to: begin */
	int trouble; /* what kept it from beginning comes from here; its end means that it began */
	pid_t keeper; /* 0: none is needed */
	int orders;   /* to the keeper: numbers of signals */
	bool reaped;
	int wait_status; /* valid when reaped */
};

int child_fork(struct child *c, const struct child_cfg *cfg, struct err *e);
/*
 * Where the recorder will be another user than the child, and so may not signal it, fork a keeper: a process with the
 * child's rights that does nothing but pass signals on to this child, and ends with the recorder. It is no part of what
 * is recorded, so a call of its own.
 */
int child_keep(struct child *c, const struct child_cfg *cfg, struct err *e);
/* Let it begin. Waits until it has; an error is the child's own (no such program), and the child is gone then. */
int child_go(struct child *c, struct err *e);
bool child_poll(struct child *c); /* has it ended? Does not wait. */
void child_signal(const struct child *c, int sig);
void child_wait(struct child *c);
/* As a shell says it: its exit code, or 128 + the signal that ended it. */
int child_exit_code(const struct child *c);
/* Kill it if it still runs; close the descriptors. */
void child_release(struct child *c);

#endif
