/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_trace_codec.c - what is written is what is read: every kind of event, every extreme of its fields, at any size.
 */
#include "trace/chunk.h"
#include "trace/order.h"
#include "trace/rare.h"
#include "trace_make.h"

/* The stream of an event: 0 is the rare one. */
static size_t stream_of(const struct event *ev)
{
	return event_is_hot(ev->kind) ? ev->cpu + 1u : 0;
}

/* Put v in the order that the reader promises, the slow and obvious way: of the first of each stream, the first. */
static void order(struct event *v, size_t n, size_t nr_streams)
{
	struct event *from = xcalloc(n + 1, sizeof(*from));
	size_t *next = xcalloc(nr_streams, sizeof(*next)), done = 0;

	memcpy(from, v, n * sizeof(*v));
	while (done < n) {
		size_t best = nr_streams;

		for (size_t s = 0; s < nr_streams; s++) {
			while (next[s] < n && (stream_of(&from[next[s]]) != s))
				next[s]++;
			if (next[s] < n && (best == nr_streams || event_before(&from[next[s]], &from[next[best]])))
				best = s;
		}
		v[done++] = from[next[best]++];
	}
	free(next);
	free(from);
}

/* Rare events of one time are sorted by kind and CPU before that. */
static void order_rare(struct event *v, size_t n)
{
	struct event *rare = xcalloc(n + 1, sizeof(*rare));
	size_t nr = 0;

	for (size_t i = 0; i < n; i++)
		if (!stream_of(&v[i]))
			rare[nr++] = v[i];
	events_sort(rare, nr);
	for (size_t i = n; i-- > 0;)
		if (!stream_of(&v[i]))
			v[i] = rare[--nr];
	free(rare);
}

/* Write the events, read them, and compare with the order that the reader promises. */
static void round_trip(struct event *v, size_t n, size_t flush, size_t nr_cpus)
{
	const char *path = make_path("codec.svz");
	const struct event *ev;
	struct trace_reader *r;

	make_trace(path, v, n, flush, false);
	order_rare(v, n);
	order(v, n, nr_cpus + 1);
	r = make_reader(path);
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < n; i++) {
			ev = trace_reader_next(r);
			if (!ev || !make_same(ev, &v[i]))
				TEST_FAIL("pass %d, event %zu of %zu, kind %d, is another", pass, i, n, v[i].kind);
		}
		CHECK(!trace_reader_next(r) && !trace_reader_next(r));
		CHECK_U64(trace_reader_damage(r)->bad_chunks, 0);
		CHECK_U64(trace_reader_damage(r)->late_events, 0);
		CHECK(!trace_reader_damage(r)->cut);
		trace_reader_rewind(r);
	}
	CHECK_U64(trace_reader_window(r).from_ns, MAKE_FROM_NS);
	trace_reader_close(r);
	unlink(path);
}

static void random_round_trip(uint64_t seed, size_t n, uint32_t nr_cpus, size_t flush)
{
	struct event *v = xcalloc(n + 1, sizeof(*v));
	uint64_t ts_ns = MAKE_FROM_NS;

	for (size_t i = 0; i < n; i++)
		v[i] = make_event(&seed, &ts_ns, nr_cpus);
	round_trip(v, n, flush, nr_cpus);
	free(v);
}

TEST(no_events)
{
	random_round_trip(1, 0, 1, 0);
}

TEST(a_few_events)
{
	for (size_t n = 1; n < 40; n++)
		random_round_trip(n, n, 1, 0);
}

TEST(many_random_events)
{
	random_round_trip(1, 60000, 1, 0);
	random_round_trip(2, 60000, 3, 0);
	random_round_trip(3, 30000, 100, 0);
}

TEST(flushed_often)
{
	random_round_trip(4, 3000, 2, 1);
	random_round_trip(5, 3000, 5, 7);
}

TEST(chunk_limits_are_exact)
{
	struct event *v = xcalloc(2 * CHUNK_MAX_EVENTS + 1, sizeof(*v));

	for (size_t i = 0; i <= 2 * CHUNK_MAX_EVENTS; i++)
		v[i] = (struct event){ .ts_ns = MAKE_FROM_NS + i, .kind = EV_CURRENT, .current = { .tid = 1 } };
	round_trip(v, CHUNK_MAX_EVENTS - 1, 0, 1);
	round_trip(v, CHUNK_MAX_EVENTS, 0, 1);
	round_trip(v, CHUNK_MAX_EVENTS + 1, 0, 1);
	round_trip(v, 2 * CHUNK_MAX_EVENTS + 1, 0, 1);
	free(v);
}

/* Every event has tids, a shape and a place of its own: dictionaries as large as they can be. */
TEST(dictionaries_of_thousands)
{
	size_t n = CHUNK_MAX_EVENTS + 100;
	struct event *v = xcalloc(n, sizeof(*v));

	for (size_t i = 0; i < n; i++) {
		v[i] = (struct event){ .ts_ns = MAKE_FROM_NS + 10 * i, .kind = EV_SWITCH };
		v[i].sw.prev_tid = (uint32_t)(2 * i + 1);
		v[i].sw.next_tid = UINT32_MAX - (uint32_t)i;
		v[i].sw.prev_state = (uint32_t)i;
		v[i].sw.syscall = (int32_t)i;
		v[i].sw.arg = i * 0x123456789ull;
	}
	for (size_t limit = 100; limit <= n; limit += 4000)
		round_trip(v, limit, 0, 1);
	round_trip(v, 256, 0, 1);
	round_trip(v, 257, 0, 1);
	free(v);
}

TEST(extremes_of_fields)
{
	struct event v[] = {
		{ .ts_ns = 0, .kind = EV_SWITCH, .sw = { UINT32_MAX, UINT32_MAX, UINT32_MAX, INT16_MIN, INT16_MAX, 1, 1,
							  INT32_MIN, UINT64_MAX } },
		{ .ts_ns = 1, .cpu = 65535, .kind = EV_SWITCH, .sw = { .nvcsw = NVCSW_UNKNOWN, .syscall = INT32_MAX } },
		{ .ts_ns = 2, .kind = EV_SWITCH, .sw = { .syscall = EV_NO_SYSCALL, .arg = 7 } },
		{ .ts_ns = 3, .kind = EV_SWITCH, .sw = { .syscall = EV_SYSCALL_UNKNOWN } },
		{ .ts_ns = 4, .kind = EV_SWITCH, .sw = { .syscall = EV_SYSCALL_IA32 | 4, .arg = 1 } },
		{ .ts_ns = 5, .kind = EV_LOST, .lost = { UINT64_MAX, UINT64_MAX } },
		{ .ts_ns = 1ull << 40, .kind = EV_LOST, .lost = { 0, 0 } },
		{ .ts_ns = 1ull << 63, .kind = EV_EXIT, .exit = { UINT32_MAX, UINT32_MAX, INT32_MIN, true } },
		{ .ts_ns = UINT64_MAX, .kind = EV_MIGRATE, .migrate = { 1, 2, -1, 65535, 65535 } },
	};

	round_trip(v, sizeof(v) / sizeof(v[0]), 0, 65536);
}

/* Steps in time around every power of two, where their coding changes. */
TEST(every_step_in_time)
{
	struct event v[400];
	uint64_t ts_ns = 0;
	size_t n = 0;

	for (unsigned bit = 0; bit < 62; bit++)
		for (int off = -1; off <= 1; off++) {
			ts_ns = ts_ns + (1ull << bit) + (unsigned long long)off;
			v[n++] = (struct event){ .ts_ns = ts_ns, .kind = EV_CURRENT, .current = { .tid = 1 } };
		}
	round_trip(v, n, 0, 1);
}

/* A stream that goes back in time: everything is there, the time is clamped, and it is told. */
TEST(time_that_goes_back_is_clamped_and_counted)
{
	static const uint64_t at[] = { 100, 500, 300, 600, 50, 700 };
	static const uint64_t want[] = { 100, 500, 500, 600, 600, 700 };
	const char *path = make_path("back.svz");
	struct trace_reader *r;
	struct event v[6];

	for (size_t i = 0; i < 6; i++)
		v[i] = (struct event){ .ts_ns = MAKE_FROM_NS + at[i], .kind = EV_CURRENT,
				       .current = { .tid = 1 + (uint32_t)i } };
	make_trace(path, v, 6, 0, false);
	r = make_reader(path);
	for (size_t i = 0; i < 6; i++) {
		const struct event *ev = trace_reader_next(r);

		CHECK(ev);
		CHECK_U64(ev->current.tid, i + 1);
		CHECK_U64(ev->ts_ns, MAKE_FROM_NS + want[i]);
	}
	CHECK_U64(trace_reader_damage(r)->late_events, 2);
	CHECK(trace_reader_damage(r)->first[0]);
	trace_reader_rewind(r);
	CHECK_U64(trace_reader_damage(r)->late_events, 0);
	trace_reader_close(r);
	unlink(path);
}

TEST(impossible_events_are_refused)
{
	uint64_t one = 1;
	struct event v[] = {
		{ .kind = EV_NONE },
		{ .kind = EV_KINDS },
		{ .kind = EV_CURRENT, .cpu = 65536 },
		{ .kind = EV_WAKING, .waking.ctx = EV_CTX_KINDS },
		{ .kind = EV_MARK, .mark.what = MARK_KINDS },
		{ .kind = EV_MIGRATE, .migrate.to_cpu = 65536 },
		{ .kind = EV_SWITCH, .sw.nvcsw = NVCSW_UNKNOWN + 1 },
		{ .kind = EV_TASK, .task.state = '\0' },
		{ .kind = EV_ALLOWED, .allowed.tid = 1 },
		{ .kind = EV_ALLOWED, .allowed = { 1, 65537, { &one, 1 } } },
		{ .kind = EV_ALLOWED, .allowed = { 1, 0, { &one, 1025 } } },
	};
	struct facts facts = { 0 };
	struct trace_writer *w;
	struct err e;

	CHECK_U64(trace_writer_open(&w, make_path("refused.svz"), &facts, &e), 0);
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		CHECK(trace_writer_add(w, &v[i], &e) < 0 && e.text[0]);
	CHECK_U64(trace_writer_finish(w, &facts, &e), 0);
	trace_writer_close(w);
}

/* A row: kind, time, cpu, then a tid, nothing more known, and the set 0-1; with its length in front in CHUNK_MORE. */
static void put_row(struct buf *raw, uint8_t kind, bool more)
{
	const uint8_t row[] = { kind, 1, 0, 7, 0, 1, 3 };

	if (more)
		buf_putc(raw, sizeof(row));
	buf_put(raw, row, sizeof(row));
}

/* Does a chunk with a row of `kind` between two that are known decode? How many events are in it? */
static bool decodes(enum chunk_kind chunk, uint8_t kind, uint8_t others, size_t *n)
{
	struct chunk c = { .kind = chunk, .events = 3, .first_ns = 10, .last_ns = 13 };
	struct unpacker *u = unpacker_new();
	struct packer *p = packer_new();
	struct buf raw = { 0 }, stored = { 0 };
	struct rare_list l = { 0 };
	bool good;

	put_row(&raw, others, chunk == CHUNK_MORE);
	put_row(&raw, kind, chunk == CHUNK_MORE);
	put_row(&raw, others, chunk == CHUNK_MORE);
	packer_begin(p, &stored);
	packer_part(p, raw.data, raw.len, PACK_REPEATS);
	c.raw = (uint32_t)packer_end(p);
	c.stored = (uint32_t)stored.len;
	good = rare_decode_chunk(&l, u, &c, (const uint8_t *)stored.data);
	*n = l.events.n;
	if (good && *n)
		CHECK_U64(l.events.v[*n - 1].ts_ns, 13); /* time goes on over what is skipped */
	rare_release(&l);
	buf_release(&raw);
	buf_release(&stored);
	packer_free(p);
	unpacker_free(u);
	return good;
}

TEST(rows_of_later_kinds_are_skipped)
{
	size_t n;

	CHECK(decodes(CHUNK_MORE, 14, 14, &n));
	CHECK_U64(n, 3);
	CHECK(decodes(CHUNK_MORE, 99, 14, &n));
	CHECK_U64(n, 2);
	CHECK(decodes(CHUNK_MORE, 99, 99, &n));
	CHECK_U64(n, 0);
	CHECK(!decodes(CHUNK_MORE, 13, 14, &n)); /* an exit has its own place, and this is none */
	CHECK(!decodes(CHUNK_RARE, 14, 14, &n));
	CHECK_U64(n, 0);
}

/* Bytes of an event are what this project promises: a regular hand-over between two tasks takes two. */
TEST(a_regular_hand_over_is_small)
{
	const char *path = make_path("small.svz");
	size_t n = 40000;
	struct event *v = xcalloc(n, sizeof(*v));
	struct make_bytes b;
	uint64_t seed = 1, ts_ns = MAKE_FROM_NS;

	for (size_t i = 0; i < n; i++) {
		uint32_t me = 100 + (uint32_t)(i / 2 % 2), you = 201 - me;

		ts_ns += 1000 + make_rnd(&seed) % 1000;
		v[i] = (struct event){ .ts_ns = ts_ns, .kind = i % 2 ? EV_SWITCH : EV_WAKING };
		if (i % 2) {
			v[i].sw.prev_tid = me;
			v[i].sw.next_tid = you;
			v[i].sw.prev_state = 1;
			v[i].sw.prev_prio = v[i].sw.next_prio = 120;
			v[i].sw.nvcsw = i / 4 % 2;
		} else {
			v[i].waking.waker_tid = me;
			v[i].waking.tid = you;
			v[i].waking.prio = 120;
		}
	}
	make_trace(path, v, n, 0, false);
	b = make_slurp(path);
	if (b.n > 2 * n)
		TEST_FAIL("%zu events take %zu bytes", n, b.n);
	unlink(path);
	free(b.v);
	free(v);
}

TEST_MAIN
