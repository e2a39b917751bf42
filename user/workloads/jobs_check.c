/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * jobs_check.c - what the textbook says of the jobs, and what the recording says.
 */
#define _GNU_SOURCE /* SCHED_RR, SCHED_FIFO */
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include "workloads/jobs.h"
#include "workloads/theory.h"

#define PHASES 16 /* of the tick, at which the first job may arrive */

struct times { /* as OSTEP defines them */
	uint64_t turnaround_ns, response_ns, waiting_ns;
};

struct range {
	struct times min, max;
};

static const struct jobs_cfg *own(const struct workload_cfg *cfg)
{
	return (const struct jobs_cfg *)cfg;
}

/* ---- theory ---- */

enum rule { RULE_FCFS, RULE_RR, RULE_FLUID };

static enum rule rule_of(const struct jobs_cfg *j)
{
	if (!sched_is_realtime(&j->c.sched))
		return RULE_FLUID;
	return j->c.sched.policy == SCHED_RR ? RULE_RR : RULE_FCFS;
}

/* What is known of the kernel that runs them. */
struct kernel {
	uint64_t tick_ns, quantum_ns, slice_ns;
};

static struct kernel kernel_here(const struct jobs_cfg *j)
{
	return (struct kernel){ hogs_tick_here_ns(), sched_rr_quantum_ns(),
				j->c.slice_ns ? j->c.slice_ns : sched_slice_ns() };
}

static struct kernel kernel_there(const struct evidence *ev)
{
	struct kernel k = { .tick_ns = hogs_tick_ns(ev) };

	evidence_said(ev, JOBS_SAID_QUANTUM, &k.quantum_ns);
	evidence_said(ev, JOBS_SAID_SLICE, &k.slice_ns);
	return k;
}

static uint64_t lesser(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t greater(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void widen(struct range *r, struct times t)
{
	r->min.turnaround_ns = lesser(r->min.turnaround_ns, t.turnaround_ns);
	r->max.turnaround_ns = greater(r->max.turnaround_ns, t.turnaround_ns);
	r->min.response_ns = lesser(r->min.response_ns, t.response_ns);
	r->max.response_ns = greater(r->max.response_ns, t.response_ns);
	r->min.waiting_ns = lesser(r->min.waiting_ns, t.waiting_ns);
	r->max.waiting_ns = greater(r->max.waiting_ns, t.waiting_ns);
}

static struct times times_of(const struct textbook_job *job, struct textbook_times t)
{
	return (struct times){ t.finish_ns - job->arrival_ns, t.first_ns - job->arrival_ns,
			       t.finish_ns - job->arrival_ns - job->length_ns };
}

static void add(struct times *sum, struct times t)
{
	sum->turnaround_ns += t.turnaround_ns;
	sum->response_ns += t.response_ns;
	sum->waiting_ns += t.waiting_ns;
}

static struct times mean_of(struct times sum, uint32_t n)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): a list has a job at least */
	return (struct times){ sum.turnaround_ns / n, sum.response_ns / n, sum.waiting_ns / n };
}

/* What one way of taking turns gives: into `each` job's range and that of the mean, each[nr]. */
static void play(const struct jobs_cfg *j, enum rule rule, struct textbook_turn turn, struct range *each)
{
	struct textbook_times t[HOGS_MAX];
	struct times sum = { 0 };

	if (rule == RULE_FLUID)
		textbook_fluid(j->job, j->nr, t);
	else
		textbook_queue(j->job, j->nr, turn, t);
	for (uint32_t i = 0; i < j->nr; i++) {
		widen(&each[i], times_of(&j->job[i], t[i]));
		add(&sum, times_of(&j->job[i], t[i]));
	}
	widen(&each[j->nr], mean_of(sum, j->nr));
}

/*
 * What the model says, each[i] of job i and each[nr] of the mean. A turn of SCHED_RR is counted in ticks, and when the
 * first comes is chance: where it makes a difference, the range is over all phases of it, and over turns without ticks.
 */
static void ask_model(const struct jobs_cfg *j, struct kernel k, struct range *each)
{
	enum rule rule = rule_of(j);
	struct textbook_turn turn = { .quantum_ns = rule == RULE_RR ? k.quantum_ns : 0 };

	for (uint32_t i = 0; i <= j->nr; i++)
		each[i] = (struct range){ .min = { UINT64_MAX, UINT64_MAX, UINT64_MAX } };
	play(j, rule, turn, each);
	turn.tick_ns = k.tick_ns;
	for (uint32_t phase = 0; rule == RULE_RR && phase < PHASES; phase++) {
		turn.phase_ns = k.tick_ns * phase / PHASES;
		play(j, rule, turn, each);
	}
}

static void put_range(struct buf *out, uint64_t min_ns, uint64_t max_ns)
{
	theory_time(out, min_ns);
	if (max_ns == min_ns)
		return;
	buf_puts(out, " to ");
	theory_time(out, max_ns);
}

void jobs_predict(const struct workload_cfg *cfg, struct facts *out)
{
	static const char *const names[] = {
		[RULE_FCFS] = "first come first served",
		[RULE_RR] = "round robin",
		[RULE_FLUID] = "processor sharing",
	};
	const struct jobs_cfg *j = own(cfg);
	struct range each[HOGS_MAX + 1];
	struct buf text = { 0 };

	ask_model(j, kernel_here(j), each);
	buf_printf(&text, "%s: mean turnaround ", names[rule_of(j)]);
	put_range(&text, each[j->nr].min.turnaround_ns, each[j->nr].max.turnaround_ns);
	if (rule_of(j) != RULE_FLUID) {
		buf_puts(&text, ", response ");
		put_range(&text, each[j->nr].min.response_ns, each[j->nr].max.response_ns);
	}
	facts_set(out, "theory.text", buf_str(&text));
	buf_release(&text);
}

/* ---- the recording ---- */

static uint64_t first_ran_ns(const struct evidence *ev, uint32_t i, uint64_t arrival_ns)
{
	const struct evidence_task *t;
	char name[16];

	snprintf(name, sizeof(name), "job%u", i);
	t = evidence_task(ev, evidence_one(ev, name));
	for (size_t k = 0; t && k < t->spans.n; k++)
		if (t->spans.v[k].state == STATE_RUNNING && t->spans.v[k].from_ns >= arrival_ns)
			return t->spans.v[k].from_ns;
	return UINT64_MAX;
}

static uint64_t finished_ns(const struct evidence *ev, uint32_t i)
{
	const struct job *jobs;
	size_t n;

	jobs = model_jobs(ev->model, &n);
	for (size_t k = 0; k < n; k++)
		if (jobs[k].id == i)
			return jobs[k].finished_ns;
	return UINT64_MAX;
}

/* False when the recording does not have all of it. */
static bool measured(const struct jobs_cfg *j, const struct evidence *ev, uint32_t i, struct times *out)
{
	uint64_t arrival_ns = ev->wall.from_ns + jobs_arrival_ns(j, i);
	uint64_t first_ns = first_ran_ns(ev, i, arrival_ns), finish_ns = finished_ns(ev, i);
	char name[16];

	if (first_ns == UINT64_MAX || finish_ns == UINT64_MAX || finish_ns < first_ns)
		return false;
	snprintf(name, sizeof(name), "job%u", i);
	out->turnaround_ns = finish_ns - arrival_ns;
	out->response_ns = first_ns - arrival_ns;
	out->waiting_ns =
		evidence_ns(ev, evidence_one(ev, name), STATE_RUNNABLE, (struct window){ arrival_ns, finish_ns });
	return true;
}

/* How far from the model the kernel may be. */
struct slack {
	uint64_t early_ns, late_ns, response_ns;
};

/*
 * Processor sharing in turns: a job is ahead or behind by what it and the others may have had too much at one instant,
 * a turn of each (`others` of them; in the mean most of that cancels out, and one turn is left). Measured of means: 1
 * ms off, with turns of 4 ms. Real time leaves some of each second to the fair class when it takes so long.
 */
static struct slack slack_of(const struct jobs_cfg *j, struct kernel k, const struct times *most, uint32_t others)
{
	uint64_t usual_ns = report_slack_ns(most->turnaround_ns);
	uint64_t turn_ns = k.tick_ns ? (k.slice_ns + k.tick_ns - 1) / k.tick_ns * k.tick_ns : k.slice_ns;
	struct slack s = { usual_ns, usual_ns, usual_ns };

	turn_ns = greater(turn_ns, k.tick_ns);
	if (rule_of(j) == RULE_FLUID) {
		s.early_ns += others * turn_ns;
		s.late_ns += others * turn_ns;
		s.response_ns += (j->nr - 1) * turn_ns;
	} else {
		s.late_ns += most->turnaround_ns / NSEC_PER_SEC * 50 * NSEC_PER_MSEC;
		s.response_ns = s.late_ns;
	}
	return s;
}

static void report_times(struct report *r, const char *who, struct times got, const struct range *is, struct slack s)
{
	report_ns(r, got.turnaround_ns, report_less(is->min.turnaround_ns, s.early_ns),
		  is->max.turnaround_ns + s.late_ns, "%s turnaround", who);
	report_ns(r, got.response_ns, report_less(is->min.response_ns, s.early_ns), is->max.response_ns + s.response_ns,
		  "%s response", who);
	report_ns(r, got.waiting_ns, report_less(is->min.waiting_ns, s.early_ns), is->max.waiting_ns + s.late_ns,
		  "%s waiting", who);
}

void jobs_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	const struct jobs_cfg *j = own(cfg);
	struct kernel k = kernel_there(ev);
	struct range each[HOGS_MAX + 1];
	struct times got[HOGS_MAX], sum = { 0 };
	uint32_t complete = 0;
	char name[16];

	ask_model(j, k, each);
	for (uint32_t i = 0; i < j->nr; i++) {
		if (!measured(j, ev, i, &got[i]))
			continue;
		add(&sum, got[i]);
		complete++;
	}
	if (complete < j->nr) {
		report_count(r, complete, j->nr, j->nr, "jobs that were done");
		return;
	}
	report_times(r, "mean", mean_of(sum, j->nr), &each[j->nr], slack_of(j, k, &each[j->nr].max, 1));
	for (uint32_t i = 0; i < j->nr; i++) {
		snprintf(name, sizeof(name), "job%u", i);
		report_times(r, name, got[i], &each[i], slack_of(j, k, &each[i].max, j->nr - 1));
	}
}

/* ---- the paragraph ---- */

static void explain_extremes(const struct jobs_cfg *j, const struct evidence *ev, struct buf *out)
{
	uint32_t shortest = 0, longest = 0;
	struct times t;

	for (uint32_t i = 1; i < j->nr; i++) {
		shortest = j->job[i].length_ns < j->job[shortest].length_ns ? i : shortest;
		longest = j->job[i].length_ns > j->job[longest].length_ns ? i : longest;
	}
	if (!measured(j, ev, shortest, &t))
		return;
	buf_printf(out, "job%u, ", shortest);
	fmt_duration(out, j->job[shortest].length_ns, true);
	buf_puts(out, " long, was done ");
	fmt_duration(out, t.turnaround_ns, true);
	buf_puts(out, " after it arrived, of which it waited ");
	fmt_duration(out, t.waiting_ns, true);
	if (longest != shortest && measured(j, ev, longest, &t)) {
		buf_printf(out, "; job%u, ", longest);
		fmt_duration(out, j->job[longest].length_ns, true);
		buf_puts(out, " long, after ");
		fmt_duration(out, t.turnaround_ns, true);
		buf_puts(out, ", of which it waited ");
		fmt_duration(out, t.waiting_ns, true);
	}
	buf_puts(out, ". ");
}

void jobs_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	static const char *const models[] = {
		[RULE_FCFS] = "First come first served: a job that has the CPU keeps it, so whoever comes after a long "
			      "one waits for all of it (the convoy of the textbooks), and response is as bad as "
			      "turnaround.",
		[RULE_RR] =
			"Round robin: whoever has used up its turn goes to the end of the queue. The kernel's turns "
			"are so long that short jobs are done within one, and it comes near first come first "
			"served.",
		[RULE_FLUID] =
			"The fair class comes near processor sharing: whoever is there gets an equal part at once, "
			"so short jobs are out early, response is good, and the long job pays for it with "
			"turnaround. The ideal shares at every instant; the kernel in turns, which is all the "
			"difference.",
	};
	const struct jobs_cfg *j = own(cfg);

	buf_printf(out, "%u jobs shared one CPU. ", j->nr);
	explain_extremes(j, ev, out);
	buf_puts(out, models[rule_of(j)]);
}
