/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explain_path.c - the critical path as a summary and a story.
 */
#include "render/explain_path.h"

#include <inttypes.h>
#include <stdlib.h>
#include "base/alloc.h"
#include "base/fmt.h"

/* ---- lines: when, how long, what ---- */

#define AT_COLUMNS 11u
#define TOOK_COLUMNS 7u
#define INDENT (AT_COLUMNS + 2 + TOOK_COLUMNS + 2)

static void put_took(uint64_t ns, enum ink ink, const struct style *st, struct buf *out)
{
	struct buf took = { 0 };

	fmt_duration(&took, ns, st->utf8);
	style_cell(st, ink, buf_str(&took), TOOK_COLUMNS, true, out);
	buf_puts(out, "  ");
	buf_release(&took);
}

/* Seconds to the microsecond: what `dump` and `show --window` count in. */
static void put_line(uint64_t at_ns, uint64_t ns, enum ink ink, const struct buf *what, const struct style *st,
		     struct buf *out)
{
	struct buf at = { 0 };

	buf_printf(&at, "%" PRIu64 ".%06" PRIu64, at_ns / NSEC_PER_SEC, at_ns % NSEC_PER_SEC / NSEC_PER_USEC);
	style_cell(st, INK_DIM, buf_str(&at), AT_COLUMNS, true, out);
	buf_puts(out, "  ");
	put_took(ns, ink, st, out);
	fmt_wrap(out, buf_str(what), INDENT, INDENT, st->columns);
	buf_release(&at);
}

/* ---- legs: what is told as one ---- */

/*
 * A step; or several of one task, in one job, on a CPU but for waits that are little of it: telling each of these would
 * hide what it did.
 */
struct leg {
	size_t from, to; /* steps */
	uint64_t ns, waited_ns;
};

#define WAITS_MOST 20 /* waits are at most so small a part of a leg */

static struct leg leg_at(const struct path *p, size_t from)
{
	const struct path_step *first = &p->steps.v[from];
	struct leg leg = { from, from + 1, path_step_ns(first), 0 };
	uint64_t ns = leg.ns, waited_ns = 0;

	if (first->kind != PATH_RUNNING)
		return leg;
	for (size_t i = from + 1; i < p->steps.n && p->steps.v[i - 1].edge == PATH_SAME; i++) {
		const struct path_step *s = &p->steps.v[i];

		if (!task_is(s->task, first->task) || s->job != first->job ||
		    (s->kind != PATH_RUNNING && s->kind != PATH_WAITING))
			break;
		ns += path_step_ns(s);
		waited_ns += s->kind == PATH_WAITING ? path_step_ns(s) : 0;
		if (s->kind == PATH_RUNNING && waited_ns <= ns / WAITS_MOST)
			leg = (struct leg){ from, i + 1, ns, waited_ns };
	}
	return leg;
}

struct legs {
	VEC(struct leg) v;
};

static bool is_longer(const struct leg *a, const struct leg *b)
{
	return a->ns != b->ns ? a->ns > b->ns : a->from < b->from;
}

/* The first of the `top` is the shortest: a heap. */
static void sift(struct legs *top)
{
	struct leg moved = top->v.v[0];
	size_t i = 0;

	for (size_t child; (child = 2 * i + 1) < top->v.n; i = child) {
		child += child + 1 < top->v.n && is_longer(&top->v.v[child], &top->v.v[child + 1]);
		if (is_longer(&top->v.v[child], &moved))
			break;
		top->v.v[i] = top->v.v[child];
	}
	top->v.v[i] = moved;
}

static int shortest_first(const void *a, const void *b)
{
	return is_longer(a, b) ? 1 : -1;
}

static int longest_first(const void *a, const void *b)
{
	return is_longer(a, b) ? -1 : 1;
}

static int earliest_first(const void *a, const void *b)
{
	const struct leg *x = a, *y = b;

	return (x->from > y->from) - (x->from < y->from);
}

/* The `most` longest legs. Returns how many there are in all. */
static size_t pick_longest(const struct path *p, size_t most, struct legs *top)
{
	size_t nr = 0;

	for (size_t i = 0; i < p->steps.n; nr++) {
		struct leg leg = leg_at(p, i);

		i = leg.to;
		if (top->v.n < most) {
			*vec_push(&top->v) = leg;
			if (top->v.n == most)
				qsort(top->v.v, top->v.n, sizeof(top->v.v[0]), shortest_first);
		} else if (is_longer(&leg, &top->v.v[0])) {
			top->v.v[0] = leg;
			sift(top);
		}
	}
	return nr;
}

/* ---- the story ---- */

static void put_leg(const struct account *a, const struct explain_cfg *cfg, const struct leg *leg,
		    const struct style *st, struct buf *out)
{
	const struct path_step *s = &a->path.steps.v[leg->from];
	struct buf what = { 0 };

	path_put_step(a, leg->from, leg->to, st, &what);
	if (leg->waited_ns) {
		buf_puts(&what, " (");
		fmt_duration(&what, leg->waited_ns, st->utf8);
		buf_puts(&what, " of it waiting for one)");
	}
	put_line(s->from_ns - cfg->from_ns, leg->ns, path_kind_ink(s->kind), &what, st, out);
	buf_release(&what);
}

/* Several legs in one line. */
static void put_fold(const struct account *a, const struct explain_cfg *cfg, size_t from, size_t to,
		     const struct style *st, struct buf *out)
{
	const struct path_step *steps = a->path.steps.v;
	uint64_t ns = steps[to - 1].to_ns - steps[from].from_ns;
	struct leg leg = leg_at(&a->path, from);
	struct path_groups parts;
	struct buf what = { 0 };

	if (leg.to == to) {
		put_leg(a, cfg, &leg, st, out);
		return;
	}
	path_groups_make(&parts, steps + from, to - from);
	fmt_count(&what, to - from);
	buf_puts(&what, " shorter steps: ");
	path_put_kinds(parts.ns, ns / 100, st, &what);
	buf_puts(&what, "; ");
	path_put_tasks(a, parts.tasks.v, parts.tasks.n, st, &what);
	put_line(steps[from].from_ns - cfg->from_ns, ns, INK_DIM, &what, st, out);
	path_groups_release(&parts);
	buf_release(&what);
}

static void put_longest(const struct account *a, const struct explain_cfg *cfg, struct legs *top, size_t nr,
			const struct style *st, struct buf *out)
{
	const struct path *p = &a->path;
	uint64_t left_ns = p->window.to_ns - p->window.from_ns;

	qsort(top->v.v, top->v.n, sizeof(top->v.v[0]), longest_first);
	for (size_t i = 0; i < top->v.n; i++) {
		put_leg(a, cfg, &top->v.v[i], st, out);
		left_ns -= top->v.v[i].ns;
	}
	if (top->v.n == nr)
		return;
	buf_repeat(out, " ", AT_COLUMNS + 2);
	put_took(left_ns, INK_DIM, st, out);
	fmt_count(out, nr - top->v.n);
	buf_printf(out, " shorter step%s\n", nr - top->v.n == 1 ? "" : "s");
}

static void put_story(const struct account *a, const struct explain_cfg *cfg, struct legs *top, const struct style *st,
		      struct buf *out)
{
	size_t told = 0;

	qsort(top->v.v, top->v.n, sizeof(top->v.v[0]), earliest_first);
	for (size_t i = 0; i < top->v.n; i++) {
		if (top->v.v[i].from > told)
			put_fold(a, cfg, told, top->v.v[i].from, st, out);
		put_leg(a, cfg, &top->v.v[i], st, out);
		told = top->v.v[i].to;
	}
	if (told < a->path.steps.n)
		put_fold(a, cfg, told, a->path.steps.n, st, out);
}

/* ---- the summary ---- */

static void put_first_line(const struct account *a, const struct style *st, struct buf *out)
{
	const struct path *p = &a->path;
	struct buf line = { 0 };

	fmt_duration(&line, p->window.to_ns - p->window.from_ns, st->utf8);
	buf_puts(&line, ", ending with ");
	path_name(a, p->last, st, &line);
	if (!task_is(p->last, p->asked)) {
		buf_puts(&line, ", the last on a CPU (");
		path_name(a, p->asked, st, &line);
		buf_puts(&line, " slept on)");
	}
	buf_puts(&line, ": ");
	path_put_kinds(p->ns, 0, st, &line);
	buf_putc(&line, '.');
	fmt_wrap(out, buf_str(&line), 0, 0, st->columns);
	buf_release(&line);
}

/* Parts below a thousandth of all are in the first line only. */
static void put_parts(const struct account *a, const struct explain_cfg *cfg, const struct style *st, struct buf *out)
{
	uint64_t wall_ns = a->path.window.to_ns - a->path.window.from_ns;
	struct path_groups parts;
	struct buf what = { 0 };

	path_groups_make(&parts, a->path.steps.v, a->path.steps.n);
	for (size_t i = 0; i < parts.v.n && i < cfg->top && parts.v.v[i].ns >= wall_ns / 1000; i++) {
		buf_puts(out, "  ");
		put_took(parts.v.v[i].ns, path_kind_ink(parts.v.v[i].kind), st, out);
		path_put_part(a, &parts.v.v[i], PATH_NAMES, st, &what);
		fmt_wrap(out, buf_str(&what), TOOK_COLUMNS + 4, TOOK_COLUMNS + 4, st->columns);
		buf_reset(&what);
	}
	path_groups_release(&parts);
	buf_release(&what);
}

void explain_path_text(const struct account *a, const struct explain_cfg *cfg, const struct style *st, struct buf *out)
{
	struct legs top = { 0 };
	size_t nr;

	if (!a->path.steps.n)
		return;
	put_first_line(a, st, out);
	put_parts(a, cfg, st, out);
	nr = pick_longest(&a->path, cfg->top ? cfg->top : 1, &top);
	buf_repeat(out, " ", AT_COLUMNS - 2);
	buf_puts(out, "at     took  step\n");
	if (cfg->longest)
		put_longest(a, cfg, &top, nr, st, out);
	else
		put_story(a, cfg, &top, st, out);
	vec_release(&top.v);
}
