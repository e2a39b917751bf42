/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_model.c - what the model says about small traces in the text form, beside the golden tests' spans.
 */
#include <errno.h>
#include "model/machine.h"
#include "unit/test.h"

#define HEAD "schedviz-text 1\ncpus 2\n"

struct seen {
	struct model *m;
	struct trace_reader *r;
	VEC(struct span) spans;
	VEC(struct migration) migrations;
	char depths[400]; /* "cpu:depth@us " each */
	uint32_t born;
	bool named; /* every task could be looked up when it was announced */
};

static void on_born(void *ctx, task_id id)
{
	struct seen *s = ctx;

	s->born++;
	s->named = s->named && task_some(id);
}

static void on_span(void *ctx, const struct span *span)
{
	struct seen *s = ctx;

	*vec_push(&s->spans) = *span;
}

static void on_migration(void *ctx, const struct migration *mig)
{
	struct seen *s = ctx;

	*vec_push(&s->migrations) = *mig;
}

static void on_depth(void *ctx, uint32_t cpu, uint64_t ts_ns, uint32_t depth)
{
	struct seen *s = ctx;
	size_t n = strlen(s->depths);

	snprintf(s->depths + n, sizeof(s->depths) - n, "%u:%u@%" PRIu64 " ", cpu, depth, ts_ns / 1000);
}

static struct seen look(const char *text)
{
	struct seen s = { .named = true };
	struct model_sink sink = {
		.ctx = &s, .task_born = on_born, .span = on_span, .migration = on_migration, .depth = on_depth,
	};
	struct err e = { 0 };

	if (trace_reader_open_mem(&s.r, text, strlen(text), &e) < 0 || model_build(&s.m, s.r, &sink, 1, &e) < 0)
		TEST_FAIL("%s", e.text);
	return s;
}

static void unlook(struct seen *s)
{
	model_free(s->m);
	trace_reader_close(s->r);
	vec_release(&s->spans);
	vec_release(&s->migrations);
}

static uint32_t id_of(const struct seen *s, uint32_t tid)
{
	for (uint32_t i = 0; i < model_nr_tasks(s->m); i++)
		if (model_task(s->m, (task_id){ i })->tid == tid)
			return i;
	TEST_FAIL("no task %u", tid);
}

static const struct task *task_of(const struct seen *s, uint32_t tid)
{
	return model_task(s->m, (task_id){ id_of(s, tid) });
}

TEST(an_empty_window_is_an_error)
{
	static const char text[] = HEAD "0ms end\n";
	struct trace_reader *r = NULL;
	struct model *m = NULL;
	struct err e = { 0 };

	if (trace_reader_open_mem(&r, text, strlen(text), &e) < 0)
		return; /* the reader says so itself */
	CHECK_U64((uint64_t)-model_build(&m, r, NULL, 0, &e), EINVAL);
	CHECK(!m);
	trace_reader_close(r);
}

TEST(depth_counts_running_and_runnable)
{
	struct seen s = look(HEAD "0ms cpu0 task a/10 state R on 0\n"
				  "0ms cpu0 task b/11 state S on 0\n"
				  "0ms cpu0 current a/10\n"
				  "1ms cpu0 waking b/11 by a/10\n"
				  "2ms cpu0 switch a/10 R -> b/11\n"
				  "3ms cpu0 switch b/11 S -> a/10\n"
				  "4ms end\n");

	CHECK_STR(s.depths, "0:1@0 0:2@1000 0:1@3000 ");
	unlook(&s);
}

TEST(a_placement_never_counts_where_it_did_not_queue)
{
	struct seen s = look(HEAD "0ms cpu0 task a/10 state R on 0\n"
				  "0ms cpu0 task b/11 state S on 0\n"
				  "0ms cpu0 current a/10\n"
				  "0ms cpu1 current idle\n"
				  "1ms cpu0 waking b/11 by a/10\n"
				  "1.001ms cpu0 migrate b/11 0 -> 1 by a/10\n"
				  "1.1ms cpu1 switch idle R -> b/11\n"
				  "2ms end\n");

	CHECK_STR(s.depths, "0:1@0 1:1@1001 ");
	CHECK_U64(s.migrations.n, 1);
	CHECK(s.migrations.v[0].placement);
	unlook(&s);
}

TEST(a_balanced_wait_moves_its_depth)
{
	struct seen s = look(HEAD "0ms cpu0 task a/10 state R on 0\n"
				  "0ms cpu0 task b/11 state S on 0\n"
				  "0ms cpu0 current a/10\n"
				  "0ms cpu1 current idle\n"
				  "1ms cpu0 waking b/11 by a/10\n"
				  "1.5ms cpu1 migrate b/11 0 -> 1 by idle\n"
				  "2ms end\n");

	CHECK_STR(s.depths, "0:1@0 0:2@1000 0:1@1500 1:1@1500 ");
	CHECK(!s.migrations.v[0].placement);
	unlook(&s);
}

TEST(a_loss_empties_the_queues)
{
	struct seen s = look(HEAD "0ms cpu0 task a/10 state R on 0\n"
				  "0ms cpu0 task b/11 state R on 1\n"
				  "0ms cpu0 current a/10\n"
				  "0ms cpu1 current b/11\n"
				  "2ms cpu0 lost 3 since 1ms\n"
				  "3ms end\n");

	CHECK_STR(s.depths, "0:1@0 1:1@0 0:0@2000 ");
	CHECK(health_doubtful(model_health(s.m)));
	unlook(&s);
}

TEST(tree_puts_threads_under_processes_and_children_under_parents)
{
	struct seen s = look(HEAD "0ms cpu0 task t/22 tgid 20 ppid 10 state S\n"
				  "0ms cpu0 task c/20 tgid 20 ppid 10 state S\n"
				  "0ms cpu0 task z/30 tgid 30 ppid 1 state S\n"
				  "0ms cpu0 task a/10 tgid 10 ppid 1 state R on 0\n"
				  "0ms cpu0 current a/10\n"
				  "1ms cpu0 fork a/10 -> a/40 tgid 40 flags 0x1200011\n"
				  "2ms cpu0 fork a/10 -> a/41 tgid 10 flags 0x10000\n"
				  "3ms end\n");
	static const uint32_t tids[] = { 30, 10, 20, 22, 40, 41 };
	static const uint8_t depths[] = { 0, 0, 1, 2, 1, 1 };
	task_id order[6];
	uint8_t depth[6];

	CHECK_U64(model_nr_tasks(s.m), 6);
	CHECK_U64(s.born, 6);
	model_tree_order(s.m, order, depth);
	for (int i = 0; i < 6; i++) {
		CHECK_U64(model_task(s.m, order[i])->tid, tids[i]);
		CHECK_U64(depth[i], depths[i]);
	}
	CHECK_U64(task_of(&s, 22)->leader.i, id_of(&s, 20));
	CHECK_U64(task_of(&s, 22)->parent.i, id_of(&s, 10));
	CHECK_U64(task_of(&s, 41)->leader.i, id_of(&s, 10));
	CHECK_U64(task_of(&s, 40)->parent.i, id_of(&s, 10));
	CHECK_U64(task_of(&s, 40)->ppid, 10);
	unlook(&s);
}

TEST(a_circle_of_parents_still_has_an_order)
{
	struct seen s = look(HEAD "0ms cpu0 task a/10 ppid 12 state S\n"
				  "0ms cpu0 task b/11 ppid 10 state S\n"
				  "0ms cpu0 task c/12 ppid 11 state S\n"
				  "1ms end\n");
	task_id order[3];
	uint32_t sum = 0;

	model_tree_order(s.m, order, NULL);
	for (int i = 0; i < 3; i++)
		sum += 1u << order[i].i;
	CHECK_U64(sum, 7);
	unlook(&s);
}

TEST(the_target_is_the_root_and_all_it_makes)
{
	struct seen s = look(HEAD "fact target.tid 50\n"
				  "0ms cpu0 task rec/10 state R on 0\n"
				  "0ms cpu0 task other/11 state S on 0\n"
				  "0ms cpu0 current rec/10\n"
				  "1ms cpu0 fork rec/10 -> rec/50 tgid 50 flags 0x1200011\n"
				  "2ms cpu0 fork rec/50 -> rec/51 tgid 51 flags 0x1200011\n"
				  "2.1ms cpu0 exec cmd/50 tgid 50 old 50 \"/bin/cmd\"\n"
				  "3ms cpu0 fork rec/10 -> rec/52 tgid 52 flags 0x1200011\n"
				  "4ms end\n");

	CHECK_U64(model_target(s.m).i, id_of(&s, 50));
	CHECK(task_of(&s, 50)->in_target && task_of(&s, 51)->in_target);
	CHECK(!task_of(&s, 10)->in_target && !task_of(&s, 11)->in_target && !task_of(&s, 52)->in_target);
	CHECK(!task_of(&s, 11)->outside);
	CHECK_STR(task_of(&s, 50)->name, "cmd");
	CHECK_STR(task_of(&s, 50)->path, "/bin/cmd");
	unlook(&s);
}

TEST(without_a_target_nobody_is_in_it)
{
	struct seen s = look(HEAD "0ms cpu0 task a/10 state S\n1ms end\n");

	CHECK(!task_some(model_target(s.m)));
	CHECK(!task_of(&s, 10)->in_target);
	unlook(&s);
}

TEST(the_recorder_is_known_by_its_tgid)
{
	struct seen s = look(HEAD "fact recorder.tgid 10\n"
				  "0ms cpu0 task rec/10 tgid 10 state S\n"
				  "0ms cpu0 task rec/11 tgid 10 state S\n"
				  "0ms cpu0 task other/12 tgid 12 state S\n"
				  "1ms end\n");

	CHECK(model_is_recorder(s.m, (task_id){ id_of(&s, 11) }));
	CHECK(!model_is_recorder(s.m, (task_id){ id_of(&s, 12) }));
	unlook(&s);
}

TEST(an_exec_by_a_thread_keeps_the_thread_and_gives_it_its_leaders_number)
{
	struct seen s = look(HEAD "0ms cpu0 task app/10 tgid 10 ppid 5 state S on 0\n"
				  "0ms cpu0 task app/11 tgid 10 ppid 5 state R on 1\n"
				  "0ms cpu0 task sh/5 tgid 5 ppid 1 state S on 1\n"
				  "0ms cpu1 current app/11\n"
				  "1ms cpu1 exec new/10 tgid 10 old 11 \"/bin/new\"\n"
				  "2ms cpu1 switch new/10 S -> idle\n"
				  "3ms end\n");
	const struct task *thread = model_task(s.m, (task_id){ 1 }), *leader = model_task(s.m, (task_id){ 0 });

	CHECK_U64(thread->tid, 10);
	CHECK_STR(thread->name, "new");
	CHECK_U64(thread->leader.i, 1);
	CHECK_U64(thread->parent.i, id_of(&s, 5));
	CHECK_STR(leader->name, "app");
	CHECK_U64(leader->died_ns, 1000000); /* unseen, but its number is another's */
	CHECK_U64(model_health(s.m)->cpu_mismatches, 0);
	unlook(&s);
}

TEST(a_sleep_that_ended_in_a_loss_is_not_taken_for_a_signal)
{
	struct seen s = look(HEAD "0ms cpu0 task a/10 state R on 0\n"
				  "0ms cpu0 current a/10\n"
				  "0ms cpu1 current idle\n"
				  "1ms cpu0 switch a/10 S pause -> idle\n"
				  "3ms cpu1 lost 2 since 2ms\n"
				  "4ms cpu0 switch idle R -> a/10\n"
				  "5ms end\n");
	static const uint8_t states[] = { STATE_RUNNING, STATE_SLEEPING, STATE_UNKNOWN, STATE_RUNNABLE, STATE_RUNNING };

	CHECK_U64(s.spans.n, 5);
	for (size_t i = 0; i < 5; i++)
		CHECK_U64(s.spans.v[i].state, states[i]);
	CHECK_U64(s.spans.v[3].why, WHY_OPENING);
	CHECK_U64(model_health(s.m)->requeued_by_signal, 0);
	unlook(&s);
}

TEST(the_first_sleep_of_a_new_task_is_voluntary_by_parity)
{
	struct seen s = look(HEAD "0ms cpu0 task a/10 state R on 0\n"
				  "0ms cpu0 current a/10\n"
				  "1ms cpu0 fork a/10 -> b/11 tgid 11 flags 0x1200011\n"
				  "1.1ms cpu0 wakeup_new b/11 on 0 by a/10\n"
				  "2ms cpu0 switch a/10 R -> b/11\n"
				  "3ms cpu0 switch b/11 R -> a/10 nvcsw odd\n"
				  "4ms end\n");
	uint32_t id = id_of(&s, 11);

	for (size_t i = 0; i < s.spans.n; i++)
		if (s.spans.v[i].task.i == id && s.spans.v[i].state == STATE_RUNNING)
			CHECK_U64(s.spans.v[i].out, OUT_VOLUNTARY);
	CHECK_U64(model_health(s.m)->requeued_by_signal, 1);
	unlook(&s);
}

TEST(an_old_kernels_state_may_be_that_of_after_the_wake_up)
{
	struct seen s = look(HEAD "fact prev_state task\n"
				  "0ms cpu0 task a/10 state R on 0\n"
				  "0ms cpu0 task b/11 state R on 1\n"
				  "0ms cpu0 current a/10\n"
				  "0ms cpu1 current b/11\n"
				  "1ms cpu0 switch a/10 R+ -> a/10 nvcsw even\n"
				  "1.999ms cpu1 waking a/10 by b/11\n"
				  "2ms cpu0 switch a/10 R -> idle nvcsw odd\n"
				  "3ms end\n");
	const struct span *last = NULL;

	for (size_t i = 0; i < s.spans.n; i++)
		if (s.spans.v[i].task.i == id_of(&s, 10))
			last = &s.spans.v[i];
	CHECK_U64(last->state, STATE_RUNNABLE);
	CHECK_U64(last->why, WHY_WOKEN);
	CHECK_U64(last->waker.i, id_of(&s, 11));
	CHECK_U64(model_health(s.m)->requeued_by_signal, 0);
	unlook(&s);
}

TEST(events_outside_the_window_move_state_but_are_not_told)
{
	struct facts facts = { 0 };
	struct event waking = { .ts_ns = 50, .kind = EV_WAKING, .waking = { .tid = 7, .waker_tid = 8 } };
	struct event late = { .ts_ns = 5000, .kind = EV_SWITCH, .sw = { .prev_tid = 0, .next_tid = 7 } };
	struct event name = { .ts_ns = 5000, .kind = EV_RENAME, .rename = { .tid = 7, .comm = "late" } };
	struct seen s = { 0 };
	struct model_sink sink = { .ctx = &s, .span = on_span };

	s.m = model_begin(&facts, (struct window){ 100, 1000 }, 1, &sink, 1);
	model_event(s.m, &waking);
	model_event(s.m, &late);
	model_event(s.m, &name);
	model_end(s.m);
	CHECK_U64(s.spans.n, 1);
	CHECK_U64(s.spans.v[0].state, STATE_RUNNABLE);
	CHECK(s.spans.v[0].cut_left && s.spans.v[0].cut_right);
	CHECK_STR(model_task(s.m, s.spans.v[0].task)->name, "late");
	CHECK_U64(model_events(s.m, EV_SWITCH), 1);
	unlook(&s);
	facts_release(&facts);
}

struct renames {
	const struct model *m;
	char said[80];
};

static void on_renamed(void *ctx, task_id id, uint64_t ts_ns)
{
	struct renames *r = ctx;
	size_t n = strlen(r->said);

	snprintf(r->said + n, sizeof(r->said) - n, "%s@%" PRIu64 " ", model_task(r->m, id)->name, ts_ns);
}

TEST(a_new_name_is_told_when_it_is_one)
{
	struct facts facts = { 0 };
	struct event event = { .kind = EV_RENAME, .rename = { .tid = 7 } };
	struct renames r = { 0 };
	struct model_sink sink = { .ctx = &r, .renamed = on_renamed };
	struct model *m = model_begin(&facts, (struct window){ 100, 1000 }, 1, &sink, 1);
	static const char *const names[] = { "early", "one", "one", "two" };

	r.m = m;
	for (unsigned i = 0; i < 4; i++) {
		event.ts_ns = 50 + 100 * i;
		strcpy(event.rename.comm, names[i]);
		model_event(m, &event);
	}
	model_end(m);
	CHECK_STR(r.said, "one@150 two@350 ");
	model_free(m);
	facts_release(&facts);
}

TEST(a_damaged_rare_stream_is_no_hole_in_a_cpu)
{
	struct facts facts = { 0 };
	struct event lost = { .ts_ns = 500, .cpu = UINT32_MAX, .kind = EV_LOST,
			      .lost = { .from_ns = 100, .count = 4 } };
	struct model *m = model_begin(&facts, (struct window){ 100, 1000 }, 1, NULL, 0);

	model_event(m, &lost);
	model_end(m);
	CHECK_U64(model_health(m)->lost_rare, 4);
	CHECK_U64(model_health(m)->lost_spans, 0);
	model_free(m);
}

TEST(a_second_pass_gives_the_same_ids)
{
	struct seen s = look(HEAD "0ms cpu0 task a/10 state R on 0\n"
				  "1ms cpu0 fork a/10 -> b/11 tgid 11 flags 0x1200011\n"
				  "2ms cpu0 switch a/10 R -> b/11\n"
				  "3ms end\n");
	struct model *again = NULL;

	CHECK_U64(model_build(&again, s.r, NULL, 0, NULL), 0);
	CHECK_U64(model_nr_tasks(again), model_nr_tasks(s.m));
	for (uint32_t i = 0; i < model_nr_tasks(again); i++)
		CHECK_U64(model_task(again, (task_id){ i })->tid, model_task(s.m, (task_id){ i })->tid);
	model_free(again);
	unlook(&s);
}

TEST_MAIN
