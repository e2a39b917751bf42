/* SPDX-License-Identifier: GPL-2.0-only */
/* idmap.c - pages for the keys a kernel can have, a small hash table for those only a hostile file has. */
#include "base/idmap.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"

#define PAGE_ENTRIES (1u << IDMAP_PAGE_BITS)
#define BIG_FIRST 16 /* slots; a power of two */

/* Absent is all ones, so a new page is filled with 0xff. */
static uint32_t *page_of(struct idmap *m, size_t page)
{
	if (page >= m->nr_pages) {
		m->pages = xrealloc(m->pages, page + 1, sizeof(*m->pages));
		memset(m->pages + m->nr_pages, 0, (page + 1 - m->nr_pages) * sizeof(*m->pages));
		m->nr_pages = page + 1;
	}
	if (!m->pages[page]) {
		m->pages[page] = xmalloc(PAGE_ENTRIES * sizeof(**m->pages));
		memset(m->pages[page], 0xff, PAGE_ENTRIES * sizeof(**m->pages));
	}
	return m->pages[page];
}

/* The slot that holds the key, or the free one (key 0) where it belongs; big_cap is a power of two, never full. */
static size_t big_slot(const struct idmap *m, uint32_t key)
{
	/* Knuth's multiplier, 2^64 / golden ratio: the middle bits of the product depend on every bit of the key */
	size_t at = (size_t)(key * 0x9e3779b97f4a7c15ull >> 32) & (m->big_cap - 1);

	while (m->big[at].key && m->big[at].key != key)
		at = (at + 1) & (m->big_cap - 1);
	return at;
}

static bool big_live(const struct idmap *m, size_t at)
{
	return m->big[at].key && m->big[at].value != IDMAP_NONE;
}

/* Removed keys keep their slot, so that those behind them are found; they are dropped here. */
static void big_rebuild(struct idmap *m)
{
	struct idmap old = *m;

	m->big_n = 0;
	for (size_t i = 0; i < old.big_cap; i++)
		m->big_n += big_live(&old, i);
	for (m->big_cap = BIG_FIRST; m->big_n * 4 > m->big_cap;)
		m->big_cap *= 2;
	m->big = xcalloc(m->big_cap, sizeof(*m->big));
	for (size_t i = 0; i < old.big_cap; i++)
		if (big_live(&old, i))
			m->big[big_slot(m, old.big[i].key)] = old.big[i];
	free(old.big);
}

static void big_set(struct idmap *m, uint32_t key, uint32_t value)
{
	size_t at;

	if (m->big_n * 2 >= m->big_cap)
		big_rebuild(m);
	at = big_slot(m, key);
	if (!m->big[at].key) {
		m->big[at].key = key;
		m->big_n++;
	}
	m->big[at].value = value;
}

void idmap_set(struct idmap *m, uint32_t key, uint32_t value)
{
	if (value == IDMAP_NONE && idmap_get(m, key) == IDMAP_NONE)
		return;
	if (key < IDMAP_DIRECT)
		page_of(m, key >> IDMAP_PAGE_BITS)[key & (PAGE_ENTRIES - 1)] = value;
	else
		big_set(m, key, value);
}

uint32_t idmap_get_big(const struct idmap *m, uint32_t key)
{
	size_t at;

	if (!m->big_cap)
		return IDMAP_NONE;
	at = big_slot(m, key);
	return m->big[at].key ? m->big[at].value : IDMAP_NONE;
}

void idmap_release(struct idmap *m)
{
	for (size_t i = 0; i < m->nr_pages; i++)
		free(m->pages[i]);
	free(m->pages);
	free(m->big);
	*m = (struct idmap){ 0 };
}
