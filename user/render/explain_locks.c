/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explain_locks.c - the section `locks`: a table of the places where tasks waited for each other, and what stands out.
 */
#include <inttypes.h>
#include "render/explain.h"
#include "render/table.h"
#include "render/words.h"

#define TOLD 3u	 /* so many get sentences */
#define NAMED 3u /* of a list of tasks */
#define CHAIN_SHOWN 5u
#define ROW_PART 100u  /* of the window: rows that were slept at for less are left out, but for the first */
#define STORY_PART 20u /* and sentences */

static const char *const use_names[NR_LOCK_USES] = {
	[LOCK_USE_UNKNOWN] = "place", [LOCK_USE_LOCK] = "lock", [LOCK_USE_SIGNAL] = "signal",
	[LOCK_USE_GATE] = "gate",     [LOCK_USE_JOIN] = "join", [LOCK_USE_TIMER] = "timer",
};

static const char *use_name(const struct lock *l)
{
	return l->kind == LOCK_POLL ? "poll" : use_names[l->use];
}

/* Nobody of the recording ended a wait there: it is no matter between tasks. */
static bool is_shown(const struct lock *l)
{
	return l->ns && (l->wakes || l->herds);
}

struct say {
	const struct account *a;
	const struct style *st;
	struct buf *out;
};

/* Enough of the window, or something that is wrong however short the sleeps. */
static bool matters(const struct say *s, const struct lock *l, unsigned part)
{
	return l->ns >= account_wall_ns(s->a) / part || l->convoy || l->herds || task_some(l->starved);
}

static void say_task(const struct say *s, task_id id)
{
	explain_task(s->a, id, s->st, s->out);
}

static void say_time(const struct say *s, uint64_t ns)
{
	fmt_duration(s->out, ns, s->st->utf8);
}

static void say_count(const struct say *s, uint64_t n, const char *one, const char *many)
{
	fmt_count(s->out, n);
	buf_printf(s->out, " %s", n == 1 ? one : many);
}

static void say_share(const struct say *s, uint64_t ns)
{
	buf_puts(s->out, " (");
	words_share(s->out, ns, account_wall_ns(s->a));
	buf_puts(s->out, " of the time)");
}

/* ---- the table ---- */

enum lock_column {
	L_WHAT,
	L_WHERE,
	L_SLEEPERS,
	L_SLEPT,
	L_LONGEST,
	L_VAIN,
	L_HELD,
	L_HELD_MAX,
	L_MOST,
	NR_LOCK_COLUMNS
};

static const struct column lock_columns[NR_LOCK_COLUMNS] = {
	[L_WHAT] = { "likely a", COL_LEFT, 0, 0, INK_PLAIN },
	[L_WHERE] = { "where", COL_LEFT | COL_REST, 0, 0, INK_DIM },
	[L_SLEEPERS] = { "tasks", COL_RIGHT, 3, 0, INK_PLAIN },
	[L_SLEPT] = { "slept", COL_RIGHT, 0, 0, INK_SLEEP },
	[L_LONGEST] = { "longest", COL_RIGHT, 0, 0, INK_PLAIN },
	[L_VAIN] = { "in vain", COL_RIGHT | COL_IF_ANY, 0, 0, INK_BAD },
	[L_HELD] = { "held", COL_RIGHT | COL_IF_ANY, 1, 0, INK_PLAIN },
	[L_HELD_MAX] = { "max held", COL_RIGHT | COL_IF_ANY, 2, 0, INK_PLAIN },
	[L_MOST] = { "queue", COL_RIGHT, 1, 0, INK_QUEUE },
};

static void put_where(const struct say *s, const struct lock *l)
{
	if (l->kind != LOCK_IPC && l->processes > 1)
		buf_printf(s->out, "%u processes: ", l->processes);
	else if (l->kind != LOCK_IPC) {
		say_task(s, l->process);
		buf_puts(s->out, ": ");
	}
	if (l->kind == LOCK_POLL)
		words_syscall(s->a->history.model, l->syscall, s->out);
	else
		explain_call(s->a, l->syscall, l->arg, s->out);
	if (l->words > 1 && l->kind == LOCK_FUTEX)
		buf_printf(s->out, " and %u more", l->words - 1);
}

static void lock_row(const struct say *s, struct table *t, const struct lock *l, unsigned nr)
{
	struct say where = *s;

	table_row(t);
	buf_printf(table_cell(t, L_WHAT), "%s %u", use_name(l), nr);
	where.out = table_cell(t, L_WHERE);
	put_where(&where, l);
	buf_printf(table_cell(t, L_SLEEPERS), "%u", l->sleepers);
	fmt_duration(table_cell(t, L_SLEPT), l->ns, s->st->utf8);
	fmt_duration(table_cell(t, L_LONGEST), l->max_ns, s->st->utf8);
	fmt_count(table_cell(t, L_VAIN), l->in_vain);
	fmt_duration(table_cell(t, L_HELD), l->held ? l->held_ns / l->held : 0, s->st->utf8);
	fmt_duration(table_cell(t, L_HELD_MAX), l->held_max_ns, s->st->utf8);
	buf_printf(table_cell(t, L_MOST), "%u", l->max_sleepers);
}

static void put_table(const struct say *s, unsigned top)
{
	struct table t = table_make(lock_columns, NR_LOCK_COLUMNS);
	const struct locks *locks = &s->a->locks;
	unsigned nr = 0, rows = 0;

	for (size_t i = 0; i < locks->v.n; i++) {
		if (!is_shown(&locks->v.v[i]))
			continue;
		nr++;
		if (nr <= top && (nr == 1 || matters(s, &locks->v.v[i], ROW_PART)))
			lock_row(s, &t, &locks->v.v[i], ++rows);
	}
	if (t.cells.n)
		table_put(&t, s->st, s->out);
	if (nr > rows)
		buf_printf(s->out, "and %u more%s\n", nr - rows,
			   rows == top ? " (--top)" : ", each for less than 1 % of the time");
	table_release(&t);
}

/* ---- who slept, who woke ---- */

/* "a, b and 2 others", of the users that slept there, or of those that woke. */
static void say_users(const struct say *s, const struct lock *l, bool wakers)
{
	uint32_t nr = 0, named = 0;

	for (size_t i = 0; i < l->users.n; i++)
		nr += wakers ? l->users.v[i].wakes > 0 : l->users.v[i].sleeps > 0;
	for (size_t i = 0; i < l->users.n && named < NAMED; i++) {
		if (!(wakers ? l->users.v[i].wakes : l->users.v[i].sleeps))
			continue;
		buf_puts(s->out, !named ? "" : named + 1 == nr ? " and " : ", ");
		say_task(s, l->users.v[i].task);
		named++;
	}
	if (nr > named)
		buf_printf(s->out, " and %u other%s", nr - named, plural(nr - named));
}

static void say_slept(const struct say *s, const struct lock *l)
{
	say_users(s, l, false);
	buf_puts(s->out, " slept there for ");
	say_time(s, l->ns);
	if (l->sleeps == 1) {
		if (task_some(l->ender)) {
			buf_puts(s->out, ", until ");
			say_task(s, l->ender);
			buf_puts(s->out, " woke it");
		}
	} else {
		buf_puts(s->out, " in all, in ");
		say_count(s, l->sleeps, "sleep", "sleeps");
		buf_puts(s->out, ", the longest of ");
		say_time(s, l->max_ns);
	}
	buf_puts(s->out, ". ");
}

/* "ran 18.0ms, waited 150ms for a CPU, mostly behind middle/12, and slept 2ms" */
static void say_while(const struct say *s, const struct lock_while *w)
{
	if (w->ran_ns) {
		buf_puts(s->out, " ran ");
		say_time(s, w->ran_ns);
	}
	if (w->waited_ns) {
		buf_puts(s->out, w->ran_ns ? w->slept_ns ? ", waited " : " and waited " : " waited ");
		say_time(s, w->waited_ns);
		buf_puts(s->out, " for a CPU");
	}
	if (task_some(w->ran_most) && w->ran_most_ns > w->waited_ns / 2) {
		buf_puts(s->out, ", mostly behind ");
		say_task(s, w->ran_most);
	}
	if (w->slept_ns) {
		buf_puts(s->out, w->ran_ns || w->waited_ns ? " and slept " : " slept ");
		say_time(s, w->slept_ns);
	}
}

/* What the one who ended the longest sleep did meanwhile. */
static void say_meanwhile(const struct say *s, const struct lock *l)
{
	struct lock_while w = locks_while(l, &s->a->history);

	if (!(w.ran_ns + w.waited_ns + w.slept_ns))
		return;
	buf_puts(s->out, "If that is a lock, ");
	say_task(s, l->ender);
	buf_puts(s->out, " had it for as long; meanwhile it");
	say_while(s, &w);
	buf_puts(s->out, ". ");
}

/* ---- a lock ---- */

static void say_holders(const struct say *s, const struct lock *l)
{
	const struct lock_user *most = NULL;

	for (size_t i = 0; i < l->users.n; i++)
		if (l->users.v[i].held_ns && (!most || l->users.v[i].held_ns > most->held_ns))
			most = &l->users.v[i];
	if (!most)
		return;
	buf_puts(s->out, "While somebody slept there it was given back ");
	say_count(s, l->gives, "time", "times");
	buf_puts(s->out, "; ");
	say_task(s, most->task);
	buf_puts(s->out, " likely had it longest, ");
	say_time(s, most->held_ns);
	if (most->held > 1) {
		buf_puts(s->out, " in ");
		say_count(s, most->held, "time", "times");
	}
	buf_puts(s->out, ". ");
}

static void say_chain(const struct say *s, const struct lock *l)
{
	uint64_t shown = l->chain_len < CHAIN_SHOWN ? l->chain_len : CHAIN_SHOWN;

	if (shown < 3)
		return;
	buf_puts(s->out, "Each woke the next: ");
	for (uint64_t i = 0; i < shown; i++) {
		buf_puts(s->out, !i ? "" : s->st->utf8 ? " → " : " -> ");
		say_task(s, l->chain[i]);
	}
	if (l->chain_len > shown) {
		buf_puts(s->out, " and so on, ");
		fmt_count(s->out, l->chain_len);
		buf_puts(s->out, " in a row");
	}
	buf_puts(s->out, ". ");
}

/* A line is worth a word where it stood for long, whether or not those in it come back, which makes it a convoy. */
static void say_queue(const struct say *s, const struct lock *l)
{
	if (l->use != LOCK_USE_LOCK || l->queue_ns < account_wall_ns(s->a) / 10 || !l->queue_ns)
		return;
	buf_puts(s->out, l->convoy ? "A convoy: two" : "Two");
	buf_puts(s->out, " or more stood in line there for ");
	say_time(s, l->queue_ns);
	say_share(s, l->queue_ns);
	buf_printf(s->out, ", up to %u asleep at once", l->max_sleepers);
	if (l->queues == 1 && l->queues_max_ns > account_wall_ns(s->a) / 2) {
		buf_puts(s->out, ", and the line was not empty for ");
		say_time(s, l->queues_max_ns);
	} else if (l->queues > 1) {
		buf_puts(s->out, ", in ");
		say_count(s, l->queues, "line", "lines");
		buf_puts(s->out, " of which the longest took ");
		say_time(s, l->queues_max_ns);
		buf_puts(s->out, " to clear");
	}
	buf_puts(s->out, ". ");
}

static void say_vain(const struct say *s, const struct lock *l)
{
	if (!l->in_vain)
		return;
	buf_puts(s->out, "Of ");
	say_count(s, l->wakes, "wake-up", "wake-ups");
	buf_puts(s->out, " there ");
	fmt_count(s->out, l->in_vain);
	buf_puts(s->out, l->in_vain == 1 ? " was" : " were");
	buf_puts(s->out, " likely in vain: the woken found it taken and lay down again. ");
	if (l->herds) {
		buf_puts(s->out, "A thundering herd: ");
		say_count(s, l->herds, "time", "times");
		buf_puts(s->out, " several were woken at once, for what only one can have. ");
	}
}

static void say_starved(const struct say *s, const struct lock *l)
{
	if (!task_some(l->starved))
		return;
	say_task(s, l->starved);
	buf_puts(s->out, " starved: it ");
	if (l->starved_passes) {
		buf_puts(s->out, "had the lock ");
		say_count(s, l->starved_passes, "time", "times");
	} else {
		buf_puts(s->out, "never had the lock");
	}
	buf_puts(s->out, ", the others ");
	say_count(s, l->others_passes, "time", "times");
	for (size_t i = 0; i < l->users.n; i++) {
		if (!task_is(l->users.v[i].task, l->starved))
			continue;
		buf_puts(s->out, "; in its worst wait, of ");
		say_time(s, l->users.v[i].wait_ns);
		buf_puts(s->out, ", they gave it back ");
		say_count(s, l->users.v[i].wait_gives, "time", "times");
	}
	buf_puts(s->out, ". ");
}

static void say_herd(const struct say *s, const struct lock *l)
{
	if (!l->herds)
		return;
	buf_puts(s->out, "A thundering herd: ");
	say_count(s, l->herds, "time", "times");
	buf_puts(s->out, " several were woken at once, ");
	say_count(s, l->herd_woken, "wake-up", "wake-ups");
	buf_puts(s->out, " in all, of which ");
	fmt_count(s->out, l->herd_woken - l->herd_progress);
	buf_puts(s->out, " were likely in vain: those tasks found nothing and slept again. ");
}

static void say_lock(const struct say *s, const struct lock *l)
{
	say_slept(s, l);
	say_holders(s, l);
	say_queue(s, l);
	say_chain(s, l);
	say_vain(s, l);
	say_starved(s, l);
}

/* ---- other uses ---- */

static void say_place(const struct say *s, const struct lock *l)
{
	say_slept(s, l);
	say_meanwhile(s, l);
}

static void say_signal(const struct say *s, const struct lock *l)
{
	say_users(s, l, false);
	buf_printf(s->out, " waited there for what others have to %s, ",
		   l->kind == LOCK_FUTEX ? "tell"
		   : l->out		 ? "take"
					 : "send");
	say_time(s, l->ns);
	buf_puts(s->out, " in all");
	if (l->wakes) {
		buf_puts(s->out, ", woken by ");
		say_users(s, l, true);
		buf_puts(s->out, l->wakes == 1 ? ", once" : ", ");
		if (l->wakes > 1)
			say_count(s, l->wakes, "time", "times");
	}
	buf_puts(s->out, ". ");
	say_herd(s, l);
}

static void say_gate(const struct say *s, const struct lock *l)
{
	buf_puts(s->out, "who wakes there wakes all at once, and all go on. ");
	say_slept(s, l);
}

static void say_join(const struct say *s, const struct lock *l)
{
	say_users(s, l, false);
	buf_puts(s->out, " waited ");
	say_time(s, l->ns);
	buf_puts(s->out, " for the end of ");
	say_users(s, l, true);
	buf_puts(s->out, ". ");
}

static void (*const sentences[NR_LOCK_USES])(const struct say *s, const struct lock *l) = {
	[LOCK_USE_UNKNOWN] = say_place, [LOCK_USE_LOCK] = say_lock, [LOCK_USE_SIGNAL] = say_signal,
	[LOCK_USE_GATE] = say_gate,	[LOCK_USE_JOIN] = say_join, [LOCK_USE_TIMER] = say_signal,
};

/* A join says all in its row. */
static bool is_told(const struct say *s, const struct lock *l)
{
	return l->use != LOCK_USE_JOIN && matters(s, l, STORY_PART);
}

static void put_stories(const struct say *s, unsigned top)
{
	const struct locks *locks = &s->a->locks;
	struct buf line = { 0 };
	struct say to_line = { .a = s->a, .st = s->st, .out = &line };
	unsigned nr = 0, told = 0;

	for (size_t i = 0; i < locks->v.n && nr < top && told < TOLD; i++) {
		const struct lock *l = &locks->v.v[i];

		if (!is_shown(l))
			continue;
		nr++;
		if (!is_told(s, l))
			continue;
		told++;
		buf_reset(&line);
		buf_printf(&line, "%s %u: ", use_name(l), nr);
		sentences[l->use](&to_line, l);
		buf_putc(s->out, '\n');
		fmt_wrap(s->out, buf_str(&line), 0, 0, s->st->columns);
	}
	buf_release(&line);
}

void explain_locks_text(const struct account *a, const struct explain_cfg *cfg, const struct style *st, struct buf *out)
{
	struct say s = { .a = a, .st = st, .out = out };

	put_table(&s, cfg->top);
	put_stories(&s, cfg->top);
}
