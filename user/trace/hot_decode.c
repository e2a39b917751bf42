/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hot_decode.c - owns how the columns of a chunk become a CPU's hot events again.
 *
 * A chunk is checked as a whole when it is opened (every number in range, every column long enough), so that giving
 * out an event has no way to fail and nothing to test.
 */
#include <endian.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/fmt.h"
#include "trace/bytes.h"
#include "trace/hot.h"

/* Who can act and be acted on. What takes nobody is the idle task, which takes nothing from a column. */
static const struct {
	uint8_t actors, whoms; /* sets of enum hot_who */
} allowed[EV_KINDS] = {
#define WHO(x) (1u << WHO_##x)
	[EV_LOST] = { WHO(IDLE), WHO(IDLE) },
	[EV_CURRENT] = { WHO(IDLE), WHO(GIVEN) | WHO(CURRENT) },
	[EV_WAKING] = { WHO(GIVEN) | WHO(CURRENT), WHO(GIVEN) | WHO(GUESSED) },
	[EV_WAKEUP_NEW] = { WHO(GIVEN) | WHO(CURRENT), WHO(GIVEN) },
	[EV_MIGRATE] = { WHO(GIVEN) | WHO(CURRENT), WHO(GIVEN) | WHO(WOKEN) },
	[EV_SWITCH] = { WHO(GIVEN) | WHO(CURRENT), WHO(GIVEN) | WHO(IDLE) | WHO(WOKEN) },
#undef WHO
};

static bool shape_is_possible(const struct hot_shape *s)
{
	if (!event_is_hot(s->kind) || !(allowed[s->kind].actors >> s->actor & 1) ||
	    !(allowed[s->kind].whoms >> s->whom & 1))
		return false;
	if (s->kind != EV_SWITCH && (s->where || s->parity))
		return false;
	if (s->where >= WHERE_KINDS || s->parity >= PARITY_KINDS)
		return false;
	if (s->kind == EV_WAKING)
		return s->detail < EV_CTX_KINDS;
	if (s->kind == EV_WAKEUP_NEW || s->kind == EV_MIGRATE)
		return s->cpu <= CPUSET_MAX_CPU;
	return s->detail <= 1;
}

static struct hot_shape take_shape(struct cursor *c)
{
	uint64_t kinds = take_varint_max(c, (1u << 14) - 1);
	struct hot_shape s = {
		.kind = (kinds & 15) + HOT_CODE_SHIFT,
		.actor = kinds >> 4 & 7,
		.whom = kinds >> 7 & 7,
		.where = kinds >> 10 & 3,
		.parity = kinds >> 12 & 3,
		.detail = (uint8_t)take_varint_max(c, UINT8_MAX),
	};

	s.prio = (event_prio)unzigzag(take_varint_max(c, UINT16_MAX));
	s.state = take_u32(c);
	s.word = (uint16_t)take_varint_max(c, UINT16_MAX);
	if (!shape_is_possible(&s))
		c->bad = true;
	return s;
}

static uint16_t mask_of(bool yes)
{
	return yes ? UINT16_MAX : 0;
}

static void template_fill_masks(struct hot_template *t)
{
	const struct hot_shape *s = &t->shape;

	t->waking = mask_of(s->kind == EV_WAKING);
	t->actor_given = mask_of(s->actor == WHO_GIVEN);
	t->whom_given = mask_of(s->whom == WHO_GIVEN);
	t->whom_woken = mask_of(s->whom == WHO_WOKEN);
	t->whom_guessed = mask_of(s->whom == WHO_GUESSED);
	t->by_actor = mask_of(s->kind != EV_WAKING || s->detail == EV_CTX_TASK);
	t->where_given = mask_of(s->where == WHERE_GIVEN);
	t->where_any = mask_of(s->where != WHERE_NONE);
	t->parity_known = mask_of(s->parity != PARITY_UNKNOWN);
	t->parity_flips = s->parity == PARITY_FLIPPED;
	t->actor_step = s->actor == WHO_GIVEN;
	t->whom_step = s->whom == WHO_GIVEN;
	t->where_step = s->where == WHERE_GIVEN;
}

static void template_fill(struct hot_template *t, uint32_t cpu)
{
	const struct hot_shape *s = &t->shape;
	struct event *ev = &t->ev;

	memset(ev, 0, sizeof(*ev));
	ev->cpu = cpu;
	ev->kind = s->kind;
	switch (s->kind) {
	case EV_SWITCH:
		ev->sw.prev_state = s->state;
		ev->sw.prev_prio = s->prio;
		ev->sw.next_prio = s->next_prio;
		ev->sw.preempted = s->detail;
		ev->sw.nvcsw = NVCSW_UNKNOWN;
		ev->sw.syscall = EV_NO_SYSCALL;
		break;
	case EV_WAKING:
		ev->waking.prio = s->prio;
		ev->waking.ctx = s->detail;
		break;
	case EV_WAKEUP_NEW:
		ev->wakeup_new.prio = s->prio;
		ev->wakeup_new.target_cpu = s->cpu;
		break;
	case EV_MIGRATE:
		ev->migrate.prio = s->prio;
		ev->migrate.from_cpu = s->cpu;
		ev->migrate.to_cpu = s->to_cpu;
		break;
	case EV_CURRENT:
		ev->current.prio = s->prio;
		break;
	default:
		break;
	}
}

/* Room for n elements in an array that is filled anew for every chunk. */
static void *room(void *v, size_t *cap, size_t n, size_t size)
{
	if (n <= *cap)
		return v;
	free(v);
	*cap = n * 2;
	return xmalloc(*cap * size);
}

static uint32_t take_templates(struct hot_decoder *h, struct cursor *c, uint32_t cpu)
{
	uint32_t n = (uint32_t)take_varint_max(c, CHUNK_MAX_EVENTS);

	h->templates = room(h->templates, &h->cap_templates, n, sizeof(*h->templates));
	for (uint32_t i = 0; i < n && !c->bad; i++) {
		h->templates[i].shape = take_shape(c);
		template_fill(&h->templates[i], cpu);
		template_fill_masks(&h->templates[i]);
	}
	return n;
}

/* A chunk names at most two tasks an event, the idle task and who was current. */
static uint32_t take_tasks(struct hot_decoder *h, struct cursor *c)
{
	uint32_t n = (uint32_t)take_varint_max(c, 2 * CHUNK_MAX_EVENTS + 2);
	int64_t tid = 0;

	h->tasks = room(h->tasks, &h->cap_tasks, n, sizeof(*h->tasks));
	for (uint32_t i = 0; i < n && !c->bad; i++) {
		tid += unzigzag(take_varint_max(c, (uint64_t)UINT32_MAX * 2 + 1));
		if (tid < 0 || tid > UINT32_MAX)
			c->bad = true;
		h->tasks[i] = (struct hot_task){ .tid = (uint32_t)tid };
	}
	return n;
}

/*
 * There is always a first place, so that the guess "as last time" of a task that never blocked has one, and behind the
 * last the one that stands for none.
 */
static uint32_t take_places(struct hot_decoder *h, struct cursor *c)
{
	uint32_t n = (uint32_t)take_varint_max(c, CHUNK_MAX_EVENTS);

	h->places = room(h->places, &h->cap_places, n + 1, sizeof(*h->places));
	h->places[0] = h->places[n] = (struct hot_place){ .syscall = EV_NO_SYSCALL };
	h->nowhere = (uint16_t)n;
	for (uint32_t i = 0; i < n && !c->bad; i++) {
		h->places[i].syscall = (int32_t)unzigzag(take_varint_max(c, UINT32_MAX));
		h->places[i].arg = take_varint(c);
	}
	return n;
}

/* A column of n numbers into a dictionary of dict_n. */
static struct hot_column take_column(struct cursor *c, size_t n, uint32_t dict_n)
{
	struct hot_column col = { .low = take_bytes(c, n) };

	if (dict_n > 256)
		col.high = take_bytes(c, n);
	return col;
}

static inline uint16_t column_at(const struct hot_column *col, size_t i)
{
	return (uint16_t)(col->high ? col->low[i] | col->high[i] << 8 : col->low[i]);
}

static bool column_is_below(const struct hot_column *col, size_t n, uint32_t dict_n)
{
	uint16_t most = 0;

	for (size_t i = 0; i < n; i++) {
		uint16_t v = column_at(col, i);

		most = v > most ? v : most;
	}
	return !n || most < dict_n;
}

/* Do the shapes of the chunk's events exist, and take exactly what the columns have? */
static bool shapes_fit(const struct hot_decoder *h, const struct hot_column *shape_col, uint32_t nr_shapes,
		       size_t nr_tids, size_t nr_wheres)
{
	uint32_t count[CHUNK_MAX_EVENTS];
	size_t tids = 0, wheres = 0;

	memset(count, 0, nr_shapes * sizeof(*count));
	for (uint32_t i = 0; i < h->left; i++) {
		uint16_t nr = column_at(shape_col, i);

		if (nr >= nr_shapes)
			return false;
		count[nr]++;
	}
	for (uint32_t i = 0; i < nr_shapes; i++) {
		const struct hot_template *t = &h->templates[i];

		tids += (size_t)count[i] * ((size_t)t->actor_step + t->whom_step);
		wheres += (size_t)count[i] * t->where_step;
	}
	return tids == nr_tids && wheres == nr_wheres;
}

static bool steps_are_possible(const uint8_t *times, uint32_t n, size_t rest_size)
{
	uint64_t bits = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (times[i] >= STEP_KINDS)
			return false;
		bits += step_bits(times[i]);
	}
	return (bits + 7) / 8 == rest_size;
}

/* The inflated part of the chunk. */
static bool open_raw(struct hot_decoder *h, const struct chunk *chunk, size_t rest_size)
{
	struct cursor c = cursor_of((const uint8_t *)h->raw.data, chunk->raw);
	struct hot_state s = { .times = take_bytes(&c, chunk->events) };
	uint32_t nr_shapes, nr_tasks, nr_places;
	size_t nr_tids, nr_wheres, nr_numbers;

	nr_shapes = take_templates(h, &c, chunk->stream);
	nr_tasks = take_tasks(h, &c);
	nr_places = take_places(h, &c);
	s.current = (uint16_t)take_varint_max(&c, UINT16_MAX);
	s.at_ns = chunk->first_ns + take_varint(&c);
	nr_tids = take_varint_max(&c, 2 * CHUNK_MAX_EVENTS);
	nr_wheres = take_varint_max(&c, CHUNK_MAX_EVENTS);
	nr_numbers = take_varint_max(&c, CHUNK_MAX_RAW);
	h->numbers = take_bytes(&c, nr_numbers);
	s.shape_col = take_column(&c, chunk->events, nr_shapes);
	s.tid_col = take_column(&c, nr_tids, nr_tasks);
	s.where_col = take_column(&c, nr_wheres, nr_places);
	if (c.bad || cursor_left(&c) || s.current >= nr_tasks || h->tasks[0].tid)
		return false;
	h->numbers_end = h->numbers + nr_numbers;
	h->left = chunk->events;
	h->state = s;
	return steps_are_possible(s.times, chunk->events, rest_size) &&
	       shapes_fit(h, &s.shape_col, nr_shapes, nr_tids, nr_wheres) &&
	       column_is_below(&s.tid_col, nr_tids, nr_tasks) && column_is_below(&s.where_col, nr_wheres, nr_places);
}

bool hot_decode_chunk(struct hot_decoder *h, struct unpacker *u, const struct chunk *c, const uint8_t *stored)
{
	size_t rest;
	bool good;

	h->left = 0;
	if (c->stored < 4)
		return false;
	rest = le_load(stored, 4);
	if (rest > c->stored - 4)
		return false;
	buf_reset(&h->raw);
	buf_grow(&h->raw, c->raw + HOT_SLACK);
	h->rest = stored + 4;
	good = unpack(u, stored + 4 + rest, c->stored - 4 - rest, (uint8_t *)h->raw.data, c->raw) &&
	       open_raw(h, c, rest);
	if (!good)
		h->left = 0;
	return good;
}

/* The next n <= 32 bits; may load, but never uses, bytes after the last. */
static inline uint64_t take_bits(const struct hot_decoder *h, struct hot_state *s, unsigned n)
{
	uint64_t word;

	memcpy(&word, h->rest + (s->rest_bit >> 3), sizeof(word));
	word = le64toh(word) >> (s->rest_bit & 7);
	s->rest_bit += n;
	return word & ((1ull << n) - 1);
}

static inline uint64_t take_step(const struct hot_decoder *h, struct hot_state *s)
{
	unsigned step = *s->times++, bits;
	uint64_t low;

	if (step < STEP_EXACT)
		return step;
	if (__builtin_expect(step < STEP_FAR, 1)) {
		bits = (step - STEP_EXACT) >> STEP_MANTISSA;
		return (uint64_t)(STEP_EXACT + (step & (STEP_EXACT - 1))) << bits | take_bits(h, s, bits);
	}
	low = take_bits(h, s, 32);
	low |= take_bits(h, s, 32) << 32;
	return step == STEP_FAR ? low : -low;
}

/* What a column has next; `step` is 1 to take it, 0 to leave it. What is behind its end may be loaded, but not used. */
static inline uint16_t column_take(struct hot_column *col, uint8_t step)
{
	uint16_t v = *col->low;

	col->low += step;
	if (col->high) {
		v |= (uint16_t)(*col->high << 8);
		col->high += step;
	}
	return v;
}

static inline uint16_t pick(uint16_t mask, uint16_t yes, uint16_t no)
{
	return (uint16_t)((yes & mask) | (no & ~mask));
}

/*
 * Switches and wakings are nearly all there is, and which comes next is as good as random: so both go the same way,
 * without a branch that the CPU would mispredict every other time. In struct event both begin with two tids, and what
 * a waking has no use for is written where it has nothing.
 */
static inline void decode_switch_or_waking(const struct hot_decoder *h, struct hot_state *s,
					   const struct hot_template *t, struct event *ev)
{
	uint16_t actor = pick(t->actor_given, column_take(&s->tid_col, t->actor_step), s->current);
	struct hot_guess *guess = &h->tasks[actor & t->by_actor].guess;
	uint16_t given = column_take(&s->tid_col, t->whom_step);
	uint16_t whom, where;

	whom = (uint16_t)((given & t->whom_given) | (s->woken & t->whom_woken) | (guess->woke & t->whom_guessed));
	guess->woke = pick(t->waking, whom, guess->woke);
	s->woken = pick(t->waking, whom, s->woken);
	s->current = pick(t->waking, s->current, whom);
	ev->sw.prev_tid = h->tasks[pick(t->waking, whom, actor)].tid;
	ev->sw.next_tid = h->tasks[pick(t->waking, actor, whom)].tid;

	guess->where = pick(t->where_given, column_take(&s->where_col, t->where_step), guess->where);
	where = pick(t->where_any, guess->where, h->nowhere);
	ev->sw.syscall = h->places[where].syscall;
	ev->sw.arg = h->places[where].arg;

	guess->parity ^= t->parity_flips;
	ev->sw.nvcsw = (uint8_t)pick(t->parity_known, guess->parity, t->ev.sw.nvcsw);
}
_Static_assert(offsetof(struct event, sw.prev_tid) == offsetof(struct event, waking.tid) &&
		       offsetof(struct event, sw.next_tid) == offsetof(struct event, waking.waker_tid) &&
		       offsetof(struct event, sw.nvcsw) > offsetof(struct event, waking.ctx),
	       "a waking is decoded as a switch");

static void decode_lost(struct hot_decoder *h, struct event *ev)
{
	struct cursor c = { .at = h->numbers, .end = h->numbers_end };

	ev->lost.from_ns = ev->ts_ns - (uint64_t)unzigzag(take_varint(&c));
	ev->lost.count = take_varint(&c);
	h->numbers = c.at;
}

static void decode_other(struct hot_decoder *h, struct hot_state *s, const struct hot_template *t, struct event *ev)
{
	uint16_t actor = pick(t->actor_given, column_take(&s->tid_col, t->actor_step), s->current);
	uint16_t given = column_take(&s->tid_col, t->whom_step);
	uint16_t whom = t->shape.whom == WHO_CURRENT ? s->current : pick(t->whom_given, given, s->woken);

	switch (t->shape.kind) {
	case EV_WAKEUP_NEW:
		ev->wakeup_new.parent_tid = h->tasks[actor].tid;
		ev->wakeup_new.tid = h->tasks[whom].tid;
		s->woken = whom;
		break;
	case EV_MIGRATE:
		ev->migrate.by_tid = h->tasks[actor].tid;
		ev->migrate.tid = h->tasks[whom].tid;
		break;
	case EV_CURRENT:
		ev->current.tid = h->tasks[whom].tid;
		s->current = whom;
		break;
	default:
		decode_lost(h, ev);
		break;
	}
}

/* All that a hot event has; the rest of struct event is for rare ones. */
#define HOT_EVENT_SIZE (offsetof(struct event, sw.arg) + sizeof(uint64_t))

uint32_t hot_decode(struct hot_decoder *h)
{
	uint32_t n = h->left < HOT_BLOCK ? h->left : HOT_BLOCK;
	struct hot_state s = h->state;

	for (struct event *ev = h->block; ev < h->block + n; ev++) {
		const struct hot_template *t = &h->templates[column_take(&s.shape_col, 1)];

		memcpy(ev, &t->ev, HOT_EVENT_SIZE);
		s.at_ns += take_step(h, &s);
		ev->ts_ns = s.at_ns;
		if (__builtin_expect(t->shape.kind == EV_SWITCH || t->shape.kind == EV_WAKING, 1))
			decode_switch_or_waking(h, &s, t, ev);
		else
			decode_other(h, &s, t, ev);
	}
	h->state = s;
	h->left -= n;
	return n;
}

void hot_decoder_release(struct hot_decoder *h)
{
	free(h->templates);
	free(h->tasks);
	free(h->places);
	buf_release(&h->raw);
	*h = (struct hot_decoder){ 0 };
}
