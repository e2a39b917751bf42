/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * limits.c - the workload `limits`: fork until the system says no, and see what so many sleeping processes cost.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/schedviz_mark.h"
#include "workloads/cgroup.h"
#include "workloads/team.h"
#include "workloads/theory.h"
#include "workloads/workload.h"

#define MAX_LIMIT 1000
#define OVER 8 /* so many forks above the limit are tried: a limit that does not hold is a finding, not a flood */
#define OWN_UID 0x70000000u /* and the pid: a user that nobody else is */
#define LOOK_NS NSEC_PER_MSEC
#define SETTLED_NS (10 * NSEC_PER_MSEC)

enum { SAID_FAILED_AT = 1, SAID_ERRNO };
enum limit_by { BY_PIDS, BY_RLIMIT };

struct limits_cfg {
	struct workload_cfg c;
	uint64_t limit, length_ns;
	int by; /* enum limit_by */
};

static const struct opt limits_opts[] = {
	OPT_U64(0, "limit", struct limits_cfg, limit, 2, MAX_LIMIT, "N", "processes allowed at the same time (24)"),
	OPT_ALIAS(0, "pids", struct limits_cfg, by, BY_PIDS,
		  "the limit is a control group's, pids.max (the default; needs root)"),
	OPT_ALIAS(0, "rlimit", struct limits_cfg, by, BY_RLIMIT,
		  "the limit is a user's, RLIMIT_NPROC, of a user that nobody else is"),
	OPT_DURATION(0, "length", struct limits_cfg, length_ns, NSEC_PER_MSEC, WORKLOAD_MAX_NS,
		     "how long they sleep (1s)"),
	WORKLOAD_OPTS(struct limits_cfg, c),
	OPT_END
};

static const struct limits_cfg *own(const struct workload_cfg *cfg)
{
	return (const struct limits_cfg *)cfg;
}

static void limits_defaults(struct workload_cfg *cfg)
{
	*(struct limits_cfg *)cfg = (struct limits_cfg){ .c = { .repeat = 1 }, .limit = 24, .length_ns = NSEC_PER_SEC };
}

static int limits_prepare(struct workload_cfg *cfg, struct err *e)
{
	struct limits_cfg *l = (struct limits_cfg *)cfg;

	(void)e;
	l->length_ns = workload_scaled(cfg, l->length_ns);
	return 0;
}

static bool limits_needs_root(const struct workload_cfg *cfg)
{
	return own(cfg)->by == BY_PIDS;
}

static bool limits_cannot(const struct workload_cfg *cfg, struct buf *why)
{
	return own(cfg)->by == BY_PIDS && cgroup_cannot(CGROUP_PIDS, why);
}

/* The one that forks counts too. */
static void limits_predict(const struct workload_cfg *cfg, struct facts *out)
{
	uint64_t n = own(cfg)->limit;

	facts_setf(out, "theory.text", "fork %" PRIu64 " fails: EAGAIN; %" PRIu64 " sleepers: 0 switches", n, n - 1);
}

/* ---- the run ---- */

struct limited {
	const struct limits_cfg *cfg;
	struct cgroup *group;
	pid_t *sleepers;
	uint64_t nr;
};

static void sleeper_main(uint64_t i, pid_t maker)
{
	char name[16];

	snprintf(name, sizeof(name), "sleeper%u", (unsigned)i);
	prctl(PR_SET_NAME, name);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() == maker)
		pause();
	_exit(0);
}

/* Off its CPU, by the kernel's own word: the S behind the name in /proc/PID/stat. */
static bool is_asleep(pid_t pid)
{
	char path[32], text[128] = "";
	const char *state;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return true; /* hidden from us, or dead */
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	state = n > 0 ? strrchr(text, ')') : NULL;
	return !state || state[1] != ' ' || state[2] == 'S';
}

static void await_sleep(const struct limited *l)
{
	for (uint64_t i = 0; i < l->nr; i++)
		while (!is_asleep(l->sleepers[i]))
			workload_sleep(LOOK_NS);
	workload_sleep(SETTLED_NS);
}

static void fork_until_no(struct limited *l)
{
	pid_t maker = getpid(), pid;
	int why = 0;

	while (l->nr < l->cfg->limit + OVER) {
		pid = fork();
		if (pid == 0)
			sleeper_main(l->nr, maker);
		if (pid < 0) {
			why = errno;
			break;
		}
		l->sleepers[l->nr++] = pid;
	}
	schedviz_mark_instant(SAID_ERRNO, (uint64_t)why);
	if (why)
		schedviz_mark_instant(SAID_FAILED_AT, l->nr + 1);
	workload_say("forker (%d) fork %" PRIu64 ": %s", maker, l->nr + !!why, why ? strerror(why) : "no limit met");
}

/*
 * RLIMIT_NPROC counts the processes of a user, of a user namespace where there is one, and does not bind root. So be a
 * user that has no others.
 */
static int be_alone(uint64_t limit, struct err *e)
{
	const struct rlimit r = { limit, limit };
	uid_t uid = OWN_UID + (uid_t)getpid();
	pid_t maker = getppid();

	if (setrlimit(RLIMIT_NPROC, &r) < 0)
		return err_sys(e, -errno, "cannot limit the processes to %" PRIu64, limit);
	if (geteuid() == 0 ? setresuid(uid, uid, uid) < 0 : unshare(CLONE_NEWUSER) < 0)
		return err_sys(e, -errno, "cannot become a user of one's own - as root: schedviz run limits --rlimit");
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* a change of user clears it */
	if (getppid() != maker)
		_exit(1);
	return 0;
}

static int forker(void *arg, uint32_t i)
{
	struct limited *l = arg;
	uint64_t from_ns;
	struct err e = { 0 };
	int ret;

	(void)i;
	ret = l->group ? cgroup_enter(l->group, NULL, &e) : be_alone(l->cfg->limit, &e);
	if (ret == 0 && l->group)
		ret = cgroup_confined(l->group, l->cfg->limit, &e);
	if (ret < 0)
		return workload_failed(&e);
	fork_until_no(l);
	await_sleep(l);
	from_ns = schedviz_mark_now();
	workload_sleep(l->cfg->length_ns);
	schedviz_mark_wall(from_ns, schedviz_mark_now());
	for (uint64_t k = 0; k < l->nr; k++)
		kill(l->sleepers[k], SIGKILL);
	while (wait(NULL) > 0)
		;
	return 0;
}

static int limits_try(struct limited *l, struct err *e)
{
	const struct team_cfg team = {
		.n = 1, .kind = KIND_PROCS, .name = "forker", .fn = forker, .arg = l, .lead_ns = TEAM_AT_ONCE
	};
	struct team_span span;
	int ret;

	if (l->cfg->by == BY_PIDS) {
		l->group = cgroup_make(CGROUP_PIDS, e);
		if (!l->group)
			workload_say("limits (%d) takes RLIMIT_NPROC instead: %s", getpid(), e->text);
		ret = l->group ? cgroup_limit(l->group, l->cfg->limit, e) : 0;
		if (ret < 0)
			return ret;
		if (l->group)
			workload_say("limits (%d) its control group: pids.max %" PRIu64, getpid(), l->cfg->limit);
	}
	return team_run(&team, &span, e);
}

/* 0 when it cannot be read. */
static unsigned long long sysctl_number(const char *path)
{
	unsigned long long n = 0;
	FILE *f = fopen(path, "re");

	if (f) {
		if (fscanf(f, "%llu", &n) != 1)
			n = 0;
		fclose(f);
	}
	return n;
}

/* The limits that everybody has, of which none is met here. */
static void say_others(void)
{
	struct rlimit r = { 0 };

	getrlimit(RLIMIT_NPROC, &r);
	workload_say("limits (%d) this machine: pid_max %llu, threads-max %llu, RLIMIT_NPROC %lld", getpid(),
		     sysctl_number("/proc/sys/kernel/pid_max"), sysctl_number("/proc/sys/kernel/threads-max"),
		     r.rlim_cur == RLIM_INFINITY ? -1 : (long long)r.rlim_cur);
}

static int limits_run(const struct workload_cfg *cfg)
{
	struct limited l = { .cfg = own(cfg) };
	struct err e = { 0 };
	int ret;

	if (workload_enter("limits", cfg, &e) < 0)
		return workload_failed(&e);
	say_others();
	l.sleepers = xcalloc(l.cfg->limit + OVER, sizeof(*l.sleepers));
	ret = limits_try(&l, &e);
	if (cgroup_remove(l.group, ret < 0 ? NULL : &e) < 0)
		ret = -EBUSY;
	free(l.sleepers);
	return ret < 0 ? workload_failed(&e) : 0;
}

/* ---- the check ---- */

struct sleepers {
	uint64_t n, stays, ran_ns;
};

/* Stays on a CPU that touch the wall: one that only ends in it would be a switch as well. */
static struct sleepers sleepers_of(const struct evidence *ev)
{
	task_set set = evidence_named(ev, "sleeper*");
	struct sleepers out = { .n = set.n };

	for (size_t i = 0; i < set.n; i++) {
		const struct evidence_task *t = evidence_task(ev, set.v[i]);

		for (size_t k = 0; k < t->spans.n; k++)
			out.stays += t->spans.v[k].state == STATE_RUNNING &&
				     evidence_part_ns(t->spans.v[k].from_ns, t->spans.v[k].to_ns, ev->wall) > 0;
		out.ran_ns += evidence_ns(ev, set.v[i], STATE_RUNNING, ev->wall);
	}
	vec_release(&set);
	return out;
}

static void limits_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	const struct limits_cfg *l = own(cfg);
	/* kernels 5.14 to 5.16 let a user have one more than RLIMIT_NPROC */
	uint64_t spare = l->by == BY_RLIMIT, failed_at = 0, why = 0;
	struct sleepers s = sleepers_of(ev);

	evidence_said(ev, SAID_FAILED_AT, &failed_at);
	evidence_said(ev, SAID_ERRNO, &why);
	report_count(r, failed_at, l->limit, l->limit + spare, "the fork that failed");
	report_text(r, why == EAGAIN, "why", "EAGAIN", "%s", why == EAGAIN ? "EAGAIN" : why ? "another reason" : "-");
	report_count(r, s.n, l->limit - 1, l->limit - 1 + spare, "sleepers in the recording");
	report_count(r, s.stays, 0, 0, "times that one of them was on a CPU");
}

static void limits_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	const struct limits_cfg *l = own(cfg);
	struct sleepers s = sleepers_of(ev);
	uint64_t failed_at = 0;

	evidence_said(ev, SAID_FAILED_AT, &failed_at);
	buf_printf(out,
		   "The limit is %" PRIu64 " processes; forker is one of them, and made %" PRIu64
		   " sleepers before fork %" PRIu64
		   " was refused with EAGAIN, \"try again\": it is not an error of the "
		   "program, only too many at this time. ",
		   l->limit, s.n, failed_at);
	buf_puts(out, "Then all of them slept for ");
	fmt_duration(out, ev->wall.to_ns - ev->wall.from_ns, true);
	buf_printf(out, ", and were on a CPU %" PRIu64 " times in it. ", s.stays);
	buf_puts(out,
		 "A sleeping process costs memory and a number, but no CPU time: the scheduler does not look at it "
		 "until it is woken. There is no single limit on processes: the machine has kernel.pid_max and "
		 "threads-max, a user RLIMIT_NPROC, a control group pids.max, and whichever is met first answers "
		 "with the same EAGAIN.");
}

const struct workload workload_limits = {
	.name = "limits",
	.group = GROUP_TASKS,
	.summary = "fork until EAGAIN; sleeping processes cost no CPU",
	.lesson = "How many processes can there be? One process forks until the system refuses. The limit is a control "
		  "group's here, made for the purpose, or with --rlimit a user's: nobody else is touched. Those that "
		  "were made then sleep for a second. Count how often the scheduler had to do with them.",
	.theory = "With a limit of N, fork number N fails with EAGAIN, because the one that forks counts too. N - 1 "
		  "sleepers make 0 switches.",
	.look = "A fan of short strokes where forker makes the sleepers, then dots only, until they are ended.",
	.example = "schedviz run limits --limit 60",
	.opts = limits_opts,
	.cfg_size = sizeof(struct limits_cfg),
	.quick_permille = 300,
	.defaults = limits_defaults,
	.prepare = limits_prepare,
	.needs_root = limits_needs_root,
	.cannot = limits_cannot,
	.predict = limits_predict,
	.run = limits_run,
	.check = limits_check,
	.explain = limits_explain,
};
