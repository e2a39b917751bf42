/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * interactive.c - the workload `interactive`: how soon a task that wakes up every 2 ms gets a CPU that hogs want too.
 */
#define _GNU_SOURCE /* SCHED_IDLE */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "base/schedviz_mark.h"
#include "workloads/burn.h"
#include "workloads/hogs.h"
#include "workloads/team.h"
#include "workloads/workload.h"

#define MAX_HOGS 100

struct interactive_cfg {
	struct workload_cfg c; /* its policy, nice and slice are those of the task that wakes up */
	uint64_t hogs, period_ns, burst_ns, length_ns;
	const char *hog_policy, *hog_nice;
	struct sched_choice hog; /* from interactive_prepare() */
};

static const struct opt interactive_opts[] = {
	OPT_U64(0, "hogs", struct interactive_cfg, hogs, 0, MAX_HOGS, "N", "tasks that compute beside it (3)"),
	OPT_DURATION(0, "period", struct interactive_cfg, period_ns, 100 * NSEC_PER_USEC, NSEC_PER_SEC,
		     "how often it wakes up (2ms)"),
	OPT_DURATION(0, "work", struct interactive_cfg, burst_ns, 0, NSEC_PER_SEC,
		     "CPU time it uses each time (100us)"),
	OPT_DURATION(0, "length", struct interactive_cfg, length_ns, NSEC_PER_MSEC, WORKLOAD_MAX_NS,
		     "how long this goes on (2s)"),
	OPT_STRING(0, "hog-policy", struct interactive_cfg, hog_policy, "POLICY",
		   "schedule the hogs as other, batch or idle"),
	OPT_STRING(0, "hog-nice", struct interactive_cfg, hog_nice, "N", "give the hogs this nice value"),
	WORKLOAD_KIND_OPTS(struct interactive_cfg, c, "they are processes (the default)", "they are threads"),
	WORKLOAD_OPTS(struct interactive_cfg, c),
	OPT_END
};

static const struct interactive_cfg *own(const struct workload_cfg *cfg)
{
	return (const struct interactive_cfg *)cfg;
}

static void interactive_defaults(struct workload_cfg *cfg)
{
	struct interactive_cfg *p = (struct interactive_cfg *)cfg;

	*p = (struct interactive_cfg){
		.c = { .repeat = 1 },
		.hogs = 3,
		.period_ns = 2 * NSEC_PER_MSEC,
		.burst_ns = 100 * NSEC_PER_USEC,
		.length_ns = 2 * NSEC_PER_SEC,
	};
}

/* --scale and --quick make it shorter; period and work stay: they are what it is about. */
static int interactive_prepare(struct workload_cfg *cfg, struct err *e)
{
	struct interactive_cfg *p = (struct interactive_cfg *)cfg;
	int ret = sched_parse(&p->hog, p->hog_policy, p->hog_nice, 0, e);

	if (ret < 0)
		return ret;
	if (sched_is_realtime(&p->hog) || p->hog.runtime_ns)
		return err_set(e, -EINVAL, "--hog-policy '%s' would never let it run - give other, batch or idle",
			       p->hog_policy);
	p->length_ns = workload_scaled(cfg, p->length_ns);
	if (p->burst_ns > p->period_ns / 2)
		return err_set(e, -EINVAL, "--work is more than half of --period - then it is a hog itself");
	return hogs_may(cfg, 0, e);
}

static bool interactive_needs_root(const struct workload_cfg *cfg)
{
	return sched_needs_root(&own(cfg)->hog);
}

static bool interactive_cannot(const struct workload_cfg *cfg, struct buf *why)
{
	if (!cfg->slice_ns || sched_slice_ns())
		return false;
	buf_puts(why, "this kernel takes no requests for slices (Linux 6.12 and later do)");
	return true;
}

/* ---- theory ---- */

/* How it stands to the hogs: the first that is true. */
enum standing { ALONE, REAL_TIME, ABOVE_IDLE, HEAVIER, LIGHTER, SHORTER, CROWDED, EQUAL, NR_STANDINGS };

#define MUCH_HEAVIER 4 /* times a hog's weight: from there on it was served at once 95 times of 100 */
#define A_CROWD 3      /* hogs of equal weight, from which on it was late more often than once in 100 */

static uint32_t weight_of(const struct sched_choice *c)
{
	return c->set && c->policy == SCHED_IDLE ? SCHED_IDLE_WEIGHT : sched_weight(c->nice);
}

static enum standing standing_of(const struct interactive_cfg *p)
{
	uint32_t weight = weight_of(&p->c.sched), hog = weight_of(&p->hog);

	if (!p->hogs)
		return ALONE;
	if (sched_is_realtime(&p->c.sched))
		return REAL_TIME;
	if (hog == SCHED_IDLE_WEIGHT && weight > hog)
		return ABOVE_IDLE;
	if (weight >= MUCH_HEAVIER * hog)
		return HEAVIER;
	if (weight < hog)
		return LIGHTER;
	if (p->c.slice_ns)
		return SHORTER;
	return p->hogs >= A_CROWD ? CROWDED : EQUAL;
}

/*
 * Delays from waking to running. At once is 3 to 30 us here, and allowed half a millisecond, for interrupts and what
 * the kernel does in their wake; of the fair ones that go first only 95 of 100, as they pay for what they had too much.
 * Whoever must wait does so until a tick, at worst for a turn of every hog.
 *
 * Measured in ms, p95/p99: equal beside 3 hogs 2.6-4.2/4.1-5.4, beside 8 3.2-4.3/3.7-9.4, beside 1 0.01/0.03; nice -10
 * 0.01-0.07/0.02-3.8; slice 100 us 0.01-3.5/0.01-3.6; idle hogs 0.01-0.07/0.02-0.12; fifo 0.01-0.02/0.01-0.03.
 */
#define AT_ONCE_NS (500 * NSEC_PER_USEC)
#define SOON_NS NSEC_PER_MSEC

static const struct {
	const char *theory;
	unsigned permille;	 /* the percentile that is held */
	uint64_t min_ns, max_ns; /* 0: none */
	unsigned turns;		 /* and so many ticks, for each hog if true of turns_each */
	bool turns_each;
} standings[NR_STANDINGS] = {
	[ALONE] = { "nobody is in its way: it runs at once", 990, 0, AT_ONCE_NS, 0, false },
	[REAL_TIME] = { "real time goes first: it runs at once", 990, 0, AT_ONCE_NS, 0, false },
	[ABOVE_IDLE] = { "SCHED_IDLE gives way: it runs at once, nearly always", 950, 0, SOON_NS, 0, false },
	[HEAVIER] = { "weight gives right of way: it runs at once, nearly always", 950, 0, SOON_NS, 0, false },
	[LIGHTER] = { "it weighs less than a hog: 1 of 20 wake-ups waits for a tick or more", 950, SOON_NS, 0, 0,
		      false },
	[SHORTER] = { "a short slice gives right of way: at once, or at the next tick", 950, 0, SOON_NS, 1, false },
	[CROWDED] = { "at once while it is owed time, else at a tick: 1 of 100 above 1 ms", 990, SOON_NS, SOON_NS, 1,
		      true },
	[EQUAL] = { "at once while it is owed time, else at a tick", 990, 0, SOON_NS, 2, true },
};

static void interactive_predict(const struct workload_cfg *cfg, struct facts *out)
{
	facts_set(out, "theory.text", standings[standing_of(own(cfg))].theory);
}

/* ---- the run ---- */

struct scene {
	const struct interactive_cfg *cfg;
	uint32_t cpu;
};

/* Member 0 wakes up, the others are hogs. Policy before affinity, as a real-time task may own the CPU. */
static int member_before(void *arg, uint32_t i)
{
	const struct scene *s = arg;
	struct err e = { 0 };
	char name[16];

	snprintf(name, sizeof(name), i ? "hog%u" : "waker", i - 1);
	prctl(PR_SET_NAME, name);
	if (sched_apply(i ? &s->cfg->hog : &s->cfg->c.sched, 0, &e) < 0 || workload_pin(s->cpu, &e) < 0)
		return workload_failed(&e);
	return 0;
}

/* On time again after a wake-up that came late, not one after the other. */
static void wake_up_often(const struct interactive_cfg *p, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t next_ns = from_ns, now_ns;

	for (now_ns = from_ns; now_ns < to_ns; now_ns = schedviz_mark_now()) {
		burn(p->burst_ns);
		now_ns = schedviz_mark_now();
		while (next_ns <= now_ns)
			next_ns += p->period_ns;
		workload_sleep_until(next_ns);
	}
}

static int member_main(void *arg, uint32_t i)
{
	const struct scene *s = arg;
	uint64_t from_ns = team_began_ns(), to_ns = from_ns + s->cfg->length_ns;

	if (i)
		burn_until(to_ns);
	else
		wake_up_often(s->cfg, from_ns, to_ns);
	return 0;
}

static int interactive_run(const struct workload_cfg *cfg)
{
	struct workload_cfg plain = *cfg; /* the policy is one member's, not everybody's */
	struct scene scene = { .cfg = own(cfg) };
	const struct team_cfg team = {
		.n = (uint32_t)scene.cfg->hogs + 1,
		.kind = cfg->kind,
		.name = "task%u",
		.before = member_before,
		.fn = member_main,
		.arg = &scene,
	};
	struct err e = { 0 };
	struct team_span span;

	plain.sched.set = false;
	if (workload_enter("interactive", &plain, &e) < 0)
		return workload_failed(&e);
	scene.cpu = workload_cpu(0);
	burn_calibrate();
	schedviz_mark_instant(HOGS_SAID_TICK, hogs_tick_here_ns());
	if (team_run(&team, &span, &e) < 0)
		return workload_failed(&e);
	schedviz_mark_wall(span.from_ns, span.from_ns + scene.cfg->length_ns);
	workload_say("interactive (%d) one task woke up every %.1f ms beside %" PRIu64 " hogs on CPU %u", getpid(),
		     (double)scene.cfg->period_ns / 1e6, scene.cfg->hogs, scene.cpu);
	return 0;
}

/* ---- the check ---- */

static struct hist delays_of(const struct evidence *ev)
{
	struct hist delays = { 0 };

	evidence_latencies(ev, evidence_one(ev, "waker"), ev->wall, &delays);
	return delays;
}

static uint64_t most_ns(const struct interactive_cfg *p, const struct evidence *ev, enum standing at)
{
	uint64_t turns = standings[at].turns * (standings[at].turns_each ? p->hogs : 1);

	return standings[at].max_ns ? standings[at].max_ns + turns * hogs_tick_ns(ev) : REPORT_ANY;
}

static void interactive_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	const struct interactive_cfg *p = own(cfg);
	enum standing at = standing_of(p);
	struct hist delays = delays_of(ev);

	report_ns(r, hist_percentile(&delays, standings[at].permille), standings[at].min_ns, most_ns(p, ev, at),
		  "delay of its wake-ups, %uth percentile", standings[at].permille / 10);
	report_tell(r, UNIT_NS, hist_percentile(&delays, 500), "50th percentile");
	if (standings[at].permille != 950)
		report_tell(r, UNIT_NS, hist_percentile(&delays, 950), "95th percentile");
	if (standings[at].permille != 990)
		report_tell(r, UNIT_NS, hist_percentile(&delays, 990), "99th percentile");
	report_tell(r, UNIT_NS, delays.max_ns, "the longest");
	/* whoever is late skips the instants it missed: how often it could wake up says how late it was */
	report_count(r, delays.n, 10, p->length_ns / p->period_ns + 1, "wake-ups");
	hist_release(&delays);
}

static void explain_delays(const struct interactive_cfg *p, const struct evidence *ev, struct buf *out)
{
	struct hist delays = delays_of(ev);

	buf_puts(out, "waker sleeps, and wants a CPU every ");
	fmt_duration(out, p->period_ns, true);
	buf_printf(out, "; %" PRIu64 " hogs want it always. Of %" PRIu64 " wake-ups half ran within ", p->hogs,
		   delays.n);
	fmt_duration(out, hist_percentile(&delays, 500), true);
	buf_puts(out, ", 95 of 100 within ");
	fmt_duration(out, hist_percentile(&delays, 950), true);
	buf_puts(out, ", 99 within ");
	fmt_duration(out, hist_percentile(&delays, 990), true);
	buf_puts(out, ", and one took ");
	fmt_duration(out, delays.max_ns, true);
	buf_puts(out, ". ");
	hist_release(&delays);
}

static const char *const reasons[NR_STANDINGS] = {
	[ALONE] = "That is what waking up costs: an interrupt and a switch. Add hogs to see what waiting costs.",
	[REAL_TIME] = "Real time does not wait for its turn: its wake-up ends the hog's, and the hogs pay with nothing "
		      "but the time it really uses.",
	[ABOVE_IDLE] = "Whoever wakes up ends the turn of a SCHED_IDLE task, so hogs that are in no hurry cost the "
		       "others next to nothing.",
	[HEAVIER] = "A heavier task is soon owed time again: what it uses counts less, so its wake-up nearly always "
		    "ends the hog's turn.",
	[LIGHTER] =
		"A light task pays much for what it uses and must let the others catch up: being nice costs latency "
		"before it costs throughput.",
	[SHORTER] = "Who asks for a short slice has an early deadline and may end a hog's turn while it is owed time; "
		    "its share is no larger for it.",
	[CROWDED] =
		"A sleeper that is owed time ends the hog's turn at once; one that had its share already waits like "
		"everybody else, and turns end at ticks. The average hides it: the last percent is what a user feels.",
	[EQUAL] = "A sleeper that is owed time ends the hog's turn at once, and beside few hogs its share is large "
		  "enough "
		  "that it nearly always is. Add hogs.",
};

static void interactive_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	explain_delays(own(cfg), ev, out);
	buf_puts(out, reasons[standing_of(own(cfg))]);
}

const struct workload workload_interactive = {
	.name = "interactive",
	.group = GROUP_POLICIES,
	.summary = "sleepers get on fast, until they must wait for a tick",
	.lesson =
		"A task wakes up every 2 ms, does a little, and sleeps: a keyboard, a sound card, a game. Three hogs "
		"compute on the same CPU. Most of its wake-ups get the CPU at once, in microseconds, because a sleeper "
		"is owed time; but some come when it has had its share, and those wait until a tick ends somebody's "
		"turn: milliseconds. Throughput is the same, yet this is what one feels.\n\n"
		"Buy the latency back and see what each way costs the hogs: --nice -10, --slice 100us, --hog-policy "
		"idle, --policy fifo:10. Try --hogs 0, 1 and 8, too.",
	.theory = "Delay from waking to running. Real time, and whoever is alone or among SCHED_IDLE: at once. Equal "
		  "weight: at once while its lag is not negative (it had less than its share), else after turns of the "
		  "hogs, each a slice up to the next tick.",
	.look = "Zoom in, schedviz show --window 1s..1.1s: strokes of waker every 2 ms, and before some of them a "
		"stretch where it waits.",
	.example = "schedviz run interactive --hog-policy idle",
	.opts = interactive_opts,
	.cfg_size = sizeof(struct interactive_cfg),
	.quick_permille = 300,
	.defaults = interactive_defaults,
	.prepare = interactive_prepare,
	.needs_root = interactive_needs_root,
	.cannot = interactive_cannot,
	.predict = interactive_predict,
	.run = interactive_run,
	.check = interactive_check,
	.explain = interactive_explain,
};
