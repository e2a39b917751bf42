/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * html_block.c - blocks of bytes as a page carries them: a zlib stream (RFC 1950) in base64 in a script that is none.
 */
#include "export/html_data.h"

#include <string.h>
#include <zlib.h>

/* Deflate with a window of 32 KiB, and the check bits that go with it. The stream itself is of packer_*(). */
static const unsigned char zlib_head[2] = { 0x78, 0x01 };

#define SCRIPT_BEGIN "<script type=\"application/octet-stream\" class=\"data\">"
#define SCRIPT_END "</script>\n"

void html_block_init(struct html_block *b, struct export_out *out)
{
	*b = (struct html_block){ .out = out, .packer = packer_new() };
}

void html_block_begin(struct html_block *b, enum html_block_kind kind)
{
	unsigned char byte = (unsigned char)kind;

	buf_reset(&b->packed);
	buf_put(&b->packed, zlib_head, sizeof(zlib_head));
	b->sum = 1;
	packer_begin(b->packer, &b->packed);
	html_block_part(b, &byte, 1, PACK_REPEATS);
}

void html_block_part(struct html_block *b, const void *bytes, size_t n, enum pack_how how)
{
	packer_part(b->packer, bytes, n, how);
	if (n)
		b->sum = (uint32_t)adler32_z(b->sum, bytes, n);
}

static void put_base64(struct buf *out, const unsigned char *in, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *at = buf_grow(out, (n + 2) / 3 * 4);

	out->len += (n + 2) / 3 * 4;
	for (; n >= 3; n -= 3, in += 3) {
		uint32_t v = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];

		*at++ = digits[v >> 18];
		*at++ = digits[v >> 12 & 63];
		*at++ = digits[v >> 6 & 63];
		*at++ = digits[v & 63];
	}
	if (n) {
		uint32_t v = (uint32_t)in[0] << 16 | (n > 1 ? (uint32_t)in[1] << 8 : 0);

		*at++ = digits[v >> 18];
		*at++ = digits[v >> 12 & 63];
		*at++ = n > 1 ? digits[v >> 6 & 63] : '=';
		*at++ = '=';
	}
	*at = '\0';
}

void html_block_end(struct html_block *b)
{
	packer_end(b->packer);
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_putc(&b->packed, (char)(b->sum >> shift));
	buf_puts(&b->out->buf, SCRIPT_BEGIN);
	put_base64(&b->out->buf, (const unsigned char *)b->packed.data, b->packed.len);
	buf_puts(&b->out->buf, SCRIPT_END);
	export_spill(b->out);
	b->written++;
}

void html_block_text(struct html_block *b, enum html_block_kind kind, const struct buf *text)
{
	html_block_begin(b, kind);
	html_block_part(b, text->data, text->len, PACK_REPEATS);
	html_block_end(b);
}

void html_block_release(struct html_block *b)
{
	packer_free(b->packer);
	buf_release(&b->packed);
}
