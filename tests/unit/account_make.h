/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * account_make.h - the account of a trace that a test has drawn.
 */
#ifndef SCHEDVIZ_ACCOUNT_MAKE_H
#define SCHEDVIZ_ACCOUNT_MAKE_H

#include <string.h>
#include "analysis/account.h"
#include "unit/test.h"

struct accounted {
	struct trace_reader *reader;
	struct model *m;
	struct summary sum;
	struct roles roles;
	struct account account;
};

#define ACCOUNTED_ALL ((struct window){ 0, UINT64_MAX })

/* `text`: in the text form. `asked`, `tasks` (may be NULL): as somebody asks for a part of it. */
static inline void accounted_part(struct accounted *x, const char *text, struct window asked, const char *tasks)
{
	struct task_filter filter = { tasks };
	struct target target = { 0 };
	struct model_sink sinks[3];
	struct err e = { 0 };
	bool first;

	*x = (struct accounted){ 0 };
	if (trace_reader_open_mem(&x->reader, text, strlen(text), &e) < 0)
		TEST_FAIL("%s", e.text);
	summary_init(&x->sum, asked, &sinks[0]);
	roles_init(&x->roles, asked, &x->m, &sinks[1]);
	first = account_begin(&x->account, trace_reader_facts(x->reader), &filter, asked, &sinks[2]);
	if (model_build(&x->m, x->reader, sinks, first ? 3 : 2, &e) < 0)
		TEST_FAIL("%s", e.text);
	summary_finish(&x->sum, x->m);
	roles_finish(&x->roles);
	x->sum.roles = &x->roles;
	target_init(&target, x->m, &filter, asked);
	if (account_make(&x->account, x->reader, &x->sum, &target, &e) < 0)
		TEST_FAIL("%s", e.text);
}

static inline void accounted_make(struct accounted *x, const char *text)
{
	accounted_part(x, text, ACCOUNTED_ALL, NULL);
}

static inline void accounted_release(struct accounted *x)
{
	account_release(&x->account);
	summary_release(&x->sum);
	roles_release(&x->roles);
	model_free(x->m);
	trace_reader_close(x->reader);
}

#endif
