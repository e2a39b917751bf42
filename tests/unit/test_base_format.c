/* SPDX-License-Identifier: GPL-2.0-only */
/* test_base_format.c - durations, counts, bytes and percentages as people read them. */
#include "base/fmt.h"
#include "test.h"

static struct buf out;

static const char *duration(uint64_t ns)
{
	buf_reset(&out);
	fmt_duration(&out, ns, false);
	return buf_str(&out);
}

TEST(duration_by_size)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} rows[] = {
		{ 0, "0" },
		{ 1, "1ns" },
		{ 870, "870ns" },
		{ 999, "999ns" },
		{ 1000, "1.00us" },
		{ 1234, "1.23us" },
		{ 1235, "1.24us" },
		{ 9994, "9.99us" },
		{ 9995, "10.0us" },
		{ 61200, "61.2us" },
		{ 99949, "99.9us" },
		{ 99950, "100us" },
		{ 999499, "999us" },
		{ 999500, "1.00ms" },
		{ 1900000, "1.90ms" },
		{ 12345678, "12.3ms" },
		{ 123456789, "123ms" },
		{ 999499999, "999ms" },
		{ 999500000, "1.000s" },
		{ 4004000000, "4.004s" },
		{ 9999499999, "9.999s" },
		{ 9999500000, "10.00s" },
		{ 59994999999, "59.99s" },
		{ 59995000000, "1m00s" },
		{ 724 * NSEC_PER_SEC, "12m04s" },
		{ 3599 * NSEC_PER_SEC + 499999999, "59m59s" },
		{ 3599 * NSEC_PER_SEC + 500000000, "1h00m" },
		{ 12000 * NSEC_PER_SEC, "3h20m" },
		{ 3599969 * NSEC_PER_SEC, "999h59m" },
		{ 3599970 * NSEC_PER_SEC, "41d16h" },
		{ 86400 * 1000 * NSEC_PER_SEC - 3600 * NSEC_PER_SEC, "999d23h" },
		{ 86400 * 1000 * NSEC_PER_SEC, "1000d" },
		{ UINT64_MAX, "213504d" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_STR(duration(rows[i].ns), rows[i].text);
}

TEST(duration_never_takes_more_than_7_columns)
{
	for (uint64_t ns = 1; ns < UINT64_MAX / 3; ns = ns * 3 / 2 + 1) {
		buf_reset(&out);
		fmt_duration(&out, ns, true);
		if (fmt_columns(buf_str(&out), out.len) > 7)
			TEST_FAIL("%" PRIu64 " is written as %s", ns, buf_str(&out));
	}
}

TEST(duration_has_the_micro_sign_in_utf8)
{
	buf_reset(&out);
	fmt_duration(&out, 61200, true);
	CHECK_STR(buf_str(&out), "61.2\u00b5s");
	buf_reset(&out);
	fmt_duration(&out, 61200000, true);
	CHECK_STR(buf_str(&out), "61.2ms");
}

static const char *written(void (*fmt)(struct buf *b, uint64_t n), uint64_t n)
{
	buf_reset(&out);
	fmt(&out, n);
	return buf_str(&out);
}

TEST(seconds_are_exact)
{
	CHECK_STR(written(fmt_seconds, 0), "0.000000000");
	CHECK_STR(written(fmt_seconds, 1), "0.000000001");
	CHECK_STR(written(fmt_seconds, 2001234567), "2.001234567");
	CHECK_STR(written(fmt_seconds, UINT64_MAX), "18446744073.709551615");
}

TEST(counts_have_commas)
{
	CHECK_STR(written(fmt_count, 0), "0");
	CHECK_STR(written(fmt_count, 999), "999");
	CHECK_STR(written(fmt_count, 1000), "1,000");
	CHECK_STR(written(fmt_count, 1234567), "1,234,567");
	CHECK_STR(written(fmt_count, 1000000), "1,000,000");
	CHECK_STR(written(fmt_count, UINT64_MAX), "18,446,744,073,709,551,615");
}

TEST(bytes_by_size)
{
	CHECK_STR(written(fmt_bytes, 0), "0 B");
	CHECK_STR(written(fmt_bytes, 812), "812 B");
	CHECK_STR(written(fmt_bytes, 1023), "1023 B");
	CHECK_STR(written(fmt_bytes, 1024), "1.0 KiB");
	CHECK_STR(written(fmt_bytes, 5427), "5.3 KiB");
	CHECK_STR(written(fmt_bytes, 1048524), "1023.9 KiB");
	CHECK_STR(written(fmt_bytes, 1048575), "1.0 MiB");
	CHECK_STR(written(fmt_bytes, UINT64_C(41) << 20), "41.0 MiB");
	CHECK_STR(written(fmt_bytes, UINT64_C(3) << 30), "3.0 GiB");
	CHECK_STR(written(fmt_bytes, UINT64_MAX), "16.0 EiB");
}

static const char *percent(uint64_t part, uint64_t whole)
{
	buf_reset(&out);
	fmt_percent(&out, part, whole);
	return buf_str(&out);
}

TEST(percentages)
{
	CHECK_STR(percent(0, 0), "-");
	CHECK_STR(percent(5, 0), "-");
	CHECK_STR(percent(0, 5), "0.0 %");
	CHECK_STR(percent(123, 1000), "12.3 %");
	CHECK_STR(percent(1, 3), "33.3 %");
	CHECK_STR(percent(2, 3), "66.7 %");
	CHECK_STR(percent(3, 2), "150.0 %");
	CHECK_STR(percent(UINT64_MAX, UINT64_MAX), "100.0 %");
	CHECK_STR(percent(UINT64_MAX / 2, UINT64_MAX), "50.0 %");
}

TEST_MAIN
