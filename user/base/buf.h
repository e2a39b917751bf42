/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * buf.h - a growing run of bytes: every text and every chunk is composed in one, then written once.
 *
 * A zeroed struct buf is empty and valid. Out of memory ends the program with a sentence (see alloc.h). `data` is
 * always NUL-terminated once anything was put, so that it can be used as a string.
 */
#ifndef SCHEDVIZ_BASE_BUF_H
#define SCHEDVIZ_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	char *data;
	size_t len;
	size_t cap;
};

void buf_release(struct buf *b);			  /* free and make empty again */
void buf_reset(struct buf *b);				  /* empty, keep the memory */
void buf_put(struct buf *b, const void *bytes, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_repeat(struct buf *b, const char *s, size_t times);
void buf_u64(struct buf *b, uint64_t v); /* in decimal, where buf_printf() would take too long */
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

char *buf_grow_more(struct buf *b, size_t n); /* for buf_grow() */

/* Called for every byte or event of a recording, so in place. */

/* Room for n more bytes: where they go; len unchanged. */
static inline char *buf_grow(struct buf *b, size_t n)
{
	return n < b->cap - b->len ? b->data + b->len : buf_grow_more(b, n);
}

static inline void buf_putc(struct buf *b, char c)
{
	if (b->len + 1 >= b->cap)
		buf_grow(b, 1);
	b->data[b->len++] = c;
	b->data[b->len] = '\0';
}

const char *buf_str(const struct buf *b);		  /* never NULL */

#endif
