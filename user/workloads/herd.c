/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * herd.c - the workload `herd`: many wait for one thing, and all are woken for it.
 */
#define _GNU_SOURCE /* accept4 */
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/schedviz_mark.h"
#include "workloads/team.h"
#include "workloads/workload.h"

#define MAX_WAITERS 200
#define MAX_CONNECTIONS 10000
#define GAP_NS (5 * NSEC_PER_MSEC)
#define GAP_MIN_NS NSEC_PER_MSEC
/* A waiter that is not yet asleep again needs no wake-up; one that another CPU wakes may find an early one. */
#define SLACK 0.1

/* Instants, of each waiter: how often epoll_wait() returned, and how often there was nothing to accept then. */
enum { SAID_RETURNS = 1, SAID_VAIN = 2 };

struct herd_cfg {
	struct workload_cfg c; /* workers: those who wait; tasks: connections */
	bool exclusive;
	uint64_t gap_ns;
};

static const struct opt herd_opts[] = {
	OPT_U64('w', "waiters", struct herd_cfg, c.workers, 1, MAX_WAITERS, "N", "processes that wait (8)"),
	OPT_U64('n', "connections", struct herd_cfg, c.tasks, 1, MAX_CONNECTIONS, "N",
		"connections, one after another (20; 10 with --quick)"),
	OPT_FLAG(0, "exclusive", struct herd_cfg, exclusive, "they ask to be woken one at a time (EPOLLEXCLUSIVE)"),
	OPT_DURATION(0, "gap", struct herd_cfg, gap_ns, GAP_MIN_NS, NSEC_PER_SEC,
		     "from one connection to the next: all are asleep again by then (5ms)"),
	WORKLOAD_OPTS(struct herd_cfg, c),
	OPT_END
};

static const struct herd_cfg *own(const struct workload_cfg *cfg)
{
	return (const struct herd_cfg *)cfg;
}

static void herd_defaults(struct workload_cfg *cfg)
{
	struct herd_cfg *h = (struct herd_cfg *)cfg;

	*h = (struct herd_cfg){ .c = { .repeat = 1, .workers = 8 }, .gap_ns = GAP_NS };
}

static int herd_prepare(struct workload_cfg *cfg, struct err *e)
{
	struct herd_cfg *h = (struct herd_cfg *)cfg;

	(void)e;
	cfg->tasks = cfg->tasks ? cfg->tasks : cfg->quick ? 10 : 20;
	h->gap_ns = workload_scaled(cfg, h->gap_ns);
	h->gap_ns = h->gap_ns < GAP_MIN_NS ? GAP_MIN_NS : h->gap_ns;
	return 0;
}

/* ---- theory ---- */

static uint64_t woken_each(const struct herd_cfg *h)
{
	return h->exclusive ? 1 : h->c.workers;
}

static void herd_predict(const struct workload_cfg *cfg, struct facts *out)
{
	const struct herd_cfg *h = own(cfg);
	uint64_t each = woken_each(h);

	facts_setf(out, "theory.text",
		   "%" PRIu64 " wake-up%s for each of %" PRIu64 " connections = %" PRIu64 ", %" PRIu64 " in vain", each,
		   each == 1 ? "" : "s", cfg->tasks, each * cfg->tasks, (each - 1) * cfg->tasks);
}

/* ---- the run ---- */

struct site {
	const struct herd_cfg *cfg;
	int listener;
};

static int site_before(void *arg, uint32_t i)
{
	const struct site *site = arg;

	if (i == site->cfg->c.workers)
		prctl(PR_SET_NAME, "client");
	return 0;
}

/* It counts what a program can count: a wake-up that ends in the kernel's own look at the socket is none for it. */
static int waiter(const struct site *site)
{
	struct epoll_event ev = { .events = EPOLLIN | (site->cfg->exclusive ? EPOLLEXCLUSIVE : 0) };
	uint64_t returns = 0, vain = 0;
	int epoll = epoll_create1(EPOLL_CLOEXEC), fd;
	struct err e = { 0 };

	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, site->listener, &ev) < 0) {
		err_sys(&e, -errno, "cannot wait for connections");
		shutdown(site->listener, SHUT_RDWR);
		return workload_failed(&e);
	}
	for (;;) {
		if (epoll_wait(epoll, &ev, 1, -1) < 0)
			continue; /* a signal */
		fd = accept4(site->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0 && errno != EAGAIN)
			break; /* shut down */
		returns++;
		vain += fd < 0;
		if (fd >= 0)
			close(fd);
	}
	schedviz_mark_instant(SAID_RETURNS, returns);
	schedviz_mark_instant(SAID_VAIN, vain);
	return 0;
}

static int connect_once(const struct sockaddr_in *where, struct err *e)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), ret = 0;

	if (fd < 0 || connect(fd, (const struct sockaddr *)where, sizeof(*where)) < 0)
		ret = err_sys(e, -errno, "cannot connect");
	if (fd >= 0)
		close(fd);
	return ret;
}

/* Waiters begin to wait at the common start: the first connection comes a gap later. */
static int client(const struct site *site)
{
	uint64_t next_ns = team_began_ns() + site->cfg->gap_ns, from_ns = next_ns;
	struct sockaddr_in where;
	socklen_t len = sizeof(where);
	struct err e = { 0 };
	int ret = 0;

	if (getsockname(site->listener, (struct sockaddr *)&where, &len) < 0)
		ret = err_sys(&e, -errno, "cannot begin");
	for (uint64_t i = 0; i < site->cfg->c.tasks && ret == 0; i++, next_ns += site->cfg->gap_ns) {
		workload_sleep_until(next_ns);
		ret = connect_once(&where, &e);
	}
	workload_sleep_until(next_ns);
	schedviz_mark_wall(from_ns, schedviz_mark_now());
	shutdown(site->listener, SHUT_RDWR);
	return ret < 0 ? workload_failed(&e) : 0;
}

static int site_member(void *arg, uint32_t i)
{
	const struct site *site = arg;

	return i == site->cfg->c.workers ? client(site) : waiter(site);
}

static int herd_run(const struct workload_cfg *cfg)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct site site = { .cfg = own(cfg) };
	const struct team_cfg team = {
		.n = (uint32_t)cfg->workers + 1,
		.kind = KIND_PROCS,
		.name = "waiter%u",
		.before = site_before,
		.fn = site_member,
		.arg = &site,
	};
	struct err e = { 0 };
	struct team_span span;

	if (workload_enter("herd", cfg, &e) < 0)
		return workload_failed(&e);
	workload_map_program();
	site.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (site.listener < 0 || bind(site.listener, (struct sockaddr *)&any, sizeof(any)) < 0 ||
	    listen(site.listener, MAX_WAITERS) < 0) {
		err_sys(&e, -errno, "cannot listen on 127.0.0.1");
		return workload_failed(&e);
	}
	if (team_run(&team, &span, &e) < 0)
		return workload_failed(&e);
	close(site.listener);
	workload_say("herd (%d) %" PRIu64 " connections were accepted by %" PRIu64 " waiter%s", getpid(), cfg->tasks,
		     cfg->workers, cfg->workers == 1 ? "" : "s");
	return 0;
}

/* ---- the check ---- */

/* The network's part of a wake-up may be in a softirq or the client's own: both count. */
static uint64_t wakes_of(const struct evidence *ev, const char *who)
{
	const char *calls = "epoll_wait,epoll_pwait";

	return evidence_edges(ev, NULL, who, calls, ev->wall) + evidence_timer_wakes(ev, who, calls, ev->wall);
}

static void herd_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	const struct herd_cfg *h = own(cfg);
	uint64_t wakes = wakes_of(ev, "waiter*"), each = woken_each(h), returns = evidence_said_sum(ev, SAID_RETURNS);

	report_ratio(r, wakes, cfg->tasks, (double)each * (1 - SLACK), (double)each * (1 + SLACK),
		     "wake-ups of waiters for each connection");
	report_count(r, returns - evidence_said_sum(ev, SAID_VAIN), cfg->tasks, cfg->tasks,
		     "connections that waiters accepted");
	report_tell(r, UNIT_COUNT, wakes, "wake-ups of waiters, by the recording");
	report_tell(r, UNIT_COUNT, returns, "times they saw themselves woken, by their own count");
	report_tell(r, UNIT_COUNT, evidence_said_sum(ev, SAID_VAIN), "of these in vain");
}

static void herd_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	const struct herd_cfg *h = own(cfg);
	uint64_t wakes = wakes_of(ev, "waiter*");

	buf_printf(out, "%" PRIu64 " connections came, and waiters were woken %" PRIu64 " times", cfg->tasks, wakes);
	buf_printf(out, ", %" PRIu64 " of them in vain. ", wakes > cfg->tasks ? wakes - cfg->tasks : 0);
	buf_printf(out, "The waiters themselves saw %" PRIu64 " in vain: ", evidence_said_sum(ev, SAID_VAIN));
	buf_puts(out, "a woken task looks at the socket again inside the kernel, and sleeps on there when another was "
		      "first; only one that looked a moment too early, on another CPU, comes out of epoll_wait for "
		      "nothing. ");
	buf_puts(out,
		 h->exclusive
			 ? "With EPOLLEXCLUSIVE the kernel wakes one waiter for each connection: the cost no longer "
			   "grows with their number."
			 : "So a program hardly sees its own herd, only the CPU time is gone: each connection costs "
			   "as many switches as there are waiters. Compare with --exclusive.");
}

const struct workload workload_herd = {
	.name = "herd",
	.group = GROUP_SERVERS,
	.summary = "wake one, not all: a herd that programs hardly see",
	.lesson =
		"Eight processes wait with epoll for the same listening socket. For each connection the kernel wakes "
		"all "
		"eight; one accepts it, seven find nothing and sleep again, most of them without leaving the kernel: "
		"the program's own counters hardly show the herd, the recording does. With --exclusive they ask to be "
		"woken one at a time.",
	.theory = "n wake-ups for each connection, n - 1 of them in vain; with --exclusive one.",
	.look = "Columns of strokes: at each connection all waiters ran for a moment. With --exclusive one lane has "
		"all.",
	.example = "schedviz run herd --waiters 16 --exclusive",
	.opts = herd_opts,
	.cfg_size = sizeof(struct herd_cfg),
	.defaults = herd_defaults,
	.prepare = herd_prepare,
	.predict = herd_predict,
	.run = herd_run,
	.check = herd_check,
	.explain = herd_explain,
};
