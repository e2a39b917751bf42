/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * perfetto_cpu.c - switches, wakings and the other kernel events of each CPU, in bundles as the importer wants them.
 *
 * Switches and wakings are written as columns (CompactSched). In these a switch names only who is next, so the first
 * of a CPU is written in full; and a waking's waker is whoever runs on the CPU of its bundle.
 */
#include "export/perfetto.h"

#define BUNDLE_MAX 16384 /* switches, or wakings: a busy CPU fills a bundle sooner */
#define PRIO_DEFAULT 120

enum { BUNDLE_CPU = 1, BUNDLE_EVENT = 2, BUNDLE_LOST = 3, BUNDLE_COMPACT = 4 };
enum { FTRACE_SWITCH = 4 };
enum {
	SWITCH_PREV_COMM = 1,
	SWITCH_PREV_PID,
	SWITCH_PREV_PRIO,
	SWITCH_PREV_STATE,
	SWITCH_NEXT_COMM,
	SWITCH_NEXT_PID,
	SWITCH_NEXT_PRIO
};
enum {
	COMPACT_SWITCH_TIME = 1,
	COMPACT_SWITCH_STATE,
	COMPACT_SWITCH_PID,
	COMPACT_SWITCH_PRIO,
	COMPACT_NAMES,
	COMPACT_SWITCH_NAME,
	COMPACT_WAKING_TIME,
	COMPACT_WAKING_PID,
	COMPACT_WAKING_CPU,
	COMPACT_WAKING_PRIO,
	COMPACT_WAKING_NAME,
	COMPACT_WAKING_FLAGS
};

/* include/linux/trace_events.h; the importer takes either for an interrupt. */
enum { FLAG_HARDIRQ = 0x08, FLAG_SOFTIRQ = 0x10, FLAG_NMI = 0x40 };

/* ---- a bundle ---- */

/* What a bundle has to hold of a CPU. */
struct load {
	const struct pf_switch *switches;
	const uint16_t *states; /* of these */
	const struct pf_waking *wakings;
	size_t nr_switches, nr_wakings;
	const struct buf *events;
};

/* The place of a name in this bundle's table, which it joins if need be. */
static uint32_t name_index(struct pf *p, uint32_t name, uint32_t *nr)
{
	struct pf_name *n = &p->names.v[name];

	if (n->bundle == p->nr_bundles)
		return n->index;
	n->bundle = p->nr_bundles;
	n->index = (*nr)++;
	pb_bytes(&p->packets, COMPACT_NAMES, n->safe, n->length);
	return n->index;
}

/* One field of CompactSched, packed: what is in p->columns up to `end`. */
static void put_column(struct pf *p, unsigned field, const uint8_t *end)
{
	size_t from = p->packets.len;

	pb_bytes(&p->packets, field, p->columns.data, (size_t)((const char *)end - p->columns.data));
	pf_part(p, field, from);
}

/* The same of the `value` of each `e` of the `n` at `first`, written by `put`. */
#define COLUMN(p, field, first, n, put, value)                                        \
	do {                                                                          \
		uint8_t *at = (uint8_t *)(p)->columns.data;                           \
		for (__typeof__(*(first)) *e = (first), *end = e + (n); e < end; e++) \
			at = put(at, (uint64_t)(int64_t)(value));                     \
		put_column(p, field, at);                                             \
	} while (0)

/* The table of names, and then the places in it. */
#define COLUMN_OF_NAMES(p, field, first, n, name)                                     \
	do {                                                                          \
		uint8_t *at = (uint8_t *)(p)->columns.data;                           \
		size_t from = (p)->packets.len;                                       \
		for (__typeof__(*(first)) *e = (first), *end = e + (n); e < end; e++) \
			at = pb_any_varint_at(at, name_index(p, name, nr_names));     \
		pf_part(p, PART_NAMES, from);                                         \
		put_column(p, field, at);                                             \
	} while (0)

static void put_switches(struct pf *p, const struct load *l, uint32_t *nr_names)
{
	uint64_t last = 0, now;

	COLUMN(p, COMPACT_SWITCH_TIME, l->switches, l->nr_switches, pb_any_varint_at,
	       (now = pf_boot(p, e->ns), now -= last, last += now, now));
	COLUMN(p, COMPACT_SWITCH_STATE, l->states, l->nr_switches, pb_varint_at, *e);
	COLUMN(p, COMPACT_SWITCH_PID, l->switches, l->nr_switches, pb_any_varint_at, e->next.tid);
	COLUMN(p, COMPACT_SWITCH_PRIO, l->switches, l->nr_switches, pb_varint_at, e->next.prio);
	COLUMN_OF_NAMES(p, COMPACT_SWITCH_NAME, l->switches, l->nr_switches, e->next.name);
}

static void put_wakings(struct pf *p, const struct load *l, uint32_t *nr_names)
{
	uint64_t last = 0, now;

	COLUMN(p, COMPACT_WAKING_TIME, l->wakings, l->nr_wakings, pb_any_varint_at,
	       (now = pf_boot(p, e->ns), now -= last, last += now, now));
	COLUMN(p, COMPACT_WAKING_PID, l->wakings, l->nr_wakings, pb_any_varint_at, e->who.tid);
	COLUMN(p, COMPACT_WAKING_CPU, l->wakings, l->nr_wakings, pb_varint_at, e->cpu);
	COLUMN(p, COMPACT_WAKING_PRIO, l->wakings, l->nr_wakings, pb_varint_at, e->who.prio);
	COLUMN_OF_NAMES(p, COMPACT_WAKING_NAME, l->wakings, l->nr_wakings, e->who.name);
	COLUMN(p, COMPACT_WAKING_FLAGS, l->wakings, l->nr_wakings, pb_varint_at, e->flags);
}

static void put_bundle(struct pf *p, uint32_t cpu, const struct load *l, bool lost)
{
	size_t n = l->nr_switches > l->nr_wakings ? l->nr_switches : l->nr_wakings;
	size_t packet, bundle, compact;
	uint32_t nr_names = 0;

	p->nr_bundles++;
	buf_reset(&p->columns);
	buf_grow(&p->columns, n * PB_VARINT_MAX);
	packet = pb_open_wide(&p->packets, TRACE_PACKET);
	pb_uint(&p->packets, PACKET_SEQUENCE_ID, SEQUENCE_STATE);
	pb_uint(&p->packets, PACKET_SEQUENCE_FLAGS, SEQ_NEEDS_STATE);
	pf_symbols_put(p);
	bundle = pb_open_wide(&p->packets, PACKET_FTRACE_EVENTS);
	pb_uint(&p->packets, BUNDLE_CPU, cpu);
	if (lost)
		pb_uint(&p->packets, BUNDLE_LOST, 1);
	if (n) {
		compact = pb_open_wide(&p->packets, BUNDLE_COMPACT);
		if (l->nr_switches)
			put_switches(p, l, &nr_names);
		if (l->nr_wakings)
			put_wakings(p, l, &nr_names);
		pb_close_wide(&p->packets, compact);
	}
	if (l->events && l->events->len) {
		size_t from = p->packets.len;

		buf_put(&p->packets, l->events->data, l->events->len);
		pf_part(p, PART_EVENTS, from);
	}
	pb_close_wide(&p->packets, bundle);
	pb_close_wide(&p->packets, packet);
	pf_packet_done(p);
}

/* ---- what a CPU holds ---- */

/* Move what is fully known of its switches to p->ready; what waits stays, and those that wait are told where. */
static void take_ready(struct pf *p, struct pf_cpu *c)
{
	size_t nr_closed = c->switches.n - c->open, kept = 0, ready = 0;

	vec_reserve(&p->ready, c->switches.n);
	vec_reserve(&p->ready_states, c->switches.n);
	for (size_t i = 0; i < c->switches.n; i++) {
		const struct pf_switch *s = &c->switches.v[i];
		uint16_t state = c->states.v[i];

		if (state != LEFT_WAITS && i < nr_closed) {
			p->ready_states.v[ready] = state;
			p->ready.v[ready++] = *s;
			continue;
		}
		if (state == LEFT_WAITS)
			p->tasks.v[s->left].waits = (uint32_t)kept;
		c->states.v[kept] = state;
		c->switches.v[kept++] = *s;
	}
	p->ready.n = ready;
	c->switches.n = c->states.n = c->held = kept;
}

/* Those that were held back beyond the bundle of their time: in bundles of their own, none longer than the others. */
static size_t put_late(struct pf *p, uint32_t cpu, uint64_t before_ns)
{
	size_t at = 0;

	while (at < p->ready.n && p->ready.v[at].ns < before_ns) {
		struct load l = { .switches = &p->ready.v[at], .states = &p->ready_states.v[at] };
		uint64_t end = l.switches->ns + PF_BUNDLE_NS;

		for (; at < p->ready.n && p->ready.v[at].ns < before_ns && p->ready.v[at].ns < end; at++)
			l.nr_switches++;
		put_bundle(p, cpu, &l, false);
	}
	return at;
}

static void flush(struct pf *p, uint32_t cpu)
{
	struct pf_cpu *c = &p->cpus[cpu];
	struct load l = { .wakings = c->wakings.v, .nr_wakings = c->wakings.n, .events = &c->events };
	size_t late;

	take_ready(p, c);
	late = put_late(p, cpu, c->start_ns);
	l.switches = p->ready.v + late;
	l.states = p->ready_states.v + late;
	l.nr_switches = p->ready.n - late;
	if (l.nr_switches || l.nr_wakings || c->events.len || c->lost)
		put_bundle(p, cpu, &l, c->lost);
	c->wakings.n = 0;
	c->lost = false;
	buf_reset(&c->events);
	c->start_ns = UINT64_MAX;
	c->end_ns = 0;
}

static bool is_full(const struct pf_cpu *c)
{
	return c->switches.n - c->held >= BUNDLE_MAX || c->wakings.n >= BUNDLE_MAX;
}

/* Something of that time is about to be added: is what is there too much, or too far from it? */
static void at_odd_time(struct pf *p, uint32_t cpu, uint64_t ns)
{
	struct pf_cpu *c = &p->cpus[cpu];

	if (c->start_ns != UINT64_MAX &&
	    (ns >= c->start_ns + PF_BUNDLE_NS || ns + PF_BUNDLE_NS <= c->last_ns || is_full(c)))
		flush(p, cpu);
	if (c->start_ns == UINT64_MAX)
		c->start_ns = c->last_ns = ns;
	else if (ns < c->start_ns)
		c->start_ns = ns;
	else if (ns > c->last_ns)
		c->last_ns = ns;
	c->end_ns = c->start_ns + PF_BUNDLE_NS;
}

static inline void at_time(struct pf *p, uint32_t cpu, uint64_t ns)
{
	struct pf_cpu *c = &p->cpus[cpu];

	if (__builtin_expect(ns < c->start_ns || ns >= c->end_ns, 0))
		at_odd_time(p, cpu, ns);
	else if (ns > c->last_ns)
		c->last_ns = ns;
}

void pf_bundles_end(struct pf *p)
{
	for (uint32_t cpu = 0; cpu < model_nr_cpus(p->m); cpu++)
		flush(p, cpu);
}

/* ---- events in full ---- */

struct buf *pf_event(struct pf *p, uint32_t cpu, uint64_t ns, uint32_t pid, size_t *opened)
{
	struct buf *events = &p->cpus[cpu].events;

	at_time(p, cpu, ns);
	*opened = pb_open(events, BUNDLE_EVENT);
	pb_uint(events, FTRACE_TIMESTAMP, pf_boot(p, ns));
	pb_uint(events, FTRACE_PID, pid);
	return events;
}

void pf_event_end(struct buf *events, size_t opened)
{
	pb_close(events, opened);
}

void pf_short_event(struct pf *p, uint32_t cpu, uint64_t ns, const uint8_t bytes[PF_SHORT_MAX], size_t n)
{
	struct buf *events = &p->cpus[cpu].events;
	uint8_t *length, *at;

	at_time(p, cpu, ns);
	at = (uint8_t *)buf_grow(events, PF_SHORT_MAX + 4 * PB_VARINT_MAX);
	at = pb_varint_at(at, BUNDLE_EVENT << 3 | PB_BYTES);
	length = at++;
	at = pb_varint_at(at, FTRACE_TIMESTAMP << 3 | PB_VARINT);
	at = pb_any_varint_at(at, pf_boot(p, ns));
	memcpy(at, bytes, PF_SHORT_MAX); /* of one size, so it is done in place */
	at += n;
	*length = (uint8_t)(at - length - 1);
	events->len = (size_t)((char *)at - events->data);
}

/* Says who runs on a CPU at first, as a switch from the idle task. */
static void seed(struct pf *p, uint32_t cpu, uint64_t ns, struct pf_who who)
{
	size_t opened, inner;
	struct buf *out = pf_event(p, cpu, ns, 0, &opened);

	inner = pb_open(out, FTRACE_SWITCH);
	pb_str(out, SWITCH_PREV_COMM, "swapper");
	pb_uint(out, SWITCH_PREV_PID, 0);
	pb_uint(out, SWITCH_PREV_PRIO, PRIO_DEFAULT);
	pb_uint(out, SWITCH_PREV_STATE, LEFT_R);
	pb_str(out, SWITCH_NEXT_COMM, p->names.v[who.name].safe);
	pb_uint(out, SWITCH_NEXT_PID, who.tid);
	pb_int(out, SWITCH_NEXT_PRIO, who.prio);
	pb_close(out, inner);
	pf_event_end(out, opened);
	p->cpus[cpu].seeded = true;
}

/* ---- switches ---- */

static struct pf_who who_ran(struct pf *p, const struct cpu_span *s)
{
	static const enum pf_nobody kinds[NR_CPU_STATES] = {
		[CPU_UNKNOWN] = NOBODY_UNKNOWN,
		[CPU_TASK] = NOBODY_LEFT_OUT,
		[CPU_OFFLINE] = NOBODY_OFFLINE,
		[CPU_UNRECORDED] = NOBODY_UNRECORDED,
	};

	if (s->state == CPU_IDLE)
		return (struct pf_who){ .tid = 0, .name = p->swapper, .prio = PRIO_DEFAULT };
	if (s->state == CPU_TASK && pf_wants(p, s->task))
		return pf_who(p, s->task, s->end_prio);
	p->cpus[s->cpu].nobodies |= (uint8_t)(1u << kinds[s->state]);
	return (struct pf_who){
		.tid = pf_nobody_tid(kinds[s->state], s->cpu),
		.name = pf_name(p, pf_nobody_name(kinds[s->state])),
		.prio = PRIO_DEFAULT,
	};
}

static void open_switch(struct pf *p, const struct cpu_span *s)
{
	struct pf_cpu *c = &p->cpus[s->cpu];
	struct pf_switch *sw;
	uint16_t *state;

	at_time(p, s->cpu, s->to_ns);
	sw = vec_push(&c->switches);
	state = vec_push(&c->states);
	sw->ns = s->to_ns;
	*state = s->state == CPU_IDLE ? LEFT_R : LEFT_S;
	c->open = true;
	if (is_full(c))
		c->end_ns = 0;
	p->events++;
	if (s->state == CPU_TASK && pf_wants(p, s->task)) {
		struct pf_task *t = pf_task(p, s->task);

		*state = LEFT_X;
		if (t->dead)
			return;
		*state = LEFT_WAITS;
		sw->left = s->task.i;
		t->cpu = s->cpu;
		t->waits = (uint32_t)(c->switches.n - 1);
		t->left_ns = s->to_ns;
	}
}

/* It went on with whom it had: no switch. */
static void drop_switch(struct pf *p, struct pf_cpu *c)
{
	c->open = false;
	c->states.n = --c->switches.n;
	if (c->states.v[c->states.n] == LEFT_WAITS)
		p->tasks.v[c->switches.v[c->switches.n].left].waits = PF_NONE;
}

void pf_cpu_span(struct pf *p, const struct cpu_span *s)
{
	struct pf_cpu *c = &p->cpus[s->cpu];
	struct pf_who who = who_ran(p, s);
	struct window w = p->job->window;

	if (!c->seeded) {
		seed(p, s->cpu, s->from_ns > w.from_ns ? s->from_ns : w.from_ns, who);
	} else if (c->running == who.tid) {
		drop_switch(p, c);
	} else {
		c->switches.v[c->switches.n - 1].next = who;
		c->open = false;
	}
	c->running = who.tid;
	c->lost |= s->state == CPU_UNKNOWN;
	if (s->to_ns < w.to_ns)
		open_switch(p, s);
}

void pf_left(struct pf *p, struct pf_task *t, unsigned code)
{
	struct pf_cpu *c = &p->cpus[t->cpu];

	c->states.v[t->waits] = (uint16_t)code;
	c->lost |= code == LEFT_UNKNOWN;
	t->waits = PF_NONE;
}

/* ---- wakings ---- */

/* Where the context is not known, too: it is not to be blamed on a task that may be innocent. */
static uint32_t flags_of(uint8_t ctx)
{
	switch (ctx) {
	case EV_CTX_TASK:
		return 0;
	case EV_CTX_SOFTIRQ:
		return FLAG_SOFTIRQ;
	case EV_CTX_NMI:
		return FLAG_NMI | FLAG_HARDIRQ;
	default:
		return FLAG_HARDIRQ;
	}
}

void pf_waking(struct pf *p, const struct wake *w)
{
	struct pf_cpu *c;
	uint32_t last = pf_task(p, w->target)->last_cpu;

	at_time(p, w->waker_cpu, w->ts_ns);
	c = &p->cpus[w->waker_cpu];
	*vec_push(&c->wakings) = (struct pf_waking){
		.ns = w->ts_ns,
		.who = pf_who(p, w->target, w->prio),
		.cpu = last == CPU_NONE ? w->waker_cpu : last,
		.flags = flags_of(w->ctx),
	};
	if (is_full(c))
		c->end_ns = 0;
	p->events++;
}
