/* SPDX-License-Identifier: GPL-2.0-only */
/* test_base_opt.c - every kind of option, every way to write it, and every sentence about what is wrong. */
#include <errno.h>

#include "base/opt.h"
#include "test.h"

enum kind { KIND_PROCS = 3, KIND_THREADS = 4 };

struct cfg {
	bool all, quiet;
	uint64_t workers, sleep_ns, buffer, any;
	struct window window;
	const char *output;
	int color, kind;
	struct opt_list env;
};

static const char *const colors[] = { "auto", "always", "never", NULL };
static const char *const two[] = { "yes", "no", NULL };

static const struct opt opts[] = {
	OPT_FLAG('a', "all", struct cfg, all, "everything"),
	OPT_FLAG('q', "quiet", struct cfg, quiet, "say nothing"),
	OPT_U64('w', "workers", struct cfg, workers, 1, 1024, "N", "how many workers"),
	OPT_U64(0, "any", struct cfg, any, 1, UINT64_MAX, "N", "any number"),
	OPT_DURATION('s', "sleep", struct cfg, sleep_ns, NSEC_PER_USEC, 3600 * NSEC_PER_SEC, "how long"),
	OPT_SIZE('b', "buffer", struct cfg, buffer, 65536, 1u << 30, "how much"),
	OPT_WINDOW(0, "window", struct cfg, window, "zoom"),
	OPT_FROM(0, "from", struct cfg, window, "begin"),
	OPT_TO(0, "to", struct cfg, window, "end"),
	OPT_STRING('o', "output", struct cfg, output, "FILE", "where to"),
	OPT_CHOICE(0, "color", struct cfg, color, colors, "WHEN", "colours"),
	OPT_CHOICE(0, "sure", struct cfg, color, two, NULL, "really"),
	OPT_LIST('e', "env", struct cfg, env, "VAR", "a variable"),
	OPT_ALIAS(0, "procs", struct cfg, kind, KIND_PROCS, "processes"),
	OPT_ALIAS(0, "threads", struct cfg, kind, KIND_THREADS, "threads"),
	{ .type = OPT_T_FLAG, .name = "hidden", OPT_FIELD(struct cfg, quiet) },
	OPT_END
};

static struct cfg cfg;
static struct err said;
static char *args[16];

/* The words left over, or a negative code; arguments end with NULL. */
static int parse_order(enum opt_order order, char **list)
{
	const struct opt_group group = { .opts = opts, .cfg = &cfg };
	int n = 0;

	opt_release(opts, &cfg);
	CHECK(!cfg.env.v && !cfg.env.n);
	cfg = (struct cfg){ 0 };
	said = (struct err){ 0 };
	for (; list[n]; n++)
		args[n] = list[n];
	args[n] = NULL;
	return opt_parse(&group, 1, n, args, order, &said);
}

#define PARSE(...) parse_order(OPT_ANYWHERE, (char *[]){ __VA_ARGS__, NULL })
#define PARSE_STOP(...) parse_order(OPT_STOP_AT_WORD, (char *[]){ __VA_ARGS__, NULL })

#define CHECK_SAYS(sentence, ...)                                \
	do {                                                     \
		CHECK(PARSE(__VA_ARGS__) == -EINVAL);            \
		CHECK_STR(said.text, sentence);                  \
	} while (0)

TEST(opt_nothing)
{
	CHECK(parse_order(OPT_ANYWHERE, (char *[]){ NULL }) == 0);
}

TEST(opt_four_ways_to_give_a_value)
{
	CHECK(PARSE("--workers", "2") == 0 && cfg.workers == 2);
	CHECK(PARSE("--workers=3") == 0 && cfg.workers == 3);
	CHECK(PARSE("-w", "4") == 0 && cfg.workers == 4);
	CHECK(PARSE("-w5") == 0 && cfg.workers == 5);
}

TEST(opt_the_last_one_wins)
{
	CHECK(PARSE("-w5", "--workers=6") == 0 && cfg.workers == 6);
	CHECK(PARSE("--procs", "--threads") == 0 && cfg.kind == KIND_THREADS);
	CHECK(PARSE("--threads", "--procs") == 0 && cfg.kind == KIND_PROCS);
}

TEST(opt_bundled_letters)
{
	CHECK(PARSE("-aq") == 0 && cfg.all && cfg.quiet);
	CHECK(PARSE("-aqw7") == 0 && cfg.all && cfg.quiet && cfg.workers == 7);
	CHECK(PARSE("-aw", "8") == 0 && cfg.all && cfg.workers == 8);
	CHECK(PARSE("-aofile") == 0 && cfg.all);
	CHECK_STR(cfg.output, "file");
}

TEST(opt_every_type)
{
	CHECK(PARSE("-a", "--sleep", "150ms", "--buffer=4M", "--window", "1ms..2ms", "--color", "never", "-e", "A",
		    "--env=B") == 0);
	CHECK(cfg.all && !cfg.quiet);
	CHECK_U64(cfg.sleep_ns, 150 * NSEC_PER_MSEC);
	CHECK_U64(cfg.buffer, 4 << 20);
	CHECK_U64(cfg.window.from_ns, NSEC_PER_MSEC);
	CHECK_U64(cfg.window.to_ns, 2 * NSEC_PER_MSEC);
	CHECK_U64(cfg.color, 2);
	CHECK_U64(cfg.env.n, 2);
	CHECK_STR(cfg.env.v[0], "A");
	CHECK_STR(cfg.env.v[1], "B");
}

TEST(opt_a_value_may_begin_with_a_dash)
{
	CHECK(PARSE("-o", "--all") == 0 && !cfg.all);
	CHECK_STR(cfg.output, "--all");
	CHECK(PARSE("--output=-") == 0);
	CHECK_STR(cfg.output, "-");
	CHECK(PARSE("--output=a=b") == 0);
	CHECK_STR(cfg.output, "a=b");
}

TEST(opt_words_move_to_the_front)
{
	CHECK(PARSE("one", "-a", "two", "-w", "3", "-") == 3);
	CHECK_STR(args[0], "one");
	CHECK_STR(args[1], "two");
	CHECK_STR(args[2], "-");
	CHECK(!args[3]);
	CHECK(cfg.all && cfg.workers == 3);
}

TEST(opt_two_dashes_end_the_options)
{
	CHECK(PARSE("-a", "--", "-q", "--", "--bogus") == 3);
	CHECK_STR(args[0], "-q");
	CHECK_STR(args[1], "--");
	CHECK_STR(args[2], "--bogus");
	CHECK(cfg.all && !cfg.quiet);
	CHECK(PARSE("--") == 0);
}

TEST(opt_stop_at_the_first_word)
{
	CHECK(PARSE_STOP("-a", "ls", "-q", "--", "x") == 4);
	CHECK_STR(args[0], "ls");
	CHECK_STR(args[1], "-q");
	CHECK_STR(args[2], "--");
	CHECK_STR(args[3], "x");
	CHECK(!args[4]);
	CHECK(cfg.all && !cfg.quiet);
	CHECK(PARSE_STOP("-a", "--", "-q") == 1);
	CHECK_STR(args[0], "-q");
}

TEST(opt_one_side_of_a_window)
{
	CHECK(PARSE("--from", "1s") == 0);
	CHECK(cfg.window.from_ns == NSEC_PER_SEC && cfg.window.to_ns == UINT64_MAX);
	CHECK(PARSE("--to", "1s") == 0);
	CHECK(cfg.window.from_ns == 0 && cfg.window.to_ns == NSEC_PER_SEC);
	CHECK(PARSE("--to", "3s", "--from", "2s") == 0);
	CHECK(cfg.window.from_ns == 2 * NSEC_PER_SEC && cfg.window.to_ns == 3 * NSEC_PER_SEC);
	CHECK(PARSE("--window", "1s..5s", "--to", "3s") == 0);
	CHECK(cfg.window.from_ns == NSEC_PER_SEC && cfg.window.to_ns == 3 * NSEC_PER_SEC);
}

TEST(opt_unknown)
{
	CHECK_SAYS("unknown option '--wrokers' - did you mean '--workers'?", "--wrokers", "2");
	CHECK_SAYS("unknown option '--wrokers' - did you mean '--workers'?", "--wrokers=2");
	CHECK_SAYS("unknown option '--work' - did you mean '--workers'?", "--work");
	CHECK_SAYS("unknown option '--xyzzy'", "--xyzzy");
	CHECK_SAYS("unknown option '--'", "--=3");
	CHECK_SAYS("unknown option '-z'", "-z");
	CHECK_SAYS("unknown option '-z9'", "-z9");
	CHECK_SAYS("unknown option '-z' in '-az'", "-az");
}

TEST(opt_a_dash_too_few)
{
	CHECK_SAYS("unknown option '-workers' - did you mean '--workers'?", "-workers", "2");
	CHECK_SAYS("unknown option '-workers' - did you mean '--workers'?", "-workers=2");
	CHECK_SAYS("unknown option '-all' - did you mean '--all'?", "-all");
	CHECK_SAYS("unknown option '-threds' - did you mean '--threads'?", "-threds");
}

TEST(opt_value_missing_or_not_wanted)
{
	CHECK_SAYS("--workers needs a value: --workers N", "--workers");
	CHECK_SAYS("--workers needs a value: --workers N", "-a", "-w");
	CHECK_SAYS("--sure needs a value: --sure VALUE", "--sure");
	CHECK_SAYS("--all takes no value", "--all=yes");
	CHECK_SAYS("--procs takes no value", "--procs=");
	CHECK_SAYS("--output must not be empty", "--output=");
	CHECK_SAYS("--output must not be empty", "-o", "");
	CHECK_SAYS("--env must not be empty", "-e", "");
}

TEST(opt_number_out_of_range)
{
	CHECK_SAYS("--workers must be from 1 to 1024, not 0", "--workers", "0");
	CHECK_SAYS("--workers must be from 1 to 1024, not -1", "--workers", "-1");
	CHECK_SAYS("--workers must be from 1 to 1024, not 1000000000", "-w", "1000000000");
	CHECK_SAYS("--workers must be from 1 to 1024, not 99999999999999999999", "-w", "99999999999999999999");
	CHECK_SAYS("--workers must be from 1 to 1024: 'abc' is not a number", "--workers=abc");
	CHECK_SAYS("--workers must be from 1 to 1024: '' is not a number", "--workers=");
	CHECK_SAYS("--any must be at least 1, not 0", "--any", "0");
	CHECK_U64(cfg.any, 0);
}

TEST(opt_time_and_size_out_of_range)
{
	CHECK_SAYS("--sleep must be from 1us to 1h, not 2h", "--sleep", "2h");
	CHECK_SAYS("--sleep must be from 1us to 1h, not 0", "--sleep", "0");
	CHECK_SAYS("--sleep must be from 1us to 1h, not 200000h", "-s", "200000h");
	CHECK_SAYS("--sleep must be from 1us to 1h, not 876000h", "-s876000h");
	CHECK_SAYS("--sleep must be from 1us to 1h: '1d' is not a time - write it as 2s, 150ms, 20us or 7ns", "-s1d");
	CHECK_SAYS("--buffer must be from 64K to 1G, not 3", "--buffer=3");
	CHECK_SAYS("--buffer must be from 64K to 1G: 'x' is not a size - write it as 65536, 64K, 4M or 1G",
		   "--buffer=x");
}

TEST(opt_choice_and_window_wrong)
{
	CHECK_SAYS("--color must be auto, always or never, not 'maybe'", "--color", "maybe");
	CHECK_SAYS("--sure must be yes or no, not ''", "--sure=");
	CHECK_SAYS("--window: '5' is not a window - write it as FROM..TO, such as 2.001s..2.003s", "--window", "5");
	CHECK_SAYS("--from: 'x' is not a time - write it as 2s, 150ms, 20us or 7ns", "--from=x");
	CHECK_SAYS("--to 2s leaves nothing to see: the window must begin before it ends", "--from", "2s", "--to", "2s");
	CHECK_SAYS("--to 0 leaves nothing to see: the window must begin before it ends", "--to", "0");
	CHECK_SAYS("--from 3s leaves nothing to see: the window must begin before it ends", "--to=1s", "--from=3s");
}

TEST(opt_hidden_rows_are_understood_but_never_suggested)
{
	CHECK(PARSE("--hidden") == 0 && cfg.quiet);
	CHECK_SAYS("unknown option '--hiden'", "--hiden");
}

TEST(opt_no_error_wanted)
{
	const struct opt_group group = { .opts = opts, .cfg = &cfg };
	char *bad[] = { "--workers=0", NULL };

	CHECK(opt_parse(&group, 1, 1, bad, OPT_ANYWHERE, NULL) == -EINVAL);
}

/* ---- several groups ---- */

struct other {
	bool all, verbose;
};

static const struct opt other_opts[] = {
	OPT_FLAG('a', "all", struct other, all, "never reached"),
	OPT_FLAG('v', "verbose", struct other, verbose, "say more"),
	OPT_END
};

TEST(opt_the_first_group_that_knows_an_option_gets_it)
{
	struct other other = { 0 };
	const struct opt_group groups[] = { { .opts = opts, .cfg = &cfg }, { .opts = other_opts, .cfg = &other } };
	char *line[] = { "-av", "word", NULL };

	cfg = (struct cfg){ 0 };
	CHECK(opt_parse(groups, 2, 2, line, OPT_ANYWHERE, NULL) == 1);
	CHECK(cfg.all && !other.all && other.verbose);
	line[0] = "--verbos";
	CHECK(opt_parse(groups, 2, 1, line, OPT_ANYWHERE, &said) == -EINVAL);
	CHECK_STR(said.text, "unknown option '--verbos' - did you mean '--verbose'?");
}

static int find_word(int argc, char **argv)
{
	const struct opt_group group = { .opts = opts };

	said = (struct err){ 0 };
	return opt_find_word(&group, 1, argc, argv, &said);
}

TEST(opt_find_word_skips_options_and_their_values)
{
	CHECK(find_word(1, (char *[]){ "pool" }) == 0);
	CHECK(find_word(3, (char *[]){ "--workers", "2", "pool" }) == 2);
	CHECK(find_word(3, (char *[]){ "--workers=2", "-aq", "pool" }) == 2);
	CHECK(find_word(4, (char *[]){ "-aw", "not-even-a-number", "-q", "pool" }) == 3);
	CHECK(find_word(3, (char *[]){ "-a", "--", "-pool" }) == 2);
	CHECK(find_word(2, (char *[]){ "-a", "--" }) == 2);
	CHECK(find_word(0, NULL) == 0);
	CHECK(find_word(2, (char *[]){ "--wrokers", "pool" }) == -EINVAL);
	CHECK_STR(said.text, "unknown option '--wrokers' - did you mean '--workers'?");
	CHECK(find_word(1, (char *[]){ "-w" }) == -EINVAL);
}

/* ---- help ---- */

static const struct opt few[] = {
	OPT_FLAG('a', "all", struct cfg, all, "everything that there is to be had"),
	OPT_STRING(0, "output", struct cfg, output, "FILE", "where to"),
	{ .type = OPT_T_FLAG, .name = "secret", OPT_FIELD(struct cfg, quiet) },
	OPT_STRING(0, "a-name-that-is-much-too-long", struct cfg, output, "FILE", "short"),
	OPT_END
};
static const struct opt only_hidden[] = {
	{ .type = OPT_T_FLAG, .name = "secret", OPT_FIELD(struct cfg, quiet) },
	OPT_END
};

TEST(opt_help_is_two_columns)
{
	const struct opt_group groups[] = {
		{ .opts = few }, { .title = "Nothing", .opts = only_hidden }, { .title = "More", .opts = other_opts }
	};
	struct buf out = { 0 };

	opt_help(groups, 3, 40, &out);
	CHECK_STR(buf_str(&out), "  -a, --all          everything that\n"
				 "                     there is to be had\n"
				 "      --output FILE  where to\n"
				 "      --a-name-that-is-much-too-long FILE\n"
				 "                     short\n"
				 "\n"
				 "More\n"
				 "  -a, --all          never reached\n"
				 "  -v, --verbose      say more\n");
	buf_release(&out);
}

TEST_MAIN
