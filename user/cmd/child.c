/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * child.c - fork, hold, release and reap the recorded program.
 */
#define _GNU_SOURCE
#include "cmd/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

#ifndef SYS_pidfd_open /* headers older than 5.3 */
#define SYS_pidfd_send_signal 424
#define SYS_pidfd_open 434
#endif
#ifndef SYS_close_range /* older than 5.9 */
#define SYS_close_range 436
#endif

static void __attribute__((noreturn)) give_up(int trouble, const struct err *e)
{
	if (write(trouble, e, sizeof(*e)) != sizeof(*e))
		_exit(126);
	_exit(127);
}

/*
 * Leave a process that does not exec nothing of the recorder's: all descriptors from 3 on are closed but these. (Ours
 * are closed by exec; what the caller meant for the program is not.)
 */
static void close_but(const int *keep, size_t n)
{
	int from = 3;

	for (;;) {
		int next = INT_MAX;

		for (size_t i = 0; i < n; i++)
			if (keep[i] >= from && keep[i] < next)
				next = keep[i];
		if (next > from)
			syscall(SYS_close_range, from, next == INT_MAX ? INT_MAX : next - 1, 0);
		if (next == INT_MAX)
			return;
		from = next + 1;
	}
}

/* The keeper's whole life. Signals of the terminal are blocked in it, as they are in the recorder. */
static void __attribute__((noreturn)) keeper_main(int orders, pid_t child)
{
	int pidfd = (int)syscall(SYS_pidfd_open, child, 0);
	unsigned char sig;

	close_but((int[]){ orders, pidfd }, 2);
	while (read(orders, &sig, 1) == 1)
		syscall(SYS_pidfd_send_signal, pidfd, (int)sig, NULL, 0);
	_exit(0);
}

int child_keep(struct child *c, const struct child_cfg *cfg, struct err *e)
{
	int orders[2];

	if (cfg->as->uid == cfg->us->uid)
		return 0;
	if (pipe2(orders, O_CLOEXEC) < 0)
		return err_sys(e, -errno, "cannot start the keeper of the recorded program");
	c->keeper = fork();
	if (!c->keeper) {
		close(orders[1]);
		keeper_main(orders[0], c->pid);
	}
	close(orders[0]);
	c->orders = orders[1];
	if (c->keeper > 0)
		return 0;
	close(orders[1]);
	c->keeper = 0;
	return err_sys(e, -errno, "cannot start the keeper of the recorded program");
}

static void reset_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
}

static int exec_error(const char *program, struct err *e)
{
	int code = errno;

	if (code == ENOENT)
		return err_set(e, -code, "cannot run '%s': no such program", program);
	return err_sys(e, -code, "cannot run '%s'", program);
}

/* The child's side: wait for the word, become who it is to be, begin. */
static void __attribute__((noreturn)) child_main(const struct child_cfg *cfg, int go, int trouble, pid_t parent)
{
	struct err e = { 0 };
	char word;

	if (cfg->main)
		close_but((int[]){ go, trouble, cfg->marks ? cfg->marks->fd : go }, 3);
	if (cfg->dies_with_us && (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent))
		_exit(126);
	if (read(go, &word, 1) != 1)
		_exit(126); /* the recorder gave up, and said why */
	reset_signals();
	if (identity_differs(cfg->as)) {
		if (identity_become(cfg->as, &e) < 0)
			give_up(trouble, &e);
		identity_environment(cfg->as);
		/* a change of user clears it */
		if (cfg->dies_with_us && (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent))
			_exit(126);
	}
	if (cfg->marks && mark_ring_export(cfg->marks, &e) < 0)
		give_up(trouble, &e);
	if (!cfg->main) {
		execvp(cfg->argv[0], cfg->argv);
		exec_error(cfg->argv[0], &e);
		give_up(trouble, &e);
	}
	close(trouble);
	close(go);
	exit(cfg->main(cfg->main_ctx));
}

int child_fork(struct child *c, const struct child_cfg *cfg, struct err *e)
{
	int go[2] = { -1, -1 }, trouble[2] = { -1, -1 };
	pid_t parent = getpid();
	int ret;

	if (pipe2(go, O_CLOEXEC) < 0 || pipe2(trouble, O_CLOEXEC) < 0)
		goto fail;
	fflush(NULL);
	c->pid = fork();
	if (c->pid < 0)
		goto fail;
	if (!c->pid) {
		close(go[1]);
		close(trouble[0]);
		child_main(cfg, go[0], trouble[1], parent);
	}
	close(go[0]);
	close(trouble[1]);
	c->go = go[1];
	c->trouble = trouble[0];
	return 0;
fail:
	ret = err_sys(e, -errno, "cannot start the recorded program");
	c->pid = 0;
	for (int i = 0; i < 2; i++) {
		if (go[i] >= 0)
			close(go[i]);
		if (trouble[i] >= 0)
			close(trouble[i]);
	}
	return ret;
}

int child_go(struct child *c, struct err *e)
{
	struct err its = { 0 };
	ssize_t n;

	if (write(c->go, "g", 1) != 1)
		return err_sys(e, -errno, "the program to record was gone before it began");
	do
		n = read(c->trouble, &its, sizeof(its));
	while (n < 0 && errno == EINTR);
	if (n == sizeof(its)) {
		child_wait(c);
		its.text[sizeof(its.text) - 1] = '\0';
		return err_set(e, its.code < 0 ? its.code : -EIO, "%s", its.text);
	}
	return 0;
}

static bool reap(struct child *c, int flags)
{
	pid_t got;

	if (!c->pid || c->reaped)
		return c->reaped;
	do
		got = waitpid(c->pid, &c->wait_status, flags);
	while (got < 0 && errno == EINTR);
	c->reaped = got == c->pid || got < 0;
	return c->reaped;
}

bool child_poll(struct child *c)
{
	return reap(c, WNOHANG);
}

void child_wait(struct child *c)
{
	reap(c, 0);
}

void child_signal(const struct child *c, int sig)
{
	unsigned char order = (unsigned char)sig;

	if (!c->pid || c->reaped)
		return;
	if (!c->keeper)
		kill(c->pid, sig);
	else if (write(c->orders, &order, 1) != 1)
		log_debug("the keeper of process %d is gone", c->pid);
}

int child_exit_code(const struct child *c)
{
	if (!c->reaped)
		return 0;
	return WIFSIGNALED(c->wait_status) ? 128 + WTERMSIG(c->wait_status) : WEXITSTATUS(c->wait_status);
}

void child_release(struct child *c)
{
	if (!c->pid)
		return;
	close(c->go);
	close(c->trouble);
	child_signal(c, SIGKILL);
	child_wait(c);
	c->pid = 0;
	if (!c->keeper)
		return;
	close(c->orders);
	while (waitpid(c->keeper, NULL, 0) < 0 && errno == EINTR)
		;
	c->keeper = 0;
}
