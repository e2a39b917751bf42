/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace_make.h - random events, and traces of them in a file or in memory, for the tests of trace/.
 */
#ifndef SCHEDVIZ_TRACE_MAKE_H
#define SCHEDVIZ_TRACE_MAKE_H

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/vec.h"
#include "trace/reader.h"
#include "trace/writer.h"
#include "test.h"

#define MAKE_FROM_NS 5000000000ull
#define MAKE_PATHS 3
#define MAKE_SETS 7

static const char *const make_paths[MAKE_PATHS] = { "", "/bin/true", "/a b/\"quoted\"\\\xff" };

static inline uint64_t make_rnd(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	return *seed >> 29;
}

static inline void make_comm(uint64_t *seed, char comm[COMM_LEN])
{
	size_t n = make_rnd(seed) % COMM_LEN;

	memset(comm, 0, COMM_LEN);
	for (size_t i = 0; i < n; i++)
		comm[i] = (char)(1 + make_rnd(seed) % 255);
}

static inline void make_hot(uint64_t *seed, struct event *ev)
{
	uint32_t a = (uint32_t)(make_rnd(seed) % 7);
	uint32_t b = (uint32_t)(make_rnd(seed) % 7 ? make_rnd(seed) % 400 : make_rnd(seed));
	event_prio prio = (event_prio)(make_rnd(seed) % 9 ? 120 : (int)(make_rnd(seed) % 141) - 1);

	switch (ev->kind) {
	case EV_LOST:
		ev->lost.from_ns = ev->ts_ns - make_rnd(seed) % 100000;
		ev->lost.count = make_rnd(seed) % 5;
		break;
	case EV_CURRENT:
		ev->current.tid = b;
		ev->current.prio = prio;
		break;
	case EV_WAKING:
		ev->waking.tid = b;
		ev->waking.waker_tid = a;
		ev->waking.prio = prio;
		ev->waking.ctx = (uint8_t)(make_rnd(seed) % EV_CTX_KINDS);
		break;
	case EV_WAKEUP_NEW:
		ev->wakeup_new.tid = b;
		ev->wakeup_new.parent_tid = a;
		ev->wakeup_new.prio = prio;
		ev->wakeup_new.target_cpu = (uint32_t)(make_rnd(seed) % 65536);
		break;
	case EV_MIGRATE:
		ev->migrate.tid = b;
		ev->migrate.by_tid = a;
		ev->migrate.prio = prio;
		ev->migrate.from_cpu = a;
		ev->migrate.to_cpu = (uint32_t)(make_rnd(seed) % 65536);
		break;
	default:
		ev->sw.prev_tid = a;
		ev->sw.next_tid = make_rnd(seed) % 3 ? b : 0;
		ev->sw.prev_state = make_rnd(seed) % 3 ? 1 : (uint32_t)make_rnd(seed);
		ev->sw.prev_prio = prio;
		ev->sw.next_prio = 120;
		ev->sw.preempted = make_rnd(seed) % 5 == 0;
		ev->sw.nvcsw = (uint8_t)(make_rnd(seed) % 3);
		ev->sw.syscall = make_rnd(seed) % 3 ? (int32_t)(make_rnd(seed) % 460) : EV_NO_SYSCALL;
		ev->sw.arg = ev->sw.syscall == EV_NO_SYSCALL ? 0 : make_rnd(seed) % 2 ? make_rnd(seed) << 20 : 5;
		break;
	}
}

/* One of some sets that differ in length; they live as long as the program. */
static inline struct cpuset make_set(uint64_t *seed)
{
	static uint64_t words[MAKE_SETS][MAKE_SETS];
	uint32_t n = (uint32_t)(1 + make_rnd(seed) % MAKE_SETS);

	for (uint32_t i = 0; i < n; i++)
		words[n - 1][i] = i + 1 < n ? i * 0x123456789abcdefull : 5;
	return (struct cpuset){ .bits = words[n - 1], .nr_words = n };
}

static inline void make_rare(uint64_t *seed, struct event *ev)
{
	uint32_t tid = (uint32_t)make_rnd(seed), other = (uint32_t)(make_rnd(seed) % 1000);

	switch (ev->kind) {
	case EV_TASK:
		ev->task.tid = tid;
		ev->task.tgid = ev->task.ppid = other;
		ev->task.cpu = other;
		ev->task.state = "RSDTtZXI"[make_rnd(seed) % 8];
		ev->task.kthread = make_rnd(seed) % 2;
		ev->task.prio = (event_prio)((int)(make_rnd(seed) % 141) - 1);
		ev->task.syscall = (int32_t)(make_rnd(seed) % 460) - 2;
		ev->task.arg = ev->task.syscall < 0 ? 0 : make_rnd(seed);
		make_comm(seed, ev->task.comm);
		break;
	case EV_FORK:
		ev->fork.parent_tid = ev->fork.parent_tgid = other;
		ev->fork.tid = ev->fork.tgid = tid;
		ev->fork.flags = make_rnd(seed);
		ev->fork.kthread = make_rnd(seed) % 2;
		make_comm(seed, ev->fork.comm);
		break;
	case EV_EXEC:
		ev->exec.tid = ev->exec.tgid = tid;
		ev->exec.old_tid = other;
		ev->exec.path = make_paths[make_rnd(seed) % MAKE_PATHS];
		make_comm(seed, ev->exec.comm);
		break;
	case EV_RENAME:
		ev->rename.tid = tid;
		make_comm(seed, ev->rename.comm);
		break;
	case EV_MARK:
		ev->mark.tid = tid;
		ev->mark.what = (uint8_t)(make_rnd(seed) % MARK_KINDS);
		ev->mark.job = make_rnd(seed);
		ev->mark.arg = make_rnd(seed);
		break;
	case EV_ALLOWED:
		ev->allowed.tid = tid;
		ev->allowed.nr_known = make_rnd(seed) % 3 ? 0 : 1024;
		ev->allowed.set = make_set(seed);
		break;
	case EV_CPU:
		ev->hotplug.online = make_rnd(seed) % 2;
		break;
	default:
		ev->exit.tid = ev->exit.tgid = tid;
		ev->exit.code = (int32_t)make_rnd(seed);
		ev->exit.group_dead = make_rnd(seed) % 2;
		break;
	}
}

/* An event of any kind but EV_NONE, all else of it zero, at or after *ts_ns, which moves on. */
static inline struct event make_event(uint64_t *seed, uint64_t *ts_ns, uint32_t nr_cpus)
{
	static const uint8_t kinds[] = { EV_SWITCH, EV_SWITCH, EV_SWITCH, EV_WAKING, EV_WAKING, EV_MIGRATE };
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	*ts_ns += make_rnd(seed) % (make_rnd(seed) % 50 ? 5000 : 1ull << (make_rnd(seed) % 34));
	ev.ts_ns = *ts_ns;
	ev.cpu = (uint32_t)(make_rnd(seed) % nr_cpus);
	ev.kind = make_rnd(seed) % 4 ? kinds[make_rnd(seed) % sizeof(kinds)] :
				       (uint8_t)(1 + make_rnd(seed) % (EV_KINDS - 1));
	if (event_is_hot(ev.kind))
		make_hot(seed, &ev);
	else
		make_rare(seed, &ev);
	return ev;
}

static char make_dir[64]; /* a private folder for this program's files, made when needed, gone at the end */

static inline void make_dir_gone(void)
{
	rmdir(make_dir);
}

/* DIR/name; good until the fourth call after it. */
static inline const char *make_path(const char *name)
{
	static char path[4][128];
	static unsigned turn;

	if (!make_dir[0]) {
		snprintf(make_dir, sizeof(make_dir), "/tmp/schedviz-test-XXXXXX");
		CHECK(mkdtemp(make_dir));
		atexit(make_dir_gone);
	}
	turn = (turn + 1) % 4;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", make_dir, name);
	return path[turn];
}

struct make_bytes {
	uint8_t *v;
	size_t n;
};

static inline struct make_bytes make_slurp(const char *path)
{
	struct make_bytes b = { 0 };
	struct stat st;
	int fd = open(path, O_RDONLY);

	CHECK(fd >= 0 && fstat(fd, &st) == 0);
	b.n = (size_t)st.st_size;
	b.v = xmalloc(b.n + 1);
	CHECK(read(fd, b.v, b.n) == (ssize_t)b.n);
	close(fd);
	return b;
}

/* A published trace of these events, flushed after every `flush` of them (0: never), with its END unless `killed`. */
static inline void make_trace(const char *path, const struct event *v, size_t n, size_t flush, bool killed)
{
	struct facts facts = { 0 }, receipt = { 0 };
	struct trace_writer *w = NULL;
	struct err e = { 0 };

	facts_setf(&facts, "window.from_ns", "%llu", (unsigned long long)MAKE_FROM_NS);
	facts_set(&facts, "arch", "x86_64");
	facts_set(&facts, "affinity", "yes"); /* a text with EV_ALLOWED would get it */
	facts_setf(&receipt, "window.to_ns", "%llu", (unsigned long long)(n ? v[n - 1].ts_ns + 1 : MAKE_FROM_NS));
	CHECK_U64(trace_writer_open(&w, path, &facts, &e), 0);
	for (size_t i = 0; i < n; i++) {
		CHECK_U64(trace_writer_add(w, &v[i], &e), 0);
		if (flush && i % flush == flush - 1)
			CHECK_U64(trace_writer_flush(w, &e), 0);
	}
	CHECK_U64(killed ? trace_writer_flush(w, &e) : trace_writer_finish(w, &receipt, &e), 0);
	CHECK_U64(trace_writer_publish(w, &e), 0);
	trace_writer_close(w);
	facts_release(&facts);
	facts_release(&receipt);
}

static inline struct trace_reader *make_reader(const char *path)
{
	struct trace_reader *r = NULL;
	struct err e = { 0 };

	if (trace_reader_open(&r, path, &e) < 0)
		TEST_FAIL("%s", e.text);
	return r;
}

/* Like memcmp() == 0, but for what events point to, which is compared itself, and bytes that the kind does not use. */
static inline bool make_same(const struct event *a, const struct event *b)
{
	struct event x = *a, y = *b;

	if (a->kind != b->kind)
		return false;
	if (a->kind == EV_EXEC) {
		if (strcmp(a->exec.path, b->exec.path))
			return false;
		x.exec.path = y.exec.path = NULL;
	}
	if (a->kind == EV_ALLOWED) {
		if (a->allowed.set.nr_words != b->allowed.set.nr_words ||
		    memcmp(a->allowed.set.bits, b->allowed.set.bits, a->allowed.set.nr_words * sizeof(uint64_t)))
			return false;
		x.allowed.set.bits = y.allowed.set.bits = NULL;
	}
	if (a->kind == EV_WAKING) {
		x.sw.syscall = y.sw.syscall = 0;
		x.sw.arg = y.sw.arg = 0;
	}
	return !memcmp(&x, &y, sizeof(x));
}

#endif
