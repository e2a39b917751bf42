/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explain_jobs.c - jobs as the textbook measures them, how busy the CPUs were, how many wanted one, who got how much.
 */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include "render/bars.h"
#include "render/explain.h"
#include "render/jobs.h"
#include "render/table.h"
#include "render/words.h"

/* "1.234" of 1234; three decimals, of which zeros at the end are left out beyond the first. */
static void put_milli(struct buf *out, uint64_t milli)
{
	size_t len;

	fmt_count(out, milli / 1000);
	len = out->len + 2;
	buf_printf(out, ".%03" PRIu64, milli % 1000);
	while (out->len > len && out->data[out->len - 1] == '0')
		out->data[--out->len] = '\0';
}

static void say(struct buf *s, const struct style *st, struct buf *out)
{
	fmt_wrap(out, buf_str(s), 0, 0, st->columns);
	buf_release(s);
}

/* ---- jobs ---- */

enum job_column { J_WHAT, J_N, J_MEAN, J_MEDIAN, J_MAX, J_MEANS, NR_JOB_COLUMNS };

static const struct column job_columns[NR_JOB_COLUMNS] = {
	[J_WHAT] = { "each took", COL_LEFT, 0, 0, INK_PLAIN }, [J_N] = { "of", COL_RIGHT, 0, 0, INK_DIM },
	[J_MEAN] = { "mean", COL_RIGHT, 0, 0, INK_PLAIN },     [J_MEDIAN] = { "median", COL_RIGHT, 0, 0, INK_PLAIN },
	[J_MAX] = { "most", COL_RIGHT, 0, 0, INK_PLAIN },      [J_MEANS] = { "", COL_LEFT | COL_REST, 1, 0, INK_DIM },
};

static const struct {
	const char *name, *means;
	size_t offset; /* of its struct spread */
	bool milli;
} measures[] = {
	{ "turnaround", "from submitting to finishing", offsetof(struct jobstats, turnaround_ns), false },
	{ "response", "from submitting to starting", offsetof(struct jobstats, response_ns), false },
	{ "waiting", "its worker waited for a CPU", offsetof(struct jobstats, waiting_ns), false },
	{ "service", "its worker ran", offsetof(struct jobstats, service_ns), false },
	{ "asleep", "its worker slept", offsetof(struct jobstats, asleep_ns), false },
	{ "slowdown", "turnaround / (service + asleep)", offsetof(struct jobstats, slowdown_milli), true },
};

static const struct spread *spread_at(const struct jobstats *j, size_t i)
{
	return (const struct spread *)((const char *)j + measures[i].offset);
}

static void put_value(struct buf *cell, uint64_t v, bool milli, const struct style *st)
{
	if (milli)
		put_milli(cell, v);
	else
		fmt_duration(cell, v, st->utf8);
}

static void put_measures(const struct jobstats *j, const struct style *st, struct buf *out)
{
	struct table t = table_make(job_columns, NR_JOB_COLUMNS);

	for (size_t i = 0; i < sizeof(measures) / sizeof(measures[0]); i++) {
		const struct spread *s = spread_at(j, i);

		if (!s->n || (measures[i].offset == offsetof(struct jobstats, asleep_ns) && !s->max))
			continue;
		table_row(&t);
		buf_puts(table_cell(&t, J_WHAT), measures[i].name);
		fmt_count(table_cell(&t, J_N), s->n);
		put_value(table_cell(&t, J_MEAN), s->mean, measures[i].milli, st);
		put_value(table_cell(&t, J_MEDIAN), s->median, measures[i].milli, st);
		put_value(table_cell(&t, J_MAX), s->max, measures[i].milli, st);
		buf_puts(table_cell(&t, J_MEANS), measures[i].means);
	}
	if (t.cells.n)
		table_put(&t, st, out);
	table_release(&t);
}

/* "5 tasks finished on 4 workers, 1.25 a second; 2 more were not seen from start to finish." */
static void put_jobs(const struct account *a, const struct style *st, struct buf *out)
{
	const struct jobstats *j = &a->jobs;
	const char *noun = model_job_noun(a->history.model);
	struct buf s = { 0 };

	if (!j->jobs && !j->incomplete)
		return;
	fmt_count(&s, j->finished);
	buf_putc(&s, ' ');
	fmt_safe(&s, noun, strlen(noun), st->utf8);
	buf_printf(&s, "%s finished, ", plural(j->finished));
	put_milli(&s, j->throughput_milli);
	buf_printf(&s, " a second, on %u worker%s", j->workers, plural(j->workers));
	if (j->incomplete) {
		buf_puts(&s, "; of ");
		fmt_count(&s, j->incomplete);
		buf_printf(&s, " not all was seen between begin and end of what is explained: not counted below");
	}
	buf_putc(&s, '.');
	say(&s, st, out);
	put_measures(j, st, out);
	if (j->jobs && !j->turnaround_ns.n) {
		buf_puts(&s, "When they were submitted was not said, so how long they waited before is not known.");
		say(&s, st, out);
	}
	buf_putc(out, '\n');
}

/* ---- load ---- */

static void put_use(const struct jobstats *j, const struct style *st, struct buf *out)
{
	struct buf s = { 0 };

	if (!j->cpus)
		return;
	buf_printf(&s, "%u CPU%s: ", j->cpus, plural(j->cpus));
	words_share(&s, j->busy_ns, j->cpu_ns);
	buf_puts(&s, " of their time busy, ");
	words_share(&s, j->ours_ns, j->cpu_ns);
	buf_puts(&s, " with these tasks");
	if (j->unrecorded_ns) {
		buf_puts(&s, ", ");
		words_share(&s, j->unrecorded_ns, j->cpu_ns);
		buf_puts(&s, " idle or with tasks that were not recorded");
	}
	if (j->unknown_ns) {
		buf_puts(&s, ", ");
		words_share(&s, j->unknown_ns, j->cpu_ns);
		buf_puts(&s, " not known");
	}
	buf_putc(&s, '.');
	say(&s, st, out);
}

/* The load over time, as a line of bars between the times of its ends. */
struct course {
	struct buf from, to;
	unsigned bars;
	uint64_t tallest_ns; /* of a cell, the mean of those of a bar */
};

static void course_make(struct course *c, const struct account *a, const struct explain_cfg *cfg,
			const struct style *st)
{
	const struct load *l = &a->jobs.load;
	struct window w = a->history.window;
	unsigned each;

	*c = (struct course){ 0 };
	fmt_duration(&c->from, w.from_ns - cfg->from_ns, st->utf8);
	fmt_duration(&c->to, w.to_ns - cfg->from_ns, st->utf8);
	c->bars = bars_course_columns(LOAD_CELLS, st->columns - text_columns(&c->from) - text_columns(&c->to) - 4);
	each = LOAD_CELLS / c->bars;
	for (unsigned b = 0; b < c->bars; b++) {
		uint64_t sum = 0;

		for (unsigned i = 0; i < each; i++)
			sum += l->cell_ns[b * each + i];
		/* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): so many columns as divide the cells */
		c->tallest_ns = sum / each > c->tallest_ns ? sum / each : c->tallest_ns;
	}
}

static void put_course(const struct course *c, const struct load *l, const struct style *st, struct buf *out)
{
	buf_printf(out, "%s %s", buf_str(&c->from), glyph_text(st, GLYPH_TICK));
	bars_course(l->cell_ns, LOAD_CELLS, c->tallest_ns, c->bars, INK_RUN, st, out);
	buf_printf(out, "%s %s\n", glyph_text(st, GLYPH_TICK), buf_str(&c->to));
}

static void put_load(const struct account *a, const struct explain_cfg *cfg, const struct style *st, struct buf *out)
{
	const struct jobstats *j = &a->jobs;
	uint64_t wall_ns = a->history.window.to_ns - a->history.window.from_ns;
	struct buf s = { 0 };
	struct course c;

	course_make(&c, a, cfg, st);
	buf_puts(&s, "Running or waiting for a CPU at a time: ");
	put_milli(&s, j->depth_mean_milli);
	buf_printf(&s, " of these tasks on average, %u at most. Over time, the tallest bar being ", j->depth_max);
	put_milli(&s, (uint64_t)((unsigned __int128)c.tallest_ns * 1000 * LOAD_CELLS / wall_ns));
	buf_putc(&s, ':');
	say(&s, st, out);
	put_course(&c, &j->load, st, out);
	buf_release(&c.from);
	buf_release(&c.to);
}

/* ---- fairness ---- */

enum share_column { F_WHO, F_NICE, F_DUE, F_GOT, F_PART, NR_SHARE_COLUMNS };

static const struct column share_columns[NR_SHARE_COLUMNS] = {
	[F_WHO] = { "task", COL_LEFT, 0, 24, INK_PLAIN },
	[F_NICE] = { "nice", COL_RIGHT | COL_IF_ANY, 0, 0, INK_PLAIN },
	[F_DUE] = { "its due", COL_RIGHT, 0, 0, INK_PLAIN },
	[F_GOT] = { "got", COL_RIGHT, 0, 0, INK_RUN },
	[F_PART] = { "of its due", COL_RIGHT, 0, 0, INK_PLAIN },
};

static void share_row(struct table *t, const struct account *a, const struct fairness *f, const struct fair_share *s,
		      const struct style *st)
{
	table_row(t);
	explain_task(a, s->task, st, table_cell(t, F_WHO));
	buf_printf(table_cell(t, F_NICE), "%d", s->nice);
	fmt_percent(table_cell(t, F_DUE), s->due_ns, f->together_ns);
	fmt_percent(table_cell(t, F_GOT), s->got_ns, f->together_ns);
	fmt_percent(table_cell(t, F_PART), s->got_ns, s->due_ns);
}

/* Had each a CPU to itself, nobody shared anything. */
static bool shared(const struct fairness *f)
{
	unsigned __int128 got = 0, full = (unsigned __int128)f->together_ns * f->tasks;

	for (size_t i = 0; i < f->v.n; i++)
		got += f->v.v[i].got_ns;
	return got < full - full / 50;
}

/* Jain's index below which shares are called unequal: 0.99 is a spread of about 10 % around the mean. */
#define EQUAL_PPM 990000

static void put_verdict(const struct fairness *f, struct buf *s)
{
	buf_puts(s, " Jain's index of what they got of their due is ");
	put_milli(s, f->jain_ppm / 1000);
	if (f->jain_ppm >= EQUAL_PPM)
		buf_puts(s, f->weighted ? ": as fair as their nice values ask for." : ": fair.");
	else
		buf_puts(s, " (1 is fair, one taking all would be ");
	if (f->jain_ppm >= EQUAL_PPM)
		return;
	put_milli(s, 1000 / f->tasks);
	buf_puts(s, "): not what nice values ask for. CPU masks, groups (cgroups, sessions), quotas and SCHED_IDLE do "
		    "that.");
}

static void put_group(const struct account *a, const struct explain_cfg *cfg, const struct fairness *f,
		      const struct style *st, struct buf *out)
{
	struct window w = a->history.window;
	struct table t = table_make(share_columns, NR_SHARE_COLUMNS);
	struct buf s = { 0 };

	buf_printf(&s, "%u tasks wanted a CPU at the same time, for ", f->tasks);
	fmt_duration(&s, f->together_ns, st->utf8);
	buf_puts(&s, ", ");
	words_share(&s, f->together_ns, w.to_ns - w.from_ns);
	buf_puts(&s, " of the time.");
	if (shared(f))
		put_verdict(f, &s);
	else
		buf_puts(&s, " Each had a CPU to itself: nothing to share.");
	say(&s, st, out);
	for (size_t i = 0; shared(f) && i < f->v.n && i < cfg->top; i++)
		share_row(&t, a, f, &f->v.v[i], st);
	if (t.cells.n)
		table_put(&t, st, out);
	table_release(&t);
}

static void put_fairness(const struct account *a, const struct explain_cfg *cfg, const struct style *st,
			 struct buf *out)
{
	const struct fair_groups *g = &a->jobs.groups;
	struct buf s = { 0 };

	for (size_t i = 0; i < g->v.n && i < cfg->top; i++) {
		buf_putc(out, '\n');
		put_group(a, cfg, &g->v.v[i], st, out);
	}
	if (!g->v.n && !g->above) {
		buf_puts(&s, "No two tasks wanted a CPU at the same time for long (");
		fmt_duration_arg(&s, 2 * FAIR_TURN_NS);
		buf_puts(&s, " in a row, 5 % of the time in all): there is nothing to be fair about.");
		say(&s, st, out);
	}
	if (g->above) {
		buf_printf(&s, "%u real-time or deadline task%s not compared: their class goes before the others.",
			   g->above, g->above == 1 ? " is" : "s are");
		say(&s, st, out);
	}
}

void explain_jobs_text(const struct account *a, const struct explain_cfg *cfg, const struct style *st, struct buf *out)
{
	put_jobs(a, st, out);
	if (!a->jobs.depth_max)
		return;
	put_use(&a->jobs, st, out);
	put_load(a, cfg, st, out);
	put_fairness(a, cfg, st, out);
}

/* ---- JSON ---- */

static void put_spread(struct json *j, const char *key, const struct spread *s)
{
	json_object(j, key);
	json_u64(j, "count", s->n);
	json_u64(j, "mean", s->mean);
	json_u64(j, "median", s->median);
	json_u64(j, "max", s->max);
	json_end(j);
}

static void put_or_null(struct json *j, const char *key, uint64_t v)
{
	if (v == JOB_UNSEEN)
		json_null(j, key);
	else
		json_u64(j, key, v);
}

static void put_rows(const struct account *a, struct json *j)
{
	json_array(j, "each");
	for (size_t i = 0; i < a->jobs.rows.n; i++) {
		const struct job_row *r = &a->jobs.rows.v[i];

		json_object(j, NULL);
		json_u64(j, "id", a->history.jobs[r->job].id);
		explain_task_json(a, j, "worker", a->history.jobs[r->job].worker);
		put_or_null(j, "turnaround_ns", r->turnaround_ns);
		put_or_null(j, "response_ns", r->response_ns);
		json_u64(j, "waiting_ns", r->waiting_ns);
		json_u64(j, "service_ns", r->service_ns);
		json_u64(j, "asleep_ns", r->asleep_ns);
		put_or_null(j, "slowdown_milli", r->slowdown_milli);
		json_end(j);
	}
	json_end(j);
}

static void put_jobs_json(const struct account *a, struct json *j)
{
	const struct jobstats *s = &a->jobs;

	json_u64(j, "count", s->jobs);
	json_u64(j, "incomplete", s->incomplete);
	json_u64(j, "finished", s->finished);
	json_u64(j, "workers", s->workers);
	json_u64(j, "throughput_milli", s->throughput_milli);
	put_spread(j, "turnaround_ns", &s->turnaround_ns);
	put_spread(j, "response_ns", &s->response_ns);
	put_spread(j, "waiting_ns", &s->waiting_ns);
	put_spread(j, "service_ns", &s->service_ns);
	put_spread(j, "asleep_ns", &s->asleep_ns);
	put_spread(j, "slowdown_milli", &s->slowdown_milli);
	put_rows(a, j);
}

static void put_load_json(const struct jobstats *s, struct json *j)
{
	json_object(j, "cpus");
	json_u64(j, "count", s->cpus);
	json_u64(j, "total_ns", s->cpu_ns);
	json_u64(j, "busy_ns", s->busy_ns);
	json_u64(j, "ours_ns", s->ours_ns);
	json_u64(j, "unrecorded_ns", s->unrecorded_ns);
	json_u64(j, "unknown_ns", s->unknown_ns);
	json_end(j);
	json_object(j, "depth");
	json_u64(j, "mean_milli", s->depth_mean_milli);
	json_u64(j, "max", s->depth_max);
	json_array(j, "cells_ns");
	for (unsigned i = 0; i < LOAD_CELLS; i++)
		json_u64(j, NULL, s->load.cell_ns[i]);
	json_end(j);
	json_end(j);
}

static void put_group_json(const struct account *a, const struct fairness *f, struct json *j)
{
	json_object(j, NULL);
	json_u64(j, "together_ns", f->together_ns);
	json_u64(j, "jain_ppm", f->jain_ppm);
	json_array(j, "tasks");
	for (size_t i = 0; i < f->v.n; i++) {
		json_object(j, NULL);
		explain_task_json(a, j, "task", f->v.v[i].task);
		json_i64(j, "nice", f->v.v[i].nice);
		json_u64(j, "due_ns", f->v.v[i].due_ns);
		json_u64(j, "got_ns", f->v.v[i].got_ns);
		json_end(j);
	}
	json_end(j);
	json_end(j);
}

void explain_jobs_json(const struct account *a, struct json *j)
{
	const struct fair_groups *g = &a->jobs.groups;

	json_object(j, "jobs");
	put_jobs_json(a, j);
	put_load_json(&a->jobs, j);
	json_u64(j, "not_compared", g->above);
	json_array(j, "fairness");
	for (size_t i = 0; i < g->v.n; i++)
		put_group_json(a, &g->v.v[i], j);
	json_end(j);
	json_end(j);
}
