/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * slice.c - the workload `slice`: tasks of equal weight that ask for time slices of different lengths.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>
#include "workloads/hogs.h"
#include "workloads/theory.h"
#include "workloads/workload.h"

#define SHARE_SLACK 0.03 /* of others' wake-ups, whose time one of the two pays; measured up to 0.015 */

struct slice_cfg {
	struct workload_cfg c;
	const char *values; /* "3ms,30ms" */
	uint64_t length_ns;
	uint32_t nr; /* from slice_prepare() */
	uint64_t slice_ns[HOGS_MAX];
};

static const struct opt slice_opts[] = { OPT_STRING(0, "slice", struct slice_cfg, values, "LIST",
						    "a round of two tasks for each of these slices (3ms,30ms)"),
					 OPT_DURATION(0, "length", struct slice_cfg, length_ns, NSEC_PER_MSEC,
						      WORKLOAD_MAX_NS, "how long a round lasts (1s)"),
					 WORKLOAD_KIND_OPTS(struct slice_cfg, c, "they are processes (the default)",
							    "they are threads"),
					 WORKLOAD_RUN_OPTS(struct slice_cfg, c), OPT_END };

static const struct slice_cfg *own(const struct workload_cfg *cfg)
{
	return (const struct slice_cfg *)cfg;
}

static void slice_defaults(struct workload_cfg *cfg)
{
	struct slice_cfg *s = (struct slice_cfg *)cfg;

	*s = (struct slice_cfg){ .c = { .repeat = 1 }, .values = "3ms,30ms", .length_ns = NSEC_PER_SEC };
}

static int take_slice(void *ctx, uint32_t i, const char *word, struct err *e)
{
	struct slice_cfg *s = ctx;

	if (parse_duration(word, &s->slice_ns[i], NULL) < 0 || s->slice_ns[i] < SCHED_SLICE_MIN_NS ||
	    s->slice_ns[i] > SCHED_SLICE_MAX_NS)
		return err_set(e, -EINVAL, "'%s' of --slice is not a slice from 100us to 100ms - as 3ms,30ms", word);
	for (uint32_t k = 0; k < i; k++) /* tasks are named after their slices */
		if (s->slice_ns[k] == s->slice_ns[i])
			return err_set(e, -EINVAL, "--slice '%s' has '%s' twice - a round has two tasks already",
				       s->values, word);
	return 0;
}

static int slice_prepare(struct workload_cfg *cfg, struct err *e)
{
	struct slice_cfg *s = (struct slice_cfg *)cfg;
	int n = hogs_list(s->values, "slice", take_slice, s, e);

	if (n < 0)
		return n;
	s->length_ns = workload_scaled(cfg, s->length_ns);
	s->nr = (uint32_t)n;
	return 0;
}

static bool slice_cannot(const struct workload_cfg *cfg, struct buf *why)
{
	(void)cfg;
	if (sched_slice_ns())
		return false;
	buf_puts(why, "this kernel takes no requests for slices (Linux 6.12 and later do)");
	return true;
}

/* The longest and the shortest slice asked for; the first of them where several are equal. */
static uint32_t longest(const struct slice_cfg *s)
{
	uint32_t at = 0;

	for (uint32_t i = 1; i < s->nr; i++)
		at = s->slice_ns[i] > s->slice_ns[at] ? i : at;
	return at;
}

static uint32_t shortest(const struct slice_cfg *s)
{
	uint32_t at = 0;

	for (uint32_t i = 1; i < s->nr; i++)
		at = s->slice_ns[i] < s->slice_ns[at] ? i : at;
	return at;
}

/* ---- theory ---- */

static void put_slices(const struct slice_cfg *s, struct buf *out)
{
	for (uint32_t i = 0; i < s->nr; i++) {
		buf_puts(out, i ? ", " : "");
		theory_time(out, s->slice_ns[i]);
	}
}

static void slice_predict(const struct workload_cfg *cfg, struct facts *out)
{
	struct buf text = { 0 };

	buf_puts(&text, "half the CPU each, whatever the slice: ");
	put_slices(own(cfg), &text);
	facts_set(out, "theory.text", buf_str(&text));
	buf_release(&text);
}

/* ---- the run ---- */

/* "a30ms" and "b30ms": the two tasks of a round say which slice they asked for. */
static void name_of(const struct slice_cfg *s, uint32_t round, char letter, char *name, size_t bytes)
{
	struct buf text = { 0 };

	fmt_duration_arg(&text, s->slice_ns[round]);
	snprintf(name, bytes, "%c%s", letter, buf_str(&text));
	buf_release(&text);
}

static void crew_make(const struct slice_cfg *s, struct hog *hogs)
{
	uint32_t cpu = workload_cpu(0);

	for (uint32_t i = 0; i < 2 * s->nr; i++) {
		struct hog *h = &hogs[i];

		name_of(s, i / 2, "ab"[i % 2], h -> name, sizeof(h->name));
		h->sched = (struct sched_choice){ .set = true, .slice_ns = s->slice_ns[i / 2] };
		h->pinned = true;
		h->cpu = cpu;
		h->from_ns = i / 2 * s->length_ns;
		h->to_ns = (i / 2 + 1) * s->length_ns;
	}
}

static int slice_run(const struct workload_cfg *cfg)
{
	const struct slice_cfg *s = own(cfg);
	struct hog hogs[2 * HOGS_MAX] = { 0 };
	struct err e = { 0 };
	int status;

	if (workload_enter("slice", cfg, &e) < 0)
		return workload_failed(&e);
	crew_make(s, hogs);
	status = hogs_run(hogs, 2 * s->nr, cfg->kind, s->nr * s->length_ns);
	if (!status)
		workload_say("slice (%d) two tasks competed for CPU %u, %u times", getpid(), hogs[0].cpu, s->nr);
	return status;
}

/* ---- the check ---- */

static struct window round_of(const struct slice_cfg *s, const struct evidence *ev, uint32_t round)
{
	uint64_t from_ns = ev->wall.from_ns + round * s->length_ns;

	return (struct window){ from_ns, from_ns + s->length_ns };
}

static uint64_t ran_ns(const struct slice_cfg *s, const struct evidence *ev, uint32_t round, char letter)
{
	char name[16];

	name_of(s, round, letter, name, sizeof(name));
	return evidence_ns(ev, evidence_one(ev, name), STATE_RUNNING, round_of(s, ev, round));
}

/* The turns of both. */
static struct hist turns_of(const struct slice_cfg *s, const struct evidence *ev, uint32_t round)
{
	char name[16];

	name_of(s, round, '?', name, sizeof(name));
	return hogs_turns(ev, name, round_of(s, ev, round));
}

static double share_of_turn(const struct slice_cfg *s, uint32_t round)
{
	return (double)s->slice_ns[round] / (double)s->length_ns;
}

static void check_share(const struct slice_cfg *s, const struct evidence *ev, uint32_t round, struct report *r)
{
	uint64_t a_ns = ran_ns(s, ev, round, 'a'), b_ns = ran_ns(s, ev, round, 'b');
	char name[16];

	name_of(s, round, 'a', name, sizeof(name));
	/* a turn more than the other at either end is a share that one cannot get back */
	report_share(r, a_ns, a_ns + b_ns, 0.5 - SHARE_SLACK - share_of_turn(s, round),
		     0.5 + SHARE_SLACK + share_of_turn(s, round), "share of %s", name);
}

/*
 * A turn ends at the first tick after the slice is used up, and earlier whenever something else wakes up on that CPU:
 * so its length is held from above, and from below what they are on the whole.
 */
static void check_turns(const struct slice_cfg *s, const struct evidence *ev, uint32_t round, struct report *r)
{
	struct hist turns = turns_of(s, ev, round);
	char a[16], b[16];

	name_of(s, round, 'a', a, sizeof(a));
	name_of(s, round, 'b', b, sizeof(b));
	report_ns(r, hist_percentile(&turns, 900), s->slice_ns[round] / 2,
		  s->slice_ns[round] + hogs_tick_ns(ev) + NSEC_PER_MSEC, "turns of %s and %s, 90th percentile", a, b);
	report_tell(r, UNIT_COUNT, turns.n, "turns of %s and %s", a, b);
	hist_release(&turns);
}

/* By as much as the slices differ, as far as the tick lets them: half of that at least. */
static void check_longer(const struct slice_cfg *s, const struct evidence *ev, struct report *r)
{
	uint64_t tick_ns = hogs_tick_ns(ev), least_ns = s->slice_ns[shortest(s)], most_ns = s->slice_ns[longest(s)];
	struct hist few = turns_of(s, ev, longest(s)), many = turns_of(s, ev, shortest(s));

	least_ns = least_ns > tick_ns ? least_ns : tick_ns;
	if (most_ns >= 2 * least_ns)
		report_ratio(r, hist_percentile(&few, 900), hist_percentile(&many, 900),
			     0.5 * (double)most_ns / (double)least_ns, HOGS_NO_MAX,
			     "turns of the longest slice to the shortest");
	hist_release(&few);
	hist_release(&many);
}

static void slice_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	const struct slice_cfg *s = own(cfg);

	for (uint32_t i = 0; i < s->nr; i++)
		check_share(s, ev, i, r);
	for (uint32_t i = 0; i < s->nr; i++)
		check_turns(s, ev, i, r);
	check_longer(s, ev, r);
}

static void explain_round(const struct slice_cfg *s, const struct evidence *ev, uint32_t round, struct buf *out)
{
	uint64_t a_ns = ran_ns(s, ev, round, 'a'), b_ns = ran_ns(s, ev, round, 'b');
	struct hist turns = turns_of(s, ev, round);
	char a[16], b[16];

	name_of(s, round, 'a', a, sizeof(a));
	name_of(s, round, 'b', b, sizeof(b));
	buf_printf(out, "%s had ", a);
	fmt_percent(out, a_ns, a_ns + b_ns);
	buf_printf(out, " and %s ", b);
	fmt_percent(out, b_ns, a_ns + b_ns);
	buf_printf(out, ", in %" PRIu64 " turns, nine of ten of them up to ", turns.n);
	fmt_duration(out, hist_percentile(&turns, 900), true);
	buf_puts(out, ". ");
	hist_release(&turns);
}

static void slice_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	const struct slice_cfg *s = own(cfg);

	buf_puts(out, "Two tasks of equal weight competed for one CPU, round after round. ");
	explain_round(s, ev, shortest(s), out);
	if (longest(s) != shortest(s))
		explain_round(s, ev, longest(s), out);
	buf_puts(out, "The slice is not how much a task gets but how finely it is dealt: it changes the length of the "
		      "turns, not the shares. The kernel looks at ticks, here every ");
	fmt_duration(out, hogs_tick_ns(ev), true);
	buf_puts(out, ", so no turn of a task that computes is shorter than one unless somebody else wakes up.");
}

const struct workload workload_slice = {
	.name = "slice",
	.group = GROUP_POLICIES,
	.summary = "weight and latency are two dials: same share, other turns",
	.lesson =
		"Two tasks compete for one CPU, first with a time slice of 3 ms each, then two others with 30 ms. All "
		"have the same weight, so each gets half of the CPU either way. What changes is how often they take "
		"turns: a task that wants to answer soon asks for a short slice, one that wants warm caches for a "
		"long one, and neither gets more for it.\n\n"
		"A slice is a request (sched_setattr, Linux 6.12 on), and a request cannot beat the clock: the "
		"kernel looks at ticks. Since Linux 6.17 the shortest slice of all that wait for a CPU ends "
		"everybody's turn, which is why the two kinds do not compete with each other here. Compare 'schedviz "
		"run interactive --slice 100us'.",
	.theory = "share of each task = 1/2, whatever the slice; length of a turn = the slice, up to the next tick.",
	.look = "Two rounds one after another on the same CPU. In the first the lanes are evenly grey, as both run "
		"several times in every cell; in the second they are uneven. Zoom in to see single turns: schedviz "
		"show --window 1.2s..1.4s.",
	.example = "schedviz run slice --slice 1ms,10ms,100ms",
	.opts = slice_opts,
	.cfg_size = sizeof(struct slice_cfg),
	.quick_permille = 500,
	.defaults = slice_defaults,
	.prepare = slice_prepare,
	.cannot = slice_cannot,
	.predict = slice_predict,
	.run = slice_run,
	.check = slice_check,
	.explain = slice_explain,
};
