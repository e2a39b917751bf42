/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * canvas.h - a row of cells, each one column of the terminal: what a lane is painted on before it becomes text.
 */
#ifndef SCHEDVIZ_RENDER_CANVAS_H
#define SCHEDVIZ_RENDER_CANVAS_H

#include "render/style.h"

struct cell {
	char text[5];	/* one character of one column, NUL-terminated; empty: a space */
	uint8_t ink;	/* enum ink */
	uint8_t ground; /* the ink behind it */
	bool bold;
};

void cell_set(struct cell *c, const char *glyph, enum ink ink, enum ink ground);

/* Do the two look alike (same glyph, same ground)? */
bool cell_like(const struct cell *a, const struct cell *b);

/* Write printable ASCII `text`, whose length the caller has checked, over the cells from `at`. */
void cells_text(struct cell *row, unsigned at, const char *text, enum ink ink, enum ink ground);

/* Append n cells with as few escapes as can be; spaces at the end are kept (columns follow). */
void cells_put(const struct style *st, const struct cell *row, unsigned n, struct buf *out);

/*
 * The first place within [from, to) for a word of `length` columns: a stretch of cells that all look alike and that is
 * longer than the word, so that what is written over can still be seen. UINT32_MAX: none.
 */
unsigned cells_room(const struct cell *row, unsigned from, unsigned to, unsigned length);

#endif
