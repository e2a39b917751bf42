/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * convoy_check.c - who lined up behind the truck, how long each waited, and who woke whom.
 */
#include "workloads/convoy.h"

#include <inttypes.h>
#include "base/vec.h"

/* One waiter to the next: waking up, on another CPU too. Measured: 0.05 to 0.1 ms. */
#define HAND_OVER_NS (300 * NSEC_PER_USEC)

struct convoy {
	const struct convoy_cfg *cfg;
	const struct evidence *ev;
	const struct job *jobs;
	size_t nr;
};

static struct convoy convoy_of(const struct convoy_cfg *v, const struct evidence *ev)
{
	struct convoy c = { .cfg = v, .ev = ev };

	c.jobs = model_jobs(ev->model, &c.nr);
	return c;
}

static bool is_done(const struct job *j)
{
	return j->submitted_ns != UINT64_MAX && j->started_ns != UINT64_MAX && j->finished_ns != UINT64_MAX;
}

static bool is_truck(const struct convoy *c, const struct job *j)
{
	return CONVOY_JOB_WHO(c->cfg, j->id) == c->cfg->c.workers;
}

/* Cars that begin in the window: how many, for how long they wait, and have the lock. */
struct traffic {
	uint64_t passes, waited_ns, longest_ns, held_ns;
};

static struct traffic traffic_in(const struct convoy *c, struct window w)
{
	struct traffic t = { 0 };

	for (const struct job *j = c->jobs; j < c->jobs + c->nr; j++) {
		uint64_t wait_ns;

		if (!is_done(j) || is_truck(c, j) || !window_contains(w, j->started_ns))
			continue;
		wait_ns = j->started_ns - j->submitted_ns;
		t.passes++;
		t.waited_ns += wait_ns;
		t.longest_ns = wait_ns > t.longest_ns ? wait_ns : t.longest_ns;
		t.held_ns += evidence_part_ns(j->started_ns, j->finished_ns, w);
	}
	return t;
}

static struct window free_part(const struct convoy *c)
{
	struct window w = c->ev->wall;

	if (c->cfg->long_ns)
		w.to_ns = w.from_ns + (w.to_ns - w.from_ns) / 2;
	return w;
}

/* ---- trains ---- */

struct train {
	uint64_t cars;	/* that waited when the truck was through */
	uint64_t chain; /* the longest chain: the truck wakes a car, which wakes a car, which ... */
	uint64_t wakes; /* of cars, by the truck and by one another, until they are through */
};

struct trains {
	uint64_t n, wakes_min, wakes_max;
	struct train least; /* of each the smallest */
	struct train first;
};

static const struct job *pass_of(const struct convoy *c, task_id who, uint64_t since_ns)
{
	const struct job *best = NULL;

	for (const struct job *j = c->jobs; j < c->jobs + c->nr; j++)
		if (is_done(j) && task_is(j->worker, who) && j->started_ns >= since_ns &&
		    (!best || j->started_ns < best->started_ns))
			best = j;
	return best;
}

/* Does the wake-up come as `pass` ends? That is what hands the lock on. */
static bool ends_pass(const struct wake *w, const struct job *pass)
{
	return w->ctx == EV_CTX_TASK && w->effect == WAKE_REAL && task_is(w->waker, pass->worker) &&
	       w->ts_ns >= pass->finished_ns && w->ts_ns <= pass->finished_ns + HAND_OVER_NS;
}

/* How many wake-ups in a row lead from the end of `pass` from one who had the lock to the next. */
static uint64_t chain_from(const struct convoy *c, const struct job *pass)
{
	uint64_t n = 0;

	for (const struct wake *w = c->ev->wakes.v; pass && w < c->ev->wakes.v + c->ev->wakes.n; w++) {
		if (w->ts_ns < pass->finished_ns || !ends_pass(w, pass) ||
		    !evidence_call_is(c->ev, evidence_woken_from(c->ev, w), "futex"))
			continue;
		n++;
		pass = pass_of(c, w->target, w->ts_ns);
	}
	return n;
}

static struct train train_behind(const struct convoy *c, const struct job *truck)
{
	struct train t = { .chain = chain_from(c, truck) };
	uint64_t through_ns = truck->finished_ns;

	for (const struct job *j = c->jobs; j < c->jobs + c->nr; j++) {
		if (!is_done(j) || j->submitted_ns >= truck->finished_ns || j->started_ns < truck->finished_ns)
			continue;
		t.cars++;
		through_ns = j->started_ns > through_ns ? j->started_ns : through_ns;
	}
	t.wakes =
		evidence_edges(c->ev, "truck", "car*", "futex", (struct window){ truck->finished_ns, through_ns + 1 }) +
		evidence_edges(c->ev, "car*", "car*", "futex", (struct window){ truck->finished_ns, through_ns + 1 });
	return t;
}

static struct trains trains_of(const struct convoy *c)
{
	struct trains all = { .wakes_min = UINT64_MAX };

	for (const struct job *j = c->jobs; j < c->jobs + c->nr; j++) {
		struct train t;

		if (!is_done(j) || !is_truck(c, j))
			continue;
		t = train_behind(c, j);
		all.least = all.n ? all.least : t;
		all.least.cars = t.cars < all.least.cars ? t.cars : all.least.cars;
		all.least.chain = t.chain < all.least.chain ? t.chain : all.least.chain;
		all.wakes_min = t.wakes < all.wakes_min ? t.wakes : all.wakes_min;
		all.wakes_max = t.wakes > all.wakes_max ? t.wakes : all.wakes_max;
		all.n++;
	}
	all.wakes_min = all.n ? all.wakes_min : 0;
	return all;
}

/* ---- the check ---- */

/*
 * The asymptotic bounds of a closed queue. Not a point even where nothing is random: sleeps are some 0.1 ms too long
 * each, so that cars drift until one stands behind another.
 */
static void check_free(const struct convoy *c, struct report *r)
{
	const struct convoy_cfg *v = c->cfg;
	struct window w = free_part(c);
	struct traffic t = traffic_in(c, w);
	uint64_t others_ns = (v->c.workers - 1) * v->hold_ns, queue_ns = v->c.workers * HAND_OVER_NS;
	uint64_t wait_ns = v->c.seed ? 0 : convoy_wait_ns(v), min_ns = report_less(wait_ns, report_slack_ns(wait_ns));
	double demand = convoy_demand(v), most = demand < 1 ? demand : 1, least;

	/* either it is never free but for the hand-overs, or each stands behind all others every time */
	if (wait_ns > queue_ns)
		least = (double)v->hold_ns / (double)(v->hold_ns + HAND_OVER_NS);
	else
		least = (double)(v->c.workers * v->hold_ns) /
			(double)(v->hold_ns + v->out_ns + others_ns + queue_ns + report_slack_ns(v->out_ns));
	report_ns(r, t.passes ? t.waited_ns / t.passes : 0, min_ns, others_ns + queue_ns,
		  "a car waited, on the average%s", v->long_ns ? ", without the truck" : "");
	report_share(r, t.held_ns, w.to_ns - w.from_ns, 0.95 * least, 1.05 * most < 1 ? 1.05 * most : 1,
		     "of the time the lock was taken%s", v->long_ns ? ", without the truck" : "");
	if (!v->long_ns)
		report_ns(r, t.longest_ns, min_ns, others_ns + report_slack_ns(others_ns), "the longest wait of a car");
}

/* Given to the next, or to be fought for, it wakes one for each that waits; ticket wakes all who wait, again and again.
 */
static void check_trains(const struct convoy *c, struct report *r)
{
	const struct convoy_cfg *v = c->cfg;
	struct theory_range wait = convoy_train_wait(v);
	struct traffic t = traffic_in(c, (struct window){ free_part(c).to_ns, c->ev->wall.to_ns });
	struct trains all = trains_of(c);
	uint64_t n = v->c.workers, queue_ns = n * HAND_OVER_NS;
	bool one_each = v->lock != CONVOY_TICKET;

	report_ns(r, t.longest_ns, report_less(wait.min_ns, report_slack_ns(wait.min_ns)),
		  wait.max_ns + queue_ns + report_slack_ns(wait.max_ns), "the longest wait of a car");
	report_count(r, all.n, convoy_trains(v), convoy_trains(v), "comings of the truck");
	report_count(r, all.least.cars, n, n, "cars in line behind it, at least");
	if (one_each)
		report_count(r, all.least.chain, n, REPORT_ANY, "of them each woken by the one before it");
	report_count(r, all.wakes_min, one_each ? n : n + 1, REPORT_ANY, "wake-ups to get them through, at least");
	report_count(r, all.wakes_max, n, one_each ? n : n * (n + 1) / 2, "and at most");
	report_tell(r, UNIT_NS, t.passes ? t.waited_ns / t.passes : 0, "a car waited, on the average, with the truck");
}

void convoy_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	struct convoy c = convoy_of((const struct convoy_cfg *)cfg, ev);

	if (c.cfg->long_ns)
		check_trains(&c, r);
	check_free(&c, r);
}

void convoy_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	struct convoy c = convoy_of((const struct convoy_cfg *)cfg, ev);
	const struct convoy_cfg *v = c.cfg;
	struct window w = free_part(&c);
	struct traffic alone = traffic_in(&c, w);
	struct traffic behind = traffic_in(&c, (struct window){ w.to_ns, ev->wall.to_ns });
	struct trains all = trains_of(&c);

	buf_printf(out, "%" PRIu64 " cars keep the lock for ", cfg->workers);
	fmt_duration(out, v->hold_ns, true);
	buf_puts(out, " and come back after ");
	fmt_duration(out, v->out_ns, true);
	buf_puts(out, ": it was taken for ");
	fmt_percent(out, alone.held_ns, w.to_ns - w.from_ns);
	buf_puts(out, " of the time, and a car waited for ");
	fmt_duration(out, alone.passes ? alone.waited_ns / alone.passes : 0, true);
	buf_puts(out, " on the average. ");
	if (!v->long_ns) {
		buf_puts(out, "As long as the cars together ask for less than all of its time they need not wait, once "
			      "they have got out of each other's way; what they ask beyond that becomes waiting time.");
		return;
	}
	buf_puts(out, "Then truck came and kept it for ");
	fmt_duration(out, v->long_ns, true);
	buf_printf(out,
		   ", %" PRIu64 " times. All who wanted it meanwhile stood in line behind, at least %" PRIu64
		   " of them each time, and when truck let go each was woken by the one before it, %" PRIu64
		   " wake-ups in a row. The longest wait was ",
		   all.n, all.least.cars, all.least.chain);
	fmt_duration(out, behind.longest_ns, true);
	buf_puts(out, ", the average ");
	fmt_duration(out, behind.passes ? behind.waited_ns / behind.passes : 0, true);
	buf_puts(out,
		 ". They slept in futex and no CPU was short: one who keeps a lock for long, however seldom, makes "
		 "all others wait, and they are still close together when it is gone.");
}
