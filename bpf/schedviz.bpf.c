/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * schedviz.bpf.c - the programs: each unpacks its tracepoint's arguments and writes one record.
 *
 * sched_switch, sched_waking, sched_wakeup_new and sched_migrate_task run with interrupts off and write to the hot
 * rings; the others may be interrupted, or are few, and write to the rare one. Bodies take the raw context, because the
 * number of arguments differs between kernels (compat.bpf.h).
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "bpf/abi.h"
#include "bpf/config.bpf.h"
#include "bpf/compat.bpf.h"
#include "bpf/ring.bpf.h"
#include "bpf/filter.bpf.h"
#include "bpf/task.bpf.h"
#include "bpf/allowed.bpf.h"

char LICENSE[] SEC("license") = "GPL";

#define TASK_DEAD_MASK (0x10 | 0x20 | 0x80) /* EXIT_DEAD, EXIT_ZOMBIE, TASK_DEAD */

/* ---- hot ---- */

/* A leader's tid stays in the tree as long as its process, for the thread that may take it over by exec. */
static __always_inline void tree_dead(struct task_struct *p)
{
	__u32 tid = p->pid, tgid = p->tgid;

	if (tid != tgid)
		bpf_map_delete_elem(&tree, &tid);
	if (is_group_dead(p))
		bpf_map_delete_elem(&tree, &tgid);
}

SEC("tp_btf/sched_switch")
int sv_sched_switch(__u64 *ctx)
{
	__u64 now = bpf_ktime_get_ns(), arg = 0; /* first: the clock waits for all loads before it */
	bool preempted = (bool)ctx[0];
	struct task_struct *prev = (void *)ctx[1], *next = (void *)ctx[2];
	__u32 state = prev_state_of(ctx, prev) & SV_STATE_MASK;
	struct sv_ring *ring = ring_here();
	__u32 nr = SV_NR_NONE;
	struct sv_hot *rec;

	if (sv_config.only_target) {
		if (!in_tree(prev->pid) && !in_tree(next->pid))
			return 0;
		if (state & TASK_DEAD_MASK && !preempted)
			tree_dead(prev);
	}
	if (!ring) {
		__sync_fetch_and_add(&sv_lost_no_ring, 1);
		return 0;
	}
	ring->irq_depth =
		0; /* no interrupt is switched away from: an entry or exit that was missed ends to matter here */
	rec = ring_reserve(ring, now);
	if (!rec)
		return 0;
	if (state && !preempted && !(state & TASK_DEAD_MASK))
		nr = syscall_of(prev, &arg);
	rec->ts_ns = now;
	rec->tid = prev->pid;
	rec->tid2 = next->pid;
	rec->word = state | nr << SV_STATE_BITS;
	rec->kind = SV_HOT_SWITCH;
	rec->flags = (preempted ? SV_PREEMPTED : 0) | (prev->nvcsw & 1 ? SV_NVCSW_ODD : 0);
	rec->prio = prio_of(prev);
	rec->prio2 = prio_of(next);
	rec->arg = arg;
	ring_push(ring);
	if (preempted || !state) /* it waits from now on */
		look_at_allowed(prev, now);
	return 0;
}

/* Every hot record but a switch: about one task, by the current one. */
static __always_inline int hot_about(__u8 kind, struct task_struct *p, struct sv_ring *ring, __u32 by, __u32 word,
				     __u8 flags)
{
	__u64 now = bpf_ktime_get_ns();
	struct sv_hot *rec;

	if (!in_tree(p->pid))
		return 0;
	if (!ring) {
		__sync_fetch_and_add(&sv_lost_no_ring, 1);
		return 0;
	}
	rec = ring_reserve(ring, now);
	if (!rec)
		return 0;
	rec->ts_ns = now;
	rec->tid = p->pid;
	rec->tid2 = by;
	rec->word = word;
	rec->kind = kind;
	rec->flags = flags;
	rec->prio = prio_of(p);
	rec->prio2 = 0;
	rec->arg = 0;
	ring_push(ring);
	if (kind != SV_HOT_WAKEUP_NEW) /* which the fork has told */
		look_at_allowed(p, now);
	return 0;
}

/*
 * sched_waking, four ways to know the context (compat.bpf.h); user space loads the one that fits this kernel. The idle
 * task wakes nobody: with it as current it was an interrupt, whatever the depth says.
 */
SEC("tp_btf/sched_waking")
int sv_waking_depth(__u64 *ctx)
{
	struct sv_ring *ring = ring_here();
	__u8 where = ring ? ctx_of_depth(ring->irq_depth) : SV_CTX_UNKNOWN;
	__u32 by = current_tid();

	if (where == SV_CTX_TASK && !by)
		where = SV_CTX_HARDIRQ;
	return hot_about(SV_HOT_WAKING, (void *)ctx[0], ring, by, 0, where);
}

#if defined(__TARGET_ARCH_x86)
SEC("tp_btf/sched_waking")
int sv_waking_count(__u64 *ctx)
{
	const int *count = bpf_this_cpu_ptr(percpu_variable());

	return hot_about(SV_HOT_WAKING, (void *)ctx[0], ring_here(), current_tid(), 0, ctx_of_preempt_count(*count));
}

SEC("tp_btf/sched_waking")
int sv_waking_pcpu_hot(__u64 *ctx)
{
	const struct pcpu_hot *hot = bpf_this_cpu_ptr(percpu_variable());

	return hot_about(SV_HOT_WAKING, (void *)ctx[0], ring_here(), current_tid(), 0,
			 ctx_of_preempt_count(hot->preempt_count));
}
#else
SEC("tp_btf/sched_waking")
int sv_waking_thread_info(__u64 *ctx)
{
	__u32 count = (__u32)bpf_get_current_task_btf()->thread_info.preempt_count;

	return hot_about(SV_HOT_WAKING, (void *)ctx[0], ring_here(), current_tid(), 0, ctx_of_preempt_count(count));
}
#endif

SEC("tp_btf/sched_wakeup_new")
int sv_sched_wakeup_new(__u64 *ctx)
{
	struct task_struct *p = (void *)ctx[0];

	return hot_about(SV_HOT_WAKEUP_NEW, p, ring_here(), current_tid(), task_cpu_of(p), 0);
}

SEC("tp_btf/sched_migrate_task")
int sv_sched_migrate_task(__u64 *ctx)
{
	struct task_struct *p = (void *)ctx[0];

	return hot_about(SV_HOT_MIGRATE, p, ring_here(), current_tid(), task_cpu_of(p) | (__u32)ctx[1] << 16, 0);
}

/* Run by the recorder on each CPU at the start (BPF_PROG_TEST_RUN), in an interrupt there: who is it that runs? */
SEC("raw_tp")
int sv_current(void *ctx)
{
	struct task_struct *p = (void *)bpf_get_current_task();
	struct sv_ring *ring = ring_here();
	__u64 now = bpf_ktime_get_ns();
	struct sv_hot *rec;

	if (!ring)
		return 0;
	rec = ring_reserve(ring, now);
	if (!rec)
		return 0;
	rec->ts_ns = now;
	rec->tid = current_tid();
	rec->tid2 = 0;
	rec->word = 0;
	rec->kind = SV_HOT_CURRENT;
	rec->flags = 0;
	rec->prio = (__u8)(BPF_CORE_READ(p, prio) + SV_PRIO_BIAS);
	rec->prio2 = 0;
	rec->arg = 0;
	ring_push(ring);
	return 0;
}

/* ---- interrupt depth, only where the preempt count cannot be read ---- */

static __always_inline int depth_add(__u32 what)
{
	struct sv_ring *ring = ring_here();

	if (ring)
		ring->irq_depth += what;
	return 0;
}

/* Attached while interrupts come and go, so an exit may be seen whose entry was not. */
static __always_inline int depth_sub(__u32 what, __u32 mask)
{
	struct sv_ring *ring = ring_here();

	if (ring && ring->irq_depth & mask)
		ring->irq_depth -= what;
	return 0;
}

#define DEPTH_PROGRAMS(tracepoint, what, mask) \
	SEC("tp_btf/" #tracepoint "_entry")    \
	int sv_##tracepoint##_entry(void *ctx) \
	{                                      \
		return depth_add(what);        \
	}                                      \
	SEC("tp_btf/" #tracepoint "_exit")     \
	int sv_##tracepoint##_exit(void *ctx)  \
	{                                      \
		return depth_sub(what, mask);  \
	}

DEPTH_PROGRAMS(hrtimer_expire, DEPTH_HARDIRQ, 0xffffu)
DEPTH_PROGRAMS(irq_handler, DEPTH_HARDIRQ, 0xffffu)
DEPTH_PROGRAMS(softirq, DEPTH_SOFTIRQ, 0xffff0000u)

/* ---- rare ---- */

/* The one place where a task's cpus_mask changes: sched_setaffinity(2), cpusets, kthread_bind(). */
SEC("fexit/set_cpus_allowed_common")
int sv_set_cpus_allowed_common(__u64 *ctx)
{
	struct task_struct *p = (void *)ctx[0];

	if (is_affinity(ctx) && in_tree(p->pid))
		tell_allowed(p, 0);
	return 0;
}

SEC("tp_btf/task_newtask")
int sv_task_newtask(__u64 *ctx)
{
	struct task_struct *child = (void *)ctx[0];
	__u64 parent = bpf_get_current_pid_tgid();
	struct sv_fork *rec;
	__u64 now;

	if (!child->pid)
		return 0; /* the idle task of a CPU that comes up */
	tree_fork((__u32)parent, child->pid);
	if (!in_tree(child->pid))
		return 0;
	rec = rare_reserve(struct sv_fork, SV_RARE_FORK);
	if (!rec)
		return 0;
	rec->parent_tid = (__u32)parent;
	rec->parent_tgid = parent >> 32;
	rec->tid = child->pid;
	rec->tgid = child->tgid;
	rec->clone_flags = ctx[1];
	rec->kthread = !!(child->flags & PF_KTHREAD);
	bpf_probe_read_kernel(rec->comm, sizeof(rec->comm), child->comm);
	now = rec->h.ts_ns;
	rare_submit(rec);
	tell_new_allowed(child, (__u32)parent, now);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int sv_sched_process_exec(__u64 *ctx)
{
	struct task_struct *p = (void *)ctx[0];
	struct linux_binprm *bprm = (void *)ctx[2];
	__u32 old = (__u32)ctx[1], tid = p->pid;
	struct sv_exec *rec;

	tree_exec(old, tid);
	if (!in_tree(tid))
		return 0;
	rec = rare_reserve(struct sv_exec, SV_RARE_EXEC);
	if (!rec)
		return 0;
	rec->tid = tid;
	rec->tgid = p->tgid;
	rec->old_tid = old;
	bpf_probe_read_kernel(rec->comm, sizeof(rec->comm), p->comm);
	bpf_probe_read_kernel_str(rec->path, sizeof(rec->path), bprm->filename);
	rare_submit(rec);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int sv_sched_process_exit(__u64 *ctx)
{
	struct task_struct *p = (void *)ctx[0];
	struct sv_exit *rec;

	if (!in_tree(p->pid))
		return 0;
	rec = rare_reserve(struct sv_exit, SV_RARE_EXIT);
	if (!rec)
		return 0;
	rec->tid = p->pid;
	rec->tgid = p->tgid;
	rec->code = p->exit_code;
	rec->group_dead = is_group_dead(p);
	rare_submit(rec);
	return 0;
}

SEC("tp_btf/task_rename")
int sv_task_rename(__u64 *ctx)
{
	struct task_struct *p = (void *)ctx[0];
	struct sv_rename *rec;

	if (!in_tree(p->pid))
		return 0;
	rec = rare_reserve(struct sv_rename, SV_RARE_RENAME);
	if (!rec)
		return 0;
	rec->tid = p->pid;
	bpf_probe_read_kernel_str(rec->comm, sizeof(rec->comm), (const void *)ctx[1]);
	rare_submit(rec);
	return 0;
}

/* 1 and the CPU that went and has its last step down still to do; the kernel moves one CPU at a time. */
__u32 sv_leaving;

/*
 * A step of bringing a CPU up or down has ended; two of them are the moments when it begins and stops to run tasks.
 * The one that brings it up is gone through once more, and right after, when it goes down; only the arguments of newer
 * kernels tell these two apart.
 */
SEC("tp_btf/cpuhp_exit")
int sv_cpuhp_exit(__u64 *ctx)
{
	int step = (int)ctx[2], ret = (int)ctx[3];
	bool up = step == bpf_core_enum_value(enum cpuhp_state, CPUHP_BRINGUP_CPU);
	bool down = step == bpf_core_enum_value(enum cpuhp_state, CPUHP_TEARDOWN_CPU);
	__u32 which = (__u32)ctx[0], leaving = sv_leaving;
	struct sv_cpu *rec;

	if (ret || (!up && !down))
		return 0;
	sv_leaving = down ? which + 1 : 0;
	if (up && leaving == which + 1)
		return 0;
	rec = rare_reserve(struct sv_cpu, SV_RARE_CPU);
	if (!rec)
		return 0;
	rec->which = which;
	rec->online = up;
	rare_submit(rec);
	return 0;
}
