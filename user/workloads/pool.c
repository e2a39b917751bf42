/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pool.c - the workload `pool`: a few workers, more tasks, and a master that submits, closes and joins.
 */
#define _GNU_SOURCE /* gettid */
#include "workloads/pool.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/schedviz_mark.h"
#include "svpool/svpool.h"
#include "workloads/burn.h"
#include "workloads/decimal.h"

#define MAX_WORKERS 1000
#define MAX_TASKS 100000
#define MAX_TASK_NS WORKLOAD_MAX_NS /* times MAX_TASKS it is still far from 2^64 */

/* Workers are made, one after another, and are idle until it is over. */
#define LEAD_NS (50 * NSEC_PER_MSEC)
#define LEAD_MIN_NS (5 * NSEC_PER_MSEC)
#define BURN_STEP_NS (10 * NSEC_PER_MSEC) /* a thread that is to stop looks so often */

const char *const pool_handoff_names[] = { "pipe", "lockpipe", "socketpair", "futex", NULL };
static const char *const api_names[] = { "apply_async", "apply", "map", "map_async", NULL };
_Static_assert((int)HANDOFF_FUTEX == (int)SVP_FUTEX && (int)HANDOFF_LOCKPIPE == (int)SVP_LOCKPIPE, "one order");

static const struct opt pool_opts[] = {
	OPT_U64('w', "workers", struct pool_cfg, c.workers, 1, MAX_WORKERS, "N", "workers in the pool (4)"),
	OPT_U64('n', "tasks", struct pool_cfg, c.tasks, 1, MAX_TASKS, "N", "tasks submitted to it (5)"),
	OPT_DURATION(0, "sleep", struct pool_cfg, c.sleep_ns, 0, MAX_TASK_NS, "how long each task sleeps (2s)"),
	OPT_DURATION(0, "work", struct pool_cfg, c.work_ns, 0, MAX_TASK_NS, "CPU time each task uses after that (0)"),
	OPT_FLAG('C', "cpu", struct pool_cfg, cpu, "tasks compute instead of sleeping, as long as they would sleep"),
	WORKLOAD_KIND_OPTS(struct pool_cfg, c, "workers are processes (the default)", "workers are threads"),
	OPT_CHOICE(0, "handoff", struct pool_cfg, handoff, pool_handoff_names, "KIND",
		   "how tasks reach workers: pipe (the default), lockpipe, socketpair or futex"),
	OPT_CHOICE(0, "api", struct pool_cfg, api, api_names, "CALL",
		   "how they are submitted: apply_async (the default), apply, map or map_async"),
	OPT_U64(0, "chunk", struct pool_cfg, chunk, 1, MAX_TASKS, "N",
		"tasks that a map hands over at a time (ceil(n/4w), as Python has it)"),
	OPT_U64(0, "max-tasks", struct pool_cfg, max_tasks, 1, MAX_TASKS, "N",
		"a worker ends after N tasks, and a fresh one takes its place"),
	OPT_DURATION(0, "terminate-after", struct pool_cfg, terminate_ns, NSEC_PER_MSEC, MAX_TASK_NS,
		     "end the pool by force after TIME"),
	OPT_FLAG(0, "ondemand", struct pool_cfg, ondemand, "make a worker only when a task comes and none is idle"),
	WORKLOAD_SEED_OPT(struct pool_cfg, c),
	WORKLOAD_OPTS(struct pool_cfg, c),
	OPT_END
};

static void pool_defaults(struct workload_cfg *cfg)
{
	*(struct pool_cfg *)cfg = (struct pool_cfg){
		.c = { .repeat = 1, .workers = 4, .tasks = 5, .sleep_ns = 2 * NSEC_PER_SEC },
	};
}

static int pool_prepare(struct workload_cfg *cfg, struct err *e)
{
	struct pool_cfg *p = (struct pool_cfg *)cfg;
	bool waits = p->api == API_APPLY || p->api == API_MAP;

	p->terminate_ns = workload_scaled(cfg, p->terminate_ns);
	if (p->cpu && cfg->work_ns)
		return err_set(e, -EINVAL, "--cpu makes --sleep the CPU time of a task: leave --work out");
	if (p->cpu) {
		cfg->work_ns = cfg->sleep_ns;
		cfg->sleep_ns = 0;
	}
	if (cfg->sleep_ns + cfg->work_ns > MAX_TASK_NS)
		return err_set(e, -EINVAL, "tasks longer than an hour - reduce --sleep, --work or --scale");
	if (p->chunk && !pool_maps(cfg))
		return err_set(e, -EINVAL, "--chunk is of a map: give --api map or --api map_async with it");
	if (p->terminate_ns && waits)
		return err_set(e, -EINVAL,
			       "--api %s waits until all is done, so nobody is there to terminate - "
			       "give --api %s_async",
			       api_names[p->api], api_names[p->api]);
	return 0;
}

/* ---- in a worker ---- */

static const struct workload_cfg *job_cfg; /* set before there are workers */

static void compute(uint64_t ns)
{
	bool may_stop = pool_cfg_of(job_cfg)->terminate_ns && job_cfg->kind == KIND_THREADS;

	if (!may_stop)
		burn(ns);
	for (; may_stop && ns && !svp_stopping(); ns -= ns < BURN_STEP_NS ? ns : BURN_STEP_NS)
		burn(ns < BURN_STEP_NS ? ns : BURN_STEP_NS);
}

static int do_task(const void *arg, size_t len, void *out, size_t room)
{
	struct theory_task length;
	uint64_t i;

	(void)out, (void)room;
	memcpy(&i, arg, len < sizeof(i) ? len : sizeof(i));
	length = pool_task_length(job_cfg, i);
	if (svp_sleep((double)length.sleep_ns / 1e9) < 0)
		return -EINTR;
	compute(length.work_ns);
	if (svp_stopping())
		return -EINTR;
	workload_say("worker%d (%d) task %" PRIu64 ": 8^20 = %" PRIu64, svp_worker(), gettid(), i,
		     decimal_eight_to_the_20th());
	return 0;
}

/* ---- the master ---- */

struct results {
	svp_res **v; /* one for each task, or a single one for a whole map */
	size_t n, cap;
};

static int submit_map(svp *p, const struct workload_cfg *cfg, struct results *res)
{
	uint64_t *args = xcalloc(cfg->tasks, sizeof(*args));

	for (uint64_t i = 0; i < cfg->tasks; i++)
		args[i] = i;
	res->v[0] = svp_map_async(p, do_task, args, cfg->tasks, sizeof(*args), 0, pool_chunk(cfg));
	free(args);
	if (!res->v[0])
		return -errno;
	res->n = 1;
	return pool_cfg_of(cfg)->api == API_MAP ? svp_res_wait(res->v[0], -1) : 0;
}

static int submit_each(svp *p, const struct workload_cfg *cfg, struct results *res)
{
	for (uint64_t i = 0; i < cfg->tasks; i++) {
		svp_res *r = svp_apply_async(p, do_task, &i, sizeof(i));

		if (!r)
			return -errno;
		res->v[res->n++] = r;
		/* apply is nothing else than this */
		if (pool_cfg_of(cfg)->api == API_APPLY)
			svp_res_wait(r, -1);
	}
	return 0;
}

static int end_pool(svp *p, const struct workload_cfg *cfg, uint64_t from_ns)
{
	uint64_t end_ns = from_ns + pool_cfg_of(cfg)->terminate_ns, now_ns;

	svp_close(p);
	if (!pool_cfg_of(cfg)->terminate_ns)
		return svp_join(p);
	now_ns = schedviz_mark_now();
	if (svp_join_for(p, end_ns > now_ns ? (double)(end_ns - now_ns) / 1e9 : 0) != -ETIMEDOUT)
		return 0;
	svp_terminate(p);
	return svp_join(p);
}

/* ---- how it went ---- */

static void ending_put(struct buf *out, const struct svp_lost *lost)
{
	buf_printf(out, "worker%u (%d) ", lost->worker, lost->pid);
	if (WIFSIGNALED(lost->status))
		buf_printf(out, "was killed by signal %d: %s", WTERMSIG(lost->status),
			   strsignal(WTERMSIG(lost->status)));
	else
		buf_puts(out, "failed");
}

/* 0 if every task was done, or not done because the pool was to be terminated; else -EOWNERDEAD and a sentence. */
static int verdict(const struct results *res, struct err *e)
{
	struct svp_lost first = { 0 }, lost;
	struct buf why = { 0 };
	uint64_t nr_lost = 0;

	for (size_t i = 0; i < res->n; i++) {
		if (svp_res_get(res->v[i], NULL, 0, 0) != -EOWNERDEAD || !svp_res_lost(res->v[i], &lost))
			continue;
		lost.item += i;
		if (!nr_lost++)
			first = lost;
	}
	if (!nr_lost)
		return 0;
	ending_put(&why, &first);
	if (nr_lost == 1)
		err_set(e, -EOWNERDEAD, "task %zu was lost: %s", first.item, buf_str(&why));
	else
		err_set(e, -EOWNERDEAD, "task %zu and %" PRIu64 " more were lost: %s", first.item, nr_lost - 1,
			buf_str(&why));
	buf_release(&why);
	return -EOWNERDEAD;
}

static void say_end(const struct workload_cfg *cfg, const struct results *res, uint64_t took_ns)
{
	struct buf wall = { 0 };
	bool cancelled = false;

	for (size_t i = 0; i < res->n; i++)
		cancelled |= svp_res_get(res->v[i], NULL, 0, 0) < 0;
	fmt_duration(&wall, took_ns, false);
	if (cancelled)
		workload_say("pool (%d) terminated after %s", getpid(), buf_str(&wall));
	else
		workload_say("pool (%d) all %" PRIu64 " tasks done after %s", getpid(), cfg->tasks, buf_str(&wall));
	buf_release(&wall);
}

static int pool_work(svp *p, const struct workload_cfg *cfg, struct results *res, struct err *e)
{
	uint64_t from_ns = schedviz_mark_now(), to_ns;
	int ret = pool_maps(cfg) ? submit_map(p, cfg, res) : submit_each(p, cfg, res);

	if (ret < 0)
		return err_sys(e, ret, "cannot submit the tasks");
	ret = end_pool(p, cfg, from_ns);
	if (ret < 0)
		return err_sys(e, ret, "cannot join the pool");
	to_ns = schedviz_mark_now();
	schedviz_mark_wall(from_ns, to_ns);
	ret = verdict(res, e);
	if (ret == 0)
		say_end(cfg, res, to_ns - from_ns);
	return ret;
}

static svp *pool_make(const struct workload_cfg *cfg, struct err *e)
{
	uint64_t lead_ns = workload_scaled(cfg, LEAD_NS);
	const struct svp_opts opts = {
		.kind = cfg->kind == KIND_THREADS ? SVP_THREADS : SVP_PROCS,
		.handoff = pool_cfg_of(cfg)->handoff,
		.max_tasks = (unsigned)pool_cfg_of(cfg)->max_tasks,
		.ondemand = pool_cfg_of(cfg)->ondemand,
		.marks = 1,
		.lead = (double)(lead_ns < LEAD_MIN_NS ? LEAD_MIN_NS : lead_ns) / 1e9,
	};
	svp *p = svp_new((int)cfg->workers, &opts);

	if (!p)
		err_sys(e, -errno, "cannot make workers of a pool of %" PRIu64 "%s", cfg->workers,
			errno == EMFILE ? " - raise 'ulimit -n' or take fewer workers" : "");
	return p;
}

static int pool_run(const struct workload_cfg *cfg)
{
	struct results res = { .v = xcalloc(cfg->tasks, sizeof(*res.v)) };
	struct err e = { 0 };
	int ret = -1;
	svp *p;

	if (workload_enter("pool", cfg, &e) < 0)
		return workload_failed(&e);
	schedviz_mark_noun("task");
	workload_map_program();
	if (cfg->work_ns)
		burn_calibrate();
	job_cfg = cfg;
	workload_say("pool (%d) %" PRIu64 " worker %s, %" PRIu64 " tasks by %s", getpid(), cfg->workers,
		     cfg->kind == KIND_THREADS ? "threads" : "processes", cfg->tasks,
		     pool_handoff_names[pool_cfg_of(cfg)->handoff]);
	p = pool_make(cfg, &e);
	if (p)
		ret = pool_work(p, cfg, &res, &e);
	svp_free(p);
	free(res.v);
	return ret < 0 ? workload_failed(&e) : 0;
}

const struct workload workload_pool = {
	.name = "pool",
	.group = GROUP_POOLS,
	.summary = "4 workers, 5 tasks of 2 s: who waits for whom",
	.lesson =
		"A pool of 4 workers gets 5 tasks, each of which sleeps 2 s and computes 8^20. Four start at once; "
		"the fifth waits until a worker is free, so the whole takes ceil(5/4) x 2 s = 4 s, however many CPUs "
		"there are: a task that sleeps needs none. See which worker takes the last task, and who wakes whom "
		"when tasks change hands: --handoff pipe, lockpipe, socketpair and futex differ in nothing else. With "
		"--work or --cpu tasks need CPUs as well, and then it matters how many there are.\n\n"
		"Python's Pool has the calls that --api names: apply waits for each task, map for all of them, the "
		"others return at once. --terminate-after cuts short what sleeps; --max-tasks 1 gives every task a "
		"process of its own.",
	.theory =
		"Tasks of equal length S on w workers: ceil(n/w) x S. Of any lengths, or in chunks: list scheduling in "
		"the order of submission. One at a time (apply): n x S. Tasks that compute: at least the longest and "
		"sum/min(w, CPUs), at most sum/CPUs + longest.",
	.look = "Every worker idle in its hand-off call until the tasks come; the last task begins as the first worker "
		"is "
		"free, and the other workers' lanes end there.",
	.example = "schedviz run pool --workers 2 --tasks 5",
	.opts = pool_opts,
	.cfg_size = sizeof(struct pool_cfg),
	.defaults = pool_defaults,
	.prepare = pool_prepare,
	.predict = pool_predict,
	.run = pool_run,
	.check = pool_check,
	.explain = pool_explain,
};
