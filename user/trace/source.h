/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * source.h - bytes at any place of a trace: of a file, of a pipe that was read whole, or of memory.
 *
 * A file is read with pread(2), never mapped: one that is cut while it is read is an error, not a signal.
 */
#ifndef SCHEDVIZ_TRACE_SOURCE_H
#define SCHEDVIZ_TRACE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

struct source {
	int fd;		    /* -1: in memory */
	const uint8_t *mem; /* NULL: in the file */
	uint8_t *owned;	    /* to be freed */
	uint64_t size;
};

/* "-" is standard input. Errors name the path: missing, unreadable, directory, empty. */
int source_open(struct source *s, const char *path, struct err *e);
void source_of_memory(struct source *s, const void *bytes, size_t n);
/* Fill `out` with the n bytes at `at`; false when they are not there. */
bool source_read(const struct source *s, uint64_t at, void *out, size_t n);
void source_close(struct source *s);

#endif
