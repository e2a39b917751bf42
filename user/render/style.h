/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * style.h - inks and glyphs: how a state, a job or a heading looks on this terminal.
 *
 * A meaning has an ink; an ink has a colour that is legible on light and on dark backgrounds. Nothing is said by
 * colour alone: every state also has a glyph of its own, in UTF-8 and in ASCII.
 */
#ifndef SCHEDVIZ_RENDER_STYLE_H
#define SCHEDVIZ_RENDER_STYLE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"

enum palette { PALETTE_NONE, PALETTE_16, PALETTE_256 };

struct style {
	bool utf8;
	enum palette palette;
	unsigned columns; /* at least STYLE_MIN_COLUMNS; style_make() sees to it */
};

#define STYLE_MIN_COLUMNS 40u
#define STYLE_MAX_COLUMNS 400u

/* `term` and `colorterm` as in the environment, NULL allowed: they decide how many colours there are. */
struct style style_make(bool utf8, bool color, unsigned columns, const char *term, const char *colorterm);

#define NR_JOB_INKS 6

enum ink {
	INK_PLAIN,
	INK_DIM,
	INK_HEAD,
	INK_RUN,
	INK_WAIT,
	INK_SLEEP,
	INK_BLOCKED,
	INK_STOPPED,
	INK_UNKNOWN,
	INK_QUEUE, /* a job that waits for a worker */
	INK_PATH,  /* the critical path */
	INK_GOOD,
	INK_BAD,
	INK_JOB, /* and NR_JOB_INKS - 1 more: neighbours differ */
	NR_INKS = INK_JOB + NR_JOB_INKS
};

enum ink ink_of_job(uint64_t job);

enum glyph {
	GLYPH_BRIEF,   /* ran, for less than an eighth of the cell */
	GLYPH_WAIT,
	GLYPH_SLEEP,
	GLYPH_IN_JOB,  /* asleep inside a job */
	GLYPH_BLOCKED,
	GLYPH_STOPPED,
	GLYPH_UNKNOWN,
	GLYPH_QUEUE,
	GLYPH_OPEN,    /* where a job begins on a lane of its own */
	GLYPH_CLOSE,   /* where it ends */
	GLYPH_OUTSIDE, /* a CPU busy with what was not recorded */
	GLYPH_OFFLINE,
	GLYPH_PATH,    /* the critical path is on this task */
	GLYPH_PATH_PARTLY, /* and on others */
	GLYPH_TICK,
	GLYPH_TEE,     /* tree art: a sibling follows */
	GLYPH_CORNER,  /* the last sibling */
	GLYPH_PIPE,    /* below a sibling that follows */
	GLYPH_DOT,     /* between parts of a line */
	GLYPH_YES,
	GLYPH_NO,
	NR_GLYPHS
};

const char *glyph_text(const struct style *st, enum glyph g);

#define NR_BARS 8
/* A bar of `eighths` (1..8) of a cell's height; in ASCII there are only two: less than half, and more. */
const char *glyph_bar(const struct style *st, unsigned eighths);

/* A heavy line that leaves the cell on these sides; in ASCII "=", with a side up or down "+", only these "|". */
enum arm { ARM_LEFT = 1, ARM_RIGHT = 2, ARM_UP = 4, ARM_DOWN = 8, NR_ARMS = 16 };
const char *glyph_arms(const struct style *st, unsigned arms);

/* Append the escape that turns the ink on (over the ground of another), or back to plain; nothing without colour. */
void style_ink(const struct style *st, enum ink ink, enum ink ground, bool bold, struct buf *out);
void style_plain(const struct style *st, struct buf *out);

/* Append `text` in an ink. */
void style_puts(const struct style *st, enum ink ink, const char *text, struct buf *out);

/* Append `text` in an ink, cut or padded to exactly `columns`; the padding is plain. */
void style_cell(const struct style *st, enum ink ink, const char *text, unsigned columns, bool right, struct buf *out);

/* End a line: spaces at its end are taken off. */
void style_line_end(struct buf *out);

/* Columns that the text in `b` takes; no escapes in it. */
unsigned text_columns(const struct buf *b);

#endif
