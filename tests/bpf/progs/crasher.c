/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * crasher.c - a process with three threads, one of which dies of SIGSEGV and takes the others with it.
 *
 * usage: crasher [MS]           after so many milliseconds (50)
 *
 * Prints "PID" and the tid of the thread that crashes. Leaves no core file.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static long ms = 50;

static void *crash(void *arg)
{
	prctl(PR_SET_NAME, "crash");
	dprintf(STDOUT_FILENO, "%d %d\n", getpid(), gettid());
	nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 }, NULL);
	*(volatile int *)arg = 1;
	return NULL;
}

static void *bystander(void *arg)
{
	prctl(PR_SET_NAME, "bystander");
	for (;;)
		pause();
	return arg;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	if (argc > 1)
		ms = atol(argv[1]);
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	prctl(PR_SET_DUMPABLE, 0);
	if (pthread_create(&thread, NULL, bystander, NULL) || pthread_create(&thread, NULL, crash, NULL))
		return 1;
	pthread_join(thread, NULL);
	return 0;
}
