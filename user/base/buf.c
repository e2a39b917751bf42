/* SPDX-License-Identifier: GPL-2.0-only */
/* buf.c - growing runs of bytes, doubling, always ended by a NUL that is not counted. */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"

#define BUF_FIRST 256 /* a line of text fits without a second allocation */

void buf_release(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ 0 };
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	if (b->data)
		b->data[0] = '\0';
}

char *buf_grow_more(struct buf *b, size_t n)
{
	size_t want, cap = b->cap ? b->cap : BUF_FIRST;

	if (__builtin_add_overflow(b->len, n, &want) || __builtin_add_overflow(want, 1, &want))
		want = SIZE_MAX; /* cannot be had: ends the program */
	while (cap < want)
		cap = cap > SIZE_MAX / 2 ? want : cap * 2;
	b->data = xrealloc(b->data, cap, 1);
	b->cap = cap;
	b->data[b->len] = '\0';
	return b->data + b->len;
}

void buf_put(struct buf *b, const void *bytes, size_t n)
{
	char *to = buf_grow(b, n);

	if (n)
		memcpy(to, bytes, n);
	b->len += n;
	b->data[b->len] = '\0';
}

void buf_puts(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void buf_u64(struct buf *b, uint64_t v)
{
	char digits[20], *at = digits + sizeof(digits);

	do
		*--at = (char)('0' + v % 10);
	while (v /= 10);
	buf_put(b, at, (size_t)(digits + sizeof(digits) - at));
}

void buf_repeat(struct buf *b, const char *s, size_t times)
{
	size_t len = strlen(s);

	while (times--)
		buf_put(b, s, len);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	char *to = buf_grow(b, BUF_FIRST / 2);
	size_t room = b->cap - b->len;
	va_list again;
	int len;

	va_copy(again, ap);
	len = vsnprintf(to, room, fmt, ap);
	if (len >= 0 && (size_t)len >= room) {
		to = buf_grow(b, (size_t)len);
		vsnprintf(to, (size_t)len + 1, fmt, again);
	}
	va_end(again);
	if (len > 0)
		b->len += (size_t)len;
}

const char *buf_str(const struct buf *b)
{
	return b->data ? b->data : "";
}
