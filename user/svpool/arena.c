/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * arena.c - the shared memory that tasks, arguments and results live in, cut up by the master alone.
 *
 * Workers are forked before it is known what they will be given, so a large piece of address space is shared with them
 * from the start; the kernel gives memory for what is touched only. Blocks are powers of two, each size with its list
 * of those given back.
 */
#include "svpool/inside.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define SMALLEST 8 /* 2^8 bytes */

/* Touched beforehand: a submit that waits for its first page would give the first worker time to come for a second
 * task. */
#define READY_BYTES (128u << 10)

int svp_arena_init(struct svp_arena *a, size_t size)
{
	*a = (struct svp_arena){ .size = size };
	a->base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (a->base == MAP_FAILED) {
		a->base = NULL;
		return -errno;
	}
	memset(a->base, 0, size < READY_BYTES ? size : READY_BYTES);
	return 0;
}

static unsigned class_of(size_t size)
{
	unsigned class = SMALLEST;

	while (class < SVP_CLASSES && (size_t)1 << class < size)
		class ++;
	return class;
}

void *svp_arena_take(struct svp_arena *a, size_t size, unsigned *class)
{
	void *block;

	*class = class_of(size);
	if (*class == SVP_CLASSES)
		return NULL;
	block = a->free[*class];
	if (block) {
		memcpy(&a->free[*class], block, sizeof(a->free[*class]));
		memset(block, 0, size);
		return block;
	}
	if ((size_t)1 << *class > a->size - a->used)
		return NULL;
	block = a->base + a->used; /* new, and so zero */
	a->used += (size_t)1 << *class;
	return block;
}

void svp_arena_give(struct svp_arena *a, void *block, unsigned class)
{
	memcpy(block, &a->free[class], sizeof(void *));
	a->free[class] = block;
}

void svp_arena_release(struct svp_arena *a)
{
	if (a->base)
		munmap(a->base, a->size);
	a->base = NULL;
}
