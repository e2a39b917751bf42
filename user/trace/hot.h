/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hot.h - the hot events of one CPU, column by column: what is written for 100,000 of them a second.
 *
 * An event becomes the number of its *shape* (everything about it that takes few values), the time since the event
 * before, and, only where prediction fails, whom it is about. Encoder and decoder keep the same guesses: the current
 * task is the one last switched to, a task wakes whom it woke last, and blocks where it blocked last. FORMAT.md says
 * it bit by bit.
 */
#ifndef SCHEDVIZ_TRACE_HOT_H
#define SCHEDVIZ_TRACE_HOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/vec.h"
#include "trace/chunk.h"
#include "trace/event.h"
#include "trace/pack.h"

/*
 * Whom an event is about: an actor (the task switched out; the waker; the parent; who was current at a migration) and
 * whom it acts on (the task switched to; the woken; the new; the moved; the one found running). Each is one of these.
 */
enum hot_who {
	WHO_GIVEN,   /* from the column of tids */
	WHO_CURRENT, /* whom this CPU last switched to */
	WHO_IDLE,
	WHO_WOKEN,   /* whom this CPU last woke */
	WHO_GUESSED, /* whom the actor woke last; an interrupt's wake-ups are the idle task's */
	WHO_KINDS
};

/* Where the system call of a switch comes from. */
enum hot_where { WHERE_NONE, WHERE_GIVEN, WHERE_SAME /* as this task's last */, WHERE_KINDS };

/* How the parity of prev's voluntary switches is written: against its last one in this chunk. */
enum hot_parity { PARITY_UNKNOWN, PARITY_SAME, PARITY_FLIPPED, PARITY_KINDS };

/* All of an event that takes few values. 16 bytes without holes: compared and hashed as two words. */
struct hot_shape {
	uint8_t kind;	 /* enum event_kind */
	uint8_t actor;	 /* enum hot_who */
	uint8_t whom;	 /* enum hot_who */
	uint8_t where;	 /* enum hot_where */
	uint8_t parity;	 /* enum hot_parity */
	uint8_t detail;	 /* preempted, or enum event_ctx */
	event_prio prio;
	union {
		uint32_t state;
		uint32_t cpu; /* target of a new task, origin of a migration */
	};
	union {
		event_prio next_prio;
		uint16_t to_cpu;
		uint16_t word; /* whichever, as it is written */
	};
	uint16_t zero;
};
_Static_assert(sizeof(struct hot_shape) == 16, "hashed as two words");

/* Kinds in a file, from 7 (lost) to 12 (switch): those of enum event_kind, which has got one more before them. */
#define HOT_CODE_SHIFT 1u
_Static_assert(EV_LOST - HOT_CODE_SHIFT == 7 && EV_SWITCH - HOT_CODE_SHIFT == 12, "as FORMAT.md says");

/* What was last known of a task, by its index in the chunk's dictionary of tids. Zeroed at the start of a chunk. */
struct hot_guess {
	uint16_t woke;	/* index of whom it woke last */
	uint16_t where; /* index of where it last blocked */
	uint8_t parity;
};

/* A set of pairs of words, numbered as they come. Zeroed is empty. */
struct hot_key {
	uint64_t a, b;
};

struct hot_dict {
	struct hot_key *keys;
	uint16_t *slots; /* number + 1; 0: free */
	uint32_t n, cap, mask;
};

uint16_t hot_dict_add(struct hot_dict *d, uint64_t a, uint64_t b); /* the number of (a, b), new or old */
void hot_dict_reset(struct hot_dict *d);
void hot_dict_release(struct hot_dict *d);

struct hot_encoder {
	uint32_t n; /* events collected */
	uint64_t begin_ns, at_ns, first_ns, last_ns;
	struct hot_dict shapes, tids, wheres;
	VEC(struct hot_guess) guesses;
	uint16_t start, current, woken; /* tid numbers; `start` is what `current` was at the first event */
	VEC(uint16_t) shape_col, tid_col, where_col;
	struct buf times;	/* a byte for the size of each step in time */
	struct buf rest;	/* and its remaining bits */
	uint64_t bits;		/* not yet in `rest` */
	unsigned nr_bits;
	struct buf numbers;	/* varints of losses */
	struct buf head, plane; /* scratch */
	uint32_t current_tid;	/* outlives the chunk */
};

void hot_encode(struct hot_encoder *h, const struct event *ev);
/* Append the collected events as what a chunk stores, fill the chunk's sizes and times, and start anew. */
void hot_encode_chunk(struct hot_encoder *h, struct packer *p, struct chunk *c, struct buf *out);
void hot_encoder_release(struct hot_encoder *h);

/* A column of numbers below 65536: the low bytes of all, then the high bytes if the dictionary has more than 256. */
struct hot_column {
	const uint8_t *low, *high; /* high: NULL when there are none */
};

/*
 * What a shape alone says of an event, and how to find the rest of it without asking: a mask is all ones when the
 * answer is yes, a step is how far a column moves on.
 */
struct hot_template {
	struct event ev;
	struct hot_shape shape;
	uint16_t waking;			    /* mask: a waking, not a switch */
	uint16_t actor_given;			    /* mask: not the current task */
	uint16_t whom_given, whom_woken, whom_guessed; /* masks; none: the idle task */
	uint16_t by_actor;			    /* mask: the guesses are the actor's, not the idle task's */
	uint16_t where_given, where_any;	    /* masks */
	uint16_t parity_known;			    /* mask */
	uint8_t parity_flips;			    /* 1: it does */
	uint8_t actor_step, whom_step, where_step;
};

struct hot_task {
	uint32_t tid;
	struct hot_guess guess;
};

struct hot_place {
	uint64_t arg;
	int32_t syscall;
};

/* Where the decoder is in its columns, and what it has learned: what changes with every event. */
struct hot_state {
	uint64_t at_ns;
	struct hot_column shape_col, tid_col, where_col;
	const uint8_t *times;
	uint64_t rest_bit;
	uint16_t current, woken;
};

/* Decoded at a time: enough to keep the state in registers, few enough to stay in the nearest cache. */
#define HOT_BLOCK 64u

struct hot_decoder {
	uint32_t left; /* events not in a block yet */
	struct hot_state state;
	const uint8_t *rest;
	uint16_t nowhere; /* number of the place that stands for none */
	struct hot_template *templates;
	struct hot_task *tasks;
	struct hot_place *places;
	size_t cap_templates, cap_tasks, cap_places;
	struct buf raw;
	const uint8_t *numbers, *numbers_end;
	struct event block[HOT_BLOCK]; /* may be changed by who reads it */
};

/* Bytes that must follow `stored` in memory, for loads that overlap its end. */
#define HOT_SLACK 8

/*
 * Start on a chunk: inflate `stored` (c->stored bytes and HOT_SLACK more, which must outlive the decoder's use) and
 * check all of it, so that hot_decode() cannot fail. False: what it holds is not what a writer makes.
 */
bool hot_decode_chunk(struct hot_decoder *h, struct unpacker *u, const struct chunk *c, const uint8_t *stored);
/* Put the next events into h->block; how many. 0: the chunk is at its end. */
uint32_t hot_decode(struct hot_decoder *h);
void hot_decoder_release(struct hot_decoder *h);

/*
 * A step in time is a byte and some bits more: steps below 8 are the byte itself; above, the byte has the three bits
 * after the leading one and how many bits follow. The last two values are for what no recording does often.
 */
#define STEP_EXACT 8u
#define STEP_MANTISSA 3u
#define STEP_MAX_BITS 27u /* bits that follow, at most */
#define STEP_FAR (STEP_EXACT + ((STEP_MAX_BITS + 1) << STEP_MANTISSA)) /* 64 bits follow */
#define STEP_BACK (STEP_FAR + 1)				       /* 64 bits follow: how far back in time */
#define STEP_KINDS (STEP_BACK + 1)

static inline unsigned step_bits(unsigned step)
{
	if (step < STEP_EXACT)
		return 0;
	return step < STEP_FAR ? (step - STEP_EXACT) >> STEP_MANTISSA : 64;
}

#endif
