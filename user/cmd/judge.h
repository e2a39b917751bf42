/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * judge.h - hold the recording of an included workload against its theory: knobs from the recorded command line,
 * evidence from a second pass, the report from the workload's own check.
 */
#ifndef SCHEDVIZ_CMD_JUDGE_H
#define SCHEDVIZ_CMD_JUDGE_H

#include "analysis/evidence.h"
#include "analysis/report.h"
#include "trace/reader.h"
#include "workloads/workload.h"

struct judgement {
	const struct workload *workload; /* NULL: the recording is not of one, or too old to tell its knobs */
	struct workload_cfg *cfg;
	char *words; /* that cfg points into */
	struct evidence evidence;
	struct report report;
};

/*
 * Judge the recording that `m` was built from. `as` holds it against another line instead of the recorded one
 * ("inversion --pi"); NULL: the recorded one. 0 also when there is nothing to judge, then workload is NULL.
 */
int judge_make(struct judgement *j, struct trace_reader *r, const struct model *m, const char *as, struct err *e);
void judge_release(struct judgement *j);

#endif
