/* SPDX-License-Identifier: GPL-2.0-only */
/* test_svpool.c - what a pool promises while nobody dies: results, order, chunks, limits, rules. */
#define _GNU_SOURCE
#include "svpool_test.h"
#include <sched.h>
#include "svpool/inside.h"

static void applies(struct svp_opts o)
{
	svp *p = pool_make(3, o);
	svp_res *r[20];
	int n, out;

	for (n = 0; n < 20; n++) {
		r[n] = svp_apply_async(p, job_square, &n, sizeof(n));
		CHECK(r[n]);
	}
	for (n = 0; n < 20; n++) {
		CHECK_U64(svp_res_get(r[n], &out, sizeof(out), -1), 0);
		CHECK_U64(out, n * n);
		CHECK_U64(svp_res_get(r[n], NULL, 0, 0), 0); /* once more, and without a look at it */
	}
	n = 111;
	CHECK_U64(svp_apply(p, job_square, &n, sizeof(n), &out, sizeof(out)), 0);
	CHECK_U64(out, 111 * 111);
	n = -7;
	CHECK(svp_apply(p, job_square, &n, sizeof(n), &out, sizeof(out)) == -7);
	CHECK_U64(out, 49);
	svp_res_free(r[3]);
	pool_end(p);
}

TEST(tasks_are_done_by_every_kind_and_hand_off)
{
	struct svp_opts o;

	EACH_POOL(o, PROCS | THREADS, applies(o));
	EACH_POOL(o, PROCS | THREADS, o.ondemand = 1; applies(o));
	EACH_POOL(o, PROCS | THREADS, o.max_tasks = 2; applies(o));
}

static void maps(struct svp_opts o)
{
	static const size_t chunks[] = { 0, 1, 3, 7, 100, 1000 };
	svp *p = pool_make(3, o);
	int in[100], out[100];
	svp_res *r;

	for (int i = 0; i < 100; i++)
		in[i] = i;
	for (size_t c = 0; c < sizeof(chunks) / sizeof(chunks[0]); c++) {
		memset(out, 0, sizeof(out));
		CHECK_U64(svp_map(p, job_square, in, 100, sizeof(int), out, sizeof(int), chunks[c]), 0);
		for (int i = 0; i < 100; i++)
			CHECK_U64(out[i], i * i);
	}
	in[40] = -40;
	in[60] = -60;
	r = svp_map_async(p, job_square, in, 100, sizeof(int), sizeof(int), 0);
	CHECK(r);
	CHECK(svp_res_get(r, out, sizeof(out), -1) == -40);
	for (int i = 0; i < 100; i++)
		CHECK_U64(out[i], i * i);
	CHECK_U64(svp_map(p, job_square, NULL, 0, sizeof(int), NULL, 0, 0), 0);
	pool_end(p);
}

TEST(maps_keep_the_order_and_name_the_first_error)
{
	struct svp_opts o;

	EACH_POOL(o, PROCS | THREADS, maps(o));
	EACH_POOL(o, PROCS | THREADS, o.max_tasks = 3; o.ondemand = 1; maps(o));
}

TEST(chunks_are_as_cpython_has_them)
{
	CHECK_U64(svp_chunk(100, 4), 7);
	CHECK_U64(svp_chunk(5, 4), 1);
	CHECK_U64(svp_chunk(16, 4), 1);
	CHECK_U64(svp_chunk(17, 4), 2);
	CHECK_U64(svp_chunk(0, 4), 1);
	CHECK_U64(svp_chunk(1, 0), 1);
	CHECK_U64(svp_chunk(SIZE_MAX, 1), SIZE_MAX / 4 + 1);
}

TEST(cpus_are_those_that_may_be_used)
{
	cpu_set_t before, one;

	CHECK(sched_getaffinity(0, sizeof(before), &before) == 0);
	CHECK_U64(svp_cpu_count(), CPU_COUNT(&before));
	CPU_ZERO(&one);
	for (size_t i = 0; i < CPU_SETSIZE && !CPU_COUNT(&one); i++)
		if (CPU_ISSET(i, &before))
			CPU_SET(i, &one);
	CHECK(sched_setaffinity(0, sizeof(one), &one) == 0);
	CHECK_U64(svp_cpu_count(), 1);
	CHECK(sched_setaffinity(0, sizeof(before), &before) == 0);
}

static void waits(struct svp_opts o)
{
	svp *p = pool_make(1, o);
	double from = seconds_now(); /* before its sleep begins, which may be long before submit is through */
	svp_res *r = submit_sleep(p, 0.3);

	CHECK(svp_res_wait(r, 0) == -ETIMEDOUT);
	CHECK(seconds_now() - from < 0.25);
	CHECK(svp_res_wait(r, 0.02) == -ETIMEDOUT);
	CHECK(svp_res_get(r, NULL, 0, 0.02) == -ETIMEDOUT);
	CHECK(seconds_now() - from >= 0.04);
	CHECK_U64(svp_res_wait(r, 60), 0);
	CHECK(seconds_now() - from >= 0.3);
	CHECK(seconds_now() - from < 30);
	CHECK_U64(svp_res_wait(r, 0), 0);
	pool_end(p);
}

TEST(waiting_has_a_limit)
{
	struct svp_opts o;

	EACH_POOL(o, PROCS | THREADS, waits(o));
}

struct count_arg {
	svp *p;
	bool first; /* to count itself finished */
};

static uint64_t *left_of(svp *p, const void *arg)
{
	for (uint64_t task = SVP_RING; task < __atomic_load_n(&p->shared->tail, __ATOMIC_SEQ_CST); task++)
		if (p->shared->ring[task % SVP_RING].task->args == arg)
			return &p->shared->ring[task % SVP_RING].task->batch->left;
	return NULL;
}

/*
 * One counts itself finished, as svp_finish() does, but gets no further until the other, which counts to zero and wakes
 * the master, is through and the master asleep again: the worst that a scheduler can do to it. (Its svp_finish() then
 * counts below zero, which is no more reason to wake anybody than the 1 that it would have counted to.)
 */
static int job_count(const void *arg, size_t len, void *out, size_t room)
{
	const struct count_arg *a = arg;
	uint64_t *left = left_of(a->p, arg), until = a->first ? 0 : 1;

	(void)len, (void)out, (void)room;
	if (!left)
		return -EBADMSG;
	if (a->first)
		__atomic_sub_fetch(left, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(left, __ATOMIC_SEQ_CST) > until)
		svp_sleep(0.001);
	return a->first ? svp_sleep(0.05) : 0;
}

static void counts(struct svp_opts o)
{
	svp *p = pool_make(2, o);
	struct count_arg args[2] = { { p, true }, { p, false } };
	double from = seconds_now();
	svp_res *r = svp_map_async(p, job_count, args, 2, sizeof(args[0]), 0, 1);

	CHECK(r);
	CHECK_U64(svp_res_get(r, NULL, 0, 20), 0);
	CHECK(seconds_now() - from < 15); /* it was woken, and did not find out when its time was over */
	pool_end(p);
}

TEST(a_task_that_is_counted_before_it_is_finished_is_waited_for)
{
	struct svp_opts o;

	EACH_POOL(o, PROCS | THREADS, counts(o));
}

static void expect_einval(svp *p)
{
	int n = 1;

	errno = 0;
	CHECK(!svp_apply_async(p, job_square, &n, sizeof(n)) && errno == EINVAL);
	errno = 0;
	CHECK(!svp_map_async(p, job_square, &n, 1, sizeof(n), sizeof(n), 0) && errno == EINVAL);
	CHECK(svp_apply(p, job_square, &n, sizeof(n), NULL, 0) == -EINVAL);
	CHECK(svp_map(p, job_square, &n, 1, sizeof(n), NULL, 0, 0) == -EINVAL);
}

static void rules(struct svp_opts o)
{
	svp *p = pool_make(2, o);
	svp_res *r = submit_sleep(p, 0.05);
	int n = 1;

	CHECK(svp_join(p) == -EINVAL);
	CHECK(!svp_apply_async(p, NULL, &n, sizeof(n)) && errno == EINVAL);
	svp_close(p);
	expect_einval(p);
	CHECK_U64(svp_join(p), 0);
	CHECK_U64(svp_join(p), 0);
	who_did(r);
	expect_einval(p);
	svp_terminate(p);
	CHECK_U64(svp_join(p), 0);
	svp_free(p);
	p = pool_make(2, o);
	svp_terminate(p);
	expect_einval(p);
	svp_close(p);
	CHECK_U64(svp_join(p), 0);
	svp_free(p);
	svp_free(pool_make(2, o));
}

TEST(join_wants_close_and_nothing_is_taken_after_it)
{
	struct svp_opts o;

	EACH_POOL(o, PROCS | THREADS, rules(o));
	svp_free(NULL);
	svp_res_free(NULL);
}

TEST(senseless_options_are_einval)
{
	static const struct svp_opts bad[] = { { .kind = 2 },	  { .kind = -1 }, { .handoff = 4 },
					       { .handoff = -1 }, { .lead = -1 }, { .lead = 1e9 } };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		errno = 0;
		CHECK(!svp_new(1, &bad[i]) && errno == EINVAL);
	}
	CHECK(!svp_new(-1, NULL) && errno == EINVAL);
	CHECK(!svp_new(65001, NULL) && errno == EINVAL);
}

/* More than fit into the pipe, and into the ring, while nobody takes any. */
static void floods(struct svp_opts o)
{
	enum { N = 70000 };
	svp_res **r = calloc(N, sizeof(*r));
	svp *p = pool_make(1, o);
	svp_res *first = submit_sleep(p, 0.2), *map;
	int in[2] = { 3, 4 }, out[2];

	for (int i = 0; i < N; i++) {
		int n = i % 1000;

		r[i] = svp_apply_async(p, job_square, &n, sizeof(n));
		CHECK(r[i]);
	}
	map = svp_map_async(p, job_square, in, 2, sizeof(int), sizeof(int), 1);
	CHECK_U64(svp_res_get(map, out, sizeof(out), -1), 0);
	CHECK(out[0] == 9 && out[1] == 16);
	CHECK_U64(svp_res_wait(first, 0), 0);
	for (int i = 0; i < 1000; i++) {
		CHECK_U64(svp_res_get(r[N - 1 - i], out, sizeof(int), 0), 0);
		CHECK_U64(out[0], (999 - i) * (999 - i));
	}
	for (int i = 0; i < N; i++)
		svp_res_free(r[i]);
	free(r);
	pool_end(p);
}

TEST(submitting_never_waits)
{
	struct svp_opts o;

	EACH_POOL(o, PROCS, floods(o));
	EACH_POOL(o, THREADS, if (o.handoff != SVP_SOCKETPAIR) floods(o));
}

static int job_fill(const void *arg, size_t len, void *out, size_t room)
{
	for (size_t i = 0; i < room; i++)
		if (((const char *)out)[i])
			return -EBADMSG;
	memset(out, len ? *(const char *)arg : '-', room);
	return (int)room;
}

static void rooms(struct svp_opts o)
{
	char out[300];
	svp *p;

	o.result = 100;
	o.memory = 1 << 20;
	p = pool_make(2, o);
	for (int i = 0; i < 5000; i++) { /* more than fit at a time */
		memset(out, '.', sizeof(out));
		CHECK_U64(svp_apply(p, job_fill, "x", 1, out, sizeof(out)), 100);
		CHECK(out[0] == 'x' && out[99] == 'x' && out[100] == '.');
	}
	CHECK_U64(svp_apply(p, job_fill, NULL, 0, out, 7), 100);
	CHECK(out[0] == '-' && out[6] == '-' && out[7] == 'x');
	CHECK(svp_map(p, job_fill, "xyz", 3, 1, out, 1 << 20, 0) == -ENOMEM);
	CHECK(svp_map(p, job_fill, "xyz", SIZE_MAX / 2, 4, out, 1, 0) == -ENOMEM);
	CHECK_U64(svp_map(p, job_fill, "xyz", 3, 1, out, 100, 0), 0);
	CHECK(out[0] == 'x' && out[100] == 'y' && out[299] == 'z');
	pool_end(p);
}

TEST(results_have_their_room_and_memory_comes_back)
{
	struct svp_opts o;

	EACH_POOL(o, PROCS | THREADS, rooms(o));
}

static void forgets(struct svp_opts o)
{
	svp *p = pool_make(2, o);
	int n = 5, out;

	for (int i = 0; i < 3000; i++) {
		svp_res *r = svp_apply_async(p, job_square, &n, sizeof(n));

		CHECK(r);
		svp_res_free(r);
	}
	CHECK_U64(svp_apply(p, job_square, &n, sizeof(n), &out, sizeof(out)), 0);
	CHECK_U64(out, 25);
	pool_end(p);
}

TEST(results_may_be_forgotten_before_they_are_done)
{
	struct svp_opts o;

	EACH_POOL(o, PROCS | THREADS, forgets(o));
}

static void strangers(struct svp_opts o)
{
	svp *p = pool_make(2, o);
	pid_t stranger = fork_kept();
	double from = seconds_now();

	if (stranger == 0) {
		sleep(HANG_SECONDS);
		_exit(0);
	}
	pool_end(p);
	CHECK(seconds_now() - from < 30);
	kill(stranger, SIGKILL);
	CHECK(waitpid(stranger, NULL, 0) == stranger);
}

TEST(a_forked_stranger_that_holds_the_ends_is_no_hang)
{
	struct svp_opts o;

	EACH_POOL(o, PROCS | THREADS, strangers(o));
}

static void joins_for(struct svp_opts o)
{
	svp *p = pool_make(2, o);
	svp_res *r = submit_sleep(p, 0.2);

	CHECK(svp_join_for(p, 0) == -EINVAL);
	svp_close(p);
	CHECK(svp_join_for(p, 0) == -ETIMEDOUT);
	CHECK(svp_join_for(p, 0.01) == -ETIMEDOUT);
	CHECK_U64(svp_join_for(p, 60), 0);
	CHECK_U64(svp_res_wait(r, 0), 0);
	svp_free(p);
}

TEST(join_may_have_a_limit)
{
	struct svp_opts o;

	EACH_POOL(o, PROCS | THREADS, joins_for(o));
}

/* A pool belongs to who made it: a child may free its view. */
static void inherited(struct svp_opts o)
{
	svp *p = pool_make(2, o);
	pid_t pid = fork_kept();
	int status, n;

	if (pid == 0) {
		svp_free(p);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK_U64(status, 0);
	n = 12;
	CHECK_U64(svp_apply(p, job_square, &n, sizeof(n), &n, sizeof(n)), 0);
	CHECK_U64(n, 144);
	pool_end(p);
}

TEST(a_child_may_free_its_view_of_a_pool)
{
	struct svp_opts o;

	EACH_POOL(o, PROCS | THREADS, inherited(o));
}

TEST_MAIN
