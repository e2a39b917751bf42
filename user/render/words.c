/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * words.c - names for tasks, sleeps and ends.
 */
#define _GNU_SOURCE
#include "render/words.h"

#include <string.h>

void words_task(const struct task *t, const struct style *st, struct buf *out)
{
	if (t->name && *t->name)
		fmt_safe(out, t->name, strlen(t->name), st->utf8);
	else
		buf_puts(out, "(no name)");
}

void words_who(const struct summary *sum, task_id id, const struct style *st, struct buf *out)
{
	const char *role = words_role(roles_of(sum->roles, id));

	words_task(model_task(sum->model, id), st, out);
	if (role)
		buf_printf(out, " %s", role);
}

bool words_gil(const struct summary *sum, task_id id, bool brief, struct buf *out)
{
	struct role_waits w = roles_gil(sum->roles, id);

	if (!w.count)
		return false;
	buf_puts(out, brief ? "GIL " : "waits for the GIL (");
	fmt_duration(out, w.ns / w.count, false);
	if (!brief)
		buf_printf(out, " x %llu)", (unsigned long long)w.count);
	return true;
}

uint64_t slept_ns(const struct task_sum *t)
{
	return t->ns[STATE_SLEEPING] + t->ns[STATE_BLOCKED] + t->ns[STATE_STOPPED];
}

void words_slept(const struct model *m, const struct task_sum *t, struct buf *out)
{
	uint64_t all = slept_ns(t);

	if (t->nr_slept == 0 || all == 0)
		return;
	words_syscall(m, t->slept[0].syscall, out);
	if (t->slept[0].ns < all - all / 20)
		buf_printf(out, " %u%%", (unsigned)((unsigned __int128)t->slept[0].ns * 100 / all));
}

void words_exit(const struct task *t, struct buf *out)
{
	int code, signal;
	const char *name;

	if (!t->exit_known) {
		buf_putc(out, '-');
		return;
	}
	exit_split(t->exit_code, &code, &signal);
	name = signal ? sigabbrev_np(signal) : NULL;
	if (!signal)
		buf_printf(out, "%d", code);
	else if (name)
		buf_printf(out, "SIG%s", name);
	else
		buf_printf(out, "signal %d", signal);
}

void words_share(struct buf *out, uint64_t part, uint64_t whole)
{
	if (part == 0)
		buf_putc(out, '0');
	else if (part < whole / 2000)
		buf_puts(out, "<0.1 %");
	else if (part >= whole - whole / 2000)
		buf_puts(out, "100 %");
	else
		fmt_percent(out, part, whole);
}

const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}
