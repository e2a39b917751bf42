/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * event.c - the kinds of events by name.
 */
#include "trace/event.h"

const char *event_kind_name(enum event_kind k)
{
	static const char *const names[EV_KINDS] = {
		[EV_NONE] = "none",	  [EV_TASK] = "task",	  [EV_FORK] = "fork",	    [EV_EXEC] = "exec",
		[EV_RENAME] = "rename",	  [EV_MARK] = "mark",	  [EV_CPU] = "cpu",
		[EV_ALLOWED] = "allowed", [EV_LOST] = "lost",
		[EV_CURRENT] = "current", [EV_WAKING] = "waking", [EV_WAKEUP_NEW] = "wakeup_new",
		[EV_MIGRATE] = "migrate", [EV_SWITCH] = "switch", [EV_EXIT] = "exit",
	};

	return k < EV_KINDS ? names[k] : "none";
}
