/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * export.c - the table of formats, and what they share.
 */
#include "export/export.h"

#include <errno.h>
#include <string.h>
#include "export/formats.h"
#include "trace/syscalls.h"

const struct exporter *const exporters[] = { &exporter_perfetto, &exporter_html, &exporter_svg,
					     &exporter_csv,	 &exporter_json, NULL };

static void list_names(struct buf *out)
{
	for (const struct exporter *const *x = exporters; *x; x++)
		buf_printf(out, "%s%s", x == exporters ? "" : x[1] ? ", " : " or ", (*x)->name);
}

const struct exporter *exporter_find(const char *name, struct err *e)
{
	const char *names[sizeof(exporters) / sizeof(exporters[0])], *near;
	struct buf all = { 0 };
	size_t n = 0;

	for (; exporters[n]; n++) {
		if (!strcmp(exporters[n]->name, name))
			return exporters[n];
		names[n] = exporters[n]->name;
	}
	names[n] = NULL;
	near = fmt_nearest(name, names);
	list_names(&all);
	if (near)
		err_set(e, -EINVAL, "'%s' is no format - did you mean %s?", name, near);
	else
		err_set(e, -EINVAL, "'%s' is no format - give %s", name, buf_str(&all));
	buf_release(&all);
	return NULL;
}

int exporter_part(const struct exporter *x, const char *part, struct err *e)
{
	struct buf all = { 0 };
	int ret;

	if (!x->parts)
		return err_set(e, -EINVAL, "%s has no tables to choose from - leave out --table", x->name);
	for (int i = 0; x->parts[i]; i++)
		if (!strcmp(x->parts[i], part))
			return i;
	for (int i = 0; x->parts[i]; i++)
		buf_printf(&all, "%s%s", !i ? "" : x->parts[i + 1] ? ", " : " or ", x->parts[i]);
	ret = err_set(e, -EINVAL, "%s has no table '%s' - give %s", x->name, part, buf_str(&all));
	buf_release(&all);
	return ret;
}

bool export_wants(const struct export_job *job, task_id id)
{
	return task_some(id) && id.i < model_nr_tasks(job->model) &&
	       task_filter_match(&job->filter, model_task(job->model, id));
}

static uint64_t first_mark_ns(const struct job *j)
{
	uint64_t ns = j->submitted_ns < j->started_ns ? j->submitted_ns : j->started_ns;

	return ns < j->finished_ns ? ns : j->finished_ns;
}

bool export_has_job(const struct export_job *job, const struct job *j)
{
	return first_mark_ns(j) < job->window.to_ns && j->finished_ns >= job->window.from_ns &&
	       (!job->filter.text || export_wants(job, j->worker));
}

bool export_cut(const struct export_job *job, uint64_t from_ns, uint64_t to_ns, struct window *out)
{
	out->from_ns = from_ns > job->window.from_ns ? from_ns : job->window.from_ns;
	out->to_ns = to_ns < job->window.to_ns ? to_ns : job->window.to_ns;
	return out->from_ns < out->to_ns;
}

const char *export_context(uint8_t ctx)
{
	static const char *const names[EV_CTX_KINDS] = {
		[EV_CTX_TASK] = "task",
		[EV_CTX_SOFTIRQ] = "softirq",
		[EV_CTX_HARDIRQ] = "hardirq",
		[EV_CTX_NMI] = "nmi",
	};

	return ctx < EV_CTX_KINDS ? names[ctx] : NULL;
}

const char *export_effect(uint8_t effect)
{
	static const char *const names[] = {
		[WAKE_REAL] = "woke", [WAKE_EARLY] = "early", [WAKE_AGAIN] = "again",
		[WAKE_NEW] = "new",   [WAKE_UNKNOWN] = NULL,
	};

	return effect < sizeof(names) / sizeof(names[0]) ? names[effect] : NULL;
}

const char *export_cpu_state(uint8_t state)
{
	static const char *const names[NR_CPU_STATES] = {
		[CPU_UNKNOWN] = "unknown",	 [CPU_IDLE] = "idle", [CPU_TASK] = "task", [CPU_OFFLINE] = "offline",
		[CPU_UNRECORDED] = "unrecorded",
	};

	return names[state];
}

const char *export_syscall(const struct export_job *job, int32_t nr)
{
	const char *name = nr >= 0 ? syscall_name(model_arch(job->model), nr) : NULL;

	return name ? name : "";
}

uint64_t export_since(const struct export_job *job, uint64_t ns)
{
	return ns - model_window(job->model).from_ns;
}

void export_markup(struct buf *out, const char *s)
{
	struct buf safe = { 0 };

	fmt_safe(&safe, s, strlen(s), true);
	for (const char *at = buf_str(&safe); *at; at++) {
		if (*at == '<')
			buf_puts(out, "&lt;");
		else if (*at == '>')
			buf_puts(out, "&gt;");
		else if (*at == '&')
			buf_puts(out, "&amp;");
		else if (*at == '"')
			buf_puts(out, "&quot;");
		else
			buf_putc(out, *at);
	}
	buf_release(&safe);
}
