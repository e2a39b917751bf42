/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_model_soup.c - whatever the events say, the model's spans tile, its sums add up, and it does not crash.
 */
#include "model/machine.h"
#include "analysis/summary.h"
#include "unit/model_check.h"
#include "unit/test.h"

#define WINDOW_NS 1000000u
#define EVENTS 600
#define ROUNDS 1000

struct dice {
	uint64_t s;
};

static uint32_t roll(struct dice *d, uint32_t sides)
{
	d->s = d->s * 6364136223846793005ull + 1442695040888963407ull; /* Knuth, MMIX */
	return (uint32_t)(d->s >> 33) % sides;
}

/* tids that few enough events share; now and then one that none does */
static uint32_t roll_tid(struct dice *d)
{
	return roll(d, 200) ? roll(d, 9) : roll(d, UINT32_MAX);
}

static uint32_t roll_cpu(struct dice *d)
{
	if (roll(d, 50))
		return roll(d, 3);
	return roll(d, 4) ? roll(d, 12) : CPUSET_MAX_CPU + 1 + roll(d, 9);
}

static uint32_t roll_raw(struct dice *d)
{
	static const uint32_t raws[] = {
		0, 0, 1, 1, 1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80, 0x102, 0x200, 0x402, 0x1000, 0x2001, 0x8000,
	};

	return raws[roll(d, sizeof(raws) / sizeof(raws[0]))];
}

static void roll_hot(struct dice *d, struct event *ev)
{
	switch (ev->kind) {
	case EV_LOST:
		ev->lost.from_ns = ev->ts_ns > 900 ? ev->ts_ns - roll(d, 20000) : 0;
		ev->lost.count = roll(d, 100);
		break;
	case EV_CURRENT:
		ev->current.tid = roll_tid(d);
		break;
	case EV_WAKING:
		ev->waking.tid = roll_tid(d);
		ev->waking.waker_tid = roll_tid(d);
		ev->waking.ctx = (uint8_t)roll(d, EV_CTX_KINDS);
		break;
	case EV_WAKEUP_NEW:
		ev->wakeup_new.tid = roll_tid(d);
		ev->wakeup_new.parent_tid = roll_tid(d);
		ev->wakeup_new.target_cpu = roll_cpu(d);
		break;
	case EV_MIGRATE:
		ev->migrate.tid = roll_tid(d);
		ev->migrate.from_cpu = roll_cpu(d);
		ev->migrate.to_cpu = roll_cpu(d);
		break;
	default:
		ev->sw.prev_tid = roll_tid(d);
		ev->sw.next_tid = roll_tid(d);
		ev->sw.prev_state = roll_raw(d);
		ev->sw.preempted = !roll(d, 5);
		ev->sw.nvcsw = (uint8_t)roll(d, 3);
		ev->sw.syscall = (int32_t)roll(d, 700) - 2;
		break;
	}
}

/* Every set of four CPUs, none at all among them. */
static uint64_t sets[16][1] = {
	{ 0 }, { 1 }, { 2 },  { 3 },  { 4 },  { 5 },  { 6 },  { 7 },
	{ 8 }, { 9 }, { 10 }, { 11 }, { 12 }, { 13 }, { 14 }, { 15 },
};

static void roll_rare(struct dice *d, struct event *ev)
{
	switch (ev->kind) {
	case EV_TASK:
		ev->task.tid = roll_tid(d);
		ev->task.tgid = roll_tid(d);
		ev->task.ppid = roll_tid(d);
		ev->task.cpu = roll_cpu(d);
		ev->task.state = "RSDTtZXI?"[roll(d, 9)];
		strcpy(ev->task.comm, "row");
		break;
	case EV_FORK:
		ev->fork.tid = roll_tid(d);
		ev->fork.tgid = roll(d, 2) ? ev->fork.tid : roll_tid(d);
		ev->fork.parent_tid = roll_tid(d);
		ev->fork.parent_tgid = roll_tid(d);
		ev->fork.flags = roll(d, 4) << 15;
		strcpy(ev->fork.comm, "child");
		break;
	case EV_EXEC:
		ev->exec.tid = roll_tid(d);
		ev->exec.tgid = ev->exec.tid;
		ev->exec.old_tid = roll_tid(d);
		ev->exec.path = "/bin/soup";
		strcpy(ev->exec.comm, "soup");
		break;
	case EV_RENAME:
		ev->rename.tid = roll_tid(d);
		strcpy(ev->rename.comm, "renamed");
		break;
	case EV_MARK:
		ev->mark.tid = roll_tid(d);
		ev->mark.what = (uint8_t)roll(d, MARK_KINDS + 1);
		ev->mark.job = roll(d, 6);
		break;
	case EV_ALLOWED:
		ev->allowed.tid = roll_tid(d);
		ev->allowed.nr_known = (uint32_t)roll(d, 3);
		ev->allowed.set = (struct cpuset){ .bits = sets[roll(d, 16)], .nr_words = 1 };
		break;
	case EV_CPU:
		ev->hotplug.online = roll(d, 2);
		break;
	default:
		ev->exit.tid = roll_tid(d);
		ev->exit.code = (int32_t)roll(d, 256);
		break;
	}
}

static struct event roll_event(struct dice *d, uint64_t ts_ns)
{
	static const uint8_t kinds[] = {
		EV_SWITCH, EV_SWITCH, EV_SWITCH, EV_SWITCH, EV_SWITCH,
		EV_SWITCH, EV_WAKING, EV_WAKING, EV_WAKING, EV_MIGRATE,
	};
	uint8_t often = kinds[roll(d, sizeof(kinds))];
	struct event ev = {
		.ts_ns = ts_ns,
		.cpu = roll_cpu(d),
		.kind = roll(d, 5) ? often : (uint8_t)roll(d, EV_KINDS),
	};

	if (event_is_hot(ev.kind))
		roll_hot(d, &ev);
	else
		roll_rare(d, &ev);
	return ev;
}

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
	struct window window = { 1000, 1000 + WINDOW_NS };
	struct dice d = { seed };
	struct summary s, part;
	struct check check = { 0 };
	struct model_sink sinks[4];
	struct model *m = NULL;
	struct roles roles;
	const char *broken;
	uint64_t ts_ns = roll(&d, 2) ? 0 : 1000;

	sinks[0] = check_sink(&check);
	summary_init(&s, (struct window){ 0, UINT64_MAX }, &sinks[1]);
	summary_init(&part, (struct window){ 200000, 300001 }, &sinks[2]);
	roles_init(&roles, window, &m, &sinks[3]);
	m = model_begin(facts, window, roll(&d, 4), sinks, 4);
	for (int i = 0; i < EVENTS; i++) {
		struct event ev = roll_event(&d, ts_ns);

		model_event(m, &ev);
		if (!agree(m))
			TEST_FAIL("seed %" PRIu64 ": event %d, kind %d: tasks and CPUs disagree", seed, i, ev.kind);
		ts_ns += roll(&d, 3) ? roll(&d, 200) : roll(&d, 9000);
	}
	model_end(m);
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
