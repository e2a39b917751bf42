/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * writer.h - make a trace file while the recording goes on.
 *
 * Events are given per stream (each CPU's ring is one, the rare events another); a stream's events must come in the
 * order of its ring. The writer collects them into chunks, and writes a chunk when it is full, when it would span
 * more than CHUNK_MAX_SPAN_NS, or at trace_writer_flush(). What was written up to any chunk is a readable file.
 *
 * The file is made under a temporary name beside `path` and takes its place at trace_writer_publish(), the old file
 * being kept as PATH.old; from then on a killed recorder leaves the new file at PATH. A path that exists and is not
 * a regular file (a fifo, /dev/null) is written in place. Closing an unpublished writer leaves nothing behind.
 */
#ifndef SCHEDVIZ_TRACE_WRITER_H
#define SCHEDVIZ_TRACE_WRITER_H

#include <stdint.h>
#include "base/err.h"
#include "trace/event.h"
#include "trace/facts.h"

/*
 * A chunk that has few events is a bad bargain, so a quiet CPU's may span longer. The rare stream likewise. Whoever
 * wants less to be lost when the recorder is killed calls trace_writer_flush().
 */
#define CHUNK_MAX_SPAN_NS 2000000000ull
#define CHUNK_TINY_EVENTS 256
#define CHUNK_MAX_TINY_SPAN_NS 16000000000ull

struct trace_writer;

/* Create the file and write header and `facts`. "-" is standard output. Errors: unwritable, directory, no space. */
int trace_writer_open(struct trace_writer **out, const char *path, const struct facts *facts, struct err *e);

/* Put the file at its place. Once; a no-op for what is written in place. */
int trace_writer_publish(struct trace_writer *w, struct err *e);

/*
 * Append one event; hot kinds go to the stream of ev->cpu, rare ones to the rare stream. Rare events may come out of
 * order by any amount within what is not flushed yet: they are sorted when their chunk is written.
 * A write error (disk full, EPIPE) is returned at once and by every later call; what was written stays readable.
 */
int trace_writer_add(struct trace_writer *w, const struct event *ev, struct err *e);

/* Write out every stream's collected events as chunks now. */
int trace_writer_flush(struct trace_writer *w, struct err *e);

/* Flush, then write the END chunk with `receipt` and the index. After this only close is allowed. */
int trace_writer_finish(struct trace_writer *w, const struct facts *receipt, struct err *e);

uint64_t trace_writer_bytes(const struct trace_writer *w);		      /* written so far */
uint64_t trace_writer_events(const struct trace_writer *w, enum event_kind k); /* added so far, of one kind */
void trace_writer_close(struct trace_writer *w);			      /* NULL is fine */

#endif
