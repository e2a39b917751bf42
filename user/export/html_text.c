/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * html_text.c - what a page is told in JSON: the recording, its tasks with their totals, their order, its jobs.
 */
#include "export/html_data.h"

#include <inttypes.h>
#include <string.h>
#include "analysis/doubts.h"
#include "analysis/path_words.h"
#include "analysis/task_json.h"

/* Rows in a block: each is parsed at once by the page, so it is kept well below what a script engine takes. */
#define ROWS 4096u

static void put_time(const struct html_page *p, struct json *j, const char *key, uint64_t ns)
{
	json_i64(j, key, ns == UINT64_MAX ? -1 : (int64_t)export_since(p->job, ns));
}

static void put_id(struct json *j, const char *key, uint32_t id)
{
	json_i64(j, key, id == UINT32_MAX ? -1 : (int64_t)id);
}

/* Numbers that may be beyond 2^53. */
static void put_digits(struct json *j, const char *key, uint64_t v)
{
	struct buf digits = { 0 };

	buf_printf(&digits, "%" PRIu64, v);
	json_str(j, key, buf_str(&digits));
	buf_release(&digits);
}

/* ---- the recording ---- */

static void put_doubts(const struct html_page *p, struct json *j)
{
	struct buf text = { 0 }, line = { 0 };

	doubts_report(p->sum->model, trace_reader_damage(p->job->reader), true, &text);
	json_array(j, "doubts");
	for (const char *at = buf_str(&text); *at;) {
		size_t n = strcspn(at, "\n");

		buf_reset(&line);
		buf_put(&line, at, n);
		json_str(j, NULL, buf_str(&line));
		at += n + (at[n] == '\n');
	}
	json_end(j);
	buf_release(&text);
	buf_release(&line);
}

static void put_health(const struct html_page *p, struct json *j)
{
	const struct health *h = model_health(p->sum->model);

	json_object(j, "health");
#define X(name, ...) json_u64(j, #name, h->name);
	HEALTH_COUNTERS(X)
#undef X
	json_end(j);
}

static void put_info(const struct html_page *p, struct json *j)
{
	static const char *const told[][2] = {
		{ "command", "command" }, { "workload", "workload" },	   { "mode", "mode" },
		{ "host", "host" },	  { "release", "kernel.release" }, { "arch", "arch" },
	};
	const struct facts *facts = model_facts(p->sum->model);
	struct window whole = model_window(p->sum->model);

	json_object(j, "info");
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		json_str(j, told[i][0], facts_get(facts, told[i][1]));
	json_str(j, "tool", "schedviz " SCHEDVIZ_VERSION);
	json_str(j, "theory", p->job->theory);
	json_str(j, "verdict", p->job->verdict);
	json_str(j, "noun", model_job_noun(p->sum->model));
	put_digits(j, "startNs", whole.from_ns);
	json_u64(j, "lengthNs", whole.to_ns - whole.from_ns);
	put_time(p, j, "windowFrom", p->job->window.from_ns);
	put_time(p, j, "windowTo", p->job->window.to_ns);
	put_id(j, "target", model_target(p->sum->model).i);
	json_bool(j, "filtered", p->job->filter.text && *p->job->filter.text);
	put_health(p, j);
	put_doubts(p, j);
	json_end(j);
}

/* ---- words by number ---- */

static void put_names(struct json *j)
{
	json_object(j, "names");
	json_array(j, "states");
	for (int i = 0; i < NR_STATES; i++)
		json_str(j, NULL, state_name((enum task_state)i));
	json_end(j);
	json_array(j, "whys");
	for (int i = 0; i < NR_WHYS; i++)
		json_str(j, NULL, i == WHY_NONE ? NULL : state_why_name((enum runnable_why)i));
	json_end(j);
	json_array(j, "contexts");
	for (int i = 0; i < EV_CTX_KINDS; i++)
		json_str(j, NULL, export_context((uint8_t)i));
	json_end(j);
	json_array(j, "cpuStates");
	for (int i = 0; i < NR_CPU_STATES; i++)
		json_str(j, NULL, export_cpu_state((uint8_t)i));
	json_end(j);
	json_end(j);
}

/* ---- CPUs ---- */

static void put_place(const struct html_page *p, struct json *j, uint32_t cpu, const char *what)
{
	struct buf key = { 0 };
	uint64_t v;

	buf_printf(&key, "cpu.%u.%s", cpu, what);
	v = facts_u64(model_facts(p->sum->model), buf_str(&key), UINT64_MAX);
	json_i64(j, what, v > INT32_MAX ? -1 : (int64_t)v);
	buf_release(&key);
}

static void put_cpus(const struct html_page *p, struct json *j)
{
	json_array(j, "cpus");
	for (uint32_t cpu = 0; cpu < p->sum->nr_cpus; cpu++) {
		if (!p->sum->cpus[cpu].seen)
			continue;
		json_object(j, NULL);
		json_u64(j, "cpu", cpu);
		put_place(p, j, cpu, "node");
		put_place(p, j, cpu, "package");
		put_place(p, j, cpu, "core");
		json_u64(j, "count", cpu < p->count.nr_cpus ? p->count.of_cpu[cpu] : 0);
		json_end(j);
	}
	json_end(j);
}

/* Null without a path: `note` says why, where that is to be said. */
static void put_path_head(const struct html_page *p, struct json *j)
{
	const struct export_path *x = &p->path;
	struct window cut;

	json_str(j, "pathNote", x->note.len ? buf_str(&x->note) : NULL);
	if (x->part.from == x->part.to) {
		json_null(j, "path");
		return;
	}
	export_cut(p->job, x->path.steps.v[x->part.from].from_ns, UINT64_MAX, &cut);
	json_object(j, "path");
	put_time(p, j, "from", cut.from_ns);
	json_array(j, "edges");
	for (int edge = PATH_SAME; edge <= PATH_END; edge++)
		json_str(j, NULL, path_edge_name((uint8_t)edge));
	json_end(j);
	json_end(j);
}

static void put_head(const struct html_page *p, struct html_block *b)
{
	struct buf text = { 0 };
	struct json j = { .out = &text };

	json_object(&j, NULL);
	json_str(&j, "schema", "schedviz-page");
	json_u64(&j, "version", HTML_DATA_VERSION);
	put_info(p, &j);
	put_names(&j);
	put_cpus(p, &j);
	put_path_head(p, &j);
	json_u64(&j, "tasks", p->count.nr_tasks);
	json_u64(&j, "spans", p->count.spans);
	json_u64(&j, "cpuSpans", p->count.cpu_spans);
	json_end(&j);
	html_block_text(b, BLOCK_HEAD, &text);
	buf_release(&text);
}

/* ---- tasks ---- */

static void put_task(const struct html_page *p, const struct html_order *o, uint32_t id, struct json *j)
{
	const struct task *t = model_task(p->sum->model, (task_id){ id });

	json_object(j, NULL);
	json_u64(j, "id", id);
	json_u64(j, "tid", t->tid);
	json_u64(j, "pid", t->tgid);
	put_id(j, "parent", o->parent[id]);
	json_u64(j, "depth", o->depth[id]);
	json_str(j, "name", t->name);
	json_str(j, "path", t->path);
	json_bool(j, "kthread", t->kthread);
	json_bool(j, "inTarget", t->in_target);
	json_bool(j, "recorder", model_is_recorder(p->sum->model, (task_id){ id }));
	json_bool(j, "shown", p->shown[id]);
	put_time(p, j, "born", t->born_ns);
	put_time(p, j, "died", t->died_ns);
	json_bool(j, "bornHere", t->born_here);
	json_bool(j, "diedHere", t->died_here);
	json_u64(j, "count", p->count.of_task[id]);
	json_object(j, "totals");
	task_json(j, p->sum, (task_id){ id });
	json_end(j);
	json_end(j);
}

/* A block of rows, begun and ended as they come. */
struct rows {
	struct html_block *b;
	enum html_block_kind kind;
	struct buf text;
	struct json j;
	uint32_t n;
};

static void rows_end(struct rows *r)
{
	if (!r->n)
		return;
	json_end(&r->j);
	html_block_text(r->b, r->kind, &r->text);
	buf_reset(&r->text);
	r->n = 0;
}

static struct json *rows_next(struct rows *r)
{
	if (r->n == ROWS)
		rows_end(r);
	if (!r->n++) {
		r->j = (struct json){ .out = &r->text };
		json_array(&r->j, NULL);
	}
	return &r->j;
}

static void rows_release(struct rows *r)
{
	rows_end(r);
	buf_release(&r->text);
}

static void put_tasks(const struct html_page *p, struct html_block *b)
{
	struct rows tasks = { .b = b, .kind = BLOCK_TASKS }, order = { .b = b, .kind = BLOCK_ORDER };
	struct html_order o;

	html_order_make(&o, p);
	for (uint32_t i = 0; i < p->count.nr_tasks; i++)
		put_task(p, &o, i, rows_next(&tasks));
	rows_release(&tasks);
	for (uint32_t i = 0; i < o.n; i++)
		json_u64(rows_next(&order), NULL, o.ids[i]);
	rows_release(&order);
	html_order_release(&o);
}

/* ---- jobs ---- */

static void put_jobs(const struct html_page *p, struct html_block *b)
{
	struct rows rows = { .b = b, .kind = BLOCK_JOBS };
	size_t nr;
	const struct job *jobs = model_jobs(p->sum->model, &nr);

	for (size_t i = 0; i < nr; i++) {
		struct json *j;

		if (!export_has_job(p->job, &jobs[i]))
			continue;
		j = rows_next(&rows);
		json_object(j, NULL);
		put_digits(j, "id", jobs[i].id);
		put_time(p, j, "submitted", jobs[i].submitted_ns);
		put_time(p, j, "started", jobs[i].started_ns);
		put_time(p, j, "finished", jobs[i].finished_ns);
		put_id(j, "submitter", jobs[i].submitter.i);
		put_id(j, "worker", jobs[i].worker.i);
		put_digits(j, "arg", jobs[i].arg);
		json_end(j);
	}
	rows_release(&rows);
}

/* ---- the critical path: what its steps are, the spans of its tasks say ---- */

static void put_stretch(const struct html_page *p, const struct path_step *last, uint64_t from_ns, struct json *j)
{
	struct window cut;

	export_cut(p->job, from_ns, last->to_ns, &cut);
	json_array(j, NULL);
	put_id(j, NULL, last->task.i);
	json_u64(j, NULL, cut.to_ns - cut.from_ns);
	json_u64(j, NULL, last->edge);
	json_end(j);
}

static void put_path(const struct html_page *p, struct html_block *b)
{
	const struct path_step *v = p->path.path.steps.v;
	struct path_part part = p->path.part;
	struct rows rows = { .b = b, .kind = BLOCK_PATH };

	for (size_t i = part.from, first = i; i < part.to; i++) {
		if (i + 1 < part.to && task_is(v[i + 1].task, v[i].task))
			continue;
		put_stretch(p, &v[i], v[first].from_ns, rows_next(&rows));
		first = i + 1;
	}
	rows_release(&rows);
}

void html_text_blocks(const struct html_page *p, struct html_block *b)
{
	put_head(p, b);
	put_tasks(p, b);
	put_jobs(p, b);
	put_path(p, b);
}
