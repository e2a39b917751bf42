/* SPDX-License-Identifier: GPL-2.0-only */
/* intern.c - an open-addressing hash table of owned strings, at most half full. */
#include "base/intern.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"

#define INTERN_FIRST 64 /* slots; a power of two */

struct intern {
	char **slots; /* NULL: free */
	size_t n, nr_slots;
};

/* FNV-1a: short strings, and a stranger who makes names collide only slows down his own picture. */
static uint64_t hash(const char *s, size_t n)
{
	uint64_t h = 0xcbf29ce484222325ull;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)s[i]) * 0x100000001b3ull;
	return h ^ h >> 32;
}

/* The slot that holds s, or the free one where it belongs. */
static char **find(const struct intern *t, const char *s, size_t n)
{
	size_t at = (size_t)hash(s, n) & (t->nr_slots - 1);

	while (t->slots[at] && (strncmp(t->slots[at], s, n) || t->slots[at][n]))
		at = (at + 1) & (t->nr_slots - 1);
	return &t->slots[at];
}

static void grow(struct intern *t)
{
	struct intern old = *t;

	t->nr_slots = old.nr_slots ? old.nr_slots * 2 : INTERN_FIRST;
	t->slots = xcalloc(t->nr_slots, sizeof(*t->slots));
	for (size_t i = 0; i < old.nr_slots; i++)
		if (old.slots[i])
			*find(t, old.slots[i], strlen(old.slots[i])) = old.slots[i];
	free(old.slots);
}

const char *intern(struct intern **t, const char *s)
{
	return intern_n(t, s, strlen(s));
}

const char *intern_n(struct intern **t, const char *s, size_t n)
{
	char **slot;

	n = strnlen(s, n);
	if (!*t)
		*t = xcalloc(1, sizeof(**t));
	if ((*t)->n * 2 >= (*t)->nr_slots)
		grow(*t);
	slot = find(*t, s, n);
	if (!*slot) {
		*slot = xstrndup(s, n);
		(*t)->n++;
	}
	return *slot;
}

void intern_free(struct intern *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->nr_slots; i++)
		free(t->slots[i]);
	free(t->slots);
	free(t);
}
