/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * svpool.h - a pool of worker processes or threads, and a queue, for any C program.
 *
 *         static int square(const void *arg, size_t len, void *out, size_t room)
 *         {
 *                 *(int *)out = *(const int *)arg * *(const int *)arg;
 *                 return 0;
 *         }
 *         int n[5] = { 1, 2, 3, 4, 5 }, squares[5];
 *         svp *p = svp_new(4, NULL);
 *         if (!p || svp_map(p, square, n, 5, sizeof(int), squares, sizeof(int), 0) < 0)
 *                 perror("squares");
 *         svp_free(p);
 *
 * Compile and link it with `pkg-config --cflags --libs svpool`. It needs libc, POSIX threads and Linux 5.3. Under
 * `schedviz record` its tasks are drawn as jobs if opts.marks is set.
 *
 * The names and what they do follow Python's multiprocessing.Pool, with one difference that matters: the pool has no
 * thread of its own. Tasks that workers can take by themselves they take at any time, but what only the master can do
 * happens inside its calls and nowhere else: replacing a worker process that died or has done its max_tasks, dealing
 * out tasks by SVP_SOCKETPAIR, handing on more than the 65,536 tasks that fit in the queue to the workers. So nothing
 * is forked behind the caller's back; and who is away for long calls svp_res_wait(r, 0) now and then.
 *
 * Thread safety: a pool and its results may be used by one thread at a time. Different pools are independent. A queue,
 * and what jobs may ask (svp_worker, svp_stopping, svp_sleep), may be used by all at once. A pool belongs to the
 * process that made it: in a child that the caller forks, only svp_free() may be called on it, and frees the memory.
 *
 * Durations are seconds; a negative one means for ever, zero means to look and not to wait. Functions that return int
 * return a negative errno code on failure; those that return a pointer return NULL and set errno. Nothing is printed
 * and the program is never ended.
 */
#ifndef SVPOOL_H
#define SVPOOL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct svp svp;		/* a pool */
typedef struct svp_res svp_res; /* what will be known of a submitted task, or of all tasks of one map */
typedef struct svq svq;		/* a queue */

/*
 * A task: works on `len` bytes at `arg`, which it must not change, and leaves up to `room` bytes, zero before, at `out`
 * (aligned for any type, if room is a multiple of that alignment). Returns 0 or more for success, or a negative errno
 * code: svp_res_get() hands it on, so let it be none of those with a meaning there.
 *
 * In a worker process it sees the memory of the master as it was when the worker was made, and must have been loaded by
 * then. It may exit or crash: that is the death of its worker. What it printed to a FILE is to be flushed by itself. A
 * worker thread has a stack of 1 MiB (less 64 KiB).
 */
typedef int (*svp_fn)(const void *arg, size_t len, void *out, size_t room);

enum svp_kind { SVP_PROCS, SVP_THREADS };

/* How tasks reach workers: who sleeps on what until whom wakes it. All do the same work. */
enum svp_handoff {
	SVP_PIPE,	/* idle workers sleep in read on one pipe; the kernel picks */
	SVP_LOCKPIPE,	/* the same behind a lock, as CPython has it: one reads, the others wait for the lock */
	SVP_SOCKETPAIR, /* the master deals: a socket to each worker, a task down, its number back */
	SVP_FUTEX,	/* idle workers sleep in futex on one shared word; a submit wakes one */
};

/* All zero, or NULL instead of it: processes by pipe, made at once, that live as long as the pool. */
struct svp_opts {
	int kind;	    /* enum svp_kind */
	int handoff;	    /* enum svp_handoff */
	unsigned max_tasks; /* a worker is replaced by a fresh one when it has taken so many (a chunk is one); 0: never
			     */
	int ondemand; /* make a worker only when a task is submitted and none is idle; else all are made at once */
	int marks;    /* tell a schedviz recording of each item: submit, start, finish (schedviz_mark.h) */
	uint64_t first_job;	 /* the number of the first item there; the next ones count up from it */
	void (*init)(void *ctx); /* called in each worker before its first task; NULL: nothing */
	void *init_ctx;
	/*
	 * svp_new() takes this long, and makes workers one after another, each idle before the next: a recording then
	 * shows who is woken, in order. It looks by the clock, for to be woken would be drawn. Not with ondemand.
	 */
	double lead;
	size_t result; /* `room` for what svp_apply and svp_apply_async give; 0: 64 bytes */
	size_t memory; /* for all arguments and results not freed yet; 0: 1 GiB. Only what is used is taken. */
};

/* CPUs that the calling thread may use; at least 1. */
int svp_cpu_count(void);

/*
 * A pool of `workers` (1 to 65000; 0: svp_cpu_count()), named "worker0", "worker1", ...; replacements count on. To be
 * freed with svp_free(). EINVAL: senseless arguments. EAGAIN: no more processes or threads are allowed. EMFILE: no more
 * descriptors (4, and for each process 1, for each socket 1, of threads 2). ENOMEM. Nothing is left of a failed one.
 *
 * Worker processes get SIGKILL when the thread that made them ends (PR_SET_PDEATHSIG): be a thread that lives as long
 * as the pool. They begin with SIGTERM at its default. They send SIGCHLD to the master and are its children: if it
 * waits for any child it may collect one, which does no harm.
 */
svp *svp_new(int workers, const struct svp_opts *opts);

/*
 * Submit fn(arg, len, out, room); `len` bytes at `arg` are copied. Never waits. The result is the caller's, to be given
 * to svp_res_free(); svp_free() frees those that were not. EINVAL: after svp_close or svp_terminate, or no fn. ENOMEM:
 * opts.memory is used up. EAGAIN: no worker is left and none can be made. EOWNERDEAD: workers die before they can ask
 * for a task (in opts.init, say), again and again, and the pool has given up.
 */
svp_res *svp_apply_async(svp *p, svp_fn fn, const void *arg, size_t len);

/* The same, then svp_res_get() without a limit of time, which see; what svp_apply_async() sets in errno it returns. */
int svp_apply(svp *p, svp_fn fn, const void *arg, size_t len, void *out, size_t out_size);

/*
 * Submit fn for each of `n` items of `size` bytes, side by side at `args`; item i has `out_size` bytes for its result.
 * They are handed out in chunks of `chunk` items, in order; 0: svp_chunk(n, workers). Errors as svp_apply_async().
 * n may be 0, and is done at once.
 */
svp_res *svp_map_async(svp *p, svp_fn fn, const void *args, size_t n, size_t size, size_t out_size, size_t chunk);

/*
 * The same, waited for: n x out_size bytes at `out`. 0, or the code of the first item that failed (-EOWNERDEAD if the
 * worker that had its chunk died); the results of the others are there all the same.
 */
int svp_map(svp *p, svp_fn fn, const void *args, size_t n, size_t size, void *out, size_t out_size, size_t chunk);

/* ceil(n / (4 x workers)), as CPython has it; at least 1. */
size_t svp_chunk(size_t n, unsigned workers);

/* 0: it is done, well or not; -ETIMEDOUT: not within `seconds`. */
int svp_res_wait(svp_res *r, double seconds);

/*
 * Wait, and copy what fn left, at most `size` bytes, to `out` (may be NULL). May be asked again. Returns what fn
 * returned; of a map, 0 or the first negative code. Or:
 * -ETIMEDOUT   not done within `seconds`
 * -EOWNERDEAD  its worker died: svp_res_lost() says which and how
 * -ECANCELED   svp_terminate() came first
 * -EAGAIN      all workers are dead and no other could be made
 */
int svp_res_get(svp_res *r, void *out, size_t size, double seconds);

/* Who died with a task of `r` (the first such): 1, or 0 if none did. */
struct svp_lost {
	unsigned worker; /* its number, as in its name */
	pid_t pid;	 /* of a process; the master's own for a thread */
	int status;	 /* as of waitpid(2); of a thread that ended itself, or when somebody else collected it, -1 */
	size_t item;	 /* the first item of the lost chunk */
};
int svp_res_lost(const svp_res *r, struct svp_lost *lost);

/* Forget a result, done or not (the task itself goes on). NULL is fine. */
void svp_res_free(svp_res *r);

/* Nothing more will be submitted; what was is done, then the workers end. Does not wait. */
void svp_close(svp *p);

/*
 * End it now: what is not begun is not done. Processes get SIGTERM and, if they live a second later, SIGKILL. Threads
 * cannot be killed: their sleeping system calls are interrupted (by SIGURG, which has a handler of the pool's until
 * svp_join() is through), svp_stopping() becomes true, and the job has to look at it. Does not wait.
 */
void svp_terminate(svp *p);

/* Wait until all workers have ended, and collect them. -EINVAL unless closed or terminated. May be called again. */
int svp_join(svp *p);

/* The same with a limit; -ETIMEDOUT: some worker lives. */
int svp_join_for(svp *p, double seconds);

/* Terminate, join and free the pool with all its results. NULL is fine. */
void svp_free(svp *p);

/* ---- for jobs ---- */

/* The number of the worker that calls, or -1 outside of any. */
int svp_worker(void);

/* Has the pool of the calling worker been terminated? 0 outside of any. */
int svp_stopping(void);

/* Asleep for `seconds`: 0, or -EINTR as soon as svp_stopping(). Other signals do not shorten it. */
int svp_sleep(double seconds);

/* ---- queues ---- */

/*
 * A queue of up to `capacity` items of `item` bytes each (both at least 1), first in, first out. A shared one works
 * between the processes that are forked after this, pool workers among them; a private one between threads. Any process
 * may die at any time: at most the item is lost that it was taking. EINVAL, ENOMEM (too large).
 */
svq *svq_new(size_t item, size_t capacity, int shared);

/* Copy an item in, waiting for a place. -ETIMEDOUT; -EPIPE: closed; -EINTR: svp_stopping(). */
int svq_put(svq *q, const void *item, double seconds);

/* Copy the oldest item out, waiting for one. -ETIMEDOUT; -EPIPE: closed, and all that was in it is out; -EINTR. */
int svq_get(svq *q, void *item, double seconds);

/* Nothing more will be put; whoever waits is woken. */
void svq_close(svq *q);

/* Free the caller's process's view of it; of a shared queue the memory goes with the last. NULL is fine. */
void svq_free(svq *q);

#ifdef __cplusplus
}
#endif

#endif
