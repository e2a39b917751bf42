/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * account.c - one history, then every analysis of it.
 */
#include "analysis/account.h"

bool account_begin(struct account *a, const struct facts *f, const struct task_filter *filter, struct window asked,
		   struct model_sink *sink)
{
	*a = (struct account){ 0 };
	if ((filter->text && *filter->text) || facts_get(f, "target.tid"))
		return false;
	history_init(&a->history, asked, NULL, sink);
	return true;
}

static int collect(struct account *a, struct trace_reader *r, const struct target *target, struct err *e)
{
	struct model *again = NULL;
	struct model_sink sink;
	int ret;

	history_init(&a->history, target->window, target, &sink);
	ret = model_build(&again, r, &sink, 1, e);
	model_free(again);
	return ret;
}

void account_take(struct account *a, const struct summary *sum, struct target *target)
{
	a->sum = sum;
	a->target = *target;
	*target = (struct target){ 0 };
	history_finish(&a->history, sum->model, &a->target);
	blame_make(&a->blame, &a->history);
	ledger_make(&a->ledger, &a->history, &a->blame);
	blame_release_times(&a->blame);
	path_make(&a->path, &a->history, a->target.last, a->target.window);
	whatifs_make(&a->whatifs, &a->history, &a->path);
	latencies_make(&a->latencies, &a->history);
	jobstats_make(&a->jobs, &a->history);
	locks_make(&a->locks, &a->history);
	findings_make(&a->findings, a);
}

int account_make(struct account *a, struct trace_reader *r, const struct summary *sum, struct target *target,
		 struct err *e)
{
	int ret = a->history.log ? 0 : collect(a, r, target, e);

	if (ret < 0)
		return ret;
	account_take(a, sum, target);
	findings_number(&a->findings, r, sum->model);
	return 0;
}

void account_release(struct account *a)
{
	findings_release(&a->findings);
	locks_release(&a->locks);
	jobstats_release(&a->jobs);
	latencies_release(&a->latencies);
	path_release(&a->path);
	blame_release(&a->blame);
	ledger_release(&a->ledger);
	history_release(&a->history);
	target_release(&a->target);
}
