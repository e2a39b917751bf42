/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explain_short.c - in a few lines: why it took so long, why not less, why not more.
 */
#include "render/explain_path.h"

#include <inttypes.h>
#include <string.h>
#include "analysis/reasons.h"
#include "base/fmt.h"
#include "render/words.h"

/* What is said, a sentence or two at a time. */
struct tale {
	const struct account *a;
	const struct style *st;
	uint64_t wall_ns;
	struct path_groups parts;
	struct reasons why;
	struct buf said; /* until it is put */
};

#define PART_LEAST 10u /* what is no such part of the wall time is not worth a sentence */

static bool is_worth_it(const struct tale *t, uint64_t ns)
{
	return ns >= t->wall_ns / PART_LEAST;
}

static void say_ns(struct tale *t, uint64_t ns)
{
	fmt_duration(&t->said, ns, t->st->utf8);
}

/* "2.006s to 2.009s", or one of them where they read the same. */
static void say_range(struct tale *t, uint64_t from_ns, uint64_t to_ns)
{
	struct buf from = { 0 }, to = { 0 };

	fmt_duration(&from, from_ns, t->st->utf8);
	fmt_duration(&to, to_ns, t->st->utf8);
	buf_puts(&t->said, buf_str(&from));
	if (strcmp(buf_str(&from), buf_str(&to)))
		buf_printf(&t->said, " to %s", buf_str(&to));
	buf_release(&from);
	buf_release(&to);
}

static void say_name(struct tale *t, task_id id)
{
	path_name(t->a, id, t->st, &t->said);
}

static void say_call(struct tale *t, int32_t syscall)
{
	words_syscall(t->a->history.model, syscall, &t->said);
}

/* "task 4" */
static void say_job(struct tale *t, uint32_t job)
{
	buf_printf(&t->said, "%s %" PRIu64, model_job_noun(t->a->history.model), t->a->history.jobs[job].id);
}

/* ---- the time and its parts ---- */

#define PARTS 2 /* told one by one, with so many tasks */

static void say_why(struct tale *t)
{
	uint64_t rest_ns[NR_PATH_KINDS], rest = 0;

	memcpy(rest_ns, t->parts.ns, sizeof(rest_ns));
	buf_puts(&t->said, "Why ");
	say_ns(t, t->wall_ns);
	for (size_t i = 0; i < t->parts.v.n && i < PARTS && is_worth_it(t, t->parts.v.v[i].ns); i++) {
		const struct path_group *part = &t->parts.v.v[i];

		buf_puts(&t->said, i ? "; " : ": ");
		say_ns(t, part->ns);
		buf_puts(&t->said, path_is_asleep_kind(part->kind) ? " = " : " ");
		path_put_part(t->a, part, PARTS, t->st, &t->said);
		rest_ns[part->kind] -= part->ns;
	}
	for (int k = 0; k < NR_PATH_KINDS; k++)
		rest += rest_ns[k];
	if (rest) {
		buf_puts(&t->said, rest == t->wall_ns ? ": " : "; ");
		path_put_kinds(rest_ns, 0, t->st, &t->said);
	}
	buf_putc(&t->said, '.');
}

/* ---- why not less ---- */

/* A more urgent task waits for one that does not run. */
static bool say_inversion(struct tale *t)
{
	for (size_t i = 0; i < t->a->findings.v.n; i++) {
		const struct finding_row *f = &t->a->findings.v.v[i];

		if (f->kind != FINDING_INVERSION || !is_worth_it(t, f->weight_ns))
			continue;
		buf_puts(&t->said, "Why not less: ");
		explain_finding_line(t->a, f, t->st, &t->said);
		return true;
	}
	return false;
}

static void say_who_was_busy(struct tale *t, const struct queued *q)
{
	if (q->workers == 1)
		buf_puts(&t->said, " for the only worker");
	else if (q->busy == q->workers)
		buf_printf(&t->said, ", as all %u workers were at work", q->workers);
	else
		buf_printf(&t->said, ", though only %u of %u workers were at work", q->busy, q->workers);
}

static bool say_queued(struct tale *t)
{
	const struct queued *q = &t->why.queued;
	const struct whatif *more = &t->a->whatifs.v[WHATIF_ONE_MORE_WORKER];

	if (q->job == HISTORY_NO_JOB || !is_worth_it(t, q->waited_ns))
		return false;
	buf_puts(&t->said, "Why not less: ");
	say_job(t, q->job);
	buf_puts(&t->said, " waited ");
	say_ns(t, q->waited_ns);
	say_who_was_busy(t, q);
	buf_puts(&t->said, "; then ");
	say_name(t, t->a->history.jobs[q->job].worker);
	buf_puts(&t->said, " did it, after ");
	say_job(t, q->before);
	if (more->known && more->max_ns < t->wall_ns) {
		buf_puts(&t->said, ". With one more worker: ");
		say_range(t, more->min_ns, more->max_ns);
	}
	buf_putc(&t->said, '.');
	return true;
}

/* One after the other because each waited for the one before. */
static bool say_handover(struct tale *t)
{
	const struct handover *v = &t->why.handover;

	if (!task_some(v->woken) || !is_worth_it(t, v->all_held_ns))
		return false;
	buf_puts(&t->said, "Why not less: ");
	if (is_worth_it(t, v->held_ns)) {
		say_name(t, v->woken);
		buf_puts(&t->said, " slept ");
		say_ns(t, v->slept_ns);
		buf_puts(&t->said, " in ");
		say_call(t, v->syscall);
		if (v->sleeps > 1)
			buf_printf(&t->said, " (%u times)", v->sleeps);
		buf_puts(&t->said, " until ");
		say_name(t, v->waker);
		buf_puts(&t->said, " woke it");
		if (v->count > 1)
			buf_printf(&t->said, ", one of %u such hand-overs", v->count);
	} else {
		fmt_count(&t->said, v->count);
		buf_printf(&t->said, " times one of %u tasks slept in ", v->tasks);
		say_call(t, v->syscall);
		buf_puts(&t->said, " until another woke it, which held back ");
		say_ns(t, v->all_held_ns);
	}
	buf_putc(&t->said, '.');
	return true;
}

#define LITTLE 50 /* so small a part is as good as never */

/* Several tasks computed, and hardly ever two at a time though there were CPUs. */
static void say_one_at_a_time(struct tale *t)
{
	const struct at_once *c = &t->why.at_once;
	uint64_t ran_ns = c->ns[1] + c->ns[2];
	bool several = false;

	for (size_t i = 0; i < t->parts.v.n; i++)
		if (t->parts.v.v[i].kind == PATH_RUNNING && t->parts.v.v[i].shares.n > 1)
			several = t->parts.v.v[i].shares.v[1].ns >= t->parts.v.v[i].ns / PART_LEAST;
	if (!several || c->cpus < 2 || ran_ns < t->wall_ns / 2 || c->ns[2] > ran_ns / LITTLE)
		return;
	buf_puts(&t->said, t->said.len ? " Two" : "Why not less: two");
	if (c->ns[2]) {
		buf_puts(&t->said, " of its tasks ran at once for ");
		words_share(&t->said, c->ns[2], ran_ns);
		buf_puts(&t->said, " of the time that any ran");
	} else {
		buf_puts(&t->said, " of its tasks never ran at once");
	}
	buf_printf(&t->said, ", on %u CPUs.", c->cpus);
}

static void say_why_not_less(struct tale *t)
{
	if (!say_inversion(t) && !say_queued(t))
		say_handover(t);
	say_one_at_a_time(t);
}

/* ---- why not more ---- */

static void say_why_not_more(struct tale *t)
{
	const struct at_work *w = &t->why.at_work;
	uint64_t ours_ns = t->a->ledger.ns[LEDGER_OURS];

	if (w->most > 1 && w->ns > t->wall_ns + t->wall_ns / PART_LEAST) {
		buf_puts(&t->said, "Why not more: ");
		fmt_count(&t->said, w->jobs);
		buf_putc(&t->said, ' ');
		path_put_nouns(t->a, w->jobs, &t->said);
		buf_puts(&t->said, " of ");
		say_ns(t, w->ns);
		buf_printf(&t->said, " in all were done, up to %u at once.", w->most);
	} else if (t->why.at_once.most > 1 && ours_ns > t->wall_ns + t->wall_ns / PART_LEAST) {
		buf_puts(&t->said, "Why not more: its tasks computed ");
		say_ns(t, ours_ns);
		buf_printf(&t->said, " in all, up to %u at once.", t->why.at_once.most);
	}
}

/* ---- helpers on the way ---- */

static bool is_helper(enum role role)
{
	return role == ROLE_WORKER_HANDLER || role == ROLE_TASK_HANDLER || role == ROLE_RESULT_HANDLER ||
	       role == ROLE_FEEDER;
}

static void say_helpers(struct tale *t)
{
	uint32_t n = 0;

	for (size_t i = 0; i < t->parts.tasks.n; i++) {
		const struct path_share *s = &t->parts.tasks.v[i];
		enum role role = task_some(s->task) ? roles_of(t->a->sum->roles, s->task) : ROLE_NONE;

		if (!is_helper(role))
			continue;
		buf_puts(&t->said, n++ ? ", " : "On the way there are helper threads: ");
		buf_printf(&t->said, "%s ", words_role(role));
		say_ns(t, s->ns);
	}
	if (n)
		buf_putc(&t->said, '.');
}

/* ---- and what stands out ---- */

/* Who starved at a lock says more than that a queue stood there. */
static const struct finding_row *rather(const struct tale *t, const struct finding_row *f)
{
	for (size_t i = 0; f->kind == FINDING_CONVOY && i < t->a->findings.v.n; i++) {
		const struct finding_row *other = &t->a->findings.v.v[i];

		if (other->kind == FINDING_STARVED && other->lock == f->lock)
			return other;
	}
	return f;
}

/* The heaviest finding that has not been told above in other words. */
static void say_finding(struct tale *t)
{
	bool queued = t->why.queued.job != HISTORY_NO_JOB && is_worth_it(t, t->why.queued.waited_ns);

	for (size_t i = 0; i < t->a->findings.v.n; i++) {
		const struct finding_row *f = &t->a->findings.v.v[i];

		if (f->kind == FINDING_HELPERS || f->kind == FINDING_INVERSION || (f->kind == FINDING_TAIL && queued))
			continue;
		explain_finding_line(t->a, rather(t, f), t->st, &t->said);
		return;
	}
}

void explain_short(const struct account *a, const struct style *st, struct buf *out)
{
	static void (*const sentences[])(struct tale *) = {
		say_why, say_why_not_less, say_why_not_more, say_helpers, say_finding,
	};
	struct tale t = { .a = a, .st = st, .wall_ns = a->path.window.to_ns - a->path.window.from_ns };

	if (!a->path.steps.n)
		return;
	path_groups_make(&t.parts, a->path.steps.v, a->path.steps.n);
	reasons_find(&t.why, &a->history, &a->path);
	for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++) {
		sentences[i](&t);
		if (t.said.len)
			fmt_wrap(out, buf_str(&t.said), 0, 2, st->columns);
		buf_reset(&t.said);
	}
	path_groups_release(&t.parts);
	buf_release(&t.said);
}
