/* SPDX-License-Identifier: GPL-2.0-only */
/* test_base_parse.c - numbers, durations, sizes and windows at their limits, and how others are refused. */
#include <errno.h>

#include "base/fmt.h"
#include "test.h"

static struct err said;

/* What is expected of one text: a value, or a code and a sentence. */
struct reading {
	const char *text;
	uint64_t value;
	int code;
	const char *sentence;
};

#define OK(t, v) { t, v, 0, "" }
#define BAD(t, code, s) { t, 0, code, s }

static void check_readings(int (*parse)(const char *s, uint64_t *out, struct err *e), const struct reading *r, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t out = 4711;
		int ret;

		said = (struct err){ 0 };
		ret = parse(r[i].text, &out, &said);
		if (ret != r[i].code || out != (ret ? 4711 : r[i].value))
			TEST_FAIL("'%s' gives %d and %" PRIu64, r[i].text, ret, out);
		CHECK_STR(said.text, r[i].sentence);
		CHECK(said.code == r[i].code);
		CHECK(parse(r[i].text, &out, NULL) == r[i].code);
	}
}

#define CHECK_READINGS(parse, rows) check_readings(parse, rows, sizeof(rows) / sizeof((rows)[0]))

static int parse_any(const char *s, uint64_t *out, struct err *e)
{
	return parse_u64(s, 0, UINT64_MAX, out, e);
}

static int parse_small(const char *s, uint64_t *out, struct err *e)
{
	return parse_u64(s, 1, 1024, out, e);
}

TEST(u64_reads_whole_range)
{
	static const struct reading rows[] = {
		OK("0", 0),
		OK("7", 7),
		OK("007", 7),
		OK("18446744073709551615", UINT64_MAX),
		BAD("18446744073709551616", -ERANGE, "'18446744073709551616' is not a number of at least 0"),
		BAD("99999999999999999999999", -ERANGE, "'99999999999999999999999' is not a number of at least 0"),
		BAD("-1", -ERANGE, "'-1' is not a number of at least 0"),
	};

	CHECK_READINGS(parse_any, rows);
}

TEST(u64_refuses_what_is_no_number)
{
	static const struct reading rows[] = {
		BAD("", -EINVAL, "'' is not a number"),	    BAD("abc", -EINVAL, "'abc' is not a number"),
		BAD("5x", -EINVAL, "'5x' is not a number"),   BAD(" 5", -EINVAL, "' 5' is not a number"),
		BAD("5 ", -EINVAL, "'5 ' is not a number"),   BAD("+5", -EINVAL, "'+5' is not a number"),
		BAD("-", -EINVAL, "'-' is not a number"),	    BAD("--5", -EINVAL, "'--5' is not a number"),
		BAD("-5x", -EINVAL, "'-5x' is not a number"), BAD("0x10", -EINVAL, "'0x10' is not a number"),
		BAD("1e3", -EINVAL, "'1e3' is not a number"), BAD("1.0", -EINVAL, "'1.0' is not a number"),
	};

	CHECK_READINGS(parse_any, rows);
}

TEST(u64_keeps_to_its_range)
{
	static const struct reading rows[] = {
		OK("1", 1),
		OK("1024", 1024),
		BAD("0", -ERANGE, "'0' is not a number from 1 to 1024"),
		BAD("1025", -ERANGE, "'1025' is not a number from 1 to 1024"),
		BAD("-3", -ERANGE, "'-3' is not a number from 1 to 1024"),
	};

	CHECK_READINGS(parse_small, rows);
}

TEST(duration_reads_every_unit)
{
	static const struct reading rows[] = {
		OK("0", 0),
		OK("2", 2 * NSEC_PER_SEC),
		OK("2s", 2 * NSEC_PER_SEC),
		OK("150ms", 150 * NSEC_PER_MSEC),
		OK("20us", 20 * NSEC_PER_USEC),
		OK("20\u00b5s", 20 * NSEC_PER_USEC),
		OK("20\u03bcs", 20 * NSEC_PER_USEC),
		OK("7ns", 7),
		OK("1m", 60 * NSEC_PER_SEC),
		OK("1min", 60 * NSEC_PER_SEC),
		OK("2h", 7200 * NSEC_PER_SEC),
		OK("0ns", 0),
	};

	CHECK_READINGS(parse_duration, rows);
}

TEST(duration_reads_fractions_exactly)
{
	static const struct reading rows[] = {
		OK("1.5s", 1500 * NSEC_PER_MSEC),
		OK(".5", 500 * NSEC_PER_MSEC),
		OK("0.000000001", 1),
		OK("2.001234567", 2001234567),
		OK("2.001234567s", 2001234567),
		OK("0.1ms", 100 * NSEC_PER_USEC),
		OK("1.25us", 1250),
		OK("1.5m", 90 * NSEC_PER_SEC),
		OK("1.0ns", 1),
		OK("1.50000000000000000000000000000000000000s", 1500 * NSEC_PER_MSEC),
		BAD("1.5ns", -EINVAL, "'1.5ns' is finer than a nanosecond"),
		BAD("0.0000000001", -EINVAL, "'0.0000000001' is finer than a nanosecond"),
		BAD("0.00000000000000000000000001s", -EINVAL,
		    "'0.00000000000000000000000001s' is finer than a nanosecond"),
	};

	CHECK_READINGS(parse_duration, rows);
}

#define HOW " is not a time - write it as 2s, 150ms, 20us or 7ns"

TEST(duration_refuses_what_is_no_time)
{
	static const struct reading rows[] = {
		BAD("", -EINVAL, "''" HOW),	      BAD("s", -EINVAL, "'s'" HOW),
		BAD(".", -EINVAL, "'.'" HOW),	      BAD("1.", -EINVAL, "'1.'" HOW),
		BAD("1.s", -EINVAL, "'1.s'" HOW),     BAD("-2s", -EINVAL, "'-2s'" HOW),
		BAD("2 s", -EINVAL, "'2 s'" HOW),     BAD("2sec", -EINVAL, "'2sec'" HOW),
		BAD("2S", -EINVAL, "'2S'" HOW),	      BAD("2s ", -EINVAL, "'2s '" HOW),
		BAD("1.2.3", -EINVAL, "'1.2.3'" HOW), BAD("1m30s", -EINVAL, "'1m30s'" HOW),
	};

	CHECK_READINGS(parse_duration, rows);
}

TEST(duration_stays_below_100_years)
{
	static const struct reading rows[] = {
		OK("3153599999.999999999", UINT64_C(3153599999999999999)),
		BAD("3153600000", -ERANGE, "'3153600000' is not a time below 100 years"),
		BAD("876000h", -ERANGE, "'876000h' is not a time below 100 years"),
		BAD("18446744073709551615h", -ERANGE, "'18446744073709551615h' is not a time below 100 years"),
		BAD("18446744073709551616ns", -ERANGE, "'18446744073709551616ns' is not a time below 100 years"),
	};

	CHECK_READINGS(parse_duration, rows);
}

TEST(size_reads_units_of_1024)
{
	static const struct reading rows[] = {
		OK("0", 0),
		OK("65536", 65536),
		OK("64K", 65536),
		OK("64k", 65536),
		OK("64KiB", 65536),
		OK("4M", UINT64_C(4) << 20),
		OK("1G", UINT64_C(1) << 30),
		OK("17179869183G", UINT64_C(17179869183) << 30),
		BAD("17179869184G", -ERANGE, "'17179869184G' is not a size below 16 EiB"),
		BAD("18446744073709551616", -ERANGE, "'18446744073709551616' is not a size below 16 EiB"),
		BAD("", -EINVAL, "'' is not a size - write it as 65536, 64K, 4M or 1G"),
		BAD("K", -EINVAL, "'K' is not a size - write it as 65536, 64K, 4M or 1G"),
		BAD("1.5M", -EINVAL, "'1.5M' is not a size - write it as 65536, 64K, 4M or 1G"),
		BAD("-4K", -EINVAL, "'-4K' is not a size - write it as 65536, 64K, 4M or 1G"),
		BAD("4KB", -EINVAL, "'4KB' is not a size - write it as 65536, 64K, 4M or 1G"),
	};

	CHECK_READINGS(parse_size, rows);
}

static void check_window(const char *text, uint64_t from_ns, uint64_t to_ns)
{
	struct window w = { 1, 2 };

	said = (struct err){ 0 };
	if (parse_window(text, &w, &said))
		TEST_FAIL("'%s': %s", text, said.text);
	CHECK_U64(w.from_ns, from_ns);
	CHECK_U64(w.to_ns, to_ns);
}

static const char *window_error(const char *text)
{
	struct window w = { 1, 2 };

	said = (struct err){ 0 };
	CHECK(parse_window(text, &w, &said) == -EINVAL);
	CHECK_U64(w.from_ns, 1);
	CHECK_U64(w.to_ns, 2);
	return said.text;
}

TEST(window_reads_both_sides)
{
	check_window("1ms..2ms", NSEC_PER_MSEC, 2 * NSEC_PER_MSEC);
	check_window("2.001s..2.003s", 2001 * NSEC_PER_MSEC, 2003 * NSEC_PER_MSEC);
	check_window("0..1ns", 0, 1);
}

TEST(window_side_may_be_missing)
{
	check_window("..2s", 0, 2 * NSEC_PER_SEC);
	check_window("2s..", 2 * NSEC_PER_SEC, UINT64_MAX);
	check_window("..", 0, UINT64_MAX);
}

TEST(window_refuses_empty_backwards_and_junk)
{
	CHECK_STR(window_error("2s..2s"), "'2s..2s' is not a window - it must begin before it ends");
	CHECK_STR(window_error("3s..2s"), "'3s..2s' is not a window - it must begin before it ends");
	CHECK_STR(window_error("..0"), "'..0' is not a window - it must begin before it ends");
	CHECK_STR(window_error("2s"), "'2s' is not a window - write it as FROM..TO, such as 2.001s..2.003s");
	CHECK_STR(window_error(""), "'' is not a window - write it as FROM..TO, such as 2.001s..2.003s");
	CHECK_STR(window_error("x..2s"), "'x'" HOW);
	CHECK_STR(window_error("1s..2s..3s"), "'2s..3s'" HOW);
	CHECK_STR(window_error("1s..2s "), "'2s '" HOW);
}

TEST(window_side_of_any_length_is_safe)
{
	char text[4096];

	memset(text, '1', sizeof(text));
	strcpy(text + sizeof(text) - 5, "..2s");
	CHECK(strstr(window_error(text), "is not") != NULL || strlen(said.text) == sizeof(said.text) - 1);
}

TEST(window_is_half_open)
{
	const struct window w = { 10, 20 };

	CHECK(!window_contains(w, 9));
	CHECK(window_contains(w, 10));
	CHECK(window_contains(w, 19));
	CHECK(!window_contains(w, 20));
}

static const char *duration_arg(uint64_t ns)
{
	static struct buf out;

	buf_reset(&out);
	fmt_duration_arg(&out, ns);
	return buf_str(&out);
}

TEST(duration_arg_reads_back_as_itself)
{
	static const uint64_t values[] = { 0, 1, 999, 1000, 1500, NSEC_PER_SEC, 90 * NSEC_PER_SEC, 3600 * NSEC_PER_SEC,
					   UINT64_C(3153599999999999999) };

	CHECK_STR(duration_arg(0), "0");
	CHECK_STR(duration_arg(2 * NSEC_PER_SEC), "2s");
	CHECK_STR(duration_arg(1500 * NSEC_PER_MSEC), "1500ms");
	CHECK_STR(duration_arg(20000), "20us");
	CHECK_STR(duration_arg(60 * NSEC_PER_SEC), "1m");
	CHECK_STR(duration_arg(7), "7ns");
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		uint64_t back;

		CHECK(!parse_duration(duration_arg(values[i]), &back, NULL));
		CHECK_U64(back, values[i]);
	}
}

TEST(size_arg_reads_back_as_itself)
{
	static const uint64_t values[] = { 0, 1, 1023, 1024, 1025, 65536, UINT64_C(4) << 20, UINT64_MAX };
	struct buf out = { 0 };

	fmt_size_arg(&out, 65536);
	CHECK_STR(buf_str(&out), "64K");
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		uint64_t back;

		buf_reset(&out);
		fmt_size_arg(&out, values[i]);
		CHECK(!parse_size(buf_str(&out), &back, NULL));
		CHECK_U64(back, values[i]);
	}
	buf_release(&out);
}

TEST_MAIN
