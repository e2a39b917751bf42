/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * balance.c - the workload `balance`: more tasks than CPUs, all computing, and a kernel that must move them to be fair.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/alloc.h"
#include "workloads/hogs.h"
#include "workloads/workload.h"

#define MAX_TASKS 1000
/*
 * The balancer moves whole tasks, six times a second where this was measured, and which one is chance: shares are the
 * more uneven the shorter one looks. Of 3 tasks on 2 CPUs, 2/3 each: 0.497 to 0.793 in 1 s (fairness from 0.972 on),
 * 0.600 to 0.721 in 2 s (0.994), 0.607 to 0.689 in 4 s (0.998); of 5, 2/5 each, 0.372 to 0.439 in 4 s (0.995).
 */
#define SHARE_SLACK 0.1
#define SHARE_SLACK_SECOND 0.15 /* and so much more in a second, half of it in two */
#define JAIN_MIN 0.99
#define JAIN_LESS_SECOND 0.06 /* less than 1 in a second, a quarter of it in two */

/* Both, for as long as it took. */
struct slack {
	double share, jain;
};

struct balance_cfg {
	struct workload_cfg c;
	uint64_t length_ns;
};

static const struct opt balance_opts[] = {
	OPT_U64('n', "tasks", struct balance_cfg, c.tasks, 1, MAX_TASKS, "N", "tasks that compute (3)"),
	OPT_DURATION(0, "length", struct balance_cfg, length_ns, NSEC_PER_MSEC, WORKLOAD_MAX_NS,
		     "how long they do (4s)"),
	WORKLOAD_KIND_OPTS(struct balance_cfg, c, "they are processes (the default)", "they are threads"),
	WORKLOAD_OPTS(struct balance_cfg, c), OPT_END
};

static const struct balance_cfg *own(const struct workload_cfg *cfg)
{
	return (const struct balance_cfg *)cfg;
}

static void balance_defaults(struct workload_cfg *cfg)
{
	struct balance_cfg *b = (struct balance_cfg *)cfg;

	*b = (struct balance_cfg){ .c = { .repeat = 1, .tasks = 3 }, .length_ns = 4 * NSEC_PER_SEC };
}

static int balance_prepare(struct workload_cfg *cfg, struct err *e)
{
	struct balance_cfg *b = (struct balance_cfg *)cfg;

	b->length_ns = workload_scaled(cfg, b->length_ns);
	if (sched_is_realtime(&cfg->sched))
		return err_set(
			e, -EINVAL,
			"'balance' takes all CPUs, so it leaves real time alone - 'schedviz run policy' is about "
			"that");
	return hogs_may(cfg, b->length_ns, e);
}

static bool balance_cannot(const struct workload_cfg *cfg, struct buf *why)
{
	if (cfg->nr_cpus > 1)
		return false;
	buf_puts(why, "it may use one CPU only: nothing can be balanced");
	return true;
}

/* ---- theory ---- */

static double share_of(const struct workload_cfg *cfg)
{
	return cfg->tasks <= cfg->nr_cpus ? 1 : (double)cfg->nr_cpus / (double)cfg->tasks;
}

/* Only then is staying where one is unfair. */
static bool must_move(const struct workload_cfg *cfg)
{
	return cfg->nr_cpus > 1 && cfg->tasks > cfg->nr_cpus && cfg->tasks % cfg->nr_cpus;
}

static void balance_predict(const struct workload_cfg *cfg, struct facts *out)
{
	struct buf text = { 0 };

	buf_printf(&text, "%" PRIu64 " tasks on %u CPU%s: ", cfg->tasks, cfg->nr_cpus, cfg->nr_cpus == 1 ? "" : "s");
	if (cfg->tasks > cfg->nr_cpus)
		buf_printf(&text, "%u/%" PRIu64 " = ", cfg->nr_cpus, cfg->tasks);
	buf_printf(&text, "%.1f %% of a CPU each%s", 100 * share_of(cfg), must_move(cfg) ? ", by migrating" : "");
	facts_set(out, "theory.text", buf_str(&text));
	buf_release(&text);
}

/* ---- the run ---- */

static void name_of(char *name, size_t bytes, uint32_t i)
{
	snprintf(name, bytes, "hog%u", i);
}

static int balance_run(const struct workload_cfg *cfg)
{
	struct hog *hogs = xcalloc(cfg->tasks, sizeof(*hogs));
	struct err e = { 0 };
	int status;

	if (workload_enter("balance", cfg, &e) < 0)
		return workload_failed(&e);
	for (uint32_t i = 0; i < cfg->tasks; i++)
		name_of(hogs[i].name, sizeof(hogs[i].name), i);
	status = hogs_run(hogs, (uint32_t)cfg->tasks, cfg->kind, own(cfg)->length_ns);
	if (!status)
		workload_say("balance (%d) %" PRIu64 " tasks competed for %u CPUs", getpid(), cfg->tasks, cfg->nr_cpus);
	free(hogs);
	return status;
}

/* ---- the check ---- */

struct outcome {
	uint64_t *ppm; /* the share of each task; released with free() */
	uint64_t least, most, moves;
};

/* Of the time it is known to have wanted a CPU: what nobody saw is not held against it. */
static uint64_t share_measured(const struct evidence *ev, task_id id)
{
	uint64_t ran_ns = evidence_ns(ev, id, STATE_RUNNING, ev->wall);

	return report_ppm(ran_ns, ran_ns + evidence_ns(ev, id, STATE_RUNNABLE, ev->wall));
}

static struct outcome outcome_of(const struct workload_cfg *cfg, const struct evidence *ev)
{
	struct outcome o = { .ppm = xcalloc(cfg->tasks, sizeof(*o.ppm)), .least = UINT64_MAX };
	char name[16];

	for (uint32_t i = 0; i < cfg->tasks; i++) {
		task_id id;

		name_of(name, sizeof(name), i);
		id = evidence_one(ev, name);
		o.ppm[i] = share_measured(ev, id);
		o.moves += evidence_migrations(ev, id, false, ev->wall);
		o.least = o.ppm[i] < o.least ? o.ppm[i] : o.least;
		o.most = o.ppm[i] > o.most ? o.ppm[i] : o.most;
	}
	return o;
}

static struct slack slack_of(uint64_t length_ns)
{
	double seconds = (double)length_ns / 1e9, jain = 1 - JAIN_LESS_SECOND / seconds / seconds;

	return (struct slack){ SHARE_SLACK + SHARE_SLACK_SECOND / seconds, jain < JAIN_MIN ? jain : JAIN_MIN };
}

static void balance_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	struct slack slack = slack_of(own(cfg)->length_ns);
	double share = share_of(cfg), most = share + slack.share < 1 ? share + slack.share : 1;
	struct outcome o = outcome_of(cfg, ev);

	report_share(r, o.least, 1000000, share - slack.share, most, "the smallest share of a CPU");
	report_share(r, o.most, 1000000, share - slack.share, most, "the largest");
	report_ratio(r, (uint64_t)(hogs_jain(o.ppm, (uint32_t)cfg->tasks) * 1e6), 1000000, slack.jain, 1,
		     "fairness (Jain)");
	if (must_move(cfg))
		report_count(r, o.moves, 1, REPORT_ANY, "migrations by the balancer");
	else
		report_tell(r, UNIT_COUNT, o.moves, "migrations by the balancer");
	free(o.ppm);
}

static void balance_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	struct outcome o = outcome_of(cfg, ev);

	buf_printf(out, "%" PRIu64 " tasks wanted a CPU all the time, and there were %u. Each got between ", cfg->tasks,
		   cfg->nr_cpus);
	fmt_percent(out, o.least, 1000000);
	buf_puts(out, " and ");
	fmt_percent(out, o.most, 1000000);
	buf_printf(out, " of one, with %" PRIu64 " migrations. ", o.moves);
	buf_puts(out, must_move(cfg)
			      ? "Each CPU has a queue of its own and is fair to those in it; if nobody ever "
				"moved, one task would have a CPU to itself while two shared the other. So the "
				"balancer takes a task along every now and then, and it is fair on the whole, not "
				"at any instant."
			      : "Everybody stays: as many tasks wait for one CPU as for any other, and a "
				"migration would only cool caches.");
	free(o.ppm);
}

const struct workload workload_balance = {
	.name = "balance",
	.group = GROUP_CORES,
	.summary = "three tasks on two CPUs: fairness needs migration",
	.lesson =
		"Three tasks that never sleep on two CPUs should get two thirds of a CPU each. No assignment of tasks "
		"to CPUs gives them that: whoever has a CPU to itself gets all of it, and two share the other. "
		"Linux has a queue for each CPU, fair within itself, and a balancer that looks at all of them every "
		"few milliseconds and moves a task when the queues differ. Fairness between CPUs is its doing, and "
		"its migrations are the price. Try --tasks 4 and 5.",
	.theory = "share of each of n tasks on m CPUs = min(1, m/n) of a CPU; migrations > 0 when m does not divide n.",
	.look = "Lanes with stretches of full and of half height: full while a task has a CPU to itself, half while it "
		"shares one. They swap roles at the migrations.",
	.example = "schedviz run balance --tasks 5",
	.opts = balance_opts,
	.cfg_size = sizeof(struct balance_cfg),
	.quick_permille = 250,
	.defaults = balance_defaults,
	.prepare = balance_prepare,
	.cannot = balance_cannot,
	.predict = balance_predict,
	.run = balance_run,
	.check = balance_check,
	.explain = balance_explain,
};
