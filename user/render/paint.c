/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * paint.c - the rule for cells, and the words inside long stretches.
 */
#include "render/paint.h"

#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"

unsigned paint_eighths(uint64_t part, uint64_t whole)
{
	if (whole == 0)
		return part ? NR_BARS : 0;
	if (part >= whole)
		return NR_BARS;
	return (unsigned)(((unsigned __int128)part * NR_BARS + whole / 2) / whole);
}

static uint64_t width_ns(const struct grid *g, unsigned column)
{
	return axis_time(&g->axis, column + 1) - axis_time(&g->axis, column);
}

/* Waiting for a CPU is solid in colour, so that it is one colour behind bars and by itself. */
static void put_glyph(const struct style *st, enum glyph gl, enum ink ink, struct cell *c, struct seen *seen)
{
	cell_set(c, glyph_text(st, gl), ink, gl == GLYPH_WAIT ? INK_WAIT : INK_PLAIN);
	seen->glyph[gl] = true;
}

static void put_run(const struct style *st, const char *text, bool waited, struct cell *c, struct seen *seen)
{
	cell_set(c, text, INK_RUN, waited ? INK_WAIT : INK_PLAIN);
	seen->glyph[GLYPH_WAIT] |= waited && st->palette != PALETTE_NONE;
}

static void put_brief(const struct style *st, bool waited, struct cell *c, struct seen *seen)
{
	put_run(st, glyph_text(st, GLYPH_BRIEF), waited, c, seen);
	seen->glyph[GLYPH_BRIEF] = true;
}

static void put_bar(const struct style *st, unsigned eighths, bool waited, struct cell *c, struct seen *seen)
{
	put_run(st, glyph_bar(st, eighths), waited && eighths < NR_BARS, c, seen);
	seen->bar = true;
	seen->partial |= eighths < NR_BARS;
}

/* States that are not running, most telling first: that is who wins a tie. */
static const struct {
	enum task_state state;
	enum glyph glyph;
	enum ink ink;
} resting[] = {
	{ STATE_RUNNABLE, GLYPH_WAIT, INK_WAIT },	{ STATE_BLOCKED, GLYPH_BLOCKED, INK_BLOCKED },
	{ STATE_STOPPED, GLYPH_STOPPED, INK_STOPPED },	{ STATE_SLEEPING, GLYPH_SLEEP, INK_SLEEP },
	{ STATE_UNKNOWN, GLYPH_UNKNOWN, INK_UNKNOWN },
};

#define NR_RESTING (sizeof(resting) / sizeof(resting[0]))
#define RESTING_WAIT 0
#define RESTING_UNKNOWN (NR_RESTING - 1)

/* Index into resting[], NR_RESTING when the task was not alive. */
static size_t rest_of(const struct task_cell *c, uint64_t cell_ns)
{
	size_t best = NR_RESTING;
	uint64_t most = 0;

	if (c->ns[STATE_UNKNOWN] && paint_eighths(c->ns[STATE_UNKNOWN], cell_ns) >= 1)
		return RESTING_UNKNOWN;
	for (size_t i = 0; i < NR_RESTING; i++)
		if (c->ns[resting[i].state] > most) {
			best = i;
			most = c->ns[resting[i].state];
		}
	return best;
}

static void paint_task_cell(const struct style *st, const struct task_cell *c, uint64_t cell_ns, struct cell *out,
			    struct seen *seen)
{
	unsigned eighths = paint_eighths(c->ns[STATE_RUNNING], cell_ns);
	size_t rest = rest_of(c, cell_ns);

	if (c->ns[STATE_RUNNING] && eighths == 0)
		put_brief(st, rest == RESTING_WAIT, out, seen);
	else if (eighths)
		put_bar(st, eighths, rest == RESTING_WAIT, out, seen);
	else if (rest < NR_RESTING)
		put_glyph(st, resting[rest].glyph, resting[rest].ink, out, seen);
}

/*
 * Write words into stretches of equal tags (UINT32_MAX: none). A word stands where its stretch begins, one cell in;
 * it is not repeated for the same tag until some distance on, or a lane would be all words.
 */
#define REPEAT_COLUMNS 40u

typedef void (*stretch_word)(const void *ctx, uint32_t tag, unsigned room, struct buf *out);

static void label_stretches(struct cell *row, const uint32_t *tags, unsigned n, stretch_word word, const void *ctx)
{
	uint32_t last = UINT32_MAX;
	unsigned last_at = 0;
	struct buf text = { 0 };

	for (unsigned start = 0, end; start < n; start = end) {
		for (end = start + 1; end < n && tags[end] == tags[start];)
			end++;
		if (tags[start] == UINT32_MAX || (tags[start] == last && start - last_at < REPEAT_COLUMNS))
			continue;
		buf_reset(&text);
		word(ctx, tags[start], end - start, &text);
		if (text.len == 0 || text.len + 2 > end - start)
			continue;
		cells_text(row, start + 1, buf_str(&text), INK_PLAIN, row[start].ink);
		last = tags[start];
		last_at = start;
	}
	buf_release(&text);
}

#define WORD_CPU_ROOM 9u /* "on CPU 12" */

static void word_cpu(const void *ctx, uint32_t cpu, unsigned room, struct buf *out)
{
	(void)ctx;
	buf_printf(out, room >= WORD_CPU_ROOM + 2 ? "on CPU %u" : "%u", cpu);
}

void paint_task(const struct grid *g, uint32_t lane, const struct style *st, struct cell *row, struct seen *seen)
{
	const struct task_cell *cells = grid_task(g, lane);
	unsigned n = g->axis.columns;
	uint32_t *tags = xcalloc(n, sizeof(*tags));

	for (unsigned i = 0; i < n; i++) {
		bool full = paint_eighths(cells[i].ns[STATE_RUNNING], width_ns(g, i)) == NR_BARS;

		paint_task_cell(st, &cells[i], width_ns(g, i), &row[i], seen);
		tags[i] = full && !cells[i].mixed ? cells[i].cpu : UINT32_MAX;
	}
	label_stretches(row, tags, n, word_cpu, NULL);
	free(tags);
}

/* Without a target nobody is another. */
static bool others_ran(const struct grid *g, const struct cpu_cell *c)
{
	return task_some(model_target(g->known)) && c->target_ns < c->ns[CPU_TASK] / 2;
}

static void paint_cpu_cell(const struct grid *g, const struct style *st, const struct cpu_cell *c, uint64_t cell_ns,
			   struct cell *out, struct seen *seen)
{
	unsigned eighths = paint_eighths(c->ns[CPU_TASK], cell_ns);

	if (c->ns[CPU_TASK]) {
		put_bar(st, eighths ? eighths : 1, false, out, seen);
		if (others_ran(g, c)) {
			out->ink = INK_DIM;
			seen->others = true;
		}
		return;
	}
	if (c->ns[CPU_UNKNOWN] && paint_eighths(c->ns[CPU_UNKNOWN], cell_ns) >= 1)
		put_glyph(st, GLYPH_UNKNOWN, INK_UNKNOWN, out, seen);
	else if (c->ns[CPU_OFFLINE] > cell_ns / 2)
		put_glyph(st, GLYPH_OFFLINE, INK_DIM, out, seen);
	else if (c->ns[CPU_UNRECORDED] > cell_ns / 2)
		put_glyph(st, GLYPH_OUTSIDE, INK_DIM, out, seen);
}

static void word_task(const void *ctx, uint32_t tag, unsigned room, struct buf *out)
{
	const struct model *m = ctx;
	const struct task *t = model_task(m, (task_id){ tag });

	(void)room;
	fmt_safe(out, t->name, strlen(t->name), false);
}

uint64_t paint_cpu(const struct grid *g, uint32_t lane, const struct style *st, struct cell *row, struct seen *seen)
{
	const struct cpu_cell *cells = grid_cpu(g, lane);
	unsigned n = g->axis.columns;
	uint32_t *tags = xcalloc(n, sizeof(*tags));
	uint64_t target_ns = 0;

	for (unsigned i = 0; i < n; i++) {
		bool full = paint_eighths(cells[i].ns[CPU_TASK], width_ns(g, i)) == NR_BARS;

		paint_cpu_cell(g, st, &cells[i], width_ns(g, i), &row[i], seen);
		tags[i] = full && !cells[i].mixed ? cells[i].task.i : UINT32_MAX;
		target_ns += cells[i].target_ns;
	}
	label_stretches(row, tags, n, word_task, g->known);
	free(tags);
	return target_ns;
}
