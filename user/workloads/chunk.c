/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * chunk.c - the workload `chunk`: map over many items, handed to workers in chunks, and what the last chunk costs.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/schedviz_mark.h"
#include "svpool/svpool.h"
#include "workloads/burn.h"
#include "workloads/theory.h"
#include "workloads/workload.h"

#define MAX_WORKERS 1000
#define MAX_ITEMS 100000
#define LEAD_NS (50 * NSEC_PER_MSEC) /* in which the workers are made */
#define GIANT 10		     /* items' lengths that the giant has */
/* Handing a chunk over and waking its worker, for each of some dozen chunks, against runs of a tenth of a second. */
#define TAIL_SLACK 0.02

enum shape { SHAPE_CONST, SHAPE_LINEAR, SHAPE_GIANT };
static const char *const shape_names[] = { "const", "linear", "one-giant", NULL };

struct chunk_cfg {
	struct workload_cfg c;
	uint64_t chunk; /* 0: the default */
	int shape;
};

static const struct opt chunk_opts[] = {
	OPT_U64('w', "workers", struct chunk_cfg, c.workers, 1, MAX_WORKERS, "N", "workers in the pool (4)"),
	OPT_U64('n', "tasks", struct chunk_cfg, c.tasks, 1, MAX_ITEMS, "N", "items to map over (100)"),
	OPT_U64(0, "chunk", struct chunk_cfg, chunk, 1, MAX_ITEMS, "N",
		"items handed to a worker at a time (ceil(n/4w), as Python has it)"),
	OPT_CHOICE(0, "shape", struct chunk_cfg, shape, shape_names, "SHAPE",
		   "lengths of items: const (the default), linear (rising), or one-giant (the last takes ten times as "
		   "long)"),
	OPT_DURATION(0, "sleep", struct chunk_cfg, c.sleep_ns, NSEC_PER_MSEC, WORKLOAD_MAX_NS / 1000,
		     "how long an item sleeps, on average (100ms)"),
	WORKLOAD_KIND_OPTS(struct chunk_cfg, c, "workers are processes (the default)", "workers are threads"),
	WORKLOAD_SEED_OPT(struct chunk_cfg, c),
	WORKLOAD_OPTS(struct chunk_cfg, c),
	OPT_END
};

static const struct chunk_cfg *own(const struct workload_cfg *cfg)
{
	return (const struct chunk_cfg *)cfg;
}

static void chunk_defaults(struct workload_cfg *cfg)
{
	*(struct chunk_cfg *)cfg = (struct chunk_cfg){
		.c = { .repeat = 1, .workers = 4, .tasks = 100, .sleep_ns = 100 * NSEC_PER_MSEC },
	};
}

/* ---- theory ---- */

static uint64_t item_ns(const struct workload_cfg *cfg, uint64_t i)
{
	uint64_t ns = cfg->sleep_ns;

	if (own(cfg)->shape == SHAPE_LINEAR)
		ns = ns * 2 * (i + 1) / (cfg->tasks + 1);
	else if (own(cfg)->shape == SHAPE_GIANT && i == cfg->tasks - 1)
		ns *= GIANT;
	return workload_vary(ns, cfg->seed, i);
}

static uint64_t items_ns(const struct workload_cfg *cfg)
{
	uint64_t ns = 0;

	for (uint64_t i = 0; i < cfg->tasks; i++)
		ns += item_ns(cfg, i);
	return ns;
}

static uint64_t chunk_of(const struct workload_cfg *cfg)
{
	return own(cfg)->chunk ? own(cfg)->chunk : svp_chunk(cfg->tasks, (unsigned)cfg->workers);
}

static uint64_t nr_chunks(const struct workload_cfg *cfg)
{
	return (cfg->tasks + chunk_of(cfg) - 1) / chunk_of(cfg);
}

/* A chunk is one task to whichever worker is free first. */
static uint64_t makespan_ns(const struct workload_cfg *cfg)
{
	uint64_t n = nr_chunks(cfg), ns;
	struct theory_task *chunks = xcalloc(n, sizeof(*chunks));

	for (uint64_t i = 0; i < cfg->tasks; i++)
		chunks[i / chunk_of(cfg)].sleep_ns += item_ns(cfg, i);
	ns = theory_list_ns(chunks, n, cfg->workers);
	free(chunks);
	return ns;
}

static void chunk_predict(const struct workload_cfg *cfg, struct facts *out)
{
	uint64_t ns = makespan_ns(cfg);
	struct buf text = { 0 };

	buf_printf(&text, "%" PRIu64 " chunk%s of %" PRIu64 " on %" PRIu64 " workers: ", nr_chunks(cfg),
		   nr_chunks(cfg) == 1 ? "" : "s", chunk_of(cfg), cfg->workers);
	theory_time(&text, ns);
	buf_puts(&text, ", not ");
	theory_time(&text, items_ns(cfg) / cfg->workers);
	theory_set(out, buf_str(&text), (struct theory_range){ ns, ns });
	buf_release(&text);
}

/* ---- the run ---- */

static const struct workload_cfg *job_cfg; /* for do_item(), in workers forked or begun after it was set */

static int do_item(const void *arg, size_t len, void *out, size_t room)
{
	uint64_t i;

	(void)out, (void)room;
	memcpy(&i, arg, len < sizeof(i) ? len : sizeof(i));
	workload_sleep(item_ns(job_cfg, i));
	return 0;
}

static int map_all(svp *p, const struct workload_cfg *cfg)
{
	uint64_t *items = xcalloc(cfg->tasks, sizeof(*items)), from_ns;
	int ret;

	for (uint64_t i = 0; i < cfg->tasks; i++)
		items[i] = i;
	from_ns = schedviz_mark_now();
	ret = svp_map(p, do_item, items, cfg->tasks, sizeof(*items), NULL, 0, chunk_of(cfg));
	schedviz_mark_wall(from_ns, schedviz_mark_now());
	free(items);
	return ret;
}

static int chunk_run(const struct workload_cfg *cfg)
{
	const struct svp_opts opts = {
		.kind = cfg->kind == KIND_THREADS ? SVP_THREADS : SVP_PROCS,
		.marks = 1,
		.lead = (double)workload_scaled(cfg, LEAD_NS) / 1e9,
	};
	struct err e = { 0 };
	int ret = 0;
	svp *p;

	if (workload_enter("chunk", cfg, &e) < 0)
		return workload_failed(&e);
	schedviz_mark_noun("item");
	workload_map_program();
	job_cfg = cfg;
	p = svp_new((int)cfg->workers, &opts);
	if (!p)
		ret = err_sys(&e, -errno, "cannot make a pool of %" PRIu64, cfg->workers);
	if (ret == 0)
		ret = map_all(p, cfg);
	if (p && ret < 0)
		err_sys(&e, ret, "the map failed");
	svp_free(p);
	if (ret < 0)
		return workload_failed(&e);
	workload_say("chunk (%d) mapped %" PRIu64 " items in %" PRIu64 " chunks", getpid(), cfg->tasks, nr_chunks(cfg));
	return 0;
}

/* ---- the check ---- */

/* Time that jobs took, summed; how many there were. */
static uint64_t served_ns(const struct evidence *ev, uint64_t *n)
{
	size_t nr;
	const struct job *jobs = model_jobs(ev->model, &nr);
	uint64_t ns = 0;

	*n = 0;
	for (size_t i = 0; i < nr; i++) {
		if (jobs[i].started_ns == UINT64_MAX || jobs[i].finished_ns == UINT64_MAX)
			continue;
		ns += jobs[i].finished_ns - jobs[i].started_ns;
		(*n)++;
	}
	return ns;
}

/* Of the workers' time the part in which they had nothing to do. */
static double idle_share(uint64_t served, uint64_t workers, uint64_t wall_ns)
{
	double all = (double)workers * (double)wall_ns;

	return all > 0 && (double)served < all ? 1 - (double)served / all : 0;
}

/* Of the first and the last item of each chunk: did one worker do both? */
static uint64_t split_chunks(const struct workload_cfg *cfg, const struct evidence *ev)
{
	size_t nr;
	const struct job *jobs = model_jobs(ev->model, &nr);
	uint64_t k = chunk_of(cfg), split = 0;
	task_id *worker = xcalloc(nr_chunks(cfg), sizeof(*worker));

	for (uint64_t i = 0; i < nr_chunks(cfg); i++)
		worker[i] = TASK_NONE;
	for (size_t i = 0; i < nr; i++) {
		task_id *of = jobs[i].id < cfg->tasks ? &worker[jobs[i].id / k] : NULL;

		split += of && task_some(*of) && !task_is(*of, jobs[i].worker);
		if (of)
			*of = jobs[i].worker;
	}
	free(worker);
	return split;
}

static void chunk_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	double tail = idle_share(items_ns(cfg), cfg->workers, makespan_ns(cfg));
	uint64_t n, served = served_ns(ev, &n), wall_ns = ev->wall.to_ns - ev->wall.from_ns;
	double measured = idle_share(served, cfg->workers, wall_ns);

	report_count(r, n, cfg->tasks, cfg->tasks, "items done");
	report_add(r, UNIT_PPM, report_fraction(measured, 1e6), report_fraction(tail - TAIL_SLACK, 1e6),
		   report_fraction(tail + TAIL_SLACK, 1e6), "workers' time with nothing left to do");
	report_count(r, split_chunks(cfg, ev), 0, 0, "chunks that more than one worker had");
}

static void chunk_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	uint64_t n, served = served_ns(ev, &n), wall_ns = ev->wall.to_ns - ev->wall.from_ns;

	buf_printf(out,
		   "%" PRIu64 " items went to %" PRIu64 " workers in %" PRIu64 " chunks of %" PRIu64
		   ". A worker that has taken a chunk keeps it: when the queue is empty, the others wait for the last "
		   "chunk with nothing to do, in all %.1f %% of the workers' time. ",
		   cfg->tasks, cfg->workers, nr_chunks(cfg), chunk_of(cfg),
		   100 * idle_share(served, cfg->workers, wall_ns));
	buf_puts(out, "It took ");
	fmt_duration(out, wall_ns, true);
	buf_puts(out, "; shared out evenly it would be ");
	fmt_duration(out, items_ns(cfg) / cfg->workers, true);
	buf_puts(out,
		 ". Small chunks balance better, large ones are handed over less often: try --chunk 1, and --shape "
		 "one-giant. (map needs the whole list before it begins, to cut it; only imap streams.)");
}

const struct workload workload_chunk = {
	.name = "chunk",
	.group = GROUP_POOLS,
	.summary = "map in chunks: the last chunk is waited for by all",
	.lesson =
		"A pool of 4 maps over 100 items of 0.1 s. Not items are handed to workers but chunks of them, so that "
		"there is less handing over: Python takes ceil(100 / (4 x 4)) = 7 items at a time. But 15 chunks do "
		"not "
		"divide by 4, and the last worker works alone: 2.8 s instead of 2.5 s. Vary --chunk and --shape.",
	.theory = "List scheduling of chunks: each goes to the worker that is free first. The idle tail is "
		  "1 - (sum of items) / (workers x makespan).",
	.look = "Near the end: workers whose lanes are asleep without an item while one still works. The lane of the "
		"queue "
		"shows when it ran empty.",
	.example = "schedviz run chunk --shape one-giant --chunk 1",
	.opts = chunk_opts,
	.cfg_size = sizeof(struct chunk_cfg),
	.defaults = chunk_defaults,
	.predict = chunk_predict,
	.run = chunk_run,
	.check = chunk_check,
	.explain = chunk_explain,
};
