/* SPDX-License-Identifier: GPL-2.0-only */
/* test_svpool_queue.c - the queue of user/svpool: order, limits, closing, many at once, and those who die at it. */
#define _GNU_SOURCE
#include "svpool_test.h"
#include <pthread.h>
#include <sys/mman.h>

static svq *queue_make(size_t capacity, int shared)
{
	svq *q = svq_new(sizeof(uint64_t), capacity, shared);

	CHECK(q);
	return q;
}

static int put(svq *q, uint64_t n, double seconds)
{
	return svq_put(q, &n, seconds);
}

TEST(items_come_out_in_order_and_limits_hold)
{
	for (int shared = 0; shared < 2; shared++) {
		svq *q = queue_make(3, shared);
		double from = seconds_now();
		uint64_t n;

		CHECK(svq_get(q, &n, 0) == -ETIMEDOUT);
		CHECK(svq_get(q, &n, 0.05) == -ETIMEDOUT);
		for (uint64_t round = 0; round < 10; round++) {
			for (uint64_t i = 0; i < 3; i++)
				CHECK_U64(put(q, round * 3 + i, round % 2 ? -1 : 0), 0);
			CHECK(put(q, 99, 0) == -ETIMEDOUT);
			for (uint64_t i = 0; i < 3; i++) {
				CHECK_U64(svq_get(q, &n, round % 2 ? -1 : 0), 0);
				CHECK_U64(n, round * 3 + i);
			}
		}
		put(q, 1, -1), put(q, 2, -1), put(q, 3, -1);
		CHECK(put(q, 99, 0.05) == -ETIMEDOUT);
		CHECK(seconds_now() - from >= 0.1);
		CHECK(seconds_now() - from < 30);
		svq_free(q);
	}
	svq_free(NULL);
}

TEST(a_closed_queue_drains_and_then_says_so)
{
	svq *q = queue_make(3, 0);
	uint64_t n;

	put(q, 7, -1), put(q, 8, -1);
	svq_close(q);
	CHECK(put(q, 9, -1) == -EPIPE);
	CHECK(put(q, 9, 0) == -EPIPE);
	CHECK(svq_get(q, &n, -1) == 0 && n == 7);
	CHECK(svq_get(q, &n, 0) == 0 && n == 8);
	CHECK(svq_get(q, &n, -1) == -EPIPE);
	CHECK(svq_get(q, &n, 0) == -EPIPE);
	svq_close(q);
	svq_free(q);
}

TEST(senseless_queues_are_refused)
{
	CHECK(!svq_new(0, 1, 0) && errno == EINVAL);
	CHECK(!svq_new(1, 0, 1) && errno == EINVAL);
	CHECK(!svq_new(SIZE_MAX / 2, 4, 0) && errno == ENOMEM);
	CHECK(!svq_new(SIZE_MAX, 1, 1) && errno == ENOMEM);
	CHECK(!svq_new((size_t)1 << 60, 1, 1) && errno == ENOMEM);
}

static void *get_one(void *q)
{
	uint64_t n = 0;
	int ret = svq_get(q, &n, -1);

	return (void *)(intptr_t)(ret < 0 ? ret : (int)n);
}

static void *put_one(void *q)
{
	return (void *)(intptr_t)put(q, 55, -1);
}

TEST(closing_wakes_everybody)
{
	svq *empty = queue_make(1, 0), *full = queue_make(1, 0);
	pthread_t threads[8];
	void *ret;

	alarm(HANG_SECONDS);
	put(full, 1, -1);
	for (int i = 0; i < 4; i++) {
		CHECK(pthread_create(&threads[i], NULL, get_one, empty) == 0);
		CHECK(pthread_create(&threads[4 + i], NULL, put_one, full) == 0);
	}
	usleep(50000);
	svq_close(empty);
	svq_close(full);
	for (int i = 0; i < 8; i++) {
		CHECK(pthread_join(threads[i], &ret) == 0);
		CHECK((intptr_t)ret == -EPIPE);
	}
	svq_free(empty);
	svq_free(full);
}

TEST(a_sleeper_gets_what_is_put)
{
	svq *q = queue_make(1, 0);
	pthread_t thread;
	void *ret;

	alarm(HANG_SECONDS);
	CHECK(pthread_create(&thread, NULL, get_one, q) == 0);
	usleep(30000);
	put(q, 77, -1);
	CHECK(pthread_join(thread, &ret) == 0);
	CHECK_U64((uintptr_t)ret, 77);
	svq_free(q);
}

/* ---- many at once ---- */

#define EACH_PUTS 3000u
#define PRODUCERS 3u

struct crowd {
	svq *q;
	uint64_t sum, got;
};

static void *produce(void *arg)
{
	struct crowd *c = arg;

	for (uint64_t i = 1; i <= EACH_PUTS; i++)
		if (put(c->q, i, -1) < 0)
			break;
	return NULL;
}

static void *consume(void *arg)
{
	struct crowd *c = arg;
	uint64_t n;

	while (svq_get(c->q, &n, -1) == 0) {
		__atomic_add_fetch(&c->sum, n, __ATOMIC_RELAXED);
		__atomic_add_fetch(&c->got, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void crowd_check(const struct crowd *c)
{
	CHECK_U64(c->got, PRODUCERS * EACH_PUTS);
	CHECK_U64(c->sum, (uint64_t)PRODUCERS * EACH_PUTS * (EACH_PUTS + 1) / 2);
}

TEST(many_threads_lose_and_double_nothing)
{
	for (size_t capacity = 1; capacity <= 64; capacity *= 8) {
		struct crowd c = { .q = queue_make(capacity, 0) };
		pthread_t makers[PRODUCERS], takers[3];

		alarm(HANG_SECONDS);
		for (size_t i = 0; i < 3; i++)
			CHECK(pthread_create(&takers[i], NULL, consume, &c) == 0);
		for (size_t i = 0; i < PRODUCERS; i++)
			CHECK(pthread_create(&makers[i], NULL, produce, &c) == 0);
		for (size_t i = 0; i < PRODUCERS; i++)
			pthread_join(makers[i], NULL);
		svq_close(c.q);
		for (size_t i = 0; i < 3; i++)
			pthread_join(takers[i], NULL);
		crowd_check(&c);
		svq_free(c.q);
	}
}

static pid_t child(void *(*fn)(void *), void *arg)
{
	pid_t pid = fork_kept();

	CHECK(pid >= 0);
	if (pid == 0) {
		fn(arg);
		_exit(0);
	}
	return pid;
}

static struct crowd *crowd_shared(size_t capacity)
{
	struct crowd *c = mmap(NULL, sizeof(*c), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CHECK(c != MAP_FAILED);
	c->q = queue_make(capacity, 1);
	return c;
}

static void crowd_free(struct crowd *c)
{
	svq_free(c->q);
	munmap(c, sizeof(*c));
}

TEST(many_processes_lose_and_double_nothing)
{
	struct crowd *c = crowd_shared(4);
	struct left before = left_now();
	pid_t makers[PRODUCERS], takers[3];

	alarm(HANG_SECONDS);
	for (size_t i = 0; i < 3; i++)
		takers[i] = child(consume, c);
	for (size_t i = 0; i < PRODUCERS; i++)
		makers[i] = child(produce, c);
	for (size_t i = 0; i < PRODUCERS; i++)
		CHECK(waitpid(makers[i], NULL, 0) == makers[i]);
	svq_close(c->q);
	for (size_t i = 0; i < 3; i++)
		CHECK(waitpid(takers[i], NULL, 0) == takers[i]);
	crowd_check(c);
	check_nothing_left(&before);
	crowd_free(c);
}

/* Readers are killed at any moment, asleep and in the middle; what was taken and not counted is lost, nothing else. */
TEST(killed_readers_neither_hang_nor_spoil_it)
{
	struct crowd *c = crowd_shared(4);
	uint64_t killed = 0, puts = 0;
	pid_t taker;

	alarm(HANG_SECONDS);
	while (killed < 60) {
		taker = child(consume, c);
		for (uint64_t i = 0; i < killed % 7; i++, puts++)
			CHECK_U64(put(c->q, 1, 60), 0);
		usleep((useconds_t)(killed % 5 * 200));
		kill(taker, SIGKILL);
		CHECK(waitpid(taker, NULL, 0) == taker);
		killed++;
	}
	taker = child(consume, c);
	for (int i = 0; i < 10; i++, puts++)
		CHECK_U64(put(c->q, 1, 60), 0);
	svq_close(c->q);
	CHECK(waitpid(taker, NULL, 0) == taker);
	CHECK(c->got <= puts);
	CHECK(c->got + killed >= puts);
	CHECK_U64(c->sum, c->got);
	crowd_free(c);
}

/* ---- in a pool ---- */

static int job_get(const void *arg, size_t len, void *out, size_t room)
{
	(void)len, (void)room;
	return svq_get(*(svq *const *)arg, out, -1);
}

static void pool_reads(struct svp_opts o)
{
	svq *q = queue_make(10, 1);
	svp *p = pool_make(3, o);
	uint64_t sum = 0, n;
	svp_res *r[9];

	for (size_t i = 0; i < 9; i++) {
		r[i] = svp_apply_async(p, job_get, &q, sizeof(q));
		CHECK(r[i]);
		put(q, i, -1);
	}
	for (size_t i = 0; i < 9; i++) {
		CHECK_U64(svp_res_get(r[i], &n, sizeof(n), -1), 0);
		sum += n;
	}
	CHECK_U64(sum, 36);
	pool_end(p);
	svq_free(q);
}

TEST(workers_read_a_queue_that_the_master_fills)
{
	struct svp_opts o;

	EACH_POOL(o, PROCS | THREADS, pool_reads(o));
}

static void pool_stops(struct svp_opts o)
{
	svq *q = queue_make(1, 1);
	svp *p = pool_make(2, o);
	svp_res *r[3];
	int ret;

	for (int i = 0; i < 3; i++)
		r[i] = svp_apply_async(p, job_get, &q, sizeof(q));
	CHECK(svp_res_wait(r[0], 0.03) == -ETIMEDOUT);
	svp_terminate(p);
	CHECK_U64(svp_join(p), 0);
	for (int i = 0; i < 3; i++) {
		ret = svp_res_get(r[i], NULL, 0, 0);
		CHECK(ret == -ECANCELED || (o.kind == SVP_THREADS && i < 2 && ret == -EINTR));
	}
	svp_free(p);
	svq_free(q);
}

TEST(terminate_wakes_workers_from_a_queue)
{
	struct svp_opts o;

	EACH_POOL(o, PROCS | THREADS, pool_stops(o));
}

TEST_MAIN
