/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_analysis_whatif.c - what would have come earlier: hand-drawn, and random worlds against the rules taken
 * literally.
 */
#include "analysis/whatif.h"

#include "analysis/edge.h"
#include "analysis/replay.h"
#include "analysis/workers.h"
#include "base/alloc.h"
#include "unit/test.h"
#include "unit/world.h"

#define US NSEC_PER_USEC
#define ALL ((struct window){ 0, UINT64_MAX })
#define ROUNDS 600

static struct trace_reader *reader;
static struct model *model;
static struct target target;
static struct history history;
static struct path path;
static struct whatifs what;

static void explain(struct window asked)
{
	struct task_filter filter = { NULL };

	target_init(&target, model, &filter, asked);
	history_finish(&history, model, &target);
	path_make(&path, &history, target.last, target.window);
	whatifs_make(&what, &history, &path);
}

static void begin(const char *trace)
{
	struct model_sink sink;
	struct err e = { 0 };

	history = (struct history){ 0 };
	if (trace_reader_open_mem(&reader, trace, strlen(trace), &e) < 0)
		TEST_FAIL("%s", e.text);
	history_init(&history, ALL, NULL, &sink);
	if (model_build(&model, reader, &sink, 1, &e) < 0)
		TEST_FAIL("%s", e.text);
	explain(ALL);
}

static void end(void)
{
	path_release(&path);
	history_release(&history);
	target_release(&target);
	model_free(model);
	trace_reader_close(reader);
	reader = NULL;
}

static void expect(enum whatif_kind k, uint64_t min_us, uint64_t max_us)
{
	CHECK(what.v[k].known);
	CHECK_U64(what.v[k].min_ns, min_us * US);
	CHECK_U64(what.v[k].max_ns, max_us * US);
	CHECK_U64(what.v[k].exact, min_us == max_us);
}

#define HEAD                                   \
	"schedviz-text 1\n"                    \
	"cpus 2\n"                             \
	"fact target.tid 10\n"                 \
	"0us cpu0 task boss/10 state R on 0\n" \
	"0us cpu0 current boss/10\n"           \
	"0us cpu1 current idle\n"

/* ---- hand-drawn ---- */

/* Runs 10, sleeps 40 for time, waits 6 after the wake-up and 3 preempted, runs 11 more. */
static const char alone[] = HEAD "0us cpu0 task other/99 state S on 0\n"
				 "10us cpu0 switch boss/10 S clock_nanosleep(0) -> idle\n"
				 "50us cpu0 waking boss/10 by idle in hardirq\n"
				 "56us cpu0 switch idle R -> boss/10\n"
				 "57us cpu0 waking other/99 by boss/10 in hardirq\n"
				 "61us cpu0 switch boss/10 R+ -> other/99\n"
				 "64us cpu0 switch other/99 S read(0) -> boss/10\n"
				 "70us cpu0 exit boss/10 tgid 10 code 0x0 last\n"
				 "70us cpu0 switch boss/10 X -> idle\n"
				 "80us end\n";

TEST(one_task_alone_loses_exactly_its_waits_and_sleeps)
{
	begin(alone);
	CHECK_U64(what.replayed_ns, 70 * US);
	expect(WHATIF_NO_WAKE_LATENCY, 64, 64);
	expect(WHATIF_NO_WAITING, 61, 61);
	expect(WHATIF_ONE_MORE_CPU, 61, 70);
	expect(WHATIF_NO_SLEEP, 21, 42); /* 21 computed; at worst all of that again, queued */
	CHECK(!what.v[WHATIF_ONE_MORE_WORKER].known);
	end();
}

/*
 * The hand waits 20 for a CPU, computes 10 and wakes the boss, who sleeps meanwhile; then the boss waits 4. Without
 * waiting the hand is there 20 earlier, and the boss, who comes to its sleep at 10, is woken at 16 instead of 40.
 */
static const char handed[] = HEAD "0us cpu0 task other/99 state R on 1\n"
				  "0us cpu1 current other/99\n"
				  "5us cpu0 fork boss/10 -> hand/11 tgid 11\n"
				  "6us cpu0 wakeup_new hand/11 on 1 by boss/10\n"
				  "10us cpu0 switch boss/10 S wait4(0xb) -> idle\n"
				  "29us cpu1 switch other/99 S read(0) -> hand/11\n"
				  "40us cpu1 waking boss/10 by hand/11\n"
				  "40us cpu1 switch hand/11 X -> idle\n"
				  "44us cpu0 switch idle R -> boss/10\n"
				  "50us cpu0 switch boss/10 X -> idle\n"
				  "60us end\n";

TEST(a_waker_that_comes_earlier_wakes_earlier)
{
	begin(handed);
	CHECK_U64(what.replayed_ns, 50 * US);
	expect(WHATIF_NO_WAKE_LATENCY, 46, 46); /* a new task's first wait is none after a wake-up */
	expect(WHATIF_NO_WAITING, 22, 22);	/* 5 to the fork, 11 the hand, 6 the boss */
	end();
}

/* The hand computes 2, so without its wait it posts at 8, before the boss comes to wait at 10: no sleep at all. */
TEST(a_post_before_the_wait_is_no_sleep)
{
	begin(HEAD "0us cpu0 task other/99 state R on 1\n"
		   "0us cpu1 current other/99\n"
		   "5us cpu0 fork boss/10 -> hand/11 tgid 11\n"
		   "6us cpu0 wakeup_new hand/11 on 1 by boss/10\n"
		   "10us cpu0 switch boss/10 S futex(0x70) -> idle\n"
		   "30us cpu1 switch other/99 S read(0) -> hand/11\n"
		   "32us cpu1 waking boss/10 by hand/11\n"
		   "33us cpu1 switch hand/11 X -> idle\n"
		   "36us cpu0 switch idle R -> boss/10\n"
		   "40us cpu0 switch boss/10 X -> idle\n"
		   "50us end\n");
	expect(WHATIF_NO_WAITING, 14, 14);
	expect(WHATIF_NO_WAKE_LATENCY, 36, 36);
	end();
}

/* A sleep for time that a task cut short is still one for time; others end when that task comes to it. */
TEST(a_timed_sleep_that_a_signal_ended_takes_no_time_either)
{
	begin(HEAD "5us cpu0 fork boss/10 -> hand/11 tgid 11\n"
		   "5us cpu0 wakeup_new hand/11 on 1 by boss/10\n"
		   "5us cpu1 switch idle R -> hand/11\n"
		   "10us cpu0 switch boss/10 S clock_nanosleep(0) -> idle\n"
		   "30us cpu1 waking boss/10 by hand/11\n"
		   "30us cpu0 switch idle R -> boss/10\n"
		   "33us cpu1 switch hand/11 X -> idle\n"
		   "40us cpu0 switch boss/10 X -> idle\n"
		   "50us end\n");
	expect(WHATIF_NO_WAITING, 40, 40);
	CHECK_U64(what.v[WHATIF_NO_SLEEP].min_ns, 20 * US);
	end();
}

TEST(nothing_is_known_without_a_target)
{
	begin("schedviz-text 1\ncpus 2\nfact target.tid 77\n0us cpu0 current idle\n10us end\n");
	for (int k = 0; k < NR_WHATIFS; k++)
		CHECK(!what.v[k].known);
	CHECK_U64(what.replayed_ns, 10 * US);
	end();
}

/* ---- workers ---- */

/* Jobs 0 and 1 of 20 on two workers, then job 2 of 20 on the first: the boss is woken by the last at 41. */
#define POOL(submitter)                                              \
	HEAD "0us cpu0 task w0/11 ppid 10 state S on 0 read(0x5)\n"  \
	     "0us cpu0 task w1/12 ppid 10 state S on 1 read(0x5)\n"  \
	     "0us cpu0 mark " submitter " submit 0\n"                \
	     "0us cpu0 mark " submitter " submit 1\n"                \
	     "0us cpu0 mark " submitter " submit 2\n"                \
	     "0us cpu0 waking w0/11 by boss/10\n"                    \
	     "0us cpu0 waking w1/12 by boss/10\n"                    \
	     "1us cpu0 switch boss/10 S futex(0x70) -> w0/11\n"      \
	     "1us cpu0 mark w0/11 start 0\n"                         \
	     "1us cpu1 switch idle R -> w1/12\n"                     \
	     "1us cpu1 mark w1/12 start 1\n"                         \
	     "2us cpu0 switch w0/11 S clock_nanosleep(0) -> idle\n"  \
	     "2us cpu1 switch w1/12 S clock_nanosleep(0) -> idle\n"  \
	     "20us cpu0 waking w0/11 by idle in hardirq\n"           \
	     "20us cpu0 switch idle R -> w0/11\n"                    \
	     "20us cpu1 waking w1/12 by idle in hardirq\n"           \
	     "20us cpu1 switch idle R -> w1/12\n"                    \
	     "21us cpu0 mark w0/11 finish 0\n"                       \
	     "21us cpu1 mark w1/12 finish 1\n"                       \
	     "21us cpu0 mark w0/11 start 2\n"                        \
	     "22us cpu0 switch w0/11 S clock_nanosleep(0) -> idle\n" \
	     "23us cpu1 switch w1/12 S read(0x5) -> idle\n"          \
	     "40us cpu0 waking w0/11 by idle in hardirq\n"           \
	     "40us cpu0 switch idle R -> w0/11\n"                    \
	     "41us cpu0 mark w0/11 finish 2\n"                       \
	     "42us cpu0 waking boss/10 by w0/11\n"                   \
	     "42us cpu1 switch idle R -> boss/10\n"                  \
	     "43us cpu0 switch w0/11 S read(0x5) -> idle\n"          \
	     "45us cpu1 switch boss/10 X -> idle\n"                  \
	     "45us end\n"

TEST(one_more_worker_takes_the_job_that_had_to_wait)
{
	struct workers w;

	begin(POOL("boss/10"));
	workers_measure(&w, &history);
	CHECK_U64(w.nr, 2);
	CHECK_U64(w.jobs, 3);
	CHECK_U64(w.last_ns, 41 * US);
	CHECK_U64(w.same_ns, 40 * US);
	CHECK_U64(w.more_ns, 20 * US);
	CHECK_U64(w.ran_ns, (1 + 2 + 3 + 1 + 3) * US);
	/* 20 less; 1 was lost before the first began; three workers on two CPUs may be in each other's way for 10 */
	expect(WHATIF_ONE_MORE_WORKER, 24, 35);
	end();
}

TEST(jobs_that_tasks_give_themselves_have_no_workers)
{
	begin(POOL("w0/11")); /* submitted by the worker of 0 and 2; that of 1 was handed over */
	CHECK(what.v[WHATIF_ONE_MORE_WORKER].known);
	expect(WHATIF_ONE_MORE_WORKER, 45, 45);
	end();
}

TEST(no_job_on_the_path_no_gain_by_workers)
{
	begin(HEAD "0us cpu0 task w0/11 ppid 10 state S on 1 read(0x5)\n"
		   "1us cpu0 mark boss/10 submit 0\n"
		   "1us cpu0 mark boss/10 submit 1\n"
		   "2us cpu0 waking w0/11 by boss/10\n"
		   "3us cpu1 switch idle R -> w0/11\n"
		   "4us cpu1 mark w0/11 start 0\n"
		   "9us cpu1 mark w0/11 finish 0\n"
		   "9us cpu1 mark w0/11 start 1\n"
		   "15us cpu1 mark w0/11 finish 1\n"
		   "16us cpu1 switch w0/11 S read(0x5) -> idle\n"
		   "40us cpu0 switch boss/10 X -> idle\n"
		   "40us end\n");
	expect(WHATIF_ONE_MORE_WORKER, 40, 40);
	end();
}

/* ---- worlds: every boundary of every stretch, again and again until nothing moves ---- */

struct literal {
	uint64_t **at_ns; /* by slot: when each stretch begins, and one more: the end */
};

static bool takes(const struct stretch *s, enum replay_kind k)
{
	bool waits = s->state == STATE_RUNNABLE;

	if (k == REPLAY_NO_WAKE_LATENCY)
		return !waits || s->why != WHY_WOKEN;
	if (k == REPLAY_NO_SLEEP && s->state >= STATE_SLEEPING && history_call_is_timed(model, s->syscall))
		return false;
	return k == REPLAY_AS_RECORDED || !waits;
}

/* When whoever began this stretch came to doing it; UINT64_MAX: nobody did. */
static uint64_t post_ns(const struct literal *l, const struct history_task *t, size_t i)
{
	const struct history_task *by = history_task(&history, edge_from(&history, t, i));
	uint64_t ts_ns = t->v.v[i].from_ns, from_ns;
	size_t at;

	if (!by || ts_ns <= history.window.from_ns || ts_ns >= history.window.to_ns)
		return UINT64_MAX;
	at = history_at(by, ts_ns);
	if (at == SIZE_MAX && ts_ns == by->to_ns)
		at = by->v.n - 1;
	if (!edge_ran(by, &at, ts_ns))
		return UINT64_MAX;
	from_ns = by->v.v[at].from_ns > history.window.from_ns ? by->v.v[at].from_ns : history.window.from_ns;
	return l->at_ns[history.slot[by->id.i]][at] + ts_ns - from_ns;
}

/* When stretch `i` begins, from all that is known now. */
static uint64_t begins_ns(const struct literal *l, uint32_t slot, size_t i, enum replay_kind k)
{
	const struct history_task *t = &history.tasks.v[slot];
	uint64_t post = i < t->v.n ? post_ns(l, t, i) : UINT64_MAX, before_ns;

	if (!i)
		return post != UINT64_MAX			    ? post
		       : t->v.v[0].from_ns > history.window.from_ns ? t->v.v[0].from_ns - history.window.from_ns
								    : 0;
	before_ns = l->at_ns[slot][i - 1];
	if (post != UINT64_MAX)
		return !takes(&t->v.v[i - 1], k) || before_ns > post ? before_ns : post;
	if (!takes(&t->v.v[i - 1], k))
		return before_ns;
	return before_ns + history_part_ns(t->v.v[i - 1].from_ns, stretch_to_ns(t, i - 1), history.window);
}

static uint64_t literally(task_id last, enum replay_kind k)
{
	struct literal l = { xcalloc(history.tasks.n, sizeof(*l.at_ns)) };
	const struct history_task *t = history_task(&history, last);
	bool moved = true;
	uint64_t end_ns;

	for (size_t s = 0; s < history.tasks.n; s++)
		l.at_ns[s] = xcalloc(history.tasks.v[s].v.n + 1, sizeof(**l.at_ns));
	while (moved) {
		moved = false;
		for (uint32_t s = 0; s < history.tasks.n; s++)
			for (size_t i = 0; i <= history.tasks.v[s].v.n; i++) {
				uint64_t ns = begins_ns(&l, s, i, k);

				moved |= ns != l.at_ns[s][i];
				l.at_ns[s][i] = ns;
			}
	}
	end_ns = l.at_ns[history.slot[last.i]][t->v.n] +
		 (t->to_ns < history.window.to_ns ? history.window.to_ns - t->to_ns : 0);
	for (size_t s = 0; s < history.tasks.n; s++)
		free(l.at_ns[s]);
	free(l.at_ns);
	return end_ns;
}

static void check_replay(uint64_t seed)
{
	struct replay got;
	uint64_t ran_ns = 0;

	replay_play(&got, &history, path.last);
	CHECK_U64(got.end_ns[REPLAY_AS_RECORDED], history.window.to_ns - history.window.from_ns);
	CHECK(got.end_ns[REPLAY_NO_WAKE_LATENCY] <= got.end_ns[REPLAY_AS_RECORDED]);
	CHECK(got.end_ns[REPLAY_NO_WAITING] <= got.end_ns[REPLAY_NO_WAKE_LATENCY]);
	CHECK(got.end_ns[REPLAY_NO_SLEEP] <= got.end_ns[REPLAY_NO_WAITING]);
	for (size_t i = 0; i < history.tasks.n; i++)
		for (size_t k = 0; k < history.tasks.v[i].v.n; k++)
			if (history.tasks.v[i].v.v[k].state == STATE_RUNNING)
				ran_ns += history_part_ns(history.tasks.v[i].v.v[k].from_ns,
							  stretch_to_ns(&history.tasks.v[i], k), history.window);
	CHECK_U64(got.ran_ns, ran_ns);
	for (int k = 0; task_some(path.last) && history_task(&history, path.last) && k < NR_REPLAYS; k++)
		if (got.end_ns[k] != literally(path.last, (enum replay_kind)k))
			TEST_FAIL("seed %" PRIu64 ", replay %d ends at %" PRIu64 ", not %" PRIu64, seed, k,
				  got.end_ns[k], literally(path.last, (enum replay_kind)k));
}

static void world(uint64_t seed, struct window asked)
{
	struct facts facts = { 0 };
	struct model_sink sink;

	if (seed % 2)
		facts_set(&facts, "target.tid", "1");
	history = (struct history){ 0 };
	history_init(&history, asked, NULL, &sink);
	world_model(&model, seed, &facts, &sink, 1);
	explain(asked);
	check_replay(seed);
	end();
	facts_release(&facts);
}

TEST(any_world_is_played_as_the_rules_say)
{
	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		world(seed, ALL);
		world(seed, (struct window){ SOUP_FROM_NS + seed % 1500, SOUP_FROM_NS + 2000 + seed * 7 % 2500 });
	}
}

/* Whatever the events say: played as they are they end where they did, and leaving out waits makes nothing later. */
TEST(any_events_are_played)
{
	struct facts facts = { 0 };

	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		struct model_sink sink;
		struct replay r;

		history = (struct history){ 0 };
		history_init(&history, ALL, NULL, &sink);
		soup_model(&model, seed, &facts, &sink, 1, NULL);
		explain(ALL);
		replay_play(&r, &history, path.last);
		CHECK_U64(r.end_ns[REPLAY_AS_RECORDED], history.window.to_ns - history.window.from_ns);
		CHECK(r.end_ns[REPLAY_NO_WAITING] <= r.end_ns[REPLAY_NO_WAKE_LATENCY]);
		CHECK(r.end_ns[REPLAY_NO_WAKE_LATENCY] <= r.end_ns[REPLAY_AS_RECORDED]);
		end();
	}
	facts_release(&facts);
}

TEST_MAIN
