/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * server_check.c - what a recording of the workload `server` must show: throughput, responses, switches per request.
 */
#include "workloads/server.h"

#include <inttypes.h>

/* Of a CPU; measured 1 to 4 %, most of it wake-ups of the load generator. */
#define LOAD_MAX 0.15
/* A request that waits for others' CPU time may wait for a tick besides. */
#define TICKS_NS (10 * NSEC_PER_MSEC)

static const char *const server_tasks[NR_SERVER_MODELS] = { "iter", "worker*", "conn*", "loop", "loop*" };

static bool is_loop(const struct server_cfg *s)
{
	return s->model == SERVER_LOOP || s->model == SERVER_LOOPS;
}

static uint64_t requests_of(const struct server_cfg *s)
{
	return s->clients * s->requests;
}

static uint64_t sleeps_of(const struct server_cfg *s, const struct evidence *ev)
{
	task_set set = evidence_named(ev, server_tasks[s->model]);
	uint64_t n = 0;

	for (size_t i = 0; i < set.n; i++)
		n += evidence_switches(ev, set.v[i], OUT_VOLUNTARY, ev->wall);
	vec_release(&set);
	return n;
}

static uint64_t wakes_of(const struct server_cfg *s, const struct evidence *ev)
{
	return evidence_edges(ev, NULL, server_tasks[s->model], NULL, ev->wall) +
	       evidence_timer_wakes(ev, server_tasks[s->model], NULL, ev->wall);
}

static void responses_of(const struct evidence *ev, struct hist *out)
{
	size_t nr;
	const struct job *jobs = model_jobs(ev->model, &nr);

	for (const struct job *j = jobs; j < jobs + nr; j++)
		if (j->submitted_ns != UINT64_MAX && j->finished_ns != UINT64_MAX && j->submitted_ns < j->finished_ns)
			hist_add(out, j->finished_ns - j->submitted_ns);
}

static uint64_t rate(uint64_t n, uint64_t ns)
{
	return ns ? (n * NSEC_PER_SEC + ns / 2) / ns : 0;
}

/* ---- the claims ---- */

/* Who is served at once has its answer after its own time, what is before it on the CPUs, and a tick. */
static void check_responses(const struct server_cfg *s, const struct hist *responses, struct report *r)
{
	uint64_t rounds = (s->clients + server_at_once(s) - 1) / server_at_once(s);
	struct theory_range wall = server_bounds(s);
	uint64_t before = s->clients / server_cpus(s);

	report_tell(r, UNIT_NS, hist_percentile(responses, 500), "median response");
	report_tell(r, UNIT_NS, hist_percentile(responses, 990), "99 %% of the responses came within");
	if (rounds > 1) /* the last client's first request waits for all before it; half of that if lengths vary */
		report_ns(r, responses->max_ns, wall.min_ns * (rounds - 1) / rounds / (s->c.seed ? 2 : 1), wall.max_ns,
			  "the longest response: first in the queue is served to its end");
	else
		report_ns(r, responses->max_ns, s->c.sleep_ns / 2,
			  (s->c.sleep_ns + (before + 1) * s->c.work_ns) * 3 / 2 + TICKS_NS,
			  "the longest response: nobody waits for another client's end");
}

/*
 * One that blocks sleeps once for the request's wait, and once more for the next request unless the client was so quick
 * that it is there already; a loop does in one turn what is ready together. Connections cost some besides.
 */
static void check_costs(const struct server_cfg *s, const struct evidence *ev, struct report *r)
{
	double least = is_loop(s) || !s->c.sleep_ns ? 0.05 : 0.95, most = 2.1 + 1.0 / (double)s->requests;
	uint64_t n = requests_of(s);

	report_ratio(r, sleeps_of(s, ev), n, least, most, "sleeps of servers for each request");
	report_ratio(r, wakes_of(s, ev), n, least, most, "wake-ups of servers for each request");
}

void server_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	const struct server_cfg *s = server_own(cfg);
	uint64_t wall_ns = ev->wall.to_ns - ev->wall.from_ns, n = requests_of(s);
	struct theory_range wall = server_bounds(s);
	struct hist responses = { 0 };

	responses_of(ev, &responses);
	report_count(r, responses.n, n, n, "requests with an answer");
	/* the slack is that of the wall clock, as it is the same measurement */
	report_rate(r, rate(responses.n, wall_ns), rate(n, wall.max_ns + report_slack_ns(wall.max_ns)),
		    rate(n, wall.min_ns) + 1, "requests answered");
	check_responses(s, &responses, r);
	check_costs(s, ev, r);
	report_share(r, evidence_ns(ev, evidence_one(ev, "clients"), STATE_RUNNING, ev->wall), wall_ns, 0, LOAD_MAX,
		     "CPU time of the clients, of one CPU");
	hist_release(&responses);
}

/* ---- the explanation ---- */

static const char *const stories[NR_SERVER_MODELS] = {
	[SERVER_ITER] =
		"One process served one connection to its end, and slept for most of it; the other clients were "
		"connected, had sent their request, and waited in the queue of the listening socket. The median "
		"does not show it, the longest response does.",
	[SERVER_PREFORK] = "Each worker served one connection to its end, as Apache's prefork did (Apache and IIS are "
			   "hybrids today). More clients than workers wait in the queue of the listening socket; more "
			   "workers than CPUs are no waste, because a worker that waits needs no CPU.",
	[SERVER_THREADS] =
		"Each connection had a thread of its own, so nobody waited for another's end. The price is a "
		"stack and a kernel task for each client, and a sleep and a wake-up for each wait.",
	[SERVER_LOOP] =
		"One task served all, and never waited for one of them: it asks epoll which connection is ready. "
		"That is readiness, not the asynchronous I/O it is often called. While it computes for one client "
		"all others wait, so CPU time bounds it, not the number of clients.",
	[SERVER_LOOPS] =
		"One event loop for each CPU, as nginx: it asks epoll which connections are ready (readiness, "
		"mostly not asynchronous I/O). Each loop has its share of the connections, and computes for one of "
		"them at a time.",
};

void server_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	const struct server_cfg *s = server_own(cfg);
	struct hist responses = { 0 };

	responses_of(ev, &responses);
	buf_printf(out, "%s %" PRIu64 " requests were answered, %" PRIu64 " per second: half of them within ",
		   stories[s->model], responses.n, rate(responses.n, ev->wall.to_ns - ev->wall.from_ns));
	fmt_duration(out, hist_percentile(&responses, 500), true);
	buf_puts(out, ", the longest in ");
	fmt_duration(out, responses.max_ns, true);
	buf_printf(out, ". Each cost %.2f sleeps and %.2f wake-ups of the server.",
		   (double)sleeps_of(s, ev) / (double)requests_of(s), (double)wakes_of(s, ev) / (double)requests_of(s));
	hist_release(&responses);
}
