/* SPDX-License-Identifier: GPL-2.0-only */
/* output.c - what a command composed, written once: to standard output or through a pager, every error noticed. */
#define _GNU_SOURCE /* pipe2 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/frame.h"

/* Without less the text still appears. */
#define PAGER_DEFAULT "command -v less >/dev/null || exec cat; exec less -FRX"
/* A pager that cannot be found leaves its input to cat; the shell has said why. */
#define PAGER_SCRIPT "eval \"$1\"; test $? -ne 127 || exec cat"

void output_init(struct cmd_output *o, bool may_page)
{
	*o = (struct cmd_output){ .may_page = may_page, .fd = STDOUT_FILENO };
}

/* The shell command, or NULL: the user wants none. */
static const char *pager_command(void)
{
	const char *command = getenv("SCHEDVIZ_PAGER");

	if (!command)
		command = getenv("PAGER");
	if (!command)
		return PAGER_DEFAULT;
	return *command && strcmp(command, "cat") ? command : NULL;
}

__attribute__((noreturn)) static void pager_exec(const char *command, int input)
{
	dup2(input, STDIN_FILENO);
	setenv("LESS", "FRX", 0);
	/* under sudo, a shell out of the pager would be root's */
	if (getenv("SUDO_UID"))
		setenv("LESSSECURE", "1", 1);
	execl("/bin/sh", "sh", "-c", PAGER_SCRIPT, "sh", command, (char *)NULL);
	_exit(127);
}

/* Leaves `o` as it is when there is no pager to be had. Ctrl-C is the pager's from here on. */
static void pager_start(struct cmd_output *o)
{
	const char *command = pager_command();
	int ends[2];

	o->may_page = false;
	if (!command || pipe2(ends, O_CLOEXEC) < 0)
		return;
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	o->pager = fork();
	if (!o->pager)
		pager_exec(command, ends[0]);
	close(ends[0]);
	if (o->pager > 0) {
		o->fd = ends[1];
		return;
	}
	o->pager = 0;
	close(ends[1]);
}

static void pager_wait(struct cmd_output *o)
{
	close(o->fd);
	while (waitpid(o->pager, NULL, 0) < 0 && errno == EINTR)
		;
	o->pager = 0;
	o->fd = STDOUT_FILENO;
}

/* 0 or a negative code. */
static int write_all(int fd, const char *bytes, size_t n)
{
	struct pollfd room = { .fd = fd, .events = POLLOUT };

	while (n) {
		ssize_t done = write(fd, bytes, n);

		if (done < 0 && errno == EAGAIN)
			poll(&room, 1, -1); /* somebody made our standard output non-blocking */
		else if (done < 0 && errno != EINTR)
			return -errno;
		if (done > 0) {
			bytes += done;
			n -= (size_t)done;
		}
	}
	return 0;
}

/* A reader who has left is an error like others, not a signal; only here, since recorded programs inherit that. */
static int write_without_sigpipe(int fd, const char *bytes, size_t n)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	int ret;

	sigaction(SIGPIPE, &ignore, &before);
	ret = write_all(fd, bytes, n);
	sigaction(SIGPIPE, &before, NULL);
	return ret;
}

static bool fits_screen(const struct cmd_ctx *ctx)
{
	const char *at = buf_str(&ctx->out);
	unsigned lines = 1; /* the prompt's */

	while (lines <= ctx->style.rows && (at = strchr(at, '\n'))) {
		lines++;
		at++;
	}
	return lines <= ctx->style.rows;
}

static int output_write(struct cmd_ctx *ctx, bool last)
{
	struct cmd_output *o = &ctx->output;

	if (o->may_page && fits_screen(ctx)) {
		if (!last)
			return 0;
	} else if (o->may_page) {
		pager_start(o);
	}
	if (!o->error && ctx->out.len)
		o->error = write_without_sigpipe(o->fd, ctx->out.data, ctx->out.len);
	buf_reset(&ctx->out);
	return o->error;
}

int cmd_flush(struct cmd_ctx *ctx)
{
	return output_write(ctx, false);
}

int output_finish(struct cmd_ctx *ctx)
{
	output_write(ctx, true);
	if (ctx->output.pager)
		pager_wait(&ctx->output);
	return ctx->output.error;
}
