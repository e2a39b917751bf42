/* SPDX-License-Identifier: GPL-2.0-only */
/* test_workload_pool.c - the pool really run: all variants, killed workers, a killed master, no more processes. */
#define _GNU_SOURCE
#include "test.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "trace/marks.h"
#include "workloads/pool.h"

#define ANSWER "8^20 = 1152921504606846976\n"
#define LEAKED 99

struct run {
	struct mark_ring ring;
	pid_t pid;
	int out; /* a file: what it said, errors too */
	int status;
	char said[8192];
};

static void cfg_set(struct pool_cfg *cfg, int kind, int handoff, uint64_t sleep_ms)
{
	*cfg = (struct pool_cfg){ 0 };
	workload_find("pool")->defaults(&cfg->c);
	cfg->c.kind = kind;
	cfg->handoff = handoff;
	cfg->c.sleep_ns = sleep_ms * NSEC_PER_MSEC;
	CHECK(workload_prepare(workload_find("pool"), &cfg->c, NULL) == 0);
	cfg->c.scale_permille = 200; /* of the lead alone: the lengths above are meant */
}

static int open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* limit: processes that the user may have, or -1. */
static void child_run(const struct run *r, const struct workload_cfg *cfg, int limit)
{
	int before, status;

	dup2(r->out, STDOUT_FILENO);
	dup2(r->out, STDERR_FILENO);
	mark_ring_export(&r->ring, NULL);
	if (limit >= 0) {
		if (geteuid() == 0 && setuid(65534) < 0)
			_exit(LEAKED);
		setrlimit(RLIMIT_NPROC, &(struct rlimit){ (rlim_t)limit, (rlim_t)limit });
	}
	before = open_fds();
	status = workload_find("pool")->run(cfg);
	if (open_fds() != before)
		status = LEAKED;
	if (waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD)
		status = LEAKED;
	_exit(status);
}

static void run_begin(struct run *r, const struct workload_cfg *cfg, int limit)
{
	alarm(120);			  /* instead of a hang */
	prctl(PR_SET_CHILD_SUBREAPER, 1); /* whom the pool leaves behind becomes ours, and is seen */
	*r = (struct run){ .out = open("/tmp", O_TMPFILE | O_RDWR | O_APPEND, 0600) };
	CHECK(r->out >= 0);
	CHECK(mark_ring_create(&r->ring, 0, NULL) == 0);
	r->pid = fork();
	if (r->pid == 0)
		child_run(r, cfg, limit);
	CHECK(r->pid > 0);
}

static void run_end(struct run *r)
{
	ssize_t n;

	CHECK(waitpid(r->pid, &r->status, 0) == r->pid);
	n = pread(r->out, r->said, sizeof(r->said) - 1, 0);
	CHECK(n >= 0);
	close(r->out);
}

static void run_release(struct run *r)
{
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	mark_ring_release(&r->ring);
}

static unsigned count(const char *text, const char *what)
{
	unsigned n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

/* Wait until the first `n` jobs have been started, and say by whom. */
static void wait_started(struct run *r, uint32_t *tids, uint64_t n)
{
	uint64_t until_ns = schedviz_mark_now() + 60 * NSEC_PER_SEC, started = 0;
	struct event ev;

	while (started < n) {
		CHECK(schedviz_mark_now() < until_ns);
		while (mark_ring_next(&r->ring, &ev)) {
			if (ev.mark.what != MARK_START || ev.mark.job >= n)
				continue;
			tids[ev.mark.job] = ev.mark.tid;
			started++;
		}
		usleep(1000);
	}
}

/* Every job is submitted by the master, then started and finished by one worker. */
static void check_marks(struct run *r, const struct workload_cfg *cfg)
{
	struct {
		uint32_t tid;
		unsigned next;
		uint64_t ns;
	} jobs[64] = { 0 };
	struct event ev;
	uint64_t n = 0;

	mark_ring_end(&r->ring);
	while (mark_ring_next(&r->ring, &ev)) {
		CHECK(ev.mark.job < cfg->tasks);
		CHECK_U64(ev.mark.what, jobs[ev.mark.job].next++);
		CHECK(ev.ts_ns >= jobs[ev.mark.job].ns);
		if (ev.mark.what == MARK_SUBMIT)
			CHECK_U64(ev.mark.tid, r->pid);
		else
			CHECK(ev.mark.tid != (uint32_t)r->pid);
		if (ev.mark.what == MARK_FINISH)
			CHECK_U64(ev.mark.tid, jobs[ev.mark.job].tid);
		jobs[ev.mark.job].tid = ev.mark.tid;
		jobs[ev.mark.job].ns = ev.ts_ns;
		n++;
	}
	CHECK_U64(n, 3 * cfg->tasks);
	CHECK_U64(mark_ring_dropped(&r->ring), 0);
}

static void run_well(const struct workload_cfg *cfg)
{
	char noun[SCHEDVIZ_MARK_NOUN_LEN];
	struct window wall;
	struct run r;

	run_begin(&r, cfg, -1);
	run_end(&r);
	if (r.status)
		TEST_FAIL("kind %d handoff %d: status %x: %s", cfg->kind, ((const struct pool_cfg *)cfg)->handoff,
			  r.status, r.said);
	CHECK_U64(count(r.said, ANSWER), cfg->tasks);
	check_marks(&r, cfg);
	CHECK(mark_ring_wall(&r.ring, &wall));
	if (!cfg->seed) {
		uint64_t rounds = (cfg->tasks + cfg->workers - 1) / cfg->workers;

		CHECK(wall.to_ns - wall.from_ns >= rounds * cfg->sleep_ns);
	}
	mark_ring_noun(&r.ring, noun);
	CHECK_STR(noun, "task");
	run_release(&r);
}

TEST(all_variants_run)
{
	struct pool_cfg cfg;

	for (int kind = KIND_PROCS; kind <= KIND_THREADS; kind++) {
		for (int handoff = HANDOFF_PIPE; handoff < NR_HANDOFFS; handoff++) {
			cfg_set(&cfg, kind, handoff, 10);
			run_well(&cfg.c);
		}
	}
}

TEST(fewer_tasks_than_workers_and_many_more)
{
	struct pool_cfg cfg;

	for (int handoff = HANDOFF_PIPE; handoff < NR_HANDOFFS; handoff++) {
		cfg_set(&cfg, KIND_PROCS, handoff, 5);
		cfg.c.tasks = 1;
		run_well(&cfg.c);
		cfg_set(&cfg, KIND_THREADS, handoff, 0);
		cfg.c.tasks = 60;
		run_well(&cfg.c);
		cfg_set(&cfg, KIND_PROCS, handoff, 3);
		cfg.c.tasks = 20;
		cfg.c.workers = 30;
		cfg.c.seed = 5;
		run_well(&cfg.c);
	}
}

static int64_t children_cpu_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_CHILDREN, &u);
	return (int64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

/* Marks of each kind that came, whatever their order. */
static void count_marks(struct run *r, uint64_t n[MARK_KINDS])
{
	struct event ev;

	memset(n, 0, MARK_KINDS * sizeof(*n));
	mark_ring_end(&r->ring);
	while (mark_ring_next(&r->ring, &ev))
		n[ev.mark.what]++;
}

TEST(every_api_does_every_task)
{
	struct pool_cfg cfg;

	for (int api = API_APPLY_ASYNC; api <= API_MAP_ASYNC; api++) {
		cfg_set(&cfg, KIND_PROCS, HANDOFF_PIPE, 3);
		cfg.api = api;
		run_well(&cfg.c);
		cfg.c.tasks = 50;
		run_well(&cfg.c);
	}
	cfg_set(&cfg, KIND_THREADS, HANDOFF_FUTEX, 3);
	cfg.api = API_MAP;
	cfg.chunk = 2;
	run_well(&cfg.c);
}

TEST(fresh_workers_and_workers_on_demand)
{
	struct pool_cfg cfg;

	for (int handoff = HANDOFF_PIPE; handoff < NR_HANDOFFS; handoff++) {
		cfg_set(&cfg, KIND_PROCS, handoff, 5);
		cfg.max_tasks = 1;
		run_well(&cfg.c);
		cfg_set(&cfg, KIND_THREADS, handoff, 5);
		cfg.max_tasks = 2;
		run_well(&cfg.c);
		cfg_set(&cfg, KIND_PROCS, handoff, 5);
		cfg.ondemand = true;
		run_well(&cfg.c);
	}
}

static void terminate(int kind, int handoff, uint64_t sleep_ms, uint64_t work_ms)
{
	struct pool_cfg cfg;
	uint64_t n[MARK_KINDS];
	struct run r;

	cfg_set(&cfg, kind, handoff, sleep_ms);
	cfg.c.work_ns = work_ms * NSEC_PER_MSEC;
	cfg.terminate_ns = 100 * NSEC_PER_MSEC;
	run_begin(&r, &cfg.c, -1); /* its alarm ends the test long before these tasks would end */
	run_end(&r);
	if (r.status || !strstr(r.said, "terminated after"))
		TEST_FAIL("kind %d handoff %d: status %x: %s", kind, handoff, r.status, r.said);
	CHECK_U64(count(r.said, ANSWER), 0);
	count_marks(&r, n);
	CHECK_U64(n[MARK_SUBMIT], 5);
	CHECK(n[MARK_START] >= 1 && n[MARK_START] <= 4);
	run_release(&r);
}

TEST(terminate_cuts_tasks_short)
{
	for (int kind = KIND_PROCS; kind <= KIND_THREADS; kind++)
		for (int handoff = HANDOFF_PIPE; handoff < NR_HANDOFFS; handoff++)
			terminate(kind, handoff, 3000000, 0);
	terminate(KIND_THREADS, HANDOFF_PIPE, 0, 3000000);
}

TEST(tasks_that_compute_use_their_cpu_time)
{
	struct pool_cfg cfg;
	int64_t before_us;

	cfg_set(&cfg, KIND_PROCS, HANDOFF_PIPE, 0);
	cfg.c.work_ns = 10 * NSEC_PER_MSEC;
	before_us = children_cpu_us();
	run_well(&cfg.c);
	CHECK(children_cpu_us() - before_us > 40000);
}

static void kill_one(int handoff, int sig)
{
	char sentence[64];
	struct pool_cfg cfg;
	uint32_t tids[3];
	struct run r;

	cfg_set(&cfg, KIND_PROCS, handoff, 200);
	run_begin(&r, &cfg.c, -1);
	wait_started(&r, tids, 3);
	kill((pid_t)tids[2], sig);
	run_end(&r);
	snprintf(sentence, sizeof(sentence), "(%u) was killed by signal %d", tids[2], sig);
	if (!WIFEXITED(r.status) || WEXITSTATUS(r.status) != 1 || !strstr(r.said, "task 2 was lost: worker") ||
	    !strstr(r.said, sentence))
		TEST_FAIL("handoff %d: status %x, expected '%s': %s", handoff, r.status, sentence, r.said);
	CHECK_U64(count(r.said, ANSWER), 4);
	run_release(&r);
}

TEST(a_killed_worker_loses_its_task_and_nothing_else)
{
	for (int handoff = HANDOFF_PIPE; handoff < NR_HANDOFFS; handoff++) {
		kill_one(handoff, SIGKILL);
		kill_one(handoff, SIGTERM);
	}
}

TEST(all_workers_killed_is_no_hang)
{
	struct pool_cfg cfg;
	uint32_t tids[2];
	struct run r;

	for (int handoff = HANDOFF_PIPE; handoff < NR_HANDOFFS; handoff++) {
		cfg_set(&cfg, KIND_PROCS, handoff, 500);
		cfg.c.workers = 2;
		run_begin(&r, &cfg.c, -1);
		wait_started(&r, tids, 2);
		kill((pid_t)tids[0], SIGKILL);
		kill((pid_t)tids[1], SIGKILL);
		run_end(&r);
		CHECK_U64(WEXITSTATUS(r.status), 1);
		/* their successors do the rest */
		if (!strstr(r.said, "task 0 and 1 more were lost: worker"))
			TEST_FAIL("handoff %d: %s", handoff, r.said);
		CHECK_U64(count(r.said, ANSWER), 3);
		run_release(&r);
	}
}

TEST(workers_die_with_their_master)
{
	struct pool_cfg cfg;
	uint32_t tids[4];
	struct run r;
	int status;

	cfg_set(&cfg, KIND_PROCS, HANDOFF_LOCKPIPE, 60000);
	run_begin(&r, &cfg.c, -1);
	wait_started(&r, tids, 4);
	kill(r.pid, SIGKILL);
	run_end(&r);
	for (int i = 0; i < 4; i++) {
		CHECK(waitpid(-1, &status, 0) > 0);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
	run_release(&r);
}

TEST(no_more_processes_is_one_sentence_and_leaves_none)
{
	struct pool_cfg cfg;
	struct run r;

	for (int kind = KIND_PROCS; kind <= KIND_THREADS; kind++) {
		for (int handoff = HANDOFF_PIPE; handoff < NR_HANDOFFS; handoff++) {
			cfg_set(&cfg, kind, handoff, 10);
			run_begin(&r, &cfg.c, geteuid() == 0 ? 3 : 0);
			run_end(&r);
			if (!WIFEXITED(r.status) || WEXITSTATUS(r.status) != 1 ||
			    !strstr(r.said, "schedviz: cannot make worker"))
				TEST_FAIL("kind %d handoff %d: status %x: %s", kind, handoff, r.status, r.said);
			CHECK_U64(count(r.said, ANSWER), 0);
			run_release(&r);
		}
	}
}

TEST(a_closed_standard_output_loses_no_task)
{
	struct pool_cfg cfg;
	int fd[2], status;
	pid_t pid;

	cfg_set(&cfg, KIND_PROCS, HANDOFF_PIPE, 1);
	CHECK(pipe(fd) == 0);
	close(fd[0]);
	pid = fork();
	if (pid == 0) {
		dup2(fd[1], STDOUT_FILENO);
		_exit(workload_find("pool")->run(&cfg.c));
	}
	close(fd[1]);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK_U64(status, 0);
}

TEST_MAIN
