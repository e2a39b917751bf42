/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_analysis_path_world.c - random worlds: their paths against a walk nanosecond by nanosecond, and what adds up.
 */
#include "analysis/path.h"

#include "analysis/path_groups.h"
#include "analysis/reasons.h"
#include "unit/test.h"
#include "unit/world.h"

#define ALL ((struct window){ 0, UINT64_MAX })
#define ROUNDS 600

static struct model *model;
static struct target target;
static struct history history;
static struct path path;

/* ---- the walk ---- */

struct walker {
	uint64_t now_ns;
	task_id who;
	uint32_t been; /* tasks that this instant has been at: a bit for each */
};

static const struct stretch *at(task_id who, uint64_t ts_ns)
{
	const struct history_task *t = history_task(&history, who);
	size_t i = t ? history_at(t, ts_ns) : SIZE_MAX;

	return i == SIZE_MAX ? NULL : &t->v.v[i];
}

static bool was_on_cpu(task_id who, uint64_t ts_ns)
{
	const struct stretch *then = at(who, ts_ns), *before = ts_ns ? at(who, ts_ns - 1) : NULL;

	return (then && then->state <= STATE_RUNNING) || (before && before->state <= STATE_RUNNING);
}

/* Does the path go on with another at this instant? */
static bool step_over(struct walker *w)
{
	const struct stretch *s = at(w->who, w->now_ns), *before = at(w->who, w->now_ns - 1);
	bool woken, born;

	if (!s || s->from_ns != w->now_ns)
		return false;
	woken = before && before->state >= STATE_SLEEPING && s->state <= STATE_RUNNABLE && s->state != STATE_UNKNOWN &&
		stretch_ctx(s) == EV_CTX_TASK;
	born = !before && s->why == WHY_NEW;
	if ((!woken && !born) || !target_has(&target, s->waker) || !was_on_cpu(s->waker, w->now_ns) ||
	    w->been & 1u << s->waker.i)
		return false;
	w->been |= 1u << w->who.i | 1u << s->waker.i;
	w->who = s->waker;
	return true;
}

static void check_world(uint64_t seed)
{
	struct walker w = { .now_ns = path.window.to_ns, .who = path.last };

	for (size_t i = path.steps.n; i--;) {
		const struct path_step *s = &path.steps.v[i];

		for (uint64_t ts_ns = s->to_ns; ts_ns-- > s->from_ns; w.now_ns--, w.been = 0) {
			const struct stretch *then;

			while (ts_ns + 1 < path.window.to_ns && step_over(&w))
				;
			then = at(w.who, ts_ns);
			if (!then ? s->kind != PATH_NOBODY
				  : !task_is(w.who, s->task) ||
					    (s->kind == PATH_RUNNING) != (then->state == STATE_RUNNING))
				TEST_FAIL("seed %" PRIu64 ", at %" PRIu64 ": task %u, not %u", seed, ts_ns, s->task.i,
					  w.who.i);
		}
	}
	CHECK_U64(w.now_ns, path.window.from_ns);
}

/* ---- sums ---- */

/* How many of the target's tasks were on CPUs, nanosecond by nanosecond. */
static void check_at_once(uint64_t seed)
{
	struct at_once got, want = { .cpus = WORLD_CPUS };
	struct at_work jobs;

	for (uint64_t ts_ns = target.window.from_ns; ts_ns < target.window.to_ns; ts_ns++) {
		uint32_t n = 0;

		for (size_t i = 0; i < history.tasks.n; i++) {
			const struct stretch *s = at(history.tasks.v[i].id, ts_ns);

			n += s && s->state == STATE_RUNNING;
		}
		want.ns[n < 2 ? n : 2]++;
		want.most = n > want.most ? n : want.most;
	}
	at_once_count(&got, &jobs, &history);
	if (memcmp(&got, &want, sizeof(got)))
		TEST_FAIL("seed %" PRIu64 ": never %" PRIu64 ", not %" PRIu64 "; most %u, not %u", seed, got.ns[0],
			  want.ns[0], got.most, want.most);
}

static void check_groups(void)
{
	struct path_groups g;
	uint64_t sum = 0, tasks = 0;
	size_t steps = 0;

	path_groups_make(&g, path.steps.v, path.steps.n);
	for (size_t i = 0; i < g.v.n; i++) {
		uint64_t shares = 0;

		for (size_t k = 0; k < g.v.v[i].shares.n; k++)
			shares += g.v.v[i].shares.v[k].ns;
		CHECK_U64(shares, g.v.v[i].ns);
		sum += g.v.v[i].ns;
		steps += g.v.v[i].steps;
	}
	for (size_t i = 0; i < g.tasks.n; i++)
		tasks += g.tasks.v[i].ns;
	CHECK_U64(sum, path.window.to_ns - path.window.from_ns);
	CHECK_U64(tasks, sum);
	CHECK_U64(steps, path.steps.n);
	CHECK(!memcmp(g.ns, path.ns, sizeof(g.ns)));
	path_groups_release(&g);
}

static void world(uint64_t seed, struct window asked)
{
	struct task_filter filter = { NULL };
	struct facts facts = { 0 };
	struct model_sink sink;

	if (seed % 2)
		facts_set(&facts, "target.tid", "1");
	history = (struct history){ 0 };
	history_init(&history, asked, NULL, &sink);
	world_model(&model, seed, &facts, &sink, 1);
	target_init(&target, model, &filter, asked);
	history_finish(&history, model, &target);
	path_make(&path, &history, target.last, target.window);
	check_world(seed);
	check_at_once(seed);
	check_groups();
	path_release(&path);
	history_release(&history);
	target_release(&target);
	model_free(model);
	facts_release(&facts);
}

TEST(any_world_is_walked_as_nanosecond_by_nanosecond)
{
	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		world(seed, ALL);
		world(seed, (struct window){ SOUP_FROM_NS + seed % 1500, SOUP_FROM_NS + 2000 + seed * 7 % 2500 });
	}
}

TEST_MAIN
