/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reader.c - owns opening a trace and giving out its events in one order.
 *
 * A binary heap holds the next event of every stream (a CPU's hot events, or the rare ones), the earliest on top.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "trace/order.h"
#include "trace/reader.h"
#include "trace/stream.h"
#include "trace/text.h"

struct heap_entry {
	uint64_t ts_ns;	  /* of its event */
	struct event *ev; /* the stream's next */
	struct stream *stream;
};

struct trace_reader {
	struct source source;
	struct stream_set set;
	struct text_trace text;
	struct facts facts;
	struct window window;
	uint32_t nr_cpus;
	struct trace_damage at_open; /* found by opening; reading finds more */
	struct heap_entry *heap;
	size_t nr_heap;
	bool started;
	uint64_t last_ns; /* of the event given out last */
};

static inline bool entry_before(const struct heap_entry *a, const struct heap_entry *b)
{
	if (__builtin_expect(a->ts_ns == b->ts_ns, 0))
		return event_before(a->ev, b->ev);
	return a->ts_ns < b->ts_ns;
}

static void heap_sift(struct trace_reader *r, size_t i)
{
	struct heap_entry moving = r->heap[i];

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= r->nr_heap)
			break;
		if (child + 1 < r->nr_heap && entry_before(&r->heap[child + 1], &r->heap[child]))
			child++;
		if (!entry_before(&r->heap[child], &moving))
			break;
		r->heap[i] = r->heap[child];
		i = child;
	}
	r->heap[i] = moving;
}

/* Exchange two entries, or not, without a branch, and word by word as they were stored: that is faster than whole. */
static inline void swap_if(bool swap, struct heap_entry *a, struct heap_entry *b)
{
	uintptr_t mask = -(uintptr_t)swap;
	uint64_t ts = (a->ts_ns ^ b->ts_ns) & -(uint64_t)swap;
	uintptr_t ev = ((uintptr_t)a->ev ^ (uintptr_t)b->ev) & mask;
	uintptr_t stream = ((uintptr_t)a->stream ^ (uintptr_t)b->stream) & mask;

	a->ts_ns ^= ts;
	b->ts_ns ^= ts;
	a->ev = (struct event *)((uintptr_t)a->ev ^ ev);
	b->ev = (struct event *)((uintptr_t)b->ev ^ ev);
	a->stream = (struct stream *)((uintptr_t)a->stream ^ stream);
	b->stream = (struct stream *)((uintptr_t)b->stream ^ stream);
}

/*
 * Bring the first entry where it belongs. Which of two CPUs is next is as good as random, so the first exchange is made
 * without a branch; in a heap of up to three it is the only one.
 */
static inline void heap_sift_first(struct trace_reader *r)
{
	struct heap_entry *top = r->heap, *child = top + 1;
	bool later;

	if (r->nr_heap < 2)
		return;
	if (r->nr_heap > 2)
		child += entry_before(&top[2], &top[1]);
	later = entry_before(child, top);
	swap_if(later, top, child);
	if (r->nr_heap > 3 && later)
		heap_sift(r, (size_t)(child - r->heap));
}

/* Go on to the next event of the first stream. */
static inline void heap_advance(struct trace_reader *r)
{
	struct heap_entry *top = &r->heap[0];

	if (__builtin_expect(top->stream->block_left != 0, 1)) {
		top->stream->block_left--;
		top->ev++;
	} else if (stream_next_block(top->stream, &r->set)) {
		top->ev = top->stream->ev;
	} else {
		*top = r->heap[--r->nr_heap];
		if (!r->nr_heap)
			return;
	}
	top->ts_ns = top->ev->ts_ns;
	heap_sift_first(r);
}

void trace_reader_rewind(struct trace_reader *r)
{
	r->set.damage = r->at_open;
	r->started = false;
	r->last_ns = 0;
	r->nr_heap = 0;
	for (size_t i = 0; i < r->set.streams.n; i++) {
		struct stream *s = &r->set.streams.v[i];

		stream_rewind(s);
		if (stream_next_block(s, &r->set))
			r->heap[r->nr_heap++] = (struct heap_entry){ .ts_ns = s->ev->ts_ns, .ev = s->ev, .stream = s };
	}
	for (size_t i = r->nr_heap; i-- > 0;)
		heap_sift(r, i);
}

const struct event *trace_reader_next(struct trace_reader *r)
{
	struct event *ev;

	if (r->started && r->nr_heap)
		heap_advance(r);
	r->started = true;
	if (!r->nr_heap)
		return NULL;
	ev = r->heap[0].ev;
	if (ev->ts_ns < r->last_ns) {
		stream_set_late(&r->set, ev);
		ev->ts_ns = r->last_ns;
	}
	r->last_ns = ev->ts_ns;
	return ev;
}

static void add_listed_cpus(struct trace_reader *r, const char *key)
{
	const char *list = facts_get(&r->facts, key);
	struct cpuset set = { 0 };

	if (list && !cpuset_parse(&set, list, NULL))
		for (uint32_t cpu = cpuset_next(&set, 0); cpu != UINT32_MAX; cpu = cpuset_next(&set, cpu + 1))
			r->nr_cpus = cpu + 1 > r->nr_cpus ? cpu + 1 : r->nr_cpus;
	cpuset_release(&set);
}

/* What both forms of a trace need once their facts and streams are there. */
static void finish_open(struct trace_reader *r)
{
	r->window.from_ns = facts_u64(&r->facts, "window.from_ns", r->set.first_ns);
	r->window.to_ns = facts_u64(&r->facts, "window.to_ns", r->set.last_ns);
	if (r->window.to_ns < r->window.from_ns)
		r->window.to_ns = r->window.from_ns;
	r->nr_cpus = r->set.nr_cpus;
	add_listed_cpus(r, "cpu.possible");
	add_listed_cpus(r, "cpu.online");
	r->heap = xcalloc(r->set.streams.n + 1, sizeof(*r->heap));
	r->at_open = r->set.damage;
	trace_reader_rewind(r);
}

static int open_chunks(struct trace_reader *r, const char *name, struct err *e)
{
	uint8_t header[TRACE_HEADER_SIZE];
	size_t n = r->source.size < sizeof(header) ? (size_t)r->source.size : sizeof(header);
	int ret;

	if (!source_read(&r->source, 0, header, n))
		return err_set(e, -EIO, "cannot read '%s': it shrank while it was read", name);
	ret = trace_header_check(header, n, name, e);
	if (ret < 0)
		return ret;
	if (!stream_set_open(&r->set, &r->source, &r->facts))
		return err_set(e, -EBADMSG, "'%s' is cut before its first events: nothing can be read", name);
	return 0;
}

static bool is_text(const struct source *s)
{
	char start[sizeof(TEXT_MAGIC) - 1];

	return source_read(s, 0, start, sizeof(start)) && !memcmp(start, TEXT_MAGIC, sizeof(start));
}

static int open_text(struct trace_reader *r, const char *name, struct err *e)
{
	char *bytes = xmalloc(r->source.size + 1);
	struct err why = { 0 };
	int ret = 0;

	if (!source_read(&r->source, 0, bytes, r->source.size))
		ret = err_set(e, -EIO, "cannot read '%s': it shrank while it was read", name);
	else if (text_parse(&r->text, bytes, r->source.size, &why) < 0)
		ret = err_set(e, why.code, "'%s' %s", name, why.text);
	else
		stream_set_of_events(&r->set, r->text.events, r->text.n);
	facts_merge(&r->facts, &r->text.facts);
	free(bytes);
	return ret;
}

static int open_source(struct trace_reader **out, struct trace_reader *r, const char *name, struct err *e)
{
	int ret = is_text(&r->source) ? open_text(r, name, e) : open_chunks(r, name, e);

	if (ret < 0) {
		trace_reader_close(r);
		return ret;
	}
	finish_open(r);
	*out = r;
	return 0;
}

int trace_reader_open(struct trace_reader **out, const char *path, struct err *e)
{
	struct trace_reader *r = xcalloc(1, sizeof(*r));
	int ret = source_open(&r->source, path, e);

	if (ret < 0) {
		trace_reader_close(r);
		return ret;
	}
	return open_source(out, r, strcmp(path, "-") ? path : "standard input", e);
}

int trace_reader_open_mem(struct trace_reader **out, const void *bytes, size_t n, struct err *e)
{
	struct trace_reader *r = xcalloc(1, sizeof(*r));

	source_of_memory(&r->source, bytes, n);
	return open_source(out, r, "memory", e);
}

const struct facts *trace_reader_facts(const struct trace_reader *r)
{
	return &r->facts;
}

struct window trace_reader_window(const struct trace_reader *r)
{
	return r->window;
}

uint32_t trace_reader_nr_cpus(const struct trace_reader *r)
{
	return r->nr_cpus;
}

const struct trace_damage *trace_reader_damage(const struct trace_reader *r)
{
	return &r->set.damage;
}

uint64_t trace_reader_size(const struct trace_reader *r)
{
	return r->source.size;
}

void trace_reader_close(struct trace_reader *r)
{
	if (!r)
		return;
	stream_set_close(&r->set);
	text_trace_release(&r->text);
	facts_release(&r->facts);
	source_close(&r->source);
	free(r->heap);
	free(r);
}
