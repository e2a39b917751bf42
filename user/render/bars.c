/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bars.c - widths, and eighths of a cell.
 */
#include "render/bars.h"

#include "base/fmt.h"
#include "render/paint.h"

#define LABEL 6u      /* "4.19ms" */
#define GAP 2u
#define LEAST 22u /* columns of one that still says something: bar and count */
#define BAR_MOST 32u
#define EMPTY_MOST 3u /* more empty lines in a row become one */

static void put_label(unsigned bin, const struct style *st, struct buf *out)
{
	struct buf label = { 0 };

	fmt_duration(&label, dist_bin_from_ns(bin), st->utf8);
	style_cell(st, INK_DIM, buf_str(&label), LABEL, true, out);
	buf_release(&label);
}

/* A bar of `eighths` of a cell, lying, in `columns`; ASCII has whole cells, and half ones. */
static void put_bar(uint64_t eighths, unsigned columns, enum ink ink, const struct style *st, struct buf *out)
{
	static const char *const parts[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	unsigned whole = (unsigned)(eighths / 8), rest = (unsigned)(eighths % 8);
	bool part = st->utf8 ? rest : rest >= 4 || (rest && !whole);

	style_ink(st, ink, INK_PLAIN, false, out);
	buf_repeat(out, st->utf8 ? "█" : "#", whole);
	if (part)
		buf_puts(out, st->utf8 ? parts[rest] : "|");
	style_plain(st, out);
	buf_repeat(out, " ", columns - whole - part);
}

/* What a column of bars needs. */
struct measure {
	unsigned count; /* columns of the longest count */
	unsigned bar;
	uint64_t most;
};

static struct measure measure(const struct bars *b, unsigned columns)
{
	struct measure m = { 0 };
	struct buf text = { 0 };

	for (unsigned i = 0; i < DIST_BINS; i++)
		m.most = b->bins[i] > m.most ? b->bins[i] : m.most;
	fmt_count(&text, m.most);
	m.count = text_columns(&text);
	m.bar = columns - m.count - 1;
	m.bar = m.bar < BAR_MOST ? m.bar : BAR_MOST;
	buf_release(&text);
	return m;
}

/* Little is not nothing: at least an eighth. */
static void put_one(uint64_t n, const struct measure *m, enum ink ink, const struct style *st, struct buf *out)
{
	uint64_t eighths = (uint64_t)((unsigned __int128)n * m->bar * 8 / (m->most ? m->most : 1));
	struct buf count = { 0 };

	put_bar(n && !eighths ? 1 : eighths, m->bar, ink, st, out);
	fmt_count(&count, n);
	buf_putc(out, ' ');
	style_cell(st, n ? INK_PLAIN : INK_DIM, n ? buf_str(&count) : "", m->count, true, out);
	buf_release(&count);
}

static bool is_empty(const struct bars *v, size_t nr, unsigned bin)
{
	for (size_t i = 0; i < nr; i++)
		if (v[i].bins[bin])
			return false;
	return true;
}

static void put_titles(const struct bars *v, const struct measure *m, size_t nr, const struct style *st,
		       struct buf *out)
{
	style_cell(st, INK_HEAD, "from", LABEL, true, out);
	for (size_t i = 0; i < nr; i++) {
		buf_repeat(out, " ", GAP);
		style_cell(st, INK_HEAD, v[i].title, m[i].bar + 1 + m[i].count, false, out);
	}
	style_line_end(out);
}

#define BESIDE 8

void bars_put(const struct bars *v, size_t nr, const struct style *st, struct buf *out)
{
	size_t fit = (st->columns - LABEL) / (LEAST + GAP), empty = 0;
	struct measure m[BESIDE];
	unsigned first = 0, last = DIST_BINS;

	nr = nr < fit ? nr : fit;
	nr = nr < BESIDE ? nr : BESIDE;
	while (first < last && is_empty(v, nr, first))
		first++;
	while (last > first && is_empty(v, nr, last - 1))
		last--;
	if (first == last)
		return;
	for (size_t i = 0; i < nr; i++)
		m[i] = measure(&v[i], (unsigned)((st->columns - LABEL) / nr) - GAP);
	put_titles(v, m, nr, st, out);
	for (unsigned b = first; b < last; b++) {
		unsigned until = b;

		while (is_empty(v, nr, until))
			until++;
		empty = until - b;
		if (empty > EMPTY_MOST) {
			style_cell(st, INK_DIM, "...", LABEL, true, out);
			buf_putc(out, '\n');
			b = until;
		}
		put_label(b, st, out);
		for (size_t i = 0; i < nr; i++) {
			buf_repeat(out, " ", GAP);
			put_one(v[i].bins[b], &m[i], v[i].ink, st, out);
		}
		style_line_end(out);
	}
}

/* ---- over time ---- */

unsigned bars_course_columns(unsigned n, unsigned columns)
{
	unsigned bars = columns < n ? columns : n;

	while (n % bars)
		bars--;
	return bars;
}

void bars_course(const uint64_t *v, unsigned n, uint64_t most, unsigned columns, enum ink ink, const struct style *st,
		 struct buf *out)
{
	unsigned bars = bars_course_columns(n, columns), each = n / bars;

	style_ink(st, ink, INK_PLAIN, false, out);
	for (unsigned b = 0; b < bars; b++) {
		uint64_t sum = 0;
		unsigned eighths;

		for (unsigned i = 0; i < each; i++)
			sum += v[b * each + i];
		eighths = paint_eighths(sum, most * each);
		buf_puts(out, sum ? glyph_bar(st, eighths ? eighths : 1) : " ");
	}
	style_plain(st, out);
}
