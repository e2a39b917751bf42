/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gil_lock.h - the lock that Python's threads share, by CPython's algorithm (Python/ceval_gil.c, since 3.2).
 *
 * One thread has it and computes. Who wants it waits for `interval_ns` at a time; when that has passed and the lock has
 * not changed hands, it sets the request. Who has it looks at the request where its program allows it, between two
 * bytecodes: gil_boundary(). If it is set, it gives the lock up and waits until another has taken it, so that it cannot
 * snatch it back, and then queues up itself. Nothing makes a thread give it up in the middle of a C call.
 *
 * Each tenure is marked as a job, numbered from 0. CPython has a second mutex for the hand-over; here one does both.
 */
#ifndef SCHEDVIZ_WORKLOADS_GIL_LOCK_H
#define SCHEDVIZ_WORKLOADS_GIL_LOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct gil {
	pthread_mutex_t mutex;
	pthread_cond_t freed;	 /* it is free now */
	pthread_cond_t switched; /* it has another owner now */
	uint64_t interval_ns;
	uint64_t tenures; /* so far; the number of the next one */
	int request;	  /* atomic: somebody has waited for an interval */
	bool locked;
};

void gil_init(struct gil *g, uint64_t interval_ns); /* for threads of one process */
void gil_destroy(struct gil *g);

void gil_take(struct gil *g);
/* Give it up; when asked to, return only after another has it. */
void gil_drop(struct gil *g);
/* Between two bytecodes, having it: let another have a turn if one asks for it. */
void gil_boundary(struct gil *g);

#endif
