/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pool.c - a pool is made, closed, terminated, joined and freed.
 */
#define _GNU_SOURCE /* cpu_set_t, MAP_ANONYMOUS */
#include "svpool/inside.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MEMORY_DEFAULT (sizeof(size_t) > 4 ? (size_t)1 << 30 : (size_t)64 << 20)
#define GRACE_NS SVP_NS	    /* from SIGTERM to SIGKILL */
#define FIRST_TASK SVP_RING /* not 0, which an untouched entry has, and which means none */

#define LEAD_PATIENCE 40 /* leads, after which a worker that is still not ready is not waited for */

static const struct svp_way *const handoffs[] = {
	[SVP_PIPE] = &svp_way_pipe,
	[SVP_LOCKPIPE] = &svp_way_lockpipe,
	[SVP_SOCKETPAIR] = &svp_way_socketpair,
	[SVP_FUTEX] = &svp_way_futex,
};

/* ---- small things for all ---- */

void svp_end_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

uint64_t svp_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SVP_NS + (uint64_t)t.tv_nsec;
}

uint64_t svp_until(double seconds)
{
	return seconds >= 0 && seconds < 1e9 ? svp_now() + (uint64_t)(seconds * (double)SVP_NS) : UINT64_MAX;
}

static inline void cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#else
	__asm__ volatile("" ::: "memory");
#endif
}

/*
 * What is kept for a microsecond, a token being read or the books of a thread that ends, is tried for some twenty
 * before sleeping: workers that come together would else wake one another, and in a recording that is a hand-off.
 */
#define LOCK_TRIES 500

int svp_lock(pthread_mutex_t *m)
{
	int ret = EBUSY;

	for (int i = 0; i < LOCK_TRIES && ret == EBUSY; i++) {
		ret = pthread_mutex_trylock(m);
		if (ret == EBUSY)
			cpu_relax();
	}
	return ret == EBUSY ? pthread_mutex_lock(m) : ret;
}

long svp_futex(uint32_t *word, int op, uint32_t value, const struct timespec *timeout)
{
	return syscall(SYS_futex, word, op, value, timeout, NULL, FUTEX_BITSET_MATCH_ANY);
}

int svp_cpu_count(void)
{
	for (size_t room = 1024; room <= 1 << 20; room *= 2) {
		size_t bytes = CPU_ALLOC_SIZE(room);
		cpu_set_t *set = CPU_ALLOC(room);
		int n;

		if (!set)
			return 1;
		n = sched_getaffinity(0, bytes, set) == 0 ? CPU_COUNT_S(bytes, set) : 0;
		CPU_FREE(set);
		if (n || errno != EINVAL)
			return n ? n : 1;
	}
	return 1;
}

/* ---- making ---- */

static bool opts_make_sense(int workers, const struct svp_opts *o)
{
	return workers >= 0 && workers <= SVP_MAX_WORKERS && (o->kind == SVP_PROCS || o->kind == SVP_THREADS) &&
	       o->handoff >= SVP_PIPE && o->handoff <= SVP_FUTEX && o->lead >= 0 && o->lead < 3600;
}

static size_t shared_bytes(const svp *p)
{
	return sizeof(*p->shared) + p->nr_workers * (sizeof(*p->shared->tried) + sizeof(*p->shared->states));
}

static int shared_make(svp *p)
{
	p->shared = mmap(NULL, shared_bytes(p), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p->shared == MAP_FAILED) {
		p->shared = NULL;
		return -errno;
	}
	p->shared->tried = (uint64_t *)(p->shared + 1);
	p->shared->states = (uint32_t *)(p->shared->tried + p->nr_workers);
	p->shared->head = p->shared->tail = p->oldest = p->next_deal = FIRST_TASK;
	return svp_arena_init(&p->arena, p->opts.memory ? p->opts.memory : MEMORY_DEFAULT);
}

static int masters_own_make(svp *p)
{
	p->workers = calloc(p->nr_workers, sizeof(*p->workers));
	p->polls = calloc(2 * (size_t)p->nr_workers + 2, sizeof(*p->polls));
	if (!p->workers || !p->polls)
		return -ENOMEM;
	for (uint32_t i = 0; i < p->nr_workers; i++)
		p->workers[i] =
			(struct svp_worker){ .pool = p, .index = i, .pidfd = -1, .master_end = -1, .worker_end = -1 };
	p->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return p->event < 0 ? -errno : 0;
}

static void sleep_until(uint64_t ns)
{
	struct timespec t = { .tv_sec = (time_t)(ns / SVP_NS), .tv_nsec = (long)(ns % SVP_NS) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

/*
 * Every worker is to be idle in its hand-off call, worker0 first, before anything is submitted. Workers are made, one
 * after another, in the first four fifths of the lead; then all are idle until it is over. The master looks by the
 * clock, in steps: to be woken by workers that report would draw edges that are no hand-off.
 */
static int workers_make_slowly(svp *p)
{
	uint64_t lead_ns = (uint64_t)(p->opts.lead * (double)SVP_NS), begin_ns = svp_now();
	uint64_t step_ns = lead_ns * 4 / 5 / p->nr_workers, give_up_ns = begin_ns + LEAD_PATIENCE * lead_ns;

	for (uint32_t i = 0; i < p->nr_workers; i++) {
		int ret = svp_worker_make(&p->workers[i]);

		if (ret < 0)
			return ret;
		do
			sleep_until(svp_now() + step_ns);
		while (__atomic_load_n(&p->shared->ready, __ATOMIC_ACQUIRE) <= i && svp_now() < give_up_ns);
	}
	sleep_until(svp_now() + lead_ns / 5);
	sleep_until(begin_ns + lead_ns);
	return 0;
}

static int make_all(svp *p)
{
	int ret = shared_make(p);

	if (ret == 0)
		ret = masters_own_make(p);
	if (ret == 0)
		ret = svp_stacks_init(p);
	if (ret == 0 && p->handoff->open)
		ret = p->handoff->open(p);
	if (ret < 0 || p->opts.ondemand)
		return ret;
	return p->opts.lead > 0 ? workers_make_slowly(p) : svp_staff(p);
}

svp *svp_new(int workers, const struct svp_opts *opts)
{
	static const struct svp_opts defaults;
	svp *p;
	int ret;

	opts = opts ? opts : &defaults;
	if (!opts_make_sense(workers, opts)) {
		errno = EINVAL;
		return NULL;
	}
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->opts = *opts;
	p->handoff = handoffs[opts->handoff];
	p->nr_workers = (unsigned)(workers ? workers : svp_cpu_count());
	p->master = getpid();
	p->next_job = opts->first_job;
	p->event = p->reader = p->writer = -1;
	p->backlog_end = &p->backlog;
	p->forgotten_end = &p->forgotten;
	pthread_mutex_init(&p->lock, NULL);
	ret = make_all(p);
	if (ret == 0)
		return p;
	svp_free(p);
	errno = -ret;
	return NULL;
}

/* ---- the end ---- */

void svp_close(svp *p)
{
	p->closed = true;
	svp_push(p);
}

static void nothing(int sig)
{
	(void)sig;
}

static void urg_take(svp *p)
{
	struct sigaction sa = { .sa_handler = nothing }; /* no SA_RESTART: what sleeps is to return */

	p->urg_ours = sigaction(SIGURG, &sa, &p->urg) == 0;
}

static void urg_give_back(svp *p)
{
	if (p->urg_ours)
		sigaction(SIGURG, &p->urg, NULL);
	p->urg_ours = false;
}

void svp_terminate(svp *p)
{
	if (p->terminated)
		return;
	p->closed = p->terminated = true;
	__atomic_store_n(&p->shared->stopping, 1, __ATOMIC_SEQ_CST);
	p->kill_ns = svp_now() + GRACE_NS;
	if (p->opts.kind == SVP_THREADS)
		urg_take(p);
	svp_kill(p, p->opts.kind == SVP_THREADS ? SIGURG : SIGTERM);
}

static int threads_join(svp *p)
{
	for (unsigned i = 0; i < p->nr_workers; i++) {
		struct svp_worker *w = &p->workers[i];

		if (w->alive)
			pthread_join(w->thread, NULL);
		w->alive = false;
	}
	return 0;
}

/* Tasks that nobody is left for count: somebody may have to be made for them. */
static bool unfinished(svp *p)
{
	return svp_any_alive(p) || svp_waiting(p) || p->backlog;
}

static int join_until(svp *p, uint64_t until_ns)
{
	bool looked = false;

	for (;;) {
		__atomic_store_n(&p->shared->waiting_for, p->backlog ? SVP_ANY : SVP_ENDS, __ATOMIC_SEQ_CST);
		if (!unfinished(p))
			return 0;
		if (looked && svp_now() >= until_ns)
			return -ETIMEDOUT;
		svp_turn(p, until_ns);
		looked = true;
	}
}

int svp_join_for(svp *p, double seconds)
{
	int ret;

	if (!p->closed)
		return -EINVAL;
	ret = join_until(p, svp_until(seconds));
	__atomic_store_n(&p->shared->waiting_for, 0, __ATOMIC_SEQ_CST);
	if (ret < 0)
		return ret;
	if (p->opts.kind == SVP_THREADS)
		threads_join(p);
	urg_give_back(p);
	return 0;
}

int svp_join(svp *p)
{
	return svp_join_for(p, -1);
}

static void results_release(svp_res *r)
{
	while (r) {
		svp_res *next = r->next;

		free(r);
		r = next;
	}
}

void svp_free(svp *p)
{
	if (!p)
		return;
	if (p->shared && p->workers && p->master == getpid()) {
		svp_terminate(p);
		svp_join(p);
	}
	if (p->workers && p->handoff->release)
		p->handoff->release(p);
	for (unsigned i = 0; p->workers && i < p->nr_workers; i++)
		svp_end_close(&p->workers[i].pidfd);
	svp_end_close(&p->event);
	results_release(p->results);
	results_release(p->forgotten);
	svp_arena_release(&p->arena);
	svp_stacks_release(p);
	if (p->shared)
		munmap(p->shared, shared_bytes(p));
	pthread_mutex_destroy(&p->lock);
	free(p->workers);
	free(p->polls);
	free(p);
}
