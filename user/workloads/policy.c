/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * policy.c - the workload `policy`: tasks of different scheduling policies compete for one CPU.
 */
#define _GNU_SOURCE /* SCHED_IDLE */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>
#include "base/schedviz_mark.h"
#include "workloads/hogs.h"
#include "workloads/workload.h"

/* Two points, as `nice` has them: turns that are cut at either end, and those that wake up in between. */
#define SHARE_SLACK 0.02

struct policy_cfg {
	struct workload_cfg c;
	const char *values; /* "fifo,other" */
	uint64_t length_ns;
	uint32_t nr; /* from policy_prepare() */
	struct sched_choice sched_of[HOGS_MAX];
};

static const struct opt policy_opts[] = {
	OPT_STRING(0, "policies", struct policy_cfg, values, "LIST",
		   "a task for each of these: other, batch, idle, fifo:P, rr:P (fifo,other)"),
	OPT_DURATION(0, "length", struct policy_cfg, length_ns, NSEC_PER_MSEC, WORKLOAD_MAX_NS,
		     "how long they compete (2s, which is the most for fifo and rr)"),
	WORKLOAD_KIND_OPTS(struct policy_cfg, c, "they are processes (the default)", "they are threads"),
	WORKLOAD_RUN_OPTS(struct policy_cfg, c), OPT_END
};

static const struct policy_cfg *own(const struct workload_cfg *cfg)
{
	return (const struct policy_cfg *)cfg;
}

static void policy_defaults(struct workload_cfg *cfg)
{
	struct policy_cfg *p = (struct policy_cfg *)cfg;

	*p = (struct policy_cfg){ .c = { .repeat = 1 }, .values = "fifo,other", .length_ns = 2 * NSEC_PER_SEC };
}

static bool is_rt(const struct policy_cfg *p, uint32_t i)
{
	return sched_is_realtime(&p->sched_of[i]);
}

static uint32_t count_rt(const struct policy_cfg *p)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->nr; i++)
		n += is_rt(p, i);
	return n;
}

static int take_policy(void *ctx, uint32_t i, const char *word, struct err *e)
{
	struct policy_cfg *p = ctx;
	int ret = sched_parse(&p->sched_of[i], word, NULL, 0, e);

	if (ret == 0 && !is_rt(p, i) && p->sched_of[i].runtime_ns)
		return err_set(e, -EINVAL, "--policies knows no deadline - 'schedviz run deadline' is about it");
	return ret;
}

static int policy_prepare(struct workload_cfg *cfg, struct err *e)
{
	struct policy_cfg *p = (struct policy_cfg *)cfg;
	int n = hogs_list(p->values, "policies", take_policy, p, e);

	if (n < 0)
		return n;
	p->nr = (uint32_t)n;
	p->length_ns = workload_scaled(cfg, p->length_ns);
	if (count_rt(p) && p->length_ns > HOGS_REALTIME_MAX_NS)
		return err_set(e, -EINVAL, "real-time tasks may hold a CPU for 2s at most - make it shorter");
	return 0;
}

static bool policy_needs_root(const struct workload_cfg *cfg)
{
	return count_rt(own(cfg)) > 0;
}

/* ---- theory ---- */

/* Of a fair task; SCHED_BATCH is about wake-ups only. */
static uint32_t weight_of(const struct policy_cfg *p, uint32_t i)
{
	return is_rt(p, i) ? 0 : p->sched_of[i].policy == SCHED_IDLE ? SCHED_IDLE_WEIGHT : sched_weight(0);
}

static uint32_t all_weights(const struct policy_cfg *p)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < p->nr; i++)
		sum += weight_of(p, i);
	return sum;
}

static uint32_t top_priority(const struct policy_cfg *p)
{
	uint32_t top = 0;

	for (uint32_t i = 0; i < p->nr; i++)
		if (is_rt(p, i) && p->sched_of[i].priority > top)
			top = p->sched_of[i].priority;
	return top;
}

struct top { /* the real-time tasks of the highest priority: the only ones that run */
	uint32_t n, fifo;
};

static struct top top_of(const struct policy_cfg *p)
{
	uint32_t priority = top_priority(p);
	struct top top = { 0 };

	for (uint32_t i = 0; i < p->nr; i++) {
		if (!is_rt(p, i) || p->sched_of[i].priority != priority)
			continue;
		top.n++;
		top.fifo += p->sched_of[i].policy == SCHED_FIFO;
	}
	return top;
}

struct share {
	double min, max;
};

/*
 * What real-time tasks leave to the fair ones: `permille` of each second, given at the end of it (the server is put off
 * as long as it can be), so a second that has only begun may have none of it or, begun late, all.
 */
static struct share left_of(const struct policy_cfg *p, uint32_t permille)
{
	double part = permille / 1e3, length = (double)p->length_ns / 1e9,
	       whole = (double)(p->length_ns / NSEC_PER_SEC);
	struct share left = { 1, 1 };

	if (!count_rt(p))
		return left;
	if (!all_weights(p))
		return (struct share){ 0, 0 };
	left.min = whole * part / length;
	left.max = (whole + 1) * part / length;
	return left;
}

/* The share of task i. Among tasks of the top priority one of SCHED_FIFO never ends its turn; which one is chance. */
static struct share share_of(const struct policy_cfg *p, uint32_t i, uint32_t permille, uint64_t quantum_ns)
{
	double turn = (double)quantum_ns / (double)p->length_ns, weight;
	struct share left = left_of(p, permille), s;
	struct top top = top_of(p);

	if (!is_rt(p, i)) {
		weight = (double)weight_of(p, i) / all_weights(p);
		s = (struct share){ left.min * weight - SHARE_SLACK, left.max * weight + SHARE_SLACK };
	} else if (p->sched_of[i].priority != top_priority(p)) {
		s = (struct share){ 0, SHARE_SLACK };
	} else if (top.n == 1) {
		s = (struct share){ 1 - left.max - SHARE_SLACK, 1 - left.min + SHARE_SLACK };
	} else if (top.fifo) {
		s = (struct share){ 0, 1 };
	} else {
		s = (struct share){ (1 - left.max) / top.n - turn, (1 - left.min) / top.n + turn };
	}
	return (struct share){ s.min > 0 ? s.min : 0, s.max < 1 ? s.max : 1 };
}

static void name_of(const struct policy_cfg *p, uint32_t i, char *name, size_t bytes)
{
	snprintf(name, bytes, "%s%u", sched_policy_name(p->sched_of[i].policy), i);
}

/* The share of the fair tasks in the long run. */
static double left_here(const struct policy_cfg *p)
{
	if (!count_rt(p))
		return 1;
	return all_weights(p) ? sched_left_permille() / 1e3 : 0;
}

/* What the theory is in a word for task i, "95.0 %", as far as there is a point to name. */
static void put_share(const struct policy_cfg *p, uint32_t i, struct buf *out)
{
	double left = left_here(p);
	struct top top = top_of(p);

	if (!is_rt(p, i))
		buf_printf(out, "%.1f %%", 100 * left * weight_of(p, i) / all_weights(p));
	else if (p->sched_of[i].priority != top_priority(p))
		buf_puts(out, "0 %");
	else if (top.n > 1 && top.fifo)
		buf_puts(out, "all or none");
	else
		buf_printf(out, "%.1f %%", 100 * (1 - left) / top.n);
}

static void policy_predict(const struct workload_cfg *cfg, struct facts *out)
{
	const struct policy_cfg *p = own(cfg);
	struct buf text = { 0 };
	char name[16];

	for (uint32_t i = 0; i < p->nr; i++) {
		name_of(p, i, name, sizeof(name));
		buf_printf(&text, "%s%s ", i ? ", " : "", name);
		put_share(p, i, &text);
	}
	facts_set(out, "theory.text", buf_str(&text));
	buf_release(&text);
}

/* ---- the run ---- */

enum { SAID_LEFT = 1, SAID_QUANTUM };

static int policy_run(const struct workload_cfg *cfg)
{
	const struct policy_cfg *p = own(cfg);
	struct hog hogs[HOGS_MAX] = { 0 };
	struct err e = { 0 };
	int status;

	if (workload_enter("policy", cfg, &e) < 0)
		return workload_failed(&e);
	schedviz_mark_instant(SAID_LEFT, sched_left_permille());
	schedviz_mark_instant(SAID_QUANTUM, sched_rr_quantum_ns());
	for (uint32_t i = 0; i < p->nr; i++) {
		name_of(p, i, hogs[i].name, sizeof(hogs[i].name));
		hogs[i].sched = p->sched_of[i];
		hogs[i].pinned = true;
		hogs[i].cpu = workload_cpu(0);
	}
	status = hogs_run(hogs, p->nr, cfg->kind, p->length_ns);
	if (!status)
		workload_say("policy (%d) %u tasks competed for CPU %u", getpid(), p->nr, hogs[0].cpu);
	return status;
}

/* ---- the check ---- */

static uint64_t ran_ns(const struct policy_cfg *p, const struct evidence *ev, uint32_t i)
{
	char name[16];

	name_of(p, i, name, sizeof(name));
	return hogs_ran_ns(ev, name);
}

static uint64_t all_ran_ns(const struct policy_cfg *p, const struct evidence *ev)
{
	uint64_t sum_ns = 0;

	for (uint32_t i = 0; i < p->nr; i++)
		sum_ns += ran_ns(p, ev, i);
	return sum_ns;
}

/* How long after the start a task first ran; the whole length if it never did. */
static uint64_t first_ran_ns(const struct policy_cfg *p, const struct evidence *ev, uint32_t i)
{
	const struct evidence_task *t;
	char name[16];

	name_of(p, i, name, sizeof(name));
	t = evidence_task(ev, evidence_one(ev, name));
	for (size_t k = 0; t && k < t->spans.n; k++)
		if (t->spans.v[k].state == STATE_RUNNING && window_contains(ev->wall, t->spans.v[k].from_ns))
			return t->spans.v[k].from_ns - ev->wall.from_ns;
	return ev->wall.to_ns - ev->wall.from_ns;
}

static void check_shares(const struct policy_cfg *p, const struct evidence *ev, struct report *r)
{
	uint64_t all_ns = all_ran_ns(p, ev), permille = 0, quantum_ns = 0;
	char name[16];

	evidence_said(ev, SAID_LEFT, &permille);
	evidence_said(ev, SAID_QUANTUM, &quantum_ns);
	for (uint32_t i = 0; i < p->nr; i++) {
		struct share s = share_of(p, i, (uint32_t)permille, quantum_ns);

		name_of(p, i, name, sizeof(name));
		if (s.min > 0 || s.max < 1)
			report_share(r, ran_ns(p, ev, i), all_ns, s.min, s.max, "share of %s", name);
		else
			report_tell(r, UNIT_PPM, report_ppm(ran_ns(p, ev, i), all_ns), "share of %s", name);
	}
}

/* With several at the top and SCHED_FIFO among them: whoever of that policy comes first keeps the CPU. */
static void check_keeper(const struct policy_cfg *p, const struct evidence *ev, struct report *r)
{
	uint64_t all_ns = all_ran_ns(p, ev), most_ns = 0, quantum_ns = 0, permille = 0;
	struct top top = top_of(p);
	double least;

	if (top.n < 2 || !top.fifo)
		return;
	evidence_said(ev, SAID_LEFT, &permille);
	evidence_said(ev, SAID_QUANTUM, &quantum_ns);
	for (uint32_t i = 0; i < p->nr; i++)
		if (p->sched_of[i].policy == SCHED_FIFO && ran_ns(p, ev, i) > most_ns)
			most_ns = ran_ns(p, ev, i);
	least = 1 - left_of(p, (uint32_t)permille).max - SHARE_SLACK -
		(top.n - top.fifo) * (double)quantum_ns / (double)p->length_ns;
	report_share(r, most_ns, all_ns, least, 1, "the share of one fifo task");
}

/* Nobody of a lower class runs before real time has had its part of the first second. */
static void check_last(const struct policy_cfg *p, const struct evidence *ev, struct report *r)
{
	uint64_t permille = 0, patience_ns = p->length_ns < NSEC_PER_SEC / 2 ? p->length_ns : NSEC_PER_SEC / 2;
	char name[16];

	evidence_said(ev, SAID_LEFT, &permille);
	for (uint32_t i = 0; count_rt(p) && i < p->nr; i++) {
		if (is_rt(p, i))
			continue;
		name_of(p, i, name, sizeof(name));
		report_ns(r, first_ran_ns(p, ev, i), patience_ns, REPORT_ANY, "%s first ran after", name);
	}
}

static void policy_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	const struct policy_cfg *p = own(cfg);

	check_keeper(p, ev, r);
	check_shares(p, ev, r);
	check_last(p, ev, r);
	report_share(r, all_ran_ns(p, ev), ev->wall.to_ns - ev->wall.from_ns, 0.9, 1.0,
		     "the CPU's time that was theirs");
}

static void explain_shares(const struct policy_cfg *p, const struct evidence *ev, struct buf *out)
{
	uint64_t all_ns = all_ran_ns(p, ev);
	char name[16];

	buf_puts(out, "All wanted the same CPU all the time. ");
	for (uint32_t i = 0; i < p->nr; i++) {
		name_of(p, i, name, sizeof(name));
		buf_printf(out, "%s got ", name);
		fmt_percent(out, ran_ns(p, ev, i), all_ns);
		buf_puts(out, i + 1 < p->nr ? ", " : ". ");
	}
}

static void explain_realtime(const struct policy_cfg *p, const struct evidence *ev, struct buf *out)
{
	uint64_t permille = 0;
	char name[16];

	evidence_said(ev, SAID_LEFT, &permille);
	buf_puts(out, "Policies are ranks, not weights: whoever is of a real-time class runs until it sleeps, and no "
		      "nice value helps against it. ");
	for (uint32_t i = 0; i < p->nr; i++) {
		if (is_rt(p, i))
			continue;
		name_of(p, i, name, sizeof(name));
		buf_printf(out, "%s first ran ", name);
		fmt_duration(out, first_ran_ns(p, ev, i), true);
		buf_puts(out, " after the start. ");
	}
	if (all_weights(p))
		buf_printf(out,
			   "That the others run at all is a safety net: the kernel keeps %.0f ms of each second for "
			   "them, at the end of it.",
			   (double)permille);
}

static void policy_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	const struct policy_cfg *p = own(cfg);

	explain_shares(p, ev, out);
	if (count_rt(p))
		explain_realtime(p, ev, out);
	else
		buf_puts(out, "These are all policies of the fair class, which share by weight: SCHED_BATCH weighs as "
			      "much as SCHED_OTHER (it only says that it is in no hurry after a wake-up), SCHED_IDLE "
			      "weighs 3 to their 1024 and lives on what is left over.");
}

const struct workload workload_policy = {
	.name = "policy",
	.group = GROUP_POLICIES,
	.summary = "classes outrank weights, and real time can starve others",
	.lesson = "Two tasks that never sleep compete for one CPU, one with the real-time policy SCHED_FIFO, one with "
		  "the "
		  "ordinary SCHED_OTHER. The first runs and runs: a runnable real-time task always goes before any "
		  "ordinary one, whatever their nice values. The other would starve if the kernel did not keep a "
		  "twentieth of each second for it, so that a loop gone wild does not cost you the machine.\n\n"
		  "Without root you can compare what is fair: --policies other,batch or other,idle. Others to try: "
		  "rr,rr,other; fifo:10,fifo:20; fifo:10,rr:10.",
	.theory =
		"Real time before fair; among real-time tasks the higher priority before the lower; at equal priority "
		"SCHED_FIFO keeps the CPU and SCHED_RR passes it on every 100 ms. What is left to the fair class, 5 % "
		"beside real time, is shared by weight: other and batch 1024, idle 3.",
	.look = "The lane of other1 waits, second after second, until it gets a stroke at the end of each. With two "
		"fair "
		"policies both lanes are evenly grey.",
	.example = "schedviz run policy --policies other,idle",
	.opts = policy_opts,
	.cfg_size = sizeof(struct policy_cfg),
	.quick_permille = 550, /* a second and a little: what is left to the fair class comes once a second */
	.defaults = policy_defaults,
	.prepare = policy_prepare,
	.needs_root = policy_needs_root,
	.predict = policy_predict,
	.run = policy_run,
	.check = policy_check,
	.explain = policy_explain,
};
