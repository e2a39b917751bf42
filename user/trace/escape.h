/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * escape.h - strings from strangers as words of a line, \xNN for what does not belong there, and back.
 */
#ifndef SCHEDVIZ_TRACE_ESCAPE_H
#define SCHEDVIZ_TRACE_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>
#include "base/buf.h"

/* Printable ASCII stays, but for space, backslash and double quote. */
void escape_word(struct buf *out, const char *s, size_t n);
/* Undo escape_word() and fmt_safe(). False, with `out` filled so far, at a backslash that begins no \xNN. */
bool unescape(struct buf *out, const char *s, size_t n);

#endif
