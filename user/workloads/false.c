/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * false.c - the workload `false`: two counters that share nothing but a cache line, which no schedule shows.
 */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <unistd.h>
#include "base/schedviz_mark.h"
#include "workloads/cores.h"
#include "workloads/hogs.h"
#include "workloads/team.h"
#include "workloads/theory.h"
#include "workloads/workload.h"

#define NR_ADDERS 2
#define APART 128 /* bytes: the other distance. Lines are of 64 or 128 */
#define LINE 64	  /* bytes: counters nearer than that, the first at the beginning of a line, are in one line */
#define MAX_STRIDE 2048
/*
 * So much longer it takes in one line, at least, and not in two. Measured: 3.1 times on one machine, 9.6 to 11.3 times
 * (20 short runs) on another, and there 0.97 to 1.17 times (40) in two lines.
 */
#define RATIO 1.3

struct false_cfg {
	struct workload_cfg c; /* work_ns: what the adds take with the counters apart */
	uint64_t stride;
};

static const struct opt false_opts[] = { OPT_U64(0, "stride", struct false_cfg, stride, 8, MAX_STRIDE, "BYTES",
						 "from one counter to the other, at first; then 128 (8)"),
					 OPT_DURATION(0, "work", struct false_cfg, c.work_ns, NSEC_PER_MSEC,
						      10 * NSEC_PER_SEC,
						      "as many adds as one thread alone does in this time (150ms)"),
					 WORKLOAD_OPTS(struct false_cfg, c), OPT_END };

static const struct false_cfg *own(const struct workload_cfg *cfg)
{
	return (const struct false_cfg *)cfg;
}

static void false_defaults(struct workload_cfg *cfg)
{
	*(struct false_cfg *)cfg = (struct false_cfg){
		.c = { .repeat = 1, .work_ns = 150 * NSEC_PER_MSEC },
		.stride = 8,
	};
}

static int false_prepare(struct workload_cfg *cfg, struct err *e)
{
	if (own(cfg)->stride % sizeof(uint64_t))
		return err_set(e, -EINVAL, "--stride %" PRIu64 " is no multiple of a counter's 8 bytes",
			       own(cfg)->stride);
	return cores_refuse_realtime(cfg, "false", e);
}

static bool false_cannot(const struct workload_cfg *cfg, struct buf *why)
{
	struct cores_pick p = cores_pick_here(cfg);

	if (cfg->nr_cpus < 2)
		buf_puts(why, "it may use one CPU only: nothing is shared at the same time");
	else if (p.other == CPU_NONE)
		buf_puts(why, "the CPUs it may use are of one core, and share its cache anyway");
	return buf_str(why)[0];
}

/* ---- theory ---- */

/* Both in one line, in different lines, or as the machine's lines are. */
struct claim {
	double min, max; /* of the ratio of the times */
	const char *text;
};

static struct claim claim_of(uint64_t stride)
{
	if (stride < LINE)
		return (struct claim){ RATIO, HOGS_NO_MAX, "at least 1.3 x as long as" };
	if (stride < APART)
		return (struct claim){ 1 / RATIO, HOGS_NO_MAX, "as long as, or longer than," };
	return (struct claim){ 1 / RATIO, RATIO, "as long, within 30 %, as" };
}

static void false_predict(const struct workload_cfg *cfg, struct facts *out)
{
	struct buf text = { 0 };

	buf_printf(&text, "the same adds %" PRIu64 " bytes apart take %s %d bytes apart", own(cfg)->stride,
		   claim_of(own(cfg)->stride).text, APART);
	facts_set(out, "theory.text", buf_str(&text));
	buf_release(&text);
}

/* ---- the run ---- */

#define SAID_ADDS UINT64_C(0x61646473) /* id of the instant; "adds" */

enum phase { NEAR, FAR, NR_PHASES };

struct table {
	char counters[4096]; /* of a page of its own */
	uint64_t stride[NR_PHASES], adds;
	uint32_t cpu[NR_ADDERS];
	uint32_t arrived; /* atomic */
};

static void add(void *counter, uint64_t times)
{
	for (; times; times--)
		__atomic_fetch_add((uint64_t *)counter, 1, __ATOMIC_RELAXED);
}

/*
 * Nobody sleeps between the phases: what the schedule shows is to be the work alone. On one CPU, where this cannot be
 * shown anyway, the other one has to get on.
 */
static void meet(struct table *t, uint32_t times)
{
	__atomic_add_fetch(&t->arrived, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&t->arrived, __ATOMIC_SEQ_CST) < times * NR_ADDERS)
		if (t->cpu[0] == t->cpu[1])
			sched_yield();
}

/* Who cannot take part ends the whole process: the other one would wait for it. */
static int adder_before(void *arg, uint32_t i)
{
	const struct table *t = arg;
	struct err e = { 0 };

	if (workload_pin(t->cpu[i], &e) < 0)
		_exit(workload_failed(&e));
	return 0;
}

static int adder(void *arg, uint32_t i)
{
	struct table *t = arg;

	for (uint32_t phase = 0; phase < NR_PHASES; phase++) {
		meet(t, phase + 1);
		schedviz_mark_start(phase * NR_ADDERS + i);
		add(t->counters + i * t->stride[phase], t->adds);
		schedviz_mark_finish(phase * NR_ADDERS + i);
	}
	return 0;
}

static int table_run(struct table *t, struct err *e)
{
	const struct team_cfg cfg = {
		.n = NR_ADDERS,
		.kind = KIND_THREADS,
		.name = "adder%u",
		.before = adder_before,
		.fn = adder,
		.arg = t,
	};
	struct team_span span;
	int ret = team_run(&cfg, &span, e);

	if (ret < 0)
		return ret;
	schedviz_mark_wall(span.from_ns, span.to_ns);
	workload_say("false (%d) two threads added 1 to a counter each, %" PRIu64 " times, %" PRIu64
		     " bytes apart and %d bytes apart",
		     getpid(), t->adds, t->stride[NEAR], APART);
	return 0;
}

static int false_run(const struct workload_cfg *cfg)
{
	struct cores_pick pick;
	struct err e = { 0 };
	struct table *t;
	int ret;

	if (workload_enter("false", cfg, &e) < 0)
		return workload_failed(&e);
	t = shared_alloc(sizeof(*t), &e);
	if (!t)
		return workload_failed(&e);
	schedviz_mark_noun("count");
	workload_map_program();
	pick = cores_pick_here(cfg);
	t->cpu[0] = pick.first;
	t->cpu[1] = pick.other != CPU_NONE ? pick.other : pick.sibling != CPU_NONE ? pick.sibling : pick.first;
	t->stride[NEAR] = own(cfg)->stride;
	t->stride[FAR] = APART;
	t->adds = cores_loops(add, t->counters, cfg->work_ns);
	/* and it maps the page that their marks will be in: two threads that fault it in at once wait for each other */
	schedviz_mark_instant(SAID_ADDS, t->adds);
	ret = table_run(t, &e);
	shared_free(t, sizeof(*t));
	return ret < 0 ? workload_failed(&e) : 0;
}

/* ---- the check ---- */

static struct stints phase_of(const struct evidence *ev, enum phase phase)
{
	struct stints sum = { 0 };
	struct stint s;
	size_t nr;
	const struct job *jobs = model_jobs(ev->model, &nr);

	for (size_t i = 0; i < nr; i++)
		if (jobs[i].id / NR_ADDERS == phase && stint_of(ev, &jobs[i], &s))
			stints_add(&sum, ev, &s);
	return sum;
}

static void false_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	struct stints near = phase_of(ev, NEAR), far = phase_of(ev, FAR);
	struct claim claim = claim_of(own(cfg)->stride);

	report_ratio(r, near.length_ns, far.length_ns, claim.min, claim.max,
		     "times as long in part 1, %" PRIu64 " bytes", own(cfg)->stride);
	stints_report(&near, r, "in part 1");
	stints_report(&far, r, "in part 2");
	report_count(r, near.n + far.n, NR_PHASES * NR_ADDERS, NR_PHASES * NR_ADDERS, "counts seen to their end");
	report_count(r, near.sleeps + far.sleeps, 0, 0, "sleeps while counting");
	report_count(r, near.wakes + far.wakes, 0, 0, "wake-ups while counting");
}

static void false_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	struct stints near = phase_of(ev, NEAR), far = phase_of(ev, FAR);
	uint64_t adds = 0;

	evidence_said(ev, SAID_ADDS, &adds);
	buf_puts(out, "adder0 and adder1 each have a counter that the other never touches. ");
	fmt_count(out, adds);
	buf_printf(out, " adds each took them ");
	fmt_duration(out, near.length_ns / NR_ADDERS, true);
	buf_printf(out, " with the counters %" PRIu64 " bytes apart, and ", own(cfg)->stride);
	fmt_duration(out, far.length_ns / NR_ADDERS, true);
	buf_printf(out, " %d bytes apart. They were on a CPU for ", APART);
	fmt_percent(out, near.ran_ns, near.known_ns);
	buf_puts(out, " of the first part and for ");
	fmt_percent(out, far.ran_ns, far.known_ns);
	buf_puts(out, own(cfg)->stride < LINE
			      ? " of the second. So nothing in the schedule tells one from the other, and no scheduler "
				"can help: the time goes into the one cache line that both counters lie in, which a "
				"core must own to write to it and which therefore moves from core to core and back. "
				"Measure the work done per second of CPU time, and keep apart what different threads "
				"write."
			      : " of the second. Where each counter has a cache line of its own no core has to wait "
				"for another. Compare with --stride 8.");
}

const struct workload workload_false = {
	.name = "false",
	.group = GROUP_LOCKS,
	.summary = "two counters in one cache line: no scheduler can help",
	.lesson = "Two threads, each on a core of its own, add 1 to a counter each, the same number of times with the "
		  "counters next to each other and with 128 bytes between them. They share no variable, and yet the "
		  "first takes several times as long: caches know only lines, of 64 bytes mostly, and a line that one "
		  "core writes to is taken away from all others. This is false sharing. To the scheduler both threads "
		  "are busy all the time, and so they are: a CPU that waits for memory counts as running. Try "
		  "--stride 64.",
	.theory =
		"counters less than 64 bytes apart, in one line: at least 1.3 x as long as 128 bytes apart (3 to 11 x "
		"was measured); 64 bytes and more: as long, but lines may be fetched in pairs or be longer; the same "
		"schedule in each case.",
	.look = "Both lanes are solid from beginning to end. Only the marks tell: counts 0 and 1, part 1, are those in "
		"one line; 2 and 3, part 2, are the same work in two.",
	.example = "schedviz run false --stride 64",
	.opts = false_opts,
	.cfg_size = sizeof(struct false_cfg),
	.quick_permille = 300,
	.defaults = false_defaults,
	.prepare = false_prepare,
	.cannot = false_cannot,
	.predict = false_predict,
	.run = false_run,
	.check = false_check,
	.explain = false_explain,
};
