/* SPDX-License-Identifier: GPL-2.0-only */
/* test_base_text.c - strangers' names, terminal columns, cells, paragraphs, nearest words. */
#include "base/fmt.h"
#include "base/utf8.h"
#include "test.h"

static struct buf out;

static const char *safe_n(const char *s, size_t n, bool utf8)
{
	buf_reset(&out);
	fmt_safe(&out, s, n, utf8);
	return buf_str(&out);
}

static const char *safe(const char *s)
{
	return safe_n(s, strlen(s), true);
}

TEST(safe_keeps_what_is_printable)
{
	CHECK_STR(safe("kworker/0:1-events"), "kworker/0:1-events");
	CHECK_STR(safe("a b'c\"d$(e)`f`"), "a b'c\"d$(e)`f`");
	CHECK_STR(safe("na\u00efve \u65e5\u672c \U0001f600"), "na\u00efve \u65e5\u672c \U0001f600");
	CHECK_STR(safe(""), "");
}

TEST(safe_is_ascii_only_without_utf8)
{
	CHECK_STR(safe_n("na\u00efve", 6, false), "na\\xc3\\xafve");
	CHECK_STR(safe_n("plain", 5, false), "plain");
}

TEST(safe_disarms_terminal_escapes)
{
	CHECK_STR(safe("\033[31mred\033[0m"), "\\x1b[31mred\\x1b[0m");
	CHECK_STR(safe("\033]0;title\a"), "\\x1b]0;title\\x07");
	CHECK_STR(safe("a\nb\rc\td\be"), "a\\x0ab\\x0dc\\x09d\\x08e");
	CHECK_STR(safe("\177"), "\\x7f");
	CHECK_STR(safe("\xc2\x9b" "31m"), "\\xc2\\x9b31m");
	CHECK_STR(safe("\x9b" "31m"), "\\x9b31m");
	CHECK_STR(safe_n("a\0b", 3, true), "a\\x00b");
}

TEST(safe_escapes_the_backslash_so_that_nothing_is_ambiguous)
{
	CHECK_STR(safe("\\x1b"), "\\x5cx1b");
}

TEST(safe_disarms_bidi_and_invisible_characters)
{
	CHECK_STR(safe("a\u202eb"), "a\\xe2\\x80\\xaeb");
	CHECK_STR(safe("\u2066x\u2069"), "\\xe2\\x81\\xa6x\\xe2\\x81\\xa9");
	CHECK_STR(safe("\u200f"), "\\xe2\\x80\\x8f");
	CHECK_STR(safe("\u061c"), "\\xd8\\x9c");
	CHECK_STR(safe("a\u200bb"), "a\\xe2\\x80\\x8bb");
	CHECK_STR(safe("\ufeffa"), "\\xef\\xbb\\xbfa");
	CHECK_STR(safe("\u00ad"), "\\xc2\\xad");
	CHECK_STR(safe("a\u2028b\u2029"), "a\\xe2\\x80\\xa8b\\xe2\\x80\\xa9");
	CHECK_STR(safe("\U000e0041"), "\\xf3\\xa0\\x81\\x81");
	CHECK_STR(safe("\uffff"), "\\xef\\xbf\\xbf");
}

TEST(safe_disarms_invalid_utf8)
{
	CHECK_STR(safe("\xc3"), "\\xc3");
	CHECK_STR(safe("\xc3("), "\\xc3(");
	CHECK_STR(safe("\xe2\x82"), "\\xe2\\x82");
	CHECK_STR(safe("\xc0\xaf"), "\\xc0\\xaf");		       /* overlong / */
	CHECK_STR(safe("\xe0\x80\xaf"), "\\xe0\\x80\\xaf");
	CHECK_STR(safe("\xed\xa0\x80"), "\\xed\\xa0\\x80");	       /* a surrogate */
	CHECK_STR(safe("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80"); /* above U+10FFFF */
	CHECK_STR(safe("\xff\xfe"), "\\xff\\xfe");
	CHECK_STR(safe("\x80ok"), "\\x80ok");
}

TEST(safe_cut_in_the_middle_of_a_character)
{
	CHECK_STR(safe_n("ab\u00ef", 3, true), "ab\\xc3");
}

/* Whatever comes in, what goes out has no byte that a terminal obeys. */
TEST(safe_of_every_pair_of_bytes)
{
	for (unsigned i = 0; i < 65536; i++) {
		char pair[2] = { (char)(i >> 8), (char)i };
		const char *s = safe_n(pair, 2, true);

		for (size_t k = 0; k < out.len; k++)
			if ((unsigned char)s[k] < 0x20 || s[k] == 0x7f)
				TEST_FAIL("%04x lets %02x through", i, (unsigned char)s[k]);
	}
}

static size_t columns(const char *s)
{
	return fmt_columns(s, strlen(s));
}

TEST(columns_of_wide_and_combining_characters)
{
	CHECK_U64(columns(""), 0);
	CHECK_U64(columns("abc"), 3);
	CHECK_U64(columns("\u00e9"), 1);
	CHECK_U64(columns("e\u0301"), 1);
	CHECK_U64(columns("\u65e5\u672c\u8a9e"), 6);
	CHECK_U64(columns("\uff21"), 2);
	CHECK_U64(columns("\U0001f600"), 2);
	CHECK_U64(columns("\u2588\u2592\u00b7\u254c\u2503"), 5);
	CHECK_U64(columns("\u2713\u2026\u00b5"), 3);
	CHECK_U64(columns("\U00020000"), 2);
	CHECK_U64(columns("\xff\xfe"), 2);
}

static const char *cell(const char *s, size_t n, bool right, bool utf8)
{
	buf_reset(&out);
	fmt_cell(&out, s, n, right, utf8);
	return buf_str(&out);
}

TEST(cell_pads)
{
	CHECK_STR(cell("ab", 5, false, true), "ab   ");
	CHECK_STR(cell("ab", 5, true, true), "   ab");
	CHECK_STR(cell("ab", 2, true, true), "ab");
	CHECK_STR(cell("", 2, false, true), "  ");
	CHECK_STR(cell("", 0, false, true), "");
}

TEST(cell_cuts)
{
	CHECK_STR(cell("abcdef", 4, false, true), "abc\u2026");
	CHECK_STR(cell("abcdef", 4, false, false), "abc~");
	CHECK_STR(cell("abcdef", 4, true, false), "abc~");
	CHECK_STR(cell("abcdef", 1, false, false), "~");
	CHECK_STR(cell("abcdef", 0, false, false), "");
}

TEST(cell_never_halves_a_wide_character)
{
	CHECK_STR(cell("\u65e5\u672c\u8a9e", 6, false, true), "\u65e5\u672c\u8a9e");
	CHECK_STR(cell("\u65e5\u672c\u8a9e", 5, false, true), "\u65e5\u672c\u2026");
	CHECK_STR(cell("\u65e5\u672c\u8a9e", 4, false, true), "\u65e5\u2026 ");
	CHECK_STR(cell("\u65e5\u672c\u8a9e", 4, true, true), " \u65e5\u2026");
	CHECK_STR(cell("e\u0301e\u0301e\u0301", 2, false, true), "e\u0301\u2026");
}

TEST(cell_is_always_exactly_as_wide_as_asked)
{
	const char *s = "a\u65e5e\u0301\U0001f600z\u672c!";

	for (size_t n = 0; n < 16; n++) {
		cell(s, n, n & 1, true);
		CHECK_U64(fmt_columns(buf_str(&out), out.len), n);
	}
}

static const char *wrap(const char *s, size_t at, size_t indent, size_t width)
{
	buf_reset(&out);
	fmt_wrap(&out, s, at, indent, width);
	return buf_str(&out);
}

TEST(wrap_fills_lines)
{
	CHECK_STR(wrap("one two three", 0, 0, 80), "one two three\n");
	CHECK_STR(wrap("one two three", 0, 0, 7), "one two\nthree\n");
	CHECK_STR(wrap("one two three", 0, 2, 7), "one two\n  three\n");
	CHECK_STR(wrap("one two three", 4, 4, 8), "one\n    two\n    three\n");
	CHECK_STR(wrap("one  two\nthree ", 0, 0, 80), "one two three\n");
	CHECK_STR(wrap("enormous a", 0, 0, 3), "enormous\na\n");
	CHECK_STR(wrap("", 0, 0, 80), "\n");
	CHECK_STR(wrap("\u65e5\u672c \u8a9e", 0, 0, 6), "\u65e5\u672c\n\u8a9e\n");
}

static const char *pair(const char *left, const char *right)
{
	buf_reset(&out);
	fmt_pair(&out, left, 4, right, 20);
	return buf_str(&out);
}

TEST(pair_has_two_columns)
{
	CHECK_STR(pair("ab", "one two three four"), "  ab    one two\n        three four\n");
	CHECK_STR(pair("abcd", "one"), "  abcd  one\n");
	CHECK_STR(pair("abcde", "one"), "  abcde\n        one\n");
}

static const char *const words[] = { "run", "record", "show", "stat", "dump", "info", "list", "doctor", "help", NULL };

TEST(nearest_word)
{
	CHECK_STR(fmt_nearest("recrod", words), "record");
	CHECK_STR(fmt_nearest("shwo", words), "show");
	CHECK_STR(fmt_nearest("rn", words), "run");
	CHECK_STR(fmt_nearest("SHOW", words), "show");
	CHECK_STR(fmt_nearest("doc", words), "doctor");
	CHECK_STR(fmt_nearest("rec", words), "record");
	CHECK_STR(fmt_nearest("status", words), "stat");
	CHECK_STR(fmt_nearest("hepl", words), "help");
	CHECK_STR(fmt_nearest("lists", words), "list");
}

TEST(nearest_word_is_none_when_none_is_near)
{
	CHECK(!fmt_nearest("", words));
	CHECK(!fmt_nearest("xyzzy", words));
	CHECK(!fmt_nearest("x", words));
	CHECK(!fmt_nearest("timeline", words));
	CHECK(!fmt_nearest("a-word-that-is-longer-than-any-slip-of-the-finger", words));
	CHECK(!fmt_nearest("run", (const char *const[]){ NULL }));
}

TEST(glob)
{
	CHECK(fmt_glob("worker*", "worker12"));
	CHECK(fmt_glob("worker?", "worker1"));
	CHECK(fmt_glob("worker[0-3]", "worker2"));
	CHECK(!fmt_glob("worker[0-3]", "worker4"));
	CHECK(!fmt_glob("worker", "worker1"));
	CHECK(fmt_glob("kworker*", "kworker/0:1"));
	CHECK(fmt_glob("*", ""));
}

TEST(utf8_decodes_strictly)
{
	uint32_t c = 0;

	CHECK_U64(utf8_decode("a", 1, &c), 1);
	CHECK_U64(c, 'a');
	CHECK_U64(utf8_decode("\u20ac", 3, &c), 3);
	CHECK_U64(c, 0x20ac);
	CHECK_U64(utf8_decode("\U0010ffff", 4, &c), 4);
	CHECK_U64(c, 0x10ffff);
	CHECK_U64(utf8_decode("\u20ac", 2, &c), 0);
	CHECK_U64(utf8_decode("", 0, &c), 0);
	CHECK_U64(utf8_decode("\0", 1, &c), 1);
	CHECK_U64(c, 0);
}

TEST_MAIN
