/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * smt.c - the workload `smt`: the same work alone, beside a sibling of the same core, and beside another core.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/schedviz_mark.h"
#include "workloads/cores.h"
#include "workloads/lock.h"
#include "workloads/smt.h"
#include "workloads/team.h"
#include "workloads/theory.h"

#define ROUNDS 3
#define MAX_LEGS 5
#define LEAD_NS (2 * NSEC_PER_MSEC) /* before a leg: all have found out that it begins, and sleep */

static const struct opt smt_opts[] = {
	OPT_STRING(0, "pair", struct smt_cfg, pair, "A,B",
		   "take these two CPUs for siblings, whatever the kernel says (a hypervisor may hide who is)"),
	OPT_DURATION(0, "work", struct smt_cfg, c.work_ns, NSEC_PER_MSEC, 10 * NSEC_PER_SEC,
		     "as much work as a task alone does in this time (80ms)"),
	WORKLOAD_OPTS(struct smt_cfg, c), OPT_END
};

static const struct smt_cfg *own(const struct workload_cfg *cfg)
{
	return (const struct smt_cfg *)cfg;
}

static void smt_defaults(struct workload_cfg *cfg)
{
	*(struct smt_cfg *)cfg = (struct smt_cfg){ .c = { .repeat = 1, .work_ns = 80 * NSEC_PER_MSEC } };
}

static int pair_parse(struct smt_cfg *s, struct err *e)
{
	const char *comma = strchr(s->pair, ',');
	char first[16] = "";
	uint64_t a, b;

	if (comma && comma - s->pair < (ptrdiff_t)sizeof(first))
		memcpy(first, s->pair, (size_t)(comma - s->pair));
	if (!comma || parse_u64(first, 0, CPUSET_MAX_CPU, &a, NULL) < 0 ||
	    parse_u64(comma + 1, 0, CPUSET_MAX_CPU, &b, NULL) < 0)
		return err_set(e, -EINVAL, "--pair '%s' is not two CPUs - give their numbers, as 0,1", s->pair);
	if (a == b)
		return err_set(e, -EINVAL, "--pair '%s' is one CPU twice: siblings are two", s->pair);
	s->a = (uint32_t)a;
	s->b = (uint32_t)b;
	return 0;
}

static int smt_prepare(struct workload_cfg *cfg, struct err *e)
{
	struct smt_cfg *s = (struct smt_cfg *)cfg;
	struct cpuset cpus = { 0 };
	bool inside = true;
	int ret = s->pair ? pair_parse(s, e) : 0;

	if (ret < 0)
		return ret;
	if (s->pair && cfg->cpus && cpuset_parse(&cpus, cfg->cpus, NULL) == 0)
		inside = cpuset_has(&cpus, s->a) && cpuset_has(&cpus, s->b);
	cpuset_release(&cpus);
	if (!inside)
		return err_set(e, -EINVAL, "--pair '%s' names a CPU that --cpus '%s' does not", s->pair, cfg->cpus);
	return cores_refuse_realtime(cfg, "smt", e);
}

/* With --pair the user says which are. */
static struct cores_pick pick_of(const struct smt_cfg *s)
{
	struct cores_pick p = cores_pick_here(&s->c);

	if (s->pair) {
		struct cores_pick named = { s->a, s->b, CPU_NONE };
		uint32_t at[] = { p.other, p.first, p.sibling };

		for (size_t i = 0; i < sizeof(at) / sizeof(at[0]) && named.other == CPU_NONE; i++)
			if (at[i] != s->a && at[i] != s->b)
				named.other = at[i];
		return named;
	}
	return p;
}

static bool smt_cannot(const struct workload_cfg *cfg, struct buf *why)
{
	if (pick_of(own(cfg)).sibling != CPU_NONE)
		return false;
	buf_puts(why, cfg->nr_cpus < 2 ? "it may use one CPU only: there are no siblings"
				       : "no two of its CPUs are threads of one core, as far as the kernel knows");
	return true;
}

static void smt_predict(const struct workload_cfg *cfg, struct facts *out)
{
	(void)cfg;
	facts_set(out, "theory.text", "done by each, of what it does alone: 0.5 to 0.95 on siblings, 1 on cores");
}

/* ---- the run ---- */

/* Who computes at the same time: tasks by number, which are on CPUs of their own; second SMT_MAX_TASKS: nobody. */
struct leg {
	enum smt_kind kind;
	uint32_t first, second;
};

struct course {
	struct leg legs[MAX_LEGS];
	uint32_t nr_legs, nr_tasks, cpu[SMT_MAX_TASKS];
	uint64_t loops;
	struct gate gate;
	uint64_t start_ns; /* of the leg that began last */
};

/*
 * Four computations that do not depend on each other, so that one task keeps most of a core's units busy: siblings have
 * something to share then. The barriers keep the compiler from doing two at a time in a vector.
 */
static void toil(void *unused, uint64_t loops)
{
	uint64_t a = 1, b = 2, c = 3, d = 4;

	(void)unused;
	for (; loops; loops--) {
		a ^= a << 13, b ^= b << 13, c ^= c << 13, d ^= d << 13;
		__asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d));
		a ^= a >> 7, b ^= b >> 7, c ^= c >> 7, d ^= d >> 7;
		__asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d));
		a ^= a << 17, b ^= b << 17, c ^= c << 17, d ^= d << 17;
		__asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d));
	}
}

/* Asleep until all are here; the last to come decides when the next leg begins. */
static void gather(struct course *c)
{
	if (!gate_wait(&c->gate, c->nr_tasks, false))
		return;
	c->start_ns = schedviz_mark_now() + LEAD_NS;
	gate_open(&c->gate, false);
}

/* Who cannot take part ends the whole process: the others would wait for it. */
static int runner_before(void *arg, uint32_t i)
{
	const struct course *c = arg;
	struct err e = { 0 };

	if (workload_pin(c->cpu[i], &e) < 0)
		_exit(workload_failed(&e));
	return 0;
}

/* A stint's arg says which leg it is of, and of which kind. */
static int runner(void *arg, uint32_t i)
{
	struct course *c = arg;
	uint64_t job = 0;

	for (uint32_t n = 0; n < ROUNDS * c->nr_legs; n++) {
		const struct leg *leg = &c->legs[n % c->nr_legs];

		gather(c);
		if (i == leg->first || i == leg->second) {
			uint64_t mine = job + (i == leg->second), what = n * NR_SMT_KINDS + leg->kind;

			workload_sleep_until(c->start_ns);
			schedviz_mark(SCHEDVIZ_MARK_START, mine, what);
			toil(NULL, c->loops);
			schedviz_mark(SCHEDVIZ_MARK_FINISH, mine, what);
		}
		job += leg->second < SMT_MAX_TASKS ? 2 : 1;
	}
	return 0;
}

static void course_plan(struct course *c, struct cores_pick p)
{
	bool siblings = p.sibling != CPU_NONE, cores = p.other != CPU_NONE;

	c->cpu[c->nr_tasks++] = p.first;
	if (siblings)
		c->cpu[c->nr_tasks++] = p.sibling;
	if (cores)
		c->cpu[c->nr_tasks++] = p.other;
	for (uint32_t i = 0; i < c->nr_tasks; i++)
		c->legs[c->nr_legs++] = (struct leg){ SMT_ALONE, i, SMT_MAX_TASKS };
	if (siblings)
		c->legs[c->nr_legs++] = (struct leg){ SMT_SIBLINGS, 0, 1 };
	if (cores)
		c->legs[c->nr_legs++] = (struct leg){ SMT_CORES, 0, c->nr_tasks - 1 };
}

static int course_run(struct course *c, struct err *e)
{
	const struct team_cfg cfg = {
		.n = c->nr_tasks,
		.kind = KIND_THREADS,
		.name = "runner%u",
		.before = runner_before,
		.fn = runner,
		.arg = c,
	};
	struct team_span span;
	int ret = team_run(&cfg, &span, e);

	if (ret < 0)
		return ret;
	schedviz_mark_wall(span.from_ns, span.to_ns);
	workload_say("smt (%d) %u tasks did the same work alone and side by side, %d times", getpid(), c->nr_tasks,
		     ROUNDS);
	return 0;
}

/* Is it a virtual machine, as its CPUs say themselves? Where they cannot (not x86) nobody claims it. */
static bool is_virtual(void)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char line[4096];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = !strncmp(line, "flags", 5) && strstr(line, " hypervisor");
	if (f)
		fclose(f);
	return found;
}

static int smt_run(const struct workload_cfg *cfg)
{
	struct course c = { 0 };
	struct err e = { 0 };

	if (workload_enter("smt", cfg, &e) < 0)
		return workload_failed(&e);
	schedviz_mark_noun("stint");
	workload_map_program();
	course_plan(&c, pick_of(own(cfg)));
	c.loops = cores_loops(toil, NULL, cfg->work_ns);
	/* and it maps the page that their marks will be in: two threads that fault it in at once wait for each other */
	schedviz_mark_instant(SMT_SAID_VIRTUAL, is_virtual());
	return course_run(&c, &e) < 0 ? workload_failed(&e) : 0;
}

const struct workload workload_smt = {
	.name = "smt",
	.group = GROUP_CORES,
	.summary = "two threads of a core: the same CPU time, less done",
	.lesson =
		"Where a core has two hardware threads (SMT, Hyper-Threading), lscpu counts each as a CPU, and so does "
		"the scheduler. But they share one core's units and caches: when both are busy each is slower, and "
		"together they do perhaps 1.15 to 1.3 times the work of one, not twice. Tasks here do a fixed number "
		"of loops alone, then two at once on two siblings, then two at once on two cores. CPU time hides the "
		"difference; work done per second of it does not.",
	.theory = "Work per CPU second and task, of that alone: 0.5 to 0.95 on siblings (1.0 to 1.9 times for both), "
		  "about 1 on two cores (2 for both). The CPU time of a stint is its length: nobody waits or sleeps. "
		  "Median of 3 rounds. A hypervisor may hide that two CPUs share a core, or say so though they do not: "
		  "name a --pair, and see.",
	.look = "Each lane is full while its task computes, alone or beside another; only the stints' lengths differ. "
		"Beside a sibling they are longer, though nobody waits.",
	.example = "schedviz run smt --pair 0,1",
	.opts = smt_opts,
	.cfg_size = sizeof(struct smt_cfg),
	.quick_permille = 300,
	.defaults = smt_defaults,
	.prepare = smt_prepare,
	.cannot = smt_cannot,
	.predict = smt_predict,
	.run = smt_run,
	.check = smt_check,
	.explain = smt_explain,
};
