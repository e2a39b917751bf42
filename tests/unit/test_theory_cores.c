/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_theory_cores.c - false sharing and siblings: what is predicted and refused, which CPUs are taken, and what the
 * checks say of recordings that not every machine can make.
 */
#include <sys/stat.h>
#include "trace_make.h"
#include "workload_try.h"
#include "workloads/cores.h"

#define MS NSEC_PER_MSEC

TEST(false_predicts_by_line)
{
	static const struct prediction rows[] = {
		{ "false", "", "the same adds 8 bytes apart take at least 1.3 x as long as 128 bytes apart", 0, 0 },
		{ "false", "--stride 56", "the same adds 56 bytes apart take at least 1.3 x as long as 128 bytes apart",
		  0, 0 },
		{ "false", "--stride 64",
		  "the same adds 64 bytes apart take as long as, or longer than, 128 bytes apart", 0, 0 },
		{ "false", "--stride 128",
		  "the same adds 128 bytes apart take as long, within 30 %, as 128 bytes apart", 0, 0 },
	};

	check_predictions(rows, sizeof(rows) / sizeof(rows[0]));
}

TEST(smt_predicts_work_not_time)
{
	static const struct prediction rows[] = {
		{ "smt", "--quick", "done by each, of what it does alone: 0.5 to 0.95 on siblings, 1 on cores", 0, 0 },
	};

	check_predictions(rows, sizeof(rows) / sizeof(rows[0]));
}

TEST(bad_knobs_are_refused)
{
	static const struct refusal rows[] = {
		{ "false", "--stride 12", "--stride 12" },
		{ "false", "--stride 0", "--stride" },
		{ "false", "--stride 4096", "--stride" },
		{ "false", "--work 1h", "--work" },
		{ "false", "--policy fifo", "real time" },
		{ "false", "--policy deadline:1ms/2ms", "real time" },
		{ "false", "--policy idle --stride 2048", NULL },
		{ "smt", "--pair 0", "'0'" },
		{ "smt", "--pair 0,", "'0,'" },
		{ "smt", "--pair ,1", "',1'" },
		{ "smt", "--pair 0,1,2", "'0,1,2'" },
		{ "smt", "--pair 0,x", "'0,x'" },
		{ "smt", "--pair 00000000000000000000,1", "two CPUs" },
		{ "smt", "--pair 0,70000", "two CPUs" },
		{ "smt", "--pair 3,3", "twice" },
		{ "smt", "--pair 0,70 --cpus 0", "--cpus '0'" },
		{ "smt", "--policy rr", "real time" },
		{ "smt", "--pair 70,3 --nice 5", NULL },
	};

	check_refusals(rows, sizeof(rows) / sizeof(rows[0]));
}

/* ---- which CPUs ---- */

struct machine {
	const char *siblings[6]; /* of each CPU; NULL: nothing is told of it */
	const char *usable;
	struct cores_pick want;
};

static void machine_path(char *path, size_t size, unsigned cpu, const char *below)
{
	snprintf(path, size, "%s/cpu%u%s", make_path("sys"), cpu, below);
}

static void machine_make(const struct machine *m)
{
	char path[256];

	CHECK(mkdir(make_path("sys"), 0700) == 0);
	for (unsigned cpu = 0; cpu < 6; cpu++) {
		FILE *f;

		if (!m->siblings[cpu])
			continue;
		machine_path(path, sizeof(path), cpu, "");
		CHECK(mkdir(path, 0700) == 0);
		machine_path(path, sizeof(path), cpu, "/topology");
		CHECK(mkdir(path, 0700) == 0);
		machine_path(path, sizeof(path), cpu, "/topology/thread_siblings_list");
		f = fopen(path, "w");
		CHECK(f && fprintf(f, "%s\n", m->siblings[cpu]) > 0 && fclose(f) == 0);
	}
}

static void machine_remove(void)
{
	static const char *const parts[] = { "/topology/thread_siblings_list", "/topology", "" };
	char path[256];

	for (unsigned cpu = 0; cpu < 6; cpu++)
		for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
			machine_path(path, sizeof(path), cpu, parts[i]);
			remove(path);
		}
	CHECK(rmdir(make_path("sys")) == 0);
}

TEST(cpus_are_picked_by_core)
{
	static const struct machine machines[] = {
		{ { "0", "1" }, "0-1", { 0, CPU_NONE, 1 } },		       /* no siblings */
		{ { "0-1", "0-1" }, "0-1", { 0, 1, CPU_NONE } },	       /* one core */
		{ { "0-1", "0-1", "2-3", "2-3" }, "0-3", { 0, 1, 2 } },	       /* numbered by core */
		{ { "0,2", "1,3", "0,2", "1,3" }, "0-3", { 0, 2, 1 } },	       /* by thread */
		{ { "0-1", "0-1", "2-3", "2-3" }, "1-3", { 2, 3, 1 } },	       /* the sibling of 1 is not usable */
		{ { "0", "1", "2-3", "2-3" }, "0-3", { 2, 3, 0 } },	       /* not all cores have two */
		{ { "0-1", "0-1", "2-3", "2-3" }, "0,2", { 0, CPU_NONE, 2 } }, /* siblings left out */
		{ { NULL }, "0,5", { 0, CPU_NONE, 5 } },		       /* nothing told */
		{ { "0-3x", "junk" }, "0-1", { 0, CPU_NONE, 1 } },	       /* nonsense told */
		{ { "0" }, "3", { 3, CPU_NONE, CPU_NONE } },		       /* one CPU */
	};

	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		const struct machine *m = &machines[i];
		struct cpuset usable = { 0 };
		struct cores_pick got;
		struct err e = { 0 };

		machine_make(m);
		CHECK(cpuset_parse(&usable, m->usable, &e) == 0);
		got = cores_pick(&usable, make_path("sys"));
		if (memcmp(&got, &m->want, sizeof(got)))
			TEST_FAIL("of machine %zu it takes %u, %u, %u", i, got.first, got.sibling, got.other);
		cpuset_release(&usable);
		machine_remove();
	}
}

/* ---- the checks, of recordings that are made up ---- */

/* What the workload says of a text trace, held against these options on `nr_cpus` CPUs. */
static enum verdict verdict_on(const char *name, const char *options, const char *text, struct report *r)
{
	struct tried t = try_options(name, options);
	struct model *model = NULL, *again = NULL;
	struct trace_reader *reader = NULL;
	struct model_sink sink;
	struct evidence ev;
	struct buf words = { 0 };
	struct err e = { 0 };

	if (t.ret < 0 || trace_reader_open_mem(&reader, text, strlen(text), &e) < 0 ||
	    model_build(&model, reader, NULL, 0, &e) < 0)
		TEST_FAIL("%s%s", t.e.text, e.text);
	evidence_init(&ev, model, &sink);
	CHECK(model_build(&again, reader, &sink, 1, &e) == 0);
	t.w->check(t.cfg, &ev, r);
	t.w->explain(t.cfg, &ev, &words);
	CHECK(strlen(buf_str(&words)) > 100 && !strchr(buf_str(&words), '\n'));
	buf_release(&words);
	evidence_release(&ev);
	model_free(again);
	model_free(model);
	trace_reader_close(reader);
	try_release(&t);
	return report_verdict(r);
}

struct made {
	const char *options, *failed; /* the finding that does not hold; NULL: as predicted */
	const char *text;
};

static void check_made(const char *name, const struct made *rows, size_t n)
{
	for (const struct made *m = rows; m < rows + n; m++) {
		struct report r = { 0 };
		enum verdict v = verdict_on(name, m->options, m->text, &r);
		const struct finding *f = report_failed(&r);

		if (m->failed ? !f || strcmp(f->what, m->failed) : v != VERDICT_AS_PREDICTED)
			TEST_FAIL("'%s %s', case %zu: %s", name, m->options, (size_t)(m - rows), f ? f->what : "-");
		report_release(&r);
	}
}

#define FALSE_BEGINS                                              \
	"schedviz-text 1\n"                                       \
	"cpus 2\n"                                                \
	"fact target.tid 10\n"                                    \
	"0ms cpu0 task false/10 state S on 0\n"                   \
	"0ms cpu0 current idle\n"                                 \
	"0ms cpu1 current idle\n"                                 \
	"0.1ms cpu0 fork false/10 -> adder0/11 tgid 10 flags 0\n" \
	"0.1ms cpu0 wakeup_new adder0/11 on 0 by false/10\n"      \
	"0.1ms cpu0 fork false/10 -> adder1/12 tgid 10 flags 0\n" \
	"0.1ms cpu0 wakeup_new adder1/12 on 1 by false/10\n"      \
	"0.2ms cpu0 switch idle R -> adder0/11\n"                 \
	"0.2ms cpu1 switch idle R -> adder1/12\n"                 \
	"1ms cpu0 mark adder0/11 start 0 arg 0\n"                 \
	"1ms cpu1 mark adder1/12 start 1 arg 0\n"
#define FALSE_HALF                                  \
	"60ms cpu0 mark adder0/11 finish 0 arg 0\n" \
	"62ms cpu1 mark adder1/12 finish 1 arg 0\n" \
	"63ms cpu0 mark adder0/11 start 2 arg 0\n"  \
	"63ms cpu1 mark adder1/12 start 3 arg 0\n"
#define FALSE_ENDS                                  \
	"83ms cpu0 mark adder0/11 finish 2 arg 0\n" \
	"83ms cpu1 mark adder1/12 finish 3 arg 0\n" \
	"84ms end\n"

TEST(false_is_checked)
{
	static const struct made rows[] = {
		{ "", NULL, FALSE_BEGINS FALSE_HALF FALSE_ENDS }, /* three times as long */
		{ "--stride 64", NULL, FALSE_BEGINS FALSE_HALF FALSE_ENDS },
		{ "--stride 128", "times as long in part 1, 128 bytes", FALSE_BEGINS FALSE_HALF FALSE_ENDS },
		/* the second phase as long as the first one */
		{ "", "times as long in part 1, 8 bytes",
		  FALSE_BEGINS FALSE_HALF "123ms cpu0 mark adder0/11 finish 2 arg 0\n"
					  "123ms cpu1 mark adder1/12 finish 3 arg 0\n"
					  "124ms end\n" },
		/* adder0 waits, though nobody else has its CPU */
		{ "", "on a CPU in part 1",
		  FALSE_BEGINS "10ms cpu0 switch adder0/11 R -> idle\n"
			       "20ms cpu0 switch idle R -> adder0/11\n" FALSE_HALF FALSE_ENDS },
		/* a stranger has it: that is no fault of theirs */
		{ "", NULL,
		  FALSE_BEGINS "10ms cpu0 switch adder0/11 R -> other/99\n"
			       "20ms cpu0 switch other/99 S read(0x0) -> adder0/11\n" FALSE_HALF FALSE_ENDS },
		/* adder1 sleeps for a moment */
		{ "", "sleeps while counting",
		  FALSE_BEGINS FALSE_HALF "70ms cpu1 switch adder1/12 S futex(0x0) -> idle\n"
					  "70.1ms cpu1 waking adder1/12 by idle in hardirq\n"
					  "70.2ms cpu1 switch idle R -> adder1/12\n" FALSE_ENDS },
		/* cut short */
		{ "", "times as long in part 1, 8 bytes", FALSE_BEGINS FALSE_HALF "64ms end\n" },
		{ "", "times as long in part 1, 8 bytes", FALSE_BEGINS "64ms end\n" },
	};

	check_made("false", rows, sizeof(rows) / sizeof(rows[0]));
}

/* Three tasks, always on a CPU of their own; how long a stint of each kind takes, and what is amiss in the first. */
struct course {
	const char *options, *failed;
	unsigned alone_ms, sibling_ms, core_ms; /* 0: no such legs */
	unsigned odd_ms;			/* what it takes more in the second round */
	const char *amiss;			/* events from 2 to 12 ms */
	bool is_virtual, doubted;
};

static unsigned course_leg(const struct course *c, struct buf *out, unsigned at_ms, unsigned *job, unsigned what,
			   unsigned ms, int second)
{
	const int tasks[] = { second < 0 ? -second - 1 : 0, second };
	unsigned n = second < 0 ? 1 : 2;

	for (unsigned k = 0; k < n; k++)
		buf_printf(out, "%ums cpu%d mark runner%d/%d start %u arg %u\n", at_ms, tasks[k], tasks[k],
			   11 + tasks[k], *job + k, what);
	if (!*job && c->amiss)
		buf_puts(out, c->amiss);
	for (unsigned k = 0; k < n; k++)
		buf_printf(out, "%ums cpu%d mark runner%d/%d finish %u arg %u\n", at_ms + ms, tasks[k], tasks[k],
			   11 + tasks[k], *job + k, what);
	*job += n;
	return at_ms + ms + 1;
}

static void course_text(const struct course *c, struct buf *out)
{
	unsigned at_ms = 2, job = 0, leg = 0;

	buf_puts(out, "schedviz-text 1\ncpus 3\nfact target.tid 10\n0ms cpu0 task smt/10 state S on 0\n");
	for (int cpu = 0; cpu < 3; cpu++)
		buf_printf(out, "0ms cpu%d current idle\n", cpu);
	for (int i = 0; i < 3; i++)
		buf_printf(out,
			   "0.1ms cpu0 fork smt/10 -> runner%d/%d tgid 10 flags 0\n"
			   "0.1ms cpu0 wakeup_new runner%d/%d on %d by smt/10\n",
			   i, 11 + i, i, 11 + i, i);
	for (int i = 0; i < 3; i++)
		buf_printf(out, "0.2ms cpu%d switch idle R -> runner%d/%d\n", i, i, 11 + i);
	buf_printf(out, "1ms cpu0 mark runner0/11 instant 33329987552895340 arg %d\n", c->is_virtual);
	for (unsigned round = 0; round < 3; round++) {
		unsigned more_ms = round == 1 ? c->odd_ms : 0;

		for (int i = 0; c->alone_ms && i < 3; i++)
			at_ms = course_leg(c, out, at_ms, &job, leg++ * 3, c->alone_ms, -i - 1);
		if (c->sibling_ms)
			at_ms = course_leg(c, out, at_ms, &job, leg++ * 3 + 1, c->sibling_ms + more_ms, 1);
		if (c->core_ms)
			at_ms = course_leg(c, out, at_ms, &job, leg++ * 3 + 2, c->core_ms + more_ms, 2);
	}
	buf_printf(out, "%ums end\n", at_ms + 1);
}

#define A_WAIT "4ms cpu0 switch runner0/11 R -> idle\n8ms cpu0 switch idle R -> runner0/11\n"
#define A_SLEEP                                             \
	"4ms cpu0 switch runner0/11 S futex(0x0) -> idle\n" \
	"4.1ms cpu0 waking runner0/11 by idle in hardirq\n" \
	"4.2ms cpu0 switch idle R -> runner0/11\n"

TEST(smt_is_checked)
{
	static const struct course rows[] = {
		{ "", NULL, 10, 16, 10, 0, NULL, false, false },
		{ "--pair 0,1", NULL, 10, 20, 10, 0, NULL, false, false }, /* one core's worth for both */
		{ "", NULL, 10, 16, 10, 14, NULL, false, false },	   /* one bad round of three */
		{ "", "done beside a sibling, of alone", 20, 20, 20, 0, NULL, false, false }, /* as good as cores */
		{ "", "done beside a sibling, of alone", 10, 24, 10, 0, NULL, false,
		  false },								   /* worse than taking turns */
		{ "", "done beside a core, of alone", 10, 16, 16, 0, NULL, false, false }, /* a core that is none */
		{ "", "done beside a core, of alone", 10, 16, 16, 0, NULL, true, true },
		{ "", "done beside a core, of alone", 10, 16, 8, 0, NULL, true, false },
		{ "", NULL, 10, 0, 10, 0, NULL, false, false }, /* no siblings to be had */
		{ "--pair 0,1", "done beside a sibling, of alone", 10, 0, 10, 0, NULL, false, false },
		{ "", "done beside a sibling, of alone", 0, 16, 0, 0, NULL, false, false },
		{ "", "on a CPU alone", 0, 0, 0, 0, NULL, false, false }, /* cut short */
		{ "", "on a CPU alone", 10, 16, 10, 0, A_WAIT, false, false },
		{ "", "sleeps while computing", 10, 16, 10, 0, A_SLEEP, false, false },
	};

	for (const struct course *c = rows; c < rows + sizeof(rows) / sizeof(rows[0]); c++) {
		struct report r = { 0 };
		struct buf text = { 0 };
		const struct finding *f;
		enum verdict v;

		course_text(c, &text);
		v = verdict_on("smt", c->options, buf_str(&text), &r);
		f = report_failed(&r);
		if (c->failed ? !f || strcmp(f->what, c->failed) : v != VERDICT_AS_PREDICTED)
			TEST_FAIL("case %zu: %s", (size_t)(c - rows), f ? f->what : "-");
		CHECK_U64(r.doubts.n, c->doubted);
		report_release(&r);
		buf_release(&text);
	}
}

TEST_MAIN
