/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * inside.h - the inside of a pool: what master and workers share, and the ways in which tasks change hands.
 *
 * Tasks stand in a ring that all see; each has a number that is never used again. A task changes hands by one
 * compare-and-swap on its entry, which says at once that it is taken and by whom, so a worker may be killed between any
 * two instructions and the master still knows what it had:
 *
 *         (number, waiting) --worker--> (number, taken by worker i) --worker, or master if i died--> (number, finished)
 *
 * What differs between the kinds of hand-off is only who sleeps on what until whom wakes it: a worker is told, by a
 * token, that there is a task, and then takes the oldest. A token too many does no harm: whoever finds nothing goes
 * back to sleep. One too few would, so when a worker dies that had no task the master adds one. (By socket the master
 * names the task.) That is what one sees in a recording, so nothing else may wake anybody: workers are made in order,
 * each idle in its hand-off call before the next is made, and results wake the master only if it waits for them.
 */
#ifndef SVPOOL_INSIDE_H
#define SVPOOL_INSIDE_H

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include "svpool/svpool.h"

#define SVP_RING 65536u /* as many one-byte tokens fit in a pipe */
#define SVP_MAX_WORKERS 65000
#define SVP_NS 1000000000ull

/* ---- shared; numbers in it are accessed atomically ---- */

/* The low 16 bits of an entry's word; the rest is the task's number. Between these two: 1 + the index of its worker. */
#define SVP_WAITING 0u
#define SVP_FINISHED 0xffffu

struct svp_batch {
	uint64_t id;
	/*
	 * Tasks not finished; one counts itself off before its entry says that it is. A hint for whom to wake: it is
	 * wrong once a worker died in between.
	 */
	uint64_t left;
};

struct svp_task { /* a chunk of items */
	struct svp_batch *batch;
	svp_fn fn;
	const char *args;
	char *outs;
	size_t n, size, out_size;
	uint64_t job; /* of its first item, in marks */
	int32_t status;
	bool lost;
	struct svp_lost how;
};

struct svp_entry {
	uint64_t word;
	struct svp_task *task;
};

/* Is there a worker? Whether it has a task says only the task's entry: one step takes the one and busies the other. */
enum svp_state { SVP_NOBODY, SVP_STARTING, SVP_READY, SVP_RETIRED };

struct svp_shared {
	uint32_t stopping;    /* terminated */
	uint32_t closing;     /* closed, and all tasks are in the ring */
	uint32_t undealt;     /* by socket: tasks that no worker has been sent */
	uint32_t ready;	      /* workers that are about to ask for their first task */
	uint32_t tokens;      /* for SVP_FUTEX */
	uint64_t waiting_for; /* the batch that the master sleeps for; 0: none; or one of those below */
	uint64_t head;	      /* the oldest that waits, or older ones that are taken; workers move it on */
	uint64_t tail;	      /* the next number */
	pthread_mutex_t lock; /* of the pipe, for SVP_LOCKPIPE */
	uint32_t *states;     /* enum svp_state of each worker */
	uint64_t *tried;      /* by each worker: the task that it tried to take last, which it has or had or missed */
	struct svp_entry ring[SVP_RING];
};
#define SVP_ANY UINT64_MAX	  /* wake it whenever a task is finished */
#define SVP_ENDS (UINT64_MAX - 1) /* wake it only when a thread ends */

/* ---- the master's ---- */

struct svp_worker {
	svp *pool;
	uint32_t index;
	uint32_t number;	  /* in its name */
	pid_t pid;		  /* as a process */
	int pidfd;		  /* -1: no process, or collected */
	pthread_t thread, before; /* as a thread; whom it replaces */
	bool alive;		  /* to be collected */
	bool has_before;
	unsigned stack;		    /* which of its two */
	uint64_t now;		    /* the task it is doing; 0: none */
	int master_end, worker_end; /* of its socket; -1: closed */
	uint64_t dealt;		    /* the task it was sent last and has not given back; 0: none */
	unsigned nr_dealt;
};

struct svp_res {
	svp *pool;
	svp_res *prev, *next;	 /* of those not forgotten; or of those forgotten before they were done */
	svp_res *later;		 /* those not wholly in the ring */
	struct svp_batch *batch; /* begins the block of shared memory with tasks, arguments, results */
	struct svp_task *tasks;
	size_t nr_tasks, pushed, seen; /* seen: so many first ones are known to be finished */
	size_t nr_items, out_size, chunk;
	unsigned class; /* of the block's size */
	uint64_t base;	/* number of its first task in the ring */
	char *outs;
	bool single; /* an apply */
	bool cut;    /* what is not pushed never will be, and has this code */
	int cut_code;
};

#define SVP_CLASSES 48
struct svp_arena {
	char *base;
	size_t size, used;
	void *free[SVP_CLASSES]; /* blocks of 2^class bytes, linked through their first words */
};

struct svp {
	struct svp_opts opts;
	const struct svp_way *handoff;
	unsigned nr_workers;
	pid_t master;
	struct svp_shared *shared;
	struct svp_worker *workers;
	struct svp_arena arena;
	struct pollfd *polls; /* room for all there can be */
	char *stacks;	      /* of threads, two for each */
	pthread_mutex_t lock; /* of threads that make their successors, or none */
	uint32_t nr_made;
	unsigned nr_alive; /* processes */
	int event;	   /* an eventfd: the batch that the master sleeps for is done */
	svp_res *results, *backlog, **backlog_end, *forgotten, **forgotten_end;
	uint64_t nr_batches, next_job;
	uint64_t oldest; /* no older one is unfinished */
	uint64_t owed;	 /* tokens that could not be given yet */
	bool closed, terminated;
	bool hand_closed;     /* the hand-off knows */
	int broken;	      /* the negative code that tasks fail with from now on */
	unsigned stillborn;   /* workers that died in a row before they asked for a task */
	uint64_t suspect;     /* batches up to this one may have lost count of what is left */
	uint64_t kill_ns;     /* when SIGKILL is due */
	struct sigaction urg; /* of the program's own; `urg_ours`: put aside */
	bool urg_ours;
	/* of the kinds of hand-off */
	int reader, writer; /* the pipe; -1: closed here */
	uint64_t next_deal; /* by socket: the next number to deal, */
	uint64_t *again;    /* but first these, whose worker died before it took them */
	unsigned nr_again;
};

/*
 * How workers hear of tasks. Those that return int return 0 or a negative errno code. NULL where nothing is to be done.
 */
struct svp_way {
	int (*open)(svp *p);		  /* before there are workers */
	int (*add)(struct svp_worker *w); /* this worker is about to be made */
	/* in a worker process: close what is not its own, so that the end of others can be noticed */
	void (*keep_worker_end)(struct svp_worker *w);
	void (*keep_master_end)(struct svp_worker *w); /* in the master, once that worker is a process */
	int (*offer)(svp *p);			       /* one token more; -EAGAIN: not now */
	int (*close)(svp *p);			       /* there will be no more tokens; -EAGAIN: not now */
	/* what the master is to listen to, how many; and what came of it. None that is -1. */
	unsigned (*polls)(svp *p, struct pollfd *out);
	void (*heard)(svp *p, const struct pollfd *polls, unsigned n);
	int (*take)(struct svp_worker *w, uint64_t *task);	/* in a worker: 1, or 0 when there are no more */
	void (*give_back)(struct svp_worker *w, uint64_t task); /* in a worker, when it is finished */
	void (*gone)(struct svp_worker *w);			/* it was collected */
	int (*pending)(struct svp_worker *w); /* in a thread that ends, under svp.lock: is there a task for it alone? */
	void (*nudge)(svp *p);		      /* closed long ago, yet idle workers have not ended: wake them */
	void (*release)(svp *p);	      /* opened or not */
};

extern const struct svp_way svp_way_pipe, svp_way_lockpipe, svp_way_socketpair, svp_way_futex;

/* Shared by pipe and lockpipe: the pipe. */
int svp_pipe_open(svp *p);
void svp_pipe_keep_worker_end(struct svp_worker *w);
int svp_pipe_offer(svp *p);
int svp_pipe_close(svp *p);
unsigned svp_pipe_polls(svp *p, struct pollfd *out);
int svp_pipe_read(svp *p); /* 1: a token; 0: no more; -EINTR: the pool is stopping, or what the kernel said */
void svp_pipe_nudge(svp *p);
void svp_pipe_release(svp *p);

/* By socket: has it a task that it was dealt and has not finished? */
bool svp_dealt_busy(const struct svp_worker *w);

/* Close *fd, if it is one, and forget it. */
void svp_end_close(int *fd);
uint64_t svp_now(void); /* CLOCK_MONOTONIC, ns */
/* When `seconds` will be over, in ns of svp_now(); UINT64_MAX: never. */
uint64_t svp_until(double seconds);
/* Like pthread_mutex_lock(), but computing for a moment before it sleeps. */
int svp_lock(pthread_mutex_t *m);
long svp_futex(uint32_t *word, int op, uint32_t value, const struct timespec *timeout);

/* arena.c: shared memory, managed by the master alone. */
int svp_arena_init(struct svp_arena *a, size_t size);
/* At least `size` zeroed bytes, aligned to 64, and their class, to give them back with; NULL: used up. */
void *svp_arena_take(struct svp_arena *a, size_t size, unsigned *class);
void svp_arena_give(struct svp_arena *a, void *block, unsigned class);
void svp_arena_release(struct svp_arena *a);

/* make.c: workers are made. */
int svp_stacks_init(svp *p);
void svp_stacks_release(svp *p);
int svp_worker_make(struct svp_worker *w); /* 0, -EAGAIN, -EMFILE ... */

/* work.c: the life of a worker. */
int svp_work(struct svp_worker *w); /* 0, or the negative code of what failed */
/* The oldest task that waits is taken: true, or false if none waits. */
bool svp_claim(struct svp_worker *w, uint64_t *task);
bool svp_claim_this(struct svp_worker *w, uint64_t task);
/* The task is done, well or not. */
void svp_finish(svp *p, uint64_t task, int status);
void svp_lose(svp *p, uint64_t task, const struct svp_worker *w, int wait_status);
bool svp_pool_stopping(const svp *p);
bool svp_pool_closing(const svp *p); /* then a worker that finds no task has nothing to wait for */

/* keep.c: what the master does while it is in a call. */
/* Move what can be moved on; asleep until something happens, at most until `until_ns`; look after it. */
void svp_turn(svp *p, uint64_t until_ns);
void svp_push(svp *p);	      /* from the backlog into the ring, and tokens out */
int svp_staff(svp *p);	      /* make the workers that are missing and wanted; 0, or why one could not be made */
uint64_t svp_waiting(svp *p); /* tasks in the ring that no worker has */
bool svp_any_alive(const svp *p);
void svp_give_up(svp *p, int code); /* there are no workers: fail all that waits */
void svp_kill(svp *p, int sig);

/* result.c */
bool svp_res_done(svp_res *r);
void svp_res_release(svp_res *r);

#endif
