/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * theory.h - the arithmetic that predictions share: list scheduling, bounds, and how they are written.
 */
#ifndef SCHEDVIZ_WORKLOADS_THEORY_H
#define SCHEDVIZ_WORKLOADS_THEORY_H

#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/fmt.h"
#include "trace/facts.h"

struct theory_task {
	uint64_t sleep_ns, work_ns; /* first asleep, then on a CPU */
};

struct theory_range {
	uint64_t min_ns, max_ns;
};

/* When the last of `n` tasks ends that are given in order to whichever of `workers` is free first; no CPU is short. */
uint64_t theory_list_ns(const struct theory_task *tasks, uint64_t n, uint64_t workers);

/*
 * Between what ends all tasks must have ended, handed out in the same way, when up to `workers` share `cpus` CPUs:
 * bounds, because how the kernel shares is its own affair. With a CPU for every worker both are theory_list_ns().
 */
struct theory_range theory_bounds(const struct theory_task *tasks, uint64_t n, uint64_t workers, uint64_t cpus);

/*
 * When a server is done that serves one task at a time, whoever is there: each comes at the end of its sleep (all
 * sleeps begin at 0) and stays for its work. Which of the waiting comes first does not matter to the end of the last.
 */
uint64_t theory_one_server_ns(const struct theory_task *tasks, uint64_t n);

/* "2 s" "150 ms" "1.5 s": at most three decimals, none that is zero. */
void theory_time(struct buf *out, uint64_t ns);

/* The facts theory.text, theory.wall_min_ns, theory.wall_max_ns. The text is ASCII; who draws it sets it in type. */
void theory_set(struct facts *out, const char *text, struct theory_range wall);

#endif
