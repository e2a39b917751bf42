/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hot_encode.c - owns how a CPU's hot events become the columns of a chunk.
 */
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "trace/bytes.h"
#include "trace/hot.h"

#define DICT_FIRST_SLOTS 64u

static uint32_t dict_hash(uint64_t a, uint64_t b)
{
	uint64_t h = (a ^ (b * 0x9e3779b97f4a7c15ull)) * 0xff51afd7ed558ccdull;

	return (uint32_t)(h >> 32);
}

static void dict_insert(struct hot_dict *d, uint16_t nr)
{
	uint32_t i = dict_hash(d->keys[nr].a, d->keys[nr].b) & d->mask;

	while (d->slots[i])
		i = (i + 1) & d->mask;
	d->slots[i] = (uint16_t)(nr + 1);
}

/* At most half full, so that a search ends soon. */
static void dict_grow(struct hot_dict *d)
{
	uint32_t slots = d->mask ? (d->mask + 1) * 2 : DICT_FIRST_SLOTS;

	free(d->slots);
	d->slots = xcalloc(slots, sizeof(*d->slots));
	d->mask = slots - 1;
	d->cap = slots / 2;
	d->keys = xrealloc(d->keys, d->cap, sizeof(*d->keys));
	for (uint32_t i = 0; i < d->n; i++)
		dict_insert(d, (uint16_t)i);
}

uint16_t hot_dict_add(struct hot_dict *d, uint64_t a, uint64_t b)
{
	if (d->mask)
		for (uint32_t i = dict_hash(a, b) & d->mask; d->slots[i]; i = (i + 1) & d->mask) {
			uint16_t nr = (uint16_t)(d->slots[i] - 1);

			if (d->keys[nr].a == a && d->keys[nr].b == b)
				return nr;
		}
	if (d->n == d->cap)
		dict_grow(d);
	d->keys[d->n] = (struct hot_key){ a, b };
	dict_insert(d, (uint16_t)d->n);
	return (uint16_t)d->n++;
}

void hot_dict_reset(struct hot_dict *d)
{
	if (d->n)
		memset(d->slots, 0, (d->mask + 1) * sizeof(*d->slots));
	d->n = 0;
}

void hot_dict_release(struct hot_dict *d)
{
	free(d->keys);
	free(d->slots);
	*d = (struct hot_dict){ 0 };
}

static uint16_t tid_number(struct hot_encoder *h, uint32_t tid)
{
	uint32_t before = h->tids.n;
	uint16_t nr = hot_dict_add(&h->tids, tid, 0);

	if (h->tids.n > before)
		*vec_push(&h->guesses) = (struct hot_guess){ 0 };
	return nr;
}

static bool is_tid(const struct hot_encoder *h, uint16_t nr, uint32_t tid)
{
	return h->tids.keys[nr].a == tid;
}

static uint16_t give_tid(struct hot_encoder *h, uint32_t tid)
{
	uint16_t nr = tid_number(h, tid);

	*vec_push(&h->tid_col) = nr;
	return nr;
}

/* Say who `tid` is with the first of the candidates that is right; returns its number. */
static uint16_t put_current(struct hot_encoder *h, uint32_t tid, uint8_t *who)
{
	*who = is_tid(h, h->current, tid) ? WHO_CURRENT : WHO_GIVEN;
	return *who == WHO_CURRENT ? h->current : give_tid(h, tid);
}

static uint16_t put_next(struct hot_encoder *h, uint32_t tid, uint8_t *who)
{
	if (!tid) {
		*who = WHO_IDLE;
		return 0;
	}
	*who = is_tid(h, h->woken, tid) ? WHO_WOKEN : WHO_GIVEN;
	return *who == WHO_WOKEN ? h->woken : give_tid(h, tid);
}

static uint16_t put_woken(struct hot_encoder *h, uint32_t tid, uint16_t waker, uint8_t *who)
{
	uint16_t guess = h->guesses.v[waker].woke;

	*who = is_tid(h, guess, tid) ? WHO_GUESSED : WHO_GIVEN;
	h->woken = *who == WHO_GUESSED ? guess : give_tid(h, tid);
	h->guesses.v[waker].woke = h->woken;
	return h->woken;
}

static void put_where(struct hot_encoder *h, const struct event *ev, uint16_t prev, struct hot_shape *s)
{
	uint16_t nr;

	if (ev->sw.syscall == EV_NO_SYSCALL && !ev->sw.arg)
		return;
	nr = hot_dict_add(&h->wheres, (uint32_t)ev->sw.syscall, ev->sw.arg);
	s->where = nr == h->guesses.v[prev].where ? WHERE_SAME : WHERE_GIVEN;
	h->guesses.v[prev].where = nr;
	if (s->where == WHERE_GIVEN)
		*vec_push(&h->where_col) = nr;
}

static void put_parity(struct hot_guess *g, uint8_t nvcsw, struct hot_shape *s)
{
	if (nvcsw == NVCSW_UNKNOWN)
		return;
	s->parity = g->parity == nvcsw ? PARITY_SAME : PARITY_FLIPPED;
	g->parity = nvcsw;
}

static void encode_switch(struct hot_encoder *h, const struct event *ev, struct hot_shape *s)
{
	uint16_t prev = put_current(h, ev->sw.prev_tid, &s->actor);

	s->prio = ev->sw.prev_prio;
	s->next_prio = ev->sw.next_prio;
	s->state = ev->sw.prev_state;
	s->detail = ev->sw.preempted != 0;
	put_where(h, ev, prev, s);
	put_parity(&h->guesses.v[prev], ev->sw.nvcsw, s);
	h->current = put_next(h, ev->sw.next_tid, &s->whom);
}

static void encode_waking(struct hot_encoder *h, const struct event *ev, struct hot_shape *s)
{
	uint16_t waker = put_current(h, ev->waking.waker_tid, &s->actor);

	s->prio = ev->waking.prio;
	s->detail = ev->waking.ctx;
	put_woken(h, ev->waking.tid, ev->waking.ctx == EV_CTX_TASK ? waker : 0, &s->whom);
}

static void encode_wakeup_new(struct hot_encoder *h, const struct event *ev, struct hot_shape *s)
{
	put_current(h, ev->wakeup_new.parent_tid, &s->actor);
	s->prio = ev->wakeup_new.prio;
	s->cpu = ev->wakeup_new.target_cpu;
	h->woken = give_tid(h, ev->wakeup_new.tid);
	s->whom = WHO_GIVEN;
}

static void encode_migrate(struct hot_encoder *h, const struct event *ev, struct hot_shape *s)
{
	put_current(h, ev->migrate.by_tid, &s->actor);
	s->prio = ev->migrate.prio;
	s->cpu = ev->migrate.from_cpu;
	s->to_cpu = (uint16_t)ev->migrate.to_cpu;
	s->whom = is_tid(h, h->woken, ev->migrate.tid) ? WHO_WOKEN : WHO_GIVEN;
	if (s->whom == WHO_GIVEN)
		give_tid(h, ev->migrate.tid);
}

static void encode_current(struct hot_encoder *h, const struct event *ev, struct hot_shape *s)
{
	h->current = put_current(h, ev->current.tid, &s->whom);
	s->actor = WHO_IDLE;
	s->prio = ev->current.prio;
}

static void encode_lost(struct hot_encoder *h, const struct event *ev, struct hot_shape *s)
{
	s->actor = s->whom = WHO_IDLE;
	put_varint(&h->numbers, zigzag((int64_t)(ev->ts_ns - ev->lost.from_ns)));
	put_varint(&h->numbers, ev->lost.count);
}

static void put_bits(struct hot_encoder *h, uint64_t v, unsigned n)
{
	h->bits |= v << h->nr_bits;
	h->nr_bits += n;
	while (h->nr_bits >= 8) {
		buf_putc(&h->rest, (char)h->bits);
		h->bits >>= 8;
		h->nr_bits -= 8;
	}
}

static void put_step(struct hot_encoder *h, uint64_t ts_ns)
{
	uint64_t d = ts_ns - h->at_ns;
	unsigned step, bits;

	if (ts_ns < h->at_ns) {
		step = STEP_BACK;
		d = h->at_ns - ts_ns;
	} else if (d < STEP_EXACT) {
		step = (unsigned)d;
	} else if (d >> (STEP_MAX_BITS + STEP_MANTISSA + 1)) {
		step = STEP_FAR;
	} else {
		bits = 63 - STEP_MANTISSA - (unsigned)__builtin_clzll(d);
		step = STEP_EXACT + (bits << STEP_MANTISSA) + ((unsigned)(d >> bits) & (STEP_EXACT - 1));
		put_bits(h, d & ((1ull << bits) - 1), bits);
	}
	if (step >= STEP_FAR) {
		put_bits(h, d & UINT32_MAX, 32);
		put_bits(h, d >> 32, 32);
	}
	buf_putc(&h->times, (char)step);
	h->at_ns = ts_ns;
}

static void begin_chunk(struct hot_encoder *h, uint64_t ts_ns)
{
	h->begin_ns = h->at_ns = h->first_ns = h->last_ns = ts_ns;
	tid_number(h, 0);
	h->start = h->current = tid_number(h, h->current_tid);
	h->woken = 0;
}

void hot_encode(struct hot_encoder *h, const struct event *ev)
{
	static void (*const encode[EV_KINDS])(struct hot_encoder *, const struct event *, struct hot_shape *) = {
		[EV_LOST] = encode_lost,	     [EV_CURRENT] = encode_current, [EV_WAKING] = encode_waking,
		[EV_WAKEUP_NEW] = encode_wakeup_new, [EV_MIGRATE] = encode_migrate, [EV_SWITCH] = encode_switch,
	};
	struct hot_shape s = { .kind = ev->kind };
	struct hot_key key;

	if (!h->n++)
		begin_chunk(h, ev->ts_ns);
	put_step(h, ev->ts_ns);
	if (ev->ts_ns < h->first_ns)
		h->first_ns = ev->ts_ns;
	if (ev->ts_ns > h->last_ns)
		h->last_ns = ev->ts_ns;
	encode[ev->kind](h, ev, &s);
	memcpy(&key, &s, sizeof(key));
	*vec_push(&h->shape_col) = hot_dict_add(&h->shapes, key.a, key.b);
}

static void put_shapes(const struct hot_dict *shapes, struct buf *out)
{
	put_varint(out, shapes->n);
	for (uint32_t i = 0; i < shapes->n; i++) {
		struct hot_shape s;

		memcpy(&s, &shapes->keys[i], sizeof(s));
		put_varint(out, (uint64_t)(s.kind - HOT_CODE_SHIFT) | (uint64_t)s.actor << 4 | (uint64_t)s.whom << 7 |
					(uint64_t)s.where << 10 | (uint64_t)s.parity << 12);
		put_varint(out, s.detail);
		put_varint(out, zigzag(s.prio));
		put_varint(out, s.state);
		put_varint(out, s.word);
	}
}

static void put_tids(const struct hot_dict *tids, struct buf *out)
{
	int64_t last = 0;

	put_varint(out, tids->n);
	for (uint32_t i = 0; i < tids->n; i++) {
		put_varint(out, zigzag((int64_t)tids->keys[i].a - last));
		last = (int64_t)tids->keys[i].a;
	}
}

static void put_wheres(const struct hot_dict *wheres, struct buf *out)
{
	put_varint(out, wheres->n);
	for (uint32_t i = 0; i < wheres->n; i++) {
		put_varint(out, zigzag((int32_t)wheres->keys[i].a));
		put_varint(out, wheres->keys[i].b);
	}
}

/* The dictionaries and the lengths of the columns that follow. */
static void put_head(struct hot_encoder *h)
{
	buf_reset(&h->head);
	put_shapes(&h->shapes, &h->head);
	put_tids(&h->tids, &h->head);
	put_wheres(&h->wheres, &h->head);
	put_varint(&h->head, h->start);
	put_varint(&h->head, h->begin_ns - h->first_ns);
	put_varint(&h->head, h->tid_col.n);
	put_varint(&h->head, h->where_col.n);
	put_varint(&h->head, h->numbers.len);
	buf_put(&h->head, h->numbers.data, h->numbers.len);
}

static void pack_plane(struct hot_encoder *h, struct packer *p, const uint16_t *v, size_t n, unsigned shift)
{
	uint8_t *out;

	buf_reset(&h->plane);
	out = (uint8_t *)buf_grow(&h->plane, n);
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(v[i] >> shift);
	packer_part(p, out, n, PACK_REPEATS);
}

static void pack_column(struct hot_encoder *h, struct packer *p, const uint16_t *v, size_t n, uint32_t dict_n)
{
	pack_plane(h, p, v, n, 0);
	if (dict_n > 256)
		pack_plane(h, p, v, n, 8);
}

static void hot_encoder_reset(struct hot_encoder *h)
{
	h->current_tid = (uint32_t)h->tids.keys[h->current].a;
	h->n = 0;
	hot_dict_reset(&h->shapes);
	hot_dict_reset(&h->tids);
	hot_dict_reset(&h->wheres);
	h->guesses.n = h->shape_col.n = h->tid_col.n = h->where_col.n = 0;
	buf_reset(&h->times);
	buf_reset(&h->rest);
	buf_reset(&h->numbers);
	h->bits = h->nr_bits = 0;
}

void hot_encode_chunk(struct hot_encoder *h, struct packer *p, struct chunk *c, struct buf *out)
{
	size_t start = out->len;

	if (h->nr_bits)
		put_bits(h, 0, 8 - h->nr_bits);
	le_store((uint8_t *)buf_grow(out, 4), h->rest.len, 4);
	out->len += 4;
	buf_put(out, h->rest.data, h->rest.len);
	put_head(h);
	packer_begin(p, out);
	packer_part(p, h->times.data, h->times.len, PACK_LETTERS);
	packer_part(p, h->head.data, h->head.len, PACK_REPEATS);
	pack_column(h, p, h->shape_col.v, h->shape_col.n, h->shapes.n);
	pack_column(h, p, h->tid_col.v, h->tid_col.n, h->tids.n);
	pack_column(h, p, h->where_col.v, h->where_col.n, h->wheres.n);
	c->raw = (uint32_t)packer_end(p);
	c->stored = (uint32_t)(out->len - start);
	c->events = h->n;
	c->first_ns = h->first_ns;
	c->last_ns = h->last_ns;
	hot_encoder_reset(h);
}

void hot_encoder_release(struct hot_encoder *h)
{
	hot_dict_release(&h->shapes);
	hot_dict_release(&h->tids);
	hot_dict_release(&h->wheres);
	vec_release(&h->guesses);
	vec_release(&h->shape_col);
	vec_release(&h->tid_col);
	vec_release(&h->where_col);
	buf_release(&h->times);
	buf_release(&h->rest);
	buf_release(&h->numbers);
	buf_release(&h->head);
	buf_release(&h->plane);
}
