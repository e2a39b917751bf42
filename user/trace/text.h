/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * text.h - the text form: one readable line per event, stable, and readable back in.
 *
 * `schedviz dump` writes it, trace_reader_open() reads it, the tests' fixtures are written in it by hand:
 *
 *   schedviz-text 1                              first line
 *   # a comment; empty lines are allowed
 *   cpus 2                                       short for the facts of a machine with CPUs 0-1 in one package
 *   fact kernel.release 6.1.0                    any fact; window.from_ns is 0 unless given, times are relative to it
 *   0ms      cpu0 task web/10 tgid 10 ppid 1 state R on 0 prio 120
 *   0ms      cpu0 current idle/0 prio 120
 *   0ms      cpu0 switch idle/0 R -> web/10      "nvcsw even|odd" at the end of the line when known
 *   1ms      cpu0 waking db/11 by web/10         "by web/10 in hardirq" (softirq, nmi, unknown) when not in task
 *   1ms      cpu0 switch web/10 S futex(0x7f10) -> db/11 prio 120 -> 120
 *   1.5ms    cpu0 migrate db/11 0 -> 1 by web/10
 *   1.6ms    cpu1 fork web/10 -> web/12 tgid 12 flags 0x1200011
 *   1.7ms    cpu1 wakeup_new web/12 on 1 by web/10
 *   1.8ms    cpu1 exec web/12 tgid 12 old 12 "/bin/true"
 *   1.9ms    cpu1 rename web/12 true
 *   2ms      cpu1 exit true/12 tgid 12 code 0x0 last
 *   2ms      cpu1 mark web/10 submit 4 arg 0     submit | start | finish | instant
 *   2ms      cpu1 lost 17 since 1.9ms
 *   2ms      cpu1 offline                        or online
 *   2ms      cpu1 allowed web/10 0-1,4           on which CPUs it may run from now on, as the kernel writes lists
 *   3.5ms    end                                 sets window.to_ns
 *
 * What each line may have, in this order; [ ] may be left out and then is what = says:
 *
 *   task WHO [tgid N =its tid] [ppid N =1] [state C =S] [on CPU =this] [prio P] [kthread] [SYSCALL]
 *   current WHO [prio P]                     rename WHO NAME
 *   switch WHO [STATE =R] [SYSCALL] -> WHO [prio P [-> P =the same]] [nvcsw even|odd]
 *   waking WHO [by WHO =idle] [in CONTEXT =task] [prio P]
 *   wakeup_new WHO [on CPU =this] [by WHO =idle] [prio P]
 *   migrate WHO CPU -> CPU [by WHO =idle] [prio P]
 *   fork WHO -> WHO [tgid N =its tid] [ptgid N =the parent's tid] [flags N =0] [kthread]
 *   exec WHO [tgid N =its tid] [old N =its tid] ["PATH" =empty]
 *   exit WHO [tgid N =its tid] [code N =0] [last]
 *   mark WHO WHAT JOB [arg N =0]             lost COUNT [since TIME =this]        online | offline
 *   allowed WHO CPUS [of N =all]             nothing is said of CPUs from N on
 *
 * A time is a duration of base/fmt.h or bare seconds with up to nine decimals (what dump writes); it may be negative,
 * before the window. A number is decimal or 0x... A prio is 120 when left out. A STATE is a letter of sched_switch (S D
 * T t X Z P I R) or raw bits as 0x2001, which dump writes when letters cannot; a plus behind it means preempted.
 *
 * WHO is NAME/TID, or idle. In a name whatever is not printable ASCII, or is space, backslash or double quote, is
 * written \xNN; an empty one is \x00. In task, fork (the child), exec and rename the name is what the event says. In
 * the others it is for the reader's eyes, except that the first mention of a tid that no line declared before declares
 * it: as a task that was there at the start (tgid = tid, on this line's CPU, asleep if it is being woken, else R). "?"
 * as a name declares nothing; dump writes it for tasks that have none.
 *
 * SYSCALL is NAME, NAME(ARG), sys_N(ARG) or ia32_N(ARG), of the recording's arch (x86_64 when no fact says); "?" when
 * it could not be read; none when left out.
 *
 * A task of which no line `allowed` speaks may run where its parent may, one that was there at the start everywhere:
 * if there is any such line in the text or a fact "affinity yes". In a text with neither it is not known.
 *
 * Lines may be in any order: they are sorted by time, but what one CPU did at one time stays as it is written.
 */
#ifndef SCHEDVIZ_TRACE_TEXT_H
#define SCHEDVIZ_TRACE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include "base/buf.h"
#include "base/err.h"
#include "base/idmap.h"
#include "trace/event.h"
#include "trace/facts.h"

#define TEXT_MAGIC "schedviz-text 1"

/* Writing: names are learned from the events as they pass. Zeroed, then text_begin(). */
struct text_writer {
	struct idmap name_of; /* tid -> index into names */
	char (*names)[COMM_LEN];
	size_t nr_names, cap_names;
	uint64_t from_ns;
	const char *arch;
};
void text_begin(struct text_writer *t, const struct facts *facts, struct buf *out); /* magic and facts */
void text_event(struct text_writer *t, const struct event *ev, struct buf *out);    /* one line */
void text_end(struct text_writer *t, uint64_t to_ns, struct buf *out);
void text_writer_release(struct text_writer *t);

/* Reading, a whole text at once: events in the order of their lines. Errors name the line. */
struct text_trace {
	struct facts facts;
	struct event *events;
	size_t n, cap;
	struct intern *paths;
	struct {
		struct cpuset *v;
		size_t n, cap;
	} sets; /* of allowed events, which point to their bits */
};
int text_parse(struct text_trace *out, const char *bytes, size_t n, struct err *e);
void text_trace_release(struct text_trace *t);

#endif
