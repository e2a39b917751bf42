/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bomb.c - the workload `bomb`: processes that do nothing but fork, inside a limit of their own; first they sleep then,
 * later all of them want the CPU that a witness uses.
 *
 * It runs in a control group with a limit on tasks, or not at all. Every process has the same deadline and dies with
 * the one that made it, and the janitor of the group ends what is left.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/schedviz_mark.h"
#include "workloads/burn.h"
#include "workloads/cgroup.h"
#include "workloads/team.h"
#include "workloads/theory.h"
#include "workloads/workload.h"

#define MAX_LIMIT 64
#define MAX_LENGTH_NS (30 * NSEC_PER_SEC)
#define EXPLODE_NS (200 * NSEC_PER_MSEC) /* for 64 forks on a CPU shared with the witness: measured 40 ms */
#define RETRY_NS (10 * NSEC_PER_MSEC)
/* The tick's grain: a turn is some 4 ms of the 400 ms that the shortest run has. */
#define SHARE_SLACK 0.02
#define SAID_REFUSED 1

struct bomb_cfg {
	struct workload_cfg c;
	uint64_t limit, length_ns;
};

static const struct opt bomb_opts[] = { OPT_U64(0, "limit", struct bomb_cfg, limit, 4, MAX_LIMIT, "N",
						"tasks allowed, the witness included (16)"),
					OPT_DURATION(0, "length", struct bomb_cfg, length_ns, 100 * NSEC_PER_MSEC,
						     MAX_LENGTH_NS, "half of it they sleep, half of it they burn (2s)"),
					WORKLOAD_OPTS(struct bomb_cfg, c), OPT_END };

static const struct bomb_cfg *own(const struct workload_cfg *cfg)
{
	return (const struct bomb_cfg *)cfg;
}

static void bomb_defaults(struct workload_cfg *cfg)
{
	*(struct bomb_cfg *)cfg = (struct bomb_cfg){ .c = { .repeat = 1 }, .limit = 16, .length_ns = 2 * NSEC_PER_SEC };
}

static int bomb_prepare(struct workload_cfg *cfg, struct err *e)
{
	struct bomb_cfg *b = (struct bomb_cfg *)cfg;

	b->length_ns = workload_scaled(cfg, b->length_ns);
	if (b->length_ns > MAX_LENGTH_NS)
		return err_set(e, -EINVAL, "--length times --scale is more than 30 s, too long for a bomb");
	if (!sched_is_fair(&cfg->sched))
		return err_set(e, -EINVAL, "a bomb of --policy %s would be one in earnest - leave it out", cfg->policy);
	return 0;
}

static bool bomb_needs_root(const struct workload_cfg *cfg)
{
	(void)cfg;
	return true;
}

static bool bomb_cannot(const struct workload_cfg *cfg, struct buf *why)
{
	(void)cfg;
	return cgroup_cannot(CGROUP_PIDS, why);
}

static void bomb_predict(const struct workload_cfg *cfg, struct facts *out)
{
	uint64_t n = own(cfg)->limit;

	facts_setf(out, "theory.text",
		   "%" PRIu64 " tasks, then EAGAIN; witness: 100 %% while they sleep, 1/%" PRIu64 " = %.1f %% after", n,
		   n, 100.0 / (double)n);
}

/* ---- the run ---- */

struct shared {
	uint32_t made; /* bombs so far: the next one's number */
};

struct lit {
	const struct bomb_cfg *cfg;
	struct cgroup *group;
	struct shared *shared;
	uint32_t cpu;
	uint64_t from_ns, awake_ns, until_ns; /* all is made; all wake; the end */
};

/* Only in the group, by the kernel's own word, on one CPU: whoever cannot get there does nothing. */
static int enter(void *arg, uint32_t i)
{
	const struct lit *l = arg;
	struct err e = { 0 };

	(void)i;
	if (cgroup_enter(l->group, NULL, &e) < 0 || cgroup_confined(l->group, l->cfg->limit, &e) < 0 ||
	    workload_pin(l->cpu, &e) < 0)
		return workload_failed(&e);
	return 0;
}

static void take_name(const struct lit *l)
{
	char name[16];

	snprintf(name, sizeof(name), "bomb%u", __atomic_fetch_add(&l->shared->made, 1, __ATOMIC_RELAXED));
	prctl(PR_SET_NAME, name);
}

/* True in the child. */
static bool try_fork(const struct lit *l, uint64_t *refused)
{
	pid_t maker = getpid(), pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != maker)
			_exit(1); /* it died before that took effect */
		*refused = 0;
		take_name(l);
	}
	*refused += pid < 0 && errno == EAGAIN;
	return pid == 0;
}

/* Every process of the bomb is here: fork until refused, sleep, then burn and go on trying. */
static int explode(const struct lit *l)
{
	uint64_t refused = 0;

	while (!refused && schedviz_mark_now() < l->from_ns)
		try_fork(l, &refused);
	workload_sleep_until(l->awake_ns);
	for (uint64_t now_ns = l->awake_ns; now_ns < l->until_ns; now_ns = schedviz_mark_now()) {
		burn_until(now_ns + RETRY_NS < l->until_ns ? now_ns + RETRY_NS : l->until_ns);
		if (schedviz_mark_now() < l->until_ns)
			try_fork(l, &refused);
	}
	schedviz_mark_instant(SAID_REFUSED, refused);
	while (wait(NULL) > 0)
		;
	return 0;
}

/* Member 0 is the witness, member 1 the first bomb. */
static int member(void *arg, uint32_t i)
{
	const struct lit *l = arg;

	if (i == 1) {
		take_name(l);
		return explode(l);
	}
	prctl(PR_SET_NAME, "witness");
	burn_until(l->until_ns);
	return 0;
}

static int light(struct lit *l, struct err *e)
{
	const struct team_cfg team = {
		.n = 2, .kind = KIND_PROCS, .name = "fuse%u", .before = enter, .fn = member, .arg = l
	};
	struct team_span span;
	int ret;

	/* from here on, so that the members, copies of this process, know it */
	l->from_ns = schedviz_mark_now() + TEAM_LEAD_NS + EXPLODE_NS;
	l->awake_ns = l->from_ns + l->cfg->length_ns / 2;
	l->until_ns = l->from_ns + l->cfg->length_ns;
	ret = team_run(&team, &span, e);
	if (ret < 0)
		return ret;
	schedviz_mark_wall(l->from_ns, l->until_ns);
	return 0;
}

static int bomb_try(struct lit *l, struct err *e)
{
	struct err why = { 0 };
	int ret = -ENOENT;

	l->group = cgroup_make(CGROUP_PIDS, &why);
	if (l->group)
		ret = cgroup_limit(l->group, l->cfg->limit, &why);
	if (ret < 0)
		return err_set(e, ret, "no bomb without a limit on its tasks: %.400s", why.text);
	l->shared = shared_alloc(sizeof(*l->shared), e);
	return l->shared ? light(l, e) : e->code;
}

static int bomb_run(const struct workload_cfg *cfg)
{
	struct lit l = { .cfg = own(cfg) };
	struct err e = { 0 };
	int ret;

	if (workload_enter("bomb", cfg, &e) < 0)
		return workload_failed(&e);
	l.cpu = workload_cpu(0);
	burn_calibrate();
	ret = bomb_try(&l, &e);
	if (cgroup_remove(l.group, ret < 0 ? NULL : &e) < 0)
		ret = -EBUSY;
	if (ret == 0 && l.shared)
		workload_say("bomb (%d) made %u processes, no more were allowed; all are gone", getpid(),
			     l.shared->made);
	shared_free(l.shared, sizeof(*l.shared));
	return ret < 0 ? workload_failed(&e) : 0;
}

/* ---- the check ---- */

struct crater {
	uint64_t bombs, refused;
	struct window asleep, awake;
	uint64_t witness_asleep_ns, witness_awake_ns;
	uint64_t waiting_milli; /* how many bombs waited for the CPU while all were awake, on average, in thousandths */
};

static uint64_t mean_milli(const struct evidence *ev, const task_set *set, struct window w)
{
	uint64_t at[MAX_LIMIT + 1], sum_ns = 0, all_ns = 0;

	evidence_profile(ev, set, STATE_RUNNABLE, w, at, MAX_LIMIT + 1);
	for (uint64_t k = 0; k <= MAX_LIMIT; k++) {
		sum_ns += k * at[k];
		all_ns += at[k];
	}
	return report_milli(sum_ns, all_ns);
}

static struct crater crater_of(const struct evidence *ev)
{
	uint64_t middle_ns = ev->wall.from_ns + (ev->wall.to_ns - ev->wall.from_ns) / 2;
	task_set set = evidence_named(ev, "bomb[0-9]*"), tasks = evidence_named(ev, "bomb[0-9]*");
	task_id witness = evidence_one(ev, "witness");
	struct crater c = {
		.bombs = set.n,
		.refused = evidence_said_sum(ev, SAID_REFUSED),
		.asleep = { ev->wall.from_ns, middle_ns },
		.awake = { middle_ns, ev->wall.to_ns },
	};

	c.witness_asleep_ns = evidence_ns(ev, witness, STATE_RUNNING, c.asleep);
	c.witness_awake_ns = evidence_ns(ev, witness, STATE_RUNNING, c.awake);
	*vec_push(&tasks) = witness;
	c.waiting_milli = mean_milli(ev, &tasks, c.awake);
	vec_release(&tasks);
	vec_release(&set);
	return c;
}

static void bomb_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	uint64_t n = own(cfg)->limit;
	struct crater c = crater_of(ev);
	double share = 1.0 / (double)n;

	report_count(r, c.bombs + 1, n, n, "tasks of the group, the witness included");
	report_count(r, c.refused, n - 1, REPORT_ANY, "forks refused with EAGAIN: each bomb met it");
	report_share(r, c.witness_asleep_ns, c.asleep.to_ns - c.asleep.from_ns, 0.95, 1.0,
		     "the witness's share while the bombs sleep");
	report_share(r, c.witness_awake_ns, c.awake.to_ns - c.awake.from_ns, share - SHARE_SLACK, share + SHARE_SLACK,
		     "and while they burn");
	/* one of all runs, the others wait; all need a turn to wake up and to end, and then are not there */
	report_ratio(r, c.waiting_milli, 1000, 0.9 * (double)(n - 1), (double)n - 0.5,
		     "tasks waiting in the run queue then");
}

static void bomb_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	struct crater c = crater_of(ev);
	uint64_t half_ns = c.asleep.to_ns - c.asleep.from_ns;

	buf_printf(out,
		   "Each bomb forks, and so do its children, so their number doubles each round until the limit of "
		   "%" PRIu64 " tasks is met: from then on fork fails with EAGAIN, %" PRIu64 " times here. ",
		   own(cfg)->limit, c.refused);
	if (half_ns)
		buf_printf(out,
			   "While the %" PRIu64 " bombs slept, witness had %.1f %% of the CPU: their number alone cost "
			   "nothing. Then all woke and burned, %.1f waited in the run queue at a time, and witness got "
			   "%.1f %%. ",
			   c.bombs, 100.0 * (double)c.witness_asleep_ns / (double)half_ns,
			   (double)c.waiting_milli / 1e3, 100.0 * (double)c.witness_awake_ns / (double)half_ns);
	buf_puts(out, "So what hurts is runnable tasks, not tasks, and a limit on tasks bounds the harm, whatever they "
		      "do.");
}

const struct workload workload_bomb = {
	.name = "bomb",
	.group = GROUP_TASKS,
	.summary = "a fork bomb in a box: only runnable tasks cost",
	.lesson =
		"A fork bomb is a program whose processes do nothing but fork. This one is lit inside a control group "
		"that allows a few tasks, made for the purpose; without such a limit it refuses to run. When the "
		"group is full the bombs first sleep, then all burn, and a witness beside them tells what it feels.",
	.theory = "At most N tasks, then EAGAIN. While the bombs sleep, the witness has its CPU to itself; when all "
		  "N - 1 are runnable it has 1/N of it.",
	.look = "The staircase of forks at the left. Then one lane that runs and many that sleep; then all of them "
		"wait "
		"for their turns.",
	.example = "schedviz run bomb --limit 8",
	.opts = bomb_opts,
	.cfg_size = sizeof(struct bomb_cfg),
	.quick_permille = 400,
	.defaults = bomb_defaults,
	.prepare = bomb_prepare,
	.needs_root = bomb_needs_root,
	.cannot = bomb_cannot,
	.predict = bomb_predict,
	.run = bomb_run,
	.check = bomb_check,
	.explain = bomb_explain,
};
