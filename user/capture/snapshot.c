/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * snapshot.c - the census of tasks from /proc, brought up to date with the events recorded meanwhile.
 */
#include "capture/snapshot.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/affinity.h"

#define PF_KTHREAD 0x00200000u /* include/linux/sched.h; field 9 of /proc/PID/stat */
#define MAX_RT_PRIO 100	       /* /proc shows task->prio minus this */

/* A small file below directory `at`; its length, or -1. */
static ssize_t slurp(int at, const char *name, char *out, size_t size)
{
	int fd = openat(at, name, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, out, size - 1);
	close(fd);
	out[n > 0 ? n : 0] = '\0';
	return n;
}

/*
 * "TID (comm) S ppid ..." of proc(5). The comm may hold anything, parentheses too: it ends at the last one.
 * Fields are counted as proc(5) counts them, from 1.
 */
static bool parse_stat(const char *text, struct event *ev)
{
	const char *open = strchr(text, '('), *close = strrchr(text, ')');
	unsigned long long field[40] = { 0 };
	long long prio = 0;
	const char *at;
	size_t n;

	if (!open || !close || close < open || close[1] != ' ')
		return false;
	n = (size_t)(close - open - 1);
	if (n >= COMM_LEN)
		n = COMM_LEN - 1;
	memcpy(ev->task.comm, open + 1, n);
	ev->task.comm[n] = '\0';
	ev->task.state = close[2];
	at = close + 3;
	for (int i = 4; i < 40; i++) {
		char *end;

		if (i == 18)
			prio = strtoll(at, NULL, 10);
		field[i] = strtoull(at, &end, 10);
		if (end == at)
			return false;
		at = end;
	}
	ev->task.tid = (uint32_t)strtoul(text, NULL, 10);
	ev->task.ppid = (uint32_t)field[4];
	ev->task.kthread = field[9] & PF_KTHREAD;
	ev->task.prio = (event_prio)(prio + MAX_RT_PRIO);
	ev->task.cpu = (uint32_t)field[39];
	return true;
}

/* "NR 0xARG ..." of a task asleep in a system call, "-1 ..." asleep outside of one, "running". */
static void read_syscall(int task_dir, const char *tid, struct event *ev)
{
	char path[64], text[256];
	char *end;
	long nr;

	ev->task.syscall = ev->task.kthread ? EV_NO_SYSCALL : EV_SYSCALL_UNKNOWN;
	if (ev->task.kthread || ev->task.state == 'R')
		return;
	snprintf(path, sizeof(path), "%.20s/syscall", tid);
	if (slurp(task_dir, path, text, sizeof(text)) <= 0)
		return;
	nr = strtol(text, &end, 10);
	if (end == text)
		return;
	if (nr < 0) {
		ev->task.syscall = EV_NO_SYSCALL;
		return;
	}
	ev->task.syscall = (int32_t)nr;
	ev->task.arg = strtoull(end, NULL, 16);
}

static void add(struct snapshot *s, const struct event *task, const struct cpuset *allowed)
{
	idmap_set(&s->by_tid, task->task.tid, (uint32_t)s->tasks.n);
	*vec_push(&s->tasks) = *task;
	*vec_push(&s->allowed) = *allowed;
}

static void add_thread(struct snapshot *s, int task_dir, const char *tid, uint32_t tgid)
{
	char path[64], text[1024];
	struct event ev = { .kind = EV_TASK };
	struct cpuset allowed = { 0 };

	snprintf(path, sizeof(path), "%.20s/stat", tid);
	if (slurp(task_dir, path, text, sizeof(text)) <= 0 || !parse_stat(text, &ev))
		return;
	ev.task.tgid = tgid;
	read_syscall(task_dir, tid, &ev);
	affinity_ask(ev.task.tid, &s->online, &allowed);
	add(s, &ev, &allowed);
}

static void add_process(struct snapshot *s, int proc, const char *pid)
{
	uint32_t tgid = (uint32_t)strtoul(pid, NULL, 10);
	char path[64];
	struct dirent *d;
	DIR *dir;
	int fd;

	snprintf(path, sizeof(path), "%.20s/task", pid);
	fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return;
	while ((d = readdir(dir)))
		if (isdigit((unsigned char)d->d_name[0]))
			add_thread(s, dirfd(dir), d->d_name, tgid);
	closedir(dir);
}

void snapshot_scan(struct snapshot *s, uint64_t now_ns)
{
	DIR *proc = opendir("/proc");
	struct dirent *d;

	s->scanned_ns = now_ns;
	snapshot_online(&s->online);
	if (!proc)
		return;
	while ((d = readdir(proc)))
		if (isdigit((unsigned char)d->d_name[0]))
			add_process(s, dirfd(proc), d->d_name);
	closedir(proc);
}

static struct event *find(struct snapshot *s, uint32_t tid)
{
	uint32_t i = idmap_get(&s->by_tid, tid);

	return i == IDMAP_NONE ? NULL : &s->tasks.v[i];
}

static void forget(struct snapshot *s, uint32_t tid)
{
	struct event *t = find(s, tid);

	if (t)
		t->task.tid = 0;
	idmap_set(&s->by_tid, tid, IDMAP_NONE);
}

static void apply_fork(struct snapshot *s, const struct event *ev)
{
	struct event t = { .kind = EV_TASK };
	const struct cpuset anywhere = { 0 };

	if (find(s, ev->fork.tid))
		return; /* born after the scan began, and seen by it */
	t.task.tid = ev->fork.tid;
	t.task.tgid = ev->fork.tgid;
	t.task.ppid = ev->fork.tid == ev->fork.tgid ? ev->fork.parent_tgid : 0;
	t.task.kthread = ev->fork.kthread;
	t.task.cpu = ev->cpu;
	t.task.state = 'R';
	t.task.prio = 120;
	t.task.syscall = EV_NO_SYSCALL;
	memcpy(t.task.comm, ev->fork.comm, COMM_LEN);
	add(s, &t, &anywhere);
}

static void apply_rename(struct snapshot *s, uint32_t tid, const char *comm)
{
	struct event *t = find(s, tid);

	if (t)
		memcpy(t->task.comm, comm, COMM_LEN);
}

/* The letter of /proc for the raw state of a switch (fs/proc/array.c, task_state_array). */
static char letter_of(uint32_t raw)
{
	static const struct {
		uint32_t bits;
		char letter;
	} rows[] = { { 0x402, 'I' }, { 0x2, 'D' },  { 0x1, 'S' },   { 0x4, 'T' },
		     { 0x8, 't' },   { 0x40, 'P' }, { 0x1000, 'D' } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if ((raw & rows[i].bits) == rows[i].bits)
			return rows[i].letter;
	return 'R';
}

#define RAW_DEAD (0x10 | 0x20 | 0x80)

static void apply_switch(struct snapshot *s, const struct event *ev)
{
	struct event *prev = find(s, ev->sw.prev_tid), *next = find(s, ev->sw.next_tid);

	if (prev && !ev->sw.preempted && ev->sw.prev_state & RAW_DEAD) {
		forget(s, ev->sw.prev_tid);
	} else if (prev && prev->ts_ns <= ev->ts_ns) {
		prev->ts_ns = ev->ts_ns;
		prev->task.state = ev->sw.preempted ? 'R' : letter_of(ev->sw.prev_state);
		prev->task.syscall = ev->sw.syscall;
		prev->task.arg = ev->sw.arg;
		prev->task.cpu = ev->cpu;
	}
	if (next && next->ts_ns <= ev->ts_ns) {
		next->ts_ns = ev->ts_ns;
		next->task.state = 'R';
		next->task.cpu = ev->cpu;
	}
}

static void apply_waking(struct snapshot *s, uint32_t tid, uint64_t ts_ns)
{
	struct event *t = find(s, tid);

	if (t && t->ts_ns <= ts_ns) {
		t->ts_ns = ts_ns;
		t->task.state = 'R';
	}
}

static void apply_allowed(struct snapshot *s, const struct event *ev)
{
	uint32_t i = idmap_get(&s->by_tid, ev->allowed.tid);

	if (i != IDMAP_NONE)
		affinity_copy(&s->allowed.v[i], &ev->allowed.set);
}

void snapshot_apply(struct snapshot *s, const struct event *ev)
{
	switch (ev->kind) {
	case EV_FORK:
		apply_fork(s, ev);
		break;
	case EV_EXEC:
		if (ev->exec.old_tid != ev->exec.tid)
			forget(s, ev->exec.old_tid);
		apply_rename(s, ev->exec.tid, ev->exec.comm);
		break;
	case EV_RENAME:
		apply_rename(s, ev->rename.tid, ev->rename.comm);
		break;
	case EV_ALLOWED:
		apply_allowed(s, ev);
		break;
	case EV_SWITCH:
		apply_switch(s, ev);
		break;
	case EV_WAKING:
		apply_waking(s, ev->waking.tid, ev->ts_ns);
		break;
	default: /* the rest changes nothing that a census says */
		break;
	}
}

void snapshot_stamp(struct snapshot *s, uint64_t from_ns)
{
	for (size_t i = 0; i < s->tasks.n; i++)
		s->tasks.v[i].ts_ns = from_ns;
}

void snapshot_release(struct snapshot *s)
{
	for (size_t i = 0; i < s->allowed.n; i++)
		cpuset_release(&s->allowed.v[i]);
	vec_release(&s->allowed);
	vec_release(&s->tasks);
	cpuset_release(&s->online);
	idmap_release(&s->by_tid);
}
