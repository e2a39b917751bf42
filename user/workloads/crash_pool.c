/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * crash_pool.c - the workload `crash` in a pool: a task takes its worker with it, and what becomes of the rest.
 */
#include "workloads/crash.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include "base/schedviz_mark.h"
#include "svpool/svpool.h"
#include "workloads/team.h"
#include "workloads/theory.h"

#define SAID_LOST UINT64_C(0x6c6f7374) /* id of an instant, "lost": the number of the task whose worker died */
/*
 * From the death of a worker to the birth of the one that replaces it: the master wakes up, collects it and forks.
 * Measured 0.3 to 0.9 ms.
 */
#define REPLACE_NS (5 * NSEC_PER_MSEC)

static uint64_t length_ns(const struct workload_cfg *cfg, uint64_t i)
{
	return i == CRASHER ? cfg->sleep_ns / CRASH_AFTER : workload_vary(cfg->sleep_ns, cfg->seed, i);
}

/* A crash frees a worker as the end of a task does, for the one that replaces it goes on where it was. */
void crash_pool_predict(const struct workload_cfg *cfg, struct facts *out)
{
	struct theory_task tasks[CRASH_MAX_TASKS];
	struct buf text = { 0 };
	uint64_t wall_ns;

	for (uint64_t i = 0; i < cfg->tasks; i++)
		tasks[i] = (struct theory_task){ .sleep_ns = length_ns(cfg, i) };
	wall_ns = theory_list_ns(tasks, cfg->tasks, cfg->workers);
	buf_printf(&text, "a crash takes 1 of %" PRIu64 " tasks and 1 worker, replaced: %" PRIu64 " done, ", cfg->tasks,
		   cfg->tasks - 1);
	theory_time(&text, wall_ns);
	theory_set(out, buf_str(&text), (struct theory_range){ wall_ns, wall_ns });
	buf_release(&text);
}

/* ---- the run ---- */

/* Of the master; its workers see it as it was when they were forked. */
static const struct workload_cfg *job_cfg;

static int job(const void *arg, size_t len, void *out, size_t room)
{
	uint64_t i = 0;

	(void)out, (void)room;
	memcpy(&i, arg, len < sizeof(i) ? len : sizeof(i));
	workload_sleep(length_ns(job_cfg, i));
	if (i == CRASHER)
		crash_fault();
	return 0;
}

static void say_result(uint64_t i, svp_res *res)
{
	struct svp_lost lost;
	int ret = svp_res_get(res, NULL, 0, 0);

	if (ret == -EOWNERDEAD && svp_res_lost(res, &lost)) {
		schedviz_mark_instant(SAID_LOST, i);
		workload_say("task %" PRIu64 ": lost, worker%u (%d) died of signal %d", i, lost.worker, lost.pid,
			     WTERMSIG(lost.status));
	} else {
		workload_say("task %" PRIu64 ": %s", i, ret < 0 ? strerror(-ret) : "done");
	}
}

int crash_pool_run(const struct workload_cfg *cfg, struct err *e)
{
	const struct svp_opts opts = { .marks = 1, .lead = (double)TEAM_LEAD_NS / (double)NSEC_PER_SEC };
	svp_res *res[CRASH_MAX_TASKS];
	uint64_t from_ns;
	svp *p;

	job_cfg = cfg;
	p = svp_new((int)cfg->workers, &opts);
	if (!p)
		return err_sys(e, -errno, "cannot make the pool");
	from_ns = schedviz_mark_now();
	for (uint64_t i = 0; i < cfg->tasks; i++) {
		res[i] = svp_apply_async(p, job, &i, sizeof(i));
		if (!res[i]) {
			err_sys(e, -errno, "cannot submit task %" PRIu64, i);
			svp_free(p);
			return -1;
		}
	}
	svp_close(p);
	svp_join(p);
	schedviz_mark_wall(from_ns, schedviz_mark_now());
	for (uint64_t i = 0; i < cfg->tasks; i++)
		say_result(i, res[i]);
	svp_free(p);
	return 0;
}

/* ---- the check ---- */

struct turnover {
	uint64_t by_segv, workers;
	const struct task *dead, *last; /* the first that the fault ended; the one made last; NULL: none */
};

static struct turnover turnover_of(const struct evidence *ev)
{
	task_set workers = evidence_named(ev, "worker*");
	struct turnover t = { .workers = workers.n };

	for (size_t i = 0; i < workers.n; i++) {
		const struct task *w = evidence_task(ev, workers.v[i])->task;

		if (!t.last || w->born_ns > t.last->born_ns)
			t.last = w;
		if (!w->exit_known || (w->exit_code & 0x7f) != SIGSEGV)
			continue;
		t.by_segv++;
		t.dead = t.dead ? t.dead : w;
	}
	vec_release(&workers);
	return t;
}

static uint64_t jobs_finished(const struct evidence *ev)
{
	size_t nr;
	const struct job *jobs = model_jobs(ev->model, &nr);
	uint64_t n = 0;

	for (size_t i = 0; i < nr; i++)
		n += jobs[i].finished_ns != UINT64_MAX;
	return n;
}

static uint64_t replaced_after_ns(const struct turnover *t)
{
	return t->dead && t->last->born_ns > t->dead->died_ns ? t->last->born_ns - t->dead->died_ns : UINT64_MAX;
}

void crash_pool_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	struct turnover t = turnover_of(ev);
	uint64_t survive = cfg->tasks - 1, w = cfg->workers;

	report_count(r, jobs_finished(ev), survive, survive, "tasks done of %" PRIu64, cfg->tasks);
	report_count(r, evidence_said_sum(ev, SAID_LOST), CRASHER, CRASHER, "the task whose result says: worker died");
	report_count(r, t.by_segv, 1, 1, "workers that the signal ended");
	report_count(r, t.workers, w + 1, w + 1, "workers that there ever were");
	report_count(r, crash_ended_well(ev, "worker*"), w, w, "workers that ended well");
	report_ns(r, replaced_after_ns(&t), 0, REPLACE_NS, "from the death of the one to the birth of the other");
}

void crash_pool_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	struct turnover t = turnover_of(ev);

	if (!t.dead || replaced_after_ns(&t) == UINT64_MAX) {
		buf_puts(out, "No worker died and was replaced while it was recorded: nothing can be said of it.");
		return;
	}
	buf_printf(out,
		   "Task %d wrote to memory that it may not write to, and %s, the worker that had it, died of it. ",
		   CRASHER, t.dead->name);
	buf_puts(out, "The master was told, and ");
	fmt_duration(out, replaced_after_ns(&t), true);
	buf_printf(out,
		   " later there was %s to take its place: %" PRIu64 " of %" PRIu64
		   " tasks were done. The one that was "
		   "in the hands of the dead is lost, and its result says so. Python's Pool replaces the worker too, "
		   "but who asks it for that result waits for ever: that a crash harms no other process is true of "
		   "memory, not of who waits for an answer.",
		   t.last->name, jobs_finished(ev), cfg->tasks);
}
