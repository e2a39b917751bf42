/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_trace_writer.c - where the file of a recording is at any moment, and what is said when it cannot be written.
 */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include "trace/chunk.h"
#include "trace_make.h"

static const struct event one = { .ts_ns = MAKE_FROM_NS, .kind = EV_CURRENT, .current = { .tid = 1, .prio = 120 } };

static struct trace_writer *open_writer(const char *path)
{
	struct facts facts = { 0 };
	struct trace_writer *w = NULL;
	struct err e = { 0 };

	if (trace_writer_open(&w, path, &facts, &e) < 0)
		TEST_FAIL("%s", e.text);
	return w;
}

static void check_open_fails(const char *path, int code, const char *want)
{
	struct facts facts = { 0 };
	struct trace_writer *w = NULL;
	struct err e = { 0 };
	char text[512];

	snprintf(text, sizeof(text), want, path);
	CHECK_U64(trace_writer_open(&w, path, &facts, &e), code);
	CHECK_STR(e.text, text);
}

/* Files in the folder of this test. */
static unsigned count_files(void)
{
	char dir[128];
	unsigned n = 0;
	DIR *d;

	snprintf(dir, sizeof(dir), "%s", make_path(""));
	d = opendir(dir);
	CHECK(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

TEST(unpublished_leaves_nothing)
{
	const char *path = make_path("new.svz");
	struct trace_writer *w = open_writer(path);

	CHECK(access(path, F_OK) < 0);
	CHECK_U64(count_files(), 1);
	trace_writer_close(w);
	CHECK_U64(count_files(), 0);
}

TEST(unpublished_leaves_the_old_one)
{
	const char *path = make_path("kept.svz");
	struct trace_writer *w;
	struct make_bytes b;
	size_t size;

	make_trace(path, &one, 1, 0, false);
	b = make_slurp(path);
	size = b.n;
	w = open_writer(path);
	CHECK_U64(trace_writer_add(w, &one, NULL), 0);
	trace_writer_close(w);
	free(b.v);
	b = make_slurp(path);
	CHECK_U64(b.n, size);
	CHECK_U64(count_files(), 1);
	free(b.v);
	unlink(path);
}

TEST(publish_keeps_the_old_one_as_old)
{
	const char *path = make_path("twice.svz"), *old = make_path("twice.svz.old");
	struct event v[3] = { one, one, one };
	struct trace_reader *r;
	unsigned n = 0;

	make_trace(path, v, 1, 0, false);
	make_trace(path, v, 2, 0, false);
	make_trace(path, v, 3, 0, false);
	CHECK_U64(count_files(), 2);
	r = make_reader(old);
	while (trace_reader_next(r))
		n++;
	CHECK_U64(n, 2);
	trace_reader_close(r);
	unlink(path);
	unlink(old);
}

TEST(published_is_readable_before_its_end)
{
	const char *path = make_path("early.svz");
	struct trace_writer *w = open_writer(path);
	struct trace_reader *r;
	struct err e;

	CHECK_U64(trace_writer_publish(w, &e), 0);
	CHECK_U64(trace_writer_add(w, &one, &e), 0);
	CHECK_U64(trace_writer_flush(w, &e), 0);
	CHECK_U64(trace_writer_events(w, EV_CURRENT), 1);
	r = make_reader(path);
	CHECK_U64(trace_reader_size(r), trace_writer_bytes(w));
	CHECK(trace_reader_next(r));
	CHECK(!trace_reader_next(r));
	CHECK(trace_reader_damage(r)->cut);
	trace_reader_close(r);
	trace_writer_close(w);
	CHECK(access(path, F_OK) == 0);
	unlink(path);
}

TEST(the_mode_is_what_umask_leaves)
{
	const char *path = make_path("mode.svz");
	mode_t mask = umask(027);
	struct stat st;

	make_trace(path, &one, 1, 0, false);
	umask(mask);
	CHECK(stat(path, &st) == 0);
	CHECK_U64(st.st_mode & 0777, 0640);
	unlink(path);
}

TEST(impossible_places)
{
	check_open_fails(make_path(""), -EISDIR, "'%s' is a directory - give the name of a file");
	check_open_fails(make_path("no/such"), -ENOENT,
			 "cannot create '%s': No such file or directory - give another name or directory");
	check_open_fails("", -ENOENT, "the name of the trace file is empty%s");
}

TEST(a_full_disk_says_what_can_be_read)
{
	struct facts facts = { 0 };
	struct trace_writer *w = NULL;
	struct err e = { 0 };

	CHECK_U64(trace_writer_open(&w, "/dev/full", &facts, &e), -ENOSPC);
	CHECK_STR(e.text,
		  "cannot write '/dev/full': No space left on device - the 0 events written so far can be read");
}

struct pipe_reader {
	const char *path;
	size_t take; /* at least so many bytes are read before it goes away; 0: all */
	struct make_bytes got;
};

static void *read_pipe(void *arg)
{
	struct pipe_reader *p = arg;
	int fd = open(p->path, O_RDONLY);
	ssize_t n;

	p->got.v = xmalloc(1 << 20);
	while ((!p->take || p->got.n < p->take) && (n = read(fd, p->got.v + p->got.n, 4096)) > 0)
		p->got.n += (size_t)n;
	close(fd);
	return NULL;
}

TEST(a_fifo_is_written_in_place)
{
	struct pipe_reader p = { .path = make_path("fifo") };
	struct trace_reader *r = NULL;
	pthread_t thread;
	struct err e;

	CHECK(mkfifo(p.path, 0600) == 0);
	CHECK(pthread_create(&thread, NULL, read_pipe, &p) == 0);
	make_trace(p.path, &one, 1, 0, false);
	pthread_join(thread, NULL);
	CHECK_U64(trace_reader_open_mem(&r, p.got.v, p.got.n, &e), 0);
	CHECK(trace_reader_next(r) && !trace_reader_next(r));
	CHECK(!trace_reader_damage(r)->cut);
	trace_reader_close(r);
	free(p.got.v);
	CHECK_U64(count_files(), 1);
	unlink(p.path);
}

TEST(a_closed_pipe_is_an_error_that_stays)
{
	struct pipe_reader p = { .path = make_path("closed"), .take = TRACE_HEADER_SIZE + 1 };
	struct trace_writer *w;
	pthread_t thread;
	struct err e = { 0 };
	char want[256];
	int ret = 0;

	signal(SIGPIPE, SIG_IGN);
	CHECK(mkfifo(p.path, 0600) == 0);
	CHECK(pthread_create(&thread, NULL, read_pipe, &p) == 0);
	w = open_writer(p.path);
	pthread_join(thread, NULL);
	for (int i = 0; !ret && i < 10; i++) {
		CHECK_U64(trace_writer_add(w, &one, &e), 0);
		ret = trace_writer_flush(w, &e);
	}
	CHECK_U64(ret, -EPIPE);
	snprintf(want, sizeof(want), "cannot write '%s': Broken pipe - the 0 events written so far can be read",
		 p.path);
	CHECK_STR(e.text, want);
	e.text[0] = '\0';
	CHECK_U64(trace_writer_add(w, &one, &e), -EPIPE);
	CHECK_STR(e.text, want);
	trace_writer_close(w);
	free(p.got.v);
	unlink(p.path);
}

/* A quiet machine: few events, many tasks, seconds. */
TEST(an_idle_recording_is_small)
{
	const char *path = make_path("idle.svz");
	struct event v[450] = { { 0 } };
	struct make_bytes b;
	uint64_t seed = 3;

	for (uint32_t i = 0; i < 150; i++) {
		v[i] = (struct event){ .ts_ns = MAKE_FROM_NS, .kind = EV_TASK };
		v[i].task.tid = v[i].task.tgid = 1 + i * 13;
		v[i].task.ppid = i % 5 ? 2 : 1;
		v[i].task.state = i % 3 ? 'I' : 'S';
		v[i].task.prio = i % 4 ? 120 : 100;
		v[i].task.syscall = i % 5 ? EV_NO_SYSCALL : (int32_t)(i % 7);
		snprintf(v[i].task.comm, COMM_LEN, "%s/%u:%u", i % 5 ? "kworker" : "daemon", i % 2, i);
	}
	for (uint32_t i = 150; i < 450; i++) {
		uint64_t at_ns = MAKE_FROM_NS + (i - 150) / 3 * 100000000ull + i % 3 * 5000 + make_rnd(&seed) % 4000;
		uint32_t tid = 1 + (uint32_t)(make_rnd(&seed) % 20) * 13;

		v[i] = (struct event){ .ts_ns = at_ns, .cpu = i / 3 % 2, .kind = i % 3 ? EV_SWITCH : EV_WAKING };
		if (i % 3) {
			v[i].sw.prev_tid = i % 3 == 2 ? v[i - 1].sw.next_tid : 0;
			v[i].sw.next_tid = i % 3 == 2 ? 0 : v[i - 1].waking.tid;
			v[i].sw.prev_state = i % 3 == 2 ? 0x402 : 0;
			v[i].sw.prev_prio = v[i].sw.next_prio = 120;
			v[i].sw.syscall = EV_NO_SYSCALL;
		} else {
			v[i].waking.tid = tid;
			v[i].waking.prio = 120;
			v[i].waking.ctx = EV_CTX_HARDIRQ;
		}
	}
	make_trace(path, v, 450, 0, false);
	b = make_slurp(path);
	unlink(path);
	if (b.n > 6000)
		TEST_FAIL("it takes %zu bytes", b.n);
	free(b.v);
}

TEST_MAIN
