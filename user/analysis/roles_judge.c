/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * roles_judge.c - the rules of roles.h, held against what was collected.
 */
#include <stdlib.h>
#include "analysis/roles.h"
#include "base/alloc.h"

#define NOBODY UINT32_MAX
#define MOSTLY_PERCENT 90u /* of its sleep in one call */
#define ASLEEP_LEAST_NS 1000000u
#define FEEDS_LEAST 2u /* wake-ups out of a read: one may be chance */
#define GIL_LEAST 5u   /* sleeps of about the interval */
#define GIL_TIMEOUT_PERCENT 80u
#define GIL_BUSY_PERCENT 90u

/* Families by index, NOBODY-ended, in order of birth: a process' further threads, its forked children. */
struct judge {
	struct roles *r;
	const struct model *m;
	uint32_t *first_thread, *next_thread;
	uint32_t *first_child, *next_child;
};

static const struct task *task_at(const struct judge *j, uint32_t i)
{
	return model_task(j->m, (task_id){ i });
}

/* Names are interned. */
static bool same_name(const struct judge *j, uint32_t a, uint32_t b)
{
	return task_at(j, a)->name == task_at(j, b)->name;
}

static void link_families(struct judge *j)
{
	uint32_t n = j->r->n;

	for (uint32_t i = 0; i < n; i++)
		j->first_thread[i] = j->first_child[i] = NOBODY;
	for (uint32_t i = n; i-- > 0;) {
		const struct task *t = task_at(j, i);

		if (j->r->kin[i].leader != i) {
			j->next_thread[i] = j->first_thread[j->r->kin[i].leader];
			j->first_thread[j->r->kin[i].leader] = i;
		} else if (task_some(t->parent) && !t->path && same_name(j, i, t->parent.i)) {
			j->next_child[i] = j->first_child[t->parent.i];
			j->first_child[t->parent.i] = i;
		}
	}
}

/* ---- evidence ---- */

static uint64_t asleep_ns(const struct role_facts *t)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < NR_ROLE_CALLS; i++)
		sum += t->ns[i];
	return sum;
}

static bool mostly_in(const struct judge *j, uint32_t i, enum role_call call)
{
	const struct role_facts *f = &j->r->v[i];
	const struct task *t = task_at(j, i);
	uint64_t asleep = asleep_ns(f);

	return asleep >= ASLEEP_LEAST_NS && asleep >= (t->died_ns - t->born_ns) / 2 &&
	       f->ns[call] >= asleep / 100 * MOSTLY_PERCENT;
}

static bool shares_name(const struct judge *j, uint32_t i)
{
	uint32_t leader = j->r->kin[i].leader;

	if (i != leader && same_name(j, i, leader))
		return true;
	for (uint32_t x = j->first_thread[leader]; x != NOBODY; x = j->next_thread[x])
		if (x != i && same_name(j, x, i))
			return true;
	return false;
}

static bool woke_from_read(const struct judge *j, uint32_t waker, uint32_t who)
{
	for (size_t k = 0; k < ROLE_MET; k++)
		if (j->r->v[waker].met[k].reads && j->r->v[waker].met[k].who.i == who)
			return true;
	return false;
}

/* ---- the pool ---- */

struct pool {
	uint32_t leader, workers, tasks, results; /* the handlers */
};

static bool is_child(const struct judge *j, const struct pool *p, uint32_t i)
{
	const struct task *t = task_at(j, i);

	return j->r->kin[i].leader == i && t->parent.i == p->leader && !t->path && same_name(j, i, p->leader);
}

/* Three threads in a row, from `first` on. */
static bool looks_like_pool(const struct judge *j, uint32_t first, struct pool *p)
{
	*p = (struct pool){ .leader = j->r->kin[first].leader, .workers = first };
	p->tasks = j->next_thread[first];
	p->results = p->tasks == NOBODY ? NOBODY : j->next_thread[p->tasks];
	return p->results != NOBODY && same_name(j, p->workers, p->leader) && same_name(j, p->tasks, p->leader) &&
	       same_name(j, p->results, p->leader) && mostly_in(j, p->workers, CALL_POLL) &&
	       mostly_in(j, p->tasks, CALL_FUTEX) && mostly_in(j, p->results, CALL_READ);
}

static bool took_part(const struct judge *j, const struct pool *p, uint32_t child)
{
	return woke_from_read(j, p->tasks, child) || woke_from_read(j, child, p->results);
}

/* Called for each that `waker` woke: among children the lock changes hands. */
static void mark_met(struct judge *j, const struct pool *p, uint32_t waker)
{
	const struct role_facts *f = &j->r->v[waker];

	for (size_t k = 0; k < ROLE_MET; k++) {
		uint32_t who = f->met[k].who.i;

		if (!(f->met[k].reads + f->met[k].futexes) || !is_child(j, p, who))
			continue;
		j->r->v[who].role = j->r->v[waker].role = ROLE_WORKER;
	}
}

static void judge_pool(struct judge *j, const struct pool *p)
{
	struct role_facts *v = j->r->v;
	bool proven = false;

	for (uint32_t c = j->first_child[p->leader]; c != NOBODY && !proven; c = j->next_child[c])
		proven = took_part(j, p, c);
	if (!proven)
		return;
	v[p->workers].role = ROLE_WORKER_HANDLER;
	v[p->tasks].role = ROLE_TASK_HANDLER;
	v[p->results].role = ROLE_RESULT_HANDLER;
	for (uint32_t c = j->first_child[p->leader]; c != NOBODY; c = j->next_child[c]) {
		if (took_part(j, p, c))
			v[c].role = ROLE_WORKER;
		mark_met(j, p, c);
	}
}

/* ---- single threads ---- */

static bool feeds(const struct judge *j, uint32_t i)
{
	const struct role_facts *f = &j->r->v[i];
	uint32_t reads = 0;

	for (size_t k = 0; k < ROLE_MET; k++)
		if (f->met[k].reads && same_name(j, f->met[k].who.i, i))
			reads += f->met[k].reads;
	return f->kin_wakes && reads >= FEEDS_LEAST && mostly_in(j, i, CALL_FUTEX);
}

static bool waits_for_gil(const struct judge *j, uint32_t i)
{
	const struct role_facts *f = &j->r->v[i];

	return f->gil.count >= GIL_LEAST && f->gil_handed &&
	       f->gil.count >= (uint64_t)f->timeouts * GIL_TIMEOUT_PERCENT / 100 &&
	       f->gil_busy >= f->gil.count * GIL_BUSY_PERCENT / 100 && f->gil.ns >= asleep_ns(f) / 2;
}

static enum role judge_thread(const struct judge *j, uint32_t i)
{
	bool leads = j->r->kin[i].leader == i;

	if (!leads && feeds(j, i))
		return ROLE_FEEDER;
	if (waits_for_gil(j, i))
		return ROLE_GIL_WAITER;
	return !leads && mostly_in(j, i, CALL_FUTEX) ? ROLE_WAITER : ROLE_NONE;
}

static void judge_process(struct judge *j, uint32_t leader)
{
	struct pool p;

	for (uint32_t i = j->first_thread[leader]; i != NOBODY; i = j->next_thread[i])
		if (looks_like_pool(j, i, &p))
			judge_pool(j, &p);
	for (uint32_t i = leader; i != NOBODY; i = i == leader ? j->first_thread[leader] : j->next_thread[i]) {
		enum role role = j->r->v[i].role == ROLE_NONE ? judge_thread(j, i) : ROLE_NONE;

		if (role != ROLE_NONE && shares_name(j, i))
			j->r->v[i].role = role;
	}
}

void roles_finish(struct roles *r)
{
	uint32_t n = r->n;
	struct judge j = {
		.r = r,
		.m = *r->model,
		.first_thread = xcalloc(n + 1u, sizeof(uint32_t)),
		.next_thread = xcalloc(n + 1u, sizeof(uint32_t)),
		.first_child = xcalloc(n + 1u, sizeof(uint32_t)),
		.next_child = xcalloc(n + 1u, sizeof(uint32_t)),
	};

	link_families(&j);
	for (uint32_t i = 0; i < n; i++)
		if (j.first_thread[i] != NOBODY)
			judge_process(&j, i);
	free(j.first_thread);
	free(j.next_thread);
	free(j.first_child);
	free(j.next_child);
}
