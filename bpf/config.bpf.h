/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * config.bpf.h - what user space decides before loading. In this order: every event reads all of it, and so the first
 * CPUs' is on one cache line. The verifier takes the values for constants and drops what they rule out.
 */
#ifndef SCHEDVIZ_CONFIG_BPF_H
#define SCHEDVIZ_CONFIG_BPF_H

const volatile struct {
	__u32 capacity;		 /* records in a ring */
	__u32 half;		 /* used records at which the doorbell rings */
	bool prev_state_arg;	 /* sched_switch has a fourth argument */
	bool only_target;	 /* record only the tasks in `tree` */
	bool disable_count;	 /* the preempt count also counts local_interrupt_disable() */
	__u16 slot[SV_MAX_CPUS]; /* CPU -> element of `rings`, or SV_NO_RING */
} sv_config = { .capacity = 1, .half = 1 };

/* The same for what is rare: no room on that line. */
const volatile struct {
	__u32 nr_possible; /* CPUs that are possible: who may run on as many may run everywhere */
	__u32 nr_words;	   /* of their mask, at most SV_ALLOWED_WORDS */
	bool flags_arg;	   /* set_cpus_allowed_common has a third argument */
	bool look;	   /* no program may sit on it: look at tasks when they begin to wait */
} sv_affinity = { .nr_possible = 1 };

#endif
