/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stat_json.c - `stat --json`, as STAT_JSON.md documents it.
 */
#include "analysis/task_json.h"
#include "render/frame.h"
#include "render/jobs.h"
#include "render/stat.h"
#include "render/words.h"

/* Instants are given relative to the recording's start; JOB_UNSEEN becomes null. */
static void put_instant(struct json *j, const struct summary *sum, const char *key, uint64_t ns)
{
	uint64_t start_ns = model_window(sum->model).from_ns;

	if (ns == JOB_UNSEEN)
		json_null(j, key);
	else
		json_i64(j, key, (int64_t)(ns - start_ns));
}

static void put_or_null(struct json *j, const char *key, uint64_t ns)
{
	if (ns == JOB_UNSEEN)
		json_null(j, key);
	else
		json_u64(j, key, ns);
}

static void put_health(struct json *j, const struct health *h)
{
	json_object(j, "health");
#define X(name, ...) json_u64(j, #name, h->name);
	HEALTH_COUNTERS(X)
#undef X
	json_end(j);
}

static void put_damage(struct json *j, const struct trace_damage *d)
{
	json_object(j, "damage");
	json_bool(j, "cut", d->cut);
	json_u64(j, "bad_chunks", d->bad_chunks);
	json_u64(j, "late_events", d->late_events);
	json_end(j);
}

static void put_trace(struct json *j, const struct summary *sum, const struct trace_damage *d)
{
	static const char *const facts[][2] = {
		{ "command", "command" }, { "workload", "workload" },	    { "mode", "mode" },
		{ "host", "host" },	  { "release", "kernel.release" }, { "arch", "arch" },
	};
	struct window whole = model_window(sum->model);

	json_object(j, "trace");
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		json_str(j, facts[i][0], facts_get(model_facts(sum->model), facts[i][1]));
	json_u64(j, "start_ns", whole.from_ns);
	json_u64(j, "length_ns", whole.to_ns - whole.from_ns);
	json_u64(j, "window_from_ns", sum->window.from_ns - whole.from_ns);
	json_u64(j, "window_to_ns", sum->window.to_ns - whole.from_ns);
	json_bool(j, "doubtful", frame_doubtful(sum->model, d));
	put_health(j, model_health(sum->model));
	put_damage(j, d);
	json_end(j);
}

static void put_totals(struct json *j, const struct summary *sum)
{
	json_object(j, "totals");
	json_u64(j, "tasks", sum->nr_tasks);
	json_u64(j, "switches", sum->switches);
	json_u64(j, "wakeups", sum->wakeups);
	json_u64(j, "migrations", sum->migrations);
	json_u64(j, "forks", sum->forks);
	json_u64(j, "exits", sum->exits);
	latency_json(j, "latency", &sum->latency);
	json_end(j);
}

static void put_tasks(struct json *j, const struct summary *sum, const struct stat_cfg *cfg)
{
	struct picks picks;

	stat_pick(&picks, sum, cfg);
	json_array(j, "tasks");
	for (uint32_t i = 0; i < picks.n; i++) {
		json_object(j, NULL);
		task_json(j, sum, picks.v[i].id);
		json_end(j);
	}
	json_end(j);
	picks_release(&picks);
}

static void put_cpus(struct json *j, const struct summary *sum)
{
	json_array(j, "cpus");
	for (uint32_t i = 0; i < sum->nr_cpus; i++) {
		const struct cpu_sum *c = &sum->cpus[i];

		if (!c->seen)
			continue;
		json_object(j, NULL);
		json_u64(j, "cpu", i);
		json_u64(j, "busy_ns", c->ns[CPU_TASK]);
		json_u64(j, "idle_ns", c->ns[CPU_IDLE]);
		json_u64(j, "unrecorded_ns", c->ns[CPU_UNRECORDED]);
		json_u64(j, "offline_ns", c->ns[CPU_OFFLINE]);
		json_u64(j, "unknown_ns", c->ns[CPU_UNKNOWN]);
		json_u64(j, "switches", c->switches);
		json_u64(j, "queued_ns", c->queued_ns);
		json_u64(j, "max_depth", c->max_depth);
		json_end(j);
	}
	json_end(j);
}

static void put_who(struct json *j, const struct summary *sum, const char *key, task_id id)
{
	if (task_some(id))
		json_u64(j, key, model_task(sum->model, id)->tid);
	else
		json_null(j, key);
}

static void put_job(struct json *j, const struct stat_of *s, const struct job *job, const uint64_t *ns)
{
	struct buf name = { 0 };

	job_name(s->sum->model, job, &name);
	json_object(j, NULL);
	json_u64(j, "id", job->id);
	json_str(j, "name", buf_str(&name));
	put_who(j, s->sum, "submitter", job->submitter);
	put_who(j, s->sum, "worker", job->worker);
	put_instant(j, s->sum, "submitted_ns", job->submitted_ns);
	put_instant(j, s->sum, "started_ns", job->started_ns);
	put_instant(j, s->sum, "finished_ns", job->finished_ns);
	put_or_null(j, "response_ns", job_waited_ns(job));
	put_or_null(j, "service_ns", job_service_ns(job));
	put_or_null(j, "turnaround_ns", job_turnaround_ns(job));
	json_u64(j, "run_ns", ns[STATE_RUNNING]);
	json_u64(j, "waiting_ns", ns[STATE_RUNNABLE]);
	json_u64(j, "arg", job->arg);
	json_end(j);
	buf_release(&name);
}

static void put_jobs(struct json *j, const struct stat_of *s)
{
	size_t nr;
	const struct job *jobs = model_jobs(s->sum->model, &nr);

	json_array(j, "jobs");
	for (size_t i = 0; i < nr; i++)
		if (job_in_window(s->sum->model, &jobs[i], s->sum->window))
			put_job(j, s, &jobs[i], s->jobs->ns[i]);
	json_end(j);
}

void stat_json(const struct stat_of *s, const struct stat_cfg *cfg, struct buf *out)
{
	struct json j = { .out = out };

	json_object(&j, NULL);
	json_str(&j, "schema", "schedviz-stat");
	json_u64(&j, "version", STAT_JSON_VERSION);
	put_trace(&j, s->sum, s->damage);
	put_totals(&j, s->sum);
	if (!cfg->cpus_only)
		put_tasks(&j, s->sum, cfg);
	put_cpus(&j, s->sum);
	if (!cfg->cpus_only)
		put_jobs(&j, s);
	json_end(&j);
	buf_putc(out, '\n');
}
