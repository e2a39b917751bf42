/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * apart.c - start tasks a moment apart, join them; what theory says of it.
 */
#define _GNU_SOURCE /* gettid */
#include "workloads/apart.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/schedviz_mark.h"
#include "workloads/burn.h"
#include "workloads/decimal.h"
#include "workloads/team.h"

/* ---- theory ---- */

struct theory_task apart_length(const struct workload_cfg *cfg, uint64_t i)
{
	return (struct theory_task){ workload_vary(cfg->sleep_ns, cfg->seed, i),
				     workload_vary(cfg->work_ns, cfg->seed, i) };
}

/* Each has all it needs, from its own start on. */
static uint64_t last_end_ns(const struct workload_cfg *cfg)
{
	uint64_t last_ns = 0;

	for (uint64_t i = 0; i < cfg->tasks; i++) {
		struct theory_task t = apart_length(cfg, i);
		uint64_t end_ns = i * APART_STEP_NS + t.sleep_ns + t.work_ns;

		last_ns = end_ns > last_ns ? end_ns : last_ns;
	}
	return last_ns;
}

/* More tasks that compute than CPUs: as if all had begun at the first start, and as if at the last. */
static struct theory_range crowded(const struct workload_cfg *cfg)
{
	struct theory_task *tasks = xcalloc(cfg->tasks, sizeof(*tasks));
	struct theory_range r;

	for (uint64_t i = 0; i < cfg->tasks; i++)
		tasks[i] = apart_length(cfg, i);
	r = theory_bounds(tasks, cfg->tasks, cfg->tasks, cfg->nr_cpus);
	r.max_ns += (cfg->tasks - 1) * APART_STEP_NS;
	free(tasks);
	return r;
}

static void crowded_predict(const struct workload_cfg *cfg, struct facts *out)
{
	struct theory_range wall = crowded(cfg);
	struct buf text = { 0 };

	buf_printf(&text, "%" PRIu64 " tasks that compute on %u CPU%s: ", cfg->tasks, cfg->nr_cpus,
		   cfg->nr_cpus == 1 ? "" : "s");
	theory_time(&text, wall.min_ns);
	buf_puts(&text, " to ");
	theory_time(&text, wall.max_ns);
	theory_set(out, buf_str(&text), wall);
	buf_release(&text);
}

void apart_predict(const struct workload_cfg *cfg, struct facts *out)
{
	uint64_t ns = last_end_ns(cfg), steps = cfg->tasks - 1;
	struct buf text = { 0 };

	if (cfg->work_ns && cfg->tasks > cfg->nr_cpus) {
		crowded_predict(cfg, out);
		return;
	}
	if (cfg->seed)
		buf_printf(&text, "the longest of %" PRIu64 ", begun 5 ms apart = ", cfg->tasks);
	else
		theory_time(&text, cfg->sleep_ns + cfg->work_ns);
	if (!cfg->seed && steps)
		buf_printf(&text, " + %" PRIu64 " start%s of 5 ms = ", steps, steps == 1 ? "" : "s");
	if (cfg->seed || steps)
		theory_time(&text, ns);
	theory_set(out, buf_str(&text), (struct theory_range){ ns, ns });
	buf_release(&text);
}

/* ---- the run ---- */

struct apart_member {
	const struct workload_cfg *cfg;
	uint64_t i;
	char name[16];
	struct team *team; /* of this one */
};

void apart_task(const struct workload_cfg *cfg, const char *name, uint64_t i)
{
	struct theory_task length = apart_length(cfg, i);

	schedviz_mark_start(i);
	workload_sleep(length.sleep_ns);
	burn(length.work_ns);
	schedviz_mark_finish(i);
	workload_say("%s (%d): 8^20 = %" PRIu64, name, gettid(), decimal_eight_to_the_20th());
}

static int member_main(void *arg, uint32_t unused)
{
	struct apart_member *m = arg;

	(void)unused;
	apart_task(m->cfg, m->name, m->i);
	return 0;
}

static struct team *member_start(struct apart_member *m, int kind, struct err *e)
{
	const struct team_cfg team = {
		.n = 1,
		.kind = kind,
		.name = m->name,
		.fn = member_main,
		.arg = m,
		.lead_ns = TEAM_AT_ONCE,
	};

	return team_start(&team, e);
}

int apart_run(const struct workload_cfg *cfg, int kind, const char *name, struct err *e)
{
	struct apart_member *members = xcalloc(cfg->tasks, sizeof(*members));
	uint64_t from_ns = schedviz_mark_now(), n, failed = 0;

	for (n = 0; n < cfg->tasks; n++) {
		struct apart_member *m = &members[n];

		m->cfg = cfg;
		m->i = n;
		snprintf(m->name, sizeof(m->name), "%s%u", name, (unsigned)n);
		workload_sleep_until(from_ns + n * APART_STEP_NS);
		m->team = member_start(m, kind, e);
		if (!m->team)
			break;
	}
	for (uint64_t i = 0; i < n; i++) {
		if (n < cfg->tasks) /* the next could not be made */
			team_kill(members[i].team, 0, SIGKILL);
		failed += team_join(members[i].team, NULL);
	}
	schedviz_mark_wall(from_ns, schedviz_mark_now());
	free(members);
	if (n < cfg->tasks)
		return e->code;
	return failed ? err_set(e, -ECHILD, "%" PRIu64 " of %" PRIu64 " tasks did not end well", failed, n) : 0;
}

/* ---- the check ---- */

#define REAPED_NS (APART_STEP_NS / 2) /* after an end: the one that joins is asleep again */

uint64_t apart_ends_min(const struct workload_cfg *cfg, const struct evidence *ev, const char *glob)
{
	task_set set = evidence_named(ev, glob);
	uint64_t last_ns = 0, n = 0;

	if (cfg->sleep_ns / 2 < cfg->tasks * APART_STEP_NS) /* half of it is the least that a seed leaves */
		set.n = 0;
	for (size_t i = 0; i < set.n; i++) {
		uint64_t died_ns = evidence_task(ev, set.v[i])->task->died_ns;

		n += !i || died_ns > last_ns + REAPED_NS;
		last_ns = died_ns > last_ns ? died_ns : last_ns;
	}
	vec_release(&set);
	return n;
}

uint64_t apart_asleep_ns(const struct workload_cfg *cfg, const struct evidence *ev, const char *glob)
{
	task_set set = evidence_named(ev, glob);
	size_t n = (size_t)cfg->tasks + 1;
	uint64_t *at = xcalloc(n, sizeof(*at)), ns;

	evidence_profile(ev, &set, STATE_SLEEPING, ev->window, at, n);
	ns = at[n - 1];
	free(at);
	vec_release(&set);
	return ns;
}

uint64_t apart_asleep_min_ns(const struct workload_cfg *cfg)
{
	uint64_t shortest_ns = UINT64_MAX, late_ns = (cfg->tasks - 1) * APART_STEP_NS + REPORT_WALL_SLACK_NS;

	for (uint64_t i = 0; i < cfg->tasks; i++) {
		uint64_t ns = apart_length(cfg, i).sleep_ns;

		shortest_ns = ns < shortest_ns ? ns : shortest_ns;
	}
	return shortest_ns > late_ns ? shortest_ns - late_ns : 0;
}
