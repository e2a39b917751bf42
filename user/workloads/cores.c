/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cores.c - CPUs by core, loops that are counted and not timed, and the stints in a recording.
 */
#include "workloads/cores.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include "base/file.h"
#include "workloads/burn.h"

#define TRIAL_NS (5 * NSEC_PER_MSEC)
/* Of a stint, what no other task accounts for: interrupts are the task's own time, a switch takes a microsecond. */
#define LOST_MAX 0.02

/* ---- which CPUs ---- */

/* A usable CPU of the same core as `cpu` (`same`), or of another one; CPU_NONE. */
static uint32_t near_or_far(const struct cpuset *usable, const char *sys, uint32_t cpu, bool same)
{
	struct cpuset core = { 0 };
	char path[256], list[1024];
	uint32_t found;

	snprintf(path, sizeof(path), "%s/cpu%" PRIu32 "/topology/thread_siblings_list", sys, cpu);
	if (file_read_line(path, list, sizeof(list)) && cpuset_parse(&core, list, NULL) < 0)
		cpuset_release(&core);
	for (found = cpuset_next(usable, 0); found != UINT32_MAX; found = cpuset_next(usable, found + 1))
		if (found != cpu && cpuset_has(&core, found) == same)
			break;
	cpuset_release(&core);
	return found == UINT32_MAX ? CPU_NONE : found;
}

struct cores_pick cores_pick(const struct cpuset *usable, const char *sys)
{
	uint32_t lowest = cpuset_next(usable, 0);
	struct cores_pick p = { lowest, CPU_NONE, CPU_NONE };

	for (uint32_t cpu = lowest; cpu != UINT32_MAX; cpu = cpuset_next(usable, cpu + 1)) {
		p.sibling = near_or_far(usable, sys, cpu, true);
		if (p.sibling == CPU_NONE)
			continue;
		p.first = cpu;
		break;
	}
	p.other = near_or_far(usable, sys, p.first, false);
	return p;
}

struct cores_pick cores_pick_here(const struct workload_cfg *cfg)
{
	struct cpuset usable = { 0 };
	struct cores_pick p;

	/* workload_cpu() knows of --cpus only after workload_enter() */
	if (!cfg->cpus || cpuset_parse(&usable, cfg->cpus, NULL) < 0)
		for (uint32_t i = 0; i < cfg->nr_cpus; i++)
			cpuset_add(&usable, workload_cpu(i));
	p = cores_pick(&usable, CORES_SYS);
	cpuset_release(&usable);
	return p;
}

int cores_refuse_realtime(const struct workload_cfg *cfg, const char *name, struct err *e)
{
	if (sched_is_fair(&cfg->sched))
		return 0;
	return err_set(
		e, -EINVAL,
		"'%s' takes its CPUs for as long as the work takes, so it leaves real time alone - 'schedviz run "
		"policy' is about that",
		name);
}

/* ---- how much ---- */

uint64_t cores_loops(void (*work)(void *arg, uint64_t loops), void *arg, uint64_t ns)
{
	uint64_t loops = 1000, took_ns = 0;

	for (;; loops *= 2) {
		uint64_t from_ns = burn_clock_ns();

		work(arg, loops);
		took_ns = burn_clock_ns() - from_ns;
		if (took_ns >= TRIAL_NS)
			break;
	}
	loops = (uint64_t)((double)loops * (double)ns / (double)took_ns);
	return loops ? loops : 1;
}

/* ---- what the recording says ---- */

bool stint_of(const struct evidence *ev, const struct job *job, struct stint *out)
{
	*out = (struct stint){ .who = job->worker };
	if (job->started_ns == UINT64_MAX || job->finished_ns == UINT64_MAX || job->finished_ns <= job->started_ns ||
	    !evidence_task(ev, job->worker))
		return false;
	out->w = (struct window){ job->started_ns, job->finished_ns };
	out->ran_ns = evidence_ns(ev, out->who, STATE_RUNNING, out->w);
	out->waited_ns = evidence_ns(ev, out->who, STATE_RUNNABLE, out->w);
	out->slept_ns =
		evidence_ns(ev, out->who, STATE_SLEEPING, out->w) + evidence_ns(ev, out->who, STATE_BLOCKED, out->w);
	out->sleeps = evidence_sleeps(ev, out->who, NULL, out->w).n;
	for (size_t i = 0; i < ev->wakes.n; i++)
		out->wakes += ev->wakes.v[i].target.i == out->who.i && window_contains(out->w, ev->wakes.v[i].ts_ns);
	return true;
}

void stints_add(struct stints *sum, const struct evidence *ev, const struct stint *s)
{
	struct evidence_cpu cpu = evidence_cpus(ev, NULL, s->w);
	uint64_t others_ns = cpu.others_ns + cpu.recorder_ns + cpu.unknown_ns;

	sum->n++;
	sum->length_ns += s->w.to_ns - s->w.from_ns;
	sum->known_ns += s->ran_ns + s->waited_ns + s->slept_ns;
	sum->ran_ns += s->ran_ns;
	sum->sleeps += s->sleeps;
	sum->wakes += s->wakes;
	/* no more than it waited: elsewhere others are in nobody's way */
	sum->excuse_ns += s->waited_ns < others_ns ? s->waited_ns : others_ns;
}

void stints_report(const struct stints *sum, struct report *r, const char *when)
{
	double excuse = sum->known_ns ? (double)sum->excuse_ns / (double)sum->known_ns : 0;

	report_share(r, sum->ran_ns, sum->known_ns, 1 - LOST_MAX - excuse, 1, "on a CPU %s", when);
}
