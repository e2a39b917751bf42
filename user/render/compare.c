/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compare.c - differences in words and in columns.
 */
#include "render/compare.h"

#include <string.h>
#include "base/json.h"
#include "render/explain.h"
#include "render/table.h"
#include "render/verdict.h"
#include "render/words.h"

static const char *const groups[NR_MEASURE_GROUPS] = {
	[MEASURE_WALL] = "time and load",      [MEASURE_PATH] = "critical path",  [MEASURE_LEDGER] = "all CPUs' time",
	[MEASURE_LATENCY] = "wake-up latency", [MEASURE_ROLE] = "tasks, by name", [MEASURE_JOB] = "jobs",
};

static void put_value(const struct measure *m, uint64_t v, const struct style *st, struct buf *out)
{
	verdict_measured(&(struct finding){ .unit = m->unit, .got = v }, st, out);
}

static void put_name(const char *name, const struct style *st, struct buf *out)
{
	fmt_safe(out, name, strlen(name), st->utf8);
}

/* ---- what changed ---- */

#define SAME_PPM 10000 /* without repeats: a wall time that differs by less is called the same */

static bool is_same(const struct measure *m)
{
	uint64_t more = m->median[0] > m->median[1] ? m->median[0] : m->median[1];

	return m->noise || report_ppm(measure_difference(m), more) < SAME_PPM;
}

static void say_wall(const struct comparison *c, const struct measure *wall, const struct style *st, struct buf *out)
{
	if (is_same(wall)) {
		buf_puts(out, "Both took the same time: ");
		put_value(wall, wall->median[0], st, out);
		buf_puts(out, " and ");
		put_value(wall, wall->median[1], st, out);
		buf_puts(out, wall->noise ? ", which is within the noise of the repeated runs." : ".");
		return;
	}
	buf_puts(out, "B took ");
	put_value(wall, measure_difference(wall), st, out);
	buf_puts(out, wall->median[1] < wall->median[0] ? " less than A: " : " more than A: ");
	put_value(wall, wall->median[1], st, out);
	buf_puts(out, " instead of ");
	put_value(wall, wall->median[0], st, out);
	buf_putc(out, '.');
	(void)c;
}

/* What of the path to the end changed most, if that is a good part of what changed in all. */
static void say_path(const struct comparison *c, const struct measure *wall, const struct style *st, struct buf *out)
{
	const struct measure *m = comparison_most(c, MEASURE_PATH);
	uint64_t least_ns = is_same(wall) ? wall->median[0] / 50 : measure_difference(wall) / 3;

	if (!m || measure_difference(m) < least_ns || !least_ns)
		return;
	buf_puts(out, " On the way to its end B is ");
	put_value(m, m->median[1], st, out);
	buf_putc(out, ' ');
	put_name(m->name, st, out);
	buf_puts(out, ", A ");
	put_value(m, m->median[0], st, out);
	buf_putc(out, '.');
}

static void say_jobs(const struct comparison *c, const struct style *st, struct buf *out)
{
	const struct measure *at_once = comparison_find(c, MEASURE_WALL, "jobs at once");
	const struct measure *workers = comparison_find(c, MEASURE_WALL, "workers");

	(void)st;
	if (!at_once || at_once->noise || at_once->median[0] == at_once->median[1] || !at_once->median[0] ||
	    !at_once->median[1])
		return;
	buf_puts(out, " B did up to ");
	fmt_count(out, at_once->median[1]);
	buf_puts(out, " jobs at once");
	if (workers && workers->median[0] != workers->median[1]) {
		buf_puts(out, ", with ");
		fmt_count(out, workers->median[1]);
		buf_printf(out, " worker%s", plural(workers->median[1]));
	}
	buf_puts(out, "; A ");
	fmt_count(out, at_once->median[0]);
	if (workers && workers->median[0] != workers->median[1]) {
		buf_puts(out, ", with ");
		fmt_count(out, workers->median[0]);
	}
	buf_putc(out, '.');
}

#define TOGETHER_PPM 200000 /* shares of their time on CPUs that differ by less are no reason */

/* How much of its computing was done by two or more at once: processes against threads, one lock against none. */
static void say_together(const struct comparison *c, const struct measure *wall, const struct style *st,
			 struct buf *out)
{
	const struct measure *together = comparison_find(c, MEASURE_WALL, "two or more at once");
	const struct measure *on = comparison_find(c, MEASURE_WALL, "its tasks on CPUs");
	uint64_t ppm[2];

	if (!together || !on)
		return;
	for (int side = 0; side < 2; side++) {
		ppm[side] = report_ppm(2 * together->median[side], on->median[side]);
		if (on->median[side] < wall->median[side] / 10)
			return; /* it hardly computes */
	}
	if ((ppm[0] > ppm[1] ? ppm[0] - ppm[1] : ppm[1] - ppm[0]) < TOGETHER_PPM)
		return;
	buf_puts(out, " In B ");
	words_share(out, ppm[1], 1000000);
	buf_puts(out, " of the computing was done by two or more tasks at once, in A ");
	words_share(out, ppm[0], 1000000);
	buf_putc(out, '.');
	(void)st;
}

static void say_findings(const struct comparison *c, struct buf *out)
{
	for (int side = 0; side < 2; side++) {
		bool first = true;

		for (enum finding_kind k = 0; k < NR_FINDINGS; k++) {
			if (!c->has[side][k] || c->any[!side][k])
				continue;
			buf_printf(out, "%s%s", first ? (side ? " Only B has " : " Only A has ") : ", ",
				   explain_finding_label(k));
			first = false;
		}
		if (!first)
			buf_putc(out, '.');
	}
}

/* Where the time is the same: what differs most, and is more than a hundredth of the wall time. */
static void say_what_else(const struct comparison *c, const struct measure *wall, const struct style *st,
			  struct buf *out)
{
	const struct measure *most = NULL;

	for (enum measure_group g = MEASURE_WALL; g <= MEASURE_ROLE; g++) {
		const struct measure *m = g == MEASURE_PATH ? NULL : comparison_most(c, g);

		if (m && m != wall && (!most || measure_difference(m) > measure_difference(most)))
			most = m;
	}
	if (!most || measure_difference(most) < wall->median[0] / 100)
		return;
	buf_puts(out, " What differs most: ");
	put_name(most->name, st, out);
	buf_puts(out, " ");
	put_value(most, most->median[1], st, out);
	buf_puts(out, " in B, ");
	put_value(most, most->median[0], st, out);
	buf_puts(out, " in A.");
}

void compare_story(const struct comparison *c, const struct style *st, struct buf *out)
{
	const struct measure *wall = comparison_find(c, MEASURE_WALL, "wall time");
	struct buf text = { 0 };

	if (!wall)
		return;
	say_wall(c, wall, st, &text);
	say_path(c, wall, st, &text);
	say_jobs(c, st, &text);
	say_together(c, wall, st, &text);
	say_findings(c, &text);
	if (is_same(wall))
		say_what_else(c, wall, st, &text);
	if (c->recordings[0] + c->recordings[1] == 2)
		buf_puts(&text, " One run of each: how much is chance is not known (run --repeat).");
	fmt_wrap(out, buf_str(&text), 0, 0, st->columns);
	buf_release(&text);
}

/* ---- the table ---- */

static const struct column columns[] = {
	{ "", COL_LEFT, 0, 34, INK_PLAIN },
	{ "A", COL_RIGHT, 0, 0, INK_PLAIN },
	{ "B", COL_RIGHT, 0, 0, INK_PLAIN },
	{ "B - A", COL_RIGHT, 0, 0, INK_PLAIN },
	{ "", COL_RIGHT | COL_IF_ANY, 2, 0, INK_PLAIN },
	{ "", COL_LEFT | COL_IF_ANY, 1, 0, INK_DIM },
};

enum { COL_NAME, COL_A, COL_B, COL_DIFFERENCE, COL_PERCENT, COL_NOISE };

static void put_percent(const struct measure *m, struct buf *out)
{
	if (!m->median[0])
		return;
	buf_printf(out, "%s%.1f %%", m->median[1] < m->median[0] ? "-" : "+",
		   (double)report_ppm(measure_difference(m), m->median[0]) / 1e4);
}

static void put_row(struct table *t, const struct measure *m, const struct style *st)
{
	table_row(t);
	put_name(m->name, st, table_cell(t, COL_NAME));
	put_value(m, m->median[0], st, table_cell(t, COL_A));
	put_value(m, m->median[1], st, table_cell(t, COL_B));
	if (!measure_difference(m)) {
		buf_putc(table_cell(t, COL_DIFFERENCE), '0');
		return;
	}
	buf_putc(table_cell(t, COL_DIFFERENCE), m->median[1] < m->median[0] ? '-' : '+');
	put_value(m, measure_difference(m), st, table_cell(t, COL_DIFFERENCE));
	put_percent(m, table_cell(t, COL_PERCENT));
	if (m->noise)
		buf_puts(table_cell(t, COL_NOISE), "noise");
}

/* Of the rest of the group, is it among the `top` that differ most? */
static bool is_top(const struct comparison *c, const struct measure *m, unsigned top)
{
	unsigned before = 0;

	if (m->group == MEASURE_WALL)
		return true;
	for (size_t i = 0; i < c->v.n; i++) {
		const struct measure *o = &c->v.v[i];

		before += o->group == m->group && o != m &&
			  (measure_difference(o) > measure_difference(m) ||
			   (measure_difference(o) == measure_difference(m) && o < m));
	}
	return before < top;
}

/* Of times below a thousandth of the wall time nothing needs to be said. */
static bool is_small(const struct measure *m, const struct measure *wall)
{
	uint64_t more = m->median[0] > m->median[1] ? m->median[0] : m->median[1];

	return m->group != MEASURE_WALL && m->group != MEASURE_LATENCY && m->unit == UNIT_NS &&
	       more < wall->median[0] / 1000;
}

void compare_table(const struct comparison *c, const struct compare_cfg *cfg, const struct style *st, struct buf *out)
{
	const struct measure *wall = comparison_find(c, MEASURE_WALL, "wall time");
	struct table t = table_make(columns, sizeof(columns) / sizeof(columns[0]));
	enum measure_group group = NR_MEASURE_GROUPS;

	for (size_t i = 0; wall && i < c->v.n; i++) {
		const struct measure *m = &c->v.v[i];

		if (is_small(m, wall) || !is_top(c, m, cfg->top) || (!m->median[0] && !m->median[1]))
			continue;
		if (m->group != group) {
			table_row(&t);
			buf_puts(table_cell(&t, COL_NAME), groups[m->group]);
			group = m->group;
		}
		put_row(&t, m, st);
	}
	table_put(&t, st, out);
	table_release(&t);
}

/* ---- for programs ---- */

static void put_side(const struct measure *m, int side, const char *key, struct json *j)
{
	json_object(j, key);
	json_u64(j, "median", m->median[side]);
	json_u64(j, "min", m->min[side]);
	json_u64(j, "max", m->max[side]);
	json_end(j);
}

static void put_findings(const struct comparison *c, int side, const char *key, struct json *j)
{
	json_array(j, key);
	for (enum finding_kind k = 0; k < NR_FINDINGS; k++)
		if (c->has[side][k])
			json_str(j, NULL, finding_name(k));
	json_end(j);
}

void compare_json(const struct comparison *c, struct buf *out)
{
	static const char *const keys[NR_MEASURE_GROUPS] = {
		[MEASURE_WALL] = "wall",       [MEASURE_PATH] = "path", [MEASURE_LEDGER] = "ledger",
		[MEASURE_LATENCY] = "latency", [MEASURE_ROLE] = "role", [MEASURE_JOB] = "job",
	};
	static const char *const units[] = {
		[UNIT_NS] = "ns", [UNIT_COUNT] = "count", [UNIT_PPM] = "ppm", [UNIT_MILLI] = "milli"
	};
	struct json j = { .out = out };

	json_object(&j, NULL);
	json_u64(&j, "version", COMPARE_JSON_VERSION);
	json_u64(&j, "recordings_a", c->recordings[0]);
	json_u64(&j, "recordings_b", c->recordings[1]);
	json_array(&j, "measures");
	for (size_t i = 0; i < c->v.n; i++) {
		json_object(&j, NULL);
		json_str(&j, "group", keys[c->v.v[i].group]);
		json_str(&j, "name", c->v.v[i].name);
		json_str(&j, "unit", units[c->v.v[i].unit]);
		put_side(&c->v.v[i], 0, "a", &j);
		put_side(&c->v.v[i], 1, "b", &j);
		json_bool(&j, "noise", c->v.v[i].noise);
		json_end(&j);
	}
	json_end(&j);
	put_findings(c, 0, "findings_a", &j);
	put_findings(c, 1, "findings_b", &j);
	json_end(&j);
	buf_putc(out, '\n');
}
