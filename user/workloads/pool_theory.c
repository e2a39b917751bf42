/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pool_theory.c - the workload `pool` by arithmetic: when its last task must have ended.
 */
#include "workloads/pool.h"

#include <inttypes.h>
#include <stdlib.h>
#include "base/alloc.h"
#include "svpool/svpool.h"

struct theory_task pool_task_length(const struct workload_cfg *cfg, uint64_t i)
{
	return (struct theory_task){
		.sleep_ns = workload_vary(cfg->sleep_ns, cfg->seed, i),
		.work_ns = workload_vary(cfg->work_ns, cfg->seed, i),
	};
}

bool pool_maps(const struct workload_cfg *cfg)
{
	return pool_cfg_of(cfg)->api == API_MAP || pool_cfg_of(cfg)->api == API_MAP_ASYNC;
}

uint64_t pool_chunk(const struct workload_cfg *cfg)
{
	if (!pool_maps(cfg))
		return 1;
	return pool_cfg_of(cfg)->chunk ? pool_cfg_of(cfg)->chunk : svp_chunk(cfg->tasks, (unsigned)cfg->workers);
}

/* "2 s", "(2 s + 10 ms)", "10 ms CPU time" */
static void length_put(struct buf *out, const struct theory_task *t)
{
	bool both = t->sleep_ns && t->work_ns;

	if (both)
		buf_putc(out, '(');
	if (t->sleep_ns || !t->work_ns)
		theory_time(out, t->sleep_ns);
	if (both)
		buf_puts(out, " + ");
	if (t->work_ns)
		theory_time(out, t->work_ns);
	if (t->work_ns)
		buf_puts(out, " CPU");
	if (both)
		buf_putc(out, ')');
}

static void shortest_and_longest(const struct workload_cfg *cfg, struct theory_range *r)
{
	*r = (struct theory_range){ UINT64_MAX, 0 };
	for (uint64_t i = 0; i < cfg->tasks; i++) {
		struct theory_task t = pool_task_length(cfg, i);
		uint64_t ns = t.sleep_ns + t.work_ns;

		r->min_ns = ns < r->min_ns ? ns : r->min_ns;
		r->max_ns = ns > r->max_ns ? ns : r->max_ns;
	}
}

/* "5 tasks of 1.1 s to 2.8 s", "25 tasks of 2 s in chunks of 2" */
static void tasks_put(struct buf *out, const struct workload_cfg *cfg)
{
	struct theory_task first = pool_task_length(cfg, 0);
	struct theory_range length;

	buf_printf(out, "%" PRIu64 " task%s of ", cfg->tasks, cfg->tasks == 1 ? "" : "s");
	if (cfg->seed) {
		shortest_and_longest(cfg, &length);
		theory_time(out, length.min_ns);
		buf_puts(out, " to ");
		theory_time(out, length.max_ns);
	} else {
		length_put(out, &first);
	}
	if (pool_chunk(cfg) > 1)
		buf_printf(out, " in chunks of %" PRIu64, pool_chunk(cfg));
}

/* What is added up: "ceil(5/4) x 2 s", or "5 tasks of 1.1 s to 2.8 s on 4 workers". */
static void formula_put(struct buf *out, const struct workload_cfg *cfg, bool exact)
{
	struct theory_task first = pool_task_length(cfg, 0);

	if (pool_cfg_of(cfg)->api == API_APPLY) {
		tasks_put(out, cfg);
		buf_puts(out, ", one at a time");
		return;
	}
	if (exact && !cfg->seed && pool_chunk(cfg) == 1) {
		buf_printf(out, "ceil(%" PRIu64 "/%" PRIu64 ") x ", cfg->tasks, cfg->workers);
		length_put(out, &first);
		return;
	}
	tasks_put(out, cfg);
	buf_printf(out, " on %" PRIu64 " worker%s", cfg->workers, cfg->workers == 1 ? "" : "s");
	if (!exact)
		buf_printf(out, ", %u CPU%s", cfg->nr_cpus, cfg->nr_cpus == 1 ? "" : "s");
}

/* Sleeping needs no CPU: only what workers compute can make them wait for one. */
static uint64_t cpus_that_bind(const struct workload_cfg *cfg)
{
	return cfg->work_ns ? cfg->nr_cpus : cfg->workers;
}

/* Without an end by force. A chunk is one task to whichever worker is free first; apply has one at a time. */
static struct theory_range undisturbed(const struct workload_cfg *cfg)
{
	uint64_t chunk = pool_chunk(cfg), n = (cfg->tasks + chunk - 1) / chunk;
	uint64_t workers = pool_cfg_of(cfg)->api == API_APPLY ? 1 : cfg->workers;
	struct theory_task *chunks = xcalloc(n, sizeof(*chunks));
	struct theory_range wall;

	for (uint64_t i = 0; i < cfg->tasks; i++) {
		struct theory_task t = pool_task_length(cfg, i);

		chunks[i / chunk].sleep_ns += t.sleep_ns;
		chunks[i / chunk].work_ns += t.work_ns;
	}
	wall = theory_bounds(chunks, n, workers, cpus_that_bind(cfg));
	free(chunks);
	return wall;
}

static uint64_t lesser(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void pool_predict(const struct workload_cfg *cfg, struct facts *out)
{
	uint64_t end_ns = pool_cfg_of(cfg)->terminate_ns;
	struct theory_range wall = undisturbed(cfg);
	bool exact = wall.min_ns == wall.max_ns, ended = end_ns && end_ns < wall.max_ns;
	struct buf text = { 0 };

	formula_put(&text, cfg, exact);
	buf_puts(&text, exact ? " = " : ": ");
	theory_time(&text, wall.min_ns);
	if (!exact) {
		buf_puts(&text, " to ");
		theory_time(&text, wall.max_ns);
	}
	if (ended) {
		wall = (struct theory_range){ lesser(wall.min_ns, end_ns), end_ns };
		buf_puts(&text, ", but terminated after ");
		theory_time(&text, end_ns);
	}
	theory_set(out, buf_str(&text), wall);
	buf_release(&text);
}
