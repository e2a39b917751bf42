/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * idmap.h - from a 32-bit number (a tid, a CPU) to a 32-bit index, in one or two loads.
 *
 * Pages of 1,024 entries below a table that grows with the largest key up to 2^22 (the kernel's PID_MAX_LIMIT, Linux
 * include/linux/threads.h); keys above that, which only a hostile file has, live in a small hash table, so no key can
 * make it allocate more than one page. Absent keys read as IDMAP_NONE.
 */
#ifndef SCHEDVIZ_BASE_IDMAP_H
#define SCHEDVIZ_BASE_IDMAP_H

#include <stdint.h>
#include <stddef.h>

#define IDMAP_NONE UINT32_MAX
#define IDMAP_PAGE_BITS 10
#define IDMAP_DIRECT (1u << 22)

struct idmap {
	uint32_t **pages; /* IDMAP_DIRECT >> IDMAP_PAGE_BITS of them at most; NULL: all absent */
	size_t nr_pages;
	struct { uint32_t key, value; } *big; /* open addressing, for keys >= IDMAP_DIRECT */
	size_t big_n, big_cap;
};

void idmap_set(struct idmap *m, uint32_t key, uint32_t value); /* IDMAP_NONE removes */
uint32_t idmap_get_big(const struct idmap *m, uint32_t key);
void idmap_release(struct idmap *m);

static inline uint32_t idmap_get(const struct idmap *m, uint32_t key)
{
	size_t page = key >> IDMAP_PAGE_BITS;

	if (__builtin_expect(page < m->nr_pages && m->pages[page], 1))
		return m->pages[page][key & ((1u << IDMAP_PAGE_BITS) - 1)];
	return key < IDMAP_DIRECT ? IDMAP_NONE : idmap_get_big(m, key);
}

#endif
