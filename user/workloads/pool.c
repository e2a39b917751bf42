/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pool.c - the workload `pool`: a few workers, more tasks, and a master that submits, closes and joins.
 */
#include "workloads/pool.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/buf.h"
#include "base/schedviz_mark.h"
#include "workloads/burn.h"

#define MAX_WORKERS 1000
#define MAX_TASKS 100000
#define MAX_TASK_NS WORKLOAD_MAX_NS /* times MAX_TASKS it is still far from 2^64 */

/* Workers are made, one after another, in the first four fifths of this; then all are idle until it is over. */
#define LEAD_NS (50 * NSEC_PER_MSEC)
#define LEAD_MIN_NS (5 * NSEC_PER_MSEC)
#define LEAD_PATIENCE 40 /* leads, after which a worker that is still not ready is not waited for */

const char *const workload_handoff_names[] = { "pipe", "lockpipe", "socketpair", NULL };

static const struct handoff *const handoffs[] = {
	[HANDOFF_PIPE] = &handoff_pipe,
	[HANDOFF_LOCKPIPE] = &handoff_lockpipe,
	[HANDOFF_SOCKETPAIR] = &handoff_socketpair,
};

static int handoff_of(const struct workload_cfg *cfg)
{
	return ((const struct pool_cfg *)cfg)->handoff;
}

static const struct opt pool_opts[] = {
	OPT_U64('w', "workers", struct pool_cfg, c.workers, 1, MAX_WORKERS, "N", "workers in the pool (4)"),
	OPT_U64('n', "tasks", struct pool_cfg, c.tasks, 1, MAX_TASKS, "N", "tasks submitted to it (5)"),
	OPT_DURATION(0, "sleep", struct pool_cfg, c.sleep_ns, 0, MAX_TASK_NS, "how long each task sleeps (2s)"),
	OPT_DURATION(0, "work", struct pool_cfg, c.work_ns, 0, MAX_TASK_NS, "CPU time each task uses after that (0)"),
	WORKLOAD_KIND_OPTS(struct pool_cfg, c, "workers are processes (the default)", "workers are threads"),
	OPT_CHOICE(0, "handoff", struct pool_cfg, handoff, workload_handoff_names, "KIND",
		   "how tasks reach workers: pipe (the default), lockpipe or socketpair"),
	WORKLOAD_OPTS(struct pool_cfg, c),
	OPT_END
};

static void pool_defaults(struct workload_cfg *cfg)
{
	*cfg = (struct workload_cfg){ .repeat = 1, .workers = 4, .tasks = 5, .sleep_ns = 2 * NSEC_PER_SEC };
}

static int pool_prepare(struct workload_cfg *cfg, struct err *e)
{
	if (cfg->sleep_ns + cfg->work_ns > MAX_TASK_NS)
		return err_set(e, -EINVAL, "tasks longer than an hour - reduce --sleep, --work or --scale");
	return 0;
}

struct theory_task pool_task_length(const struct workload_cfg *cfg, uint64_t i)
{
	return (struct theory_task){
		.sleep_ns = workload_vary(cfg->sleep_ns, cfg->seed, i),
		.work_ns = workload_vary(cfg->work_ns, cfg->seed, i),
	};
}

/* ---- theory ---- */

/* "2 s", "(2 s + 10 ms)", "10 ms CPU time" */
static void length_put(struct buf *out, const struct theory_task *t)
{
	bool both = t->sleep_ns && t->work_ns;

	if (both)
		buf_putc(out, '(');
	if (t->sleep_ns || !t->work_ns)
		theory_time(out, t->sleep_ns);
	if (both)
		buf_puts(out, " + ");
	if (t->work_ns)
		theory_time(out, t->work_ns);
	if (t->work_ns)
		buf_puts(out, " CPU");
	if (both)
		buf_putc(out, ')');
}

static void shortest_and_longest(const struct theory_task *tasks, uint64_t n, struct theory_range *r)
{
	*r = (struct theory_range){ UINT64_MAX, 0 };
	for (uint64_t i = 0; i < n; i++) {
		uint64_t ns = tasks[i].sleep_ns + tasks[i].work_ns;

		r->min_ns = ns < r->min_ns ? ns : r->min_ns;
		r->max_ns = ns > r->max_ns ? ns : r->max_ns;
	}
}

/* What is added up: "ceil(5/4) x 2 s", or "5 tasks of 1.1 s to 2.8 s on 4 workers". */
static void formula_put(struct buf *out, const struct workload_cfg *cfg, const struct theory_task *tasks, bool exact)
{
	struct theory_range length;

	if (exact && !cfg->seed) {
		buf_printf(out, "ceil(%" PRIu64 "/%" PRIu64 ") x ", cfg->tasks, cfg->workers);
		length_put(out, &tasks[0]);
		return;
	}
	buf_printf(out, "%" PRIu64 " task%s of ", cfg->tasks, cfg->tasks == 1 ? "" : "s");
	if (cfg->seed) {
		shortest_and_longest(tasks, cfg->tasks, &length);
		theory_time(out, length.min_ns);
		buf_puts(out, " to ");
		theory_time(out, length.max_ns);
	} else {
		length_put(out, &tasks[0]);
	}
	buf_printf(out, " on %" PRIu64 " worker%s", cfg->workers, cfg->workers == 1 ? "" : "s");
	if (!exact)
		buf_printf(out, ", %u CPU%s", cfg->nr_cpus, cfg->nr_cpus == 1 ? "" : "s");
}

static void theory_put(struct buf *out, const struct workload_cfg *cfg, const struct theory_task *tasks,
		       struct theory_range wall)
{
	bool exact = wall.min_ns == wall.max_ns;

	formula_put(out, cfg, tasks, exact);
	buf_puts(out, exact ? " = " : ": ");
	theory_time(out, wall.min_ns);
	if (exact)
		return;
	buf_puts(out, " to ");
	theory_time(out, wall.max_ns);
}

/* Sleeping needs no CPU: only what workers compute can make them wait for one. */
static uint64_t cpus_that_bind(const struct workload_cfg *cfg)
{
	return cfg->work_ns ? cfg->nr_cpus : cfg->workers;
}

static void pool_predict(const struct workload_cfg *cfg, struct facts *out)
{
	struct theory_task *tasks = xcalloc(cfg->tasks, sizeof(*tasks));
	struct buf text = { 0 };
	struct theory_range wall;

	for (uint64_t i = 0; i < cfg->tasks; i++)
		tasks[i] = pool_task_length(cfg, i);
	wall = theory_bounds(tasks, cfg->tasks, cfg->workers, cpus_that_bind(cfg));
	theory_put(&text, cfg, tasks, wall);
	theory_set(out, buf_str(&text), wall);
	buf_release(&text);
	free(tasks);
}

/* ---- the run ---- */

static int pool_open(struct pool *p, const struct workload_cfg *cfg, struct err *e)
{
	int ret;

	*p = (struct pool){ .cfg = cfg, .handoff = handoffs[handoff_of(cfg)] };
	p->shared_bytes = sizeof(*p->shared) + cfg->tasks * sizeof(p->shared->tasks[0]);
	p->shared = mmap(NULL, p->shared_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p->shared == MAP_FAILED) {
		p->shared = NULL;
		return err_sys(e, -errno, "cannot get memory for %" PRIu64 " tasks", cfg->tasks);
	}
	ret = pool_workers_init(p, e);
	return ret < 0 ? ret : p->handoff->open(p, e);
}

static void pool_close(struct pool *p)
{
	p->handoff->release(p);
	pool_workers_release(p);
	if (p->shared)
		munmap(p->shared, p->shared_bytes);
}

/*
 * Every worker is to be idle in its hand-off call, worker0 first, before anything is submitted. The master looks by the
 * clock, in steps: to be woken by workers that report would draw edges that are no hand-off.
 */
static int pool_start(struct pool *p, struct err *e)
{
	uint64_t lead_ns = LEAD_NS * p->cfg->scale_permille / 1000;
	uint64_t begin_ns = schedviz_mark_now(), step_ns, give_up_ns;

	lead_ns = lead_ns < LEAD_MIN_NS ? LEAD_MIN_NS : lead_ns;
	step_ns = lead_ns * 4 / 5 / p->cfg->workers;
	give_up_ns = begin_ns + LEAD_PATIENCE * lead_ns;
	for (uint32_t i = 0; i < p->cfg->workers; i++) {
		int ret = pool_worker_start(p, i, e);

		if (ret < 0)
			return ret;
		do
			workload_sleep(step_ns);
		while (__atomic_load_n(&p->shared->ready, __ATOMIC_ACQUIRE) <= i && schedviz_mark_now() < give_up_ns);
	}
	if (p->cfg->kind == KIND_PROCS)
		p->handoff->keep_master_end(p);
	workload_sleep(lead_ns / 5);
	workload_sleep_until(begin_ns + lead_ns);
	return 0;
}

static int pool_submit_all(struct pool *p, struct err *e)
{
	for (uint64_t i = 0; i < p->cfg->tasks; i++) {
		int ret;

		schedviz_mark_submit(i);
		ret = p->handoff->submit(p, i, e);
		if (ret < 0)
			return ret;
	}
	return p->handoff->close(p, e);
}

/* Who is to blame: the worker that had taken `lost`, if it ended badly, else any that did. NULL: all ended well. */
static const struct pool_worker *find_culprit(const struct pool *p, const struct pool_task *lost)
{
	if (lost && lost->state == TASK_TAKEN && lost->worker < p->nr_started && p->workers[lost->worker].status)
		return &p->workers[lost->worker];
	for (uint32_t i = 0; i < p->nr_started; i++)
		if (p->workers[i].status)
			return &p->workers[i];
	return NULL;
}

static void ending_put(struct buf *out, const struct pool_worker *w)
{
	if (!w)
		buf_puts(out, "nobody did it");
	else if (WIFSIGNALED(w->status))
		buf_printf(out, "worker%u (%d) was killed by signal %d: %s", w->index, w->pid, WTERMSIG(w->status),
			   strsignal(WTERMSIG(w->status)));
	else
		buf_printf(out, "worker%u (%d) failed", w->index, w->pid);
}

/* After all workers ended: 0 if every task was done and every worker ended well, else -EOWNERDEAD and a sentence. */
static int pool_verdict(const struct pool *p, struct err *e)
{
	const struct pool_task *lost = NULL;
	const struct pool_worker *culprit;
	struct buf why = { 0 };
	uint64_t nr_lost = 0;

	for (const struct pool_task *t = p->shared->tasks + p->cfg->tasks; t-- > p->shared->tasks;) {
		if (__atomic_load_n(&t->state, __ATOMIC_ACQUIRE) == TASK_DONE)
			continue;
		lost = t;
		nr_lost++;
	}
	culprit = find_culprit(p, lost);
	if (!culprit && !lost)
		return 0;
	ending_put(&why, culprit);
	if (!lost)
		err_set(e, -EOWNERDEAD, "%s; no task was lost", buf_str(&why));
	else if (nr_lost == 1)
		err_set(e, -EOWNERDEAD, "task %td was lost: %s", lost - p->shared->tasks, buf_str(&why));
	else
		err_set(e, -EOWNERDEAD, "task %td and %" PRIu64 " more were lost: %s", lost - p->shared->tasks,
			nr_lost - 1, buf_str(&why));
	buf_release(&why);
	return -EOWNERDEAD;
}

static int pool_work(struct pool *p, struct err *e)
{
	struct buf wall = { 0 };
	uint64_t from_ns, to_ns;
	int ret;

	ret = pool_start(p, e);
	if (ret == 0) {
		from_ns = schedviz_mark_now();
		ret = pool_submit_all(p, e);
	}
	if (ret < 0) {
		pool_workers_kill(p);
		return ret;
	}
	pool_workers_join(p);
	to_ns = schedviz_mark_now();
	schedviz_mark_wall(from_ns, to_ns);
	ret = pool_verdict(p, e);
	if (ret < 0)
		return ret;
	fmt_duration(&wall, to_ns - from_ns, false);
	workload_say("pool (%d) all %" PRIu64 " tasks done after %s", getpid(), p->cfg->tasks, buf_str(&wall));
	buf_release(&wall);
	return 0;
}

static int pool_run(const struct workload_cfg *cfg)
{
	struct err e = { 0 };
	struct pool p = { 0 };
	int ret;

	ret = workload_enter("pool", cfg, &e);
	if (ret < 0)
		return workload_failed(&e);
	schedviz_mark_noun("task");
	workload_map_program();
	if (cfg->work_ns)
		burn_calibrate();
	workload_say("pool (%d) %" PRIu64 " worker %s, %" PRIu64 " tasks by %s", getpid(), cfg->workers,
		     cfg->kind == KIND_THREADS ? "threads" : "processes", cfg->tasks,
		     workload_handoff_names[handoff_of(cfg)]);
	ret = pool_open(&p, cfg, &e);
	if (ret == 0)
		ret = pool_work(&p, &e);
	pool_close(&p);
	return ret < 0 ? workload_failed(&e) : 0;
}

static void pool_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	(void)ev;
	(void)cfg;
	(void)r;
}

static void pool_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	(void)cfg;
	(void)ev;
	(void)out;
}

const struct workload workload_pool = {
	.name = "pool",
	.group = GROUP_POOLS,
	.summary = "4 workers, 5 tasks of 2 s: who waits for whom",
	.lesson = "A pool of 4 workers gets 5 tasks, each of which sleeps 2 s and computes 8^20. Four start at once; "
		  "the fifth waits until a worker is free, so the whole takes ceil(5/4) x 2 s = 4 s, however many CPUs "
		  "there are: a task that sleeps needs none. See which worker takes the last task, and who wakes whom "
		  "when tasks change hands: --handoff pipe, lockpipe and socketpair differ in nothing else. With "
		  "--work tasks need CPUs as well, and then it matters how many there are.",
	.theory =
		"Tasks of equal length S on w workers: ceil(n/w) x S. Of any lengths: list scheduling in the order of "
		"submission. Tasks that compute: at least the longest and sum/min(w, CPUs), at most sum/CPUs + "
		"longest.",
	.look = "Every worker idle in its hand-off call; the last task begins as the first worker is free.",
	.example = "schedviz run pool --workers 2 --tasks 5",
	.opts = pool_opts,
	.defaults = pool_defaults,
	.cfg_size = sizeof(struct pool_cfg),
	.prepare = pool_prepare,
	.predict = pool_predict,
	.run = pool_run,
	.check = pool_check,
	.explain = pool_explain,
};
