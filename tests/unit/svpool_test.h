/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * svpool_test.h - what the tests of user/svpool share: every kind of pool, jobs, and a look at what is left behind.
 */
#ifndef SCHEDVIZ_SVPOOL_TEST_H
#define SCHEDVIZ_SVPOOL_TEST_H

#include "test.h"
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "svpool/svpool.h"

#define HANG_SECONDS 100 /* instead of a hang */

struct left {
	int fds, tasks, shm;
};

static inline int entries(const char *path)
{
	DIR *dir = opendir(path);
	int n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

static inline struct left left_now(void)
{
	return (struct left){ entries("/proc/self/fd"), entries("/proc/self/task"), entries("/dev/shm") };
}

#ifdef __SANITIZE_THREAD__
/* Its own thread begins with the program's first: before anything is counted. */
#include <pthread.h>
static void *sanitizer_thread(void *arg)
{
	return arg;
}

__attribute__((constructor)) static void sanitizer_begins(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, sanitizer_thread, NULL) == 0)
		pthread_join(thread, NULL);
}
#endif

/* A thread that was joined may stand in /proc a moment longer. */
static inline void check_nothing_left(const struct left *before)
{
	struct left now = left_now();

	for (int i = 0; i < 1000 && now.tasks != before->tasks; i++) {
		usleep(1000);
		now = left_now();
	}
	CHECK_U64(now.fds, before->fds);
	CHECK_U64(now.tasks, before->tasks);
	CHECK_U64(now.shm, before->shm);
	if (waitpid(-1, NULL, WNOHANG | __WALL) >= 0 || errno != ECHILD)
		TEST_FAIL("a child is left");
}

/* A child of the test's own, which ends with it, whatever either does. -1 never comes back. */
static inline pid_t fork_kept(void)
{
	pid_t test = getpid(), pid = fork();

	if (pid < 0)
		TEST_FAIL("cannot fork: %s", strerror(errno));
	if (pid > 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != test)
		_exit(1);
	alarm(HANG_SECONDS);
	return 0;
}

static inline double seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline svp *pool_make(int workers, struct svp_opts o)
{
	svp *p = svp_new(workers, &o);

	if (!p)
		TEST_FAIL("no pool of %d, kind %d, hand-off %d: %s", workers, o.kind, o.handoff, strerror(errno));
	return p;
}

static inline void pool_end(svp *p)
{
	svp_close(p);
	CHECK_U64(svp_join(p), 0);
	svp_free(p);
}

/* Run `body` with `o` for each kind and hand-off, and see that nothing is left. */
#define EACH_POOL(o, kinds, body)                                                        \
	do {                                                                             \
		alarm(HANG_SECONDS);                                                     \
		for (int kind_ = 0; kind_ <= SVP_THREADS; kind_++)                       \
			for (int way_ = 0; way_ <= SVP_FUTEX; way_++) {                  \
				struct left before_ = left_now();                        \
				if (!((kinds) & (1 << kind_)))                           \
					continue;                                        \
				o = (struct svp_opts){ .kind = kind_, .handoff = way_ }; \
				body;                                                    \
				check_nothing_left(&before_);                            \
			}                                                                \
		alarm(0);                                                                \
	} while (0)
#define PROCS (1 << SVP_PROCS)
#define THREADS (1 << SVP_THREADS)

/* ---- jobs ---- */

static inline int job_square(const void *arg, size_t len, void *out, size_t room)
{
	int n = *(const int *)arg;

	if (len != sizeof(int) || room < sizeof(int))
		return -EBADMSG;
	*(int *)out = n * n;
	return n < 0 ? n : 0;
}

/* Who does it, after `double` seconds. */
struct who {
	pid_t pid;
	int worker;
};

static inline int job_who(const void *arg, size_t len, void *out, size_t room)
{
	struct who *who = out;

	if (len != sizeof(double) || room < sizeof(*who))
		return -EBADMSG;
	*who = (struct who){ getpid(), svp_worker() };
	return svp_sleep(*(const double *)arg);
}

static inline svp_res *submit_sleep(svp *p, double seconds)
{
	svp_res *r = svp_apply_async(p, job_who, &seconds, sizeof(seconds));

	if (!r)
		TEST_FAIL("apply_async: %s", strerror(errno));
	return r;
}

static inline struct who who_did(svp_res *r)
{
	struct who who = { 0 };
	int ret = svp_res_get(r, &who, sizeof(who), -1);

	if (ret)
		TEST_FAIL("get gives %s", strerror(-ret));
	return who;
}

#endif
