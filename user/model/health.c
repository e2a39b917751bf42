/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * health.c - says what was odd or lost in a recording.
 */
#include "model/health.h"
#include "base/fmt.h"

static void put_counter(struct buf *out, uint64_t n, const char *one, const char *many, const char *rest)
{
	if (!n)
		return;
	fmt_count(out, n);
	buf_printf(out, " %s %s\n", n == 1 ? one : many, rest);
}

void health_report(const struct health *h, int verbose, struct buf *out)
{
	struct health shown = *h;

	if (!verbose)
		shown.requeued_by_signal = shown.tid_reuses = 0;
#define WORDS(one, many, rest) one, many, rest
#define X(name, words) put_counter(out, shown.name, WORDS words);
	HEALTH_COUNTERS(X)
#undef X
#undef WORDS
}

int health_doubtful(const struct health *h)
{
	return h->lost_events || h->lost_spans || h->lost_rare || h->impossible_steps || h->cpu_mismatches;
}
