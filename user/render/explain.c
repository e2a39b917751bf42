/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explain.c - the table of sections, and what they share.
 */
#include "render/explain.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include "render/words.h"
#include "trace/syscalls.h"

const struct explain_section explain_sections[] = {
#define X(section, title) \
	{ .name = #section, .asks = title, .text = explain_##section##_text, .json = explain_##section##_json },
	EXPLAIN_SECTIONS(X)
#undef X
		{ .name = NULL },
};

/* ---- which ---- */

static bool is_among(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = list; *at; at += strcspn(at, ","), at += *at == ',')
		if (!strncmp(at, name, n) && (at[n] == ',' || !at[n]))
			return true;
	return false;
}

static bool is_section(const char *name, size_t n)
{
	for (const struct explain_section *s = explain_sections; s->name; s++)
		if (strlen(s->name) == n && !strncmp(s->name, name, n))
			return true;
	return false;
}

int explain_check_only(const char *only, struct err *e)
{
	struct buf all = { 0 };
	int ret = 0;

	for (const char *at = only; at && *at && ret == 0;) {
		size_t n = strcspn(at, ",");

		if (!is_section(at, n)) {
			for (const struct explain_section *s = explain_sections; s->name; s++)
				buf_printf(&all, "%s%s", s == explain_sections ? "" : ", ", s->name);
			ret = err_set(e, -EINVAL, "there is no section '%.*s' - the sections are %s", (int)n, at,
				      buf_str(&all));
		}
		at += n + (at[n] == ',');
	}
	buf_release(&all);
	return ret;
}

/* ---- all of it ---- */

void explain_text(const struct account *a, const struct explain_cfg *cfg, const struct style *st, struct buf *out)
{
	struct buf text = { 0 };
	bool first = true;

	for (const struct explain_section *s = explain_sections; s->name; s++) {
		if (cfg->only && !is_among(cfg->only, s->name))
			continue;
		s->text(a, cfg, st, &text);
		if (!text.len)
			continue;
		if (!first)
			buf_putc(out, '\n');
		first = false;
		style_ink(st, INK_HEAD, INK_PLAIN, true, out);
		buf_puts(out, s->asks);
		style_ink(st, INK_PLAIN, INK_PLAIN, false, out);
		buf_putc(out, '\n');
		buf_put(out, text.data, text.len);
		buf_reset(&text);
	}
	buf_release(&text);
}

void explain_json(const struct account *a, const struct explain_cfg *cfg, struct buf *out)
{
	struct json j = { .out = out };

	json_object(&j, NULL);
	json_u64(&j, "version", EXPLAIN_JSON_VERSION);
	json_object(&j, "window");
	json_u64(&j, "from_ns", a->target.window.from_ns - cfg->from_ns);
	json_u64(&j, "to_ns", a->target.window.to_ns - cfg->from_ns);
	json_end(&j);
	json_u64(&j, "origin_ns", cfg->from_ns);
	json_u64(&j, "tasks", a->target.nr_tasks);
	for (const struct explain_section *s = explain_sections; s->name; s++)
		if (!cfg->only || is_among(cfg->only, s->name))
			s->json(a, &j);
	json_end(&j);
	buf_putc(out, '\n');
}

/* ---- shared ---- */

void explain_task(const struct account *a, task_id id, const struct style *st, struct buf *out)
{
	if (!task_some(id)) {
		buf_puts(out, "nobody known");
		return;
	}
	words_who(a->sum, id, st, out);
	buf_printf(out, "/%u", model_task(a->history.model, id)->tid);
}

void explain_call(const struct account *a, int32_t syscall, uint64_t arg, struct buf *out)
{
	const char *name = syscall_name(model_arch(a->history.model), syscall);

	words_syscall(a->history.model, syscall, out);
	if (!name)
		return;
	if (!strncmp(name, "futex", 5))
		buf_printf(out, "(0x%" PRIx64 ")", arg);
	else if (!strcmp(name, "wait4") && (int32_t)arg == -1)
		buf_puts(out, "(any)");
	else if (!strcmp(name, "wait4"))
		buf_printf(out, "(%d)", (int32_t)arg);
	else if (is_among("read,write,recvfrom,sendto,recvmsg,sendmsg,accept,accept4,epoll_wait,epoll_pwait,readv,"
			  "writev,pread64,pwrite64,connect",
			  name))
		buf_printf(out, "(%" PRIu64 ")", arg);
}

void explain_task_json(const struct account *a, struct json *j, const char *key, task_id id)
{
	const struct task *t = task_some(id) ? model_task(a->history.model, id) : NULL;

	if (!t) {
		json_null(j, key);
		return;
	}
	json_object(j, key);
	json_u64(j, "tid", t->tid);
	json_str(j, "name", t->name);
	json_end(j);
}
