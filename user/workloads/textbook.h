/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * textbook.h - when jobs on one CPU first run and finish, by the scheduling models of the textbooks.
 *
 * A job arrives and then wants the CPU until it is done. Switches cost nothing. At one instant whoever finishes leaves
 * first, then who arrives joins the queue, in the order of the list, then who used up its turn.
 */
#ifndef SCHEDVIZ_WORKLOADS_TEXTBOOK_H
#define SCHEDVIZ_WORKLOADS_TEXTBOOK_H

#include <stdint.h>

#define TEXTBOOK_MAX_JOBS 64

struct textbook_job {
	uint64_t arrival_ns, length_ns; /* a length above 0 */
};

struct textbook_times {
	uint64_t first_ns, finish_ns;
};

/*
 * How long a turn is. With a tick it ends at the last of quantum/tick ticks, which come at phase_ns + k tick_ns, so
 * that a turn begun between two ticks is shorter than the quantum. quantum_ns 0: turns do not end, first come first
 * served.
 */
struct textbook_turn {
	uint64_t quantum_ns, tick_ns, phase_ns;
};

void textbook_queue(const struct textbook_job *jobs, uint32_t n, struct textbook_turn turn, struct textbook_times *out);

/* Processor sharing: of k jobs each has 1/k of the CPU at any instant. Fair schedulers come near it. */
void textbook_fluid(const struct textbook_job *jobs, uint32_t n, struct textbook_times *out);

#endif
