/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_analysis_latency.c - distributions are exact; waits and time slices are those that the model's spans tell.
 */
#include "analysis/latency.h"
#include "analysis/summary.h"
#include "unit/soup.h"
#include "unit/test.h"

#define US NSEC_PER_USEC
#define MS NSEC_PER_MSEC
#define ALL ((struct window){ 0, UINT64_MAX })
#define ROUNDS 300

/* ---- distributions ---- */

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t nearest_rank(const uint64_t *sorted, size_t n, double p)
{
	size_t rank = 0;

	while (rank < n && (double)(rank + 1) * 1000 < p * 10 * (double)n)
		rank++;
	return sorted[rank];
}

/* Against sorting; `v` is sorted. */
static void check_dist(const struct dist *d, uint64_t *v, size_t n)
{
	unsigned __int128 sum = 0;
	uint64_t bins[DIST_BINS] = { 0 };

	CHECK_U64(d->n, n);
	if (!n) {
		CHECK_U64(d->max_ns | d->min_ns | d->p50_ns | d->p999_ns | d->bins[0], 0);
		CHECK_U64(dist_mean_ns(d), 0);
		return;
	}
	qsort(v, n, sizeof(*v), by_value);
	for (size_t i = 0; i < n; i++) {
		unsigned bin = 0;

		while (bin + 1 < DIST_BINS && v[i] >= dist_bin_from_ns(bin + 1))
			bin++;
		bins[bin]++;
		sum += v[i];
	}
	CHECK_U64(d->min_ns, v[0]);
	CHECK_U64(d->max_ns, v[n - 1]);
	CHECK_U64(d->p50_ns, nearest_rank(v, n, 50));
	CHECK_U64(d->p90_ns, nearest_rank(v, n, 90));
	CHECK_U64(d->p95_ns, nearest_rank(v, n, 95));
	CHECK_U64(d->p99_ns, nearest_rank(v, n, 99));
	CHECK_U64(d->p999_ns, nearest_rank(v, n, 99.9));
	CHECK(d->sum_ns == sum);
	CHECK_U64(dist_mean_ns(d), (uint64_t)(sum / n));
	for (unsigned b = 0; b < DIST_BINS; b++)
		CHECK_U64(d->bins[b], bins[b]);
}

/* Several shapes: all bits, few values, one value, a narrow peak with a long tail, powers of two and their neighbours.
 */
static uint64_t roll_sample(struct dice *d, unsigned shape)
{
	uint64_t x = (uint64_t)roll(d, UINT32_MAX) << 32 | roll(d, UINT32_MAX);

	switch (shape) {
	case 0:
		return x >> roll(d, 64);
	case 1:
		return x % 3 * 1000;
	case 2:
		return 4 * MS;
	case 3:
		return roll(d, 100) ? 1600 + x % 200 : x >> 20;
	default:
		return ((uint64_t)1 << roll(d, 63)) + roll(d, 3) - 1;
	}
}

TEST(percentiles_are_those_of_sorting)
{
	static const size_t sizes[] = { 0, 1, 2, 3, 10, 63, 64, 65, 100, 999, 1000, 1001, 20000 };
	struct dist_scratch scratch = { 0 };
	struct dice dice = { 7 };

	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		size_t n = sizes[s];
		uint64_t *v = calloc(n + 1, sizeof(*v));

		for (unsigned shape = 0; shape < 5; shape++) {
			size_t cut = n ? roll(&dice, (uint32_t)n) : 0;
			struct dist_part parts[3] = { { v, cut }, { NULL, 0 }, { v + cut, n - cut } };
			struct dist d;

			for (size_t i = 0; i < n; i++)
				v[i] = roll_sample(&dice, shape);
			dist_make(&d, parts, 3, &scratch);
			check_dist(&d, v, n);
		}
		free(v);
	}
	dist_scratch_release(&scratch);
}

TEST(bins_double)
{
	uint64_t v[] = { 0, 1, 2, 3, 4, 1023, 1024, 4 * MS, UINT64_MAX };
	struct dist_part part = { v, sizeof(v) / sizeof(v[0]) };
	struct dist_scratch scratch = { 0 };
	struct dist d;

	CHECK_U64(dist_bin_from_ns(0), 0);
	CHECK_U64(dist_bin_from_ns(1), 2);
	CHECK_U64(dist_bin_from_ns(10), 1024);
	dist_make(&d, &part, 1, &scratch);
	CHECK_U64(d.bins[0], 2);
	CHECK_U64(d.bins[1], 2);
	CHECK_U64(d.bins[2], 1);
	CHECK_U64(d.bins[9], 1);
	CHECK_U64(d.bins[10], 1);
	CHECK_U64(d.bins[21], 1);
	CHECK_U64(d.bins[DIST_BINS - 1], 1);
	dist_scratch_release(&scratch);
}

/* ---- drawn ---- */

struct scene {
	struct trace_reader *reader;
	struct model *m;
	struct target target;
	struct history h;
	struct latencies l;
};

static void scene_make(struct scene *s, const char *text, struct window asked)
{
	struct model_sink sink;
	struct err e = { 0 };

	*s = (struct scene){ 0 };
	history_init(&s->h, asked, NULL, &sink);
	if (trace_reader_open_mem(&s->reader, text, strlen(text), &e) < 0 ||
	    model_build(&s->m, s->reader, &sink, 1, &e) < 0)
		TEST_FAIL("%s", e.text);
	target_init(&s->target, s->m, NULL, asked);
	history_finish(&s->h, s->m, &s->target);
	latencies_make(&s->l, &s->h);
}

static void scene_end(struct scene *s)
{
	latencies_release(&s->l);
	history_release(&s->h);
	target_release(&s->target);
	model_free(s->m);
	trace_reader_close(s->reader);
}

static const struct latency_task *named(const struct scene *s, const char *name)
{
	for (size_t i = 0; i < s->l.tasks.n; i++)
		if (!strcmp(model_task(s->m, s->l.tasks.v[i].task)->name, name))
			return &s->l.tasks.v[i];
	TEST_FAIL("no %s", name);
}

#define HEAD "schedviz-text 1\ncpus 4\n"

/* db is woken by web on its own CPU, by web from another, by an interrupt here and there, and once moved as it waits.
 */
static const char woken[] = HEAD "0ms cpu0 task web/10 state R on 0\n"
				 "0ms cpu0 task db/11 state S on 1\n"
				 "0ms cpu0 current web/10\n"
				 "0ms cpu1 current idle\n"
				 "0ms cpu2 current idle\n"
				 "1ms cpu0 waking db/11 by web/10\n"
				 "1.01ms cpu1 switch idle R -> db/11\n"
				 "2ms cpu1 switch db/11 S read(0) -> idle\n"
				 "3ms cpu1 waking db/11 by idle in hardirq\n"
				 "3.02ms cpu1 switch idle R -> db/11\n"
				 "4ms cpu1 switch db/11 S read(0) -> idle\n"
				 "5ms cpu2 waking db/11 by idle in softirq\n"
				 "5.03ms cpu1 switch idle R -> db/11\n"
				 "6ms cpu1 switch db/11 S read(0) -> idle\n"
				 "7ms cpu0 waking db/11 by web/10\n"
				 "7ms cpu0 migrate db/11 1 -> 0 by web/10\n"
				 "7.04ms cpu0 switch web/10 R+ -> db/11\n"
				 "8ms cpu0 switch db/11 S read(0) -> web/10\n"
				 "9ms cpu0 waking db/11 by web/10\n"
				 "9.2ms cpu2 migrate db/11 0 -> 2 by idle\n"
				 "9.3ms cpu2 migrate db/11 2 -> 1 by idle\n"
				 "9.5ms cpu1 switch idle R -> db/11\n"
				 "10ms cpu1 waking db/11 by idle in unknown\n"
				 "11ms cpu1 switch db/11 S read(0) -> idle\n"
				 "12ms end\n";

TEST(waits_are_from_waking_to_running_by_who_woke)
{
	const struct latency_task *db;
	struct scene s;

	scene_make(&s, woken, ALL);
	db = named(&s, "db");
	CHECK_U64(db->wake.n, 5);
	CHECK_U64(db->wake.min_ns, 10 * US);
	CHECK_U64(db->wake.p50_ns, 30 * US);
	CHECK_U64(db->wake.max_ns, 500 * US); /* moved twice, it is still one wait */
	CHECK_U64(db->cut, 0);
	CHECK_U64(s.l.by_class[LATENCY_TASK_SAME].n, 1);
	CHECK_U64(s.l.by_class[LATENCY_TASK_SAME].max_ns, 40 * US);
	CHECK_U64(s.l.by_class[LATENCY_TASK_OTHER].n, 2);
	CHECK_U64(s.l.by_class[LATENCY_TASK_OTHER].max_ns, 500 * US);
	CHECK_U64(s.l.by_class[LATENCY_IRQ_SAME].max_ns, 20 * US);
	CHECK_U64(s.l.by_class[LATENCY_IRQ_OTHER].max_ns, 30 * US);
	CHECK_U64(s.l.by_class[LATENCY_NOT_KNOWN].n, 0);
	CHECK_U64(s.l.wake.n, 5);
	CHECK_STR(model_task(s.m, s.l.tasks.v[0].task)->name, "db"); /* worst first */
	scene_end(&s);
}

TEST(stays_and_moves)
{
	const struct latency_task *db, *web;
	struct scene s;

	scene_make(&s, woken, ALL);
	db = named(&s, "db");
	web = named(&s, "web");
	CHECK_U64(db->slice.n, 5);
	CHECK_U64(db->slice.max_ns, 1500 * US);
	CHECK_U64(db->taken.n, 0);
	CHECK_U64(db->ran_ns, (990 + 980 + 970 + 960 + 1500) * US);
	CHECK_U64(db->migrations, 3);
	CHECK_U64(db->moved_cache, 3); /* CPUs of one package */
	CHECK_U64(db->placed, 1);
	CHECK_U64(web->slice.n, 0); /* its first stay began before the recording, its last did not end */
	CHECK_U64(web->ran_ns, 12 * MS - 960 * US);
	scene_end(&s);
}

TEST(a_stay_that_another_ended_was_taken)
{
	static const char text[] = HEAD "0ms cpu0 current idle\n"
					"1ms cpu0 switch idle R -> a/10\n"
					"3ms cpu0 switch a/10 R -> b/11\n"
					"6ms cpu0 switch b/11 R+ -> a/10\n"
					"7ms cpu0 switch a/10 S read(0) -> b/11\n"
					"9ms cpu0 exit b/11 last\n"
					"9ms cpu0 switch b/11 X -> idle\n"
					"10ms end\n";
	struct scene s;

	scene_make(&s, text, ALL);
	CHECK_U64(named(&s, "a")->slice.n, 2);
	CHECK_U64(named(&s, "a")->taken.n, 1);
	CHECK_U64(named(&s, "a")->taken.max_ns, 2 * MS);
	CHECK_U64(named(&s, "b")->slice.n, 2); /* to die is to leave */
	CHECK_U64(named(&s, "b")->taken.max_ns, 3 * MS);
	CHECK_U64(s.l.all.taken.n, 2);
	scene_end(&s);
}

/* a was runnable when the recording began; b still is when it ends; of c events were lost. */
static const char cut[] = HEAD "0ms cpu0 task a/10 state R on 0\n"
			       "0ms cpu0 task b/11 state S on 0\n"
			       "0ms cpu1 task c/12 state S on 1\n"
			       "0ms cpu0 current w/13\n"
			       "0ms cpu1 current w2/14\n"
			       "2ms cpu0 switch w/13 R -> a/10\n"
			       "4ms cpu1 waking c/12 by w2/14\n"
			       "5ms cpu1 lost 3 since 4.5ms\n"
			       "6ms cpu1 switch w2/14 R -> c/12\n"
			       "7ms cpu0 waking b/11 by a/10\n"
			       "10ms end\n";

TEST(waits_that_are_cut_off_are_counted_apart)
{
	struct scene s;

	scene_make(&s, cut, ALL);
	CHECK_U64(s.l.wake.n, 0);
	CHECK_U64(named(&s, "a")->cut, 1);
	CHECK_U64(named(&s, "a")->cut_ns, 2 * MS);
	CHECK_U64(named(&s, "b")->cut, 1);
	CHECK_U64(named(&s, "b")->cut_ns, 3 * MS);
	CHECK(named(&s, "c")->cut >= 1); /* from the waking to the loss, and from when it is known again */
	CHECK_U64(s.l.cut, s.l.all.cut);
	scene_end(&s);
}

TEST(a_window_cuts_a_wait_at_its_end_but_not_at_its_beginning)
{
	struct scene s;

	scene_make(&s, woken, (struct window){ 9300 * US, 9400 * US });
	CHECK_U64(named(&s, "db")->wake.n, 0);
	CHECK_U64(named(&s, "db")->cut, 1);
	CHECK_U64(named(&s, "db")->cut_ns, 100 * US);
	scene_end(&s);
	scene_make(&s, woken, (struct window){ 9400 * US, 9600 * US });
	CHECK_U64(named(&s, "db")->wake.n, 1);
	CHECK_U64(named(&s, "db")->wake.max_ns, 500 * US);
	CHECK_U64(named(&s, "db")->cut, 0);
	scene_end(&s);
	scene_make(&s, woken, (struct window){ 9500 * US, 9600 * US }); /* it ends in the first instant */
	CHECK_U64(named(&s, "db")->wake.n, 1);
	scene_end(&s);
	scene_make(&s, woken, (struct window){ 9000 * US, 9500 * US }); /* and after the last */
	CHECK_U64(named(&s, "db")->wake.n, 0);
	CHECK_U64(named(&s, "db")->cut, 1);
	scene_end(&s);
}

TEST(nobody_and_an_empty_recording)
{
	struct scene s;

	scene_make(&s, HEAD "0ms cpu0 current idle\n1ns end\n", ALL);
	CHECK_U64(s.l.tasks.n, 0);
	CHECK_U64(s.l.all.slice.n, 0);
	scene_end(&s);
}

/* ---- random events, against the model's own spans ---- */

struct samples {
	uint64_t v[SOUP_EVENTS + 1];
	size_t n;
};

/* What a plain reading of latency.h gives. */
struct reference {
	struct window w;
	struct samples wake[64], slice[64], taken[64], all;
};

static void note_span(void *ctx, const struct span *s)
{
	struct reference *r = ctx;
	uint32_t i = s->task.i;

	if (i >= 64 || !window_contains(r->w, s->to_ns) || s->cut_left)
		return;
	if (s->state == STATE_RUNNABLE && s->why == WHY_WOKEN && s->then_ran) {
		r->wake[i].v[r->wake[i].n++] = s->to_ns - s->since_ns;
		r->all.v[r->all.n++] = s->to_ns - s->since_ns;
	}
	if (s->state != STATE_RUNNING || s->out == OUT_NONE)
		return;
	r->slice[i].v[r->slice[i].n++] = s->to_ns - s->from_ns;
	if (s->out == OUT_INVOLUNTARY)
		r->taken[i].v[r->taken[i].n++] = s->to_ns - s->from_ns;
}

static void check_against(const struct latencies *l, struct reference *r, const struct summary *sum)
{
	struct dist by_class = { 0 };

	check_dist(&l->wake, r->all.v, r->all.n);
	for (size_t i = 0; i < l->tasks.n; i++) {
		const struct latency_task *t = &l->tasks.v[i];
		const struct task_sum *ts = &sum->tasks[t->task.i];

		check_dist(&t->wake, r->wake[t->task.i].v, r->wake[t->task.i].n);
		check_dist(&t->slice, r->slice[t->task.i].v, r->slice[t->task.i].n);
		check_dist(&t->taken, r->taken[t->task.i].v, r->taken[t->task.i].n);
		CHECK_U64(t->wake.n, ts->latency.n);
		CHECK_U64(t->wake.max_ns, ts->latency.max_ns);
		CHECK_U64(dist_mean_ns(&t->wake), hist_mean(&ts->latency));
		CHECK_U64(t->migrations, ts->migrations);
		CHECK_U64(t->moved_core + t->moved_cache + t->moved_node + t->moved_far + t->moved_unknown,
			  t->migrations);
		CHECK(t->placed <= t->migrations);
		CHECK_U64(t->ran_ns, ts->ns[STATE_RUNNING]);
		CHECK(t->cut_ns <= ts->wait_ns[WHY_WOKEN] + ts->wait_ns[WHY_OPENING]);
		CHECK(!i || t->wake.p99_ns <= l->tasks.v[i - 1].wake.p99_ns);
	}
	for (int c = 0; c < NR_LATENCY_CLASSES; c++) {
		by_class.n += l->by_class[c].n;
		by_class.sum_ns += l->by_class[c].sum_ns;
	}
	CHECK_U64(by_class.n, l->wake.n);
	CHECK(by_class.sum_ns == l->wake.sum_ns);
}

static void compare(uint64_t seed, struct window asked)
{
	static struct reference r;
	struct facts facts = { 0 };
	struct model_sink sinks[3];
	struct target target;
	struct history h;
	struct latencies l;
	struct summary sum;
	struct model *m;

	r.w = asked;
	r.all.n = 0;
	for (int i = 0; i < 64; i++)
		r.wake[i].n = r.slice[i].n = r.taken[i].n = 0;
	facts_set(&facts, "cpu.online", "0-1");
	history_init(&h, asked, NULL, &sinks[0]);
	summary_init(&sum, asked, &sinks[1]);
	sinks[2] = (struct model_sink){ .ctx = &r, .span = note_span };
	soup_model(&m, seed, &facts, sinks, 3, NULL);
	summary_finish(&sum, m);
	target_init(&target, m, NULL, asked);
	history_finish(&h, m, &target);
	latencies_make(&l, &h);
	if (model_nr_tasks(m) < 64)
		check_against(&l, &r, &sum);
	latencies_release(&l);
	history_release(&h);
	target_release(&target);
	summary_release(&sum);
	model_free(m);
	facts_release(&facts);
}

static uint64_t some_event_ns;

static void note_event(const struct model *m, uint64_t seed, int i, const struct event *ev)
{
	(void)m;
	if (i == SOUP_EVENTS / 4 + (int)(seed % (SOUP_EVENTS / 2)))
		some_event_ns = ev->ts_ns;
}

TEST(random_events_give_what_stat_counts)
{
	struct facts facts = { 0 };

	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		struct model *m;

		soup_model(&m, seed, &facts, NULL, 0, note_event);
		model_free(m);
		compare(seed, (struct window){ SOUP_FROM_NS, SOUP_FROM_NS + SOUP_NS });
		compare(seed, (struct window){ some_event_ns, some_event_ns + 50000 + seed });
		compare(seed, (struct window){ SOUP_FROM_NS + 10, some_event_ns });
	}
}

TEST_MAIN
