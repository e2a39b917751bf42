/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_analysis_findings.c - for each rule a trace where it holds, and one, nearly the same, where it does not.
 */
#include "base/buf.h"
#include "unit/account_make.h"

/* ---- the frame of all ---- */

/* A boss who makes two, a and b, who then run on CPU 0 and 1; what differs comes after 1 ms. */
#define TWO(facts)                                                         \
	"schedviz-text 1\n"                                                \
	"cpus 2\n"                                                         \
	"fact target.tid 10\n"                                             \
	"fact affinity yes\n" facts "0ms cpu0 task boss/10 state R on 0\n" \
	"0ms cpu0 current boss/10\n"                                       \
	"0ms cpu1 current idle\n"                                          \
	"0.1ms cpu0 fork boss/10 -> a/11 tgid 11 flags 0x1200011\n"        \
	"0.1ms cpu0 wakeup_new a/11 on 1 by boss/10\n"                     \
	"0.2ms cpu1 switch idle R -> a/11\n"                               \
	"0.3ms cpu0 fork boss/10 -> b/12 tgid 12 flags 0x1200011\n"        \
	"0.3ms cpu0 wakeup_new b/12 on 0 by boss/10\n"                     \
	"0.4ms cpu0 switch boss/10 S wait4 -> b/12\n"

/* Both end and so does the boss: on CPUs 0 and 1, from `at` ms. */
#define END(at)                                                                                                   \
	at ".1ms cpu1 exit a/11 last\n" at ".1ms cpu1 switch a/11 X -> idle\n" at ".2ms cpu0 exit b/12 last\n" at \
	   ".2ms cpu0 waking boss/10 by b/12\n" at ".3ms cpu0 switch b/12 X -> boss/10\n" at                      \
	   ".4ms cpu0 exit boss/10 last\n" at ".4ms cpu0 switch boss/10 X -> idle\n" at ".5ms end\n"

/* The row of this kind goes to *row; false: there is none. */
static bool fires(const char *text, enum finding_kind kind, struct finding_row *row)
{
	struct accounted x;
	bool found = false;

	accounted_make(&x, text);
	for (size_t i = 0; i < x.account.findings.v.n; i++) {
		if (x.account.findings.v.v[i].kind != kind)
			continue;
		*row = x.account.findings.v.v[i];
		found = true;
	}
	accounted_release(&x);
	return found;
}

#define FIRES(text, kind, row)                                              \
	do {                                                                \
		if (!fires(text, kind, row))                                \
			TEST_FAIL("'%s' is not found", finding_name(kind)); \
	} while (0)
#define SILENT(text, kind)                                              \
	do {                                                            \
		struct finding_row row_;                                \
		if (fires(text, kind, &row_))                           \
			TEST_FAIL("'%s' is found", finding_name(kind)); \
	} while (0)

/* ---- what was recorded ---- */

TEST(lost_events_come_first)
{
	struct finding_row row;

	FIRES(TWO("") "3ms cpu1 lost 17 since 2ms\n" END("9"), FINDING_LOST, &row);
	CHECK_U64(row.count, 17);
	SILENT(TWO("") END("9"), FINDING_LOST);
}

/* The recorder on CPU 0 for 3 of 20 ms of CPU time; or the same program, which is not the recorder. */
#define RECORDER(tgid)                                    \
	TWO("fact recorder.tgid " tgid "\n"               \
	    "0ms cpu0 task schedviz/5 state S on 0\n")    \
	"2ms cpu0 waking schedviz/5 by idle in hardirq\n" \
	"2ms cpu0 switch b/12 R+ -> schedviz/5\n"         \
	"5ms cpu0 switch schedviz/5 S read(3) -> b/12\n" END("9")

TEST(a_recorder_that_takes_a_CPU_from_a_task_disturbs)
{
	struct finding_row row;

	FIRES(RECORDER("5"), FINDING_RECORDER, &row);
	CHECK_U64(row.ns, 3000000);
	CHECK_U64(row.count, 3000000);
	SILENT(RECORDER("6"), FINDING_RECORDER);
}

/* ---- CPUs ---- */

/* b is preempted by c on CPU 0 for 4 ms while CPU 1 is idle; a is over by then. */
#define BESIDE(allowed)                                                                                              \
	TWO("")                                                                                                      \
	"0.5ms cpu0 fork b/12 -> c/13 tgid 13 flags 0x1200011\n" allowed "0.5ms cpu0 wakeup_new c/13 on 0 by b/12\n" \
	"1ms cpu1 exit a/11 last\n"                                                                                  \
	"1ms cpu1 switch a/11 X -> idle\n"                                                                           \
	"2ms cpu0 switch b/12 R+ -> c/13\n"                                                                          \
	"6ms cpu0 exit c/13 last\n"                                                                                  \
	"6ms cpu0 switch c/13 X -> b/12\n"                                                                           \
	"8ms cpu0 exit b/12 last\n"                                                                                  \
	"8ms cpu0 waking boss/10 by b/12\n"                                                                          \
	"8ms cpu0 switch b/12 X -> boss/10\n"                                                                        \
	"9ms cpu0 exit boss/10 last\n"                                                                               \
	"9ms cpu0 switch boss/10 X -> idle\n"                                                                        \
	"9ms end\n"
#define PINNED "0.5ms cpu0 allowed b/12 0\n0.5ms cpu0 allowed c/13 0\n"

TEST(a_CPU_idle_beside_a_waiting_task_is_wasted)
{
	struct finding_row row;

	FIRES(BESIDE(""), FINDING_WASTED_CPU, &row);
	CHECK_U64(row.ns, 5000000); /* c waits from 1 to 2 ms beside it, b from 2 to 6 */
	CHECK_U64(row.cpu, 1);
	SILENT(BESIDE(PINNED), FINDING_WASTED_CPU);
}

TEST(a_CPU_idle_beside_tasks_that_are_not_allowed_there_is_not)
{
	struct finding_row row;

	FIRES(BESIDE(PINNED), FINDING_PINNED, &row);
	CHECK_U64(row.ns, 5000000);
	SILENT(BESIDE(""), FINDING_PINNED);
}

/* c on CPU 0, too, behind b, while a runs on CPU 1 until `a_ends`. */
#define CROWD(a_ends)                                                                                                 \
	TWO("")                                                                                                       \
	"0.5ms cpu0 fork b/12 -> c/13 tgid 13 flags 0x1200011\n"                                                      \
	"0.5ms cpu0 wakeup_new c/13 on 0 by b/12\n"                                                                   \
	"4ms cpu0 switch b/12 R -> c/13\n" a_ends "ms cpu1 exit a/11 last\n" a_ends "ms cpu1 switch a/11 X -> idle\n" \
	"8ms cpu0 exit c/13 last\n"                                                                                   \
	"8ms cpu0 switch c/13 X -> b/12\n"                                                                            \
	"9ms cpu0 exit b/12 last\n"                                                                                   \
	"9ms cpu0 waking boss/10 by b/12\n"                                                                           \
	"9ms cpu0 switch b/12 X -> boss/10\n"                                                                         \
	"9.1ms cpu0 exit boss/10 last\n"                                                                              \
	"9.1ms cpu0 switch boss/10 X -> idle\n"                                                                       \
	"9.2ms end\n"

TEST(more_tasks_than_CPUs_wait)
{
	struct finding_row row;

	FIRES(CROWD("8.5"), FINDING_OVERLOAD, &row);
	CHECK_U64(row.count, 3);
	CHECK_U64(row.of_count, 2);
	SILENT(CROWD("0.45"), FINDING_OVERLOAD); /* two tasks, two CPUs: one waits, but beside an idle one */
}

/* ---- jobs ---- */

/* Job 1 on a until `one` ms, job 2 on b until 9 ms. */
#define JOBS(one)                                                         \
	TWO("")                                                           \
	"0.35ms cpu0 mark boss/10 submit 1\n"                             \
	"0.36ms cpu0 mark boss/10 submit 2\n"                             \
	"1ms cpu1 mark a/11 start 1\n"                                    \
	"1ms cpu0 mark b/12 start 2\n" one "ms cpu1 mark a/11 finish 1\n" \
	"9ms cpu0 mark b/12 finish 2\n" END("9")

TEST(the_last_job_runs_alone)
{
	struct finding_row row;

	FIRES(JOBS("4"), FINDING_TAIL, &row);
	CHECK_U64(row.ns, 5000000);
	CHECK_U64(row.count, 2);
	SILENT(JOBS("9"), FINDING_TAIL);
}

/* The job is submitted at 1 ms, a sleeps until it is woken at `woken` ms. */
#define DISPATCH(woken)                                                             \
	TWO("")                                                                     \
	"0.5ms cpu1 mark a/11 start 1\n"                                            \
	"0.6ms cpu1 mark a/11 finish 1\n"                                           \
	"0.8ms cpu1 switch a/11 S read(3) -> idle\n"                                \
	"1ms cpu0 mark b/12 submit 2\n" woken "ms cpu0 waking a/11 by b/12\n" woken \
	".1ms cpu1 switch idle R -> a/11\n" woken ".2ms cpu1 mark a/11 start 2\n"   \
	"9ms cpu1 mark a/11 finish 2\n" END("9")

TEST(workers_wait_for_the_dispatcher)
{
	struct finding_row row;

	FIRES(DISPATCH("5"), FINDING_DISPATCH, &row);
	CHECK(row.ns > 3900000);
	SILENT(DISPATCH("1"), FINDING_DISPATCH);
}

/* ---- priorities ---- */

/*
 * low holds what high sleeps for from 2 ms on; mid, of priority `mid`, has low's CPU from 3 to 13 ms; then low goes on
 * and wakes high at 14 ms. CPU 1 is with a.
 */
#define INVERSION(mid)                                                      \
	TWO("")                                                             \
	"0.5ms cpu0 fork b/12 -> low/13 tgid 13 flags 0x1200011\n"          \
	"0.5ms cpu0 wakeup_new low/13 on 0 by b/12 prio 89\n"               \
	"0.6ms cpu0 fork b/12 -> high/14 tgid 14 flags 0x1200011\n"         \
	"0.6ms cpu0 wakeup_new high/14 on 0 by b/12 prio 69\n"              \
	"0.7ms cpu0 fork b/12 -> mid/15 tgid 15 flags 0x1200011\n"          \
	"0.7ms cpu0 wakeup_new mid/15 on 0 by b/12 prio " mid "\n"          \
	"0.8ms cpu0 switch b/12 S wait4 -> high/14 prio 120 -> 69\n"        \
	"2ms cpu0 switch high/14 S futex(0x7f00) -> low/13 prio 69 -> 89\n" \
	"3ms cpu0 switch low/13 R+ -> mid/15 prio 89 -> " mid "\n"          \
	"13ms cpu0 exit mid/15 last\n"                                      \
	"13ms cpu0 switch mid/15 X -> low/13 prio " mid " -> 89\n"          \
	"14ms cpu0 waking high/14 by low/13 prio 69\n"                      \
	"14ms cpu0 switch low/13 R+ -> high/14 prio 89 -> 69\n"             \
	"15ms cpu0 exit high/14 last\n"                                     \
	"15ms cpu0 switch high/14 X -> low/13 prio 69 -> 89\n"              \
	"16ms cpu0 exit low/13 last\n"                                      \
	"16ms cpu0 waking b/12 by low/13\n"                                 \
	"16ms cpu0 switch low/13 X -> b/12 prio 89 -> 120\n" END("17")

TEST(a_middle_task_keeps_the_high_one_waiting)
{
	struct finding_row row;

	FIRES(INVERSION("79"), FINDING_INVERSION, &row);
	CHECK_U64(row.ns, 10000000);
	CHECK_U64(row.of_ns, 12000000);
	SILENT(INVERSION("99"), FINDING_INVERSION); /* less urgent than the holder: bad luck, no inversion */
}

/* ---- two who wake each other ---- */

/* `rounds` of a on CPU 1 and b on CPU 0 waking each other; b is on CPU 1, too, when `together`. */
static void pingpong(struct buf *out, int rounds, bool together)
{
	buf_puts(out, TWO(""));
	buf_puts(out, "0.5ms cpu1 switch a/11 S read(3) -> idle\n");
	buf_puts(out, together ? "0.6ms cpu0 switch b/12 S read(4) -> idle\n"
				 "0.7ms cpu1 waking b/12 by idle in hardirq\n0.7ms cpu1 switch idle R -> b/12\n"
			       : "");
	for (int i = 0; i < rounds; i++) {
		int us = 1000 + i * 100, b = together;

		buf_printf(out, "%dus cpu%d waking a/11 by b/12\n", us, b ? 1 : 0);
		buf_printf(out, "%d.5us cpu%d switch b/12 S read(4) -> %s\n", us, b ? 1 : 0, b ? "a/11" : "idle");
		if (!b)
			buf_printf(out, "%dus cpu1 switch idle R -> a/11\n", us + 20);
		buf_printf(out, "%dus cpu1 waking b/12 by a/11\n", us + 50);
		buf_printf(out, "%d.5us cpu1 switch a/11 S read(3) -> %s\n", us + 50, b ? "b/12" : "idle");
		if (!b)
			buf_printf(out, "%dus cpu0 switch idle R -> b/12\n", us + 70);
	}
	buf_puts(out, "90ms cpu1 waking a/11 by idle in hardirq\n");
	if (together)
		buf_puts(out, "90ms cpu1 switch b/12 S read(4) -> a/11\n90ms cpu0 waking b/12 by idle in hardirq\n"
			      "90ms cpu0 switch idle R -> b/12\n");
	else
		buf_puts(out, "90ms cpu1 switch idle R -> a/11\n");
	buf_puts(out, END("91"));
}

TEST(a_ping_pong_between_CPUs)
{
	struct buf apart = { 0 }, few = { 0 }, together = { 0 };
	struct finding_row row;

	pingpong(&apart, 120, false);
	pingpong(&few, 90, false);
	pingpong(&together, 120, true);
	FIRES(buf_str(&apart), FINDING_PINGPONG, &row);
	CHECK_U64(row.count, 240);
	SILENT(buf_str(&few), FINDING_PINGPONG);
	SILENT(buf_str(&together), FINDING_PINGPONG);
	buf_release(&apart);
	buf_release(&few);
	buf_release(&together);
}

/* ---- runtimes ---- */

/* A drawn recording of the golden tests, in which `from` is called `to`, which is as long. */
static char *golden(const char *name, const char *from, const char *to)
{
	struct buf path = { 0 }, text = { 0 };
	char piece[4096];
	FILE *f;
	size_t n;

	buf_printf(&path, "tests/golden/%s/trace.txt", name);
	f = fopen(buf_str(&path), "r");
	if (!f)
		TEST_FAIL("cannot open %s", buf_str(&path));
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_put(&text, piece, n);
	fclose(f);
	buf_release(&path);
	for (char *at = text.data; (at = strstr(at, from)); at += strlen(to))
		memcpy(at, to, strlen(to));
	return text.data;
}

TEST(helper_threads_are_on_the_path)
{
	char *python = golden("show/python-pool", "-", "-"), *other = golden("show/python-pool", "read(", "poll(");
	struct finding_row row;

	FIRES(python, FINDING_HELPERS, &row);
	CHECK(row.count >= 1);
	SILENT(other, FINDING_HELPERS); /* no pool: its tasks do not wait as a pool's do */
	free(python);
	free(other);
}

TEST(threads_wait_for_an_interpreter)
{
	char *python = golden("show/python-gil", "-", "-"), *other = golden("show/python-gil", "futex(", "semop(");
	struct finding_row row;

	FIRES(python, FINDING_GIL, &row);
	CHECK(row.count >= 5);
	SILENT(other, FINDING_GIL);
	free(python);
	free(other);
}

/* ---- locks ---- */

static void check_lock(const char *yes, const char *no, enum finding_kind kind)
{
	char *holds = golden(yes, "-", "-"), *other = golden(no, "-", "-");
	struct finding_row row;

	FIRES(holds, kind, &row);
	CHECK(row.lock != UINT32_MAX && row.count);
	SILENT(other, kind);
	free(holds);
	free(other);
}

TEST(queues_and_herds_at_locks)
{
	check_lock("explain/locks-starved", "explain/locks-handed-over", FINDING_STARVED);
	check_lock("explain/locks-starved", "explain/locks-handed-over", FINDING_CONVOY);
	check_lock("explain/locks-herd", "explain/locks-pipe", FINDING_HERD);
}

/* ---- quotas ---- */

/* b leaves CPU 0 as runnable at 2 ms and comes back at 7 ms; meanwhile the CPU is idle, or with c. */
#define HELD(meanwhile)                                                                   \
	TWO("")                                                                           \
	"0.5ms cpu0 fork b/12 -> c/13 tgid 13 flags 0x1200011\n"                          \
	"0.5ms cpu0 wakeup_new c/13 on 1 by b/12\n"                                       \
	"0.6ms cpu1 exit a/11 last\n"                                                     \
	"0.6ms cpu1 switch a/11 X -> c/13\n"                                              \
	"1ms cpu1 switch c/13 S read(3) -> idle\n"                                        \
	"1.9ms cpu0 waking c/13 by b/12\n"                                                \
	"1.95ms cpu0 migrate c/13 1 -> 0 by b/12\n" meanwhile "8ms cpu0 exit b/12 last\n" \
	"8ms cpu0 waking boss/10 by b/12\n"                                               \
	"8ms cpu0 switch b/12 X -> boss/10\n"                                             \
	"9ms cpu0 exit boss/10 last\n"                                                    \
	"9ms cpu0 switch boss/10 X -> idle\n"                                             \
	"9ms end\n"

TEST(a_quota_is_told_from_bad_luck)
{
	struct finding_row row;

	FIRES(HELD("2ms cpu0 switch b/12 R -> c/13\n"
		   "2.1ms cpu0 exit c/13 last\n"
		   "2.1ms cpu0 switch c/13 X -> idle\n"
		   "7ms cpu0 switch idle R -> b/12\n"),
	      FINDING_THROTTLED, &row);
	CHECK(row.ns > 4800000);
	SILENT(HELD("2ms cpu0 switch b/12 R -> c/13\n"
		    "7ms cpu0 exit c/13 last\n"
		    "7ms cpu0 switch c/13 X -> b/12\n"),
	       FINDING_THROTTLED);
}

TEST_MAIN
