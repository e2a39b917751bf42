/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * legend.c - glyphs and their words, laid out to the page.
 */
#include "render/legend.h"

#include <string.h>

struct entry {
	enum glyph glyph;
	enum ink ink;
	const char *words; /* %j: what jobs are called; %w: what they wait for */
};

static const struct entry entries[] = {
	{ GLYPH_BRIEF, INK_RUN, "ran, however briefly" },
	{ GLYPH_WAIT, INK_WAIT, "waits for a CPU" },
	{ GLYPH_SLEEP, INK_SLEEP, "asleep" },
	{ GLYPH_IN_JOB, INK_JOB, "asleep inside a %j" },
	{ GLYPH_QUEUE, INK_QUEUE, "%j waits for %w" },
	{ GLYPH_PATH, INK_PATH, "critical path" },
	{ GLYPH_PATH_PARTLY, INK_PATH, "critical path, coming and going" },
	{ GLYPH_BLOCKED, INK_BLOCKED, "blocked (uninterruptible)" },
	{ GLYPH_STOPPED, INK_STOPPED, "stopped" },
	{ GLYPH_UNKNOWN, INK_UNKNOWN, "unknown: not recorded" },
	{ GLYPH_OUTSIDE, INK_DIM, "CPU idle or with others: not recorded" },
	{ GLYPH_OFFLINE, INK_DIM, "CPU offline" },
};

struct flow {
	const struct style *st;
	struct buf *out;
	unsigned at;
};

static void flow_put(struct flow *f, enum ink ink, const char *glyph, const char *words)
{
	unsigned width = (unsigned)(fmt_columns(glyph, strlen(glyph)) + 1 + fmt_columns(words, strlen(words)));

	if (f->at > 0 && f->at + 2 + width > f->st->columns) {
		buf_putc(f->out, '\n');
		f->at = 0;
	} else if (f->at > 0) {
		buf_puts(f->out, "  ");
		f->at += 2;
	}
	style_ink(f->st, ink, ink == INK_WAIT ? INK_WAIT : INK_PLAIN, false, f->out);
	buf_puts(f->out, glyph);
	style_plain(f->st, f->out);
	buf_putc(f->out, ' ');
	buf_puts(f->out, words);
	f->at += width;
}

static void put_bars(struct flow *f, const struct seen *seen)
{
	struct buf bars = { 0 };

	if (seen->partial && f->st->utf8)
		buf_printf(&bars, "%s%s", glyph_bar(f->st, 2), glyph_bar(f->st, 5));
	buf_puts(&bars, glyph_bar(f->st, NR_BARS));
	if (!seen->partial)
		flow_put(f, INK_RUN, buf_str(&bars), "running");
	else if (f->st->utf8)
		flow_put(f, INK_RUN, buf_str(&bars), "running, by its share of the cell");
	else
		flow_put(f, INK_RUN, buf_str(&bars), "running for half of the cell or more");
	buf_release(&bars);
}

/* The words of an entry, with what is meant in the place of %j and %w. */
static void put_words(const char *words, const struct legend_jobs *jobs, struct buf *out)
{
	for (; *words; words++) {
		if (*words != '%') {
			buf_putc(out, *words);
			continue;
		}
		words++;
		if (*words == 'w') {
			buf_puts(out, jobs->await);
			continue;
		}
		if (out->len > 2 && !strcmp(buf_str(out) + out->len - 3, " a ") && *jobs->noun &&
		    strchr("aeiou", *jobs->noun)) {
			out->len--;
			buf_puts(out, "n ");
		}
		buf_puts(out, jobs->noun);
	}
}

void legend_put(const struct seen *seen, const struct legend_jobs *jobs, uint64_t cell_ns, const struct style *st,
		struct buf *out)
{
	struct flow f = { .st = st, .out = out };
	struct buf words = { 0 };

	if (seen->bar)
		put_bars(&f, seen);
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		const struct entry *e = &entries[i];

		if (!seen->glyph[e->glyph] && !(e->glyph == GLYPH_BRIEF && seen->partial && !st->utf8))
			continue;
		buf_reset(&words);
		put_words(e->words, jobs, &words);
		flow_put(&f, e->ink, glyph_text(st, e->glyph), buf_str(&words));
	}
	buf_reset(&words);
	if (seen->others && st->palette != PALETTE_NONE)
		flow_put(&f, INK_DIM, glyph_bar(st, NR_BARS), "a CPU with other tasks");
	if (seen->queue) {
		put_words("%js waiting for %w", jobs, &words);
		flow_put(&f, INK_QUEUE, glyph_bar(st, NR_BARS), buf_str(&words));
	}
	buf_reset(&words);
	fmt_duration(&words, cell_ns, st->utf8);
	flow_put(&f, INK_DIM, "one cell:", buf_str(&words));
	buf_putc(out, '\n');
	buf_release(&words);
}
