/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * locks.c - the sleeps of each lock, who its users are, what it likely is, and the order of all.
 */
#include "analysis/locks.h"

#include <stdlib.h>
#include <string.h>
#include "analysis/edge.h"
#include "analysis/locks_inside.h"
#include "base/alloc.h"

/* A thread tells who waits for its end as it gives back its memory: measured 10 to 60 us before it is gone. */
#define JOIN_NS (5 * NSEC_PER_MSEC)
#define JOIN_WAKES_MAX 64u

/* ---- which sleeps are whose: dense numbers for the places that stand for others, in order of their first sleep ----
 */

struct groups {
	uint32_t *of;	 /* by place: number + 1, of those that stand for others */
	uint32_t *begin; /* by number, and one more */
	uint32_t *order; /* indexes into sleeps: lock by lock, of each task by task, of that in order of time */
	uint32_t *by_to; /* the same, of each lock in order of their ends */
	uint32_t *spare;
	uint32_t nr;
};

static void groups_make(struct groups *g, struct lock_work *w)
{
	size_t n = w->sleeps.n;
	uint32_t *at;

	*g = (struct groups){ 0 };
	g->of = xcalloc(w->places.n + 1, sizeof(*g->of));
	g->begin = xcalloc(w->places.n + 3, sizeof(*g->begin));
	g->order = xcalloc(n + 1, sizeof(*g->order));
	g->by_to = xcalloc(n + 1, sizeof(*g->by_to));
	g->spare = xcalloc(n + 1, sizeof(*g->spare));
	at = g->begin + 1; /* while filling, begin[k + 1] is where the next of k goes */
	for (size_t i = 0; i < n; i++) {
		struct lock_sleep *s = &w->sleeps.v[i];
		uint32_t root = locks_root(w, s->place);

		if (!g->of[root])
			g->of[root] = ++g->nr;
		if (s->next == s->place || (s->next != LOCK_NO_PLACE && locks_root(w, s->next) == root))
			s->flags |= LOCK_SLEPT_SAME;
		s->lock = g->of[root] - 1;
		at[s->lock + 1]++;
	}
	for (uint32_t k = 0; k < g->nr; k++)
		at[k + 1] += at[k];
	for (size_t i = 0; i < n; i++)
		g->order[at[w->sleeps.v[i].lock]++] = (uint32_t)i;
}

static void groups_release(struct groups *g)
{
	free(g->of);
	free(g->begin);
	free(g->order);
	free(g->by_to);
	free(g->spare);
}

/* ---- users ---- */

uint32_t locks_seat(struct lock_work *w, struct lock *l, uint32_t nr, uint32_t who)
{
	uint64_t seat = w->seat[who];

	if (seat >> 32 == nr + 1)
		return (uint32_t)seat;
	w->seat[who] = (uint64_t)(nr + 1) << 32 | (uint32_t)l->users.n;
	*vec_push(&l->users) = (struct lock_user){ .task = { who } };
	return (uint32_t)l->users.n - 1;
}

static void count_sleep(struct lock *l, struct lock_user *u, const struct lock_sleep *s, struct window win)
{
	uint64_t ns = history_part_ns(s->from_ns, s->to_ns, win);

	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): whose seat was taken is among the users */
	u->sleeps++;
	u->ns += ns;
	u->max_ns = ns > u->max_ns ? ns : u->max_ns;
	l->sleeps++;
	l->ns += ns;
	if (ns <= l->max_ns && l->sleeps > 1)
		return;
	l->max_ns = ns;
	l->longest = (task_id){ s->who };
	l->longest_from_ns = s->from_ns > win.from_ns ? s->from_ns : win.from_ns;
	l->longest_to_ns = l->longest_from_ns + ns;
	l->ender = TASK_NONE;
	if (s->end == LOCK_END_TASK && s->to_ns < win.to_ns)
		l->ender.i = s->waker;
}

/* Also cuts off what the window does not see of a sleep's end. */
static void count_users(struct lock_work *w, struct lock *l, uint32_t nr, const uint32_t *order, uint32_t n)
{
	struct window win = w->h->window;

	for (uint32_t i = 0; i < n; i++) {
		struct lock_sleep *s = &w->sleeps.v[order[i]];
		uint32_t user = locks_seat(w, l, nr, s->who);

		if (s->to_ns < win.from_ns || s->to_ns >= win.to_ns)
			s->end = LOCK_END_NONE;
		count_sleep(l, &l->users.v[user], s, win);
		if (s->end == LOCK_END_IRQ) {
			l->users.v[user].timeouts++;
			l->timeouts++;
		} else if (s->end == LOCK_END_TASK) {
			user = locks_seat(w, l, nr, s->waker);
			l->users.v[user].wakes++;
			l->wakes++;
		}
	}
	for (size_t i = 0; i < l->users.n; i++)
		l->sleepers += l->users.v[i].sleeps > 0;
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint32_t nr_different(uint64_t *v, size_t n)
{
	uint32_t different = 0;

	if (n)
		qsort(v, n, sizeof(*v), by_number);
	for (size_t i = 0; i < n; i++)
		different += i == 0 || v[i] != v[i - 1];
	return different;
}

/* Where it is: by the earliest sleep; and of how many processes. */
static void place_lock(struct lock_work *w, struct lock *l, const uint32_t *order, uint32_t n)
{
	static const uint8_t kinds[] = {
		[LOCK_CLASS_FUTEX] = LOCK_FUTEX, [LOCK_CLASS_IN] = LOCK_FD,   [LOCK_CLASS_OUT] = LOCK_FD,
		[LOCK_CLASS_ACCEPT] = LOCK_FD,	 [LOCK_CLASS_IPC] = LOCK_IPC, [LOCK_CLASS_POLL] = LOCK_POLL,
	};
	const struct lock_sleep *first = &w->sleeps.v[order[0]];
	uint64_t *processes = xcalloc(l->sleepers, sizeof(*processes));
	uint8_t class;
	size_t nr = 0;

	for (uint32_t i = 1; i < n; i++)
		if (w->sleeps.v[order[i]].from_ns < first->from_ns)
			first = &w->sleeps.v[order[i]];
	class = w->places.v[first->place].class;
	l->kind = kinds[class];
	l->out = class == LOCK_CLASS_OUT;
	l->syscall = w->places.v[first->place].syscall;
	l->arg = w->places.v[first->place].arg;
	l->process = (task_id){ w->process[first->who] };
	for (size_t i = 0; i < l->users.n; i++)
		if (l->users.v[i].sleeps)
			processes[nr++] = w->process[l->users.v[i].task.i];
	l->processes = nr_different(processes, nr);
	free(processes);
}

static void count_words(struct lock_work *w, struct lock *l, const uint32_t *order, uint32_t n)
{
	uint64_t *words = xcalloc(n, sizeof(*words));
	size_t nr = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint64_t word = w->places.v[w->sleeps.v[order[i]].place].arg;

		if (!nr || words[nr - 1] != word)
			words[nr++] = word;
	}
	l->words = nr_different(words, nr);
	free(words);
}

/* ---- what it is ---- */

/* Did the waker end right after, without sleeping again? And has the sleeper made it, or is it the main thread? */
static bool is_join(const struct lock_work *w, const struct lock_sleep *s)
{
	const struct history_task *t = history_task(w->h, (task_id){ s->waker });
	const struct task *task = model_task(w->h->model, (task_id){ s->waker });

	if (!t || !task->died_here || s->to_ns > task->died_ns || task->died_ns - s->to_ns > JOIN_NS ||
	    w->process[s->waker] != w->process[s->who])
		return false;
	for (size_t i = t->v.n; i-- && stretch_to_ns(t, i) > s->to_ns;)
		if (t->v.v[i].state >= STATE_SLEEPING)
			return false;
	return w->process[s->who] == s->who || edge_from(w->h, t, 0).i == s->who;
}

static bool all_joins(const struct lock_work *w, const struct lock *l, const uint32_t *order, uint32_t n)
{
	if (l->kind != LOCK_FUTEX || l->sleepers != 1 || !l->wakes || l->wakes > JOIN_WAKES_MAX)
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (w->sleeps.v[order[i]].end == LOCK_END_TASK && !is_join(w, &w->sleeps.v[order[i]]))
			return false;
	return true;
}

static enum lock_use use_of(const struct lock_work *w, const struct lock *l, const uint32_t *order, uint32_t n)
{
	uint64_t among = 0; /* wake-ups by those who sleep there, too */

	if (!l->wakes)
		return l->timeouts ? LOCK_USE_TIMER : LOCK_USE_UNKNOWN;
	if (all_joins(w, l, order, n))
		return LOCK_USE_JOIN;
	for (size_t i = 0; i < l->users.n; i++)
		among += l->users.v[i].sleeps ? l->users.v[i].wakes : 0;
	/* a quarter: a stray signal, or who sleeps there once in many times, does not make it another thing */
	if (4 * among >= l->wakes)
		return LOCK_USE_LOCK;
	return l->wakes > 1 ? LOCK_USE_SIGNAL : LOCK_USE_UNKNOWN;
}

/*
 * Who marks its jobs and is woken again and again without beginning one was not told that there is one: the other side
 * has a lock, and never finds it taken, so that it never sleeps there itself.
 */
static bool jobs_say_lock(const struct lock_work *w, const struct lock *l, const struct lock_order *o)
{
	uint64_t again = 0;

	if (!w->h->nr_jobs || l->kind != LOCK_FUTEX || (l->use != LOCK_USE_SIGNAL && l->use != LOCK_USE_UNKNOWN))
		return false;
	for (uint32_t i = 0; i < o->n; i++) {
		const struct lock_sleep *s = &w->sleeps.v[o->by_to[i]];

		again += s->end == LOCK_END_TASK && (s->flags & LOCK_SLEPT_BACK) &&
			 history_job_next(w->h, (task_id){ s->who }, 0) != HISTORY_NO_JOB;
	}
	return again >= 3 && 4 * again >= l->wakes;
}

/* ---- in order of time ---- */

/* Merges sorted runs, as the sleeps of each task are: no worse than n log(tasks). */
static void sort_sleeps(const struct lock_sleep *s, uint32_t *v, uint32_t *spare, uint32_t n, bool by_from)
{
#define KEY(i) (by_from ? s[i].from_ns : s[i].to_ns)
	for (uint32_t runs = 2; runs > 1;) {
		runs = 0;
		for (uint32_t at = 0, mid, end; at < n; at = end, runs++) {
			for (mid = at + 1; mid < n && KEY(v[mid - 1]) <= KEY(v[mid]); mid++)
				;
			for (end = mid + (mid < n); end < n && KEY(v[end - 1]) <= KEY(v[end]); end++)
				;
			for (uint32_t out = at, a = at, b = mid; out < end; out++)
				spare[out] = a < mid && (b == end || KEY(v[a]) <= KEY(v[b])) ? v[a++] : v[b++];
			memcpy(v + at, spare + at, (end - at) * sizeof(*v));
		}
	}
#undef KEY
}

/* Of one sleeper both orders are the same. */
static struct lock_order order_of(struct groups *g, const struct lock *l, uint32_t nr)
{
	return (struct lock_order){
		.by_from = g->order + g->begin[nr],
		.by_to = (l->sleepers > 1 ? g->by_to : g->order) + g->begin[nr],
		.n = g->begin[nr + 1] - g->begin[nr],
	};
}

/* What it is, without the order of time; then who made progress. True: see locks_progress(). */
static bool look_first(struct lock_work *w, struct groups *g, struct lock *l, uint32_t nr)
{
	const uint32_t *order = g->order + g->begin[nr], n = g->begin[nr + 1] - g->begin[nr];
	struct lock_order o;
	bool doubtful;

	*l = (struct lock){ .longest = TASK_NONE, .ender = TASK_NONE, .starved = TASK_NONE };
	count_users(w, l, nr, order, n);
	place_lock(w, l, order, n);
	count_words(w, l, order, n);
	l->use = (uint8_t)use_of(w, l, order, n);
	o = order_of(g, l, nr);
	if (l->sleepers > 1) {
		memcpy(o.by_to, order, n * sizeof(*order));
		sort_sleeps(w->sleeps.v, o.by_to, g->spare, n, false);
	}
	doubtful = locks_progress(w, l, &o);
	if (jobs_say_lock(w, l, &o))
		l->use = LOCK_USE_LOCK;
	return doubtful;
}

static void look_over_time(struct lock_work *w, struct groups *g, struct lock *l, uint32_t nr)
{
	struct lock_order o = order_of(g, l, nr);

	locks_herd(w, l, &o);
	if (l->kind == LOCK_POLL && !l->herds)
		return;
	for (size_t i = 0; i < l->users.n; i++) /* seats were taken by other locks meanwhile */
		w->seat[l->users.v[i].task.i] = (uint64_t)(nr + 1) << 32 | i;
	if (l->sleepers > 1)
		sort_sleeps(w->sleeps.v, o.by_from, g->spare, o.n, true);
	locks_hold(w, l, nr, &o);
}

/* ---- all of them ---- */

static int by_ns(const void *a, const void *b)
{
	const struct lock *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns > y->ns ? -1 : 1;
	if (x->longest_from_ns != y->longest_from_ns)
		return x->longest_from_ns < y->longest_from_ns ? -1 : 1;
	return (x->longest.i > y->longest.i) - (x->longest.i < y->longest.i);
}

static int by_user_ns(const void *a, const void *b)
{
	const struct lock_user *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns > y->ns ? -1 : 1;
	return (x->task.i > y->task.i) - (x->task.i < y->task.i);
}

/* Leaves out pollers that were no herd, and puts the others in order. */
static void arrange(struct locks *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->v.n; i++) {
		struct lock *one = &l->v.v[i];

		if (one->kind == LOCK_POLL && !one->herds) {
			vec_release(&one->users);
			continue;
		}
		if (one->users.n > 1)
			qsort(one->users.v, one->users.n, sizeof(one->users.v[0]), by_user_ns);
		l->ns += one->kind == LOCK_POLL ? 0 : one->ns;
		l->v.v[n++] = *one;
	}
	l->v.n = n;
	if (n)
		qsort(l->v.v, n, sizeof(l->v.v[0]), by_ns);
}

void locks_make(struct locks *l, const struct history *h)
{
	struct lock_work w;
	struct groups g;
	bool doubts = false;

	*l = (struct locks){ 0 };
	locks_collect(&w, h);
	locks_join(&w);
	groups_make(&g, &w);
	vec_reserve(&l->v, g.nr);
	for (uint32_t i = 0; i < g.nr; i++)
		doubts |= look_first(&w, &g, vec_push(&l->v), i);
	if (doubts)
		locks_progress_by_waking(&w);
	for (uint32_t i = 0; i < g.nr; i++)
		look_over_time(&w, &g, &l->v.v[i], i);
	arrange(l);
	groups_release(&g);
	locks_collect_release(&w);
}

void locks_release(struct locks *l)
{
	for (size_t i = 0; i < l->v.n; i++)
		vec_release(&l->v.v[i].users);
	vec_release(&l->v);
}
