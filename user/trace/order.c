/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * order.c - owns sorting without disturbing equals, which qsort(3) does not promise.
 */
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "trace/order.h"

/* Merge v[0..mid) and v[mid..n) with the help of room for mid things. */
static void merge(char *v, size_t mid, size_t n, size_t size, bool (*before)(const void *, const void *), char *room)
{
	const char *left = room, *left_end = room + mid * size;
	const char *right = v + mid * size, *right_end = v + n * size;

	memcpy(room, v, mid * size);
	while (left < left_end && right < right_end) {
		const char **from = before(right, left) ? &right : &left;

		memcpy(v, *from, size);
		*from += size;
		v += size;
	}
	memcpy(v, left, (size_t)(left_end - left));
}

static void sort_part(char *v, size_t n, size_t size, bool (*before)(const void *, const void *), char *room)
{
	size_t mid = n / 2;

	if (n < 2)
		return;
	sort_part(v, mid, size, before, room);
	sort_part(v + mid * size, n - mid, size, before, room);
	if (before(v + mid * size, v + (mid - 1) * size))
		merge(v, mid, n, size, before, room);
}

void stable_sort(void *v, size_t n, size_t size, bool (*before)(const void *, const void *))
{
	char *room;

	if (n < 2)
		return;
	room = xmalloc(n / 2 * size);
	sort_part(v, n, size, before, room);
	free(room);
}

static bool event_before_any(const void *a, const void *b)
{
	return event_before(a, b);
}

void events_sort(struct event *v, size_t n)
{
	stable_sort(v, n, sizeof(*v), event_before_any);
}
