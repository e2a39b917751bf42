/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compat.bpf.h - what differs between kernels, one function per difference, each with its history.
 *
 * A choice is made either by CO-RE while loading or by a constant that user space sets before loading; either way the
 * verifier drops the arm that this kernel would refuse.
 */
#ifndef SCHEDVIZ_COMPAT_BPF_H
#define SCHEDVIZ_COMPAT_BPF_H

/* task->state became task->__state in 5.14. */
static __always_inline __u32 task_raw_state(struct task_struct *p)
{
	struct task_struct___old *old = (void *)p;

	if (bpf_core_field_exists(p->__state))
		return p->__state;
	return BPF_CORE_READ(old, state);
}

/*
 * sched_switch gained prev_state in 5.18: the state as the scheduler read it when it decided. Older kernels: read the
 * task, accepting that a wake-up may have changed it already.
 */
static __always_inline __u32 prev_state_of(const __u64 *ctx, struct task_struct *prev)
{
	return sv_config.prev_state_arg ? (__u32)ctx[3] : task_raw_state(prev);
}

/* The CPU number moved from task_struct to thread_info in 5.16, on both architectures. */
static __always_inline __u32 task_cpu_of(struct task_struct *p)
{
	struct task_struct___cpu *old = (void *)p;

	if (bpf_core_field_exists(p->thread_info.cpu))
		return p->thread_info.cpu;
	return BPF_CORE_READ(old, cpu);
}

/* sched_process_exit's group_dead argument came in 6.16; signal->live says the same (kernel/exit.c, do_exit). */
static __always_inline __u32 is_group_dead(struct task_struct *p)
{
	return p->signal->live.counter == 0;
}

/*
 * What set_cpus_allowed_common() is called for: from 5.11 on also to hold a task where it is while migrate_disable()
 * is in force, which is not its affinity. The flags were its third argument until 6.1, then came into a struct.
 */
#define SCA_MIGRATE (0x02 | 0x04) /* SCA_MIGRATE_DISABLE, SCA_MIGRATE_ENABLE; kernel/sched/sched.h */

static __always_inline bool is_affinity(const __u64 *ctx)
{
	struct affinity_context *ac = (void *)ctx[1];

	if (bpf_core_field_exists(ac->flags))
		return !(ac->flags & SCA_MIGRATE);
	return !sv_affinity.flags_arg || !((__u32)ctx[2] & SCA_MIGRATE);
}

/*
 * Number and first argument of the system call a task is in, from the registers it entered the kernel with.
 * bpf_task_pt_regs() came in 5.15, and what it returns can be read directly. Before, they are at the top of the kernel
 * stack (task_pt_regs() of either architecture), whose size is a constant of the build: 16 KiB without KASAN.
 */
#define KERNEL_STACK_SIZE (16 << 10)

#if defined(__TARGET_ARCH_x86)
#define REGS_NR orig_ax
#define REGS_ARG di
#else
#define REGS_NR syscallno
#define REGS_ARG orig_x0
#endif

static __always_inline __s32 entry_regs(struct task_struct *p, __u64 *arg)
{
	struct pt_regs *regs;

	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs)) {
		regs = (struct pt_regs *)bpf_task_pt_regs(p);
		*arg = regs->REGS_ARG;
		return (__s32)regs->REGS_NR;
	}
	regs = (struct pt_regs *)((char *)BPF_CORE_READ(p, stack) + KERNEL_STACK_SIZE -
				  bpf_core_type_size(struct pt_regs));
	*arg = BPF_CORE_READ(regs, REGS_ARG);
	return (__s32)BPF_CORE_READ(regs, REGS_NR);
}

/* Is the system call one of the 32-bit table? (TS_COMPAT, TIF_32BIT) */
static __always_inline bool is_compat_syscall(struct task_struct *p)
{
#if defined(__TARGET_ARCH_x86)
	return p->thread_info.status & 0x0002;
#else
	return p->thread_info.flags & (1ul << 22);
#endif
}

/*
 * In which context this CPU is, for naming the author of a wake-up. The preempt count says it all, and is
 *   - on x86 a per-CPU variable: __preempt_count up to 6.1 and from 6.15 on, inside pcpu_hot between;
 *   - on arm64 in the current task's thread_info.
 * Kernels without KALLSYMS_ALL do not let a program name the variable; there the depth is kept in the ring by the
 * programs on interrupt entry and exit. User space picks the program that suits.
 *
 * The variable is named by a number that user space puts in for SV_VARIABLE, and not by an extern: libbpf looks for
 * every extern, needed or not, in the BTF of all modules, which takes CAP_SYS_ADMIN.
 */
static __always_inline void *percpu_variable(void)
{
	void *p;

	asm volatile("%[p] = %[id] ll" : [p] "=r"(p) : [id] "i"(SV_VARIABLE));
	return p;
}

/*
 * include/linux/preempt.h. After 6.18 (seen in 7.3) there came bits that count local_interrupt_disable() to where those
 * of interrupts were, which moved up. Bit 31 is none of these: it says, by being 0, that a reschedule is wanted.
 */
#define PREEMPT_SERVING_SOFTIRQ 0x00000100
#define PREEMPT_HARDIRQ_MASK (sv_config.disable_count ? 0x0f000000 : 0x000f0000)
#define PREEMPT_NMI_MASK (sv_config.disable_count ? 0x70000000 : 0x00f00000)

static __always_inline __u8 ctx_of_preempt_count(__u32 count)
{
	if (count & PREEMPT_NMI_MASK)
		return SV_CTX_NMI;
	if (count & PREEMPT_HARDIRQ_MASK)
		return SV_CTX_HARDIRQ;
	return count & PREEMPT_SERVING_SOFTIRQ ? SV_CTX_SOFTIRQ : SV_CTX_TASK;
}

#define DEPTH_HARDIRQ 1u
#define DEPTH_SOFTIRQ 0x10000u

static __always_inline __u8 ctx_of_depth(__u32 depth)
{
	if (depth & 0xffff)
		return SV_CTX_HARDIRQ;
	return depth ? SV_CTX_SOFTIRQ : SV_CTX_TASK;
}

#endif
