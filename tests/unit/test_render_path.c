/* SPDX-License-Identifier: GPL-2.0-only */
/* test_render_path.c - the path's rows under the lanes: where they lie, where they are joined, what is said of them. */
#include "unit/test.h"

#include "analysis/path_read.h"
#include "analysis/path_words.h"
#include "render/path_rows.h"

/* a, b, c, d are tasks 0 to 3; times of paths are what the numbers say, in ns. */
static const char trace[] = "schedviz-text 1\n"
			    "cpus 2\n"
			    "fact arch x86_64\n"
			    "fact job.noun task\n"
			    "0ms cpu0 task a/10 state R on 0\n"
			    "0ms cpu0 task b/11 state S on 1\n"
			    "0ms cpu0 task c/12 state S on 1\n"
			    "0ms cpu0 task d\\x1b/13 state S on 1\n"
			    "0ms cpu0 task same/14 state S on 1\n"
			    "0ms cpu0 task same/15 state S on 1\n"
			    "1ms cpu0 mark b/11 start 4 arg 0\n"
			    "2ms end\n";

static struct trace_reader *reader;
static struct model *model;

static void begin(void)
{
	struct err e = { 0 };

	if (trace_reader_open_mem(&reader, trace, strlen(trace), &e) < 0 ||
	    model_build(&model, reader, NULL, 0, &e) < 0)
		TEST_FAIL("%s", e.text);
}

static void end(void)
{
	model_free(model);
	trace_reader_close(reader);
}

/* "a20 b100": until 20 on a, then until 100 on b; a capital waits for a CPU; '-': of no task. */
static void path_of(struct path *p, const char *text)
{
	uint64_t at_ns = 0;

	*p = (struct path){ 0 };
	while (*text) {
		struct path_step s = { .from_ns = at_ns, .by = TASK_NONE, .job = HISTORY_NO_JOB };
		char who = *text++, *rest;

		s.kind = who >= 'A' && who <= 'D' ? PATH_WAITING : PATH_RUNNING;
		s.task = who == '-' ? TASK_NONE : (task_id){ (uint32_t)((who | 32) - 'a') };
		at_ns = s.to_ns = strtoul(text, &rest, 10);
		text = rest + (*rest == ' ');
		*vec_push(&p->steps) = s;
	}
	p->window = (struct window){ 0, at_ns };
}

/* The rows of the lanes `shown`, "abc", with a line for each. */
static const char *drawn(const char *steps, const char *shown, struct window w, unsigned columns, bool utf8)
{
	static struct buf out;
	struct style st = style_make(utf8, false, 80, NULL, NULL);
	struct axis axis = axis_make(w, 0, columns);
	struct seen seen = { 0 };
	struct path_rows rows;
	struct path path;

	path_of(&path, steps);
	buf_reset(&out);
	path_rows_init(&rows, &path, model, w);
	for (const char *s = shown; *s; s++)
		if (path_rows_has(&rows, (task_id){ (uint32_t)(*s - 'a') }))
			path_rows_add(&rows, (task_id){ (uint32_t)(*s - 'a') });
	path_rows_count(&rows, &axis);
	for (uint32_t r = 0; r < rows.nr; r++) {
		struct cell cells[80] = { 0 };

		path_rows_paint(&rows, r, &st, cells, &seen);
		cells_put(&st, cells, columns, &out);
		style_line_end(&out);
	}
	path_rows_release(&rows);
	path_release(&path);
	return buf_str(&out);
}

#define ALL(to) ((struct window){ 0, to })

TEST(rows_lie_under_their_task_and_are_joined_where_the_path_goes_over)
{
	begin();
	CHECK_STR(drawn("a35 b100", "ab", ALL(100), 10, true), "━━━┓\n"
							       "   ┗━━━━━━\n");
	CHECK_STR(drawn("b35 a100", "ab", ALL(100), 10, true), "   ┏━━━━━━\n"
							       "━━━┛\n");
	CHECK_STR(drawn("b35 a100", "ab", ALL(100), 10, false), "   +======\n"
								"===+\n");
	end();
}

TEST(rows_between_let_the_joint_through)
{
	begin();
	CHECK_STR(drawn("a35 c75 b100", "abc", ALL(100), 10, true), "━━━┓\n"
								    "   ┃   ┏━━\n"
								    "   ┗━━━┛\n");
	CHECK_STR(drawn("a35 c75 b100", "abc", ALL(100), 10, false), "===+\n"
								     "   |   +==\n"
								     "   +===+\n");
	end();
}

TEST(rows_show_a_visit_shorter_than_a_column)
{
	begin();
	CHECK_STR(drawn("a52 b53 a100", "ab", ALL(100), 10, true), "━━━━━┳━━━━\n"
								   "     ╹\n");
	/* a step that ends where a column does is joined in the next one */
	CHECK_STR(drawn("a50 b100", "ab", ALL(100), 10, true), "━━━━━┓\n"
							       "     ┗━━━━\n");
	end();
}

TEST(rows_are_broken_where_the_path_goes_over_too_often)
{
	begin();
	CHECK_STR(drawn("a50 b51 a52 b53 a54 b55 a56 b59 a100", "ab", ALL(100), 10, true), "━━━━━╍━━━━\n"
											   "     ━\n");
	CHECK_STR(drawn("a50 b51 a52 b53 a54 b55 a56 b59 a100", "ab", ALL(100), 10, false), "=====-====\n"
											    "     =\n");
	CHECK_STR(drawn("a50 b51 a52 b54 a100", "ab", ALL(100), 10, true), "━━━━━┳━━━━\n"
									   "     ╹\n");
	CHECK_STR(drawn("a50 b51 a52 b53 a54 b65 a100", "ab", ALL(100), 10, true), "━━━━━╍┏━━━\n"
										   "     ━┛\n");
	end();
}

TEST(rows_of_a_window_are_its_part_of_the_same_path)
{
	begin();
	CHECK_STR(drawn("a35 b75 c100", "abc", ((struct window){ 30, 70 }), 4, true), "┓\n┗━━━\n");
	CHECK_STR(drawn("a35 b75 c100", "abc", ((struct window){ 40, 70 }), 3, true), "━━━\n");
	CHECK_STR(drawn("a35 -75 c100", "abc", ((struct window){ 40, 70 }), 3, true), "");
	end();
}

TEST(rows_without_a_lane_leave_a_gap)
{
	begin();
	CHECK_STR(drawn("a35 b75 c100", "ac", ALL(100), 10, true), "━━━╸\n"
								   "       ╺━━\n");
	end();
}

static const char *said(const char *steps, const char *shown, struct window w)
{
	static struct buf out;
	struct style st = style_make(true, false, 200, NULL, NULL);
	struct path_rows rows;
	struct path path;

	path_of(&path, steps);
	buf_reset(&out);
	path_rows_init(&rows, &path, model, w);
	for (const char *s = shown; *s; s++)
		path_rows_add(&rows, (task_id){ (uint32_t)(*s - 'a') });
	path_rows_report(&rows, &st, &out);
	path_rows_release(&rows);
	path_release(&path);
	return buf_str(&out);
}

#define TELLS " 'schedviz explain --only path' tells it step by step.\n"

TEST(the_report_says_of_what_it_is_and_what_is_not_drawn)
{
	begin();
	CHECK_STR(said("a35 B75 c100", "abc", ALL(100)),
		  "The critical path, what the end waited for, is 60ns running, 40ns waiting for a CPU; it is on 3 "
		  "tasks." TELLS);
	CHECK_STR(said("a35 B75 c100", "ab", ((struct window){ 70, 100 })),
		  "Here the critical path is 25ns running, 5ns waiting for a CPU; it is on 2 tasks, for 25ns on 1 that "
		  "is not drawn." TELLS);
	CHECK_STR(said("-75 c100", "c", ((struct window){ 0, 50 })), "The critical path does not come here.\n");
	end();
}

/* ---- what they have in common with the exports ---- */

TEST(the_steps_within_a_window_are_those_that_touch_it)
{
	struct path path;
	struct path_part part;

	path_of(&path, "a10 b20 c30");
	for (uint64_t from = 0; from < 30; from++)
		for (uint64_t to = from + 1; to <= 30; to++) {
			part = path_within(&path, (struct window){ from, to });
			CHECK_U64(part.from, from / 10);
			CHECK_U64(part.to, (to + 9) / 10);
		}
	part = path_within(&path, (struct window){ 30, 40 });
	CHECK_U64(part.from, part.to);
	path_release(&path);
	path_of(&path, "");
	part = path_within(&path, (struct window){ 0, 40 });
	CHECK_U64(part.from, part.to);
}

#define NO UINT32_MAX

struct said {
	uint8_t kind;
	uint32_t job; /* of jobs; NO */
	int32_t syscall;
	uint32_t cpu, by;
	const char *words;
};

TEST(a_step_says_who_and_what)
{
	static const struct said all[] = {
		{ PATH_RUNNING, NO, -1, 0, NO, "b running" },
		{ PATH_RUNNING, 0, -1, 0, NO, "b running: task 4" },
		{ PATH_ASLEEP, 0, 230, 0, NO, "b asleep in clock_nanosleep: task 4" },
		{ PATH_ASLEEP, NO, -1, 0, NO, "b asleep" },
		{ PATH_BLOCKED, NO, 0, 0, NO, "b blocked in read" },
		{ PATH_STOPPED, NO, -1, 0, NO, "b stopped" },
		{ PATH_WAITING, NO, -1, CPU_NONE, NO, "b waiting for a CPU" },
		{ PATH_WAITING, NO, -1, 1, NO, "b waiting for CPU 1" },
		{ PATH_WAITING, 0, -1, 1, 3, "b waiting for CPU 1 behind d\\x1b: task 4" },
		{ PATH_WAITING, NO, -1, 1, 4, "b waiting for CPU 1 behind same/14" },
		{ PATH_UNKNOWN, NO, -1, 0, NO, "b unknown" },
	};
	struct path_words w;
	struct buf out = { 0 };

	begin();
	path_words_init(&w, model);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct path_step s = {
			.task = { 1 },
			.kind = all[i].kind,
			.job = all[i].job,
			.syscall = all[i].syscall,
			.cpu = all[i].cpu,
			.by = { all[i].by },
		};

		buf_reset(&out);
		path_words_put(&w, &s, true, &out);
		CHECK_STR(buf_str(&out), all[i].words);
	}
	buf_reset(&out);
	path_words_put(&w, &(struct path_step){ .task = TASK_NONE, .kind = PATH_NOBODY }, true, &out);
	CHECK_STR(buf_str(&out), "nobody");
	path_words_release(&w);
	buf_release(&out);
	end();
}

TEST(kinds_and_edges_have_names_of_their_own)
{
	for (uint8_t a = 0; a < NR_PATH_KINDS; a++)
		for (uint8_t b = 0; b < a; b++)
			CHECK(strcmp(path_kind_name(a), path_kind_name(b)));
	for (uint8_t a = 0; a <= PATH_END; a++)
		for (uint8_t b = 0; b < a; b++)
			CHECK(strcmp(path_edge_name(a), path_edge_name(b)));
}

TEST_MAIN
