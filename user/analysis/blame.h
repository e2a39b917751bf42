/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * blame.h - who stole my CPU: for each wait of a target task for a CPU, who ran there meanwhile and which others idled.
 *
 * A wait is one or several runnable stretches (the balancer may move it, see waits.h); its time is that of the part
 * inside the window. All of it is told apart exactly, by what the CPU did that it was queued on at each moment:
 *
 *         busy_ns (somebody ran there: `culprits`) + idle_ns + unknown_ns == to_ns - from_ns
 *
 * A CPU with a queue is idle only for as long as it takes to wake up, or when who is queued may not run (`held`).
 * Beside that, for how long some other CPU that it was allowed on was idle: beside_ns, of the whole wait.
 *
 * Preempted is a wait that began with a switch to another task, which is then `by`. A switch to the idle task takes
 * nobody's CPU: such a wait is held, or it is moved.
 *
 * Held, told from bad luck. What was runnable and left its CPU against its will did not lose it to somebody who was
 * more entitled, but was not allowed to go on, if
 *
 *   1. the CPU in whose queue it stood was idle for more than BLAME_HELD_SLACK_NS before it ran again or was moved:
 *      the scheduler never leaves a CPU idle beside a queue that may run;
 *   2. or it was of a real-time or deadline class, before and after, and was switched out for one of a lower class;
 *   3. or it did not leave a CPU but was woken or made, and the CPU that it was queued on was idle for more than
 *      BLAME_HELD_WOKEN_NS, which no CPU takes to wake up; and for as long as that, give or take as much, tasks of the
 *      target were held by a quota by rule 1: the group has nothing left, so who wakes up in it waits, too.
 *
 * By its own priority that is HELD_QUOTA (a CPU quota of its control group: its share of the period, 100 ms unless set
 * otherwise, was used up), HELD_REALTIME (the limit of all real-time tasks, or the server that keeps 5 % for others) or
 * HELD_DEADLINE (its reserved run time of this period was used up).
 *
 * What this cannot tell: a quota's throttling while others keep the CPU busy all the time looks like being preempted by
 * them; core scheduling, which idles a CPU beside an untrusted sibling, looks like a quota. By rule 3 somebody outside
 * of the group may be taken for a member if its CPU was slow at the very time.
 */
#ifndef SCHEDVIZ_ANALYSIS_BLAME_H
#define SCHEDVIZ_ANALYSIS_BLAME_H

#include "analysis/buckets.h"

/* Clocks of CPUs may disagree by so much about whether it was moved before its old CPU idled. */
#define BLAME_HELD_SLACK_NS 20000
/* Leaving the deepest idle state takes some 200 us, an idle CPU of a virtual machine some 50 more. */
#define BLAME_HELD_WOKEN_NS 1000000

enum held { HELD_NOT, HELD_QUOTA, HELD_REALTIME, HELD_DEADLINE, NR_HELD };

struct wait {
	task_id victim;
	uint64_t from_ns, to_ns; /* the part inside the window; since_ns is when it really began */
	uint64_t since_ns;
	uint32_t cpu;	/* where it was queued at last; CPU_NONE: not known */
	uint8_t why;	/* enum runnable_why */
	uint8_t held;	/* enum held */
	bool moved;	/* it was queued on more than one CPU */
	bool cut;	/* its beginning or its end was not seen */
	bool preempted; /* `by` was switched in when it was switched out */
	bool prios_known;
	task_id by; /* of a preemption: who came; else who ran there longest meanwhile; TASK_NONE: nobody */
	event_prio by_prio, own_prio; /* of a preemption: as `by` came; as it was, before or when it came back */
	uint64_t by_ns;		      /* how long `by` ran there during the wait */
	uint64_t busy_ns, idle_ns, unknown_ns; /* of the CPU(s) it was queued on; they add up to the wait */
	uint64_t beside_ns;		       /* during which at least one other CPU that it was allowed on was idle */
	uint64_t beside_maybe_ns;	       /* the same where it is not known whether it was allowed there */
	uint32_t beside_cpu;		       /* of one in `longest`: which of them was idle longest; CPU_NONE: none */
	uint64_t beside_cpu_ns;
};

struct culprit {
	task_id task;
	uint64_t ns;	    /* ran on a CPU that a task of the target was queued on, summed over waits */
	uint64_t preempted; /* how often it took the CPU of one */
	uint64_t waits;	    /* in how many waits */
	task_id most;	    /* victim from whom it took most, */
	uint64_t most_ns;
};

struct victim {
	task_id task;
	uint64_t ns, waits, preemptions;
	uint64_t longest_ns;
	uint64_t busy_ns, idle_ns, unknown_ns, beside_ns, beside_maybe_ns;
	uint64_t held_ns, held_waits;
	task_id most; /* culprit that took most, */
	uint64_t most_ns;
};

/* When some of the target's tasks, all of the same set of allowed CPUs, were waiting and not held. */
struct wait_place {
	const struct cpuset *set; /* NULL: everywhere, or not known */
	bool known;
	struct buckets when;
};

struct blame {
	VEC(struct culprit) culprits; /* most first */
	VEC(struct victim) victims;   /* most first; every target task that waited */
	VEC(struct wait) longest;     /* the BLAME_LONGEST longest waits, longest first */
	uint64_t waits, ns;	      /* of all victims */
	uint64_t by_why_ns[NR_WHYS];
	uint64_t busy_ns, idle_ns, unknown_ns, beside_ns, beside_maybe_ns;
	uint64_t held_ns[NR_HELD], held_waits[NR_HELD]; /* [HELD_NOT]: all others */
	uint64_t preemptions;
	VEC(struct wait_place) places; /* for the ledger */
	struct buckets held;	       /* when some waited that were held; of the same pieces of time */
};

#define BLAME_LONGEST 100

void blame_make(struct blame *b, const struct history *h);
/* Free `places` and `held`, which are large, once the ledger has been made. */
void blame_release_times(struct blame *b);
void blame_release(struct blame *b);

#endif
