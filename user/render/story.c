/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * story.c - find what is notable and say it.
 */
#include "render/story.h"

#include "render/jobs.h"
#include "render/words.h"

/* ---- the job that waited longest ---- */

static const struct job *longest_wait(const struct summary *sum)
{
	size_t nr;
	const struct job *jobs = model_jobs(sum->model, &nr), *best = NULL;

	for (size_t i = 0; i < nr; i++) {
		uint64_t waited_ns = job_waited_ns(&jobs[i]);

		if (waited_ns == JOB_UNSEEN || !job_in_window(sum->model, &jobs[i], sum->window))
			continue;
		if (!best || waited_ns > job_waited_ns(best))
			best = &jobs[i];
	}
	return best;
}

/* What the worker had done before it took this one. */
static const struct job *job_before(const struct model *m, const struct job *j)
{
	size_t nr;
	const struct job *jobs = model_jobs(m, &nr), *best = NULL;

	for (size_t i = 0; i < nr; i++)
		if (task_is(jobs[i].worker, j->worker) && jobs[i].finished_ns <= j->started_ns && &jobs[i] != j &&
		    (!best || jobs[i].finished_ns > best->finished_ns))
			best = &jobs[i];
	return best;
}

struct crowd {
	uint32_t workers; /* alive then, that ever had a job */
	uint32_t busy;	  /* with one at the instant */
};

static bool is_alive(const struct task *t, uint64_t ts_ns)
{
	return t->born_ns <= ts_ns && ts_ns < t->died_ns;
}

/* Was there any worker free? Jobs of one worker do not overlap, so each busy worker is counted once. */
static struct crowd crowd_at(const struct model *m, uint64_t ts_ns)
{
	struct crowd c = { 0 };
	size_t nr;
	const struct job *jobs = model_jobs(m, &nr);

	for (size_t i = 0; i < nr; i++) {
		if (jobs[i].started_ns == JOB_UNSEEN || !task_some(jobs[i].worker))
			continue;
		c.workers += !job_before(m, &jobs[i]) && is_alive(model_task(m, jobs[i].worker), ts_ns);
		c.busy += jobs[i].started_ns <= ts_ns && ts_ns < job_left_ns(m, &jobs[i]);
	}
	return c;
}

#define CROWD_JOBS_MAX 2000 /* comparing each with each: beyond this it is not said how many workers were busy */

/* The worker was with another job when this one came. */
static void say_busy(const struct summary *sum, const struct job *j, const struct job *before, const struct style *st,
		     struct buf *out)
{
	struct crowd crowd = { 0 };
	size_t nr;

	model_jobs(sum->model, &nr);
	if (nr <= CROWD_JOBS_MAX)
		crowd = crowd_at(sum->model, j->submitted_ns + job_waited_ns(j) / 2);
	buf_puts(out, " had to wait ");
	fmt_duration(out, job_waited_ns(j), st->utf8);
	buf_puts(out, " for a worker");
	if (crowd.workers == 2 && crowd.busy == 2)
		buf_puts(out, ", because both were busy");
	else if (crowd.workers > 2 && crowd.busy == crowd.workers)
		buf_printf(out, ", because all %u were busy", crowd.workers);
	buf_puts(out, "; ");
	words_task(model_task(sum->model, j->worker), st, out);
	buf_puts(out, " took it ");
	fmt_duration(out, j->started_ns - before->finished_ns, st->utf8);
	buf_puts(out, " after it had finished ");
	job_name(sum->model, before, out);
}

static void say_job(const struct summary *sum, const struct style *st, struct buf *out)
{
	const struct job *j = longest_wait(sum), *before;
	const struct task *worker;
	bool own, late;

	if (!j || !task_some(j->worker))
		return;
	before = job_before(sum->model, j);
	worker = model_task(sum->model, j->worker);
	own = task_is(j->submitter, j->worker);
	late = worker->born_here && worker->born_ns > j->submitted_ns;
	job_name(sum->model, j, out);
	if (before && before->finished_ns > j->submitted_ns) {
		say_busy(sum, j, before, st, out);
	} else {
		buf_printf(out, " %s ", own || !late ? "waited longest for" : "had to wait for");
		buf_puts(out, own ? "a turn, " : late ? "a worker, " : "a worker, only ");
		fmt_duration(out, job_waited_ns(j), st->utf8);
		if (late && !own) {
			buf_puts(out, ": ");
			words_task(worker, st, out);
			buf_puts(out, ", who took it, was not there yet");
		} else if (!own) {
			buf_puts(out, ", since one was free");
		}
	}
	buf_putc(out, '.');
}

/* ---- the task most kept from a CPU ---- */

static void say_delayed(const struct summary *sum, const struct picks *picks, const struct style *st, struct buf *out)
{
	const struct task_sum *worst = NULL;
	task_id who = TASK_NONE;
	uint64_t waited_ns, wants_ns;

	for (uint32_t i = 0; i < picks->n; i++) {
		const struct task_sum *t = &sum->tasks[picks->v[i].id.i];

		if (t->ns[STATE_RUNNABLE] && (!worst || t->ns[STATE_RUNNABLE] > worst->ns[STATE_RUNNABLE])) {
			worst = t;
			who = picks->v[i].id;
		}
	}
	if (!worst)
		return;
	waited_ns = worst->ns[STATE_RUNNABLE];
	if (waited_ns < (sum->window.to_ns - sum->window.from_ns) / 100) {
		buf_puts(out, "Nobody waited long for a CPU: at most ");
		fmt_duration(out, waited_ns, st->utf8);
		buf_puts(out, " in all (");
		words_who(sum, who, st, out);
		buf_puts(out, ").");
		return;
	}
	wants_ns = waited_ns + worst->ns[STATE_RUNNING];
	words_who(sum, who, st, out);
	buf_puts(out, " waited longest for a CPU, ");
	fmt_duration(out, waited_ns, st->utf8);
	buf_puts(out, " (");
	fmt_percent(out, waited_ns, wants_ns);
	buf_puts(out, " of the time it wanted one)");
	if (worst->wait_ns[WHY_PREEMPTED] > waited_ns / 2)
		buf_puts(out, ", mostly because it was preempted");
	buf_putc(out, '.');
}

/* ---- the global interpreter lock ---- */

static void say_gil(const struct summary *sum, const struct picks *picks, const struct style *st, struct buf *out)
{
	struct role_waits most = { 0 };
	uint32_t waiters = 0;
	task_id who = TASK_NONE;

	for (uint32_t i = 0; i < picks->n; i++) {
		struct role_waits w = roles_gil(sum->roles, picks->v[i].id);

		waiters += w.count > 0;
		if (w.count <= most.count)
			continue;
		most = w;
		who = picks->v[i].id;
	}
	if (!waiters)
		return;
	if (waiters > 1)
		buf_printf(out, "%u threads waited for the GIL; ", waiters);
	words_task(model_task(sum->model, who), st, out);
	buf_printf(out, " (%u)%s fell asleep ", model_task(sum->model, who)->tid,
		   waiters > 1 ? "" : " waited for the GIL: it");
	fmt_count(out, most.count);
	buf_printf(out, " time%s for ", plural(most.count));
	fmt_duration(out, most.ns / most.count, st->utf8);
	buf_puts(out, " until a timer woke it, while another thread of its process had the GIL.");
}

/* ---- the CPUs ---- */

static void say_idle(const struct summary *sum, struct buf *out)
{
	uint64_t idle_ns = 0, known_ns = 0;
	uint32_t cpus = 0;

	for (uint32_t c = 0; c < sum->nr_cpus; c++) {
		idle_ns += sum->cpus[c].ns[CPU_IDLE];
		known_ns += sum->cpus[c].ns[CPU_IDLE] + sum->cpus[c].ns[CPU_TASK];
		cpus += sum->cpus[c].seen;
	}
	if (known_ns == 0 || cpus == 0)
		return;
	if (cpus == 1)
		buf_puts(out, "The CPU was ");
	else
		buf_printf(out, "The %u CPUs were ", cpus);
	if (idle_ns == 0) {
		buf_puts(out, "never idle.");
		return;
	}
	buf_puts(out, "idle ");
	words_share(out, idle_ns, known_ns);
	buf_puts(out, " of the time.");
}

static void put_sentence(struct buf *sentence, const struct style *st, struct buf *out)
{
	if (sentence->len)
		fmt_wrap(out, sentence->data, 0, 0, st->columns);
	buf_reset(sentence);
}

void story_put(const struct summary *sum, const struct picks *picks, const struct style *st, struct buf *out)
{
	struct buf sentence = { 0 };

	say_job(sum, st, &sentence);
	put_sentence(&sentence, st, out);
	say_gil(sum, picks, st, &sentence);
	put_sentence(&sentence, st, out);
	say_delayed(sum, picks, st, &sentence);
	if (sentence.len)
		buf_putc(&sentence, ' ');
	say_idle(sum, &sentence);
	put_sentence(&sentence, st, out);
	buf_release(&sentence);
}
