/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * findings_rules.h - the inside of findings.h: a rule looks at an account and adds rows where it holds.
 */
#ifndef SCHEDVIZ_ANALYSIS_FINDINGS_RULES_H
#define SCHEDVIZ_ANALYSIS_FINDINGS_RULES_H

#include "analysis/account.h"

/* An empty row of that kind; valid until the next. */
struct finding_row *finding_add(struct findings *f, enum finding_kind kind);
void finding_at(struct finding_row *row, uint64_t ts_ns); /* one more instant, if there is room */

/* `part` is much of `whole`. */
static inline bool finding_much(uint64_t part, uint64_t whole)
{
	return (unsigned __int128)part * 1000000 >= (unsigned __int128)whole * FINDING_MUCH_PPM && part;
}

/* ---- findings_tasks.c: those that look at what tasks did to each other ---- */

void find_inversion(struct findings *f, const struct account *a);
void find_pingpong(struct findings *f, const struct account *a);
void find_helpers(struct findings *f, const struct account *a);
void find_gil(struct findings *f, const struct account *a);

#endif
