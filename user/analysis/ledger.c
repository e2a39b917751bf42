/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ledger.c - add up who had the CPUs; cut the idle time of each by what could have used it, in order.
 */
#include "analysis/ledger.h"

#include <stdlib.h>
#include <string.h>
#include "analysis/levels.h"
#include "analysis/phases.h"
#include "base/alloc.h"

#define SYSCALLS_KEPT 1024 /* more than any table has */

/* A set that the idle time is cut by, read by pieces of time. */
struct source {
	const struct intervals *set;
	size_t at;
};

enum { SOURCE_STARTUP, SOURCE_JOIN, SOURCE_DISPATCH, SOURCE_TAIL, NR_SOURCES };

struct bookkeeper {
	const struct history *h;
	const struct blame *b;
	struct ledger *l;
	uint64_t *by_task;				  /* on CPU, by task_id.i */
	size_t *at;					  /* by CPU: the span where the next piece of time begins */
	struct intervals *idle;				  /* by CPU, of this piece of time: when it was idle, */
	struct levels idlers;				  /* and how many were, as far as that is in no line yet */
	struct levels left;				  /* of all pieces: what remained so */
	struct intervals running, waiting, pinned, phase; /* of this piece */
	struct intervals spare;
	struct levels spare_levels;
	struct levels_scratch scratch;
	struct phases phases;
	struct source sources[NR_SOURCES];
	struct buckets timed, asleep; /* pieces all through which somebody slept for a set time; at all */
	VEC(int8_t) is_timed;	      /* by system call, as far as asked: 0, 1, or -1 */
};

/* ---- who had the CPUs ---- */

static enum ledger_line line_of(uint32_t who)
{
	return who == ON_CPU_OFFLINE ? LEDGER_OFFLINE : who == ON_CPU_UNRECORDED ? LEDGER_UNRECORDED : LEDGER_UNKNOWN;
}

static void cpu_times(struct bookkeeper *k, uint32_t cpu, struct window w)
{
	const struct history_cpu *c = &k->h->cpus[cpu];
	size_t i = k->at[cpu], base = k->running.n;
	uint64_t seen_ns = 0;

	k->idle[cpu].n = 0;
	for (; i < c->v.n && c->v.v[i].from_ns < w.to_ns; i++) {
		uint64_t from_ns = c->v.v[i].from_ns, to_ns = on_cpu_to_ns(c, i);
		bool goes_on = to_ns > w.to_ns;
		uint32_t who = c->v.v[i].who;

		from_ns = from_ns > w.from_ns ? from_ns : w.from_ns;
		to_ns = goes_on ? w.to_ns : to_ns;
		if (from_ns >= to_ns)
			continue;
		seen_ns += to_ns - from_ns;
		if (who == ON_CPU_IDLE) {
			intervals_add(&k->idle[cpu], from_ns, to_ns);
		} else if (ON_CPU_IS_TASK(who)) {
			k->by_task[who] += to_ns - from_ns;
			if (k->h->target->has[who])
				intervals_add_ending(&k->running, base, from_ns, to_ns);
		} else {
			k->l->ns[line_of(who)] += to_ns - from_ns;
		}
		if (goes_on)
			break;
	}
	k->at[cpu] = i;
	k->l->ns[LEDGER_UNKNOWN] += w.to_ns - w.from_ns - seen_ns;
}

static int by_name(const void *a, const void *b)
{
	const struct ledger_other *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int by_length(const void *a, const void *b)
{
	const struct ledger_other *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns > y->ns ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* One row for all tasks of a name. */
static void gather_others(struct ledger *l)
{
	size_t kept = 0;

	if (!l->others.n)
		return;
	qsort(l->others.v, l->others.n, sizeof(l->others.v[0]), by_name);
	for (size_t i = 1; i < l->others.n; i++) {
		struct ledger_other *to = &l->others.v[kept], *from = &l->others.v[i];

		if (strcmp(to->name, from->name)) {
			l->others.v[++kept] = *from;
		} else {
			to->ns += from->ns;
			to->tasks += from->tasks;
		}
	}
	l->others.n = kept + 1;
	qsort(l->others.v, l->others.n, sizeof(l->others.v[0]), by_length);
}

static void task_times(struct bookkeeper *k)
{
	const struct model *m = k->h->model;

	for (uint32_t i = 0; i < model_nr_tasks(m); i++) {
		const char *name = model_task(m, (task_id){ i })->name;
		enum ledger_line line = target_has(k->h->target, (task_id){ i }) ? LEDGER_OURS
					: model_is_recorder(m, (task_id){ i })	 ? LEDGER_RECORDER
										 : LEDGER_OTHERS;

		k->l->ns[line] += k->by_task[i];
		if (line == LEDGER_OTHERS && k->by_task[i])
			*vec_push(&k->l->others) = (struct ledger_other){ name ? name : "", 1, k->by_task[i] };
	}
	gather_others(k->l);
}

/* ---- what is idle, cut by one set after the other, in one piece of time ---- */

static void cut_all(struct bookkeeper *k, struct levels *idle, enum ledger_line line, const struct intervals *set)
{
	k->l->ns[line] += levels_cut(idle, set, &k->spare_levels);
}

/* Some waited that were not held. Where they were allowed on some CPUs only, each of these is cut by itself. */
static void cut_waits_by_cpu(struct bookkeeper *k, size_t at)
{
	k->pinned.n = 0;
	for (size_t i = 0; i < k->b->places.n; i++) {
		const struct wait_place *p = &k->b->places.v[i];

		if (!p->set)
			continue;
		buckets_read(&p->when, at, &k->waiting);
		for (uint32_t cpu = 0; cpu < k->h->nr_cpus && p->known && k->waiting.n; cpu++)
			if (cpuset_has(p->set, cpu))
				k->l->ns[LEDGER_BESIDE] += intervals_cut(&k->idle[cpu], &k->waiting, &k->spare);
		for (size_t t = 0; t < k->waiting.n; t++)
			*vec_push(&k->pinned) = k->waiting.v[t];
	}
	intervals_settle(&k->pinned);
}

/* After that all CPUs are alike. */
static void cut_waits(struct bookkeeper *k, size_t at)
{
	static const enum ledger_line lines[] = { [false] = LEDGER_BESIDE_MAYBE, [true] = LEDGER_BESIDE };

	for (int known = true; known >= false; known--)
		for (size_t i = 0; i < k->b->places.n; i++) {
			const struct wait_place *p = &k->b->places.v[i];

			if (p->known != known || (p->known && p->set))
				continue;
			buckets_read(&p->when, at, &k->waiting);
			cut_all(k, &k->idlers, lines[known], &k->waiting);
		}
	cut_all(k, &k->idlers, LEDGER_PINNED, &k->pinned);
	buckets_read(&k->b->held, at, &k->waiting);
	cut_all(k, &k->idlers, LEDGER_HELD, &k->waiting);
}

static void cut_phases(struct bookkeeper *k, struct window w)
{
	static const enum ledger_line lines[NR_SOURCES] = {
		[SOURCE_STARTUP] = LEDGER_STARTUP,
		[SOURCE_JOIN] = LEDGER_JOIN,
		[SOURCE_DISPATCH] = LEDGER_DISPATCH,
		[SOURCE_TAIL] = LEDGER_TAIL,
	};

	for (int i = 0; i < NR_SOURCES; i++) {
		k->phase.n = 0;
		intervals_slice(k->sources[i].set, &k->sources[i].at, w.from_ns, w.to_ns, &k->phase);
		cut_all(k, &k->idlers, lines[i], &k->phase);
	}
}

/* What remains goes where it belongs if somebody slept through all of the piece, else is looked at later. */
static void keep_rest(struct bookkeeper *k, size_t at)
{
	if (k->timed.v[at].covers) {
		k->l->ns[LEDGER_PLANNED] += levels_total(&k->idlers);
		return;
	}
	for (size_t i = 0; i < k->idlers.n; i++)
		levels_add(&k->left, k->idlers.v[i]);
}

static void pieces(struct bookkeeper *k)
{
	for (size_t at = 0; at < k->timed.nr; at++) {
		struct window w = buckets_piece(&k->timed, at);

		k->running.n = 0;
		for (uint32_t cpu = 0; cpu < k->h->nr_cpus; cpu++)
			if (k->h->cpus[cpu].v.n)
				cpu_times(k, cpu, w);
		cut_waits_by_cpu(k, at);
		levels_make(&k->idlers, k->idle, k->h->nr_cpus, w.from_ns, k->timed.shift, &k->scratch);
		cut_waits(k, at);
		cut_phases(k, w);
		intervals_settle(&k->running);
		cut_all(k, &k->idlers, LEDGER_PARTLY, &k->running);
		keep_rest(k, at);
	}
}

/* ---- what remained: nobody ran, nobody waited, no phase of jobs. What did they sleep in? ---- */

static void what_is_left(const struct bookkeeper *k, struct intervals *left)
{
	left->n = 0;
	for (size_t i = 0; i < k->left.n; i++)
		intervals_add_ending(left, 0, k->left.v[i].from_ns, k->left.v[i].to_ns);
}

static bool is_timed(struct bookkeeper *k, int32_t syscall)
{
	if (syscall < 0 || syscall >= SYSCALLS_KEPT)
		return history_call_is_timed(k->h->model, syscall);
	while (k->is_timed.n <= (size_t)syscall)
		*vec_push(&k->is_timed) = -1;
	if (k->is_timed.v[syscall] < 0)
		k->is_timed.v[syscall] = history_call_is_timed(k->h->model, syscall);
	return k->is_timed.v[syscall];
}

/* Cut by the sleeps of any task; only those are gathered that still can make a difference. */
static void cut_asleep(struct bookkeeper *k, enum ledger_line line, bool only_timed)
{
	struct intervals left = { 0 }, found = { 0 };
	struct coverage still;

	what_is_left(k, &left);
	coverage_make(&still, &left);
	for (size_t i = 0; i < k->h->tasks.n && still.set.n; i++) {
		const struct history_task *t = &k->h->tasks.v[i];

		for (size_t s = 0; s < t->v.n; s++)
			if (t->v.v[s].state >= STATE_SLEEPING && (!only_timed || is_timed(k, t->v.v[s].syscall)) &&
			    coverage_ns(&still, t->v.v[s].from_ns, stretch_to_ns(t, s)))
				intervals_add(&found, t->v.v[s].from_ns, stretch_to_ns(t, s));
	}
	intervals_settle(&found);
	cut_all(k, &k->left, line, &found);
	intervals_release(&found);
	coverage_release(&still);
}

/* By those pieces through all of which somebody slept. */
static void cut_asleep_pieces(struct bookkeeper *k)
{
	struct intervals whole = { 0 };

	for (size_t at = 0; at < k->asleep.nr; at++) {
		struct window w = buckets_piece(&k->asleep, at);

		if (k->asleep.v[at].covers)
			intervals_add_ending(&whole, 0, w.from_ns, w.to_ns);
	}
	cut_all(k, &k->left, LEDGER_ASLEEP, &whole);
	intervals_release(&whole);
}

static void remains(struct bookkeeper *k)
{
	cut_asleep(k, LEDGER_PLANNED, true);
	cut_asleep_pieces(k);
	cut_asleep(k, LEDGER_ASLEEP, false);
	k->l->ns[LEDGER_NOBODY] += levels_total(&k->left);
}

/* ---- lives ---- */

static void add_slept(struct ledger_task *t, int32_t syscall, uint64_t ns)
{
	size_t i = 0;

	while (i < t->slept.n && t->slept.v[i].syscall != syscall)
		i++;
	if (i == t->slept.n)
		*vec_push(&t->slept) = (struct sleep_in){ .syscall = syscall };
	t->slept.v[i].ns += ns;
	t->slept.v[i].count++;
}

static int longest_first(const void *a, const void *b)
{
	const struct sleep_in *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns > y->ns ? -1 : 1;
	return x->syscall < y->syscall ? -1 : x->syscall > y->syscall;
}

static void sleeps_long(struct bookkeeper *k, int32_t syscall, uint64_t from_ns, uint64_t to_ns)
{
	buckets_add_whole(&k->asleep, from_ns, to_ns);
	if (is_timed(k, syscall))
		buckets_add_whole(&k->timed, from_ns, to_ns);
}

static void life(struct bookkeeper *k, struct ledger_task *out, const struct history_task *t)
{
	struct window w = k->h->window;

	*out = (struct ledger_task){ .task = t->id };
	for (size_t i = 0; i < t->v.n; i++) {
		const struct stretch *s = &t->v.v[i];
		uint64_t ns = history_part_ns(s->from_ns, stretch_to_ns(t, i), w);

		out->life_ns += ns;
		out->ns[s->state] += ns;
		if (s->state == STATE_RUNNABLE)
			out->wait_ns[s->why] += ns;
		else if (s->state == STATE_SLEEPING || s->state == STATE_BLOCKED)
			add_slept(out, s->syscall, ns);
		if (s->state >= STATE_SLEEPING && ns >> k->asleep.shift)
			sleeps_long(k, s->syscall, s->from_ns, stretch_to_ns(t, i));
	}
	if (out->slept.n)
		qsort(out->slept.v, out->slept.n, sizeof(out->slept.v[0]), longest_first);
}

static void lives(struct bookkeeper *k)
{
	vec_reserve(&k->l->tasks, k->h->tasks.n);
	for (size_t i = 0; i < k->h->tasks.n; i++)
		life(k, vec_push(&k->l->tasks), &k->h->tasks.v[i]);
	buckets_finish(&k->asleep);
	buckets_finish(&k->timed);
}

static void bookkeeper_init(struct bookkeeper *k)
{
	const struct history *h = k->h;

	k->by_task = xcalloc(model_nr_tasks(h->model) + 1, sizeof(*k->by_task));
	k->idle = xcalloc(h->nr_cpus + 1, sizeof(*k->idle));
	k->at = xcalloc(h->nr_cpus + 1, sizeof(*k->at));
	buckets_init(&k->timed, h->window, k->b->held.shift);
	buckets_init(&k->asleep, h->window, k->b->held.shift);
	phases_make(&k->phases, h);
	k->l->jobs = k->phases.jobs;
	k->sources[SOURCE_STARTUP].set = &k->phases.startup;
	k->sources[SOURCE_JOIN].set = &k->phases.join;
	k->sources[SOURCE_DISPATCH].set = &k->phases.dispatch;
	k->sources[SOURCE_TAIL].set = &k->phases.tail;
}

static void bookkeeper_release(struct bookkeeper *k)
{
	struct intervals *const sets[] = { &k->running, &k->waiting, &k->pinned, &k->phase, &k->spare };

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		intervals_release(sets[i]);
	for (uint32_t cpu = 0; cpu < k->h->nr_cpus; cpu++)
		intervals_release(&k->idle[cpu]);
	levels_release(&k->idlers);
	levels_release(&k->left);
	levels_release(&k->spare_levels);
	levels_scratch_release(&k->scratch);
	phases_release(&k->phases);
	buckets_release(&k->timed);
	buckets_release(&k->asleep);
	vec_release(&k->is_timed);
	free(k->idle);
	free(k->at);
	free(k->by_task);
}

void ledger_make(struct ledger *l, const struct history *h, const struct blame *b)
{
	struct bookkeeper k = { .h = h, .b = b, .l = l };

	*l = (struct ledger){ .window = h->window };
	bookkeeper_init(&k);
	for (uint32_t cpu = 0; cpu < h->nr_cpus; cpu++)
		l->nr_cpus += h->cpus[cpu].v.n != 0;
	l->total_ns = (h->window.to_ns - h->window.from_ns) * l->nr_cpus;
	lives(&k);
	pieces(&k);
	remains(&k);
	task_times(&k);
	bookkeeper_release(&k);
}

void ledger_release(struct ledger *l)
{
	for (size_t i = 0; i < l->tasks.n; i++)
		vec_release(&l->tasks.v[i].slept);
	vec_release(&l->tasks);
	vec_release(&l->others);
}
