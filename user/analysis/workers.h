/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * workers.h - the recorded jobs, done once more by as many workers as there were, and by one more.
 */
#ifndef SCHEDVIZ_ANALYSIS_WORKERS_H
#define SCHEDVIZ_ANALYSIS_WORKERS_H

#include "analysis/history.h"

struct workers {
	uint32_t nr;	  /* that had a job handed to them; 0: no job was, wholly inside the window */
	uint32_t jobs;	  /* of these workers; not those that a task gave itself, as a turn at a lock */
	uint64_t last_ns; /* when the last one finished, from the window's beginning; */
	uint64_t same_ns; /* with this many workers, first come first served; */
	uint64_t more_ns; /* with one more */
	uint64_t ran_ns;  /* what these workers computed in the window */
	uint32_t cpus;	  /* on so many CPUs */
};

void workers_measure(struct workers *w, const struct history *h);
/* Is it one of those jobs? */
bool workers_job(const struct history *h, const struct job *j);

#endif
