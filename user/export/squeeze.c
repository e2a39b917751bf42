/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * squeeze.c - parts become blocks: which code a block is written in, and the writing of it.
 *
 * Each block is written in the code its kind has. If that cannot do it (a literal without a code), or the block came
 * out longer than the bytes, the code is renewed with what is in this part, and if need be the part is stored after
 * all. The same walk over the bytes counts what a new code is made of, guided by the old one.
 */
#include "export/squeeze.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "base/alloc.h"
#include "export/squeeze_block.h"

/*
 * Bytes of a kind until its code is renewed. Measured on an export of 10 million events: half as many for columns give
 * 0.5 % less and take a sixth more of the time; a quarter or twice as many for records, no difference in size.
 */
static const size_t renew_after[] = { [SQUEEZE_COLUMN] = 65536, [SQUEEZE_RECORDS] = 262144 };

#define SHORT_PART 512u		/* bytes: such ones of one kind are gathered */
#define GATHER_MAX 4096u	/* bytes */
#define PART_MAX (16u * 65535u) /* bytes: longer ones are cut, to bound counts and room; 16 stored blocks */
#define TINY_PART 32u		/* bytes: never worth a header, nor fit to make a code of */
#define DENSE 128		/* so many different literals let all others be expected */
#define WEIGHT 4		/* of what occurs against what has not yet */

struct kind {
	struct sq_code code;
	struct sq_counts counts; /* fading */
	size_t age;		 /* bytes since the code was made */
	bool made;
	bool stuck; /* the last renewal did not help: not again before its time */
};

struct squeeze {
	struct buf *out;
	struct sq_bits b;
	uint32_t check; /* adler32 of all bytes */
	struct sq_code fixed;
	struct kind *kinds[SQUEEZE_KINDS]; /* NULL: not met yet */
	unsigned gathered_kind;
	enum squeeze_shape gathered_shape;
	size_t nr_gathered;
	uint8_t gathered[GATHER_MAX];
};

/* ---- the code of a kind ---- */

/*
 * What has been met stays in the code for ever, so that it need not be renewed for its sake again. Matches have a code
 * each for the longest, for short ones and for those that occur; records need one for any distance.
 */
static void renew(struct kind *k, const struct sq_part *p, const struct sq_code *guide)
{
	struct sq_counts *c = &k->counts, now = { 0 };
	unsigned met = 0;

	sq_count(&now, k->made ? &k->code : guide, p);
	now.symbols[SQ_END] = 1;
	for (unsigned i = 0; i < SQ_NR_SYMBOLS; i++)
		c->symbols[i] = (c->symbols[i] + 1) / 2 + now.symbols[i] * WEIGHT;
	for (unsigned i = 0; i < SQ_NR_DISTANCES; i++)
		c->distances[i] = (c->distances[i] + 1) / 2 + now.distances[i] * WEIGHT;
	c->symbols[SQ_END + 1] |= 1;
	c->symbols[SQ_END + 2] |= 1;
	c->symbols[SQ_NR_SYMBOLS - 1] |= 1;
	for (unsigned i = 0; i < (p->shape == SQUEEZE_COLUMN ? 3 : SQ_NR_DISTANCES); i++)
		c->distances[i] |= 1;
	for (unsigned i = 0; i < SQ_LITERALS; i++)
		met += c->symbols[i] > 0;
	for (unsigned i = 0; i < SQ_LITERALS && met >= DENSE; i++)
		c->symbols[i] |= 1;
	sq_code_make(&k->code, c);
	k->made = true;
	k->stuck = false;
	k->age = 0;
}

static struct kind *kind_of(struct squeeze *s, unsigned kind)
{
	if (!s->kinds[kind])
		s->kinds[kind] = xcalloc(1, sizeof(*s->kinds[kind]));
	return s->kinds[kind];
}

/* In the kind's code, renewed if need be. Returns the bits. */
static size_t put_coded(struct squeeze *s, struct kind *k, const struct sq_part *p)
{
	bool renewed = !k->made || k->age >= renew_after[p->shape];
	size_t bits;

	if (renewed)
		renew(k, p, &s->fixed);
	k->age += p->n;
	bits = sq_put_coded(&s->b, &k->code, p);
	if (bits > sq_stored_bits(p) && !renewed && (bits == SIZE_MAX || !k->stuck)) {
		renew(k, p, &s->fixed);
		bits = sq_put_coded(&s->b, &k->code, p);
	}
	k->stuck |= bits > sq_stored_bits(p);
	return bits;
}

/* In whatever is shortest. Where the header is most of the block, that may be the code which has none. */
static void put_part(struct squeeze *s, unsigned kind, const struct sq_part *p)
{
	size_t bits = SIZE_MAX, header = SIZE_MAX;

	if (p->n >= TINY_PART) {
		struct kind *k = kind_of(s, kind);

		bits = put_coded(s, k, p);
		header = k->code.header_bits;
	}
	if (bits / 2 < header) {
		size_t others = sq_put_coded(&s->b, &s->fixed, p);

		if (others < bits)
			bits = others;
		else
			sq_put_coded(&s->b, &s->kinds[kind]->code, p);
	}
	if (bits > sq_stored_bits(p))
		sq_put_stored(&s->b, p);
}

static void put(struct squeeze *s, unsigned kind, enum squeeze_shape shape, const uint8_t *bytes, size_t n)
{
	struct sq_part p = { .shape = shape, .bytes = bytes, .n = n };

	/* No code takes more than SQ_CODE_MAX bits a byte. */
	buf_grow(s->out, 2 * n + SQ_HEADER_MAX + SQ_SLACK);
	s->b.at = (uint8_t *)s->out->data + s->out->len;
	p.start = s->b;
	put_part(s, kind, &p);
	s->out->len = (size_t)(s->b.at - (uint8_t *)s->out->data);
}

static void put_gathered(struct squeeze *s)
{
	if (s->nr_gathered)
		put(s, s->gathered_kind, s->gathered_shape, s->gathered, s->nr_gathered);
	s->nr_gathered = 0;
}

/* ---- the stream ---- */

struct squeeze *squeeze_new(void)
{
	struct squeeze *s = xcalloc(1, sizeof(*s));

	sq_code_fixed(&s->fixed);
	return s;
}

void squeeze_free(struct squeeze *s)
{
	for (unsigned i = 0; s && i < SQUEEZE_KINDS; i++)
		free(s->kinds[i]);
	free(s);
}

void squeeze_begin(struct squeeze *s, struct buf *out)
{
	static const uint8_t header[2] = { 0x78, 0x01 }; /* deflate, a window of 32 KiB, made fast */

	s->out = out;
	s->b = (struct sq_bits){ 0 };
	s->check = (uint32_t)adler32(0, NULL, 0);
	s->nr_gathered = 0;
	buf_put(out, header, sizeof(header));
}

static void gather(struct squeeze *s, unsigned kind, enum squeeze_shape shape, const uint8_t *bytes, size_t n)
{
	if (kind != s->gathered_kind || s->nr_gathered + n > GATHER_MAX)
		put_gathered(s);
	s->gathered_kind = kind;
	s->gathered_shape = shape;
	memcpy(s->gathered + s->nr_gathered, bytes, n);
	s->nr_gathered += n;
}

void squeeze_part(struct squeeze *s, unsigned kind, enum squeeze_shape shape, const void *bytes, size_t n)
{
	const uint8_t *from = bytes;

	if (!n)
		return;
	s->check = (uint32_t)adler32_z(s->check, bytes, n);
	if (n < SHORT_PART) {
		gather(s, kind, shape, bytes, n);
		return;
	}
	put_gathered(s);
	for (size_t now; n; n -= now, from += now) {
		now = n < PART_MAX ? n : PART_MAX;
		put(s, kind, shape, from, now);
	}
}

void squeeze_end(struct squeeze *s)
{
	uint32_t be = htobe32(s->check);

	put_gathered(s);
	buf_grow(s->out, SQ_SLACK);
	s->b.at = (uint8_t *)s->out->data + s->out->len;
	sq_bits_add(&s->b, 1 | 1 << 1, 10); /* a last block of the fixed code: its end is seven zeros */
	sq_bits_flush(&s->b);
	sq_bits_align(&s->b);
	s->out->len = (size_t)(s->b.at - (uint8_t *)s->out->data);
	buf_put(s->out, &be, sizeof(be));
	s->out = NULL;
}
