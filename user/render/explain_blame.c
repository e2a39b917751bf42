/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explain_blame.c - who waited for a CPU and because of whom: in a sentence, as two tables, and the longest waits.
 */
#include "render/explain.h"

#include "render/table.h"
#include "render/words.h"

static void put_ns(struct buf *out, const char *before, uint64_t ns, const struct style *st, const char *after)
{
	buf_puts(out, before);
	fmt_duration(out, ns, st->utf8);
	buf_puts(out, after);
}

/* ---- in a sentence ---- */

static void put_whys(const struct blame *b, const struct style *st, struct buf *out)
{
	static const struct {
		enum runnable_why why;
		const char *words;
	} whys[] = {
		{ WHY_WOKEN, "after being woken" },
		{ WHY_PREEMPTED, "after being switched out against their will" },
		{ WHY_NEW, "before their first run" },
		{ WHY_SIGNAL, "after a signal kept them from sleeping" },
		{ WHY_OPENING, "as the recording began" },
	};
	const char *between = " (";

	for (size_t i = 0; i < sizeof(whys) / sizeof(whys[0]); i++) {
		if (!b->by_why_ns[whys[i].why])
			continue;
		put_ns(out, between, b->by_why_ns[whys[i].why], st, " ");
		buf_puts(out, whys[i].words);
		between = ", ";
	}
	if (*between == ',')
		buf_putc(out, ')');
}

static const char *const held_words[NR_HELD] = {
	[HELD_QUOTA] = "a CPU quota",
	[HELD_REALTIME] = "the limit of real-time tasks",
	[HELD_DEADLINE] = "the end of its reserved run time",
};

/* What was nobody's doing is said first, of all that follows it is a part. */
static void put_held(const struct blame *b, const struct style *st, struct buf *out)
{
	const char *between = " ";

	for (int held = HELD_QUOTA; held < NR_HELD; held++) {
		if (!b->held_waits[held])
			continue;
		put_ns(out, between, b->held_ns[held], st, " of that, in ");
		fmt_count(out, b->held_waits[held]);
		buf_printf(out, " wait%s, %s held them back", plural(b->held_waits[held]), held_words[held]);
		between = "; ";
	}
	if (*between == ';')
		buf_puts(out, ": that is not bad luck.");
}

static void put_meanwhile(const struct blame *b, const struct style *st, struct buf *out)
{
	put_ns(out, " Meanwhile the CPU that they waited for was busy for ", b->busy_ns, st, "");
	if (b->idle_ns)
		put_ns(out, ", idle for ", b->idle_ns, st, "");
	if (b->unknown_ns)
		put_ns(out, ", and what it did is not known for ", b->unknown_ns, st, "");
	buf_putc(out, '.');
	if (b->beside_ns)
		put_ns(out, " For ", b->beside_ns, st, " another CPU sat idle on which they were allowed.");
	if (b->beside_maybe_ns)
		put_ns(out, " For ", b->beside_maybe_ns, st,
		       " another CPU sat idle; whether they were allowed on it is not known.");
}

static void put_summary(const struct blame *b, const struct style *st, struct buf *out)
{
	struct buf text = { 0 };

	put_ns(&text, "They waited ", b->ns, st, " in all, in ");
	fmt_count(&text, b->waits);
	buf_printf(&text, " wait%s", plural(b->waits));
	put_whys(b, st, &text);
	buf_putc(&text, '.');
	put_held(b, st, &text);
	put_meanwhile(b, st, &text);
	fmt_wrap(out, buf_str(&text), 0, 0, st->columns);
	buf_release(&text);
}

/* ---- tables ---- */

enum victim_column {
	V_TASK,
	V_NS,
	V_WAITS,
	V_LONGEST,
	V_PREEMPTED,
	V_HELD,
	V_IDLE,
	V_BESIDE,
	V_MOST,
	NR_VICTIM_COLUMNS
};

static const struct column victim_columns[NR_VICTIM_COLUMNS] = {
	[V_TASK] = { "who waited", COL_LEFT, 0, 22, INK_PLAIN },
	[V_NS] = { "in all", COL_RIGHT, 0, 0, INK_WAIT },
	[V_WAITS] = { "waits", COL_RIGHT, 3, 0, INK_PLAIN },
	[V_LONGEST] = { "longest", COL_RIGHT, 2, 0, INK_WAIT },
	[V_PREEMPTED] = { "preempted", COL_RIGHT | COL_IF_ANY, 4, 0, INK_PLAIN },
	[V_HELD] = { "held back", COL_RIGHT | COL_IF_ANY, 1, 0, INK_PLAIN },
	[V_IDLE] = { "CPU idle", COL_RIGHT | COL_IF_ANY, 7, 0, INK_PLAIN },
	[V_BESIDE] = { "other idle", COL_RIGHT | COL_IF_ANY, 6, 0, INK_PLAIN },
	[V_MOST] = { "most because of", COL_LEFT | COL_REST, 1, 0, INK_PLAIN },
};

static void put_most(const struct account *a, task_id id, uint64_t ns, const struct style *st, struct buf *out)
{
	if (!task_some(id)) {
		buf_putc(out, '-');
		return;
	}
	explain_task(a, id, st, out);
	put_ns(out, " ", ns, st, "");
}

static void put_victims(const struct account *a, const struct explain_cfg *cfg, const struct style *st, struct buf *out)
{
	struct table t = table_make(victim_columns, NR_VICTIM_COLUMNS);

	for (size_t i = 0; i < a->blame.victims.n && i < cfg->top; i++) {
		const struct victim *v = &a->blame.victims.v[i];

		table_row(&t);
		explain_task(a, v->task, st, table_cell(&t, V_TASK));
		fmt_duration(table_cell(&t, V_NS), v->ns, st->utf8);
		fmt_count(table_cell(&t, V_WAITS), v->waits);
		fmt_duration(table_cell(&t, V_LONGEST), v->longest_ns, st->utf8);
		fmt_count(table_cell(&t, V_PREEMPTED), v->preemptions);
		fmt_duration(table_cell(&t, V_HELD), v->held_ns, st->utf8);
		fmt_duration(table_cell(&t, V_IDLE), v->idle_ns, st->utf8);
		fmt_duration(table_cell(&t, V_BESIDE), v->beside_ns + v->beside_maybe_ns, st->utf8);
		put_most(a, v->most, v->most_ns, st, table_cell(&t, V_MOST));
	}
	table_put(&t, st, out);
	table_release(&t);
	if (a->blame.victims.n > cfg->top)
		buf_printf(out, "and %zu more\n", a->blame.victims.n - cfg->top);
}

enum culprit_column { C_TASK, C_NS, C_WAITS, C_PREEMPTED, C_MOST, NR_CULPRIT_COLUMNS };

static const struct column culprit_columns[NR_CULPRIT_COLUMNS] = {
	[C_TASK] = { "who ran meanwhile", COL_LEFT, 0, 22, INK_PLAIN },
	[C_NS] = { "in all", COL_RIGHT, 0, 0, INK_RUN },
	[C_WAITS] = { "waits", COL_RIGHT, 2, 0, INK_PLAIN },
	[C_PREEMPTED] = { "took a CPU", COL_RIGHT | COL_IF_ANY, 3, 0, INK_PLAIN },
	[C_MOST] = { "most from", COL_LEFT | COL_REST, 1, 0, INK_PLAIN },
};

static void put_culprits(const struct account *a, const struct explain_cfg *cfg, const struct style *st,
			 struct buf *out)
{
	struct table t = table_make(culprit_columns, NR_CULPRIT_COLUMNS);

	for (size_t i = 0; i < a->blame.culprits.n && i < cfg->top; i++) {
		const struct culprit *c = &a->blame.culprits.v[i];

		table_row(&t);
		explain_task(a, c->task, st, table_cell(&t, C_TASK));
		fmt_duration(table_cell(&t, C_NS), c->ns, st->utf8);
		fmt_count(table_cell(&t, C_WAITS), c->waits);
		fmt_count(table_cell(&t, C_PREEMPTED), c->preempted);
		put_most(a, c->most, c->most_ns, st, table_cell(&t, C_MOST));
	}
	if (a->blame.culprits.n) {
		buf_putc(out, '\n');
		table_put(&t, st, out);
	}
	table_release(&t);
	if (a->blame.culprits.n > cfg->top)
		buf_printf(out, "and %zu more\n", a->blame.culprits.n - cfg->top);
}

/* ---- the longest waits ---- */

#define PRIO_REALTIME 100 /* MAX_RT_PRIO and DEFAULT_PRIO, include/linux/sched/prio.h */
#define PRIO_NICE_0 120

static void put_prio(event_prio prio, struct buf *out)
{
	if (prio < 0)
		buf_puts(out, "deadline");
	else if (prio < PRIO_REALTIME)
		buf_printf(out, "real-time %d", PRIO_REALTIME - 1 - prio);
	else
		buf_printf(out, "nice %d", prio - PRIO_NICE_0);
}

static void put_preemption(const struct account *a, const struct wait *w, const struct style *st, struct buf *out)
{
	buf_puts(out, "preempted by ");
	explain_task(a, w->by, st, out);
	buf_puts(out, ", ");
	if (w->by_prio == w->own_prio) {
		buf_puts(out, "both ");
	} else {
		put_prio(w->by_prio, out);
		buf_puts(out, " against ");
	}
	put_prio(w->own_prio, out);
}

static void put_how(const struct account *a, const struct wait *w, const struct style *st, struct buf *out)
{
	static const char *const whys[NR_WHYS] = {
		[WHY_WOKEN] = "woken",		[WHY_PREEMPTED] = "switched out against its will", [WHY_NEW] = "new",
		[WHY_SIGNAL] = "a signal came", [WHY_OPENING] = "since before the recording",
	};

	if (w->preempted)
		put_preemption(a, w, st, out);
	else if (!w->held)
		buf_puts(out, whys[w->why] ? whys[w->why] : "for a reason not known");
	if (w->held)
		buf_printf(out, "%sheld back by %s", w->preempted ? ", " : "", held_words[w->held]);
	buf_puts(out, w->moved ? ", moved" : "");
	buf_puts(out, w->cut ? ", not seen whole" : "");
}

/* What the CPU did meanwhile that it was queued on: who ran there, and how long not. */
static void put_shares(const struct account *a, const struct wait *w, const struct style *st, struct buf *out)
{
	uint64_t all_ns = w->to_ns - w->from_ns;
	const char *between = ": ";

	if (w->by_ns) {
		buf_puts(out, between);
		explain_task(a, w->by, st, out);
		if (w->by_ns == all_ns)
			buf_puts(out, " ran there all the time");
		else
			put_ns(out, " ran there for ", w->by_ns, st, "");
		between = ", ";
	}
	if (w->busy_ns > w->by_ns) {
		put_ns(out, between, w->busy_ns - w->by_ns, st, w->by_ns ? " others" : " others ran");
		between = ", ";
	}
	if (w->idle_ns) {
		put_ns(out, between, w->idle_ns, st, " it was idle");
		between = ", ";
	}
	if (w->unknown_ns)
		put_ns(out, between, w->unknown_ns, st, " is not known");
	if (w->beside_cpu != CPU_NONE) {
		buf_printf(out, "; CPU %u sat idle for ", w->beside_cpu);
		put_ns(out, "", w->beside_cpu_ns, st, " of it");
	}
}

static void put_wait(const struct account *a, const struct explain_cfg *cfg, const struct wait *w,
		     const struct style *st, struct buf *out)
{
	struct buf text = { 0 };

	explain_task(a, w->victim, st, &text);
	put_ns(&text, " waited ", w->to_ns - w->from_ns, st, " for ");
	if (w->cpu == CPU_NONE)
		buf_puts(&text, "a CPU");
	else
		buf_printf(&text, "CPU %u", w->cpu);
	put_ns(&text, " from ", w->from_ns - cfg->from_ns, st, " (");
	put_how(a, w, st, &text);
	buf_putc(&text, ')');
	put_shares(a, w, st, &text);
	fmt_wrap(out, buf_str(&text), 0, 2, st->columns);
	buf_release(&text);
}

void explain_blame_text(const struct account *a, const struct explain_cfg *cfg, const struct style *st, struct buf *out)
{
	const struct blame *b = &a->blame;

	if (!b->waits)
		return;
	put_summary(b, st, out);
	buf_putc(out, '\n');
	put_victims(a, cfg, st, out);
	put_culprits(a, cfg, st, out);
	buf_puts(out, "\nThe longest waits:\n");
	for (size_t i = 0; i < b->longest.n && i < (cfg->top + 1) / 2; i++) /* each takes two or three lines */
		put_wait(a, cfg, &b->longest.v[i], st, out);
}

/* ---- JSON ---- */

static const char *const held_keys[NR_HELD] = {
	[HELD_NOT] = "no",
	[HELD_QUOTA] = "quota",
	[HELD_REALTIME] = "realtime",
	[HELD_DEADLINE] = "deadline",
};

static void json_wait(const struct account *a, struct json *j, const struct wait *w)
{
	uint64_t origin_ns = model_window(a->history.model).from_ns;

	json_object(j, NULL);
	explain_task_json(a, j, "victim", w->victim);
	json_u64(j, "from_ns", w->from_ns - origin_ns);
	json_u64(j, "ns", w->to_ns - w->from_ns);
	json_i64(j, "cpu", w->cpu == CPU_NONE ? -1 : (int64_t)w->cpu);
	json_str(j, "why", w->why == WHY_NONE ? "none" : state_why_name((enum runnable_why)w->why));
	json_str(j, "held", held_keys[w->held]);
	json_bool(j, "preempted", w->preempted);
	json_bool(j, "moved", w->moved);
	json_bool(j, "cut", w->cut);
	explain_task_json(a, j, "by", w->by);
	json_u64(j, "by_ns", w->by_ns);
	if (w->preempted) {
		json_i64(j, "by_prio", w->by_prio);
		json_i64(j, "own_prio", w->own_prio);
	}
	json_u64(j, "busy_ns", w->busy_ns);
	json_u64(j, "idle_ns", w->idle_ns);
	json_u64(j, "unknown_ns", w->unknown_ns);
	json_u64(j, "beside_ns", w->beside_ns);
	json_u64(j, "beside_maybe_ns", w->beside_maybe_ns);
	json_i64(j, "beside_cpu", w->beside_cpu == CPU_NONE ? -1 : (int64_t)w->beside_cpu);
	json_u64(j, "beside_cpu_ns", w->beside_cpu_ns);
	json_end(j);
}

static void json_victim(const struct account *a, struct json *j, const struct victim *v)
{
	json_object(j, NULL);
	explain_task_json(a, j, "task", v->task);
	json_u64(j, "ns", v->ns);
	json_u64(j, "waits", v->waits);
	json_u64(j, "longest_ns", v->longest_ns);
	json_u64(j, "preemptions", v->preemptions);
	json_u64(j, "busy_ns", v->busy_ns);
	json_u64(j, "idle_ns", v->idle_ns);
	json_u64(j, "unknown_ns", v->unknown_ns);
	json_u64(j, "beside_ns", v->beside_ns);
	json_u64(j, "beside_maybe_ns", v->beside_maybe_ns);
	json_u64(j, "held_ns", v->held_ns);
	json_u64(j, "held_waits", v->held_waits);
	explain_task_json(a, j, "most", v->most);
	json_u64(j, "most_ns", v->most_ns);
	json_end(j);
}

static void json_culprit(const struct account *a, struct json *j, const struct culprit *c)
{
	json_object(j, NULL);
	explain_task_json(a, j, "task", c->task);
	json_u64(j, "ns", c->ns);
	json_u64(j, "waits", c->waits);
	json_u64(j, "preempted", c->preempted);
	explain_task_json(a, j, "most", c->most);
	json_u64(j, "most_ns", c->most_ns);
	json_end(j);
}

static void json_sums(struct json *j, const struct blame *b)
{
	json_u64(j, "waits", b->waits);
	json_u64(j, "ns", b->ns);
	json_u64(j, "preemptions", b->preemptions);
	json_object(j, "by_why");
	for (int why = 0; why < NR_WHYS; why++)
		json_u64(j, why == WHY_NONE ? "none" : state_why_name((enum runnable_why)why), b->by_why_ns[why]);
	json_end(j);
	json_u64(j, "busy_ns", b->busy_ns);
	json_u64(j, "idle_ns", b->idle_ns);
	json_u64(j, "unknown_ns", b->unknown_ns);
	json_u64(j, "beside_ns", b->beside_ns);
	json_u64(j, "beside_maybe_ns", b->beside_maybe_ns);
	json_object(j, "held");
	for (int held = HELD_QUOTA; held < NR_HELD; held++) {
		json_object(j, held_keys[held]);
		json_u64(j, "waits", b->held_waits[held]);
		json_u64(j, "ns", b->held_ns[held]);
		json_end(j);
	}
	json_end(j);
}

void explain_blame_json(const struct account *a, struct json *j)
{
	const struct blame *b = &a->blame;

	json_object(j, "blame");
	json_sums(j, b);
	json_array(j, "victims");
	for (size_t i = 0; i < b->victims.n; i++)
		json_victim(a, j, &b->victims.v[i]);
	json_end(j);
	json_array(j, "culprits");
	for (size_t i = 0; i < b->culprits.n; i++)
		json_culprit(a, j, &b->culprits.v[i]);
	json_end(j);
	json_array(j, "longest");
	for (size_t i = 0; i < b->longest.n; i++)
		json_wait(a, j, &b->longest.v[i]);
	json_end(j);
	json_end(j);
}
