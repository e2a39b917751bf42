/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * table.c - owns finding the chunks of a trace, and finding them again behind damage.
 */
#include <string.h>
#include <zlib.h>
#include "trace/bytes.h"
#include "trace/table.h"

#define SEARCH_STEP (1u << 16)

bool chunk_load(const struct source *s, const struct chunk *c, size_t slack, struct buf *out)
{
	uint8_t *bytes;

	buf_reset(out);
	bytes = (uint8_t *)buf_grow(out, c->stored + slack);
	if (!source_read(s, c->offset + CHUNK_HEADER_SIZE, bytes, c->stored))
		return false;
	memset(bytes + c->stored, 0, slack);
	return (uint32_t)crc32(0, bytes, c->stored) == c->crc;
}

/* Does the file have all of this chunk before byte `limit`? */
static bool chunk_fits(const struct chunk *c, uint64_t limit)
{
	return c->offset <= limit && limit - c->offset >= CHUNK_HEADER_SIZE &&
	       limit - c->offset - CHUNK_HEADER_SIZE >= c->stored;
}

static bool header_at(const struct source *s, uint64_t at, struct chunk *c)
{
	uint8_t bytes[CHUNK_HEADER_SIZE];

	c->offset = at;
	return source_read(s, at, bytes, sizeof(bytes)) && chunk_take(c, bytes);
}

static void table_push(struct chunk_table *t, const struct chunk *c)
{
	*vec_push(&t->chunks) = *c;
	t->end = c->offset + CHUNK_HEADER_SIZE + c->stored;
	t->whole = c->kind == CHUNK_END;
}

static bool take_entry(struct cursor *in, uint64_t index_at, struct chunk_table *t)
{
	uint64_t last = t->chunks.n ? t->chunks.v[t->chunks.n - 1].offset : 0;
	struct chunk c = { .offset = last + take_varint_max(in, index_at) };
	const uint8_t *header = take_bytes(in, CHUNK_HEADER_SIZE);

	if (!header || c.offset <= last || !chunk_take(&c, header) || !chunk_fits(&c, index_at))
		return false;
	table_push(t, &c);
	return true;
}

static bool take_entries(struct chunk_table *t, const uint8_t *bytes, size_t n, uint64_t index_at)
{
	struct cursor in = cursor_of(bytes, n);

	while (cursor_left(&in))
		if (!take_entry(&in, index_at, t))
			return false;
	return t->whole;
}

/* The trailer says where the index is; an index cannot be larger than what it lists. */
static bool find_index(const struct source *s, struct chunk *index)
{
	uint8_t trailer[TRACE_TRAILER_SIZE];
	uint64_t at;

	if (s->size < sizeof(trailer) || !source_read(s, s->size - sizeof(trailer), trailer, sizeof(trailer)) ||
	    !trace_trailer_take(&at, trailer) || !header_at(s, at, index))
		return false;
	return index->kind == CHUNK_INDEX && chunk_fits(index, s->size) && index->raw <= 2 * s->size;
}

static bool read_index(struct chunk_table *t, const struct source *s, struct unpacker *u)
{
	struct buf stored = { 0 }, raw = { 0 };
	struct chunk index;
	bool good = false;

	if (find_index(s, &index) && chunk_load(s, &index, 0, &stored)) {
		buf_grow(&raw, index.raw + 1);
		good = unpack(u, (uint8_t *)stored.data, index.stored, (uint8_t *)raw.data, index.raw) &&
		       take_entries(t, (uint8_t *)raw.data, index.raw, index.offset);
	}
	buf_release(&stored);
	buf_release(&raw);
	return good;
}

/* Index of the first whole chunk header in bytes[0..n), or n. */
static size_t search_step(const uint8_t *bytes, size_t n, struct chunk *c)
{
	size_t i = chunk_search(bytes, n);

	while (i + CHUNK_HEADER_SIZE <= n && !chunk_take(c, bytes + i))
		i += 1 + chunk_search(bytes + i + 1, n - i - 1);
	return i + CHUNK_HEADER_SIZE <= n ? i : n;
}

/* The first chunk header at or behind byte `at`. Steps overlap, so that one cut by the end of a step is in the next. */
static bool search_header(const struct source *s, uint64_t at, struct chunk *c)
{
	uint8_t bytes[SEARCH_STEP];

	while (at < s->size && s->size - at >= CHUNK_HEADER_SIZE) {
		size_t n = s->size - at < SEARCH_STEP ? (size_t)(s->size - at) : SEARCH_STEP, hit;

		if (!source_read(s, at, bytes, n))
			return false;
		hit = search_step(bytes, n, c);
		c->offset = at + hit;
		if (hit < n)
			return true;
		at += n - CHUNK_HEADER_SIZE + 1;
	}
	return false;
}

static void scan(struct chunk_table *t, const struct source *s)
{
	struct chunk c;

	t->end = TRACE_HEADER_SIZE;
	while (!t->whole && s->size - t->end >= CHUNK_HEADER_SIZE) {
		if (!header_at(s, t->end, &c)) {
			if (!search_header(s, t->end + 1, &c))
				return;
			if (!t->bad_headers++)
				t->first_bad = t->end;
		}
		if (!chunk_fits(&c, s->size))
			return;
		table_push(t, &c);
	}
}

void chunk_table_read(struct chunk_table *t, const struct source *s, struct unpacker *u)
{
	*t = (struct chunk_table){ 0 };
	if (read_index(t, s, u))
		return;
	chunk_table_release(t);
	scan(t, s);
}

void chunk_table_release(struct chunk_table *t)
{
	vec_release(&t->chunks);
	*t = (struct chunk_table){ 0 };
}
