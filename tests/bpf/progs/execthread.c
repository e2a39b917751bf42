/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * execthread.c - a thread that is not the leader calls exec: the others die, and it takes over the leader's tid.
 *
 * usage: execthread             prints "before PID TID" in that thread, then "after PID TID" in the new program
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000 }, NULL);
}

static void *bystander(void *arg)
{
	prctl(PR_SET_NAME, "bystander");
	for (;;)
		pause();
	return arg;
}

static void *executor(void *arg)
{
	prctl(PR_SET_NAME, "executor");
	dprintf(STDOUT_FILENO, "before %d %d\n", getpid(), gettid());
	sleep_ms(5);
	execl("/proc/self/exe", "execthread", "after", (char *)NULL);
	perror("execthread");
	return arg;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	(void)argv;
	if (argc > 1) {
		dprintf(STDOUT_FILENO, "after %d %d\n", getpid(), gettid());
		sleep_ms(5);
		return 0;
	}
	if (pthread_create(&thread, NULL, bystander, NULL) || pthread_create(&thread, NULL, executor, NULL))
		return 1;
	pthread_join(thread, NULL);
	return 1; /* only if exec failed */
}
