/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * leaderdies.c - a process whose first thread ends while the others live on.
 *
 * usage: leaderdies             prints "leader TID" and "survivor TID" for the others, at their ends
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define SURVIVORS 2

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000 }, NULL);
}

static void *survivor(void *arg)
{
	prctl(PR_SET_NAME, "survivor");
	for (int i = 0; i < 10; i++)
		sleep_ms(5);
	dprintf(STDOUT_FILENO, "survivor %d\n", gettid());
	return arg;
}

int main(void)
{
	pthread_t thread;

	for (int i = 0; i < SURVIVORS; i++)
		if (pthread_create(&thread, NULL, survivor, NULL))
			return 1;
	sleep_ms(10);
	dprintf(STDOUT_FILENO, "leader %d\n", gettid());
	pthread_exit(NULL);
}
