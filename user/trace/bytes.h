/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bytes.h - numbers as the file spells them: little-endian, and varints of seven bits a byte, least significant first.
 *
 * Reading goes through a cursor that never passes its end: what is missing or malformed reads as 0 and sets `bad`,
 * so a decoder takes all it wants and asks once.
 */
#ifndef SCHEDVIZ_TRACE_BYTES_H
#define SCHEDVIZ_TRACE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"

struct cursor {
	const uint8_t *at, *end;
	bool bad;
};

static inline struct cursor cursor_of(const uint8_t *bytes, size_t n)
{
	return (struct cursor){ .at = bytes, .end = bytes + n };
}

static inline size_t cursor_left(const struct cursor *c)
{
	return (size_t)(c->end - c->at);
}

/* The next n bytes, or NULL. */
static inline const uint8_t *take_bytes(struct cursor *c, size_t n)
{
	const uint8_t *p = c->at;

	if (cursor_left(c) < n) {
		c->bad = true;
		c->at = c->end;
		return NULL;
	}
	c->at += n;
	return p;
}

static inline uint64_t take_varint(struct cursor *c)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64 && c->at < c->end; shift += 7) {
		uint8_t byte = *c->at++;

		if (shift == 63 && byte > 1)
			break;
		v |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return v;
	}
	c->bad = true;
	return 0;
}

/* A varint that must be at most `max`. */
static inline uint64_t take_varint_max(struct cursor *c, uint64_t max)
{
	uint64_t v = take_varint(c);

	if (v <= max)
		return v;
	c->bad = true;
	return 0;
}

static inline uint32_t take_u32(struct cursor *c)
{
	return (uint32_t)take_varint_max(c, UINT32_MAX);
}

/* Signed numbers, small ones of either sign short: 0, -1, 1, -2 ... are 0, 1, 2, 3 ... */
static inline uint64_t zigzag(int64_t v)
{
	return ((uint64_t)v << 1) ^ -(uint64_t)(v < 0);
}

static inline int64_t unzigzag(uint64_t v)
{
	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

static inline void put_varint(struct buf *b, uint64_t v)
{
	uint8_t *p = (uint8_t *)buf_grow(b, 10);
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		p[n++] = (uint8_t)(v | 0x80);
	p[n++] = (uint8_t)v;
	b->len += n;
}

static inline void le_store(uint8_t *p, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static inline uint64_t le_load(const uint8_t *p, unsigned bytes)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < bytes; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

#endif
