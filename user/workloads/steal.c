/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * steal.c - the workload `steal`: items of unequal lengths, shared out beforehand, taken from one queue, or stolen.
 */
#define _GNU_SOURCE /* gettid */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/schedviz_mark.h"
#include "workloads/burn.h"
#include "workloads/lock.h"
#include "workloads/team.h"
#include "workloads/theory.h"
#include "workloads/workload.h"

#define MAX_WORKERS 16
#define MAX_ITEMS 1000
#define SAID_STOLEN UINT64_C(0x7374656c) /* id of an instant, "stel": items that a worker took from others */
/* Workers that compute on every CPU lose to whatever else runs there: 5 % is when a run is no longer judged. */
#define OTHERS_PERCENT 5

enum how { HOW_STATIC, HOW_CENTRAL, HOW_STEAL };
static const char *const how_names[] = { "static", "central", "steal", NULL };

struct steal_cfg {
	struct workload_cfg c;
	int how;       /* enum how */
	uint64_t skew; /* per cent by which the first item is longer, and the last one shorter, than the mean */
};

static const struct opt steal_opts[] = {
	OPT_CHOICE(0, "sched", struct steal_cfg, how, how_names, "HOW",
		   "each keeps the share it was given (static), all take from one queue (central), or who has "
		   "nothing left takes from others (steal, the default)"),
	OPT_U64('w', "workers", struct steal_cfg, c.workers, 1, MAX_WORKERS, "N", "workers (4)"),
	OPT_U64('n', "tasks", struct steal_cfg, c.tasks, 1, MAX_ITEMS, "N", "items (12)"),
	OPT_U64(0, "skew", struct steal_cfg, skew, 0, 100, "PERCENT",
		"how much longer than the mean the first item is; lengths fall evenly from there (80)"),
	OPT_DURATION(0, "sleep", struct steal_cfg, c.sleep_ns, NSEC_PER_MSEC, WORKLOAD_MAX_NS / MAX_ITEMS,
		     "the mean length of an item, asleep (150ms)"),
	OPT_DURATION(0, "work", struct steal_cfg, c.work_ns, NSEC_PER_MSEC, WORKLOAD_MAX_NS / MAX_ITEMS,
		     "or computing, with a CPU for each worker (0)"),
	WORKLOAD_KIND_OPTS(struct steal_cfg, c, "workers are processes", "workers are threads (the default)"),
	WORKLOAD_SEED_OPT(struct steal_cfg, c),
	WORKLOAD_OPTS(struct steal_cfg, c),
	OPT_END
};

static const struct steal_cfg *own(const struct workload_cfg *cfg)
{
	return (const struct steal_cfg *)cfg;
}

static void steal_defaults(struct workload_cfg *cfg)
{
	*(struct steal_cfg *)cfg = (struct steal_cfg){
		.c = { .repeat = 1, .workers = 4, .tasks = 12, .sleep_ns = 150 * NSEC_PER_MSEC, .kind = KIND_THREADS },
		.how = HOW_STEAL,
		.skew = 80,
	};
}

static int steal_prepare(struct workload_cfg *cfg, struct err *e)
{
	if (cfg->tasks < cfg->workers)
		return err_set(e, -EINVAL,
			       "%" PRIu64 " items leave some of %" PRIu64 " workers without - raise --tasks",
			       cfg->tasks, cfg->workers);
	if (cfg->work_ns && cfg->workers > cfg->nr_cpus)
		return err_set(e, -EINVAL,
			       "%" PRIu64 " workers that compute on %u CPU%s wait for CPUs, not for items - give fewer "
			       "--workers, or leave out --work",
			       cfg->workers, cfg->nr_cpus, cfg->nr_cpus == 1 ? "" : "s");
	if (cfg->work_ns)
		cfg->sleep_ns = 0;
	return 0;
}

/* ---- theory ---- */

static uint64_t item_ns(const struct workload_cfg *cfg, uint64_t i)
{
	uint64_t mean_ns = cfg->work_ns ? cfg->work_ns : cfg->sleep_ns, half = cfg->tasks - 1;
	int64_t tilt = half ? (int64_t)own(cfg)->skew * ((int64_t)half - 2 * (int64_t)i) / (int64_t)half : 0;

	return workload_vary(mean_ns / 100 * (uint64_t)(100 + tilt), cfg->seed, i);
}

/* Shares are stretches of the list, of equal numbers: the first item of worker k's. */
static uint64_t share_from(const struct workload_cfg *cfg, uint64_t k)
{
	return cfg->tasks * k / cfg->workers;
}

static uint64_t owner_of(const struct workload_cfg *cfg, uint64_t i)
{
	uint64_t k = 0;

	while (k + 1 < cfg->workers && share_from(cfg, k + 1) <= i)
		k++;
	return k;
}

struct shares {
	uint64_t all_ns, longest_item_ns;
	uint64_t most_ns, least_ns; /* of the workers' static shares */
};

static struct shares shares_of(const struct workload_cfg *cfg)
{
	struct shares s = { .least_ns = UINT64_MAX };

	for (uint64_t k = 0; k < cfg->workers; k++) {
		uint64_t ns = 0;

		for (uint64_t i = share_from(cfg, k); i < share_from(cfg, k + 1); i++) {
			ns += item_ns(cfg, i);
			s.longest_item_ns = item_ns(cfg, i) > s.longest_item_ns ? item_ns(cfg, i) : s.longest_item_ns;
		}
		s.all_ns += ns;
		s.most_ns = ns > s.most_ns ? ns : s.most_ns;
		s.least_ns = ns < s.least_ns ? ns : s.least_ns;
	}
	return s;
}

static uint64_t central_ns(const struct workload_cfg *cfg)
{
	struct theory_task *tasks = xcalloc(cfg->tasks, sizeof(*tasks));
	uint64_t ns;

	for (uint64_t i = 0; i < cfg->tasks; i++)
		tasks[i].sleep_ns = item_ns(cfg, i);
	ns = theory_list_ns(tasks, cfg->tasks, cfg->workers);
	free(tasks);
	return ns;
}

/*
 * Whichever thief is first takes what it finds, so that only bounds hold: nobody is idle while an item waits, hence
 * Graham's (1966): all / w + longest x (1 - 1 / w). One queue in the order of the list is list scheduling exactly.
 */
static struct theory_range makespan(const struct workload_cfg *cfg)
{
	struct shares s = shares_of(cfg);
	uint64_t even_ns = s.all_ns / cfg->workers, ns = own(cfg)->how == HOW_STATIC ? s.most_ns : central_ns(cfg);
	struct theory_range range = { ns, ns };

	if (own(cfg)->how == HOW_STEAL) {
		range.min_ns = even_ns > s.longest_item_ns ? even_ns : s.longest_item_ns;
		range.max_ns = even_ns + s.longest_item_ns - s.longest_item_ns / cfg->workers;
	}
	if (cfg->work_ns && cfg->workers == cfg->nr_cpus)
		range.max_ns += range.max_ns * OTHERS_PERCENT / 100;
	return range;
}

static void steal_predict(const struct workload_cfg *cfg, struct facts *out)
{
	static const char *const before[] = {
		[HOW_STATIC] = "the longest of ",
		[HOW_CENTRAL] = "one queue for ",
		[HOW_STEAL] = "nobody idle while items wait, ",
	};
	struct theory_range range = makespan(cfg);
	struct shares s = shares_of(cfg);
	struct buf text = { 0 };

	buf_printf(&text, "%s%" PRIu64 " %s%s: ", before[own(cfg)->how], cfg->workers,
		   own(cfg)->how == HOW_STATIC ? "share" : "worker", cfg->workers == 1 ? "" : "s");
	theory_time(&text, range.min_ns);
	if (own(cfg)->how == HOW_STEAL && range.max_ns > range.min_ns) {
		buf_puts(&text, " to ");
		theory_time(&text, range.max_ns);
	}
	if (own(cfg)->how == HOW_STATIC) {
		buf_puts(&text, ", evenly ");
		theory_time(&text, s.all_ns / cfg->workers);
	}
	theory_set(out, buf_str(&text), range);
	buf_release(&text);
}

/* ---- the run ---- */

/* Items [from, to) of the list; its owner takes from the front, a thief from the back. */
struct deque {
	struct lock lock;
	uint64_t from, to;
};

struct bench {
	const struct workload_cfg *cfg;
	struct deque *deques; /* one for each worker; of HOW_CENTRAL only the first has any */
};

static bool take(struct deque *d, bool front, uint32_t who, uint64_t *item)
{
	bool any;

	lock_take(&d->lock, who);
	any = d->from < d->to;
	if (any)
		*item = front ? d->from++ : --d->to;
	lock_give(&d->lock);
	return any;
}

/* The one with the most items left; a glance without its lock, so that it may be empty by now. */
static struct deque *fullest(const struct bench *b)
{
	struct deque *best = b->deques;
	uint64_t most = 0;

	for (uint64_t k = 0; k < b->cfg->workers; k++) {
		uint64_t to = __atomic_load_n(&b->deques[k].to, __ATOMIC_RELAXED);
		uint64_t from = __atomic_load_n(&b->deques[k].from, __ATOMIC_RELAXED);

		if (to > from && to - from > most) {
			most = to - from;
			best = &b->deques[k];
		}
	}
	return most ? best : NULL;
}

static bool next_item(const struct bench *b, uint32_t who, uint64_t *item, uint64_t *stolen)
{
	struct deque *victim;

	if (take(&b->deques[own(b->cfg)->how == HOW_CENTRAL ? 0 : who], true, who, item))
		return true;
	if (own(b->cfg)->how != HOW_STEAL)
		return false;
	while ((victim = fullest(b)))
		if (take(victim, false, who, item)) {
			(*stolen)++;
			return true;
		}
	return false;
}

static int pin(void *arg, uint32_t i)
{
	const struct bench *b = arg;
	struct err e = { 0 };

	return b->cfg->work_ns && workload_pin(workload_cpu(i), &e) < 0 ? workload_failed(&e) : 0;
}

static int worker(void *arg, uint32_t who)
{
	const struct bench *b = arg;
	uint64_t item, stolen = 0;

	while (next_item(b, who, &item, &stolen)) {
		schedviz_mark_start(item);
		if (b->cfg->work_ns)
			burn(item_ns(b->cfg, item));
		else
			workload_sleep(item_ns(b->cfg, item));
		schedviz_mark_finish(item);
	}
	schedviz_mark_instant(SAID_STOLEN, stolen);
	return 0;
}

static void share_out(struct bench *b)
{
	for (uint64_t k = 0; k < b->cfg->workers; k++) {
		lock_init(&b->deques[k].lock, LOCK_MUTEX, 1);
		b->deques[k].from = own(b->cfg)->how == HOW_CENTRAL ? 0 : share_from(b->cfg, k);
		b->deques[k].to = own(b->cfg)->how == HOW_CENTRAL ? (k ? 0 : b->cfg->tasks) : share_from(b->cfg, k + 1);
	}
}

static int steal_run(const struct workload_cfg *cfg)
{
	struct bench b = { .cfg = cfg };
	const struct team_cfg team = { .n = (uint32_t)cfg->workers,
				       .kind = cfg->kind,
				       .name = "worker%u",
				       .before = pin,
				       .fn = worker,
				       .arg = &b };
	struct team_span span;
	struct err e = { 0 };

	if (workload_enter("steal", cfg, &e) < 0)
		return workload_failed(&e);
	schedviz_mark_noun("item");
	workload_map_program();
	if (cfg->work_ns)
		burn_calibrate();
	b.deques = shared_alloc(cfg->workers * sizeof(*b.deques), &e);
	if (!b.deques)
		return workload_failed(&e);
	share_out(&b);
	if (team_run(&team, &span, &e) < 0)
		return workload_failed(&e);
	schedviz_mark_wall(span.from_ns, span.to_ns);
	shared_free(b.deques, cfg->workers * sizeof(*b.deques));
	workload_say("steal (%d) %" PRIu64 " workers did %" PRIu64 " items, %s: %.4f s", getpid(), cfg->workers,
		     cfg->tasks, how_names[own(cfg)->how], (double)(span.to_ns - span.from_ns) / 1e9);
	return 0;
}

/* ---- the check ---- */

struct done {
	uint64_t n;	      /* items done */
	uint64_t moved;	      /* by another than the one whose share they were in */
	uint64_t busy_to_ns;  /* the end of the last item */
	uint64_t first_to_ns; /* when the first worker had done its last */
};

static struct done done_of(const struct workload_cfg *cfg, const struct evidence *ev)
{
	uint64_t last[MAX_WORKERS] = { 0 };
	struct done d = { .first_to_ns = UINT64_MAX };
	size_t nr;
	const struct job *jobs = model_jobs(ev->model, &nr);

	for (size_t i = 0; i < nr; i++) {
		const struct evidence_task *t = evidence_task(ev, jobs[i].worker);
		unsigned k;

		if (!t || jobs[i].finished_ns == UINT64_MAX || sscanf(t->task->name, "worker%u", &k) != 1 ||
		    k >= cfg->workers)
			continue;
		d.n++;
		d.moved += jobs[i].id < cfg->tasks && owner_of(cfg, jobs[i].id) != k;
		last[k] = jobs[i].finished_ns > last[k] ? jobs[i].finished_ns : last[k];
		d.busy_to_ns = jobs[i].finished_ns > d.busy_to_ns ? jobs[i].finished_ns : d.busy_to_ns;
	}
	for (uint64_t k = 0; k < cfg->workers; k++)
		d.first_to_ns = last[k] < d.first_to_ns ? last[k] : d.first_to_ns;
	return d;
}

/* Idle at the end: from when the first worker had nothing left until the last item was done. */
static uint64_t tail_ns(const struct done *d)
{
	return d->n && d->first_to_ns ? d->busy_to_ns - d->first_to_ns : 0;
}

/* A thief comes when the first has nothing left while another has an item that it has not begun. */
static uint64_t least_moved(const struct workload_cfg *cfg)
{
	struct shares s = shares_of(cfg);

	return own(cfg)->how == HOW_STEAL && s.most_ns > s.least_ns + 2 * s.longest_item_ns ? 1 : 0;
}

static uint64_t lock_sleeps(const struct evidence *ev)
{
	task_set set = evidence_named(ev, "worker*");
	uint64_t n = 0;

	for (size_t i = 0; i < set.n; i++)
		n += evidence_sleeps(ev, set.v[i], "futex", ev->wall).n;
	vec_release(&set);
	return n;
}

static void steal_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	struct shares s = shares_of(cfg);
	struct done d = done_of(cfg, ev);
	uint64_t want_ns = s.most_ns - s.least_ns, slack_ns = report_slack_ns(s.most_ns);

	report_count(r, d.n, cfg->tasks, cfg->tasks, "items done");
	if (own(cfg)->how == HOW_STATIC)
		report_ns(r, tail_ns(&d), report_less(want_ns, slack_ns), want_ns + slack_ns,
			  "from the first worker's end to the last one's");
	else /* who is done first finds nothing that is not begun */
		report_ns(r, tail_ns(&d), 0, s.longest_item_ns + slack_ns,
			  "from the first worker's end to the last one's");
	if (own(cfg)->how == HOW_STATIC)
		report_count(r, d.moved, 0, 0, "items done by another than their owner");
	else if (own(cfg)->how == HOW_STEAL)
		report_count(r, d.moved, least_moved(cfg), cfg->tasks, "items done by another than their owner");
	report_count(r, evidence_said_sum(ev, SAID_STOLEN), own(cfg)->how == HOW_STEAL ? d.moved : 0,
		     own(cfg)->how == HOW_STEAL ? d.moved : 0, "items stolen, by the workers' own count");
	report_tell(r, UNIT_COUNT, lock_sleeps(ev), "sleeps of workers at a lock");
}

static void steal_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	static const char *const morals[] = {
		[HOW_STATIC] =
			"Equal numbers are not equal lengths, and nobody may help: the unluckiest worker sets the "
			"end. No lock was needed, though. Compare with --sched central and --sched steal.",
		[HOW_CENTRAL] =
			"One queue keeps all busy until it is empty, as in a pool; the price is one lock that all "
			"come to for every item, which is nothing for items this long and much for short ones. "
			"Compare with --sched steal.",
		[HOW_STEAL] =
			"Who had nothing left took from the back of the fullest share, and only then did two workers "
			"have to do with one lock. It is work that moved here, not tasks: no worker was migrated "
			"for it. Compare with --sched static and --sched central.",
	};
	struct done d = done_of(cfg, ev);

	buf_printf(out,
		   "%" PRIu64 " workers did %" PRIu64 " items, the longest first in the list. The first of them had "
		   "nothing left ",
		   cfg->workers, d.n);
	fmt_duration(out, tail_ns(&d), true);
	buf_puts(out, " before the last was done");
	if (own(cfg)->how != HOW_CENTRAL)
		buf_printf(out, "; %" PRIu64 " item%s done by another worker than the one in whose share it was",
			   d.moved, d.moved == 1 ? " was" : "s were");
	buf_printf(out, ". %s", morals[own(cfg)->how]);
}

const struct workload workload_steal = {
	.name = "steal",
	.group = GROUP_POOLS,
	.summary = "unequal items: fixed shares, one queue, or stealing",
	.lesson = "Twelve items, the first ones long, the last ones short, and four workers. If each keeps the three "
		  "that "
		  "it was given, the first worker is busy long after the last one has gone home. If all take from one "
		  "queue, or whoever is done steals from the others, they end almost together. It is the work that "
		  "moves from worker to worker, not the worker from CPU to CPU.",
	.theory = "static: the largest of the shares' sums. central: list scheduling, each item to whoever is free "
		  "first. "
		  "steal: nobody is idle while an item waits, so all / w <= makespan <= all / w + longest x (1 - 1/w).",
	.look = "The right end: lanes that end together, or a staircase. The names of the items: 0 to 2 are worker0's "
		"own, 3 to 5 worker1's, and so on.",
	.example = "schedviz run steal --sched static",
	.opts = steal_opts,
	.cfg_size = sizeof(struct steal_cfg),
	.quick_permille = 300,
	.defaults = steal_defaults,
	.prepare = steal_prepare,
	.predict = steal_predict,
	.run = steal_run,
	.check = steal_check,
	.explain = steal_explain,
};
