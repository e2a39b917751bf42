/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * nice.c - the workload `nice`: tasks of different nice values compete for one CPU, and share it by weight.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/schedviz_mark.h"
#include "workloads/burn.h"
#include "workloads/team.h"
#include "workloads/theory.h"
#include "workloads/workload.h"

#define MAX_HOGS 16
/* Half a point for the tick's grain at either end of a second, and what the kernel itself keeps as lag: measured. */
#define SHARE_SLACK 0.02

struct nice_cfg {
	struct workload_cfg c;
	const char *values; /* "0,5" */
	uint64_t length_ns;
	uint32_t nr; /* of nice values; from nice_prepare() */
	int nice[MAX_HOGS];
};

static const struct opt nice_opts[] = {
	OPT_STRING(0, "nice", struct nice_cfg, values, "LIST", "a task for each of these nice values (0,5)"),
	OPT_DURATION(0, "length", struct nice_cfg, length_ns, NSEC_PER_MSEC, WORKLOAD_MAX_NS,
		     "how long they compete (2s)"),
	WORKLOAD_KIND_OPTS(struct nice_cfg, c, "they are processes (the default)", "they are threads"),
	WORKLOAD_RUN_OPTS(struct nice_cfg, c), OPT_END
};

static const struct nice_cfg *own(const struct workload_cfg *cfg)
{
	return (const struct nice_cfg *)cfg;
}

static void nice_defaults(struct workload_cfg *cfg)
{
	struct nice_cfg *n = (struct nice_cfg *)cfg;

	*n = (struct nice_cfg){ .c = { .repeat = 1 }, .values = "0,5", .length_ns = 2 * NSEC_PER_SEC };
}

static int nice_prepare(struct workload_cfg *cfg, struct err *e)
{
	struct nice_cfg *n = (struct nice_cfg *)cfg;
	const char *at = n->values;
	struct sched_choice choice;
	char word[8];

	n->length_ns = workload_scaled(cfg, n->length_ns);
	for (n->nr = 0; *at; n->nr++) {
		size_t len = strcspn(at, ",");

		if (n->nr == MAX_HOGS)
			return err_set(e, -EINVAL, "--nice '%s' names more than %d tasks", n->values, MAX_HOGS);
		snprintf(word, sizeof(word), "%.*s", (int)len, at);
		if (len >= sizeof(word) || sched_parse(&choice, NULL, word, 0, NULL) < 0)
			return err_set(e, -EINVAL, "--nice '%s' is not a list of nice values - as 0,5", n->values);
		n->nice[n->nr] = choice.nice;
		at += len + (at[len] == ',');
	}
	return n->nr ? 0 : err_set(e, -EINVAL, "--nice names no task - as 0,5");
}

static bool nice_needs_root(const struct workload_cfg *cfg)
{
	for (uint32_t i = 0; i < own(cfg)->nr; i++)
		if (own(cfg)->nice[i] < 0)
			return true;
	return false;
}

/* ---- theory ---- */

static double share_of(const struct nice_cfg *n, uint32_t i)
{
	uint32_t sum = 0;

	for (uint32_t k = 0; k < n->nr; k++)
		sum += sched_weight(n->nice[k]);
	return (double)sched_weight(n->nice[i]) / sum;
}

static void nice_predict(const struct workload_cfg *cfg, struct facts *out)
{
	const struct nice_cfg *n = own(cfg);
	struct buf text = { 0 };

	buf_puts(&text, "weights");
	for (uint32_t i = 0; i < n->nr; i++)
		buf_printf(&text, "%s%u", i ? ":" : " ", sched_weight(n->nice[i]));
	buf_puts(&text, ", so shares");
	for (uint32_t i = 0; i < n->nr; i++)
		buf_printf(&text, "%s%.1f %%", i ? " : " : " ", 100 * share_of(n, i));
	facts_set(out, "theory.text", buf_str(&text));
	buf_release(&text);
}

/* ---- the run ---- */

struct race {
	const struct nice_cfg *cfg;
	uint32_t cpu;
};

static int hog_before(void *arg, uint32_t i)
{
	const struct race *race = arg;
	const struct sched_choice choice = { .set = true, .nice_set = true, .nice = race->cfg->nice[i] };
	struct err e = { 0 };

	if (sched_apply(&choice, 0, &e) < 0 || workload_pin(race->cpu, &e) < 0)
		return workload_failed(&e);
	return 0;
}

/* All stop at the same instant, whoever had how much of the CPU until then. */
static int hog(void *arg, uint32_t i)
{
	const struct race *race = arg;

	(void)i;
	burn_until(team_began_ns() + race->cfg->length_ns);
	return 0;
}

static int nice_run(const struct workload_cfg *cfg)
{
	struct race race = { .cfg = own(cfg) };
	const struct team_cfg team = {
		.n = race.cfg->nr,
		.kind = cfg->kind,
		.name = "hog%u",
		.before = hog_before,
		.fn = hog,
		.arg = &race,
	};
	struct err e = { 0 };
	struct team_span span;

	if (workload_enter("nice", cfg, &e) < 0)
		return workload_failed(&e);
	race.cpu = workload_cpu(0);
	burn_calibrate();
	if (team_run(&team, &span, &e) < 0)
		return workload_failed(&e);
	schedviz_mark_wall(span.from_ns, span.from_ns + race.cfg->length_ns);
	workload_say("nice (%d) %u tasks competed for CPU %u", getpid(), race.cfg->nr, race.cpu);
	return 0;
}

/* ---- the check ---- */

static uint64_t ran_ns(const struct evidence *ev, uint32_t i)
{
	char name[16];

	snprintf(name, sizeof(name), "hog%u", i);
	return evidence_ns(ev, evidence_one(ev, name), STATE_RUNNING, ev->wall);
}

static uint64_t all_ran_ns(const struct nice_cfg *n, const struct evidence *ev)
{
	uint64_t sum_ns = 0;

	for (uint32_t i = 0; i < n->nr; i++)
		sum_ns += ran_ns(ev, i);
	return sum_ns;
}

static void nice_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	const struct nice_cfg *n = own(cfg);
	uint64_t all_ns = all_ran_ns(n, ev);

	for (uint32_t i = 0; i < n->nr; i++)
		report_share(r, ran_ns(ev, i), all_ns, share_of(n, i) - SHARE_SLACK, share_of(n, i) + SHARE_SLACK,
			     "share of hog%u, nice %d", i, n->nice[i]);
	report_share(r, all_ns, ev->wall.to_ns - ev->wall.from_ns, 0.9, 1.0, "the CPU's time that was theirs");
	report_ns(r, evidence_together_ns(ev, "hog*", 2, ev->wall), 0, 0, "time in which two of them ran at once");
}

static void nice_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	const struct nice_cfg *n = own(cfg);
	uint64_t all_ns = all_ran_ns(n, ev);

	buf_printf(out, "All %u wanted the same CPU all the time. ", n->nr);
	for (uint32_t i = 0; i < n->nr; i++) {
		buf_printf(out, "hog%u (nice %d) got ", i, n->nice[i]);
		fmt_percent(out, ran_ns(ev, i), all_ns);
		buf_puts(out, i + 1 < n->nr ? ", " : ". ");
	}
	buf_puts(out, "A nice value is not a rank but a weight, a factor of about 1.25 a step: the nicer task is never "
		      "shut out, it gets its turn less often. Nobody slept; whoever did not run waited, preempted.");
}

const struct workload workload_nice = {
	.name = "nice",
	.group = GROUP_POLICIES,
	.summary = "nice is a weight, a factor of 1.25 a step",
	.lesson =
		"Two tasks that never sleep compete for one CPU, one with nice 0 and one with nice 5. Linux does not "
		"let the nicer one wait until the other is done: it gives CPU time in proportion to weights, 1024 for "
		"nice 0, and a factor of about 1.25 for each step. Try --nice 0,1 and 0,19, or three values.",
	.theory = "share of task i = w_i / (sum of all w), where w = 1024 for nice 0, 820 for 1, 335 for 5, 110 for "
		  "10, 15 for 19 (the kernel's table).",
	.look = "Lanes that take turns on one CPU: who does not run waits. Compare the lengths of their turns and the "
		"run column.",
	.example = "schedviz run nice --nice 0,10",
	.opts = nice_opts,
	.cfg_size = sizeof(struct nice_cfg),
	.defaults = nice_defaults,
	.prepare = nice_prepare,
	.needs_root = nice_needs_root,
	.predict = nice_predict,
	.run = nice_run,
	.check = nice_check,
	.explain = nice_explain,
};
