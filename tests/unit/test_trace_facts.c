/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_trace_facts.c - facts: kept, replaced, merged, written and read back, and refused.
 */
#include "trace/facts.h"
#include "trace/syscalls.h"
#include "test.h"

TEST(facts_replace_and_keep_order_of_keys)
{
	struct facts f = { 0 };

	facts_set(&f, "b", "1");
	facts_set(&f, "a", "2");
	facts_setf(&f, "b", "%d", 3);
	CHECK_U64(f.n, 2);
	CHECK_STR(f.v[0].key, "a");
	CHECK_STR(facts_get(&f, "b"), "3");
	CHECK(!facts_get(&f, "c"));
	facts_release(&f);
}

TEST(facts_numbers)
{
	struct facts f = { 0 };

	facts_set(&f, "n", "18446744073709551615");
	facts_set(&f, "s", "12 apples");
	CHECK_U64(facts_u64(&f, "n", 7), UINT64_MAX);
	CHECK_U64(facts_u64(&f, "s", 7), 7);
	CHECK_U64(facts_u64(&f, "x", 7), 7);
	facts_release(&f);
}

TEST(facts_merge_replaces)
{
	struct facts a = { 0 }, b = { 0 };

	facts_set(&a, "one", "1");
	facts_set(&a, "two", "2");
	facts_set(&b, "two", "zwei");
	facts_set(&b, "zero", "");
	facts_merge(&a, &b);
	CHECK_U64(a.n, 3);
	CHECK_STR(facts_get(&a, "one"), "1");
	CHECK_STR(facts_get(&a, "two"), "zwei");
	CHECK_STR(facts_get(&a, "zero"), "");
	facts_release(&a);
	facts_release(&b);
}

TEST(facts_survive_any_value)
{
	struct facts f = { 0 }, g = { 0 };
	struct buf b = { 0 };
	char all[256];

	for (int i = 1; i < 256; i++)
		all[i - 1] = (char)i;
	all[255] = '\0';
	facts_set(&f, "all", all);
	facts_set(&f, "empty", "");
	facts_set(&f, "umlaut", "gr\xc3\xbc\xc3\x9f");
	facts_encode(&f, &b);
	CHECK(strstr(b.data, "umlaut gr\xc3\xbc\xc3\x9f\n"));
	CHECK_U64(facts_decode(&g, b.data, b.len, NULL), 0);
	CHECK_U64(g.n, 3);
	CHECK_STR(facts_get(&g, "all"), all);
	CHECK_STR(facts_get(&g, "empty"), "");
	CHECK_STR(facts_get(&g, "umlaut"), facts_get(&f, "umlaut"));
	buf_release(&b);
	facts_release(&f);
	facts_release(&g);
}

static int decode(const char *s, size_t n)
{
	struct facts f = { 0 };
	struct err e = { 0 };
	int ret = facts_decode(&f, s, n, &e);

	facts_release(&f);
	return ret < 0 && e.text[0] ? -1 : ret;
}

TEST(facts_refuse_what_is_none)
{
	CHECK(decode("key value", 9) == 0);
	CHECK(decode("key", 3) < 0);
	CHECK(decode(" value\n", 7) < 0);
	CHECK(decode("key v\\x0\n", 9) < 0);
	CHECK(decode("key v\\q00\n", 10) < 0);
	CHECK(decode("k\0y v\n", 6) < 0);
}

TEST(facts_refuse_too_many)
{
	struct buf b = { 0 };

	for (unsigned i = 0; i <= FACTS_MAX; i++)
		buf_printf(&b, "k%u v\n", i);
	CHECK(decode(b.data, b.len) < 0);
	buf_release(&b);
}

TEST(syscalls_both_ways)
{
	CHECK_STR(syscall_name("x86_64", 0), "read");
	CHECK_STR(syscall_name("x86_64", 202), "futex");
	CHECK_STR(syscall_name("x86_64", 230), "clock_nanosleep");
	CHECK_STR(syscall_name("x86_64", 441), "epoll_pwait2");
	CHECK_STR(syscall_name("aarch64", 63), "read");
	CHECK_STR(syscall_name("aarch64", 98), "futex");
	CHECK_STR(syscall_name("aarch64", 115), "clock_nanosleep");
	CHECK(!syscall_name("x86_64", 400) && !syscall_name("x86_64", -1) && !syscall_name("x86_64", 100000));
	CHECK(!syscall_name("sparc", 0) && !syscall_name(NULL, 0));
	CHECK_U64(syscall_number("x86_64", "futex_waitv"), 449);
	CHECK_U64(syscall_number("aarch64", "futex_waitv"), 449);
	CHECK(syscall_number("x86_64", "frobnicate") < 0);
}

TEST_MAIN
