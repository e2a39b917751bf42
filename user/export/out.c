/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * out.c - the file of an export: buffered, compressed if wished, in its place only when it is whole.
 */
#include "export/export.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "base/alloc.h"

#define SPILL_BYTES (256u << 10)

struct export_gzip {
	z_stream z;
	unsigned char out[64u << 10];
};

/* No name and no time in its header: the same bytes give the same file. */
static struct export_gzip *gzip_new(void)
{
	struct export_gzip *g = xcalloc(1, sizeof(*g));
	const int gzip_window = 15 + 16;

	if (deflateInit2(&g->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY) == Z_OK)
		return g;
	free(g);
	return NULL;
}

static void gzip_free(struct export_gzip *g)
{
	if (g)
		deflateEnd(&g->z);
	free(g);
}

static int gzip_write(struct export_out *o, const void *bytes, size_t n, int flush)
{
	struct export_gzip *g = o->gzip;
	int ret = 0;

	g->z.next_in = (unsigned char *)bytes;
	g->z.avail_in = (unsigned)n;
	do {
		g->z.next_out = g->out;
		g->z.avail_out = sizeof(g->out);
		deflate(&g->z, flush);
		ret = outfile_write(&o->file, g->out, sizeof(g->out) - g->z.avail_out);
	} while (ret == 0 && g->z.avail_out == 0);
	return ret;
}

int export_open(struct export_out *o, const char *path, bool gzip, struct err *e)
{
	int ret;

	*o = (struct export_out){ .file = { .fd = -1 } };
	ret = outfile_open(&o->file, path, e);
	if (ret < 0 || !gzip)
		return ret;
	o->gzip = gzip_new();
	return o->gzip ? 0 : err_set(e, -ENOMEM, "no memory to compress '%s'", path);
}

static void write_out(struct export_out *o, int flush)
{
	if (o->error < 0)
		return;
	if (o->gzip)
		o->error = gzip_write(o, o->buf.data, o->buf.len, flush);
	else
		o->error = outfile_write(&o->file, o->buf.data, o->buf.len);
	buf_reset(&o->buf);
}

int export_spill(struct export_out *o)
{
	if (o->buf.len >= SPILL_BYTES)
		write_out(o, Z_NO_FLUSH);
	return o->error;
}

int export_finish(struct export_out *o, struct err *e)
{
	write_out(o, Z_FINISH);
	if (o->error < 0)
		return err_sys(e, o->error, "cannot write '%s'", o->file.path);
	return outfile_replace(&o->file, e);
}

void export_close(struct export_out *o)
{
	buf_release(&o->buf);
	gzip_free(o->gzip);
	outfile_close(&o->file);
	o->gzip = NULL;
}
