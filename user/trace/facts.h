/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * facts.h - what is known about a recording besides its events: pairs of key and value, both text.
 *
 * Keys are lower case, dot-separated, and listed with their meaning in FORMAT.md; unknown ones are kept and ignored,
 * so that older programs read newer files. They are small: the whole set is at most FACTS_MAX_BYTES. The set is kept
 * sorted by key.
 *
 * The known keys:
 *   schedviz.version   program that recorded              kernel.release     uname -r, decides decoding of states
 *   arch               uname -m, decides system calls     host               node name
 *   command            what was recorded, shell-quoted    workload           name of the included workload, if any
 *   mode               system | target (--only-target)    target.tid         root of the recorded tree; absent for -a
 *   window.from_ns, window.to_ns   CLOCK_MONOTONIC; half-open; to_ns is written at the end
 *   clock.boottime_ns, clock.realtime_ns   value of these clocks when CLOCK_MONOTONIC was window.from_ns
 *   hz                 USER_HZ of /proc                   cpu.possible, cpu.online   kernel lists ("0-3")
 *   cpu.N.package/.core/.node/.llc/.siblings  topology    ring.bytes         hot ring of each CPU
 *   attach.NAME        "yes", or why not, for each program  prev_state       arg | task (where the state was read)
 *   affinity           yes | waits (looked at when a wait begins) | no or absent: is it told where tasks may run?
 *   wake_context       preempt_count | depth | none       recorder.tid, recorder.tgid   the recorder's own tasks
 *   theory.*, run.*    what a workload predicted and measured itself (workloads/workload.h)
 *   workload.cpus, workload.cannot   CPUs it might use; why this machine cannot show what it is about
 *   job.noun           how jobs are called ("task")
 *   At the end, the receipt: receipt.events.KIND, receipt.lost.CPU, receipt.lost_rare, receipt.lost_allowed,
 *   receipt.lost_marks, receipt.bytes, receipt.bpf_ns_per_run, receipt.bpf_runs_sampled, receipt.bpf_sample_ns,
 *   receipt.recorder_user_ns, receipt.recorder_sys_ns, receipt.recorder_rss_bytes, receipt.wakeups, receipt.steal_ns,
 *   receipt.exit_status (wait status)
 */
#ifndef SCHEDVIZ_TRACE_FACTS_H
#define SCHEDVIZ_TRACE_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/err.h"

#define FACTS_MAX_BYTES (16u << 20)
#define FACTS_MAX (1u << 17) /* what a file may hold: dozens for each CPU of the largest machine */

struct fact {
	char *key, *value; /* owned by the set */
};

struct facts {
	struct fact *v;
	size_t n, cap;
};

void facts_set(struct facts *f, const char *key, const char *value); /* replaces */
void facts_setf(struct facts *f, const char *key, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
const char *facts_get(const struct facts *f, const char *key);		     /* NULL: absent */
uint64_t facts_u64(const struct facts *f, const char *key, uint64_t absent); /* absent also for what is no number */
void facts_merge(struct facts *into, const struct facts *from);
void facts_release(struct facts *f);

/* Bytes of a META or END chunk: "key value\n" lines, backslash, newline and control bytes escaped as \xNN. */
void facts_encode(const struct facts *f, struct buf *out);
int facts_decode(struct facts *f, const char *bytes, size_t n, struct err *e); /* adds to f */

#endif
