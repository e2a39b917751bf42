/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * history_collect.h - the inside of history.h: what its two files share.
 */
#ifndef SCHEDVIZ_ANALYSIS_HISTORY_COLLECT_H
#define SCHEDVIZ_ANALYSIS_HISTORY_COLLECT_H

#include "analysis/history.h"

/* Fills jobs, job_order, nr_jobs. */
void history_order_jobs(struct history *h);

#endif
