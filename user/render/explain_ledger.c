/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explain_ledger.c - where the CPUs' time went, line by line; who the others were; the life of each task.
 */
#include "render/explain.h"

#include <stdlib.h>
#include "base/alloc.h"
#include "render/table.h"
#include "render/words.h"

/* ---- a line for each way to spend a CPU's time; %j: jobs, by the recording's word for them ---- */

static const struct {
	const char *key;
	const char *text;
} lines[NR_LEDGER_LINES] = {
	[LEDGER_OURS] = { "ours", NULL },
	[LEDGER_OTHERS] = { "others", "others ran" },
	[LEDGER_RECORDER] = { "recorder", "the recorder ran" },
	[LEDGER_BESIDE] = { "idle_beside_waiting", "idle while a task waited that may run there" },
	[LEDGER_BESIDE_MAYBE] = { "idle_beside_waiting_maybe",
				  "idle while a task waited (may it run there: not known)" },
	[LEDGER_PINNED] = { "idle_not_allowed", "idle while a task waited that may not run there" },
	[LEDGER_HELD] = { "idle_held", "idle while a limit held back who waited" },
	[LEDGER_STARTUP] = { "idle_startup", "idle before the first %j was begun" },
	[LEDGER_DISPATCH] = { "idle_dispatch", "idle, %js queued, though a worker had none" },
	[LEDGER_TAIL] = { "idle_tail", "idle, fewer %js left than workers" },
	[LEDGER_JOIN] = { "idle_join", "idle after the last %j" },
	[LEDGER_PLANNED] = { "idle_planned", "idle: all were asleep, some for a set time" },
	[LEDGER_PARTLY] = { "idle_partly", "idle: some ran on other CPUs, the rest slept" },
	[LEDGER_ASLEEP] = { "idle_asleep", "idle: all were asleep, none for a set time" },
	[LEDGER_NOBODY] = { "idle_nobody", "idle: none was there, or what they did is not known" },
	[LEDGER_UNRECORDED] = { "unrecorded", "not recorded: others ran, or it was idle" },
	[LEDGER_OFFLINE] = { "offline", "offline" },
	[LEDGER_UNKNOWN] = { "unknown", "not known: lost, or before the CPU's first event" },
};

static void put_text(const struct account *a, const char *text, struct buf *out)
{
	for (const char *c = text; *c; c++) {
		if (c[0] == '%' && c[1] == 'j') {
			buf_puts(out, model_job_noun(a->history.model));
			c++;
		} else {
			buf_putc(out, *c);
		}
	}
}

static void put_line_text(const struct account *a, enum ledger_line line, const struct style *st, struct buf *out)
{
	const struct ledger *l = &a->ledger;

	if (line == LEDGER_OURS)
		buf_puts(out, a->target.why == TARGET_MACHINE ? "tasks ran" : "its own tasks ran");
	else
		put_text(a, lines[line].text, out);
	if (line == LEDGER_TAIL) {
		buf_printf(out, " (%u): for ", l->jobs.workers);
		fmt_duration(out, l->jobs.tail_ns, st->utf8);
	}
}

enum line_column { L_SHARE, L_TIME, L_TEXT, NR_LINE_COLUMNS };

static const struct column line_columns[NR_LINE_COLUMNS] = {
	[L_SHARE] = { "share", COL_RIGHT, 0, 0, INK_PLAIN },
	[L_TIME] = { "CPU time", COL_RIGHT, 0, 0, INK_PLAIN },
	[L_TEXT] = { "", COL_LEFT | COL_REST, 0, 0, INK_PLAIN },
};

static void put_lines(const struct account *a, const struct style *st, struct buf *out)
{
	struct table t = table_make(line_columns, NR_LINE_COLUMNS);
	const struct ledger *l = &a->ledger;

	for (int line = 0; line < NR_LEDGER_LINES; line++) {
		if (!l->ns[line])
			continue;
		table_row(&t);
		words_share(table_cell(&t, L_SHARE), l->ns[line], l->total_ns);
		fmt_duration(table_cell(&t, L_TIME), l->ns[line], st->utf8);
		put_line_text(a, (enum ledger_line)line, st, table_cell(&t, L_TEXT));
	}
	table_put(&t, st, out);
	table_release(&t);
}

/* ---- who the others were ---- */

static void put_others(const struct account *a, const struct explain_cfg *cfg, const struct style *st, struct buf *out)
{
	const struct ledger *l = &a->ledger;
	struct buf text = { 0 };

	for (size_t i = 0; i < l->others.n && i < cfg->top; i++) {
		const struct ledger_other *o = &l->others.v[i];

		buf_puts(&text, i ? ", " : "Others: ");
		words_task(&(struct task){ .name = o->name }, st, &text);
		if (o->tasks > 1)
			buf_printf(&text, " (%u)", o->tasks);
		buf_putc(&text, ' ');
		fmt_duration(&text, o->ns, st->utf8);
	}
	if (l->others.n > cfg->top)
		buf_printf(&text, " and %zu more name%s", l->others.n - cfg->top, plural(l->others.n - cfg->top));
	if (l->others.n) {
		buf_putc(&text, '.');
		fmt_wrap(out, buf_str(&text), 0, 0, st->columns);
	}
	buf_release(&text);
}

/* ---- lives ---- */

enum life_column {
	T_TASK,
	T_LIFE,
	T_RAN,
	T_WAITED,
	T_WOKEN,
	T_PREEMPTED,
	T_NEW,
	T_OTHER,
	T_SLEPT,
	T_BLOCKED,
	T_STOPPED,
	T_UNKNOWN,
	T_IN,
	NR_LIFE_COLUMNS
};

static const struct column life_columns[NR_LIFE_COLUMNS] = {
	[T_TASK] = { "task", COL_LEFT, 0, 24, INK_PLAIN },
	[T_LIFE] = { "life", COL_RIGHT, 1, 0, INK_PLAIN },
	[T_RAN] = { "ran", COL_RIGHT, 0, 0, INK_RUN },
	[T_WAITED] = { "waited", COL_RIGHT, 0, 0, INK_WAIT },
	[T_WOKEN] = { "woken", COL_RIGHT | COL_IF_ANY, 6, 0, INK_WAIT },
	[T_PREEMPTED] = { "preempted", COL_RIGHT | COL_IF_ANY, 5, 0, INK_WAIT },
	[T_NEW] = { "new", COL_RIGHT | COL_IF_ANY, 7, 0, INK_WAIT },
	[T_OTHER] = { "other", COL_RIGHT | COL_IF_ANY, 8, 0, INK_WAIT },
	[T_SLEPT] = { "asleep", COL_RIGHT, 0, 0, INK_PLAIN },
	[T_BLOCKED] = { "blocked", COL_RIGHT | COL_IF_ANY, 3, 0, INK_BLOCKED },
	[T_STOPPED] = { "stopped", COL_RIGHT | COL_IF_ANY, 4, 0, INK_STOPPED },
	[T_UNKNOWN] = { "unknown", COL_RIGHT | COL_IF_ANY, 2, 0, INK_UNKNOWN },
	[T_IN] = { "asleep in", COL_LEFT | COL_REST, 9, 0, INK_DIM },
};

#define SLEPT_SHOWN 3u

static void put_life(struct table *t, const struct account *a, const struct ledger_task *life, const struct style *st)
{
	const uint64_t *ns = life->ns, *why = life->wait_ns;
	const struct {
		enum life_column column;
		uint64_t ns;
	} times[] = {
		{ T_LIFE, life->life_ns },
		{ T_RAN, ns[STATE_RUNNING] },
		{ T_WAITED, ns[STATE_RUNNABLE] },
		{ T_WOKEN, why[WHY_WOKEN] },
		{ T_PREEMPTED, why[WHY_PREEMPTED] },
		{ T_NEW, why[WHY_NEW] },
		{ T_OTHER, why[WHY_NONE] + why[WHY_SIGNAL] + why[WHY_OPENING] },
		{ T_SLEPT, ns[STATE_SLEEPING] },
		{ T_BLOCKED, ns[STATE_BLOCKED] },
		{ T_STOPPED, ns[STATE_STOPPED] },
		{ T_UNKNOWN, ns[STATE_UNKNOWN] },
	};

	table_row(t);
	explain_task(a, life->task, st, table_cell(t, T_TASK));
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		fmt_duration(table_cell(t, times[i].column), times[i].ns, st->utf8);
	for (size_t i = 0; i < life->slept.n && i < SLEPT_SHOWN; i++) {
		struct buf *in = table_cell(t, T_IN);

		buf_puts(in, i ? ", " : "");
		words_syscall(a->history.model, life->slept.v[i].syscall, in);
		buf_putc(in, ' ');
		fmt_duration(in, life->slept.v[i].ns, st->utf8);
	}
}

struct chosen {
	uint64_t ns;
	size_t at;
};

static int busiest_first(const void *a, const void *b)
{
	const struct chosen *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns > y->ns ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static int oldest_first(const void *a, const void *b)
{
	const struct chosen *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

/* Those that wanted a CPU most, in the order of their birth. */
static void put_lives(const struct account *a, const struct explain_cfg *cfg, const struct style *st, struct buf *out)
{
	const struct ledger *l = &a->ledger;
	struct table t = table_make(life_columns, NR_LIFE_COLUMNS);
	struct chosen *order = xcalloc(l->tasks.n + 1, sizeof(*order));
	size_t shown = l->tasks.n < cfg->top ? l->tasks.n : cfg->top;

	for (size_t i = 0; i < l->tasks.n; i++)
		order[i] = (struct chosen){ l->tasks.v[i].ns[STATE_RUNNING] + l->tasks.v[i].ns[STATE_RUNNABLE], i };
	qsort(order, l->tasks.n, sizeof(*order), busiest_first);
	qsort(order, shown, sizeof(*order), oldest_first);
	for (size_t i = 0; i < shown; i++)
		put_life(&t, a, &l->tasks.v[order[i].at], st);
	if (shown)
		table_put(&t, st, out);
	if (shown < l->tasks.n)
		buf_printf(out, "and %zu more task%s that ran or waited less\n", l->tasks.n - shown,
			   plural(l->tasks.n - shown));
	free(order);
	table_release(&t);
}

void explain_ledger_text(const struct account *a, const struct explain_cfg *cfg, const struct style *st,
			 struct buf *out)
{
	const struct ledger *l = &a->ledger;

	if (!l->total_ns)
		return;
	buf_printf(out, "%u CPU%s for ", l->nr_cpus, plural(l->nr_cpus));
	fmt_duration(out, l->window.to_ns - l->window.from_ns, st->utf8);
	buf_puts(out, l->nr_cpus == 1 ? " is " : " are ");
	fmt_duration(out, l->total_ns, st->utf8);
	buf_puts(out, " of CPU time:\n");
	put_lines(a, st, out);
	put_others(a, cfg, st, out);
	if (l->tasks.n) {
		buf_putc(out, '\n');
		put_lives(a, cfg, st, out);
	}
}

/* ---- JSON ---- */

static void json_jobs(const struct account *a, struct json *j)
{
	const struct ledger_jobs *jobs = &a->ledger.jobs;

	if (!jobs->workers) {
		json_null(j, "jobs");
		return;
	}
	json_object(j, "jobs");
	json_u64(j, "jobs", jobs->jobs);
	json_u64(j, "workers", jobs->workers);
	json_u64(j, "dispatch_ns", jobs->dispatch_ns);
	json_u64(j, "tail_ns", jobs->tail_ns);
	if (jobs->tail_from_ns == UINT64_MAX)
		json_null(j, "tail_from_ns");
	else
		json_u64(j, "tail_from_ns", jobs->tail_from_ns - model_window(a->history.model).from_ns);
	json_end(j);
}

static void json_life(const struct account *a, struct json *j, const struct ledger_task *life)
{
	static const struct {
		const char *key;
		enum task_state state;
	} states[] = {
		{ "run_ns", STATE_RUNNING },	 { "wait_ns", STATE_RUNNABLE },	  { "sleep_ns", STATE_SLEEPING },
		{ "blocked_ns", STATE_BLOCKED }, { "stopped_ns", STATE_STOPPED }, { "unknown_ns", STATE_UNKNOWN },
	};
	struct buf name = { 0 };

	json_object(j, NULL);
	explain_task_json(a, j, "task", life->task);
	json_u64(j, "life_ns", life->life_ns);
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		json_u64(j, states[i].key, life->ns[states[i].state]);
	json_object(j, "wait");
	for (int why = 0; why < NR_WHYS; why++)
		json_u64(j, why == WHY_NONE ? "none" : state_why_name((enum runnable_why)why), life->wait_ns[why]);
	json_end(j);
	json_array(j, "slept_in");
	for (size_t i = 0; i < life->slept.n; i++) {
		buf_reset(&name);
		words_syscall(a->history.model, life->slept.v[i].syscall, &name);
		json_object(j, NULL);
		json_str(j, "syscall", buf_str(&name));
		json_u64(j, "ns", life->slept.v[i].ns);
		json_u64(j, "count", life->slept.v[i].count);
		json_end(j);
	}
	json_end(j);
	json_end(j);
	buf_release(&name);
}

void explain_ledger_json(const struct account *a, struct json *j)
{
	const struct ledger *l = &a->ledger;

	json_object(j, "ledger");
	json_u64(j, "cpus", l->nr_cpus);
	json_u64(j, "total_ns", l->total_ns);
	json_object(j, "lines");
	for (int line = 0; line < NR_LEDGER_LINES; line++)
		json_u64(j, lines[line].key, l->ns[line]);
	json_end(j);
	json_array(j, "others");
	for (size_t i = 0; i < l->others.n; i++) {
		json_object(j, NULL);
		json_str(j, "name", l->others.v[i].name);
		json_u64(j, "tasks", l->others.v[i].tasks);
		json_u64(j, "ns", l->others.v[i].ns);
		json_end(j);
	}
	json_end(j);
	json_jobs(a, j);
	json_array(j, "tasks");
	for (size_t i = 0; i < l->tasks.n; i++)
		json_life(a, j, &l->tasks.v[i]);
	json_end(j);
	json_end(j);
}
