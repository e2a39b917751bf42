/* SPDX-License-Identifier: GPL-2.0-only */
/* test_cmd_line.c - a command line as one text, and back. */
#include "test.h"
#include "base/alloc.h"
#include "cmd/frame.h"

static void round_trip(int argc, char **argv, const char *line)
{
	char *words[8], *text;
	struct buf out = { 0 };
	struct err e = { 0 };

	frame_quote(&out, argc, argv);
	CHECK_STR(buf_str(&out), line);
	text = xstrdup(buf_str(&out));
	if (frame_unquote(text, words, 8, &e) != argc)
		TEST_FAIL("'%s': %s", line, e.text);
	for (int i = 0; i < argc; i++)
		CHECK_STR(words[i], argv[i]);
	CHECK(!words[argc]);
	free(text);
	buf_release(&out);
}

TEST(words_come_back_as_they_were)
{
	round_trip(3, (char *[]){ "run", "pool", "-w2" }, "run pool -w2");
	round_trip(2, (char *[]){ "a b", "" }, "'a b' ''");
	round_trip(3, (char *[]){ "it's", "'", "\\" }, "'it'\\''s' ''\\''' '\\'");
	round_trip(1, (char *[]){ "--jobs=0:100,10:10" }, "--jobs=0:100,10:10");
	round_trip(0, NULL, "");
}

TEST(what_cannot_be_read_back_is_one_sentence)
{
	char open[] = "a 'b c", many[] = "1 2 3 4 5 6 7 8 9", *words[8];
	struct err e = { 0 };

	CHECK(frame_unquote(open, words, 8, &e) < 0);
	CHECK_STR(e.text, "a quote does not end in 'b c'");
	CHECK(frame_unquote(many, words, 8, &e) < 0);
	CHECK(strstr(e.text, "more than 7 words"));
}

TEST_MAIN
