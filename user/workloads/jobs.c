/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * jobs.c - the workload `jobs`: a textbook's list of jobs, done for real on one CPU under any policy.
 */
#include "workloads/jobs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/schedviz_mark.h"
#include "workloads/burn.h"
#include "workloads/team.h"

#define DEFAULT_LIST "0:100,10:10,10:10"

static const struct opt jobs_opts[] = {
	OPT_STRING(0, "jobs", struct jobs_cfg, list, "LIST",
		   "when each arrives and how long it computes, in ms (" DEFAULT_LIST ")"),
	WORKLOAD_KIND_OPTS(struct jobs_cfg, c, "they are processes (the default)", "they are threads"),
	WORKLOAD_SCHED_OPTS(struct jobs_cfg, c),
	OPT_STRING(0, "cpus", struct jobs_cfg, c.cpus, "CPU", "do them on this CPU (the first one)"),
	WORKLOAD_SEED_OPT(struct jobs_cfg, c),
	WORKLOAD_PACE_OPTS(struct jobs_cfg, c),
	OPT_END
};

static void jobs_defaults(struct workload_cfg *cfg)
{
	struct jobs_cfg *j = (struct jobs_cfg *)cfg;

	*j = (struct jobs_cfg){ .c = { .repeat = 1 }, .list = DEFAULT_LIST };
}

/* "10" is 10 ms; "10us" is what it says. */
static int parse_ms(const char *text, size_t len, uint64_t *ns)
{
	char word[40];

	if (!len || len > 30)
		return -EINVAL;
	snprintf(word, sizeof(word), "%.*s%s", (int)len, text,
		 text[len - 1] >= '0' && text[len - 1] <= '9' ? "ms" : "");
	return parse_duration(word, ns, NULL);
}

static int take_job(void *ctx, uint32_t i, const char *word, struct err *e)
{
	struct jobs_cfg *j = ctx;
	struct textbook_job *job = &j->job[i];
	size_t arrival = strcspn(word, ":");

	if (!word[arrival] || parse_ms(word, arrival, &job->arrival_ns) < 0 ||
	    parse_ms(word + arrival + 1, strlen(word + arrival + 1), &job->length_ns) < 0)
		return err_set(e, -EINVAL, "'%s' of --jobs is not a job - give arrival:length in ms, as 10:100", word);
	if (job->arrival_ns > WORKLOAD_MAX_NS || job->length_ns > WORKLOAD_MAX_NS)
		return err_set(e, -EINVAL, "'%s' of --jobs is longer than an hour", word);
	job->arrival_ns = workload_scaled(&j->c, job->arrival_ns);
	job->length_ns = workload_vary(workload_scaled(&j->c, job->length_ns), j->c.seed, i);
	return job->length_ns ? 0 : err_set(e, -EINVAL, "'%s' of --jobs has no length", word);
}

static int jobs_prepare(struct workload_cfg *cfg, struct err *e)
{
	struct jobs_cfg *j = (struct jobs_cfg *)cfg;
	int n = hogs_list(j->list, "jobs", take_job, j, e);
	uint64_t sum_ns = 0;

	if (n < 0)
		return n;
	j->nr = (uint32_t)n;
	for (uint32_t i = 0; i < j->nr; i++)
		sum_ns += j->job[i].length_ns;
	if (cfg->cpus && cfg->nr_cpus != 1)
		return err_set(e, -EINVAL, "the jobs share one CPU - give --cpus one, as 0");
	return hogs_may(cfg, sum_ns, e);
}

static bool jobs_cannot(const struct workload_cfg *cfg, struct buf *why)
{
	if (!cfg->slice_ns || sched_slice_ns())
		return false;
	buf_puts(why, "this kernel takes no requests for slices (Linux 6.12 and later do)");
	return true;
}

uint64_t jobs_arrival_ns(const struct jobs_cfg *j, uint32_t i)
{
	uint64_t ns = j->job[i].arrival_ns;

	for (uint32_t k = 0; k < i; k++)
		ns += j->job[k].arrival_ns == j->job[i].arrival_ns ? JOBS_TIE_NS : 0;
	return ns;
}

/* ---- the run ---- */

struct desk {
	const struct jobs_cfg *cfg;
	uint32_t cpu;
};

static int job_before(void *arg, uint32_t i)
{
	const struct desk *d = arg;
	struct err e = { 0 };

	(void)i;
	if (sched_apply(&d->cfg->c.sched, 0, &e) < 0 || workload_pin(d->cpu, &e) < 0)
		return workload_failed(&e);
	return 0;
}

/*
 * Asleep until it arrives, without a common start before that: a real-time job would keep the later ones from passing
 * it, and they would be in the queue before their time.
 */
static int job_do(void *arg, uint32_t i)
{
	const struct jobs_cfg *j = ((const struct desk *)arg)->cfg;

	workload_sleep_until(team_began_ns() + TEAM_LEAD_NS + jobs_arrival_ns(j, i));
	schedviz_mark_start(i);
	burn(j->job[i].length_ns);
	schedviz_mark_finish(i);
	return 0;
}

static int jobs_run(const struct workload_cfg *cfg)
{
	struct workload_cfg plain = *cfg; /* the policy is the jobs' */
	struct desk desk = { .cfg = (const struct jobs_cfg *)cfg };
	const struct team_cfg team = {
		.n = desk.cfg->nr,
		.kind = cfg->kind,
		.name = "job%u",
		.before = job_before,
		.fn = job_do,
		.arg = &desk,
		.lead_ns = TEAM_AT_ONCE,
	};
	struct err e = { 0 };
	struct team_span span;

	plain.sched.set = false;
	if (workload_enter("jobs", &plain, &e) < 0)
		return workload_failed(&e);
	desk.cpu = workload_cpu(0);
	schedviz_mark_noun("job");
	schedviz_mark_instant(HOGS_SAID_TICK, hogs_tick_here_ns());
	schedviz_mark_instant(JOBS_SAID_QUANTUM, sched_rr_quantum_ns());
	schedviz_mark_instant(JOBS_SAID_SLICE, cfg->slice_ns ? cfg->slice_ns : sched_slice_ns());
	burn_calibrate();
	if (team_run(&team, &span, &e) < 0)
		return workload_failed(&e);
	schedviz_mark_wall(span.from_ns + TEAM_LEAD_NS, span.to_ns);
	workload_say("jobs (%d) %u jobs were done on CPU %u", getpid(), desk.cfg->nr, desk.cpu);
	return 0;
}

const struct workload workload_jobs = {
	.name = "jobs",
	.group = GROUP_POLICIES,
	.summary = "any textbook's list of jobs, for real, under any policy",
	.lesson = "Three jobs on one CPU, the example of every textbook: a long one arrives first, two short ones a "
		  "little "
		  "later. First come first served makes the short ones wait for the long one; taking turns lets them "
		  "out early and the long one pays. Which of that is Linux? By default nearly the ideal of the "
		  "textbooks, where k jobs have 1/k of the CPU each (processor sharing); --policy fifo:1 is first come "
		  "first served, --policy rr:1 round robin with turns so long that it hardly differs; --slice 20ms "
		  "lets short jobs finish in one go.\n\n"
		  "Turnaround is finish minus arrival, response is first run minus arrival, waiting is the time that a "
		  "job was ready and did not run. Take a list of your own: --jobs 0:300,0:30,0:30.",
	.theory =
		"fifo: jobs in order of arrival, each to its end. rr: turns of the kernel's quantum "
		"(kernel.sched_rr_timeslice_ms, 100 ms), counted in ticks. other, batch, idle: processor sharing, give "
		"or take a turn, which is a slice up to the next tick.",
	.look = "The lanes of the jobs, and below them when each was done. A job waits where its lane is not running "
		"between arrival and end: in turns under other, in one piece under fifo.",
	.example = "schedviz run jobs --jobs 0:300,0:30,0:30 --policy rr",
	.opts = jobs_opts,
	.cfg_size = sizeof(struct jobs_cfg),
	.quick_permille = 1000, /* the default list takes 120 ms */
	.defaults = jobs_defaults,
	.prepare = jobs_prepare,
	.cannot = jobs_cannot,
	.predict = jobs_predict,
	.run = jobs_run,
	.check = jobs_check,
	.explain = jobs_explain,
};
