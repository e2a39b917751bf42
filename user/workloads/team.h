/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * team.h - a few tasks, processes or threads, that begin at the same instant: what most workloads are made of.
 *
 *         struct shared *s = shared_alloc(sizeof(*s), &e);
 *         const struct team_cfg cfg = { .n = 3, .kind = KIND_PROCS, .name = "hog%u", .fn = hog, .arg = s };
 *         if (team_run(&cfg, &span, &e) < 0)   asleep until all have ended
 *                 return workload_failed(&e);
 *         schedviz_mark_wall(span.from_ns, span.to_ns);
 *
 * Members are made one after another, each asleep until the common start before the next is made. A member that is a
 * process dies with its maker; its address space is a copy, so what members share comes from shared_alloc(). Threads
 * have stacks of the team's own, so that their ends lock no memory map and wake nobody.
 */
#ifndef SCHEDVIZ_WORKLOADS_TEAM_H
#define SCHEDVIZ_WORKLOADS_TEAM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/err.h"

#define TEAM_LEAD_NS 50000000u /* the common start is so long after the first member is made, times the scale */

struct team_cfg {
	uint32_t n;
	int kind;	  /* enum workload_kind */
	const char *name; /* "worker%u"; without a %u all have the same */
	/* before the common start: pin, take a policy. Nonzero ends the member with that status; NULL: nothing */
	int (*before)(void *arg, uint32_t i);
	int (*fn)(void *arg, uint32_t i); /* the member's work; its exit status, 0..127 */
	void *arg;
	uint64_t lead_ns; /* from team_start() to the common start; 0: TEAM_LEAD_NS; TEAM_AT_ONCE: none, each begins */
};
#define TEAM_AT_ONCE UINT64_MAX

struct team_span { /* CLOCK_MONOTONIC */
	uint64_t from_ns; /* the common start; with TEAM_AT_ONCE that of team_start() */
	uint64_t to_ns;	  /* when the last had ended and its maker was awake again */
};

/*
 * Make a team and sleep until all have ended: team_start() and team_join(). 0 and *span; or a negative code and a
 * sentence, which names the first member that ended badly (and may have said why itself).
 */
int team_run(const struct team_cfg *cfg, struct team_span *span, struct err *e);

/* ---- the same in two steps, for who wants to do something meanwhile ---- */

struct team;

/*
 * NULL and a sentence when a member could not be made; the ones made before are gone then. Returns at once: the common
 * start may still be ahead, team_start_ns() tells when.
 */
struct team *team_start(const struct team_cfg *cfg, struct err *e);
uint64_t team_start_ns(const struct team *t);	     /* CLOCK_MONOTONIC */
uint64_t team_began_ns(void);			     /* the same, asked by a member inside before() or fn() */
pid_t team_tid(const struct team *t, uint32_t i);    /* of a member; of a thread 0 until it has begun */
void team_kill(struct team *t, uint32_t i, int sig); /* a member that is a process; nothing if it is a thread */
/*
 * Asleep until every member has ended, in their order; frees the team and returns how many ended with a status other
 * than 0 or by a signal. `statuses` (NULL: not wanted) gets n wait statuses, those of threads as if they had exited.
 */
uint32_t team_join(struct team *t, int *statuses);

/* Zeroed memory that processes forked from now on share; NULL and a sentence. Release with shared_free(). */
void *shared_alloc(size_t bytes, struct err *e);
void shared_free(void *p, size_t bytes); /* NULL is fine */

#endif
