/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rooms.c - the workload `rooms`: visitors, a room that has few keys, and who gets in when.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/schedviz_mark.h"
#include "base/vec.h"
#include "workloads/burn.h"
#include "workloads/lock.h"
#include "workloads/team.h"
#include "workloads/theory.h"
#include "workloads/workload.h"

/* With --relock: how long the key is kept each time. Not scaled: it is what a hand-over is short beside. */
#define HOLD_NS NSEC_PER_MSEC
/* All must have fallen asleep at the door before the first comes out. */
#define MIN_STAY_NS (2 * NSEC_PER_MSEC)

/* The key moves to another CPU when its holder is preempted between giving it back and taking it again: now and then.
 */
#define JAIN_SLACK 1.4
#define PART_VISITS 5 /* for each visitor, in a part of the run */

struct rooms_cfg {
	struct workload_cfg c; /* workers: visitors; sleep_ns: a stay */
	uint64_t keys, length_ns;
	int lock;
	bool relock;
};

static const char *const locks[] = { "mutex", "sem", "ticket", "handoff", NULL };

static const struct opt rooms_opts[] = {
	OPT_U64('n', "visitors", struct rooms_cfg, c.workers, 1, LOCK_MAX_USERS, "N", "visitors, all come at once (4)"),
	OPT_U64('k', "keys", struct rooms_cfg, keys, 1, LOCK_MAX_USERS, "N", "how many may be inside (1)"),
	OPT_DURATION(0, "sleep", struct rooms_cfg, c.sleep_ns, MIN_STAY_NS, WORKLOAD_MAX_NS,
		     "how long each stays inside, asleep (100ms)"),
	OPT_CHOICE(0, "lock", struct rooms_cfg, lock, locks, "LOCK",
		   "mutex, sem, ticket, handoff: see above (mutex; with several keys sem)"),
	OPT_FLAG(0, "relock", struct rooms_cfg, relock,
		 "come back at once, again and again, for 1 ms of CPU time each"),
	OPT_DURATION(0, "length", struct rooms_cfg, length_ns, 10 * NSEC_PER_MSEC, WORKLOAD_MAX_NS,
		     "how long they do so (500ms)"),
	WORKLOAD_KIND_OPTS(struct rooms_cfg, c, "visitors are processes (the default)", "visitors are threads"),
	WORKLOAD_SEED_OPT(struct rooms_cfg, c),
	WORKLOAD_OPTS(struct rooms_cfg, c),
	OPT_END
};

static const struct rooms_cfg *own(const struct workload_cfg *cfg)
{
	return (const struct rooms_cfg *)cfg;
}

static void rooms_defaults(struct workload_cfg *cfg)
{
	*(struct rooms_cfg *)cfg = (struct rooms_cfg){
		.c = { .repeat = 1, .workers = 4, .sleep_ns = 100 * NSEC_PER_MSEC },
		.keys = 1,
		.length_ns = 500 * NSEC_PER_MSEC,
		.lock = -1,
	};
}

static int rooms_prepare(struct workload_cfg *cfg, struct err *e)
{
	struct rooms_cfg *v = (struct rooms_cfg *)cfg;

	v->length_ns = workload_scaled(cfg, v->length_ns);
	if (v->lock < 0)
		v->lock = v->keys > 1 ? LOCK_SEM : LOCK_MUTEX;
	if (v->lock == LOCK_MUTEX && v->keys > 1)
		return err_set(e, -EINVAL, "a mutex has one key - use --lock sem, ticket or handoff for more");
	if (v->relock && (v->keys > 1 || cfg->workers == 1))
		return err_set(e, -EINVAL, "--relock is about one key and several who want it");
	if (!v->relock && cfg->sleep_ns < MIN_STAY_NS)
		return err_set(e, -EINVAL, "stays that short do not show who waits - raise --sleep or --scale");
	return 0;
}

/* ---- theory ---- */

static bool has_queue(const struct rooms_cfg *v)
{
	return v->lock == LOCK_TICKET || v->lock == LOCK_HANDOFF;
}

/*
 * Without a queue who gives the key back is on a CPU, and who is woken elsewhere is not yet: the key is gone when it is
 * there. But who is woken on the same CPU preempts the other at once and finds the key. So those who share a CPU keep
 * it among themselves: so many of all, at most.
 */
static double neighbours(const struct rooms_cfg *v)
{
	return (double)((v->c.workers + v->c.nr_cpus - 1) / v->c.nr_cpus);
}

static bool rooms_cannot(const struct workload_cfg *cfg, struct buf *why)
{
	const struct rooms_cfg *v = own(cfg);

	if (!v->relock || has_queue(v) || cfg->nr_cpus > 1)
		return false;
	buf_puts(why, "with one CPU whoever is woken preempts the one who woke it, which makes even a mutex fair");
	return true;
}

/* Stays of lengths that differ, in any order: one key is never idle; of several the last stay may begin late. */
static struct theory_range any_order(const struct rooms_cfg *v)
{
	uint64_t all_ns = 0, longest_ns = 0;

	for (uint64_t i = 0; i < v->c.workers; i++) {
		uint64_t ns = workload_vary(v->c.sleep_ns, v->c.seed, i);

		all_ns += ns;
		longest_ns = ns > longest_ns ? ns : longest_ns;
	}
	return (struct theory_range){
		.min_ns = all_ns / v->keys > longest_ns ? all_ns / v->keys : longest_ns,
		.max_ns = (all_ns - longest_ns) / v->keys + longest_ns,
	};
}

static void rooms_predict(const struct workload_cfg *cfg, struct facts *out)
{
	const struct rooms_cfg *v = own(cfg);
	uint64_t rounds = (cfg->workers + v->keys - 1) / v->keys, ns = rounds * cfg->sleep_ns;
	struct theory_range range = any_order(v);
	struct buf text = { 0 };

	if (v->relock) {
		if (has_queue(v))
			buf_puts(&text, "all in turn: Jain's index of their visits is 1");
		else
			buf_printf(&text, "no queue: one CPU's %.0f of %" PRIu64 " keep the key, Jain's index %.2f",
				   neighbours(v), cfg->workers, neighbours(v) / (double)cfg->workers);
		facts_set(out, "theory.text", buf_str(&text));
	} else if (cfg->seed) {
		buf_printf(&text, "%" PRIu64 " stays of lengths that differ, %" PRIu64 " key%s: ", cfg->workers,
			   v->keys, v->keys == 1 ? "" : "s");
		theory_time(&text, range.min_ns);
		if (range.max_ns > range.min_ns) {
			buf_puts(&text, " to ");
			theory_time(&text, range.max_ns);
		}
		theory_set(out, buf_str(&text), range);
	} else {
		buf_printf(&text, "ceil(%" PRIu64 "/%" PRIu64 ") x ", cfg->workers, v->keys);
		theory_time(&text, cfg->sleep_ns);
		buf_puts(&text, " = ");
		theory_time(&text, ns);
		theory_set(out, buf_str(&text), (struct theory_range){ ns, ns });
	}
	buf_release(&text);
}

/* ---- the run ---- */

struct house {
	struct lock lock;
	uint32_t cpu[LOCK_MAX_USERS];
	uint64_t visits[LOCK_MAX_USERS];
	const struct rooms_cfg *cfg; /* the same in every process, which are copies */
};

static void visit(struct house *h, uint32_t i)
{
	uint64_t job = h->visits[i]++ * h->cfg->c.workers + i;

	schedviz_mark_submit(job);
	lock_take(&h->lock, i);
	schedviz_mark_start(job);
	if (h->cfg->relock)
		burn_until(schedviz_mark_now() + HOLD_NS);
	else
		workload_sleep(workload_vary(h->cfg->c.sleep_ns, h->cfg->c.seed, i));
	schedviz_mark_finish(job);
	lock_give(&h->lock);
}

/* With --relock each has its CPU, so that it is known who shares one with whom. */
static int visitor_before(void *arg, uint32_t i)
{
	const struct house *h = arg;
	struct err e = { 0 };

	return h->cfg->relock && workload_pin(h->cpu[i], &e) < 0 ? workload_failed(&e) : 0;
}

static int visitor(void *arg, uint32_t i)
{
	struct house *h = arg;

	do {
		visit(h, i);
	} while (h->cfg->relock && schedviz_mark_now() < team_began_ns() + h->cfg->length_ns);
	schedviz_mark_instant(i, h->visits[i]);
	return 0;
}

static int house_run(struct house *h, struct err *e)
{
	const struct team_cfg team = {
		.n = (uint32_t)h->cfg->c.workers,
		.kind = h->cfg->c.kind,
		.name = "visitor%u",
		.before = visitor_before,
		.fn = visitor,
		.arg = h,
	};
	struct team_span span;
	int ret = team_run(&team, &span, e);

	if (ret < 0)
		return ret;
	schedviz_mark_wall(span.from_ns, span.to_ns);
	for (uint32_t i = 0; i < team.n; i++)
		workload_say("rooms (%d) visitor%u was inside %" PRIu64 " time%s", getpid(), i, h->visits[i],
			     h->visits[i] == 1 ? "" : "s");
	return 0;
}

static int rooms_run(const struct workload_cfg *cfg)
{
	struct err e = { 0 };
	struct house *h;
	int ret;

	if (workload_enter("rooms", cfg, &e) < 0)
		return workload_failed(&e);
	schedviz_mark_noun("visit");
	workload_map_program();
	burn_calibrate();
	h = shared_alloc(sizeof(*h), &e);
	if (!h)
		return workload_failed(&e);
	h->cfg = own(cfg);
	for (uint32_t i = 0; i < LOCK_MAX_USERS; i++)
		h->cpu[i] = workload_cpu(i);
	lock_init(&h->lock, h->cfg->lock, (uint32_t)h->cfg->keys);
	ret = house_run(h, &e);
	shared_free(h, sizeof(*h));
	return ret < 0 ? workload_failed(&e) : 0;
}

/* ---- the check ---- */

struct visit {
	uint64_t at_ns, visitor;
};

struct visits {
	VEC(struct visit) all; /* in the order in which they began */
	uint64_t most;	       /* of one visitor */
	double jain;	       /* 1: all have the same; 1/n: one has all. The median of parts of the run */
};

static int by_time(const void *a, const void *b)
{
	const struct visit *x = a, *y = b;

	return x->at_ns < y->at_ns ? -1 : x->at_ns > y->at_ns;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double jain_of(const struct visit *v, size_t nr, uint64_t visitors)
{
	uint64_t counts[LOCK_MAX_USERS] = { 0 };
	double squares = 0;

	for (size_t i = 0; i < nr; i++)
		counts[v[i].visitor]++;
	for (uint64_t i = 0; i < visitors; i++)
		squares += (double)counts[i] * (double)counts[i];
	return (double)nr * (double)nr / ((double)visitors * squares);
}

/*
 * In parts of some visits each: the key may be on one CPU for the first half of a run and on another for the second,
 * and the whole would look fair.
 */
static double median_jain(const struct visits *s, uint64_t visitors)
{
	size_t part = PART_VISITS * visitors, n = 0;
	double *parts, median;

	if (!s->all.n)
		return 0;
	parts = xcalloc(s->all.n / part + 1, sizeof(*parts));
	for (size_t at = 0; at + part <= s->all.n; at += part)
		parts[n++] = jain_of(s->all.v + at, part, visitors);
	qsort(parts, n, sizeof(*parts), by_size);
	median = n ? parts[n / 2] : jain_of(s->all.v, s->all.n, visitors);
	free(parts);
	return median;
}

/* Release with vec_release(&s.all). */
static struct visits visits_of(const struct rooms_cfg *v, const struct evidence *ev)
{
	struct visits s = { 0 };
	size_t nr;
	const struct job *jobs = model_jobs(ev->model, &nr);

	for (size_t i = 0; i < nr; i++)
		if (jobs[i].started_ns != UINT64_MAX)
			*vec_push(&s.all) = (struct visit){ jobs[i].started_ns, jobs[i].id % v->c.workers };
	if (s.all.n)
		qsort(s.all.v, s.all.n, sizeof(*s.all.v), by_time);
	for (uint64_t i = 0; i < v->c.workers; i++) {
		uint64_t n = 0;

		evidence_said(ev, i, &n);
		s.most = n > s.most ? n : s.most;
	}
	s.jain = median_jain(&s, v->c.workers);
	return s;
}

static uint64_t hand_overs(const struct evidence *ev)
{
	return evidence_edges(ev, "visitor*", "visitor*", "futex", ev->wall);
}

static void check_relock(const struct rooms_cfg *v, const struct evidence *ev, struct report *r)
{
	struct visits s = visits_of(v, ev);
	double share = neighbours(v) / (double)v->c.workers;

	if (has_queue(v)) {
		/* who is preempted between giving back and queueing up again is late now and then: 4 and 6 of 20 */
		report_ratio(r, (uint64_t)(s.jain * 1e6), 1000000, 0.95, 1.0,
			     "median of Jain's index, of parts of the run");
	} else {
		report_ratio(r, (uint64_t)(s.jain * 1e6), 1000000, 0, JAIN_SLACK * share,
			     "median of Jain's index, of parts of the run");
	}
	report_tell(r, UNIT_COUNT, s.all.n, "visits");
	report_tell(r, UNIT_COUNT, s.most, "visits of the one who had most");
	report_tell(r, UNIT_COUNT, hand_overs(ev), "wake-ups among visitors");
	vec_release(&s.all);
}

/* Visitor i waits for i / k others, one after the other. */
static void check_stays(const struct rooms_cfg *v, const struct evidence *ev, struct report *r)
{
	uint64_t n = v->c.workers, k = v->keys < n ? v->keys : n, stays = 0, slept_ns = 0, want_ns, slack_ns;
	task_set all = evidence_named(ev, "visitor*");

	for (size_t i = 0; i < all.n; i++)
		slept_ns += evidence_sleeps(ev, all.v[i], "futex", ev->wall).ns;
	vec_release(&all);
	for (uint64_t i = 0; i < n; i++)
		stays += i / k;
	want_ns = stays * v->c.sleep_ns;
	slack_ns = n * report_slack_ns(want_ns / n); /* NOLINT(clang-analyzer-core.DivideZero): there are visitors */
	if (!v->c.seed)
		report_ns(r, slept_ns, want_ns > slack_ns ? want_ns - slack_ns : 0, want_ns + slack_ns,
			  "asleep at the door, all together");
	if (v->lock == LOCK_TICKET)
		report_count(r, hand_overs(ev), stays ? n - k : 0, n * (n - 1) / 2,
			     "wake-ups among visitors: all who wait");
	else
		report_count(r, hand_overs(ev), n - k, n - k, "wake-ups among visitors: one for each who waited");
}

static void rooms_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	if (own(cfg)->relock)
		check_relock(own(cfg), ev, r);
	else
		check_stays(own(cfg), ev, r);
}

static const char *const stories[] = {
	[LOCK_MUTEX] = "A mutex is no queue: giving it back wakes one, but the key lies there for whoever is first",
	[LOCK_SEM] = "A semaphore counts keys and is no queue: giving one back wakes one, but the key lies there for "
		     "whoever is first",
	[LOCK_TICKET] = "Tickets are served in the order in which they were drawn; giving the key back wakes everybody "
			"who waits, since nobody knows who is next, and all but one lie down again",
	[LOCK_HANDOFF] = "The key is never free while somebody waits: it is handed to the first in the queue, who is "
			 "the only one to be woken",
};

static void rooms_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	const struct rooms_cfg *v = own(cfg);
	struct visits s = visits_of(v, ev);
	uint64_t woken = hand_overs(ev);

	if (!v->relock) {
		buf_printf(
			out,
			"%" PRIu64 " visitors came at once to a room with %" PRIu64
			" key%s. Who did not get in slept in futex and used no CPU until a visitor came out and woke "
			"it, %" PRIu64 " wake-ups in all. %s. Who came first is not always who gets in first: "
			"see --relock.",
			cfg->workers, v->keys, v->keys == 1 ? "" : "s", woken, stories[v->lock]);
		return;
	}
	buf_printf(out, "There were %" PRIu64 " visits; the one who had most had %" PRIu64 ". %s", (uint64_t)s.all.n,
		   s.most, stories[v->lock]);
	buf_printf(out,
		   has_queue(v)
			   ? ". So each got in as often as any other; the price is a switch to another task at "
			     "each visit, %" PRIu64 " wake-ups in all."
			   : ", and that is the one who is on a CPU already and wants it again, not the one who has "
			     "yet to wake up. The others were woken in vain, %" PRIu64
			     " wake-ups in all: first come, first served is no property of a lock unless it keeps a "
			     "queue. Compare with --lock ticket.",
		   woken);
	vec_release(&s.all);
}

const struct workload workload_rooms = {
	.name = "rooms",
	.group = GROUP_LOCKS,
	.summary = "few keys, many visitors: a lock is not always a queue",
	.lesson = "A mutex is a room with one key, a semaphore a kitchen with several. Four visitors come at once, "
		  "each stays "
		  "100 ms; who finds no key sleeps at the door, and who comes out wakes the next. With --relock each "
		  "has its "
		  "CPU and comes back at once, again and again, and you see that neither is a queue: the one who just "
		  "gave "
		  "the key back takes it again before one that it woke on another CPU is there. Only who shares its "
		  "CPU gets "
		  "in, by preempting it. A ticket lock serves all in order but wakes everybody; a handoff lock keeps a "
		  "queue "
		  "and wakes only the next.",
	.theory = "ceil(v/k) x S for v visitors and k keys. With --relock Jain's index of their visits, (sum x)^2 / (v "
		  "x sum "
		  "of x^2), in short parts of the run, is 1 when all have the same and 1/v when one has all: about 1/m "
		  "with "
		  "m CPUs for mutex and sem, 1 for ticket and handoff.",
	.look = "A staircase of visits; each begins where one ends. With --relock the lanes of one CPU are full while "
		"the "
		"others are woken and lie down again; with --lock ticket all lanes are alike.",
	.example = "schedviz run rooms --visitors 7 --keys 3",
	.opts = rooms_opts,
	.cfg_size = sizeof(struct rooms_cfg),
	.quick_permille = 250,
	.defaults = rooms_defaults,
	.prepare = rooms_prepare,
	.cannot = rooms_cannot,
	.predict = rooms_predict,
	.run = rooms_run,
	.check = rooms_check,
	.explain = rooms_explain,
};
