/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * html_spans.c - packs spans into blocks of columns: what can be told from the spans before is left out, the rest is
 * small numbers.
 *
 * html/DATA.md says how the page tells it; both sides keep the same memory, struct known_task and struct known_cpu. A
 * CPU's spans are told with the tasks': the switch that ends a running span ends its CPU's, and who is switched in
 * ends an idle one. So both are held back until it is seen whether that is so.
 */
#include "export/html_data.h"

#include <stdlib.h>
#include <string.h>
#include "analysis/task_json.h"
#include "base/alloc.h"
#include "base/idmap.h"
#include "base/vec.h"
#include "trace/bytes.h"

#define BLOCK_RECORDS 65536u
#define DICTIONARY 2048u /* kinds in a block; recordings have some fifty */
#define SLOTS 8192u
#define CALLS_MAX 2048u /* more than any kernel has; the rest of a strange file's numbers are "unknown" */

/* A record's kind: what it is, and what is as expected so that no column has it. */
enum kind_bits {
	KIND_STATE = 0, /* 3 bits: enum task_state, or STATE_OF_CPU */
	KIND_WHY = 3,	/* 3: enum runnable_why; of a CPU's span enum cpu_state */
	KIND_CUTS = 6,	/* 3: FLAG_* */
	KIND_WAKE = 9,	/* 2: enum wake_as */
	KIND_CTX = 11,	/* 3: of WAKE_TOLD */
	KIND_CALL = 14, /* 2: enum call_as */
	KIND_WAKER_AS = 16,
	KIND_WAKER_CPU_AS = 17,
	KIND_CPU_AS = 18,
	KIND_TASK_AS = 19,
	KIND_FROM_AS = 20,
	KIND_ON_CPU = 21, /* of a running span: its CPU's span is the same */
	KIND_IDLE = 22,	  /* its CPU was idle until its end */
	KIND_BACK = 23,	  /* it ends before the last record did */
};

#define STATE_OF_CPU 7u
_Static_assert(NR_STATES <= STATE_OF_CPU && NR_WHYS <= 8 && NR_CPU_STATES <= 8 && EV_CTX_KINDS <= 8, "3 bits each");

enum flags { FLAG_CUT_LEFT = 1, FLAG_CUT_RIGHT = 2, FLAG_THEN_RAN = 4 };
enum wake_as { WAKE_NONE, WAKE_AS_BEFORE, WAKE_TOLD };
enum call_as { CALL_NONE, CALL_AS_BEFORE, CALL_ARG_TOLD, CALL_TOLD };

enum column { COL_TO, COL_TASK, COL_CPU, COL_GAP, COL_WAKER, COL_WAKER_CPU, COL_CALL, COL_ARG, NR_COLUMNS };

/* Whether repetitions are worth searching for; measured on recordings and generated ones. */
static const enum pack_how column_how[NR_COLUMNS] = {
	[COL_TO] = PACK_LETTERS,    [COL_TASK] = PACK_REPEATS,	    [COL_CPU] = PACK_REPEATS,  [COL_GAP] = PACK_REPEATS,
	[COL_WAKER] = PACK_REPEATS, [COL_WAKER_CPU] = PACK_REPEATS, [COL_CALL] = PACK_REPEATS, [COL_ARG] = PACK_REPEATS,
};

/* Of the last span of a task that was told. */
struct known_task {
	uint64_t to, arg;
	uint32_t cpu, waker, waker_cpu, woken_by;
	int32_t call;
	uint8_t ctx;
};

struct known_cpu {
	uint64_t to;
	uint32_t running;
};

struct slot {
	uint32_t kind, block; /* empty unless of this block */
	uint32_t index;
};

struct html_spans {
	const struct html_page *page;
	struct html_block *b;
	struct known_task *tasks;
	VEC(struct known_cpu) cpus;
	uint64_t to;	      /* of the last record */
	uint64_t switch_to;   /* of the last running span, */
	uint32_t switch_cpu;  /* and its CPU */
	uint32_t woken;	      /* whose sleep ended last */
	struct span held;     /* a running span; state STATE_UNKNOWN: none */
	struct cpu_span idle; /* an idle one; state CPU_UNKNOWN: none */
	struct buf kinds, columns[NR_COLUMNS], dictionary;
	struct slot slots[SLOTS];
	uint32_t block, nr_records, nr_kinds;
	struct idmap call_index; /* number to place in `calls` */
	VEC(int32_t) calls;
	uint64_t spans, cpu_spans;
};

/* ---- blocks ---- */

static void block_end(struct html_spans *s)
{
	struct buf head = { 0 };

	if (!s->nr_records)
		return;
	put_varint(&head, s->nr_records);
	put_varint(&head, s->nr_kinds);
	buf_put(&head, buf_str(&s->dictionary), s->dictionary.len);
	put_varint(&head, s->kinds.len);
	for (int c = 0; c < NR_COLUMNS; c++)
		put_varint(&head, s->columns[c].len);
	html_block_begin(s->b, BLOCK_SPANS);
	html_block_part(s->b, head.data, head.len, PACK_REPEATS);
	html_block_part(s->b, s->kinds.data, s->kinds.len, PACK_REPEATS);
	for (int c = 0; c < NR_COLUMNS; c++)
		html_block_part(s->b, s->columns[c].data, s->columns[c].len, column_how[c]);
	html_block_end(s->b);
	buf_release(&head);
	buf_reset(&s->kinds);
	buf_reset(&s->dictionary);
	for (int c = 0; c < NR_COLUMNS; c++)
		buf_reset(&s->columns[c]);
	s->nr_records = s->nr_kinds = 0;
	s->block++;
}

/* The kind's place in this block's dictionary. */
static void put_kind(struct html_spans *s, uint32_t kind)
{
	uint32_t at = (kind * 0x9e3779b1u) >> 19;

	while (s->slots[at].block == s->block && s->slots[at].kind != kind)
		at = (at + 1) % SLOTS;
	if (s->slots[at].block != s->block) {
		s->slots[at] = (struct slot){ kind, s->block, s->nr_kinds++ };
		put_varint(&s->dictionary, kind);
	}
	put_varint(&s->kinds, s->slots[at].index);
	if (++s->nr_records == BLOCK_RECORDS || s->nr_kinds == DICTIONARY)
		block_end(s);
}

static inline uint32_t bit(bool yes, enum kind_bits at)
{
	return (uint32_t)yes << at;
}

/* Times of records go up, all but a few. */
static uint32_t put_to(struct html_spans *s, uint64_t to)
{
	bool back = to < s->to;

	put_varint(&s->columns[COL_TO], back ? s->to - to : to - s->to);
	s->to = to;
	return bit(back, KIND_BACK);
}

static uint32_t put_from(struct html_spans *s, uint64_t from, uint64_t expected)
{
	if (from != expected)
		put_varint(&s->columns[COL_GAP], zigzag((int64_t)(from - expected)));
	return bit(from == expected, KIND_FROM_AS);
}

/* CPU_NONE and TASK_NONE become 0. */
static uint32_t put_number(struct html_spans *s, enum column c, uint32_t v, uint32_t expected, enum kind_bits as)
{
	if (v != expected)
		put_varint(&s->columns[c], v + 1u);
	return bit(v == expected, as);
}

static struct known_cpu *known_cpu(struct html_spans *s, uint32_t cpu)
{
	while (cpu >= s->cpus.n)
		*vec_push(&s->cpus) =
			(struct known_cpu){ export_since(s->page->job, s->page->job->window.from_ns), UINT32_MAX };
	return &s->cpus.v[cpu];
}

/* ---- what a span has ---- */

static int32_t call_index(struct html_spans *s, int32_t nr)
{
	uint32_t at;

	if (nr < 0)
		return nr == EV_NO_SYSCALL ? -1 : -2;
	at = idmap_get(&s->call_index, (uint32_t)nr);
	if (at == IDMAP_NONE && s->calls.n == CALLS_MAX)
		return -2;
	if (at == IDMAP_NONE) {
		at = (uint32_t)s->calls.n;
		*vec_push(&s->calls) = nr;
		idmap_set(&s->call_index, (uint32_t)nr, at);
	}
	return (int32_t)at;
}

static uint32_t put_call(struct html_spans *s, struct known_task *k, const struct span *sp)
{
	int32_t call = call_index(s, sp->syscall);
	enum call_as as = CALL_TOLD;

	if (call == -1 && !sp->arg)
		return CALL_NONE << KIND_CALL;
	if (call == k->call)
		as = sp->arg == k->arg ? CALL_AS_BEFORE : CALL_ARG_TOLD;
	if (as == CALL_TOLD)
		put_varint(&s->columns[COL_CALL], (uint64_t)(call + 2));
	if (as != CALL_AS_BEFORE)
		put_varint(&s->columns[COL_ARG], sp->arg);
	k->call = call;
	k->arg = sp->arg;
	return (uint32_t)as << KIND_CALL;
}

static uint32_t put_wake(struct html_spans *s, struct known_task *k, const struct span *sp)
{
	uint32_t kind, waker = sp->waker.i;
	bool by_task = sp->ctx == EV_CTX_TASK;

	if (waker == UINT32_MAX && sp->waker_cpu == CPU_NONE && sp->ctx == EV_CTX_UNKNOWN)
		return WAKE_NONE << KIND_WAKE;
	if (waker == k->waker && sp->waker_cpu == k->waker_cpu && sp->ctx == k->ctx)
		return WAKE_AS_BEFORE << KIND_WAKE;
	kind = WAKE_TOLD << KIND_WAKE | (uint32_t)sp->ctx << KIND_CTX;
	kind |= put_number(s, COL_WAKER, waker, by_task ? k->woken_by : UINT32_MAX, KIND_WAKER_AS);
	kind |= put_number(s, COL_WAKER_CPU, sp->waker_cpu, waker == UINT32_MAX ? sp->cpu : s->tasks[waker].cpu,
			   KIND_WAKER_CPU_AS);
	if (by_task)
		k->woken_by = waker;
	return kind;
}

/* Who is on a CPU is known, so a running span says where and not who; others say who. */
static uint32_t put_who_and_where(struct html_spans *s, const struct known_task *k, const struct span *sp)
{
	uint32_t kind, cpu = k->cpu;

	if (sp->state == STATE_RUNNING && sp->cpu != CPU_NONE) {
		put_varint(&s->columns[COL_CPU], sp->cpu + 1u);
		return put_number(s, COL_TASK, sp->task.i, known_cpu(s, sp->cpu)->running, KIND_TASK_AS);
	}
	kind = put_number(s, COL_TASK, sp->task.i, sp->state == STATE_RUNNABLE ? s->woken : UINT32_MAX, KIND_TASK_AS);
	if (sp->then_ran && s->switch_cpu != CPU_NONE && s->switch_to == sp->to_ns)
		cpu = s->switch_cpu;
	return kind | put_number(s, COL_CPU, sp->cpu, cpu, KIND_CPU_AS);
}

static void learn(struct html_spans *s, struct known_task *k, const struct span *sp)
{
	k->to = sp->to_ns;
	k->cpu = sp->cpu;
	k->waker = sp->waker.i;
	k->waker_cpu = sp->waker_cpu;
	k->ctx = sp->ctx;
	if (sp->state == STATE_RUNNING && sp->cpu != CPU_NONE) {
		s->switch_to = sp->to_ns;
		s->switch_cpu = sp->cpu;
	} else if (sp->state == STATE_RUNNABLE) {
		if (sp->then_ran && sp->cpu != CPU_NONE)
			known_cpu(s, sp->cpu)->running = sp->task.i;
	} else if (sp->state != STATE_UNKNOWN) {
		s->woken = sp->task.i;
	}
}

/* A span whose times count from the start of the recording. */
static void tell_span(struct html_spans *s, const struct span *sp, bool on_cpu, bool after_idle)
{
	struct known_task *k = &s->tasks[sp->task.i];
	uint32_t kind = (uint32_t)sp->state << KIND_STATE | (uint32_t)sp->why << KIND_WHY;
	uint32_t flags = (sp->cut_left ? FLAG_CUT_LEFT : 0) | (sp->cut_right ? FLAG_CUT_RIGHT : 0) |
			 (sp->then_ran ? FLAG_THEN_RAN : 0);

	kind |= flags << KIND_CUTS | bit(on_cpu, KIND_ON_CPU) | bit(after_idle, KIND_IDLE);
	kind |= put_who_and_where(s, k, sp);
	kind |= put_from(s, sp->from_ns, k->to);
	kind |= put_wake(s, k, sp);
	kind |= put_call(s, k, sp);
	kind |= put_to(s, sp->to_ns);
	learn(s, k, sp);
	if (on_cpu || after_idle)
		known_cpu(s, sp->cpu)->to = sp->to_ns;
	s->spans++;
	s->cpu_spans += on_cpu + after_idle;
	put_kind(s, kind);
}

static void tell_cpu_span(struct html_spans *s, const struct cpu_span *c)
{
	struct known_cpu *k = known_cpu(s, c->cpu);
	uint32_t kind = STATE_OF_CPU | (uint32_t)c->state << KIND_WHY;

	put_varint(&s->columns[COL_CPU], c->cpu + 1u);
	kind |= put_number(s, COL_TASK, c->task.i, c->state == CPU_TASK ? k->running : UINT32_MAX, KIND_TASK_AS);
	kind |= put_from(s, c->from_ns, k->to);
	kind |= put_to(s, c->to_ns);
	k->to = c->to_ns;
	s->cpu_spans++;
	put_kind(s, kind);
}

/* ---- sinks ---- */

static void let_go(struct html_spans *s)
{
	if (s->held.state == STATE_RUNNING)
		tell_span(s, &s->held, false, false);
	s->held.state = STATE_UNKNOWN;
	if (s->idle.state == CPU_IDLE)
		tell_cpu_span(s, &s->idle);
	s->idle.state = CPU_UNKNOWN;
}

static void on_span(void *ctx, const struct span *sp)
{
	struct html_spans *s = ctx;
	struct window cut;
	struct span one = *sp;
	bool after_idle = s->idle.state == CPU_IDLE && sp->cpu == s->idle.cpu && sp->state == STATE_RUNNABLE;

	if (!html_takes_span(s->page, sp, &cut))
		return;
	one.cut_left |= cut.from_ns > sp->from_ns;
	one.cut_right |= cut.to_ns < sp->to_ns;
	one.from_ns = export_since(s->page->job, cut.from_ns);
	one.to_ns = export_since(s->page->job, cut.to_ns);
	after_idle = after_idle && s->idle.to_ns == one.to_ns;
	if (after_idle)
		s->idle.state = CPU_UNKNOWN;
	let_go(s);
	if (one.state == STATE_RUNNING && one.cpu != CPU_NONE)
		s->held = one;
	else
		tell_span(s, &one, false, after_idle);
}

static void on_cpu_span(void *ctx, const struct cpu_span *c)
{
	struct html_spans *s = ctx;
	const struct span *held = &s->held;
	struct window cut;
	struct cpu_span one = *c;

	if (!html_takes_cpu_span(s->page, c, &cut))
		return;
	one.from_ns = export_since(s->page->job, cut.from_ns);
	one.to_ns = export_since(s->page->job, cut.to_ns);
	if (held->state == STATE_RUNNING && one.state == CPU_TASK && held->cpu == one.cpu &&
	    task_is(held->task, one.task) && held->from_ns == one.from_ns && held->to_ns == one.to_ns) {
		tell_span(s, held, true, false);
		s->held.state = STATE_UNKNOWN;
		return;
	}
	let_go(s);
	if (one.state == CPU_IDLE && known_cpu(s, one.cpu)->to == one.from_ns)
		s->idle = one;
	else
		tell_cpu_span(s, &one);
}

/* ---- all of it ---- */

struct html_spans *html_spans_new(const struct html_page *p, struct html_block *b, struct model_sink *sink)
{
	struct html_spans *s = xcalloc(1, sizeof(*s));
	uint64_t from_ns = p->job->window.from_ns;

	s->page = p;
	s->b = b;
	s->block = 1;
	s->woken = s->switch_cpu = UINT32_MAX;
	s->tasks = xcalloc(p->count.nr_tasks + 1u, sizeof(*s->tasks));
	for (uint32_t i = 0; i < p->count.nr_tasks; i++) {
		uint64_t born_ns = model_task(p->sum->model, (task_id){ i })->born_ns;

		s->tasks[i] = (struct known_task){
			.to = export_since(p->job, born_ns > from_ns ? born_ns : from_ns),
			.cpu = UINT32_MAX,
			.waker = UINT32_MAX,
			.waker_cpu = UINT32_MAX,
			.woken_by = UINT32_MAX,
			.call = -1,
			.ctx = EV_CTX_UNKNOWN,
		};
	}
	*sink = (struct model_sink){ .ctx = s, .span = on_span, .cpu_span = on_cpu_span };
	return s;
}

void html_spans_end(struct html_spans *s)
{
	struct buf text = { 0 }, name = { 0 };
	struct json j = { .out = &text };

	let_go(s);
	block_end(s);
	json_object(&j, NULL);
	json_u64(&j, "blocks", s->b->written + 1);
	json_u64(&j, "spans", s->spans);
	json_u64(&j, "cpuSpans", s->cpu_spans);
	json_array(&j, "calls");
	for (size_t i = 0; i < s->calls.n; i++) {
		buf_reset(&name);
		words_syscall(s->page->sum->model, s->calls.v[i], &name);
		json_str(&j, NULL, buf_str(&name));
	}
	json_end(&j);
	json_end(&j);
	html_block_text(s->b, BLOCK_END, &text);
	buf_release(&text);
	buf_release(&name);
}

void html_spans_free(struct html_spans *s)
{
	if (!s)
		return;
	free(s->tasks);
	vec_release(&s->cpus);
	vec_release(&s->calls);
	idmap_release(&s->call_index);
	buf_release(&s->kinds);
	buf_release(&s->dictionary);
	for (int c = 0; c < NR_COLUMNS; c++)
		buf_release(&s->columns[c]);
	free(s);
}
