/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_words.c - what a step is called: who, what, and for which job.
 */
#define _GNU_SOURCE /* qsort_r */
#include "analysis/path_words.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/task_json.h"
#include "base/alloc.h"

const char *path_kind_name(uint8_t kind)
{
	static const char *const names[NR_PATH_KINDS] = {
		[PATH_RUNNING] = "running", [PATH_WAITING] = "waiting", [PATH_ASLEEP] = "asleep",
		[PATH_BLOCKED] = "blocked", [PATH_STOPPED] = "stopped", [PATH_UNKNOWN] = "unknown",
		[PATH_NOBODY] = "nobody",
	};

	return names[kind];
}

const char *path_edge_name(uint8_t edge)
{
	static const char *const names[] = {
		[PATH_SAME] = "same", [PATH_WAKE] = "wake", [PATH_FORK] = "fork",
		[PATH_EXIT] = "exit", [PATH_END] = "end",
	};

	return names[edge];
}

/* ---- who ---- */

static int by_name(const void *a, const void *b, void *model)
{
	const char *x = model_task(model, *(const task_id *)a)->name, *y = model_task(model, *(const task_id *)b)->name;

	return (x > y) - (x < y); /* interned: one name has one address */
}

void path_words_init(struct path_words *w, const struct model *m)
{
	uint32_t nr = model_nr_tasks(m);
	task_id *ids = xcalloc(nr + 1u, sizeof(*ids));

	*w = (struct path_words){ .model = m, .shared = xcalloc(nr + 1u, sizeof(*w->shared)) };
	for (uint32_t i = 0; i < nr; i++)
		ids[i] = (task_id){ i };
	qsort_r(ids, nr, sizeof(*ids), by_name, (void *)(uintptr_t)m);
	for (uint32_t i = 0; i + 1 < nr; i++)
		if (model_task(m, ids[i])->name == model_task(m, ids[i + 1])->name)
			w->shared[ids[i].i] = w->shared[ids[i + 1].i] = true;
	free(ids);
}

void path_words_release(struct path_words *w)
{
	free(w->shared);
	*w = (struct path_words){ 0 };
}

static void put_name(const struct path_words *w, task_id id, bool utf8, struct buf *out)
{
	const struct task *t = model_task(w->model, id);

	if (*t->name)
		fmt_safe(out, t->name, strlen(t->name), utf8);
	else
		buf_puts(out, "(no name)");
	if (w->shared[id.i] || !*t->name)
		buf_printf(out, "/%u", t->tid);
}

/* ---- what ---- */

static void put_waiting(const struct path_words *w, const struct path_step *s, bool utf8, struct buf *out)
{
	if (s->cpu == CPU_NONE)
		buf_puts(out, " waiting for a CPU");
	else
		buf_printf(out, " waiting for CPU %u", s->cpu);
	if (!task_some(s->by))
		return;
	buf_puts(out, " behind ");
	put_name(w, s->by, utf8, out);
}

static void put_state(const struct path_words *w, const struct path_step *s, struct buf *out)
{
	bool sleeps = s->kind == PATH_ASLEEP || s->kind == PATH_BLOCKED || s->kind == PATH_STOPPED;

	buf_printf(out, " %s", path_kind_name(s->kind));
	if (!sleeps || s->syscall < 0)
		return;
	buf_puts(out, " in ");
	words_syscall(w->model, s->syscall, out);
}

void path_words_put(const struct path_words *w, const struct path_step *s, bool utf8, struct buf *out)
{
	const char *noun = model_job_noun(w->model);
	size_t nr;
	const struct job *jobs = model_jobs(w->model, &nr);

	if (!task_some(s->task)) {
		buf_puts(out, "nobody");
		return;
	}
	put_name(w, s->task, utf8, out);
	if (s->kind == PATH_WAITING)
		put_waiting(w, s, utf8, out);
	else
		put_state(w, s, out);
	if (s->job >= nr)
		return;
	buf_puts(out, ": ");
	fmt_safe(out, noun, strlen(noun), utf8);
	buf_printf(out, " %" PRIu64, jobs[s->job].id);
}
