/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_analysis_ledger.c - wall time x CPUs by lines: a drawn trace for each line, and a slow reference on any events.
 */
#include "analysis/ledger.h"
#include "unit/account_make.h"
#include "unit/raw_ledger.h"

#define MS NSEC_PER_MSEC

/* ---- drawn: CPU 1 is idle all the time, or what else is said ---- */

#define HEAD "schedviz-text 1\ncpus 2\nfact target.tid 10\nfact recorder.tgid 77\n"
#define TASKS                                        \
	"0ms cpu0 task boss/10 state R on 0\n"       \
	"0ms cpu0 task kid/11 ppid 10 state S on 0\n" \
	"0ms cpu0 task other/99 state S on 1\n"      \
	"0ms cpu0 task spy/77 state S on 1\n"        \
	"0ms cpu0 current boss/10\n"                 \
	"0ms cpu1 current idle\n"

static void check_line(const struct ledger *l, enum ledger_line line, uint64_t ns)
{
	if (l->ns[line] != ns)
		TEST_FAIL("line %d is %" PRIu64 ", not %" PRIu64, (int)line, l->ns[line], ns);
}

static void check_sum(const struct ledger *l)
{
	uint64_t sum = 0, others = 0;

	for (int i = 0; i < NR_LEDGER_LINES; i++)
		sum += l->ns[i];
	for (size_t i = 0; i < l->others.n; i++)
		others += l->others.v[i].ns;
	CHECK_U64(sum, l->total_ns);
	CHECK_U64(others, l->ns[LEDGER_OTHERS]);
}

TEST(whoever_runs_has_a_line)
{
	struct accounted x;
	const struct ledger *l = &x.account.ledger;

	accounted_make(&x, HEAD TASKS "1ms cpu1 switch idle -> other/99\n"
				      "3ms cpu1 switch other/99 S -> spy/77\n"
				      "7ms cpu1 switch spy/77 S -> other/99\n"
				      "8ms cpu1 switch other/99 S -> other/98\n"
				      "10ms end\n");
	CHECK_U64(l->nr_cpus, 2);
	CHECK_U64(l->total_ns, 20 * MS);
	check_line(l, LEDGER_OURS, 10 * MS);
	check_line(l, LEDGER_OTHERS, 5 * MS);
	check_line(l, LEDGER_RECORDER, 4 * MS);
	check_line(l, LEDGER_PARTLY, 1 * MS);
	CHECK_U64(l->others.n, 1);
	CHECK_STR(l->others.v[0].name, "other");
	CHECK_U64(l->others.v[0].tasks, 2);
	check_sum(l);
	accounted_release(&x);
}

#define WAITS                                         \
	"1ms cpu0 waking kid/11 by boss/10\n"         \
	"4ms cpu0 switch boss/10 S clock_nanosleep(0x0) -> kid/11\n" \
	"10ms end\n"

TEST(idle_beside_a_waiting_task)
{
	struct accounted x;
	const struct ledger *l = &x.account.ledger;

	accounted_make(&x, HEAD TASKS WAITS);
	check_line(l, LEDGER_BESIDE_MAYBE, 3 * MS);
	check_line(l, LEDGER_PARTLY, 7 * MS);
	accounted_release(&x);
	accounted_make(&x, HEAD "fact affinity yes\n" TASKS WAITS);
	check_line(l, LEDGER_BESIDE, 3 * MS);
	accounted_release(&x);
	accounted_make(&x, HEAD "fact affinity yes\n" TASKS "2ms cpu0 allowed kid/11 0\n" WAITS);
	check_line(l, LEDGER_BESIDE, 1 * MS);
	check_line(l, LEDGER_PINNED, 2 * MS);
	check_sum(l);
	accounted_release(&x);
}

TEST(idle_while_a_quota_holds_them)
{
	struct accounted x;
	const struct ledger *l = &x.account.ledger;

	accounted_make(&x, HEAD TASKS "2ms cpu0 switch boss/10 R -> idle\n"
				      "82ms cpu0 switch idle -> boss/10\n"
				      "90ms end\n");
	check_line(l, LEDGER_HELD, 160 * MS);
	check_line(l, LEDGER_PARTLY, 10 * MS);
	check_line(l, LEDGER_OURS, 10 * MS);
	check_sum(l);
	accounted_release(&x);
}

TEST(idle_for_what_they_sleep_in)
{
	struct accounted x;
	const struct ledger *l = &x.account.ledger;

	accounted_make(&x, HEAD TASKS "1ms cpu0 switch boss/10 S clock_nanosleep(0x0) -> idle\n"
				      "5ms cpu0 waking boss/10 by idle in hardirq\n"
				      "5ms cpu0 switch idle -> boss/10\n"
				      "6ms cpu0 switch boss/10 S read(0x0) -> idle\n"
				      "9ms end\n");
	check_line(l, LEDGER_OURS, 2 * MS);
	check_line(l, LEDGER_PARTLY, 2 * MS);
	check_line(l, LEDGER_PLANNED, 8 * MS);
	check_line(l, LEDGER_ASLEEP, 6 * MS);
	check_sum(l);
	accounted_release(&x);
}

TEST(idle_with_nobody_there)
{
	struct accounted x;

	accounted_part(&x,
		       "schedviz-text 1\ncpus 2\n0ms cpu0 task other/99 state R on 0\n0ms cpu0 current other/99\n"
		       "0ms cpu1 current idle\n"
		       "2ms cpu0 fork other/99 -> late/12\n2ms cpu0 wakeup_new late/12 on 1 by other/99\n"
		       "2ms cpu1 switch idle -> late/12\n3ms cpu1 exit late/12\n3ms cpu1 switch late/12 X -> idle\n"
		       "9ms end\n",
		       (struct window){ 0, 9 * MS }, "late");
	check_line(&x.account.ledger, LEDGER_NOBODY, 8 * MS);
	check_line(&x.account.ledger, LEDGER_OURS, 1 * MS);
	check_line(&x.account.ledger, LEDGER_OTHERS, 9 * MS);
	accounted_release(&x);
}

TEST(what_is_not_known_has_a_line)
{
	struct accounted x;

	accounted_make(&x, HEAD TASKS "1ms cpu1 offline\n3ms cpu0 lost 17 since 2ms\n"
				      "4ms cpu0 switch idle -> boss/10\n5ms end\n");
	check_line(&x.account.ledger, LEDGER_OFFLINE, 4 * MS);
	check_line(&x.account.ledger, LEDGER_UNKNOWN, 1 * MS);
	check_sum(&x.account.ledger);
	accounted_release(&x);
	accounted_make(&x, HEAD "fact mode target\n" TASKS "4ms cpu0 switch boss/10 S -> ?/5\n5ms end\n");
	CHECK(x.account.ledger.ns[LEDGER_UNRECORDED] >= 1 * MS);
	check_sum(&x.account.ledger);
	accounted_release(&x);
}

/* ---- drawn: jobs. Two workers sleep in their jobs, so whatever is idle is so by the phase the jobs are in. ---- */

#define WORKERS                                       \
	"0ms cpu0 task w0/12 ppid 10 state S on 0\n"  \
	"0ms cpu0 task w1/13 ppid 10 state S on 0\n"  \
	"0.1ms cpu0 switch boss/10 S read(0x0) -> idle\n"
#define MARK(at, who, what) at " cpu0 mark " who " " what "\n"

TEST(phases_of_jobs)
{
	struct accounted x;
	const struct ledger *l = &x.account.ledger;

	accounted_make(&x, HEAD TASKS WORKERS
		       MARK("0.1ms", "boss/10", "submit 0") MARK("0.1ms", "boss/10", "submit 1")
		       MARK("0.1ms", "boss/10", "submit 2")
		       MARK("1ms", "w0/12", "start 0")
		       MARK("3ms", "w1/13", "start 1") /* was queued though w1 had none */
		       MARK("4ms", "w0/12", "finish 0") MARK("4ms", "w0/12", "start 2")
		       MARK("5ms", "w1/13", "finish 1") /* one left, two workers */
		       MARK("8ms", "w0/12", "finish 2")
		       "10ms end\n");
	check_line(l, LEDGER_OURS, 1 * MS / 10);
	check_line(l, LEDGER_STARTUP, 19 * MS / 10);
	check_line(l, LEDGER_DISPATCH, 4 * MS);
	check_line(l, LEDGER_ASLEEP, 4 * MS);
	check_line(l, LEDGER_TAIL, 6 * MS);
	check_line(l, LEDGER_JOIN, 4 * MS);
	CHECK_U64(l->jobs.jobs, 3);
	CHECK_U64(l->jobs.workers, 2);
	CHECK_U64(l->jobs.tail_ns, 3 * MS);
	CHECK_U64(l->jobs.tail_from_ns, 5 * MS);
	CHECK_U64(l->jobs.dispatch_ns, 2 * MS + 9 * MS / 10);
	check_sum(l);
	accounted_release(&x);
}

/* Who takes a lock by itself was dispatched by nobody. */
TEST(own_jobs_are_not_dispatched)
{
	struct accounted x;

	accounted_make(&x, HEAD TASKS WORKERS
		       MARK("0.1ms", "w0/12", "submit 0") MARK("0.1ms", "w1/13", "submit 1")
		       MARK("0.1ms", "w0/12", "start 0") MARK("4ms", "w0/12", "finish 0")
		       MARK("4ms", "w1/13", "start 1") MARK("9ms", "w1/13", "finish 1")
		       "9ms end\n");
	check_line(&x.account.ledger, LEDGER_DISPATCH, 0);
	check_line(&x.account.ledger, LEDGER_TAIL, 0); /* never two at work at once */
	CHECK_U64(x.account.ledger.jobs.workers, 1);
	accounted_release(&x);
}

/* Each does one job, then another takes its place: two at once, not four. */
TEST(a_worker_that_replaces_another_is_not_one_more)
{
	struct accounted x;

	accounted_make(&x, HEAD TASKS WORKERS
		       "0ms cpu0 task w2/14 ppid 10 state S on 0\n"
		       MARK("1ms", "w0/12", "start 0") MARK("1ms", "w1/13", "start 1")
		       MARK("3ms", "w0/12", "finish 0") MARK("3ms", "w2/14", "start 2")
		       MARK("5ms", "w1/13", "finish 1") MARK("6ms", "w2/14", "finish 2")
		       "9ms end\n");
	CHECK_U64(x.account.ledger.jobs.workers, 2);
	check_line(&x.account.ledger, LEDGER_TAIL, 2 * MS);
	accounted_release(&x);
}

TEST(a_job_that_nobody_took_ends_with_the_last_worker)
{
	struct accounted x;

	accounted_make(&x, HEAD TASKS WORKERS
		       MARK("0.5ms", "boss/10", "submit 0") MARK("0.5ms", "boss/10", "submit 1")
		       MARK("1ms", "w0/12", "start 0")
		       "4ms cpu0 exit w0/12 tgid 12\n4ms cpu0 switch idle -> w0/12\n"
		       "5ms cpu0 switch w0/12 X -> idle\n9ms end\n");
	CHECK_U64(x.account.ledger.jobs.jobs, 2);
	check_line(&x.account.ledger, LEDGER_JOIN, 8 * MS);
	accounted_release(&x);
}

/* ---- lives ---- */

TEST(a_life_is_told_apart)
{
	struct accounted x;
	const struct ledger_task *t;

	accounted_make(&x, HEAD TASKS "1ms cpu0 waking kid/11 by boss/10\n"
				      "4ms cpu0 switch boss/10 D read(0x3) -> kid/11\n"
				      "6ms cpu0 switch kid/11 R+ -> other/99\n"
				      "7ms cpu0 switch other/99 S -> kid/11\n"
				      "8ms cpu0 switch kid/11 S read(0x3) -> idle\n"
				      "9ms end\n");
	CHECK_U64(x.account.ledger.tasks.n, 2);
	t = &x.account.ledger.tasks.v[1];
	CHECK_U64(t->life_ns, 9 * MS);
	CHECK_U64(t->ns[STATE_RUNNING], 3 * MS);
	CHECK_U64(t->ns[STATE_RUNNABLE], 4 * MS);
	CHECK_U64(t->wait_ns[WHY_WOKEN], 3 * MS);
	CHECK_U64(t->wait_ns[WHY_PREEMPTED], 1 * MS);
	CHECK_U64(t->ns[STATE_SLEEPING], 2 * MS);
	CHECK_U64(t->slept.v[0].ns + t->slept.v[1].ns, 2 * MS);
	CHECK_U64(x.account.ledger.tasks.v[0].ns[STATE_BLOCKED], 5 * MS);
	accounted_release(&x);
}

/* ---- any events: against the reference ---- */

static uint64_t met[NR_LEDGER_LINES];

static void check_lines(const struct raw *r, const struct ledger *l, uint64_t seed)
{
	struct raw_waits waits;
	struct book b = { .r = r, .waits = &waits };
	uint64_t want[NR_LEDGER_LINES] = { 0 };

	raw_waits_make(&waits, r);
	b.jobs = model_jobs(r->m, &b.nr_jobs);
	for (size_t i = 0; i < b.nr_jobs; i++) {
		uint32_t n = is_done(&b, &b.jobs[i]) ? at_work(&b, began_ns(&b, &b.jobs[i])) : 0;

		b.workers = n > b.workers ? n : b.workers;
	}
	for (uint32_t cpu = 0; cpu < r->nr_cpus; cpu++)
		for (size_t c = 0; c < r->nr_cuts && model_cpu_seen(r->m, cpu); c++)
			want[line_at(&b, c, cpu)] += raw_ns(r, c);
	CHECK_U64(l->jobs.workers, b.workers);
	for (int i = 0; i < NR_LEDGER_LINES; i++) {
		met[i] += want[i];
		if (l->ns[i] != want[i])
			TEST_FAIL("seed %" PRIu64 ": line %d is %" PRIu64 ", not %" PRIu64, seed, i, l->ns[i], want[i]);
	}
	raw_waits_release(&waits);
}

static void check_life(const struct raw *r, const struct ledger_task *t)
{
	uint64_t ns[NR_STATES] = { 0 }, whys[NR_WHYS] = { 0 }, life = 0, slept = 0, waited = 0;

	for (size_t c = 0; c < r->nr_cuts; c++) {
		const struct span *s = raw_did(r, c, t->task.i);

		if (!s)
			continue;
		life += raw_ns(r, c);
		ns[s->state] += raw_ns(r, c);
		whys[s->why] += s->state == STATE_RUNNABLE ? raw_ns(r, c) : 0;
	}
	CHECK_U64(t->life_ns, life);
	for (int i = 0; i < NR_STATES; i++)
		CHECK_U64(t->ns[i], ns[i]);
	for (int i = 0; i < NR_WHYS; i++) {
		CHECK_U64(t->wait_ns[i], whys[i]);
		waited += whys[i];
	}
	CHECK_U64(waited, ns[STATE_RUNNABLE]);
	for (size_t i = 0; i < t->slept.n; i++)
		slept += t->slept.v[i].ns;
	CHECK_U64(slept, ns[STATE_SLEEPING] + ns[STATE_BLOCKED]);
}

static void soup(uint64_t seed, const struct facts *facts)
{
	struct raw_soup x;
	struct blame b;
	struct ledger l;
	uint64_t waited = 0;

	raw_soup_make(&x, seed, facts);
	blame_make(&b, &x.h);
	ledger_make(&l, &x.h, &b);
	check_sum(&l);
	check_lines(&x.raw, &l, seed);
	for (size_t i = 0; i < l.tasks.n; i++) {
		check_life(&x.raw, &l.tasks.v[i]);
		waited += l.tasks.v[i].ns[STATE_RUNNABLE];
	}
	CHECK_U64(waited, b.ns);
	ledger_release(&l);
	blame_release(&b);
	raw_soup_release(&x);
}

#define ROUNDS 200

TEST(any_events_of_a_machine_as_the_reference_says)
{
	struct facts facts = { 0 };

	facts_set(&facts, "cpu.online", "0-1");
	facts_set(&facts, "affinity", "yes");
	facts_set(&facts, "recorder.tgid", "7");
	for (uint64_t seed = 1; seed <= ROUNDS; seed++)
		soup(seed, &facts);
	facts_release(&facts);
	for (int i = 0; i < NR_LEDGER_LINES; i++)
		if (!met[i] && i != LEDGER_UNRECORDED && i != LEDGER_BESIDE_MAYBE && i != LEDGER_OTHERS)
			TEST_FAIL("line %d was never met", i);
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
	CHECK(met[LEDGER_UNRECORDED] && met[LEDGER_BESIDE_MAYBE] && met[LEDGER_OTHERS]);
}

TEST_MAIN
