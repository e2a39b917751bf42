/* SPDX-License-Identifier: GPL-2.0-only */
/* fmt_parse.c - numbers, durations, sizes and windows as people write them; nothing is accepted in part. */
#include "base/fmt.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define NSEC_PER_MIN (60 * NSEC_PER_SEC)
#define NSEC_PER_HOUR (60 * NSEC_PER_MIN)
#define DURATION_LIMIT (100 * 365 * 24 * NSEC_PER_HOUR) /* 100 years */
#define WINDOW_MAX_SIDE 64				/* characters of one side of a window */

struct unit {
	const char *name;
	uint64_t value;
};

static const struct unit time_units[] = {
	{ "", NSEC_PER_SEC },
	{ "h", NSEC_PER_HOUR },
	{ "m", NSEC_PER_MIN },
	{ "min", NSEC_PER_MIN },
	{ "s", NSEC_PER_SEC },
	{ "ms", NSEC_PER_MSEC },
	{ "us", NSEC_PER_USEC },
	{ "\u00b5s", NSEC_PER_USEC }, /* the micro sign */
	{ "\u03bcs", NSEC_PER_USEC }, /* the Greek letter, which looks the same */
	{ "ns", 1 },
	{ NULL, 0 },
};

#define KIB (UINT64_C(1) << 10)
#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

static const struct unit size_units[] = {
	{ "", 1 },
	{ "K", KIB }, { "k", KIB }, { "KiB", KIB },
	{ "M", MIB }, { "m", MIB }, { "MiB", MIB },
	{ "G", GIB }, { "g", GIB }, { "GiB", GIB },
	{ NULL, 0 },
};

static const struct unit *find_unit(const struct unit *units, const char *name)
{
	for (; units->name; units++)
		if (!strcmp(units->name, name))
			return units;
	return NULL;
}

/* The value in the largest unit that has a name and divides it. */
static void put_in_units(struct buf *out, uint64_t v, const struct unit *units)
{
	const struct unit *best = NULL;

	for (; units->name; units++)
		if (v % units->value == 0 && *units->name && (!best || units->value > best->value))
			best = units;
	if (v && best)
		buf_printf(out, "%" PRIu64 "%s", v / best->value, best->name);
	else
		buf_printf(out, "%" PRIu64, v);
}

void fmt_duration_arg(struct buf *out, uint64_t ns)
{
	put_in_units(out, ns, time_units);
}

void fmt_size_arg(struct buf *out, uint64_t bytes)
{
	put_in_units(out, bytes, size_units);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits at *s, which is moved behind them. False on overflow; no digits at all is 0, for the caller to refuse. */
static bool take_digits(const char **s, uint64_t *out)
{
	uint64_t v = 0;
	bool fits = true;

	for (; is_digit(**s); (*s)++)
		fits = fits && !__builtin_mul_overflow(v, 10, &v) && !__builtin_add_overflow(v, **s - '0', &v);
	*out = v;
	return fits;
}

/* "-12": a number, but one that no range here has. */
static bool is_negative_number(const char *s)
{
	return *s == '-' && s[1] && !s[1 + strspn(s + 1, "0123456789")];
}

int parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *out, struct err *e)
{
	const char *at = s;
	uint64_t v;
	bool fits = take_digits(&at, &v);

	if ((at == s || *at) && !is_negative_number(s))
		return err_set(e, -EINVAL, "'%s' is not a number", s);
	if (at != s && fits && v >= min && v <= max) {
		*out = v;
		return 0;
	}
	if (max == UINT64_MAX)
		return err_set(e, -ERANGE, "'%s' is not a number of at least %" PRIu64, s, min);
	return err_set(e, -ERANGE, "'%s' is not a number from %" PRIu64 " to %" PRIu64, s, min, max);
}

/*
 * The value of the digits of a fraction, in units of `unit`. False when it is no whole number: refused rather than
 * rounded. 15 digits are more than any exact fraction of an hour has in nanoseconds.
 */
static bool fraction_of(const char *digits, uint64_t unit, uint64_t *out)
{
	unsigned __int128 v = 0, scale = 1;

	for (unsigned n = 0; is_digit(*digits); digits++, n++) {
		if (n >= 15 && *digits != '0')
			return false;
		if (n >= 15)
			continue;
		v = v * 10 + (unsigned)(*digits - '0');
		scale *= 10;
	}
	v *= unit;
	*out = (uint64_t)(v / scale);
	return v % scale == 0;
}

int parse_duration(const char *s, uint64_t *out_ns, struct err *e)
{
	const char *at = s, *fraction = "";
	const struct unit *unit;
	uint64_t whole, part;
	size_t digits;
	bool fits;

	fits = take_digits(&at, &whole);
	digits = (size_t)(at - s);
	if (*at == '.') {
		fraction = ++at;
		digits = strspn(at, "0123456789");
		at += digits;
	}
	unit = find_unit(time_units, at);
	if (!digits || !unit)
		return err_set(e, -EINVAL, "'%s' is not a time - write it as 2s, 150ms, 20us or 7ns", s);
	if (!fraction_of(fraction, unit->value, &part))
		return err_set(e, -EINVAL, "'%s' is finer than a nanosecond", s);
	if (!fits || __builtin_mul_overflow(whole, unit->value, &whole) ||
	    __builtin_add_overflow(whole, part, &whole) || whole >= DURATION_LIMIT)
		return err_set(e, -ERANGE, "'%s' is not a time below 100 years", s);
	*out_ns = whole;
	return 0;
}

int parse_size(const char *s, uint64_t *out_bytes, struct err *e)
{
	const struct unit *unit;
	const char *at = s;
	uint64_t v;
	bool fits = take_digits(&at, &v);

	unit = find_unit(size_units, at);
	if (at == s || !unit)
		return err_set(e, -EINVAL, "'%s' is not a size - write it as 65536, 64K, 4M or 1G", s);
	if (!fits || __builtin_mul_overflow(v, unit->value, &v))
		return err_set(e, -ERANGE, "'%s' is not a size below 16 EiB", s);
	*out_bytes = v;
	return 0;
}

/* One side of a window: text of `len` bytes, or `missing` when there is none. */
static int parse_side(const char *s, size_t len, uint64_t missing, uint64_t *out, struct err *e)
{
	char side[WINDOW_MAX_SIDE];

	*out = missing;
	if (!len)
		return 0;
	if (len >= sizeof(side))
		return err_set(e, -EINVAL, "'%s' is not a time - write it as 2s, 150ms, 20us or 7ns", s);
	memcpy(side, s, len);
	side[len] = '\0';
	return parse_duration(side, out, e);
}

int parse_window(const char *s, struct window *out, struct err *e)
{
	const char *dots = strstr(s, "..");
	struct window w;
	int ret;

	if (!dots)
		return err_set(e, -EINVAL, "'%s' is not a window - write it as FROM..TO, such as 2.001s..2.003s", s);
	ret = parse_side(s, (size_t)(dots - s), 0, &w.from_ns, e);
	if (ret < 0)
		return ret;
	ret = parse_side(dots + 2, strlen(dots + 2), UINT64_MAX, &w.to_ns, e);
	if (ret < 0)
		return ret;
	if (w.from_ns >= w.to_ns)
		return err_set(e, -EINVAL, "'%s' is not a window - it must begin before it ends", s);
	*out = w;
	return 0;
}
