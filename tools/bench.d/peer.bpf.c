/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * peer.bpf.c - what the cost of a sched_switch record is compared with: a program that does nothing, and one that only
 * reads the clock.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("tp_btf/sched_switch")
int peer_empty(void *ctx)
{
	return 0;
}

SEC("tp_btf/sched_switch")
int peer_clock(void *ctx)
{
	bpf_ktime_get_ns();
	return 0;
}
