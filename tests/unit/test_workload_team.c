/* SPDX-License-Identifier: GPL-2.0-only */
/* test_workload_team.c - tasks that begin together, policies as they are typed, digits of powers of eight. */
#define _GNU_SOURCE
#include "test.h"
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/schedviz_mark.h"
#include "workloads/decimal.h"
#include "workloads/team.h"
#include "workloads/workload.h"

#define MEMBERS 5

struct log {
	uint64_t began_ns[MEMBERS], start_ns[MEMBERS];
	int fail; /* which member fails, or -1 */
	int before;
};

static int member(void *arg, uint32_t i)
{
	struct log *log = arg;

	log->began_ns[i] = schedviz_mark_now();
	log->start_ns[i] = team_began_ns();
	return (int)i == log->fail ? 3 : 0;
}

static int before(void *arg, uint32_t i)
{
	struct log *log = arg;

	__atomic_fetch_add(&log->before, 1, __ATOMIC_RELAXED);
	return (int)i == log->fail ? 5 : 0;
}

static void run(int kind, int fail, bool hook)
{
	struct log *log = shared_alloc(sizeof(*log), NULL);
	const struct team_cfg cfg = {
		.n = MEMBERS,
		.kind = kind,
		.name = "m%u",
		.fn = member,
		.arg = log,
		.before = hook ? before : NULL,
	};
	int statuses[MEMBERS];
	uint64_t start_ns;
	struct team *t;

	log->fail = fail;
	t = team_start(&cfg, NULL);
	CHECK(t);
	start_ns = team_start_ns(t);
	CHECK_U64(team_join(t, statuses), fail >= 0);
	for (int i = 0; i < MEMBERS; i++) {
		CHECK_U64(statuses[i], i == fail ? (hook ? 5 : 3) << 8 : 0);
		if (hook && i == fail)
			continue; /* it never got so far */
		CHECK_U64(log->start_ns[i], start_ns);
		CHECK(log->began_ns[i] >= start_ns);
	}
	CHECK_U64(log->before, hook ? MEMBERS : 0);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	shared_free(log, sizeof(*log));
}

TEST(members_begin_at_the_common_start_and_tell_how_they_ended)
{
	for (int kind = KIND_PROCS; kind <= KIND_THREADS; kind++) {
		run(kind, -1, false);
		run(kind, 2, false);
		run(kind, 4, true);
	}
}

static int sleeper(void *arg, uint32_t i)
{
	(void)arg, (void)i;
	workload_sleep(60 * NSEC_PER_SEC);
	return 0;
}

TEST(a_killed_member_counts_as_failed)
{
	const struct team_cfg cfg = { .n = 2, .kind = KIND_PROCS, .name = "m", .fn = sleeper, .lead_ns = TEAM_AT_ONCE };
	int statuses[2];
	struct team *t = team_start(&cfg, NULL);

	CHECK(t);
	team_kill(t, 0, SIGKILL);
	team_kill(t, 1, SIGTERM);
	CHECK_U64(team_join(t, statuses), 2);
	CHECK(WIFSIGNALED(statuses[0]) && WTERMSIG(statuses[0]) == SIGKILL);
	CHECK(WIFSIGNALED(statuses[1]) && WTERMSIG(statuses[1]) == SIGTERM);
}

static int second_ends_badly(void *how, uint32_t i)
{
	if (i == 1 && *(const int *)how == SIGKILL)
		kill(getpid(), SIGKILL);
	return i == 1;
}

TEST(a_team_that_is_run_names_the_member_that_failed)
{
	static const struct {
		int kind, how;
		const char *sentence;
	} rows[] = {
		{ KIND_PROCS, 0, "hog1 failed" },
		{ KIND_THREADS, 0, "hog1 failed" },
		{ KIND_PROCS, SIGKILL, "hog1 was ended by signal 9" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct team_cfg cfg = {
			.n = 3,
			.kind = rows[i].kind,
			.name = "hog%u",
			.fn = second_ends_badly,
			.arg = (void *)&rows[i].how,
			.lead_ns = 1,
		};
		struct team_span span = { 0 };
		struct err e = { 0 };

		CHECK(team_run(&cfg, &span, &e) == -ECHILD);
		CHECK_STR(e.text, rows[i].sentence);
		CHECK(span.from_ns && span.to_ns >= span.from_ns);
	}
}

static int too_many(void)
{
	const struct team_cfg cfg = {
		.n = 50, .kind = KIND_PROCS, .name = "m", .fn = sleeper, .lead_ns = TEAM_AT_ONCE
	};
	struct team_cfg threads = cfg;
	uint64_t begin_ns = schedviz_mark_now();
	struct err e = { 0 };

	if (geteuid() == 0 && setuid(65534) < 0)
		return 9;
	setrlimit(RLIMIT_NPROC, &(struct rlimit){ 3, 3 });
	if (team_start(&cfg, &e) || !strstr(e.text, "cannot make task"))
		return 1;
	if (waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD)
		return 2;
	/* threads that could be made must not begin: they would sleep for a minute */
	threads.kind = KIND_THREADS;
	threads.lead_ns = 20 * NSEC_PER_MSEC;
	return team_start(&threads, &e) || schedviz_mark_now() - begin_ns > 30 * NSEC_PER_SEC ? 3 : 0;
}

TEST(a_team_that_cannot_be_made_whole_leaves_nobody)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(too_many());
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK_U64(status, 0);
}

static struct sched_choice parsed(const char *policy, const char *nice, uint64_t slice_ns)
{
	struct sched_choice c;
	struct err e = { 0 };

	if (sched_parse(&c, policy, nice, slice_ns, &e) < 0)
		TEST_FAIL("%s", e.text);
	return c;
}

TEST(policies_are_read_as_typed)
{
	struct sched_choice c = parsed("deadline:10ms/100ms", NULL, 0);

	CHECK_U64(c.runtime_ns, 10000000);
	CHECK_U64(c.deadline_ns, 100000000);
	CHECK_U64(c.period_ns, 100000000);
	CHECK(sched_needs_root(&c));
	c = parsed("rr", NULL, 0);
	CHECK_U64(c.policy, SCHED_RR);
	CHECK_U64(c.priority, 1);
	c = parsed("fifo:99", NULL, 0);
	CHECK_U64(c.priority, 99);
	c = parsed("batch", "7", 0);
	CHECK_U64(c.policy, SCHED_BATCH);
	CHECK_U64(c.nice, 7);
	CHECK(!sched_needs_root(&c));
	c = parsed(NULL, "-3", 0);
	CHECK(sched_needs_root(&c));
	c = parsed(NULL, NULL, 0);
	CHECK(!c.set && !sched_needs_root(&c));
}

static int takes_a_policy(void)
{
	struct sched_choice c = parsed("batch", "7", 0);

	if (sched_apply(&c, 0, NULL) < 0 || sched_getscheduler(0) != SCHED_BATCH || getpriority(PRIO_PROCESS, 0) != 7)
		return 1;
	c = parsed("idle", NULL, 0); /* says nothing of the nice value: it stays */
	return sched_apply(&c, 0, NULL) < 0 || getpriority(PRIO_PROCESS, 0) != 7;
}

TEST(a_policy_is_taken_and_the_nice_value_stays_unless_given)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(takes_a_policy());
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK_U64(status, 0);
}

TEST(weights_are_a_factor_of_a_quarter_a_step)
{
	CHECK_U64(sched_weight(0), 1024);
	CHECK_U64(sched_weight(19), 15);
	CHECK_U64(sched_weight(-20), 88761);
	for (int n = -20; n < 19; n++) {
		double ratio = (double)sched_weight(n) / sched_weight(n + 1);

		CHECK(ratio > 1.19 && ratio < 1.31);
	}
}

TEST(digits_of_powers_of_eight)
{
	static const struct {
		uint64_t exp, digits;
	} rows[] = { { 1, 1 }, { 3, 3 }, { 4, 4 }, { 20, 19 }, { 1000, 904 }, { 12345, 11149 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK_U64(decimal_expected(rows[i].exp), rows[i].digits);
		CHECK_U64(decimal_digits(rows[i].exp, NULL, NULL), rows[i].digits);
	}
	CHECK_U64(decimal_expected(1000000), 903090); /* the seed's */
	CHECK_U64(decimal_eight_to_the_20th(), 1152921504606846976u);
}

TEST_MAIN
