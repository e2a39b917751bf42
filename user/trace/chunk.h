/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * chunk.h - the outer shape of a trace file: its header, the headers of its chunks, its trailer. See FORMAT.md.
 */
#ifndef SCHEDVIZ_TRACE_CHUNK_H
#define SCHEDVIZ_TRACE_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

#define TRACE_VERSION 1
#define TRACE_MAGIC "\x89SVZ\r\n\x1a\n" /* as PNG's: a transfer that mangles text is noticed */
#define TRACE_MAGIC_SIZE 8
#define TRACE_HEADER_SIZE 16
#define TRACE_TRAILER_SIZE 16
#define CHUNK_HEADER_SIZE 52

#define CHUNK_MAX_EVENTS 8192u
#define CHUNK_MAX_RAW (4u << 20) /* of a chunk of events; the most that a reader ever inflates for one */

enum chunk_kind {
	CHUNK_META = 1, /* facts of the start */
	CHUNK_HOT,	/* hot events of one CPU */
	CHUNK_RARE,	/* rare events */
	CHUNK_END,	/* facts of the end: the receipt */
	CHUNK_INDEX,	/* where the others are */
	CHUNK_MORE,	/* rare events of kinds that version 1 did not begin with */
};

struct chunk {
	uint64_t offset; /* of its header in the file; not part of the header */
	uint32_t kind;	 /* enum chunk_kind, or one that this build does not know */
	uint32_t stream; /* the CPU of a hot chunk, else 0 */
	uint32_t seq;	 /* counts the chunks of its kind and stream from 0: a hole shows */
	uint32_t stored; /* bytes that follow the header */
	uint32_t raw;	 /* bytes of them once inflated */
	uint32_t events;
	uint64_t first_ns, last_ns; /* earliest and latest event */
	uint32_t crc;		    /* crc32 of what is stored */
};

void chunk_put(const struct chunk *c, uint8_t out[CHUNK_HEADER_SIZE]);
/* False when magic or checksum are wrong or it claims what no chunk can be; `offset` is left alone. */
bool chunk_take(struct chunk *c, const uint8_t in[CHUNK_HEADER_SIZE]);
/* Position of the next thing that looks like the begin of a chunk header, or n. */
size_t chunk_search(const uint8_t *bytes, size_t n);

void trace_header_put(uint8_t out[TRACE_HEADER_SIZE]);
/* n bytes of the start of `path` (for the sentence): is it a trace that this build reads? */
int trace_header_check(const uint8_t *in, size_t n, const char *path, struct err *e);

void trace_trailer_put(uint64_t index_offset, uint8_t out[TRACE_TRAILER_SIZE]);
bool trace_trailer_take(uint64_t *index_offset, const uint8_t in[TRACE_TRAILER_SIZE]);

#endif
