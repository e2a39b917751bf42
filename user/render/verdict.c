/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * verdict.c - set findings and verdicts in type.
 */
#include "render/verdict.h"

#include <inttypes.h>
#include <string.h>
#include "base/fmt.h"
#include "base/json.h"
#include "render/table.h"

/* ---- numbers with their units ---- */

static void put_ns(struct buf *out, uint64_t v, const struct style *st)
{
	fmt_duration(out, v, st->utf8);
}

static void put_count(struct buf *out, uint64_t v, const struct style *st)
{
	(void)st;
	fmt_count(out, v);
}

static void put_ppm(struct buf *out, uint64_t v, const struct style *st)
{
	(void)st;
	if (v && v < 1000)
		buf_printf(out, "%.2f %%", (double)v / 1e4);
	else
		buf_printf(out, "%.1f %%", (double)v / 1e4);
}

static void put_milli(struct buf *out, uint64_t v, const struct style *st)
{
	(void)st;
	buf_printf(out, "%" PRIu64 ".%0*" PRIu64, v / 1000, v < 10000 ? 3 : 1, v < 10000 ? v % 1000 : v % 1000 / 100);
}

static void put_rate(struct buf *out, uint64_t v, const struct style *st)
{
	(void)st;
	fmt_count(out, v);
	buf_puts(out, "/s");
}

static const struct {
	void (*put)(struct buf *out, uint64_t v, const struct style *st);
	const char *name;
} units[] = {
	[UNIT_NS] = { put_ns, "ns" },	       [UNIT_COUNT] = { put_count, "count" }, [UNIT_PPM] = { put_ppm, "ppm" },
	[UNIT_MILLI] = { put_milli, "milli" }, [UNIT_RATE] = { put_rate, "per_s" },   [UNIT_TEXT] = { NULL, "text" },
};

void verdict_measured(const struct finding *f, const struct style *st, struct buf *out)
{
	if (f->unit == UNIT_TEXT)
		fmt_safe(out, f->measured, strlen(f->measured), st->utf8);
	else
		units[f->unit].put(out, f->got, st);
}

static void put_expected(const struct finding *f, const struct style *st, struct buf *out)
{
	if (f->told)
		return;
	if (f->unit == UNIT_TEXT) {
		fmt_safe(out, f->expected, strlen(f->expected), st->utf8);
		return;
	}
	if (f->min == f->max) {
		units[f->unit].put(out, f->min, st);
	} else if (f->max == REPORT_ANY) {
		buf_puts(out, "at least ");
		units[f->unit].put(out, f->min, st);
	} else if (f->min == 0) {
		buf_puts(out, "at most ");
		units[f->unit].put(out, f->max, st);
	} else {
		units[f->unit].put(out, f->min, st);
		buf_puts(out, " to ");
		units[f->unit].put(out, f->max, st);
	}
}

/* ---- the table ---- */

static const struct column columns[] = {
	{ "", COL_LEFT, 0, 0, INK_PLAIN },
	{ "checked in the recording", COL_LEFT, 0, 48, INK_PLAIN },
	{ "measured", COL_RIGHT, 0, 0, INK_PLAIN },
	{ "expected", COL_REST, 0, 0, INK_DIM },
};

static const char *mark_of(const struct finding *f, const struct style *st)
{
	return f->told ? " " : glyph_text(st, f->holds ? GLYPH_YES : GLYPH_NO);
}

static const struct {
	enum ink ink;
	enum glyph glyph;
} looks[NR_VERDICTS] = {
	[VERDICT_AS_PREDICTED] = { INK_GOOD, GLYPH_YES },
	[VERDICT_NOT_AS_PREDICTED] = { INK_BAD, GLYPH_NO },
	[VERDICT_NOT_JUDGED] = { INK_DIM, GLYPH_UNKNOWN },
};

static void put_doubts(const struct report *r, const char *before, const struct style *st, struct buf *out)
{
	for (size_t i = 0; i < r->doubts.n; i++) {
		buf_puts(out, i ? ", and " : before);
		fmt_safe(out, r->doubts.v[i], strlen(r->doubts.v[i]), st->utf8);
	}
}

/* The line without its mark and colour. */
static void put_reasoned(const struct report *r, enum verdict v, const struct style *st, struct buf *out)
{
	const struct finding *f = report_failed(r);

	buf_puts(out, report_verdict_name(v));
	if (v == VERDICT_AS_PREDICTED) {
		put_doubts(r, ", although ", st, out);
	} else if (v == VERDICT_NOT_JUDGED) {
		put_doubts(r, ": ", st, out);
	} else if (f) {
		buf_puts(out, ": ");
		fmt_safe(out, f->what, strlen(f->what), st->utf8);
		buf_puts(out, " measured ");
		verdict_measured(f, st, out);
		buf_puts(out, ", expected ");
		put_expected(f, st, out);
	}
}

static void put_mark(enum verdict v, const struct style *st, struct buf *out)
{
	style_puts(st, looks[v].ink, glyph_text(st, looks[v].glyph), out);
	buf_putc(out, ' ');
}

void verdict_word(const struct report *r, const struct style *st, struct buf *out)
{
	enum verdict v = report_verdict(r);

	put_mark(v, st, out);
	buf_puts(out, report_verdict_name(v));
}

void verdict_line(const struct report *r, const struct style *st, struct buf *out)
{
	enum verdict v = report_verdict(r);
	struct buf text = { 0 };

	put_mark(v, st, out);
	put_reasoned(r, v, st, &text);
	fmt_wrap(out, buf_str(&text), 2, 2, st->columns);
	buf_release(&text);
}

void verdict_put(const struct report *r, const struct style *st, struct buf *out)
{
	struct table t = table_make(columns, sizeof(columns) / sizeof(columns[0]));

	if (!r->findings.n && !r->doubts.n)
		return;
	for (size_t i = 0; i < r->findings.n; i++) {
		const struct finding *f = &r->findings.v[i];

		table_row(&t);
		buf_puts(table_cell(&t, 0), mark_of(f, st));
		fmt_safe(table_cell(&t, 1), f->what, strlen(f->what), st->utf8);
		verdict_measured(f, st, table_cell(&t, 2));
		put_expected(f, st, table_cell(&t, 3));
	}
	if (r->findings.n)
		table_put(&t, st, out);
	table_release(&t);
	verdict_line(r, st, out);
}

/* ---- for programs ---- */

static void json_finding(struct json *j, const struct finding *f)
{
	json_object(j, NULL);
	json_str(j, "what", f->what);
	json_str(j, "unit", units[f->unit].name);
	if (f->unit == UNIT_TEXT) {
		json_str(j, "measured", f->measured);
		json_str(j, "expected", f->expected);
	} else {
		json_u64(j, "measured", f->got);
		if (!f->told)
			json_u64(j, "min", f->min);
		if (!f->told && f->max != REPORT_ANY)
			json_u64(j, "max", f->max);
	}
	if (!f->told)
		json_bool(j, "holds", f->holds);
	json_end(j);
}

void verdict_json(const struct report *r, const char *workload, const char *theory, struct buf *out)
{
	struct json j = { .out = out };

	json_object(&j, NULL);
	json_u64(&j, "schema", 1);
	json_str(&j, "workload", workload);
	json_str(&j, "theory", theory);
	json_str(&j, "verdict", report_verdict_name(report_verdict(r)));
	json_bool(&j, "cannot", r->cannot);
	json_array(&j, "doubts");
	for (size_t i = 0; i < r->doubts.n; i++)
		json_str(&j, NULL, r->doubts.v[i]);
	json_end(&j);
	json_array(&j, "findings");
	for (size_t i = 0; i < r->findings.n; i++)
		json_finding(&j, &r->findings.v[i]);
	json_end(&j);
	json_end(&j);
	buf_putc(out, '\n');
}
