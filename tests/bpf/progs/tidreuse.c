/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tidreuse.c - several processes, one after another, that all have the same tid.
 *
 * usage: tidreuse [N]           (5)
 *
 * Each has a name of its own (life0, life1 ...), sleeps a millisecond and ends; prints "TID NAME" for each. Asking for
 * a tid needs root (clone3 with set_tid, since Linux 5.5): without, exit status 77.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TRIES 1000

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000 }, NULL);
}

/* tid 0: any. */
static pid_t fork_as(pid_t tid)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = tid ? (uint64_t)(uintptr_t)&tid : 0,
		.set_tid_size = tid != 0,
	};

	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

/* Somebody else may have the number just now, or the last life be not quite gone. */
static pid_t fork_patiently(pid_t tid)
{
	pid_t pid = fork_as(tid);

	for (int i = 0; pid < 0 && errno == EEXIST && i < TRIES; i++) {
		sleep_ms(1);
		pid = fork_as(tid);
	}
	return pid;
}

static void live(int life)
{
	char name[16];

	snprintf(name, sizeof(name), "life%d", life);
	prctl(PR_SET_NAME, name);
	sleep_ms(1);
	dprintf(STDOUT_FILENO, "%d %s\n", getpid(), name);
	_exit(0);
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 5;
	pid_t tid = 0;

	for (int life = 0; life < n; life++) {
		pid_t pid = fork_patiently(tid);

		if (pid == 0)
			live(life);
		if (pid < 0) {
			perror("tidreuse: cannot ask for a tid");
			return 77;
		}
		waitpid(pid, NULL, 0);
		tid = pid;
	}
	return 0;
}
