/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vec.h - a growing array of anything, with its type kept.
 *
 *         VEC(struct chunk) chunks = {0};
 *         *vec_push(&chunks) = c;			// slot is uninitialised until assigned
 *         for (size_t i = 0; i < chunks.n; i++) use(&chunks.v[i]);
 *         vec_release(&chunks);
 *
 * Pointers into `v` die at the next push. Out of memory ends the program (alloc.h).
 */
#ifndef SCHEDVIZ_BASE_VEC_H
#define SCHEDVIZ_BASE_VEC_H

#include <stddef.h>

#define VEC(type)            \
	struct {             \
		type *v;     \
		size_t n;    \
		size_t cap;  \
	}

/* Make room for `want` elements of `size` bytes; *cap is elements. Used by the macros below. */
void vec_reserve_bytes(void **v, size_t *cap, size_t want, size_t size);

#define vec_reserve(vec, want) \
	((want) > (vec)->cap ? vec_reserve_bytes((void **)&(vec)->v, &(vec)->cap, (want), sizeof(*(vec)->v)) : (void)0)
#define vec_push(vec) (vec_reserve((vec), (vec)->n + 1), &(vec)->v[(vec)->n++])
#define vec_release(vec) (vec_free_bytes((void **)&(vec)->v), (vec)->n = (vec)->cap = 0)
void vec_free_bytes(void **v);

#endif
