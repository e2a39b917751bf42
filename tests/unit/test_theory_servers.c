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

TEST(server_predicts)
{
	check_predictions(ROWS(server_rows));
}

TEST(server_refuses)
{
	check_refusals(ROWS(server_refusals));
}

TEST_MAIN
