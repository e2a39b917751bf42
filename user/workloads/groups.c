/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * groups.c - the workload `groups`: processes with different numbers of threads compete for one CPU. To the scheduler a
 * process is nothing: tasks share, unless they are in groups; then the groups share first.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "base/file.h"
#include "base/schedviz_mark.h"
#include "workloads/burn.h"
#include "workloads/cgroup.h"
#include "workloads/team.h"
#include "workloads/theory.h"
#include "workloads/workload.h"

#define MAX_SIDES 4
#define MAX_THREADS 16
#define MAX_WEIGHT 10000
/* As for `nice`, the tick's grain at both ends. Measured: at most 0.6 points in 20 runs of 1 s, others busy or not. */
#define SHARE_SLACK 0.02

enum fence { NO_GROUPS, SESSIONS, CGROUPS };

struct groups_cfg {
	struct workload_cfg c;
	const char *threads, *weight; /* "3,1", "1:2"; weight NULL: alike */
	int by;			      /* enum fence */
	uint64_t length_ns;
	uint32_t nr; /* of processes; from groups_prepare() */
	uint32_t nr_threads[MAX_SIDES], weights[MAX_SIDES];
};

static const struct opt groups_opts[] = {
	OPT_STRING(0, "threads", struct groups_cfg, threads, "LIST", "a process with so many threads for each (3,1)"),
	OPT_ALIAS(0, "session", struct groups_cfg, by, SESSIONS, "each process in a session of its own: an autogroup"),
	OPT_ALIAS(0, "cgroup", struct groups_cfg, by, CGROUPS, "each in a control group of its own (needs root)"),
	OPT_STRING(0, "weight", struct groups_cfg, weight, "A:B", "with --cgroup: the groups' weights (1:1)"),
	OPT_DURATION(0, "length", struct groups_cfg, length_ns, NSEC_PER_MSEC, WORKLOAD_MAX_NS,
		     "how long they compete (2s)"),
	WORKLOAD_OPTS(struct groups_cfg, c),
	OPT_END
};

static const struct groups_cfg *own(const struct workload_cfg *cfg)
{
	return (const struct groups_cfg *)cfg;
}

static void groups_defaults(struct workload_cfg *cfg)
{
	*(struct groups_cfg *)cfg =
		(struct groups_cfg){ .c = { .repeat = 1 }, .threads = "3,1", .length_ns = 2 * NSEC_PER_SEC };
}

/* Whole numbers up to `max` between separators. How many; 0: unreadable. */
static uint32_t list_parse(const char *text, char separator, uint64_t max, uint32_t *out)
{
	const char stop[] = { separator, '\0' };
	uint32_t n = 0;

	for (const char *at = text;; at++) {
		size_t len = strcspn(at, stop);
		uint64_t value;
		char word[8];

		snprintf(word, sizeof(word), "%.*s", (int)(len < 8 ? len : 7), at);
		if (n == MAX_SIDES || len >= sizeof(word) || parse_u64(word, 1, max, &value, NULL) < 0)
			return 0;
		out[n++] = (uint32_t)value;
		at += len;
		if (!*at)
			return n;
	}
}

static int groups_prepare(struct workload_cfg *cfg, struct err *e)
{
	struct groups_cfg *g = (struct groups_cfg *)cfg;

	g->length_ns = workload_scaled(cfg, g->length_ns);
	g->nr = list_parse(g->threads, ',', MAX_THREADS, g->nr_threads);
	if (!g->nr)
		return err_set(e, -EINVAL, "--threads '%s' is not a list of 1 to %d numbers from 1 to %d - as 3,1",
			       g->threads, MAX_SIDES, MAX_THREADS);
	if (!sched_is_fair(&cfg->sched))
		return err_set(e, -EINVAL, "only fair policies share - leave --policy %s out", cfg->policy);
	for (uint32_t i = 0; i < g->nr; i++)
		g->weights[i] = 1;
	if (!g->weight)
		return 0;
	if (g->by != CGROUPS)
		return err_set(e, -EINVAL, "--weight is a control group's - add --cgroup");
	if (list_parse(g->weight, ':', MAX_WEIGHT, g->weights) != g->nr)
		return err_set(e, -EINVAL,
			       "--weight '%s' is not %u numbers from 1 to %d, one for each process - as 1:2", g->weight,
			       g->nr, MAX_WEIGHT);
	return 0;
}

static bool groups_needs_root(const struct workload_cfg *cfg)
{
	return own(cfg)->by == CGROUPS;
}

static bool groups_cannot(const struct workload_cfg *cfg, struct buf *why)
{
	struct cgroup_place place;
	char on[8];

	if (own(cfg)->by == CGROUPS)
		return cgroup_cannot(CGROUP_CPU, why);
	if (own(cfg)->by != SESSIONS)
		return false;
	if (!file_read_line("/proc/sys/kernel/sched_autogroup_enabled", on, sizeof(on)) || strcmp(on, "1")) {
		buf_puts(why, "sessions are no groups here: autogroup is off (kernel.sched_autogroup_enabled)");
		return true;
	}
	if (cgroup_find(&place, CGROUP_CPU, "/proc/self", NULL) == 0 && !place.in_root) {
		buf_puts(why, "sessions are no groups here: this one is in a control group, which autogroup respects");
		return true;
	}
	return false;
}

/* ---- theory ---- */

static double share_of(const struct groups_cfg *g, uint32_t i)
{
	const uint32_t *parts = g->by == NO_GROUPS ? g->nr_threads : g->weights;
	uint32_t sum = 0;

	for (uint32_t k = 0; k < g->nr; k++)
		sum += parts[k];
	return (double)parts[i] / sum;
}

static void put_list(struct buf *out, const uint32_t *parts, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		buf_printf(out, "%s%u", i ? ":" : " ", parts[i]);
}

static void groups_predict(const struct workload_cfg *cfg, struct facts *out)
{
	static const char *const rules[] = {
		[NO_GROUPS] = "threads share alike,",
		[SESSIONS] = "sessions share alike,",
		[CGROUPS] = "groups share by weight,",
	};
	const struct groups_cfg *g = own(cfg);
	struct buf text = { 0 };

	buf_puts(&text, rules[g->by]);
	put_list(&text, g->by == NO_GROUPS ? g->nr_threads : g->weights, g->nr);
	buf_puts(&text, ", so");
	for (uint32_t i = 0; i < g->nr; i++)
		buf_printf(&text, "%s%.1f %%", i ? " : " : " ", 100 * share_of(g, i));
	facts_set(out, "theory.text", buf_str(&text));
	buf_release(&text);
}

/* ---- the run ---- */

struct contest {
	const struct groups_cfg *cfg;
	struct cgroup *groups; /* NULL: none */
	uint32_t cpu;
};

/* A process of the contest: what its threads need to know. */
struct side {
	const struct contest *contest;
	uint32_t index;
	uint64_t start_ns;
	struct team *threads; /* all but the first, which is the process itself */
};

static struct side self; /* of this process */

static void letter(uint32_t i, char out[2])
{
	out[0] = (char)('A' + i);
	out[1] = '\0';
}

static int side_burn(const struct side *s)
{
	workload_sleep_until(s->start_ns);
	burn_until(s->start_ns + s->contest->cfg->length_ns);
	return 0;
}

/* The process's first thread is number 0. */
static void side_name(uint32_t side, uint32_t thread)
{
	char name[16];

	snprintf(name, sizeof(name), "%c%u", 'A' + (int)side, thread);
	prctl(PR_SET_NAME, name);
}

static int thread_before(void *arg, uint32_t i)
{
	side_name(((const struct side *)arg)->index, i + 1);
	return 0;
}

static int thread_fn(void *arg, uint32_t i)
{
	(void)i;
	return side_burn(arg);
}

static int side_group(const struct contest *c, uint32_t i, struct err *e)
{
	char name[2];

	letter(i, name);
	if (c->cfg->by == SESSIONS && setsid() < 0)
		return err_sys(e, -errno, "cannot make a session");
	return c->groups ? cgroup_enter(c->groups, name, e) : 0;
}

static int side_before(void *arg, uint32_t i)
{
	const struct team_cfg threads = {
		.n = ((const struct contest *)arg)->cfg->nr_threads[i] - 1,
		.kind = KIND_THREADS,
		.name = "thread%u",
		.before = thread_before,
		.fn = thread_fn,
		.arg = &self,
		.lead_ns = TEAM_AT_ONCE,
	};
	struct err e = { 0 };

	self = (struct side){ .contest = arg, .index = i, .start_ns = team_began_ns() };
	if (side_group(arg, i, &e) < 0 || workload_pin(self.contest->cpu, &e) < 0)
		return workload_failed(&e);
	side_name(i, 0);
	if (threads.n)
		self.threads = team_start(&threads, &e);
	return threads.n && !self.threads ? workload_failed(&e) : 0;
}

static int side_fn(void *arg, uint32_t i)
{
	(void)arg, (void)i;
	side_burn(&self);
	return self.threads && team_join(self.threads, NULL) ? 1 : 0;
}

static int make_groups(struct contest *c, struct err *e)
{
	char name[2];
	int ret = 0;

	if (c->cfg->by != CGROUPS)
		return 0;
	c->groups = cgroup_make(CGROUP_CPU, e);
	if (!c->groups)
		return e->code;
	for (uint32_t i = 0; i < c->cfg->nr && ret == 0; i++) {
		letter(i, name);
		ret = cgroup_sub(c->groups, name, e);
		if (ret == 0)
			ret = cgroup_weight(c->groups, name, c->cfg->weights[i], e);
	}
	return ret;
}

static int compete(const struct contest *c, struct err *e)
{
	const struct team_cfg team = {
		.n = c->cfg->nr,
		.kind = KIND_PROCS,
		.name = "side%u",
		.before = side_before,
		.fn = side_fn,
		.arg = (void *)c,
	};
	struct team_span span;
	int ret = team_run(&team, &span, e);

	if (ret < 0)
		return ret;
	schedviz_mark_wall(span.from_ns, span.from_ns + c->cfg->length_ns);
	return 0;
}

static int groups_run(const struct workload_cfg *cfg)
{
	struct contest c = { .cfg = own(cfg) };
	struct err e = { 0 };
	int ret;

	if (workload_enter("groups", cfg, &e) < 0)
		return workload_failed(&e);
	c.cpu = workload_cpu(0);
	burn_calibrate();
	ret = make_groups(&c, &e);
	if (ret == 0)
		ret = compete(&c, &e);
	if (cgroup_remove(c.groups, ret < 0 ? NULL : &e) < 0 || ret < 0)
		return workload_failed(&e);
	workload_say("groups (%d) %u processes competed for CPU %u", getpid(), c.cfg->nr, c.cpu);
	return 0;
}

/* ---- the check ---- */

static uint64_t ran_ns(const struct evidence *ev, uint32_t i)
{
	const char glob[] = { (char)('A' + i), '[', '0', '-', '9', ']', '*', '\0' };
	task_set set = evidence_named(ev, glob);
	uint64_t ns = 0;

	for (size_t k = 0; k < set.n; k++)
		ns += evidence_ns(ev, set.v[k], STATE_RUNNING, ev->wall);
	vec_release(&set);
	return ns;
}

static uint64_t all_ran_ns(const struct groups_cfg *g, const struct evidence *ev)
{
	uint64_t ns = 0;

	for (uint32_t i = 0; i < g->nr; i++)
		ns += ran_ns(ev, i);
	return ns;
}

static void groups_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	const struct groups_cfg *g = own(cfg);
	uint64_t all_ns = all_ran_ns(g, ev);

	for (uint32_t i = 0; i < g->nr; i++)
		report_share(r, ran_ns(ev, i), all_ns, share_of(g, i) - SHARE_SLACK, share_of(g, i) + SHARE_SLACK,
			     "share of process %c, %u thread%s", 'A' + (int)i, g->nr_threads[i],
			     g->nr_threads[i] == 1 ? "" : "s");
	report_share(r, all_ns, ev->wall.to_ns - ev->wall.from_ns, 0.9, 1.0, "the CPU's time that was theirs");
	report_ns(r, evidence_together_ns(ev, "[A-D][0-9]*", 2, ev->wall), 0, 0,
		  "time in which two of them ran at once");
}

static void groups_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	static const char *const why[] = {
		[NO_GROUPS] = "The scheduler does not know processes, only tasks, and gives each thread alike: who "
			      "has more threads gets more. A process is the unit that owns memory, a thread is the "
			      "unit that is scheduled. Put a fence around each with --session or --cgroup.",
		[SESSIONS] = "Each process is a session of its own, and Linux makes a group of each session "
			     "(autogroup): the CPU is shared between the groups first, then within each. More "
			     "threads win nothing, and for the same reason nice has no effect from one session to "
			     "another.",
		[CGROUPS] = "Each process is in a control group of its own: the CPU is shared between the groups by "
			    "their weights first, then within each. This is how containers and services are kept "
			    "apart, however many threads they start.",
	};
	const struct groups_cfg *g = own(cfg);
	uint64_t all_ns = all_ran_ns(g, ev);

	buf_puts(out, "All threads wanted the same CPU all the time. ");
	for (uint32_t i = 0; all_ns && i < g->nr; i++)
		buf_printf(out, "%c with its %u thread%s got %.1f %%%s", 'A' + (int)i, g->nr_threads[i],
			   g->nr_threads[i] == 1 ? "" : "s", 100.0 * (double)ran_ns(ev, i) / (double)all_ns,
			   i + 1 < g->nr ? ", " : ". ");
	buf_puts(out, why[g->by]);
}

const struct workload workload_groups = {
	.name = "groups",
	.group = GROUP_POLICIES,
	.summary = "fairness is between groups first, then between tasks",
	.lesson = "Process A has three threads, process B one, and all want the same CPU. Who shares with whom? Linux "
		  "schedules tasks, so A gets three quarters. Put each into a session of its own (--session) and they "
		  "get half each: then autogroup makes a group of each, and groups share first. With --cgroup the "
		  "groups are control groups, and --weight says how they share.",
	.theory =
		"share of process i = t_i / (sum of all t), t its threads, as long as all are in one group. In groups "
		"of their own: w_i / (sum of all w), w the groups' weights, whatever the number of threads.",
	.look = "Lanes A0, A1, A2 and B0 take turns on one CPU. Compare how often B0 has its turn without and with "
		"--session, and the run column.",
	.example = "schedviz run groups --session",
	.opts = groups_opts,
	.cfg_size = sizeof(struct groups_cfg),
	.quick_permille = 500,
	.defaults = groups_defaults,
	.prepare = groups_prepare,
	.needs_root = groups_needs_root,
	.cannot = groups_cannot,
	.predict = groups_predict,
	.run = groups_run,
	.check = groups_check,
	.explain = groups_explain,
};
