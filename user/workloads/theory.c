/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * theory.c - when tasks must have ended, by arithmetic alone.
 */
#include "workloads/theory.h"

#include <inttypes.h>
#include <stdlib.h>
#include "base/alloc.h"

static uint64_t lesser(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t greater(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t task_ns(const struct theory_task *t)
{
	return t->sleep_ns + t->work_ns;
}

/* free_ns[] is a heap, the worker that is free first on top: put its later time where it belongs. */
static void heap_sink(uint64_t *free_ns, uint64_t n)
{
	uint64_t at = 0, child, moved = free_ns[0];

	while ((child = 2 * at + 1) < n) {
		if (child + 1 < n && free_ns[child + 1] < free_ns[child])
			child++;
		if (moved <= free_ns[child])
			break;
		free_ns[at] = free_ns[child];
		at = child;
	}
	free_ns[at] = moved;
}

uint64_t theory_list_ns(const struct theory_task *tasks, uint64_t n, uint64_t workers)
{
	uint64_t *free_ns = xcalloc(workers, sizeof(*free_ns)), last_ns = 0;

	for (uint64_t i = 0; i < n; i++) {
		free_ns[0] += task_ns(&tasks[i]);
		last_ns = greater(last_ns, free_ns[0]);
		heap_sink(free_ns, workers);
	}
	free(free_ns);
	return last_ns;
}

static int by_length(const void *a, const void *b)
{
	uint64_t x = task_ns(a), y = task_ns(b);

	return x < y ? -1 : x > y;
}

struct sums {
	uint64_t sleep_ns, work_ns; /* of all tasks */
	uint64_t longest_ns;	    /* of one */
	uint64_t crowd_ns;	    /* of the ceil(n/workers) shortest: some worker must do as many */
};

static struct sums sums_of(const struct theory_task *tasks, uint64_t n, uint64_t workers)
{
	struct theory_task *sorted = xcalloc(n, sizeof(*sorted));
	struct sums s = { 0 };

	for (uint64_t i = 0; i < n; i++)
		sorted[i] = tasks[i];
	qsort(sorted, n, sizeof(*sorted), by_length);
	for (uint64_t i = 0; i < n; i++) {
		s.sleep_ns += sorted[i].sleep_ns;
		s.work_ns += sorted[i].work_ns;
		if (i < (n + workers - 1) / workers)
			s.crowd_ns += task_ns(&sorted[i]);
	}
	s.longest_ns = task_ns(&sorted[n - 1]);
	free(sorted);
	return s;
}

/*
 * From below: one worker's share, all CPUs' share, the longest task. From above: until the last task ends, each moment
 * either has every CPU busy, of which there are work/cpus at most, or everything that wants a CPU has one. Of those,
 * the last task's own life holds at most its length; before it began all workers were busy, more than workers - cpus of
 * them asleep, so there are at most sleep/(workers - cpus + 1), nor more than the other tasks' lengths allow.
 */
struct theory_range theory_bounds(const struct theory_task *tasks, uint64_t n, uint64_t workers, uint64_t cpus)
{
	uint64_t busy = lesser(workers, n), all_ns, list_ns;
	struct theory_range r;
	struct sums s;

	if (busy <= 1 || busy <= cpus) {
		list_ns = theory_list_ns(tasks, n, busy);
		return (struct theory_range){ list_ns, list_ns };
	}
	s = sums_of(tasks, n, busy);
	all_ns = s.sleep_ns + s.work_ns;
	r.min_ns = greater(greater(all_ns / busy, s.work_ns / cpus), greater(s.longest_ns, s.crowd_ns));
	r.max_ns = s.work_ns / cpus + s.longest_ns +
		   lesser(s.sleep_ns / (busy - cpus + 1), (all_ns - s.longest_ns) / busy);
	return r;
}

static int by_sleep(const void *a, const void *b)
{
	const struct theory_task *x = a, *y = b;

	return x->sleep_ns < y->sleep_ns ? -1 : x->sleep_ns > y->sleep_ns;
}

uint64_t theory_one_server_ns(const struct theory_task *tasks, uint64_t n)
{
	struct theory_task *sorted = xcalloc(n ? n : 1, sizeof(*sorted));
	uint64_t free_ns = 0;

	for (uint64_t i = 0; i < n; i++)
		sorted[i] = tasks[i];
	qsort(sorted, n, sizeof(*sorted), by_sleep);
	for (uint64_t i = 0; i < n; i++)
		free_ns = greater(free_ns, sorted[i].sleep_ns) + sorted[i].work_ns;
	free(sorted);
	return free_ns;
}

void theory_time(struct buf *out, uint64_t ns)
{
	static const struct {
		uint64_t ns;
		const char *name;
	} units[] = { { NSEC_PER_SEC, "s" }, { NSEC_PER_MSEC, "ms" }, { NSEC_PER_USEC, "us" }, { 1, "ns" } };
	size_t u = 0, end;
	uint64_t thousandths;

	while (units[u].ns > 1 && ns < units[u].ns)
		u++;
	thousandths = (ns * 1000 + units[u].ns / 2) / units[u].ns;
	buf_printf(out, "%" PRIu64 ".%03" PRIu64, thousandths / 1000, thousandths % 1000);
	for (end = out->len; out->data[end - 1] == '0'; end--)
		;
	out->len = end - (out->data[end - 1] == '.');
	buf_printf(out, " %s", units[u].name);
}

void theory_set(struct facts *out, const char *text, struct theory_range wall)
{
	facts_set(out, "theory.text", text);
	facts_setf(out, "theory.wall_min_ns", "%" PRIu64, wall.min_ns);
	facts_setf(out, "theory.wall_max_ns", "%" PRIu64, wall.max_ns);
}
