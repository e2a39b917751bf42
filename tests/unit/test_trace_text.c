/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_trace_text.c - the text form: what a line means, what is said of a wrong one, and that a dump read back is the
 * same dump.
 */
#include "trace/text.h"
#include "trace_make.h"

#define MAGIC TEXT_MAGIC "\n"

static struct trace_reader *read_text(const char *text)
{
	struct trace_reader *r = NULL;
	struct err e = { 0 };

	if (trace_reader_open_mem(&r, text, strlen(text), &e) < 0)
		TEST_FAIL("%s", e.text);
	return r;
}

static void dump(struct trace_reader *r, struct buf *out)
{
	struct text_writer w = { 0 };
	const struct event *ev;

	text_begin(&w, trace_reader_facts(r), out);
	while ((ev = trace_reader_next(r)))
		text_event(&w, ev, out);
	text_end(&w, trace_reader_window(r).to_ns, out);
	text_writer_release(&w);
	trace_reader_close(r);
}

/* What is written for `text`, without the facts. */
static void check_dump(const char *text, const char *want)
{
	struct buf out = { 0 };
	const char *at;

	dump(read_text(text), &out);
	for (at = strchr(out.data, '\n') + 1; !strncmp(at, "fact ", 5); at = strchr(at, '\n') + 1)
		;
	CHECK_STR(at, want);
	buf_release(&out);
}

static const char example[] = MAGIC
	"# a comment; empty lines are allowed\n"
	"\n"
	"cpus 2\r\n"
	"fact kernel.release 6.1.0\n"
	"0ms      cpu0 task web/10 tgid 10 ppid 1 state R on 0 prio 120\n"
	"0ms      cpu0 current idle/0 prio 120\n"
	"0ms      cpu0 switch idle/0 R -> web/10\n"
	"1ms      cpu0 waking db/11 by web/10\n"
	"1ms      cpu0 switch web/10 S futex(0x7f10) -> db/11 prio 120 -> 120\n"
	"1.5ms    cpu0 migrate db/11 0 -> 1 by web/10\n"
	"1.6ms    cpu1 fork web/10 -> web/12 tgid 12 flags 0x1200011\n"
	"1.7ms    cpu1 wakeup_new web/12 on 1 by web/10\n"
	"1.8ms    cpu1 exec web/12 tgid 12 old 12 \"/bin/true\"\n"
	"1.9ms    cpu1 rename web/12 true\n"
	"2ms      cpu1 exit true/12 tgid 12 code 0x0 last\n"
	"2ms      cpu1 mark web/10 submit 4 arg 0\n"
	"2ms      cpu1 lost 17 since 1.9ms\n"
	"2ms      cpu1 offline\n"
	"2ms      cpu1 allowed web/10 0-1,4\n"
	"3.5ms    end\n";

TEST(the_example_of_the_header)
{
	check_dump(example,
		   "0.000000000 cpu0 task web/10 tgid 10 ppid 1 state R on 0 prio 120\n"
		   "0.000000000 cpu0 task db/11 tgid 11 ppid 1 state S on 0 prio 120\n"
		   "0.000000000 cpu0 current idle/0\n"
		   "0.000000000 cpu0 switch idle/0 R -> web/10\n"
		   "0.001000000 cpu0 waking db/11 by web/10\n"
		   "0.001000000 cpu0 switch web/10 S futex(0x7f10) -> db/11\n"
		   "0.001500000 cpu0 migrate db/11 0 -> 1 by web/10\n"
		   "0.001600000 cpu1 fork web/10 -> web/12 tgid 12 flags 0x1200011\n"
		   "0.001700000 cpu1 wakeup_new web/12 on 1 by web/10\n"
		   "0.001800000 cpu1 exec web/12 tgid 12 old 12 \"/bin/true\"\n"
		   "0.001900000 cpu1 rename web/12 true\n"
		   "0.002000000 cpu1 mark web/10 submit 4 arg 0\n"
		   "0.002000000 cpu1 offline\n"
		   "0.002000000 cpu1 allowed web/10 0-1,4\n"
		   "0.002000000 cpu1 lost 17 since 0.001900000\n"
		   "0.002000000 cpu1 exit true/12 tgid 12 code 0x0 last\n"
		   "0.003500000 end\n");
}

TEST(short_lines_mean_what_one_expects)
{
	check_dump(MAGIC "1ms cpu1 switch idle -> a/1\n2ms cpu1 switch a/1 R+ -> b/2 nvcsw odd\n"
			 "3ms cpu1 waking a/1 in hardirq\n4ms cpu1 switch b/2 D read -> idle\n",
		   "0.000000000 cpu1 task a/1 tgid 1 ppid 1 state R on 1 prio 120\n"
		   "0.000000000 cpu1 task b/2 tgid 2 ppid 1 state R on 1 prio 120\n"
		   "0.001000000 cpu1 switch idle/0 R -> a/1\n"
		   "0.002000000 cpu1 switch a/1 R+ -> b/2 nvcsw odd\n"
		   "0.003000000 cpu1 waking a/1 by idle/0 in hardirq\n"
		   "0.004000000 cpu1 switch b/2 D read(0x0) -> idle/0\n"
		   "0.004000000 end\n");
}

TEST(what_letters_cannot_say)
{
	check_dump(MAGIC "0 cpu0 switch ?/1 0x2001 sys_9999(0x1) -> ?/2 prio -1 -> 139 nvcsw even\n"
			 "1s cpu0 switch ?/2 0x100+ ia32_4(0xffffffffffffffff) -> ?/4294967295\n"
			 "2s cpu0 switch ?/3 I ? -> ?/4\n",
		   "0.000000000 cpu0 switch ?/1 0x2001 sys_9999(0x1) -> ?/2 prio -1 -> 139 nvcsw even\n"
		   "1.000000000 cpu0 switch ?/2 0x100+ ia32_4(0xffffffffffffffff) -> ?/4294967295\n"
		   "2.000000000 cpu0 switch ?/3 I ? -> ?/4\n"
		   "2.000000000 end\n");
}

TEST(names_of_strangers)
{
	check_dump(MAGIC "0 cpu0 task kworker/0:1/7 kthread\n0 cpu0 task a\\x20b\\x1b\\x5c/8\n"
			 "0 cpu0 rename ?/8 \\x3f\n1s cpu0 current ?/8\n"
			 "2s cpu0 rename x/8 \\x00\n3s cpu0 current x/8\n",
		   "0.000000000 cpu0 task kworker/0:1/7 tgid 7 ppid 1 state S on 0 prio 120 kthread\n"
		   "0.000000000 cpu0 task a\\x20b\\x1b\\x5c/8 tgid 8 ppid 1 state S on 0 prio 120\n"
		   "0.000000000 cpu0 rename a\\x20b\\x1b\\x5c/8 \\x3f\n"
		   "1.000000000 cpu0 current \\x3f/8\n"
		   "2.000000000 cpu0 rename \\x3f/8 \\x00\n"
		   "3.000000000 cpu0 current \\x00/8\n"
		   "3.000000000 end\n");
}

static void check_wrong(const char *text, const char *want)
{
	struct trace_reader *r = NULL;
	struct err e = { 0 };

	CHECK(trace_reader_open_mem(&r, text, strlen(text), &e) < 0);
	CHECK_STR(e.text, want);
}

/* In one line, out the other way: the order of lists and the words between, and which fact a line makes. */
TEST(where_a_task_may_run)
{
	struct trace_reader *r = read_text(MAGIC "0 cpu0 allowed a/1 3\n");

	CHECK_STR(facts_get(trace_reader_facts(r), "affinity"), "yes");
	trace_reader_close(r);
	r = read_text(MAGIC "fact affinity no\n0 cpu0 allowed a/1 3\n");
	CHECK_STR(facts_get(trace_reader_facts(r), "affinity"), "no");
	trace_reader_close(r);
	r = read_text(MAGIC "0 cpu0 current a/1\n");
	CHECK(!facts_get(trace_reader_facts(r), "affinity"));
	trace_reader_close(r);
	check_dump(MAGIC "0 cpu0 allowed ?/1 7,0-2,3,65535\n1s cpu2 allowed ?/2 1 of 0x400\n",
		   "0.000000000 cpu0 allowed ?/1 0-3,7,65535\n"
		   "1.000000000 cpu2 allowed ?/2 1 of 1024\n"
		   "1.000000000 end\n");
	check_wrong(MAGIC "0 cpu0 allowed a/1 3-1\n",
		    "'memory' line 2 has '3-1' where a list of CPUs should be, as 0-3,8");
	check_wrong(MAGIC "0 cpu0 allowed a/1\n", "'memory' line 2 ends where a list of CPUs should be");
}

TEST(times_are_relative_to_the_window)
{
	struct trace_reader *r =
		read_text(MAGIC "fact window.from_ns 1000\n-0.000000400 cpu0 current ?/1\n"
				"7ns cpu0 lost 1 since 3ns\n20ns end\n");
	const struct event *ev = trace_reader_next(r);

	CHECK_U64(ev->ts_ns, 600);
	ev = trace_reader_next(r);
	CHECK_U64(ev->ts_ns, 1007);
	CHECK_U64(ev->lost.from_ns, 1003);
	CHECK_U64(trace_reader_window(r).from_ns, 1000);
	CHECK_U64(trace_reader_window(r).to_ns, 1020);
	trace_reader_close(r);
}

TEST(cpus_makes_a_machine)
{
	struct trace_reader *r = read_text(MAGIC "cpus 4\n");
	const struct facts *f = trace_reader_facts(r);

	CHECK_STR(facts_get(f, "cpu.online"), "0-3");
	CHECK_STR(facts_get(f, "cpu.3.core"), "3");
	CHECK_STR(facts_get(f, "cpu.3.package"), "0");
	CHECK_STR(facts_get(f, "arch"), "x86_64");
	CHECK_U64(trace_reader_nr_cpus(r), 4);
	trace_reader_close(r);
}

TEST(wrong_lines_are_named)
{
	check_wrong(MAGIC "\n# x\n1ms cpu0 swich a/1 -> b/2\n",
		    "'memory' line 4 has 'swich' where an event should be - did you mean 'switch'?");
	check_wrong(MAGIC "1ms cpu0 switch a/1 S\n", "'memory' line 2 ends where -> should be");
	check_wrong(MAGIC "1ms cpu0 switch a S -> b/1\n",
		    "'memory' line 2 has 'a' where a task should be, as NAME/TID");
	check_wrong(MAGIC "1ms cpu0 switch a/1 S reed(0x1) -> b/1\n",
		    "'memory' line 2 has 'reed' where a system call should be, as read(0x3) or sys_0(0x3)");
	check_wrong(MAGIC "1ms cpu0 switch a/1 S read( -> b/1\n",
		    "'memory' line 2 has '(' behind a system call, where (0x3) or the like should be");
	check_wrong(MAGIC "soon cpu0 online\n", "'memory' line 2 has 'soon' where a time should be, such as 1.5ms");
	check_wrong(MAGIC "1ms cpu70000 online\n", "'memory' line 2 has 'cpu70000' where a cpu should be, as cpu0");
	check_wrong(MAGIC "1ms cpu0 online now\n", "'memory' line 2 has 'now' where it should end");
	check_wrong(MAGIC "1ms cpu0 rename a/1 0123456789abcdef\n",
		    "'memory' line 2 has a name longer than 15 bytes in '0123456789abcdef'");
	check_wrong(MAGIC "1ms cpu0 rename a/1 b\\x2\n",
		    "'memory' line 2 has a backslash that begins no \\xNN in 'b\\x2'");
	check_wrong(MAGIC "1ms cpu0 mark a/1 begin 3\n", "'memory' line 2 has 'begin' where a mark should be");
	check_wrong(MAGIC "cpus 0\n", "'memory' line 2 has no cpu at all");
	check_wrong(MAGIC "cpus 99999\n",
		    "'memory' line 2 has '99999' where a number of cpus should be, a number up to 4096");
	check_wrong(TEXT_MAGIC "7\n", "'memory' line 1 is 'schedviz-text 17', this build reads 'schedviz-text 1'");
}

TEST(a_dump_read_back_is_the_same_dump)
{
	const char *path = make_path("text.svz");
	struct event *v = xcalloc(5000, sizeof(*v));
	struct buf once = { 0 }, twice = { 0 };
	uint64_t seed = 7, ts_ns = MAKE_FROM_NS - 1000;

	for (size_t i = 0; i < 5000; i++)
		v[i] = make_event(&seed, &ts_ns, 3);
	make_trace(path, v, 5000, 0, false);
	dump(make_reader(path), &once);
	dump(read_text(once.data), &twice);
	CHECK_STR(twice.data, once.data);
	buf_release(&once);
	buf_release(&twice);
	unlink(path);
	free(v);
}

TEST_MAIN
