/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * abi.h - every byte that crosses from the BPF programs to user space: layouts, sizes, constants.
 *
 * Included by both sides (user space: capture/ alone). Fixed widths, no pointers, no enums, no implicit padding; sizes
 * are asserted on both sides by the same line. This is memory, not a file: both sides are built together and the
 * layout may change with any commit.
 */
#ifndef SCHEDVIZ_BPF_ABI_H
#define SCHEDVIZ_BPF_ABI_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define SV_MAX_CPUS 8192u  /* NR_CPUS of the largest distribution kernels */
#define SV_NO_RING 0xffffu /* in sv_slot[]: this CPU has no ring; its events are counted as lost */
#define SV_COMM_LEN 16	   /* TASK_COMM_LEN */
#define SV_PATH_LEN 256

#define SV_VARIABLE 0x5c4edf12 /* stands in the code for the BTF id of the variable with the preempt count */

/* Values of the map `tree`, by tid. */
#define SV_TREE_MEMBER 1 /* recorded, as is all that it makes */
#define SV_TREE_MAKER 2	 /* only what it makes is recorded: the recorder, while it makes the program */

/* ---- hot: fixed-size records in a ring per CPU, written with interrupts off, so one producer each ---- */

#define SV_HOT_SWITCH 1
#define SV_HOT_WAKING 2
#define SV_HOT_WAKEUP_NEW 3
#define SV_HOT_MIGRATE 4
#define SV_HOT_CURRENT 5
#define SV_HOT_LOST 6

#define SV_PREEMPTED 1 /* flags of a switch: the tracepoint's `preempt` */
#define SV_NVCSW_ODD 2 /* low bit of prev->nvcsw, this switch counted */

#define SV_CTX_TASK 0 /* flags of a waking: context of the waking CPU; same values as enum event_ctx */
#define SV_CTX_SOFTIRQ 1
#define SV_CTX_HARDIRQ 2
#define SV_CTX_NMI 3
#define SV_CTX_UNKNOWN 4

/* `word` of a switch: state in the low 20 bits (the kernel uses 17), above it the system call prev blocked in */
#define SV_STATE_BITS 20
#define SV_STATE_MASK ((1u << SV_STATE_BITS) - 1)
#define SV_NR_IA32 0x800u    /* or-ed to a number: of the 32-bit table */
#define SV_NR_UNKNOWN 0x7feu /* could not be read */
#define SV_NR_NONE 0x7ffu    /* not in a system call */

#define SV_PRIO_BIAS 1 /* task->prio is -1 (deadline) to 139: kept plus one */

/*
 *            tid      tid2      word                 prio     prio2     arg
 * SWITCH     prev     next      state | nr << 20     prev's   next's    first argument of the system call
 * WAKING     woken    current   0                    woken's  0         0
 * WAKEUP_NEW new      current   CPU it is put on     new's    0         0
 * MIGRATE    moved    current   from | to << 16      moved's  0         0
 * CURRENT    current  0         0                    current's 0        0
 * LOST       first lost, ns (low, high half)         0        0         how many; ts_ns is that of the last
 */
struct sv_hot {
	__u64 ts_ns; /* CLOCK_MONOTONIC */
	__u32 tid;
	__u32 tid2;
	__u32 word;
	__u8 kind;
	__u8 flags;
	__u8 prio;
	__u8 prio2;
	__u64 arg;
};
_Static_assert(sizeof(struct sv_hot) == 32, "two to a cache line");

/*
 * Control page of a ring, at the start of its array element; the records follow at SV_RING_DATA. head and tail count
 * records since the start and never wrap. The producer's and the consumer's fields are on lines of their own.
 */
struct sv_ring {
	__u64 head;	    /* written by the producer after the record is complete */
	__u64 tail_seen;    /* last `tail` the producer looked at: room is at least what this gives */
	__u32 pos;	    /* where record `head` goes: head modulo capacity */
	__u32 irq_depth;    /* where the preempt count cannot be read: hard interrupts in the low half, soft above */
	__u64 rung;	    /* value of `drains` when the doorbell was last rung */
	__u64 lost;	    /* not yet told by a LOST record */
	__u64 lost_from_ns; /* first and last of these */
	__u64 lost_to_ns;
	__u64 pad_producer[9];

	__u64 tail;   /* written by the consumer after it has read the records */
	__u64 drains; /* counted up after each change of tail; starts at 1 */
	__u64 pad_consumer[14];
};
_Static_assert(sizeof(struct sv_ring) == 256, "two pairs of lines");

#define SV_RING_DATA 4096u /* the control block has its page to itself */

/* ---- rare: records of various sizes in one BPF ring buffer, which is also the doorbell ---- */

#define SV_RARE_DOORBELL 1
#define SV_RARE_FORK 2
#define SV_RARE_EXEC 3
#define SV_RARE_EXIT 4
#define SV_RARE_RENAME 5
#define SV_RARE_CPU 6
#define SV_RARE_ALLOWED 7

struct sv_rare {
	__u64 ts_ns;
	__u32 cpu;
	__u32 kind;
};
_Static_assert(sizeof(struct sv_rare) == 16, "sv_rare");

struct sv_fork {
	struct sv_rare h;
	__u32 parent_tid, parent_tgid;
	__u32 tid, tgid;
	__u64 clone_flags;
	__u32 kthread;
	char comm[SV_COMM_LEN];
	__u32 pad;
};
_Static_assert(sizeof(struct sv_fork) == sizeof(struct sv_rare) + 48, "sv_fork");

struct sv_exec {
	struct sv_rare h;
	__u32 tid, tgid, old_tid;
	char comm[SV_COMM_LEN];
	__u32 pad;
	char path[SV_PATH_LEN]; /* NUL-terminated, cut if longer */
};
_Static_assert(sizeof(struct sv_exec) == sizeof(struct sv_rare) + 32 + SV_PATH_LEN, "sv_exec");

struct sv_exit {
	struct sv_rare h;
	__u32 tid, tgid;
	__s32 code;
	__u32 group_dead;
};
_Static_assert(sizeof(struct sv_exit) == sizeof(struct sv_rare) + 16, "sv_exit");

struct sv_rename {
	struct sv_rare h;
	__u32 tid;
	char comm[SV_COMM_LEN];
	__u32 pad;
};
_Static_assert(sizeof(struct sv_rename) == sizeof(struct sv_rare) + 24, "sv_rename");

struct sv_cpu {
	struct sv_rare h;
	__u32 which; /* the CPU that came or went; h.cpu is where that was done */
	__u32 online;
};
_Static_assert(sizeof(struct sv_cpu) == sizeof(struct sv_rare) + 8, "sv_cpu");

#define SV_ALLOWED_WORDS 16 /* CPUs from 1024 on are left out */

struct sv_allowed {
	struct sv_rare h;
	__u32 tid;
	__u32 nr_words; /* of `words` that hold something; what the kernel was built for, if that is less */
	__u64 words[SV_ALLOWED_WORDS]; /* task->cpus_mask, with whatever it has beyond the CPUs that are possible */
};
/* Element of the map `told`, by the low bits of a tid: what was last told of a task that may not run everywhere. */
struct sv_told {
	__u32 tid;
	__u32 hash; /* of its mask */
};

#define SV_TOLD_SLOTS 65536u

/* A step of the hash, by a word of the mask; the upper half of the last one is kept. */
static inline __u64 sv_mask_hash(__u64 h, __u64 word)
{
	return (h ^ word) * 0x9e3779b97f4a7c15ull;
}

_Static_assert(sizeof(struct sv_allowed) == sizeof(struct sv_rare) + 8 + 8 * SV_ALLOWED_WORDS, "sv_allowed");

#endif
