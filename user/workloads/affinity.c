/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * affinity.c - the workload `affinity`: tasks pinned to one CPU wait for it while another CPU idles.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/schedviz_mark.h"
#include "workloads/burn.h"
#include "workloads/hogs.h"
#include "workloads/team.h"
#include "workloads/theory.h"
#include "workloads/workload.h"

#define MAX_TASKS 1000
/*
 * Of the time somebody waits, how much a CPU idles that is not his. Others may use 5 % of the machine without giving
 * rise to a doubt, which on two CPUs is a tenth of the one that should idle.
 */
#define IDLE_MIN 0.85
#define BUSY_MIN 0.9 /* of the CPU they are on; the rest is the kernel's */

struct affinity_cfg {
	struct workload_cfg c;
};

static const struct opt affinity_opts[] = {
	OPT_U64('n', "tasks", struct affinity_cfg, c.tasks, 1, MAX_TASKS, "N", "tasks that compute (2)"),
	OPT_DURATION(0, "work", struct affinity_cfg, c.work_ns, NSEC_PER_MSEC, WORKLOAD_MAX_NS,
		     "CPU time each task uses (500ms)"),
	WORKLOAD_KIND_OPTS(struct affinity_cfg, c, "they are processes (the default)", "they are threads"),
	WORKLOAD_SCHED_OPTS(struct affinity_cfg, c),
	OPT_STRING(0, "cpus", struct affinity_cfg, c.cpus, "LIST", "pin them to these CPUs (the first one only)"),
	WORKLOAD_SEED_OPT(struct affinity_cfg, c),
	WORKLOAD_PACE_OPTS(struct affinity_cfg, c),
	OPT_END
};

static void affinity_defaults(struct workload_cfg *cfg)
{
	*cfg = (struct workload_cfg){ .repeat = 1, .tasks = 2, .work_ns = 500 * NSEC_PER_MSEC };
}

static int affinity_prepare(struct workload_cfg *cfg, struct err *e)
{
	return hogs_may(cfg, cfg->tasks * cfg->work_ns, e);
}

static uint32_t cpus_of(const struct workload_cfg *cfg)
{
	return cfg->cpus ? cfg->nr_cpus : 1;
}

static bool must_wait(const struct workload_cfg *cfg)
{
	return cfg->tasks > cpus_of(cfg);
}

static bool affinity_cannot(const struct workload_cfg *cfg, struct buf *why)
{
	if (!must_wait(cfg) || sysconf(_SC_NPROCESSORS_ONLN) > (long)cpus_of(cfg))
		return false;
	buf_puts(why, "no CPU is left over that could be idle beside them");
	return true;
}

/* ---- theory ---- */

static struct theory_range wall_of(const struct workload_cfg *cfg)
{
	struct theory_task *tasks = xcalloc(cfg->tasks, sizeof(*tasks));
	struct theory_range r;

	for (uint64_t i = 0; i < cfg->tasks; i++)
		tasks[i].work_ns = workload_vary(cfg->work_ns, cfg->seed, i);
	r = theory_bounds(tasks, cfg->tasks, cfg->tasks, cpus_of(cfg));
	if (cpus_of(cfg) == 1) /* whatever the order, one CPU that is never idle needs the sum */
		r.max_ns = r.min_ns;
	free(tasks);
	return r;
}

static void affinity_predict(const struct workload_cfg *cfg, struct facts *out)
{
	struct theory_range r = wall_of(cfg);
	struct buf text = { 0 };

	buf_printf(&text, "%" PRIu64 " x ", cfg->tasks);
	theory_time(&text, cfg->work_ns);
	buf_printf(&text, "%s of CPU on %u CPU%s: ", cfg->seed ? " or so" : "", cpus_of(cfg),
		   cpus_of(cfg) == 1 ? "" : "s");
	theory_time(&text, r.min_ns);
	if (r.max_ns != r.min_ns) {
		buf_puts(&text, " to ");
		theory_time(&text, r.max_ns);
	}
	if (must_wait(cfg))
		buf_puts(&text, ", though others are free");
	theory_set(out, buf_str(&text), r);
	buf_release(&text);
}

/* ---- the run ---- */

static int task_do(void *arg, uint32_t i)
{
	const struct workload_cfg *cfg = arg;

	schedviz_mark_start(i);
	burn(workload_vary(cfg->work_ns, cfg->seed, i));
	schedviz_mark_finish(i);
	return 0;
}

static int affinity_run(const struct workload_cfg *cfg)
{
	const struct team_cfg team = {
		.n = (uint32_t)cfg->tasks, .kind = cfg->kind, .name = "pinned%u", .fn = task_do, .arg = (void *)cfg
	};
	struct err e = { 0 };
	struct team_span span;

	if (workload_enter("affinity", cfg, &e) < 0)
		return workload_failed(&e);
	schedviz_mark_noun("task");
	burn_calibrate();
	if (!cfg->cpus && workload_pin(workload_cpu(0), &e) < 0)
		return workload_failed(&e);
	if (team_run(&team, &span, &e) < 0)
		return workload_failed(&e);
	schedviz_mark_wall(span.from_ns, span.to_ns);
	workload_say("affinity (%d) %" PRIu64 " tasks were done after %.3f s", getpid(), cfg->tasks,
		     (double)(span.to_ns - span.from_ns) / 1e9);
	return 0;
}

/* ---- the check ---- */

typedef VEC(struct window) windows;

static int by_begin(const void *a, const void *b)
{
	const struct window *x = a, *y = b;

	return x->from_ns < y->from_ns ? -1 : x->from_ns > y->from_ns;
}

/* When at least one CPU was idle (or, if so wanted, nobody knows), in order and without overlap. */
static windows idle_times(const struct evidence *ev, bool or_unknown)
{
	windows all = { 0 }, merged = { 0 };

	for (size_t i = 0; i < ev->cpus.n; i++)
		if (ev->cpus.v[i].state == CPU_IDLE || (or_unknown && ev->cpus.v[i].state == CPU_UNKNOWN))
			*vec_push(&all) = (struct window){ ev->cpus.v[i].from_ns, ev->cpus.v[i].to_ns };
	if (all.n)
		qsort(all.v, all.n, sizeof(*all.v), by_begin);
	for (size_t i = 0; i < all.n; i++) {
		struct window *last = merged.n ? &merged.v[merged.n - 1] : NULL;

		if (!last || all.v[i].from_ns > last->to_ns)
			*vec_push(&merged) = all.v[i];
		else if (all.v[i].to_ns > last->to_ns)
			last->to_ns = all.v[i].to_ns;
	}
	vec_release(&all);
	return merged;
}

struct waits {
	uint64_t all_ns;     /* that tasks waited, added up */
	uint64_t idle_ns;    /* of it while a CPU was idle */
	uint64_t unknown_ns; /* of it while none is known to have been, but may have: the kernel hid a switch */
};

static uint64_t part_of(const struct span *s, const windows *w, struct window wall)
{
	struct window part = { s->from_ns > wall.from_ns ? s->from_ns : wall.from_ns,
			       s->to_ns < wall.to_ns ? s->to_ns : wall.to_ns };
	uint64_t ns = 0;

	for (size_t i = 0; i < w->n && w->v[i].from_ns < part.to_ns; i++)
		ns += evidence_part_ns(w->v[i].from_ns, w->v[i].to_ns, part);
	return ns;
}

static struct waits waits_of(const struct evidence *ev)
{
	windows idle = idle_times(ev, false), maybe = idle_times(ev, true);
	task_set tasks = evidence_named(ev, "pinned*");
	struct waits w = { 0 };

	for (size_t i = 0; i < tasks.n; i++) {
		const struct evidence_task *t = evidence_task(ev, tasks.v[i]);

		for (size_t k = 0; k < t->spans.n; k++) {
			const struct span *s = &t->spans.v[k];

			if (s->state != STATE_RUNNABLE)
				continue;
			w.all_ns += evidence_part_ns(s->from_ns, s->to_ns, ev->wall);
			w.idle_ns += part_of(s, &idle, ev->wall);
			w.unknown_ns += part_of(s, &maybe, ev->wall) - part_of(s, &idle, ev->wall);
		}
	}
	vec_release(&maybe);
	vec_release(&idle);
	vec_release(&tasks);
	return w;
}

static void affinity_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	struct waits w = waits_of(ev);
	task_set tasks = evidence_named(ev, "pinned*");
	uint64_t ran_ns = 0, moves = 0;

	for (size_t i = 0; i < tasks.n; i++) {
		ran_ns += evidence_ns(ev, tasks.v[i], STATE_RUNNING, ev->wall);
		moves += evidence_migrations(ev, tasks.v[i], true, ev->wall);
	}
	vec_release(&tasks);
	if (must_wait(cfg))
		report_share(r, w.idle_ns, w.all_ns - w.unknown_ns, IDLE_MIN, 1,
			     "of their waiting, beside an idle CPU");
	else /* as many CPUs as tasks: what they wait for is only others */
		report_share(r, w.all_ns, ran_ns, 0, 1 - BUSY_MIN, "waiting for a CPU, to running");
	if (cpus_of(cfg) == 1)
		report_share(r, ran_ns, ev->wall.to_ns - ev->wall.from_ns, BUSY_MIN, 1, "that CPU, busy with them");
	if (cpus_of(cfg) == 1)
		report_count(r, moves, 0, 0, "migrations");
}

static void affinity_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	struct waits w = waits_of(ev);

	buf_printf(out, "%" PRIu64 " tasks may run on %u CPU%s only. ", cfg->tasks, cpus_of(cfg),
		   cpus_of(cfg) == 1 ? "" : "s");
	buf_puts(out, "Added up they waited ");
	fmt_duration(out, w.all_ns, true);
	buf_puts(out, ", and for ");
	fmt_duration(out, w.idle_ns, true);
	buf_puts(out, " of that a CPU was idle beside them. ");
	buf_puts(out, must_wait(cfg)
			      ? "An idle CPU next to a waiting task looks like a mistake of the scheduler, and "
				"sometimes it is one; here it is an order: their affinity forbids them the other "
				"CPU. Pinning keeps caches warm and neighbours away, and it takes from the kernel "
				"what it is good at. Compare with --cpus and a CPU for each."
			      : "Each has a CPU, so pinning costs nothing: there is nothing to balance.");
}

const struct workload workload_affinity = {
	.name = "affinity",
	.group = GROUP_CORES,
	.summary = "pinned to one CPU: a task waits beside an idle one",
	.lesson =
		"Two tasks of half a second of computing are pinned to the same CPU, and every other CPU is free. They "
		"take a second, twice as long as they need to: each waits half of the time, while a CPU next to it "
		"idles. Whenever you see an idle CPU beside a waiting task, ask three things: may the task run "
		"there (affinity, this workload), is it throttled (`quota`), or did the balancer not get to it?",
	.theory = "n tasks of C on one CPU take n C, on a CPU each C; between that, at least n C / m on m CPUs.",
	.look = "Both lanes half full, the CPU they may use full, and the other CPU's lane empty.",
	.example = "schedviz run affinity --cpus 0,1",
	.opts = affinity_opts,
	.cfg_size = sizeof(struct affinity_cfg),
	.quick_permille = 400,
	.defaults = affinity_defaults,
	.prepare = affinity_prepare,
	.cannot = affinity_cannot,
	.predict = affinity_predict,
	.run = affinity_run,
	.check = affinity_check,
	.explain = affinity_explain,
};
