/* SPDX-License-Identifier: GPL-2.0-only */
/* views.c - from a path and a window to a summary, a picture and an exit code. */
#include "cmd/views.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "render/explain.h"
#include "render/frame.h"
#include "render/verdict.h"

void view_defaults(struct view_cfg *cfg)
{
	*cfg = (struct view_cfg){
		.window = { 0, UINT64_MAX },
		.from_ns = UINT64_MAX,
		.to_ns = UINT64_MAX,
	};
}

/* --from and --to are one --window; both at once is one too many. */
static int asked_window(const struct view_cfg *cfg, struct window *out, struct err *e)
{
	bool whole = cfg->window.from_ns == 0 && cfg->window.to_ns == UINT64_MAX;
	bool sides = cfg->from_ns != UINT64_MAX || cfg->to_ns != UINT64_MAX;

	if (sides && !whole)
		return err_set(e, -EINVAL, "--window cannot be used together with --from or --to");
	*out = sides ? (struct window){ cfg->from_ns == UINT64_MAX ? 0 : cfg->from_ns, cfg->to_ns } : cfg->window;
	if (out->from_ns >= out->to_ns)
		return err_set(e, -EINVAL, "--from must be before --to");
	return 0;
}

static int outside(struct window asked, uint64_t span_ns, struct err *e)
{
	struct buf from = { 0 }, span = { 0 };
	int ret;

	fmt_duration(&from, asked.from_ns, false);
	fmt_duration(&span, span_ns, false);
	ret = err_set(e, -ERANGE, "the window begins at %s, but the recording spans only 0..%s", buf_str(&from),
		      buf_str(&span));
	buf_release(&from);
	buf_release(&span);
	return ret;
}

int view_open(struct view *v, const char *path, const struct view_cfg *cfg, struct err *e)
{
	struct window asked = cfg->window, whole;
	uint64_t span_ns;

	*v = (struct view){ 0 };
	if (asked_window(cfg, &asked, e) < 0)
		return EXIT_USAGE;
	if (trace_reader_open(&v->reader, path, e) < 0)
		return EXIT_FAILED;
	whole = trace_reader_window(v->reader);
	span_ns = whole.to_ns > whole.from_ns ? whole.to_ns - whole.from_ns : 0;
	if (asked.from_ns > 0 && asked.from_ns >= span_ns) {
		outside(asked, span_ns, e);
		return EXIT_FAILED;
	}
	v->part = asked.from_ns != 0 || asked.to_ns != UINT64_MAX;
	v->window.from_ns = whole.from_ns + asked.from_ns;
	v->window.to_ns = asked.to_ns < span_ns ? whole.from_ns + asked.to_ns : whole.to_ns;
	return EXIT_FINE;
}

struct window view_asked(const struct view *v)
{
	return v->part ? v->window : (struct window){ 0, UINT64_MAX };
}

void view_close(struct view *v)
{
	roles_release(&v->roles);
	trace_reader_close(v->reader);
	v->reader = NULL;
}

int view_check_tasks(const struct model *m, const char *tasks, struct err *e)
{
	struct task_filter filter = { tasks };

	for (uint32_t i = 0; tasks && i < model_nr_tasks(m); i++)
		if (task_filter_match(&filter, model_task(m, (task_id){ i })))
			return EXIT_FINE;
	if (!tasks)
		return EXIT_FINE;
	err_set(e, -ENOENT, "no task matches '%s' - 'schedviz stat --all' lists them", tasks);
	return EXIT_FAILED;
}

int view_summarise(struct view *v, const struct view_cfg *cfg, struct summary *sum, struct model **m, struct err *e)
{
	return view_summarise_with(v, cfg, sum, m, NULL, 0, e);
}

int view_summarise_with(struct view *v, const struct view_cfg *cfg, struct summary *sum, struct model **m,
			const struct model_sink *others, size_t nr, struct err *e)
{
	struct model_sink sinks[2 + VIEW_MORE_SINKS];

	summary_init(sum, v->window, &sinks[0]);
	roles_init(&v->roles, v->window, m, &sinks[1]);
	for (size_t i = 0; i < nr; i++)
		sinks[2 + i] = others[i];
	if (model_build(m, v->reader, sinks, 2 + nr, e) < 0)
		return EXIT_FAILED;
	summary_finish(sum, *m);
	roles_finish(&v->roles);
	sum->roles = &v->roles;
	return view_check_tasks(*m, cfg->tasks, e);
}

int view_verdict(const struct view *v, const struct model *m, bool strict)
{
	return strict && frame_doubtful(m, trace_reader_damage(v->reader)) ? EXIT_DAMAGED : EXIT_FINE;
}

struct style view_style(const struct cmd_ctx *ctx, const struct view_cfg *cfg)
{
	unsigned columns = cfg->columns ? (unsigned)cfg->columns : ctx->style.columns;

	return style_make(ctx->style.utf8, ctx->style.color, columns, getenv("TERM"), getenv("COLORTERM"));
}

/* Explanations are ASCII but for the micro sign of durations. */
static void put_ascii(struct buf *out, const char *text)
{
	for (const char *micro; (micro = strstr(text, "µ")); text = micro + strlen("µ")) {
		buf_put(out, text, (size_t)(micro - text));
		buf_putc(out, 'u');
	}
	buf_puts(out, text);
}

void view_explain(struct cmd_ctx *ctx, const struct judgement *j, const struct style *st)
{
	struct buf said = { 0 }, text = { 0 }, safe = { 0 };

	if (j->workload)
		j->workload->explain(j->cfg, &j->evidence, &said);
	if (st->utf8)
		buf_puts(&text, buf_str(&said));
	else
		put_ascii(&text, buf_str(&said));
	if (text.len) {
		fmt_safe(&safe, text.data, text.len, st->utf8);
		fmt_wrap(&ctx->out, buf_str(&safe), 0, 0, st->columns);
		buf_putc(&ctx->out, '\n');
	}
	buf_release(&said);
	buf_release(&text);
	buf_release(&safe);
}

/* What the end waited for and why, in a few lines. */
static int put_short(struct cmd_ctx *ctx, struct view *v, const struct summary *sum, const struct style *style)
{
	struct window all = { 0, UINT64_MAX };
	struct task_filter filter = { NULL };
	struct account account = { 0 };
	struct target target;
	int ret;

	target_init(&target, sum->model, &filter, all);
	ret = account_make(&account, v->reader, sum, &target, &ctx->err);
	if (ret == 0)
		explain_short(&account, style, &ctx->out);
	account_release(&account);
	target_release(&target);
	return ret;
}

/* The picture, from the first pass and more. */
static int draw(struct cmd_ctx *ctx, struct view *v, const struct summary *sum, const struct timeline_cfg *what,
		const struct style *style, bool whole)
{
	struct timeline_cfg with = *what;
	struct judgement j;
	int ret;

	/* a recording whose workload this version does not know can still be drawn */
	if (judge_make(&j, v->reader, sum->model, NULL, NULL) < 0)
		judge_release(&j);
	if (j.workload)
		with.report = &j.report;
	ret = timeline_draw(&ctx->out, v->reader, sum, &with, style, &ctx->err);
	if (ret < 0 || !whole || !j.workload)
		goto out;
	buf_putc(&ctx->out, '\n');
	ret = put_short(ctx, v, sum, style);
	if (ret < 0)
		goto out;
	buf_putc(&ctx->out, '\n');
	view_explain(ctx, &j, style);
	verdict_put(&j.report, style, &ctx->out);
out:
	judge_release(&j);
	return ret;
}

int view_timeline(struct cmd_ctx *ctx, const char *path, const struct view_cfg *cfg, const struct timeline_cfg *what,
		  bool whole)
{
	struct style style = view_style(ctx, cfg);
	struct summary sum = { 0 };
	struct model *m = NULL;
	struct view v;
	int ret;

	ret = view_open(&v, path, cfg, &ctx->err);
	if (ret != EXIT_FINE)
		goto out;
	ret = view_summarise(&v, cfg, &sum, &m, &ctx->err);
	if (ret != EXIT_FINE)
		goto out;
	if (draw(ctx, &v, &sum, what, &style, whole) < 0)
		ret = EXIT_FAILED;
	else
		ret = view_verdict(&v, m, cfg->strict);
out:
	summary_release(&sum);
	model_free(m);
	view_close(&v);
	return ret;
}
