/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fuzz_reader.c - any bytes at all as a trace, read to the end twice and spelled as text: no crash, no hang, no huge
 * allocation, the same events both times.
 *
 * Bytes that begin with H, R, M or F are the inside of a chunk (hot, rare, more, facts) and get wrapped into a file
 * whose checksums are right, because no fuzzer finds those: one byte of kind, two of how many events, two of how many
 * bytes of a hot chunk are not inflated, then these, then what is.
 *
 * Built with -DFUZZ it is a libFuzzer target; without, a program that replays the files and folders it is given.
 */
#define _XOPEN_SOURCE 700 /* nftw */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>
#include "trace/bytes.h"
#include "trace/chunk.h"
#include "trace/pack.h"
#include "trace/reader.h"
#include "trace/text.h"

static uint64_t walk(struct trace_reader *r, struct text_writer *text, struct buf *out)
{
	const struct event *ev;
	uint64_t n = 0, last_ns = 0;

	for (; (ev = trace_reader_next(r)); n++) {
		if (ev->ts_ns < last_ns)
			abort(); /* the one order was promised */
		last_ns = ev->ts_ns;
		if (text && out->len < (1u << 20))
			text_event(text, ev, out);
	}
	return n;
}

static void read_all(const uint8_t *bytes, size_t n)
{
	struct text_writer text = { 0 };
	struct trace_reader *r = NULL;
	struct err e = { 0 };
	struct buf out = { 0 };
	uint64_t events;

	if (trace_reader_open_mem(&r, bytes, n, &e) < 0) {
		if (!e.text[0])
			abort(); /* it failed without a sentence */
		return;
	}
	text_begin(&text, trace_reader_facts(r), &out);
	events = walk(r, &text, &out);
	text_end(&text, trace_reader_window(r).to_ns, &out);
	trace_reader_rewind(r);
	if (walk(r, NULL, NULL) != events)
		abort();
	text_writer_release(&text);
	buf_release(&out);
	trace_reader_close(r);
}

#define INSIDE_HEADER 5

static enum chunk_kind kind_of_inside(uint8_t first)
{
	static const struct {
		char letter;
		enum chunk_kind kind;
	} rows[] = { { 'H', CHUNK_HOT }, { 'R', CHUNK_RARE }, { 'M', CHUNK_MORE }, { 'F', CHUNK_META } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].letter == first)
			return rows[i].kind;
	return 0;
}

/* A file of one chunk, twice, so that chunks follow each other. */
static void wrap(const uint8_t *bytes, size_t n, struct buf *out)
{
	struct cursor in = cursor_of(bytes + INSIDE_HEADER, n - INSIDE_HEADER);
	struct chunk c = { .kind = kind_of_inside(bytes[0]), .last_ns = UINT32_MAX };
	size_t rest = le_load(bytes + 3, 2) % (cursor_left(&in) + 1);
	struct packer *p = packer_new();
	struct buf stored = { 0 };

	c.events = (uint32_t)le_load(bytes + 1, 2) % CHUNK_MAX_EVENTS + 1;
	if (c.kind == CHUNK_HOT) {
		le_store((uint8_t *)buf_grow(&stored, 4), rest, 4);
		stored.len += 4;
		buf_put(&stored, take_bytes(&in, rest), rest);
	}
	packer_begin(p, &stored);
	packer_part(p, in.at, cursor_left(&in), PACK_REPEATS);
	c.raw = (uint32_t)packer_end(p);
	packer_free(p);
	c.stored = (uint32_t)stored.len;
	c.crc = (uint32_t)crc32(0, (const uint8_t *)stored.data, c.stored);
	trace_header_put((uint8_t *)buf_grow(out, TRACE_HEADER_SIZE));
	out->len += TRACE_HEADER_SIZE;
	for (int i = 0; i < 2; i++) {
		chunk_put(&c, (uint8_t *)buf_grow(out, CHUNK_HEADER_SIZE));
		out->len += CHUNK_HEADER_SIZE;
		buf_put(out, stored.data, stored.len);
		c.seq++;
	}
	buf_release(&stored);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct buf file = { 0 };

	if (n > INSIDE_HEADER && kind_of_inside(bytes[0])) {
		wrap(bytes, n, &file);
		bytes = (const uint8_t *)file.data;
		n = file.len;
	}
	read_all(bytes, n);
	buf_release(&file);
	return 0;
}

#ifndef FUZZ
/* The file as it is, cut at every byte, and with one bit of every byte flipped: none may crash, hang or leak. */
static void torment(uint8_t *bytes, size_t n)
{
	LLVMFuzzerTestOneInput(bytes, n);
	for (size_t i = 0; i < n; i++)
		LLVMFuzzerTestOneInput(bytes, i);
	for (size_t i = 0; i < n; i++) {
		uint8_t bit = (uint8_t)(1u << i % 8);

		bytes[i] ^= bit;
		LLVMFuzzerTestOneInput(bytes, n);
		bytes[i] ^= bit;
	}
}

static int replay(const char *path, const struct stat *st, int type, struct FTW *where)
{
	FILE *f = type == FTW_F ? fopen(path, "rb") : NULL;
	size_t n = (size_t)st->st_size;
	uint8_t *bytes;
	bool read;

	if (!f)
		return 0;
	bytes = malloc(n + 1);
	read = bytes && fread(bytes, 1, n, f) == n;
	if (read)
		torment(bytes, n);
	printf(read ? "PASS replay-%s\n" : "FAIL replay-%s: cannot read it\n", path + where->base);
	fflush(stdout);
	free(bytes);
	fclose(f);
	return 0;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (nftw(argv[i], replay, 16, FTW_PHYS) < 0)
			return 1;
	return 0;
}
#endif
