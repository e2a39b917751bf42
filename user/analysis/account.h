/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * account.h - all that is explained about one recording: each analysis over one history, made once.
 */
#ifndef SCHEDVIZ_ANALYSIS_ACCOUNT_H
#define SCHEDVIZ_ANALYSIS_ACCOUNT_H

#include "analysis/blame.h"
#include "analysis/findings.h"
#include "analysis/jobstats.h"
#include "analysis/latency.h"
#include "analysis/ledger.h"
#include "analysis/locks.h"
#include "analysis/path.h"
#include "analysis/whatif.h"

struct account {
	const struct summary *sum; /* of the same window, with roles; not owned */
	struct target target;
	struct history history;
	struct ledger ledger;
	struct blame blame;
	struct path path;
	struct whatifs whatifs;
	struct latencies latencies;
	struct jobstats jobs;
	struct locks locks;
	struct findings findings;
};

/*
 * Before the pass that makes the summary. True: `sink` is to be fed in that pass, too; so it is where everybody is the
 * target, which needs no second one. `asked`: see target_init().
 */
bool account_begin(struct account *a, const struct facts *f, const struct task_filter *filter, struct window asked,
		   struct model_sink *sink);
/*
 * After it. `sum` is finished, with its model, from `r`, which is read once more if account_begin() said no. `target`
 * is taken over, unless it fails. Errors: those of model_build(). account_release() in either case.
 */
int account_make(struct account *a, struct trace_reader *r, const struct summary *sum, struct target *target,
		 struct err *e);
/* The same where the history has been collected already, by whatever pass; without the numbers of events. */
void account_take(struct account *a, const struct summary *sum, struct target *target);
void account_release(struct account *a);

static inline uint64_t account_wall_ns(const struct account *a)
{
	return a->target.window.to_ns - a->target.window.from_ns;
}

#endif
