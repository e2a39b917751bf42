/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explain_findings.c - what stands out, a sentence each, in words that need no knowledge of the scheduler's code.
 */
#include "render/explain.h"

#include <inttypes.h>
#include "render/words.h"

/* What a sentence is put together with. */
struct say {
	const struct account *a;
	const struct finding_row *row;
	const struct style *st;
	struct buf *out;
};

static void say_time(const struct say *s, uint64_t ns)
{
	fmt_duration(s->out, ns, s->st->utf8);
}

static void say_who(const struct say *s, task_id id)
{
	explain_task(s->a, id, s->st, s->out);
}

static void say_of(const struct say *s, uint64_t part, uint64_t whole, const char *of)
{
	buf_puts(s->out, " (");
	words_share(s->out, part, whole);
	buf_printf(s->out, " of %s)", of);
}

static const char *jobs_noun(const struct say *s)
{
	return model_job_noun(s->a->sum->model);
}

static void say_lock(const struct say *s)
{
	const struct lock *l = &s->a->locks.v.v[s->row->lock];

	explain_call(s->a, l->syscall, l->arg, s->out);
	if (l->processes > 1) {
		buf_printf(s->out, " of %u processes", l->processes);
	} else if (task_some(l->process)) {
		buf_puts(s->out, " of ");
		say_who(s, l->process);
	}
}

/* ---- a sentence for each kind ---- */

static void say_lost(const struct say *s)
{
	fmt_count(s->out, s->row->count);
	buf_printf(s->out, " event%s lost in ", s->row->count == 1 ? " was" : "s were");
	fmt_count(s->out, s->row->of_count);
	buf_printf(s->out, " gap%s: all numbers here are lower bounds.", plural(s->row->of_count));
}

static void say_wasted(const struct say *s)
{
	buf_puts(s->out, "A CPU sat idle beside a waiting task that was allowed there: ");
	say_time(s, s->row->ns);
	buf_printf(s->out, " in %" PRIu64 " wait%s, most of it CPU %u while ", s->row->count, plural(s->row->count),
		   s->row->cpu);
	say_who(s, s->row->who);
	buf_puts(s->out, " waited");
	if (task_some(s->row->other)) {
		buf_puts(s->out, " behind ");
		say_who(s, s->row->other);
	}
	buf_puts(s->out, " elsewhere.");
}

static void say_pinned(const struct say *s)
{
	buf_puts(s->out, "CPUs were idle for ");
	say_time(s, s->row->ns);
	say_of(s, s->row->ns, s->row->of_ns, "all CPUs' time");
	buf_puts(s->out, " while tasks waited that were not allowed there");
	if (task_some(s->row->who)) {
		buf_puts(s->out, ", ");
		say_who(s, s->row->who);
		buf_puts(s->out, " most");
	}
	buf_puts(s->out, ": that is what pinning asks for.");
}

static void say_overload(const struct say *s)
{
	buf_printf(s->out,
		   "More tasks wanted to run than there are CPUs: up to %" PRIu64 " on %" PRIu64 ". They waited ",
		   s->row->count, s->row->of_count);
	say_time(s, s->row->ns);
	buf_puts(s->out, " in all, ");
	say_who(s, s->row->who);
	buf_puts(s->out, " longest");
	if (task_some(s->row->other)) {
		buf_puts(s->out, "; most was taken by ");
		say_who(s, s->row->other);
	}
	buf_putc(s->out, '.');
}

static void say_tail(const struct say *s)
{
	buf_printf(s->out, "The last %s, %" PRIu64 ", ran alone for ", jobs_noun(s), s->row->count);
	say_time(s, s->row->ns);
	say_of(s, s->row->ns, account_wall_ns(s->a), "the time");
	buf_puts(s->out, " on ");
	say_who(s, s->row->who);
	buf_printf(s->out, ", while the other %" PRIu64 " worker%s had nothing left to do.", s->row->of_count - 1,
		   plural(s->row->of_count - 1));
}

static void say_dispatch(const struct say *s)
{
	buf_printf(s->out, "%ss were ready and workers had none, yet CPUs were idle for ", jobs_noun(s));
	say_time(s, s->row->ns);
	say_of(s, s->row->ns, s->row->of_ns, "all CPUs' time");
	buf_puts(s->out, ": handing them out, by ");
	say_who(s, s->row->who);
	buf_puts(s->out, ", was slower than doing them.");
}

static void say_convoy(const struct say *s)
{
	buf_puts(s->out, "A convoy at ");
	say_lock(s);
	buf_puts(s->out, ": a queue stood there for ");
	say_time(s, s->row->ns);
	say_of(s, s->row->ns, account_wall_ns(s->a), "the time");
	buf_printf(s->out, ", up to %" PRIu64 " asleep at once; each who leaves soon comes back.", s->row->count);
}

static void say_starved(const struct say *s)
{
	say_who(s, s->row->who);
	buf_puts(s->out, " starved at ");
	say_lock(s);
	buf_puts(s->out, ": it slept there for ");
	say_time(s, s->row->ns);
	buf_puts(s->out, " and got through ");
	fmt_count(s->out, s->row->of_count);
	buf_printf(s->out, " time%s, the others ", plural(s->row->of_count));
	fmt_count(s->out, s->row->count);
	buf_puts(s->out, ". A lock is no queue: who is running takes it before the woken is on a CPU.");
}

static void say_herd(const struct say *s)
{
	buf_puts(s->out, "A thundering herd at ");
	say_lock(s);
	buf_puts(s->out, ": ");
	fmt_count(s->out, s->row->count);
	buf_puts(s->out, " wake-ups, of which only ");
	fmt_count(s->out, s->row->of_count);
	buf_puts(s->out, " found something to do.");
}

static void say_inversion(const struct say *s)
{
	buf_puts(s->out, "Priority inversion: ");
	say_who(s, s->row->who);
	buf_puts(s->out, " slept ");
	say_time(s, s->row->of_ns);
	buf_puts(s->out, " for what the less urgent ");
	say_who(s, s->row->other);
	buf_puts(s->out, " held, which itself waited ");
	say_time(s, s->row->ns);
	buf_puts(s->out, " for a CPU behind ");
	say_who(s, s->row->third);
	buf_puts(s->out, ". Priority inheritance would have let it run.");
}

static void say_pingpong(const struct say *s)
{
	say_who(s, s->row->who);
	buf_puts(s->out, " and ");
	say_who(s, s->row->other);
	buf_puts(s->out, " woke each other ");
	fmt_count(s->out, s->row->count);
	buf_puts(s->out, " times from one CPU to another: ");
	say_time(s, s->row->ns);
	buf_puts(s->out, " passed between being woken and running. On one CPU a turn costs less.");
}

static void say_helpers(const struct say *s)
{
	buf_printf(s->out, "%" PRIu64 " helper thread%s of the runtime %s on the critical path, ", s->row->count,
		   plural(s->row->count), s->row->count == 1 ? "is" : "are");
	say_time(s, s->row->ns);
	say_of(s, s->row->ns, s->row->of_ns, "it");
	buf_puts(s->out, ": mostly ");
	say_who(s, s->row->who);
	buf_putc(s->out, '.');
}

static void say_gil(const struct say *s)
{
	fmt_count(s->out, s->row->of_count);
	buf_printf(s->out, " thread%s waited for the interpreter's lock (GIL), ", plural(s->row->of_count));
	say_who(s, s->row->who);
	buf_puts(s->out, " most: ");
	say_time(s, s->row->ns);
	buf_puts(s->out, " in ");
	fmt_count(s->out, s->row->count);
	buf_puts(s->out, " short sleeps, each ended by a timer to ask for it again.");
}

static void say_throttled(const struct say *s)
{
	buf_puts(s->out, "Tasks were throttled, not unlucky: ");
	say_time(s, s->row->ns);
	buf_puts(s->out, " of waiting");
	if (s->row->count)
		buf_printf(s->out, ", in %" PRIu64 " long wait%s", s->row->count, plural(s->row->count));
	buf_puts(s->out, ", ");
	say_who(s, s->row->who);
	buf_puts(s->out, " most, look like a quota or the limit of real-time classes.");
}

static void say_recorder(const struct say *s)
{
	buf_puts(s->out, "The recorder disturbed the run: it took ");
	say_time(s, s->row->ns);
	say_of(s, s->row->ns, s->row->of_ns, "all CPUs' time");
	if (s->row->count) {
		buf_puts(s->out, ", ");
		say_time(s, s->row->count);
		buf_puts(s->out, " of it while a task waited for that CPU");
	}
	buf_putc(s->out, '.');
}

static void (*const sentences[NR_FINDINGS])(const struct say *) = {
	[FINDING_LOST] = say_lost,	   [FINDING_WASTED_CPU] = say_wasted,
	[FINDING_PINNED] = say_pinned,	   [FINDING_OVERLOAD] = say_overload,
	[FINDING_TAIL] = say_tail,	   [FINDING_DISPATCH] = say_dispatch,
	[FINDING_CONVOY] = say_convoy,	   [FINDING_STARVED] = say_starved,
	[FINDING_HERD] = say_herd,	   [FINDING_INVERSION] = say_inversion,
	[FINDING_PINGPONG] = say_pingpong, [FINDING_HELPERS] = say_helpers,
	[FINDING_GIL] = say_gil,	   [FINDING_THROTTLED] = say_throttled,
	[FINDING_RECORDER] = say_recorder,
};

void explain_finding_line(const struct account *a, const struct finding_row *row, const struct style *st,
			  struct buf *out)
{
	sentences[row->kind](&(struct say){ .a = a, .row = row, .st = st, .out = out });
}

const char *explain_finding_label(enum finding_kind kind)
{
	static const char *const labels[NR_FINDINGS] = {
		[FINDING_LOST] = "lost events",
		[FINDING_WASTED_CPU] = "CPUs idle beside waiting tasks",
		[FINDING_PINNED] = "CPUs idle beside tasks that were pinned elsewhere",
		[FINDING_OVERLOAD] = "more tasks than CPUs",
		[FINDING_TAIL] = "a last job alone",
		[FINDING_DISPATCH] = "workers that waited for the dispatcher",
		[FINDING_CONVOY] = "a convoy at a lock",
		[FINDING_STARVED] = "a task starved at a lock",
		[FINDING_HERD] = "a thundering herd",
		[FINDING_INVERSION] = "priority inversion",
		[FINDING_PINGPONG] = "a ping-pong between CPUs",
		[FINDING_HELPERS] = "helper threads on its critical path",
		[FINDING_GIL] = "threads that waited for an interpreter's lock",
		[FINDING_THROTTLED] = "throttling",
		[FINDING_RECORDER] = "a recorder that disturbed it",
	};

	return labels[kind];
}

/* ---- the section ---- */

/* "at 1.234 s (event 4711), ..." */
static void say_evidence(const struct finding_row *row, const struct explain_cfg *cfg, const struct style *st,
			 struct buf *out)
{
	for (uint32_t i = 0; i < row->nr_at; i++) {
		buf_puts(out, i ? ", " : " See ");
		fmt_seconds(out, row->at_ns[i] - cfg->from_ns);
		if (row->event[i])
			buf_printf(out, " s (event %" PRIu64 ")", row->event[i]);
		else
			buf_puts(out, " s");
	}
	if (row->nr_at)
		buf_putc(out, '.');
	(void)st;
}

void explain_findings_text(const struct account *a, const struct explain_cfg *cfg, const struct style *st,
			   struct buf *out)
{
	struct buf line = { 0 };

	for (size_t i = 0; i < a->findings.v.n && i < cfg->top; i++) {
		buf_reset(&line);
		explain_finding_line(a, &a->findings.v.v[i], st, &line);
		say_evidence(&a->findings.v.v[i], cfg, st, &line);
		buf_printf(out, "%2zu  ", i + 1);
		fmt_wrap(out, buf_str(&line), 4, 4, st->columns);
	}
	if (!a->findings.v.n)
		fmt_wrap(out, "Nothing: none of the rules for what is worth knowing holds here.", 0, 0, st->columns);
	if (a->findings.v.n > cfg->top)
		buf_printf(out, "    and %zu more (--top)\n", a->findings.v.n - cfg->top);
	buf_release(&line);
}

static void row_json(const struct account *a, const struct finding_row *row, struct json *j)
{
	json_object(j, NULL);
	json_str(j, "kind", finding_name(row->kind));
	json_u64(j, "weight_ns", row->weight_ns == UINT64_MAX ? account_wall_ns(a) : row->weight_ns);
	explain_task_json(a, j, "who", row->who);
	explain_task_json(a, j, "other", row->other);
	explain_task_json(a, j, "third", row->third);
	json_u64(j, "ns", row->ns);
	json_u64(j, "of_ns", row->of_ns);
	json_u64(j, "count", row->count);
	json_u64(j, "of_count", row->of_count);
	if (row->cpu == CPU_NONE)
		json_null(j, "cpu");
	else
		json_u64(j, "cpu", row->cpu);
	json_array(j, "at");
	for (uint32_t i = 0; i < row->nr_at; i++) {
		json_object(j, NULL);
		json_u64(j, "ts_ns", row->at_ns[i] - model_window(a->sum->model).from_ns);
		if (row->event[i])
			json_u64(j, "event", row->event[i]);
		else
			json_null(j, "event");
		json_end(j);
	}
	json_end(j);
	json_end(j);
}

void explain_findings_json(const struct account *a, struct json *j)
{
	json_array(j, "findings");
	for (size_t i = 0; i < a->findings.v.n; i++)
		row_json(a, &a->findings.v.v[i], j);
	json_end(j);
}
