/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * style.c - the tables of colours and glyphs.
 */
#include "render/style.h"

#include <string.h>
#include "base/fmt.h"

/*
 * The 256-colour values have a luminance between 0.15 and 0.45, so that they stand out from white and from black. Of
 * the 16 colours those that every theme keeps legible are used: no yellow, white or black. 0: the terminal's own.
 */
static const struct {
	uint8_t c16, c256;
	bool bold;
} faces[NR_INKS] = {
	[INK_DIM] = { 0, 244, false },
	[INK_HEAD] = { 0, 0, true },
	[INK_RUN] = { 32, 34, false },
	[INK_WAIT] = { 31, 202, false },
	[INK_SLEEP] = { 0, 244, false },
	[INK_BLOCKED] = { 35, 133, false },
	[INK_STOPPED] = { 36, 73, false },
	[INK_UNKNOWN] = { 31, 160, true },
	[INK_QUEUE] = { 35, 169, false },
	[INK_PATH] = { 0, 0, true },
	[INK_GOOD] = { 32, 34, true },
	[INK_BAD] = { 31, 160, true },
	[INK_JOB] = { 34, 33, false },
	[INK_JOB + 1] = { 36, 37, false },
	[INK_JOB + 2] = { 35, 134, false },
	[INK_JOB + 3] = { 34, 69, false },
	[INK_JOB + 4] = { 36, 136, false },
	[INK_JOB + 5] = { 35, 168, false },
};

static const struct {
	const char *utf8, *ascii;
} glyphs[NR_GLYPHS] = {
	[GLYPH_BRIEF] = { "┃", "|" },	[GLYPH_WAIT] = { "▒", "~" },	[GLYPH_SLEEP] = { "·", "." },
	[GLYPH_IN_JOB] = { "─", "-" },	[GLYPH_BLOCKED] = { "×", "x" }, [GLYPH_STOPPED] = { "!", "!" },
	[GLYPH_UNKNOWN] = { "?", "?" }, [GLYPH_QUEUE] = { "░", ":" },	[GLYPH_OUTSIDE] = { "∙", "," },
	[GLYPH_OPEN] = { "├", "[" },	[GLYPH_CLOSE] = { "┤", "]" },
	[GLYPH_OFFLINE] = { "╳", "X" }, [GLYPH_TICK] = { "│", "|" },	[GLYPH_TEE] = { "├ ", "|-" },
	[GLYPH_CORNER] = { "└ ", "`-" }, [GLYPH_PIPE] = { "│ ", "| " }, [GLYPH_DOT] = { " · ", ", " },
	[GLYPH_PATH] = { "━", "=" },	[GLYPH_PATH_PARTLY] = { "╍", "-" },
	[GLYPH_YES] = { "✓", "ok" },	[GLYPH_NO] = { "✗", "NOT MET" },
};

static const char *const bars[NR_BARS] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };

static const struct {
	const char *utf8, *ascii;
} lines[NR_ARMS] = {
	{ "", "" },  { "╸", "=" }, { "╺", "=" }, { "━", "=" }, { "╹", "+" }, { "┛", "+" }, { "┗", "+" }, { "┻", "+" },
	{ "╻", "+" }, { "┓", "+" }, { "┏", "+" }, { "┳", "+" }, { "┃", "|" }, { "┫", "+" }, { "┣", "+" }, { "╋", "+" },
};

struct style style_make(bool utf8, bool color, unsigned columns, const char *term, const char *colorterm)
{
	struct style st = { .utf8 = utf8, .columns = columns };

	if (color)
		st.palette = (term && strstr(term, "256")) || (colorterm && *colorterm) ? PALETTE_256 : PALETTE_16;
	if (st.columns < STYLE_MIN_COLUMNS)
		st.columns = STYLE_MIN_COLUMNS;
	if (st.columns > STYLE_MAX_COLUMNS)
		st.columns = STYLE_MAX_COLUMNS;
	return st;
}

enum ink ink_of_job(uint64_t job)
{
	return (enum ink)(INK_JOB + job % NR_JOB_INKS);
}

const char *glyph_text(const struct style *st, enum glyph g)
{
	return st->utf8 ? glyphs[g].utf8 : glyphs[g].ascii;
}

const char *glyph_bar(const struct style *st, unsigned eighths)
{
	if (!st->utf8)
		return eighths < NR_BARS / 2 ? "|" : "#";
	return bars[eighths - 1];
}

const char *glyph_arms(const struct style *st, unsigned arms)
{
	return st->utf8 ? lines[arms].utf8 : lines[arms].ascii;
}

static void put_colour(const struct style *st, enum ink ink, bool ground, struct buf *out)
{
	if (st->palette == PALETTE_256 && faces[ink].c256)
		buf_printf(out, ";%d;5;%u", ground ? 48 : 38, faces[ink].c256);
	else if (st->palette == PALETTE_16 && faces[ink].c16)
		buf_printf(out, ";%u", faces[ink].c16 + (ground ? 10u : 0u));
	else if (st->palette == PALETTE_16 && (ink == INK_DIM || ink == INK_SLEEP) && !ground)
		buf_puts(out, ";2");
}

void style_ink(const struct style *st, enum ink ink, enum ink ground, bool bold, struct buf *out)
{
	if (st->palette == PALETTE_NONE)
		return;
	buf_puts(out, "\033[0");
	if (bold || faces[ink].bold)
		buf_puts(out, ";1");
	put_colour(st, ink, false, out);
	put_colour(st, ground, true, out);
	buf_putc(out, 'm');
}

void style_plain(const struct style *st, struct buf *out)
{
	if (st->palette != PALETTE_NONE)
		buf_puts(out, "\033[0m");
}

void style_puts(const struct style *st, enum ink ink, const char *text, struct buf *out)
{
	if (ink != INK_PLAIN)
		style_ink(st, ink, INK_PLAIN, false, out);
	buf_puts(out, text);
	if (ink != INK_PLAIN)
		style_plain(st, out);
}

void style_cell(const struct style *st, enum ink ink, const char *text, unsigned columns, bool right, struct buf *out)
{
	struct buf cell = { 0 };
	size_t pad = 0;

	fmt_cell(&cell, text, columns, right, st->utf8);
	for (; cell.len > 0 && cell.data[cell.len - 1] == ' '; pad++)
		cell.data[--cell.len] = '\0';
	if (cell.len)
		style_puts(st, ink, cell.data, out);
	buf_repeat(out, " ", pad);
	buf_release(&cell);
}

void style_line_end(struct buf *out)
{
	while (out->len > 0 && out->data[out->len - 1] == ' ')
		out->len--;
	buf_putc(out, '\n');
}

unsigned text_columns(const struct buf *b)
{
	return (unsigned)fmt_columns(buf_str(b), b->len);
}
