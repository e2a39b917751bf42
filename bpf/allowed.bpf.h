/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * allowed.bpf.h - on which CPUs a task may run: told when it changes; where that cannot be seen, looked at.
 */
#ifndef SCHEDVIZ_ALLOWED_BPF_H
#define SCHEDVIZ_ALLOWED_BPF_H

/* By the low bits of a tid. Filled by user space at the opening, and by what is told. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct sv_told);
	__uint(max_entries, 1); /* SV_TOLD_SLOTS when it is used */
} told SEC(".maps");

/* A record of where `p` may run, as of `ts_ns`; 0: now. */
static __always_inline void tell_allowed(struct task_struct *p, __u64 ts_ns)
{
	__u32 size = bpf_core_field_size(p->cpus_mask);
	struct sv_allowed *rec = rare_reserve_or(struct sv_allowed, SV_RARE_ALLOWED, sv_lost_allowed);

	if (!rec)
		return;
	if (size > sizeof(rec->words))
		size = sizeof(rec->words);
	if (ts_ns)
		rec->h.ts_ns = ts_ns;
	rec->tid = p->pid;
	rec->nr_words = size / 8;
	bpf_probe_read_kernel(rec->words, size, &p->cpus_mask);
	rare_submit(rec);
}

static __always_inline bool is_restricted(struct task_struct *p)
{
	return p->nr_cpus_allowed < (int)sv_affinity.nr_possible;
}

static __always_inline __u32 mask_hash(struct task_struct *p)
{
	__u32 size = bpf_core_field_size(p->cpus_mask);
	const __u64 *words = (const __u64 *)&p->cpus_mask;
	__u64 h = 0;

	asm volatile("" : "+r"(words)); /* libbpf moves this address, not what is counted from it */
#pragma unroll
	for (__u32 i = 0; i < SV_ALLOWED_WORDS; i++)
		if (i < sv_affinity.nr_words && i < size / 8)
			h = sv_mask_hash(h, words[i]);
	return h >> 32;
}

/*
 * The kernel lets no program sit where the mask changes: look at a task that begins to wait, or is moved while it does.
 * Most may run everywhere and did so before: that costs two loads. Two restricted tasks that share a slot tell more
 * often than they need to.
 */
static __always_inline void look_at_allowed(struct task_struct *p, __u64 ts_ns)
{
	__u32 tid = p->pid, slot = tid & (SV_TOLD_SLOTS - 1), hash = 0;
	struct sv_told *last;
	bool restricted;

	if (!sv_affinity.look || !tid)
		return;
	last = bpf_map_lookup_elem(&told, &slot);
	if (!last)
		return;
	restricted = is_restricted(p);
	if (!restricted && last->tid != tid)
		return;
	if (restricted)
		hash = mask_hash(p);
	if (restricted && last->tid == tid && last->hash == hash)
		return;
	if (!in_tree(tid))
		return;
	last->tid = restricted ? tid : 0;
	last->hash = hash;
	tell_allowed(p, ts_ns);
}

/* Where it is looked at, a parent that was told may be free again by now, and so its child. */
static __always_inline bool parent_was_told(__u32 tid)
{
	__u32 slot = tid & (SV_TOLD_SLOTS - 1);
	struct sv_told *last;

	if (!sv_affinity.look)
		return false;
	last = bpf_map_lookup_elem(&told, &slot);
	return last && last->tid == tid;
}

/* Of a task that was just made: whoever is told nothing has what its parent has, and that is everywhere. */
static __always_inline void tell_new_allowed(struct task_struct *child, __u32 parent, __u64 ts_ns)
{
	if (is_restricted(child) || parent_was_told(parent))
		tell_allowed(child, ts_ns);
}

#endif
