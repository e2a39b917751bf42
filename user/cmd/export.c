/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * export.c - `schedviz export`: a recording for other programs.
 */
#include "export/export.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "cmd/export.h"
#include "cmd/frame.h"
#include "cmd/judge.h"
#include "cmd/views.h"

struct export_cfg {
	struct view_cfg view;
	struct opt_list to; /* a format, and perhaps a time: see read_to() */
	const char *output, *table;
	uint64_t width;
	bool gzip, dark, path;
};

static const struct opt export_opts[] = {
	OPT_LIST(0, "to", struct export_cfg, to, "FORMAT",
		 "perfetto, html, svg, csv or json; given again with a TIME: --window ..TIME"),
	OPT_STRING('o', "output", struct export_cfg, output, "FILE",
		   "write to FILE (the recording's name with the format's ending; - is standard output)"),
	OPT_STRING(0, "table", struct export_cfg, table, "NAME", "only this table: spans, wakes or jobs of csv"),
	OPT_U64(0, "width", struct export_cfg, width, SVG_WIDTH_MIN, SVG_WIDTH_MAX, "PIXELS", "of the svg (1000)"),
	OPT_FLAG(0, "dark", struct export_cfg, dark, "the svg light on dark"),
	OPT_FLAG(0, "path", struct export_cfg, path, "the critical path, also of a whole machine"),
	OPT_FLAG(0, "gzip", struct export_cfg, gzip, "compress it"),
	OPT_WINDOW('w', "window", struct export_cfg, view.window,
		   "only this part, as 2.001s..2.003s, counted from the start"),
	OPT_DURATION(0, "from", struct export_cfg, view.from_ns, 0, UINT64_MAX - 1, "the same as --window TIME.."),
	VIEW_TASKS_OPT(struct export_cfg),
	VIEW_STRICT_OPT(struct export_cfg),
	OPT_END
};

static void export_defaults(void *cfg)
{
	view_defaults(&((struct export_cfg *)cfg)->view);
}

/* ---- where to ---- */

/* "dir/pool.svz" becomes "dir/pool.csv"; standard input has no name. */
static char *default_output(const char *trace, const char *suffix, bool gzip)
{
	const char *slash = strrchr(trace, '/'), *dot = strrchr(slash ? slash : trace, '.');
	struct buf name = { 0 };

	if (!strcmp(trace, "-"))
		buf_puts(&name, "schedviz");
	else
		buf_put(&name, trace, dot && dot != trace ? (size_t)(dot - trace) : strlen(trace));
	buf_printf(&name, ".%s%s", suffix, gzip ? ".gz" : "");
	return name.data;
}

/* ---- what ---- */

struct wish {
	const struct exporter *x;
	const char *output;
	int part; /* -1: all */
	unsigned width;
	bool gzip, dark, path;
};

static int write_part(const struct wish *w, struct export_job *job, const char *path, struct err *e)
{
	struct export_out out;
	int ret = export_open(&out, path, w->gzip, e);

	if (ret == 0)
		ret = w->x->write(job, &out, e);
	if (ret == 0)
		ret = export_finish(&out, e);
	export_close(&out);
	return ret;
}

static int several_to_stdout(const struct wish *w, struct err *e)
{
	return err_set(e, -EINVAL, "%s makes several files: they cannot all go to standard output - give --table NAME",
		       w->x->name);
}

/* Of several tables each gets a file, named after it. */
static int write_parts(const struct wish *w, struct export_job *job, struct err *e)
{
	int ret = 0;

	if (!w->x->parts || w->part >= 0) {
		job->part = w->part >= 0 ? (unsigned)w->part : 0;
		return write_part(w, job, w->output, e);
	}
	if (!strcmp(w->output, "-"))
		return several_to_stdout(w, e);
	for (job->part = 0; w->x->parts[job->part] && ret == 0; job->part++) {
		struct buf add = { 0 };
		char *path;

		buf_printf(&add, "-%s", w->x->parts[job->part]);
		path = cmd_path_with(w->output, buf_str(&add));
		ret = write_part(w, job, path, e);
		free(path);
		buf_release(&add);
	}
	return ret;
}

/* *m: of a finished pass; NULL: the exporter makes it. */
static int export_view(struct cmd_ctx *ctx, const struct view_cfg *cfg, const struct wish *w, struct view *v,
		       struct model **m)
{
	struct export_job job = {
		.reader = v->reader,
		.model = *m,
		.made = *m ? NULL : m,
		.window = v->window,
		.filter = { cfg->tasks },
		.width = w->width,
		.dark = w->dark,
		.path = w->path,
		.theory = facts_get(trace_reader_facts(v->reader), "theory.text"),
	};
	struct judgement j = { 0 };
	int ret;

	/* a recording whose workload this version does not know can still be exported */
	if (*m && judge_make(&j, v->reader, *m, NULL, NULL) < 0)
		judge_release(&j);
	if (j.workload)
		job.verdict = report_verdict_name(report_verdict(&j.report));
	ret = write_parts(w, &job, &ctx->err);
	judge_release(&j);
	return ret < 0 ? EXIT_FAILED : view_verdict(v, *m, cfg->strict);
}

static bool needs_model(const struct view *v, const struct view_cfg *cfg, const struct wish *w)
{
	return cfg->tasks || facts_get(trace_reader_facts(v->reader), "workload") || !w->x->one_pass;
}

static int export_trace(struct cmd_ctx *ctx, const char *path, const struct view_cfg *cfg, const struct wish *w)
{
	struct model *m = NULL;
	struct view v;
	int code = view_open(&v, path, cfg, &ctx->err);

	if (code == EXIT_FINE && needs_model(&v, cfg, w)) {
		if (model_build(&m, v.reader, NULL, 0, &ctx->err) < 0)
			code = EXIT_FAILED;
		else
			code = view_check_tasks(m, cfg->tasks, &ctx->err);
	}
	if (code == EXIT_FINE)
		code = export_view(ctx, cfg, w, &v, &m);
	model_free(m);
	view_close(&v);
	return code;
}

/*
 * Elsewhere --to TIME ends the window, here --to FORMAT says what to make: it is told by its looks, and both may be
 * given. NULL and a sentence.
 */
static const struct exporter *read_to(const struct export_cfg *cfg, struct view_cfg *view, struct err *e)
{
	const struct exporter *x = NULL;

	for (size_t i = 0; i < cfg->to.n; i++) {
		const char *to = cfg->to.v[i];
		bool is_time = *to >= '0' && *to <= '9';

		if (is_time ? parse_duration(to, &view->to_ns, e) < 0 : x != NULL) {
			if (!is_time)
				err_set(e, -EINVAL, "one format at a time - '%s' is the second", to);
			return NULL;
		}
		if (!is_time && !(x = exporter_find(to, e)))
			return NULL;
	}
	if (!x)
		err_set(e, -EINVAL, "export to what? - give --to FORMAT; 'schedviz help export' lists them");
	return x;
}

static int export_run(struct cmd_ctx *ctx, void *arg)
{
	const struct export_cfg *cfg = arg;
	struct wish w = {
		.output = cfg->output,
		.part = -1,
		.width = (unsigned)cfg->width,
		.gzip = cfg->gzip,
		.dark = cfg->dark,
		.path = cfg->path,
	};
	struct view_cfg view = cfg->view;
	const char *path = cmd_trace_word(ctx);
	char *output = NULL;
	int code;

	if (!path)
		return EXIT_USAGE;
	w.x = read_to(cfg, &view, &ctx->err);
	if (w.x && cfg->table)
		w.part = exporter_part(w.x, cfg->table, &ctx->err);
	if (!w.x || (cfg->table && w.part < 0))
		return EXIT_USAGE;
	if (!w.output)
		w.output = output = default_output(path, w.x->suffix, cfg->gzip);
	code = export_trace(ctx, path, &view, &w);
	free(output);
	return code;
}

/* ---- at the end of a recording ---- */

/* "svg:pool.svg" */
static int wish_parse(const char *text, struct wish *w, struct err *e)
{
	const char *colon = strchr(text, ':');
	struct buf name = { 0 };

	if (!colon || !colon[1])
		return err_set(e, -EINVAL, "--export '%s' names no file - give FORMAT:FILE, as svg:pool.svg", text);
	buf_put(&name, text, (size_t)(colon - text));
	*w = (struct wish){ .x = exporter_find(buf_str(&name), e), .output = colon + 1, .part = -1 };
	buf_release(&name);
	if (w->x && w->x->parts && !strcmp(w->output, "-"))
		return several_to_stdout(w, e);
	return w->x ? 0 : -EINVAL;
}

int export_list_check(const struct opt_list *wishes, const char *trace, struct err *e)
{
	struct wish w;

	if (wishes->n && !strcmp(trace, "-"))
		return err_set(e, -EINVAL, "--export reads the recording again: it cannot go to standard output");
	for (size_t i = 0; i < wishes->n; i++)
		if (wish_parse(wishes->v[i], &w, e) < 0)
			return -EINVAL;
	return 0;
}

int export_list_make(struct cmd_ctx *ctx, const struct opt_list *wishes, const char *trace)
{
	struct view_cfg view;
	int code = EXIT_FINE;

	view_defaults(&view);
	for (size_t i = 0; i < wishes->n && code == EXIT_FINE; i++) {
		struct wish w;

		code = wish_parse(wishes->v[i], &w, &ctx->err) < 0 ? EXIT_FAILED : export_trace(ctx, trace, &view, &w);
	}
	return code;
}

const struct cmd cmd_export = {
	.name = "export",
	.args = "[TRACE]",
	.summary = "write a recording for Perfetto, as a page, a figure, for scripts",
	.detail =
		"--to perfetto writes a trace for ui.perfetto.dev and trace_processor, whose rows are the spans of "
		"every other view, to the nanosecond. user/export/PERFETTO.md says what becomes of what.\n"
		"\n"
		"--to html makes one page to look around in: it opens by double click in any browser, needs no "
		"network and nothing installed, and can be given away.\n"
		"\n"
		"--to svg draws the timeline as a figure for slides and papers: --width in pixels, --dark. Every "
		"stretch "
		"of running can be seen, however short.\n"
		"\n"
		"--to csv writes three tables (RFC 4180, with a heading), each into a file of its own: spans, what "
		"each "
		"task did from when to when; wakes, who woke whom; jobs, what the program marked. --table NAME writes "
		"one of them.\n"
		"\n"
		"--to json writes everything, one JSON object a line, streamed; user/export/LINES.md says what each "
		"member means, and that stays as it is.\n"
		"\n"
		"Of a recorded command perfetto, html and json have the critical path, too: what the end waited for, "
		"as 'explain --only path' tells it. --path is for recordings of a whole machine.\n"
		"\n"
		"Times are nanoseconds from the start of the recording. A file appears under its name only when it is "
		"whole. The same recording gives the same bytes.\n"
		"\n"
		"  schedviz export --to perfetto pool.svz          pool.pftrace\n"
		"  schedviz export --to html                       a page of the last recording\n"
		"  schedviz export --to svg --dark -o pool.svg     a figure\n"
		"  schedviz export --to csv                        schedviz-spans.csv and two more\n"
		"  schedviz export --to csv --table wakes -o -     to standard output\n"
		"  schedviz export --to json --tasks 'worker*' pool.svz",
	.opts = export_opts,
	.cfg_size = sizeof(struct export_cfg),
	.defaults = export_defaults,
	.run = export_run,
};
