/* SPDX-License-Identifier: GPL-2.0-only */
/* test_theory_groups.c - what groups, quota, limits and bomb predict and refuse; where control groups would be made. */
#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "workload_try.h"
#include "workloads/cgroup.h"

#define MS NSEC_PER_MSEC
#define S NSEC_PER_SEC

#define PREDICTIONS(...)                                                 \
	do {                                                             \
		static const struct prediction rows[] = { __VA_ARGS__ }; \
		check_predictions(rows, sizeof(rows) / sizeof(rows[0])); \
	} while (0)
#define REFUSALS(...)                                                 \
	do {                                                          \
		static const struct refusal rows[] = { __VA_ARGS__ }; \
		check_refusals(rows, sizeof(rows) / sizeof(rows[0])); \
	} while (0)

/* ---- where a control group would go ---- */

static char tree[64];

static void put_file(const char *path, const char *text)
{
	char whole[512], *slash;
	FILE *f;

	snprintf(whole, sizeof(whole), "%s/%s", tree, path);
	for (slash = strchr(whole + strlen(tree) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(whole, 0755);
		*slash = '/';
	}
	f = fopen(whole, "w");
	CHECK(f);
	fputs(text, f);
	fclose(f);
}

static void tree_make(void)
{
	strcpy(tree, "/tmp/schedviz-cgroup-XXXXXX");
	CHECK(mkdtemp(tree));
}

static void tree_remove(void)
{
	char line[128];

	snprintf(line, sizeof(line), "rm -rf %s", tree);
	CHECK(system(line) == 0);
}

/* "@" in mountinfo is the tree. */
static void put_mountinfo(const char *text)
{
	struct buf b = { 0 };

	for (const char *at = text; *at; at++)
		if (*at == '@')
			buf_puts(&b, tree);
		else
			buf_putc(&b, *at);
	put_file("mountinfo", buf_str(&b));
	buf_release(&b);
}

static void check_place(enum cgroup_controller c, const char *parent, bool v2, bool in_root)
{
	struct cgroup_place place;
	struct err e = { 0 };

	if (cgroup_find(&place, c, tree, &e) < 0)
		TEST_FAIL("no place: %s", e.text);
	CHECK_STR(place.parent + strlen(tree), parent);
	CHECK(place.v2 == v2);
	CHECK(place.in_root == in_root);
}

TEST(version_1_below_the_own_group)
{
	tree_make();
	put_mountinfo("24 23 0:22 / @/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
		      "25 23 0:23 / @/cpuset rw shared:9 - cgroup cgroup rw,cpuset\n"
		      "26 23 0:24 / @/unified rw - cgroup2 cgroup2 rw\n"
		      "27 23 0:25 / @/pids rw - cgroup cgroup rw,pids\n");
	put_file("cgroup", "8:pids:/user/a\n3:cpuset:/other\n1:cpu,cpuacct:/\n0::/\n");
	put_file("cpu/release_agent", "");
	put_file("pids/release_agent", "");
	put_file("pids/user/a/pids.max", "max\n");
	check_place(CGROUP_CPU, "/cpu", false, true);
	check_place(CGROUP_PIDS, "/pids/user/a", false, false);
	tree_remove();
}

/* As systemd sets it up: controllers are handed down to slices; a session's scope has only processes. */
TEST(version_2_beside_the_session)
{
	tree_make();
	put_mountinfo("26 23 0:24 / @/fs rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n");
	put_file("cgroup", "0::/user.slice/user-0.slice/session-1.scope\n");
	put_file("fs/cgroup.controllers", "cpuset cpu io memory pids\n");
	put_file("fs/cgroup.subtree_control", "cpu memory pids\n");
	put_file("fs/user.slice/cgroup.controllers", "cpu memory pids\n");
	put_file("fs/user.slice/cgroup.subtree_control", "memory pids\n");
	put_file("fs/user.slice/cgroup.type", "domain\n");
	put_file("fs/user.slice/user-0.slice/cgroup.controllers", "memory pids\n");
	put_file("fs/user.slice/user-0.slice/cgroup.subtree_control", "memory pids\n");
	put_file("fs/user.slice/user-0.slice/cgroup.type", "domain\n");
	put_file("fs/user.slice/user-0.slice/session-1.scope/cgroup.subtree_control", "");
	put_file("fs/user.slice/user-0.slice/session-1.scope/cgroup.controllers", "memory pids\n");
	put_file("fs/user.slice/user-0.slice/session-1.scope/cgroup.type", "domain\n");
	check_place(CGROUP_PIDS, "/fs/user.slice/user-0.slice", true, false);
	check_place(CGROUP_CPU, "/fs", true, false);
	tree_remove();
}

TEST(a_container_sees_only_its_part)
{
	tree_make();
	put_mountinfo("24 23 0:22 /docker/x @/pids rw - cgroup cgroup rw,pids\n"
		      "26 23 0:24 / @/fs rw - cgroup2 cgroup2 rw\n");
	put_file("cgroup", "8:pids:/docker/x/y\n0::/../..\n");
	put_file("fs/cgroup.controllers", "cpu\n");
	put_file("fs/cgroup.type", "domain\n");
	put_file("fs/cgroup.subtree_control", "cpu\n");
	put_file("pids/y/pids.max", "max\n");
	check_place(CGROUP_PIDS, "/pids/y", false, false);
	check_place(CGROUP_CPU, "/fs", true, false);
	tree_remove();
}

TEST(no_controller_is_said_with_the_remedy)
{
	struct cgroup_place place;
	struct err e = { 0 };

	tree_make();
	put_mountinfo("26 23 0:24 / @/fs rw - cgroup2 cgroup2 rw\n");
	put_file("cgroup", "0::/\n");
	put_file("fs/cgroup.subtree_control", "");
	CHECK(cgroup_find(&place, CGROUP_CPU, tree, &e) == -ENOENT);
	CHECK(strstr(e.text, "echo +cpu > "));
	put_mountinfo("26 23 0:24 / @/fs rw - tmpfs tmpfs rw\n");
	CHECK(cgroup_find(&place, CGROUP_CPU, tree, &e) == -ENOENT);
	CHECK(strstr(e.text, "no control group hierarchy"));
	tree_remove();
}

/* ---- groups ---- */

/* Measured on one CPU: 75.2 % for three threads against one, 50.9 % with each in its own session. */
TEST(groups_predicts)
{
	PREDICTIONS({ "groups", "", "threads share alike, 3:1, so 75.0 % : 25.0 %", 0, 0 },
		    { "groups", "--threads 1,1,2", "threads share alike, 1:1:2, so 25.0 % : 25.0 % : 50.0 %", 0, 0 },
		    { "groups", "--session", "sessions share alike, 1:1, so 50.0 % : 50.0 %", 0, 0 },
		    { "groups", "--cgroup", "groups share by weight, 1:1, so 50.0 % : 50.0 %", 0, 0 },
		    { "groups", "--cgroup --weight 1:3", "groups share by weight, 1:3, so 25.0 % : 75.0 %", 0, 0 });
}

TEST(groups_refuses)
{
	REFUSALS({ "groups", "--threads 0,1", "'0,1'" }, { "groups", "--threads 3,", "'3,'" },
		 { "groups", "--threads 1,1,1,1,1", "--threads" }, { "groups", "--threads 17", "--threads" },
		 { "groups", "--weight 1:2", "--cgroup" }, { "groups", "--session --weight 1:2", "--cgroup" },
		 { "groups", "--cgroup --weight 1:2:3", "--weight" }, { "groups", "--cgroup --weight 1,2", "--weight" },
		 { "groups", "--cgroup --weight 0:2", "--weight" }, { "groups", "--threads 5", NULL });
}

/* ---- quota ---- */

/* With one CPU, so that it is the same everywhere; measured: 21 % of 1.5 s. */
TEST(quota_predicts)
{
	PREDICTIONS(
		{ "quota", "--cpus 0", "20 ms / 100 ms = 20 % of a CPU: runs 20 ms, waits 80 ms", 0, 0 },
		{ "quota", "--cpus 0 --threads 2", "20 ms / 100 ms = 20 % of a CPU: runs 20 ms, waits 80 ms", 0, 0 },
		{ "quota", "--cpus 0 --quota 5ms --period 40ms",
		  "5 ms / 40 ms = 12.5 % of a CPU: runs 5 ms, waits 35 ms", 0, 0 });
}

TEST(quota_of_two_threads_is_gone_in_half_the_time)
{
	struct tried t = try_options("quota", "--threads 2");
	struct facts facts = { 0 };

	t.cfg->nr_cpus = 2;
	t.w->predict(t.cfg, &facts);
	CHECK_STR(facts_get(&facts, "theory.text"), "20 ms / 100 ms = 20 % of a CPU: runs 10 ms, waits 90 ms");
	facts_release(&facts);
	try_release(&t);
}

TEST(quota_refuses)
{
	REFUSALS({ "quota", "--quota 100ms", "--quota" }, { "quota", "--cpus 0 --threads 2 --quota 100ms", "--quota" },
		 { "quota", "--quota 100us", "--quota" }, { "quota", "--period 2s", "--period" },
		 { "quota", "--threads 0", "--threads" }, { "quota", "--policy fifo:1", "fifo:1" },
		 { "groups", "--policy rr", "rr" });
}

/* In a child, as the group's maker must not enter: is it confined to `tasks`, after entering or not? */
static bool confined_in_child(const struct cgroup *g, bool enter, uint64_t tasks)
{
	struct err e = { 0 };
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit((enter && cgroup_enter(g, NULL, &e) < 0) || cgroup_confined(g, tasks, &e) < 0);
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status) == 0;
}

TEST(confined_is_only_who_is_in_a_group_whose_limit_holds)
{
	struct err e = { 0 };
	struct cgroup *g = cgroup_make(CGROUP_PIDS, &e);
	bool unlimited, outside, inside, stricter, laxer;

	if (!g)
		TEST_SKIP(e.text);
	unlimited = confined_in_child(g, true, 8); /* a new group's limit is "max" */
	if (cgroup_limit(g, 8, &e) < 0) {
		cgroup_remove(g, NULL);
		TEST_FAIL("%s", e.text);
	}
	outside = confined_in_child(g, false, 8);
	inside = confined_in_child(g, true, 8);
	stricter = confined_in_child(g, true, 9);
	laxer = confined_in_child(g, true, 7);
	CHECK(cgroup_remove(g, &e) == 0);
	CHECK(!unlimited && !outside && inside && stricter && !laxer);
}

TEST(limits_predicts)
{
	PREDICTIONS({ "limits", "", "fork 24 fails: EAGAIN; 23 sleepers: 0 switches", 0, 0 },
		    /* measured: 59 sleepers made 0 switches in a second */
		    { "limits", "--limit 60 --rlimit", "fork 60 fails: EAGAIN; 59 sleepers: 0 switches", 0, 0 });
}

TEST(limits_needs_root_for_a_control_group_only)
{
	struct tried pids = try_options("limits", ""), rlimit = try_options("limits", "--rlimit");

	CHECK(workload_needs_root(pids.w, pids.cfg));
	CHECK(!workload_needs_root(rlimit.w, rlimit.cfg));
	try_release(&pids);
	try_release(&rlimit);
}

TEST(limits_refuses)
{
	REFUSALS({ "limits", "--limit 1", "--limit" }, { "limits", "--limit 1001", "--limit" },
		 { "limits", "--length 0", "--length" }, { "limits", "--limit 1000", NULL });
}

TEST(bomb_predicts)
{
	PREDICTIONS({ "bomb", "", "16 tasks, then EAGAIN; witness: 100 % while they sleep, 1/16 = 6.2 % after", 0, 0 },
		    { "bomb", "--limit 4",
		      "4 tasks, then EAGAIN; witness: 100 % while they sleep, 1/4 = 25.0 % after", 0, 0 });
}

TEST(bomb_refuses_what_would_be_one_in_earnest)
{
	REFUSALS({ "bomb", "--limit 3", "--limit" }, { "bomb", "--limit 65", "--limit" },
		 { "bomb", "--policy fifo:10", "in earnest" }, { "bomb", "--length 20s --scale 2", "too long" },
		 { "bomb", "--length 60s", "--length" });
}

TEST_MAIN
