/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * perfetto_sleep.c - what a task slept in, for Perfetto: the column blocked_function of thread_state.
 *
 * It comes from sched_blocked_reason events, whose function is the number of an interned name.
 */
#include <stdlib.h>
#include "base/alloc.h"
#include "export/perfetto.h"
#include "trace/syscalls.h"

enum { FTRACE_BLOCKED_REASON = 18 };
enum { INTERNED_KERNEL_SYMBOLS = 26, SYMBOL_ID = 1, SYMBOL_NAME = 2 };
enum { REASON_PID = 1, REASON_CALLER = 2 };

/* So that memory is bounded whatever the number of futexes: those that come later are told without their address. */
#define SYMBOLS_MAX 65536

#define ROUND_WITHIN_NS (1u << 23)

/* A futex is told by its address; of other calls the argument says little without its meaning. */
struct symbol {
	int32_t nr;
	uint64_t arg;
	uint32_t same_hash; /* the one before it; PF_NONE: none */
};

/* Where a task slept last: mostly it will sleep there again. */
struct sleeper {
	uint64_t arg;
	int32_t nr;
	uint8_t n;
	uint8_t event[PF_SHORT_MAX]; /* its `n` bytes after the timestamp */
};

struct pf_symbols {
	VEC(struct sleeper) sleepers; /* by task */
	VEC(struct symbol) all;	      /* symbol i has the number i + 1 */
	struct idmap by_hash;
	size_t written; /* of `all` */
	int32_t futex;
};

static struct pf_symbols *symbols_of(struct pf *p)
{
	struct pf_symbols *y;

	if (p->symbols)
		return p->symbols;
	y = p->symbols = xcalloc(1, sizeof(*y));
	y->futex = syscall_number(model_arch(p->m), "futex");
	return y;
}

static uint32_t hash_of(int32_t nr, uint64_t arg)
{
	return (uint32_t)(((arg ^ (uint64_t)(uint32_t)nr << 48) * UINT64_C(0x9e3779b97f4a7c15)) >> 44);
}

static uint32_t symbol_number(struct pf_symbols *y, int32_t nr, uint64_t arg)
{
	uint32_t hash = hash_of(nr, arg), at = idmap_get(&y->by_hash, hash);

	for (uint32_t i = at; i != PF_NONE; i = y->all.v[i].same_hash)
		if (y->all.v[i].nr == nr && y->all.v[i].arg == arg)
			return i + 1;
	*vec_push(&y->all) = (struct symbol){ .nr = nr, .arg = arg, .same_hash = at };
	idmap_set(&y->by_hash, hash, (uint32_t)(y->all.n - 1));
	return (uint32_t)y->all.n;
}

/*
 * The importer gives a reason to the last sleep of the task, so any instant within it will do: surely after the switch
 * that began it, and before the waking that ended it. The roundest of its last milliseconds takes the least room.
 */
static uint64_t round_instant(const struct pf *p, struct window sleep)
{
	uint64_t to = pf_boot(p, sleep.to_ns - 1), from = pf_boot(p, sleep.from_ns), bits;

	if (to - from > ROUND_WITHIN_NS)
		from = to - ROUND_WITHIN_NS;
	bits = UINT64_MAX >> 1 >> __builtin_clzll(to ^ from); /* below the highest in which they differ */
	return (to & ~bits) - (uint64_t)p->to_boot_ns;
}

static void sleep_elsewhere(struct pf_symbols *y, struct sleeper *l, uint32_t tid, int32_t nr, uint64_t arg)
{
	uint8_t event[6 * PB_VARINT_MAX], *at, *length; /* all of them below 2^32: PF_SHORT_MAX is enough */

	l->nr = nr;
	l->arg = arg;
	at = pb_uint_at(event, FTRACE_PID, 0);
	at = pb_varint_at(at, FTRACE_BLOCKED_REASON << 3 | PB_BYTES);
	length = at++;
	at = pb_uint_at(at, REASON_PID, tid);
	at = pb_uint_at(at, REASON_CALLER, symbol_number(y, nr, arg));
	*length = (uint8_t)(at - length - 1);
	l->n = (uint8_t)(at - event);
	memcpy(l->event, event, PF_SHORT_MAX);
}

void pf_slept(struct pf *p, const struct span *s, struct window cut)
{
	struct pf_symbols *y = symbols_of(p);
	uint64_t arg = s->syscall == y->futex && y->all.n < SYMBOLS_MAX ? s->arg : 0;
	struct sleeper *l;

	if (s->syscall < 0 || cut.to_ns - cut.from_ns < 2)
		return;
	while (s->task.i >= y->sleepers.n)
		*vec_push(&y->sleepers) = (struct sleeper){ .nr = EV_NO_SYSCALL };
	l = &y->sleepers.v[s->task.i];
	if (l->nr != s->syscall || l->arg != arg)
		sleep_elsewhere(y, l, pf_tid(p, s->task), s->syscall, arg);
	pf_short_event(p, s->cpu == CPU_NONE ? 0 : s->cpu, round_instant(p, cut), l->event, l->n);
}

static void put_symbol(struct pf *p, const struct symbol *s, size_t number)
{
	const char *name = syscall_name(model_arch(p->m), s->nr);
	size_t one = pb_open(&p->packets, INTERNED_KERNEL_SYMBOLS);
	struct buf text = { 0 };

	if (name)
		buf_puts(&text, name);
	else
		buf_printf(&text, "sys_%d", s->nr);
	if (s->arg)
		buf_printf(&text, " 0x%llx", (unsigned long long)s->arg);
	pb_uint(&p->packets, SYMBOL_ID, number);
	pb_bytes(&p->packets, SYMBOL_NAME, text.data, text.len);
	pb_close(&p->packets, one);
	buf_release(&text);
}

void pf_symbols_put(struct pf *p)
{
	struct pf_symbols *y = p->symbols;
	size_t data;

	if (!y || y->written == y->all.n)
		return;
	data = pb_open(&p->packets, PACKET_INTERNED_DATA);
	for (; y->written < y->all.n; y->written++)
		put_symbol(p, &y->all.v[y->written], y->written + 1);
	pb_close(&p->packets, data);
}

void pf_symbols_free(struct pf_symbols *y)
{
	if (!y)
		return;
	vec_release(&y->all);
	vec_release(&y->sleepers);
	idmap_release(&y->by_hash);
	free(y);
}
