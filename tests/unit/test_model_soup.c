/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_model_soup.c - whatever the events say, the model's spans tile, its sums add up, and it does not crash.
 */
#include "analysis/summary.h"
#include "unit/model_check.h"
#include "unit/soup.h"
#include "unit/test.h"

#define ROUNDS 1000

static void check_sums(const struct summary *s, const struct model *m)
{
	for (uint32_t i = 0; i < s->nr_tasks; i++) {
		const struct task_sum *t = &s->tasks[i];
		uint64_t sum = 0, waits = 0, slept = 0;

		for (int state = 0; state < NR_STATES; state++)
			sum += t->ns[state];
		for (int why = 0; why < NR_WHYS; why++)
			waits += t->wait_ns[why];
		for (uint32_t k = 0; k < t->nr_slept; k++)
			slept += t->slept[k].ns;
		CHECK_U64(sum, summary_life_ns(s, (task_id){ i }));
		CHECK_U64(waits, t->ns[STATE_RUNNABLE]);
		CHECK_U64(slept, t->ns[STATE_SLEEPING] + t->ns[STATE_BLOCKED]);
	}
	for (uint32_t i = 0; i < s->nr_cpus; i++) {
		uint64_t sum = 0;

		for (int state = 0; state < NR_CPU_STATES; state++)
			sum += s->cpus[i].ns[state];
		CHECK_U64(sum, model_cpu_seen(m, i) ? s->window.to_ns - s->window.from_ns : 0);
	}
}

/* Time on CPUs is the same whether tasks or CPUs are asked. */
static void check_run_time(const struct summary *s)
{
	uint64_t by_tasks = 0, by_cpus = 0;

	for (uint32_t i = 0; i < s->nr_tasks; i++)
		by_tasks += s->tasks[i].ns[STATE_RUNNING];
	for (uint32_t i = 0; i < s->nr_cpus; i++)
		by_cpus += s->cpus[i].ns[CPU_TASK];
	CHECK_U64(by_tasks, by_cpus);
}

static void check_tree(const struct model *m)
{
	uint32_t n = model_nr_tasks(m);
	task_id *order = calloc(n + 1, sizeof(*order));
	bool *seen = calloc(n + 1, sizeof(*seen));
	uint32_t missing = 0;

	model_tree_order(m, order, NULL);
	for (uint32_t i = 0; i < n; i++)
		seen[order[i].i] = true;
	for (uint32_t i = 0; i < n; i++)
		missing += !seen[i];
	free(order);
	free(seen);
	CHECK_U64(missing, 0);
}

/* Who runs where is told by tasks and CPUs alike. */
static bool agree(const struct model *m)
{
	uint32_t running = 0, on_cpus = 0;

	for (uint32_t i = 0; i < m->stays.n; i++)
		running += stay_followed(m, i) && m->stays.v[i].span.state == STATE_RUNNING;
	for (uint32_t i = 0; i < m->nr_cpus; i++) {
		const struct cpu *c = &m->cpus[i];
		const struct stay *s = c->task == NOBODY ? NULL : &m->stays.v[c->task];

		on_cpus += s != NULL;
		if (s && (c->state != CPU_TASK || s->span.state != STATE_RUNNING || s->span.cpu != i ||
			  s->span.from_ns != c->from_ns))
			return false;
	}
	return running == on_cpus;
}

static void check_agree(const struct model *m, uint64_t seed, int i, const struct event *ev)
{
	if (!agree(m))
		TEST_FAIL("seed %" PRIu64 ": event %d, kind %d: tasks and CPUs disagree", seed, i, ev->kind);
}

/* What a process is said to have on CPUs is what its threads say. */
static void check_running(const struct roles *r)
{
	uint32_t threads = 0, processes = 0;

	for (uint32_t i = 0; i < r->n; i++) {
		threads += r->kin[i].threaded && r->kin[i].on_cpu;
		processes += r->v[i].running;
	}
	CHECK_U64(threads, processes);
}

/* A step through a task's past ends, changes something each time, and a single CPU's answer is that of the set. */
static void check_allowed(const struct model *m, task_id id)
{
	uint64_t ts_ns = 0, until_ns = 0;
	const void *before = m;

	while (until_ns != UINT64_MAX) {
		bool known;
		const struct cpuset *set = model_allowed_set(m, id, ts_ns, &known, &until_ns);

		CHECK(until_ns > ts_ns);
		CHECK(known || !set);
		for (uint32_t cpu = 0; cpu < m->nr_cpus && known; cpu++)
			CHECK_U64(model_allowed(m, id, ts_ns, cpu),
				  !set || cpuset_has(set, cpu) ? ALLOWED_YES : ALLOWED_NO);
		CHECK(!known || set != before);
		before = known ? set : (const void *)m;
		ts_ns = until_ns;
	}
}

static void soup(uint64_t seed, const struct facts *facts)
{
	struct window window = { SOUP_FROM_NS, SOUP_FROM_NS + SOUP_NS };
	struct summary s, part;
	struct check check = { 0 };
	struct model_sink sinks[4];
	struct model *m = NULL;
	struct roles roles;
	const char *broken;

	sinks[0] = check_sink(&check);
	summary_init(&s, (struct window){ 0, UINT64_MAX }, &sinks[1]);
	summary_init(&part, (struct window){ 200000, 300001 }, &sinks[2]);
	roles_init(&roles, window, &m, &sinks[3]);
	soup_model(&m, seed, facts, sinks, 4, check_agree);
	summary_finish(&s, m);
	summary_finish(&part, m);
	roles_finish(&roles);
	check_running(&roles);
	broken = check_verdict(&check, m);
	if (broken)
		TEST_FAIL("seed %" PRIu64 ": %s", seed, broken);
	check_sums(&s, m);
	check_sums(&part, m);
	check_run_time(&s);
	check_tree(m);
	for (uint32_t i = 0; i < model_nr_tasks(m); i++)
		check_allowed(m, (task_id){ i });
	summary_release(&s);
	summary_release(&part);
	roles_release(&roles);
	model_free(m);
}

TEST(any_events_tile_and_add_up)
{
	struct facts facts = { 0 };

	facts_set(&facts, "cpu.online", "0-1");
	facts_set(&facts, "affinity", "yes");
	for (uint64_t seed = 1; seed <= ROUNDS; seed++)
		soup(seed, &facts);
	facts_release(&facts);
}

TEST(any_events_of_a_target_tile_and_add_up)
{
	struct facts facts = { 0 };

	facts_set(&facts, "mode", "target");
	facts_set(&facts, "target.tid", "3");
	facts_set(&facts, "affinity", "yes");
	for (uint64_t seed = 1; seed <= ROUNDS; seed++)
		soup(seed, &facts);
	facts_release(&facts);
}

TEST(any_events_of_an_old_kernel_tile_and_add_up)
{
	struct facts facts = { 0 };

	facts_set(&facts, "prev_state", "task");
	facts_set(&facts, "cpu.online", "1-2,70");
	for (uint64_t seed = 1; seed <= ROUNDS; seed++)
		soup(seed, &facts);
	facts_release(&facts);
}

TEST_MAIN
