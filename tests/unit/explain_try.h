/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explain_try.h - an account of a recording, for tests: from a text trace or a file, of all of it or of a part.
 */
#ifndef SCHEDVIZ_TESTS_EXPLAIN_TRY_H
#define SCHEDVIZ_TESTS_EXPLAIN_TRY_H

#include "analysis/account.h"
#include "base/fmt.h"
#include "unit/test.h"

#define MS NSEC_PER_MSEC
#define US NSEC_PER_USEC
#define ALL ((struct window){ 0, UINT64_MAX })

struct
try {
	struct trace_reader *reader;
	struct model *model;
	struct summary sum;
	struct roles roles;
	struct target target;
	struct account account;
};

/* The model and the target, which a test may still change (its `last`). `what` of target: NULL, or task names. */
static inline void try_model(struct try *t, struct window asked, const char *tasks)
{
	struct task_filter filter = { tasks };
	struct model_sink sinks[2];
	struct err e = { 0 };

	summary_init(&t->sum, asked, &sinks[0]);
	roles_init(&t->roles, asked, &t->model, &sinks[1]);
	if (model_build(&t->model, t->reader, sinks, 2, &e) < 0)
		TEST_FAIL("%s", e.text);
	summary_finish(&t->sum, t->model);
	roles_finish(&t->roles);
	t->sum.roles = &t->roles;
	target_init(&t->target, t->model, &filter, asked);
}

static inline void try_text(struct try *t, const char *text, struct window asked, const char *tasks)
{
	struct err e = { 0 };

	*t = (struct try){ 0 };
	if (trace_reader_open_mem(&t->reader, text, strlen(text), &e) < 0)
		TEST_FAIL("%s", e.text);
	try_model(t, asked, tasks);
}

static inline void try_account(struct try *t)
{
	struct err e = { 0 };

	if (account_make(&t->account, t->reader, &t->sum, &t->target, &e) < 0)
		TEST_FAIL("%s", e.text);
}

/* The task of this number that was born first. */
static inline task_id try_task(const struct try *t, uint32_t tid)
{
	for (uint32_t i = 0; i < model_nr_tasks(t->model); i++)
		if (model_task(t->model, (task_id){ i })->tid == tid)
			return (task_id){ i };
	return TASK_NONE;
}

static inline void try_end(struct try *t)
{
	account_release(&t->account);
	target_release(&t->target);
	summary_release(&t->sum);
	roles_release(&t->roles);
	model_free(t->model);
	trace_reader_close(t->reader);
}

#endif
