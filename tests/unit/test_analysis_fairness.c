/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_analysis_fairness.c - who is compared with whom, over which time, and what each was due.
 */
#include "unit/account_make.h"
#include "unit/test.h"

#define MS NSEC_PER_MSEC

/* Tasks that compute all the time and take turns on a CPU, as a trace in the text form. */
struct turns {
	struct buf text;
	uint64_t now_ns[4]; /* by CPU */
	unsigned on[4];	    /* tid */
};

static void turns_begin(struct turns *t, unsigned cpus, const int *prios, unsigned tasks)
{
	*t = (struct turns){ 0 };
	buf_printf(&t->text, "schedviz-text 1\ncpus %u\n", cpus);
	for (unsigned i = 0; i < tasks; i++)
		buf_printf(&t->text, "0ms cpu0 task t%u/%u state R on 0 prio %d\n", i, 10 + i, prios[i]);
	for (unsigned c = 0; c < cpus; c++)
		buf_printf(&t->text, "0ms cpu%u current idle\n", c);
}

/* `tid` has `cpu` for so long; whoever had it is pushed off. 0: nobody. */
static void turn(struct turns *t, unsigned cpu, unsigned tid, const int *prios, uint64_t for_ns)
{
	char who[2][16] = { "idle", "idle" };
	int prio[2] = { 120, 120 };

	for (int i = 0; i < 2; i++) {
		unsigned one = i ? tid : t->on[cpu];

		if (one) {
			snprintf(who[i], sizeof(who[i]), "t%u/%u", one - 10, one);
			prio[i] = prios[one - 10];
		}
	}
	buf_printf(&t->text, "%lluns cpu%u switch %s R -> %s prio %d -> %d\n", (unsigned long long)t->now_ns[cpu], cpu,
		   who[0], who[1], prio[0], prio[1]);
	t->on[cpu] = tid;
	t->now_ns[cpu] += for_ns;
}

static void turns_end(struct turns *t, struct accounted *x)
{
	buf_printf(&t->text, "%lluns end\n", (unsigned long long)t->now_ns[0]);
	accounted_make(x, buf_str(&t->text));
	buf_release(&t->text);
}

static const int equal_prios[] = { 120, 120, 120, 120, 120, 120 };

TEST(equal_turns_are_fair)
{
	struct turns t;
	struct accounted x;

	turns_begin(&t, 1, equal_prios, 2);
	for (int i = 0; i < 100; i++)
		turn(&t, 0, 10 + (unsigned)i % 2, equal_prios, 4 * MS);
	turns_end(&t, &x);
	CHECK_U64(x.account.jobs.groups.v.n, 1);
	CHECK_U64(x.account.jobs.fairness.tasks, 2);
	CHECK_U64(x.account.jobs.fairness.together_ns, 400 * MS);
	CHECK_U64(x.account.jobs.fairness.jain_ppm, 1000000);
	CHECK_U64(x.account.jobs.fairness.least_ns, 200 * MS);
	CHECK_U64(x.account.jobs.fairness.v.v[0].due_ns, 200 * MS);
	accounted_release(&x);
}

TEST(one_that_takes_all_is_not)
{
	struct turns t;
	struct accounted x;

	turns_begin(&t, 1, equal_prios, 2);
	turn(&t, 0, 10, equal_prios, 1 * MS);
	turn(&t, 0, 11, equal_prios, 999 * MS);
	turns_end(&t, &x);
	CHECK(x.account.jobs.fairness.jain_ppm > 500000 &&
	      x.account.jobs.fairness.jain_ppm < 502000); /* (1 + 999)^2 / 2 (1 + 999^2) */
	CHECK_STR(model_task(x.m, x.account.jobs.fairness.least)->name, "t0");
	CHECK_STR(model_task(x.m, x.account.jobs.fairness.most)->name, "t1");
	accounted_release(&x);
}

TEST(a_nice_task_is_due_less)
{
	static const int prios[] = { 120, 125 };
	struct turns t;
	struct accounted x;

	turns_begin(&t, 1, prios, 2);
	for (int i = 0; i < 40; i++) {
		turn(&t, 0, 10, prios, 12 * MS);
		turn(&t, 0, 11, prios, 4 * MS);
	}
	turns_end(&t, &x);
	CHECK_U64(x.account.jobs.fairness.weighted, true);
	CHECK_U64(x.account.jobs.fairness.v.v[1].nice, 5);
	/* 1024 : 335, so 75.3 % is due, 75 % is what it got */
	CHECK_U64(x.account.jobs.fairness.v.v[0].due_ns, 640 * MS * 1024 / 1359);
	CHECK(x.account.jobs.fairness.jain_ppm > 999900);
	accounted_release(&x);
}

TEST(nobody_is_due_more_than_a_cpu)
{
	static const int prios[] = { 100, 120, 120 }; /* nice -20: its weight is 87 times theirs */
	struct turns t;
	struct accounted x;

	turns_begin(&t, 2, prios, 3);
	turn(&t, 0, 10, prios, 800 * MS);
	for (int i = 0; i < 100; i++)
		turn(&t, 1, 11 + (unsigned)i % 2, prios, 8 * MS);
	turns_end(&t, &x);
	CHECK_U64(x.account.jobs.fairness.tasks, 3);
	for (int i = 0; i < 3; i++)
		CHECK_U64(x.account.jobs.fairness.v.v[i].due_ns,
			  x.account.jobs.fairness.v.v[i].nice ? 800 * MS : 400 * MS);
	CHECK_U64(x.account.jobs.fairness.jain_ppm, 1000000);
	accounted_release(&x);
}

TEST(three_on_two_cpus)
{
	struct turns t;
	struct accounted x;

	turns_begin(&t, 2, equal_prios, 3);
	turn(&t, 0, 10, equal_prios, 400 * MS); /* one alone, two share: 1, 1/2, 1/2 where 2/3 is due */
	for (int i = 0; i < 100; i++)
		turn(&t, 1, 11 + (unsigned)i % 2, equal_prios, 4 * MS);
	turns_end(&t, &x);
	CHECK_U64(x.account.jobs.fairness.v.v[0].due_ns, 800 * MS / 3);
	CHECK_U64(x.account.jobs.fairness.jain_ppm / 1000, 888); /* 2^2 / 3 (1 + 1/4 + 1/4) */
	accounted_release(&x);
}

TEST(real_time_is_not_compared)
{
	static const int prios[] = { 49, 120, 120 };
	struct turns t;
	struct accounted x;

	turns_begin(&t, 1, prios, 3);
	turn(&t, 0, 10, prios, 300 * MS);
	for (int i = 0; i < 100; i++)
		turn(&t, 0, 11 + (unsigned)i % 2, prios, 4 * MS);
	turns_end(&t, &x);
	CHECK_U64(x.account.jobs.groups.above, 1);
	CHECK_U64(x.account.jobs.groups.v.n, 1);
	CHECK_U64(x.account.jobs.fairness.tasks, 2);
	accounted_release(&x);
}

/* Sleeps and wakes again, 30 ms long turns at most: too short to say who got his due. */
TEST(short_meetings_are_not_compared)
{
	struct buf b = { 0 };
	struct accounted x;

	buf_puts(&b, "schedviz-text 1\ncpus 1\n0ms cpu0 current hog/10\n0ms cpu0 task nap/11 state S on 0\n");
	for (unsigned i = 0; i < 10; i++)
		buf_printf(&b,
			   "%ums cpu0 waking nap/11 by hog/10\n"
			   "%ums cpu0 switch hog/10 R -> nap/11\n"
			   "%ums cpu0 switch nap/11 S read(0) -> hog/10\n",
			   100 * i + 10, 100 * i + 20, 100 * i + 40);
	buf_puts(&b, "1s end\n");
	accounted_make(&x, buf_str(&b));
	CHECK_U64(x.account.jobs.groups.v.n, 0);
	CHECK_U64(x.account.jobs.fairness.tasks, 0);
	CHECK_U64(x.account.jobs.depth_max, 2);
	CHECK_U64(x.account.jobs.depth_mean_milli, 1300);
	accounted_release(&x);
	buf_release(&b);
}

/* Two would be compared over 50 ms; three take turns for longer before it can be said who got what. */
TEST(the_more_are_compared_the_longer_they_have_to_meet)
{
	struct buf b = { 0 };
	struct accounted x;

	buf_puts(&b, "schedviz-text 1\ncpus 1\n0ms cpu0 current a/10\n0ms cpu0 task b/11 state R on 0\n"
		     "0ms cpu0 task nap/12 state S on 0\n");
	for (unsigned i = 0; i < 10; i++)
		buf_printf(&b,
			   "%ums cpu0 waking nap/12 by a/10\n"
			   "%ums cpu0 switch a/10 R -> nap/12\n"
			   "%ums cpu0 switch nap/12 S read(0) -> b/11\n"
			   "%ums cpu0 switch b/11 R -> a/10\n",
			   100 * i, 100 * i + 20, 100 * i + 50, 100 * i + 80);
	buf_puts(&b, "1s end\n");
	accounted_make(&x, buf_str(&b));
	CHECK_U64(x.account.jobs.groups.v.n, 1);
	CHECK_U64(x.account.jobs.fairness.tasks, 2);
	CHECK_STR(model_task(x.m, x.account.jobs.fairness.least)->name, "b");
	accounted_release(&x);
	buf_release(&b);
}

TEST(who_comes_late_does_not_take_away_most_of_the_time)
{
	struct turns t;
	struct accounted x;

	turns_begin(&t, 1, equal_prios, 2);
	buf_puts(&t.text, "0ms cpu0 task t2/12 state S on 0\n");
	for (int i = 0; i < 70; i++)
		turn(&t, 0, 10 + (unsigned)i % 2, equal_prios, 10 * MS);
	buf_puts(&t.text, "700ms cpu0 waking t2/12 by t0/10\n");
	for (int i = 0; i < 30; i++)
		turn(&t, 0, 10 + (unsigned)i % 3, equal_prios, 10 * MS);
	turns_end(&t, &x);
	CHECK_U64(x.account.jobs.groups.v.n, 1);
	CHECK_U64(x.account.jobs.fairness.tasks, 2);
	CHECK_U64(x.account.jobs.fairness.together_ns, 1000 * MS);
	accounted_release(&x);
}

/* Two compete, end, and two others do. */
TEST(who_competed_at_another_time_is_another_group)
{
	struct buf b = { 0 };
	struct accounted x;

	buf_puts(&b, "schedviz-text 1\ncpus 1\n0ms cpu0 current idle\n");
	for (unsigned phase = 0; phase < 2; phase++) {
		unsigned from = 500 * phase, tid = 10 + 2 * phase;

		buf_printf(&b, "0ms cpu0 task a%u/%u state S on 0\n0ms cpu0 task b%u/%u state S on 0\n", phase, tid,
			   phase, tid + 1);
		buf_printf(&b,
			   "%ums cpu0 waking a%u/%u by idle in hardirq\n%ums cpu0 waking b%u/%u by idle in hardirq\n"
			   "%ums cpu0 switch idle R -> a%u/%u\n",
			   from, phase, tid, from, phase, tid + 1, from, phase, tid);
		for (unsigned at = from + 10; at < from + 400; at += 20)
			buf_printf(&b,
				   "%ums cpu0 switch a%u/%u R -> b%u/%u\n"
				   "%ums cpu0 switch b%u/%u R -> a%u/%u\n",
				   at, phase, tid, phase, tid + 1, at + 10, phase, tid + 1, phase, tid);
		buf_printf(&b,
			   "%ums cpu0 switch a%u/%u S read(0) -> b%u/%u\n"
			   "%ums cpu0 switch b%u/%u S read(0) -> idle\n",
			   from + 420, phase, tid, phase, tid + 1, from + 430, phase, tid + 1);
	}
	buf_puts(&b, "1s end\n");
	accounted_make(&x, buf_str(&b));
	CHECK_U64(x.account.jobs.groups.v.n, 2);
	CHECK_U64(x.account.jobs.groups.v.v[0].tasks, 2);
	CHECK_U64(x.account.jobs.groups.v.v[1].tasks, 2);
	CHECK_U64(x.account.jobs.groups.v.v[0].together_ns, 420 * MS);
	CHECK_U64(x.account.jobs.groups.v.v[1].together_ns, 420 * MS);
	accounted_release(&x);
	buf_release(&b);
}

TEST_MAIN
