/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_analysis_history.c - the target is found, and its history says what the model's sinks were told.
 */
#include "analysis/history.h"
#include "unit/soup.h"
#include "unit/test.h"

#define MS NSEC_PER_MSEC
#define ALL ((struct window){ 0, UINT64_MAX })
#define ROUNDS 400

/* ---- the sinks' own words ---- */

struct told {
	VEC(struct span) spans;
	VEC(struct cpu_span) cpus;
	VEC(struct migration) moves;
};

static void tell_span(void *ctx, const struct span *s)
{
	*vec_push(&((struct told *)ctx)->spans) = *s;
}

static void tell_cpu(void *ctx, const struct cpu_span *s)
{
	*vec_push(&((struct told *)ctx)->cpus) = *s;
}

static void tell_move(void *ctx, const struct migration *m)
{
	*vec_push(&((struct told *)ctx)->moves) = *m;
}

static void told_release(struct told *t)
{
	vec_release(&t->moves);
	vec_release(&t->spans);
	vec_release(&t->cpus);
}

static void check_same(const struct stretch *s, const struct span *want, uint64_t to_ns)
{
	CHECK_U64(s->from_ns, want->from_ns);
	CHECK_U64(to_ns, want->to_ns);
	CHECK_U64(s->state, want->state);
	CHECK_U64(s->why, want->why);
	CHECK_U64(s->cpu, want->cpu);
	CHECK_U64(stretch_out(s), want->out);
	CHECK_U64(stretch_ctx(s), want->ctx);
	CHECK_U64(s->waker_cpu, want->waker_cpu);
	CHECK_U64(!!(s->flags & STRETCH_CUT_LEFT), want->cut_left);
	CHECK_U64(!!(s->flags & STRETCH_CUT_RIGHT), want->cut_right);
	CHECK_U64(!!(s->flags & STRETCH_THEN_RAN), want->then_ran);
	if (want->state >= STATE_SLEEPING) {
		CHECK_U64(s->arg, want->arg);
		CHECK_U64(s->syscall, want->syscall);
	} else {
		if (want->state == STATE_RUNNABLE)
			CHECK_U64(s->since_ns, want->since_ns);
		CHECK_U64(s->waker.i, want->waker.i);
	}
}

/* A running stretch knows which span of its CPU it is, and that one knows it. */
static void check_link(const struct history *h, const struct history_task *t, size_t at)
{
	const struct stretch *s = &t->v.v[at];
	size_t span = s->state == STATE_RUNNING ? history_span(h, s) : SIZE_MAX;
	const struct on_cpu *on = span == SIZE_MAX ? NULL : &h->cpus[s->cpu].v.v[span];

	if (!on)
		return;
	CHECK_U64(on->who, t->id.i);
	CHECK_U64(on->from_ns, s->from_ns);
	CHECK_U64(on->at, at);
}

/* Each span that touches the window is a stretch, and there are no others. */
static void check_tasks(const struct history *h, const struct told *told)
{
	size_t stretches = 0, wanted = 0;

	for (size_t i = 0; i < h->tasks.n; i++)
		stretches += h->tasks.v[i].v.n;
	for (size_t i = 0; i < told->spans.n; i++) {
		const struct span *s = &told->spans.v[i];
		const struct history_task *t = history_task(h, s->task);
		size_t at;

		if (!target_has(h->target, s->task) || s->from_ns >= h->window.to_ns || s->to_ns <= h->window.from_ns)
			continue;
		wanted++;
		CHECK(t);
		at = history_at(t, s->from_ns);
		CHECK(at < t->v.n);
		check_same(&t->v.v[at], s, stretch_to_ns(t, at));
		check_link(h, t, at);
		CHECK_U64(history_at(t, s->to_ns - 1), at);
	}
	CHECK_U64(stretches, wanted);
}

static uint32_t who_of(const struct cpu_span *s)
{
	static const uint32_t who[NR_CPU_STATES] = {
		[CPU_UNKNOWN] = ON_CPU_UNKNOWN,
		[CPU_IDLE] = ON_CPU_IDLE,
		[CPU_OFFLINE] = ON_CPU_OFFLINE,
		[CPU_UNRECORDED] = ON_CPU_UNRECORDED,
	};

	return s->state == CPU_TASK ? s->task.i : who[s->state];
}

static void check_cpus(const struct history *h, const struct told *told)
{
	for (size_t i = 0; i < told->cpus.n; i++) {
		const struct cpu_span *s = &told->cpus.v[i];
		const struct history_cpu *c = &h->cpus[s->cpu];
		uint64_t from_ns = s->from_ns > h->window.from_ns ? s->from_ns : h->window.from_ns;
		uint64_t to_ns = s->to_ns < h->window.to_ns ? s->to_ns : h->window.to_ns;
		size_t at;

		if (from_ns >= to_ns)
			continue;
		at = history_cpu_at(c, from_ns);
		CHECK(at < c->v.n);
		CHECK_U64(c->v.v[at].who, who_of(s));
		CHECK(on_cpu_to_ns(c, at) >= to_ns);
		CHECK_U64(at + 1 < c->v.n && c->v.v[at + 1].who == c->v.v[at].who, false);
	}
}

/* The span before the first, if it ends as the window begins, is kept behind it. */
static void check_ended(const struct history *h, const struct told *told)
{
	size_t kept = 0, wanted = 0;

	for (size_t i = 0; i < h->tasks.n; i++)
		kept += h->tasks.v[i].ended;
	for (size_t i = 0; i < told->spans.n; i++) {
		const struct span *s = &told->spans.v[i];
		const struct history_task *t = history_task(h, s->task);

		if (s->to_ns != h->window.from_ns || !t)
			continue;
		wanted++;
		CHECK(t->ended);
		check_same(&t->v.v[-1], s, t->v.v[0].from_ns);
	}
	CHECK_U64(kept, wanted);
}

static void check_moves(const struct history *h, const struct told *told)
{
	uint64_t counted = 0, placed = 0, wanted = 0, wanted_placed = 0;

	for (uint32_t i = 0; i < model_nr_tasks(h->model); i++) {
		for (int d = 0; d < NR_DISTANCES; d++)
			counted += h->moves[i].by[d];
		placed += h->moves[i].placed;
	}
	for (size_t i = 0; i < told->moves.n; i++) {
		if (!target_has(h->target, told->moves.v[i].task) ||
		    !window_contains(h->window, told->moves.v[i].ts_ns))
			continue;
		wanted++;
		wanted_placed += told->moves.v[i].placement;
	}
	CHECK_U64(counted, wanted);
	CHECK_U64(placed, wanted_placed);
}

static void check_all(const struct history *h, const struct told *told)
{
	check_tasks(h, told);
	check_cpus(h, told);
	check_ended(h, told);
	check_moves(h, told);
}

/* In the first pass with everybody, or in a second one with those of the target: the same. */
static void compare(uint64_t seed, const struct facts *facts, struct window asked)
{
	struct history first, second;
	struct model *m = NULL, *again = NULL;
	struct told told = { 0 };
	struct model_sink sinks[2];
	struct target target;

	history_init(&first, asked, NULL, &sinks[0]);
	sinks[1] = (struct model_sink){ .ctx = &told, .span = tell_span, .cpu_span = tell_cpu, .migration = tell_move };
	soup_model(&m, seed, facts, sinks, 2, NULL);
	target_init(&target, m, NULL, asked);
	history_finish(&first, m, &target);
	check_all(&first, &told);
	history_init(&second, target.window, &target, &sinks[0]);
	soup_model(&again, seed, facts, sinks, 1, NULL);
	history_finish(&second, m, &target);
	check_all(&second, &told);
	history_release(&first);
	history_release(&second);
	target_release(&target);
	told_release(&told);
	model_free(m);
	model_free(again);
}

static uint64_t some_event_ns;

static void note_event(const struct model *m, uint64_t seed, int i, const struct event *ev)
{
	(void)m;
	if (i == SOUP_EVENTS / 4 + (int)(seed % (SOUP_EVENTS / 2)))
		some_event_ns = ev->ts_ns;
}

/* A window that begins in an instant in which spans end. */
static struct window begin_with_an_event(uint64_t seed, const struct facts *facts)
{
	struct model *m = NULL;

	soup_model(&m, seed, facts, NULL, 0, note_event);
	model_free(m);
	return (struct window){ some_event_ns, SOUP_FROM_NS + SOUP_NS };
}

TEST(history_is_what_the_sinks_were_told)
{
	struct facts facts = { 0 };

	facts_set(&facts, "cpu.online", "0-1");
	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		compare(seed, &facts, ALL);
		compare(seed, &facts, (struct window){ SOUP_FROM_NS + 100000, SOUP_FROM_NS + 100000 + seed * 777 });
		compare(seed, &facts, begin_with_an_event(seed, &facts));
	}
	facts_set(&facts, "target.tid", "3");
	for (uint64_t seed = 1; seed <= ROUNDS; seed++)
		compare(seed, &facts, ALL);
	facts_release(&facts);
}

/* ---- the target ---- */

static const char two_trees[] = "schedviz-text 1\n"
				"cpus 2\n"
				"fact target.tid 10\n"
				"fact recorder.tgid 5\n"
				"0ms cpu0 task recorder/5 state S\n"
				"0ms cpu0 task boss/10 state R\n"
				"0ms cpu0 task other/99 state S on 1\n"
				"0ms cpu0 current boss/10\n"
				"0ms cpu1 current idle\n"
				"1ms cpu0 fork boss/10 -> work/11 tgid 11 flags 0x1200011\n"
				"1ms cpu0 wakeup_new work/11 on 1 by boss/10\n"
				"2ms cpu1 switch idle R -> work/11\n"
				"3ms cpu0 mark boss/10 submit 7\n"
				"4ms cpu1 mark work/11 start 7\n"
				"4ms cpu0 switch boss/10 S read(3) -> idle\n"
				"6ms cpu1 mark work/11 finish 7\n"
				"7ms cpu1 waking boss/10 by work/11\n"
				"7ms cpu0 switch idle R -> boss/10\n"
				"8ms cpu1 exit work/11 last\n"
				"8ms cpu1 switch work/11 X -> other/99\n"
				"9ms cpu0 exit boss/10 last\n"
				"9ms cpu0 switch boss/10 X -> idle\n"
				"12ms end\n";

struct scene {
	struct trace_reader *reader;
	struct model *m;
	struct target target;
	struct history h;
};

static void scene_make(struct scene *s, const char *text, const char *tasks, struct window asked)
{
	struct task_filter filter = { tasks };
	struct model *again = NULL;
	struct model_sink sink;
	struct err e = { 0 };

	*s = (struct scene){ 0 };
	if (trace_reader_open_mem(&s->reader, text, strlen(text), &e) < 0 ||
	    model_build(&s->m, s->reader, NULL, 0, &e) < 0)
		TEST_FAIL("%s", e.text);
	target_init(&s->target, s->m, &filter, asked);
	history_init(&s->h, s->target.window, &s->target, &sink);
	CHECK_U64(model_build(&again, s->reader, &sink, 1, &e), 0);
	model_free(again);
	history_finish(&s->h, s->m, &s->target);
}

static void scene_end(struct scene *s)
{
	history_release(&s->h);
	target_release(&s->target);
	model_free(s->m);
	trace_reader_close(s->reader);
}

static const char *last_name(const struct scene *s)
{
	return task_some(s->target.last) ? model_task(s->m, s->target.last)->name : "nobody";
}

TEST(target_is_the_tree_from_its_birth_to_its_end)
{
	struct scene s;

	scene_make(&s, two_trees, NULL, ALL);
	CHECK_U64(s.target.why, TARGET_TREE);
	CHECK_U64(s.target.nr_tasks, 2);
	CHECK_U64(s.target.window.from_ns, 0);
	CHECK_U64(s.target.window.to_ns, 9 * MS);
	CHECK_STR(last_name(&s), "boss");
	CHECK_U64(s.h.tasks.n, 2);
	scene_end(&s);
}

TEST(target_is_whom_the_user_names_over_their_lives)
{
	struct scene s;

	scene_make(&s, two_trees, "work,nobody", ALL);
	CHECK_U64(s.target.why, TARGET_CHOSEN);
	CHECK_U64(s.target.nr_tasks, 1);
	CHECK_U64(s.target.window.from_ns, 1 * MS);
	CHECK_U64(s.target.window.to_ns, 8 * MS);
	CHECK_STR(last_name(&s), "work");
	scene_end(&s);
}

TEST(target_of_a_part_is_that_part)
{
	struct scene s;

	scene_make(&s, two_trees, NULL, (struct window){ 2 * MS, 5 * MS });
	CHECK_U64(s.target.window.from_ns, 2 * MS);
	CHECK_U64(s.target.window.to_ns, 5 * MS);
	CHECK_U64(s.target.whole, false);
	CHECK_STR(last_name(&s), "boss");
	scene_end(&s);
}

TEST(target_is_never_the_recorder)
{
	struct scene s;

	scene_make(&s, two_trees, "recorder,other", ALL);
	CHECK_U64(s.target.nr_tasks, 1);
	CHECK_STR(last_name(&s), "other");
	scene_end(&s);
}

TEST(target_of_nobody_is_empty)
{
	struct scene s;

	scene_make(&s, two_trees, "nobody", ALL);
	CHECK_U64(s.target.nr_tasks, 0);
	CHECK_U64(task_some(s.target.last), false);
	CHECK_U64(s.h.tasks.n, 0);
	scene_end(&s);
}

/* ---- jobs ---- */

TEST(job_of_a_worker_at_an_instant)
{
	struct scene s;
	task_id boss, work;

	scene_make(&s, two_trees, NULL, ALL);
	boss = s.h.tasks.v[0].id;
	work = s.h.tasks.v[1].id;
	CHECK_U64(s.h.nr_jobs, 1);
	CHECK_U64(history_job(&s.h, work, 4 * MS - 1), HISTORY_NO_JOB);
	CHECK_U64(history_job(&s.h, work, 4 * MS), 0);
	CHECK_U64(history_job(&s.h, work, 6 * MS - 1), 0);
	CHECK_U64(history_job(&s.h, work, 6 * MS), HISTORY_NO_JOB);
	CHECK_U64(history_job(&s.h, boss, 5 * MS), HISTORY_NO_JOB);
	CHECK_U64(history_job(&s.h, TASK_NONE, 5 * MS), HISTORY_NO_JOB);
	CHECK_U64(history_job_next(&s.h, work, 4 * MS), 0);
	CHECK_U64(history_job_next(&s.h, work, 4 * MS + 1), HISTORY_NO_JOB);
	CHECK_U64(history_job_before(&s.h, work, 6 * MS), 0);
	CHECK_U64(history_job_before(&s.h, work, 6 * MS - 1), HISTORY_NO_JOB);
	scene_end(&s);
}

TEST_MAIN
