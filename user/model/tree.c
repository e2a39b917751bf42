/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tree.c - the order in which people read tasks: threads under their process, children under their parent.
 */
#include <stdlib.h>
#include "base/alloc.h"
#include "model/machine.h"

struct birth {
	uint64_t born_ns;
	uint32_t id;
};

/* Links by index, NOBODY-ended; `seen` breaks the circles that a damaged file may hold. */
struct tree {
	uint32_t *first, *next;
	bool *seen;
	task_id *order;
	uint8_t *depth;
	uint32_t n;
};

static int by_birth(const void *a, const void *b)
{
	const struct birth *x = a, *y = b;

	if (x->born_ns != y->born_ns)
		return x->born_ns < y->born_ns ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static uint32_t above(const struct model *m, uint32_t id)
{
	const struct task *t = &m->tasks.v[id];

	if (task_some(t->leader) && t->leader.i != id)
		return t->leader.i;
	return t->parent.i == id ? NOBODY : t->parent.i;
}

static void walk(struct tree *t, const struct model *m, uint32_t root)
{
	uint32_t x = root;
	unsigned depth = 0;

	for (;;) {
		t->seen[x] = true;
		if (t->depth)
			t->depth[t->n] = (uint8_t)(depth < UINT8_MAX ? depth : UINT8_MAX);
		t->order[t->n++] = (task_id){ x };
		if (t->first[x] != NOBODY && !t->seen[t->first[x]]) {
			x = t->first[x];
			depth++;
			continue;
		}
		while (x != root && (t->next[x] == NOBODY || t->seen[t->next[x]])) {
			x = above(m, x);
			depth--;
		}
		if (x == root)
			return;
		x = t->next[x];
	}
}

/* From the last born to the first, so that each list starts with the first. */
static void link_children(struct tree *t, const struct model *m, const struct birth *births)
{
	uint32_t n = model_nr_tasks(m);

	for (uint32_t i = 0; i < n; i++)
		t->first[i] = t->next[i] = NOBODY;
	for (uint32_t i = n; i-- > 0;) {
		uint32_t id = births[i].id, up = above(m, id);

		if (up == NOBODY)
			continue;
		t->next[id] = t->first[up];
		t->first[up] = id;
	}
}

void model_tree_order(const struct model *m, task_id *order, uint8_t *depth)
{
	uint32_t n = model_nr_tasks(m);
	struct birth *births = xcalloc(n, sizeof(*births));
	struct tree t = {
		.first = xcalloc(n, sizeof(*t.first)),
		.next = xcalloc(n, sizeof(*t.next)),
		.seen = xcalloc(n, sizeof(*t.seen)),
		.order = order,
		.depth = depth,
	};

	for (uint32_t i = 0; i < n; i++)
		births[i] = (struct birth){ m->tasks.v[i].born_ns, i };
	if (n)
		qsort(births, n, sizeof(*births), by_birth);
	link_children(&t, m, births);
	for (uint32_t i = 0; i < n; i++)
		if (above(m, births[i].id) == NOBODY)
			walk(&t, m, births[i].id);
	for (uint32_t i = 0; i < n; i++) /* in a circle of parents: none of them is a root */
		if (!t.seen[births[i].id])
			walk(&t, m, births[i].id);
	free(births);
	free(t.first);
	free(t.next);
	free(t.seen);
}
