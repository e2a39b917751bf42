/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_analysis_jobstats.c - jobs, use of the CPUs and load, against plain counting.
 */
#include "analysis/job_times.h"
#include "analysis/jobstats.h"
#include "analysis/summary.h"
#include "base/alloc.h"
#include "unit/soup.h"
#include "unit/test.h"

#define US NSEC_PER_USEC
#define MS NSEC_PER_MSEC
#define ALL ((struct window){ 0, UINT64_MAX })
#define ROUNDS 300

struct scene {
	struct trace_reader *reader;
	struct model *m;
	struct target target;
	struct history h;
	struct jobstats j;
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
	jobstats_make(&s->j, &s->h);
}

static void scene_end(struct scene *s)
{
	jobstats_release(&s->j);
	history_release(&s->h);
	target_release(&s->target);
	model_free(s->m);
	trace_reader_close(s->reader);
}

/* ---- jobs ---- */

/*
 * One worker, three jobs: 1 runs 2 ms, waits 1 ms and sleeps 1 ms; 2 was never submitted; 3 does not finish. Between
 * 1 and 2 the worker is its own.
 */
static const char jobs[] = "schedviz-text 1\n"
			   "cpus 1\n"
			   "0ms cpu0 current boss/9\n"
			   "1ms cpu0 mark boss/9 submit 1\n"
			   "1ms cpu0 mark boss/9 submit 3\n"
			   "1ms cpu0 switch boss/9 S read(0) -> work/10\n"
			   "2ms cpu0 mark work/10 start 1\n"
			   "3ms cpu0 switch work/10 R -> other/11\n"
			   "4ms cpu0 switch other/11 S read(0) -> work/10\n"
			   "4.5ms cpu0 switch work/10 S read(3) -> idle\n"
			   "5.4ms cpu0 waking work/10 by idle in hardirq\n"
			   "5.5ms cpu0 switch idle R -> work/10\n"
			   "6ms cpu0 mark work/10 finish 1\n"
			   "7ms cpu0 mark work/10 start 2\n"
			   "9ms cpu0 mark work/10 finish 2\n"
			   "9.5ms cpu0 mark work/10 start 3\n"
			   "10ms end\n";

TEST(jobs_as_the_textbook_has_them)
{
	struct scene s;

	scene_make(&s, jobs, ALL);
	CHECK_U64(s.j.jobs, 2);
	CHECK_U64(s.j.incomplete, 1);
	CHECK_U64(s.j.finished, 2);
	CHECK_U64(s.j.workers, 1);
	CHECK_U64(s.j.throughput_milli, 200 * 1000);
	CHECK_U64(s.j.turnaround_ns.n, 1); /* of job 2 nobody said when it was submitted */
	CHECK_U64(s.j.turnaround_ns.max, 5 * MS);
	CHECK_U64(s.j.response_ns.mean, 1 * MS);
	CHECK_U64(s.j.service_ns.n, 2);
	CHECK_U64(s.j.service_ns.max, 2 * MS);
	CHECK_U64(s.j.service_ns.mean, 2 * MS);
	CHECK_U64(s.j.waiting_ns.max, 1100 * US);
	CHECK_U64(s.j.waiting_ns.mean, 550 * US);
	CHECK_U64(s.j.waiting_ns.median, 0); /* the lower one of two */
	CHECK_U64(s.j.asleep_ns.max, 900 * US);
	CHECK_U64(s.j.slowdown_milli.n, 1);
	CHECK_U64(s.j.slowdown_milli.max, 5000 * 10 / 29);
	CHECK_U64(s.j.rows.v[1].turnaround_ns, UINT64_MAX);
	scene_end(&s);
}

TEST(jobs_count_inside_the_window_alone)
{
	struct scene s;

	scene_make(&s, jobs, (struct window){ 1500 * US, 9 * MS });
	CHECK_U64(s.j.jobs, 1); /* the second, whose finish is the window's end */
	CHECK_U64(s.j.incomplete, 2);
	CHECK_U64(s.j.finished, 2);
	scene_end(&s);
}

TEST(a_median_is_the_nearest_rank)
{
	static const char text[] = "schedviz-text 1\n"
				   "cpus 1\n"
				   "0ms cpu0 current w/10\n"
				   "1ms cpu0 mark w/10 start 1\n"
				   "2ms cpu0 mark w/10 finish 1\n"
				   "3ms cpu0 mark w/10 start 2\n"
				   "12ms cpu0 mark w/10 finish 2\n"
				   "13ms cpu0 mark w/10 start 3\n"
				   "15ms cpu0 mark w/10 finish 3\n"
				   "20ms end\n";
	struct scene s;

	scene_make(&s, text, ALL);
	CHECK_U64(s.j.service_ns.median, 2 * MS);
	CHECK_U64(s.j.service_ns.mean, 4 * MS);
	CHECK_U64(s.j.service_ns.max, 9 * MS);
	scene_end(&s);
}

/* ---- load ---- */

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* The most at a time: all begins and ends in order, ends first. */
static uint32_t plain_max(const struct wants *w, uint64_t from_ns)
{
	int64_t *events = xcalloc(2 * w->v.n + 1, sizeof(*events));
	uint32_t depth = 0, max = 0;

	for (size_t i = 0; i < w->v.n; i++) {
		events[2 * i] = (int64_t)((w->v.v[i].from_ns - from_ns) * 2 + 1);
		events[2 * i + 1] = (int64_t)((w->v.v[i].to_ns - from_ns) * 2);
	}
	qsort(events, 2 * w->v.n, sizeof(*events), by_value);
	for (size_t i = 0; i < 2 * w->v.n; i++) {
		depth += events[i] & 1 ? 1 : UINT32_MAX;
		max = depth > max ? depth : max;
	}
	free(events);
	return max;
}

static void check_load(const struct load *l, const struct wants *w, struct window window)
{
	uint64_t sum = 0;

	CHECK_U64(l->max, plain_max(w, window.from_ns));
	for (uint32_t c = 0; c < LOAD_CELLS; c++) {
		struct window cell = { load_cell_from_ns(window, c), load_cell_from_ns(window, c + 1) };
		uint64_t ns = 0;

		for (size_t i = 0; i < w->v.n; i++)
			ns += history_part_ns(w->v.v[i].from_ns, w->v.v[i].to_ns, cell);
		CHECK_U64(l->cell_ns[c], ns);
		sum += ns;
	}
	CHECK_U64(sum, w->ns);
}

/* Wants of any shape: 0 anywhere; 1 many at a few instants; 2 bursts; 3 all of it. */
static struct want roll_want(struct dice *d, struct window w, unsigned shape)
{
	uint64_t wall_ns = w.to_ns - w.from_ns;
	uint64_t at = (uint64_t)roll(d, UINT32_MAX) << 20 | roll(d, 1 << 20);
	uint64_t for_ns = (uint64_t)roll(d, UINT32_MAX) >> roll(d, 32);

	if (shape == 1)
		at = wall_ns / 8 * roll(d, 8);
	if (shape == 2)
		at = wall_ns / 3 + at % (wall_ns / 1000 + 1);
	if (shape == 3)
		at = 0, for_ns = wall_ns;
	at %= wall_ns;
	for_ns = for_ns ? for_ns : 1;
	for_ns = for_ns < wall_ns - at ? for_ns : wall_ns - at;
	return (struct want){ w.from_ns + at, w.from_ns + at + for_ns };
}

TEST(load_is_that_of_plain_counting)
{
	static const uint64_t walls[] = { 1, 2, 239, 241, 1000, 1000003, 7 * NSEC_PER_SEC, (uint64_t)1 << 61 };
	static const size_t sizes[] = { 0, 1, 2, 7, 100, 3000 };
	struct dice d = { 3 };

	for (size_t k = 0; k < sizeof(walls) / sizeof(walls[0]); k++)
		for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
			for (unsigned shape = 0; shape < 4; shape++) {
				struct window w = { 12345, 12345 + walls[k] };
				struct wants wants = { 0 };
				struct load l;

				wants.v.v = xarray(sizes[s], sizeof(*wants.v.v));
				wants.first = xcalloc(1, sizeof(*wants.first));
				for (; wants.v.n < sizes[s]; wants.v.n++) {
					wants.v.v[wants.v.n] = roll_want(&d, w, shape);
					wants.ns += wants.v.v[wants.v.n].to_ns - wants.v.v[wants.v.n].from_ns;
				}
				load_make(&l, &wants, w);
				check_load(&l, &wants, w);
				wants_release(&wants);
			}
}

TEST(load_of_the_whole_range_of_times)
{
	struct window w = { 0, UINT64_MAX };
	struct want all[] = { { 0, UINT64_MAX }, { 5, UINT64_MAX - 1 }, { UINT64_MAX - 1, UINT64_MAX } };
	struct wants wants = { .v = { all, 3 } };
	struct load l;

	load_make(&l, &wants, w);
	CHECK_U64(l.max, 2);
}

/* ---- random events: the numbers of `stat` ---- */

static void check_jobs(const struct jobstats *j, const struct history *h, const struct job_times *t)
{
	uint64_t touched = 0;
	size_t nr;
	const struct job *all = model_jobs(h->model, &nr);

	for (size_t i = 0; i < nr; i++)
		touched += target_has(h->target, all[i].worker) && job_in_window(h->model, &all[i], h->window);
	CHECK_U64(j->jobs + j->incomplete, touched);
	for (size_t i = 0; i < j->rows.n; i++) {
		const struct job_row *r = &j->rows.v[i];

		CHECK_U64(r->turnaround_ns, job_turnaround_ns(&all[r->job]));
		CHECK_U64(r->response_ns, job_waited_ns(&all[r->job]));
		CHECK_U64(r->service_ns, t->ns[r->job][STATE_RUNNING]);
		CHECK_U64(r->waiting_ns, t->ns[r->job][STATE_RUNNABLE]);
		CHECK_U64(r->asleep_ns,
			  t->ns[r->job][STATE_SLEEPING] + t->ns[r->job][STATE_BLOCKED] + t->ns[r->job][STATE_STOPPED]);
	}
}

static void check_use(const struct jobstats *j, const struct summary *sum, const struct history *h)
{
	uint64_t busy = 0, unrecorded = 0, unknown = 0, ours = 0, wanted = 0;
	struct wants w;

	for (uint32_t c = 0; c < sum->nr_cpus; c++) {
		busy += sum->cpus[c].ns[CPU_TASK];
		unrecorded += sum->cpus[c].ns[CPU_UNRECORDED];
		unknown += sum->cpus[c].ns[CPU_UNKNOWN];
	}
	for (uint32_t i = 0; i < sum->nr_tasks; i++) {
		if (!h->target->has[i])
			continue;
		ours += sum->tasks[i].ns[STATE_RUNNING];
		wanted += sum->tasks[i].ns[STATE_RUNNING] + sum->tasks[i].ns[STATE_RUNNABLE];
	}
	CHECK_U64(j->busy_ns, busy);
	CHECK_U64(j->unrecorded_ns, unrecorded);
	CHECK_U64(j->unknown_ns, unknown);
	CHECK_U64(j->ours_ns, ours);
	wants_make(&w, h);
	CHECK_U64(w.ns, wanted);
	CHECK_U64(w.ran_ns, ours);
	CHECK_U64(w.first[h->tasks.n], w.v.n);
	if (w.v.n)
		check_load(&j->load, &w, h->window);
	wants_release(&w);
}

static void add_span(void *ctx, const struct span *s)
{
	job_times_add(ctx, s->task, s->state, s->from_ns, s->to_ns);
}

static void compare(uint64_t seed, struct window asked)
{
	struct model_sink sinks[2];
	struct facts facts = { 0 };
	struct jobstats j;
	struct job_times times;
	struct target target;
	struct history h;
	struct summary sum;
	struct model *m, *again;

	facts_set(&facts, "cpu.online", "0-1");
	history_init(&h, asked, NULL, &sinks[0]);
	summary_init(&sum, asked, &sinks[1]);
	soup_model(&m, seed, &facts, sinks, 2, NULL);
	summary_finish(&sum, m);
	job_times_init(&times, m);
	sinks[0] = (struct model_sink){ .ctx = &times, .span = add_span };
	soup_model(&again, seed, &facts, sinks, times.nr ? 1 : 0, NULL);
	target_init(&target, m, NULL, asked);
	history_finish(&h, m, &target);
	jobstats_make(&j, &h);
	check_jobs(&j, &h, &times);
	check_use(&j, &sum, &h);
	jobstats_release(&j);
	job_times_release(&times);
	history_release(&h);
	target_release(&target);
	summary_release(&sum);
	model_free(again);
	model_free(m);
	facts_release(&facts);
}

TEST(random_events_give_what_stat_says)
{
	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		compare(seed, (struct window){ SOUP_FROM_NS, SOUP_FROM_NS + SOUP_NS });
		compare(seed, (struct window){ SOUP_FROM_NS + 300000, SOUP_FROM_NS + 300000 + 1000 * seed });
	}
}

TEST(an_empty_recording)
{
	struct scene s;

	scene_make(&s, "schedviz-text 1\ncpus 1\n0ms cpu0 current idle\n1ns end\n", ALL);
	CHECK_U64(s.j.depth_max, 0);
	CHECK_U64(s.j.groups.v.n, 0);
	CHECK_U64(s.j.jobs, 0);
	CHECK_U64(s.j.ours_ppm, 0);
	scene_end(&s);
}

TEST_MAIN
