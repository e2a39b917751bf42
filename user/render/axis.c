/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * axis.c - columns of time and their ticks.
 */
#include "render/axis.h"

#include <string.h>

#define MINUTE_NS (60 * NSEC_PER_SEC)
#define HOUR_NS (60 * MINUTE_NS)
#define DAY_NS (24 * HOUR_NS)

struct axis axis_make(struct window window, uint64_t origin_ns, unsigned columns)
{
	uint64_t span_ns = window.to_ns - window.from_ns;

	return (struct axis){
		.window = window,
		.origin_ns = origin_ns,
		.columns = span_ns < columns ? (unsigned)span_ns : columns,
	};
}

uint64_t axis_time(const struct axis *a, unsigned column)
{
	uint64_t span_ns = a->window.to_ns - a->window.from_ns;

	return a->window.from_ns + (uint64_t)((unsigned __int128)span_ns * column / a->columns);
}

unsigned axis_column(const struct axis *a, uint64_t ts_ns)
{
	uint64_t span_ns = a->window.to_ns - a->window.from_ns;
	unsigned c;

	if (ts_ns <= a->window.from_ns || !span_ns)
		return 0;
	if (ts_ns >= a->window.to_ns)
		return a->columns - 1;
	c = (unsigned)((unsigned __int128)(ts_ns - a->window.from_ns) * a->columns / span_ns);
	/* cell edges are rounded down, so the instant may belong to the next one */
	if (c + 1 < a->columns && axis_time(a, c + 1) <= ts_ns)
		c++;
	return c;
}

uint64_t axis_cell_ns(const struct axis *a)
{
	return (a->window.to_ns - a->window.from_ns) / a->columns;
}

/* From one round step to the next larger: 1 2 5 10 ... up to 10 s, then as people divide minutes, hours and days. */
static uint64_t next_step(uint64_t step_ns)
{
	static const uint64_t coarse[] = { 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400 };
	uint64_t power = 1;

	if (step_ns < 10 * NSEC_PER_SEC) {
		while (power * 10 <= step_ns)
			power *= 10;
		return step_ns / power == 2 ? 5 * power : step_ns * 2;
	}
	for (size_t i = 0; i < sizeof(coarse) / sizeof(coarse[0]); i++)
		if (coarse[i] * NSEC_PER_SEC > step_ns)
			return coarse[i] * NSEC_PER_SEC;
	return step_ns * 2;
}

struct unit {
	uint64_t ns, from_step_ns; /* used for steps from here on */
	const char *name, *ascii;
};

static const struct unit units[] = {
	{ DAY_NS, DAY_NS, "d", "d" },
	{ HOUR_NS, HOUR_NS, "h", "h" },
	{ MINUTE_NS, MINUTE_NS, "m", "m" },
	{ NSEC_PER_SEC, NSEC_PER_SEC / 10, "s", "s" },
	{ NSEC_PER_MSEC, NSEC_PER_MSEC / 10, "ms", "ms" },
	{ NSEC_PER_USEC, NSEC_PER_USEC / 10, "µs", "us" },
	{ 1, 1, "ns", "ns" },
};

static void put_label(uint64_t ns, uint64_t step_ns, bool utf8, struct buf *out)
{
	const struct unit *u = units;

	while (step_ns < u->from_step_ns)
		u++;
	buf_printf(out, "%llu", (unsigned long long)(ns / u->ns));
	if (ns % u->ns)
		buf_printf(out, ".%llu", (unsigned long long)(ns % u->ns * 10 / u->ns));
	buf_puts(out, utf8 ? u->name : u->ascii);
}

/* The start of a window, to the last digit that is not 0: it can be typed back as --from. */
static void put_start(uint64_t ns, struct buf *out)
{
	fmt_seconds(out, ns);
	while (out->len > 1 && out->data[out->len - 1] == '0')
		out->len--;
	if (out->len > 1 && out->data[out->len - 1] == '.')
		out->len--;
	out->data[out->len] = '\0';
	buf_putc(out, 's');
}

static void tick_label(const struct axis *a, uint64_t at_ns, uint64_t step_ns, bool utf8, struct buf *out)
{
	uint64_t start_ns = a->window.from_ns - a->origin_ns;

	buf_reset(out);
	if (at_ns == 0 && start_ns > 0) {
		put_start(start_ns, out);
		return;
	}
	if (start_ns > 0)
		buf_putc(out, '+');
	put_label(at_ns, step_ns, utf8, out);
}

static size_t label_length(const struct axis *a, uint64_t at_ns, uint64_t step_ns)
{
	struct buf label = { 0 };
	size_t n;

	tick_label(a, at_ns, step_ns, false, &label);
	n = label.len;
	buf_release(&label);
	return n;
}

/*
 * Do the labels of this step fit between its ticks? The longest is one of the last two (one may have a fraction, the
 * other none), or the start of a zoomed window. Beside the tick and the label a column stays free.
 */
static bool step_fits(const struct axis *a, uint64_t step_ns)
{
	uint64_t span_ns = a->window.to_ns - a->window.from_ns;
	uint64_t room = (uint64_t)((unsigned __int128)step_ns * a->columns / span_ns);
	uint64_t last_ns = (span_ns - 1) / step_ns * step_ns;
	const uint64_t at_ns[] = { 0, last_ns, last_ns ? last_ns - step_ns : 0 };

	for (size_t i = 0; i < sizeof(at_ns) / sizeof(at_ns[0]); i++)
		if (label_length(a, at_ns[i], step_ns) + 2 > room)
			return false;
	return true;
}

uint64_t axis_step_ns(const struct axis *a)
{
	uint64_t span_ns = a->window.to_ns - a->window.from_ns, step_ns = 1;

	while (step_ns < span_ns && !step_fits(a, step_ns))
		step_ns = next_step(step_ns);
	return step_ns;
}

/* A label is ASCII but for its micro sign: one cell per character. */
static void draw_label(struct cell *row, unsigned at, const char *label)
{
	for (size_t i = 0; label[i]; at++) {
		size_t n = (label[i] & 0x80) ? 2 : 1;
		char one[3] = { label[i], n == 2 ? label[i + 1] : '\0', '\0' };

		cell_set(&row[at], one, INK_PLAIN, INK_PLAIN);
		i += n;
	}
}

void axis_draw(const struct axis *a, const struct style *st, struct cell *row)
{
	uint64_t span_ns = a->window.to_ns - a->window.from_ns, step_ns = axis_step_ns(a);
	struct buf label = { 0 };

	for (uint64_t i = 0; i <= (span_ns - 1) / step_ns; i++) {
		uint64_t at_ns = i * step_ns;
		unsigned c = axis_column(a, a->window.from_ns + at_ns);

		cell_set(&row[c], glyph_text(st, GLYPH_TICK), INK_DIM, INK_PLAIN);
		tick_label(a, at_ns, step_ns, st->utf8, &label);
		if (c + 1 + fmt_columns(buf_str(&label), label.len) <= a->columns)
			draw_label(row, c + 1, buf_str(&label));
	}
	buf_release(&label);
}
