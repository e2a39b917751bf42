/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * perfetto_packet.c - the packets of a Perfetto trace: begun, ended, and compressed many at once.
 */
#include <zlib.h>
#include "export/perfetto.h"

#define COMPRESS_BYTES (256u << 10) /* packets are compressed together once they are this much */
#define DEFLATED_FIRST 1	    /* about 25,000 events; more make no file smaller by 1 %, and take 8 ms each */

size_t pf_packet(struct pf *p, uint64_t ns, unsigned flags)
{
	size_t opened = pb_open(&p->packets, TRACE_PACKET);

	if (ns != PF_NO_TIME)
		pb_uint(&p->packets, PACKET_TIMESTAMP, pf_boot(p, ns));
	pb_uint(&p->packets, PACKET_SEQUENCE_ID, SEQUENCE_STATE);
	if (flags)
		pb_uint(&p->packets, PACKET_SEQUENCE_FLAGS, flags);
	return opened;
}

/*
 * Track events have a sequence of their own: the importer attaches those of no thread, as counters, to the thread that
 * their sequence described last, whether it lives or not.
 */
size_t pf_track_event(struct pf *p, uint64_t ns, unsigned type, uint64_t track, size_t *packet)
{
	size_t inner;

	*packet = pb_open(&p->packets, TRACE_PACKET);
	pb_uint(&p->packets, PACKET_TIMESTAMP, pf_boot(p, ns));
	pb_uint(&p->packets, PACKET_SEQUENCE_ID, SEQUENCE_EVENTS);
	if (!p->track_events++)
		pb_uint(&p->packets, PACKET_SEQUENCE_FLAGS, SEQ_CLEARED);
	inner = pb_open(&p->packets, PACKET_TRACK_EVENT);
	pb_uint(&p->packets, EVENT_TYPE, type);
	pb_uint(&p->packets, EVENT_TRACK, track);
	return inner;
}

void pf_track_event_end(struct pf *p, size_t packet, size_t inner)
{
	pb_close(&p->packets, inner);
	pf_packet_end(p, packet);
}

void pf_part(struct pf *p, unsigned kind, size_t from)
{
	*vec_push(&p->parts) = (struct pf_part){ from, p->packets.len, kind };
}

static bool is_records(unsigned kind)
{
	return kind == PART_EVENTS || kind == PART_NAMES || kind == PART_PACKETS;
}

static void squeeze_packets(struct pf *p)
{
	const char *bytes = p->packets.data;
	size_t at = 0;

	squeeze_begin(p->squeeze, &p->out->buf);
	for (size_t i = 0; i < p->parts.n; at = p->parts.v[i++].to) {
		const struct pf_part *part = &p->parts.v[i];
		enum squeeze_shape shape = is_records(part->kind) ? SQUEEZE_RECORDS : SQUEEZE_COLUMN;

		squeeze_part(p->squeeze, PART_PACKETS, SQUEEZE_RECORDS, bytes + at, part->from - at);
		squeeze_part(p->squeeze, part->kind, shape, bytes + part->from, part->to - part->from);
	}
	squeeze_part(p->squeeze, PART_PACKETS, SQUEEZE_RECORDS, bytes + at, p->packets.len - at);
	squeeze_end(p->squeeze);
}

static void deflate_packets(struct pf *p)
{
	struct buf *out = &p->out->buf;
	uLong n = compressBound(p->packets.len);

	compress2((Bytef *)buf_grow(out, n), &n, (const Bytef *)p->packets.data, p->packets.len, Z_DEFAULT_COMPRESSION);
	out->len += n;
}

/* Has it as many columns as is usual? At the end come names and jobs, which zlib is better at. */
static bool is_mostly_parts(const struct pf *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->parts.n; i++)
		n += p->parts.v[i].to - p->parts.v[i].from;
	return n > p->packets.len / 2;
}

/* All of p->packets as one packet that holds them compressed: well at first, which is all of most files, then fast. */
static void compress_packets(struct pf *p)
{
	struct buf *out = &p->out->buf;
	size_t packet = pb_open_wide(out, TRACE_PACKET), inner = pb_open_wide(out, PACKET_COMPRESSED);

	if (p->nr_compressed++ >= DEFLATED_FIRST && is_mostly_parts(p))
		squeeze_packets(p);
	else
		deflate_packets(p);
	pb_close_wide(out, inner);
	pb_close_wide(out, packet);
}

void pf_packets_put(struct pf *p)
{
	if (!p->packets.len)
		return;
	if (p->squeeze)
		compress_packets(p);
	else
		buf_put(&p->out->buf, p->packets.data, p->packets.len);
	buf_reset(&p->packets);
	p->parts.n = 0;
	export_spill(p->out);
}

void pf_packet_done(struct pf *p)
{
	if (p->packets.len >= COMPRESS_BYTES)
		pf_packets_put(p);
}

void pf_packet_end(struct pf *p, size_t opened)
{
	pb_close(&p->packets, opened);
	pf_packet_done(p);
}
