/* SPDX-License-Identifier: GPL-2.0-only */
/* judge.c - `schedviz check`, and what the views of a workload's recording say of its theory. */
#include "cmd/judge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "cmd/frame.h"
#include "cmd/views.h"
#include "render/verdict.h"

/* ---- from a command line to knobs ---- */

/* The knobs that the words of `line` ("schedviz run pool -w 2") set; into j. */
static int read_knobs(struct judgement *j, const char *line, struct err *e)
{
	void *unused = xcalloc(1, cmd_run.cfg_size); /* options of the recording: where it was written to */
	struct cmd_ctx ctx = { .cmd = &cmd_run };
	struct common_cfg common = { 0 };
	char *argv[FRAME_MAX_WORDS];
	int ret;

	j->words = xstrdup(line);
	ret = frame_unquote(j->words, argv, FRAME_MAX_WORDS, e);
	ctx.argc = ret - 2; /* behind "schedviz run" */
	ctx.argv = argv + 2;
	if (ret >= 0 && (ret < 3 || frame_parse(&ctx, unused, &common) != EXIT_FINE || !ctx.workload))
		ret = err_set(e, -EINVAL, "'%s' is not the line of a workload%s%s", line, *ctx.err.text ? ": " : "",
			      ctx.err.text);
	j->workload = ret >= 0 ? ctx.workload : NULL;
	j->cfg = ctx.workload_cfg;
	buf_release(&ctx.line);
	opt_release(cmd_run.opts, unused);
	free(unused);
	return ret < 0 ? ret : 0;
}

static int collect(struct judgement *j, struct trace_reader *r, const struct model *m, struct err *e)
{
	struct model *again = NULL;
	struct model_sink sink;
	int ret;

	evidence_init(&j->evidence, m, &sink);
	ret = model_build(&again, r, &sink, 1, e);
	model_free(again);
	return ret;
}

int judge_make(struct judgement *j, struct trace_reader *r, const struct model *m, const char *as, struct err *e)
{
	const struct facts *f = model_facts(m);
	uint64_t cpus = facts_u64(f, "workload.cpus", 0);
	struct buf line = { 0 };
	int ret;

	*j = (struct judgement){ 0 };
	if (cpus > CPUSET_MAX_CPU)
		cpus = 0; /* no machine has so many: damage */
	if (as)
		buf_printf(&line, "schedviz run %s", as);
	else if (cpus && facts_get(f, "command"))
		buf_puts(&line, facts_get(f, "command"));
	if (!line.len)
		return 0;
	ret = read_knobs(j, buf_str(&line), e);
	buf_release(&line);
	if (ret == 0)
		ret = workload_restore(j->workload, j->cfg, (uint32_t)(cpus ? cpus : 1), e);
	if (ret == 0)
		ret = collect(j, r, m, e);
	if (ret == 0)
		workload_check(j->workload, j->cfg, &j->evidence, facts_get(f, "workload.cannot"), &j->report);
	return ret;
}

void judge_release(struct judgement *j)
{
	if (j->evidence.model)
		evidence_release(&j->evidence);
	report_release(&j->report);
	free(j->cfg);
	free(j->words);
	*j = (struct judgement){ 0 };
}

/* ---- the command ---- */

struct check_cfg {
	const char *as;
	bool json;
	struct view_cfg view;
};

static const struct opt check_opts[] = { OPT_STRING(0, "as", struct check_cfg, as, "LINE",
						    "hold it against the theory of another line, as 'inversion --pi'"),
					 OPT_FLAG(0, "json", struct check_cfg, json,
						  "for programs (user/render/CHECK_JSON.md)"),
					 VIEW_COLUMNS_OPT(struct check_cfg), OPT_END };

static void check_defaults(void *cfg)
{
	view_defaults(&((struct check_cfg *)cfg)->view);
}

static void put_json(struct cmd_ctx *ctx, const struct judgement *j)
{
	struct facts theory = { 0 };

	j->workload->predict(j->cfg, &theory);
	verdict_json(&j->report, j->workload->name, facts_get(&theory, "theory.text"), &ctx->out);
	facts_release(&theory);
}

static int put_judgement(struct cmd_ctx *ctx, const struct check_cfg *cfg, const struct judgement *j)
{
	static const int codes[NR_VERDICTS] = {
		[VERDICT_AS_PREDICTED] = EXIT_FINE,
		[VERDICT_NOT_AS_PREDICTED] = EXIT_FAILED,
		[VERDICT_NOT_JUDGED] = EXIT_CANNOT,
	};
	struct style style = view_style(ctx, &cfg->view);

	if (cfg->json) {
		put_json(ctx, j);
	} else {
		view_explain(ctx, j, &style);
		verdict_put(&j->report, &style, &ctx->out);
	}
	return codes[report_verdict(&j->report)];
}

static int check_run(struct cmd_ctx *ctx, void *arg)
{
	const struct check_cfg *cfg = arg;
	const char *path = cmd_trace_word(ctx);
	struct judgement j = { 0 };
	struct model *m = NULL;
	struct view v;
	int code = EXIT_FAILED;

	if (!path)
		return EXIT_USAGE;
	if (view_open(&v, path, &cfg->view, &ctx->err) != EXIT_FINE)
		goto out;
	if (model_build(&m, v.reader, NULL, 0, &ctx->err) < 0 || judge_make(&j, v.reader, m, cfg->as, &ctx->err) < 0)
		goto out;
	if (j.workload)
		code = put_judgement(ctx, cfg, &j);
	else
		err_set(&ctx->err, -EINVAL,
			"'%s' is not the recording of an included workload - 'schedviz run' makes one", path);
out:
	judge_release(&j);
	model_free(m);
	view_close(&v);
	return code;
}

const struct cmd cmd_check = {
	.name = "check",
	.args = "[TRACE]",
	.summary = "hold the recording of a workload against its theory",
	.detail = "Checks what an included workload predicts in what was recorded of it: every claim with what was "
		  "measured and what was expected, and a verdict: as predicted, not as predicted, or not judged, with "
		  "the reason: others used more than 5 % of the machine, events were lost, or this machine cannot show "
		  "it. `run` ends with the same.\n\n"
		  "The exit status says the verdict: 0 as predicted, 1 not as predicted, 77 not judged. Needs neither "
		  "privilege nor the machine that it was recorded on.\n\n"
		  "  schedviz check\n"
		  "  schedviz check --as 'inversion --pi' plain.svz     against a theory that it cannot meet",
	.flags = CMD_PAGER,
	.opts = check_opts,
	.cfg_size = sizeof(struct check_cfg),
	.defaults = check_defaults,
	.run = check_run,
};
