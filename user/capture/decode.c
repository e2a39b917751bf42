/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * decode.c - from the records of bpf/abi.h to events: one small function per kind, found by table.
 */
#include "capture/decode.h"

#include <string.h>

_Static_assert((int)SV_CTX_TASK == (int)EV_CTX_TASK && (int)SV_CTX_SOFTIRQ == (int)EV_CTX_SOFTIRQ &&
		       (int)SV_CTX_HARDIRQ == (int)EV_CTX_HARDIRQ && (int)SV_CTX_NMI == (int)EV_CTX_NMI &&
		       (int)SV_CTX_UNKNOWN == (int)EV_CTX_UNKNOWN,
	       "one set of values for contexts");
_Static_assert(SV_COMM_LEN == COMM_LEN, "one length for names");

static event_prio prio_of(uint8_t biased)
{
	return (event_prio)(biased - SV_PRIO_BIAS);
}

static int32_t syscall_of(uint32_t nr)
{
	if (nr == SV_NR_NONE)
		return EV_NO_SYSCALL;
	if (nr == SV_NR_UNKNOWN)
		return EV_SYSCALL_UNKNOWN;
	return nr & SV_NR_IA32 ? (int32_t)(nr & ~SV_NR_IA32) | EV_SYSCALL_IA32 : (int32_t)nr;
}

static void hot_switch(const struct sv_hot *r, struct event *ev)
{
	ev->kind = EV_SWITCH;
	ev->sw.prev_tid = r->tid;
	ev->sw.next_tid = r->tid2;
	ev->sw.prev_state = r->word & SV_STATE_MASK;
	ev->sw.prev_prio = prio_of(r->prio);
	ev->sw.next_prio = prio_of(r->prio2);
	ev->sw.preempted = !!(r->flags & SV_PREEMPTED);
	ev->sw.nvcsw = r->flags & SV_NVCSW_ODD ? NVCSW_ODD : NVCSW_EVEN;
	ev->sw.syscall = syscall_of(r->word >> SV_STATE_BITS);
	ev->sw.arg = r->arg;
	if (r->tid == 0) { /* the idle tasks of all CPUs share a tid, but no counter that means anything */
		ev->sw.nvcsw = NVCSW_UNKNOWN;
		ev->sw.syscall = EV_NO_SYSCALL;
	}
}

static void hot_waking(const struct sv_hot *r, struct event *ev)
{
	ev->kind = EV_WAKING;
	ev->waking.tid = r->tid;
	ev->waking.waker_tid = r->tid2;
	ev->waking.prio = prio_of(r->prio);
	ev->waking.ctx = r->flags < EV_CTX_KINDS ? r->flags : EV_CTX_UNKNOWN;
}

static void hot_wakeup_new(const struct sv_hot *r, struct event *ev)
{
	ev->kind = EV_WAKEUP_NEW;
	ev->wakeup_new.tid = r->tid;
	ev->wakeup_new.parent_tid = r->tid2;
	ev->wakeup_new.prio = prio_of(r->prio);
	ev->wakeup_new.target_cpu = r->word;
}

static void hot_migrate(const struct sv_hot *r, struct event *ev)
{
	ev->kind = EV_MIGRATE;
	ev->migrate.tid = r->tid;
	ev->migrate.by_tid = r->tid2;
	ev->migrate.prio = prio_of(r->prio);
	ev->migrate.from_cpu = r->word & 0xffff;
	ev->migrate.to_cpu = r->word >> 16;
}

static void hot_current(const struct sv_hot *r, struct event *ev)
{
	ev->kind = EV_CURRENT;
	ev->current.tid = r->tid;
	ev->current.prio = prio_of(r->prio);
}

static void hot_lost(const struct sv_hot *r, struct event *ev)
{
	ev->kind = EV_LOST;
	ev->lost.from_ns = r->tid | (uint64_t)r->tid2 << 32;
	ev->lost.count = r->arg;
}

static void (*const hot_kinds[])(const struct sv_hot *, struct event *) = {
	[SV_HOT_SWITCH] = hot_switch,	[SV_HOT_WAKING] = hot_waking,	[SV_HOT_WAKEUP_NEW] = hot_wakeup_new,
	[SV_HOT_MIGRATE] = hot_migrate, [SV_HOT_CURRENT] = hot_current, [SV_HOT_LOST] = hot_lost,
};

bool decode_hot(const struct sv_hot *rec, uint32_t cpu, struct event *ev)
{
	if (rec->kind >= sizeof(hot_kinds) / sizeof(hot_kinds[0]) || !hot_kinds[rec->kind])
		return false;
	ev->ts_ns = rec->ts_ns;
	ev->cpu = cpu;
	hot_kinds[rec->kind](rec, ev);
	return true;
}

static void comm_copy(char *to, const char *from)
{
	memcpy(to, from, COMM_LEN);
	to[COMM_LEN - 1] = '\0';
}

static void rare_fork(const void *rec, struct event *ev)
{
	const struct sv_fork *r = rec;

	ev->kind = EV_FORK;
	ev->fork.parent_tid = r->parent_tid;
	ev->fork.parent_tgid = r->parent_tgid;
	ev->fork.tid = r->tid;
	ev->fork.tgid = r->tgid;
	ev->fork.flags = r->clone_flags;
	ev->fork.kthread = r->kthread;
	comm_copy(ev->fork.comm, r->comm);
}

static void rare_exec(const void *rec, struct event *ev)
{
	const struct sv_exec *r = rec;

	ev->kind = EV_EXEC;
	ev->exec.tid = r->tid;
	ev->exec.tgid = r->tgid;
	ev->exec.old_tid = r->old_tid;
	comm_copy(ev->exec.comm, r->comm);
	ev->exec.path = r->path;
}

static void rare_exit(const void *rec, struct event *ev)
{
	const struct sv_exit *r = rec;

	ev->kind = EV_EXIT;
	ev->exit.tid = r->tid;
	ev->exit.tgid = r->tgid;
	ev->exit.code = r->code;
	ev->exit.group_dead = r->group_dead;
}

static void rare_rename(const void *rec, struct event *ev)
{
	const struct sv_rename *r = rec;

	ev->kind = EV_RENAME;
	ev->rename.tid = r->tid;
	comm_copy(ev->rename.comm, r->comm);
}

static void rare_cpu(const void *rec, struct event *ev)
{
	const struct sv_cpu *r = rec;

	ev->kind = EV_CPU;
	ev->cpu = r->which;
	ev->hotplug.online = r->online;
}

static void rare_allowed(const void *rec, struct event *ev)
{
	const struct sv_allowed *r = rec;

	ev->kind = EV_ALLOWED;
	ev->allowed.tid = r->tid;
	ev->allowed.nr_known = 0;
	ev->allowed.set.bits = (uint64_t *)(uintptr_t)r->words;
	ev->allowed.set.nr_words = r->nr_words < SV_ALLOWED_WORDS ? r->nr_words : SV_ALLOWED_WORDS;
}

static const struct {
	size_t size;
	void (*fn)(const void *, struct event *);
} rare_kinds[] = {
	[SV_RARE_FORK] = { sizeof(struct sv_fork), rare_fork },
	[SV_RARE_EXEC] = { sizeof(struct sv_exec), rare_exec },
	[SV_RARE_EXIT] = { sizeof(struct sv_exit), rare_exit },
	[SV_RARE_RENAME] = { sizeof(struct sv_rename), rare_rename },
	[SV_RARE_CPU] = { sizeof(struct sv_cpu), rare_cpu },
	[SV_RARE_ALLOWED] = { sizeof(struct sv_allowed), rare_allowed },
};

bool decode_rare(const void *rec, size_t size, struct event *ev)
{
	const struct sv_rare *h = rec;

	if (size < sizeof(*h) || h->kind >= sizeof(rare_kinds) / sizeof(rare_kinds[0]))
		return false;
	if (!rare_kinds[h->kind].fn || size < rare_kinds[h->kind].size)
		return false;
	ev->ts_ns = h->ts_ns;
	ev->cpu = h->cpu;
	rare_kinds[h->kind].fn(rec, ev);
	return true;
}
