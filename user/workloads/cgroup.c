/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cgroup.c - make a control group, write its knobs, and a janitor that removes it when its maker is gone.
 */
#define _GNU_SOURCE
#include "workloads/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/file.h"
#include "base/schedviz_mark.h"
#include "workloads/workload.h"

#ifndef SYS_pidfd_open /* headers older than 5.3 */
#define SYS_pidfd_open 434
#endif
#ifndef SYS_close_range /* older than 5.9 */
#define SYS_close_range 436
#endif

/* Killed tasks are gone within milliseconds; one that is stuck in the kernel is given this long. */
#define JANITOR_PATIENCE_NS (10 * NSEC_PER_SEC)
#define JANITOR_LOOK_NS (2 * NSEC_PER_MSEC)

struct cgroup {
	enum cgroup_controller controller;
	struct cgroup_place place;
	char path[CGROUP_PATH];
	int orders; /* a byte in it: remove the group */
	pid_t janitor;
};

static const char *const controllers[] = { [CGROUP_CPU] = "cpu", [CGROUP_PIDS] = "pids" };

/* ---- files ---- */

/* 0 or -errno. */
static int put(const char *dir, const char *sub, const char *file, const char *text)
{
	char path[CGROUP_PATH + 128];
	int fd, ret = 0;

	snprintf(path, sizeof(path), "%s%s%s/%s", dir, sub ? "/" : "", sub ? sub : "", file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

static int put_or_say(const struct cgroup *g, const char *sub, const char *file, const char *text, struct err *e)
{
	int ret = put(g->path, sub, file, text);

	return ret < 0 ? err_sys(e, ret, "cannot write '%s' to %s of the control group '%.300s'", text, file, g->path)
		       : 0;
}

/* ---- the janitor ---- */

/* How many are in it; each is sent SIGKILL. Process 0 is one that this namespace cannot name. */
static unsigned kill_all(const char *dir)
{
	char path[CGROUP_PATH + 32];
	unsigned n = 0;
	FILE *f;
	int pid;

	put(dir, NULL, "pids.max", "0"); /* who is being killed makes no more */
	snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	f = fopen(path, "re");
	for (; f && fscanf(f, "%d", &pid) == 1; n++)
		if (pid > 1)
			kill(pid, SIGKILL);
	if (f)
		fclose(f);
	return n;
}

static void sweep(const char *dir)
{
	char path[CGROUP_PATH + 300];
	const struct dirent *d;
	DIR *all = opendir(dir);

	while (all && (d = readdir(all))) {
		if (d->d_type != DT_DIR || *d->d_name == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, d->d_name);
		kill_all(path);
		rmdir(path);
	}
	if (all)
		closedir(all);
	kill_all(dir);
}

static int remove_all(const char *dir)
{
	uint64_t until_ns = schedviz_mark_now() + JANITOR_PATIENCE_NS;

	while (rmdir(dir) < 0 && errno != ENOENT) {
		if (schedviz_mark_now() > until_ns)
			return -EBUSY;
		sweep(dir);
		workload_sleep(JANITOR_LOOK_NS);
	}
	return 0;
}

/*
 * Leave nothing of the maker's open, its standard output least of all: somebody may read that to its end. What is kept
 * becomes 3 and 4.
 */
static void keep_only(int orders, int maker)
{
	int null = open("/dev/null", O_RDWR), high[2] = { fcntl(orders, F_DUPFD, 8), fcntl(maker, F_DUPFD, 8) };

	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	dup2(high[0], 3);
	dup2(high[1], 4);
	syscall(SYS_close_range, 5, ~0u, 0);
}

static void janitor_main(const struct cgroup *g, int orders, int maker, int answer)
{
	int ret = 0;

	setsid();
	prctl(PR_SET_NAME, "janitor");
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_IGN);
	if (mkdir(g->path, 0755) < 0)
		ret = -errno;
	if (write(answer, &ret, sizeof(ret)) != sizeof(ret) && ret == 0)
		ret = rmdir(g->path) < 0 ? -errno : -EPIPE; /* the maker is gone already */
	if (ret < 0)
		_exit(1);
	keep_only(orders, maker);
	while (poll((struct pollfd[]){ { .fd = 3, .events = POLLIN }, { .fd = 4, .events = POLLIN } }, 2, -1) < 0 &&
	       errno == EINTR)
		;
	_exit(remove_all(g->path) < 0 ? 1 : 0);
}

/* -errno of the janitor, or of making one. */
static int janitor_start(struct cgroup *g)
{
	int orders[2] = { -1, -1 }, answer[2] = { -1, -1 }, maker, ret = -EIO;

	maker = (int)syscall(SYS_pidfd_open, getpid(), 0);
	if (maker < 0 || pipe2(orders, O_CLOEXEC) < 0 || pipe2(answer, O_CLOEXEC) < 0 || (g->janitor = fork()) < 0)
		ret = -errno;
	else if (g->janitor == 0)
		janitor_main(g, orders[0], maker, answer[1]);
	close(answer[1]);
	if (g->janitor > 0 && read(answer[0], &ret, sizeof(ret)) != sizeof(ret))
		ret = -EIO;
	close(answer[0]);
	close(orders[0]);
	close(maker);
	g->orders = orders[1];
	return ret;
}

/* ---- groups ---- */

struct cgroup *cgroup_make(enum cgroup_controller c, struct err *e)
{
	struct cgroup *g = xcalloc(1, sizeof(*g));
	int ret;

	g->controller = c;
	if (cgroup_find(&g->place, c, "/proc/self", e) < 0)
		goto failed;
	ret = snprintf(g->path, sizeof(g->path), "%s/schedviz-%d-%" PRIx64, g->place.parent, getpid(),
		       schedviz_mark_now());
	ret = ret < (int)sizeof(g->path) ? janitor_start(g) : -ENAMETOOLONG;
	if (ret == 0)
		return g;
	err_sys(e, ret, "cannot make the control group '%.300s'", g->path);
	if (g->janitor > 0)
		waitpid(g->janitor, NULL, 0);
	if (g->orders > 0)
		close(g->orders);
failed:
	free(g);
	return NULL;
}

int cgroup_remove(struct cgroup *g, struct err *e)
{
	int status = 0, ret = 0;

	if (!g)
		return 0;
	if (write(g->orders, "", 1) != 1)
		kill(g->janitor, SIGKILL); /* the other end is closed: somebody has killed it */
	close(g->orders);
	while (waitpid(g->janitor, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		status = remove_all(g->path);
	if (status)
		ret = err_set(e, -EBUSY, "the control group '%.300s' could not be removed", g->path);
	free(g);
	return ret;
}

bool cgroup_cannot(enum cgroup_controller c, struct buf *why)
{
	struct err e = { 0 };
	struct cgroup *g = cgroup_make(c, &e);
	bool cannot = !g;

	/* a controller may lack what it is wanted for: bandwidth is an option of the kernel */
	if (g && c == CGROUP_CPU)
		cannot = cgroup_quota(g, 10 * NSEC_PER_MSEC, 100 * NSEC_PER_MSEC, &e) < 0;
	if (cgroup_remove(g, cannot ? NULL : &e) < 0)
		cannot = true;
	if (cannot)
		buf_puts(why, e.text);
	return cannot;
}

const char *cgroup_path(const struct cgroup *g)
{
	return g->path;
}

int cgroup_sub(struct cgroup *g, const char *sub, struct err *e)
{
	char path[CGROUP_PATH + 128], word[16];
	int ret;

	snprintf(word, sizeof(word), "+%s", controllers[g->controller]);
	if (g->place.v2) {
		ret = put_or_say(g, NULL, "cgroup.subtree_control", word, e);
		if (ret < 0)
			return ret;
	}
	snprintf(path, sizeof(path), "%s/%s", g->path, sub);
	return mkdir(path, 0755) < 0 ? err_sys(e, -errno, "cannot make the control group '%.300s'", path) : 0;
}

int cgroup_enter(const struct cgroup *g, const char *sub, struct err *e)
{
	return put_or_say(g, sub, "cgroup.procs", "0", e);
}

/* ---- knobs ---- */

int cgroup_weight(const struct cgroup *g, const char *sub, uint32_t weight, struct err *e)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", g->place.v2 ? weight : (weight * 1024 + 50) / 100);
	return put_or_say(g, sub, g->place.v2 ? "cpu.weight" : "cpu.shares", text, e);
}

int cgroup_quota(const struct cgroup *g, uint64_t quota_ns, uint64_t period_ns, struct err *e)
{
	char text[64];
	int ret;

	if (g->place.v2) {
		snprintf(text, sizeof(text), "%" PRIu64 " %" PRIu64, quota_ns / NSEC_PER_USEC,
			 period_ns / NSEC_PER_USEC);
		return put_or_say(g, NULL, "cpu.max", text, e);
	}
	snprintf(text, sizeof(text), "%" PRIu64, period_ns / NSEC_PER_USEC);
	ret = put_or_say(g, NULL, "cpu.cfs_period_us", text, e);
	snprintf(text, sizeof(text), "%" PRIu64, quota_ns / NSEC_PER_USEC);
	return ret < 0 ? ret : put_or_say(g, NULL, "cpu.cfs_quota_us", text, e);
}

uint64_t cgroup_stat(const struct cgroup *g, const char *key)
{
	char path[CGROUP_PATH + 32], word[64];
	uint64_t value = 0;
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "%s/cpu.stat", g->path);
	f = fopen(path, "re");
	while (f && !found && fscanf(f, "%63s %" SCNu64, word, &value) == 2)
		found = !strcmp(word, key);
	if (f)
		fclose(f);
	return found ? value : 0;
}

static int limit_holds(const struct cgroup *g, uint64_t tasks, struct err *e)
{
	char path[CGROUP_PATH + 32], back[32];
	uint64_t limit;

	snprintf(path, sizeof(path), "%s/pids.max", g->path);
	if (!file_read_line(path, back, sizeof(back)) || sscanf(back, "%" SCNu64, &limit) != 1 || limit > tasks)
		return err_set(e, -EIO, "the limit of %" PRIu64 " tasks is not in force in '%.300s'", tasks, g->path);
	return 0;
}

int cgroup_limit(const struct cgroup *g, uint64_t tasks, struct err *e)
{
	char text[32];
	int ret;

	snprintf(text, sizeof(text), "%" PRIu64, tasks);
	ret = put_or_say(g, NULL, "pids.max", text, e);
	return ret < 0 ? ret : limit_holds(g, tasks, e);
}

int cgroup_confined(const struct cgroup *g, uint64_t tasks, struct err *e)
{
	char path[CGROUP_PATH + 32];
	bool inside = false;
	FILE *f;
	int pid;

	snprintf(path, sizeof(path), "%s/cgroup.procs", g->path);
	f = fopen(path, "re");
	while (f && !inside && fscanf(f, "%d", &pid) == 1)
		inside = pid == getpid();
	if (f)
		fclose(f);
	if (!inside)
		return err_set(e, -EIO, "process %d is not in the control group '%.300s'", getpid(), g->path);
	return limit_holds(g, tasks, e);
}
