/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * summary.h - per task, per CPU and in total: where the time went and how often the scheduler acted, within a window.
 *
 * A model sink. Times are the parts of spans inside the window; counts are of events inside it; a wake-up latency
 * counts where its wait ends inside it and was not cut off by an end of the recording. Sums are exact: for every
 * followed task run + wait + sleep + blocked + stopped + unknown equals its life inside the window. A wake-up is one
 * that did something: not of a task that was runnable already, nor the first of a new one.
 */
#ifndef SCHEDVIZ_ANALYSIS_SUMMARY_H
#define SCHEDVIZ_ANALYSIS_SUMMARY_H

#include "analysis/hist.h"
#include "analysis/roles.h"
#include "model/model.h"

struct sleep_in { /* what a task slept in, by system call */
	int32_t syscall;
	uint64_t ns, count;
};

struct task_sum {
	uint64_t ns[NR_STATES];	  /* by state */
	uint64_t wait_ns[NR_WHYS]; /* ns[STATE_RUNNABLE], split by why */
	uint64_t voluntary, involuntary, wakeups, migrations;
	struct hist latency;	   /* waking to running, woken waits only */
	struct sleep_in *slept;	   /* longest first after summary_finish(); sleeping and blocked */
	uint32_t nr_slept, cap_slept;
	uint64_t last_cpu; /* where it ran last in the window; CPU_NONE: nowhere */
};

struct cpu_sum {
	uint64_t ns[NR_CPU_STATES];
	uint64_t switches;
	uint64_t queued_ns;   /* sum over tasks of time spent runnable or running here: mean depth = this / window */
	uint32_t max_depth;
	bool seen;
};

struct summary {
	struct window window; /* inside the model's */
	struct task_sum *tasks; /* by task_id.i */
	uint32_t nr_tasks, cap_tasks;
	struct cpu_sum *cpus;
	uint32_t nr_cpus;
	uint64_t switches, wakeups, migrations, forks, exits;
	struct hist latency;  /* of all tasks */
	const struct model *model;
	const struct roles *roles; /* not owned; NULL: nobody has one */
};

/* The sink to hand to model_build(); window.to_ns UINT64_MAX means all of the recording. */
void summary_init(struct summary *s, struct window window, struct model_sink *sink);
/* After model_build(): fixes sizes and order. */
void summary_finish(struct summary *s, const struct model *m);
void summary_release(struct summary *s);

/* Life of a task inside the window, in ns: the sum its states add up to. */
uint64_t summary_life_ns(const struct summary *s, task_id id);

/* Which tasks a user means: comma-separated names, globs, tids; NULL or "" means all. */
struct task_filter {
	const char *text;
};
bool task_filter_match(const struct task_filter *f, const struct task *t);

#endif
