/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * server.c - the workload `server`: five ways to serve many clients, under the same load.
 */
#include "workloads/server.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/schedviz_mark.h"
#include "workloads/burn.h"
#include "workloads/team.h"

#define MAX_CLIENTS 1000
#define MAX_REQUESTS 10000

static const char *const model_names[] = { "iter", "prefork", "threads", "loop", "loops", NULL };

static const struct opt server_opts[] = {
	OPT_CHOICE(0, "model", struct server_cfg, model, model_names, "MODEL",
		   "iter, prefork (the default), threads, loop or loops"),
	OPT_U64('w', "workers", struct server_cfg, c.workers, 1, MAX_CLIENTS, "N", "processes of prefork (4)"),
	OPT_U64(0, "clients", struct server_cfg, clients, 1, MAX_CLIENTS, "N", "clients, each with a connection (8)"),
	OPT_U64(0, "requests", struct server_cfg, requests, 1, MAX_REQUESTS, "N",
		"requests of each client, one after another (20)"),
	OPT_DURATION(0, "work", struct server_cfg, c.work_ns, 0, NSEC_PER_SEC, "CPU time that a request uses (1ms)"),
	OPT_DURATION(0, "sleep", struct server_cfg, c.sleep_ns, 0, NSEC_PER_SEC, "what it waits for after that (10ms)"),
	WORKLOAD_OPTS(struct server_cfg, c),
	OPT_END
};

static void server_defaults(struct workload_cfg *cfg)
{
	struct server_cfg *s = (struct server_cfg *)cfg;

	*s = (struct server_cfg){
		.c = { .repeat = 1, .work_ns = NSEC_PER_MSEC, .sleep_ns = 10 * NSEC_PER_MSEC },
		.model = SERVER_PREFORK,
		.clients = 8,
	};
}

static int server_prepare(struct workload_cfg *cfg, struct err *e)
{
	struct server_cfg *s = (struct server_cfg *)cfg;

	if (cfg->workers && s->model != SERVER_PREFORK)
		return err_set(e, -EINVAL, "--workers is of prefork: --model %s has none to choose",
			       model_names[s->model]);
	if (!cfg->work_ns && !cfg->sleep_ns)
		return err_set(e, -EINVAL, "requests without --work and --sleep: nothing to serve");
	cfg->workers = cfg->workers ? cfg->workers : 4;
	s->requests = s->requests ? s->requests : cfg->quick ? 6 : 20;
	return 0;
}

/* ---- theory ---- */

uint32_t server_processes(const struct server_cfg *s)
{
	if (s->model == SERVER_PREFORK)
		return (uint32_t)s->c.workers;
	return s->model == SERVER_LOOPS ? s->c.nr_cpus : 1;
}

uint64_t server_at_once(const struct server_cfg *s)
{
	uint64_t most = s->model == SERVER_ITER ? 1 : s->model == SERVER_PREFORK ? s->c.workers : s->clients;

	return most < s->clients ? most : s->clients;
}

uint64_t server_cpus(const struct server_cfg *s)
{
	uint64_t tasks = s->model == SERVER_THREADS ? s->clients : server_processes(s);

	return tasks < s->c.nr_cpus ? tasks : s->c.nr_cpus;
}

/* When the last client has its last answer, if each request takes `extra_ns` more. */
static uint64_t list_ns(const struct server_cfg *s, uint64_t extra_ns)
{
	struct theory_task *clients = xcalloc(s->clients, sizeof(*clients));
	uint64_t ns;

	for (uint64_t i = 0; i < s->clients * s->requests; i++) {
		clients[i / s->requests].sleep_ns += server_wait_ns(s, i) + extra_ns;
		clients[i / s->requests].work_ns += server_work_ns(s, i);
	}
	ns = theory_list_ns(clients, s->clients, server_at_once(s));
	free(clients);
	return ns;
}

struct theory_range server_bounds(const struct server_cfg *s)
{
	/* at worst each request finds all others before it on its CPU: the kernel need not have spread tasks evenly yet
	 */
	uint64_t on_one = s->model == SERVER_LOOPS ? (s->clients + server_processes(s) - 1) / server_processes(s)
						   : server_at_once(s);
	uint64_t before = on_one - 1, work_ns = 0;
	struct theory_range r = { list_ns(s, 0), list_ns(s, SERVER_OVERHEAD_NS + before * s->c.work_ns) };

	for (uint64_t i = 0; i < s->clients * s->requests; i++)
		work_ns += server_work_ns(s, i);
	work_ns /= server_cpus(s);
	r.min_ns = work_ns > r.min_ns ? work_ns : r.min_ns;
	r.max_ns = r.max_ns > r.min_ns ? r.max_ns : r.min_ns;
	return r;
}

/* "4/(1 ms + 10 ms) = 364 per s at most; 160 requests: 440 ms to 454 ms"; the CPUs' bound where that is the lower */
static void server_predict(const struct workload_cfg *cfg, struct facts *out)
{
	const struct server_cfg *s = server_own(cfg);
	struct theory_range wall = server_bounds(s);
	uint64_t n = s->clients * s->requests;
	struct buf text = { 0 };

	if (wall.min_ns > list_ns(s, 0)) {
		buf_printf(&text, "%" PRIu64 "/", server_cpus(s));
		theory_time(&text, cfg->work_ns);
	} else {
		buf_printf(&text, "%" PRIu64 "/(", server_at_once(s));
		theory_time(&text, cfg->work_ns);
		buf_puts(&text, " + ");
		theory_time(&text, cfg->sleep_ns);
		buf_putc(&text, ')');
	}
	buf_printf(&text, ": %.0f per s; %" PRIu64 " requests: ", (double)n * 1e9 / (double)wall.min_ns, n);
	theory_time(&text, wall.min_ns);
	buf_puts(&text, " to ");
	theory_time(&text, wall.max_ns);
	theory_set(out, buf_str(&text), wall);
	buf_release(&text);
}

/* ---- the run ---- */

struct site {
	const struct server_cfg *cfg;
	int listener;
};

/* The last member is no server. */
static int site_before(void *arg, uint32_t i)
{
	const struct site *site = arg;

	if (i == server_processes(site->cfg))
		prctl(PR_SET_NAME, "clients");
	return 0;
}

static int site_member(void *arg, uint32_t i)
{
	const struct site *site = arg;

	if (i == server_processes(site->cfg))
		return server_load(site->cfg, site->listener);
	return server_serve(site->cfg, site->listener, i);
}

static int listener_open(const struct server_cfg *s, struct err *e)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	bool loops = s->model == SERVER_LOOP || s->model == SERVER_LOOPS;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (loops ? SOCK_NONBLOCK : 0), 0);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&any, sizeof(any)) == 0 && listen(fd, MAX_CLIENTS) == 0)
		return fd;
	err_sys(e, -errno, "cannot listen on 127.0.0.1");
	if (fd >= 0)
		close(fd);
	return -1;
}

static int server_run(const struct workload_cfg *cfg)
{
	static const char *const names[NR_SERVER_MODELS] = { "iter", "worker%u", "acceptor", "loop", "loop%u" };
	struct site site = { .cfg = server_own(cfg) };
	const struct team_cfg team = {
		.n = server_processes(site.cfg) + 1,
		.kind = KIND_PROCS,
		.name = names[site.cfg->model],
		.before = site_before,
		.fn = site_member,
		.arg = &site,
	};
	struct err e = { 0 };
	struct team_span span;

	if (workload_enter("server", cfg, &e) < 0)
		return workload_failed(&e);
	schedviz_mark_noun("request");
	workload_map_program();
	burn_calibrate();
	site.listener = listener_open(site.cfg, &e);
	if (site.listener < 0)
		return workload_failed(&e);
	if (team_run(&team, &span, &e) < 0)
		return workload_failed(&e);
	close(site.listener);
	workload_say("server (%d) %s answered %" PRIu64 " clients", getpid(), model_names[site.cfg->model],
		     site.cfg->clients);
	return 0;
}

const struct workload workload_server = {
	.name = "server",
	.group = GROUP_SERVERS,
	.summary = "one at a time, prefork, threads, event loops: one load",
	.lesson = "Eight clients ask again and again; a request is 1 ms of CPU time and a wait of 10 ms, as for a "
		  "database. --model iter serves one connection to its end while the others wait in the queue of the "
		  "listening socket. prefork has 4 processes for that, as Apache had; threads has one for each "
		  "connection; loop does all in one task that never waits for one client; loops has one of these for "
		  "each CPU, as nginx. Compare requests per second, the longest response, and what each request costs "
		  "the scheduler.",
	.theory = "Requests per second, C the CPU time and I the wait of each: iter 1/(C + I), prefork min(w/(C + I), "
		  "CPUs/C), threads min(clients/(C + I), CPUs/C), loop the same with one CPU, loops with all.",
	.look = "iter: one lane, and requests that wait until everybody before is done. prefork: as many lanes as "
		"workers. loop: one lane that is nearly always running; no request waits for long.",
	.example = "schedviz run server --model iter",
	.opts = server_opts,
	.cfg_size = sizeof(struct server_cfg),
	.quick_permille = 1000, /* fewer requests instead: shorter ones would be mostly overhead */
	.defaults = server_defaults,
	.prepare = server_prepare,
	.predict = server_predict,
	.run = server_run,
	.check = server_check,
	.explain = server_explain,
};
