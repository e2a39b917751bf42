/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * phases.h - in which phase the jobs of the target were: yet to begin, queued though a worker is free, few left, over.
 *
 * Defined in ledger.h. The sets may overlap and reach beyond the window; the wall times are cut to it.
 */
#ifndef SCHEDVIZ_ANALYSIS_PHASES_H
#define SCHEDVIZ_ANALYSIS_PHASES_H

#include "analysis/ledger.h"

struct phases {
	struct intervals startup, dispatch, tail, join; /* all empty when no job has a worker */
	struct ledger_jobs jobs;
};

void phases_make(struct phases *p, const struct history *h);
void phases_release(struct phases *p);

#endif
