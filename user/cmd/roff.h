/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * roff.h - plain text as man(7) source: escaping, paragraphs, tagged lists.
 *
 * Words that look like options become bold, with hyphens that can be copied; everything else is text.
 */
#ifndef SCHEDVIZ_CMD_ROFF_H
#define SCHEDVIZ_CMD_ROFF_H

#include <stddef.h>
#include "base/buf.h"
#include "base/opt.h"

void roff_section(struct buf *out, const char *title);
void roff_subsection(struct buf *out, const char *title);
/* Words of s, filled by roff, one sentence a line. */
void roff_text(struct buf *out, const char *s, size_t n);
/* Paragraphs and examples, as struct cmd's `detail` has them. */
void roff_paragraphs(struct buf *out, const char *text);
/* A tagged paragraph: what stands left (bold) and what it means. */
void roff_tagged(struct buf *out, const char *left, const char *right);
/* The shown rows of a table, as tagged paragraphs. */
void roff_options(struct buf *out, const struct opt *opts);
/* "schedviz NAME [OPTION]... ARGS": words in capitals, which stand for something else, are in italics. NULL: none. */
void roff_synopsis(struct buf *out, const char *name, const char *args);
/* One line of bold text. */
void roff_bold_line(struct buf *out, const char *s);
/* An example, its lines kept. */
void roff_example(struct buf *out, const char *s, size_t n);

#endif
