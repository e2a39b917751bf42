/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * child.c - fork, hold, release and reap the recorded program.
 */
#define _GNU_SOURCE
#include "cmd/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void __attribute__((noreturn)) give_up(int trouble, const struct err *e)
{
	if (write(trouble, e, sizeof(*e)) != sizeof(*e))
		_exit(126);
	_exit(127);
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
	if (cfg->argv) {
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
	if (c->pid && !c->reaped)
		kill(c->pid, sig);
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
}
