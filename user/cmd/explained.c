/* SPDX-License-Identifier: GPL-2.0-only */
/* explained.c - the passes over a recording that an account needs. */
#include "cmd/explained.h"

#include "cmd/progress.h"

int explained_open(struct explained *x, const char *path, const struct view_cfg *cfg, struct err *e)
{
	*x = (struct explained){ 0 };
	return view_open(&x->view, path, cfg, e);
}

int explained_make(struct explained *x, const struct view_cfg *cfg, explained_aim aim, const void *ctx, struct err *e)
{
	struct task_filter filter = { cfg->tasks };
	struct window asked = view_asked(&x->view);
	struct target target = { 0 };
	struct model_sink sinks[VIEW_MORE_SINKS];
	struct progress progress;
	size_t nr = 1;
	int ret;

	progress_init(&progress, "reading", trace_reader_window(x->view.reader), &sinks[0]);
	if (account_begin(&x->account, trace_reader_facts(x->view.reader), &filter, asked, &sinks[nr]))
		nr++;
	ret = view_summarise_with(&x->view, cfg, &x->sum, &x->m, sinks, nr, e);
	if (ret != EXIT_FINE)
		goto out;
	progress_now(&progress, "explaining");
	target_init(&target, x->m, &filter, asked);
	if ((aim && aim(&target, x->m, ctx, e) < 0) ||
	    account_make(&x->account, x->view.reader, &x->sum, &target, e) < 0)
		ret = EXIT_FAILED;
	target_release(&target);
out:
	progress_end(&progress);
	return ret;
}

void explained_close(struct explained *x)
{
	account_release(&x->account);
	summary_release(&x->sum);
	model_free(x->m);
	view_close(&x->view);
}
