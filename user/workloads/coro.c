/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * coro.c - the workload `coro`: a thousand coroutines that sleep, in one task with an event loop.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/schedviz_mark.h"
#include "workloads/burn.h"
#include "workloads/decimal.h"
#include "workloads/theory.h"
#include "workloads/workload.h"

#define MAX_TASKS 100000
#define TASKS 1000
#define TASKS_BLOCKING 3
#define WAIT "epoll_wait,epoll_pwait,epoll_pwait2"

struct coro_cfg {
	struct workload_cfg c; /* tasks 0: not given */
	bool blocking;
};

static const struct opt coro_opts[] = {
	OPT_U64('n', "tasks", struct coro_cfg, c.tasks, 1, MAX_TASKS, "N", "coroutines (1000; 3 with --blocking)"),
	OPT_DURATION(0, "sleep", struct coro_cfg, c.sleep_ns, NSEC_PER_USEC, WORKLOAD_MAX_NS,
		     "how long each sleeps (1s)"),
	OPT_DURATION(0, "work", struct coro_cfg, c.work_ns, 0, WORKLOAD_MAX_NS, "CPU time each uses after that (0)"),
	OPT_FLAG(0, "blocking", struct coro_cfg, blocking, "they sleep in the kernel and not in the event loop"),
	WORKLOAD_SEED_OPT(struct coro_cfg, c),
	WORKLOAD_OPTS(struct coro_cfg, c),
	OPT_END
};

static bool is_blocking(const struct workload_cfg *cfg)
{
	return ((const struct coro_cfg *)cfg)->blocking;
}

static void coro_defaults(struct workload_cfg *cfg)
{
	*(struct coro_cfg *)cfg = (struct coro_cfg){ .c = { .repeat = 1, .sleep_ns = NSEC_PER_SEC } };
}

static int coro_prepare(struct workload_cfg *cfg, struct err *e)
{
	if (!cfg->tasks)
		cfg->tasks = is_blocking(cfg) ? TASKS_BLOCKING : TASKS;
	if (cfg->sleep_ns < NSEC_PER_USEC)
		return err_set(e, -EINVAL, "a sleep below 1 us is none - give a longer --sleep or --scale");
	return 0;
}

static struct theory_task length_of(const struct workload_cfg *cfg, uint64_t i)
{
	return (struct theory_task){ workload_vary(cfg->sleep_ns, cfg->seed, i),
				     workload_vary(cfg->work_ns, cfg->seed, i) };
}

/* ---- theory ---- */

/* Blocking: one after the other. Else all sleep at once, and the one task does the work of each in turn. */
static uint64_t wall_ns(const struct workload_cfg *cfg)
{
	struct theory_task *tasks = xcalloc(cfg->tasks, sizeof(*tasks));
	uint64_t ns;

	for (uint64_t i = 0; i < cfg->tasks; i++)
		tasks[i] = length_of(cfg, i);
	ns = is_blocking(cfg) ? theory_list_ns(tasks, cfg->tasks, 1) : theory_one_server_ns(tasks, cfg->tasks);
	free(tasks);
	return ns;
}

static void coro_predict(const struct workload_cfg *cfg, struct facts *out)
{
	uint64_t ns = wall_ns(cfg);
	struct buf text = { 0 };

	buf_printf(&text, "%" PRIu64, cfg->tasks);
	if (cfg->seed) {
		buf_puts(&text, is_blocking(cfg) ? " lengths in turn = " : " lengths at once = ");
	} else if (is_blocking(cfg)) {
		buf_puts(&text, " x ");
		theory_time(&text, cfg->sleep_ns + cfg->work_ns);
		buf_puts(&text, " = ");
	} else {
		buf_printf(&text, " sleep%s of ", cfg->tasks == 1 ? "" : "s");
		theory_time(&text, cfg->sleep_ns);
		buf_puts(&text, cfg->tasks == 1 ? "" : " at once");
		if (cfg->work_ns) {
			buf_printf(&text, " + %" PRIu64 " x ", cfg->tasks);
			theory_time(&text, cfg->work_ns);
		}
		buf_puts(&text, " = ");
	}
	theory_time(&text, ns);
	theory_set(out, buf_str(&text), (struct theory_range){ ns, ns });
	buf_release(&text);
}

/* ---- the run: coroutines and their loop ---- */

enum resume_at { AT_BEGIN, AFTER_SLEEP, AT_END };

/* What a coroutine keeps while it does not run: where to go on, and when. */
struct coro {
	uint64_t id, due_ns;
	enum resume_at at;
};

struct loop {
	const struct workload_cfg *cfg;
	uint64_t now_ns;   /* read once a round, as event loops do: who begins in one round is due at one instant */
	struct coro **due; /* a heap, the next on top */
	uint64_t nr_due;
	int epoll, timer;
};

static void heap_swap(struct loop *l, uint64_t a, uint64_t b)
{
	struct coro *moved = l->due[a];

	l->due[a] = l->due[b];
	l->due[b] = moved;
}

static void heap_push(struct loop *l, struct coro *c)
{
	uint64_t at = l->nr_due++;

	l->due[at] = c;
	for (; at && l->due[at]->due_ns < l->due[(at - 1) / 2]->due_ns; at = (at - 1) / 2)
		heap_swap(l, at, (at - 1) / 2);
}

static struct coro *heap_pop(struct loop *l)
{
	struct coro *top = l->due[0];
	uint64_t at = 0, child;

	l->due[0] = l->due[--l->nr_due];
	while ((child = 2 * at + 1) < l->nr_due) {
		if (child + 1 < l->nr_due && l->due[child + 1]->due_ns < l->due[child]->due_ns)
			child++;
		if (l->due[at]->due_ns <= l->due[child]->due_ns)
			break;
		heap_swap(l, at, child);
		at = child;
	}
	return top;
}

/* Marked as jobs are the times in which the task is busy with one coroutine; while it awaits it is nobody's job. */
static void coro_work(const struct loop *l, const struct coro *c, uint64_t work_ns)
{
	if (!is_blocking(l->cfg) && work_ns)
		schedviz_mark_start(c->id);
	burn(work_ns);
	decimal_eight_to_the_20th();
	if (is_blocking(l->cfg) || work_ns)
		schedviz_mark_finish(c->id);
}

/* Let a coroutine run to its next sleep, or its end. To await a sleep is to ask the loop for a time and to return. */
static void coro_resume(struct loop *l, struct coro *c)
{
	struct theory_task length = length_of(l->cfg, c->id);

	switch (c->at) {
	case AT_BEGIN:
		c->at = AFTER_SLEEP;
		if (!is_blocking(l->cfg)) {
			c->due_ns = l->now_ns + length.sleep_ns;
			heap_push(l, c);
			return;
		}
		schedviz_mark_start(c->id);
		workload_sleep(length.sleep_ns); /* the whole loop sleeps */
		__attribute__((fallthrough));
	case AFTER_SLEEP:
		coro_work(l, c, length.work_ns);
		c->at = AT_END;
		return;
	case AT_END:
		return;
	}
}

/* Asleep until the next one is due. */
static int loop_wait(struct loop *l)
{
	uint64_t ns = l->due[0]->due_ns, expired;
	struct itimerspec at = { .it_value = { .tv_sec = (time_t)(ns / NSEC_PER_SEC),
					       .tv_nsec = (long)(ns % NSEC_PER_SEC) } };
	struct epoll_event event;

	if (timerfd_settime(l->timer, TFD_TIMER_ABSTIME, &at, NULL) < 0)
		return -errno;
	while (epoll_wait(l->epoll, &event, 1, -1) < 0)
		if (errno != EINTR)
			return -errno;
	return read(l->timer, &expired, sizeof(expired)) < 0 && errno != EAGAIN ? -errno : 0;
}

static int loop_run(struct loop *l, struct coro *coros, struct err *e)
{
	int ret;

	l->now_ns = schedviz_mark_now();
	for (uint64_t i = 0; i < l->cfg->tasks; i++) {
		coros[i].id = i;
		coro_resume(l, &coros[i]);
	}
	while (l->nr_due) {
		ret = loop_wait(l);
		if (ret < 0)
			return err_sys(e, ret, "the event loop cannot wait");
		l->now_ns = schedviz_mark_now();
		while (l->nr_due && l->due[0]->due_ns <= l->now_ns)
			coro_resume(l, heap_pop(l));
	}
	return 0;
}

static int loop_open(struct loop *l, struct err *e)
{
	struct epoll_event event = { .events = EPOLLIN };

	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (l->epoll < 0 || l->timer < 0 || epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->timer, &event) < 0)
		return err_sys(e, -errno, "cannot make an event loop");
	return 0;
}

static int coro_run(const struct workload_cfg *cfg)
{
	struct loop l = { .cfg = cfg, .epoll = -1, .timer = -1 };
	struct coro *coros = xcalloc(cfg->tasks, sizeof(*coros));
	struct err e = { 0 };
	uint64_t from_ns, ns;
	int ret;

	ret = workload_enter("coro", cfg, &e);
	if (ret == 0)
		ret = loop_open(&l, &e);
	if (ret == 0) {
		schedviz_mark_noun("coroutine");
		workload_map_program();
		if (cfg->work_ns)
			burn_calibrate();
		l.due = xcalloc(cfg->tasks, sizeof(*l.due));
		from_ns = schedviz_mark_now();
		ret = loop_run(&l, coros, &e);
		ns = schedviz_mark_now() - from_ns;
		schedviz_mark_wall(from_ns, from_ns + ns);
		workload_say("coro (%d) %" PRIu64 " coroutines in one task: %.4f s", getpid(), cfg->tasks,
			     (double)ns / (double)NSEC_PER_SEC);
	}
	free(l.due);
	free(coros);
	if (l.epoll >= 0)
		close(l.epoll);
	if (l.timer >= 0)
		close(l.timer);
	return ret < 0 ? workload_failed(&e) : 0;
}

/* ---- the check ---- */

static const char *sleeps_in(const struct workload_cfg *cfg)
{
	return is_blocking(cfg) ? EVIDENCE_TIMED : WAIT;
}

/*
 * The kernel sees one task, which sleeps once for each instant at which something is due: once if all are due at one,
 * at most n times. Blocking: n times, each ended before the next begins.
 */
static void coro_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	task_id coro = evidence_one(ev, "coro");
	struct evidence_sleeps s = evidence_sleeps(ev, coro, sleeps_in(cfg), ev->wall);
	uint64_t most = is_blocking(cfg) || cfg->seed ? cfg->tasks : 1;

	report_count(r, ev->tasks.n, 1, 1, "tasks that the kernel scheduled");
	report_count(r, s.n, is_blocking(cfg) ? most : 1, most, "sleeps in %s",
		     is_blocking(cfg) ? "clock_nanosleep" : "epoll_wait");
	report_count(r, s.by_timer, s.n, s.n, "of them ended by a timer");
	report_count(r, evidence_switches(ev, coro, OUT_VOLUNTARY, ev->wall), is_blocking(cfg) ? most : 1, most,
		     "times it gave up its CPU, for %" PRIu64 " coroutines", cfg->tasks);
}

static void coro_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	task_id coro = evidence_one(ev, "coro");
	struct evidence_sleeps s = evidence_sleeps(ev, coro, sleeps_in(cfg), ev->wall);

	buf_printf(out, "%" PRIu64 " coroutines, and one lane: the kernel knows only the task coro, which ",
		   cfg->tasks);
	buf_printf(out, "slept %" PRIu64 " time%s, ", s.n, s.n == 1 ? "" : "s");
	fmt_duration(out, s.ns, true);
	buf_puts(out, " in all, and ran ");
	fmt_duration(out, evidence_ns(ev, coro, STATE_RUNNING, ev->wall), true);
	buf_puts(out,
		 is_blocking(cfg)
			 ? ". Each coroutine slept in the kernel and with it the task, so no other could go on: their "
			   "lengths add up as in seq. In a coroutine one may only await, never block. Compare without "
			   "--blocking."
			 : ". A coroutine that awaits a sleep is an entry in a list of times; the event loop asks "
			   "the kernel for one timer, the next, and sleeps in epoll_wait. So they overlap at almost "
			   "no cost; but they are served one at a time, on one CPU, and one that blocks stops them "
			   "all. Compare with --blocking and with --work.");
}

const struct workload workload_coro = {
	.name = "coro",
	.group = GROUP_PYTHON,
	.summary = "1000 coroutines sleep at once, in a single task",
	.lesson = "A thousand coroutines sleep 1 s each, in one process with one thread: it takes one second. They "
		  "are no tasks of the kernel's. An event loop keeps their times in a list, sleeps until the first "
		  "is due, lets that one go on, and so forth. With --blocking a coroutine sleeps by itself, without "
		  "the loop: then everything stands still, and the times add up.",
	.theory = "The longest sleep; with --work the one task does all of it in turn: for equal ones S + n x C. "
		  "With --blocking: n x (S + C).",
	.look = "A single lane that hardly ever runs. With --blocking the same lane, as long as there are "
		"coroutines; with --work one solid stroke at the end.",
	.example = "schedviz run coro --tasks 1000 --sleep 1s",
	.opts = coro_opts,
	.cfg_size = sizeof(struct coro_cfg),
	.defaults = coro_defaults,
	.prepare = coro_prepare,
	.predict = coro_predict,
	.run = coro_run,
	.check = coro_check,
	.explain = coro_explain,
};
