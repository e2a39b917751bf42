/* SPDX-License-Identifier: GPL-2.0-only */
/* test_render_page.c - cells, tables and sheets fit the page and lose nothing that matters. */
#include "unit/test.h"

#include "base/fmt.h"
#include "render/paint.h"
#include "render/sheet.h"
#include "render/table.h"

static struct style plain_style(unsigned columns)
{
	return style_make(true, false, columns, NULL, NULL);
}

static void fill(struct cell *row, unsigned n, const char *pattern)
{
	for (unsigned i = 0; i < n; i++)
		cell_set(&row[i], (char[2]){ pattern[i], '\0' }, INK_PLAIN, INK_PLAIN);
}

TEST(cells_room_is_found_in_the_first_stretch_that_stays_visible)
{
	struct cell row[20];

	fill(row, 20, "|..|.......|--------");
	CHECK_U64(cells_room(row, 0, 20, 5), 5);
	CHECK_U64(cells_room(row, 0, 20, 6), 4); /* longer than the word, but not by two: no margin on the left */
	CHECK_U64(cells_room(row, 0, 20, 7), 12);
	CHECK_U64(cells_room(row, 0, 20, 8), UINT32_MAX);
	CHECK_U64(cells_room(row, 0, 0, 1), UINT32_MAX);
}

TEST(cells_put_changes_colour_only_where_it_changes)
{
	struct style st = style_make(true, true, 80, "xterm-256color", NULL);
	struct cell row[5] = { 0 };
	struct buf b = { 0 };

	cell_set(&row[1], "█", INK_RUN, INK_PLAIN);
	cell_set(&row[2], "█", INK_RUN, INK_PLAIN);
	cell_set(&row[3], "x", INK_PLAIN, INK_PLAIN);
	cells_put(&st, row, 5, &b);
	CHECK_STR(buf_str(&b), " \033[0;38;5;34m██\033[0mx ");
	buf_release(&b);
}

TEST(style_has_no_escape_without_colour)
{
	struct style st = plain_style(80);
	struct buf b = { 0 };

	style_puts(&st, INK_BAD, "x", &b);
	style_ink(&st, INK_RUN, INK_WAIT, true, &b);
	style_plain(&st, &b);
	CHECK_STR(buf_str(&b), "x");
	buf_release(&b);
}

TEST(style_counts_the_colours_of_the_terminal)
{
	CHECK_U64(style_make(true, true, 80, "xterm", NULL).palette, PALETTE_16);
	CHECK_U64(style_make(true, true, 80, "xterm-256color", "").palette, PALETTE_256);
	CHECK_U64(style_make(true, true, 80, NULL, "truecolor").palette, PALETTE_256);
	CHECK_U64(style_make(true, false, 80, "xterm-256color", NULL).palette, PALETTE_NONE);
	CHECK_U64(style_make(true, true, 1, NULL, NULL).columns, STYLE_MIN_COLUMNS);
}

TEST(glyphs_of_all_meanings_exist_and_differ)
{
	struct style styles[] = { plain_style(80), style_make(false, false, 80, NULL, NULL) };

	for (size_t s = 0; s < 2; s++)
		for (int g = GLYPH_BRIEF; g <= GLYPH_QUEUE; g++)
			for (int h = g + 1; h <= GLYPH_QUEUE; h++)
				CHECK(strcmp(glyph_text(&styles[s], (enum glyph)g),
					     glyph_text(&styles[s], (enum glyph)h)));
}

TEST(bars_round_to_eighths)
{
	CHECK_U64(paint_eighths(0, 100), 0);
	CHECK_U64(paint_eighths(6, 100), 0);
	CHECK_U64(paint_eighths(7, 100), 1);
	CHECK_U64(paint_eighths(50, 100), 4);
	CHECK_U64(paint_eighths(100, 100), 8);
	CHECK_U64(paint_eighths(UINT64_MAX, UINT64_MAX), 8);
	CHECK_U64(paint_eighths(0, 0), 0);
}

/* ---- tables ---- */

static const struct column columns[] = {
	{ "name", COL_LEFT, 0, 6, INK_PLAIN },	     { "run", COL_RIGHT, 0, 0, INK_PLAIN },
	{ "none", COL_RIGHT | COL_IF_ANY, 0, 0, INK_PLAIN }, { "detail", COL_RIGHT, 2, 0, INK_PLAIN },
	{ "rest", COL_LEFT | COL_REST, 1, 0, INK_PLAIN },
};

static const char *table_of(unsigned width, struct buf *out)
{
	static const char *const rows[][5] = {
		{ "worker0", "10", "0", "123456789012", "read, write, futex, clock_nanosleep" },
		{ "b", "9", "-", "1", "" },
	};
	struct style st = plain_style(width);
	struct table t = table_make(columns, 5);

	for (size_t r = 0; r < 2; r++) {
		table_row(&t);
		for (size_t c = 0; c < 5; c++)
			buf_puts(table_cell(&t, c), rows[r][c]);
	}
	buf_reset(out);
	table_put(&t, &st, out);
	table_release(&t);
	return buf_str(out);
}

TEST(table_shows_all_that_says_something_when_there_is_room)
{
	struct buf b = { 0 };

	CHECK_STR(table_of(100, &b), "name     run        detail  rest\n"
				     "worker0   10  123456789012  read, write, futex, clock_nanosleep\n"
				     "b          9             1\n");
	buf_release(&b);
}

TEST(table_elides_then_drops_by_rank)
{
	struct buf b = { 0 };

	CHECK_STR(table_of(48, &b), "name    run       detail rest\n"
				    "worker0  10 123456789012 read, write, futex, cl…\n"
				    "b         9            1\n");
	CHECK_STR(table_of(40, &b), "name   run rest\n"
				    "worke…  10 read, write, futex, clock_na…\n"
				    "b        9\n");
	buf_release(&b);
}

TEST(table_never_exceeds_the_page)
{
	struct buf b = { 0 };

	for (unsigned width = STYLE_MIN_COLUMNS; width < 100; width++) {
		const char *line = table_of(width, &b), *end;

		for (; (end = strchr(line, '\n')); line = end + 1)
			CHECK(fmt_columns(line, (size_t)(end - line)) <= width);
	}
	buf_release(&b);
}

/* ---- sheets ---- */

static void sheet_of(struct sheet *s, unsigned width, struct buf *out)
{
	static const char *const sides[NR_SIDES] = { "1.900ms", "40.0us", "2.000s", "clock_nanosleep" };
	struct style st = plain_style(width);
	struct line *l = sheet_add(s);

	buf_puts(&l->label, "a rather long name");
	strcpy(l->number, "4711");
	for (size_t k = 0; k < NR_SIDES; k++)
		buf_puts(&l->side[k], sides[k]);
	sheet_measure(s, &st);
	sheet_alloc_cells(s, l);
	for (unsigned i = 0; i < s->lane_columns; i++)
		cell_set(&l->cells[i], "#", INK_PLAIN, INK_PLAIN);
	sheet_put(s, &st, out);
}

TEST(sheet_keeps_to_the_page_and_leaves_a_third_to_the_lane)
{
	for (unsigned width = STYLE_MIN_COLUMNS; width <= 200; width++) {
		struct sheet s = { 0 };
		struct buf b = { 0 };

		sheet_of(&s, width, &b);
		CHECK(fmt_columns(buf_str(&b), b.len - 1) <= width);
		CHECK(s.lane_columns >= width * 35 / 100);
		sheet_release(&s);
		buf_release(&b);
	}
}

TEST(sheet_keeps_the_end_of_a_long_note)
{
	struct sheet s = { 0 };
	struct buf b = { 0 };

	sheet_of(&s, 90, &b);
	CHECK(strstr(buf_str(&b), "nosleep\n"));
	CHECK(!strstr(buf_str(&b), "clock_nanosleep"));
	sheet_release(&s);
	buf_release(&b);
}

TEST_MAIN
