/* SPDX-License-Identifier: GPL-2.0-only */
/* cpuset.c - sets of CPU numbers, read and written as the kernel does ("0-3,8"). */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/fmt.h"

#define WORD_BITS 64u

void cpuset_add(struct cpuset *set, uint32_t cpu)
{
	uint32_t word = cpu / WORD_BITS;

	if (word >= set->nr_words) {
		set->bits = xrealloc(set->bits, word + 1, sizeof(*set->bits));
		memset(set->bits + set->nr_words, 0, (word + 1 - set->nr_words) * sizeof(*set->bits));
		set->nr_words = word + 1;
	}
	set->bits[word] |= (uint64_t)1 << cpu % WORD_BITS;
}

bool cpuset_has(const struct cpuset *set, uint32_t cpu)
{
	uint32_t word = cpu / WORD_BITS;

	return word < set->nr_words && (set->bits[word] >> cpu % WORD_BITS & 1);
}

uint32_t cpuset_count(const struct cpuset *set)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < set->nr_words; i++)
		n += (uint32_t)__builtin_popcountll(set->bits[i]);
	return n;
}

uint32_t cpuset_next(const struct cpuset *set, uint32_t from)
{
	uint64_t rest = ~(uint64_t)0 << from % WORD_BITS;

	for (uint32_t word = from / WORD_BITS; word < set->nr_words; word++, rest = ~(uint64_t)0)
		if (set->bits[word] & rest)
			return word * WORD_BITS + (uint32_t)__builtin_ctzll(set->bits[word] & rest);
	return UINT32_MAX;
}

void cpuset_format(const struct cpuset *set, struct buf *out)
{
	const char *comma = "";

	for (uint32_t cpu = cpuset_next(set, 0); cpu != UINT32_MAX; cpu = cpuset_next(set, cpu + 1)) {
		uint32_t last = cpu;

		while (cpuset_has(set, last + 1))
			last++;
		buf_printf(out, "%s%" PRIu32, comma, cpu);
		if (last > cpu)
			buf_printf(out, "-%" PRIu32, last);
		comma = ",";
		cpu = last;
	}
}

void cpuset_release(struct cpuset *set)
{
	free(set->bits);
	*set = (struct cpuset){ 0 };
}

/* A CPU number at *s, which is moved behind it. */
static bool take_cpu(const char **s, uint32_t *out)
{
	const char *first = *s;
	uint32_t v = 0;

	for (; **s >= '0' && **s <= '9' && v <= CPUSET_MAX_CPU; (*s)++)
		v = v * 10 + (uint32_t)(**s - '0');
	*out = v;
	return *s != first && v <= CPUSET_MAX_CPU;
}

/* "3" or "0-3" */
static bool take_range(const char **s, uint32_t *first, uint32_t *last)
{
	if (!take_cpu(s, first))
		return false;
	*last = *first;
	if (**s != '-')
		return true;
	(*s)++;
	return take_cpu(s, last) && *first <= *last;
}

int cpuset_parse(struct cpuset *set, const char *list, struct err *e)
{
	struct cpuset read = { 0 };
	const char *at = list;
	uint32_t first, last;

	while (*at && *at != '\n') {
		if (!take_range(&at, &first, &last))
			goto bad;
		for (uint32_t cpu = first; cpu <= last; cpu++)
			cpuset_add(&read, cpu);
		if (*at == ',' && at[1] && at[1] != '\n')
			at++;
		else if (*at && *at != '\n')
			goto bad;
	}
	if (*at && at[1])
		goto bad;
	cpuset_release(set);
	*set = read;
	return 0;
bad:
	cpuset_release(&read);
	return err_set(e, -EINVAL, "'%s' is not a list of CPUs from 0 to %u - write it as 0-3,8", list, CPUSET_MAX_CPU);
}
