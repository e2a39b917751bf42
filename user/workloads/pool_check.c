/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pool_check.c - the workload `pool` held against its theory: who did what, who woke whom, and what that shows.
 */
#include "workloads/pool.h"

#include <inttypes.h>
#include <stdlib.h>
#include "base/alloc.h"

/* Taking a task that waits is a few microseconds' work; a millisecond is what a noisy virtual machine makes of it. */
#define TAKEN_WITHIN_NS NSEC_PER_MSEC

struct done {
	uint64_t jobs;	  /* that were finished */
	uint64_t workers; /* that did any */
	uint64_t most;	  /* jobs of one worker */
	uint64_t first_end_ns, last_begin_ns;
	const struct job *last; /* the last to begin */
};

static bool is_done(const struct job *j)
{
	return j->started_ns != UINT64_MAX && j->finished_ns != UINT64_MAX;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Runs of equal numbers: how many there are, and the longest. */
static void count_workers(uint32_t *who, size_t n, struct done *d)
{
	uint64_t run = 0;

	qsort(who, n, sizeof(*who), by_number);
	for (size_t i = 0; i < n; i++) {
		run = i && who[i] == who[i - 1] ? run + 1 : 1;
		d->workers += run == 1;
		d->most = run > d->most ? run : d->most;
	}
}

static struct done done_of(const struct evidence *ev)
{
	struct done d = { .first_end_ns = UINT64_MAX };
	size_t nr;
	const struct job *jobs = model_jobs(ev->model, &nr);
	uint32_t *who = xcalloc(nr ? nr : 1, sizeof(*who));

	for (size_t i = 0; i < nr; i++) {
		const struct job *j = &jobs[i];

		if (!is_done(j))
			continue;
		who[d.jobs++] = j->worker.i;
		d.first_end_ns = j->finished_ns < d.first_end_ns ? j->finished_ns : d.first_end_ns;
		if (!d.last || j->started_ns > d.last_begin_ns) {
			d.last = j;
			d.last_begin_ns = j->started_ns;
		}
	}
	count_workers(who, d.jobs, &d);
	free(who);
	return d;
}

/* ---- who wakes whom ---- */

static uint64_t edges(const struct evidence *ev, const char *from, const char *to)
{
	return evidence_edges(ev, from, to, EVIDENCE_HAND_OFF, ev->wall);
}

static void check_pipe(uint64_t w, uint64_t n, const struct evidence *ev, struct report *r)
{
	(void)n;
	report_count(r, edges(ev, "pool", "worker*"), w, w, "wake-ups of workers by the master: each once");
	report_count(r, edges(ev, "worker*", "worker*"), 0, 0, "wake-ups among workers");
}

static void check_lockpipe(uint64_t w, uint64_t n, const struct evidence *ev, struct report *r)
{
	(void)n;
	report_count(r, edges(ev, "pool", "worker*"), 1, 1, "wake-ups of workers by the master: the first");
	report_count(r, edges(ev, "worker*", "worker*"), w - 1, w - 1, "wake-ups among workers: a baton");
}

/* A worker that has just given its result back may be dealt the next task before it is asleep: no wake-up. */
static void check_socketpair(uint64_t w, uint64_t n, const struct evidence *ev, struct report *r)
{
	uint64_t later = n > w ? n - w : 0;

	report_count(r, edges(ev, "pool", "worker*"), n + w - 2 * later, n + w,
		     "wake-ups of workers by the master: a task, the end");
	report_count(r, edges(ev, "worker*", "pool"), 1, n + w, "wake-ups of the master by results and ends");
	report_count(r, edges(ev, "worker*", "worker*"), 0, 0, "wake-ups among workers");
}

static void check_futex(uint64_t w, uint64_t n, const struct evidence *ev, struct report *r)
{
	report_count(r, edges(ev, "pool", "worker*"), w, n + w, "wake-ups of workers by the master: one a submit");
	report_count(r, edges(ev, "worker*", "worker*"), 0, w, "wake-ups among workers");
}

static void (*const checks[])(uint64_t w, uint64_t n, const struct evidence *ev, struct report *r) = {
	[HANDOFF_PIPE] = check_pipe,
	[HANDOFF_LOCKPIPE] = check_lockpipe,
	[HANDOFF_SOCKETPAIR] = check_socketpair,
	[HANDOFF_FUTEX] = check_futex,
};

/* Is it the plain case, in which every wake-up can be foretold: all are idle, then more tasks than workers come? */
static bool is_plain(const struct pool_cfg *p)
{
	return p->api == API_APPLY_ASYNC && !p->max_tasks && !p->terminate_ns && !p->ondemand && p->c.sleep_ns &&
	       !p->c.work_ns && p->c.tasks >= p->c.workers;
}

/* ---- the check ---- */

/* Cut short: no more is done than there was time for. */
static void check_terminated(const struct pool_cfg *p, const struct done *d, struct report *r)
{
	uint64_t rounds = p->c.sleep_ns ? p->terminate_ns / p->c.sleep_ns : p->c.tasks;
	uint64_t most = rounds >= p->c.tasks ? p->c.tasks : rounds * p->c.workers;

	report_count(r, d->jobs, 0, most < p->c.tasks ? most : p->c.tasks, "tasks done before it was terminated");
}

void pool_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	const struct pool_cfg *p = (const struct pool_cfg *)cfg;
	uint64_t n = cfg->tasks, w = cfg->workers, rounds = (n + w - 1) / w;
	struct done d = done_of(ev);

	if (p->terminate_ns) {
		check_terminated(p, &d, r);
		return;
	}
	report_count(r, d.jobs, n, n, "tasks done");
	report_count(r, d.most,
		     p->max_tasks	   ? 1
		     : p->api == API_APPLY ? 1
					   : rounds,
		     p->max_tasks ? p->max_tasks : n, "most tasks of one worker");
	if (!is_plain(p))
		return;
	report_count(r, d.workers, w, w, "workers that did tasks");
	if (n == w + 1 && d.last)
		report_ns(r, d.last_begin_ns > d.first_end_ns ? d.last_begin_ns - d.first_end_ns : 0, 0,
			  TAKEN_WITHIN_NS, "from the first task's end to the last one's begin");
	checks[p->handoff](w, n, ev, r);
}

/* ---- what it shows ---- */

static const char *const handoff_stories[] = {
	[HANDOFF_PIPE] =
		"All idle workers slept in read on one pipe, and the kernel picked who got the next task: the master "
		"woke each of them, once.",
	[HANDOFF_LOCKPIPE] =
		"One idle worker slept in read, holding the lock of the pipe; the others slept until it let go. "
		"So the master woke one, that one the next, and so on: a baton, as in Python.",
	[HANDOFF_SOCKETPAIR] = "The master dealt: each task woke the worker it was for, each result woke the master.",
	[HANDOFF_FUTEX] = "Idle workers slept in futex on one word in shared memory; each submit woke one of them.",
};

static void explain_last(const struct evidence *ev, const struct done *d, struct buf *out)
{
	const struct task *t = d->last && task_some(d->last->worker) ? model_task(ev->model, d->last->worker) : NULL;

	if (!t || d->last_begin_ns < d->first_end_ns)
		return;
	buf_printf(out, "Task %" PRIu64 " had to wait; %s took it ", d->last->id, t->name);
	fmt_duration(out, d->last_begin_ns - d->first_end_ns, true);
	buf_puts(out,
		 " after the first of the others was done. Which worker that is differs from run to run: it goes to "
		 "whoever reaches the queue first, not to the first process. ");
}

void pool_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	const struct pool_cfg *p = (const struct pool_cfg *)cfg;
	struct done d = done_of(ev);

	if (p->terminate_ns) {
		buf_printf(out,
			   "The pool was terminated: %" PRIu64 " of %" PRIu64
			   " tasks had been done, those in hand were cut "
			   "short in the middle of their sleep, and the rest was never begun. ",
			   d.jobs, cfg->tasks);
		return;
	}
	buf_printf(out, "%s %" PRIu64 " workers. ",
		   p->ondemand
			   ? "A worker was made only when a task came and none was idle, up to"
			   : "The pool made all its workers before the first task came, as Python's Pool does (making "
			     "them when they are needed is --ondemand): all",
		   cfg->workers);
	if (cfg->tasks > cfg->workers && is_plain(p))
		explain_last(ev, &d, out);
	buf_puts(out, handoff_stories[p->handoff]);
	if (p->max_tasks)
		buf_printf(out, " After %" PRIu64 " task%s a worker ended and a fresh one took its place.",
			   p->max_tasks, p->max_tasks == 1 ? "" : "s");
}
