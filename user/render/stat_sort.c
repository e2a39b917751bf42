/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stat_sort.c - the order of the tasks in a table.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include "render/stat.h"

static uint64_t key_run(const struct summary *s, task_id id) { return s->tasks[id.i].ns[STATE_RUNNING]; }
static uint64_t key_wait(const struct summary *s, task_id id) { return s->tasks[id.i].ns[STATE_RUNNABLE]; }
static uint64_t key_sleep(const struct summary *s, task_id id) { return s->tasks[id.i].ns[STATE_SLEEPING]; }
static uint64_t key_blocked(const struct summary *s, task_id id) { return s->tasks[id.i].ns[STATE_BLOCKED]; }
static uint64_t key_unknown(const struct summary *s, task_id id) { return s->tasks[id.i].ns[STATE_UNKNOWN]; }
static uint64_t key_vol(const struct summary *s, task_id id) { return s->tasks[id.i].voluntary; }
static uint64_t key_invol(const struct summary *s, task_id id) { return s->tasks[id.i].involuntary; }
static uint64_t key_switches(const struct summary *s, task_id id) { return key_vol(s, id) + key_invol(s, id); }
static uint64_t key_wakeups(const struct summary *s, task_id id) { return s->tasks[id.i].wakeups; }
static uint64_t key_migrations(const struct summary *s, task_id id) { return s->tasks[id.i].migrations; }
static uint64_t key_latency(const struct summary *s, task_id id) { return hist_mean(&s->tasks[id.i].latency); }
static uint64_t key_max(const struct summary *s, task_id id) { return s->tasks[id.i].latency.max_ns; }
static uint64_t key_pid(const struct summary *s, task_id id) { return model_task(s->model, id)->tid; }
static uint64_t key_born(const struct summary *s, task_id id) { return model_task(s->model, id)->born_ns; }

static const struct key {
	uint64_t (*of)(const struct summary *s, task_id id); /* NULL: by name */
	bool ascending;
} keys[] = {
	{ key_run, false },	   { key_wait, false },	   { key_sleep, false },      { key_blocked, false },
	{ key_unknown, false },	   { key_switches, false }, { key_vol, false },	      { key_invol, false },
	{ key_wakeups, false },	   { key_migrations, false }, { key_latency, false }, { key_max, false },
	{ key_pid, true },	   { NULL, true },	   { key_born, true },
};

const char *const stat_sort_keys[] = {
	"run",	   "wait",	 "sleep",   "blocked", "unknown", "switches", "vol",  "invol",
	"wakeups", "migrations", "latency", "max",     "pid",	  "name",     "born", NULL,
};

_Static_assert(sizeof(keys) / sizeof(keys[0]) + 1 == sizeof(stat_sort_keys) / sizeof(stat_sort_keys[0]),
	       "each sort key has its name");

struct order {
	const struct summary *sum;
	const struct key *key;
	bool reverse;
};

static int compare(const void *a, const void *b, void *arg)
{
	const struct picked *x = a, *y = b;
	const struct order *o = arg;
	int sign = o->key->ascending != o->reverse ? 1 : -1;
	uint64_t kx, ky;

	if (!o->key->of) {
		int by_name = strcmp(model_task(o->sum->model, x->id)->name, model_task(o->sum->model, y->id)->name);

		if (by_name)
			return by_name * sign;
		return x->id.i < y->id.i ? -1 : x->id.i > y->id.i;
	}
	kx = o->key->of(o->sum, x->id);
	ky = o->key->of(o->sum, y->id);
	if (kx != ky)
		return kx < ky ? -sign : sign;
	return x->id.i < y->id.i ? -1 : x->id.i > y->id.i;
}

void stat_pick(struct picks *p, const struct summary *sum, const struct stat_cfg *cfg)
{
	struct order o = { .sum = sum, .key = &keys[cfg->sort], .reverse = cfg->reverse };
	struct pick_cfg pick = cfg->pick;

	pick.flat = true;
	picks_make(p, sum, &pick);
	qsort_r(p->v, p->n, sizeof(*p->v), compare, &o);
}
