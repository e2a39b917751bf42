/* SPDX-License-Identifier: GPL-2.0-only */
/* test_base_cpuset.c - CPU lists as the kernel writes them. */
#include <errno.h>

#include "base/fmt.h"
#include "test.h"

static const char *round_trip(const char *list)
{
	static struct buf out;
	struct cpuset set = { 0 };
	struct err e = { 0 };

	buf_reset(&out);
	if (cpuset_parse(&set, list, &e) < 0)
		return "refused";
	cpuset_format(&set, &out);
	cpuset_release(&set);
	return buf_str(&out);
}

TEST(cpuset_reads_kernel_lists)
{
	CHECK_STR(round_trip("0"), "0");
	CHECK_STR(round_trip("0-3,8"), "0-3,8");
	CHECK_STR(round_trip("0-3,8\n"), "0-3,8");
	CHECK_STR(round_trip("63-64"), "63-64");
	CHECK_STR(round_trip("0-65535"), "0-65535");
	CHECK_STR(round_trip("8,0-3"), "0-3,8");
	CHECK_STR(round_trip("1,2,3,3,2-4"), "1-4");
	CHECK_STR(round_trip(""), "");
	CHECK_STR(round_trip("\n"), "");
}

TEST(cpuset_refuses_everything_else)
{
	static const char *const lists[] = {
		"a", "-1", "1-", "3-1", "1,,2", ",1", "1,", "1,\n", "1 ", " 1", "1-2-3", "65536",
		"99999999999999999999", "1\n\n", "1\n2", "0x1", "1;2", "0-65536", "+1", "-",
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (strcmp(round_trip(lists[i]), "refused"))
			TEST_FAIL("'%s' is taken as '%s'", lists[i], round_trip(lists[i]));
}

TEST(cpuset_keeps_its_contents_when_the_new_list_is_wrong)
{
	struct cpuset set = { 0 };
	struct err e = { 0 };

	CHECK(!cpuset_parse(&set, "5", &e));
	CHECK(cpuset_parse(&set, "1,x", &e) == -EINVAL);
	CHECK_STR(e.text, "'1,x' is not a list of CPUs from 0 to 65535 - write it as 0-3,8");
	CHECK(cpuset_has(&set, 5) && !cpuset_has(&set, 1));
	CHECK(!cpuset_parse(&set, "6", &e));
	CHECK(cpuset_has(&set, 6) && !cpuset_has(&set, 5));
	cpuset_release(&set);
}

TEST(cpuset_counts_and_finds)
{
	struct cpuset set = { 0 };

	CHECK_U64(cpuset_count(&set), 0);
	CHECK_U64(cpuset_next(&set, 0), UINT32_MAX);
	CHECK(!cpuset_has(&set, UINT32_MAX));
	cpuset_add(&set, 3);
	cpuset_add(&set, 64);
	cpuset_add(&set, 1000);
	cpuset_add(&set, 64);
	CHECK_U64(cpuset_count(&set), 3);
	CHECK_U64(cpuset_next(&set, 0), 3);
	CHECK_U64(cpuset_next(&set, 3), 3);
	CHECK_U64(cpuset_next(&set, 4), 64);
	CHECK_U64(cpuset_next(&set, 65), 1000);
	CHECK_U64(cpuset_next(&set, 1001), UINT32_MAX);
	CHECK_U64(cpuset_next(&set, UINT32_MAX), UINT32_MAX);
	CHECK(cpuset_has(&set, 1000) && !cpuset_has(&set, 999) && !cpuset_has(&set, 60000));
	cpuset_release(&set);
	CHECK_U64(cpuset_count(&set), 0);
}

TEST_MAIN
