/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reader.c - owns opening a trace and giving out its events in one order.
 *
 * A tournament finds the earliest of the streams' next events (a CPU's hot events, or the rare ones): a tree in which
 * each match remembers its loser (Knuth, The Art of Computer Programming 3, 5.4.1), so that after an event was given
 * out only the matches of its own stream are played again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "trace/order.h"
#include "trace/reader.h"
#include "trace/stream.h"
#include "trace/text.h"

struct lane {
	struct event *ev;      /* the stream's next; &never: it has no more */
	struct event *last;    /* of those that follow it in memory */
	struct stream *stream; /* NULL: of a trace without any */
	size_t match;	       /* its first one */
};

struct contender {
	uint64_t ts_ns; /* of its event */
	struct lane *lane;
};

struct trace_reader {
	struct source source;
	struct stream_set set;
	struct text_trace text;
	struct facts facts;
	struct window window;
	uint32_t nr_cpus;
	struct trace_damage at_open; /* found by opening; reading finds more */
	struct lane *lanes;	     /* of each stream */
	size_t nr_lanes;
	struct contender
		*losers; /* from 1 on; match i is between the winners of 2i and 2i + 1, lane i is nr_lanes + i */
	struct contender first;
	struct event never; /* after all others */
	bool block_given;   /* all of the first lane's block */
	uint64_t last_ns;   /* of the event given out last */
};

static inline bool before(const struct contender *a, const struct contender *b)
{
	if (__builtin_expect(a->ts_ns == b->ts_ns, 0))
		return event_before(a->lane->ev, b->lane->ev);
	return a->ts_ns < b->ts_ns;
}

/* Exchange two, or not, without a branch: which of two CPUs is next is as good as random. */
static inline void swap_if(bool swap, struct contender *a, struct contender *b)
{
	uint64_t ts = (a->ts_ns ^ b->ts_ns) & -(uint64_t)swap;
	uintptr_t lane = ((uintptr_t)a->lane ^ (uintptr_t)b->lane) & -(uintptr_t)swap;

	a->ts_ns ^= ts;
	b->ts_ns ^= ts;
	a->lane = (struct lane *)((uintptr_t)a->lane ^ lane);
	b->lane = (struct lane *)((uintptr_t)b->lane ^ lane);
}

static void lane_next_block(struct trace_reader *r, struct lane *l)
{
	if (l->stream && stream_next_block(l->stream, &r->set)) {
		l->ev = l->stream->ev;
		l->last = l->ev + l->stream->block_left;
	} else {
		l->ev = l->last = &r->never;
	}
}

/* The first lane has a new next event: who is first now? */
static inline void find_first(struct trace_reader *r)
{
	struct lane *l = r->first.lane;
	struct contender first = { .ts_ns = l->ev->ts_ns, .lane = l };

	/* Until then other lanes' events will have taken its place in the nearest cache. */
	__builtin_prefetch(l->ev + 1);
	for (size_t i = l->match; i; i /= 2)
		swap_if(before(&r->losers[i], &first), &r->losers[i], &first);
	r->first = first;
}

/* Play match `i` and those that lead to it. */
static struct contender play(struct trace_reader *r, size_t i)
{
	struct contender winner;

	if (i >= r->nr_lanes) {
		struct lane *l = &r->lanes[i - r->nr_lanes];

		return (struct contender){ .ts_ns = l->ev->ts_ns, .lane = l };
	}
	winner = play(r, 2 * i);
	r->losers[i] = play(r, 2 * i + 1);
	swap_if(before(&r->losers[i], &winner), &r->losers[i], &winner);
	return winner;
}

void trace_reader_rewind(struct trace_reader *r)
{
	r->set.damage = r->at_open;
	r->block_given = false;
	r->last_ns = 0;
	for (size_t i = 0; i < r->set.streams.n; i++)
		stream_rewind(&r->set.streams.v[i]);
	for (size_t i = 0; i < r->nr_lanes; i++)
		lane_next_block(r, &r->lanes[i]);
	r->first = play(r, 1);
}

/*
 * Who is first next time is found now, and not when it is asked for, so that the CPU can do that beside what the caller
 * does with this event. That is not possible where the next block would take its place.
 */
const struct event *trace_reader_next(struct trace_reader *r)
{
	struct event *ev;
	struct lane *l;

	if (__builtin_expect(r->block_given, 0)) {
		lane_next_block(r, r->first.lane);
		find_first(r);
	}
	l = r->first.lane;
	ev = l->ev;
	if (__builtin_expect(ev == &r->never, 0))
		return NULL;
	r->block_given = ev == l->last;
	if (__builtin_expect(!r->block_given, 1)) {
		l->ev++;
		find_first(r);
	}
	if (__builtin_expect(ev->ts_ns < r->last_ns, 0)) {
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

static void open_lanes(struct trace_reader *r)
{
	r->never = (struct event){ .ts_ns = UINT64_MAX, .cpu = UINT32_MAX, .kind = UINT8_MAX };
	r->nr_lanes = r->set.streams.n ? r->set.streams.n : 1;
	r->lanes = xcalloc(r->nr_lanes, sizeof(*r->lanes));
	r->losers = xcalloc(r->nr_lanes, sizeof(*r->losers));
	for (size_t i = 0; i < r->nr_lanes; i++)
		r->lanes[i].match = (r->nr_lanes + i) / 2;
	for (size_t i = 0; i < r->set.streams.n; i++)
		r->lanes[i].stream = &r->set.streams.v[i];
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
	open_lanes(r);
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
	free(r->lanes);
	free(r->losers);
	free(r);
}
