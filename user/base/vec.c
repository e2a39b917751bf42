/* SPDX-License-Identifier: GPL-2.0-only */
/* vec.c - the untyped half of vec.h. */
#include "base/vec.h"

#include <stdint.h>
#include <stdlib.h>
#include "base/alloc.h"

#define VEC_FIRST 8

void vec_reserve_bytes(void **v, size_t *cap, size_t want, size_t size)
{
	size_t n = *cap ? *cap : VEC_FIRST;

	while (n < want)
		n = n > SIZE_MAX / 2 ? want : n * 2;
	*v = xrealloc(*v, n, size);
	*cap = n;
}

void vec_free_bytes(void **v)
{
	free(*v);
	*v = NULL;
}
