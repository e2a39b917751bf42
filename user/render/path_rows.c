/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_rows.c - lay the steps over columns and rows, and choose what each cell shows.
 */
#include "render/path_rows.h"

#include <stdlib.h>
#include <string.h>
#include "analysis/path_read.h"
#include "base/alloc.h"
#include "render/words.h"

#define NO_ROW UINT32_MAX

/* ---- on whom ---- */

static void add_part(struct path_on *on, uint8_t kind, uint64_t ns)
{
	if (kind == PATH_RUNNING)
		on->run_ns += ns;
	else if (kind == PATH_WAITING)
		on->wait_ns += ns;
	else
		on->rest_ns += ns;
}

static uint64_t all_ns(const struct path_on *on)
{
	return on->run_ns + on->wait_ns + on->rest_ns;
}

void path_rows_init(struct path_rows *r, const struct path *p, const struct model *m, struct window window)
{
	uint32_t nr = model_nr_tasks(m);
	struct path_part part = path_within(p, window);

	*r = (struct path_rows){ .path = p, .model = m, .window = window };
	r->on = xcalloc(nr ? nr : 1, sizeof(*r->on));
	r->row = xcalloc(nr ? nr : 1, sizeof(*r->row));
	memset(r->row, 0xff, nr * sizeof(*r->row));
	for (size_t i = part.from; i < part.to; i++) {
		const struct path_step *s = &p->steps.v[i];

		if (task_some(s->task))
			add_part(&r->on[s->task.i], s->kind, history_part_ns(s->from_ns, s->to_ns, window));
	}
}

void path_rows_release(struct path_rows *r)
{
	free(r->on);
	free(r->row);
	free(r->cells);
	free(r->joints);
	*r = (struct path_rows){ 0 };
}

bool path_rows_has(const struct path_rows *r, task_id id)
{
	return all_ns(&r->on[id.i]) > 0;
}

const struct path_on *path_rows_add(struct path_rows *r, task_id id)
{
	r->row[id.i] = r->nr++;
	return &r->on[id.i];
}

/* ---- where ---- */

static uint32_t row_of(const struct path_rows *r, task_id id)
{
	return task_some(id) ? r->row[id.i] : NO_ROW;
}

static struct path_row_cell *cell_at(const struct path_rows *r, uint32_t row, unsigned column)
{
	return &r->cells[(size_t)row * r->columns + column];
}

static void lay_step(struct path_rows *r, const struct axis *a, uint32_t row, struct window w)
{
	unsigned last = axis_column(a, w.to_ns);

	for (unsigned c = axis_column(a, w.from_ns);; c++) {
		struct path_row_cell *cell = cell_at(r, row, c);
		struct window column = { axis_time(a, c), axis_time(a, c + 1) };

		cell->ns += history_part_ns(w.from_ns, w.to_ns, column);
		if (w.from_ns < column.from_ns || w.from_ns == a->window.from_ns)
			cell->arms |= ARM_LEFT;
		if (c < last || w.to_ns == a->window.to_ns)
			cell->arms |= ARM_RIGHT;
		if (c == last)
			break;
	}
}

static void join_rows(struct path_rows *r, unsigned column, uint32_t one, uint32_t other)
{
	uint32_t top = one < other ? one : other, bottom = one < other ? other : one;

	r->joints[column]++;
	if (r->joints[column] > PATH_JOINTS)
		return; /* none of them is shown */
	cell_at(r, top, column)->arms |= ARM_DOWN;
	cell_at(r, bottom, column)->arms |= ARM_UP;
	for (uint32_t between = top + 1; between < bottom; between++)
		cell_at(r, between, column)->arms |= ARM_UP | ARM_DOWN;
}

void path_rows_count(struct path_rows *r, const struct axis *a)
{
	struct path_part part = path_within(r->path, r->window);

	r->columns = a->columns;
	r->column_ns = axis_cell_ns(a);
	r->cells = xcalloc((size_t)r->nr * r->columns + 1, sizeof(*r->cells));
	r->joints = xcalloc(r->columns, sizeof(*r->joints));
	for (size_t i = part.from; i < part.to; i++) {
		const struct path_step *s = &r->path->steps.v[i];
		uint32_t row = row_of(r, s->task), next;
		struct window w = {
			s->from_ns > r->window.from_ns ? s->from_ns : r->window.from_ns,
			s->to_ns < r->window.to_ns ? s->to_ns : r->window.to_ns,
		};

		if (row == NO_ROW)
			continue;
		lay_step(r, a, row, w);
		next = i + 1 < part.to ? row_of(r, s[1].task) : NO_ROW;
		if (next != NO_ROW && next != row)
			join_rows(r, axis_column(a, w.to_ns), row, next);
	}
}

/* ---- what is seen ---- */

static void put_glyph(const char *text, enum glyph meaning, struct cell *out, struct seen *seen)
{
	cell_set(out, text, INK_PATH, INK_PLAIN);
	seen->glyph[meaning] = true;
}

void path_rows_paint(const struct path_rows *r, uint32_t row, const struct style *st, struct cell *cells,
		     struct seen *seen)
{
	for (unsigned c = 0; c < r->columns; c++) {
		const struct path_row_cell *cell = cell_at(r, row, c);
		bool crowded = r->joints[c] > PATH_JOINTS;

		if (crowded && cell->ns && cell->ns < r->column_ns / 2)
			put_glyph(glyph_text(st, GLYPH_PATH_PARTLY), GLYPH_PATH_PARTLY, &cells[c], seen);
		else if (crowded && cell->ns)
			put_glyph(glyph_text(st, GLYPH_PATH), GLYPH_PATH, &cells[c], seen);
		else if (!crowded && cell->arms)
			put_glyph(glyph_arms(st, cell->arms), GLYPH_PATH, &cells[c], seen);
	}
}

/* ---- what is said ---- */

static void put_part(const struct style *st, const char *what, uint64_t ns, bool *first, struct buf *out)
{
	if (!ns)
		return;
	buf_puts(out, *first ? "" : ", ");
	fmt_duration(out, ns, st->utf8);
	buf_puts(out, what);
	*first = false;
}

void path_rows_report(const struct path_rows *r, const struct style *st, struct buf *out)
{
	struct path_on all = { 0 };
	uint64_t hidden_ns = 0;
	uint32_t tasks = 0, hidden = 0;
	struct buf text = { 0 };
	bool first = true,
	     whole = r->window.from_ns <= r->path->window.from_ns && r->window.to_ns >= r->path->window.to_ns;

	for (uint32_t i = 0; i < model_nr_tasks(r->model); i++) {
		uint64_t ns = all_ns(&r->on[i]);

		all.run_ns += r->on[i].run_ns;
		all.wait_ns += r->on[i].wait_ns;
		all.rest_ns += r->on[i].rest_ns;
		tasks += ns > 0;
		hidden += ns > 0 && r->row[i] == NO_ROW;
		hidden_ns += r->row[i] == NO_ROW ? ns : 0;
	}
	if (!tasks) {
		buf_puts(out, "The critical path does not come here.\n");
		return;
	}
	buf_puts(&text, whole ? "The critical path, what the end waited for, is " : "Here the critical path is ");
	put_part(st, " asleep", all.rest_ns, &first, &text);
	put_part(st, " running", all.run_ns, &first, &text);
	put_part(st, " waiting for a CPU", all.wait_ns, &first, &text);
	buf_printf(&text, "; it is on %u task%s", tasks, plural(tasks));
	if (hidden) {
		buf_printf(&text, ", for ");
		fmt_duration(&text, hidden_ns, st->utf8);
		buf_printf(&text, " on %u that %s not drawn", hidden, hidden == 1 ? "is" : "are");
	}
	buf_puts(&text, ". 'schedviz explain --only path' tells it step by step.");
	fmt_wrap(out, buf_str(&text), 0, 0, st->columns);
	buf_release(&text);
}
