/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * smt_check.c - how much was done beside a sibling, and beside another core, in the CPU time that was booked for it.
 */
#include <stdio.h>
#include <stdlib.h>
#include "base/vec.h"
#include "workloads/cores.h"
#include "workloads/smt.h"

/*
 * What a task gets done on a sibling, of what it does alone. Two together do 1.0 to 1.9 times as much as one, 1.15 to
 * 1.3 commonly, so it is 0.5 to 0.95 each; a core of which one thread is busy may have a higher clock, by a tenth.
 * Measured 0.53 to 0.54, since what is computed leaves little to a sibling: in a virtual machine, in the seconds in
 * which its host had both CPUs on one core.
 */
#define SIBLING_MIN 0.45
#define SIBLING_MAX 0.95
/*
 * On another core: all of it, but for clocks and caches. Each round is compared with itself, and the median of them is
 * taken, because others on a host change the pace by half within a second. There, of 299 times three rounds in which
 * two CPUs were not on one core all the time, 292 were within these bounds; single rounds were up to 1.4.
 */
#define CORE_MIN 0.9
#define CORE_MAX 1.1

/* How long the same work took the tasks of one leg: alone, in the same round, and beside each other; sums over both. */
struct pace {
	uint64_t alone_ns, beside_ns;
};

struct outcome {
	struct stints sum[NR_SMT_KINDS];
	VEC(struct pace) paces[NR_SMT_KINDS]; /* of legs of which both stints are known */
};

/* As one works through the stints in order of time. */
struct progress {
	uint64_t alone_ns[SMT_MAX_TASKS]; /* of the last time; 0: never */
	uint64_t leg, nr;		  /* stints of this leg so far */
	struct pace pace;
};

static uint32_t task_number(const struct evidence *ev, task_id id)
{
	char name[16];

	for (uint32_t i = 0; i < SMT_MAX_TASKS; i++) {
		snprintf(name, sizeof(name), "runner%u", i);
		if (evidence_one(ev, name).i == id.i)
			return i;
	}
	return SMT_MAX_TASKS;
}

/* Its CPU time. What nobody saw of it counts too: a switch that the kernel hid is short. */
static uint64_t busy_ns(const struct stint *s)
{
	return s->w.to_ns - s->w.from_ns - s->waited_ns - s->slept_ns;
}

static void take_stint(struct outcome *o, struct progress *p, const struct stint *s, uint64_t what, uint32_t task)
{
	uint64_t leg = what / NR_SMT_KINDS;

	if (what % NR_SMT_KINDS == SMT_ALONE) {
		p->alone_ns[task] = busy_ns(s);
		return;
	}
	if (p->leg != leg)
		p->nr = 0;
	p->leg = leg;
	if (!p->nr++)
		p->pace = (struct pace){ 0 };
	p->pace.alone_ns += p->alone_ns[task];
	p->pace.beside_ns += busy_ns(s);
	if (p->nr == 2 && p->pace.alone_ns && p->pace.beside_ns)
		*vec_push(&o->paces[what % NR_SMT_KINDS]) = p->pace;
}

static struct outcome outcome_of(const struct evidence *ev)
{
	struct outcome o = { 0 };
	struct progress p = { 0 };
	struct stint s;
	size_t nr;
	const struct job *jobs = model_jobs(ev->model, &nr);

	for (size_t i = 0; i < nr; i++) {
		uint32_t task = stint_of(ev, &jobs[i], &s) ? task_number(ev, s.who) : SMT_MAX_TASKS;

		if (task == SMT_MAX_TASKS)
			continue;
		stints_add(&o.sum[jobs[i].arg % NR_SMT_KINDS], ev, &s);
		take_stint(&o, &p, &s, jobs[i].arg, task);
	}
	return o;
}

static void outcome_release(struct outcome *o)
{
	for (size_t kind = 0; kind < NR_SMT_KINDS; kind++)
		vec_release(&o->paces[kind]);
}

static int pace_order(const void *a, const void *b)
{
	const struct pace *x = a, *y = b;
	double dx = (double)x->alone_ns / (double)x->beside_ns, dy = (double)y->alone_ns / (double)y->beside_ns;

	return (dx > dy) - (dx < dy);
}

/* The median of the rounds; zeroes when there was none. */
static struct pace pace_of(struct outcome *o, enum smt_kind kind)
{
	if (!o->paces[kind].n)
		return (struct pace){ 0 };
	qsort(o->paces[kind].v, o->paces[kind].n, sizeof(struct pace), pace_order);
	return o->paces[kind].v[o->paces[kind].n / 2];
}

/* What both get done in the time in which one alone does 1000. */
static uint64_t together(struct pace p)
{
	return report_milli(2 * p.alone_ns, p.beside_ns);
}

static void kind_check(struct outcome *o, enum smt_kind kind, double min, double max, struct report *r)
{
	const char *where = kind == SMT_SIBLINGS ? "beside a sibling" : "beside a core";
	struct pace p = pace_of(o, kind);

	report_ratio(r, p.alone_ns, p.beside_ns, min, max, "done %s, of alone", where);
	report_tell(r, UNIT_MILLI, together(p), "done by both %s", kind == SMT_SIBLINGS ? "siblings" : "cores");
	stints_report(&o->sum[kind], r, where);
}

/* Two cores that are none: nobody can tell from inside. */
static void doubt_cores(struct outcome *o, const struct evidence *ev, struct report *r)
{
	struct pace p = pace_of(o, SMT_CORES);
	uint64_t is;

	if (report_milli(p.alone_ns, p.beside_ns) < report_fraction(CORE_MIN, 1e3) &&
	    evidence_said(ev, SMT_SAID_VIRTUAL, &is) && is)
		report_doubt(r, "a hypervisor may have put two CPUs on one core");
}

/* Which legs there were is what the tasks did; but siblings there must be where the user named them. */
void smt_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	struct outcome o = outcome_of(ev);
	uint64_t sleeps = 0;

	if (o.sum[SMT_SIBLINGS].n || ((const struct smt_cfg *)cfg)->pair)
		kind_check(&o, SMT_SIBLINGS, SIBLING_MIN, SIBLING_MAX, r);
	if (o.sum[SMT_CORES].n) {
		kind_check(&o, SMT_CORES, CORE_MIN, CORE_MAX, r);
		doubt_cores(&o, ev, r);
	}
	stints_report(&o.sum[SMT_ALONE], r, "alone");
	for (size_t kind = 0; kind < NR_SMT_KINDS; kind++)
		sleeps += o.sum[kind].sleeps;
	report_count(r, sleeps, 0, 0, "sleeps while computing");
	outcome_release(&o);
}

static void kind_explain(struct outcome *o, enum smt_kind kind, const char *where, struct buf *out)
{
	struct pace p = pace_of(o, kind);

	if (!p.beside_ns)
		return;
	buf_printf(out, "For what took a task ");
	fmt_duration(out, p.alone_ns / 2, true);
	buf_printf(out, " of CPU time alone, two at once %s took ", where);
	fmt_duration(out, p.beside_ns / 2, true);
	buf_printf(out, " each: together they got %.2f times as much done as one. ", (double)together(p) / 1e3);
}

void smt_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	struct outcome o = outcome_of(ev);

	kind_explain(&o, SMT_SIBLINGS, "on siblings", out);
	kind_explain(&o, SMT_CORES, "on two cores", out);
	buf_puts(out, "Whoever computes is on its CPU from the first instruction to the last in each case, and the "
		      "scheduler books the time as used: a second of CPU time does not say how much was done in it. ");
	buf_puts(out, o.sum[SMT_SIBLINGS].n || ((const struct smt_cfg *)cfg)->pair
			      ? "Hardware threads of one core are CPUs to the scheduler, but they share the units that "
				"compute, so two of them are nothing like two cores."
			      : "Siblings would get less done in the same CPU time, since they share the units of one "
				"core. The kernel knows of none here, which in a virtual machine need not be true: "
				"name two CPUs by --pair.");
	outcome_release(&o);
}
