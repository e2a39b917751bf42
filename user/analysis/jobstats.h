/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * jobstats.h - jobs as the textbook measures them, the load on the CPUs, and who got how much of what it was due.
 *
 * Turnaround: submitted to finished. Response: submitted to started. Waiting: the worker's time runnable but not
 * running while it had the job. Service: its running meanwhile. Asleep: its sleeping, blocked and stopped. Slowdown:
 * turnaround / (service + asleep), how much longer it took than it would have alone. Of each job these are the numbers
 * of `stat` (job_times.h).
 *
 * Of the jobs whose worker is of the target, those count of which both start and finish were seen and that lie inside
 * the window with all their marks; those that touch it but do not are counted apart. A program that does not say when
 * its jobs were submitted gives no turnaround, response and slowdown.
 *
 * Means are rounded down, medians are of the nearest rank.
 */
#ifndef SCHEDVIZ_ANALYSIS_JOBSTATS_H
#define SCHEDVIZ_ANALYSIS_JOBSTATS_H

#include "analysis/fairness.h"
#include "analysis/load.h"

struct spread {
	uint64_t n, mean, median, max; /* n 0: all 0 */
};

/* UINT64_MAX: not known, as it was not said when the job was submitted; of the slowdown also: it took no time. */
struct job_row {
	uint32_t job; /* index into model_jobs() */
	uint64_t turnaround_ns, response_ns, waiting_ns, service_ns, asleep_ns, slowdown_milli;
};

struct jobstats {
	uint64_t jobs, incomplete;
	VEC(struct job_row) rows; /* those that count, in order of their first mark */
	struct spread turnaround_ns, response_ns, waiting_ns, service_ns, asleep_ns;
	struct spread slowdown_milli; /* thousandths */
	uint64_t finished;	      /* jobs of the target that finished inside the window, whenever they began */
	uint64_t throughput_milli;    /* these, a second, thousandths; 0: no jobs */
	uint32_t workers;	      /* that had a job inside the window */

	uint32_t cpus;			    /* that were seen */
	uint64_t cpu_ns;		    /* window x CPUs, which the next ones are parts of */
	uint64_t busy_ns, ours_ns;	    /* by anybody who was recorded; by the target */
	uint64_t unrecorded_ns, unknown_ns; /* by others or idle (only-target recording); nothing tells */
	uint64_t busy_ppm;		    /* of the CPUs, by anybody */
	uint64_t ours_ppm;		    /* by the target */

	uint64_t depth_mean_milli; /* tasks of the target runnable or running, all CPUs together, mean over time */
	uint32_t depth_max;
	struct load load; /* the same over time */

	struct fair_groups groups;
	struct fairness fairness; /* = groups.v[0], which owns its memory; or nothing */
};

void jobstats_make(struct jobstats *j, const struct history *h);
void jobstats_release(struct jobstats *j);

#endif
