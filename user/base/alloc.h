/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * alloc.h - memory that is there or the program is not.
 *
 * Running out of memory for the small things these are used for leaves nothing sensible to do: they say so in one
 * sentence on standard error and end the program (a recording in progress stays readable up to its last chunk).
 * Sizes that come from a file or another stranger are bounded by the caller before they get here.
 */
#ifndef SCHEDVIZ_BASE_ALLOC_H
#define SCHEDVIZ_BASE_ALLOC_H

#include <stddef.h>

void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);	      /* zeroed; overflow of n * size counts as out of memory */
void *xrealloc(void *p, size_t n, size_t size);
/*
 * Not zeroed. Large ones are in large pages where there are any: most of what a large array costs is that each page is
 * touched first. What is not touched costs nothing. To be freed, not to be reallocated.
 */
void *xarray(size_t n, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);

#endif
