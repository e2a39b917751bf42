/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * task.bpf.h - what is read from a task, as the records want it.
 */
#ifndef SCHEDVIZ_TASK_BPF_H
#define SCHEDVIZ_TASK_BPF_H

#define PF_IO_WORKER 0x00000010 /* include/linux/sched.h; registers of these three are not a system call's */
#define PF_USER_WORKER 0x00004000
#define PF_KTHREAD 0x00200000

static __always_inline __u8 prio_of(struct task_struct *p)
{
	return (__u8)(p->prio + SV_PRIO_BIAS);
}

static __always_inline __u32 current_tid(void)
{
	return (__u32)bpf_get_current_pid_tgid();
}

/* The system call in which `p` blocks, as the number the record keeps; its first argument. */
static __always_inline __u32 syscall_of(struct task_struct *p, __u64 *arg)
{
	__s32 nr;

	if (p->flags & (PF_KTHREAD | PF_USER_WORKER | PF_IO_WORKER))
		return SV_NR_NONE;
	nr = entry_regs(p, arg);
	if (nr < 0) {
		*arg = 0;
		return SV_NR_NONE;
	}
	if (is_compat_syscall(p))
		return nr > SV_NR_IA32 - 3 ? SV_NR_UNKNOWN : (__u32)nr | SV_NR_IA32;
	return nr >= SV_NR_IA32 - 3 ? SV_NR_UNKNOWN : (__u32)nr;
}

#endif
