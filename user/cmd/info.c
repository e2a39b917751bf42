/* SPDX-License-Identifier: GPL-2.0-only */
/* info.c - `schedviz info`: about the recording itself. */
#include "render/info.h"

#include "cmd/views.h"

struct info_args {
	struct view_cfg view;
	bool json;
};

static const struct opt info_opts[] = {
	OPT_FLAG('j', "json", struct info_args, json, "write JSON, every fact in the file included"),
	VIEW_COLUMNS_OPT(struct info_args),
	VIEW_STRICT_OPT(struct info_args),
	OPT_END
};

static void info_defaults(void *cfg)
{
	view_defaults(&((struct info_args *)cfg)->view);
}

static int info_run(struct cmd_ctx *ctx, void *arg)
{
	const struct info_args *args = arg;
	struct info info = { .path = cmd_trace_word(ctx) };
	struct style style = view_style(ctx, &args->view);
	struct model *m = NULL;
	struct view v;
	int ret;

	if (!info.path)
		return EXIT_USAGE;
	ret = view_open(&v, info.path, &args->view, &ctx->err);
	if (ret != EXIT_FINE)
		goto out;
	ret = EXIT_FAILED;
	if (model_build(&m, v.reader, NULL, 0, &ctx->err) < 0 ||
	    intrusion_measure(&info.intrusion, m, v.reader, &ctx->err) < 0)
		goto out;
	info.model = m;
	info.reader = v.reader;
	if (args->json)
		info_json(&info, &ctx->out);
	else
		info_text(&info, &style, &ctx->out);
	ret = view_verdict(&v, m, args->view.strict);
out:
	model_free(m);
	view_close(&v);
	return ret;
}

const struct cmd cmd_info = {
	.name = "info",
	.args = "[TRACE]",
	.summary = "tell about a recording: machine, command, losses, cost",
	.detail =
		"What was recorded, on which machine, how many events of each kind, what was lost and when, which "
		"programs were attached and which could not be, and what the recording cost: bytes per event, the "
		"time of the BPF programs (sampled, since measuring it costs more than they do), the recorder's "
		"own CPU time and memory, and how often it ran in the place of a task of the workload that was "
		"preempted for it.",
	.flags = CMD_PAGER,
	.opts = info_opts,
	.cfg_size = sizeof(struct info_args),
	.defaults = info_defaults,
	.run = info_run,
};
