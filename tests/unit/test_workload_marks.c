/* SPDX-License-Identifier: GPL-2.0-only */
/* test_workload_marks.c - the ring of job marks: many writers, a full ring, dead and hostile writers, strange fds. */
#define _GNU_SOURCE
#include "test.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include "trace/marks.h"

static struct mark_ring ring;

static void begin(uint32_t capacity)
{
	struct err e = { 0 };

	if (mark_ring_create(&ring, capacity, &e) < 0 || mark_ring_export(&ring, &e) < 0)
		TEST_FAIL("%s", e.text);
	CHECK(schedviz_mark_attach());
}

static void end(void)
{
	unsetenv(SCHEDVIZ_MARKS_ENV);
	schedviz_mark_attach();
	mark_ring_release(&ring);
}

TEST(marks_without_a_recording_do_nothing)
{
	unsetenv(SCHEDVIZ_MARKS_ENV);
	CHECK(!schedviz_mark_attach());
	CHECK(!schedviz_mark_on());
	schedviz_mark_noun("task");
	schedviz_mark_start(1);
	schedviz_mark_wall(1, 2);
}

TEST(a_mark_arrives_whole)
{
	uint64_t before_ns = schedviz_mark_now();
	struct event ev;

	begin(0);
	CHECK(!mark_ring_next(&ring, &ev));
	schedviz_mark_submit(7);
	schedviz_mark_start(UINT64_MAX);
	schedviz_mark_finish(0);
	schedviz_mark_instant(3, 99);
	for (int what = MARK_SUBMIT; what <= MARK_INSTANT; what++) {
		CHECK(mark_ring_next(&ring, &ev));
		CHECK_U64(ev.kind, EV_MARK);
		CHECK_U64(ev.mark.what, what);
		CHECK_U64(ev.mark.tid, gettid());
		CHECK_U64(ev.mark.job, ((uint64_t[]){ 7, UINT64_MAX, 0, 3 })[what]);
		CHECK_U64(ev.mark.arg, what == MARK_INSTANT ? 99 : 0);
		CHECK(ev.cpu < (uint32_t)sysconf(_SC_NPROCESSORS_CONF));
		CHECK(ev.ts_ns >= before_ns && ev.ts_ns <= schedviz_mark_now());
	}
	CHECK(!mark_ring_next(&ring, &ev));
	CHECK_U64(mark_ring_dropped(&ring), 0);
	end();
}

TEST(noun_and_wall_are_told)
{
	char noun[SCHEDVIZ_MARK_NOUN_LEN];
	struct window w;
	uint64_t now_ns;

	begin(0);
	mark_ring_noun(&ring, noun);
	CHECK_STR(noun, "");
	CHECK(!mark_ring_wall(&ring, &w));
	schedviz_mark_noun("a noun that is too long");
	mark_ring_noun(&ring, noun);
	CHECK_STR(noun, "a noun that is ");
	schedviz_mark_noun("task");
	mark_ring_noun(&ring, noun);
	CHECK_STR(noun, "task");
	now_ns = schedviz_mark_now();
	schedviz_mark_wall(now_ns, schedviz_mark_now() + 1000);
	while (schedviz_mark_now() < now_ns + 100000)
		;
	CHECK(mark_ring_wall(&ring, &w));
	CHECK_U64(w.from_ns, now_ns);
	schedviz_mark_wall(now_ns, now_ns);
	CHECK(!mark_ring_wall(&ring, &w));
	schedviz_mark_wall(0, now_ns);
	CHECK(!mark_ring_wall(&ring, &w));
	schedviz_mark_wall(now_ns, UINT64_MAX);
	CHECK(!mark_ring_wall(&ring, &w));
	end();
}

TEST(the_ring_goes_round_and_round)
{
	struct event ev;

	begin(16);
	for (uint64_t i = 0; i < 16 * 600; i += 3) { /* more laps than the 8 bits of a word count */
		for (uint64_t k = 0; k < 3; k++)
			schedviz_mark_start(i + k);
		for (uint64_t k = 0; k < 3; k++) {
			CHECK(mark_ring_next(&ring, &ev));
			CHECK_U64(ev.mark.job, i + k);
		}
		CHECK(!mark_ring_next(&ring, &ev));
	}
	CHECK_U64(mark_ring_dropped(&ring), 0);
	end();
}

TEST(a_full_ring_drops_the_new_and_counts)
{
	struct event ev;

	begin(16);
	for (uint64_t i = 0; i < 100; i++)
		schedviz_mark_start(i);
	for (uint64_t i = 0; i < 16; i++) {
		CHECK(mark_ring_next(&ring, &ev));
		CHECK_U64(ev.mark.job, i);
	}
	CHECK(!mark_ring_next(&ring, &ev));
	CHECK_U64(mark_ring_dropped(&ring), 84);
	schedviz_mark_start(100);
	CHECK(mark_ring_next(&ring, &ev));
	CHECK_U64(ev.mark.job, 100);
	end();
}

/* ---- many writers ---- */

#define STRESS_THREADS 4
#define STRESS_PROCS 2

static uint64_t stress_marks;

static void *stress_thread(void *arg)
{
	for (uint64_t i = 0; i < stress_marks; i++)
		schedviz_mark((uint8_t)(i % MARK_KINDS), (uint64_t)(uintptr_t)arg, i);
	return NULL;
}

static void stress_run(uint64_t first_id)
{
	pthread_t threads[STRESS_THREADS];

	for (uint64_t t = 0; t < STRESS_THREADS; t++)
		if (pthread_create(&threads[t], NULL, stress_thread, (void *)(uintptr_t)(first_id + t)))
			_exit(1);
	for (uint64_t t = 0; t < STRESS_THREADS; t++)
		pthread_join(threads[t], NULL);
}

struct seen {
	uint64_t next_arg, n;
	uint32_t tid;
};

/* One writer's marks come in its order, each once, all with one tid. */
static void seen_add(struct seen *s, const struct event *ev)
{
	CHECK(ev->mark.arg >= s->next_arg);
	CHECK(!s->tid || s->tid == ev->mark.tid);
	CHECK_U64(ev->mark.what, ev->mark.arg % MARK_KINDS);
	s->next_arg = ev->mark.arg + 1;
	s->tid = ev->mark.tid;
	s->n++;
}

static void *stress_here(void *arg)
{
	stress_run(STRESS_PROCS * STRESS_THREADS);
	return arg;
}

static void stress(uint32_t capacity, uint64_t marks_each)
{
	enum { WRITERS = (STRESS_PROCS + 1) * STRESS_THREADS };
	struct seen seen[WRITERS] = { 0 };
	uint64_t got = 0;
	pthread_t here;
	struct event ev;
	int status, left = STRESS_PROCS;

	begin(capacity);
	stress_marks = marks_each;
	for (uint64_t p = 0; p < STRESS_PROCS; p++) {
		if (fork() == 0) {
			stress_run(p * STRESS_THREADS);
			_exit(0);
		}
	}
	CHECK(pthread_create(&here, NULL, stress_here, NULL) == 0);
	for (bool last = false;;) {
		while (mark_ring_next(&ring, &ev)) {
			CHECK(ev.mark.job < WRITERS);
			seen_add(&seen[ev.mark.job], &ev);
			got++;
		}
		if (last)
			break;
		while (left && waitpid(-1, &status, WNOHANG) > 0) {
			CHECK_U64(status, 0);
			left--;
		}
		if (!left) {
			pthread_join(here, NULL);
			mark_ring_end(&ring);
			last = true;
		}
	}
	while (mark_ring_next(&ring, &ev))
		got++;
	CHECK_U64(got + mark_ring_dropped(&ring), WRITERS * marks_each);
	CHECK((mark_ring_dropped(&ring) == 0) == (capacity >= WRITERS * marks_each));
	CHECK(got >= 64);
	end();
}

TEST(many_writers_and_room_enough)
{
	stress(1 << 18, 20000);
}

TEST(many_writers_and_a_ring_that_overflows)
{
	stress(64, 20000);
}

/* ---- forks, threads, exec ---- */

static void expect_tid(uint64_t job, uint32_t tid)
{
	struct event ev;

	CHECK(mark_ring_next(&ring, &ev));
	CHECK_U64(ev.mark.job, job);
	CHECK_U64(ev.mark.tid, tid);
}

TEST(a_child_marks_with_its_own_tid)
{
	pid_t pid;

	begin(0);
	schedviz_mark_start(1);
	pid = fork();
	if (pid == 0) {
		schedviz_mark_start(2);
		schedviz_mark_start(3);
		_exit(0);
	}
	CHECK(waitpid(pid, NULL, 0) == pid);
	schedviz_mark_start(4);
	expect_tid(1, (uint32_t)getpid());
	expect_tid(2, (uint32_t)pid);
	expect_tid(3, (uint32_t)pid);
	expect_tid(4, (uint32_t)getpid());
	end();
}

#define EXEC_CHILD "TEST_MARKS_EXEC_CHILD"

TEST(exec_child_marks) /* run again by the next one */
{
	if (getenv(EXEC_CHILD))
		schedviz_mark_start(77);
}

TEST(a_program_started_by_exec_finds_the_ring)
{
	pid_t pid;
	int status;

	begin(0);
	pid = fork();
	if (pid == 0) {
		setenv(EXEC_CHILD, "1", 1);
		if (!freopen("/dev/null", "w", stdout))
			_exit(1);
		execl("/proc/self/exe", "test", "exec_child_marks", (char *)NULL);
		_exit(1);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK_U64(status, 0);
	expect_tid(77, (uint32_t)pid);
	end();
}

/* ---- what may stand in the environment ---- */

static void refuse(const char *value)
{
	setenv(SCHEDVIZ_MARKS_ENV, value, 1);
	if (schedviz_mark_attach())
		TEST_FAIL("'%s' is taken for a ring", value);
	schedviz_mark_start(1);
	unsetenv(SCHEDVIZ_MARKS_ENV);
}

static void refuse_fd(int fd)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", fd);
	refuse(text);
	close(fd);
}

TEST(strange_descriptors_are_no_ring)
{
	static const char *const values[] = { "", "abc", "-1", "999", "3x", " 3", "99999999999999999999", "0", "1" };
	int fd;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		refuse(values[i]);
	refuse_fd(open("/proc/self/exe", O_RDONLY));
	refuse_fd(open("/dev/null", O_RDWR));
	fd = memfd_create("unsealed", MFD_ALLOW_SEALING);
	CHECK(ftruncate(fd, SCHEDVIZ_MARK_PAGE + 64 * 32) == 0);
	refuse_fd(fd);
	fd = memfd_create("no-magic", MFD_ALLOW_SEALING);
	CHECK(ftruncate(fd, SCHEDVIZ_MARK_PAGE + 64 * 32) == 0);
	CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0);
	refuse_fd(fd);
	fd = memfd_create("odd-size", MFD_ALLOW_SEALING);
	CHECK(ftruncate(fd, SCHEDVIZ_MARK_PAGE + 65 * 32) == 0);
	CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0);
	refuse_fd(fd);
}

TEST(a_ring_has_a_sensible_size_and_keeps_it)
{
	static const uint32_t bad[] = { 1, 8, 100, 65535, 1u << 23, UINT32_MAX };
	struct mark_ring r;
	struct err e;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK(mark_ring_create(&r, bad[i], &e) < 0);
		CHECK(strstr(e.text, "power of two"));
		mark_ring_release(&r);
	}
	begin(16);
	CHECK(ftruncate(ring.fd, 0) < 0);
	CHECK(ftruncate(ring.fd, 1 << 20) < 0);
	end();
}

/* ---- writers that die or lie ---- */

TEST(a_slot_never_published_is_given_up)
{
	struct event ev;
	uint64_t from_ns;

	begin(16);
	__atomic_fetch_add(&ring.shared->head, 2, __ATOMIC_RELAXED); /* two writers, killed before they wrote */
	schedviz_mark_start(5);
	CHECK(!mark_ring_next(&ring, &ev));
	from_ns = schedviz_mark_now();
	while (!mark_ring_next(&ring, &ev))
		;
	CHECK_U64(ev.mark.job, 5);
	CHECK(schedviz_mark_now() - from_ns >= MARK_PATIENCE_NS / 2);
	CHECK_U64(mark_ring_dropped(&ring), 2);
	__atomic_fetch_add(&ring.shared->head, 1, __ATOMIC_RELAXED);
	schedviz_mark_start(6);
	CHECK(!mark_ring_next(&ring, &ev));
	mark_ring_end(&ring); /* nobody will publish it any more */
	CHECK(mark_ring_next(&ring, &ev));
	CHECK_U64(ev.mark.job, 6);
	end();
}

static void plant(uint64_t ns, uint32_t tid, uint8_t what)
{
	struct schedviz_mark_record *r = &ring.shared->records[ring.shared->head & 15];

	*r = (struct schedviz_mark_record){ .ns = ns, .tid = tid };
	r->word = schedviz_mark_word(ring.shared->head++, 4, what, 0);
}

TEST(senseless_records_are_counted_and_dropped)
{
	struct event ev;

	begin(16);
	plant(schedviz_mark_now(), 0, MARK_START);
	plant(schedviz_mark_now(), 1u << 22, MARK_START);
	plant(schedviz_mark_now(), 1, MARK_KINDS);
	plant(schedviz_mark_now(), 1, 255);
	plant(0, 1, MARK_START);
	plant(UINT64_MAX, 1, MARK_START);
	plant(schedviz_mark_now() + 1000 * NSEC_PER_SEC, 1, MARK_START);
	plant(schedviz_mark_now(), 1, MARK_START);
	CHECK(mark_ring_next(&ring, &ev));
	CHECK_U64(ev.mark.tid, 1);
	CHECK(!mark_ring_next(&ring, &ev));
	CHECK_U64(mark_ring_dropped(&ring), 7);
	ring.shared->dropped = UINT64_MAX;
	CHECK_U64(mark_ring_dropped(&ring), UINT64_MAX);
	end();
}

/* Writes noise all over the ring until it is killed, most of it where it hurts. */
static void scribble(void)
{
	size_t words = (SCHEDVIZ_MARK_PAGE + (size_t)ring.capacity * 32) / 8;
	volatile uint64_t *shared = (volatile uint64_t *)ring.shared;
	uint64_t x = 88172645463325252;

	for (;;) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		shared[x % words] = x;
		ring.shared->head += x >> 60;
		if (x >> 58 == 0)
			ring.shared->head = ring.tail + (x & 0xff);
		if (x >> 56 == 1)
			schedviz_mark_start(x);
	}
}

TEST(a_scribbled_ring_neither_hangs_nor_lies)
{
	uint64_t until_ns, calls = 0, got = 0;
	struct event ev;
	pid_t pid;

	begin(256);
	pid = fork();
	if (pid == 0)
		scribble();
	until_ns = schedviz_mark_now() + 500 * NSEC_PER_MSEC;
	while (schedviz_mark_now() < until_ns) {
		uint64_t in_a_row = 0;

		while (mark_ring_next(&ring, &ev)) {
			CHECK(ev.kind == EV_MARK && ev.mark.what < MARK_KINDS && ev.mark.tid && ev.mark.tid < 1u << 22);
			CHECK(ev.ts_ns >= ring.born_ns && ev.ts_ns <= schedviz_mark_now());
			CHECK(++in_a_row <= ring.capacity);
			got++;
		}
		calls++;
	}
	kill(pid, SIGKILL);
	CHECK(waitpid(pid, NULL, 0) == pid);
	mark_ring_end(&ring);
	for (uint64_t n = 0; mark_ring_next(&ring, &ev); n++)
		CHECK(n <= ring.capacity);
	CHECK(calls > 10);
	CHECK(mark_ring_dropped(&ring) + got > 0);
	end();
}

TEST_MAIN
