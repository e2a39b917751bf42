/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pace.c - a scheduler load of a known rate: two processes on one CPU hand a byte to and fro, in bursts.
 *
 *         pace ROUND-TRIPS-PER-SECOND SECONDS
 *
 * A round trip is two switches and two wake-ups. Each 10 ms that many are made which are due, so the rate holds as long
 * as the machine can keep it; the number made is printed at the end.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BURST_NS 10000000ULL
#define NS 1000000000ULL

static unsigned long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (unsigned long long)t.tv_sec * NS + (unsigned long long)t.tv_nsec;
}

static void echo(int in, int out)
{
	char c;

	while (read(in, &c, 1) == 1)
		if (write(out, &c, 1) != 1)
			return;
}

static unsigned long long ping(int out, int in, unsigned long long rate, unsigned long long ns)
{
	unsigned long long start = now_ns(), done = 0, at;
	struct timespec pause = { .tv_nsec = BURST_NS };
	char c = 0;

	while ((at = now_ns() - start) < ns) {
		for (unsigned long long due = at / 1000 * rate / 1000000; done < due; done++)
			if (write(out, &c, 1) != 1 || read(in, &c, 1) != 1)
				return done;
		nanosleep(&pause, NULL);
	}
	return done;
}

int main(int argc, char **argv)
{
	cpu_set_t first;
	int to[2], fro[2];
	pid_t pid;

	if (argc != 3) {
		fprintf(stderr, "usage: pace ROUND-TRIPS-PER-SECOND SECONDS\n");
		return 2;
	}
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	if (sched_setaffinity(0, sizeof(first), &first) || pipe(to) || pipe(fro) || (pid = fork()) < 0) {
		perror("pace");
		return 1;
	}
	if (!pid) {
		close(to[1]);
		echo(to[0], fro[1]);
		_exit(0);
	}
	printf("%llu\n", ping(to[1], fro[0], strtoull(argv[1], NULL, 10), strtoull(argv[2], NULL, 10) * NS));
	close(to[1]);
	return waitpid(pid, NULL, 0) == pid ? 0 : 1;
}
