/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sheet.c - widths, and the lines put together.
 */
#include "render/sheet.h"

#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/fmt.h"

#define GAP_BEFORE_LANE 1u
#define GAP_AFTER_LANE 2u
#define LANE_WANTED_PERCENT 45u	 /* of the page: notes are elided before lanes get less, */
#define LANE_LEAST_PERCENT 35u	 /* labels are elided, and at last columns left out, before they get less than this */
#define LANE_TELLING_PERCENT 26u /* the same where labels tell apart: without them nobody knows whose lane it is */
#define NOTE_LEAST 10u		 /* "…nanosleep", "read 50%" */
#define LABEL_LEAST 12u

struct line *sheet_add(struct sheet *s)
{
	struct line *l = vec_push(&s->lines);

	*l = (struct line){ 0 };
	return l;
}

void sheet_release(struct sheet *s)
{
	for (size_t i = 0; i < s->lines.n; i++) {
		struct line *l = &s->lines.v[i];

		buf_release(&l->label);
		buf_release(&l->above_label);
		for (size_t k = 0; k < NR_SIDES; k++)
			buf_release(&l->side[k]);
		free(l->cells);
		free(l->above);
	}
	vec_release(&s->lines);
}

static void raise_to(unsigned *width, size_t columns)
{
	if (columns > *width)
		*width = (unsigned)columns;
}

static unsigned sides_width(const struct sheet *s)
{
	unsigned sum = 0;

	for (size_t k = 0; k < NR_SIDES; k++)
		sum += s->side_columns[k] ? s->side_columns[k] + 1 : 0;
	return sum ? sum - 1 + GAP_AFTER_LANE : 0;
}

static unsigned left_width(const struct sheet *s)
{
	return s->label_columns + (s->number_columns ? 1 + s->number_columns : 0) + GAP_BEFORE_LANE;
}

/* Take what is missing to `want` columns for the lane from *width, but leave it `least`. */
static void shrink(unsigned *width, unsigned least, unsigned taken, unsigned want, unsigned columns)
{
	unsigned missing = taken + want > columns ? taken + want - columns : 0;

	if (*width <= least)
		return;
	*width = *width > least + missing ? *width - missing : least;
}

void sheet_measure(struct sheet *s, const struct style *st)
{
	unsigned least = st->columns * (s->label_least ? LANE_TELLING_PERCENT : LANE_LEAST_PERCENT) / 100;
	unsigned label_least = s->label_least > LABEL_LEAST ? s->label_least : LABEL_LEAST;
	unsigned want = st->columns * LANE_WANTED_PERCENT / 100, taken;

	for (size_t i = 0; i < s->lines.n; i++) {
		const struct line *l = &s->lines.v[i];

		if (l->words)
			continue;
		/* a line without a number has its columns for the label, too: seen to below */
		if (l->number[0])
			raise_to(&s->label_columns, text_columns(&l->label));
		raise_to(&s->number_columns, strlen(l->number));
		for (size_t k = 0; k < NR_SIDES; k++)
			raise_to(&s->side_columns[k], text_columns(&l->side[k]));
	}
	for (size_t i = 0; i < s->lines.n; i++) {
		unsigned label = text_columns(&s->lines.v[i].label);
		unsigned number = s->number_columns ? s->number_columns + 1 : 0;

		if (!s->lines.v[i].words && !s->lines.v[i].number[0] && label > s->label_columns + number)
			s->label_columns = label - number;
	}
	shrink(&s->side_columns[SIDE_NOTE], NOTE_LEAST, left_width(s) + sides_width(s), want, st->columns);
	shrink(&s->label_columns, label_least, left_width(s) + sides_width(s), least, st->columns);
	/* a page too narrow for that: the figures go, last first */
	for (size_t k = NR_SIDES; k-- > 0 && left_width(s) + sides_width(s) + least > st->columns;)
		s->side_columns[k] = 0;
	taken = left_width(s) + sides_width(s);
	s->lane_columns = st->columns > taken + 8 ? st->columns - taken : 8;
}

static void align(unsigned *a, unsigned *b)
{
	*a = *b = *a > *b ? *a : *b;
}

void sheet_align(struct sheet *a, struct sheet *b, const struct style *st)
{
	unsigned taken;

	align(&a->label_columns, &b->label_columns);
	align(&a->number_columns, &b->number_columns);
	for (size_t k = 0; k < NR_SIDES; k++)
		align(&a->side_columns[k], &b->side_columns[k]);
	taken = left_width(a) + sides_width(a);
	a->lane_columns = b->lane_columns = st->columns > taken + 8 ? st->columns - taken : 8;
}

void sheet_alloc_cells(struct sheet *s, struct line *l)
{
	l->cells = xcalloc(s->lane_columns, sizeof(*l->cells));
}

static void put_left(const struct sheet *s, const struct style *st, const struct line *l, struct buf *out)
{
	unsigned label = s->label_columns;

	if (!l->number[0] && s->number_columns)
		label += 1 + s->number_columns;
	style_cell(st, l->label_ink, buf_str(&l->label), label, false, out);
	if (l->number[0]) {
		buf_putc(out, ' ');
		style_cell(st, l->label_ink == INK_HEAD ? INK_HEAD : INK_DIM, l->number, s->number_columns, true, out);
	}
	buf_repeat(out, " ", GAP_BEFORE_LANE);
}

/* A note is a system call's name, of which the end tells most: a long one loses its beginning. */
static void put_note(const struct style *st, enum ink ink, const struct buf *note, unsigned columns, struct buf *out)
{
	struct buf tail = { 0 };

	if (text_columns(note) > columns) {
		buf_puts(&tail, st->utf8 ? "…" : "~");
		buf_puts(&tail, note->data + (note->len - (columns - 1)));
	} else {
		buf_puts(&tail, buf_str(note));
	}
	style_cell(st, ink, buf_str(&tail), columns, false, out);
	buf_release(&tail);
}

static void put_sides(const struct sheet *s, const struct style *st, const struct line *l, struct buf *out)
{
	unsigned gap = GAP_AFTER_LANE;

	for (size_t k = 0; k < NR_SIDES; k++) {
		if (!s->side_columns[k])
			continue;
		buf_repeat(out, " ", gap);
		gap = 1;
		if (k == SIDE_NOTE)
			put_note(st, l->side_ink[k], &l->side[k], s->side_columns[k], out);
		else
			style_cell(st, l->side_ink[k], buf_str(&l->side[k]), s->side_columns[k], true, out);
	}
}

static void put_above(const struct sheet *s, const struct style *st, const struct line *l, struct buf *out)
{
	unsigned label = s->label_columns + (s->number_columns ? 1 + s->number_columns : 0);

	style_cell(st, l->label_ink, buf_str(&l->above_label), label, false, out);
	buf_repeat(out, " ", GAP_BEFORE_LANE);
	cells_put(st, l->above, s->lane_columns, out);
	style_line_end(out);
}

void sheet_put(const struct sheet *s, const struct style *st, struct buf *out)
{
	for (size_t i = 0; i < s->lines.n; i++) {
		const struct line *l = &s->lines.v[i];

		if (l->words) {
			style_puts(st, l->label_ink, buf_str(&l->label), out);
			style_line_end(out);
			continue;
		}
		if (l->above)
			put_above(s, st, l, out);
		put_left(s, st, l, out);
		if (l->cells)
			cells_put(st, l->cells, s->lane_columns, out);
		else
			buf_repeat(out, " ", s->lane_columns);
		put_sides(s, st, l, out);
		style_line_end(out);
	}
}
