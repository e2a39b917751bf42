/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pick.c - choose the tasks, find each one's nearest shown ancestor, and put families together.
 */
#include "render/pick.h"

#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"

#define DEPTH_MAX 63 /* bits of `siblings`; deeper ones are drawn at this depth */

static uint64_t run_ns(const struct summary *s, task_id id)
{
	return s->tasks[id.i].ns[STATE_RUNNING];
}

bool pick_active(const struct summary *s, task_id id)
{
	const struct task_sum *t = &s->tasks[id.i];

	return t->ns[STATE_RUNNING] || t->ns[STATE_RUNNABLE] || t->wakeups || t->voluntary || t->involuntary;
}

/* A recording of the machine has no target: whoever was active counts. */
static bool wanted(const struct summary *s, const struct pick_cfg *cfg, task_id id)
{
	const struct task *t = model_task(s->model, id);

	if (t->outside)
		return false;
	if (cfg->filter.text && *cfg->filter.text)
		return task_filter_match(&cfg->filter, t) && summary_life_ns(s, id) > 0;
	if (cfg->everyone)
		return true;
	if (cfg->all)
		return pick_active(s, id);
	if (task_some(model_target(s->model)))
		return t->in_target && summary_life_ns(s, id) > 0;
	return pick_active(s, id) && !model_is_recorder(s->model, id);
}

static void fold(struct picks *p, const struct summary *s, task_id id)
{
	if (!pick_active(s, id))
		return;
	p->others++;
	p->others_run_ns += run_ns(s, id);
	if (model_is_recorder(s->model, id)) {
		p->recorders++;
		p->recorder_run_ns += run_ns(s, id);
	}
}

/* ---- the limit ---- */

struct ranked {
	uint64_t key;	 /* larger comes first */
	uint32_t i;	 /* ties: smaller first */
};

static int by_rank(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? 1 : -1;
	return x->i < y->i ? -1 : x->i > y->i;
}

/* Keep the `top` that ran longest of `chosen` flags, and the root of the target whatever it did. */
static void limit(struct picks *p, const struct summary *s, bool *chosen, uint32_t nr_chosen, uint64_t top)
{
	struct ranked *r = xcalloc(nr_chosen, sizeof(*r));
	task_id root = model_target(s->model);
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->nr_tasks; i++)
		if (chosen[i])
			r[n++] = (struct ranked){ .key = i == root.i ? UINT64_MAX : run_ns(s, (task_id){ i }), .i = i };
	qsort(r, n, sizeof(*r), by_rank);
	for (uint64_t i = top; i < n; i++) {
		chosen[r[i].i] = false;
		p->more++;
		p->more_run_ns += s->tasks[r[i].i].ns[STATE_RUNNING];
	}
	free(r);
}

/* ---- families ---- */

/* In the order people read: threads hang under their process, processes under their parent. */
static task_id tree_parent(const struct model *m, task_id id)
{
	const struct task *t = model_task(m, id);

	if (task_some(t->leader) && !task_is(t->leader, id))
		return t->leader;
	return t->parent;
}

/* Nearest chosen ancestor. A damaged recording may have loops in its family tree: give up after as many steps. */
static uint32_t shown_ancestor(const struct model *m, const uint32_t *index_of, task_id id)
{
	uint32_t steps = model_nr_tasks(m);

	for (task_id a = tree_parent(m, id); task_some(a) && steps-- > 0; a = tree_parent(m, a))
		if (index_of[a.i] != UINT32_MAX && !task_is(a, id))
			return index_of[a.i];
	return UINT32_MAX;
}

struct family {
	struct picked *v;
	uint32_t n;
	uint32_t *first, *next; /* children in order: first[n] is the first root, next[] the following sibling */
	struct picked *out;
	uint32_t placed;
};

static void place(struct family *f, uint32_t first, uint32_t parent, uint8_t depth, uint64_t siblings)
{
	for (uint32_t i = first; i != UINT32_MAX; i = f->next[i]) {
		uint64_t below = siblings & ~(1ull << depth);
		uint32_t at = f->placed++;

		if (f->next[i] != UINT32_MAX)
			below |= 1ull << depth;
		f->out[at] = f->v[i];
		f->out[at].parent = parent;
		f->out[at].depth = depth;
		f->out[at].siblings = below;
		place(f, f->first[i], at, depth < DEPTH_MAX ? (uint8_t)(depth + 1) : depth, below);
	}
}

/* Sibling order is that of `order`: indices of v, first to last; lists are built from the back. */
static void link_children(struct family *f, const uint32_t *order)
{
	for (uint32_t k = 0; k <= f->n; k++)
		f->first[k] = UINT32_MAX;
	for (uint32_t k = f->n; k-- > 0;) {
		uint32_t i = order[k], parent = f->v[i].parent;
		uint32_t *head = &f->first[parent == UINT32_MAX ? f->n : parent];

		f->next[i] = *head;
		*head = i;
	}
}

/* A whole machine is read from the busiest down: a family counts as its busiest member. */
static void order_by_run(const struct summary *s, const struct picked *v, uint32_t n, uint32_t *order)
{
	struct ranked *r = xcalloc(n, sizeof(*r));

	for (uint32_t i = 0; i < n; i++)
		r[i].i = i;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t steps = n;

		for (uint32_t a = i; a != UINT32_MAX && steps-- > 0; a = v[a].parent)
			if (r[a].key < run_ns(s, v[i].id))
				r[a].key = run_ns(s, v[i].id);
	}
	qsort(r, n, sizeof(*r), by_rank);
	for (uint32_t i = 0; i < n; i++)
		order[i] = r[i].i;
	free(r);
}

/* A family loop has no root and would not be placed: such tasks are made roots. */
static void break_loops(struct picked *v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t steps = 0, a = i;

		while (a != UINT32_MAX && steps++ <= n)
			a = v[a].parent;
		if (a != UINT32_MAX)
			v[i].parent = UINT32_MAX;
	}
}

static void arrange(struct picks *p, const struct summary *s, bool by_run)
{
	struct family f = { .v = p->v, .n = p->n };
	uint32_t *order = xcalloc(p->n + 1u, sizeof(*order));

	f.first = xcalloc(p->n + 1u, sizeof(*f.first));
	f.next = xcalloc(p->n + 1u, sizeof(*f.next));
	f.out = xcalloc(p->n + 1u, sizeof(*f.out));
	break_loops(p->v, p->n);
	for (uint32_t i = 0; i < p->n; i++)
		order[i] = i;
	if (by_run)
		order_by_run(s, p->v, p->n, order);
	link_children(&f, order);
	place(&f, f.first[f.n], UINT32_MAX, 0, 0);
	free(p->v);
	p->v = f.out;
	free(f.first);
	free(f.next);
	free(order);
}

/* Collect the chosen in the order of the model's tree. */
static void collect(struct picks *p, const struct summary *s, const bool *chosen, bool flat)
{
	uint32_t nr = s->nr_tasks, *index_of = xcalloc(nr + 1u, sizeof(*index_of));
	task_id *order = xcalloc(nr + 1u, sizeof(*order));

	model_tree_order(s->model, order, NULL);
	memset(index_of, 0xff, (nr + 1u) * sizeof(*index_of));
	for (uint32_t i = 0; i < nr; i++)
		p->n += chosen[i];
	p->v = xcalloc(p->n + 1u, sizeof(*p->v));
	for (uint32_t i = 0, at = 0; i < nr; i++)
		if (chosen[order[i].i]) {
			p->v[at].id = order[i];
			index_of[order[i].i] = at++;
		}
	for (uint32_t i = 0; i < p->n; i++)
		p->v[i].parent = flat ? UINT32_MAX : shown_ancestor(s->model, index_of, p->v[i].id);
	free(order);
	free(index_of);
}

void picks_make(struct picks *p, const struct summary *s, const struct pick_cfg *cfg)
{
	bool filtered = cfg->filter.text && *cfg->filter.text;
	bool *chosen = xcalloc(s->nr_tasks + 1u, sizeof(*chosen));
	uint32_t nr_chosen = 0;

	*p = (struct picks){ 0 };
	for (uint32_t i = 0; i < s->nr_tasks; i++) {
		chosen[i] = wanted(s, cfg, (task_id){ i });
		nr_chosen += chosen[i];
		if (!chosen[i] && !filtered)
			fold(p, s, (task_id){ i });
	}
	if (cfg->top || !cfg->flat)
		limit(p, s, chosen, nr_chosen, cfg->top ? cfg->top : filtered ? PICK_MAX : PICK_DEFAULT_TOP);
	collect(p, s, chosen, cfg->flat);
	if (!cfg->flat)
		arrange(p, s, cfg->all || !task_some(model_target(s->model)));
	free(chosen);
}

void picks_release(struct picks *p)
{
	free(p->v);
	*p = (struct picks){ 0 };
}

static void report_line(uint32_t n, const char *what, uint64_t ns, bool utf8, struct buf *out)
{
	buf_puts(out, "and ");
	fmt_count(out, n);
	buf_printf(out, " %s task%s, ", what, n == 1 ? "" : "s");
	fmt_duration(out, ns, utf8);
	buf_puts(out, " on CPU");
}

void picks_report(const struct picks *p, bool utf8, struct buf *out)
{
	if (p->more) {
		report_line(p->more, "more", p->more_run_ns, utf8, out);
		buf_puts(out, " (--top N shows more)\n");
	}
	if (!p->others)
		return;
	report_line(p->others, "other", p->others_run_ns, utf8, out);
	if (p->recorders) {
		buf_puts(out, ", schedviz itself ");
		fmt_duration(out, p->recorder_run_ns, utf8);
	}
	buf_putc(out, '\n');
}
