/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stages.c - threads that go through several stages together, and when each stage was.
 */
#include "workloads/stages.h"

#include <errno.h>
#include <string.h>
#include "base/schedviz_mark.h"
#include "workloads/lock.h"
#include "workloads/team.h"

static int kind_of(const char *word, size_t len, const char *const *names)
{
	for (int i = 0; names[i]; i++)
		if (strlen(names[i]) == len && !strncmp(names[i], word, len))
			return i;
	return -1;
}

int stages_kinds(const char *list, const char *option, const char *const *names, int *kinds, struct err *e)
{
	struct buf all = { 0 };
	int n = 0;

	for (const char *at = list; *at; n++) {
		size_t len = strcspn(at, ",");

		kinds[n] = kind_of(at, len, names);
		if (kinds[n] < 0) {
			for (int i = 0; names[i]; i++)
				buf_printf(&all, "%s%s", i ? ", " : "", names[i]);
			err_set(e, -EINVAL, "--%s '%.*s' is none of %s", option, (int)len, at, buf_str(&all));
			buf_release(&all);
			return -EINVAL;
		}
		if (n + 1 == STAGES_MAX)
			return err_set(e, -EINVAL, "--%s names more than %d", option, STAGES_MAX - 1);
		at += len + (at[len] == ',');
	}
	return n ? n : err_set(e, -EINVAL, "--%s names none", option);
}

/* ---- the run ---- */

/* All meet; the last to come says when the next stage begins. */
static void meet(struct stages *s, uint32_t stage)
{
	if (!gate_wait(&s->gate, s->members, false))
		return;
	if (stage && s->after)
		s->after(s->arg, stage - 1);
	s->start_ns = schedviz_mark_now() + STAGE_PAUSE_NS;
	gate_open(&s->gate, false);
}

static int member(void *arg, uint32_t i)
{
	struct stages *s = arg;
	struct err e = { 0 };

	for (uint32_t stage = 0; stage < s->nr; stage++) {
		const struct stage *now = &s->list[stage];

		meet(s, stage);
		if (i >= now->workers)
			continue;
		/* in the pause: who is done with a stage must not move while others are still at it */
		if (workload_pin(s->cpu[i % now->cpus], &e) < 0)
			return workload_failed(&e);
		workload_sleep_until(s->start_ns);
		schedviz_mark_start(STAGE_JOB(stage, i));
		s->work(s->arg, stage, i);
		schedviz_mark_finish(STAGE_JOB(stage, i));
	}
	meet(s, s->nr);
	return 0;
}

int stages_run(struct stages *s, struct err *e)
{
	struct team_cfg cfg = { .kind = KIND_THREADS, .name = s->name, .fn = member, .arg = s };
	struct team_span span;
	int ret;

	for (uint32_t i = 0; i < s->nr; i++)
		cfg.n = s->list[i].workers > cfg.n ? s->list[i].workers : cfg.n;
	for (uint32_t i = 0; i < STAGE_MAX_WORKERS; i++)
		s->cpu[i] = workload_cpu(i);
	s->members = cfg.n;
	ret = team_run(&cfg, &span, e);
	if (ret == 0)
		schedviz_mark_wall(span.from_ns, span.to_ns);
	return ret;
}

uint64_t stages_began_ns(const struct stages *s)
{
	return s->start_ns;
}

/* ---- later ---- */

struct window stage_window(const struct evidence *ev, uint32_t stage)
{
	struct window w = { UINT64_MAX, 0 };
	size_t nr;
	const struct job *jobs = model_jobs(ev->model, &nr);

	for (size_t i = 0; i < nr; i++) {
		const struct job *j = &jobs[i];

		if (j->id / 10 != stage + 1u || j->started_ns == UINT64_MAX || j->finished_ns == UINT64_MAX)
			continue;
		w.from_ns = j->started_ns < w.from_ns ? j->started_ns : w.from_ns;
		w.to_ns = j->finished_ns > w.to_ns ? j->finished_ns : w.to_ns;
	}
	return w.from_ns < w.to_ns ? w : (struct window){ 0, 0 };
}
