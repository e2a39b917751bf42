/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pinner.c - tasks that change where they may run, or have it changed, and say when.
 *
 * usage: pinner [ROUNDS]      (5)
 *
 * Each task sleeps again and again, so that there are wake-ups. Lines, with times of CLOCK_MONOTONIC:
 *   born TID PARENT CPUS            made by PARENT, when that might run on CPUS
 *   set TID CPUS FROM TO            told to the kernel between FROM and TO, by itself or by another
 * CPUS is a number, or "all". The tasks: the program itself, a process and a thread that it makes while it is pinned,
 * which then unpin themselves, and a process that is pinned by its parent while it sleeps.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ALL (-1)

static cpu_set_t all;
static int first, last; /* two CPUs */

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void nap(void)
{
	for (int i = 0; i < 3; i++)
		nanosleep(&(struct timespec){ .tv_nsec = 300000 }, NULL);
}

static const char *cpus_text(int cpu, char text[16])
{
	if (cpu == ALL)
		return "all";
	snprintf(text, 16, "%d", cpu);
	return text;
}

/* A line is one write: tasks may say theirs at once. */
static void say(const char *line, int n)
{
	if (write(STDOUT_FILENO, line, (size_t)n) != n)
		_exit(1);
}

static void set(pid_t tid, int cpu)
{
	char line[128], text[16];
	uint64_t from_ns, to_ns;
	cpu_set_t one;

	CPU_ZERO(&one);
	if (cpu != ALL)
		CPU_SET((size_t)cpu, &one);
	from_ns = now_ns();
	if (sched_setaffinity(tid, sizeof(one), cpu == ALL ? &all : &one) < 0)
		_exit(1);
	to_ns = now_ns();
	say(line, snprintf(line, sizeof(line), "set %d %s %llu %llu\n", tid, cpus_text(cpu, text),
			   (unsigned long long)from_ns, (unsigned long long)to_ns));
	nap();
}

static void born(pid_t parent, int cpu)
{
	char line[128], text[16];

	say(line, snprintf(line, sizeof(line), "born %d %d %s\n", gettid(), parent, cpus_text(cpu, text)));
	nap();
}

static void *thread(void *cpu)
{
	born(getpid(), *(int *)cpu);
	set(gettid(), ALL);
	set(gettid(), last);
	return NULL;
}

static void process(int cpu)
{
	pid_t parent = getpid(), pid = fork();

	if (!pid) {
		born(parent, cpu);
		set(getpid(), cpu == ALL ? last : ALL);
		_exit(0);
	}
	nap();
	waitpid(pid, NULL, 0);
}

static void pinned_by_another(void)
{
	pid_t parent = getpid(), pid = fork();

	if (!pid) {
		born(parent, ALL);
		for (;;)
			nap();
	}
	nap();
	set(pid, first);
	set(pid, last);
	set(pid, ALL);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 5;
	pthread_t t;

	sched_getaffinity(0, sizeof(all), &all);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET((size_t)cpu, &all))
			last = cpu;
	while (!CPU_ISSET((size_t)first, &all))
		first++;
	for (int i = 0; i < rounds; i++) {
		set(getpid(), first);
		process(first);
		if (pthread_create(&t, NULL, thread, &first))
			return 1;
		pthread_join(t, NULL);
		set(getpid(), last);
		set(getpid(), ALL);
		process(ALL);
		pinned_by_another();
	}
	return 0;
}
