/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * event.h - one thing the kernel's scheduler (or a marked program) did: the raw fact, as recorded.
 *
 * This is what capture makes, the file keeps, the text form spells and the model consumes. Nothing in it is decoded:
 * a state is the kernel's raw __state bits, a system call a number; what they mean depends on the facts (release,
 * arch) and is said by model/.
 *
 * Time: `ts_ns` is CLOCK_MONOTONIC (bpf_ktime_get_ns). A tid of 0 is the idle task of the event's CPU. tids and tgids
 * are those of the initial pid namespace.
 *
 * Hot events come from one CPU's ring in the order they happened there; rare events from one shared ring, carrying
 * the CPU they happened on. The reader gives out all of them in one order: by time; ties by rank in enum order
 * (causes before effects), then by CPU, then as recorded.
 */
#ifndef SCHEDVIZ_TRACE_EVENT_H
#define SCHEDVIZ_TRACE_EVENT_H

#include <stdbool.h>
#include <stdint.h>
#include "base/fmt.h"

#define COMM_LEN 16 /* TASK_COMM_LEN, include/linux/sched.h: 15 bytes and a NUL */

/* Order matters: it breaks ties in time, so what makes a task known comes before what it does. Files have numbers of
 * their own (FORMAT.md). */
enum event_kind {
	EV_NONE,
	EV_TASK,       /* rare: a task that was there when the recording began (/proc) */
	EV_FORK,       /* rare: task_newtask */
	EV_EXEC,       /* rare: sched_process_exec */
	EV_RENAME,     /* rare: task_rename */
	EV_MARK,       /* rare: a marked program said something about one of its jobs */
	EV_CPU,	       /* rare: a CPU came or went */
	EV_ALLOWED,    /* rare: on which CPUs a task may run from now on; or may at the opening, if not on all */
	EV_LOST,       /* hot: this CPU's ring was full, or a chunk of the file is damaged */
	EV_CURRENT,    /* hot: who is running on this CPU, asked at the start */
	EV_WAKING,     /* hot: sched_waking */
	EV_WAKEUP_NEW, /* hot: sched_wakeup_new */
	EV_MIGRATE,    /* hot: sched_migrate_task */
	EV_SWITCH,     /* hot: sched_switch */
	EV_EXIT,       /* rare: sched_process_exit; the task still runs on to its last switch */
	EV_KINDS
};

/* "switch", "waking", ...: as facts and views call it. */
const char *event_kind_name(enum event_kind k);

static inline bool event_is_hot(enum event_kind k)
{
	return k >= EV_LOST && k <= EV_SWITCH;
}

/* In which context the waking CPU was: only EV_CTX_TASK makes the current task the waker. */
enum event_ctx { EV_CTX_TASK, EV_CTX_SOFTIRQ, EV_CTX_HARDIRQ, EV_CTX_NMI, EV_CTX_UNKNOWN, EV_CTX_KINDS };

enum mark_kind { MARK_SUBMIT, MARK_START, MARK_FINISH, MARK_INSTANT, MARK_KINDS };

#define EV_NO_SYSCALL (-1)  /* not in a system call: page fault, kernel thread, new task */
#define EV_SYSCALL_UNKNOWN (-2) /* could not be read on this kernel */
#define EV_SYSCALL_IA32 0x40000000 /* or-ed in: number of the 32-bit table */

/*
 * Whether the kernel counts a switch as voluntary cannot always be told from its state: a task about to sleep that
 * has a signal pending leaves as R, yet counts as voluntary (kernel/sched/core.c, __schedule, since 6.15). The low
 * bit of prev->nvcsw settles it: it flips exactly when the switch was voluntary.
 */
enum nvcsw_parity { NVCSW_EVEN, NVCSW_ODD, NVCSW_UNKNOWN };

/* The kernel's idea of a priority, 0..139 (lower is more urgent), or -1 for SCHED_DEADLINE. */
typedef int16_t event_prio;

struct event {
	uint64_t ts_ns;
	uint32_t cpu;	/* where it was recorded */
	uint8_t kind;	/* enum event_kind */
	union {
		struct {
			uint32_t prev_tid, next_tid;
			uint32_t prev_state; /* raw bits, tracepoint's argument or __state; 0 when preempted */
			event_prio prev_prio, next_prio;
			uint8_t preempted; /* the tracepoint's `preempt`: R+ */
			uint8_t nvcsw;	   /* enum nvcsw_parity: prev's voluntary switches, this one counted */
			int32_t syscall;   /* in which prev blocked; EV_NO_SYSCALL when it did not block in one */
			uint64_t arg;	   /* its first argument */
		} sw;
		struct {
			uint32_t tid;	    /* who is woken */
			uint32_t waker_tid; /* who was current: the waker only if ctx is EV_CTX_TASK */
			event_prio prio;    /* of who is woken */
			uint8_t ctx;	    /* enum event_ctx */
		} waking;
		struct {
			uint32_t tid, parent_tid; /* current: who made it */
			event_prio prio;
			uint32_t target_cpu;
		} wakeup_new;
		struct {
			uint32_t tid, by_tid; /* by: current */
			event_prio prio;
			uint32_t from_cpu, to_cpu;
		} migrate;
		struct {
			uint32_t tid;
			event_prio prio;
		} current;
		struct {
			uint64_t from_ns; /* first lost; the last was at most ts_ns */
			uint64_t count;	  /* 0: not known how many (damage) */
		} lost;
		struct {
			uint32_t tid, tgid, ppid; /* ppid: parent process */
			uint32_t cpu;		  /* last ran on */
			char state;		  /* as /proc/PID/stat says: R S D T t Z X I */
			bool kthread;
			event_prio prio;
			char comm[COMM_LEN];
			int32_t syscall; /* from /proc/PID/syscall, EV_SYSCALL_UNKNOWN when unreadable */
			uint64_t arg;
		} task;
		struct {
			uint32_t parent_tid, parent_tgid; /* who called clone */
			uint32_t tid, tgid;
			uint64_t flags; /* CLONE_* */
			bool kthread;
			char comm[COMM_LEN];
		} fork;
		struct {
			uint32_t tid, tgid;
			uint32_t old_tid; /* differs when another thread than the leader called exec */
			char comm[COMM_LEN];
			const char *path; /* of the program; owned by the reader, never NULL */
		} exec;
		struct {
			uint32_t tid;
			char comm[COMM_LEN];
		} rename;
		struct {
			uint32_t tid, tgid;
			int32_t code;	  /* task->exit_code: wait(2) status */
			bool group_dead;  /* the last thread of its process */
		} exit;
		struct {
			uint32_t tid;	  /* who marked */
			uint8_t what;	  /* enum mark_kind */
			uint64_t job;	  /* number of the job */
			uint64_t arg;	  /* free for the program */
		} mark;
		struct {
			bool online;
		} hotplug;
		struct {
			uint32_t tid;
			uint32_t nr_known; /* the set says nothing of CPUs from this on; 0: it says all */
			struct cpuset set; /* never empty; its bits are owned by the reader */
		} allowed;
	};
};

/* The tids that the event speaks of, in any role, without the idle task's; their number, which may be 0. */
#define EVENT_MAX_TIDS 2
unsigned event_tids(const struct event *ev, uint32_t out[EVENT_MAX_TIDS]);

#endif
