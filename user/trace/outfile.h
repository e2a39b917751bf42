/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * outfile.h - a file that is written under a temporary name beside its place, and put there when it is worth it.
 *
 * A place that exists and is no regular file (a fifo, /dev/null, "-" for standard output) is written directly.
 */
#ifndef SCHEDVIZ_TRACE_OUTFILE_H
#define SCHEDVIZ_TRACE_OUTFILE_H

#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

struct outfile {
	int fd;
	char *path;
	char *temp; /* NULL: written in place, or published already */
	uint64_t bytes;
};

int outfile_open(struct outfile *f, const char *path, struct err *e);
int outfile_write(struct outfile *f, const void *bytes, size_t n); /* all of it, or a negative errno */
/* An old file at `path` becomes PATH.old, this one takes its place. */
int outfile_publish(struct outfile *f, struct err *e);
/* It takes the place of an old file, which is lost: for what can be made again. */
int outfile_replace(struct outfile *f, struct err *e);
/* Unpublished: leaves nothing behind. */
void outfile_close(struct outfile *f);

#endif
