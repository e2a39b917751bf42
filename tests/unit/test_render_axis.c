/* SPDX-License-Identifier: GPL-2.0-only */
/* test_render_axis.c - columns tile the window; ticks are round and their labels never touch. */
#include "unit/test.h"

#include "render/axis.h"

#define MS NSEC_PER_MSEC

static struct axis axis(uint64_t from_ns, uint64_t to_ns, unsigned columns)
{
	return axis_make((struct window){ 1000 + from_ns, 1000 + to_ns }, 1000, columns);
}

static const char *drawn(const struct axis *a, struct buf *out)
{
	struct style st = style_make(true, false, 80, NULL, NULL);
	struct cell row[200] = { 0 };

	buf_reset(out);
	axis_draw(a, &st, row);
	cells_put(&st, row, a->columns, out);
	style_line_end(out);
	out->data[--out->len] = '\0';
	return buf_str(out);
}

TEST(axis_columns_tile_the_window)
{
	static const uint64_t spans[] = { 7, 80, 81, 1000003, 4004100000, UINT64_MAX / 4 };

	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		struct axis a = axis(0, spans[i], 80);

		CHECK_U64(axis_time(&a, 0), a.window.from_ns);
		CHECK_U64(axis_time(&a, a.columns), a.window.to_ns);
		for (unsigned c = 0; c < a.columns; c++) {
			CHECK(axis_time(&a, c) < axis_time(&a, c + 1));
			CHECK_U64(axis_column(&a, axis_time(&a, c)), c);
			CHECK_U64(axis_column(&a, axis_time(&a, c + 1) - 1), c);
		}
	}
}

TEST(axis_has_no_more_columns_than_nanoseconds)
{
	CHECK_U64(axis(0, 7, 80).columns, 7);
	CHECK_U64(axis(5, 6, 80).columns, 1);
}

TEST(axis_instants_outside_fall_on_the_edges)
{
	struct axis a = axis(10 * MS, 20 * MS, 40);

	CHECK_U64(axis_column(&a, 0), 0);
	CHECK_U64(axis_column(&a, UINT64_MAX), 39);
}

TEST(axis_steps_are_round)
{
	struct axis a = axis(0, 4004 * MS, 32);

	CHECK_U64(axis_step_ns(&a), 1000 * MS);
	a = axis(0, 4004 * MS, 100);
	CHECK_U64(axis_step_ns(&a), 500 * MS);
	a = axis(0, 90 * 60 * NSEC_PER_SEC, 40);
	CHECK_U64(axis_step_ns(&a), 15 * 60 * NSEC_PER_SEC);
	a = axis(0, 3000, 60);
	CHECK_U64(axis_step_ns(&a), 500);
}

TEST(axis_labels_count_from_the_start)
{
	struct axis a = axis(0, 4 * NSEC_PER_SEC, 32);
	struct buf b = { 0 };

	CHECK_STR(drawn(&a, &b), "│0s     │1s     │2s     │3s");
	buf_release(&b);
}

TEST(axis_of_a_zoomed_window_says_where_it_begins)
{
	struct axis a = axis(2001 * MS, 2003 * MS, 40);
	struct buf b = { 0 };

	CHECK_STR(drawn(&a, &b), "│2.001s   │+0.5ms   │+1ms     │+1.5ms");
	a = axis(1500, 2500, 40);
	CHECK_STR(drawn(&a, &b), "│0.0000015s         │+0.5µs");
	buf_release(&b);
}

TEST(axis_labels_never_touch_at_any_scale)
{
	struct buf b = { 0 };

	for (uint64_t span_ns = 30; span_ns < 3 * 86400 * NSEC_PER_SEC; span_ns = span_ns * 7 / 5) {
		struct axis a = axis(0, span_ns, 60);
		const char *text = drawn(&a, &b), *at = text;

		CHECK(fmt_columns(text, b.len) <= 60);
		while ((at = strstr(at + 1, "│")))
			CHECK(at[-1] == ' ');
	}
	buf_release(&b);
}

TEST_MAIN
