/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * chunk.c - owns the fixed-size headers of the file, byte by byte.
 */
#include <errno.h>
#include <string.h>
#include <zlib.h>
#include "base/fmt.h"
#include "trace/bytes.h"
#include "trace/chunk.h"
#include "trace/facts.h"

static const uint8_t chunk_magic[4] = { 0xf5, 'S', 'v', 'c' };
static const uint8_t trailer_magic[4] = { 0xf5, 'S', 'v', 'e' };

static uint32_t crc_of(const uint8_t *bytes, unsigned n)
{
	return (uint32_t)crc32(0, bytes, n);
}

void chunk_put(const struct chunk *c, uint8_t out[CHUNK_HEADER_SIZE])
{
	memcpy(out, chunk_magic, sizeof(chunk_magic));
	le_store(out + 4, c->kind, 4);
	le_store(out + 8, c->stream, 4);
	le_store(out + 12, c->seq, 4);
	le_store(out + 16, c->stored, 4);
	le_store(out + 20, c->raw, 4);
	le_store(out + 24, c->events, 4);
	le_store(out + 28, c->first_ns, 8);
	le_store(out + 36, c->last_ns, 8);
	le_store(out + 44, c->crc, 4);
	le_store(out + 48, crc_of(out, 48), 4);
}

/* Deflate makes at most 1,032 bytes of one (zlib's technical details), so a small file cannot ask for much memory. */
#define DEFLATE_MAX_RATIO 1032ull

/* Only kinds that this build knows are judged: what an unknown one may claim is not ours to say. */
static bool chunk_is_possible(const struct chunk *c)
{
	if (c->kind < CHUNK_META || c->kind > CHUNK_MORE)
		return true;
	if (c->raw > c->stored * DEFLATE_MAX_RATIO)
		return false;
	if (c->kind != CHUNK_HOT && c->kind != CHUNK_RARE && c->kind != CHUNK_MORE)
		return c->raw <= FACTS_MAX_BYTES || c->kind == CHUNK_INDEX;
	return c->events && c->events <= CHUNK_MAX_EVENTS && c->raw <= CHUNK_MAX_RAW && c->first_ns <= c->last_ns &&
	       c->stream <= CPUSET_MAX_CPU;
}

bool chunk_take(struct chunk *c, const uint8_t in[CHUNK_HEADER_SIZE])
{
	if (memcmp(in, chunk_magic, sizeof(chunk_magic)) || le_load(in + 48, 4) != crc_of(in, 48))
		return false;
	c->kind = (uint32_t)le_load(in + 4, 4);
	c->stream = (uint32_t)le_load(in + 8, 4);
	c->seq = (uint32_t)le_load(in + 12, 4);
	c->stored = (uint32_t)le_load(in + 16, 4);
	c->raw = (uint32_t)le_load(in + 20, 4);
	c->events = (uint32_t)le_load(in + 24, 4);
	c->first_ns = le_load(in + 28, 8);
	c->last_ns = le_load(in + 36, 8);
	c->crc = (uint32_t)le_load(in + 44, 4);
	return chunk_is_possible(c);
}

size_t chunk_search(const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i + sizeof(chunk_magic) <= n; i++) {
		const uint8_t *p = memchr(bytes + i, chunk_magic[0], n - i);

		if (!p)
			return n;
		i = (size_t)(p - bytes);
		if (n - i >= sizeof(chunk_magic) && !memcmp(p, chunk_magic, sizeof(chunk_magic)))
			return i;
	}
	return n;
}

void trace_header_put(uint8_t out[TRACE_HEADER_SIZE])
{
	/* NOLINTNEXTLINE(bugprone-not-null-terminated-result): bytes of a file, not a string */
	memcpy(out, TRACE_MAGIC, TRACE_MAGIC_SIZE);
	le_store(out + 8, TRACE_VERSION, 2);
	le_store(out + 10, 0, 2);
	le_store(out + 12, crc_of(out, 12), 4);
}

int trace_header_check(const uint8_t *in, size_t n, const char *path, struct err *e)
{
	unsigned version;

	if (n >= 4 && !memcmp(in, TRACE_MAGIC, 4) && n >= TRACE_MAGIC_SIZE && memcmp(in, TRACE_MAGIC, TRACE_MAGIC_SIZE))
		return err_set(e, -EBADMSG, "'%s' was damaged by a transfer in text mode - copy it again as binary",
			       path);
	if (n < TRACE_MAGIC_SIZE || memcmp(in, TRACE_MAGIC, TRACE_MAGIC_SIZE))
		return err_set(e, -EINVAL, "'%s' is not a schedviz trace - 'schedviz record' makes one", path);
	if (n < TRACE_HEADER_SIZE)
		return err_set(e, -EBADMSG, "'%s' is cut inside its header: nothing can be read", path);
	if (le_load(in + 12, 4) != crc_of(in, 12))
		return err_set(e, -EBADMSG, "'%s' has a damaged header", path);
	version = (unsigned)le_load(in + 8, 2);
	if (version != TRACE_VERSION)
		return err_set(e, -ENOTSUP, "'%s' has format %u, this build reads up to %u - use a newer schedviz",
			       path, version, TRACE_VERSION);
	return 0;
}

void trace_trailer_put(uint64_t index_offset, uint8_t out[TRACE_TRAILER_SIZE])
{
	le_store(out, index_offset, 8);
	memcpy(out + 8, trailer_magic, sizeof(trailer_magic));
	le_store(out + 12, crc_of(out, 12), 4);
}

bool trace_trailer_take(uint64_t *index_offset, const uint8_t in[TRACE_TRAILER_SIZE])
{
	if (memcmp(in + 8, trailer_magic, sizeof(trailer_magic)) || le_load(in + 12, 4) != crc_of(in, 12))
		return false;
	*index_offset = le_load(in, 8);
	return true;
}
