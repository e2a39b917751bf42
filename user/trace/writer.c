/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * writer.c - owns which events go into which chunk, and when a chunk is written.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "base/alloc.h"
#include "base/fmt.h"
#include "base/vec.h"
#include "trace/bytes.h"
#include "trace/hot.h"
#include "trace/outfile.h"
#include "trace/rare.h"
#include "trace/writer.h"

/* Rows have names and paths: fewer of them make as many bytes as a full chunk of a CPU. */
#define RARE_CHUNK_EVENTS 2048u
#define RARE_CHUNK_BYTES (1u << 20) /* of paths and sets */

struct stream {
	struct hot_encoder hot;
	uint32_t seq;
};

struct rare_stream {
	struct rare_list list;
	uint64_t first_ns;
	uint32_t seq;
};

struct trace_writer {
	struct outfile file;
	struct packer *packer;
	VEC(struct stream *) cpus; /* NULL: nothing from that CPU yet */
	struct rare_stream rare[2]; /* CHUNK_RARE and CHUNK_MORE */
	struct buf chunk; /* the one being written */
	struct buf index;
	uint64_t indexed_offset; /* of the last chunk in the index */
	uint64_t counts[EV_KINDS];
	uint64_t written_events;
	struct err failed; /* the first write error: nothing is written after it */
};

static int writer_failed(struct trace_writer *w, int code, struct err *e)
{
	if (w->failed.code) {
		if (e)
			*e = w->failed;
		return w->failed.code;
	}
	err_set(&w->failed, code, "cannot write '%s': %s - the %llu events written so far can be read", w->file.path,
		strerror(-code), (unsigned long long)w->written_events);
	return writer_failed(w, code, e);
}

static int write_bytes(struct trace_writer *w, const void *bytes, size_t n, struct err *e)
{
	int ret = w->failed.code ? w->failed.code : outfile_write(&w->file, bytes, n);

	return ret < 0 ? writer_failed(w, ret, e) : 0;
}

static void index_add(struct trace_writer *w, const struct chunk *c)
{
	put_varint(&w->index, c->offset - w->indexed_offset);
	w->indexed_offset = c->offset;
	chunk_put(c, (uint8_t *)buf_grow(&w->index, CHUNK_HEADER_SIZE));
	w->index.len += CHUNK_HEADER_SIZE;
}

/* A chunk is composed in w->chunk behind room for its header. */
static struct buf *chunk_begin(struct trace_writer *w)
{
	buf_reset(&w->chunk);
	buf_grow(&w->chunk, CHUNK_HEADER_SIZE);
	w->chunk.len = CHUNK_HEADER_SIZE;
	return &w->chunk;
}

static int chunk_write(struct trace_writer *w, struct chunk *c, struct err *e)
{
	uint8_t *bytes = (uint8_t *)w->chunk.data;
	int ret;

	c->offset = w->file.bytes;
	c->crc = (uint32_t)crc32(0, bytes + CHUNK_HEADER_SIZE, c->stored);
	chunk_put(c, bytes);
	ret = write_bytes(w, bytes, w->chunk.len, e);
	if (ret < 0)
		return ret;
	w->written_events += c->events;
	index_add(w, c);
	return 0;
}

/* A chunk whose contents are just bytes. */
static int write_blob(struct trace_writer *w, enum chunk_kind kind, const struct buf *raw, struct err *e)
{
	struct chunk c = { .kind = kind };
	struct buf *out = chunk_begin(w);

	packer_begin(w->packer, out);
	packer_part(w->packer, raw->data, raw->len, PACK_REPEATS);
	c.raw = (uint32_t)packer_end(w->packer);
	c.stored = (uint32_t)(out->len - CHUNK_HEADER_SIZE);
	return chunk_write(w, &c, e);
}

static int write_facts(struct trace_writer *w, enum chunk_kind kind, const struct facts *facts, struct err *e)
{
	struct buf raw = { 0 };
	int ret;

	facts_encode(facts, &raw);
	ret = raw.len > FACTS_MAX_BYTES ? err_set(e, -E2BIG, "the facts of the recording are too large to be kept")
					: write_blob(w, kind, &raw, e);
	buf_release(&raw);
	return ret;
}

int trace_writer_open(struct trace_writer **out, const char *path, const struct facts *facts, struct err *e)
{
	struct trace_writer *w = xcalloc(1, sizeof(*w));
	uint8_t header[TRACE_HEADER_SIZE];
	int ret = outfile_open(&w->file, path, e);

	w->packer = packer_new();
	if (ret < 0)
		goto out;
	trace_header_put(header);
	ret = write_bytes(w, header, sizeof(header), e);
	if (ret < 0)
		goto out;
	ret = write_facts(w, CHUNK_META, facts, e);
out:
	if (ret < 0)
		trace_writer_close(w);
	else
		*out = w;
	return ret;
}

int trace_writer_publish(struct trace_writer *w, struct err *e)
{
	return outfile_publish(&w->file, e);
}

static int write_hot(struct trace_writer *w, uint32_t cpu, struct err *e)
{
	struct stream *s = w->cpus.v[cpu];
	struct chunk c = { .kind = CHUNK_HOT, .stream = cpu, .seq = s->seq++ };

	hot_encode_chunk(&s->hot, w->packer, &c, chunk_begin(w));
	return chunk_write(w, &c, e);
}

static int write_rare(struct trace_writer *w, bool more, struct err *e)
{
	struct rare_stream *s = &w->rare[more];
	struct chunk c = { .kind = more ? CHUNK_MORE : CHUNK_RARE, .seq = s->seq++ };

	rare_encode_chunk(&s->list, w->packer, &c, chunk_begin(w));
	return chunk_write(w, &c, e);
}

static struct stream *stream_of(struct trace_writer *w, uint32_t cpu)
{
	while (w->cpus.n <= cpu)
		*vec_push(&w->cpus) = NULL;
	if (!w->cpus.v[cpu])
		w->cpus.v[cpu] = xcalloc(1, sizeof(struct stream));
	return w->cpus.v[cpu];
}

/* Chunks are bounded in time so that a reader can seek; those of few events less so, or an idle machine makes many. */
static bool span_is_full(uint64_t first_ns, uint64_t ts_ns, size_t events)
{
	uint64_t span_ns = ts_ns > first_ns ? ts_ns - first_ns : 0;

	return span_ns > (events < CHUNK_TINY_EVENTS ? CHUNK_MAX_TINY_SPAN_NS : CHUNK_MAX_SPAN_NS);
}

static int add_hot(struct trace_writer *w, const struct event *ev, struct err *e)
{
	struct stream *s = stream_of(w, ev->cpu);
	int ret = 0;

	if (s->hot.n && (s->hot.n == CHUNK_MAX_EVENTS || span_is_full(s->hot.first_ns, ev->ts_ns, s->hot.n)))
		ret = write_hot(w, ev->cpu, e);
	hot_encode(&s->hot, ev);
	return ret;
}

static int add_rare(struct trace_writer *w, const struct event *ev, struct err *e)
{
	bool more = rare_is_more(ev->kind);
	struct rare_stream *s = &w->rare[more];
	size_t n = s->list.events.n, bytes = s->list.paths.len + s->list.words.n * sizeof(uint64_t);
	int ret = 0;

	if (n && (n == RARE_CHUNK_EVENTS || bytes > RARE_CHUNK_BYTES || span_is_full(s->first_ns, ev->ts_ns, n)))
		ret = write_rare(w, more, e);
	if (!s->list.events.n || ev->ts_ns < s->first_ns)
		s->first_ns = ev->ts_ns;
	rare_add(&s->list, ev);
	return ret;
}

/* What no kernel and no program may say. */
static bool event_is_possible(const struct event *ev)
{
	if (ev->kind <= EV_NONE || ev->kind >= EV_KINDS || ev->cpu > CPUSET_MAX_CPU)
		return false;
	switch (ev->kind) {
	case EV_WAKING:
		return ev->waking.ctx < EV_CTX_KINDS;
	case EV_SWITCH:
		return ev->sw.nvcsw <= NVCSW_UNKNOWN;
	case EV_WAKEUP_NEW:
		return ev->wakeup_new.target_cpu <= CPUSET_MAX_CPU;
	case EV_MIGRATE:
		return ev->migrate.from_cpu <= CPUSET_MAX_CPU && ev->migrate.to_cpu <= CPUSET_MAX_CPU;
	case EV_TASK:
		return ev->task.cpu <= CPUSET_MAX_CPU && ev->task.state > ' ' && ev->task.state <= '~';
	case EV_MARK:
		return ev->mark.what < MARK_KINDS;
	case EV_ALLOWED:
		return ev->allowed.nr_known <= CPUSET_MAX_CPU + 1 &&
		       ev->allowed.set.nr_words <= CPUSET_MAX_CPU / 64 + 1 && cpuset_count(&ev->allowed.set);
	default:
		return true;
	}
}

int trace_writer_add(struct trace_writer *w, const struct event *ev, struct err *e)
{
	if (w->failed.code)
		return writer_failed(w, w->failed.code, e);
	if (!event_is_possible(ev))
		return err_set(e, -EINVAL, "an event of kind %u on cpu %u makes no sense", ev->kind, ev->cpu);
	w->counts[ev->kind]++;
	return event_is_hot(ev->kind) ? add_hot(w, ev, e) : add_rare(w, ev, e);
}

int trace_writer_flush(struct trace_writer *w, struct err *e)
{
	int ret = 0;

	if (w->failed.code)
		return writer_failed(w, w->failed.code, e);
	for (int more = 0; !ret && more < 2; more++)
		if (w->rare[more].list.events.n)
			ret = write_rare(w, more, e);
	for (uint32_t cpu = 0; !ret && cpu < w->cpus.n; cpu++)
		if (w->cpus.v[cpu] && w->cpus.v[cpu]->hot.n)
			ret = write_hot(w, cpu, e);
	return ret;
}

int trace_writer_finish(struct trace_writer *w, const struct facts *receipt, struct err *e)
{
	uint8_t trailer[TRACE_TRAILER_SIZE];
	int ret = trace_writer_flush(w, e);

	if (ret < 0)
		return ret;
	ret = write_facts(w, CHUNK_END, receipt, e);
	if (ret < 0)
		return ret;
	trace_trailer_put(w->file.bytes, trailer);
	ret = write_blob(w, CHUNK_INDEX, &w->index, e);
	if (ret < 0)
		return ret;
	return write_bytes(w, trailer, sizeof(trailer), e);
}

uint64_t trace_writer_bytes(const struct trace_writer *w)
{
	return w->file.bytes;
}

uint64_t trace_writer_events(const struct trace_writer *w, enum event_kind k)
{
	return w->counts[k];
}

void trace_writer_close(struct trace_writer *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->cpus.n; i++) {
		if (w->cpus.v[i])
			hot_encoder_release(&w->cpus.v[i]->hot);
		free(w->cpus.v[i]);
	}
	vec_release(&w->cpus);
	rare_release(&w->rare[0].list);
	rare_release(&w->rare[1].list);
	buf_release(&w->chunk);
	buf_release(&w->index);
	packer_free(w->packer);
	outfile_close(&w->file);
	free(w);
}
