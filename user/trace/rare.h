/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rare.h - the rare events, row by row: tasks that come, go, change their names or their CPUs, marks, CPUs.
 */
#ifndef SCHEDVIZ_TRACE_RARE_H
#define SCHEDVIZ_TRACE_RARE_H

#include <stdbool.h>
#include <stddef.h>
#include "base/buf.h"
#include "base/vec.h"
#include "trace/chunk.h"
#include "trace/event.h"
#include "trace/pack.h"

#define RARE_MAX_PATH 4096u /* PATH_MAX, include/uapi/linux/limits.h */

/*
 * Events with what they point to kept beside them, paths of programs and sets of CPUs: while here, their pointers are
 * not to be followed; rare_point() makes them so in a copy. Zeroed is empty.
 */
struct rare_list {
	VEC(struct event) events;
	struct buf paths;    /* NUL-terminated, one after another */
	VEC(uint64_t) words; /* of sets, one after another */
};

void rare_add(struct rare_list *l, const struct event *ev); /* copies the path, cut at RARE_MAX_PATH - 1 bytes */
void rare_point(const struct rare_list *l, struct event *ev); /* until something is added to the list */
void rare_keep_from(struct rare_list *l, size_t at); /* forget the events before `at` and their paths */
void rare_reset(struct rare_list *l);
void rare_release(struct rare_list *l);

/* Does an event of this kind go into chunks of kind CHUNK_MORE, not CHUNK_RARE? */
static inline bool rare_is_more(enum event_kind k)
{
	return k == EV_ALLOWED;
}

/*
 * Append what a chunk of c->kind stores of the list, which gets sorted and emptied; fill the chunk's sizes and times.
 * The list has events of that kind of chunk alone.
 */
void rare_encode_chunk(struct rare_list *l, struct packer *p, struct chunk *c, struct buf *out);
/* Add the events of a chunk to the list. False, with nothing added: what it holds is not what a writer makes. */
bool rare_decode_chunk(struct rare_list *l, struct unpacker *u, const struct chunk *c, const uint8_t *stored);

#endif
