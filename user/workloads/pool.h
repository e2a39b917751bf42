/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pool.h - the inside of the workload `pool`: a master, its workers, and the ways in which tasks change hands.
 *
 * Where a task stands is kept in memory that all share; what differs between the kinds of hand-off is only who sleeps
 * on what until whom wakes it. That is what one sees in the recording, so nothing else may wake anybody: workers are
 * made in order, each idle in its hand-off call before the next is made, and the master waits by the clock.
 */
#ifndef SCHEDVIZ_WORKLOADS_POOL_H
#define SCHEDVIZ_WORKLOADS_POOL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/err.h"
#include "workloads/theory.h"
#include "workloads/workload.h"

enum workload_handoff { HANDOFF_PIPE, HANDOFF_LOCKPIPE, HANDOFF_SOCKETPAIR };
extern const char *const workload_handoff_names[];

struct pool_cfg {
	struct workload_cfg c;
	int handoff; /* enum workload_handoff */
};

enum pool_task_state { TASK_WAITING, TASK_TAKEN, TASK_DONE };

struct pool_task {
	uint32_t state;	 /* enum pool_task_state */
	uint32_t worker; /* who took it */
};

/* Seen by master and workers, be they processes or threads; its numbers are accessed atomically. */
struct pool_shared {
	uint32_t ready;	      /* workers that are about to ask for their first task */
	pthread_mutex_t lock; /* of the pipe, for lockpipe */
	struct pool_task tasks[];
};

struct pool_worker {
	struct pool *pool;
	uint32_t index;
	pid_t pid;	  /* as a process */
	pthread_t thread; /* as a thread */
	int status;	  /* wait(2) status, once it ended as a process */
};

struct pool {
	const struct workload_cfg *cfg;
	const struct handoff *handoff;
	struct pool_shared *shared;
	size_t shared_bytes;
	struct pool_worker *workers;
	char *stacks; /* of threads */
	uint32_t nr_started;
	struct handoff_ends *ends; /* each kind of hand-off has its own; made by open(), freed by release() */
};

/*
 * How tasks go from the master to the workers. A task is its number. Negative codes come with a sentence where there
 * is a struct err.
 */
struct handoff {
	int (*open)(struct pool *p, struct err *e); /* before there are workers */
	/* in worker `me`, a process: close what is not its own, so that the end of others can be noticed */
	void (*keep_worker_end)(struct pool *p, uint32_t me);
	void (*keep_master_end)(struct pool *p);		     /* in the master, once the workers are processes */
	int (*submit)(struct pool *p, uint64_t task, struct err *e); /* apply_async */
	int (*close)(struct pool *p, struct err *e); /* nothing more will be submitted; may wait for results */
	int (*take)(struct pool *p, uint32_t me, uint64_t *task);     /* in a worker: 1, or 0 when there are no more */
	int (*give_back)(struct pool *p, uint32_t me, uint64_t task); /* the worker is done with it; may be NULL */
	void (*release)(struct pool *p);			      /* opened or not */
};

extern const struct handoff handoff_pipe, handoff_lockpipe, handoff_socketpair;

int pool_workers_init(struct pool *p, struct err *e); /* memory for them; 0, or -ENOMEM and a sentence */
void pool_workers_release(struct pool *p);

/*
 * Make worker `i` and let it ask for tasks. -EAGAIN and the like with a sentence; the workers made so far live on, for
 * pool_workers_kill() or, once close() was called, pool_workers_join().
 */
int pool_worker_start(struct pool *p, uint32_t i, struct err *e);
/* Asleep until all have ended; their statuses are kept. */
void pool_workers_join(struct pool *p);
/* End them at once: processes by SIGKILL, threads by close(). Then they are joined. */
void pool_workers_kill(struct pool *p);

/* How long task `i` sleeps and computes. */
struct theory_task pool_task_length(const struct workload_cfg *cfg, uint64_t i);

/* Shared by pipe and lockpipe: the pipe. */
int task_pipe_open(struct pool *p, struct err *e);
void task_pipe_keep_worker_end(struct pool *p, uint32_t me);
void task_pipe_keep_master_end(struct pool *p);
int task_pipe_submit(struct pool *p, uint64_t task, struct err *e);
int task_pipe_close(struct pool *p, struct err *e);
int task_pipe_read(struct pool *p, uint64_t *task);
void task_pipe_release(struct pool *p);

#endif
