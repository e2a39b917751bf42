/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gil_lock.c - taking turns on request: a mutex, two conditions, a flag.
 */
#include "workloads/gil_lock.h"

#include <errno.h>
#include <time.h>
#include "base/fmt.h"
#include "base/schedviz_mark.h"

void gil_init(struct gil *g, uint64_t interval_ns)
{
	pthread_condattr_t attr;

	*g = (struct gil){ .interval_ns = interval_ns };
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&g->mutex, NULL);
	pthread_cond_init(&g->freed, &attr);
	pthread_cond_init(&g->switched, &attr);
	pthread_condattr_destroy(&attr);
}

void gil_destroy(struct gil *g)
{
	pthread_cond_destroy(&g->switched);
	pthread_cond_destroy(&g->freed);
	pthread_mutex_destroy(&g->mutex);
}

/* One wait of an interval at most; true: it has passed. */
static bool interval_passes(struct gil *g)
{
	uint64_t until_ns = schedviz_mark_now() + g->interval_ns;
	struct timespec until = { .tv_sec = (time_t)(until_ns / NSEC_PER_SEC),
				  .tv_nsec = (long)(until_ns % NSEC_PER_SEC) };

	return pthread_cond_timedwait(&g->freed, &g->mutex, &until) == ETIMEDOUT;
}

void gil_take(struct gil *g)
{
	pthread_mutex_lock(&g->mutex);
	while (g->locked) {
		uint64_t seen = g->tenures;

		if (interval_passes(g) && g->locked && g->tenures == seen)
			__atomic_store_n(&g->request, 1, __ATOMIC_RELAXED);
	}
	g->locked = true;
	schedviz_mark_start(g->tenures++);
	__atomic_store_n(&g->request, 0, __ATOMIC_RELAXED);
	pthread_cond_signal(&g->switched);
	pthread_mutex_unlock(&g->mutex);
}

void gil_drop(struct gil *g)
{
	bool asked;
	uint64_t mine;

	pthread_mutex_lock(&g->mutex);
	mine = g->tenures;
	asked = __atomic_load_n(&g->request, __ATOMIC_RELAXED);
	schedviz_mark_finish(mine - 1);
	g->locked = false;
	pthread_cond_signal(&g->freed);
	while (asked && g->tenures == mine)
		pthread_cond_wait(&g->switched, &g->mutex);
	pthread_mutex_unlock(&g->mutex);
}

void gil_boundary(struct gil *g)
{
	if (!__atomic_load_n(&g->request, __ATOMIC_RELAXED))
		return;
	gil_drop(g);
	gil_take(g);
}
