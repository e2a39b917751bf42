/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explain_whatif.c - what would have made the end come earlier, as a table and as JSON.
 */
#include "render/explain.h"

#include <string.h>
#include "base/fmt.h"
#include "render/table.h"
#include "render/words.h"

static const struct {
	const char *key;    /* of the JSON */
	const char *change; /* in the table, below "what if" */
	const char *brief;  /* in a list */
} rows[NR_WHATIFS] = {
	[WHATIF_NO_WAKE_LATENCY] = { "no_wake_latency", "whoever is woken ran at once", "no wake-up latency" },
	[WHATIF_NO_WAITING] = { "no_waiting", "nobody ever waited for a CPU", "no waiting for a CPU" },
	[WHATIF_ONE_MORE_CPU] = { "one_more_cpu", "there were one more CPU", "one more CPU" },
	[WHATIF_ONE_MORE_WORKER] = { "one_more_worker", "there were one more worker", "one more worker" },
	[WHATIF_NO_SLEEP] = { "no_sleep", "nobody slept for time alone", "no sleeping for time" },
};

enum { COL_CHANGE, COL_TAKES, COL_EARLIER, COL_SHARE, NR_COLS };

static const struct column cols[NR_COLS] = {
	[COL_CHANGE] = { .title = "what if" },
	[COL_TAKES] = { .title = "it would take", .flags = COL_RIGHT },
	[COL_EARLIER] = { .title = "less", .flags = COL_RIGHT },
	[COL_SHARE] = { .title = "of it", .flags = COL_RIGHT, .rank = 1 },
};

static uint64_t wall_of(const struct whatifs *w)
{
	return w->window.to_ns - w->window.from_ns;
}

static uint64_t gain_ns(const struct whatifs *w, uint64_t end_ns)
{
	return wall_of(w) > end_ns ? wall_of(w) - end_ns : 0;
}

/* By what is sure to be gained, then by what may be, then in the table's order. */
static bool is_more(const struct whatifs *w, int a, int b)
{
	const struct whatif *x = &w->v[a], *y = &w->v[b];

	if (gain_ns(w, x->max_ns) != gain_ns(w, y->max_ns))
		return gain_ns(w, x->max_ns) > gain_ns(w, y->max_ns);
	if (gain_ns(w, x->min_ns) != gain_ns(w, y->min_ns))
		return gain_ns(w, x->min_ns) > gain_ns(w, y->min_ns);
	return a < b;
}

static bool gains(const struct whatifs *w, int k)
{
	return w->v[k].known && gain_ns(w, w->v[k].min_ns) > 0;
}

/* Those that gain something, the most first. */
static int order(const struct whatifs *w, int v[NR_WHATIFS])
{
	int n = 0;

	for (int k = 0; k < NR_WHATIFS; k++) {
		int at = n;

		if (!gains(w, k))
			continue;
		for (; at > 0 && is_more(w, k, v[at - 1]); at--)
			v[at] = v[at - 1];
		v[at] = k;
		n++;
	}
	return n;
}

/* Two texts, or one where they are the same. */
static void put_range(struct buf *out, const struct buf *from, const struct buf *to)
{
	buf_puts(out, buf_str(from));
	if (strcmp(buf_str(from), buf_str(to)))
		buf_printf(out, " to %s", buf_str(to));
}

static void put_times(struct buf *out, uint64_t from_ns, uint64_t to_ns, const struct style *st)
{
	struct buf from = { 0 }, to = { 0 };

	fmt_duration(&from, from_ns, st->utf8);
	fmt_duration(&to, to_ns, st->utf8);
	put_range(out, &from, &to);
	buf_release(&from);
	buf_release(&to);
}

static void put_shares(struct buf *out, uint64_t from_ns, uint64_t to_ns, uint64_t of_ns)
{
	struct buf from = { 0 }, to = { 0 };

	words_share(&from, from_ns, of_ns);
	words_share(&to, to_ns, of_ns);
	put_range(out, &from, &to);
	buf_release(&from);
	buf_release(&to);
}

static void put_row(struct table *t, const struct whatifs *w, int k, const struct style *st)
{
	const struct whatif *v = &w->v[k];

	table_row(t);
	buf_puts(table_cell(t, COL_CHANGE), rows[k].change);
	put_times(table_cell(t, COL_TAKES), v->min_ns, v->max_ns, st);
	put_times(table_cell(t, COL_EARLIER), gain_ns(w, v->max_ns), gain_ns(w, v->min_ns), st);
	put_shares(table_cell(t, COL_SHARE), gain_ns(w, v->max_ns), gain_ns(w, v->min_ns), wall_of(w));
}

static void put_rest(const struct whatifs *w, const struct style *st, struct buf *out)
{
	struct buf line = { 0 };

	for (int k = 0; k < NR_WHATIFS; k++)
		if (w->v[k].known && !gains(w, k))
			buf_printf(&line, "%s%s", line.len ? ", " : "Nothing would be gained by: ", rows[k].brief);
	if (line.len)
		buf_puts(&line, ". ");
	if (w->replayed_ns != wall_of(w)) {
		buf_puts(&line, "The recording has gaps: played again as it is, it takes ");
		fmt_duration(&line, w->replayed_ns, st->utf8);
		buf_putc(&line, '.');
	}
	if (line.len)
		fmt_wrap(out, buf_str(&line), 0, 0, st->columns);
	buf_release(&line);
}

void explain_whatif_text(const struct account *a, const struct explain_cfg *cfg, const struct style *st,
			 struct buf *out)
{
	const struct whatifs *w = &a->whatifs;
	struct table t = table_make(cols, NR_COLS);
	int v[NR_WHATIFS], n = order(w, v);

	(void)cfg;
	for (int i = 0; i < n; i++)
		put_row(&t, w, v[i], st);
	if (n) {
		buf_puts(out, "It took ");
		fmt_duration(out, wall_of(w), st->utf8);
		buf_puts(out, ". If only this changed, and all else went as it did:\n");
		table_put(&t, st, out);
	}
	table_release(&t);
	put_rest(w, st, out);
}

void explain_whatif_json(const struct account *a, struct json *j)
{
	const struct whatifs *w = &a->whatifs;

	json_object(j, "whatif");
	json_u64(j, "wall_ns", wall_of(w));
	json_u64(j, "replayed_ns", w->replayed_ns);
	for (int k = 0; k < NR_WHATIFS; k++) {
		if (!w->v[k].known) {
			json_null(j, rows[k].key);
			continue;
		}
		json_object(j, rows[k].key);
		json_u64(j, "min_ns", w->v[k].min_ns);
		json_u64(j, "max_ns", w->v[k].max_ns);
		json_bool(j, "exact", w->v[k].exact);
		json_end(j);
	}
	json_end(j);
}
