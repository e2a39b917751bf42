/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * quota.c - the workload `quota`: threads that never sleep, in a control group that may use so much CPU time a period.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/schedviz_mark.h"
#include "workloads/burn.h"
#include "workloads/cgroup.h"
#include "workloads/team.h"
#include "workloads/theory.h"
#include "workloads/workload.h"

#define MAX_THREADS 64
/*
 * The kernel sees that a quota is used up at a tick, at the latest 10 ms (HZ=100) late, and takes what was too much off
 * the next period's; so single turns and gaps are known to a tick.
 */
#define TICK_NS (10 * NSEC_PER_MSEC)
#define SAID_THROTTLED 1

struct quota_cfg {
	struct workload_cfg c;
	uint64_t quota_ns, period_ns, threads, length_ns;
};

static const struct opt quota_opts[] = {
	OPT_DURATION(0, "quota", struct quota_cfg, quota_ns, NSEC_PER_MSEC, WORKLOAD_MAX_NS,
		     "CPU time the group may use in each period (20ms)"),
	OPT_DURATION(0, "period", struct quota_cfg, period_ns, NSEC_PER_MSEC, NSEC_PER_SEC,
		     "length of a period (100ms)"),
	OPT_U64(0, "threads", struct quota_cfg, threads, 1, MAX_THREADS, "K", "threads in the group (1)"),
	OPT_DURATION(0, "length", struct quota_cfg, length_ns, 10 * NSEC_PER_MSEC, WORKLOAD_MAX_NS,
		     "how long they want to run (1s)"),
	WORKLOAD_OPTS(struct quota_cfg, c),
	OPT_END
};

static const struct quota_cfg *own(const struct workload_cfg *cfg)
{
	return (const struct quota_cfg *)cfg;
}

static void quota_defaults(struct workload_cfg *cfg)
{
	*(struct quota_cfg *)cfg = (struct quota_cfg){
		.c = { .repeat = 1 },
		.quota_ns = 20 * NSEC_PER_MSEC,
		.period_ns = 100 * NSEC_PER_MSEC,
		.threads = 1,
		.length_ns = 1 * NSEC_PER_SEC,
	};
}

/* Threads that can run at the same time. */
static uint64_t at_once(const struct workload_cfg *cfg)
{
	return own(cfg)->threads < cfg->nr_cpus ? own(cfg)->threads : cfg->nr_cpus;
}

static int quota_prepare(struct workload_cfg *cfg, struct err *e)
{
	struct quota_cfg *q = (struct quota_cfg *)cfg;

	q->length_ns = workload_scaled(cfg, q->length_ns);
	if (q->quota_ns >= at_once(cfg) * q->period_ns)
		return err_set(e, -EINVAL,
			       "--quota is not less than %" PRIu64 " thread%s can use in a period: nothing would "
			       "be limited - give a smaller one",
			       at_once(cfg), at_once(cfg) == 1 ? "" : "s");
	if (!sched_is_fair(&cfg->sched))
		return err_set(e, -EINVAL, "a quota is for fair policies - leave --policy %s out", cfg->policy);
	return 0;
}

static bool quota_needs_root(const struct workload_cfg *cfg)
{
	(void)cfg;
	return true;
}

static bool quota_cannot(const struct workload_cfg *cfg, struct buf *why)
{
	(void)cfg;
	return cgroup_cannot(CGROUP_CPU, why);
}

/* ---- theory ---- */

static void quota_predict(const struct workload_cfg *cfg, struct facts *out)
{
	const struct quota_cfg *q = own(cfg);
	uint64_t turn_ns = q->quota_ns / at_once(cfg);
	struct buf text = { 0 };

	theory_time(&text, q->quota_ns);
	buf_puts(&text, " / ");
	theory_time(&text, q->period_ns);
	buf_printf(&text, " = %.3g %% of a CPU: runs ", 100.0 * (double)q->quota_ns / (double)q->period_ns);
	theory_time(&text, turn_ns);
	buf_puts(&text, ", waits ");
	theory_time(&text, q->period_ns - turn_ns);
	facts_set(out, "theory.text", buf_str(&text));
	buf_release(&text);
}

/* ---- the run ---- */

struct limited {
	const struct quota_cfg *cfg;
	struct cgroup *group; /* NULL: none can be made */
};

static int hog_before(void *arg, uint32_t i)
{
	struct err e = { 0 };

	(void)arg;
	return workload_pin(workload_cpu(i), &e) < 0 ? workload_failed(&e) : 0;
}

static int hog(void *arg, uint32_t i)
{
	(void)i;
	burn_until(team_began_ns() + ((const struct limited *)arg)->cfg->length_ns);
	return 0;
}

/* The process that enters the group; its threads are in it from their first instruction. */
static int box(void *arg, uint32_t i)
{
	struct limited *l = arg;
	const struct team_cfg hogs = {
		.n = (uint32_t)l->cfg->threads,
		.kind = KIND_THREADS,
		.name = "hog%u",
		.before = hog_before,
		.fn = hog,
		.arg = l,
	};
	struct err e = { 0 };
	struct team_span span;

	(void)i;
	if (l->group && cgroup_enter(l->group, NULL, &e) < 0)
		return workload_failed(&e);
	if (team_run(&hogs, &span, &e) < 0)
		return workload_failed(&e);
	schedviz_mark_wall(span.from_ns, span.from_ns + l->cfg->length_ns);
	return 0;
}

static int quota_try(struct limited *l, struct err *e)
{
	const struct team_cfg boxes = {
		.n = 1, .kind = KIND_PROCS, .name = "box", .fn = box, .arg = l, .lead_ns = TEAM_AT_ONCE
	};
	struct team_span span;
	uint64_t throttled = 0;
	int ret = 0;

	l->group = cgroup_make(CGROUP_CPU, e);
	if (l->group)
		ret = cgroup_quota(l->group, l->cfg->quota_ns, l->cfg->period_ns, e);
	else
		workload_say("quota (%d) runs without a limit: %s", getpid(), e->text);
	if (ret == 0)
		ret = team_run(&boxes, &span, e);
	if (ret < 0)
		return ret;
	if (l->group)
		throttled = cgroup_stat(l->group, "nr_throttled");
	schedviz_mark_instant(SAID_THROTTLED, throttled);
	workload_say("quota (%d) was stopped in %" PRIu64 " periods", getpid(), throttled);
	return 0;
}

static int quota_run(const struct workload_cfg *cfg)
{
	struct limited l = { .cfg = own(cfg) };
	struct err e = { 0 };
	int ret;

	if (workload_enter("quota", cfg, &e) < 0)
		return workload_failed(&e);
	burn_calibrate();
	ret = quota_try(&l, &e);
	if (cgroup_remove(l.group, ret < 0 ? NULL : &e) < 0 || ret < 0)
		return workload_failed(&e);
	return 0;
}

/* ---- the check ---- */

struct saw {
	uint64_t ran_ns, sleeps; /* of all threads */
	uint64_t gaps, gap_ns;	 /* hog0's long waits: how many, and the median length */
};

static int by_length(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/*
 * A gap is a preempted wait of hog0 that is long for two spinners' sharing, whole and in the wall. Where threads
 * outnumber CPUs hog0 also waits for its neighbours, whose turns are a few ms: hence half of the gap expected.
 */
static void saw_gaps(const struct evidence *ev, task_id hog0, uint64_t least_ns, struct saw *out)
{
	const struct evidence_task *t = evidence_task(ev, hog0);
	VEC(uint64_t) gaps = { 0 };

	for (size_t i = 0; t && i < t->spans.n; i++) {
		const struct span *s = &t->spans.v[i];

		if (s->state == STATE_RUNNABLE && s->why == WHY_PREEMPTED && !s->cut_left && !s->cut_right &&
		    s->from_ns >= ev->wall.from_ns && s->to_ns < ev->wall.to_ns && s->to_ns - s->since_ns >= least_ns)
			*vec_push(&gaps) = s->to_ns - s->since_ns;
	}
	out->gaps = gaps.n;
	if (gaps.n) {
		qsort(gaps.v, gaps.n, sizeof(*gaps.v), by_length);
		out->gap_ns = gaps.v[gaps.n / 2];
	}
	vec_release(&gaps);
}

static struct saw saw_of(const struct workload_cfg *cfg, const struct evidence *ev)
{
	uint64_t gap_ns = own(cfg)->period_ns - own(cfg)->quota_ns / at_once(cfg);
	task_set hogs = evidence_named(ev, "hog*");
	struct saw out = { 0 };

	for (size_t i = 0; i < hogs.n; i++) {
		out.ran_ns += evidence_ns(ev, hogs.v[i], STATE_RUNNING, ev->wall);
		out.sleeps += evidence_sleeps(ev, hogs.v[i], NULL, ev->wall).n;
	}
	if (hogs.n)
		saw_gaps(ev, hogs.v[0], gap_ns / 2, &out);
	vec_release(&hogs);
	return out;
}

/*
 * The first period begins with a full quota, at any phase of the kernel's period timer: n whole periods see n or n + 1
 * quotas, and what a CPU had fetched of them (5 ms a time) or overdrawn (a tick) at either end.
 */
static void check_share(const struct quota_cfg *q, const struct saw *saw, struct report *r, uint64_t cpus)
{
	double length = (double)q->length_ns, n = (double)(q->length_ns / q->period_ns);
	double edge = (double)(cpus * TICK_NS), quota = (double)q->quota_ns;
	double least = n * quota - edge, most = (n + 1) * quota + edge;

	report_share(r, saw->ran_ns, q->length_ns, least > 0 ? least / length : 0, most / length,
		     "CPU time of the group, of one CPU");
}

static void quota_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	const struct quota_cfg *q = own(cfg);
	uint64_t n = q->length_ns / q->period_ns, gap_ns = q->period_ns - q->quota_ns / at_once(cfg);
	uint64_t least_ns = gap_ns > TICK_NS ? gap_ns - TICK_NS : 0, throttled;
	struct saw saw = saw_of(cfg, ev);

	check_share(q, &saw, r, at_once(cfg));
	report_count(r, saw.gaps, n > 2 ? n - 2 : 0, n + 1, "long waits of hog0, one each period");
	report_ns(r, saw.gap_ns, least_ns, gap_ns + TICK_NS, "the median of them");
	report_count(r, saw.sleeps, 0, 0, "sleeps of the threads: throttled is not asleep");
	if (evidence_said(ev, SAID_THROTTLED, &throttled))
		report_count(r, throttled, n > 2 ? n - 2 : 0, n + 2, "periods with throttling (the kernel's count)");
}

static void quota_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	const struct quota_cfg *q = own(cfg);
	struct saw saw = saw_of(cfg, ev);

	buf_printf(out, "The control group may use ");
	fmt_duration(out, q->quota_ns, true);
	buf_puts(out, " of CPU time in each ");
	fmt_duration(out, q->period_ns, true);
	if (q->threads > 1)
		buf_printf(out, ", all %" PRIu64 " threads together, so they use it up in a fraction of that time",
			   q->threads);
	buf_puts(out, ". When it is used up, every thread in it is taken off its CPU until the next period: hog0 had "
		      "to wait ");
	buf_printf(out, "%" PRIu64 " times, typically ", saw.gaps);
	fmt_duration(out, saw.gap_ns, true);
	buf_puts(out, ", although its CPU was idle. It did not sleep: it left as `R`, runnable, and nobody woke it; in "
		      "the picture that is a wait, as if another task had been preferred. This is what a service in a "
		      "container with a CPU limit sees: short work goes through at once, and then nothing happens for "
		      "most of a period.");
}

const struct workload workload_quota = {
	.name = "quota",
	.group = GROUP_POLICIES,
	.summary = "a CPU quota: run at full speed, then not at all",
	.lesson = "A control group with a quota of 20 ms each 100 ms, and a task in it that never sleeps. It does not "
		  "run slowly all the time: it runs at full speed until the quota is used up, then not at all until "
		  "the next period, even on an idle CPU. Throttled is not the same as unlucky. With --threads 2 on two "
		  "CPUs the quota is gone in 10 ms.",
	.theory = "CPU time = Q / P of one CPU. k threads on m CPUs run Q / min(k, m) and then wait P - Q / min(k, m), "
		  "each to a tick, because the kernel looks at ticks.",
	.look = "A saw-tooth: short runs at regular distances and waits between them, on a CPU that is mostly idle.",
	.example = "schedviz run quota --quota 20ms --threads 2",
	.opts = quota_opts,
	.cfg_size = sizeof(struct quota_cfg),
	.quick_permille = 600,
	.defaults = quota_defaults,
	.prepare = quota_prepare,
	.needs_root = quota_needs_root,
	.cannot = quota_cannot,
	.predict = quota_predict,
	.run = quota_run,
	.check = quota_check,
	.explain = quota_explain,
};
