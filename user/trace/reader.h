/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reader.h - read a recording: a .svz file or the text form, told apart by their first bytes.
 *
 * Trusts nothing in the file: every length is checked before memory is asked for, a damaged chunk becomes an EV_LOST
 * of its stream, a cut file is read up to its last whole chunk, and both are counted in struct trace_damage. Memory
 * is one inflated chunk per stream, whatever the length of the recording.
 */
#ifndef SCHEDVIZ_TRACE_READER_H
#define SCHEDVIZ_TRACE_READER_H

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "base/fmt.h"
#include "trace/event.h"
#include "trace/facts.h"

struct trace_reader;

struct trace_damage {
	bool cut;	       /* no END chunk: the recorder was killed, or the file truncated */
	uint64_t cut_at;       /* byte where reading had to stop */
	uint64_t bad_chunks;   /* chunks whose checksum or contents were wrong; skipped */
	uint64_t lost_rare;    /* forks, exits, marks ... in bad chunks: no EV_LOST says so, for they have no CPU */
	uint64_t lost_more;    /* the same of changes of where tasks may run */
	bool maybe_more;       /* a hole in the file may have held some of them, too */
	uint64_t late_events;  /* events earlier than one already given out (time is then clamped) */
	char first[160];       /* a sentence about the first of these */
};

/*
 * Errors, each one sentence: no such file, not readable, directory, empty, not a schedviz trace, format newer than
 * this build reads (-ENOTSUP), header damaged. "-" is standard input (read whole). A cut or partly damaged file opens.
 */
int trace_reader_open(struct trace_reader **out, const char *path, struct err *e);

/* The same from memory (tests, fuzzing); `bytes` must outlive the reader. */
int trace_reader_open_mem(struct trace_reader **out, const void *bytes, size_t n, struct err *e);

/* Facts of the start, and of the receipt if the file has its end. */
const struct facts *trace_reader_facts(const struct trace_reader *r);

/*
 * The recorded window. from_ns is the fact; to_ns the fact if the file is whole, else the last event that can be
 * read. Both are CLOCK_MONOTONIC.
 */
struct window trace_reader_window(const struct trace_reader *r);

/* CPUs that have a stream or are named by the facts: one more than the largest number, at most CPUSET_MAX_CPU + 1. */
uint32_t trace_reader_nr_cpus(const struct trace_reader *r);

/* Next event in global order, valid until the next call; NULL at the end. */
const struct event *trace_reader_next(struct trace_reader *r);

/* Start again from the first event. */
void trace_reader_rewind(struct trace_reader *r);

const struct trace_damage *trace_reader_damage(const struct trace_reader *r); /* complete once next() gave NULL */
uint64_t trace_reader_size(const struct trace_reader *r);		      /* bytes of the file */
void trace_reader_close(struct trace_reader *r);			      /* NULL is fine */

#endif
