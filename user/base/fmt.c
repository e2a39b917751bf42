/* SPDX-License-Identifier: GPL-2.0-only */
/* fmt.c - numbers for people: durations, counts, bytes, percentages. */
#include "base/fmt.h"

#include <inttypes.h>

#define SEC NSEC_PER_SEC
#define MIN (60 * SEC)
#define HOUR (60 * MIN)
#define DAY (24 * HOUR)

static uint64_t div_round(uint64_t n, uint64_t by)
{
	return n / by + (n % by >= by - by / 2);
}

/*
 * How a duration is written, by size: rounded to `step_ns`, as long as that gives fewer than `limit` steps. Either a
 * decimal number (`per` steps to the unit, `decimals` digits after the point) or two whole ones ("12m04s").
 */
static const struct scale {
	uint64_t step_ns, limit, per;
	int decimals;
	const char *unit, *minor;
} scales[] = {
	{ 1, 1000, 1, 0, "ns", NULL },
	{ 10, 1000, 100, 2, "us", NULL },
	{ 100, 1000, 10, 1, "us", NULL },
	{ 1000, 1000, 1, 0, "us", NULL },
	{ 10 * NSEC_PER_USEC, 1000, 100, 2, "ms", NULL },
	{ 100 * NSEC_PER_USEC, 1000, 10, 1, "ms", NULL },
	{ NSEC_PER_MSEC, 1000, 1, 0, "ms", NULL },
	{ NSEC_PER_MSEC, 10000, 1000, 3, "s", NULL },
	{ 10 * NSEC_PER_MSEC, 6000, 100, 2, "s", NULL },
	{ SEC, 3600, 60, 2, "m", "s" },
	{ MIN, 1000 * 60, 60, 2, "h", "m" },
	{ HOUR, 1000 * 24, 24, 2, "d", "h" },
	{ DAY, UINT64_MAX, 1, 0, "d", NULL },
};

void fmt_duration(struct buf *out, uint64_t ns, bool utf8)
{
	const struct scale *s = scales;
	uint64_t n;

	if (!ns) {
		buf_putc(out, '0');
		return;
	}
	while (n = div_round(ns, s->step_ns), n >= s->limit)
		s++;
	buf_printf(out, "%" PRIu64, n / s->per);
	if (s->decimals && !s->minor)
		buf_putc(out, '.');
	else if (s->minor)
		buf_puts(out, s->unit);
	if (s->decimals)
		buf_printf(out, "%0*" PRIu64, s->decimals, n % s->per);
	if (s->minor)
		buf_puts(out, s->minor);
	else
		buf_puts(out, utf8 && *s->unit == 'u' ? "\u00b5s" : s->unit);
}

void fmt_seconds(struct buf *out, uint64_t ns)
{
	buf_printf(out, "%" PRIu64 ".%09" PRIu64, ns / NSEC_PER_SEC, ns % NSEC_PER_SEC);
}

void fmt_count(struct buf *out, uint64_t n)
{
	uint64_t scale = 1;

	while (n / scale >= 1000)
		scale *= 1000;
	buf_printf(out, "%" PRIu64, n / scale);
	for (scale /= 1000; scale; scale /= 1000)
		buf_printf(out, ",%03" PRIu64, n / scale % 1000);
}

void fmt_bytes(struct buf *out, uint64_t n)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	unsigned i = 0;
	uint64_t tenths;

	if (n < 1024) {
		buf_printf(out, "%" PRIu64 " B", n);
		return;
	}
	/* n counts the unit below, so that a tenth of the unit above is still a whole number of it */
	while (n >= (uint64_t)1 << 20) {
		n >>= 10;
		i++;
	}
	tenths = div_round(n * 10, 1024);
	if (tenths >= 10240) {
		tenths = 10;
		i++;
	}
	buf_printf(out, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10, units[i]);
}

void fmt_percent(struct buf *out, uint64_t part, uint64_t whole)
{
	unsigned __int128 permille;

	if (!whole) {
		buf_putc(out, '-');
		return;
	}
	permille = ((unsigned __int128)part * 1000 + whole / 2) / whole;
	if (permille > UINT64_MAX)
		permille = UINT64_MAX;
	buf_printf(out, "%" PRIu64 ".%" PRIu64 " %%", (uint64_t)(permille / 10), (uint64_t)(permille % 10));
}
