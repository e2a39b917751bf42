/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pack.h - deflate and inflate, as chunks use them: raw deflate streams, one state each way for a whole file.
 */
#ifndef SCHEDVIZ_TRACE_PACK_H
#define SCHEDVIZ_TRACE_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"

struct packer;
struct unpacker;

/* What a column is like: whether repetitions are worth searching for. */
enum pack_how { PACK_REPEATS, PACK_LETTERS };

struct packer *packer_new(void);
void packer_begin(struct packer *p, struct buf *out); /* appends to `out` until packer_end() */
/* Each part gets its own alphabet (a deflate block), so put columns of a kind together. */
void packer_part(struct packer *p, const void *bytes, size_t n, enum pack_how how);
size_t packer_end(struct packer *p); /* bytes that went in since packer_begin() */
void packer_free(struct packer *p);  /* NULL is fine */

struct unpacker *unpacker_new(void);
/* True when `in` inflates to exactly n_out bytes. */
bool unpack(struct unpacker *u, const uint8_t *in, size_t n_in, uint8_t *out, size_t n_out);
void unpacker_free(struct unpacker *u); /* NULL is fine */

#endif
