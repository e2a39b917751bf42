/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * affinity.c - owns the sets of CPUs between the kernel's masks and events.
 */
#include "capture/affinity.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "capture/snapshot.h"

#define WORD_BITS 64u

void affinity_begin(struct affinity *a)
{
	snapshot_possible(&a->possible);
}

uint32_t affinity_nr_words(const struct affinity *a)
{
	return a->possible.nr_words < SV_ALLOWED_WORDS ? a->possible.nr_words : SV_ALLOWED_WORDS;
}

uint32_t affinity_hash(const struct affinity *a, const struct cpuset *set)
{
	uint64_t h = 0;

	for (uint32_t i = 0; i < affinity_nr_words(a); i++)
		h = sv_mask_hash(h, i < set->nr_words ? set->bits[i] : 0);
	return (uint32_t)(h >> 32);
}

bool affinity_clip(struct affinity *a, struct event *ev)
{
	struct cpuset *set = &ev->allowed.set;
	bool all = set->nr_words >= a->possible.nr_words;

	if (set->nr_words > SV_ALLOWED_WORDS)
		set->nr_words = SV_ALLOWED_WORDS;
	if (set->nr_words > a->possible.nr_words)
		set->nr_words = a->possible.nr_words;
	for (uint32_t i = 0; i < set->nr_words; i++)
		a->words[i] = set->bits[i] & a->possible.bits[i];
	set->bits = a->words;
	ev->allowed.nr_known = all ? 0 : set->nr_words * WORD_BITS;
	return cpuset_count(set);
}

void affinity_copy(struct cpuset *to, const struct cpuset *from)
{
	cpuset_release(to);
	to->bits = xcalloc(from->nr_words, sizeof(*to->bits));
	to->nr_words = from->nr_words;
	memcpy(to->bits, from->bits, from->nr_words * sizeof(*to->bits));
}

void affinity_keep(struct affinity *a, struct event *ev)
{
	struct cpuset *set = vec_push(&a->kept);

	*set = (struct cpuset){ 0 };
	affinity_copy(set, &ev->allowed.set);
	ev->allowed.set = *set;
}

void affinity_release(struct affinity *a)
{
	for (size_t i = 0; i < a->kept.n; i++)
		cpuset_release(&a->kept.v[i]);
	vec_release(&a->kept);
	cpuset_release(&a->possible);
}

static bool covers(const struct cpuset *set, const struct cpuset *all)
{
	for (uint32_t i = 0; i < all->nr_words; i++)
		if (all->bits[i] & ~(i < set->nr_words ? set->bits[i] : 0))
			return false;
	return true;
}

/* The bare call: it says how many bytes of the mask the kernel has. They are only of CPUs that are online. */
void affinity_ask(uint32_t tid, const struct cpuset *online, struct cpuset *out)
{
	uint64_t words[SV_MAX_CPUS / WORD_BITS];
	struct cpuset mask = { .bits = words };
	long bytes = syscall(SYS_sched_getaffinity, (pid_t)tid, sizeof(words), words);

	if (bytes <= 0)
		return;
	mask.nr_words = (uint32_t)bytes / (uint32_t)sizeof(*words);
	if (cpuset_count(&mask) && !covers(&mask, online))
		affinity_copy(out, &mask);
}
