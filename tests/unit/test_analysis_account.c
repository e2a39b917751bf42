/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_analysis_account.c - whatever the events say, all that is explained adds up, and nothing crashes.
 */
#include "analysis/account.h"
#include "unit/soup.h"
#include "unit/test.h"

#define ROUNDS 300

/* ---- the laws ---- */

static void check_ledger(const struct account *a)
{
	const struct ledger *l = &a->ledger;
	uint64_t sum = 0, others = 0;

	for (int i = 0; i < NR_LEDGER_LINES; i++)
		sum += l->ns[i];
	for (size_t i = 0; i < l->others.n; i++)
		others += l->others.v[i].ns;
	CHECK_U64(sum, l->total_ns);
	CHECK_U64(l->total_ns, account_wall_ns(a) * l->nr_cpus);
	CHECK_U64(others, l->ns[LEDGER_OTHERS]);
}

static void check_blame(const struct account *a)
{
	const struct blame *b = &a->blame;
	uint64_t ns = 0, idle = 0, unknown = 0, runnable = 0, why = 0;

	for (size_t i = 0; i < b->victims.n; i++) {
		ns += b->victims.v[i].ns;
		idle += b->victims.v[i].idle_ns;
		unknown += b->victims.v[i].unknown_ns;
		CHECK(b->victims.v[i].beside_ns + b->victims.v[i].beside_maybe_ns <= b->victims.v[i].ns);
	}
	for (size_t i = 0; i < a->history.tasks.n; i++) {
		const struct history_task *t = &a->history.tasks.v[i];

		for (size_t k = 0; k < t->v.n; k++)
			if (t->v.v[k].state == STATE_RUNNABLE)
				runnable += history_part_ns(t->v.v[k].from_ns, stretch_to_ns(t, k), a->history.window);
	}
	for (int i = 0; i < NR_WHYS; i++)
		why += b->by_why_ns[i];
	CHECK_U64(b->ns, runnable);
	CHECK_U64(ns, b->ns);
	CHECK_U64(why, b->ns);
	CHECK_U64(b->busy_ns + b->idle_ns + b->unknown_ns, b->ns);
	CHECK_U64(idle, b->idle_ns);
	CHECK_U64(unknown, b->unknown_ns);
	for (size_t i = 0; i < b->longest.n; i++) {
		const struct wait *w = &b->longest.v[i];

		CHECK_U64(w->busy_ns + w->idle_ns + w->unknown_ns, w->to_ns - w->from_ns);
		CHECK(w->by_ns <= w->to_ns - w->from_ns);
	}
}

/* What the path says of a task at an instant is what its history says. */
static bool agrees(const struct account *a, const struct path_step *s)
{
	static const enum task_state states[NR_PATH_KINDS] = {
		[PATH_RUNNING] = STATE_RUNNING, [PATH_WAITING] = STATE_RUNNABLE, [PATH_ASLEEP] = STATE_SLEEPING,
		[PATH_BLOCKED] = STATE_BLOCKED, [PATH_STOPPED] = STATE_STOPPED,	 [PATH_UNKNOWN] = STATE_UNKNOWN,
	};
	const struct history_task *t = history_task(&a->history, s->task);
	size_t at = t ? history_at(t, s->from_ns) : SIZE_MAX;

	if (s->kind == PATH_NOBODY || s->kind == PATH_UNKNOWN)
		return true;
	return at != SIZE_MAX && t->v.v[at].state == states[s->kind];
}

static void check_path(const struct account *a)
{
	const struct path *p = &a->path;
	uint64_t sum = 0, at_ns = a->target.window.from_ns;

	for (int i = 0; i < NR_PATH_KINDS; i++)
		sum += p->ns[i];
	for (size_t i = 0; i < p->steps.n; i++) {
		CHECK_U64(p->steps.v[i].from_ns, at_ns);
		CHECK(p->steps.v[i].to_ns > at_ns);
		CHECK(agrees(a, &p->steps.v[i]));
		at_ns = p->steps.v[i].to_ns;
	}
	if (!p->steps.n) {
		CHECK(!task_some(a->target.last));
		return;
	}
	CHECK_U64(at_ns, a->target.window.to_ns);
	CHECK_U64(sum, account_wall_ns(a));
}

static void check_latencies(const struct account *a)
{
	const struct latencies *l = &a->latencies;
	uint64_t n = 0, by_class = 0, cut = 0;

	for (size_t i = 0; i < l->tasks.n; i++) {
		n += l->tasks.v[i].wake.n;
		cut += l->tasks.v[i].cut;
	}
	for (int i = 0; i < NR_LATENCY_CLASSES; i++)
		by_class += l->by_class[i].n;
	CHECK_U64(n, l->wake.n);
	CHECK_U64(by_class, l->wake.n);
	CHECK_U64(cut, l->cut);
	CHECK(!l->wake.n || (l->wake.min_ns <= l->wake.p50_ns && l->wake.p50_ns <= l->wake.p999_ns &&
			     l->wake.p999_ns <= l->wake.max_ns));
}

/* ---- soup, all of it and parts ---- */

static void soup(uint64_t seed, const struct facts *facts, struct window asked)
{
	struct task_filter filter = { NULL };
	struct target target = { 0 };
	struct summary sum;
	struct account a = { 0 };
	struct roles roles;
	struct model *m = NULL;
	struct model_sink sinks[3];

	summary_init(&sum, asked, &sinks[0]);
	roles_init(&roles, asked, &m, &sinks[1]);
	history_init(&a.history, asked, NULL, &sinks[2]);
	soup_model(&m, seed, facts, sinks, 3, NULL);
	summary_finish(&sum, m);
	roles_finish(&roles);
	sum.roles = &roles;
	target_init(&target, m, &filter, asked);
	account_take(&a, &sum, &target);
	check_ledger(&a);
	check_blame(&a);
	check_path(&a);
	check_latencies(&a);
	account_release(&a);
	summary_release(&sum);
	roles_release(&roles);
	model_free(m);
}

static void soups(const struct facts *facts)
{
	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		soup(seed, facts, (struct window){ 0, UINT64_MAX });
		soup(seed, facts, (struct window){ SOUP_FROM_NS + seed * 1000, SOUP_FROM_NS + seed * 1000 + 1 });
		soup(seed, facts, (struct window){ SOUP_FROM_NS + 3333 * seed % 700000, SOUP_FROM_NS + SOUP_NS });
	}
}

TEST(any_events_are_explained_and_add_up)
{
	struct facts facts = { 0 };

	facts_set(&facts, "cpu.online", "0-1");
	facts_set(&facts, "affinity", "yes");
	soups(&facts);
	facts_release(&facts);
}

TEST(any_events_of_a_tree_are_explained_and_add_up)
{
	struct facts facts = { 0 };

	facts_set(&facts, "mode", "target");
	facts_set(&facts, "target.tid", "3");
	facts_set(&facts, "run.wall_from_ns", "50000");
	facts_set(&facts, "run.wall_ns", "800000");
	soups(&facts);
	facts_release(&facts);
}

TEST_MAIN
