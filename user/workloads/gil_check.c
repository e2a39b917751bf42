/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gil_check.c - the workload `gil` held against its theory: who had the lock when, who asked for it, who waited.
 */
#include "workloads/gil.h"

#include <inttypes.h>
#include "workloads/theory.h"

/* A waiter's timer ends each wait 0.05 to 0.3 ms late (slack, waking up): 5.06 to 5.3 ms for one of 5 ms. */
#define LATE_NS (300 * NSEC_PER_USEC)
/* A waiter that shares a CPU gets it at the next tick: up to 10 ms later with HZ=100. */
#define TICK_NS (10 * NSEC_PER_MSEC)
/* While one owner goes to sleep the next one wakes up, and a waiter that a timer woke runs to look: some 30 us a time.
 */
#define TOGETHER_NS (60 * NSEC_PER_USEC)

struct turns {
	uint64_t n, longest_ns;
	const struct job *first;
	struct hist lengths;
};

static struct turns turns_of(const struct evidence *ev)
{
	struct turns t = { 0 };
	size_t nr;
	const struct job *jobs = model_jobs(ev->model, &nr);

	for (size_t i = 0; i < nr; i++) {
		uint64_t ns = jobs[i].finished_ns - jobs[i].started_ns;

		if (jobs[i].started_ns == UINT64_MAX || jobs[i].finished_ns == UINT64_MAX)
			continue;
		t.n++;
		t.longest_ns = ns > t.longest_ns ? ns : t.longest_ns;
		t.first = t.first ? t.first : &jobs[i];
		hist_add(&t.lengths, ns);
	}
	return t;
}

static void round_trips(const struct evidence *ev, struct hist *out)
{
	for (size_t i = 0; i < ev->instants.n; i++)
		if (ev->instants.v[i].id == GIL_ROUND_TRIP)
			hist_add(out, ev->instants.v[i].arg);
}

static uint64_t wall_ns(const struct evidence *ev)
{
	return ev->wall.to_ns - ev->wall.from_ns;
}

/* ---- the check ---- */

/* The median: with more threads than CPUs, and now and then otherwise, the waiter has to wait for its CPU as well. */
static uint64_t usual_turn_ns(const struct gil_cfg *g)
{
	return g->interval_ns + g->check_ns + (g->c.tasks <= g->c.nr_cpus ? 2 * LATE_NS : TICK_NS);
}

/* In bytecode an owner is asked after an interval, when the waiter has a CPU to ask on, and hands over at its next
 * look.
 */
static void check_turns(const struct gil_cfg *g, const struct evidence *ev, const struct turns *t, struct report *r)
{
	uint64_t n = g->c.tasks, calls = g->c.exp ? 1 : (g->c.work_ns + gil_call_ns(g) - 1) / gil_call_ns(g);

	if (g->mode == MODE_NONE) {
		report_count(r, t->n, 0, 0, "turns");
	} else if (g->mode == MODE_RELEASE) {
		report_count(r, t->n, n * (calls + 1), n * (calls + 1), "turns");
	} else if (g->mode == MODE_CCALL || n == 1) {
		report_count(r, t->n, n, n == 1 ? 1 : n * calls, "turns");
	} else {
		report_count(r, t->n, wall_ns(ev) / (g->interval_ns + g->check_ns + TICK_NS),
			     wall_ns(ev) / g->interval_ns + n, "turns");
		report_ns(r, hist_percentile(&t->lengths, 500), g->interval_ns, usual_turn_ns(g), "median turn");
	}
}

/*
 * Who waits is woken once per interval. By C calls of all the work the k-th owner has n - k waiters; by bytecode all
 * but the owner wait all the time, and one of them is woken by the owner instead whenever it hands over.
 */
static void check_waiters(const struct gil_cfg *g, const struct evidence *ev, struct report *r)
{
	uint64_t n = g->c.tasks, per_waiter = wall_ns(ev) / g->interval_ns;
	uint64_t least = wall_ns(ev) / (g->interval_ns + (g->c.nr_cpus > 1 ? LATE_NS : TICK_NS));
	uint64_t woken = evidence_timer_wakes(ev, "thread*", "futex", ev->wall);

	if (!gil_serial(g))
		report_count(r, woken, 0, 0, "waiters woken by a timer, to ask");
	else if (g->mode == MODE_BYTECODE)
		report_count(r, woken, least * (n - 1) / 2, per_waiter * (n - 1) + n,
			     "waiters woken by a timer, to ask");
	else if (!g->call_ns)
		report_count(r, woken, least * (n - 1) / 2 - (least ? n - 1 : 0), per_waiter * (n - 1) / 2 + n,
			     "waiters woken by a timer, to ask");
}

/* A switch that the kernel told nobody of leaves a gap in a thread's lane, in which it may have run. */
static uint64_t side_by_side_ns(const struct evidence *ev)
{
	task_set threads = evidence_named(ev, "thread*");
	uint64_t unknown_ns = 0;

	for (size_t i = 0; i < threads.n; i++)
		unknown_ns += evidence_ns(ev, threads.v[i], STATE_UNKNOWN, ev->wall);
	vec_release(&threads);
	return unknown_ns + GIL_BALANCE_NS < wall_ns(ev) ? wall_ns(ev) - unknown_ns - GIL_BALANCE_NS : 0;
}

static void check_together(const struct gil_cfg *g, const struct evidence *ev, const struct turns *t, struct report *r)
{
	uint64_t both_ns = evidence_together_ns(ev, "thread*", 2, ev->wall);
	uint64_t looks = t->n + evidence_timer_wakes(ev, "thread*", "futex", ev->wall);

	if (g->c.tasks == 1)
		return;
	if (gil_serial(g))
		report_ns(r, both_ns, 0, wall_ns(ev) / 100 + looks * TOGETHER_NS,
			  "time in which two of them ran at once");
	else if (g->c.nr_cpus > 1 && g->c.tasks <= g->c.nr_cpus)
		report_ns(r, both_ns, side_by_side_ns(ev) / 10 * 8, REPORT_ANY,
			  "time in which two of them ran at once");
}

/* One alone, measured in the same run: 10 % for a clock frequency that changes between the two. */
static void check_alone(const struct gil_cfg *g, const struct evidence *ev, struct report *r)
{
	uint64_t n = g->c.tasks, m = g->c.nr_cpus < n ? g->c.nr_cpus : n, alone_ns = 0;

	evidence_said(ev, GIL_ALONE, &alone_ns);
	if (gil_serial(g))
		report_ratio(r, wall_ns(ev), alone_ns, 0.9 * (double)n, 1.1 * (double)n,
			     "wall clock, in times of one alone");
	else
		report_ratio(r, wall_ns(ev), alone_ns, 0.9 * (double)n / (double)m, 1.1 * (double)n,
			     "wall clock, in times of one alone");
}

static void check_echo(const struct gil_cfg *g, const struct evidence *ev, struct report *r)
{
	struct theory_range range = gil_echo_range(g);
	uint64_t asked = evidence_timer_wakes(ev, "echo", "futex", ev->wall);
	struct hist h = { 0 };

	round_trips(ev, &h);
	report_ns(r, hist_percentile(&h, 500), range.min_ns, range.max_ns, "median round trip of the client");
	report_count(r, h.n, 1, REPORT_ANY, "round trips");
	if (gil_serial(g))
		report_count(r, asked, h.n > 1 ? h.n / 2 : 1, REPORT_ANY, "times a timer woke the echo thread, to ask");
	else
		report_count(r, asked, 0, 0, "times a timer woke the echo thread, to ask");
	hist_release(&h);
}

void gil_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	const struct gil_cfg *g = gil_own(cfg);
	struct turns t = turns_of(ev);

	if (g->echo) {
		check_echo(g, ev, r);
	} else {
		if (cfg->exp)
			check_alone(g, ev, r);
		check_together(g, ev, &t, r);
		check_turns(g, ev, &t, r);
		check_waiters(g, ev, r);
	}
	hist_release(&t.lengths);
}

/* ---- what it shows ---- */

static void explain_echo(const struct gil_cfg *g, const struct evidence *ev, struct buf *out)
{
	struct hist h = { 0 };

	round_trips(ev, &h);
	buf_printf(out,
		   "While burner computed, echo answered %" PRIu64 " questions of one byte; the median answer took ",
		   (uint64_t)h.n);
	fmt_duration(out, hist_percentile(&h, 500), true);
	buf_puts(out, ". ");
	if (gil_serial(g))
		buf_printf(
			out,
			"The work of an answer is microseconds: nearly all of that time echo was asleep, waiting for "
			"the lock. After an interval a timer woke it and it asked; %s. So the lock costs more in "
			"answering late than in computing slowly. Compare with --mode release.",
			g->mode == MODE_CCALL ? "burner was in the middle of a C call, which nothing interrupts, and "
						"gave the lock up at its end"
					      : "burner gave the lock up at its next look, a moment later");
	else
		buf_puts(out, "Nobody kept a lock while computing, so echo ran as soon as it was asked. Compare with "
			      "--mode bytecode and --mode ccall.");
	hist_release(&h);
}

static const char *const stories[] = {
	[MODE_CCALL] = "It is the C call, not the lock's interval, that sets the length of a turn: who waits asks "
		       "after 5 ms, but a call that never comes back to the interpreter cannot be asked. So the "
		       "first thread is done in its own time, and only the last one's stopwatch shows the sum",
	[MODE_BYTECODE] = "Each hand-over was asked for by the one who waited, after an interval. Taking turns is fair "
			  "and gains nothing: both are done at the very end, and no second CPU was of any use",
	[MODE_RELEASE] = "The lock was given up before each C call and taken back after it, so that it protected "
			 "nothing but the moments in between; the calls ran side by side",
	[MODE_NONE] = "Without a lock threads are what the operating system makes of them: one on each CPU",
};

static void explain_first(const struct evidence *ev, const struct turns *t, struct buf *out)
{
	const struct job *j = t->first;
	const struct task *first = j && task_some(j->worker) ? model_task(ev->model, j->worker) : NULL;

	if (!first)
		return;
	buf_printf(out, "%s had it first, for ", first->name);
	fmt_duration(out, j->finished_ns - j->started_ns, true);
	buf_printf(out, "; meanwhile and later those who waited were woken by a timer %" PRIu64 " times. ",
		   evidence_timer_wakes(ev, "thread*", "futex", ev->wall));
}

void gil_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	const struct gil_cfg *g = gil_own(cfg);
	struct turns t = turns_of(ev);

	if (g->echo) {
		explain_echo(g, ev, out);
	} else {
		buf_printf(out, "%" PRIu64 " thread%s computed; two at once for ", cfg->tasks,
			   cfg->tasks == 1 ? "" : "s");
		fmt_duration(out, evidence_together_ns(ev, "thread*", 2, ev->wall), true);
		buf_puts(out, " of ");
		fmt_duration(out, wall_ns(ev), true);
		buf_puts(out, ". ");
		if (t.n) {
			buf_printf(out, "The lock was held in %" PRIu64 " turn%s, the median ", t.n,
				   t.n == 1 ? "" : "s");
			fmt_duration(out, hist_percentile(&t.lengths, 500), true);
			buf_puts(out, " long. ");
		}
		if (gil_serial(g) && cfg->tasks > 1)
			explain_first(ev, &t, out);
		buf_printf(out, "%s.",
			   cfg->tasks == 1 ? "With one thread a lock is no hindrance: this is the measure for two"
					   : stories[g->mode]);
	}
	hist_release(&t.lengths);
}
