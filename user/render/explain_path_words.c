/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explain_path_words.c - steps and parts of a path in words.
 */
#include "render/explain_path.h"

#include <inttypes.h>
#include <string.h>
#include "base/fmt.h"
#include "render/words.h"

/* ---- names ---- */

void path_name(const struct account *a, task_id id, const struct style *st, struct buf *out)
{
	const struct model *m = a->history.model;
	const char *name = task_some(id) ? model_task(m, id)->name : NULL;
	unsigned named = 0;

	for (uint32_t i = 0; name && named < 2 && i < model_nr_tasks(m); i++) /* names are interned */
		named += target_has(&a->target, (task_id){ i }) && model_task(m, (task_id){ i })->name == name;
	if (named == 1 && target_has(&a->target, id))
		words_who(a->sum, id, st, out);
	else
		explain_task(a, id, st, out);
}

void path_put_tasks(const struct account *a, const struct path_share *shares, size_t nr, const struct style *st,
		    struct buf *out)
{
	size_t named = 0, most = nr == PATH_NAMES + 1 ? nr : PATH_NAMES;
	task_id before = TASK_NONE;

	for (size_t i = 0; i < nr; i++) {
		if (!task_some(shares[i].task) || task_is(shares[i].task, before))
			continue;
		before = shares[i].task;
		if (named++ >= most)
			continue;
		buf_puts(out, named == 1 ? "" : named == nr ? " and " : ", ");
		path_name(a, shares[i].task, st, out);
	}
	if (named > most)
		buf_printf(out, " and %zu others", named - most);
}

/* ---- kinds ---- */

static const struct {
	const char *words;
	enum ink ink;
} kinds[NR_PATH_KINDS] = {
	[PATH_RUNNING] = { "running", INK_RUN },
	[PATH_WAITING] = { "waiting for a CPU", INK_WAIT },
	[PATH_ASLEEP] = { "asleep", INK_SLEEP },
	[PATH_BLOCKED] = { "blocked", INK_BLOCKED },
	[PATH_STOPPED] = { "stopped", INK_STOPPED },
	[PATH_UNKNOWN] = { "unknown", INK_UNKNOWN },
	[PATH_NOBODY] = { "with none of its tasks", INK_UNKNOWN },
};

const char *path_kind_words(enum path_kind kind)
{
	return kinds[kind].words;
}

enum ink path_kind_ink(enum path_kind kind)
{
	return kinds[kind].ink;
}

void path_put_kinds(const uint64_t ns[NR_PATH_KINDS], uint64_t least_ns, const struct style *st, struct buf *out)
{
	bool said[NR_PATH_KINDS] = { 0 }, first = true;

	for (int n = 0; n < NR_PATH_KINDS; n++) {
		int best = -1;

		for (int k = 0; k < NR_PATH_KINDS; k++)
			if (!said[k] && ns[k] && ns[k] >= least_ns && (best < 0 || ns[k] > ns[best]))
				best = k;
		if (best < 0)
			return;
		said[best] = true;
		buf_puts(out, first ? "" : ", ");
		first = false;
		fmt_duration(out, ns[best], st->utf8);
		buf_printf(out, " %s", kinds[best].words);
	}
}

/* ---- jobs ---- */

void path_put_nouns(const struct account *a, uint64_t n, struct buf *out)
{
	const char *noun = model_job_noun(a->history.model);
	size_t len = strlen(noun);

	buf_puts(out, noun);
	if (n != 1)
		buf_puts(out, len && strchr("sxz", noun[len - 1]) ? "es" : "s");
}

static bool is_of(const struct path_step *s, const struct path_group *part)
{
	return s->kind == part->kind && (!path_is_asleep(s) || s->syscall == part->syscall);
}

/* The next different job of this part at or after step *at; it is behind it then. */
static uint32_t next_job(const struct path *p, const struct path_group *part, size_t *at, uint32_t last)
{
	while (*at < p->steps.n) {
		const struct path_step *s = &p->steps.v[(*at)++];

		if (is_of(s, part) && s->job != HISTORY_NO_JOB && s->job != last)
			return s->job;
	}
	return HISTORY_NO_JOB;
}

static uint64_t in_jobs_ns(const struct path *p, const struct path_group *part)
{
	uint64_t ns = 0;

	for (size_t i = 0; i < p->steps.n; i++)
		if (is_of(&p->steps.v[i], part) && p->steps.v[i].job != HISTORY_NO_JOB)
			ns += path_step_ns(&p->steps.v[i]);
	return ns;
}

#define RANGES 4

/* Numbers that follow each other are a range. */
static void put_range(uint64_t from, uint64_t to, struct buf *out)
{
	buf_printf(out, "%" PRIu64, from);
	if (to > from)
		buf_printf(out, "%s%" PRIu64, to > from + 1 ? "-" : ", ", to);
}

bool path_put_jobs(const struct account *a, const struct path_group *part, struct buf *out)
{
	const struct path *p = &a->path;
	uint32_t job = HISTORY_NO_JOB, ranges = 0;
	uint64_t from, to, jobs = 1, left = 0;
	struct buf list = { 0 };
	size_t at = 0;

	if (in_jobs_ns(p, part) < part->ns - part->ns / 10 || (job = next_job(p, part, &at, job)) == HISTORY_NO_JOB)
		return false;
	for (from = to = a->history.jobs[job].id; (job = next_job(p, part, &at, job)) != HISTORY_NO_JOB;) {
		uint64_t id = a->history.jobs[job].id;

		jobs++;
		if (id == to + 1) {
			to = id;
			continue;
		}
		if (ranges++ < RANGES) {
			buf_puts(&list, ranges == 1 ? "" : ", ");
			put_range(from, to, &list);
		} else {
			left++;
		}
		from = to = id;
	}
	path_put_nouns(a, jobs, out);
	buf_putc(out, ' ');
	if (list.len)
		buf_printf(out, "%s%s", buf_str(&list), left ? ", ..., " : ranges == 1 ? " and " : ", ");
	if (!list.len && to == from + 1)
		buf_printf(out, "%" PRIu64 " and %" PRIu64, from, to);
	else
		put_range(from, to, out);
	buf_release(&list);
	return true;
}

/* ---- parts ---- */

#define LITTLE 100 /* a share of a part that is smaller than such a part of it is not told */

/* How many shares are told one by one. */
static size_t told(const struct path_group *part, size_t most)
{
	size_t n = 0;

	while (n < part->shares.n && n < most && part->shares.v[n].ns >= part->ns / LITTLE)
		n++;
	return n ? n : 1;
}

static void put_waits(const struct account *a, const struct path_group *part, size_t most, const struct style *st,
		      struct buf *out)
{
	size_t n = told(part, most);

	for (size_t i = 0; i < n; i++) {
		const struct path_share *s = &part->shares.v[i];

		buf_puts(out, i ? ", " : ": ");
		path_name(a, s->task, st, out);
		buf_putc(out, ' ');
		fmt_duration(out, s->ns, st->utf8);
		if (task_some(s->by)) {
			buf_puts(out, " behind ");
			path_name(a, s->by, st, out);
		} else {
			buf_puts(out, " behind nobody");
		}
	}
	if (part->shares.n > n)
		buf_puts(out, " and others");
}

static void put_runs(const struct account *a, const struct path_group *part, size_t most, const struct style *st,
		     struct buf *out)
{
	size_t n = told(part, most);

	for (size_t i = 0; i < n; i++) {
		buf_puts(out, i ? ", " : ": ");
		path_name(a, part->shares.v[i].task, st, out);
		if (part->shares.n > 1) {
			buf_putc(out, ' ');
			fmt_duration(out, part->shares.v[i].ns, st->utf8);
		}
	}
	if (part->shares.n > n)
		buf_puts(out, " and others");
}

#define BRIEF 100 /* of the longest one's length: too short to count with the others */

static uint32_t count_brief(const struct path *p, const struct path_group *part)
{
	uint32_t n = 0;

	for (size_t i = 0; i < p->steps.n; i++)
		n += is_of(&p->steps.v[i], part) && path_step_ns(&p->steps.v[i]) < part->max_ns / BRIEF;
	return n;
}

static void put_sleeps(const struct account *a, const struct path_group *part, const struct style *st, struct buf *out)
{
	size_t named = 0;
	uint32_t brief = count_brief(&a->path, part);

	fmt_count(out, part->steps - brief);
	buf_puts(out, " x ");
	if (part->syscall != EV_NO_SYSCALL)
		words_syscall(a->history.model, part->syscall, out);
	if (part->kind != PATH_ASLEEP)
		buf_printf(out, part->syscall == EV_NO_SYSCALL ? "%s" : " (%s)", kinds[part->kind].words);
	else if (part->syscall == EV_NO_SYSCALL)
		buf_puts(out, "asleep in no call");
	if (brief)
		buf_printf(out, " and %u brief", brief);
	buf_puts(out, ": ");
	if (path_put_jobs(a, part, out))
		buf_puts(out, " on ");
	while (named < part->shares.n && part->shares.v[named].ns >= part->max_ns / BRIEF)
		named++;
	path_put_tasks(a, part->shares.v, named, st, out);
}

void path_put_part(const struct account *a, const struct path_group *part, size_t most, const struct style *st,
		   struct buf *out)
{
	switch (part->kind) {
	case PATH_ASLEEP:
	case PATH_BLOCKED:
	case PATH_STOPPED:
		put_sleeps(a, part, st, out);
		break;
	case PATH_WAITING:
		buf_puts(out, kinds[part->kind].words);
		put_waits(a, part, most, st, out);
		break;
	case PATH_NOBODY:
		buf_puts(out, "before or after all that is followed");
		break;
	default:
		buf_puts(out, kinds[part->kind].words);
		put_runs(a, part, most, st, out);
	}
}

/* ---- steps ---- */

static void put_edge(const struct account *a, const struct path_step *s, const struct style *st, struct buf *out)
{
	static const char *const verbs[] = {
		[PATH_WAKE] = "; woke ",
		[PATH_FORK] = "; made ",
		[PATH_EXIT] = "; ended, so woke ",
		[PATH_END] = NULL,
	};

	if (!verbs[s->edge])
		return;
	buf_puts(out, verbs[s->edge]);
	path_name(a, s[1].task, st, out);
	if (s->edge == PATH_FORK || path_is_asleep(s) || s->syscall == EV_NO_SYSCALL)
		return;
	buf_puts(out, " out of ");
	explain_call(a, s->syscall, s->arg, out);
}

static void put_wait(const struct account *a, const struct path_step *s, const struct style *st, struct buf *out)
{
	buf_puts(out, " waiting for ");
	if (s->cpu == CPU_NONE)
		buf_puts(out, "a CPU");
	else
		buf_printf(out, "CPU %u", s->cpu);
	if (s->why == WHY_PREEMPTED || s->why == WHY_NEW)
		buf_printf(out, " (%s)", state_why_name(s->why));
	if (!task_some(s->by))
		return;
	buf_puts(out, " behind ");
	path_name(a, s->by, st, out);
	if (s->by_ns < path_step_ns(s) - path_step_ns(s) / 10) {
		buf_puts(out, " (");
		fmt_duration(out, s->by_ns, st->utf8);
		buf_putc(out, ')');
	}
}

static void put_sleep(const struct account *a, const struct path_step *s, const struct style *st, struct buf *out)
{
	buf_printf(out, " %s", kinds[s->kind].words);
	if (s->syscall != EV_NO_SYSCALL) {
		buf_puts(out, " in ");
		explain_call(a, s->syscall, s->arg, out);
	}
	if (!task_some(s->by))
		return;
	buf_puts(out, " until woken by ");
	path_name(a, s->by, st, out);
}

/* On which CPU, if it was one all along. */
static void put_run(const struct path_step *s, size_t n, struct buf *out)
{
	buf_puts(out, " running");
	for (size_t i = 1; i < n; i++)
		if (s[i].cpu != s->cpu)
			return;
	if (s->cpu != CPU_NONE)
		buf_printf(out, " on CPU %u", s->cpu);
}

void path_put_step(const struct account *a, size_t from, size_t to, const struct style *st, struct buf *out)
{
	const struct path_step *s = &a->path.steps.v[from];

	if (s->kind == PATH_NOBODY) {
		buf_puts(out,
			 from ? "nobody: it had ended" : "nobody: it had not begun, and who made it is not followed");
		return;
	}
	path_name(a, s->task, st, out);
	if (path_is_asleep(s))
		put_sleep(a, s, st, out);
	else if (s->kind == PATH_WAITING)
		put_wait(a, s, st, out);
	else if (s->kind == PATH_RUNNING)
		put_run(s, to - from, out);
	else
		buf_printf(out, " %s", kinds[s->kind].words);
	if (s->job != HISTORY_NO_JOB)
		buf_printf(out, ": %s %" PRIu64, model_job_noun(a->history.model), a->history.jobs[s->job].id);
	put_edge(a, &a->path.steps.v[to - 1], st, out);
}
