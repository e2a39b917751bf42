/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * target.c - choose the tasks, find the time, and who is the last.
 */
#include "analysis/target.h"

#include <stdlib.h>
#include "base/alloc.h"

static void choose(struct target *t, const struct model *m, const struct task_filter *filter)
{
	bool chosen = filter && filter->text && *filter->text;
	uint32_t nr = model_nr_tasks(m);

	t->has = xcalloc(nr ? nr : 1, sizeof(*t->has));
	t->why = chosen ? TARGET_CHOSEN : task_some(model_target(m)) ? TARGET_TREE : TARGET_MACHINE;
	for (uint32_t i = 0; i < nr; i++) {
		const struct task *task = model_task(m, (task_id){ i });
		bool in = t->why == TARGET_CHOSEN ? task_filter_match(filter, task)
			  : t->why == TARGET_TREE ? task->in_target
						  : true;

		t->has[i] = in && !task->outside && !model_is_recorder(m, (task_id){ i });
		t->nr_tasks += t->has[i];
	}
}

static struct window lives_of(const struct target *t, const struct model *m)
{
	struct window lives = { UINT64_MAX, 0 };

	for (uint32_t i = 0; i < model_nr_tasks(m); i++) {
		const struct task *task = model_task(m, (task_id){ i });

		if (!t->has[i])
			continue;
		lives.from_ns = task->born_ns < lives.from_ns ? task->born_ns : lives.from_ns;
		lives.to_ns = task->died_ns > lives.to_ns ? task->died_ns : lives.to_ns;
	}
	return lives;
}

/* The program's own stopwatch; an empty window where it had none. */
static struct window measured(const struct model *m)
{
	struct window all = model_window(m), w;

	w.from_ns = facts_u64(model_facts(m), "run.wall_from_ns", 0);
	w.to_ns = w.from_ns + facts_u64(model_facts(m), "run.wall_ns", 0);
	return w.from_ns >= all.from_ns && w.to_ns <= all.to_ns && w.from_ns < w.to_ns ? w : (struct window){ 0, 0 };
}

static void find_window(struct target *t, const struct model *m, struct window asked)
{
	struct window all = model_window(m), w = all, own = measured(m);

	t->whole = asked.from_ns == 0 && asked.to_ns == UINT64_MAX;
	if (!t->whole)
		w = asked;
	else if (t->why == TARGET_TREE && own.to_ns)
		w = own;
	else if (t->why != TARGET_MACHINE && t->nr_tasks)
		w = lives_of(t, m);
	t->window.from_ns = w.from_ns > all.from_ns ? w.from_ns : all.from_ns;
	t->window.to_ns = w.to_ns < all.to_ns ? w.to_ns : all.to_ns;
	if (t->window.to_ns <= t->window.from_ns)
		t->window = all;
}

/* Who died last inside the window; of those who outlive it the first, for who ran last is not known before a pass. */
static task_id last_of(const struct target *t, const struct model *m)
{
	task_id root = model_target(m), best = TASK_NONE;
	uint64_t best_ns = 0;

	if (target_has(t, root) && model_task(m, root)->born_ns < t->window.to_ns &&
	    model_task(m, root)->died_ns >= t->window.to_ns)
		return root;
	for (uint32_t i = 0; i < model_nr_tasks(m); i++) {
		const struct task *task = model_task(m, (task_id){ i });
		uint64_t died_ns = task->died_ns < t->window.to_ns ? task->died_ns : t->window.to_ns;

		if (!t->has[i] || task->born_ns >= t->window.to_ns || died_ns <= t->window.from_ns ||
		    died_ns <= best_ns)
			continue;
		best = (task_id){ i };
		best_ns = died_ns;
	}
	return best;
}

void target_init(struct target *t, const struct model *m, const struct task_filter *filter, struct window asked)
{
	*t = (struct target){ 0 };
	choose(t, m, filter);
	find_window(t, m, asked);
	t->last = last_of(t, m);
}

void target_release(struct target *t)
{
	free(t->has);
	*t = (struct target){ 0 };
}
