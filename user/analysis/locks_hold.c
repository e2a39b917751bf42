/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * locks_hold.c - one lock in order of time: who stood in its queue, who had it, who gave it to whom, who starved.
 */
#include <stdlib.h>
#include <string.h>
#include "analysis/locks_inside.h"
#include "base/alloc.h"

#define GIVE_GAP_NS (50 * NSEC_PER_USEC) /* several woken at once are one giving back */
#define CONVOY_RETURNS 2u		 /* times that each who sleeps there is let through: they come back */
#define CONVOY_PART 10u			 /* of the window: so seldom is no chance meeting */
#define STARVED_PASSES_MIN 10u
#define STARVED_TIMES 4u		 /* a fair queue lets each pass once, twice where it just missed its turn */
#define STARVED_SHARE(n) ((n) + (n) / 3) /* at most three quarters of the others' mean */
#define NEVER UINT64_MAX
#define NOT_YET SIZE_MAX

struct held {
	uint64_t n, ns, max_ns;
};

/* Once it was given back. */
struct gave {
	uint32_t user;	    /* LOCK_NOBODY: never */
	uint64_t ns, to_ns; /* when it woke the first and the last of those it woke */
	uint64_t let_in;    /* number of the giving back by which it had been woken itself; 0: none */
};

/* What is known of a user at this point of time. */
struct seat {
	uint64_t woken_ns;   /* it passed then, and has not given it back; NEVER */
	uint64_t let_in;     /* by which giving back, counted from 1 */
	uint64_t wait_ns;    /* since then it waits, awake in vain in between; NEVER: it does not */
	uint64_t wait_gives; /* by others, when that began */
	size_t at;	     /* its stretch where a hold ended last; NOT_YET */
	/* Woken there; the same, but not before another gave it back; without having slept. */
	struct held own, turn, barged;
};

struct queue {
	struct lock_work *w;
	struct lock *l;
	uint32_t nr;
	struct seat *seats; /* by index of the user */
	uint32_t sleepers;
	uint64_t since_ns;	 /* two or more sleep; NEVER */
	uint64_t episode_ns;	 /* since a second one came, until all are gone; NEVER */
	uint64_t front_ns;	 /* given back last while others slept, or when the first of these fell asleep */
	struct gave last, other; /* other: the last time by another than that one */
	uint64_t overlaps;
	bool may_be_convoy;
	uint64_t given_ns; /* for so long holders slept until a task woke them */
	task_id chain[LOCK_CHAIN];
	uint64_t chain_len;
	uint32_t chain_end; /* user that may give next */
};

static void held_add(struct held *h, uint64_t ns)
{
	h->n++;
	h->ns += ns;
	h->max_ns = ns > h->max_ns ? ns : h->max_ns;
}

/* ---- waits ---- */

static uint64_t given_by_others(const struct queue *q, uint32_t user)
{
	return q->l->gives - q->l->users.v[user].gives;
}

static void wait_begins(struct queue *q, uint32_t user, uint64_t ts_ns)
{
	struct seat *s = &q->seats[user];

	if (s->wait_ns != NEVER)
		return;
	s->wait_ns = ts_ns > q->w->h->window.from_ns ? ts_ns : q->w->h->window.from_ns;
	s->wait_gives = given_by_others(q, user);
}

/* `woken`: the last giving back was for it, and no pass of another. */
static void wait_ends(struct queue *q, uint32_t user, uint64_t ts_ns, bool woken)
{
	struct seat *s = &q->seats[user];
	struct lock_user *u = &q->l->users.v[user];
	uint64_t passes, ns;

	if (s->wait_ns == NEVER)
		return;
	passes = given_by_others(q, user) - s->wait_gives;
	passes -= woken && passes;
	ns = ts_ns - s->wait_ns;
	s->wait_ns = NEVER;
	if (passes < u->wait_gives || (passes == u->wait_gives && ns <= u->wait_ns))
		return;
	u->wait_gives = passes;
	u->wait_ns = ns;
}

/* ---- holders ---- */

static void chain_goes_on(struct queue *q, uint32_t from, uint32_t to)
{
	struct lock *l = q->l;

	if (!q->chain_len || q->chain_end != from) {
		q->chain[0] = l->users.v[from].task;
		q->chain_len = 1;
	}
	if (q->chain_len < LOCK_CHAIN)
		q->chain[q->chain_len] = l->users.v[to].task;
	q->chain_len++;
	q->chain_end = to;
	if (q->chain_len <= l->chain_len)
		return;
	l->chain_len = q->chain_len;
	memcpy(l->chain, q->chain, sizeof(l->chain));
}

/* What a user did in [from_ns, to_ns). Asked in the order of time. */
struct did {
	uint64_t ran_ns, slept_ns;
	uint64_t given_ns; /* of slept_ns: until a task woke it */
};

static struct did what_it_did(struct queue *q, uint32_t user, uint64_t from_ns, uint64_t to_ns)
{
	const struct history_task *t = history_task(q->w->h, q->l->users.v[user].task);
	size_t *at = &q->seats[user].at;
	struct did out = { 0 };

	if (t && *at == NOT_YET)
		*at = history_at(t, from_ns) == SIZE_MAX ? 0 : history_at(t, from_ns);
	for (; t && t->v.v[*at].from_ns < to_ns; (*at)++) {
		const struct stretch *s = &t->v.v[*at];
		uint64_t end_ns = stretch_to_ns(t, *at);
		uint64_t ns = history_part_ns(s->from_ns, end_ns, (struct window){ from_ns, to_ns });
		bool last = *at + 1 == t->v.n;

		out.ran_ns += s->state == STATE_RUNNING ? ns : 0;
		out.slept_ns += s->state == STATE_SLEEPING ? ns : 0;
		if (s->state == STATE_SLEEPING && !last && stretch_ctx(s + 1) == EV_CTX_TASK && task_some(s[1].waker))
			out.given_ns += ns;
		if (last || end_ns > to_ns)
			break;
	}
	return out;
}

/* It had it: was what it waited for meanwhile given it? */
static void look_at_hold(struct queue *q, uint32_t user, uint64_t from_ns, uint64_t to_ns)
{
	if (q->may_be_convoy)
		q->given_ns += what_it_did(q, user, from_ns, to_ns).given_ns;
}

/* It was woken there, and had it until now. */
static void had_its_turn(struct queue *q, uint32_t user, uint64_t ts_ns)
{
	struct seat *s = &q->seats[user];
	const struct gave *other = q->last.user == user ? &q->other : &q->last;
	uint64_t since_ns = other->ns > s->woken_ns ? other->ns : s->woken_ns;

	held_add(&s->own, ts_ns - s->woken_ns);
	held_add(&s->turn, ts_ns - since_ns);
	look_at_hold(q, user, since_ns, ts_ns);
	q->overlaps += since_ns > s->woken_ns + GIVE_GAP_NS && other->let_in != s->let_in;
	q->l->handovers++;
}

static void gives(struct queue *q, uint32_t user, uint64_t ts_ns)
{
	struct seat *s = &q->seats[user];

	q->l->gives++;
	q->l->users.v[user].gives++;
	if (s->woken_ns != NEVER) {
		had_its_turn(q, user, ts_ns);
	} else if (q->front_ns != NEVER && q->front_ns < ts_ns) {
		held_add(&s->barged, ts_ns - q->front_ns);
		look_at_hold(q, user, q->front_ns, ts_ns);
	}
	if (q->last.user != user)
		q->other = q->last;
	q->last = (struct gave){ user, ts_ns, ts_ns, s->woken_ns == NEVER ? 0 : s->let_in };
	s->woken_ns = NEVER;
}

/* ---- sleeps begin and end ---- */

static void falls_asleep(struct queue *q, const struct lock_sleep *s)
{
	uint64_t ts_ns = s->from_ns > q->w->h->window.from_ns ? s->from_ns : q->w->h->window.from_ns;
	uint32_t user = locks_seat(q->w, q->l, q->nr, s->who);

	q->seats[user].woken_ns = NEVER; /* it gave it back, and nobody slept there */
	wait_begins(q, user, ts_ns);
	if (++q->sleepers == 1)
		q->front_ns = ts_ns;
	if (q->sleepers == 2) {
		q->since_ns = ts_ns;
		q->episode_ns = q->episode_ns == NEVER ? ts_ns : q->episode_ns;
	}
	q->l->max_sleepers = q->sleepers > q->l->max_sleepers ? q->sleepers : q->l->max_sleepers;
}

static void queue_shrinks(struct queue *q, uint64_t ts_ns)
{
	if (q->sleepers-- == 2) {
		q->l->queue_ns += ts_ns - q->since_ns;
		q->since_ns = NEVER;
	}
	if (q->sleepers || q->episode_ns == NEVER)
		return;
	q->l->queues++;
	q->l->queues_ns += ts_ns - q->episode_ns;
	q->l->queues_max_ns = ts_ns - q->episode_ns > q->l->queues_max_ns ? ts_ns - q->episode_ns : q->l->queues_max_ns;
	q->episode_ns = NEVER;
}

/* Does the waker go on waking, and has not had the lock again since? It may have been preempted in between. */
static bool wakes_one_more(struct queue *q, uint32_t waker, uint64_t ts_ns)
{
	struct did did;

	if (q->last.user != waker || q->seats[waker].woken_ns != NEVER)
		return false;
	if (ts_ns - q->last.to_ns <= GIVE_GAP_NS)
		return true;
	if (q->l->use != LOCK_USE_LOCK && q->l->use != LOCK_USE_GATE)
		return false;
	did = what_it_did(q, waker, q->last.to_ns, ts_ns);
	return did.ran_ns && did.ran_ns <= GIVE_GAP_NS && !did.slept_ns;
}

static void is_woken(struct queue *q, const struct lock_sleep *s, uint32_t user)
{
	uint32_t waker = locks_seat(q->w, q->l, q->nr, s->waker);

	if (!wakes_one_more(q, waker, s->to_ns))
		gives(q, waker, s->to_ns);
	q->last.to_ns = s->to_ns;
	q->front_ns = q->sleepers > 1 ? s->to_ns : NEVER;
	if (s->flags & LOCK_SLEPT_VAIN) {
		q->l->in_vain++;
		q->l->users.v[user].in_vain++;
		return;
	}
	q->l->passes++;
	q->l->users.v[user].passes++;
	q->seats[user].woken_ns = s->to_ns;
	q->seats[user].let_in = q->l->gives;
	wait_ends(q, user, s->to_ns, true);
	chain_goes_on(q, waker, user);
}

static void wakes_up(struct queue *q, const struct lock_sleep *s)
{
	uint32_t user = locks_seat(q->w, q->l, q->nr, s->who);
	uint64_t to_ns = s->to_ns < q->w->h->window.to_ns ? s->to_ns : q->w->h->window.to_ns;

	if (s->end == LOCK_END_TASK)
		is_woken(q, s, user);
	else if (s->end == LOCK_END_IRQ && (s->flags & LOCK_SLEPT_VAIN))
		q->l->in_vain++, q->l->users.v[user].in_vain++;
	else if (!(s->flags & LOCK_SLEPT_BACK))
		wait_ends(q, user, to_ns, false);
	queue_shrinks(q, to_ns);
}

static void play(struct queue *q, const struct lock_order *o)
{
	const struct lock_sleep *all = q->w->sleeps.v;
	uint32_t begun = 0, ended = 0;

	while (ended < o->n) {
		if (begun < o->n && all[o->by_from[begun]].from_ns < all[o->by_to[ended]].to_ns)
			falls_asleep(q, &all[o->by_from[begun++]]);
		else
			wakes_up(q, &all[o->by_to[ended++]]);
	}
	for (uint32_t i = 0; i < q->l->users.n; i++)
		wait_ends(q, i, q->w->h->window.to_ns, false);
}

/* ---- sums ---- */

static void sum_held(struct queue *q)
{
	struct lock *l = q->l;
	bool one_key = 4 * q->overlaps < l->handovers || !l->handovers;

	for (uint32_t i = 0; i < l->users.n; i++) {
		struct held h = one_key ? q->seats[i].turn : q->seats[i].own, barged = q->seats[i].barged;

		if (one_key) {
			h.n += barged.n;
			h.ns += barged.ns;
			h.max_ns = h.max_ns > barged.max_ns ? h.max_ns : barged.max_ns;
		}
		l->users.v[i].held = h.n;
		l->users.v[i].held_ns = h.ns;
		l->held += h.n;
		l->held_ns += h.ns;
		l->held_max_ns = l->held_max_ns > h.max_ns ? l->held_max_ns : h.max_ns;
	}
}

/* Who gave it back without having slept there had it, too. */
static uint64_t had(const struct lock_user *u)
{
	return u->passes > u->gives ? u->passes : u->gives;
}

static void judge_starved(struct lock *l)
{
	uint64_t all = 0, others = l->users.n - 1, least = UINT64_MAX;

	for (size_t i = 0; i < l->users.n; i++)
		all += had(&l->users.v[i]);
	for (size_t i = 0; others && i < l->users.n; i++) {
		const struct lock_user *u = &l->users.v[i];

		if (u->wait_gives < STARVED_PASSES_MIN || u->wait_gives < STARVED_TIMES * others ||
		    STARVED_SHARE(had(u)) > (all - had(u)) / others || had(u) >= least)
			continue;
		least = had(u);
		l->starved = u->task;
		l->starved_ns = u->ns;
		l->starved_passes = had(u);
		l->others_passes = all - had(u);
	}
}

/* Two must have slept there at once for a part of the window. */
static bool may_be_convoy(const struct lock *l, struct window w)
{
	return l->use == LOCK_USE_LOCK && l->ns >= (w.to_ns - w.from_ns) / CONVOY_PART * 2;
}

/*
 * A line in which each stands once is none. Nor is one behind somebody who waits for work himself: a pool's idle
 * workers line up at the lock of their queue, and who has it sleeps until there is a job.
 */
static bool is_convoy(const struct queue *q)
{
	const struct lock *l = q->l;
	struct window w = q->w->h->window;

	return l->gives >= CONVOY_RETURNS * l->sleepers && l->queue_ns >= (w.to_ns - w.from_ns) / CONVOY_PART &&
	       2 * q->given_ns <= l->held_ns;
}

void locks_hold(struct lock_work *w, struct lock *l, uint32_t nr, const struct lock_order *o)
{
	struct queue q = {
		.w = w,
		.l = l,
		.nr = nr,
		.seats = xcalloc(l->users.n, sizeof(*q.seats)),
		.may_be_convoy = may_be_convoy(l, w->h->window),
		.since_ns = NEVER,
		.episode_ns = NEVER,
		.front_ns = NEVER,
		.last.user = LOCK_NOBODY,
		.other.user = LOCK_NOBODY,
	};

	for (size_t i = 0; i < l->users.n; i++)
		q.seats[i] = (struct seat){ .woken_ns = NEVER, .wait_ns = NEVER, .at = NOT_YET };
	play(&q, o);
	if (l->use == LOCK_USE_LOCK) {
		sum_held(&q);
		judge_starved(l);
		l->convoy = is_convoy(&q);
	}
	free(q.seats);
}

/* ---- the holder, meanwhile ---- */

struct runner {
	uint32_t who;
	uint64_t ns;
};

/* Who had the CPU in [from_ns, to_ns), added up in `v`. */
static void add_runners(const struct history_cpu *c, uint64_t from_ns, uint64_t to_ns, struct runner *v, size_t *n,
			size_t max)
{
	for (size_t i = history_cpu_at(c, from_ns); i < c->v.n && c->v.v[i].from_ns < to_ns; i++) {
		uint64_t ns = history_part_ns(c->v.v[i].from_ns, on_cpu_to_ns(c, i), (struct window){ from_ns, to_ns });
		size_t k = 0;

		if (!ON_CPU_IS_TASK(c->v.v[i].who))
			continue;
		while (k < *n && v[k].who != c->v.v[i].who)
			k++;
		if (k == *n && *n == max)
			continue;
		if (k == *n)
			v[(*n)++] = (struct runner){ .who = c->v.v[i].who };
		v[k].ns += ns;
	}
}

struct lock_while locks_while(const struct lock *l, const struct history *h)
{
	const struct history_task *t = history_task(h, l->ender);
	struct window win = { l->longest_from_ns, l->longest_to_ns };
	struct lock_while out = { .ran_most = TASK_NONE };
	struct runner runners[64];
	size_t n = 0, at = t ? history_at(t, win.from_ns) : SIZE_MAX;

	if (t && at == SIZE_MAX)
		at = 0; /* not born yet */
	for (; t && at < t->v.n && t->v.v[at].from_ns < win.to_ns; at++) {
		const struct stretch *s = &t->v.v[at];
		uint64_t ns = history_part_ns(s->from_ns, stretch_to_ns(t, at), win);

		*(s->state == STATE_RUNNING    ? &out.ran_ns
		  : s->state == STATE_RUNNABLE ? &out.waited_ns
		  : s->state == STATE_UNKNOWN  ? &out.unknown_ns
					       : &out.slept_ns) += ns;
		if (s->state == STATE_RUNNABLE && ns && s->cpu < h->nr_cpus)
			add_runners(&h->cpus[s->cpu], s->from_ns > win.from_ns ? s->from_ns : win.from_ns,
				    stretch_to_ns(t, at) < win.to_ns ? stretch_to_ns(t, at) : win.to_ns, runners, &n,
				    sizeof(runners) / sizeof(runners[0]));
	}
	for (size_t i = 0; i < n; i++) {
		if (runners[i].ns <= out.ran_most_ns)
			continue;
		out.ran_most = (task_id){ runners[i].who };
		out.ran_most_ns = runners[i].ns;
	}
	return out;
}
