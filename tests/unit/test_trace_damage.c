/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_trace_damage.c - files that are cut, flipped, foreign, newer or out of order: what is left of them is right, and
 * what is missing is told.
 */
#include <errno.h>
#include <zlib.h>
#include "model/model.h"
#include "trace/bytes.h"
#include "trace/chunk.h"
#include "trace_make.h"

#define NR_EVENTS 120

/* A small recording of two CPUs: nothing in it at the same time, so that there is only one order. */
static void fill(struct event *v, size_t n)
{
	uint64_t seed = 11, ts_ns = MAKE_FROM_NS;

	for (size_t i = 0; i < n; i++) {
		do {
			ts_ns++;
			v[i] = make_event(&seed, &ts_ns, 2);
		} while (v[i].kind == EV_LOST); /* so that each of those comes from damage */
	}
}

static struct make_bytes small_trace(struct event *v, size_t flush, bool killed)
{
	const char *path = make_path("damage.svz");
	struct make_bytes b;

	fill(v, NR_EVENTS);
	make_trace(path, v, NR_EVENTS, flush, killed);
	b = make_slurp(path);
	unlink(path);
	return b;
}

struct found {
	size_t events;
	uint64_t lost; /* as EV_LOST and lost_rare count them */
	bool cut;
	uint64_t bad, holes;
};

/* Read it all: what is given out must be some of `v`, in order, and losses in between. */
static struct found read_partly(const uint8_t *bytes, size_t n, const struct event *v)
{
	struct found found = { 0 };
	struct trace_reader *r = NULL;
	const struct event *ev;
	struct err e = { 0 };
	size_t at = 0;

	if (trace_reader_open_mem(&r, bytes, n, &e) < 0) {
		CHECK(e.text[0]);
		return found;
	}
	while ((ev = trace_reader_next(r))) {
		if (ev->kind == EV_LOST) {
			CHECK(ev->lost.from_ns <= ev->ts_ns);
			found.lost += ev->lost.count;
			found.holes += !ev->lost.count;
			continue;
		}
		while (at < NR_EVENTS && !make_same(ev, &v[at]))
			at++;
		if (at++ == NR_EVENTS)
			TEST_FAIL("an event that was never written, after %zu", found.events);
		found.events++;
	}
	found.lost += trace_reader_damage(r)->lost_rare + trace_reader_damage(r)->lost_more;
	found.cut = trace_reader_damage(r)->cut;
	found.bad = trace_reader_damage(r)->bad_chunks;
	CHECK((found.cut || found.bad) == (trace_reader_damage(r)->first[0] != '\0'));
	trace_reader_close(r);
	return found;
}

TEST(cut_at_every_byte)
{
	struct event v[NR_EVENTS];
	struct make_bytes b = small_trace(v, 20, false);
	struct found found, before = { 0 };

	for (size_t n = 0; n <= b.n; n++) {
		found = read_partly(b.v, n, v);
		CHECK(found.events >= before.events);
		CHECK_U64(found.bad, 0);
		CHECK_U64(found.lost, 0);
		if (found.events && found.events < NR_EVENTS)
			CHECK(found.cut);
		before = found;
	}
	CHECK_U64(found.events, NR_EVENTS);
	CHECK(!found.cut);
	free(b.v);
}

/* `step` 1: every bit of the file; 9: one of each byte, each time another. */
static void flip_bits(size_t flush, bool killed, size_t step)
{
	struct event v[NR_EVENTS];
	struct make_bytes b = small_trace(v, flush, killed);

	for (size_t bit = 0; bit < 8 * b.n; bit += step) {
		struct found found;

		b.v[bit / 8] ^= (uint8_t)(1u << bit % 8);
		found = read_partly(b.v, b.n, v);
		b.v[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (bit < 8 * TRACE_HEADER_SIZE)
			CHECK_U64(found.events, 0);
		else if (found.events < NR_EVENTS && !found.bad && !found.cut)
			TEST_FAIL("bit %zu: %zu events missing and nothing said", bit, NR_EVENTS - found.events);
		else if (found.events + found.lost < NR_EVENTS && !found.holes && !found.bad)
			TEST_FAIL("bit %zu: %zu events missing, %zu told", bit, NR_EVENTS - found.events,
				  (size_t)found.lost);
	}
	free(b.v);
}

TEST(flipped_at_every_bit)
{
	flip_bits(40, false, 1);
}

TEST(flipped_at_every_byte_without_end)
{
	flip_bits(60, true, 9);
}

/* The n-th chunk of a kind in a trace: where its header is. */
static size_t find_chunk(const struct make_bytes *b, enum chunk_kind kind, unsigned nth, struct chunk *c)
{
	for (size_t at = TRACE_HEADER_SIZE; at + CHUNK_HEADER_SIZE <= b->n; at += CHUNK_HEADER_SIZE + c->stored)
		if (chunk_take(c, b->v + at) && c->kind == kind && !nth--)
			return at;
	TEST_FAIL("no such chunk");
}

static struct trace_reader *open_bytes(const struct make_bytes *b)
{
	struct trace_reader *r = NULL;
	struct err e = { 0 };

	if (trace_reader_open_mem(&r, b->v, b->n, &e) < 0)
		TEST_FAIL("%s", e.text);
	return r;
}

/* The n-th EV_LOST. */
static struct event find_lost(struct trace_reader *r, unsigned nth)
{
	const struct event *ev;

	while ((ev = trace_reader_next(r)))
		if (ev->kind == EV_LOST && !nth--)
			return *ev;
	return (struct event){ 0 };
}

TEST(a_damaged_chunk_is_lost_where_it_was)
{
	struct event v[NR_EVENTS], lost;
	struct make_bytes b = small_trace(v, 20, false);
	struct trace_reader *r;
	struct chunk c;
	size_t at = find_chunk(&b, CHUNK_HOT, 2, &c);
	char want[160];

	b.v[at + CHUNK_HEADER_SIZE + 9] ^= 4;
	r = open_bytes(&b);
	lost = find_lost(r, 0);
	CHECK_U64(lost.cpu, c.stream);
	CHECK_U64(lost.lost.from_ns, c.first_ns);
	CHECK_U64(lost.ts_ns, c.last_ns);
	CHECK_U64(lost.lost.count, c.events);
	CHECK_U64(find_lost(r, 0).kind, EV_NONE);
	CHECK_U64(trace_reader_damage(r)->bad_chunks, 1);
	CHECK(!trace_reader_damage(r)->cut);
	snprintf(want, sizeof(want), "the chunk at byte %zu is damaged: %u events of cpu %u are lost", at, c.events,
		 c.stream);
	CHECK_STR(trace_reader_damage(r)->first, want);
	trace_reader_rewind(r);
	CHECK_U64(trace_reader_damage(r)->bad_chunks, 0);
	CHECK_U64(find_lost(r, 0).lost.count, c.events);
	trace_reader_close(r);
	free(b.v);
}

TEST(a_damaged_rare_chunk_is_counted)
{
	struct event v[NR_EVENTS];
	struct make_bytes b = small_trace(v, 20, false);
	struct trace_reader *r;
	struct chunk c;
	size_t at = find_chunk(&b, CHUNK_RARE, 1, &c);

	b.v[at + CHUNK_HEADER_SIZE] ^= 1;
	r = open_bytes(&b);
	CHECK_U64(find_lost(r, 0).kind, EV_NONE);
	CHECK_U64(trace_reader_damage(r)->bad_chunks, 1);
	CHECK_U64(trace_reader_damage(r)->lost_rare, c.events);
	trace_reader_close(r);
	free(b.v);
}

static bool is_known(const struct model *m)
{
	for (uint32_t i = 0; i < model_nr_tasks(m); i++)
		if (model_allowed(m, (task_id){ i }, UINT64_MAX, 0) != ALLOWED_UNKNOWN)
			return true;
	return false;
}

/* The same for changes of where tasks may run: after them nothing is known of that. */
TEST(a_damaged_chunk_of_more_makes_affinity_unknown)
{
	struct event v[NR_EVENTS];
	struct make_bytes b = small_trace(v, 20, false);
	struct trace_reader *r = open_bytes(&b);
	struct model *m = NULL;
	struct chunk c;
	size_t at = find_chunk(&b, CHUNK_MORE, 1, &c);
	uint64_t seen = 0;

	for (size_t i = 0; i < NR_EVENTS; i++)
		seen += v[i].kind == EV_ALLOWED;
	CHECK_U64(model_build(&m, r, NULL, 0, NULL), 0);
	CHECK_U64(model_events(m, EV_ALLOWED), seen);
	CHECK(model_nr_tasks(m));
	CHECK(is_known(m));
	model_free(m);
	trace_reader_close(r);

	b.v[at + CHUNK_HEADER_SIZE] ^= 1;
	r = open_bytes(&b);
	CHECK_U64(model_build(&m, r, NULL, 0, NULL), 0);
	CHECK_U64(trace_reader_damage(r)->bad_chunks, 1);
	CHECK_U64(trace_reader_damage(r)->lost_more, c.events);
	CHECK_U64(trace_reader_damage(r)->lost_rare, 0);
	CHECK_U64(model_events(m, EV_ALLOWED), seen - c.events);
	CHECK(!is_known(m));
	model_free(m);
	trace_reader_close(r);
	free(b.v);
}

TEST(the_model_says_that_rare_events_were_lost_with_their_chunk)
{
	struct event v[NR_EVENTS];
	struct make_bytes b = small_trace(v, 20, false);
	struct trace_reader *r;
	struct model *m = NULL;
	struct chunk c;
	size_t at = find_chunk(&b, CHUNK_RARE, 1, &c);

	b.v[at + CHUNK_HEADER_SIZE] ^= 1;
	r = open_bytes(&b);
	CHECK_U64(model_build(&m, r, NULL, 0, NULL), 0);
	CHECK_U64(model_health(m)->lost_rare, c.events);
	CHECK(health_doubtful(model_health(m)));
	model_free(m);
	trace_reader_close(r);
	free(b.v);
}

/* Without an index, a chunk whose header is damaged is a hole in its own stream only: the others count on. */
TEST(a_damaged_header_is_a_hole_in_its_stream)
{
	struct event v[NR_EVENTS], lost;
	struct make_bytes b = small_trace(v, 20, true);
	struct trace_reader *r;
	struct chunk c, before, after;
	size_t at = find_chunk(&b, CHUNK_HOT, 4, &c);

	CHECK_U64(c.stream, 0);
	find_chunk(&b, CHUNK_HOT, 2, &before);
	find_chunk(&b, CHUNK_HOT, 6, &after);
	b.v[at + 30] ^= 1;
	r = open_bytes(&b);
	lost = find_lost(r, 0);
	CHECK_U64(lost.cpu, 0);
	CHECK_U64(lost.lost.from_ns, before.last_ns);
	CHECK_U64(lost.ts_ns, after.first_ns);
	CHECK_U64(lost.lost.count, 0);
	CHECK_U64(trace_reader_damage(r)->bad_chunks, 1);
	trace_reader_close(r);
	free(b.v);
}

/* A killed recorder has written what one CPU did longer than what the other did: the rest of that is not known. */
TEST(what_a_kill_left_unwritten_is_unknown)
{
	const char *path = make_path("killed.svz");
	struct trace_writer *w = NULL;
	struct facts facts = { 0 };
	struct trace_reader *r;
	struct event ev = { .ts_ns = MAKE_FROM_NS, .kind = EV_CURRENT };

	CHECK_U64(trace_writer_open(&w, path, &facts, NULL), 0);
	CHECK_U64(trace_writer_publish(w, NULL), 0);
	CHECK_U64(trace_writer_add(w, &ev, NULL), 0);
	CHECK_U64(trace_writer_flush(w, NULL), 0);
	ev.cpu = 1;
	for (size_t i = 0; i <= CHUNK_MAX_EVENTS; i++, ev.ts_ns += 1000)
		CHECK_U64(trace_writer_add(w, &ev, NULL), 0);
	trace_writer_close(w);
	r = make_reader(path);
	CHECK_U64(trace_reader_window(r).to_ns, MAKE_FROM_NS + (CHUNK_MAX_EVENTS - 1) * 1000);
	ev = find_lost(r, 0);
	CHECK_U64(ev.cpu, 0);
	CHECK_U64(ev.lost.from_ns, MAKE_FROM_NS);
	CHECK_U64(ev.ts_ns, trace_reader_window(r).to_ns);
	CHECK(!trace_reader_next(r) || find_lost(r, 0).kind == EV_NONE);
	trace_reader_close(r);
	unlink(path);
}

TEST(rare_chunks_that_overlap_are_sorted)
{
	const char *path = make_path("overlap.svz");
	struct trace_reader *r;
	struct event v[40];
	const struct event *ev;
	uint64_t last_ns = 0;
	size_t n = 0;

	for (size_t i = 0; i < 40; i++) /* flushed by tens, each ten begins before the end of the one before */
		v[i] = (struct event){ .ts_ns = MAKE_FROM_NS + i * 10 - (i % 10 < 3 ? 45 : 0), .kind = EV_EXEC,
				       .exec = { .tid = (uint32_t)i, .path = make_paths[i % MAKE_PATHS] } };
	make_trace(path, v, 40, 10, false);
	r = make_reader(path);
	while ((ev = trace_reader_next(r))) {
		CHECK(ev->ts_ns >= last_ns);
		CHECK_U64(ev->ts_ns, v[ev->exec.tid].ts_ns);
		CHECK_STR(ev->exec.path, v[ev->exec.tid].exec.path);
		last_ns = ev->ts_ns;
		n++;
	}
	CHECK_U64(n, 40);
	CHECK_U64(trace_reader_damage(r)->late_events, 0);
	trace_reader_close(r);
	unlink(path);
}

static void check_open_fails(const char *path, int code, const char *want)
{
	struct trace_reader *r = NULL;
	struct err e = { 0 };
	char text[512];

	snprintf(text, sizeof(text), want, path);
	CHECK_U64(trace_reader_open(&r, path, &e), code);
	CHECK_STR(e.text, text);
}

static void check_bytes_fail(const void *bytes, size_t n, int code, const char *want)
{
	const char *path = make_path("bytes.svz");
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CHECK(fd >= 0 && write(fd, bytes, n) == (ssize_t)n);
	close(fd);
	check_open_fails(path, code, want);
	unlink(path);
}

TEST(what_is_no_trace)
{
	uint8_t newer[TRACE_HEADER_SIZE];

	check_open_fails(make_path("none"), -ENOENT,
			 "there is no trace '%s' - make one with 'schedviz run pool' or 'record'");
	check_open_fails(make_path("."), -EISDIR, "'%s' is a directory, not a trace - name a file in it");
	check_bytes_fail("", 0, -ENODATA, "'%s' is empty: no trace was written to it");
	check_bytes_fail("PERFILE2........", 16, -EINVAL, "'%s' is not a schedviz trace - 'schedviz record' makes one");
	check_bytes_fail("\x89", 1, -EINVAL, "'%s' is not a schedviz trace - 'schedviz record' makes one");
	check_bytes_fail("\x89SVZ\n\x1a\n.........", 16, -EBADMSG,
			 "'%s' was damaged by a transfer in text mode - copy it again as binary");
	trace_header_put(newer);
	check_bytes_fail(newer, 12, -EBADMSG, "'%s' is cut inside its header: nothing can be read");
	check_bytes_fail(newer, 16, -EBADMSG, "'%s' is cut before its first events: nothing can be read");
	newer[8]++;
	check_bytes_fail(newer, 16, -EBADMSG, "'%s' has a damaged header");
	le_store(newer + 12, crc32(0, newer, 12), 4);
	check_bytes_fail(newer, 16, -ENOTSUP, "'%s' has format 2, this build reads up to 1 - use a newer schedviz");
}

TEST(standard_input_is_read_whole)
{
	struct event v[NR_EVENTS];
	struct make_bytes b = small_trace(v, 0, false);
	struct trace_reader *r = NULL;
	size_t n = 0;
	int ends[2], saved = dup(0);

	CHECK(pipe(ends) == 0 && write(ends[1], b.v, b.n) == (ssize_t)b.n);
	close(ends[1]);
	CHECK(dup2(ends[0], 0) == 0);
	close(ends[0]);
	CHECK_U64(trace_reader_open(&r, "-", NULL), 0);
	CHECK(dup2(saved, 0) == 0);
	close(saved);
	while (trace_reader_next(r))
		n++;
	CHECK_U64(n, NR_EVENTS);
	trace_reader_close(r);
	free(b.v);
}

/* A file that shrinks under the reader is damage, not a signal. */
TEST(a_file_that_shrinks)
{
	const char *path = make_path("shrink.svz");
	struct event v[NR_EVENTS];
	struct trace_reader *r;

	fill(v, NR_EVENTS);
	make_trace(path, v, NR_EVENTS, 20, false);
	r = make_reader(path);
	CHECK(trace_reader_next(r));
	CHECK(truncate(path, 400) == 0);
	while (trace_reader_next(r))
		;
	CHECK(trace_reader_damage(r)->bad_chunks > 0);
	trace_reader_close(r);
	unlink(path);
}

TEST_MAIN
