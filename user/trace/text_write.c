/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * text_write.c - owns how an event is spelled as a line.
 */
#include <inttypes.h>
#include <string.h>
#include "base/fmt.h"
#include "base/vec.h"
#include "trace/escape.h"
#include "trace/syscalls.h"
#include "trace/text.h"
#include "trace/text_words.h"

#define TO_NS_FACT "window.to_ns"

void text_begin(struct text_writer *t, const struct facts *facts, struct buf *out)
{
	t->from_ns = facts_u64(facts, "window.from_ns", 0);
	t->arch = facts_get(facts, "arch");
	buf_puts(out, TEXT_MAGIC "\n");
	for (size_t i = 0; i < facts->n; i++) {
		if (!strcmp(facts->v[i].key, TO_NS_FACT))
			continue;
		buf_printf(out, "fact %s ", facts->v[i].key);
		fmt_safe(out, facts->v[i].value, strlen(facts->v[i].value), true);
		buf_putc(out, '\n');
	}
}

static void learn(struct text_writer *t, uint32_t tid, const char *comm)
{
	uint32_t i = idmap_get(&t->name_of, tid);

	if (i == IDMAP_NONE) {
		i = (uint32_t)t->nr_names++;
		vec_reserve_bytes((void **)&t->names, &t->cap_names, t->nr_names, sizeof(*t->names));
		idmap_set(&t->name_of, tid, i);
	}
	memcpy(t->names[i], comm, COMM_LEN);
}

static void put_comm(struct buf *out, const char comm[COMM_LEN])
{
	size_t n = strnlen(comm, COMM_LEN - 1);

	if (n == 1 && comm[0] == '?')
		buf_puts(out, "\\x3f"); /* a bare one means that the name is not known */
	else if (n)
		escape_word(out, comm, n);
	else
		buf_puts(out, "\\x00");
}

static void put_who(struct buf *out, const char comm[COMM_LEN], uint32_t tid)
{
	put_comm(out, comm);
	buf_printf(out, "/%" PRIu32, tid);
}

/* " name/tid", by the name that it has at this point. */
static void put_tid(struct text_writer *t, struct buf *out, uint32_t tid)
{
	uint32_t i = idmap_get(&t->name_of, tid);

	buf_putc(out, ' ');
	if (i != IDMAP_NONE)
		put_who(out, t->names[i], tid);
	else
		buf_printf(out, "%s/%" PRIu32, tid ? "?" : "idle", tid);
}

static void put_prio(struct buf *out, event_prio prio)
{
	if (prio != TEXT_PRIO)
		buf_printf(out, " prio %d", prio);
}

static void put_syscall(struct text_writer *t, struct buf *out, int32_t nr, uint64_t arg)
{
	const char *name = syscall_name(t->arch, nr);

	if (nr == EV_NO_SYSCALL)
		return;
	if (nr == EV_SYSCALL_UNKNOWN) {
		buf_puts(out, " ?");
		return;
	}
	if (name)
		buf_printf(out, " %s", name);
	else if (nr > 0 && nr & EV_SYSCALL_IA32)
		buf_printf(out, " ia32_%d", nr & ~EV_SYSCALL_IA32);
	else
		buf_printf(out, " sys_%d", nr);
	buf_printf(out, "(0x%" PRIx64 ")", arg);
}

static void put_state(struct buf *out, uint32_t raw, bool preempted)
{
	const struct text_state *s = text_state_of_raw(raw);

	if (s)
		buf_printf(out, " %c", s->letter);
	else
		buf_printf(out, " 0x%" PRIx32, raw);
	if (preempted)
		buf_putc(out, '+');
}

/* A time relative to the window, which may be before it. */
static void put_time(const struct text_writer *t, struct buf *out, uint64_t ts_ns)
{
	bool before = ts_ns < t->from_ns;

	if (before)
		buf_putc(out, '-');
	fmt_seconds(out, before ? t->from_ns - ts_ns : ts_ns - t->from_ns);
}

static void put_task(struct text_writer *t, const struct event *ev, struct buf *out)
{
	learn(t, ev->task.tid, ev->task.comm);
	put_tid(t, out, ev->task.tid);
	buf_printf(out, " tgid %" PRIu32 " ppid %" PRIu32 " state %c on %" PRIu32, ev->task.tgid, ev->task.ppid,
		   ev->task.state, ev->task.cpu);
	buf_printf(out, " prio %d%s", ev->task.prio, ev->task.kthread ? " kthread" : "");
	put_syscall(t, out, ev->task.syscall, ev->task.arg);
}

static void put_fork(struct text_writer *t, const struct event *ev, struct buf *out)
{
	put_tid(t, out, ev->fork.parent_tid);
	learn(t, ev->fork.tid, ev->fork.comm);
	buf_puts(out, " ->");
	put_tid(t, out, ev->fork.tid);
	buf_printf(out, " tgid %" PRIu32, ev->fork.tgid);
	if (ev->fork.parent_tgid != ev->fork.parent_tid)
		buf_printf(out, " ptgid %" PRIu32, ev->fork.parent_tgid);
	buf_printf(out, " flags 0x%" PRIx64 "%s", ev->fork.flags, ev->fork.kthread ? " kthread" : "");
}

static void put_exec(struct text_writer *t, const struct event *ev, struct buf *out)
{
	learn(t, ev->exec.tid, ev->exec.comm);
	put_tid(t, out, ev->exec.tid);
	buf_printf(out, " tgid %" PRIu32 " old %" PRIu32 " \"", ev->exec.tgid, ev->exec.old_tid);
	escape_word(out, ev->exec.path, strlen(ev->exec.path));
	buf_putc(out, '"');
}

static void put_rename(struct text_writer *t, const struct event *ev, struct buf *out)
{
	put_tid(t, out, ev->rename.tid);
	buf_putc(out, ' ');
	put_comm(out, ev->rename.comm);
	learn(t, ev->rename.tid, ev->rename.comm);
}

static void put_mark(struct text_writer *t, const struct event *ev, struct buf *out)
{
	put_tid(t, out, ev->mark.tid);
	buf_printf(out, " %s %" PRIu64 " arg %" PRIu64, text_mark_names[ev->mark.what], ev->mark.job, ev->mark.arg);
}

static void put_allowed(struct text_writer *t, const struct event *ev, struct buf *out)
{
	put_tid(t, out, ev->allowed.tid);
	buf_putc(out, ' ');
	cpuset_format(&ev->allowed.set, out);
	if (ev->allowed.nr_known)
		buf_printf(out, " of %" PRIu32, ev->allowed.nr_known);
}

static void put_lost(struct text_writer *t, const struct event *ev, struct buf *out)
{
	buf_printf(out, " %" PRIu64 " since ", ev->lost.count);
	put_time(t, out, ev->lost.from_ns);
}

static void put_current(struct text_writer *t, const struct event *ev, struct buf *out)
{
	put_tid(t, out, ev->current.tid);
	put_prio(out, ev->current.prio);
}

static void put_waking(struct text_writer *t, const struct event *ev, struct buf *out)
{
	put_tid(t, out, ev->waking.tid);
	buf_puts(out, " by");
	put_tid(t, out, ev->waking.waker_tid);
	if (ev->waking.ctx != EV_CTX_TASK)
		buf_printf(out, " in %s", text_ctx_names[ev->waking.ctx]);
	put_prio(out, ev->waking.prio);
}

static void put_wakeup_new(struct text_writer *t, const struct event *ev, struct buf *out)
{
	put_tid(t, out, ev->wakeup_new.tid);
	buf_printf(out, " on %" PRIu32 " by", ev->wakeup_new.target_cpu);
	put_tid(t, out, ev->wakeup_new.parent_tid);
	put_prio(out, ev->wakeup_new.prio);
}

static void put_migrate(struct text_writer *t, const struct event *ev, struct buf *out)
{
	put_tid(t, out, ev->migrate.tid);
	buf_printf(out, " %" PRIu32 " -> %" PRIu32 " by", ev->migrate.from_cpu, ev->migrate.to_cpu);
	put_tid(t, out, ev->migrate.by_tid);
	put_prio(out, ev->migrate.prio);
}

static void put_switch(struct text_writer *t, const struct event *ev, struct buf *out)
{
	put_tid(t, out, ev->sw.prev_tid);
	put_state(out, ev->sw.prev_state, ev->sw.preempted);
	put_syscall(t, out, ev->sw.syscall, ev->sw.arg);
	buf_puts(out, " ->");
	put_tid(t, out, ev->sw.next_tid);
	if (ev->sw.prev_prio != TEXT_PRIO || ev->sw.next_prio != TEXT_PRIO)
		buf_printf(out, " prio %d -> %d", ev->sw.prev_prio, ev->sw.next_prio);
	if (ev->sw.nvcsw != NVCSW_UNKNOWN)
		buf_puts(out, ev->sw.nvcsw == NVCSW_ODD ? " nvcsw odd" : " nvcsw even");
}

static void put_exit(struct text_writer *t, const struct event *ev, struct buf *out)
{
	put_tid(t, out, ev->exit.tid);
	buf_printf(out, " tgid %" PRIu32 " code 0x%" PRIx32 "%s", ev->exit.tgid, (uint32_t)ev->exit.code,
		   ev->exit.group_dead ? " last" : "");
}

void text_event(struct text_writer *t, const struct event *ev, struct buf *out)
{
	static const struct {
		const char *verb;
		void (*put)(struct text_writer *t, const struct event *ev, struct buf *out);
	} lines[EV_KINDS] = {
		[EV_TASK] = { "task", put_task },	[EV_FORK] = { "fork", put_fork },
		[EV_EXEC] = { "exec", put_exec },	[EV_RENAME] = { "rename", put_rename },
		[EV_MARK] = { "mark", put_mark },	[EV_LOST] = { "lost", put_lost },
		[EV_CURRENT] = { "current", put_current }, [EV_WAKING] = { "waking", put_waking },
		[EV_WAKEUP_NEW] = { "wakeup_new", put_wakeup_new },
		[EV_MIGRATE] = { "migrate", put_migrate }, [EV_SWITCH] = { "switch", put_switch },
		[EV_EXIT] = { "exit", put_exit },	[EV_ALLOWED] = { "allowed", put_allowed },
	};

	put_time(t, out, ev->ts_ns);
	buf_printf(out, " cpu%" PRIu32 " ", ev->cpu);
	if (ev->kind == EV_CPU)
		buf_puts(out, ev->hotplug.online ? "online" : "offline");
	if (lines[ev->kind].put) {
		buf_puts(out, lines[ev->kind].verb);
		lines[ev->kind].put(t, ev, out);
	}
	buf_putc(out, '\n');
}

void text_end(struct text_writer *t, uint64_t to_ns, struct buf *out)
{
	put_time(t, out, to_ns);
	buf_puts(out, " end\n");
}

void text_writer_release(struct text_writer *t)
{
	vec_free_bytes((void **)&t->names);
	idmap_release(&t->name_of);
	*t = (struct text_writer){ 0 };
}
