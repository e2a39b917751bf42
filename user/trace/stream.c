/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stream.c - owns going through the chunks of one stream, and what is said of those that cannot be read.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/idmap.h"
#include "trace/order.h"
#include "trace/stream.h"
#include "trace/table.h"

/* Rare chunks that overlap in time are opened early, up to so many events; what overlaps more comes late. */
#define RARE_MAX_HELD (4 * CHUNK_MAX_EVENTS)

static void __attribute__((format(printf, 2, 3))) damage_say(struct trace_damage *d, const char *fmt, ...)
{
	va_list ap;

	if (d->first[0])
		return;
	va_start(ap, fmt);
	vsnprintf(d->first, sizeof(d->first), fmt, ap);
	va_end(ap);
}

static void note_bad_chunk(struct stream_set *set, const struct chunk *c)
{
	set->damage.bad_chunks++;
	if (c->kind == CHUNK_HOT)
		damage_say(&set->damage, "the chunk at byte %llu is damaged: %u events of cpu %u are lost",
			   (unsigned long long)c->offset, c->events, c->stream);
	else if (c->kind == CHUNK_MORE)
		damage_say(&set->damage, "the chunk at byte %llu is damaged: where tasks may run is not known",
			   (unsigned long long)c->offset);
	else if (c->kind == CHUNK_RARE)
		damage_say(&set->damage, "the chunk at byte %llu is damaged: %u forks, exits, names or marks are lost",
			   (unsigned long long)c->offset, c->events);
	else
		damage_say(&set->damage, "the chunk at byte %llu is damaged: facts about the recording are lost",
			   (unsigned long long)c->offset);
}

void stream_set_late(struct stream_set *set, const struct event *ev)
{
	set->damage.late_events++;
	damage_say(&set->damage, "an event of cpu %u at %llu ns comes later in the file than it should", ev->cpu,
		   (unsigned long long)ev->ts_ns);
}

static void give_lost(struct stream *s, const struct chunk *c)
{
	s->out = (struct event){ .ts_ns = c->last_ns, .cpu = s->cpu, .kind = EV_LOST };
	s->out.lost.from_ns = c->first_ns;
	s->out.lost.count = c->events;
	s->ev = &s->out;
	s->block_left = 0;
}

static void give_block(struct stream *s)
{
	s->ev = s->hot.block;
	s->block_left = hot_decode(&s->hot) - 1;
}

static bool next_hot(struct stream *s, struct stream_set *set)
{
	const struct chunk *c;

	if (s->hot.left) {
		give_block(s);
		return true;
	}
	if (s->next == s->chunks.n)
		return false;
	c = &s->chunks.v[s->next++];
	if (c->kind == CHUNK_HOLE) {
		give_lost(s, c);
		return true;
	}
	if (!chunk_load(set->source, c, HOT_SLACK, &s->stored) ||
	    !hot_decode_chunk(&s->hot, set->unpacker, c, (const uint8_t *)s->stored.data)) {
		note_bad_chunk(set, c);
		give_lost(s, c);
		return true;
	}
	give_block(s);
	return true;
}

/* Add the next chunk's events to those not given out yet, which it may overlap. */
static void open_rare(struct stream *s, struct stream_set *set)
{
	const struct chunk *c = &s->chunks.v[s->next++];

	rare_keep_from(&s->rare, s->at);
	s->at = 0;
	if (chunk_load(set->source, c, 0, &s->stored) &&
	    rare_decode_chunk(&s->rare, set->unpacker, c, (const uint8_t *)s->stored.data)) {
		events_sort(s->rare.events.v, s->rare.events.n);
		return;
	}
	note_bad_chunk(set, c);
	*(c->kind == CHUNK_MORE ? &set->damage.lost_more : &set->damage.lost_rare) += c->events;
}

static bool rare_overlaps_next(const struct stream *s)
{
	size_t held = s->rare.events.n - s->at;

	return !held || (held < RARE_MAX_HELD && s->chunks.v[s->next].first_ns <= s->rare.events.v[s->at].ts_ns);
}

static bool next_rare(struct stream *s, struct stream_set *set)
{
	while (s->next < s->chunks.n && rare_overlaps_next(s))
		open_rare(s, set);
	if (s->at == s->rare.events.n)
		return false;
	s->out = s->rare.events.v[s->at++];
	rare_point(&s->rare, &s->out);
	s->ev = &s->out;
	return true;
}

static bool next_listed(struct stream *s)
{
	if (s->at == s->nr_list)
		return false;
	s->out = s->list[s->at++];
	s->ev = &s->out;
	return true;
}

bool stream_next_block(struct stream *s, struct stream_set *set)
{
	switch (s->kind) {
	case STREAM_HOT:
		return next_hot(s, set);
	case STREAM_RARE:
		return next_rare(s, set);
	default:
		return next_listed(s);
	}
}

void stream_rewind(struct stream *s)
{
	s->next = s->at = 0;
	s->hot.left = s->block_left = 0;
	rare_reset(&s->rare);
}

static struct stream *stream_add(struct stream_set *set, enum stream_kind kind, uint32_t cpu)
{
	struct stream *s = vec_push(&set->streams);

	*s = (struct stream){ .kind = kind, .cpu = cpu };
	if (kind == STREAM_HOT && cpu >= set->nr_cpus)
		set->nr_cpus = cpu + 1;
	return s;
}

static void add_hole(struct stream *s, uint64_t from_ns, uint64_t to_ns)
{
	if (to_ns > from_ns)
		*vec_push(&s->chunks) =
			(struct chunk){ .kind = CHUNK_HOLE, .stream = s->cpu, .first_ns = from_ns, .last_ns = to_ns };
}

static uint64_t stream_last_ns(const struct stream *s, uint64_t absent)
{
	return s->chunks.n ? s->chunks.v[s->chunks.n - 1].last_ns : absent;
}

static void note_span(struct stream_set *set, uint64_t first_ns, uint64_t last_ns)
{
	if (first_ns < set->first_ns)
		set->first_ns = first_ns;
	if (last_ns > set->last_ns)
		set->last_ns = last_ns;
}

static void add_chunk(struct stream_set *set, struct stream *s, const struct chunk *c, uint64_t from_ns)
{
	if (c->seq > s->next_seq && s->kind == STREAM_HOT)
		add_hole(s, stream_last_ns(s, from_ns), c->first_ns);
	if (c->seq > s->next_seq && c->kind == CHUNK_MORE)
		set->damage.maybe_more = true;
	s->next_seq = c->seq + 1;
	*vec_push(&s->chunks) = *c;
	note_span(set, c->first_ns, c->last_ns);
}

/* Sort the table's chunks into streams. The rare streams are the first: those of CHUNK_RARE, of CHUNK_MORE. */
static void add_streams(struct stream_set *set, const struct chunk_table *t, uint64_t from_ns)
{
	struct idmap of_cpu = { 0 };

	stream_add(set, STREAM_RARE, 0);
	stream_add(set, STREAM_RARE, 0);
	for (size_t i = 0; i < t->chunks.n; i++) {
		const struct chunk *c = &t->chunks.v[i];
		uint32_t index = c->kind == CHUNK_MORE;

		if (c->kind != CHUNK_HOT && c->kind != CHUNK_RARE && c->kind != CHUNK_MORE)
			continue;
		if (c->kind == CHUNK_HOT) {
			index = idmap_get(&of_cpu, c->stream);
			if (index == IDMAP_NONE) {
				index = (uint32_t)set->streams.n;
				idmap_set(&of_cpu, c->stream, index);
				stream_add(set, STREAM_HOT, c->stream);
			}
		}
		add_chunk(set, &set->streams.v[index], c, from_ns);
	}
	idmap_release(&of_cpu);
}

/* What follows the last chunk of each CPU may be missing: the recorder wrote them at different times. */
static void add_tails(struct stream_set *set)
{
	for (size_t i = 0; i < set->streams.n; i++) {
		struct stream *s = &set->streams.v[i];

		if (s->kind == STREAM_HOT)
			add_hole(s, stream_last_ns(s, set->last_ns), set->last_ns);
	}
}

static void read_facts(struct stream_set *set, const struct chunk_table *t, struct facts *facts)
{
	struct buf stored = { 0 }, raw = { 0 };

	for (size_t i = 0; i < t->chunks.n; i++) {
		const struct chunk *c = &t->chunks.v[i];

		if (c->kind != CHUNK_META && c->kind != CHUNK_END)
			continue;
		buf_reset(&raw);
		buf_grow(&raw, c->raw + 1);
		if (!chunk_load(set->source, c, 0, &stored) ||
		    !unpack(set->unpacker, (uint8_t *)stored.data, c->stored, (uint8_t *)raw.data, c->raw) ||
		    facts_decode(facts, raw.data, c->raw, NULL) < 0)
			note_bad_chunk(set, c);
	}
	buf_release(&stored);
	buf_release(&raw);
}

static void note_table(struct stream_set *set, const struct chunk_table *t)
{
	set->damage.bad_chunks += t->bad_headers;
	set->damage.maybe_more = t->bad_headers != 0;
	if (t->bad_headers)
		damage_say(&set->damage, "byte %llu begins no chunk: what follows, up to the next one, is lost",
			   (unsigned long long)t->first_bad);
	if (t->whole)
		return;
	set->damage.cut = true;
	set->damage.cut_at = t->end;
	damage_say(&set->damage, "the recording was killed or its file was cut: it can be read up to byte %llu",
		   (unsigned long long)t->end);
}

bool stream_set_open(struct stream_set *set, const struct source *source, struct facts *facts)
{
	struct chunk_table table;
	bool any;

	set->source = source;
	set->unpacker = unpacker_new();
	set->first_ns = UINT64_MAX;
	chunk_table_read(&table, source, set->unpacker);
	any = table.chunks.n != 0;
	note_table(set, &table);
	read_facts(set, &table, facts);
	add_streams(set, &table, facts_u64(facts, "window.from_ns", 0));
	if (!table.whole || table.bad_headers)
		add_tails(set);
	if (set->first_ns > set->last_ns)
		set->first_ns = set->last_ns;
	chunk_table_release(&table);
	return any;
}

/* Rare events first, then CPU by CPU. What one CPU did at one time stays in its order, as it would in a recording. */
static bool before_in_streams(const void *one, const void *other)
{
	const struct event *a = one, *b = other;
	bool hot = event_is_hot(a->kind);

	if (hot != event_is_hot(b->kind))
		return !hot;
	if (!hot)
		return event_before(a, b);
	return a->cpu != b->cpu ? a->cpu < b->cpu : a->ts_ns < b->ts_ns;
}

static bool same_stream(const struct event *a, const struct event *b)
{
	return event_is_hot(a->kind) == event_is_hot(b->kind) && (!event_is_hot(a->kind) || a->cpu == b->cpu);
}

void stream_set_of_events(struct stream_set *set, struct event *events, size_t n)
{
	size_t end;

	stable_sort(events, n, sizeof(*events), before_in_streams);
	set->first_ns = n ? UINT64_MAX : 0;
	for (size_t i = 0; i < n; i = end) {
		struct stream *s = stream_add(set, STREAM_LIST, events[i].cpu);

		for (end = i; end < n && same_stream(&events[i], &events[end]); end++)
			if (events[end].cpu >= set->nr_cpus)
				set->nr_cpus = events[end].cpu + 1;
		s->list = events + i;
		s->nr_list = end - i;
		note_span(set, events[i].ts_ns, events[end - 1].ts_ns);
	}
}

void stream_set_close(struct stream_set *set)
{
	for (size_t i = 0; i < set->streams.n; i++) {
		struct stream *s = &set->streams.v[i];

		vec_release(&s->chunks);
		buf_release(&s->stored);
		hot_decoder_release(&s->hot);
		rare_release(&s->rare);
	}
	vec_release(&set->streams);
	unpacker_free(set->unpacker);
}
