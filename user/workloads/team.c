/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * team.c - make members, let them begin together, join them.
 */
#define _GNU_SOURCE /* gettid */
#include "workloads/team.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/schedviz_mark.h"
#include "workloads/workload.h"

#define STACK_BYTES (1u << 20)
#define GUARD_BYTES (64u << 10) /* a page, on machines with the largest pages too */

struct member {
	struct team *team;
	uint32_t index;
	pid_t tid;
	pthread_t thread;
	int status; /* wait(2) status */
};

struct team {
	struct team_cfg cfg;
	uint64_t start_ns;
	uint32_t nr_started;
	bool abandoned; /* atomic: not all could be made */
	char *stacks; /* of threads */
	struct member *members;
};

void *shared_alloc(size_t bytes, struct err *e)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p != MAP_FAILED)
		return p;
	err_sys(e, -errno, "cannot get %zu bytes of shared memory", bytes);
	return NULL;
}

void shared_free(void *p, size_t bytes)
{
	if (p)
		munmap(p, bytes);
}

/* ---- a member's life ---- */

static __thread uint64_t began_ns; /* of the team that the calling thread is a member of */

static void member_name(const struct team_cfg *cfg, uint32_t i, char name[16])
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(name, 16, cfg->name, i);
#pragma GCC diagnostic pop
}

static int member_main(struct member *m)
{
	const struct team_cfg *cfg = &m->team->cfg;
	char name[16];
	int ret = 0;

	member_name(cfg, m->index, name);
	prctl(PR_SET_NAME, name);
	began_ns = m->team->start_ns;
	if (cfg->before)
		ret = cfg->before(cfg->arg, m->index);
	if (ret)
		return ret;
	if (cfg->lead_ns != TEAM_AT_ONCE)
		workload_sleep_until(m->team->start_ns);
	if (__atomic_load_n(&m->team->abandoned, __ATOMIC_ACQUIRE))
		return 1;
	return cfg->fn(cfg->arg, m->index);
}

static void *member_thread(void *arg)
{
	struct member *m = arg;

	__atomic_store_n(&m->tid, gettid(), __ATOMIC_RELEASE);
	m->status = (member_main(m) & 0x7f) << 8;
	return NULL;
}

static int member_process(struct member *m, pid_t maker)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != maker)
		return 1; /* it died before that took effect */
	workload_map_program();
	return member_main(m) & 0x7f;
}

/* ---- making them ---- */

static int member_fork(struct member *m)
{
	pid_t maker = getpid();

	m->tid = fork();
	if (m->tid == 0)
		_exit(member_process(m, maker));
	return m->tid < 0 ? -errno : 0;
}

/* The lowest page of its stack stays a guard. */
static int member_clone(struct member *m)
{
	char *stack = m->team->stacks + (size_t)m->index * STACK_BYTES;
	pthread_attr_t attr;
	int ret;

	if (mprotect(stack + GUARD_BYTES, STACK_BYTES - GUARD_BYTES, PROT_READ | PROT_WRITE) < 0)
		return -errno;
	pthread_attr_init(&attr);
	ret = pthread_attr_setstack(&attr, stack + GUARD_BYTES, STACK_BYTES - GUARD_BYTES);
	if (!ret)
		ret = pthread_create(&m->thread, &attr, member_thread, m);
	pthread_attr_destroy(&attr);
	return -ret;
}

static void team_free(struct team *t)
{
	if (t->stacks)
		munmap(t->stacks, t->cfg.n * (size_t)STACK_BYTES);
	free(t->members);
	free(t);
}

static int stacks_get(struct team *t, struct err *e)
{
	if (t->cfg.kind != KIND_THREADS)
		return 0;
	t->stacks = mmap(NULL, t->cfg.n * (size_t)STACK_BYTES, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	if (t->stacks != MAP_FAILED)
		return 0;
	t->stacks = NULL;
	return err_sys(e, -errno, "cannot get stacks for %u threads", t->cfg.n);
}

/* A thread cannot be stopped, but at the common start it learns that it need not begin, and meet who never came. */
static void give_up(struct team *t)
{
	__atomic_store_n(&t->abandoned, true, __ATOMIC_RELEASE);
	for (uint32_t i = 0; i < t->nr_started; i++)
		team_kill(t, i, SIGKILL);
	team_join(t, NULL);
}

struct team *team_start(const struct team_cfg *cfg, struct err *e)
{
	struct team *t = xcalloc(1, sizeof(*t));
	int ret;

	t->cfg = *cfg;
	t->members = xcalloc(cfg->n ? cfg->n : 1, sizeof(*t->members));
	t->start_ns = schedviz_mark_now();
	if (cfg->lead_ns != TEAM_AT_ONCE)
		t->start_ns += cfg->lead_ns ? cfg->lead_ns : TEAM_LEAD_NS;
	ret = stacks_get(t, e);
	if (ret < 0) {
		team_free(t);
		return NULL;
	}
	for (uint32_t i = 0; i < cfg->n; i++) {
		struct member *m = &t->members[i];

		*m = (struct member){ .team = t, .index = i };
		ret = cfg->kind == KIND_THREADS ? member_clone(m) : member_fork(m);
		if (ret < 0) {
			err_sys(e, ret, "cannot make task %u of %u", i + 1, cfg->n);
			give_up(t);
			return NULL;
		}
		t->nr_started++;
	}
	return t;
}

uint64_t team_start_ns(const struct team *t)
{
	return t->start_ns;
}

uint64_t team_began_ns(void)
{
	return began_ns;
}

pid_t team_tid(const struct team *t, uint32_t i)
{
	return __atomic_load_n(&t->members[i].tid, __ATOMIC_ACQUIRE);
}

void team_kill(struct team *t, uint32_t i, int sig)
{
	if (t->cfg.kind != KIND_THREADS)
		kill(t->members[i].tid, sig);
}

uint32_t team_join(struct team *t, int *statuses)
{
	uint32_t failed = 0;

	for (uint32_t i = 0; i < t->nr_started; i++) {
		struct member *m = &t->members[i];

		if (t->cfg.kind == KIND_THREADS)
			pthread_join(m->thread, NULL);
		else
			while (waitpid(m->tid, &m->status, 0) < 0 && errno == EINTR)
				;
		failed += m->status != 0;
		if (statuses)
			statuses[i] = m->status;
	}
	team_free(t);
	return failed;
}

int team_run(const struct team_cfg *cfg, struct team_span *span, struct err *e)
{
	int *statuses = xcalloc(cfg->n ? cfg->n : 1, sizeof(*statuses)), ret = 0;
	struct team *t = team_start(cfg, e);
	char name[16];

	if (t) {
		span->from_ns = t->start_ns;
		team_join(t, statuses);
		span->to_ns = schedviz_mark_now();
	} else {
		ret = e ? e->code : -EAGAIN;
	}
	for (uint32_t i = 0; i < cfg->n && ret == 0; i++) {
		member_name(cfg, i, name);
		if (WIFSIGNALED(statuses[i]))
			ret = err_set(e, -ECHILD, "%s was ended by signal %d", name, WTERMSIG(statuses[i]));
		else if (statuses[i])
			ret = err_set(e, -ECHILD, "%s failed", name);
	}
	free(statuses);
	return ret;
}
