/* SPDX-License-Identifier: GPL-2.0-only */
/* compare.c - `schedviz compare`: two recordings, or two groups of repeated ones, side by side. */
#include "render/compare.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/alloc.h"
#include "cmd/explained.h"
#include "render/pair.h"

struct compare_args {
	struct view_cfg view;
	uint64_t top;
	bool json, no_picture;
};

#define TOP_DEFAULT 8

static const struct opt compare_opts[] = {
	VIEW_TASKS_OPT(struct compare_args),
	OPT_U64(0, "top", struct compare_args, top, 1, 1000000, "N", "at most N rows of each group (8)"),
	OPT_FLAG(0, "no-picture", struct compare_args, no_picture, "without the timelines"),
	OPT_FLAG('j', "json", struct compare_args, json, "write JSON: every measure of both"),
	VIEW_COLUMNS_OPT(struct compare_args),
	VIEW_STRICT_OPT(struct compare_args),
	OPT_END
};

static void compare_defaults(void *cfg)
{
	struct compare_args *args = cfg;

	view_defaults(&args->view);
	args->top = TOP_DEFAULT;
}

/* ---- which recordings ---- */

typedef VEC(char *) path_list;

/* A name, or where nothing is called so what --repeat makes of it: NAME-1, NAME-2, ... */
static void add_path(path_list *paths, const char *name)
{
	size_t before = paths->n;

	for (uint64_t n = 1; access(name, F_OK) < 0 && errno == ENOENT; n++) {
		struct buf add = { 0 };
		char *numbered;

		buf_printf(&add, "-%" PRIu64, n);
		numbered = cmd_path_with(name, buf_str(&add));
		buf_release(&add);
		if (access(numbered, F_OK) < 0) {
			free(numbered);
			break;
		}
		*vec_push(paths) = numbered;
	}
	if (paths->n == before)
		*vec_push(paths) = xstrdup(name); /* opening it will say what is wrong */
}

static int read_words(struct cmd_ctx *ctx, path_list sides[2])
{
	int at = 0, side = 0;
	bool parted = false;

	for (int i = 0; i < ctx->argc; i++)
		parted |= !strcmp(ctx->argv[i], "vs");
	for (at = 0; at < ctx->argc; at++) {
		if (parted && !strcmp(ctx->argv[at], "vs"))
			side++;
		else if (side < 2)
			add_path(&sides[side], ctx->argv[at]);
		side += !parted && at == 0;
	}
	if ((parted ? side == 1 : ctx->argc == 2) && sides[0].n && sides[1].n)
		return 0;
	return err_set(&ctx->err, -EINVAL,
		       "two recordings are compared - schedviz compare A.svz B.svz, or of repeated "
		       "runs A-1.svz A-2.svz vs B-1.svz B-2.svz");
}

static void paths_release(path_list *paths)
{
	for (size_t i = 0; i < paths->n; i++)
		free(paths->v[i]);
	vec_release(paths);
}

/* ---- the command ---- */

/* One recording more: its account is taken and let go. */
static int add_recording(struct cmd_ctx *ctx, const struct compare_args *args, const char *path, int side,
			 struct comparison *c)
{
	struct explained x;
	int ret = explained_open(&x, path, &args->view, &ctx->err);

	if (ret == EXIT_FINE)
		ret = explained_make(&x, &args->view, NULL, NULL, &ctx->err);
	if (ret == EXIT_FINE) {
		comparison_add(c, side, &x.account);
		ret = view_verdict(&x.view, x.m, args->view.strict);
	}
	explained_close(&x);
	return ret;
}

/* "a-1.svz and 4 more" */
static void put_name(const path_list *paths, const struct style *st, struct buf *out)
{
	fmt_safe(out, paths->v[0], strlen(paths->v[0]), st->utf8);
	if (paths->n > 1)
		buf_printf(out, " and %zu more", paths->n - 1);
}

static int put_names(struct cmd_ctx *ctx, const path_list sides[2], const struct style *st)
{
	for (int side = 0; side < 2; side++) {
		buf_printf(&ctx->out, "%c  ", "AB"[side]);
		put_name(&sides[side], st, &ctx->out);
		buf_putc(&ctx->out, '\n');
	}
	return EXIT_FINE;
}

/* The first recording of each side. */
static int put_picture(struct cmd_ctx *ctx, const struct compare_args *args, const path_list sides[2],
		       const struct style *st)
{
	struct pick_cfg pick = { .filter = { args->view.tasks } };
	struct explained x[2] = { 0 };
	struct pair_side halves[2];
	struct buf names[2] = { 0 };
	int ret = EXIT_FINE;

	for (int i = 0; i < 2 && ret == EXIT_FINE; i++) {
		ret = explained_open(&x[i], sides[i].v[0], &args->view, &ctx->err);
		if (ret == EXIT_FINE)
			ret = view_summarise(&x[i].view, &args->view, &x[i].sum, &x[i].m, &ctx->err);
		put_name(&sides[i], st, &names[i]);
		halves[i] = (struct pair_side){ buf_str(&names[i]), x[i].view.reader, &x[i].sum };
	}
	if (ret == EXIT_FINE && pair_draw(&ctx->out, halves, &pick, st, &ctx->err) < 0)
		ret = EXIT_FAILED;
	for (int i = 0; i < 2; i++) {
		buf_release(&names[i]);
		explained_close(&x[i]);
	}
	return ret;
}

static int compose(struct cmd_ctx *ctx, const struct compare_args *args, const path_list sides[2],
		   const struct comparison *c)
{
	struct style style = view_style(ctx, &args->view);
	struct compare_cfg cfg = { .top = (unsigned)args->top };
	int ret;

	if (args->json) {
		compare_json(c, &ctx->out);
		return EXIT_FINE;
	}
	compare_story(c, &style, &ctx->out);
	buf_putc(&ctx->out, '\n');
	ret = args->no_picture ? put_names(ctx, sides, &style) : put_picture(ctx, args, sides, &style);
	if (ret != EXIT_FINE)
		return ret;
	buf_putc(&ctx->out, '\n');
	compare_table(c, &cfg, &style, &ctx->out);
	return EXIT_FINE;
}

static int compare_run(struct cmd_ctx *ctx, void *arg)
{
	const struct compare_args *args = arg;
	struct comparison c = { 0 };
	path_list sides[2] = { 0 };
	int ret = read_words(ctx, sides) < 0 ? EXIT_USAGE : EXIT_FINE, verdict = EXIT_FINE;

	for (int side = 0; side < 2; side++)
		for (size_t i = 0; i < sides[side].n && ret == EXIT_FINE; i++) {
			ret = add_recording(ctx, args, sides[side].v[i], side, &c);
			if (ret == EXIT_DAMAGED) {
				verdict = ret;
				ret = EXIT_FINE;
			}
		}
	comparison_finish(&c);
	if (ret == EXIT_FINE)
		ret = compose(ctx, args, sides, &c);
	comparison_release(&c);
	paths_release(&sides[0]);
	paths_release(&sides[1]);
	return ret == EXIT_FINE ? verdict : ret;
}

const struct cmd cmd_compare = {
	.name = "compare",
	.args = "A B",
	.summary = "say what differs between two recordings, and why",
	.detail =
		"Two recordings side by side: what changed and why in a few sentences, the timelines of both one under "
		"the other on one scale, then the numbers: wall time, critical path, where the CPUs' time went, "
		"wake-up "
		"latencies, tasks matched by their names without numbers (worker0 and worker1 are worker#), jobs by "
		"number.\n"
		"\n"
		"How much of a difference is chance, one run of each does not tell. Of several, as `run --repeat` "
		"makes "
		"them, the medians are compared, and a difference is called noise when the runs of both sides overlap. "
		"Groups are parted by the word vs; a NAME that does not exist stands for NAME-1, NAME-2 and so on.\n"
		"\n"
		"  schedviz compare two-workers.svz four-workers.svz\n"
		"  schedviz compare a-*.svz vs b-*.svz",
	.flags = CMD_PAGER,
	.opts = compare_opts,
	.cfg_size = sizeof(struct compare_args),
	.defaults = compare_defaults,
	.run = compare_run,
};
