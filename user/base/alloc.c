/* SPDX-License-Identifier: GPL-2.0-only */
/* alloc.c - memory or a sentence and the end. */
#include "base/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

__attribute__((noreturn)) static void out_of_memory(void)
{
	static const char sentence[] = "schedviz: out of memory\n";

	/* No stdio: it may want memory too. */
	_exit(write(STDERR_FILENO, sentence, sizeof(sentence) - 1) < 0 ? 2 : 1);
}

void *xmalloc(size_t n)
{
	void *p = malloc(n ? n : 1);

	if (!p)
		out_of_memory();
	return p;
}

void *xcalloc(size_t n, size_t size)
{
	void *p = n && size ? calloc(n, size) : calloc(1, 1);

	if (!p)
		out_of_memory();
	return p;
}

#define LARGE_PAGE ((size_t)2 << 20)

void *xarray(size_t n, size_t size)
{
	size_t bytes;
	void *v;

	if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX - LARGE_PAGE)
		out_of_memory();
	if (bytes < LARGE_PAGE / 2)
		return xmalloc(bytes ? bytes : 1);
	bytes = (bytes + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
	v = aligned_alloc(LARGE_PAGE, bytes);
	if (!v)
		out_of_memory();
	madvise(v, bytes, MADV_HUGEPAGE);
	return v;
}

void *xrealloc(void *p, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		out_of_memory();
	p = realloc(p, bytes ? bytes : 1);
	if (!p)
		out_of_memory();
	return p;
}

static char *copy_of(const char *s, size_t len)
{
	char *copy = xmalloc(len + 1);

	memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

char *xstrdup(const char *s)
{
	return copy_of(s, strlen(s));
}

char *xstrndup(const char *s, size_t n)
{
	return copy_of(s, strnlen(s, n));
}
