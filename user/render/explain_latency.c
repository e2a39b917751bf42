/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explain_latency.c - how long tasks waited after a wake-up and kept a CPU: tables of percentiles, bars, moves.
 */
#include <inttypes.h>
#include <stdlib.h>
#include "base/alloc.h"
#include "render/bars.h"
#include "render/explain.h"
#include "render/table.h"
#include "render/words.h"

#define ENOUGH_FOR_BARS 20 /* of fewer the table says all */

/* ---- cells ---- */

/* The p-th percentile where at least one sample lies above it: else it is only another name for the longest. */
static void put_percentile(struct buf *cell, const struct dist *d, uint64_t ns, uint64_t one_of, const struct style *st)
{
	if (d->n >= one_of)
		fmt_duration(cell, ns, st->utf8);
	else
		buf_putc(cell, '-');
}

static void put_who(const struct account *a, const struct latency_task *t, const struct style *st, struct buf *cell)
{
	if (task_some(t->task))
		explain_task(a, t->task, st, cell);
	else
		buf_puts(cell, "all together");
}

static void put_more(size_t shown, size_t all, struct buf *out)
{
	if (all <= shown)
		return;
	buf_puts(out, "and ");
	fmt_count(out, all - shown);
	buf_printf(out, " other%s\n", plural(all - shown));
}

/* ---- from waking to running ---- */

enum wake_column { W_WHO, W_N, W_P50, W_P90, W_P95, W_P99, W_P999, W_MAX, W_CUT, NR_WAKE_COLUMNS };

static const struct column wake_columns[NR_WAKE_COLUMNS] = {
	[W_WHO] = { "waking to running", COL_LEFT, 0, 25, INK_PLAIN },
	[W_N] = { "wake-ups", COL_RIGHT, 0, 0, INK_PLAIN },
	[W_P50] = { "p50", COL_RIGHT | COL_IF_ANY, 0, 0, INK_PLAIN },
	[W_P90] = { "p90", COL_RIGHT | COL_IF_ANY, 2, 0, INK_PLAIN },
	[W_P95] = { "p95", COL_RIGHT | COL_IF_ANY, 3, 0, INK_PLAIN },
	[W_P99] = { "p99", COL_RIGHT | COL_IF_ANY, 0, 0, INK_WAIT },
	[W_P999] = { "p99.9", COL_RIGHT | COL_IF_ANY, 1, 0, INK_PLAIN },
	[W_MAX] = { "longest", COL_RIGHT, 0, 0, INK_PLAIN },
	[W_CUT] = { "cut off", COL_RIGHT | COL_IF_ANY, 0, 0, INK_DIM },
};

static void wake_cells(struct table *t, const struct dist *d, const struct style *st)
{
	fmt_count(table_cell(t, W_N), d->n);
	put_percentile(table_cell(t, W_P50), d, d->p50_ns, 2, st);
	put_percentile(table_cell(t, W_P90), d, d->p90_ns, 10, st);
	put_percentile(table_cell(t, W_P95), d, d->p95_ns, 20, st);
	put_percentile(table_cell(t, W_P99), d, d->p99_ns, 100, st);
	put_percentile(table_cell(t, W_P999), d, d->p999_ns, 1000, st);
	put_percentile(table_cell(t, W_MAX), d, d->max_ns, 1, st);
}

static void wake_row(struct table *t, const struct account *a, const struct latency_task *l, const struct style *st)
{
	table_row(t);
	put_who(a, l, st, table_cell(t, W_WHO));
	wake_cells(t, &l->wake, st);
	fmt_count(table_cell(t, W_CUT), l->cut);
}

static const char *const class_words[NR_LATENCY_CLASSES] = {
	[LATENCY_TASK_SAME] = "by task, same CPU",     [LATENCY_TASK_OTHER] = "by task, other CPU",
	[LATENCY_IRQ_SAME] = "by interrupt, same CPU", [LATENCY_IRQ_OTHER] = "by interrupt, other CPU",
	[LATENCY_NOT_KNOWN] = "by whom is not known",
};

/* Split by who woke, if that splits anything. */
static void class_rows(struct table *t, const struct latencies *l, const struct style *st)
{
	int used = 0;

	for (int c = 0; c < NR_LATENCY_CLASSES; c++)
		used += l->by_class[c].n > 0;
	for (int c = 0; used > 1 && c < NR_LATENCY_CLASSES; c++) {
		if (!l->by_class[c].n)
			continue;
		table_row(t);
		buf_printf(table_cell(t, W_WHO), "  %s", class_words[c]);
		wake_cells(t, &l->by_class[c], st);
		buf_putc(table_cell(t, W_CUT), '-');
	}
}

static bool waited(const struct latency_task *t)
{
	return t->wake.n || t->cut;
}

static void put_wakes(const struct account *a, const struct explain_cfg *cfg, const struct style *st, struct buf *out)
{
	const struct latencies *l = &a->latencies;
	struct table t = table_make(wake_columns, NR_WAKE_COLUMNS);
	size_t all = 0, shown = 0;

	for (size_t i = 0; i < l->tasks.n; i++) {
		all += waited(&l->tasks.v[i]);
		if (!waited(&l->tasks.v[i]) || shown >= cfg->top)
			continue;
		wake_row(&t, a, &l->tasks.v[i], st);
		shown++;
	}
	if (all > 1) {
		struct latency_task sum = l->all;

		wake_row(&t, a, &sum, st);
	}
	class_rows(&t, l, st);
	table_put(&t, st, out);
	table_release(&t);
	put_more(shown, all, out);
}

static void put_cut(const struct latencies *l, const struct style *st, struct buf *out)
{
	struct buf s = { 0 };

	if (!l->cut)
		return;
	fmt_count(&s, l->cut);
	buf_printf(&s,
		   " wait%s cut off: %s beginning or end lies outside of what is explained, or in a loss. What is "
		   "inside, ",
		   l->cut == 1 ? " is" : "s are", l->cut == 1 ? "its" : "their");
	fmt_duration(&s, l->cut_ns, st->utf8);
	buf_puts(&s, ", is in no other number here.");
	fmt_wrap(out, buf_str(&s), 0, 0, st->columns);
	buf_release(&s);
}

/* Of all, and of the worst of those of which there are enough. */
static void put_wake_bars(const struct account *a, const struct style *st, struct buf *out)
{
	const struct latencies *l = &a->latencies;
	const struct latency_task *worst = NULL;
	struct buf title = { 0 };
	struct bars v[2];
	size_t nr = 0;

	for (size_t i = 0; i < l->tasks.n && !worst; i++)
		if (l->tasks.v[i].wake.n >= ENOUGH_FOR_BARS)
			worst = &l->tasks.v[i];
	if (!worst || worst->wake.n < l->wake.n)
		v[nr++] = (struct bars){ "all, waking to running", l->wake.bins, INK_WAIT };
	if (worst) {
		explain_task(a, worst->task, st, &title);
		buf_puts(&title, ", waking to running");
		v[nr++] = (struct bars){ buf_str(&title), worst->wake.bins, INK_WAIT };
	}
	if (l->wake.n >= ENOUGH_FOR_BARS) {
		buf_putc(out, '\n');
		bars_put(v, nr, st, out);
	}
	buf_release(&title);
}

/* ---- on a CPU ---- */

enum stay_column { S_WHO, S_RAN, S_N, S_TAKEN, S_P50, S_P90, S_P99, S_MAX, S_TAKEN_P50, S_MOVED, NR_STAY_COLUMNS };

static const struct column stay_columns[NR_STAY_COLUMNS] = {
	[S_WHO] = { "time slices", COL_LEFT, 0, 22, INK_PLAIN },
	[S_RAN] = { "ran", COL_RIGHT, 0, 0, INK_RUN },
	[S_N] = { "slices", COL_RIGHT, 0, 0, INK_PLAIN },
	[S_P50] = { "p50", COL_RIGHT | COL_IF_ANY, 0, 0, INK_PLAIN },
	[S_P90] = { "p90", COL_RIGHT | COL_IF_ANY, 3, 0, INK_PLAIN },
	[S_P99] = { "p99", COL_RIGHT | COL_IF_ANY, 2, 0, INK_PLAIN },
	[S_MAX] = { "longest", COL_RIGHT, 0, 0, INK_PLAIN },
	[S_TAKEN] = { "preempted", COL_RIGHT | COL_IF_ANY, 0, 0, INK_WAIT },
	[S_TAKEN_P50] = { "their p50", COL_RIGHT | COL_IF_ANY, 1, 0, INK_PLAIN },
	[S_MOVED] = { "moved", COL_RIGHT | COL_IF_ANY, 0, 0, INK_PLAIN },
};

static void stay_row(struct table *t, const struct account *a, const struct latency_task *l, const struct style *st)
{
	const struct dist *d = &l->slice;

	table_row(t);
	put_who(a, l, st, table_cell(t, S_WHO));
	fmt_duration(table_cell(t, S_RAN), l->ran_ns, st->utf8);
	fmt_count(table_cell(t, S_N), d->n);
	put_percentile(table_cell(t, S_P50), d, d->p50_ns, 2, st);
	put_percentile(table_cell(t, S_P90), d, d->p90_ns, 10, st);
	put_percentile(table_cell(t, S_P99), d, d->p99_ns, 100, st);
	put_percentile(table_cell(t, S_MAX), d, d->max_ns, 1, st);
	fmt_count(table_cell(t, S_TAKEN), l->taken.n);
	put_percentile(table_cell(t, S_TAKEN_P50), &l->taken, l->taken.p50_ns, 1, st);
	fmt_count(table_cell(t, S_MOVED), l->migrations);
}

static int ran_most(const void *a, const void *b)
{
	const struct latency_task *x = *(const struct latency_task *const *)a;
	const struct latency_task *y = *(const struct latency_task *const *)b;

	if (x->ran_ns != y->ran_ns)
		return x->ran_ns < y->ran_ns ? 1 : -1;
	return (x->task.i > y->task.i) - (x->task.i < y->task.i);
}

/* Those that ran, longest first; the caller frees. */
static const struct latency_task **list_runners(const struct latencies *l, size_t *nr)
{
	const struct latency_task **v = xcalloc(l->tasks.n + 1, sizeof(*v));

	*nr = 0;
	for (size_t i = 0; i < l->tasks.n; i++)
		if (l->tasks.v[i].ran_ns || l->tasks.v[i].slice.n)
			v[(*nr)++] = &l->tasks.v[i];
	if (*nr)
		qsort(v, *nr, sizeof(*v), ran_most);
	return v;
}

static void put_stay_bars(const struct account *a, const struct latency_task **v, size_t nr, const struct style *st,
			  struct buf *out)
{
	struct buf name[2] = { { 0 }, { 0 } };
	struct bars bars[3];
	size_t n = 0, names = 0;

	if (a->latencies.slice.n < ENOUGH_FOR_BARS)
		return;
	if (nr > 1)
		bars[n++] = (struct bars){ "all, slices", a->latencies.slice.bins, INK_RUN };
	for (size_t i = 0; i < nr && names < 2; i++) {
		if (!v[i]->slice.n)
			continue;
		explain_task(a, v[i]->task, st, &name[names]);
		bars[n++] = (struct bars){ buf_str(&name[names++]), v[i]->slice.bins, INK_RUN };
	}
	buf_putc(out, '\n');
	bars_put(bars, n, st, out);
	for (size_t i = 0; i < 2; i++)
		buf_release(&name[i]);
}

static void put_stays(const struct account *a, const struct explain_cfg *cfg, const struct style *st, struct buf *out)
{
	struct table t = table_make(stay_columns, NR_STAY_COLUMNS);
	size_t nr;
	const struct latency_task **v = list_runners(&a->latencies, &nr);

	for (size_t i = 0; i < nr && i < cfg->top; i++)
		stay_row(&t, a, v[i], st);
	if (nr > 1)
		stay_row(&t, a, &a->latencies.all, st);
	if (nr) {
		buf_putc(out, '\n');
		table_put(&t, st, out);
		put_more(cfg->top, nr, out);
		put_stay_bars(a, v, nr, st, out);
	}
	table_release(&t);
	free(v);
}

static void put_moves(const struct latencies *l, const struct style *st, struct buf *out)
{
	const struct {
		uint64_t n;
		const char *where;
	} rows[] = {
		{ l->all.moved_core, "within a core" },
		{ l->all.moved_cache, "to another core of the same cache" },
		{ l->all.moved_node, "to another cache of the same node" },
		{ l->all.moved_far, "to another node" },
		{ l->all.moved_unknown, "how far is not known" },
	};
	const char *before = "";
	struct buf s = { 0 };

	if (!l->all.migrations)
		return;
	fmt_count(&s, l->all.migrations);
	buf_printf(&s, " move%s to another CPU (", plural(l->all.migrations));
	fmt_count(&s, l->all.placed);
	buf_puts(&s, " as part of a wake-up): ");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!rows[i].n)
			continue;
		buf_puts(&s, before);
		fmt_count(&s, rows[i].n);
		buf_printf(&s, " %s", rows[i].where);
		before = ", ";
	}
	buf_putc(&s, '.');
	fmt_wrap(out, buf_str(&s), 0, 0, st->columns);
	buf_release(&s);
}

void explain_latency_text(const struct account *a, const struct explain_cfg *cfg, const struct style *st,
			  struct buf *out)
{
	const struct latencies *l = &a->latencies;

	if (!l->tasks.n)
		return;
	if (l->wake.n || l->cut) {
		put_wakes(a, cfg, st, out);
		put_cut(l, st, out);
		put_wake_bars(a, st, out);
	} else {
		buf_puts(out, "No wake-up was seen that led to running.\n");
	}
	put_stays(a, cfg, st, out);
	put_moves(l, st, out);
}

/* ---- JSON ---- */

static void put_dist(struct json *j, const char *key, const struct dist *d)
{
	json_object(j, key);
	json_u64(j, "count", d->n);
	json_u64(j, "min_ns", d->min_ns);
	json_u64(j, "mean_ns", dist_mean_ns(d));
	json_u64(j, "p50_ns", d->p50_ns);
	json_u64(j, "p90_ns", d->p90_ns);
	json_u64(j, "p95_ns", d->p95_ns);
	json_u64(j, "p99_ns", d->p99_ns);
	json_u64(j, "p999_ns", d->p999_ns);
	json_u64(j, "max_ns", d->max_ns);
	json_array(j, "bins");
	for (unsigned b = 0; b < DIST_BINS; b++) {
		if (!d->bins[b])
			continue;
		json_object(j, NULL);
		json_u64(j, "from_ns", dist_bin_from_ns(b));
		json_u64(j, "count", d->bins[b]);
		json_end(j);
	}
	json_end(j);
	json_end(j);
}

static void put_moves_json(struct json *j, const struct latency_task *t)
{
	json_object(j, "migrations");
	json_u64(j, "count", t->migrations);
	json_u64(j, "at_wakeup", t->placed);
	json_u64(j, "core", t->moved_core);
	json_u64(j, "cache", t->moved_cache);
	json_u64(j, "node", t->moved_node);
	json_u64(j, "far", t->moved_far);
	json_u64(j, "unknown", t->moved_unknown);
	json_end(j);
}

static void put_task_members(struct json *j, const struct latency_task *t)
{
	put_dist(j, "latency", &t->wake);
	json_u64(j, "cut", t->cut);
	json_u64(j, "cut_ns", t->cut_ns);
	json_u64(j, "run_ns", t->ran_ns);
	put_dist(j, "slice", &t->slice);
	put_dist(j, "preempted", &t->taken);
	put_moves_json(j, t);
}

void explain_latency_json(const struct account *a, struct json *j)
{
	static const char *const classes[NR_LATENCY_CLASSES] = {
		[LATENCY_TASK_SAME] = "task_same_cpu", [LATENCY_TASK_OTHER] = "task_other_cpu",
		[LATENCY_IRQ_SAME] = "irq_same_cpu",   [LATENCY_IRQ_OTHER] = "irq_other_cpu",
		[LATENCY_NOT_KNOWN] = "unknown",
	};
	const struct latencies *l = &a->latencies;

	json_object(j, "latency");
	json_object(j, "all");
	put_task_members(j, &l->all);
	json_end(j);
	json_object(j, "by_waker");
	for (int c = 0; c < NR_LATENCY_CLASSES; c++)
		put_dist(j, classes[c], &l->by_class[c]);
	json_end(j);
	json_array(j, "tasks");
	for (size_t i = 0; i < l->tasks.n; i++) {
		json_object(j, NULL);
		explain_task_json(a, j, "task", l->tasks.v[i].task);
		put_task_members(j, &l->tasks.v[i]);
		json_end(j);
	}
	json_end(j);
	json_end(j);
}
