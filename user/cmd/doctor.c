/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * doctor.c - `schedviz doctor`: what this machine can and cannot do, each "no" with its remedy.
 */
#include "capture/doctor.h"
#include "cmd/cmd.h"

#include <string.h>

struct look {
	const char *word, *color;
};

static const struct look looks[] = {
	[CHECK_YES] = { "yes", "\x1b[32m" },
	[CHECK_LESS] = { "partly", "\x1b[33m" },
	[CHECK_NO] = { "NO", "\x1b[31m" },
};

static void put_row(struct cmd_ctx *ctx, const struct check *c)
{
	const struct look *look = &looks[c->verdict];
	struct buf text = { 0 };

	fmt_safe(&text, c->detail, strlen(c->detail), ctx->style.utf8);
	buf_puts(&ctx->out, ctx->style.color ? look->color : "");
	fmt_cell(&ctx->out, look->word, 7, false, ctx->style.utf8);
	buf_puts(&ctx->out, ctx->style.color ? "\x1b[0m" : "");
	buf_printf(&ctx->out, "%-26s %s\n", c->name, buf_str(&text));
	if (c->remedy[0])
		buf_printf(&ctx->out, "%34s-> %s\n", "", c->remedy);
	buf_release(&text);
}

static int run(struct cmd_ctx *ctx, void *cfg)
{
	check_list checks = { 0 };
	int code = EXIT_FINE, bad = cmd_at_most(ctx, 0);

	(void)cfg;
	if (bad)
		return bad;
	capture_doctor(&checks);
	for (size_t i = 0; i < checks.n; i++) {
		put_row(ctx, &checks.v[i]);
		if (checks.v[i].verdict == CHECK_NO)
			code = EXIT_CANNOT;
	}
	buf_puts(&ctx->out,
		 code ? "This machine, or this user on it, cannot record; looking at traces works everywhere.\n"
		      : "Ready to record.\n");
	vec_release(&checks);
	return code;
}

const struct cmd cmd_doctor = {
	.name = "doctor",
	.summary = "say what this machine can and cannot record",
	.detail = "Checks the kernel's type information, every tracepoint, the privileges, lockdown, the system "
		  "settings that "
		  "matter and, with the privileges, a recording of 20 ms. Every \"NO\" comes with its remedy. Exit "
		  "status 77 "
		  "when there is one.",
	.run = run,
};
