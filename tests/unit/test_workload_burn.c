/* SPDX-License-Identifier: GPL-2.0-only */
/* test_workload_burn.c - burn() uses the CPU time it is asked for, by the thread's own clock. */
#include "test.h"
#include <pthread.h>
#include <unistd.h>
#include <sys/wait.h>
#include "base/fmt.h"
#include "workloads/burn.h"

static uint64_t burnt(uint64_t ns)
{
	uint64_t before_ns = burn_clock_ns();

	burn(ns);
	return burn_clock_ns() - before_ns;
}

/*
 * Never too little. Not much too much either, except where the CPU clock goes on while the machine does not: a virtual
 * one may be paused at any instant. Not in ten burns out of ten.
 */
static bool burns(uint64_t want_ns)
{
	for (int tries = 0; tries < 10; tries++) {
		uint64_t got_ns = burnt(want_ns);

		if (got_ns < want_ns - want_ns / 10)
			return false;
		if (got_ns <= want_ns + want_ns / 2 + 2 * NSEC_PER_MSEC)
			return true;
	}
	return false;
}

TEST(burns_what_is_asked_for)
{
	static const uint64_t lengths_ns[] = { 1, 500, 20 * NSEC_PER_USEC, 3 * NSEC_PER_MSEC, 50 * NSEC_PER_MSEC };

	burn_calibrate();
	for (size_t i = 0; i < sizeof(lengths_ns) / sizeof(lengths_ns[0]); i++)
		CHECK(burns(lengths_ns[i]));
}

TEST(burning_nothing_costs_nothing)
{
	CHECK(burns(0));
}

static void *burn_here(void *arg)
{
	*(bool *)arg = burns(20 * NSEC_PER_MSEC);
	return NULL;
}

TEST(each_thread_burns_its_own)
{
	pthread_t threads[4];
	bool right[4];

	for (int i = 0; i < 4; i++)
		CHECK(pthread_create(&threads[i], NULL, burn_here, &right[i]) == 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 4; i++)
		CHECK(right[i]);
}

TEST(a_child_keeps_the_calibration)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(!burns(10 * NSEC_PER_MSEC));
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK_U64(status, 0);
}

TEST_MAIN
