/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explain_path_json.c - the critical path as JSON: every step.
 */
#include "analysis/path_words.h"
#include "render/explain.h"
#include "render/explain_path.h"
#include "render/words.h"

static const char *const contexts[EV_CTX_KINDS] = {
	[EV_CTX_TASK] = "task",
	[EV_CTX_SOFTIRQ] = "softirq",
	[EV_CTX_HARDIRQ] = "hardirq",
	[EV_CTX_NMI] = "nmi",
};

static void put_tid(const struct account *a, struct json *j, const char *key, task_id id)
{
	if (task_some(id))
		json_u64(j, key, model_task(a->history.model, id)->tid);
	else
		json_null(j, key);
}

static void put_cpu(struct json *j, uint32_t cpu)
{
	if (cpu == CPU_NONE)
		json_null(j, "cpu");
	else
		json_u64(j, "cpu", cpu);
}

static void put_call(const struct account *a, struct json *j, const struct path_step *s, struct buf *name)
{
	if (s->syscall == EV_NO_SYSCALL)
		return;
	buf_reset(name);
	words_syscall(a->history.model, s->syscall, name);
	json_str(j, "call", buf_str(name));
	json_u64(j, "arg", s->arg);
}

/* What only some kinds have. */
static void put_rest(const struct account *a, struct json *j, const struct path_step *s)
{
	if (s->kind == PATH_WAITING) {
		json_str(j, "why", state_why_name(s->why));
		put_tid(a, j, "behind", s->by);
		json_u64(j, "behind_ns", s->by_ns);
	}
	if (path_is_asleep(s)) {
		json_str(j, "woken_in", contexts[s->ctx]);
		put_tid(a, j, "woken_by", s->by);
	}
	if (s->job != HISTORY_NO_JOB)
		json_u64(j, "job", a->history.jobs[s->job].id);
}

static void put_step(const struct account *a, struct json *j, const struct path_step *s, struct buf *name)
{
	uint64_t origin_ns = model_window(a->history.model).from_ns;

	json_object(j, NULL);
	json_u64(j, "from_ns", s->from_ns - origin_ns);
	json_u64(j, "to_ns", s->to_ns - origin_ns);
	explain_task_json(a, j, "task", s->task);
	json_str(j, "kind", path_kind_name(s->kind));
	json_str(j, "edge", path_edge_name(s->edge));
	put_cpu(j, s->cpu);
	put_call(a, j, s, name);
	put_rest(a, j, s);
	json_end(j);
}

void explain_path_json(const struct account *a, struct json *j)
{
	const struct path *p = &a->path;
	struct buf name = { 0 };

	json_object(j, "path");
	explain_task_json(a, j, "last", p->last);
	explain_task_json(a, j, "asked", p->asked);
	json_u64(j, "wall_ns", p->window.to_ns - p->window.from_ns);
	json_object(j, "ns");
	for (int k = 0; k < NR_PATH_KINDS; k++)
		json_u64(j, path_kind_name((uint8_t)k), p->ns[k]);
	json_end(j);
	json_u64(j, "woken_ns", p->wake_ns);
	json_u64(j, "tasks", p->tasks);
	json_array(j, "steps");
	for (size_t i = 0; i < p->steps.n; i++)
		put_step(a, j, &p->steps.v[i], &name);
	json_end(j);
	json_end(j);
	buf_release(&name);
}
