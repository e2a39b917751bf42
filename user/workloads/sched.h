/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sched.h - policies, nice values and slices as people write them, and how a thread takes them.
 *
 * The kernel's sched_setattr(2) does all of it. A request for a slice is a field of the fair policies from 6.12 on
 * (include/uapi/linux/sched/types.h); older kernels ignore it.
 */
#ifndef SCHEDVIZ_WORKLOADS_SCHED_H
#define SCHEDVIZ_WORKLOADS_SCHED_H

#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/err.h"
#include "base/fmt.h"

#define SCHED_SLICE_MIN_NS (100 * NSEC_PER_USEC) /* what the kernel clamps to, kernel/sched/syscalls.c */
#define SCHED_SLICE_MAX_NS (100 * NSEC_PER_MSEC)

struct sched_choice {
	bool set;				     /* anything at all was chosen */
	uint32_t policy;			     /* SCHED_OTHER ... as in linux/sched.h */
	bool nice_set;				     /* else the nice value stays as it is */
	int32_t nice;				     /* of the fair policies */
	uint32_t priority;			     /* of fifo and rr: 1..99 */
	uint64_t runtime_ns, deadline_ns, period_ns; /* of deadline */
	uint64_t slice_ns;			     /* of the fair policies; 0: the kernel's own */
};

/*
 * "other" "batch" "idle" "fifo:P" "rr:P" (P 1..99, 1 when left out) "deadline:RUN/DEADLINE/PERIOD" (durations; of
 * two the second is deadline and period); nice is "-20".."19"; NULL for what was not given. -EINVAL
 * and a sentence: unreadable, or nice and slice with a policy that has none.
 */
int sched_parse(struct sched_choice *out, const char *policy, const char *nice, uint64_t slice_ns, struct err *e);

/* Is it other, batch or idle, or nothing at all? The rules of sharing are about these. */
bool sched_is_fair(const struct sched_choice *c);

/* May only root (CAP_SYS_NICE) ask for it? */
bool sched_needs_root(const struct sched_choice *c);

/* The thread `tid` (0: the calling one) takes it; nothing when it is not set. What the kernel said, and a sentence. */
int sched_apply(const struct sched_choice *c, int tid, struct err *e);

/* "SCHED_FIFO 10", "nice 5", "slice 3ms" */
void sched_describe(const struct sched_choice *c, struct buf *out);

/*
 * The slice of the calling thread, which is of a fair policy: its own, or the kernel's for all. 0: the kernel does not
 * tell (before 6.12), and knows no requests then.
 */
uint64_t sched_slice_ns(void);

/*
 * What real-time tasks leave to the fair ones on a CPU that they never give up, in thousandths: since 6.12 the fair
 * server's 50 ms a second, before that what RT throttling keeps back (kernel.sched_rt_runtime_us; 0 when it is off).
 */
uint32_t sched_left_permille(void);
/* How long a turn of SCHED_RR is (kernel.sched_rr_timeslice_ms); 100 ms, the kernel's default, when it is not told. */
uint64_t sched_rr_quantum_ns(void);

/* A policy by its short name: "other", "fifo" ...; and is it fifo or rr? */
const char *sched_policy_name(uint32_t policy);
bool sched_is_realtime(const struct sched_choice *c);

/*
 * The weight of a nice value among fair tasks, 1024 for 0 and a factor of about 1.25 a step
 * (sched_prio_to_weight[], kernel/sched/core.c); SCHED_IDLE has SCHED_IDLE_WEIGHT.
 */
uint32_t sched_weight(int nice);
#define SCHED_IDLE_WEIGHT 3u

#endif
