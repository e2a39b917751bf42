/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * amdahl.c - the workload `amdahl`: a part that only one can do, a part that all share, and how fast it gets by that.
 */
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>
#include "base/schedviz_mark.h"
#include "workloads/burn.h"
#include "workloads/lock.h"
#include "workloads/team.h"
#include "workloads/theory.h"
#include "workloads/workload.h"

#define MAX_WORKERS 64
#define MAX_ROUNDS 100
/*
 * A part ends when its last worker has got there: being woken, by one after another, and strangers that run meanwhile.
 * Measured 0.1 to 0.6 ms a part with two workers; two parts a round.
 */
#define PART_LATE_NS (2 * NSEC_PER_MSEC)
/* With a worker for every CPU whoever else runs is in the way of one, and all wait for it: judged up to 5 %. */
#define OTHERS_PERCENT 5
/* Of the serial share as the profile shows it, beside what is accounted for: burn() misses a part by some per cent. */
#define SERIAL_SLACK 0.02

struct amdahl_cfg {
	struct workload_cfg c; /* work_ns: of all, in all rounds */
	uint64_t serial;       /* per cent of it */
};

static const struct opt amdahl_opts[] = {
	OPT_U64(0, "serial", struct amdahl_cfg, serial, 0, 100, "PERCENT", "of the work that only one can do (25)"),
	OPT_U64('w', "workers", struct amdahl_cfg, c.workers, 1, MAX_WORKERS, "N", "workers that share the rest (2)"),
	OPT_DURATION(0, "work", struct amdahl_cfg, c.work_ns, 10 * NSEC_PER_MSEC, WORKLOAD_MAX_NS,
		     "CPU time of all the work (1s)"),
	OPT_U64('n', "rounds", struct amdahl_cfg, c.tasks, 1, MAX_ROUNDS, "N",
		"the work is done in so many rounds, each with its serial part first (4)"),
	WORKLOAD_OPTS(struct amdahl_cfg, c),
	OPT_END
};

static const struct amdahl_cfg *own(const struct workload_cfg *cfg)
{
	return (const struct amdahl_cfg *)cfg;
}

static void amdahl_defaults(struct workload_cfg *cfg)
{
	*(struct amdahl_cfg *)cfg = (struct amdahl_cfg){
		.c = { .repeat = 1, .workers = 2, .tasks = 4, .work_ns = NSEC_PER_SEC, .kind = KIND_THREADS },
		.serial = 25,
	};
}

/* --quick leaves rounds out, not their length: a part must be long beside a wake-up. */
static int amdahl_prepare(struct workload_cfg *cfg, struct err *e)
{
	if (cfg->quick && cfg->tasks > 2)
		cfg->tasks = 2;
	if (cfg->work_ns / cfg->tasks < 20 * NSEC_PER_MSEC)
		return err_set(e, -EINVAL,
			       "rounds of less than 20 ms are lost in wake-ups - raise --work or --scale, or "
			       "give fewer --rounds");
	if (sched_is_realtime(&cfg->sched))
		return err_set(e, -EINVAL,
			       "'amdahl' takes all CPUs, so it leaves real time alone - 'schedviz run policy' "
			       "is about that");
	return 0;
}

static bool amdahl_cannot(const struct workload_cfg *cfg, struct buf *why)
{
	if (cfg->nr_cpus > 1 || cfg->workers == 1)
		return false;
	buf_puts(why, "it may use one CPU only: nothing gets faster by sharing it");
	return true;
}

/* ---- theory ---- */

static uint64_t serial_ns(const struct amdahl_cfg *a)
{
	return a->c.work_ns / 100 * a->serial;
}

/* Workers that can be on a CPU at the same time. */
static uint64_t abreast(const struct workload_cfg *cfg)
{
	return cfg->workers < cfg->nr_cpus ? cfg->workers : cfg->nr_cpus;
}

static double speed_up(const struct workload_cfg *cfg)
{
	double s = (double)own(cfg)->serial / 100;

	return 1 / (s + (1 - s) / (double)abreast(cfg));
}

/* Amdahl (1967): only the part that can be shared gets shorter. */
static struct theory_range wall_of(const struct workload_cfg *cfg)
{
	uint64_t s_ns = serial_ns(own(cfg)), ns = s_ns + (cfg->work_ns - s_ns) / abreast(cfg);
	struct theory_range range = { ns, ns + 2 * cfg->tasks * PART_LATE_NS };

	if (cfg->workers >= cfg->nr_cpus)
		range.max_ns += ns * OTHERS_PERCENT / 100;
	/* more than one a CPU: the last of a part may have its CPU to itself, and had to share it before */
	if (cfg->workers > cfg->nr_cpus)
		range.max_ns += (cfg->work_ns - s_ns) / cfg->workers;
	return range;
}

static void amdahl_predict(const struct workload_cfg *cfg, struct facts *out)
{
	struct theory_range range = wall_of(cfg);
	double s = (double)own(cfg)->serial / 100;
	struct buf text = { 0 };

	buf_printf(&text, "1/(%.2f + %.2f/%" PRIu64 ") = %.2f times as fast: ", s, 1 - s, abreast(cfg), speed_up(cfg));
	theory_time(&text, cfg->work_ns);
	buf_puts(&text, " of work in ");
	theory_time(&text, range.min_ns);
	theory_set(out, buf_str(&text), range);
	buf_release(&text);
}

/* ---- the run ---- */

struct site {
	const struct workload_cfg *cfg;
	struct gate gate;
};

static void meet(struct site *s)
{
	if (gate_wait(&s->gate, (uint32_t)s->cfg->workers, false))
		gate_open(&s->gate, false);
}

static int settle(void *arg, uint32_t i)
{
	const struct site *s = arg;
	struct err e = { 0 };

	if (s->cfg->workers > s->cfg->nr_cpus)
		return 0;
	return workload_pin(workload_cpu(i), &e) < 0 ? workload_failed(&e) : 0;
}

static int worker(void *arg, uint32_t i)
{
	struct site *s = arg;
	const struct workload_cfg *c = s->cfg;
	uint64_t alone_ns = serial_ns(own(c)) / c->tasks, shared_ns = (c->work_ns - serial_ns(own(c))) / c->tasks;

	for (uint64_t round = 0; round < c->tasks; round++) {
		if (i == 0 && alone_ns) {
			schedviz_mark_start(round * (c->workers + 1));
			burn(alone_ns);
			schedviz_mark_finish(round * (c->workers + 1));
		}
		meet(s);
		schedviz_mark_start(round * (c->workers + 1) + 1 + i);
		burn(shared_ns / c->workers);
		schedviz_mark_finish(round * (c->workers + 1) + 1 + i);
		meet(s);
	}
	return 0;
}

static int amdahl_run(const struct workload_cfg *cfg)
{
	struct site site = { .cfg = cfg };
	const struct team_cfg team = {
		.n = (uint32_t)cfg->workers,
		.kind = KIND_THREADS,
		.name = "worker%u",
		.before = settle,
		.fn = worker,
		.arg = &site,
	};
	struct team_span span;
	struct err e = { 0 };

	if (workload_enter("amdahl", cfg, &e) < 0)
		return workload_failed(&e);
	schedviz_mark_noun("part");
	workload_map_program();
	burn_calibrate();
	if (team_run(&team, &span, &e) < 0)
		return workload_failed(&e);
	schedviz_mark_wall(span.from_ns, span.to_ns);
	workload_say("amdahl (%d) %" PRIu64 " workers did %.3f s of work in %.3f s", getpid(), cfg->workers,
		     (double)cfg->work_ns / 1e9, (double)(span.to_ns - span.from_ns) / 1e9);
	return 0;
}

/* ---- the check ---- */

struct profile {
	uint64_t at[MAX_WORKERS + 1]; /* time with exactly k of them on a CPU */
	uint64_t work_ns, alone_ns, wall_ns;
	uint64_t hole_ns;  /* nobody saw what they did: they may have been on a CPU */
	uint64_t delay_ns; /* one that wanted a CPU had to wait for strangers, and whoever was beside it got on alone */
};

static struct profile profile_of(const struct workload_cfg *cfg, const struct evidence *ev)
{
	task_set set = evidence_named(ev, "worker*");
	struct profile p = { .wall_ns = ev->wall.to_ns - ev->wall.from_ns };

	evidence_profile(ev, &set, STATE_RUNNING, ev->wall, p.at, MAX_WORKERS + 1);
	for (size_t i = 0; i < set.n; i++) {
		p.hole_ns += evidence_ns(ev, set.v[i], STATE_UNKNOWN, ev->wall);
		if (cfg->workers <= cfg->nr_cpus)
			p.delay_ns += evidence_ns(ev, set.v[i], STATE_RUNNABLE, ev->wall);
	}
	vec_release(&set);
	for (uint64_t k = 1; k <= cfg->workers; k++)
		p.work_ns += k * p.at[k];
	p.alone_ns = p.at[1];
	return p;
}

/*
 * The serial share, from nothing but who ran beside whom. When more workers than CPUs share a part, the last of them
 * may be alone at its end.
 */
static void check_profile(const struct workload_cfg *cfg, const struct profile *p, struct report *r)
{
	double s = (double)own(cfg)->serial / 100, work_ns = (double)cfg->work_ns;
	double late = (double)(2 * cfg->tasks * PART_LATE_NS + p->hole_ns + p->delay_ns) / work_ns;
	double more = cfg->workers > cfg->nr_cpus ? (1 - s) / (double)cfg->workers : 0;

	report_share(r, p->alone_ns, p->work_ns, s - SERIAL_SLACK - (double)p->hole_ns / work_ns,
		     s + SERIAL_SLACK + late + more, "of the work was done with one on a CPU");
}

static void amdahl_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	struct theory_range range = wall_of(cfg);
	struct profile p = profile_of(cfg, ev);
	uint64_t sleeps = evidence_sleeps(ev, evidence_one(ev, "worker1"), "futex", ev->wall).n;

	report_ratio(r, p.work_ns, p.wall_ns, 0.97 * (double)cfg->work_ns / (double)range.max_ns, 1.03 * speed_up(cfg),
		     "times as fast as one: CPU time / wall clock");
	if (abreast(cfg) > 1)
		check_profile(cfg, &p, r);
	for (uint64_t k = 0; k <= abreast(cfg) && k <= 4; k++)
		report_tell(r, UNIT_NS, p.at[k], "with %" PRIu64 " of them on a CPU", k);
	if (cfg->workers > 1 && own(cfg)->serial)
		report_count(r, sleeps, cfg->tasks, 2 * cfg->tasks, "sleeps of worker1, once in each serial part");
}

static void amdahl_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	struct profile p = profile_of(cfg, ev);
	double s = (double)own(cfg)->serial / 100;

	buf_printf(out, "%" PRIu64 " workers used ", cfg->workers);
	fmt_duration(out, p.work_ns, true);
	buf_puts(out, " of CPU time in ");
	fmt_duration(out, p.wall_ns, true);
	if (p.wall_ns)
		buf_printf(out, ", %.2f times as fast as one alone", (double)p.work_ns / (double)p.wall_ns);
	buf_puts(out, ". For ");
	fmt_duration(out, p.alone_ns, true);
	buf_printf(
		out,
		" one of them ran alone, worker0 in its serial parts, while the others slept in futex: %.1f %% of all "
		"work. However many workers there are, that part gets no shorter",
		p.work_ns ? 100 * (double)p.alone_ns / (double)p.work_ns : 0.0);
	if (s > 0)
		buf_printf(out, ", and %.1f times as fast is never passed", 1 / s);
	buf_puts(out,
		 ". The same law, read the other way, tells from any program's recording how much of it is serial.");
}

const struct workload workload_amdahl = {
	.name = "amdahl",
	.group = GROUP_CORES,
	.summary = "Amdahl's law: the serial part sets the limit",
	.lesson = "A quarter of the work can only be done by one worker, the rest is shared by two. How much faster is "
		  "that "
		  "than one alone? Not twice: 1.6 times. With a hundred workers and as many CPUs it would be less than "
		  "4 times. The rounds show why: in each serial part all others sleep and their CPUs are idle.",
	.theory =
		"Amdahl: with a serial share s and w workers, on no fewer CPUs, the speed-up is 1/(s + (1 - s)/w), at "
		"most 1/s. Seen in a recording: s = t1 / (t1 + 2 t2 + 3 t3 + ...), where tk is how long k workers "
		"ran at once.",
	.look = "worker0's lane is busy all the time; the others have gaps, asleep, which are the serial parts. The "
		"lanes "
		"of the CPUs have the same gaps.",
	.example = "schedviz run amdahl --serial 50",
	.opts = amdahl_opts,
	.cfg_size = sizeof(struct amdahl_cfg),
	.quick_permille = 500,
	.defaults = amdahl_defaults,
	.prepare = amdahl_prepare,
	.cannot = amdahl_cannot,
	.predict = amdahl_predict,
	.run = amdahl_run,
	.check = amdahl_check,
	.explain = amdahl_explain,
};
