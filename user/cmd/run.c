/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * run.c - `schedviz run`: record an included workload, draw it, and hold it against its theory, once or several times.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/capture.h"
#include "cmd/frame.h"
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

/* What the file is to know of it; the theory is said before it is put to the test. */
static void describe(const struct cmd_ctx *ctx, struct facts *facts)
{
	const struct workload *w = ctx->workload;
	struct buf why = { 0 };

	facts_set(facts, "workload", w->name);
	facts_set(facts, "command", buf_str(&ctx->line));
	facts_setf(facts, "workload.cpus", "%u", ctx->workload_cfg->nr_cpus);
	if (w->cannot && w->cannot(ctx->workload_cfg, &why))
		facts_set(facts, "workload.cannot", buf_str(&why));
	w->predict(ctx->workload_cfg, facts);
	cmd_say(ctx, "theory: %s", facts_get(facts, "theory.text"));
	buf_release(&why);
}

static int draw(struct cmd_ctx *ctx, const char *path)
{
	struct timeline_cfg what = { 0 };
	struct view_cfg view;

	view_defaults(&view);
	return view_timeline(ctx, path, &view, &what, true);
}

/* A workload for which Linux asks root runs as root, any other as the user who called sudo. */
static int choose_user(struct cmd_ctx *ctx, struct identity *out)
{
	identity_caller(out);
	if (!workload_needs_root(ctx->workload, ctx->workload_cfg))
		return EXIT_FINE;
	identity_self(out);
	if (out->uid == 0)
		return EXIT_FINE;
	err_set(&ctx->err, -EPERM, "'%s' with these knobs needs root - sudo schedviz run %s", ctx->workload->name,
		ctx->workload->name);
	return EXIT_CANNOT;
}

static int record_once(struct cmd_ctx *ctx, const struct run_cfg *cfg)
{
	struct session_cfg session = { .main = in_child, .main_ctx = ctx };
	int code = choose_user(ctx, &session.child);

	if (code)
		return code;
	describe(ctx, &session.facts);
	code = recording_run(ctx, &cfg->r, &session);
	facts_release(&session.facts);
	if (ctx->err.code || cfg->no_picture || !strcmp(cfg->r.output, "-"))
		return code;
	return draw(ctx, cfg->r.output) ? EXIT_FAILED : code;
}

/* ---- several times ---- */

static char *numbered(const char *path, uint64_t n)
{
	struct buf add = { 0 };
	char *name;

	buf_printf(&add, "-%" PRIu64, n);
	name = cmd_path_with(path, buf_str(&add));
	buf_release(&add);
	return name;
}

/* In a process of its own, because a recording gives up every privilege. */
static int record_apart(struct cmd_ctx *ctx, const struct run_cfg *cfg, uint64_t n)
{
	struct run_cfg own = *cfg;
	int status;
	pid_t pid;

	cmd_say(ctx, "recording %" PRIu64 " of %" PRIu64, n, ctx->workload_cfg->repeat);
	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		err_sys(&ctx->err, -errno, "cannot make a process for recording %" PRIu64, n);
		return EXIT_FAILED;
	}
	if (pid == 0) {
		own.r.output = numbered(cfg->r.output, n);
		status = record_once(ctx, &own);
		if (*ctx->err.text)
			cmd_say(ctx, "%s", ctx->err.text);
		output_finish(ctx);
		_exit(status);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int record_often(struct cmd_ctx *ctx, const struct run_cfg *cfg)
{
	int code = EXIT_FINE;

	for (uint64_t n = 1; n <= ctx->workload_cfg->repeat && code == EXIT_FINE; n++)
		code = record_apart(ctx, cfg, n);
	return code;
}

static int run(struct cmd_ctx *ctx, void *opaque)
{
	const struct run_cfg *cfg = opaque;

	if (cmd_at_most(ctx, 0) || workload_prepare(ctx->workload, ctx->workload_cfg, &ctx->err) < 0)
		return EXIT_USAGE;
	if (ctx->workload_cfg->repeat <= 1)
		return record_once(ctx, cfg);
	if (cfg->r.exports.n) {
		err_set(&ctx->err, -EINVAL, "--repeat makes several recordings, --export one file - 'schedviz export' "
					    "makes one of each");
		return EXIT_USAGE;
	}
	if (strcmp(cfg->r.output, "-"))
		return record_often(ctx, cfg);
	err_set(&ctx->err, -EINVAL, "--repeat makes several files: they cannot all go to standard output");
	return EXIT_USAGE;
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
	.detail =
		"Says what theory predicts, runs one of the included experiments and records it, then draws the "
		"timeline, explains it, and checks in the recording what was predicted, as `check` does. The "
		"workload runs as the calling user; as root only where Linux asks for it (real-time policies, negative "
		"nice values, cgroups). `schedviz list` names them all; `schedviz help run WORKLOAD` has a workload's "
		"lesson, knobs and theory. The exit status is the workload's; `schedviz check` has the verdict's.",
	.flags = CMD_BPF | CMD_WORKLOAD | CMD_PAGER,
	.opts = opts,
	.cfg_size = sizeof(struct run_cfg),
	.defaults = defaults,
	.run = run,
};
