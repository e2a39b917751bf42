/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * roles.h - tells threads of one name apart by the part they play: what they sleep in, who wakes them, whom they wake.
 *
 * A model sink, of the whole recording whatever the window: a thread does not change its part when one looks closer.
 * Memory is a fixed struct per task. Only who cannot be told by name has a role: a thread that shares its name with
 * another thread of its process, or the child of a fork without exec that shares its parent's. Nobody's name is
 * looked at beyond that, so a program in C that does the same is called the same. Thin evidence is no role.
 *
 * "Mostly in X" is: asleep for half of its life or more and for 1 ms, and 90 % of that in the call X.
 *
 * WORKER_HANDLER, TASK_HANDLER, RESULT_HANDLER. A process pool as CPython's Lib/multiprocessing/pool.py makes it (the
 *   same from 3.8 to 3.13): Pool.__init__ starts three threads one after the other. _handle_workers waits for its
 *   children and for changes (connection.wait(): poll), _handle_tasks in a queue.SimpleQueue (a lock: futex) and writes
 *   what it gets to a pipe, _handle_results reads another pipe. So: three threads of one name with their leader, born
 *   one right after the other, mostly in poll, futex and read; and a child took part, that is, it was woken out of a
 *   read by the second or woke the third out of one.
 * WORKER. A child of such a process, by fork without exec: pool.py's worker() takes tasks from a SimpleQueue of
 *   Lib/multiprocessing/queues.py, a lock (futex) around a pipe (read), and puts results into another. So: there was a
 *   wake-up out of one of the two between it and another child, or out of a read between it and the handlers.
 * FEEDER. Queue._feed() of Lib/multiprocessing/queues.py: a thread of the writing process that waits on a condition
 *   (futex) for put() and writes the pipe that another process reads. So: a thread, not the leader, mostly in futex,
 *   woken out of it by its own process, which twice or more woke a process of the same name out of a read.
 * GIL_WAITER. take_gil() of Python/ceval_gil.c (ceval_gil.h before 3.12): who wants the global interpreter lock waits
 *   on a condition for the switch interval, 5 ms unless sys.setswitchinterval() says otherwise, then asks the holder
 *   to let go and waits again, until the holder signals the condition. So: of its futex sleeps that a timer ended, 5
 *   or more and 80 % lasted ROLE_GIL_LEAST_NS to ROLE_GIL_MOST_NS (the timer is late by the 50 us of timer slack);
 *   during 90 % of these another thread of its process was on a CPU; once or more such a thread ended its sleep on the
 *   same condition; and they make up half of its sleep. Another interval is not recognised. A leader may be one.
 * WAITER. Any other thread, not the leader, that is mostly in futex.
 */
#ifndef SCHEDVIZ_ANALYSIS_ROLES_H
#define SCHEDVIZ_ANALYSIS_ROLES_H

#include "model/model.h"

enum role {
	ROLE_NONE,
	ROLE_WORKER_HANDLER,
	ROLE_TASK_HANDLER,
	ROLE_RESULT_HANDLER,
	ROLE_WORKER,
	ROLE_FEEDER,
	ROLE_GIL_WAITER,
	ROLE_WAITER,
	NR_ROLES
};

#define ROLE_GIL_LEAST_NS 4900000ull
#define ROLE_GIL_MOST_NS 5500000ull

enum role_call { CALL_OTHER, CALL_FUTEX, CALL_POLL, CALL_READ, NR_ROLE_CALLS };

#define ROLE_SYSCALLS 512u /* the calls that matter have lower numbers everywhere */

/* Somebody of another process whom a task woke out of such a sleep. */
struct role_met {
	task_id who;
	uint32_t reads, futexes; /* out of either, as often; both 0: nobody */
};

#define ROLE_MET 4 /* the first so many: one may be enough, more are never needed */

/* Sleeps that a timer ended after about the switch interval. */
struct role_waits {
	uint64_t count, ns;
};

/* What speaks for a role. */
struct role_facts {
	uint64_t ns[NR_ROLE_CALLS];	   /* asleep since its process has threads, by call; blocked is CALL_OTHER */
	uint32_t timeouts;		   /* futex sleeps that a timer ended */
	uint32_t kin_wakes;		   /* and those that a thread of its process did */
	struct role_waits gil, gil_inside; /* those of about the interval: in all, and ending inside the window */
	uint64_t gil_arg;		   /* the condition */
	uint32_t gil_busy;		   /* of them, during which another thread of the process ran */
	uint32_t gil_handed;		   /* sleeps on that condition that another thread of the process ended */
	struct role_met met[ROLE_MET];
	uint64_t ran_ns;  /* of a leader: when a thread of its process last left a CPU */
	uint32_t running; /* and how many of them are on a CPU now */
	enum role role;	  /* after roles_finish() */
};

/* What is looked at whenever any task of any program sleeps or wakes: small, and kept together. */
struct role_kin {
	uint32_t leader; /* of its process; itself for a leader */
	uint32_t parent; /* leader of its parent's process; itself when that is not known */
	uint32_t known;	 /* index + 1 of whom it woke often enough to be sure; UINT32_MAX: anybody; 0: nobody */
	bool threaded;	 /* its process has had more than one thread */
	bool on_cpu;	 /* kept for the threaded only */
};

/* Both by task_id.i. */
struct roles {
	struct role_facts *v;
	struct role_kin *kin;
	uint32_t n, cap;
	uint8_t call_of[ROLE_SYSCALLS]; /* enum role_call by number, on the recording's arch */
	struct window window;
	struct model *const *model;
};

/*
 * The sink to hand to model_build(), with `model` the place that model_build() is told to put the model in: it is
 * looked at during the pass. The window is the one that roles_gil() counts in.
 */
void roles_init(struct roles *r, struct window window, struct model *const *model, struct model_sink *sink);
void roles_finish(struct roles *r); /* after model_build(): judges */
void roles_release(struct roles *r);

enum role roles_of(const struct roles *r, task_id id);
/* Of a GIL_WAITER: how often, and how long in all, within the window. Zeroes for others. */
struct role_waits roles_gil(const struct roles *r, task_id id);

#endif
