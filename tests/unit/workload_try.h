/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * workload_try.h - a workload's knobs as a user types them, and what it predicts or refuses then.
 *
 *         static const struct prediction rows[] = { { "seq", "--tasks 3", "3 x 2 s = 6 s", 6 * S, 6 * S }, ... };
 *         TEST(seq_predicts) { check_predictions(rows, sizeof(rows) / sizeof(rows[0])); }
 */
#ifndef SCHEDVIZ_WORKLOAD_TRY_H
#define SCHEDVIZ_WORKLOAD_TRY_H

#include "base/alloc.h"
#include "base/fmt.h"
#include "test.h"
#include "workloads/workload.h"

struct tried {
	const struct workload *w;
	struct workload_cfg *cfg; /* of the workload's own struct */
	char *words;
	struct err e;
	int ret; /* 0: prepared */
};

static inline struct tried try_options(const char *name, const char *options)
{
	struct tried t = { .w = workload_find(name), .words = xstrdup(options) };
	struct opt_group group;
	char *argv[64], *save;
	int argc = 0;

	CHECK(t.w);
	t.cfg = xcalloc(1, t.w->cfg_size);
	group = (struct opt_group){ .opts = t.w->opts, .cfg = t.cfg };
	for (char *word = strtok_r(t.words, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	argv[argc] = NULL;
	t.w->defaults(t.cfg);
	t.ret = opt_parse(&group, 1, argc, argv, OPT_ANYWHERE, &t.e);
	if (t.ret >= 0)
		t.ret = workload_prepare(t.w, t.cfg, &t.e);
	return t;
}

static inline void try_release(struct tried *t)
{
	free(t->cfg);
	free(t->words);
}

struct prediction {
	const char *name, *options, *text;
	uint64_t min_ns, max_ns; /* of the wall clock; 0 and 0: the theory is about something else */
};

static inline void check_predictions(const struct prediction *rows, size_t n)
{
	for (const struct prediction *p = rows; p < rows + n; p++) {
		struct tried t = try_options(p->name, p->options);
		struct facts facts = { 0 };

		if (t.ret < 0)
			TEST_FAIL("'%s %s': %s", p->name, p->options, t.e.text);
		t.w->predict(t.cfg, &facts);
		CHECK_STR(facts_get(&facts, "theory.text"), p->text);
		CHECK_U64(facts_u64(&facts, "theory.wall_min_ns", 0), p->min_ns);
		CHECK_U64(facts_u64(&facts, "theory.wall_max_ns", 0), p->max_ns);
		facts_release(&facts);
		try_release(&t);
	}
}

struct refusal {
	const char *name, *options;
	const char *named; /* what the sentence must contain; NULL: it is not refused */
};

static inline void check_refusals(const struct refusal *rows, size_t n)
{
	for (const struct refusal *r = rows; r < rows + n; r++) {
		struct tried t = try_options(r->name, r->options);

		if (!r->named && t.ret < 0)
			TEST_FAIL("'%s %s' is refused: %s", r->name, r->options, t.e.text);
		if (r->named && (t.ret >= 0 || !strstr(t.e.text, r->named) || strchr(t.e.text, '\n')))
			TEST_FAIL("'%s %s' gives %d: %s", r->name, r->options, t.ret, t.e.text);
		try_release(&t);
	}
}

#endif
