/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_groups.c - add up the steps of a path by kind, call, task and culprit.
 */
#include "analysis/path_groups.h"

#include <stdlib.h>
#include "base/alloc.h"

/* All of one kind, call, task and culprit. */
struct row {
	struct path_share share;
	uint64_t max_ns;
	int32_t syscall;
	uint8_t kind;
};

struct rows {
	VEC(struct row) v;
	uint32_t *slots; /* open addressing: one more than an index; 0: free */
	uint32_t mask;
};

static uint32_t hash_of(const struct row *r)
{
	uint64_t h = (uint64_t)r->share.task.i << 32 | r->share.by.i;

	h = (h ^ (uint64_t)(uint32_t)r->syscall << 8 ^ r->kind) * UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)(h >> 32);
}

static bool is_same(const struct row *a, const struct row *b)
{
	return a->kind == b->kind && a->syscall == b->syscall && task_is(a->share.task, b->share.task) &&
	       task_is(a->share.by, b->share.by);
}

static uint32_t *slot_of(const struct rows *rows, const struct row *key)
{
	uint32_t at = hash_of(key) & rows->mask;

	while (rows->slots[at] && !is_same(&rows->v.v[rows->slots[at] - 1], key))
		at = (at + 1) & rows->mask;
	return &rows->slots[at];
}

static void make_room(struct rows *rows)
{
	if (rows->slots && rows->v.n * 2 <= rows->mask)
		return;
	rows->mask = rows->mask ? rows->mask * 2 + 1 : 63;
	free(rows->slots);
	rows->slots = xcalloc((size_t)rows->mask + 1, sizeof(*rows->slots));
	for (size_t i = 0; i < rows->v.n; i++)
		*slot_of(rows, &rows->v.v[i]) = (uint32_t)i + 1;
}

static void add_step(struct rows *rows, const struct path_step *s)
{
	struct row key = {
		.share = { .task = s->task, .by = s->kind == PATH_WAITING ? s->by : TASK_NONE },
		.kind = s->kind,
		.syscall = path_is_asleep(s) ? s->syscall : EV_NO_SYSCALL,
	};
	uint32_t *slot;
	struct row *row;

	make_room(rows);
	slot = slot_of(rows, &key);
	if (!*slot) {
		*vec_push(&rows->v) = key;
		*slot = (uint32_t)rows->v.n;
	}
	row = &rows->v.v[*slot - 1];
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a slot that is not 0 has its row */
	row->share.ns += path_step_ns(s);
	row->share.steps++;
	if (path_step_ns(s) > row->max_ns)
		row->max_ns = path_step_ns(s);
}

/* ---- in order ---- */

#define ORDER(a, b)                                \
	do {                                       \
		if ((a) != (b))                    \
			return (a) < (b) ? -1 : 1; \
	} while (0)

static int by_part(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	ORDER(x->kind, y->kind);
	ORDER(x->syscall, y->syscall);
	ORDER(y->share.ns, x->share.ns);
	ORDER(x->share.task.i, y->share.task.i);
	ORDER(x->share.by.i, y->share.by.i);
	return 0;
}

static int longest_first(const void *a, const void *b)
{
	const struct path_group *x = a, *y = b;

	ORDER(y->ns, x->ns);
	ORDER(x->kind, y->kind);
	ORDER(x->syscall, y->syscall);
	return 0;
}

static int by_task(const void *a, const void *b)
{
	const struct path_share *x = a, *y = b;

	ORDER(x->task.i, y->task.i);
	return 0;
}

static int longest_task_first(const void *a, const void *b)
{
	const struct path_share *x = a, *y = b;

	ORDER(y->ns, x->ns);
	ORDER(x->task.i, y->task.i);
	return 0;
}

/* ---- from rows to parts, and to tasks ---- */

static void add_up_parts(struct path_groups *parts, const struct rows *rows)
{
	struct path_group *part = NULL;

	for (size_t i = 0; i < rows->v.n; i++) {
		const struct row *row = &rows->v.v[i];

		if (!part || part->kind != row->kind || part->syscall != row->syscall) {
			part = vec_push(&parts->v);
			*part = (struct path_group){ .kind = row->kind, .syscall = row->syscall };
		}
		part->ns += row->share.ns;
		part->steps += row->share.steps;
		part->max_ns = row->max_ns > part->max_ns ? row->max_ns : part->max_ns;
		*vec_push(&part->shares) = row->share;
		*vec_push(&parts->tasks) = row->share;
		parts->ns[row->kind] += row->share.ns;
	}
}

static void add_up_tasks(struct path_groups *parts)
{
	size_t n = 0;

	if (!parts->tasks.n)
		return;
	qsort(parts->tasks.v, parts->tasks.n, sizeof(parts->tasks.v[0]), by_task);
	for (size_t i = 1; i < parts->tasks.n; i++) {
		const struct path_share *s = &parts->tasks.v[i];

		if (task_is(s->task, parts->tasks.v[n].task)) {
			parts->tasks.v[n].ns += s->ns;
			parts->tasks.v[n].steps += s->steps;
		} else {
			parts->tasks.v[++n] = *s;
		}
		parts->tasks.v[n].by = TASK_NONE;
	}
	parts->tasks.v[0].by = TASK_NONE;
	parts->tasks.n = n + 1;
	qsort(parts->tasks.v, parts->tasks.n, sizeof(parts->tasks.v[0]), longest_task_first);
}

void path_groups_make(struct path_groups *parts, const struct path_step *steps, size_t nr)
{
	struct rows rows = { 0 };

	*parts = (struct path_groups){ 0 };
	for (size_t i = 0; i < nr; i++)
		add_step(&rows, &steps[i]);
	if (rows.v.n)
		qsort(rows.v.v, rows.v.n, sizeof(rows.v.v[0]), by_part);
	add_up_parts(parts, &rows);
	add_up_tasks(parts);
	if (parts->v.n)
		qsort(parts->v.v, parts->v.n, sizeof(parts->v.v[0]), longest_first);
	vec_release(&rows.v);
	free(rows.slots);
}

void path_groups_release(struct path_groups *parts)
{
	for (size_t i = 0; i < parts->v.n; i++)
		vec_release(&parts->v.v[i].shares);
	vec_release(&parts->v);
	vec_release(&parts->tasks);
}
