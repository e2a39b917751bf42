/* SPDX-License-Identifier: GPL-2.0-only */
/* list.c - `schedviz list`: the included workloads, what each shows and how to start it. */
#include <string.h>

#include "cmd/frame.h"

static void put_group(struct cmd_ctx *ctx, enum workload_group g, bool first)
{
	buf_printf(&ctx->out, "%s%s\n", first ? "" : "\n", workload_group_name(g));
}

static int list_run(struct cmd_ctx *ctx, void *cfg)
{
	size_t width = 0;

	(void)cfg;
	if (cmd_at_most(ctx, 0))
		return EXIT_USAGE;
	for (const struct workload *const *w = workloads; *w; w++)
		width = strlen((*w)->name) > width ? strlen((*w)->name) : width;
	for (const struct workload *const *w = workloads; *w; w++) {
		if (w == workloads || (*w)->group != w[-1]->group)
			put_group(ctx, (*w)->group, w == workloads);
		fmt_pair(&ctx->out, (*w)->name, width, (*w)->summary, ctx->style.columns);
		fmt_pair(&ctx->out, "", width, (*w)->example, ctx->style.columns);
	}
	buf_puts(&ctx->out, "\n'schedviz help run WORKLOAD' explains one and its options.\n");
	return EXIT_FINE;
}

const struct cmd cmd_list = {
	.name = "list",
	.summary = "list the included workloads",
	.detail = "Each workload is a small experiment with processes or threads whose course can be foretold, so "
		  "that what the scheduler did can be compared with what it should have done. Beside its name stand "
		  "one line about what it does and an example of how to start it.",
	.flags = CMD_PAGER,
	.run = list_run,
};
