/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * run.c - `schedviz run`: record an included workload, draw it, and hold it against its theory.
 */
#include <string.h>

#include "capture/capture.h"
#include "cmd/record.h"
#include "cmd/views.h"
#include "workloads/workload.h"

struct run_cfg {
	struct recording_cfg r;
	bool no_picture;
};

static int in_child(void *opaque)
{
	const struct cmd_ctx *ctx = opaque;

	return ctx->workload->run(ctx->workload_cfg);
}

/* The command line as it was, for the file: `ctx` has only what the options left of it. */
static void describe(const struct cmd_ctx *ctx, struct facts *facts)
{
	facts_set(facts, "workload", ctx->workload->name);
	facts_setf(facts, "command", "schedviz run %s", ctx->workload->name);
	ctx->workload->predict(ctx->workload_cfg, facts);
}

static int draw(struct cmd_ctx *ctx, const char *path)
{
	struct timeline_cfg what = { 0 };
	struct view_cfg view;

	view_defaults(&view);
	return view_timeline(ctx, path, &view, &what);
}

static int run(struct cmd_ctx *ctx, void *opaque)
{
	const struct run_cfg *cfg = opaque;
	struct session_cfg session = { .main = in_child, .main_ctx = ctx };
	int code = cmd_at_most(ctx, 0);

	if (code)
		return code;
	if (workload_prepare(ctx->workload, ctx->workload_cfg, &ctx->err) < 0)
		return EXIT_USAGE;
	identity_caller(&session.child);
	describe(ctx, &session.facts);
	code = recording_run(ctx, &cfg->r, &session);
	facts_release(&session.facts);
	if (ctx->err.code || cfg->no_picture || !strcmp(cfg->r.output, "-"))
		return code;
	return draw(ctx, cfg->r.output) ? EXIT_FAILED : code;
}

static void defaults(void *cfg)
{
	recording_defaults(&((struct run_cfg *)cfg)->r);
}

static const struct opt opts[] = { RECORDING_OPTS(struct run_cfg, r),
				   OPT_FLAG(0, "no-picture", struct run_cfg, no_picture,
					    "only record: do not draw the timeline at the end"),
				   OPT_END };

const struct cmd cmd_run = {
	.name = "run",
	.args = "WORKLOAD",
	.summary = "record an included workload, draw it, compare it with theory",
	.detail = "Runs one of the included experiments as the calling user, records it, draws the timeline and prints "
		  "what "
		  "theory predicted beside what was measured. `schedviz list` names them; `schedviz help run WORKLOAD` "
		  "has a "
		  "workload's knobs and its lesson.",
	.flags = CMD_BPF | CMD_WORKLOAD | CMD_PAGER,
	.opts = opts,
	.cfg_size = sizeof(struct run_cfg),
	.defaults = defaults,
	.run = run,
};
