/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cost.h - what the BPF programs cost, as the kernel counts it, for a short sample.
 *
 * The kernel's counting (BPF_ENABLE_STATS) itself costs about 60 ns a run, more than a record does. So it is on only
 * for a moment. Switching it on needs CAP_SYS_ADMIN; reading (from /proc/self/fdinfo, opened in time) and switching it
 * off need nothing.
 */
#ifndef SCHEDVIZ_CAPTURE_COST_H
#define SCHEDVIZ_CAPTURE_COST_H

#include <stdint.h>
#include "base/vec.h"

struct cost {
	VEC(int) infos; /* /proc/self/fdinfo/PROGRAM, open */
	int stats_fd;	/* holds the counting on; 0: off */
	uint64_t since_ns;
	uint64_t run_ns, runs, sample_ns; /* the result; runs 0: none */
};

void cost_watch(struct cost *c, int program_fd);
void cost_begin(struct cost *c); /* without the privilege it does nothing */
void cost_end(struct cost *c);	 /* may be called again */

#endif
