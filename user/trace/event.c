/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * event.c - the kinds of events by name, and whom they are about.
 */
#include "trace/event.h"

const char *event_kind_name(enum event_kind k)
{
	static const char *const names[EV_KINDS] = {
		[EV_NONE] = "none",
		[EV_TASK] = "task",
		[EV_FORK] = "fork",
		[EV_EXEC] = "exec",
		[EV_RENAME] = "rename",
		[EV_MARK] = "mark",
		[EV_CPU] = "cpu",
		[EV_ALLOWED] = "allowed",
		[EV_LOST] = "lost",
		[EV_CURRENT] = "current",
		[EV_WAKING] = "waking",
		[EV_WAKEUP_NEW] = "wakeup_new",
		[EV_MIGRATE] = "migrate",
		[EV_SWITCH] = "switch",
		[EV_EXIT] = "exit",
	};

	return k < EV_KINDS ? names[k] : "none";
}

static unsigned some(uint32_t a, uint32_t b, uint32_t out[EVENT_MAX_TIDS])
{
	unsigned n = 0;

	if (a)
		out[n++] = a;
	if (b)
		out[n++] = b;
	return n;
}

unsigned event_tids(const struct event *ev, uint32_t out[EVENT_MAX_TIDS])
{
	switch ((enum event_kind)ev->kind) {
	case EV_TASK:
		return some(ev->task.tid, 0, out);
	case EV_FORK:
		return some(ev->fork.tid, ev->fork.parent_tid, out);
	case EV_EXEC:
		return some(ev->exec.tid, ev->exec.old_tid, out);
	case EV_RENAME:
		return some(ev->rename.tid, 0, out);
	case EV_MARK:
		return some(ev->mark.tid, 0, out);
	case EV_CURRENT:
		return some(ev->current.tid, 0, out);
	case EV_WAKING:
		return some(ev->waking.tid, ev->waking.waker_tid, out);
	case EV_WAKEUP_NEW:
		return some(ev->wakeup_new.tid, ev->wakeup_new.parent_tid, out);
	case EV_MIGRATE:
		return some(ev->migrate.tid, ev->migrate.by_tid, out);
	case EV_SWITCH:
		return some(ev->sw.prev_tid, ev->sw.next_tid, out);
	case EV_EXIT:
		return some(ev->exit.tid, 0, out);
	case EV_ALLOWED:
		return some(ev->allowed.tid, 0, out);
	case EV_LOST:
	case EV_CPU:
	case EV_NONE:
	case EV_KINDS:
		break;
	}
	return 0;
}
