/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_analysis_blame.c - who ran while others waited: drawn cases for every rule, and a slow reference on any events.
 */
#include "analysis/blame.h"
#include "unit/account_make.h"
#include "unit/raw_waits.h"

/* ---- drawn ---- */

#define HEAD "schedviz-text 1\ncpus 2\nfact target.tid 10\n"
#define TASKS                                        \
	"0ms cpu0 task boss/10 state R on 0\n"       \
	"0ms cpu0 task kid/11 ppid 10 state S on 0\n" \
	"0ms cpu0 task other/99 state S on 1\n"      \
	"0ms cpu0 current boss/10\n"                 \
	"0ms cpu1 current idle\n"

#define MS NSEC_PER_MSEC

static task_id task_of(const struct accounted *t, uint32_t tid)
{
	for (uint32_t i = 0; i < model_nr_tasks(t->m); i++)
		if (model_task(t->m, (task_id){ i })->tid == tid)
			return (task_id){ i };
	return TASK_NONE;
}

static const struct victim *victim(const struct accounted *t, uint32_t tid)
{
	for (size_t i = 0; i < t->account.blame.victims.n; i++)
		if (task_is(t->account.blame.victims.v[i].task, task_of(t, tid)))
			return &t->account.blame.victims.v[i];
	return NULL;
}

static const struct culprit *culprit(const struct accounted *t, uint32_t tid)
{
	for (size_t i = 0; i < t->account.blame.culprits.n; i++)
		if (task_is(t->account.blame.culprits.v[i].task, task_of(t, tid)))
			return &t->account.blame.culprits.v[i];
	return NULL;
}

TEST(a_woken_task_waits_behind_those_who_run)
{
	struct accounted t;
	const struct wait *w;

	accounted_make(&t, HEAD TASKS "1ms cpu0 switch boss/10 S read(0x0) -> other/99\n"
			    "2ms cpu0 waking boss/10 by other/99\n"
			    "5ms cpu0 switch other/99 S read(0x0) -> third/98\n"
			    "5.5ms cpu0 switch third/98 S read(0x0) -> idle\n"
			    "6ms cpu0 switch idle -> boss/10\n"
			    "10ms end\n");
	w = &t.account.blame.longest.v[0];
	CHECK_U64(t.account.blame.waits, 1);
	CHECK_U64(w->to_ns - w->from_ns, 4 * MS);
	CHECK_U64(w->busy_ns, 35 * MS / 10);
	CHECK_U64(w->idle_ns, 5 * MS / 10);
	CHECK_U64(w->cpu, 0);
	CHECK(!w->preempted && !w->moved && !w->cut);
	CHECK(task_is(w->by, task_of(&t, 99)));
	CHECK_U64(w->by_ns, 3 * MS);
	CHECK_U64(victim(&t, 10)->most_ns, 3 * MS);
	CHECK_U64(culprit(&t, 98)->ns, 5 * MS / 10);
	CHECK_U64(culprit(&t, 99)->waits, 1);
	CHECK_U64(culprit(&t, 99)->preempted, 0);
	accounted_release(&t);
}

/* Of who took equally much it is the one that was there first. */
TEST(equal_shares_are_told_in_order_of_birth)
{
	struct accounted t;

	accounted_make(&t, HEAD TASKS "1ms cpu0 switch boss/10 S read(0x0) -> other/99\n"
				      "2ms cpu0 waking boss/10 by other/99\n"
				      "3ms cpu0 switch other/99 S read(0x0) -> third/98\n"
				      "4ms cpu0 switch third/98 S read(0x0) -> boss/10\n"
				      "10ms end\n");
	CHECK(task_is(t.account.blame.longest.v[0].by, task_of(&t, 99)));
	CHECK(task_is(victim(&t, 10)->most, task_of(&t, 99)));
	CHECK(task_is(t.account.blame.culprits.v[0].task, task_of(&t, 99)));
	accounted_release(&t);
}

#define PREEMPTED(came, idle)                                                \
	"1ms cpu0 waking kid/11 by idle in hardirq\n"                        \
	"2ms cpu0 switch boss/10 R+ -> " came                                \
	"5ms cpu0 switch kid/11 S read(0x0) -> " idle

TEST(a_preempted_task_knows_by_whom)
{
	struct accounted t;
	const struct wait *w;

	accounted_make(&t, HEAD TASKS PREEMPTED("kid/11 prio 120 -> 110\n", "boss/10 prio 110 -> 120\n") "10ms end\n");
	w = &t.account.blame.longest.v[0];
	CHECK(task_is(w->victim, task_of(&t, 10)) && w->preempted && w->prios_known);
	CHECK(task_is(w->by, task_of(&t, 11)));
	CHECK(w->by_prio == 110 && w->own_prio == 120);
	CHECK_U64(w->by_ns, 3 * MS);
	CHECK_U64(w->held, HELD_NOT);
	CHECK_U64(culprit(&t, 11)->preempted, 1);
	CHECK_U64(victim(&t, 10)->preemptions, 1);
	accounted_release(&t);
}

TEST(an_idle_cpu_counts_where_it_was_allowed)
{
	static const char waits[] = "1ms cpu0 waking kid/11 by boss/10\n"
				    "4ms cpu0 switch boss/10 S read(0x0) -> kid/11\n"
				    "9ms end\n";
	struct accounted t;
	char text[2048];

	snprintf(text, sizeof(text), "%s%s%s", HEAD, TASKS, waits);
	accounted_make(&t, text);
	CHECK_U64(t.account.blame.beside_ns, 0);
	CHECK_U64(t.account.blame.beside_maybe_ns, 3 * MS);
	CHECK_U64(t.account.blame.longest.v[0].beside_cpu, 1);
	accounted_release(&t);
	snprintf(text, sizeof(text), "%sfact affinity yes\n%s%s", HEAD, TASKS, waits);
	accounted_make(&t, text);
	CHECK_U64(t.account.blame.beside_ns, 3 * MS);
	CHECK_U64(t.account.blame.beside_maybe_ns, 0);
	accounted_release(&t);
	snprintf(text, sizeof(text), "%sfact affinity yes\n%s2ms cpu0 allowed kid/11 0\n%s", HEAD, TASKS, waits);
	accounted_make(&t, text);
	CHECK_U64(t.account.blame.beside_ns, 1 * MS);
	accounted_release(&t);
}

/* Its own CPU idles while it wakes up: only another one counts as beside. */
TEST(the_own_cpu_is_not_beside)
{
	struct accounted t;

	accounted_make(&t, "schedviz-text 1\ncpus 1\nfact target.tid 10\nfact affinity yes\n"
		 "0ms cpu0 task boss/10 state S on 0\n0ms cpu0 current idle\n"
		 "1ms cpu0 waking boss/10 by idle in hardirq\n"
		 "1.1ms cpu0 switch idle -> boss/10\n5ms end\n");
	CHECK_U64(t.account.blame.idle_ns, 1 * MS / 10);
	CHECK_U64(t.account.blame.beside_ns, 0);
	CHECK_U64(t.account.blame.longest.v[0].beside_cpu, CPU_NONE);
	accounted_release(&t);
}

TEST(a_wait_is_cut_to_the_window)
{
	struct accounted t;

	accounted_part(&t, HEAD TASKS "1ms cpu0 waking kid/11 by boss/10\n"
				"4ms cpu0 switch boss/10 S read(0x0) -> kid/11\n"
				"9ms end\n",
		 (struct window){ 2 * MS, 3 * MS }, NULL);
	CHECK_U64(t.account.blame.ns, 1 * MS);
	CHECK_U64(t.account.blame.busy_ns, 1 * MS);
	CHECK_U64(t.account.blame.longest.v[0].since_ns, 1 * MS);
	CHECK_U64(culprit(&t, 10)->ns, 1 * MS);
	accounted_release(&t);
}

TEST(nobody_waits)
{
	struct accounted t;

	accounted_make(&t, HEAD TASKS "9ms end\n");
	CHECK_U64(t.account.blame.waits, 0);
	CHECK_U64(t.account.blame.culprits.n, 0);
	accounted_release(&t);
	accounted_part(&t, HEAD TASKS "9ms end\n", ACCOUNTED_ALL, "no such task");
	CHECK_U64(t.account.blame.waits, 0);
	accounted_release(&t);
}

/* ---- any events: against the reference ---- */

static int by_length(const void *a, const void *b)
{
	const struct wait *x = a, *y = b;
	uint64_t x_ns = x->to_ns - x->from_ns, y_ns = y->to_ns - y->from_ns;

	if (x_ns != y_ns)
		return x_ns > y_ns ? -1 : 1;
	if (x->from_ns != y->from_ns)
		return x->from_ns < y->from_ns ? -1 : 1;
	return x->victim.i < y->victim.i ? -1 : 1;
}

static void find_beside_cpu(const struct raw *r, struct wait *x)
{
	uint64_t until_ns;
	bool known;
	const struct cpuset *set = model_allowed_set(r->m, x->victim, x->from_ns, &known, &until_ns);

	x->beside_cpu = CPU_NONE;
	for (uint32_t cpu = 0; cpu < r->nr_cpus && x->beside_ns + x->beside_maybe_ns; cpu++) {
		uint64_t ns = 0;

		for (size_t c = 0; c < r->nr_cuts; c++)
			if (r->cut[c] >= x->from_ns && r->cut[c] < x->to_ns && raw_is_idle(r, c, cpu))
				ns += raw_ns(r, c);
		if (cpu != x->cpu && (!set || cpuset_has(set, cpu)) && ns > x->beside_cpu_ns) {
			x->beside_cpu_ns = ns;
			x->beside_cpu = cpu;
		}
	}
}

static void check_wait(const struct wait *x, const struct wait *y, uint64_t seed)
{
#define SAME(member)                                                                                              \
	if (x->member != y->member)                                                                               \
	TEST_FAIL("seed %" PRIu64 ": wait of task %u from %" PRIu64 ": " #member " %" PRIu64 ", not %" PRIu64, seed, \
		  x->victim.i, x->from_ns, (uint64_t)x->member, (uint64_t)y->member)
	SAME(from_ns);
	SAME(to_ns);
	SAME(victim.i);
	SAME(since_ns);
	SAME(cpu);
	SAME(why);
	SAME(moved);
	SAME(cut);
	SAME(preempted);
	SAME(prios_known);
	SAME(own_prio);
	SAME(by_prio);
	SAME(busy_ns);
	SAME(idle_ns);
	SAME(unknown_ns);
	SAME(beside_ns);
	SAME(beside_maybe_ns);
	SAME(by.i);
	SAME(by_ns);
	SAME(held);
	SAME(beside_cpu);
	SAME(beside_cpu_ns);
}

static void check_victim(const struct raw *r, const struct raw_waits *w, const struct victim *v, uint64_t seed)
{
	struct victim want = { .task = v->task, .most = TASK_NONE };
	uint64_t *took = calloc(r->nr_tasks, sizeof(*took));

	for (size_t i = 0; i < w->v.n; i++) {
		const struct wait *x = &w->v.v[i];
		uint64_t ns = x->to_ns - x->from_ns;

		if (!task_is(x->victim, v->task))
			continue;
		want.ns += ns;
		want.waits++;
		want.preemptions += x->preempted;
		want.longest_ns = ns > want.longest_ns ? ns : want.longest_ns;
		want.busy_ns += x->busy_ns;
		want.idle_ns += x->idle_ns;
		want.unknown_ns += x->unknown_ns;
		want.beside_ns += x->beside_ns;
		want.beside_maybe_ns += x->beside_maybe_ns;
		want.held_ns += x->held ? ns : 0;
		want.held_waits += x->held != HELD_NOT;
		for (uint32_t t = 0; t < r->nr_tasks; t++)
			took[t] += w->ran[i * r->nr_tasks + t];
	}
	for (uint32_t t = 0; t < r->nr_tasks; t++)
		if (took[t] > want.most_ns) {
			want.most_ns = took[t];
			want.most.i = t;
		}
	if (memcmp(v, &want, sizeof(want)))
		TEST_FAIL("seed %" PRIu64 ": sums of victim %u differ", seed, v->task.i);
	free(took);
}

static void check_culprit(const struct raw *r, const struct raw_waits *w, const struct culprit *c, uint64_t seed)
{
	struct culprit want = { .task = c->task, .most = TASK_NONE };
	uint64_t *from = calloc(r->nr_tasks, sizeof(*from));

	for (size_t i = 0; i < w->v.n; i++) {
		uint64_t ns = w->ran[i * r->nr_tasks + c->task.i];

		want.ns += ns;
		want.waits += ns != 0;
		want.preempted += w->v.v[i].preempted && task_is(w->v.v[i].by, c->task);
		from[w->v.v[i].victim.i] += ns;
	}
	for (uint32_t t = 0; t < r->nr_tasks; t++)
		if (from[t] > want.most_ns) {
			want.most_ns = from[t];
			want.most.i = t;
		}
	if (want.ns != c->ns || want.waits != c->waits || want.preempted != c->preempted ||
	    !task_is(want.most, c->most) || want.most_ns != c->most_ns)
		TEST_FAIL("seed %" PRIu64 ": sums of culprit %u differ", seed, c->task.i);
	free(from);
}

/* How often each rule was met, so that it is known that the soup does meet them. */
static uint64_t met[NR_HELD], met_preempted, met_moved, met_beside, met_prios;

static void soup(uint64_t seed, const struct facts *facts)
{
	struct raw_soup x;
	struct raw_waits w;
	struct blame b;
	uint64_t ns = 0;

	raw_soup_make(&x, seed, facts);
	raw_waits_make(&w, &x.raw);
	blame_make(&b, &x.h);
	CHECK_U64(b.waits, w.v.n);
	CHECK_U64(b.busy_ns + b.idle_ns + b.unknown_ns, b.ns);
	for (size_t i = 0; i < b.victims.n; i++) {
		check_victim(&x.raw, &w, &b.victims.v[i], seed);
		ns += b.victims.v[i].ns;
	}
	CHECK_U64(ns, b.ns);
	ns = 0;
	for (size_t i = 0; i < b.culprits.n; i++) {
		check_culprit(&x.raw, &w, &b.culprits.v[i], seed);
		ns += b.culprits.v[i].ns;
	}
	CHECK_U64(ns, b.busy_ns);
	for (size_t i = 0; i < w.v.n; i++)
		find_beside_cpu(&x.raw, &w.v.v[i]);
	if (w.v.n)
		qsort(w.v.v, w.v.n, sizeof(w.v.v[0]), by_length);
	CHECK_U64(b.longest.n, w.v.n < BLAME_LONGEST ? w.v.n : BLAME_LONGEST);
	for (size_t i = 0; i < b.longest.n; i++) {
		check_wait(&b.longest.v[i], &w.v.v[i], seed);
		met[b.longest.v[i].held]++;
		met_preempted += b.longest.v[i].preempted;
		met_moved += b.longest.v[i].moved;
		met_beside += b.longest.v[i].beside_ns != 0;
		met_prios += b.longest.v[i].own_prio != b.longest.v[i].by_prio;
	}
	blame_release(&b);
	raw_waits_release(&w);
	raw_soup_release(&x);
}

#define ROUNDS 300

TEST(any_events_of_a_machine_as_the_reference_says)
{
	struct facts facts = { 0 };

	facts_set(&facts, "cpu.online", "0-1");
	facts_set(&facts, "affinity", "yes");
	for (uint64_t seed = 1; seed <= ROUNDS; seed++)
		soup(seed, &facts);
	facts_release(&facts);
	CHECK(met_preempted && met_moved && met_beside && met_prios && met[HELD_QUOTA] && met[HELD_REALTIME] &&
	      met[HELD_DEADLINE]);
}

TEST(any_events_of_a_target_as_the_reference_says)
{
	struct facts facts = { 0 };

	facts_set(&facts, "cpu.online", "0-2");
	facts_set(&facts, "target.tid", "3");
	for (uint64_t seed = 1; seed <= ROUNDS; seed++)
		soup(seed, &facts);
	facts_set(&facts, "mode", "target");
	for (uint64_t seed = 1; seed <= ROUNDS; seed++)
		soup(seed, &facts);
	facts_release(&facts);
}

TEST_MAIN
