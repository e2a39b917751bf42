/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * switcher.c - threads and processes that leave the CPU in every usual way, and say how often the kernel counted it.
 *
 * usage: switcher [ROUNDS]      (20)
 *
 * Sleepers, yielders, burners and pairs that play ping-pong over pipes, each kind as threads and as processes. At the
 * end of its life each prints "TID NVCSW NIVCSW CPU_FROM CPU_TO" as they were at an instant that it marked with its tid
 * as id: the CPU clock, in ns, was between the two.
 * The process that was started prints nothing of its own: it was there before it could be followed.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/schedviz_mark.h"


static int rounds = 20;

struct player {
	const char *name;
	void (*play)(struct player *p);
	int read_fd, write_fd;
};

static void sleep_ns(long ns)
{
	nanosleep(&(struct timespec){ .tv_nsec = ns }, NULL);
}

static void spin(long n)
{
	for (volatile long i = 0; i < n; i++)
		;
}

static void sleeper(struct player *p)
{
	(void)p;
	for (int i = 0; i < rounds; i++) {
		sleep_ns(1000000);
		spin(10000);
	}
}

static void yielder(struct player *p)
{
	(void)p;
	for (int i = 0; i < rounds * 20; i++) {
		sched_yield();
		spin(1000);
	}
}

static void burner(struct player *p)
{
	(void)p;
	for (int i = 0; i < rounds; i++)
		spin(1000000);
}

static void ping(struct player *p)
{
	char ball = 0;

	for (int i = 0; i < rounds * 10; i++)
		if (write(p->write_fd, &ball, 1) != 1 || read(p->read_fd, &ball, 1) != 1)
			break;
}

static void pong(struct player *p)
{
	char ball;

	for (int i = 0; i < rounds * 10; i++)
		if (read(p->read_fd, &ball, 1) != 1 || write(p->write_fd, &ball, 1) != 1)
			break;
}

static long long cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/*
 * The mark counts only if no switch came between the two readings around it. A thread's first mark touches memory for
 * the first time, which takes a while: that one is not the one that counts.
 */
static void report(void)
{
	struct rusage before, after;
	long long from, to;

	schedviz_mark_instant(0, 0);
	do {
		getrusage(RUSAGE_THREAD, &before);
		from = cpu_ns();
		schedviz_mark_instant((uint64_t)gettid(), 0);
		to = cpu_ns();
		getrusage(RUSAGE_THREAD, &after);
	} while (before.ru_nvcsw != after.ru_nvcsw || before.ru_nivcsw != after.ru_nivcsw);
	dprintf(STDOUT_FILENO, "%d %ld %ld %lld %lld\n", gettid(), after.ru_nvcsw, after.ru_nivcsw, from, to);
}

static void *play(void *arg)
{
	struct player *p = arg;

	prctl(PR_SET_NAME, p->name);
	p->play(p);
	report();
	return NULL;
}

int main(int argc, char **argv)
{
	struct player players[] = {
		{ .name = "sleeper", .play = sleeper }, { .name = "yielder", .play = yielder },
		{ .name = "yielder2", .play = yielder }, { .name = "burner", .play = burner },
		{ .name = "burner2", .play = burner },	 { .name = "ping", .play = ping },
		{ .name = "pong", .play = pong },
	};
	enum { NR = sizeof(players) / sizeof(players[0]) };
	pthread_t threads[NR];
	int there[2], back[2];

	if (argc > 1)
		rounds = atoi(argv[1]);
	for (int as_threads = 0; as_threads < 2; as_threads++) {
		if (pipe(there) < 0 || pipe(back) < 0)
			return 1;
		players[NR - 2].read_fd = back[0], players[NR - 2].write_fd = there[1];
		players[NR - 1].read_fd = there[0], players[NR - 1].write_fd = back[1];
		for (int i = 0; i < NR; i++) {
			if (as_threads ? pthread_create(&threads[i], NULL, play, &players[i]) : fork() == 0) {
				if (as_threads)
					return 1;
				play(&players[i]);
				_exit(0);
			}
		}
		for (int i = 0; i < NR; i++)
			as_threads ? pthread_join(threads[i], NULL) : wait(NULL);
	}
	return 0;
}
