/* SPDX-License-Identifier: GPL-2.0-only */
/* test_svpool_death.c - workers and masters that die, pools that are terminated: no hang, and nothing is left. */
#define _GNU_SOURCE
#include "svpool_test.h"
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* ---- a worker dies of its task ---- */

enum ending { BY_SIGKILL, BY_SIGSEGV, BY_EXIT, BY_EXIT_0, NR_ENDINGS };

static int job_die(const void *arg, size_t len, void *out, size_t room)
{
	int ending = *(const int *)arg;

	(void)len, (void)out, (void)room;
	if (ending == BY_EXIT || ending == BY_EXIT_0)
		_exit(ending == BY_EXIT ? 3 : 0);
	signal(SIGSEGV, SIG_DFL); /* not a sanitizer's */
	kill(getpid(), ending == BY_SIGKILL ? SIGKILL : SIGSEGV);
	pause();
	return 0;
}

static void check_ending(int status, int ending)
{
	if (ending == BY_SIGKILL || ending == BY_SIGSEGV) {
		CHECK(WIFSIGNALED(status));
		CHECK_U64(WTERMSIG(status), ending == BY_SIGKILL ? SIGKILL : SIGSEGV);
	} else {
		CHECK(WIFEXITED(status));
		CHECK_U64(WEXITSTATUS(status), ending == BY_EXIT ? 3 : 0);
	}
}

static void check_squares(svp *p, int n)
{
	int in[100], out[100];

	for (int i = 0; i < n; i++)
		in[i] = i;
	CHECK_U64(svp_map(p, job_square, in, (size_t)n, sizeof(int), out, sizeof(int), 1), 0);
	for (int i = 0; i < n; i++)
		CHECK_U64(out[i], i * i);
}

static void dies(struct svp_opts o, int ending)
{
	svp *p = pool_make(3, o);
	svp_res *before = submit_sleep(p, 0.02), *dead = svp_apply_async(p, job_die, &ending, sizeof(ending));
	svp_res *after = submit_sleep(p, 0);
	struct svp_lost lost = { .item = 7 };

	CHECK(svp_res_get(dead, NULL, 0, 60) == -EOWNERDEAD);
	CHECK_U64(svp_res_lost(dead, &lost), 1);
	CHECK(lost.worker < 3 && lost.pid > 0 && lost.pid != getpid());
	CHECK_U64(lost.item, 0);
	check_ending(lost.status, ending);
	CHECK(who_did(before).pid != lost.pid);
	CHECK(!svp_res_lost(before, &lost));
	who_did(after);
	check_squares(p, 50);
	pool_end(p);
}

TEST(a_task_whose_worker_dies_says_so_and_the_rest_goes_on)
{
	struct svp_opts o;

	for (int ending = 0; ending < NR_ENDINGS; ending++) {
		EACH_POOL(o, PROCS, dies(o, ending));
		EACH_POOL(o, PROCS, o.ondemand = 1; o.max_tasks = 1; dies(o, ending));
	}
}

static void all_die(struct svp_opts o)
{
	int ending = BY_SIGKILL;
	svp *p = pool_make(3, o);
	svp_res *dead[12], *well[12];

	for (int i = 0; i < 12; i++) {
		dead[i] = svp_apply_async(p, job_die, &ending, sizeof(ending));
		well[i] = submit_sleep(p, 0);
	}
	svp_close(p);
	CHECK_U64(svp_join(p), 0);
	for (int i = 0; i < 12; i++) {
		CHECK(svp_res_get(dead[i], NULL, 0, 0) == -EOWNERDEAD);
		who_did(well[i]);
	}
	svp_free(p);
}

TEST(every_worker_dies_again_and_again)
{
	struct svp_opts o;

	EACH_POOL(o, PROCS, all_die(o));
}

static int job_die_at_5(const void *arg, size_t len, void *out, size_t room)
{
	int ending = BY_SIGKILL;

	return *(const int *)arg == 5 ? job_die(&ending, sizeof(ending), out, room) : job_square(arg, len, out, room);
}

static void map_dies(struct svp_opts o)
{
	svp *p = pool_make(2, o);
	int in[12], out[12];
	struct svp_lost lost;
	svp_res *r;

	for (int i = 0; i < 12; i++)
		in[i] = i;
	r = svp_map_async(p, job_die_at_5, in, 12, sizeof(int), sizeof(int), 2);
	CHECK(svp_res_get(r, out, sizeof(out), 60) == -EOWNERDEAD);
	for (int i = 0; i < 12; i++)
		CHECK_U64(out[i], i == 5 ? 0 : i * i);
	CHECK(svp_res_lost(r, &lost));
	CHECK_U64(lost.item, 4);
	pool_end(p);
}

TEST(a_map_loses_one_chunk)
{
	struct svp_opts o;

	EACH_POOL(o, PROCS, map_dies(o));
}

/* ---- a worker is killed while it waits for tasks, or at any time ---- */

static void idle_dies(struct svp_opts o, int sig)
{
	svp *p = pool_make(3, o);
	pid_t pids[3];

	for (int round = 0; round < 3; round++) {
		svp_res *r[3] = { submit_sleep(p, 0.05), submit_sleep(p, 0.05), submit_sleep(p, 0.05) };

		for (int i = 0; i < 3; i++)
			pids[i] = who_did(r[i]).pid;
		usleep(5000);
		for (int i = 0; i <= round; i++)
			kill(pids[i], sig);
		usleep(5000);
		check_squares(p, 30);
	}
	pool_end(p);
}

TEST(idle_workers_that_die_are_replaced)
{
	struct svp_opts o;

	EACH_POOL(o, PROCS, idle_dies(o, SIGKILL));
	signal(SIGSEGV, SIG_DFL); /* not a sanitizer's */
	EACH_POOL(o, PROCS, idle_dies(o, SIGSEGV));
}

/* A child that kills workers as fast as it can tell them, until it is killed. */
static pid_t killer(const pid_t *pids, unsigned n)
{
	pid_t pid = fork_kept();

	for (unsigned i = 0; pid == 0; i++) {
		pid_t victim = __atomic_load_n(&pids[i % n], __ATOMIC_RELAXED);

		if (victim > 0)
			kill(victim, SIGKILL);
		usleep(i * 37 % 400);
	}
	CHECK(pid > 0);
	return pid;
}

struct told {
	pid_t *pids;
	int n;
};

/* Tells the killer whom to kill, now and when it idles. */
static int job_victim(const void *arg, size_t len, void *out, size_t room)
{
	const struct told *told = arg;
	pid_t *mine = &told->pids[svp_worker() % 8];

	__atomic_store_n(mine, getpid(), __ATOMIC_RELAXED);
	return job_square(&told->n, len - sizeof(void *), out, room) < 0 ? -EBADMSG : 0;
}

static void chaos(struct svp_opts o)
{
	pid_t *pids = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct told told = { .pids = pids };
	svp_res *r[400];
	int lost = 0, out, ret;
	pid_t enemy;
	svp *p;

	p = pool_make(3, o);
	enemy = killer(pids, 8);
	for (int i = 0; i < 400; i++) {
		told.n = i;
		r[i] = svp_apply_async(p, job_victim, &told, sizeof(void *) + sizeof(int));
		CHECK(r[i]);
	}
	for (int i = 0; i < 400; i++) {
		ret = svp_res_get(r[i], &out, sizeof(out), 100);
		if (ret == -EOWNERDEAD)
			lost++;
		else
			CHECK(ret == 0 && out == i * i);
	}
	kill(enemy, SIGKILL);
	CHECK(waitpid(enemy, NULL, 0) == enemy);
	check_squares(p, 20);
	pool_end(p);
	munmap(pids, 4096);
	CHECK(lost < 400);
}

TEST(killed_at_any_moment_no_task_is_forgotten)
{
	struct svp_opts o;

	EACH_POOL(o, PROCS, chaos(o));
	EACH_POOL(o, PROCS, o.ondemand = 1; o.max_tasks = 3; chaos(o));
}

/* ---- threads ---- */

static int job_thread_exit(const void *arg, size_t len, void *out, size_t room)
{
	(void)arg, (void)len, (void)out, (void)room;
	pthread_exit(NULL);
}

static void thread_dies(struct svp_opts o)
{
	svp *p = pool_make(2, o);
	svp_res *dead[6], *well[6];
	struct svp_lost lost;

	for (int i = 0; i < 6; i++) {
		dead[i] = svp_apply_async(p, job_thread_exit, NULL, 0);
		well[i] = submit_sleep(p, 0.001);
	}
	for (int i = 0; i < 6; i++) {
		CHECK(svp_res_get(dead[i], NULL, 0, 60) == -EOWNERDEAD);
		CHECK(svp_res_lost(dead[i], &lost) && lost.pid == getpid() && lost.status == -1);
		who_did(well[i]);
	}
	check_squares(p, 20);
	pool_end(p);
}

TEST(a_thread_that_ends_itself_is_replaced)
{
	struct svp_opts o;

	EACH_POOL(o, THREADS, thread_dies(o));
}

/* ---- terminate ---- */

static void terminates(struct svp_opts o)
{
	svp *p = pool_make(2, o);
	svp_res *r[5];
	double from;
	int ret;

	for (int i = 0; i < 5; i++)
		r[i] = submit_sleep(p, 60);
	CHECK(svp_res_wait(r[0], 0.05) == -ETIMEDOUT);
	from = seconds_now();
	svp_terminate(p);
	ret = svp_res_get(r[0], NULL, 0, -1); /* before join, too */
	CHECK(ret == (o.kind == SVP_THREADS ? -EINTR : -ECANCELED));
	CHECK_U64(svp_join(p), 0);
	CHECK(seconds_now() - from < 0.9); /* and so without SIGKILL */
	for (int i = 2; i < 5; i++)
		CHECK(svp_res_get(r[i], NULL, 0, 0) == -ECANCELED);
	svp_free(p);
}

TEST(terminate_cuts_a_long_sleep_short)
{
	struct svp_opts o;

	EACH_POOL(o, PROCS | THREADS, terminates(o));
	EACH_POOL(o, PROCS | THREADS, o.ondemand = 1; o.max_tasks = 1; terminates(o));
}

static int job_stubborn(const void *arg, size_t len, void *out, size_t room)
{
	(void)len, (void)out, (void)room;
	signal(SIGTERM, SIG_IGN);
	__atomic_store_n(*(int *const *)arg, 1, __ATOMIC_RELEASE);
	for (;;)
		pause();
	return 0;
}

static void stubborn(struct svp_opts o)
{
	int *deaf = mmap(NULL, sizeof(*deaf), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	svp *p = pool_make(2, o);
	svp_res *r = svp_apply_async(p, job_stubborn, &deaf, sizeof(deaf));
	double from;

	while (!__atomic_load_n(deaf, __ATOMIC_ACQUIRE))
		usleep(1000);
	from = seconds_now();
	svp_terminate(p);
	CHECK_U64(svp_join(p), 0);
	CHECK(seconds_now() - from >= 0.9 && seconds_now() - from < 30);
	CHECK(svp_res_get(r, NULL, 0, 0) == -ECANCELED);
	svp_free(p);
	munmap(deaf, sizeof(*deaf));
}

TEST(processes_that_ignore_sigterm_are_killed)
{
	struct svp_opts o;

	EACH_POOL(o, PROCS, if (o.handoff == SVP_PIPE || o.handoff == SVP_SOCKETPAIR) stubborn(o));
}

/* A thread that sleeps as any program does, and looks at the flag. */
static int job_naps(const void *arg, size_t len, void *out, size_t room)
{
	struct timespec t = { .tv_sec = 60 };

	(void)arg, (void)len, (void)out, (void)room;
	while (!svp_stopping())
		nanosleep(&t, NULL);
	return -ECANCELED;
}

static void interrupts(struct svp_opts o)
{
	struct sigaction before, after;
	svp *p = pool_make(3, o);
	double from = seconds_now();

	sigaction(SIGURG, NULL, &before);
	for (int i = 0; i < 3; i++)
		CHECK(svp_apply_async(p, job_naps, NULL, 0));
	usleep(20000);
	svp_free(p);
	CHECK(seconds_now() - from < 30);
	sigaction(SIGURG, NULL, &after);
	CHECK(before.sa_handler == after.sa_handler);
}

TEST(a_thread_is_interrupted_and_can_ask_why)
{
	struct svp_opts o;

	EACH_POOL(o, THREADS, interrupts(o));
}

/* ---- the master dies ---- */

static void orphans(struct svp_opts o)
{
	pid_t master = fork_kept(), gone;
	int status, n = 0;

	if (master == 0) {
		svp *p = svp_new(3, &o);

		submit_sleep(p, 60);
		usleep(30000);
		kill(getpid(), SIGKILL);
	}
	CHECK(waitpid(master, &status, 0) == master);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	while ((gone = waitpid(-1, &status, 0)) > 0) {
		n++; /* one that idles may see the pipe end before the signal comes */
		CHECK(status == 0 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
	}
	CHECK_U64(n, o.kind == SVP_PROCS ? 3 : 0);
}

TEST(workers_die_with_their_master)
{
	struct svp_opts o;

	prctl(PR_SET_CHILD_SUBREAPER, 1); /* whom it leaves behind becomes ours, and is seen */
	EACH_POOL(o, PROCS | THREADS, orphans(o));
}

/* ---- nothing can be made ---- */

static void exhausted(struct svp_opts o, int resource, rlim_t limit, int code)
{
	pid_t pid = fork_kept();
	int status;

	if (pid == 0) {
		struct left before = left_now();

		if (resource == RLIMIT_NPROC && geteuid() == 0 && setuid(65534) < 0)
			_exit(1);
		setrlimit(resource, &(struct rlimit){ limit, limit });
		errno = 0;
		if (svp_new(20, &o) || errno != code)
			_exit(2);
		setrlimit(resource, &(struct rlimit){ limit, limit });
		_exit(entries("/proc/self/fd") != before.fds || waitpid(-1, NULL, WNOHANG) >= 0 ? 3 : 0);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	if (status)
		TEST_FAIL("kind %d hand-off %d limit %d: status %x", o.kind, o.handoff, resource, status);
}

TEST(no_more_processes_is_an_error_and_leaves_none)
{
	struct svp_opts o;

	EACH_POOL(o, PROCS | THREADS, exhausted(o, RLIMIT_NPROC, geteuid() == 0 ? 3 : 0, EAGAIN));
}

TEST(no_more_descriptors_is_an_error_and_leaves_none)
{
	struct svp_opts o;
	rlim_t few = (rlim_t)entries("/proc/self/fd") + 4;

	EACH_POOL(o, PROCS, exhausted(o, RLIMIT_NOFILE, few, EMFILE));
}

static void die_at_once(void *ctx)
{
	(void)ctx;
	_exit(1);
}

static void barren(struct svp_opts o)
{
	svp_res *r;
	int n = 1;
	svp *p;

	o.init = die_at_once;
	p = pool_make(2, o);
	r = svp_apply_async(p, job_square, &n, sizeof(n));
	CHECK(r);
	CHECK(svp_res_get(r, NULL, 0, 60) == -EOWNERDEAD);
	CHECK(!svp_apply_async(p, job_square, &n, sizeof(n)) && errno == EOWNERDEAD);
	pool_end(p);
}

TEST(workers_that_cannot_begin_are_given_up)
{
	struct svp_opts o;

	EACH_POOL(o, PROCS, barren(o));
	EACH_POOL(o, PROCS, o.ondemand = 1; barren(o));
}

/* ---- somebody else collects the children ---- */

TEST(children_that_others_collect_are_no_hang)
{
	struct svp_opts o;
	int ending = BY_EXIT;

	signal(SIGCHLD, SIG_IGN);
	EACH_POOL(o, PROCS, {
		svp *p = pool_make(2, o);
		CHECK(svp_apply(p, job_die, &ending, sizeof(ending), NULL, 0) == -EOWNERDEAD);
		check_squares(p, 20);
		pool_end(p);
	});
	signal(SIGCHLD, SIG_DFL);
}

TEST_MAIN
