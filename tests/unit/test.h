/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test.h - the smallest unit-test frame that says what it did: one file, one program, one line per test.
 *
 *         TEST(duration_reads_all_units)
 *         {
 *                 CHECK_U64(parse("150ms"), 150000000);
 *         }
 *         TEST_MAIN
 *
 * Prints "PASS name", "FAIL name: file:line: what" or "SKIP name: why" per test; tests/run.sh counts those lines.
 * A CHECK that fails ends its test, not the program. An argument runs only the tests whose name contains it.
 */
#ifndef SCHEDVIZ_TEST_H
#define SCHEDVIZ_TEST_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct test {
	const char *name;
	void (*fn)(void);
	struct test *next;
};

static struct test *test_list, **test_tail = &test_list;
static const char *test_now;
static jmp_buf test_out;
static int test_failed;

#define TEST(id)                                                             \
	static void test_##id(void);                                         \
	static struct test test_row_##id = { #id, test_##id, NULL };         \
	__attribute__((constructor)) static void test_register_##id(void)    \
	{                                                                    \
		*test_tail = &test_row_##id;                                 \
		test_tail = &test_row_##id.next;                             \
	}                                                                    \
	static void test_##id(void)

#define TEST_FAIL(...)                                                       \
	do {                                                                 \
		printf("FAIL %s: %s:%d: ", test_now, __FILE__, __LINE__);    \
		printf(__VA_ARGS__);                                         \
		putchar('\n');                                               \
		test_failed++;                                               \
		longjmp(test_out, 1);                                        \
	} while (0)

#define TEST_SKIP(why)                                                       \
	do {                                                                 \
		printf("SKIP %s: %s\n", test_now, why);                      \
		longjmp(test_out, 1);                                        \
	} while (0)

#define CHECK(cond) ((cond) ? (void)0 : ({ TEST_FAIL("not true: %s", #cond); }))

#define CHECK_U64(got, want)                                                                              \
	do {                                                                                              \
		uint64_t got_ = (uint64_t)(got), want_ = (uint64_t)(want);                                \
		if (got_ != want_)                                                                        \
			TEST_FAIL("%s is %" PRIu64 ", not %" PRIu64, #got, got_, want_);                  \
	} while (0)

#define CHECK_STR(got, want)                                                                              \
	do {                                                                                              \
		const char *got_ = (got), *want_ = (want);                                                \
		if (!got_ || strcmp(got_, want_))                                                         \
			TEST_FAIL("%s is\n  \"%s\", not\n  \"%s\"", #got, got_ ? got_ : "(null)", want_); \
	} while (0)

#define TEST_MAIN                                                            \
	int main(int argc, char **argv)                                      \
	{                                                                    \
		for (struct test *volatile t = test_list; t; t = t->next) {  \
			int before = test_failed;                            \
			if (argc > 1 && !strstr(t->name, argv[1]))           \
				continue;                                    \
			test_now = t->name;                                  \
			if (!setjmp(test_out)) {                             \
				t->fn();                                     \
				if (before == test_failed)                   \
					printf("PASS %s\n", t->name);        \
			}                                                    \
			fflush(stdout);                                      \
		}                                                            \
		return test_failed ? 1 : 0;                                  \
	}

#endif
