/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * server.h - what the parts of the workload `server` share: knobs, the protocol, and who does what in which model.
 *
 * A request and its answer are one number of 8 bytes, client * requests + which of its requests; it is the job's number
 * too. Request i is `server_work_ns` of CPU time, then a wait of `server_wait_ns`, as for a database. A client keeps
 * its connection and sends a request when it has the answer to the one before.
 */
#ifndef SCHEDVIZ_WORKLOADS_SERVER_H
#define SCHEDVIZ_WORKLOADS_SERVER_H

#include "workloads/theory.h"
#include "workloads/workload.h"

enum server_model {
	SERVER_ITER,	/* one process, one connection at a time, to its end */
	SERVER_PREFORK, /* the same by some processes made beforehand: Apache as it was */
	SERVER_THREADS, /* a thread for each connection */
	SERVER_LOOP,	/* one event loop for all connections */
	SERVER_LOOPS,	/* one for each CPU: nginx */
	NR_SERVER_MODELS
};

struct server_cfg {
	struct workload_cfg c; /* workers: of prefork; work_ns, sleep_ns: of a request */
	int model;
	uint64_t clients, requests; /* requests: of each client */
};

static inline const struct server_cfg *server_own(const struct workload_cfg *cfg)
{
	return (const struct server_cfg *)cfg;
}

static inline uint64_t server_work_ns(const struct server_cfg *s, uint64_t request)
{
	return workload_vary(s->c.work_ns, s->c.seed, 2 * request);
}

static inline uint64_t server_wait_ns(const struct server_cfg *s, uint64_t request)
{
	return workload_vary(s->c.sleep_ns, s->c.seed, 2 * request + 1);
}

/* Processes that serve, at the start. */
uint32_t server_processes(const struct server_cfg *s);
/* Connections served at a time; CPUs that can compute for them at a time. */
uint64_t server_at_once(const struct server_cfg *s);
uint64_t server_cpus(const struct server_cfg *s);
/* How long all requests take: from below, and from above with SERVER_OVERHEAD_NS and the queue for a CPU in each. */
struct theory_range server_bounds(const struct server_cfg *s);
/* Of a request, beside its work and its wait: the sleep's overshoot, two wake-ups, the network, and a CPU that comes
 * from idle and is slower than it was when calibrated (measured 0.2 to 0.5 ms in a virtual machine). */
#define SERVER_OVERHEAD_NS 600000u

/* ---- the run: both return when the listening socket is shut down, or all is done; 0, or 1 after a sentence ---- */

int server_serve(const struct server_cfg *s, int listener, uint32_t process);
/* The load: all clients by one process with an event loop; shuts the listening socket down at the end. */
int server_load(const struct server_cfg *s, int listener);

void server_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r);
void server_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out);

#endif
