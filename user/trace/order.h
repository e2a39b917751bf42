/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * order.h - the one order in which events are given out, and sorting that keeps equals as they came.
 */
#ifndef SCHEDVIZ_TRACE_ORDER_H
#define SCHEDVIZ_TRACE_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include "trace/event.h"

/* Does `a` come strictly before `b`: by time, then by kind as in enum event_kind, then by CPU? */
static inline bool event_before(const struct event *a, const struct event *b)
{
	if (a->ts_ns != b->ts_ns)
		return a->ts_ns < b->ts_ns;
	if (a->kind != b->kind)
		return a->kind < b->kind;
	return a->cpu < b->cpu;
}

void events_sort(struct event *v, size_t n);

/* Merge sort of n things of `size` bytes; `before` as event_before(). Cheap when they are in order already. */
void stable_sort(void *v, size_t n, size_t size, bool (*before)(const void *a, const void *b));

#endif
