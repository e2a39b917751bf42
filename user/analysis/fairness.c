/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fairness.c - find tasks that competed for long, and compare what they got with what they were due.
 */
#include "analysis/fairness.h"

#include <stdlib.h>
#include "base/alloc.h"

#define TOGETHER_LEAST 20 /* 1/20 of the window: 5 % */
#define PRIO_FAIR 100	  /* kernel priorities: below are real time and deadline, 120 is nice 0 */
#define PRIO_NICE_0 120
#define PRIO_LAST 139
#define PPM 1000000u

struct times {
	struct want *v;
	size_t n, cap;
};

/* Who wanted a CPU for long stretches. */
struct candidate {
	task_id task;
	size_t at; /* in history.tasks */
	struct times long_ones;
	uint64_t ns; /* sum of these */
	bool taken;  /* in a group */
};

struct contest {
	const struct history *h;
	VEC(struct candidate) v; /* longest first */
	uint64_t least_ns;	 /* for so long a group has to be together */
};

/* ---- who ---- */

static void add_candidate(struct contest *c, struct fair_groups *f, const struct wants *w, size_t at)
{
	struct candidate one = { .task = c->h->tasks.v[at].id, .at = at };
	int prio = model_task(c->h->model, one.task)->prio;

	for (size_t i = w->first[at]; i < w->first[at + 1]; i++) {
		if (w->v.v[i].to_ns - w->v.v[i].from_ns < 2 * FAIR_TURN_NS)
			continue;
		*vec_push(&one.long_ones) = w->v.v[i];
		one.ns += w->v.v[i].to_ns - w->v.v[i].from_ns;
	}
	if (one.ns >= c->least_ns && prio >= PRIO_FAIR && prio <= PRIO_LAST) {
		*vec_push(&c->v) = one;
		return;
	}
	f->above += one.ns >= c->least_ns && prio < PRIO_FAIR;
	vec_release(&one.long_ones);
}

static int longest_first(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? 1 : -1;
	return (x->task.i > y->task.i) - (x->task.i < y->task.i);
}

static uint64_t shorter(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Times in both that last for `least_ns`; returns their sum. */
static uint64_t intersect(const struct times *a, const struct times *b, uint64_t least_ns, struct times *both)
{
	uint64_t ns = 0;

	both->n = 0;
	for (size_t i = 0, k = 0; i < a->n && k < b->n;) {
		const struct want *x = &a->v[i], *y = &b->v[k];
		uint64_t from_ns = x->from_ns > y->from_ns ? x->from_ns : y->from_ns;
		uint64_t to_ns = shorter(x->to_ns, y->to_ns);

		if (from_ns < to_ns && to_ns - from_ns >= least_ns) {
			*vec_push(both) = (struct want){ from_ns, to_ns };
			ns += to_ns - from_ns;
		}
		x->to_ns < y->to_ns ? i++ : k++;
	}
	return ns;
}

/* ---- what they got, and what they were due ---- */

static uint64_t ran_within(const struct history_task *t, const struct times *times)
{
	uint64_t ns = 0;

	for (size_t i = 0, k = 0; i < t->v.n && k < times->n;) {
		struct window w = { times->v[k].from_ns, times->v[k].to_ns };
		uint64_t to_ns = stretch_to_ns(t, i);

		if (t->v.v[i].state == STATE_RUNNING)
			ns += history_part_ns(t->v.v[i].from_ns, to_ns, w);
		to_ns < w.to_ns ? i++ : k++;
	}
	return ns;
}

/* sched_prio_to_weight of kernel/sched/core.c, nice -20 to 19. */
static uint32_t weight_of(int nice)
{
	static const uint32_t weights[] = {
		88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916, 9548, 7620, 6100, 4904,
		3906,  3121,  2501,  1991,  1586,  1277,  1024,	 820,	655,   526,   423,  335,  272,	215,
		172,   137,   110,   87,    70,	   56,	  45,	 36,	29,    23,    18,   15,
	};

	return weights[nice + 20];
}

/* By weight, but at most one CPU each: what that leaves over is shared by the others, again by weight. */
static void set_due(struct fairness *f)
{
	uint64_t left_ns = 0, weights = 0;
	bool capped;

	for (size_t i = 0; i < f->v.n; i++) {
		left_ns += f->v.v[i].got_ns;
		weights += weight_of(f->v.v[i].nice);
	}
	do {
		capped = false;
		for (size_t i = 0; i < f->v.n; i++) {
			struct fair_share *s = &f->v.v[i];
			uint32_t weight = weight_of(s->nice);

			if (s->due_ns || (unsigned __int128)left_ns * weight / weights < f->together_ns)
				continue;
			s->due_ns = f->together_ns;
			left_ns -= shorter(left_ns, f->together_ns);
			weights -= weight;
			capped = true;
			break;
		}
	} while (capped && weights);
	for (size_t i = 0; i < f->v.n; i++) {
		struct fair_share *s = &f->v.v[i];

		if (!s->due_ns)
			s->due_ns = (uint64_t)((unsigned __int128)left_ns * weight_of(s->nice) / weights);
	}
}

static uint64_t part_ppm(const struct fair_share *s)
{
	return s->due_ns ? (uint64_t)((unsigned __int128)s->got_ns * PPM / s->due_ns) : 0;
}

static int least_first(const void *a, const void *b)
{
	const struct fair_share *x = a, *y = b;
	uint64_t p = part_ppm(x), q = part_ppm(y);

	if (p != q)
		return p < q ? -1 : 1;
	return (x->task.i > y->task.i) - (x->task.i < y->task.i);
}

static uint64_t jain_of(const struct fairness *f)
{
	unsigned __int128 sum = 0, squares = 0;

	for (size_t i = 0; i < f->v.n; i++) {
		uint64_t x = part_ppm(&f->v.v[i]);

		sum += x;
		squares += (unsigned __int128)x * x;
	}
	return squares ? (uint64_t)(sum * sum / f->v.n * PPM / squares) : 0;
}

static void judge(struct fairness *f)
{
	set_due(f);
	qsort(f->v.v, f->v.n, sizeof(f->v.v[0]), least_first);
	f->tasks = (uint32_t)f->v.n;
	f->jain_ppm = jain_of(f);
	f->least = f->v.v[0].task;
	f->least_ns = f->v.v[0].got_ns;
	f->most = f->v.v[f->v.n - 1].task;
	f->most_ns = f->v.v[f->v.n - 1].got_ns;
	for (size_t i = 1; i < f->v.n; i++)
		f->weighted |= f->v.v[i].nice != f->v.v[0].nice;
}

/* ---- groups ---- */

static void add_share(struct contest *c, struct fairness *f, struct candidate *one)
{
	*vec_push(&f->v) = (struct fair_share){
		.task = one->task,
		.nice = model_task(c->h->model, one->task)->prio - PRIO_NICE_0,
	};
	one->taken = true;
}

/* Who joins the candidate `first`, and when all of them wanted a CPU: `times`. */
static void gather_group(struct contest *c, size_t first, struct fairness *f, struct times *times)
{
	struct times both = { 0 };

	intersect(&c->v.v[first].long_ones, &c->v.v[first].long_ones, 0, times);
	f->together_ns = c->v.v[first].ns;
	add_share(c, f, &c->v.v[first]);
	for (size_t i = first + 1; i < c->v.n; i++) {
		uint64_t ns;
		struct times swap = *times;

		if (c->v.v[i].taken)
			continue;
		ns = intersect(times, &c->v.v[i].long_ones, (f->v.n + 1) * FAIR_TURN_NS, &both);
		if (ns < c->least_ns || ns < f->together_ns / 2)
			continue;
		*times = both;
		both = swap;
		f->together_ns = ns;
		add_share(c, f, &c->v.v[i]);
	}
	vec_release(&both);
}

static void find_group(struct contest *c, struct fair_groups *groups, size_t first)
{
	struct fairness f = { 0 };
	struct times times = { 0 };

	gather_group(c, first, &f, &times);
	for (size_t i = 0; f.v.n > 1 && i < f.v.n; i++)
		f.v.v[i].got_ns = ran_within(history_task(c->h, f.v.v[i].task), &times);
	if (f.v.n > 1) {
		judge(&f);
		*vec_push(&groups->v) = f;
	} else {
		vec_release(&f.v);
	}
	vec_release(&times);
}

void fair_groups_make(struct fair_groups *f, const struct history *h, const struct wants *w)
{
	struct contest c = { .h = h, .least_ns = (h->window.to_ns - h->window.from_ns) / TOGETHER_LEAST };

	*f = (struct fair_groups){ 0 };
	c.least_ns = c.least_ns > 2 * FAIR_TURN_NS ? c.least_ns : 2 * FAIR_TURN_NS;
	for (size_t i = 0; i < h->tasks.n; i++)
		add_candidate(&c, f, w, i);
	if (c.v.n)
		qsort(c.v.v, c.v.n, sizeof(c.v.v[0]), longest_first);
	for (size_t i = 0; i < c.v.n && f->v.n < FAIR_GROUPS; i++)
		if (!c.v.v[i].taken)
			find_group(&c, f, i);
	for (size_t i = 0; i < c.v.n; i++)
		vec_release(&c.v.v[i].long_ones);
	vec_release(&c.v);
}

void fair_groups_release(struct fair_groups *f)
{
	for (size_t i = 0; i < f->v.n; i++)
		vec_release(&f->v.v[i].v);
	vec_release(&f->v);
}
