/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lines.c - a recording as JSON, one object a line, for graders and scripts: LINES.md says what each member means.
 */
#include "export/formats.h"

#include "analysis/path_words.h"
#include "base/json.h"

#define LINES_VERSION 1

struct pass {
	const struct export_job *job;
	struct export_out *out;
	uint64_t spans, cpu_spans, wakes, migrations;
};

static struct json line_begin(struct pass *p, const char *type)
{
	struct json j = { .out = &p->out->buf };

	json_object(&j, NULL);
	json_str(&j, "type", type);
	return j;
}

static void line_end(struct pass *p, struct json *j)
{
	json_end(j);
	buf_putc(&p->out->buf, '\n');
	export_spill(p->out);
}

static void put_time(const struct pass *p, struct json *j, const char *key, uint64_t ns)
{
	if (ns == UINT64_MAX)
		json_null(j, key);
	else
		json_i64(j, key, (int64_t)export_since(p->job, ns));
}

static void put_id(struct json *j, const char *key, task_id id)
{
	if (task_some(id))
		json_u64(j, key, id.i);
	else
		json_null(j, key);
}

static void put_cpu(struct json *j, const char *key, uint32_t cpu)
{
	if (cpu == CPU_NONE)
		json_null(j, key);
	else
		json_u64(j, key, cpu);
}

static void put_call(const struct pass *p, struct json *j, int32_t nr, uint64_t arg)
{
	if (nr < 0) {
		json_null(j, "syscall");
		json_null(j, "arg");
		return;
	}
	json_str(j, "syscall", export_syscall(p->job, nr));
	json_u64(j, "arg", arg);
}

/* ---- what the model keeps ---- */

static void put_trace(struct pass *p)
{
	static const char *const told[][2] = {
		{ "command", "command" }, { "workload", "workload" },	   { "mode", "mode" },
		{ "host", "host" },	  { "release", "kernel.release" }, { "arch", "arch" },
	};
	const struct model *m = p->job->model;
	struct window whole = model_window(m);
	struct json j = line_begin(p, "trace");

	json_str(&j, "schema", "schedviz-lines");
	json_u64(&j, "version", LINES_VERSION);
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		json_str(&j, told[i][0], facts_get(model_facts(m), told[i][1]));
	json_u64(&j, "start_ns", whole.from_ns);
	json_u64(&j, "length_ns", whole.to_ns - whole.from_ns);
	put_time(p, &j, "window_from_ns", p->job->window.from_ns);
	put_time(p, &j, "window_to_ns", p->job->window.to_ns);
	json_str(&j, "theory", p->job->theory);
	json_str(&j, "verdict", p->job->verdict);
	line_end(p, &j);
}

static void put_tasks(struct pass *p)
{
	const struct model *m = p->job->model;

	for (uint32_t i = 0; i < model_nr_tasks(m); i++) {
		const struct task *t = model_task(m, (task_id){ i });
		struct json j;

		if (!export_wants(p->job, (task_id){ i }))
			continue;
		j = line_begin(p, "task");
		json_u64(&j, "id", i);
		json_u64(&j, "tid", t->tid);
		json_u64(&j, "pid", t->tgid);
		put_id(&j, "parent", t->parent);
		json_str(&j, "name", t->name);
		json_str(&j, "path", t->path);
		json_bool(&j, "kthread", t->kthread);
		json_bool(&j, "in_target", t->in_target);
		json_bool(&j, "recorder", model_is_recorder(m, (task_id){ i }));
		put_time(p, &j, "born_ns", t->born_ns);
		put_time(p, &j, "died_ns", t->died_ns);
		json_bool(&j, "born_here", t->born_here);
		json_bool(&j, "died_here", t->died_here);
		line_end(p, &j);
	}
}

static void put_jobs(struct pass *p)
{
	size_t nr;
	const struct job *jobs = model_jobs(p->job->model, &nr);

	for (size_t i = 0; i < nr; i++) {
		struct json j;

		if (!export_has_job(p->job, &jobs[i]))
			continue;
		j = line_begin(p, "job");
		json_u64(&j, "job", jobs[i].id);
		json_str(&j, "noun", model_job_noun(p->job->model));
		put_time(p, &j, "submitted_ns", jobs[i].submitted_ns);
		put_time(p, &j, "started_ns", jobs[i].started_ns);
		put_time(p, &j, "finished_ns", jobs[i].finished_ns);
		put_id(&j, "submitter", jobs[i].submitter);
		put_id(&j, "worker", jobs[i].worker);
		json_u64(&j, "arg", jobs[i].arg);
		line_end(p, &j);
	}
}

/* ---- the critical path ---- */

static void put_step(struct pass *p, const struct path_words *w, const struct path_step *s, struct buf *words)
{
	struct json j = line_begin(p, "path");
	struct window cut;
	size_t nr;
	const struct job *jobs = model_jobs(p->job->model, &nr);
	bool waits = s->kind == PATH_WAITING;

	export_cut(p->job, s->from_ns, s->to_ns, &cut);
	put_time(p, &j, "from_ns", cut.from_ns);
	put_time(p, &j, "to_ns", cut.to_ns);
	put_id(&j, "task", s->task);
	json_str(&j, "kind", path_kind_name(s->kind));
	json_str(&j, "edge", path_edge_name(s->edge));
	buf_reset(words);
	path_words_put(w, s, true, words);
	json_str(&j, "says", buf_str(words));
	put_cpu(&j, "cpu", s->cpu);
	json_str(&j, "why", waits ? state_why_name(s->why) : NULL);
	put_call(p, &j, s->syscall, s->arg);
	json_str(&j, "context", export_context(s->ctx));
	put_id(&j, "by", s->by);
	if (waits)
		json_u64(&j, "by_ns", s->by_ns);
	else
		json_null(&j, "by_ns");
	if (s->job < nr)
		json_u64(&j, "job", jobs[s->job].id);
	else
		json_null(&j, "job");
	line_end(p, &j);
}

static int put_path(struct pass *p, struct err *e)
{
	struct export_path x;
	struct path_words w;
	struct buf words = { 0 };
	int ret = export_path_make(&x, p->job, p->job->model, e);

	path_words_init(&w, p->job->model);
	for (size_t i = x.part.from; i < x.part.to; i++)
		put_step(p, &w, &x.path.steps.v[i], &words);
	path_words_release(&w);
	buf_release(&words);
	export_path_release(&x);
	return ret;
}

/* ---- what streams by ---- */

static void on_span(void *ctx, const struct span *s)
{
	struct pass *p = ctx;
	struct window cut;
	struct json j;

	if (!export_wants(p->job, s->task) || !export_cut(p->job, s->from_ns, s->to_ns, &cut))
		return;
	j = line_begin(p, "span");
	put_id(&j, "task", s->task);
	json_str(&j, "state", state_name(s->state));
	put_time(p, &j, "from_ns", cut.from_ns);
	put_time(p, &j, "to_ns", cut.to_ns);
	put_cpu(&j, "cpu", s->cpu);
	json_str(&j, "why", s->why == WHY_NONE ? NULL : state_why_name(s->why));
	put_call(p, &j, s->syscall, s->arg);
	put_id(&j, "waker", s->waker);
	line_end(p, &j);
	p->spans++;
}

static void on_cpu_span(void *ctx, const struct cpu_span *s)
{
	struct pass *p = ctx;
	struct window cut;
	struct json j;

	if ((p->job->filter.text && !export_wants(p->job, s->task)) || !export_cut(p->job, s->from_ns, s->to_ns, &cut))
		return;
	j = line_begin(p, "cpu");
	json_u64(&j, "cpu", s->cpu);
	json_str(&j, "state", export_cpu_state(s->state));
	put_time(p, &j, "from_ns", cut.from_ns);
	put_time(p, &j, "to_ns", cut.to_ns);
	put_id(&j, "task", s->task);
	line_end(p, &j);
	p->cpu_spans++;
}

static void on_wake(void *ctx, const struct wake *w)
{
	struct pass *p = ctx;
	struct json j;

	if (!window_contains(p->job->window, w->ts_ns) || !export_wants(p->job, w->target))
		return;
	j = line_begin(p, "wake");
	put_time(p, &j, "ts_ns", w->ts_ns);
	put_id(&j, "task", w->target);
	put_id(&j, "waker", w->waker);
	put_cpu(&j, "cpu", w->waker_cpu);
	json_str(&j, "context", export_context(w->ctx));
	json_str(&j, "effect", export_effect(w->effect));
	put_call(p, &j, w->effect == WAKE_REAL ? w->syscall : EV_NO_SYSCALL, w->arg);
	if (w->effect == WAKE_REAL)
		json_u64(&j, "slept_ns", w->slept_ns);
	else
		json_null(&j, "slept_ns");
	line_end(p, &j);
	p->wakes++;
}

static void on_migration(void *ctx, const struct migration *mg)
{
	struct pass *p = ctx;
	struct json j;

	if (!window_contains(p->job->window, mg->ts_ns) || !export_wants(p->job, mg->task))
		return;
	j = line_begin(p, "migration");
	put_time(p, &j, "ts_ns", mg->ts_ns);
	put_id(&j, "task", mg->task);
	put_cpu(&j, "from_cpu", mg->from_cpu);
	put_cpu(&j, "to_cpu", mg->to_cpu);
	json_bool(&j, "placement", mg->placement);
	line_end(p, &j);
	p->migrations++;
}

/* The last line: who does not find it has not the whole file. */
static void put_end(struct pass *p)
{
	const struct health *h = model_health(p->job->model);
	struct json j = line_begin(p, "end");

	json_u64(&j, "spans", p->spans);
	json_u64(&j, "cpu_spans", p->cpu_spans);
	json_u64(&j, "wakes", p->wakes);
	json_u64(&j, "migrations", p->migrations);
	json_object(&j, "health");
#define X(name, ...) json_u64(&j, #name, h->name);
	HEALTH_COUNTERS(X)
#undef X
	json_end(&j);
	line_end(p, &j);
}

static int lines_write(const struct export_job *job, struct export_out *out, struct err *e)
{
	struct pass p = { .job = job, .out = out };
	struct model_sink sink = {
		.ctx = &p, .span = on_span, .cpu_span = on_cpu_span, .wake = on_wake, .migration = on_migration
	};
	struct model *m = NULL;
	int ret;

	put_trace(&p);
	put_tasks(&p);
	put_jobs(&p);
	ret = put_path(&p, e);
	if (ret == 0)
		ret = model_build(&m, job->reader, &sink, 1, e);
	model_free(m);
	put_end(&p);
	return ret;
}

const struct exporter exporter_json = {
	.name = "json",
	.summary = "everything, one JSON object a line",
	.suffix = "jsonl",
	.write = lines_write,
};
