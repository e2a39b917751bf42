/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_model_allowed.c - what the model says of where tasks were allowed to run, beside the golden tests.
 */
#include "model/machine.h"
#include "unit/test.h"

#define HEAD "schedviz-text 1\ncpus 2\n"

struct seen {
	struct model *m;
	struct trace_reader *r;
};

static struct seen look(const char *text)
{
	struct seen s = { 0 };
	struct err e = { 0 };

	if (trace_reader_open_mem(&s.r, text, strlen(text), &e) < 0 || model_build(&s.m, s.r, NULL, 0, &e) < 0)
		TEST_FAIL("%s", e.text);
	return s;
}

static void unlook(struct seen *s)
{
	model_free(s->m);
	trace_reader_close(s->r);
}

static enum allowed allowed_at(const struct seen *s, uint32_t tid, uint64_t ts_ns, uint32_t cpu)
{
	for (uint32_t i = 0; i < model_nr_tasks(s->m); i++)
		if (model_task(s->m, (task_id){ i })->tid == tid)
			return model_allowed(s->m, (task_id){ i }, ts_ns, cpu);
	return ALLOWED_UNKNOWN;
}

TEST(allowed_from_the_instant_of_the_change)
{
	struct seen s = look(HEAD "0ms cpu0 task a/10\n0ms cpu0 task b/11\n0ms cpu0 allowed b/11 1\n"
				  "1ms cpu0 allowed a/10 0\n2ms cpu0 allowed a/10 0-1\n3ms end\n");

	CHECK_U64(allowed_at(&s, 10, 999999, 1), ALLOWED_YES);
	CHECK_U64(allowed_at(&s, 10, 1000000, 1), ALLOWED_NO);
	CHECK_U64(allowed_at(&s, 10, 1000000, 0), ALLOWED_YES);
	CHECK_U64(allowed_at(&s, 10, 1999999, 1), ALLOWED_NO);
	CHECK_U64(allowed_at(&s, 10, 2000000, 1), ALLOWED_YES);
	CHECK_U64(allowed_at(&s, 11, 0, 0), ALLOWED_NO);
	CHECK_U64(allowed_at(&s, 11, UINT64_MAX, 1), ALLOWED_YES);
	CHECK_U64(model_allowed(s.m, TASK_NONE, 0, 0), ALLOWED_UNKNOWN);
	unlook(&s);
}

TEST(allowed_is_not_known_without_the_fact)
{
	struct seen s = look(HEAD "0ms cpu0 task a/10\n3ms end\n");

	CHECK_U64(allowed_at(&s, 10, 0, 0), ALLOWED_UNKNOWN);
	unlook(&s);
	s = look(HEAD "fact affinity yes\n0ms cpu0 task a/10\n3ms end\n");
	CHECK_U64(allowed_at(&s, 10, 0, 0), ALLOWED_YES);
	unlook(&s);
	s = look(HEAD "fact affinity no\n0ms cpu0 task a/10\n1ms cpu0 allowed a/10 0\n3ms end\n");
	CHECK_U64(allowed_at(&s, 10, 2000000, 1), ALLOWED_UNKNOWN);
	unlook(&s);
}

/* A mask of more CPUs than a record holds: what it does not say is not known, what it does say is. */
TEST(allowed_in_part)
{
	struct seen s = look("schedviz-text 1\ncpus 4\n0ms cpu0 task a/10\n1ms cpu0 allowed a/10 0-1 of 2\n"
			     "2ms cpu0 allowed a/10 0 of 4\n3ms end\n");
	uint64_t until_ns;
	bool known;

	CHECK_U64(allowed_at(&s, 10, 1000000, 1), ALLOWED_YES);
	CHECK_U64(allowed_at(&s, 10, 1000000, 2), ALLOWED_UNKNOWN);
	CHECK(!model_allowed_set(s.m, (task_id){ 0 }, 1000000, &known, &until_ns) && !known);
	CHECK_U64(until_ns, 2000000);
	CHECK_U64(allowed_at(&s, 10, 2000000, 3), ALLOWED_NO);
	CHECK(model_allowed_set(s.m, (task_id){ 0 }, 2000000, &known, &until_ns) && known);
	unlook(&s);
}

TEST(equal_sets_have_one_address)
{
	struct seen s = look(HEAD "0ms cpu0 task a/10\n0ms cpu0 task b/11\n1ms cpu0 allowed a/10 1\n"
				  "1ms cpu0 allowed b/11 1\n2ms cpu0 allowed b/11 0\n2ms cpu0 allowed b/11 1\n"
				  "3ms end\n");
	uint64_t until_ns;
	bool known;
	const struct cpuset *a = model_allowed_set(s.m, (task_id){ 0 }, 1000000, &known, &until_ns);

	CHECK(a && known);
	CHECK(model_allowed_set(s.m, (task_id){ 1 }, 1000000, &known, &until_ns) == a);
	CHECK_U64(until_ns, UINT64_MAX); /* what was so for no time at all was no change */
	unlook(&s);
}

/* Each change is kept once: a task that is told a thousand times where it may run anyway costs nothing. */
TEST(what_changes_nothing_is_not_kept)
{
	struct facts facts = { 0 };
	uint64_t words[2] = { 3, 0 };
	struct event ev = { .kind = EV_TASK, .task = { .tid = 7, .tgid = 7, .state = 'S' } };
	struct model *m;

	facts_set(&facts, "affinity", "yes");
	m = model_begin(&facts, (struct window){ 0, 10000 }, 4, NULL, 0);
	model_event(m, &ev);
	ev = (struct event){ .kind = EV_ALLOWED, .allowed = { .tid = 7, .set = { words, 2 } } };
	for (ev.ts_ns = 1; ev.ts_ns <= 1000; ev.ts_ns++)
		model_event(m, &ev);
	CHECK_U64(m->allowed.sets.n, 1);
	CHECK_U64(m->allowed.pasts.v[0].n, 1);
	words[0] = 15;
	model_event(m, &ev);
	words[0] = 3;
	ev.ts_ns++;
	model_event(m, &ev);
	CHECK_U64(m->allowed.sets.n, 1);
	CHECK_U64(m->allowed.pasts.v[0].n, 3);
	model_end(m);
	model_free(m);
	facts_release(&facts);
}

TEST_MAIN
