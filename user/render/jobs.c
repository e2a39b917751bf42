/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * jobs.c - where a job lies on the axis, and how it is drawn there.
 */
#include "render/jobs.h"

#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"

void job_name(const struct model *m, const struct job *j, struct buf *out)
{
	const char *noun = model_job_noun(m);

	fmt_safe(out, noun, strlen(noun), false);
	buf_printf(out, " %llu", (unsigned long long)j->id);
}

const char *jobs_await(const struct model *m)
{
	size_t nr, own = 0, others = 0;
	const struct job *jobs = model_jobs(m, &nr);

	for (size_t i = 0; i < nr; i++)
		if (task_some(jobs[i].submitter) && task_some(jobs[i].worker))
			task_is(jobs[i].submitter, jobs[i].worker) ? own++ : others++;
	return own && !others ? "a turn" : "a worker";
}

/* Columns [from, to) where at least half of the cell lies inside [from_ns, to_ns). */
struct reach {
	unsigned from, to;
};

static struct reach reach(const struct axis *a, uint64_t from_ns, uint64_t to_ns)
{
	struct reach r = { 0, 0 };

	if (from_ns >= to_ns || to_ns <= a->window.from_ns || from_ns >= a->window.to_ns)
		return r;
	r.from = axis_column(a, from_ns);
	if (from_ns > a->window.from_ns && from_ns - axis_time(a, r.from) > axis_cell_ns(a) / 2)
		r.from++;
	r.to = axis_column(a, to_ns - 1);
	if (to_ns >= a->window.to_ns || to_ns - axis_time(a, r.to) > axis_cell_ns(a) / 2)
		r.to++;
	return r;
}

/*
 * Write the name where there is room. A bare number would do on the line of a job, but anywhere else it would be taken
 * for a CPU's.
 */
static bool write_name(const struct model *m, const struct job *j, const struct style *st, struct cell *row,
		       struct reach r)
{
	struct buf name = { 0 };
	unsigned at;

	job_name(m, j, &name);
	at = cells_room(row, r.from, r.to, (unsigned)name.len);
	if (at == UINT32_MAX) {
		buf_reset(&name);
		buf_printf(&name, "%llu", (unsigned long long)j->id);
		at = cells_room(row, r.from, r.to, (unsigned)name.len);
		if (at != UINT32_MAX && strcmp(row[at].text, glyph_text(st, GLYPH_IN_JOB)))
			at = UINT32_MAX;
	}
	if (at != UINT32_MAX && row[at].ink == INK_RUN)
		cells_text(row, at, buf_str(&name), INK_PLAIN, INK_RUN);
	else if (at != UINT32_MAX)
		cells_text(row, at, buf_str(&name), row[at].ground ? INK_PLAIN : ink_of_job(j->id), row[at].ground);
	buf_release(&name);
	return at != UINT32_MAX;
}

static void bracket(const struct style *st, const struct job *j, struct cell *row, struct reach r)
{
	for (unsigned c = r.from; c < r.to; c++) {
		enum glyph g = c == r.from ? GLYPH_OPEN : c + 1 == r.to ? GLYPH_CLOSE : GLYPH_IN_JOB;

		cell_set(&row[c], glyph_text(st, g), ink_of_job(j->id), INK_PLAIN);
	}
}

/* Wide enough for brackets and the bare number: "├4┤". */
#define NAMED_COLUMNS 4u

bool paint_worker_jobs(const struct grid *g, const struct model *m, task_id worker, const struct style *st,
		       struct cell *row, struct cell *above, struct seen *seen)
{
	const char *asleep = glyph_text(st, GLYPH_SLEEP);
	bool any_above = false;
	size_t nr;
	const struct job *jobs = model_jobs(m, &nr);

	for (size_t i = 0; i < nr; i++) {
		struct reach r = reach(&g->axis, jobs[i].started_ns, job_left_ns(m, &jobs[i]));

		if (!task_is(jobs[i].worker, worker) || jobs[i].started_ns == JOB_UNSEEN || r.from >= r.to)
			continue;
		for (unsigned c = r.from; c < r.to; c++)
			if (!strcmp(row[c].text, asleep)) {
				cell_set(&row[c], glyph_text(st, GLYPH_IN_JOB), ink_of_job(jobs[i].id), INK_PLAIN);
				seen->glyph[GLYPH_IN_JOB] = true;
			}
		if (write_name(m, &jobs[i], st, row, r) || r.to - r.from < NAMED_COLUMNS)
			continue;
		bracket(st, &jobs[i], above, r);
		write_name(m, &jobs[i], st, above, (struct reach){ r.from + 1, r.to - 1 });
		any_above = true;
	}
	return any_above;
}

static struct reach one_cell(const struct axis *a, uint64_t ts_ns)
{
	unsigned c = axis_column(a, ts_ns);

	return (struct reach){ c, c + 1 };
}

static void write_worker(const struct model *m, const struct job *j, struct cell *row, struct reach r)
{
	struct buf name = { 0 };
	const char *comm;
	unsigned at;

	if (!task_some(j->worker))
		return;
	comm = model_task(m, j->worker)->name;
	fmt_safe(&name, comm, strlen(comm), false);
	at = cells_room(row, r.from, r.to, (unsigned)name.len);
	if (at != UINT32_MAX)
		cells_text(row, at, buf_str(&name), ink_of_job(j->id), INK_PLAIN);
	buf_release(&name);
}

/* "waits for a worker" where there is room, or "waits". */
static void write_wait(const struct model *m, struct cell *row, struct reach r)
{
	struct buf words = { 0 };
	unsigned at;

	buf_printf(&words, "waits for %s", jobs_await(m));
	at = cells_room(row, r.from, r.to, (unsigned)words.len);
	if (at == UINT32_MAX) {
		buf_reset(&words);
		buf_puts(&words, "waits");
		at = cells_room(row, r.from, r.to, (unsigned)words.len);
	}
	if (at != UINT32_MAX)
		cells_text(row, at, buf_str(&words), INK_QUEUE, INK_PLAIN);
	buf_release(&words);
}

void paint_job(const struct grid *g, const struct model *m, const struct job *j, const struct style *st,
	       struct cell *row, struct seen *seen)
{
	struct reach queued = reach(&g->axis, j->submitted_ns, j->started_ns);
	uint64_t left_ns = job_left_ns(m, j);
	struct reach served = reach(&g->axis, j->started_ns, left_ns);

	if (j->submitted_ns != JOB_UNSEEN)
		for (unsigned c = queued.from; c < queued.to; c++) {
			cell_set(&row[c], glyph_text(st, GLYPH_QUEUE), INK_QUEUE, INK_PLAIN);
			seen->glyph[GLYPH_QUEUE] = true;
		}
	write_wait(m, row, queued);
	if (j->started_ns == JOB_UNSEEN)
		return;
	if (served.from >= served.to && j->started_ns < g->axis.window.to_ns && left_ns > g->axis.window.from_ns)
		served = one_cell(&g->axis, j->started_ns);
	bracket(st, j, row, served);
	write_worker(m, j, row, served);
}

/* ---- many jobs: the length of the queue ---- */

struct change {
	uint64_t ts_ns;
	int by;
};

static int by_time(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	if (x->ts_ns != y->ts_ns)
		return x->ts_ns < y->ts_ns ? -1 : 1;
	return y->by - x->by; /* coming before leaving: the queue is never shorter than nothing */
}

static size_t collect_changes(const struct model *m, struct change **out)
{
	size_t nr, n = 0;
	const struct job *jobs = model_jobs(m, &nr);

	*out = xcalloc(2 * nr + 1, sizeof(**out));
	for (size_t i = 0; i < nr; i++) {
		if (jobs[i].submitted_ns == JOB_UNSEEN || jobs[i].started_ns < jobs[i].submitted_ns)
			continue;
		(*out)[n++] = (struct change){ jobs[i].submitted_ns, 1 };
		if (jobs[i].started_ns != JOB_UNSEEN)
			(*out)[n++] = (struct change){ jobs[i].started_ns, -1 };
	}
	qsort(*out, n, sizeof(**out), by_time);
	return n;
}

uint32_t paint_queue(const struct grid *g, const struct model *m, const struct style *st, struct cell *row,
		     struct seen *seen)
{
	struct change *changes;
	size_t n = collect_changes(m, &changes), next = 0;
	uint32_t *peak = xcalloc(g->axis.columns, sizeof(*peak)), length = 0, most = 0;

	for (unsigned c = 0; c < g->axis.columns; c++) {
		peak[c] = length;
		for (; next < n && changes[next].ts_ns < axis_time(&g->axis, c + 1); next++) {
			length = (uint32_t)((int)length + changes[next].by);
			/* what came and went before the window only counts for what it left */
			if (changes[next].ts_ns < g->axis.window.from_ns || length > peak[c])
				peak[c] = length;
		}
		most = peak[c] > most ? peak[c] : most;
	}
	for (unsigned c = 0; c < g->axis.columns; c++)
		if (peak[c]) {
			unsigned eighths = paint_eighths(peak[c], most);

			cell_set(&row[c], glyph_bar(st, eighths ? eighths : 1), INK_QUEUE, INK_PLAIN);
			seen->queue = true;
		}
	free(peak);
	free(changes);
	return most;
}
