/* SPDX-License-Identifier: GPL-2.0-only */
/* test_base_json.c - JSON stays valid whatever is put into it. */
#include <math.h>

#include "base/json.h"
#include "test.h"

static struct buf out;

static struct json start(void)
{
	buf_reset(&out);
	return (struct json){ .out = &out };
}

static const char *string(const char *s)
{
	struct json j = start();

	json_str(&j, NULL, s);
	return buf_str(&out);
}

TEST(json_escapes)
{
	CHECK_STR(string(""), "\"\"");
	CHECK_STR(string("plain"), "\"plain\"");
	CHECK_STR(string("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"");
	CHECK_STR(string("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"");
	CHECK_STR(string("\x01\x1f\x7f"), "\"\\u0001\\u001f\\u007f\"");
	CHECK_STR(string("\033[31m"), "\"\\u001b[31m\"");
	CHECK_STR(string(NULL), "null");
}

TEST(json_keeps_utf8_and_disarms_what_a_terminal_would_obey)
{
	CHECK_STR(string("na\u00efve \u65e5"), "\"na\u00efve \u65e5\"");
	CHECK_STR(string("\xc2\x9b"), "\"\\u009b\"");
	CHECK_STR(string("\u202e\u2028"), "\"\\u202e\\u2028\"");
	CHECK_STR(string("\U000e0041"), "\"\\udb40\\udc41\"");
}

TEST(json_replaces_invalid_utf8)
{
	CHECK_STR(string("a\xff" "b"), "\"a\ufffdb\"");
	CHECK_STR(string("\xc3"), "\"\ufffd\"");
	CHECK_STR(string("\xed\xa0\x80"), "\"\ufffd\ufffd\ufffd\"");
	CHECK_STR(string("\xc0\xaf"), "\"\ufffd\ufffd\"");
}

TEST(json_commas_and_nesting)
{
	struct json j = start();

	json_object(&j, NULL);
	json_u64(&j, "tid", 12);
	json_array(&j, "jobs");
	json_object(&j, NULL);
	json_end(&j);
	json_u64(&j, NULL, 1);
	json_array(&j, NULL);
	json_end(&j);
	json_object(&j, NULL);
	json_bool(&j, "ok", true);
	json_null(&j, "why");
	json_end(&j);
	json_end(&j);
	json_bool(&j, "last", false);
	json_end(&j);
	CHECK_STR(buf_str(&out), "{\"tid\":12,\"jobs\":[{},1,[],{\"ok\":true,\"why\":null}],\"last\":false}");
}

TEST(json_an_array_after_an_object_at_the_same_depth)
{
	struct json j = start();

	json_array(&j, NULL);
	json_object(&j, NULL);
	json_str(&j, "a", "b");
	json_end(&j);
	json_array(&j, NULL);
	json_str(&j, NULL, "c");
	json_end(&j);
	json_end(&j);
	CHECK_STR(buf_str(&out), "[{\"a\":\"b\"},[\"c\"]]");
}

TEST(json_numbers_are_written_in_full)
{
	struct json j = start();

	json_array(&j, NULL);
	json_u64(&j, NULL, UINT64_MAX);
	json_i64(&j, NULL, INT64_MIN);
	json_double(&j, NULL, 0.5);
	json_double(&j, NULL, 1e300);
	json_double(&j, NULL, (double)NAN);
	json_double(&j, NULL, -(double)INFINITY);
	json_end(&j);
	CHECK_STR(buf_str(&out), "[18446744073709551615,-9223372036854775808,0.5,1e+300,null,null]");
}

TEST(json_keys_are_escaped)
{
	struct json j = start();

	json_object(&j, NULL);
	json_u64(&j, "a\"\n", 1);
	json_end(&j);
	CHECK_STR(buf_str(&out), "{\"a\\\"\\n\":1}");
}

TEST(json_63_levels)
{
	struct json j = start();

	for (int i = 0; i < 63; i++)
		json_array(&j, NULL);
	json_u64(&j, NULL, 7);
	json_u64(&j, NULL, 8);
	for (int i = 0; i < 63; i++)
		json_end(&j);
	CHECK_U64(out.len, 63 + 3 + 63);
	CHECK(!j.depth);
}

TEST_MAIN
