/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * convoy.h - what the run of the workload `convoy` and its check share.
 */
#ifndef SCHEDVIZ_WORKLOADS_CONVOY_H
#define SCHEDVIZ_WORKLOADS_CONVOY_H

#include "workloads/theory.h"
#include "workloads/workload.h"

#define CONVOY_MAX_CARS 16

struct convoy_cfg {
	struct workload_cfg c; /* workers: cars */
	uint64_t hold_ns, out_ns, long_ns, every_ns, length_ns;
	int lock; /* enum convoy_lock */
};

enum convoy_lock { CONVOY_HANDOFF, CONVOY_MUTEX, CONVOY_TICKET };

/* The nth pass of car `who`, or of the truck, whose number is that of the cars. */
#define CONVOY_JOB(cfg, nth, who) ((nth) * ((cfg)->c.workers + 1) + (who))
#define CONVOY_JOB_WHO(cfg, job) ((job) % ((cfg)->c.workers + 1))

uint64_t convoy_trains(const struct convoy_cfg *v);  /* how often the truck comes */
double convoy_demand(const struct convoy_cfg *v);    /* on the lock, without the truck: above 1 it is never free */
uint64_t convoy_wait_ns(const struct convoy_cfg *v); /* of each pass, without the truck */
struct theory_range convoy_train_wait(const struct convoy_cfg *v); /* of the last behind the truck */

void convoy_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r);
void convoy_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out);

#endif
