/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hogs.c - tasks that compete from one instant to another, and what each of them got.
 */
#include "workloads/hogs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include "base/schedviz_mark.h"
#include "workloads/burn.h"
#include "workloads/team.h"

struct crew {
	const struct hog *hogs;
	uint64_t length_ns;
};

/* The policy before the affinity: on a CPU that a real-time task owns it would not get to ask for it. */
static int hog_before(void *arg, uint32_t i)
{
	const struct hog *h = &((const struct crew *)arg)->hogs[i];
	struct err e = { 0 };

	prctl(PR_SET_NAME, h->name);
	if (sched_apply(&h->sched, 0, &e) < 0 || (h->pinned && workload_pin(h->cpu, &e) < 0))
		return workload_failed(&e);
	return 0;
}

static int hog_main(void *arg, uint32_t i)
{
	const struct crew *crew = arg;
	const struct hog *h = &crew->hogs[i];

	if (h->from_ns)
		workload_sleep_until(team_began_ns() + h->from_ns);
	burn_until(team_began_ns() + (h->to_ns ? h->to_ns : crew->length_ns));
	return 0;
}

/* The coarse clock moves with the tick. */
uint64_t hogs_tick_here_ns(void)
{
	struct timespec t = { 0 };

	clock_getres(CLOCK_MONOTONIC_COARSE, &t);
	return (uint64_t)t.tv_nsec;
}

uint64_t hogs_tick_ns(const struct evidence *ev)
{
	uint64_t ns;

	return evidence_said(ev, HOGS_SAID_TICK, &ns) && ns ? ns : 10 * NSEC_PER_MSEC;
}

int hogs_run(const struct hog *hogs, uint32_t n, int kind, uint64_t length_ns)
{
	struct crew crew = { hogs, length_ns };
	const struct team_cfg team = {
		.n = n, .kind = kind, .name = "hog%u", .before = hog_before, .fn = hog_main, .arg = &crew
	};
	struct err e = { 0 };
	struct team_span span;

	burn_calibrate();
	schedviz_mark_instant(HOGS_SAID_TICK, hogs_tick_here_ns());
	if (team_run(&team, &span, &e) < 0)
		return workload_failed(&e);
	schedviz_mark_wall(span.from_ns, span.from_ns + length_ns);
	return 0;
}

int hogs_may(const struct workload_cfg *cfg, uint64_t ns, struct err *e)
{
	if (cfg->sched.runtime_ns)
		return err_set(e, -EINVAL, "a deadline task cannot make others - 'schedviz run deadline' is about it");
	if (sched_is_realtime(&cfg->sched) && ns > HOGS_REALTIME_MAX_NS)
		return err_set(e, -EINVAL, "real-time tasks may hold a CPU for 2s at most - make it shorter");
	return 0;
}

int hogs_list(const char *list, const char *option, int (*take)(void *ctx, uint32_t i, const char *word, struct err *e),
	      void *ctx, struct err *e)
{
	const char *at = list;
	char word[32];
	uint32_t n;

	for (n = 0; *at; n++) {
		size_t len = strcspn(at, ",");
		int ret;

		if (n == HOGS_MAX)
			return err_set(e, -EINVAL, "--%s '%s' names more than %d tasks", option, list, HOGS_MAX);
		if (len >= sizeof(word))
			return err_set(e, -EINVAL, "--%s '%s' has a word that is too long", option, list);
		snprintf(word, sizeof(word), "%.*s", (int)len, at);
		ret = take(ctx, n, word, e);
		if (ret < 0)
			return ret;
		at += len + (at[len] == ',');
	}
	return n ? (int)n : err_set(e, -EINVAL, "--%s names no task", option);
}

uint64_t hogs_ran_ns(const struct evidence *ev, const char *name)
{
	return evidence_ns(ev, evidence_one(ev, name), STATE_RUNNING, ev->wall);
}

struct hist hogs_turns(const struct evidence *ev, const char *glob, struct window w)
{
	task_set set = evidence_named(ev, glob);
	struct hist all = { 0 };

	for (size_t i = 0; i < set.n; i++)
		evidence_stays(ev, set.v[i], w, &all);
	vec_release(&set);
	return all;
}

double hogs_jain(const uint64_t *x, uint32_t n)
{
	double sum = 0, squares = 0;

	for (uint32_t i = 0; i < n; i++) {
		sum += (double)x[i];
		squares += (double)x[i] * (double)x[i];
	}
	return squares > 0 ? sum * sum / (n * squares) : 0;
}
