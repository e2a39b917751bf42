/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * marks.c - take marks out of a ring that strangers write to, believing nothing in it.
 */
#define _GNU_SOURCE /* memfd_create, its seals */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "trace/marks.h"

_Static_assert((int)SCHEDVIZ_MARK_SUBMIT == MARK_SUBMIT && (int)SCHEDVIZ_MARK_START == MARK_START &&
		       (int)SCHEDVIZ_MARK_FINISH == MARK_FINISH && (int)SCHEDVIZ_MARK_INSTANT == MARK_INSTANT,
	       "a mark's kind needs no translation");

#define TID_MAX (1u << 22) /* PID_MAX_LIMIT, include/linux/threads.h: no tid reaches it */

enum taking { TAKE_NONE, TAKE_WAIT, TAKE_GOOD, TAKE_BAD };

static size_t ring_bytes(uint32_t capacity)
{
	return SCHEDVIZ_MARK_PAGE + (size_t)capacity * sizeof(struct schedviz_mark_record);
}

static int ring_map(struct mark_ring *r, struct err *e)
{
	void *p;

	if (ftruncate(r->fd, (off_t)ring_bytes(r->capacity)) < 0)
		return err_sys(e, -errno, "cannot size the ring of job marks");
	if (fcntl(r->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return err_sys(e, -errno, "cannot seal the ring of job marks");
	p = mmap(NULL, ring_bytes(r->capacity), PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);
	if (p == MAP_FAILED)
		return err_sys(e, -errno, "cannot map the ring of job marks");
	r->shared = p;
	r->shared->magic = SCHEDVIZ_MARK_MAGIC;
	r->shared->version = SCHEDVIZ_MARK_VERSION;
	r->shared->capacity = r->capacity;
	return 0;
}

int mark_ring_create(struct mark_ring *r, uint32_t capacity, struct err *e)
{
	int ret;

	*r = (struct mark_ring){ .fd = -1, .capacity = capacity ? capacity : MARK_RING_CAPACITY };
	if (r->capacity & (r->capacity - 1) || r->capacity < SCHEDVIZ_MARK_MIN_CAPACITY ||
	    r->capacity > SCHEDVIZ_MARK_MAX_CAPACITY)
		return err_set(e, -EINVAL, "a ring of %u job marks is not possible - take a power of two from %u to %u",
			       r->capacity, SCHEDVIZ_MARK_MIN_CAPACITY, SCHEDVIZ_MARK_MAX_CAPACITY);
	r->shift = (unsigned)__builtin_ctz(r->capacity);
	r->fd = memfd_create("schedviz-marks", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (r->fd < 0)
		return err_sys(e, -errno, "cannot make the ring of job marks");
	ret = ring_map(r, e);
	if (ret < 0)
		mark_ring_release(r);
	r->born_ns = r->now_ns = schedviz_mark_now();
	return ret;
}

int mark_ring_export(const struct mark_ring *r, struct err *e)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", r->fd);
	if (fcntl(r->fd, F_SETFD, 0) < 0 || setenv(SCHEDVIZ_MARKS_ENV, number, 1) < 0)
		return err_sys(e, -errno, "cannot hand down the ring of job marks");
	return 0;
}

/* Slots claimed and not read yet. A head that is nonsense reads as a full ring. */
static uint64_t ring_lag(const struct mark_ring *r)
{
	uint64_t lag = __atomic_load_n(&r->shared->head, __ATOMIC_ACQUIRE) - r->tail;

	return lag < r->capacity ? lag : r->capacity;
}

/* May slot `tail` be given up? Everything claimed when the waiting began has had its time once the wait is over. */
static bool patience_is_over(struct mark_ring *r)
{
	if (r->ended)
		return true;
	r->now_ns = schedviz_mark_now();
	if (!r->gap_since_ns) {
		r->gap_since_ns = r->now_ns;
		r->gap_head = r->tail + ring_lag(r);
	}
	return r->now_ns - r->gap_since_ns >= MARK_PATIENCE_NS && r->tail < r->gap_head;
}

static bool time_is_possible(struct mark_ring *r, uint64_t ns)
{
	if (ns > r->now_ns)
		r->now_ns = schedviz_mark_now();
	return ns >= r->born_ns && ns <= r->now_ns;
}

static enum taking slot_take(struct mark_ring *r, struct event *out)
{
	const struct schedviz_mark_record *shared = &r->shared->records[r->tail & (r->capacity - 1)];
	uint32_t word = __atomic_load_n(&shared->word, __ATOMIC_ACQUIRE);
	uint32_t want = schedviz_mark_word(r->tail, r->shift, (uint8_t)word, word >> 16);
	uint32_t tid = __atomic_load_n(&shared->tid, __ATOMIC_RELAXED);
	uint64_t ns = __atomic_load_n(&shared->ns, __ATOMIC_RELAXED);

	if (word != want)
		return patience_is_over(r) ? TAKE_BAD : TAKE_WAIT;
	if ((word & 0xff) >= MARK_KINDS || !tid || tid >= TID_MAX || !time_is_possible(r, ns))
		return TAKE_BAD;
	*out = (struct event){
		.ts_ns = ns,
		.cpu = word >> 16,
		.kind = EV_MARK,
		.mark = { .tid = tid,
			  .what = (uint8_t)word,
			  .job = __atomic_load_n(&shared->job, __ATOMIC_RELAXED),
			  .arg = __atomic_load_n(&shared->arg, __ATOMIC_RELAXED) },
	};
	return TAKE_GOOD;
}

static void slot_pass(struct mark_ring *r)
{
	r->tail++;
	r->round++;
	if (r->tail >= r->gap_head)
		r->gap_since_ns = 0;
	__atomic_store_n(&r->shared->tail, r->tail, __ATOMIC_RELEASE);
}

int mark_ring_next(struct mark_ring *r, struct event *out)
{
	while (r->round < r->capacity && ring_lag(r)) {
		enum taking t = slot_take(r, out);

		if (t == TAKE_WAIT)
			break;
		slot_pass(r);
		if (t == TAKE_GOOD)
			return 1;
		r->refused++;
	}
	r->round = 0;
	return 0;
}

void mark_ring_end(struct mark_ring *r)
{
	r->ended = true;
}

uint64_t mark_ring_dropped(const struct mark_ring *r)
{
	uint64_t full = __atomic_load_n(&r->shared->dropped, __ATOMIC_RELAXED);

	return full + r->refused < full ? UINT64_MAX : full + r->refused;
}

bool mark_ring_wall(const struct mark_ring *r, struct window *out)
{
	out->to_ns = __atomic_load_n(&r->shared->wall_to_ns, __ATOMIC_ACQUIRE);
	out->from_ns = __atomic_load_n(&r->shared->wall_from_ns, __ATOMIC_RELAXED);
	return out->from_ns >= r->born_ns && out->from_ns < out->to_ns && out->to_ns <= schedviz_mark_now();
}

void mark_ring_noun(const struct mark_ring *r, char noun[SCHEDVIZ_MARK_NOUN_LEN])
{
	for (size_t i = 0; i < SCHEDVIZ_MARK_NOUN_LEN / 8; i++) {
		uint64_t part = __atomic_load_n(&r->shared->noun[i], __ATOMIC_RELAXED);

		memcpy(noun + 8 * i, &part, 8);
	}
	noun[SCHEDVIZ_MARK_NOUN_LEN - 1] = '\0';
}

void mark_ring_release(struct mark_ring *r)
{
	if (r->shared) {
		munmap(r->shared, ring_bytes(r->capacity));
		close(r->fd);
	} else if (r->capacity && r->fd >= 0) {
		close(r->fd);
	}
	*r = (struct mark_ring){ .fd = -1 };
}
