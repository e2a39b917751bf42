/* SPDX-License-Identifier: GPL-2.0-only */
/* test_theory_servers.c - what the workloads about servers and wake-ups predict, and what they refuse. */
#include "workload_try.h"

#define MS NSEC_PER_MSEC
#define US NSEC_PER_USEC
#define ROWS(t) (t), sizeof(t) / sizeof((t)[0])

/*
 * Measured with 8 clients, 20 requests of 1 ms and 10 ms: one at a time 89 a second, 4 workers 350, threads 664, a loop
 * for each CPU 622.
 */
static const struct prediction server_rows[] = {
	{ "server", "--model iter", "1/(1 ms + 10 ms): 91 per s; 160 requests: 1.76 s to 1.856 s", 1760 * MS,
	  1856 * MS },
	{ "server", "--cpus 0", "4/(1 ms + 10 ms): 364 per s; 160 requests: 440 ms to 584 ms", 440 * MS, 584 * MS },
	{ "server", "-w 1", "1/(1 ms + 10 ms): 91 per s; 160 requests: 1.76 s to 1.856 s", 1760 * MS, 1856 * MS },
	{ "server", "-w 100 --cpus 0", "8/(1 ms + 10 ms): 727 per s; 160 requests: 220 ms to 372 ms", 220 * MS,
	  372 * MS },
	{ "server", "--model threads --cpus 0", "8/(1 ms + 10 ms): 727 per s; 160 requests: 220 ms to 372 ms", 220 * MS,
	  372 * MS },
	{ "server", "--model loop", "8/(1 ms + 10 ms): 727 per s; 160 requests: 220 ms to 372 ms", 220 * MS, 372 * MS },
	{ "server", "--model loop --clients 20", "1/1 ms: 1000 per s; 400 requests: 400 ms to 612 ms", 400 * MS,
	  612 * MS },
	{ "server", "--model loops --clients 20 --cpus 0", "1/1 ms: 1000 per s; 400 requests: 400 ms to 612 ms",
	  400 * MS, 612 * MS },
	{ "server", "--model iter --quick", "1/(1 ms + 10 ms): 91 per s; 48 requests: 528 ms to 556.8 ms", 528 * MS,
	  556800 * US },
};

static const struct refusal server_refusals[] = {
	{ "server", "--model iter --workers 2", "prefork" },
	{ "server", "--model loops -w 2", "loops" },
	{ "server", "--work 0 --sleep 0", "nothing to serve" },
	{ "server", "--work 0", NULL },
	{ "server", "--clients 0", "clients" },
	{ "server", "--model forking", "forking" },
};

/* 20 connections, 8 waiters: all were woken 21 times, 20 and the end of the socket; with EPOLLEXCLUSIVE 20 in all. */
static const struct prediction wake_rows[] = {
	{ "herd", "", "8 wake-ups for each of 20 connections = 160, 140 in vain", 0, 0 },
	{ "herd", "--exclusive", "1 wake-up for each of 20 connections = 20, 0 in vain", 0, 0 },
	{ "herd", "-w 3 -n 5", "3 wake-ups for each of 5 connections = 15, 10 in vain", 0, 0 },
	{ "herd", "--quick", "8 wake-ups for each of 10 connections = 80, 70 in vain", 0, 0 },
	{ "pingpong", "", "2 switches, 1 to 2 wake-ups for each round trip", 0, 0 },
	{ "pingpong", "--over futex --where cross", "1 to 2 switches and wake-ups for each round trip, across CPUs", 0,
	  0 },
	{ "pingpong", "--where free", "1 to 2 switches and wake-ups for each round trip", 0, 0 },
	{ "pingpong", "--over yield", "2 switches, no wake-up for each round trip", 0, 0 },
	{ "pingpong", "--over yield --where cross", "no switch, no wake-up: each has its CPU", 0, 0 },
	{ "pingpong", "--over yield --where free", "0 to 2 switches, no wake-up for each round trip", 0, 0 },
};

static const struct refusal wake_refusals[] = {
	{ "herd", "--waiters 0", "waiters" },	       { "herd", "--gap 1us", "gap" },
	{ "herd", "--workers 3", "--workers" },	       { "pingpong", "--over mail", "mail" },
	{ "pingpong", "--where here", "here" },	       { "pingpong", "--rounds 1", "rounds" },
	{ "pingpong", "--rounds 10 --threads", NULL },
};

TEST(wake_ups_are_predicted)
{
	check_predictions(ROWS(wake_rows));
}

TEST(what_wakes_nobody_is_refused)
{
	check_refusals(ROWS(wake_refusals));
}

TEST(going_across_needs_two_cpus)
{
	struct tried one = try_options("pingpong", "--where cross --cpus 0"),
		     same = try_options("pingpong", "--cpus 0");
	struct buf why = { 0 };

	CHECK(one.ret == 0 && one.w->cannot(one.cfg, &why));
	CHECK(strstr(buf_str(&why), "two CPUs"));
	CHECK(same.ret == 0 && !same.w->cannot(same.cfg, &why));
	buf_release(&why);
	try_release(&one);
	try_release(&same);
}

TEST(server_predicts)
{
	check_predictions(ROWS(server_rows));
}

TEST(server_refuses)
{
	check_refusals(ROWS(server_refusals));
}

TEST_MAIN
