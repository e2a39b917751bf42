/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stream.h - the streams of a trace: each gives its events in blocks, in the order of its chunks.
 */
#ifndef SCHEDVIZ_TRACE_STREAM_H
#define SCHEDVIZ_TRACE_STREAM_H

#include <stdbool.h>
#include "base/vec.h"
#include "trace/facts.h"
#include "trace/hot.h"
#include "trace/rare.h"
#include "trace/reader.h"
#include "trace/source.h"

enum stream_kind { STREAM_HOT, STREAM_RARE, STREAM_LIST };

struct stream {
	struct event *ev;    /* the block's first event; events may be changed by who reads them */
	uint32_t block_left; /* events behind `ev` in the block */
	enum stream_kind kind;
	uint32_t cpu;		  /* of STREAM_HOT */
	uint32_t next_seq;	  /* that its next chunk should have */
	VEC(struct chunk) chunks; /* of one kind of events, or CHUNK_HOLE where one is known to be missing */
	size_t next;		  /* chunk to be opened next */
	struct buf stored;	  /* the open chunk, as the file has it */
	struct hot_decoder hot;
	struct rare_list rare;	 /* events of the open chunks */
	struct event *list;	 /* STREAM_LIST: the caller's */
	size_t at, nr_list;	 /* next of `rare` or `list` */
	struct event out;
};

#define CHUNK_HOLE 0u /* not in any file: a place for an EV_LOST from first_ns to last_ns */

struct stream_set {
	VEC(struct stream) streams;
	const struct source *source;
	struct unpacker *unpacker;
	struct trace_damage damage;
	uint64_t first_ns, last_ns; /* of all events that can be read, as their chunks say */
	uint32_t nr_cpus;	    /* one more than the largest with a stream */
};

/*
 * Find the streams of a trace and add its facts to `facts`. What is damaged is told in set->damage. False when the
 * file ends before anything but its header could be read.
 */
bool stream_set_open(struct stream_set *set, const struct source *source, struct facts *facts);
/* The streams of events in any order, which get sorted and must outlive the set. */
void stream_set_of_events(struct stream_set *set, struct event *events, size_t n);
void stream_set_late(struct stream_set *set, const struct event *ev); /* note an event that comes too late */
void stream_set_close(struct stream_set *set);

void stream_rewind(struct stream *s);
/* Go to the next block of events, which begins at s->ev; false at the end. */
bool stream_next_block(struct stream *s, struct stream_set *set);

#endif
