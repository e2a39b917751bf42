/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * html_order.c - the order of the lanes: the recorded tree first, then families from the busiest down.
 */
#include "export/html_data.h"

#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"

#define NOBODY UINT32_MAX

struct ranked {
	uint64_t run_ns; /* of the busiest of its family; of the recorded tree 0: it stays as it grew */
	uint32_t place;	 /* in the model's tree */
	uint32_t id;
};

struct kin {
	struct html_order *order;
	const struct html_page *page;
	task_id *tree;	/* all tasks, parents first */
	uint32_t *near; /* by task_id.i: nearest ancestor that has spans */
	bool *seen;
	struct ranked *v;
	uint32_t n;
	uint32_t *first, *next; /* by task_id.i: children and siblings, as ranked; first[nr_tasks]: roots */
};

static bool has_spans(const struct html_page *p, uint32_t id)
{
	return p->count.of_task[id] > 0;
}

static bool in_target(const struct html_page *p, uint32_t id)
{
	return task_some(model_target(p->sum->model)) && model_task(p->sum->model, (task_id){ id })->in_target;
}

static uint32_t above(const struct html_page *p, uint32_t id)
{
	const struct task *t = model_task(p->sum->model, (task_id){ id });

	return task_some(t->leader) && t->leader.i != id ? t->leader.i : t->parent.i;
}

/* Parents come first in the tree, so what is near them is known; where it is a circle one of them is taken as root. */
static void find_parents(struct kin *k)
{
	const struct html_page *p = k->page;

	memset(k->near, 0xff, p->count.nr_tasks * sizeof(*k->near));
	memset(k->order->parent, 0xff, p->count.nr_tasks * sizeof(*k->order->parent));
	for (uint32_t i = 0; i < p->count.nr_tasks; i++) {
		uint32_t id = k->tree[i].i, up = above(p, id);

		k->seen[id] = true;
		if (up >= p->count.nr_tasks || up == id || !k->seen[up])
			continue;
		k->near[id] = has_spans(p, up) ? up : k->near[up];
		if (has_spans(p, id) && k->near[id] != NOBODY && in_target(p, k->near[id]) == in_target(p, id))
			k->order->parent[id] = k->near[id];
	}
}

/* Each task's rank is that of the busiest among itself and who is below it: children come after it in the tree. */
static void rank(struct kin *k)
{
	const struct html_page *p = k->page;
	uint64_t *busiest = xcalloc(p->count.nr_tasks + 1u, sizeof(*busiest));

	for (uint32_t i = p->count.nr_tasks; i-- > 0;) {
		uint32_t id = k->tree[i].i, up = k->order->parent[id];
		uint64_t run_ns = p->sum->tasks[id].ns[STATE_RUNNING];

		if (!has_spans(p, id) || in_target(p, id))
			continue;
		if (busiest[id] < run_ns)
			busiest[id] = run_ns;
		if (up != NOBODY && busiest[up] < busiest[id])
			busiest[up] = busiest[id];
	}
	for (uint32_t i = 0; i < p->count.nr_tasks; i++) {
		uint32_t id = k->tree[i].i;

		if (has_spans(p, id))
			k->v[k->n++] = (struct ranked){ busiest[id], i, id };
	}
	free(busiest);
}

static int by_rank(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->run_ns != y->run_ns)
		return x->run_ns < y->run_ns ? 1 : -1;
	return x->place < y->place ? -1 : x->place > y->place;
}

/* Lists are built from the back. Roots of the recorded tree go first, whatever they ran. */
static void link_children(struct kin *k)
{
	uint32_t roots = k->page->count.nr_tasks;

	memset(k->first, 0xff, (roots + 1u) * sizeof(*k->first));
	for (int target = 0; target < 2; target++)
		for (uint32_t i = k->n; i-- > 0;) {
			uint32_t id = k->v[i].id, up = k->order->parent[id];
			uint32_t *head = &k->first[up == NOBODY ? roots : up];

			if (in_target(k->page, id) != (target == 1))
				continue;
			k->next[id] = *head;
			*head = id;
		}
}

static void walk(struct kin *k)
{
	struct html_order *o = k->order;
	uint32_t id = k->first[k->page->count.nr_tasks];
	unsigned depth = 0;

	while (id != NOBODY) {
		o->ids[o->n++] = id;
		o->depth[id] = (uint8_t)(depth < UINT8_MAX ? depth : UINT8_MAX);
		if (k->first[id] != NOBODY) {
			id = k->first[id];
			depth++;
			continue;
		}
		while (id != NOBODY && k->next[id] == NOBODY) {
			id = o->parent[id];
			depth--;
		}
		if (id != NOBODY)
			id = k->next[id];
	}
}

void html_order_make(struct html_order *o, const struct html_page *p)
{
	size_t nr = p->count.nr_tasks + 1u;
	struct kin k = {
		.order = o,
		.page = p,
		.tree = xcalloc(nr, sizeof(*k.tree)),
		.near = xcalloc(nr, sizeof(*k.near)),
		.seen = xcalloc(nr, sizeof(*k.seen)),
		.v = xcalloc(nr, sizeof(*k.v)),
		.first = xcalloc(nr, sizeof(*k.first)),
		.next = xcalloc(nr, sizeof(*k.next)),
	};

	*o = (struct html_order){
		.ids = xcalloc(nr, sizeof(*o->ids)),
		.parent = xcalloc(nr, sizeof(*o->parent)),
		.depth = xcalloc(nr, sizeof(*o->depth)),
	};
	model_tree_order(p->sum->model, k.tree, NULL);
	find_parents(&k);
	rank(&k);
	if (k.n)
		qsort(k.v, k.n, sizeof(*k.v), by_rank);
	link_children(&k);
	walk(&k);
	free(k.tree);
	free(k.near);
	free(k.seen);
	free(k.v);
	free(k.first);
	free(k.next);
}

void html_order_release(struct html_order *o)
{
	free(o->ids);
	free(o->parent);
	free(o->depth);
}
