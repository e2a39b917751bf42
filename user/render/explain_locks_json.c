/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explain_locks_json.c - the member `locks` of `explain --json`, as EXPLAIN_JSON.md documents it.
 */
#include "render/explain.h"
#include "trace/syscalls.h"

#include <inttypes.h>

static const char *const kinds[NR_LOCK_KINDS] = {
	[LOCK_FUTEX] = "futex",
	[LOCK_FD] = "fd",
	[LOCK_IPC] = "ipc",
	[LOCK_POLL] = "poll",
};

static const char *const uses[NR_LOCK_USES] = {
	[LOCK_USE_UNKNOWN] = "unknown", [LOCK_USE_LOCK] = "lock", [LOCK_USE_SIGNAL] = "signal",
	[LOCK_USE_GATE] = "gate",	[LOCK_USE_JOIN] = "join", [LOCK_USE_TIMER] = "timer",
};

/* "0x7f10": an address is no number to count with, and does not fit a double. */
static void put_arg(const struct lock *l, struct json *j)
{
	struct buf hex = { 0 };

	if (l->kind == LOCK_FUTEX) {
		buf_printf(&hex, "0x%" PRIx64, l->arg);
		json_str(j, "address", buf_str(&hex));
		buf_release(&hex);
	} else if (l->kind != LOCK_POLL) {
		json_u64(j, l->kind == LOCK_FD ? "fd" : "id", l->arg);
	}
}

static void put_user(const struct account *a, const struct lock_user *u, struct json *j)
{
	json_object(j, NULL);
	explain_task_json(a, j, "task", u->task);
	json_u64(j, "sleeps", u->sleeps);
	json_u64(j, "slept_ns", u->ns);
	json_u64(j, "longest_ns", u->max_ns);
	json_u64(j, "in_vain", u->in_vain);
	json_u64(j, "interrupts", u->timeouts);
	json_u64(j, "wakes", u->wakes);
	json_u64(j, "gives", u->gives);
	json_u64(j, "passes", u->passes);
	json_u64(j, "held", u->held);
	json_u64(j, "held_ns", u->held_ns);
	json_u64(j, "worst_wait_ns", u->wait_ns);
	json_u64(j, "worst_wait_gives", u->wait_gives);
	json_end(j);
}

static void put_longest(const struct account *a, const struct lock *l, struct json *j)
{
	struct lock_while w = locks_while(l, &a->history);

	json_object(j, "longest");
	explain_task_json(a, j, "task", l->longest);
	json_u64(j, "from_ns", l->longest_from_ns - model_window(a->history.model).from_ns);
	json_u64(j, "ns", l->max_ns);
	explain_task_json(a, j, "woken_by", l->ender);
	json_u64(j, "waker_ran_ns", w.ran_ns);
	json_u64(j, "waker_waited_ns", w.waited_ns);
	json_u64(j, "waker_slept_ns", w.slept_ns);
	explain_task_json(a, j, "waker_waited_behind", w.ran_most);
	json_end(j);
}

static void put_queue(const struct account *a, const struct lock *l, struct json *j)
{
	json_object(j, "queue");
	json_u64(j, "most", l->max_sleepers);
	json_u64(j, "two_or_more_ns", l->queue_ns);
	json_u64(j, "queues", l->queues);
	json_u64(j, "queues_ns", l->queues_ns);
	json_u64(j, "longest_ns", l->queues_max_ns);
	json_bool(j, "convoy", l->convoy);
	json_end(j);
	json_u64(j, "handovers", l->handovers);
	json_u64(j, "chain_tasks", l->chain_len);
	json_array(j, "chain");
	for (uint64_t i = 0; i < l->chain_len && i < LOCK_CHAIN; i++)
		explain_task_json(a, j, NULL, l->chain[i]);
	json_end(j);
}

static void put_bad(const struct account *a, const struct lock *l, struct json *j)
{
	json_object(j, "herd");
	json_u64(j, "times", l->herds);
	json_u64(j, "woken", l->herd_woken);
	json_u64(j, "progress", l->herd_progress);
	json_end(j);
	if (!task_some(l->starved)) {
		json_null(j, "starved");
		return;
	}
	json_object(j, "starved");
	explain_task_json(a, j, "task", l->starved);
	json_u64(j, "slept_ns", l->starved_ns);
	json_u64(j, "passes", l->starved_passes);
	json_u64(j, "others_passes", l->others_passes);
	json_end(j);
}

static void put_lock(const struct account *a, const struct lock *l, struct json *j)
{
	json_object(j, NULL);
	json_str(j, "kind", kinds[l->kind]);
	json_str(j, "use", uses[l->use]);
	json_str(j, "call", syscall_name(model_arch(a->history.model), l->syscall));
	put_arg(l, j);
	json_bool(j, "out", l->out);
	explain_task_json(a, j, "process", l->process);
	json_u64(j, "processes", l->processes);
	json_u64(j, "words", l->words);
	json_u64(j, "sleepers", l->sleepers);
	json_u64(j, "sleeps", l->sleeps);
	json_u64(j, "slept_ns", l->ns);
	json_u64(j, "wakes", l->wakes);
	json_u64(j, "interrupts", l->timeouts);
	json_u64(j, "gives", l->gives);
	json_u64(j, "passes", l->passes);
	json_u64(j, "in_vain", l->in_vain);
	json_u64(j, "held", l->held);
	json_u64(j, "held_ns", l->held_ns);
	json_u64(j, "held_longest_ns", l->held_max_ns);
	put_longest(a, l, j);
	put_queue(a, l, j);
	put_bad(a, l, j);
	json_array(j, "users");
	for (size_t i = 0; i < l->users.n; i++)
		put_user(a, &l->users.v[i], j);
	json_end(j);
	json_end(j);
}

void explain_locks_json(const struct account *a, struct json *j)
{
	json_array(j, "locks");
	for (size_t i = 0; i < a->locks.v.n; i++)
		put_lock(a, &a->locks.v.v[i], j);
	json_end(j);
}
