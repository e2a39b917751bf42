/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * canvas.c - rows of cells, and their way into text.
 */
#include "render/canvas.h"

#include <string.h>

void cell_set(struct cell *c, const char *glyph, enum ink ink, enum ink ground)
{
	strncpy(c->text, glyph, sizeof(c->text) - 1);
	c->text[sizeof(c->text) - 1] = '\0';
	c->ink = (uint8_t)ink;
	c->ground = (uint8_t)ground;
	c->bold = false;
}

bool cell_like(const struct cell *a, const struct cell *b)
{
	return !strcmp(a->text, b->text) && a->ground == b->ground && a->ink == b->ink;
}

void cells_text(struct cell *row, unsigned at, const char *text, enum ink ink, enum ink ground)
{
	for (size_t i = 0; text[i]; i++) {
		char one[2] = { text[i], '\0' };

		cell_set(&row[at + i], one, ink, ground);
		row[at + i].bold = true;
	}
}

static bool same_face(const struct cell *a, const struct cell *b)
{
	return a->ink == b->ink && a->ground == b->ground && a->bold == b->bold;
}

static bool plain(const struct cell *c)
{
	return c->ink == INK_PLAIN && c->ground == INK_PLAIN && !c->bold;
}

void cells_put(const struct style *st, const struct cell *row, unsigned n, struct buf *out)
{
	for (unsigned i = 0; i < n; i++) {
		if (!plain(&row[i]) && (i == 0 || !same_face(&row[i - 1], &row[i])))
			style_ink(st, row[i].ink, row[i].ground, row[i].bold, out);
		else if (i > 0 && plain(&row[i]) && !plain(&row[i - 1]))
			style_plain(st, out);
		buf_puts(out, row[i].text[0] ? row[i].text : " ");
	}
	if (n > 0 && !plain(&row[n - 1]))
		style_plain(st, out);
}

unsigned cells_room(const struct cell *row, unsigned from, unsigned to, unsigned length)
{
	for (unsigned start = from, end; start < to; start = end) {
		for (end = start + 1; end < to && cell_like(&row[start], &row[end]);)
			end++;
		if (end - start > length)
			return start + (end - start >= length + 2);
	}
	return UINT32_MAX;
}
