/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stat.c - the tables of `stat`: tasks, jobs, CPUs, totals.
 */
#include "render/stat.h"

#include "render/frame.h"
#include "render/jobs.h"
#include "render/table.h"
#include "render/words.h"

#define PERMILLE_P95 950u

/* ---- tasks ---- */

enum task_column {
	T_TID, T_PID, T_PARENT, T_NAME, T_RUN, T_WAIT, T_SLEEP, T_BLOCKED, T_STOPPED, T_UNKNOWN, T_VOL, T_INVOL,
	T_WAKEUPS, T_MIGRATIONS, T_MEAN, T_P95, T_MAX, T_EXIT, T_SLEPT, NR_TASK_COLUMNS
};

static const struct column task_columns[NR_TASK_COLUMNS] = {
	[T_TID] = { "tid", COL_RIGHT, 0, 0, INK_DIM },
	[T_PID] = { "pid", COL_RIGHT, 9, 0, INK_DIM },
	[T_PARENT] = { "parent", COL_RIGHT, 10, 0, INK_DIM },
	[T_NAME] = { "name", COL_LEFT, 0, 22, INK_PLAIN },
	[T_RUN] = { "run", COL_RIGHT, 0, 0, INK_RUN },
	[T_WAIT] = { "wait", COL_RIGHT, 0, 0, INK_WAIT },
	[T_SLEEP] = { "sleep", COL_RIGHT, 0, 0, INK_PLAIN },
	[T_BLOCKED] = { "blocked", COL_RIGHT | COL_IF_ANY, 5, 0, INK_BLOCKED },
	[T_STOPPED] = { "stopped", COL_RIGHT | COL_IF_ANY, 6, 0, INK_STOPPED },
	[T_UNKNOWN] = { "unknown", COL_RIGHT | COL_IF_ANY, 1, 0, INK_UNKNOWN },
	[T_VOL] = { "vol", COL_RIGHT, 0, 0, INK_PLAIN },
	[T_INVOL] = { "invol", COL_RIGHT, 0, 0, INK_PLAIN },
	[T_WAKEUPS] = { "wakes", COL_RIGHT, 8, 0, INK_PLAIN },
	[T_MIGRATIONS] = { "migr", COL_RIGHT, 7, 0, INK_PLAIN },
	[T_MEAN] = { "lat.mean", COL_RIGHT, 3, 0, INK_PLAIN },
	[T_P95] = { "lat.p95", COL_RIGHT, 4, 0, INK_PLAIN },
	[T_MAX] = { "lat.max", COL_RIGHT, 0, 0, INK_PLAIN },
	[T_EXIT] = { "exit", COL_LEFT, 6, 0, INK_PLAIN },
	[T_SLEPT] = { "slept in", COL_LEFT | COL_REST, 2, 0, INK_DIM },
};

#define SLEPT_SHOWN 4u

static void put_slept(const struct model *m, const struct task_sum *t, bool utf8, struct buf *out)
{
	for (uint32_t i = 0; i < t->nr_slept && i < SLEPT_SHOWN; i++) {
		if (i > 0)
			buf_puts(out, ", ");
		words_syscall(m, t->slept[i].syscall, out);
		buf_putc(out, ' ');
		fmt_duration(out, t->slept[i].ns, utf8);
	}
}

static const struct {
	enum task_column column;
	enum task_state state;
} state_columns[] = {
	{ T_RUN, STATE_RUNNING },     { T_WAIT, STATE_RUNNABLE },   { T_SLEEP, STATE_SLEEPING },
	{ T_BLOCKED, STATE_BLOCKED }, { T_STOPPED, STATE_STOPPED }, { T_UNKNOWN, STATE_UNKNOWN },
};

static void task_row(struct table *t, const struct summary *sum, task_id id, const struct style *st)
{
	const struct task *task = model_task(sum->model, id);
	const struct task_sum *ts = &sum->tasks[id.i];

	table_row(t);
	buf_printf(table_cell(t, T_TID), "%u", task->tid);
	buf_printf(table_cell(t, T_PID), "%u", task->tgid);
	buf_printf(table_cell(t, T_PARENT), "%u", task->ppid);
	words_who(sum, id, st, table_cell(t, T_NAME));
	for (size_t i = 0; i < sizeof(state_columns) / sizeof(state_columns[0]); i++)
		fmt_duration(table_cell(t, state_columns[i].column), ts->ns[state_columns[i].state], st->utf8);
	fmt_count(table_cell(t, T_VOL), ts->voluntary);
	fmt_count(table_cell(t, T_INVOL), ts->involuntary);
	fmt_count(table_cell(t, T_WAKEUPS), ts->wakeups);
	fmt_count(table_cell(t, T_MIGRATIONS), ts->migrations);
	if (ts->latency.n) {
		fmt_duration(table_cell(t, T_MEAN), hist_mean(&ts->latency), st->utf8);
		fmt_duration(table_cell(t, T_P95), hist_percentile(&ts->latency, PERMILLE_P95), st->utf8);
		fmt_duration(table_cell(t, T_MAX), ts->latency.max_ns, st->utf8);
	}
	words_exit(task, table_cell(t, T_EXIT));
	if (words_gil(sum, id, false, table_cell(t, T_SLEPT)))
		buf_puts(table_cell(t, T_SLEPT), ", ");
	put_slept(sum->model, ts, st->utf8, table_cell(t, T_SLEPT));
}

static void put_tasks(const struct summary *sum, const struct stat_cfg *cfg, const struct style *st, struct buf *out)
{
	struct table t = table_make(task_columns, NR_TASK_COLUMNS);
	struct picks picks;

	stat_pick(&picks, sum, cfg);
	for (uint32_t i = 0; i < picks.n; i++)
		task_row(&t, sum, picks.v[i].id, st);
	table_put(&t, st, out);
	picks_report(&picks, st->utf8, out);
	picks_release(&picks);
	table_release(&t);
}

/* ---- jobs ---- */

enum job_column { J_NAME, J_WORKER, J_SUBMITTED, J_WAITED, J_SERVICE, J_RUN, J_CPU_WAIT, J_TURNAROUND, NR_JOB_COLUMNS };

static const struct column job_columns[NR_JOB_COLUMNS] = {
	[J_NAME] = { "job", COL_LEFT, 0, 20, INK_PLAIN },
	[J_WORKER] = { "worker", COL_LEFT, 0, 15, INK_PLAIN },
	[J_SUBMITTED] = { "submitted at", COL_RIGHT, 1, 0, INK_DIM },
	[J_WAITED] = { "waited", COL_RIGHT, 0, 0, INK_QUEUE },
	[J_SERVICE] = { "service", COL_RIGHT, 0, 0, INK_PLAIN },
	[J_RUN] = { "ran", COL_RIGHT, 0, 0, INK_RUN },
	[J_CPU_WAIT] = { "CPU wait", COL_RIGHT, 0, 0, INK_WAIT },
	[J_TURNAROUND] = { "turnaround", COL_RIGHT, 0, 0, INK_PLAIN },
};

static void put_time(struct table *t, enum job_column c, uint64_t ns, const struct style *st)
{
	if (ns == JOB_UNSEEN)
		buf_putc(table_cell(t, c), '-');
	else
		fmt_duration(table_cell(t, c), ns, st->utf8);
}

static void job_row(struct table *t, const struct stat_of *s, const struct job *j, size_t i, const struct style *st)
{
	const struct model *m = s->sum->model;
	uint64_t start_ns = model_window(m).from_ns;

	table_row(t);
	job_name(m, j, table_cell(t, J_NAME));
	if (task_some(j->worker))
		words_task(model_task(m, j->worker), st, table_cell(t, J_WORKER));
	else
		buf_putc(table_cell(t, J_WORKER), '-');
	put_time(t, J_SUBMITTED, job_between(start_ns, j->submitted_ns), st);
	put_time(t, J_WAITED, job_waited_ns(j), st);
	put_time(t, J_SERVICE, job_service_ns(j), st);
	put_time(t, J_RUN, s->jobs->ns[i][STATE_RUNNING], st);
	put_time(t, J_CPU_WAIT, s->jobs->ns[i][STATE_RUNNABLE], st);
	put_time(t, J_TURNAROUND, job_turnaround_ns(j), st);
}

static void put_jobs(const struct stat_of *s, const struct style *st, struct buf *out)
{
	struct table t = table_make(job_columns, NR_JOB_COLUMNS);
	size_t nr;
	const struct job *jobs = model_jobs(s->sum->model, &nr);

	for (size_t i = 0; i < nr; i++)
		if (job_in_window(s->sum->model, &jobs[i], s->sum->window))
			job_row(&t, s, &jobs[i], i, st);
	if (t.cells.n) {
		buf_putc(out, '\n');
		table_put(&t, st, out);
	}
	table_release(&t);
}

/* ---- CPUs ---- */

enum cpu_column { C_CPU, C_BUSY, C_IDLE, C_OTHER, C_UNKNOWN, C_SWITCHES, C_MEAN, C_MAX, NR_CPU_COLUMNS };

static const struct column cpu_columns[NR_CPU_COLUMNS] = {
	[C_CPU] = { "CPU", COL_RIGHT, 0, 0, INK_PLAIN },
	[C_BUSY] = { "busy", COL_RIGHT, 0, 0, INK_RUN },
	[C_IDLE] = { "idle", COL_RIGHT, 0, 0, INK_PLAIN },
	[C_OTHER] = { "not recorded", COL_RIGHT | COL_IF_ANY, 2, 0, INK_PLAIN },
	[C_UNKNOWN] = { "unknown", COL_RIGHT | COL_IF_ANY, 1, 0, INK_UNKNOWN },
	[C_SWITCHES] = { "switches", COL_RIGHT, 0, 0, INK_PLAIN },
	[C_MEAN] = { "mean queue", COL_RIGHT, 0, 0, INK_PLAIN },
	[C_MAX] = { "max queue", COL_RIGHT, 0, 0, INK_PLAIN },
};

static void cpu_row(struct table *t, const struct summary *sum, uint32_t cpu)
{
	const struct cpu_sum *c = &sum->cpus[cpu];
	uint64_t span_ns = sum->window.to_ns - sum->window.from_ns;
	uint64_t mean_hundredths = (uint64_t)((unsigned __int128)c->queued_ns * 100 / span_ns);

	table_row(t);
	buf_printf(table_cell(t, C_CPU), "%u", cpu);
	words_share(table_cell(t, C_BUSY), c->ns[CPU_TASK], span_ns);
	words_share(table_cell(t, C_IDLE), c->ns[CPU_IDLE], span_ns);
	words_share(table_cell(t, C_OTHER), c->ns[CPU_UNRECORDED] + c->ns[CPU_OFFLINE], span_ns);
	words_share(table_cell(t, C_UNKNOWN), c->ns[CPU_UNKNOWN], span_ns);
	fmt_count(table_cell(t, C_SWITCHES), c->switches);
	buf_printf(table_cell(t, C_MEAN), "%llu.%02llu", (unsigned long long)(mean_hundredths / 100),
		   (unsigned long long)(mean_hundredths % 100));
	fmt_count(table_cell(t, C_MAX), c->max_depth);
}

static void put_cpus(const struct summary *sum, const struct style *st, struct buf *out)
{
	struct table t = table_make(cpu_columns, NR_CPU_COLUMNS);

	for (uint32_t c = 0; c < sum->nr_cpus; c++)
		if (sum->cpus[c].seen)
			cpu_row(&t, sum, c);
	table_put(&t, st, out);
	table_release(&t);
}

/* ---- totals ---- */

static void put_total(uint64_t n, const char *one, const char *many, struct buf *out)
{
	fmt_count(out, n);
	buf_printf(out, " %s", n == 1 ? one : many);
}

static void put_totals(const struct summary *sum, const struct style *st, struct buf *out)
{
	put_total(sum->switches, "switch, ", "switches, ", out);
	put_total(sum->wakeups, "wake-up, ", "wake-ups, ", out);
	put_total(sum->migrations, "migration, ", "migrations, ", out);
	put_total(sum->forks, "fork, ", "forks, ", out);
	put_total(sum->exits, "exit\n", "exits\n", out);
	if (!sum->latency.n)
		return;
	buf_puts(out, "wake-up latency: mean ");
	fmt_duration(out, hist_mean(&sum->latency), st->utf8);
	buf_puts(out, ", p95 ");
	fmt_duration(out, hist_percentile(&sum->latency, PERMILLE_P95), st->utf8);
	buf_puts(out, ", max ");
	fmt_duration(out, sum->latency.max_ns, st->utf8);
	buf_puts(out, " over ");
	put_total(sum->latency.n, "wake-up\n", "wake-ups\n", out);
}

void stat_text(const struct stat_of *s, const struct stat_cfg *cfg, const struct style *st, struct buf *out)
{
	const struct summary *sum = s->sum;

	frame_head(sum->model, sum->window, NULL, st, out);
	buf_putc(out, '\n');
	if (!cfg->cpus_only) {
		put_tasks(sum, cfg, st, out);
		put_jobs(s, st, out);
		buf_putc(out, '\n');
	}
	put_cpus(sum, st, out);
	buf_putc(out, '\n');
	put_totals(sum, st, out);
	frame_foot(sum->model, s->damage, st, out);
}
