/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * filter.bpf.h - which tasks are recorded: all, or with --only-target the target and all it makes.
 */
#ifndef SCHEDVIZ_FILTER_BPF_H
#define SCHEDVIZ_FILTER_BPF_H

/* The tree, by tid. Filled by user space with the target's threads, then by forks; emptied by exits. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, __u8);
	__uint(max_entries, 1); /* enlarged before loading when it is used */
} tree SEC(".maps");

static __always_inline bool in_tree(__u32 tid)
{
	__u8 *role;

	if (!sv_config.only_target)
		return true;
	role = bpf_map_lookup_elem(&tree, &tid);
	return role && *role == SV_TREE_MEMBER;
}

static __always_inline void tree_fork(__u32 parent, __u32 child)
{
	__u8 member = SV_TREE_MEMBER;

	if (sv_config.only_target && bpf_map_lookup_elem(&tree, &parent))
		bpf_map_update_elem(&tree, &child, &member, BPF_ANY);
}

/* A thread that executes a program takes its leader's tid. */
static __always_inline void tree_exec(__u32 old, __u32 now)
{
	if (old != now)
		tree_fork(old, now);
}

#endif
