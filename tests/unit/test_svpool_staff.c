/* SPDX-License-Identifier: GPL-2.0-only */
/* test_svpool_staff.c - which workers there are: replaced after max_tasks, made on demand, named and initialised. */
#define _GNU_SOURCE
#include "svpool_test.h"
#include <sys/prctl.h>

static void replaced(struct svp_opts o)
{
	svp_res *r[9];
	int done[64] = { 0 };
	struct who who[9];
	svp *p;

	o.max_tasks = 2;
	p = pool_make(2, o);
	for (int i = 0; i < 9; i++)
		r[i] = submit_sleep(p, 0.001);
	for (int i = 0; i < 9; i++) {
		who[i] = who_did(r[i]);
		CHECK(who[i].worker >= 0 && who[i].worker < 64);
		CHECK(++done[who[i].worker] <= 2);
		for (int k = 0; k < i; k++)
			if (o.kind == SVP_PROCS)
				CHECK((who[i].pid == who[k].pid) == (who[i].worker == who[k].worker));
	}
	pool_end(p);
}

TEST(a_worker_is_replaced_after_max_tasks)
{
	struct svp_opts o;

	EACH_POOL(o, PROCS | THREADS, replaced(o));
}

/* close() first: what only the master can do is done in join. */
static void replaced_in_join(struct svp_opts o)
{
	svp_res *r[7];
	svp *p;

	o.max_tasks = 1;
	p = pool_make(2, o);
	for (int i = 0; i < 7; i++)
		r[i] = submit_sleep(p, 0.001);
	svp_close(p);
	CHECK_U64(svp_join(p), 0);
	for (int i = 0; i < 7; i++)
		for (int k = 0; k < i; k++)
			CHECK(who_did(r[i]).worker != who_did(r[k]).worker);
	svp_free(p);
}

TEST(workers_are_replaced_while_the_master_joins)
{
	struct svp_opts o;

	EACH_POOL(o, PROCS | THREADS, replaced_in_join(o));
}

static void on_demand(struct svp_opts o)
{
	svp_res *r[5];
	double none = 0;
	struct who who;
	svp *p;

	o.ondemand = 1;
	p = pool_make(3, o);
	for (int i = 0; i < 300; i++) { /* whatever the worker is at when it is counted */
		CHECK_U64(svp_apply(p, job_who, &none, sizeof(none), &who, sizeof(who)), 0);
		CHECK_U64(who.worker, 0);
	}
	for (int i = 0; i < 5; i++)
		r[i] = submit_sleep(p, 0.3);
	for (int i = 0; i < 5; i++)
		CHECK(who_did(r[i]).worker < 3);
	for (int i = 0; i < 3; i++)
		for (int k = 0; k < i; k++)
			CHECK(who_did(r[i]).worker != who_did(r[k]).worker);
	pool_end(p);
	svp_free(pool_make(3, o)); /* nobody was ever needed */
	p = pool_make(3, o);
	pool_end(p);
}

TEST(on_demand_workers_come_when_nobody_is_idle)
{
	struct svp_opts o;

	EACH_POOL(o, PROCS | THREADS, on_demand(o));
}

static int job_name(const void *arg, size_t len, void *out, size_t room)
{
	(void)arg, (void)len, (void)room;
	return prctl(PR_GET_NAME, out);
}

static void names(struct svp_opts o)
{
	char name[64];
	svp *p;

	o.max_tasks = 1;
	p = pool_make(1, o);
	CHECK_U64(svp_apply(p, job_name, NULL, 0, name, sizeof(name)), 0);
	CHECK_STR(name, "worker0");
	CHECK_U64(svp_apply(p, job_name, NULL, 0, name, sizeof(name)), 0);
	CHECK_STR(name, "worker1");
	CHECK(svp_worker() == -1 && !svp_stopping());
	pool_end(p);
}

TEST(workers_have_names)
{
	struct svp_opts o;

	EACH_POOL(o, PROCS | THREADS, names(o));
}

static __thread int initialised;

static void init(void *ctx)
{
	initialised = *(int *)ctx;
}

static int job_initialised(const void *arg, size_t len, void *out, size_t room)
{
	(void)arg, (void)len, (void)out, (void)room;
	return initialised;
}

static void initialises(struct svp_opts o)
{
	int value = 42;
	svp *p;

	o.init = init;
	o.init_ctx = &value;
	o.max_tasks = 1;
	o.lead = 0.03;
	p = pool_make(2, o);
	for (int i = 0; i < 6; i++)
		CHECK_U64(svp_apply(p, job_initialised, NULL, 0, NULL, 0), 42);
	pool_end(p);
}

TEST(every_worker_is_initialised)
{
	struct svp_opts o;

	EACH_POOL(o, PROCS | THREADS, initialises(o));
	CHECK_U64(initialised, 0);
}

TEST_MAIN
