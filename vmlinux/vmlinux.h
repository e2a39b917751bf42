/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmlinux.h - the kernel types and fields that the BPF programs read, and no others.
 *
 * Kept by hand, so that a build depends on no running kernel. libbpf moves every field to where the kernel that runs
 * has it (preserve_access_index); only names and types have to be right. Flavours (NAME___why) are what some kernels
 * have instead. tools/check-vmlinux holds this file against the BTF of the running kernel.
 */
#ifndef SCHEDVIZ_VMLINUX_H
#define SCHEDVIZ_VMLINUX_H

typedef unsigned char __u8;
typedef short __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef _Bool bool;
typedef int pid_t;

#define true 1
#define false 0

/* Constants of the BPF system call, include/uapi/linux/bpf.h: part of the kernel's stable interface. */
enum {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_RINGBUF = 27,
};
enum {
	BPF_F_MMAPABLE = 1U << 10,
	BPF_RB_NO_WAKEUP = 1,
	BPF_RB_FORCE_WAKEUP = 2,
	BPF_RB_AVAIL_DATA = 0,
	BPF_ANY = 0,
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

struct signal_struct {
	atomic_t live; /* threads that have not begun to exit */
};

#if defined(__TARGET_ARCH_x86)

struct thread_info {
	__u32 status; /* TS_COMPAT: in a system call of the 32-bit table */
	__u32 cpu;    /* 5.16 on */
};

struct pt_regs {
	unsigned long di;
	unsigned long orig_ax; /* number of the system call; -1 for exceptions and interrupts */
};

struct pcpu_hot { /* 6.2 to 6.14 */
	int preempt_count;
};

#elif defined(__TARGET_ARCH_arm64)

struct thread_info {
	unsigned long flags; /* TIF_32BIT */
	__u64 preempt_count;
	__u32 cpu; /* 5.16 on */
};

struct pt_regs {
	__u64 orig_x0;
	__s32 syscallno; /* -1 outside of system calls */
};

#else
#error "schedviz knows the registers of x86-64 and arm64 only"
#endif

struct cpumask {
	/* its bits: as many as the kernel was built for */
};

struct affinity_context { /* 6.2 on */
	unsigned int flags; /* SCA_* */
};

struct task_struct {
	struct thread_info thread_info;
	unsigned int __state; /* 5.14 on */
	void *stack;
	unsigned int flags; /* PF_* */
	int prio;
	int nr_cpus_allowed;
	struct cpumask cpus_mask;
	int exit_code;
	pid_t pid;
	pid_t tgid;
	unsigned long nvcsw;
	char comm[16];
	struct signal_struct *signal;
};

struct task_struct___old { /* before 5.14 */
	long state;
};

struct task_struct___cpu { /* before 5.16 */
	unsigned int cpu;
};

struct linux_binprm {
	const char *filename;
};

#pragma clang attribute pop

/* Only the names matter: libbpf fills in the numbers of the running kernel. */
enum cpuhp_state {
	CPUHP_BRINGUP_CPU = 1,
	CPUHP_TEARDOWN_CPU = 2,
};

enum bpf_func_id {
	BPF_FUNC_task_pt_regs = 175, /* 5.15 on */
};

#endif
