/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * deadline_check.c - what reservations promise, and whether the recording shows that it was kept.
 */
#include <inttypes.h>
#include <stdio.h>
#include "workloads/deadline.h"
#include "workloads/hogs.h"
#include "workloads/theory.h"

/* The kernel looks at ticks, so a turn may be too long by one; what was too much is kept back in the next period. */
#define SHARE_SLACK 0.01
#define LIMIT_MAX 0.95 /* of every CPU: kernel.sched_rt_runtime_us of sched_rt_period_us */
/* From 6.12 on less what the servers of ordinary tasks hold: 0.05 of a CPU each, one for fair and one for ext. */
#define LIMIT_MIN 0.85
#define HOG_ASKS 0.95

static const struct deadline_cfg *own(const struct workload_cfg *cfg)
{
	return (const struct deadline_cfg *)cfg;
}

uint32_t deadline_reserving(const struct deadline_cfg *d)
{
	return (uint32_t)d->c.tasks + 1;
}

void deadline_name(const struct deadline_cfg *d, uint32_t i, char *name, size_t bytes)
{
	uint32_t reserving = deadline_reserving(d);

	if (i == 0)
		snprintf(name, bytes, "greedy");
	else
		snprintf(name, bytes, i < reserving ? "periodic%u" : "hog%u", i < reserving ? i - 1 : i - reserving);
}

static double utilisation(const struct deadline_cfg *d)
{
	return (double)d->runtime_ns / (double)d->period_ns;
}

/* How many of `n` that ask for `each` of a CPU are granted it where `taken` is reserved, by a limit for every CPU. */
static uint32_t admitted(const struct deadline_cfg *d, uint32_t n, double each, double taken, double limit)
{
	double room = limit * d->c.nr_cpus - taken + 1e-6; /* the kernel counts in 2^-20 */
	uint32_t fit = room < each ? 0 : (uint32_t)(room / each);

	return fit < n ? fit : n;
}

/* Does a job fit into what is reserved for it? */
static bool jobs_fit(const struct deadline_cfg *d)
{
	return d->job_ns <= d->runtime_ns;
}

void deadline_predict(const struct workload_cfg *cfg, struct facts *out)
{
	const struct deadline_cfg *d = own(cfg);
	uint32_t n = deadline_reserving(d);
	struct buf text = { 0 };

	buf_printf(&text, "%u x ", n);
	theory_time(&text, d->runtime_ns);
	buf_puts(&text, " every ");
	theory_time(&text, d->period_ns);
	if (admitted(d, n, utilisation(d), 0, LIMIT_MAX) < n)
		buf_printf(&text, " is more than %.2f x %u CPUs: some are refused", LIMIT_MAX, cfg->nr_cpus);
	else
		buf_printf(&text, ": greedy gets %.1f %%", 100 * utilisation(d));
	if (cfg->tasks && admitted(d, n, utilisation(d), 0, LIMIT_MAX) == n)
		buf_puts(&text, jobs_fit(d) ? ", no job is late" : ", every job is late");
	facts_set(out, "theory.text", buf_str(&text));
	buf_release(&text);
}

/* ---- the check ---- */

static task_id member(const struct deadline_cfg *d, const struct evidence *ev, uint32_t i)
{
	char name[16];

	deadline_name(d, i, name, sizeof(name));
	return evidence_one(ev, name);
}

/*
 * Whoever is done with its job sleeps until the next period begins. So a period in which a task does not go to sleep is
 * one whose job was late.
 */
static uint64_t periods_met(const struct deadline_cfg *d, const struct evidence *ev, uint32_t i)
{
	const struct evidence_task *t = evidence_task(ev, member(d, ev, i));
	uint64_t met = 0, next = 0;

	for (size_t k = 0; t && k < t->spans.n; k++) {
		const struct span *s = &t->spans.v[k];
		uint64_t period;

		if (s->state != STATE_SLEEPING || !window_contains(ev->wall, s->from_ns))
			continue;
		period = (s->from_ns - ev->wall.from_ns) / d->period_ns;
		met += period >= next && period < d->length_ns / d->period_ns;
		next = period + 1;
	}
	return met;
}

static uint64_t granted(const struct evidence *ev)
{
	uint64_t n = 0;

	evidence_said(ev, DEADLINE_SAID_GRANTED, &n);
	return n;
}

/* Periods of all granted tasks with jobs, and how many of them were met. */
struct record {
	uint64_t met, all;
};

static struct record record_of(const struct deadline_cfg *d, const struct evidence *ev)
{
	struct record rec = { 0 };

	for (uint32_t i = 1; i < deadline_reserving(d) && i < granted(ev); i++) {
		rec.met += periods_met(d, ev, i);
		rec.all += d->length_ns / d->period_ns;
	}
	return rec;
}

/*
 * Earliest deadline first on m CPUs meets every deadline while the sum of all u is at most m - (m - 1) max u (Goossens,
 * Funk, Baruah 2003); beyond that it promises only that nobody is late by much. Ordinary tasks' servers are among the
 * sum, and another tenth is left for turns that end at ticks. Above it 3 of 170 jobs were late, measured at 0.9 m.
 */
static uint64_t late_allowed(const struct deadline_cfg *d, const struct evidence *ev, uint64_t jobs)
{
	double m = d->c.nr_cpus, u = utilisation(d), sum = (double)granted(ev) * u;

	return sum <= m * LIMIT_MIN - (m - 1) * u ? 0 : jobs / 20;
}

static void check_admission(const struct deadline_cfg *d, const struct evidence *ev, struct report *r)
{
	uint32_t n = deadline_reserving(d), hogs = d->c.nr_cpus;
	double taken = (double)granted(ev) * utilisation(d);
	uint64_t hogs_granted = UINT64_MAX;

	evidence_said(ev, DEADLINE_SAID_HOGS, &hogs_granted);
	report_count(r, granted(ev), admitted(d, n, utilisation(d), 0, LIMIT_MIN),
		     admitted(d, n, utilisation(d), 0, LIMIT_MAX), "reservations granted, of %u", n);
	report_count(r, hogs_granted, admitted(d, hogs, HOG_ASKS, taken, LIMIT_MIN),
		     admitted(d, hogs, HOG_ASKS, taken, LIMIT_MAX), "hogs that could have had 95 %% of a CPU, of %u",
		     hogs);
}

void deadline_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	const struct deadline_cfg *d = own(cfg);
	uint64_t wall_ns = ev->wall.to_ns - ev->wall.from_ns;
	double slack = SHARE_SLACK + (double)hogs_tick_ns(ev) / (double)d->length_ns;
	struct record rec = record_of(d, ev);

	if (granted(ev))
		report_share(r, evidence_ns(ev, member(d, ev, 0), STATE_RUNNING, ev->wall), wall_ns,
			     utilisation(d) - slack, utilisation(d) + slack, "share of a CPU that greedy got");
	if (rec.all && jobs_fit(d))
		report_count(r, rec.all - rec.met, 0, late_allowed(d, ev, rec.all), "jobs late, of %" PRIu64, rec.all);
	else if (rec.all)
		report_count(r, rec.met, 0, 0, "jobs in time, of %" PRIu64, rec.all);
	check_admission(d, ev, r);
}

void deadline_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	const struct deadline_cfg *d = own(cfg);
	struct record rec = record_of(d, ev);
	uint64_t hogs = 0;

	evidence_said(ev, DEADLINE_SAID_HOGS, &hogs);
	buf_printf(out, "The kernel made %" PRIu64 " promises of ", granted(ev));
	fmt_duration(out, d->runtime_ns, true);
	buf_puts(out, " in every ");
	fmt_duration(out, d->period_ns, true);
	buf_puts(out, ". greedy wanted more and got ");
	fmt_percent(out, evidence_ns(ev, member(d, ev, 0), STATE_RUNNING, ev->wall), ev->wall.to_ns - ev->wall.from_ns);
	buf_puts(out, " of a CPU: where it seems to wait it is throttled, until its next period begins. ");
	if (rec.all)
		buf_printf(out, "Of %" PRIu64 " jobs beside it %" PRIu64 " were done before their period ended, %s. ",
			   rec.all, rec.met,
			   jobs_fit(d) ? "with hogs on every CPU" : "as each needs more than what is reserved for it");
	buf_printf(out,
		   "When every hog asked for 95 %% of a CPU as well, %" PRIu64
		   " of %u could have had it and the others "
		   "were refused with EBUSY: who can promise must also be able to say no.",
		   hogs, cfg->nr_cpus);
}
