/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * csv.c - a recording as tables for spreadsheets and data frames: RFC 4180, a heading, times in ns from the start of
 * the recording, nothing where a value is not known.
 */
#include "export/formats.h"

#include <inttypes.h>
#include <string.h>

/* What strangers chose: printable UTF-8 (the rest as \xNN), quoted where a comma or a quote would tear the line. */
static void put_text(struct buf *out, const char *s)
{
	struct buf safe = { 0 };
	size_t n = 0;

	while (s[n] > ' ' && s[n] < 0x7f && !strchr(",\"\\", s[n]))
		n++;
	if (!s[n]) { /* as nearly always */
		buf_put(out, s, n);
		return;
	}
	fmt_safe(&safe, s, strlen(s), true);
	if (!strpbrk(buf_str(&safe), ",\"")) {
		buf_puts(out, buf_str(&safe));
	} else {
		buf_putc(out, '"');
		for (const char *at = buf_str(&safe); *at; at++)
			buf_printf(out, *at == '"' ? "\"\"" : "%c", *at);
		buf_putc(out, '"');
	}
	buf_release(&safe);
}

static void put_number(uint64_t n, struct buf *out)
{
	buf_putc(out, ',');
	buf_u64(out, n);
}

/* ",tid,pid,name", or the same without anything in it. */
static void put_task(const struct export_job *job, task_id id, struct buf *out)
{
	const struct task *t;

	if (!task_some(id)) {
		buf_puts(out, ",,,");
		return;
	}
	t = model_task(job->model, id);
	put_number(t->tid, out);
	put_number(t->tgid, out);
	buf_putc(out, ',');
	put_text(out, t->name);
}

static void put_cpu(uint32_t cpu, struct buf *out)
{
	if (cpu == CPU_NONE)
		buf_putc(out, ',');
	else
		put_number(cpu, out);
}

static void put_time(const struct export_job *job, uint64_t ns, struct buf *out)
{
	if (ns == UINT64_MAX)
		buf_putc(out, ',');
	else
		buf_printf(out, ",%" PRId64, (int64_t)export_since(job, ns));
}

static void put_call(const struct export_job *job, int32_t nr, uint64_t arg, struct buf *out)
{
	buf_putc(out, ',');
	buf_puts(out, export_syscall(job, nr));
	if (nr >= 0)
		buf_printf(out, ",0x%" PRIx64, arg);
	else
		buf_putc(out, ',');
}

/* ---- spans ---- */

struct pass {
	const struct export_job *job;
	struct export_out *out;
};

static void on_span(void *ctx, const struct span *s)
{
	struct pass *p = ctx;
	struct buf *out = &p->out->buf;
	struct window cut;

	if (!export_wants(p->job, s->task) || !export_cut(p->job, s->from_ns, s->to_ns, &cut))
		return;
	buf_u64(out, export_since(p->job, cut.from_ns));
	put_number(export_since(p->job, cut.to_ns), out);
	put_task(p->job, s->task, out);
	buf_putc(out, ',');
	buf_puts(out, state_name(s->state));
	put_cpu(s->cpu, out);
	buf_putc(out, ',');
	buf_puts(out, s->why == WHY_NONE ? "" : state_why_name(s->why));
	put_call(p->job, s->syscall, s->arg, out);
	put_task(p->job, s->waker, out);
	buf_puts(out, "\r\n");
	export_spill(p->out);
}

/* ---- wakes ---- */

static const char *known(const char *word)
{
	return word ? word : "";
}

static void on_wake(void *ctx, const struct wake *w)
{
	struct pass *p = ctx;
	struct buf *out = &p->out->buf;

	if (!window_contains(p->job->window, w->ts_ns) || !export_wants(p->job, w->target))
		return;
	buf_printf(out, "%" PRIu64, export_since(p->job, w->ts_ns));
	put_task(p->job, w->target, out);
	put_task(p->job, w->waker, out);
	put_cpu(w->waker_cpu, out);
	buf_printf(out, ",%s,%s", known(export_context(w->ctx)), known(export_effect(w->effect)));
	put_call(p->job, w->effect == WAKE_REAL ? w->syscall : EV_NO_SYSCALL, w->arg, out);
	if (w->effect == WAKE_REAL)
		buf_printf(out, ",%" PRIu64, w->slept_ns);
	else
		buf_putc(out, ',');
	buf_puts(out, "\r\n");
	export_spill(p->out);
}

/* ---- jobs ---- */

static void put_jobs(const struct export_job *job, struct export_out *out)
{
	size_t nr;
	const struct job *jobs = model_jobs(job->model, &nr);

	for (size_t i = 0; i < nr; i++) {
		const struct job *j = &jobs[i];

		if (!export_has_job(job, j))
			continue;
		buf_printf(&out->buf, "%" PRIu64, j->id);
		put_time(job, j->submitted_ns, &out->buf);
		put_time(job, j->started_ns, &out->buf);
		put_time(job, j->finished_ns, &out->buf);
		put_task(job, j->submitter, &out->buf);
		put_task(job, j->worker, &out->buf);
		buf_printf(&out->buf, ",%" PRIu64 "\r\n", j->arg);
		export_spill(out);
	}
}

/* ---- all of it ---- */

enum part { SPANS, WAKES, JOBS };
static const char *const parts[] = { [SPANS] = "spans", [WAKES] = "wakes", [JOBS] = "jobs", NULL };

static const char *const headings[] = {
	[SPANS] = "from_ns,to_ns,tid,pid,name,state,cpu,why,syscall,arg,waker_tid,waker_pid,waker_name",
	[WAKES] = "ts_ns,tid,pid,name,waker_tid,waker_pid,waker_name,cpu,context,effect,syscall,arg,slept_ns",
	[JOBS] = "id,submitted_ns,started_ns,finished_ns,submitter_tid,submitter_pid,submitter_name,worker_tid,"
		 "worker_pid,worker_name,arg",
};

static int csv_write(const struct export_job *job, struct export_out *out, struct err *e)
{
	struct pass p = { job, out };
	struct model_sink sink = { .ctx = &p };
	struct model *m = NULL;
	int ret;

	buf_printf(&out->buf, "%s\r\n", headings[job->part]);
	if (job->part == JOBS) {
		put_jobs(job, out);
		return 0;
	}
	if (job->part == SPANS)
		sink.span = on_span;
	else
		sink.wake = on_wake;
	ret = model_build(&m, job->reader, &sink, 1, e);
	model_free(m);
	return ret;
}

const struct exporter exporter_csv = {
	.name = "csv",
	.summary = "tables of spans, wake-ups and jobs, a file each",
	.suffix = "csv",
	.parts = parts,
	.write = csv_write,
};
