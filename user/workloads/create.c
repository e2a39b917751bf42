/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * create.c - the workload `create`: what it costs to make a thread or a process, and to wait for its end.
 */
#define _GNU_SOURCE /* vfork */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/schedviz_mark.h"
#include "workloads/theory.h"
#include "workloads/workload.h"

#define MIB (UINT64_C(1) << 20)
#define MAX_ROUNDS 1000
#define QUICK_BYTES (32 * MIB)
#define TASKS 5
#define QUICK_TASKS 150		/* a second; many, since they are short and a slow moment of the machine hits some */
#define LARGE_BYTES (256 * MIB) /* from here on an eighth of it tells its cost from that of the first MiB */
/*
 * How far the cost of a MiB may differ between the smaller and the larger step. A line gives 1; measured 0.49 to 1.65
 * in 60 runs with 512 MiB, and with --quick 0.98 to 1.72 in 120.
 */
#define LINE_MIN 0.4
#define LINE_MAX 2.5

/* In the order in which a round makes them: forks with more and more of the memory, then what does not copy any. */
enum kind { FORK_SMALL, FORK_MIDDLE, FORK_LARGE, VFORK, THREAD, NR_KINDS };
#define NR_SIZES 3
/* Said with schedviz_mark_instant(kind, ...) before one is made and when its end has been waited for. */
enum { BEGINS, IS_OVER };

struct create_cfg {
	struct workload_cfg c;
	uint64_t bytes;		/* the most memory that a forking process has touched */
	uint64_t mib[NR_SIZES]; /* from create_prepare() */
};

static const struct opt create_opts[] = {
	OPT_U64('n', "tasks", struct create_cfg, c.tasks, 3, MAX_ROUNDS, "N",
		"how many of each kind (5; 150 with --quick)"),
	OPT_SIZE(0, "memory", struct create_cfg, bytes, 16 * MIB, 16384 * MIB,
		 "memory that the process has touched when it forks last (512M; 32M with --quick)"),
	WORKLOAD_OPTS(struct create_cfg, c), OPT_END
};

static const struct create_cfg *own(const struct workload_cfg *cfg)
{
	return (const struct create_cfg *)cfg;
}

static void create_defaults(struct workload_cfg *cfg)
{
	*(struct create_cfg *)cfg = (struct create_cfg){ .c = { .repeat = 1 }, .bytes = 512 * MIB };
}

static int create_prepare(struct workload_cfg *cfg, struct err *e)
{
	struct create_cfg *c = (struct create_cfg *)cfg;

	(void)e;
	if (cfg->quick && c->bytes > QUICK_BYTES)
		c->bytes = QUICK_BYTES;
	if (!cfg->tasks)
		cfg->tasks = cfg->quick ? QUICK_TASKS : TASKS;
	c->mib[0] = 1;
	c->mib[1] = c->bytes >= LARGE_BYTES ? c->bytes / MIB / 8 : c->bytes / MIB / 2;
	c->mib[2] = c->bytes / MIB;
	return 0;
}

static void create_predict(const struct workload_cfg *cfg, struct facts *out)
{
	const struct create_cfg *c = own(cfg);

	facts_setf(out, "theory.text",
		   "thread, vfork < fork; fork = a + b x MiB touched, of %" PRIu64 ", %" PRIu64 ", %" PRIu64, c->mib[0],
		   c->mib[1], c->mib[2]);
}

/* ---- the run: each kind made and waited for, again and again ---- */

/* In a child made by vfork() too: it changes nothing but the child's own name. */
static void __attribute__((noreturn)) child_end(const char *name)
{
	prctl(PR_SET_NAME, name);
	_exit(0);
}

static int reap(pid_t pid)
{
	int status;

	if (pid < 0)
		return -errno;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

static int by_fork(const char *name)
{
	pid_t pid = fork();

	if (pid == 0)
		child_end(name);
	return reap(pid);
}

static int by_vfork(const char *name)
{
	pid_t pid = vfork();

	if (pid == 0)
		child_end(name); /* NOLINT(clang-analyzer-unix.Vfork): it does not return, and writes nothing */
	return reap(pid);
}

static void *thread_main(void *name)
{
	prctl(PR_SET_NAME, name);
	return NULL;
}

static int by_thread(const char *name)
{
	pthread_t thread;
	int ret = pthread_create(&thread, NULL, thread_main, (void *)name);

	if (!ret)
		pthread_join(thread, NULL);
	return -ret;
}

/* Private memory in pages of the usual size, each of them touched: each has an entry that a fork must copy. */
static char *touched(uint64_t bytes, struct err *e)
{
	struct sysinfo info;
	char *p;

	if (sysinfo(&info) == 0 && (info.freeram + info.bufferram) * info.mem_unit < bytes + bytes / 4) {
		err_set(e, -ENOMEM, "%" PRIu64 " MiB of memory are not free - give less with --memory", bytes / MIB);
		return NULL;
	}
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED) {
		err_sys(e, -errno, "cannot get %" PRIu64 " MiB of memory", bytes / MIB);
		return NULL;
	}
	madvise(p, bytes, MADV_NOHUGEPAGE);
	for (uint64_t at = 0; at < bytes; at += 4096)
		p[at] = 1;
	return p;
}

static void kind_name(const struct create_cfg *c, int kind, char name[16])
{
	if (kind < NR_SIZES)
		snprintf(name, 16, "fork%u", (unsigned)c->mib[kind]);
	else
		snprintf(name, 16, "%s", kind == VFORK ? "vfork" : "thread");
}

/* What lies behind the first `bytes` of `all` is hidden from forks: as if it had not been touched. */
static void show_to_forks(char *memory, uint64_t bytes, uint64_t all)
{
	madvise(memory, bytes, MADV_DOFORK);
	if (bytes < all)
		madvise(memory + bytes, all - bytes, MADV_DONTFORK);
}

/* One of each kind, its beginning and its end said to the recording. The kinds alternate so that all meet the same CPU.
 */
static int round_make(const struct create_cfg *c, uint64_t round, char *memory, struct err *e)
{
	static int (*const make[NR_KINDS])(const char *name) = { by_fork, by_fork, by_fork, by_vfork, by_thread };
	char name[16];

	for (int kind = 0; kind < NR_KINDS; kind++) {
		int ret;

		kind_name(c, kind, name);
		show_to_forks(memory, kind < NR_SIZES ? c->mib[kind] * MIB : c->bytes, c->bytes);
		schedviz_mark_instant((uint64_t)kind, BEGINS);
		ret = make[kind](name);
		schedviz_mark_instant((uint64_t)kind, IS_OVER);
		if (ret < 0)
			return err_sys(e, ret, "cannot make %s %" PRIu64 " of %" PRIu64, name, round + 1, c->c.tasks);
	}
	return 0;
}

static int create_run(const struct workload_cfg *cfg)
{
	const struct create_cfg *c = own(cfg);
	struct err e = { 0 };
	char *memory;
	int ret = 0;

	if (workload_enter("create", cfg, &e) < 0)
		return workload_failed(&e);
	by_thread("warm-up"); /* the first one loads and allocates what later ones find */
	by_fork("warm-up");
	memory = touched(c->bytes, &e);
	if (!memory)
		return workload_failed(&e);
	for (uint64_t round = 0; round < cfg->tasks && !ret; round++)
		ret = round_make(c, round, memory, &e);
	munmap(memory, c->bytes);
	if (ret < 0)
		return workload_failed(&e);
	workload_say("create (%d) made and waited for %" PRIu64 " of each kind", getpid(), cfg->tasks);
	return 0;
}

/* ---- the check ---- */

struct costs {
	uint64_t ns[NR_KINDS];		 /* 0 for a kind of which none was seen */
	uint64_t slope_ns[NR_SIZES - 1]; /* what a MiB costs from one size to the next */
	uint64_t made;			 /* tasks with these names */
};

/* What each round had of each kind. */
struct rounds {
	int64_t ns[NR_KINDS][MAX_ROUNDS];
	size_t n[NR_KINDS];
};

/* How long the process that makes them and all of `made` ran in `w`: who else had the CPU then does not count. */
static uint64_t ran_ns(const struct evidence *ev, task_id maker, const task_set *made, struct window w)
{
	uint64_t ns = evidence_ns(ev, maker, STATE_RUNNING, w);

	for (size_t i = 0; i < made->n; i++)
		ns += evidence_ns(ev, made->v[i], STATE_RUNNING, w);
	return ns;
}

static void kind_add(struct rounds *all, const struct evidence *ev, unsigned kind, const task_set *made)
{
	struct window w = { 0 };

	for (const struct evidence_instant *said = ev->instants.v; said < ev->instants.v + ev->instants.n; said++) {
		if (said->id != kind)
			continue;
		w.to_ns = said->ts_ns;
		if (said->arg == BEGINS)
			w.from_ns = said->ts_ns;
		else if (w.from_ns && all->n[kind] < MAX_ROUNDS)
			all->ns[kind][all->n[kind]++] = (int64_t)ran_ns(ev, said->who, made, w);
	}
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* The middle one of v[0..n), which become sorted; 0 if there is none, or it is negative. */
static uint64_t median(int64_t *v, size_t n)
{
	qsort(v, n, sizeof(*v), compare);
	return n && v[n / 2] > 0 ? (uint64_t)v[n / 2] : 0;
}

/* The middle of what the rounds say, each from two forks within milliseconds: machines have slow and fast moments. */
static uint64_t slope_of(const struct create_cfg *c, const struct rounds *all, unsigned i)
{
	size_t n = all->n[i] < all->n[i + 1] ? all->n[i] : all->n[i + 1];
	int64_t step_ns[MAX_ROUNDS];

	for (size_t k = 0; k < n; k++)
		step_ns[k] = all->ns[i + 1][k] - all->ns[i][k];
	return median(step_ns, n) / (c->mib[i + 1] - c->mib[i]);
}

/* CPU time to make one, of its life and of the wait for its end. */
static struct costs costs_of(const struct create_cfg *c, const struct evidence *ev)
{
	struct rounds all = { 0 };
	struct costs cost = { 0 };
	char name[16];

	for (unsigned kind = 0; kind < NR_KINDS; kind++) {
		task_set set;

		kind_name(c, (int)kind, name);
		set = evidence_named(ev, name);
		cost.made += set.n;
		kind_add(&all, ev, kind, &set);
		vec_release(&set);
	}
	for (unsigned i = 0; i + 1 < NR_SIZES; i++)
		cost.slope_ns[i] = slope_of(c, &all, i);
	for (int kind = 0; kind < NR_KINDS; kind++)
		cost.ns[kind] = median(all.ns[kind], all.n[kind]);
	return cost;
}

static void create_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	const struct create_cfg *c = own(cfg);
	struct costs cost = costs_of(c, ev);
	uint64_t n = NR_KINDS * cfg->tasks;

	report_ratio(r, cost.slope_ns[1], cost.slope_ns[0], LINE_MIN, LINE_MAX,
		     "cost of a MiB, larger step to smaller");
	report_count(r, cost.made, n, n, "threads and processes that were made");
	report_tell(r, UNIT_NS, cost.ns[0], "fork with 1 MiB touched");
	report_ns(r, cost.ns[1], cost.ns[0], REPORT_ANY, "fork with %" PRIu64 " MiB", c->mib[1]);
	report_ns(r, cost.ns[2], cost.ns[1], REPORT_ANY, "fork with %" PRIu64 " MiB", c->mib[2]);
	report_ns(r, cost.ns[VFORK], 1, cost.ns[0], "vfork, with as much memory");
	report_ns(r, cost.ns[THREAD], 1, cost.ns[0], "thread, with as much memory");
}

static void create_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	const struct create_cfg *c = own(cfg);
	struct costs cost = costs_of(c, ev);

	buf_puts(out, "To make one, its life and the wait for its end took this much of a CPU: a thread ");
	fmt_duration(out, cost.ns[THREAD], true);
	buf_puts(out, ", a vfork ");
	fmt_duration(out, cost.ns[VFORK], true);
	for (unsigned i = 0; i < NR_SIZES; i++) {
		buf_printf(out, ", %s%" PRIu64 " MiB touched ", i ? "with " : "a fork of a process with ", c->mib[i]);
		fmt_duration(out, cost.ns[i], true);
	}
	buf_puts(out, ". A fork copies no memory, but it must copy the page tables, an entry for each page that was "
		      "touched, and the child's end takes them down again: about ");
	fmt_duration(out, cost.slope_ns[1], true);
	buf_puts(out, " a MiB here. A thread or a vfork child uses the same tables, so it costs the same however "
		      "large the process is. Processes on Linux are cheap, but not equally so: a large one is forked "
		      "from a small helper (Python's forkserver), or by vfork and exec.");
}

const struct workload workload_create = {
	.name = "create",
	.group = GROUP_TASKS,
	.summary = "what a thread, a vfork and a fork cost: page tables",
	.lesson = "A process makes threads and children that end at once, and waits for each. A thread takes some "
		  "tens of microseconds, a fork of a small process some hundred, a fork of a process that has "
		  "touched 512 MiB tens of milliseconds: memory is shared until somebody writes to it, but the page "
		  "tables are copied at once, an entry for each page. vfork lends the child the parent's memory "
		  "until it ends or executes a program, so there is nothing to copy.",
	.theory = "thread, vfork < fork, whatever the memory; fork = a + b x MiB touched: 64 times the memory, up to "
		  "64 times the cost. How large a and b are is the machine's affair.",
	.look = "A staircase of short lives. The more memory, the longer `create` runs before each of them, and the "
		"longer each runs itself: the one copies page tables, the other takes them down.",
	.example = "schedviz run create --memory 128M",
	.opts = create_opts,
	.cfg_size = sizeof(struct create_cfg),
	.defaults = create_defaults,
	.prepare = create_prepare,
	.predict = create_predict,
	.run = create_run,
	.check = create_check,
	.explain = create_explain,
};
