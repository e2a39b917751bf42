/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * table.h - where the chunks of a trace are: from its index, or, where that is missing or wrong, found one by one.
 */
#ifndef SCHEDVIZ_TRACE_TABLE_H
#define SCHEDVIZ_TRACE_TABLE_H

#include <stdbool.h>
#include "base/vec.h"
#include "trace/chunk.h"
#include "trace/pack.h"
#include "trace/source.h"

struct chunk_table {
	VEC(struct chunk) chunks; /* in the order of the file, without the index; their payloads are inside the file */
	bool whole;		  /* has its END chunk */
	uint64_t end;		  /* byte behind the last chunk */
	uint64_t bad_headers;	  /* places where no chunk header was, but further on */
	uint64_t first_bad;	  /* the first of these */
};

void chunk_table_read(struct chunk_table *t, const struct source *s, struct unpacker *u);
void chunk_table_release(struct chunk_table *t);

/*
 * Read what a chunk stores to `out` (replacing), followed by `slack` bytes that may be loaded but mean nothing. False
 * when it cannot be read or its checksum is wrong.
 */
bool chunk_load(const struct source *s, const struct chunk *c, size_t slack, struct buf *out);

#endif
