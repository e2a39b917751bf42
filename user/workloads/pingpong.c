/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pingpong.c - the workload `pingpong`: two tasks that wake each other, and what one round trip costs.
 */
#define _GNU_SOURCE /* pipe2, syscall */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/schedviz_mark.h"
#include "workloads/team.h"
#include "workloads/theory.h"
#include "workloads/workload.h"

#define MAX_ROUNDS 1000000
#define BOTH "p[io]ng"
/* Ticks, interrupts and strangers that get in between. */
#define SLACK 0.05

enum over { OVER_PIPE, OVER_FUTEX, OVER_EVENTFD, OVER_YIELD, NR_OVER };
enum where { WHERE_SAME, WHERE_CROSS, WHERE_FREE };

struct pingpong_cfg {
	struct workload_cfg c; /* tasks: round trips */
	int over, where;
};

static const char *const over_names[] = { "pipe", "futex", "eventfd", "yield", NULL };
static const char *const where_names[] = { "same", "cross", "free", NULL };

static const struct opt pingpong_opts[] = {
	OPT_CHOICE(0, "over", struct pingpong_cfg, over, over_names, "WAY",
		   "they wake each other by a pipe (the default), futex or eventfd, or yield until it is their turn"),
	OPT_CHOICE(0, "where", struct pingpong_cfg, where, where_names, "WHERE",
		   "both on the same CPU (the default), across two, or free to move"),
	OPT_U64('n', "rounds", struct pingpong_cfg, c.tasks, 10, MAX_ROUNDS, "N",
		"round trips (20000; 1000 with --quick)"),
	WORKLOAD_KIND_OPTS(struct pingpong_cfg, c, "they are processes (the default)", "they are threads"),
	WORKLOAD_OPTS(struct pingpong_cfg, c),
	OPT_END
};

static const struct pingpong_cfg *own(const struct workload_cfg *cfg)
{
	return (const struct pingpong_cfg *)cfg;
}

static void pingpong_defaults(struct workload_cfg *cfg)
{
	struct pingpong_cfg *p = (struct pingpong_cfg *)cfg;

	*p = (struct pingpong_cfg){ .c = { .repeat = 1 } };
}

static int pingpong_prepare(struct workload_cfg *cfg, struct err *e)
{
	(void)e;
	cfg->tasks = cfg->tasks ? cfg->tasks : cfg->quick ? 1000 : 20000;
	return 0;
}

static bool pingpong_cannot(const struct workload_cfg *cfg, struct buf *why)
{
	if (own(cfg)->where != WHERE_CROSS || cfg->nr_cpus > 1)
		return false;
	buf_puts(why, "two CPUs are needed to go across");
	return true;
}

/* ---- theory: switches and wake-ups of both, for each round trip ---- */

struct range {
	double min, max;
};

struct costs {
	struct range switches, wakes;
	const char *text;
};

/*
 * Who waits asleep is switched away from once a trip and woken once a trip: twice for both. On one CPU the woken may
 * preempt the waker before that sleeps. Then the answer is there already when the waker goes on: still two switches,
 * but one wake-up. Across CPUs both may happen too early for a sleep.
 */
static struct costs costs_of(const struct pingpong_cfg *p)
{
	bool sleeps = p->over != OVER_YIELD;

	if (p->where == WHERE_SAME)
		return (struct costs){ .switches = { 2, 2 },
				       .wakes = { sleeps ? 1 : 0, sleeps ? 2 : 0 },
				       .text = sleeps ? "2 switches, 1 to 2 wake-ups for each round trip"
						      : "2 switches, no wake-up for each round trip" };
	if (!sleeps) /* free, they may meet on one CPU until one of them is moved */
		return (struct costs){ .switches = { 0, p->where == WHERE_CROSS ? 0 : 2 },
				       .wakes = { 0, 0 },
				       .text = p->where == WHERE_CROSS
						       ? "no switch, no wake-up: each has its CPU"
						       : "0 to 2 switches, no wake-up for each round trip" };
	if (p->where == WHERE_CROSS)
		return (struct costs){ .switches = { 1, 2 },
				       .wakes = { 1, 2 },
				       .text = "1 to 2 switches and wake-ups for each round trip, across CPUs" };
	return (struct costs){ .switches = { 1, 2 },
			       .wakes = { 1, 2 },
			       .text = "1 to 2 switches and wake-ups for each round trip" };
}

static void pingpong_predict(const struct workload_cfg *cfg, struct facts *out)
{
	facts_set(out, "theory.text", costs_of(own(cfg)).text);
}

/* ---- the ways to wake ---- */

struct table {
	const struct pingpong_cfg *cfg;
	uint32_t *turn; /* [2], shared: whose turn it is, of futex and yield */
	int fds[2][2];	/* [who waits]: where it reads, where the other writes */
};

static bool fd_post(struct table *t, uint32_t who)
{
	const uint64_t one = 1;

	return write(t->fds[who][1], &one, sizeof(one)) == sizeof(one);
}

static bool fd_wait(struct table *t, uint32_t who)
{
	uint64_t got;

	return read(t->fds[who][0], &got, sizeof(got)) == sizeof(got);
}

static bool yield_post(struct table *t, uint32_t who)
{
	__atomic_store_n(&t->turn[who], 1, __ATOMIC_RELEASE);
	return true;
}

static bool yield_wait(struct table *t, uint32_t who)
{
	while (!__atomic_exchange_n(&t->turn[who], 0, __ATOMIC_ACQUIRE))
		sched_yield();
	return true;
}

static bool futex_post(struct table *t, uint32_t who)
{
	yield_post(t, who);
	return syscall(SYS_futex, &t->turn[who], FUTEX_WAKE, 1, NULL, NULL, 0) >= 0;
}

static bool futex_wait(struct table *t, uint32_t who)
{
	while (!__atomic_exchange_n(&t->turn[who], 0, __ATOMIC_ACQUIRE))
		if (syscall(SYS_futex, &t->turn[who], FUTEX_WAIT, 0, NULL, NULL, 0) < 0 && errno != EAGAIN &&
		    errno != EINTR)
			return false;
	return true;
}

static const struct way {
	bool (*post)(struct table *, uint32_t who); /* it is `who`'s turn */
	bool (*wait)(struct table *, uint32_t who);
} ways[NR_OVER] = {
	[OVER_PIPE] = { fd_post, fd_wait },
	[OVER_FUTEX] = { futex_post, futex_wait },
	[OVER_EVENTFD] = { fd_post, fd_wait },
	[OVER_YIELD] = { yield_post, yield_wait },
};

static int fds_open(struct table *t, struct err *e)
{
	for (int who = 0; who < 2; who++) {
		int ret = 0;

		if (t->cfg->over == OVER_PIPE)
			ret = pipe2(t->fds[who], O_CLOEXEC);
		else if (t->cfg->over == OVER_EVENTFD)
			ret = t->fds[who][0] = t->fds[who][1] = eventfd(0, EFD_CLOEXEC);
		if (ret < 0)
			return err_sys(e, -errno, "cannot make the %s", over_names[t->cfg->over]);
	}
	return 0;
}

/* ---- the run ---- */

static int player_before(void *arg, uint32_t i)
{
	const struct table *t = arg;
	struct err e = { 0 };

	prctl(PR_SET_NAME, i ? "pong" : "ping");
	/* a fork leaves out the pages of shared memory: two that fault one in at once wait for each other */
	__atomic_store_n(&t->turn[i], 0, __ATOMIC_RELAXED);
	if (t->cfg->where != WHERE_FREE && workload_pin(workload_cpu(t->cfg->where == WHERE_CROSS ? i : 0), &e) < 0)
		return workload_failed(&e);
	return 0;
}

static int player(void *arg, uint32_t i)
{
	struct table *t = arg;
	const struct way *way = &ways[t->cfg->over];
	uint64_t from_ns = schedviz_mark_now();
	bool fine = true;

	for (uint64_t n = 0; n < t->cfg->c.tasks && fine; n++)
		fine = i ? way->wait(t, 1) && way->post(t, 0) : way->post(t, 1) && way->wait(t, 0);
	if (i == 0)
		schedviz_mark_wall(from_ns, schedviz_mark_now());
	return !fine;
}

static int pingpong_run(const struct workload_cfg *cfg)
{
	struct table table = { .cfg = own(cfg) };
	const struct team_cfg team = {
		.n = 2,
		.kind = cfg->kind,
		.name = "player%u",
		.before = player_before,
		.fn = player,
		.arg = &table,
	};
	struct err e = { 0 };
	struct team_span span;

	if (workload_enter("pingpong", cfg, &e) < 0)
		return workload_failed(&e);
	workload_map_program();
	table.turn = shared_alloc(2 * sizeof(*table.turn), &e);
	if (!table.turn || fds_open(&table, &e) < 0)
		return workload_failed(&e);
	if (team_run(&team, &span, &e) < 0)
		return workload_failed(&e);
	shared_free(table.turn, 2 * sizeof(*table.turn));
	workload_say("pingpong (%d) %" PRIu64 " round trips by %s", getpid(), cfg->tasks, over_names[table.cfg->over]);
	return 0;
}

/* ---- the check ---- */

static uint64_t switches_of(const struct evidence *ev)
{
	task_set set = evidence_named(ev, BOTH);
	uint64_t n = 0;

	for (size_t i = 0; i < set.n; i++)
		n += evidence_switches(ev, set.v[i], OUT_VOLUNTARY, ev->wall) +
		     evidence_switches(ev, set.v[i], OUT_INVOLUNTARY, ev->wall);
	vec_release(&set);
	return n;
}

static uint64_t wakes_of(const struct evidence *ev)
{
	return evidence_edges(ev, BOTH, BOTH, "read,futex", ev->wall);
}

static uint64_t trip_ns(const struct workload_cfg *cfg, const struct evidence *ev)
{
	return (ev->wall.to_ns - ev->wall.from_ns) / cfg->tasks;
}

static void pingpong_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	struct costs c = costs_of(own(cfg));

	report_ratio(r, switches_of(ev), cfg->tasks, c.switches.min * (1 - SLACK), c.switches.max * (1 + SLACK) + SLACK,
		     "switches of both for each round trip");
	report_ratio(r, wakes_of(ev), cfg->tasks, c.wakes.min * (1 - SLACK), c.wakes.max * (1 + SLACK),
		     "wake-ups by each other for each round trip");
	report_tell(r, UNIT_NS, trip_ns(cfg, ev), "a round trip");
}

static void pingpong_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	const struct pingpong_cfg *p = own(cfg);

	buf_puts(out, "A round trip took ");
	fmt_duration(out, trip_ns(cfg, ev), true);
	buf_printf(out, " and cost %.2f switches and %.2f wake-ups. ", (double)switches_of(ev) / (double)cfg->tasks,
		   (double)wakes_of(ev) / (double)cfg->tasks);
	if (p->over == OVER_YIELD)
		buf_puts(out,
			 "Nobody slept: who waits offers its CPU to others again and again. On one CPU each offer is a "
			 "switch (the kernel counts it as involuntary); on two the offers are for nothing, fast as "
			 "they are, and burn a CPU each. ");
	else if (p->where == WHERE_SAME)
		buf_puts(out,
			 "On one CPU a wake-up only puts the other into the queue, and the switch follows when the "
			 "waker sleeps, or at once when the woken preempts it (then its answer is there before the "
			 "waker sleeps, and needs no wake-up). ");
	else if (p->where == WHERE_FREE)
		buf_puts(
			out,
			"Free to move, they run where the scheduler puts them: who wakes another and then sleeps often "
			"pulls it to its own CPU. Look at the rows of the CPUs. ");
	else
		buf_puts(out,
			 "To wake a task on another CPU, that CPU must be fetched out of idle by an interrupt; in a "
			 "virtual machine the host takes part in that. A switch is cheap, a sleeping CPU is not. ");
	buf_puts(out, "Compare --where same and cross.");
}

const struct workload workload_pingpong = {
	.name = "pingpong",
	.group = GROUP_SERVERS,
	.summary = "two tasks wake each other: what a round trip costs",
	.lesson = "ping wakes pong, pong wakes ping, thousands of times. What a round trip costs is the price of two "
		  "switches and two wake-ups: some microseconds on one CPU. Across two CPUs each wake-up must fetch a "
		  "CPU "
		  "out of idle, which takes longer than the switch it saves, most of all in a virtual machine. Compare "
		  "--over pipe, futex, eventfd, yield, and --where same, cross, free.",
	.theory = "For each round trip 2 switches, and 2 wake-ups where both go to sleep; yield on one CPU 2 switches "
		  "and no "
		  "wake-up, on two CPUs none of both. How long it takes is no theory: it is told.",
	.look = "Two lanes that share their time. same: one CPU, all of its time used. cross: two CPUs, each idle for "
		"most of the time: the wake-ups are what takes long.",
	.example = "schedviz run pingpong --over futex --where cross",
	.opts = pingpong_opts,
	.cfg_size = sizeof(struct pingpong_cfg),
	.defaults = pingpong_defaults,
	.prepare = pingpong_prepare,
	.cannot = pingpong_cannot,
	.predict = pingpong_predict,
	.run = pingpong_run,
	.check = pingpong_check,
	.explain = pingpong_explain,
};
