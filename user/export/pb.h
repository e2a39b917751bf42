/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pb.h - the wire format of protocol buffers, written into a struct buf: tags, varints, strings, nested messages.
 *
 * Source: protobuf.dev/programming-guides/encoding. Every integer is a varint unless a name says fixed; a negative
 * one takes ten bytes, as the format wants. Fields are written in the order of the calls, zeros included.
 */
#ifndef SCHEDVIZ_EXPORT_PB_H
#define SCHEDVIZ_EXPORT_PB_H

#include <endian.h>
#include <stdint.h>
#include <string.h>
#include "base/buf.h"

#define PB_VARINT_MAX 10

enum pb_wire { PB_VARINT = 0, PB_FIXED64 = 1, PB_BYTES = 2 };

/* At `p`, which has room for PB_VARINT_MAX bytes; returns where it ends. */
static inline uint8_t *pb_varint_at(uint8_t *p, uint64_t v)
{
	while (v >= 0x80) {
		*p++ = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	*p++ = (uint8_t)v;
	return p;
}

/*
 * The same, in a time that does not depend on `v`, for numbers whose lengths vary or are great: its groups of seven
 * bits are moved apart all at once.
 */
static inline uint8_t *pb_any_varint_at(uint8_t *p, uint64_t v)
{
	unsigned last = (63 - (unsigned)__builtin_clzll(v | 1)) / 7;

	if (__builtin_expect(v >> 56 != 0, 0))
		return pb_varint_at(p, v);
	if (v >> 28)
		v = (v & 0xfffffff0000000) << 4 | (v & 0xfffffff);
	v = (v & 0x0fffc0000fffc000) << 2 | (v & 0x00003fff00003fff);
	v = (v & 0x3f803f803f803f80) << 1 | (v & 0x007f007f007f007f);
	v = htole64(v | (0x8080808080808080 & ((UINT64_C(1) << 8 * last) - 1)));
	memcpy(p, &v, sizeof(v));
	return p + last + 1;
}

static inline uint8_t *pb_uint_at(uint8_t *p, unsigned field, uint64_t v)
{
	return pb_varint_at(pb_varint_at(p, (uint64_t)field << 3 | PB_VARINT), v);
}

static inline void pb_varint(struct buf *out, uint64_t v)
{
	char *at = buf_grow(out, PB_VARINT_MAX);

	out->len += (size_t)((char *)pb_varint_at((uint8_t *)at, v) - at);
}

static inline void pb_tag(struct buf *out, unsigned field, enum pb_wire wire)
{
	pb_varint(out, (uint64_t)field << 3 | wire);
}

static inline void pb_uint(struct buf *out, unsigned field, uint64_t v)
{
	pb_tag(out, field, PB_VARINT);
	pb_varint(out, v);
}

static inline void pb_int(struct buf *out, unsigned field, int64_t v)
{
	pb_uint(out, field, (uint64_t)v);
}

static inline void pb_fixed64(struct buf *out, unsigned field, uint64_t v)
{
	pb_tag(out, field, PB_FIXED64);
	for (int i = 0; i < 8; i++)
		buf_putc(out, (char)(v >> 8 * i));
}

static inline void pb_bytes(struct buf *out, unsigned field, const void *bytes, size_t n)
{
	pb_tag(out, field, PB_BYTES);
	pb_varint(out, n);
	buf_put(out, bytes, n);
}

static inline void pb_str(struct buf *out, unsigned field, const char *s)
{
	pb_bytes(out, field, s, strlen(s));
}

/* What is written until pb_close() is the message `field`. They nest; the value goes to pb_close(). */
static inline size_t pb_open(struct buf *out, unsigned field)
{
	pb_tag(out, field, PB_BYTES);
	buf_putc(out, 0); /* enough for the length of most; pb_close() makes room for a longer one */
	return out->len;
}

static inline void pb_close(struct buf *out, size_t opened)
{
	size_t n = out->len - opened, more;
	uint8_t length[PB_VARINT_MAX];

	more = (size_t)(pb_varint_at(length, n) - length) - 1;
	if (more) {
		buf_grow(out, more);
		memmove(out->data + opened + more, out->data + opened, n);
		out->len += more;
	}
	memcpy(out->data + opened - 1, length, more + 1);
}

/*
 * The same for what may be large, and of which offsets are kept: its length always takes four bytes, so that nothing
 * has to be moved. Below 256 MiB.
 */
static inline size_t pb_open_wide(struct buf *out, unsigned field)
{
	pb_tag(out, field, PB_BYTES);
	buf_put(out, "\x80\x80\x80", 4);
	return out->len;
}

static inline void pb_close_wide(struct buf *out, size_t opened)
{
	size_t n = out->len - opened;

	for (size_t i = 0; i < 4; i++, n >>= 7)
		out->data[opened - 4 + i] = (char)(n & 0x7f) | (char)(i < 3 ? 0x80 : 0);
}

#endif
