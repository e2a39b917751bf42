/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * programs.c - the table of BPF programs.
 */
#include "capture/programs.h"

#define ALWAYS(tp, missing)                                                             \
	{                                                                               \
		.name = "sv_" #tp, .hook = #tp, .need = NEED_ALWAYS, .without = missing \
	}
#define OPTIONAL(tp, missing)                                                             \
	{                                                                                 \
		.name = "sv_" #tp, .hook = #tp, .need = NEED_OPTIONAL, .without = missing \
	}
#define FUNCTION(fn, missing)                                                                               \
	{                                                                                                   \
		.name = "sv_" #fn, .hook = #fn, .function = true, .need = NEED_OPTIONAL, .without = missing \
	}
#define WAKING(how, where)                                                                               \
	{                                                                                                \
		.name = "sv_waking_" how, .hook = "sched_waking", .need = NEED_WAKING, .context = where, \
		.without = "wake-ups"                                                                    \
	}
#define DEPTH(tp)                                                                                     \
	{                                                                                             \
		.name = "sv_" #tp, .hook = #tp, .need = NEED_DEPTH, .without = "interrupts as wakers" \
	}

const struct program programs[] = {
	ALWAYS(sched_switch, "everything"),
	WAKING("depth", WAKE_DEPTH),
#ifdef __x86_64__
	WAKING("count", WAKE_COUNT),
	WAKING("pcpu_hot", WAKE_PCPU_HOT),
#else
	WAKING("thread_info", WAKE_THREAD_INFO),
#endif
	ALWAYS(sched_wakeup_new, "first wake-ups"),
	ALWAYS(sched_migrate_task, "migrations"),
	ALWAYS(task_newtask, "new tasks"),
	ALWAYS(sched_process_exit, "exit codes"),
	OPTIONAL(sched_process_exec, "programs executed"),
	OPTIONAL(task_rename, "changes of names"),
	OPTIONAL(cpuhp_exit, "CPUs that come and go"),
	FUNCTION(set_cpus_allowed_common, "the instants at which affinities change"),
	DEPTH(hrtimer_expire_entry),
	DEPTH(hrtimer_expire_exit),
	DEPTH(irq_handler_entry),
	DEPTH(irq_handler_exit),
	DEPTH(softirq_entry),
	DEPTH(softirq_exit),
};
const size_t nr_programs = sizeof(programs) / sizeof(programs[0]);

const char *const wake_context_names[NR_WAKE_CONTEXTS] = {
	[WAKE_DEPTH] = "depth",
	[WAKE_COUNT] = "preempt_count",
	[WAKE_PCPU_HOT] = "pcpu_hot",
	[WAKE_THREAD_INFO] = "thread_info",
};
