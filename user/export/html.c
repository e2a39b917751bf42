/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * html.c - a recording as one page that opens in a browser, from a file, without network: the page's own text, made by
 * the build, with the data in it as html/DATA.md says.
 *
 * Two passes: one for the totals and how many spans there are of each task and CPU, so that the page can make room for
 * them before they come; one for the spans. Memory is a few words a task and one block. For the critical path there is
 * a third, and a history of its tasks while it lasts.
 */
#include "export/formats.h"
#include "export/html_data.h"

#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "export/page.h"

/* ---- what is written ---- */

bool html_takes_span(const struct html_page *p, const struct span *s, struct window *cut)
{
	return p->shown[s->task.i] && export_cut(p->job, s->from_ns, s->to_ns, cut);
}

bool html_takes_cpu_span(const struct html_page *p, const struct cpu_span *s, struct window *cut)
{
	bool filtered = p->job->filter.text && *p->job->filter.text;

	return (!filtered || (task_some(s->task) && p->shown[s->task.i])) &&
	       export_cut(p->job, s->from_ns, s->to_ns, cut);
}

static void count_span(void *ctx, const struct span *s)
{
	struct html_page *p = ctx;
	struct window cut;

	if (!html_takes_span(p, s, &cut))
		return;
	p->count.of_task[s->task.i]++;
	p->count.spans++;
}

static void count_cpu_span(void *ctx, const struct cpu_span *s)
{
	struct html_page *p = ctx;
	struct window cut;

	if (!html_takes_cpu_span(p, s, &cut))
		return;
	p->count.of_cpu[s->cpu]++;
	p->count.cpu_spans++;
}

static void page_init(struct html_page *p, const struct export_job *job)
{
	uint32_t tasks = model_nr_tasks(job->model), cpus = model_nr_cpus(job->model);

	*p = (struct html_page){
		.job = job,
		.shown = xcalloc(tasks + 1u, sizeof(*p->shown)),
		.count = {
			.of_task = xcalloc(tasks + 1u, sizeof(*p->count.of_task)),
			.of_cpu = xcalloc(cpus + 1u, sizeof(*p->count.of_cpu)),
			.nr_tasks = tasks,
			.nr_cpus = cpus,
		},
	};
	for (uint32_t i = 0; i < tasks; i++)
		p->shown[i] = export_wants(job, (task_id){ i });
}

static void page_release(struct html_page *p)
{
	free(p->shown);
	free(p->count.of_task);
	free(p->count.of_cpu);
	export_path_release(&p->path);
}

/* ---- the page around the data ---- */

static void put_static(struct export_out *out, const unsigned char *text, size_t n)
{
	buf_put(&out->buf, text, n);
	export_spill(out);
}

static void put_title(const struct export_job *job, struct buf *out)
{
	const struct facts *f = model_facts(job->model);
	const char *command = facts_get(f, "command"), *workload = facts_get(f, "workload");

	export_markup(out, workload ? workload : command ? command : "recording");
	buf_puts(out, " - schedviz");
}

/* ---- all of it ---- */

static int put_spans(const struct html_page *p, struct html_block *b, struct err *e)
{
	struct model_sink sink;
	struct html_spans *spans = html_spans_new(p, b, &sink);
	struct model *m = NULL;
	int ret = model_build(&m, p->job->reader, &sink, 1, e);

	if (ret >= 0)
		html_spans_end(spans);
	html_spans_free(spans);
	model_free(m);
	return ret;
}

static int put_data(const struct html_page *p, struct export_out *out, struct err *e)
{
	struct html_block b;
	int ret;

	html_block_init(&b, out);
	html_text_blocks(p, &b);
	ret = put_spans(p, &b, e);
	html_block_release(&b);
	return ret;
}

static int html_write(const struct export_job *job, struct export_out *out, struct err *e)
{
	struct html_page page;
	struct summary sum;
	struct roles roles;
	struct model *m = NULL;
	struct model_sink sinks[3];
	int ret;

	page_init(&page, job);
	summary_init(&sum, job->window, &sinks[0]);
	roles_init(&roles, job->window, &m, &sinks[1]);
	sinks[2] = (struct model_sink){ .ctx = &page, .span = count_span, .cpu_span = count_cpu_span };
	ret = model_build(&m, job->reader, sinks, 3, e);
	if (ret < 0)
		goto out;
	summary_finish(&sum, m);
	roles_finish(&roles);
	sum.roles = &roles;
	page.sum = &sum;
	ret = export_path_make(&page.path, job, m, e);
	if (ret < 0)
		goto out;
	put_static(out, page_to_title, sizeof(page_to_title));
	put_title(job, &out->buf);
	put_static(out, page_to_data, sizeof(page_to_data));
	ret = put_data(&page, out, e);
	put_static(out, page_to_end, sizeof(page_to_end));
out:
	summary_release(&sum);
	roles_release(&roles);
	model_free(m);
	page_release(&page);
	return ret;
}

const struct exporter exporter_html = {
	.name = "html",
	.summary = "a page to look around in, one file that opens in any browser",
	.suffix = "html",
	.write = html_write,
};
