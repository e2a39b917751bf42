/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * doubts.c - damage in words, then the model's health.
 */
#include "analysis/doubts.h"

#include <string.h>

static void put_damage(const struct trace_damage *d, bool utf8, struct buf *out)
{
	if (d->cut)
		buf_printf(out, "the recording is cut off at byte %llu: what came after is missing\n",
			   (unsigned long long)d->cut_at);
	if (d->bad_chunks)
		buf_printf(out, "%llu damaged part%s of the file skipped: drawn as unknown\n",
			   (unsigned long long)d->bad_chunks, d->bad_chunks == 1 ? "" : "s");
	if (d->late_events)
		buf_printf(out, "%llu event%s came out of order\n", (unsigned long long)d->late_events,
			   d->late_events == 1 ? "" : "s");
	if (d->first[0]) {
		fmt_safe(out, d->first, strlen(d->first), utf8);
		buf_putc(out, '\n');
	}
}

void doubts_report(const struct model *m, const struct trace_damage *d, bool utf8, struct buf *out)
{
	put_damage(d, utf8, out);
	health_report(model_health(m), 0, out);
}
