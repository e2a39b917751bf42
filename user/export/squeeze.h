/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * squeeze.h - a zlib stream (RFC 1950) of columns and records, at a fraction of the time that deflate() takes.
 *
 *         squeeze_begin(s, &out);
 *         squeeze_part(s, TIMES, SQUEEZE_COLUMN, times, nr_times);
 *         squeeze_part(s, EVENTS, SQUEEZE_RECORDS, events, nr_events);
 *         squeeze_end(s);
 *
 * inflate() gives back the parts, one after the other. A part is a block of its own in a code of its kind, which was
 * made of former parts of that kind and is renewed now and then: no search for a good code, and hardly any for
 * repetitions. So parts of one kind should resemble each other. Whatever they hold comes out right; what does not get
 * shorter is stored, at a cost of at most 6 bytes a part and 5 for each 65535 bytes of it.
 *
 * Blocks have a price of about 60 bytes, so parts of a few hundred bytes and more are best; adjacent short parts of one
 * kind become one block. Codes outlive the stream; the same calls give the same bytes.
 */
#ifndef SCHEDVIZ_EXPORT_SQUEEZE_H
#define SCHEDVIZ_EXPORT_SQUEEZE_H

#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"

#define SQUEEZE_KINDS 24

/* What repetitions are looked for in a part. */
enum squeeze_shape {
	SQUEEZE_COLUMN,	 /* runs of one byte */
	SQUEEZE_RECORDS, /* what a record has in common with the one before it: each is a tag, its length, as many bytes
			    (protocol buffers' fields of bytes). Others do no harm */
};

struct squeeze;

struct squeeze *squeeze_new(void);
void squeeze_free(struct squeeze *s); /* NULL is fine */

/* What is in `out` stays; only the squeeze may write to it until squeeze_end(). */
void squeeze_begin(struct squeeze *s, struct buf *out);
/* `kind` is a number of the caller's below SQUEEZE_KINDS, always of one shape. `bytes` are not needed any more then. */
void squeeze_part(struct squeeze *s, unsigned kind, enum squeeze_shape shape, const void *bytes, size_t n);
void squeeze_end(struct squeeze *s);

#endif
