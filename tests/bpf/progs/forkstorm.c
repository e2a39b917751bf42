/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * forkstorm.c - many processes that are over at once; none of them may be missing from a recording.
 *
 * usage: forkstorm N            N times fork and exit
 *        forkstorm N exec       N times vfork and exec of this program, which exits
 *
 * Prints how many were made.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define AT_ONCE 8

static int make_one(int with_exec)
{
	pid_t pid = with_exec ? vfork() : fork();

	if (pid == 0) {
		if (with_exec)
			execl("/proc/self/exe", "forkstorm-child", (char *)NULL);
		_exit(with_exec);
	}
	return pid > 0;
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 0, with_exec = argc > 2, made = 0, well = 0, status;

	if (argc < 2) /* this is such a child */
		return 0;
	while (made < n) {
		int batch;

		for (batch = 0; batch < AT_ONCE && made < n && make_one(with_exec); batch++)
			made++;
		if (!batch) {
			perror("forkstorm");
			return 1;
		}
		while (batch--)
			well += wait(&status) > 0 && status == 0;
	}
	printf("%d\n", made);
	return well != n;
}
