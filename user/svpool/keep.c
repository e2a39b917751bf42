/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * keep.c - what the master does while it is in a call: hand on tasks, collect the dead, replace them, sleep.
 */
#define _GNU_SOURCE /* ppoll, pidfd_send_signal's number */
#include "svpool/inside.h"

#include <errno.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

#define SIGNAL_AGAIN_NS (SVP_NS / 100) /* a thread may look, be signalled, and only then fall asleep */
#define NUDGE_NS (SVP_NS / 10)

static struct svp_entry *entry(const svp *p, uint64_t task)
{
	return &p->shared->ring[task % SVP_RING];
}

static unsigned holder(const svp *p, uint64_t task)
{
	return (unsigned)(__atomic_load_n(&entry(p, task)->word, __ATOMIC_SEQ_CST) & 0xffff);
}

static enum svp_state state(const svp *p, unsigned i)
{
	return (enum svp_state)__atomic_load_n(&p->shared->states[i], __ATOMIC_SEQ_CST);
}

/* ---- tasks go out ---- */

/* Workers move the head on as they take; one that is killed may leave it behind. */
static uint64_t head_help(svp *p)
{
	uint64_t head = __atomic_load_n(&p->shared->head, __ATOMIC_SEQ_CST);

	while (head < p->shared->tail && holder(p, head) != SVP_WAITING)
		if (__atomic_compare_exchange_n(&p->shared->head, &head, head + 1, false, __ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST))
			head++;
	return head;
}

static bool ring_has_room(svp *p)
{
	uint64_t tail = p->shared->tail;

	while (p->oldest < tail && holder(p, p->oldest) == SVP_FINISHED)
		p->oldest++;
	return tail - p->oldest < SVP_RING && tail - head_help(p) < SVP_RING;
}

static void ring_put(svp *p, struct svp_task *task)
{
	uint64_t tail = p->shared->tail;
	struct svp_entry *e = entry(p, tail);

	e->task = task;
	__atomic_store_n(&e->word, tail << 16 | SVP_WAITING, __ATOMIC_SEQ_CST);
	__atomic_store_n(&p->shared->tail, tail + 1, __ATOMIC_SEQ_CST);
	p->owed++;
}

static void tokens_give(svp *p)
{
	while (p->owed && p->handoff->offer(p) == 0)
		p->owed--;
	__atomic_store_n(&p->shared->undealt, (uint32_t)p->owed, __ATOMIC_SEQ_CST);
}

static void backlog_push(svp *p)
{
	svp_res *r;

	while ((r = p->backlog)) {
		if (!r->pushed)
			r->base = p->shared->tail;
		while (r->pushed < r->nr_tasks && ring_has_room(p)) {
			ring_put(p, &r->tasks[r->pushed++]);
			tokens_give(p);
		}
		if (r->pushed < r->nr_tasks)
			return;
		p->backlog = r->later;
		if (!p->backlog)
			p->backlog_end = &p->backlog;
	}
}

void svp_push(svp *p)
{
	if (p->terminated)
		return;
	tokens_give(p);
	backlog_push(p);
	if (!p->closed || p->backlog)
		return;
	__atomic_store_n(&p->shared->closing, 1, __ATOMIC_SEQ_CST);
	if (!p->hand_closed && !p->owed)
		p->hand_closed = p->handoff->close(p) == 0;
}

/* Also called by threads that end, which is why it only looks. */
uint64_t svp_waiting(svp *p)
{
	uint64_t tail = __atomic_load_n(&p->shared->tail, __ATOMIC_SEQ_CST);
	uint64_t head = __atomic_load_n(&p->shared->head, __ATOMIC_SEQ_CST);

	if (p->opts.handoff == SVP_SOCKETPAIR)
		return __atomic_load_n(&p->shared->undealt, __ATOMIC_SEQ_CST);
	while (head < tail && holder(p, head) != SVP_WAITING)
		head++;
	return tail - head;
}

/* ---- workers come and go ---- */

bool svp_any_alive(const svp *p)
{
	if (p->opts.kind == SVP_PROCS)
		return p->nr_alive;
	for (unsigned i = 0; i < p->nr_workers; i++)
		if (state(p, i) != SVP_NOBODY && state(p, i) != SVP_RETIRED)
			return true;
	return false;
}

static bool has_task(const svp *p, unsigned i)
{
	uint64_t task = __atomic_load_n(&p->shared->tried[i], __ATOMIC_SEQ_CST);

	if (p->opts.handoff == SVP_SOCKETPAIR && svp_dealt_busy(&p->workers[i]))
		return true;
	return __atomic_load_n(&entry(p, task)->word, __ATOMIC_SEQ_CST) == (task << 16 | (i + 1));
}

static uint64_t idle_count(const svp *p)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < p->nr_workers; i++)
		n += (state(p, i) == SVP_STARTING || state(p, i) == SVP_READY) && !has_task(p, i);
	return n;
}

/*
 * Do more tasks wait than workers idle? A task that is taken between the two counts would be one that waits and its
 * worker none that idles. Taken they are in any case until the master adds some, so then it counts again.
 */
static bool hands_lacking(svp *p)
{
	uint64_t waiting, idle;

	do {
		waiting = svp_waiting(p);
		idle = idle_count(p);
	} while (waiting > idle && svp_waiting(p) != waiting);
	return waiting > idle;
}

static bool place_is_free(const struct svp_worker *w)
{
	if (w->pool->opts.kind == SVP_THREADS && w->alive && state(w->pool, w->index) == SVP_RETIRED)
		return true;
	return !w->alive;
}

static int place_fill(struct svp_worker *w)
{
	if (w->alive) { /* a thread that has ended without a successor */
		pthread_join(w->thread, NULL);
		w->alive = false;
		w->stack = 0;
	}
	return svp_worker_make(w);
}

int svp_staff(svp *p)
{
	bool full = !p->opts.ondemand && !p->closed;
	int ret = 0;

	if (p->terminated || p->broken)
		return 0;
	for (unsigned i = 0; i < p->nr_workers && ret == 0; i++) {
		struct svp_worker *w = &p->workers[i];

		if (!place_is_free(w))
			continue;
		if (!full && !hands_lacking(p))
			break;
		ret = place_fill(w);
	}
	return ret;
}

void svp_give_up(svp *p, int code)
{
	uint64_t tail = p->shared->tail;

	for (uint64_t task = p->oldest; task < tail; task++)
		if (holder(p, task) == SVP_WAITING)
			svp_finish(p, task, code);
	head_help(p);
	for (svp_res *r = p->backlog; r; r = r->later) {
		r->cut = true;
		r->cut_code = code;
	}
	p->backlog = NULL;
	p->backlog_end = &p->backlog;
	p->owed = 0;
	p->nr_again = 0;
	p->next_deal = tail;
	tokens_give(p);
}

/* The task that a dead worker had, or 0. */
static uint64_t task_of(const svp *p, const struct svp_worker *w)
{
	for (uint64_t task = p->oldest; task < p->shared->tail; task++)
		if (holder(p, task) == w->index + 1)
			return task;
	return 0;
}

/* Workers that die before they could ask for a task will go on doing so. */
static void count_stillborn(svp *p, const struct svp_worker *w)
{
	if (state(p, w->index) != SVP_STARTING)
		p->stillborn = 0;
	else if (++p->stillborn > 16 + 2 * p->nr_workers)
		p->broken = -EOWNERDEAD;
}

static void bury(struct svp_worker *w, int status)
{
	svp *p = w->pool;
	uint64_t task;

	svp_end_close(&w->pidfd);
	w->alive = false;
	p->nr_alive--;
	if (p->handoff->gone)
		p->handoff->gone(w);
	task = task_of(p, w);
	if (task && p->terminated)
		svp_finish(p, task, -ECANCELED);
	else if (task)
		svp_lose(p, task, w, status);
	if (task || state(p, w->index) != SVP_RETIRED)
		p->suspect = p->nr_batches;
	/* it may have had a token, and no task yet */
	if (!task && state(p, w->index) != SVP_RETIRED && p->opts.handoff != SVP_SOCKETPAIR)
		p->owed++;
	count_stillborn(p, w);
	__atomic_store_n(&p->shared->states[w->index], SVP_NOBODY, __ATOMIC_SEQ_CST);
}

/* Somebody else may have collected it (SIGCHLD ignored, a wait for any child): then how it ended is not known. */
static void collect(struct svp_worker *w)
{
	int status = -1;
	pid_t ret;

	do
		ret = waitpid(w->pid, &status, WNOHANG);
	while (ret < 0 && errno == EINTR);
	if (ret != 0)
		bury(w, ret < 0 ? -1 : status);
}

void svp_kill(svp *p, int sig)
{
	for (unsigned i = 0; i < p->nr_workers; i++) {
		struct svp_worker *w = &p->workers[i];

		if (!w->alive)
			continue;
		if (p->opts.kind == SVP_PROCS) {
			syscall(SYS_pidfd_send_signal, w->pidfd, sig, NULL, 0);
			continue;
		}
		svp_lock(&p->lock);
		if (state(p, i) != SVP_RETIRED)
			pthread_kill(w->thread, sig);
		pthread_mutex_unlock(&p->lock);
	}
}

/* ---- one turn ---- */

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Closed, nothing waits, and yet somebody idles. */
static bool laggards(svp *p)
{
	return p->hand_closed && p->handoff->nudge && !p->terminated && !svp_waiting(p) && idle_count(p);
}

static uint64_t wake_ns(svp *p, uint64_t until_ns)
{
	uint64_t now_ns = svp_now();

	if (!svp_any_alive(p))
		return now_ns; /* who should wake it? */
	if (p->terminated)
		until_ns = sooner(until_ns, p->opts.kind == SVP_PROCS ? p->kill_ns : now_ns + SIGNAL_AGAIN_NS);
	return laggards(p) ? sooner(until_ns, now_ns + NUDGE_NS) : until_ns;
}

static void sleep_poll(svp *p, unsigned n, uint64_t until_ns)
{
	uint64_t now_ns = svp_now(), left_ns = until_ns > now_ns ? until_ns - now_ns : 0;
	struct timespec t = { .tv_sec = (time_t)(left_ns / SVP_NS), .tv_nsec = (long)(left_ns % SVP_NS) };

	if (ppoll(p->polls, n, until_ns == UINT64_MAX ? NULL : &t, NULL) <= 0)
		for (unsigned i = 0; i < n; i++)
			p->polls[i].revents = 0;
}

static void signals_due(svp *p, uint64_t slept_ns)
{
	if (!p->terminated) {
		if (slept_ns >= NUDGE_NS && laggards(p))
			p->handoff->nudge(p);
	} else if (p->opts.kind == SVP_THREADS) {
		svp_kill(p, SIGURG);
	} else if (svp_now() >= p->kill_ns) {
		svp_kill(p, SIGKILL);
		p->kill_ns = UINT64_MAX;
	}
}

/* Only what is open: poll takes no more entries than descriptors are allowed. Workers stand in their order. */
static unsigned listen_to(svp *p, unsigned *own)
{
	unsigned n = 0;

	p->polls[n++] = (struct pollfd){ .fd = p->event, .events = POLLIN };
	for (unsigned i = 0; i < p->nr_workers; i++)
		if (p->workers[i].pidfd >= 0)
			p->polls[n++] = (struct pollfd){ .fd = p->workers[i].pidfd, .events = POLLIN };
	*own = n;
	if (p->handoff->polls)
		n += p->handoff->polls(p, p->polls + n);
	return n;
}

static void hear(svp *p, unsigned own, unsigned n)
{
	const struct pollfd *next = p->polls + 1;
	uint64_t count;

	if (p->polls[0].revents && read(p->event, &count, sizeof(count)) < 0)
		p->polls[0].revents = 0; /* interrupted: it will be there again */
	if (p->handoff->heard)
		p->handoff->heard(p, p->polls + own, n - own);
	for (unsigned i = 0; i < p->nr_workers; i++)
		if (p->workers[i].pidfd >= 0 && next++->revents)
			collect(&p->workers[i]);
}

void svp_turn(svp *p, uint64_t until_ns)
{
	unsigned own, n;
	uint64_t from_ns;
	int ret;

	svp_push(p);
	n = listen_to(p, &own);
	from_ns = svp_now();
	sleep_poll(p, n, wake_ns(p, until_ns));
	hear(p, own, n);
	signals_due(p, svp_now() - from_ns);
	svp_push(p);
	ret = svp_staff(p);
	svp_push(p);
	if (svp_any_alive(p))
		return;
	if (p->terminated)
		svp_give_up(p, -ECANCELED);
	else if (ret < 0 || p->broken)
		svp_give_up(p, p->broken ? p->broken : ret);
	else if (!svp_waiting(p))
		svp_give_up(p, -EAGAIN); /* what a thread was dealt that could make no successor */
}
