/* SPDX-License-Identifier: GPL-2.0-only */
/* progress.c - look at the clock now and then, write over the line. */
#include "cmd/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define SILENT_NS NSEC_PER_SEC
#define EVERY_NS (NSEC_PER_SEC / 5)
#define CALLS 0x3fffu /* the clock is read once in so many spans */

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NSEC_PER_SEC + (uint64_t)t.tv_nsec;
}

static void on_cpu_span(void *ctx, const struct cpu_span *s)
{
	struct progress *p = ctx;
	uint64_t ns, length_ns = p->window.to_ns - p->window.from_ns;

	if (++p->calls & CALLS || p->next_ns == UINT64_MAX)
		return;
	ns = now_ns();
	if (ns < p->next_ns || s->to_ns < p->window.from_ns || !length_ns)
		return;
	fprintf(stderr, "\r%s %2.0f %%\033[K", p->doing,
		100.0 * (double)(s->to_ns - p->window.from_ns) / (double)length_ns);
	p->shown = true;
	p->next_ns = ns + EVERY_NS;
}

void progress_init(struct progress *p, const char *doing, struct window window, struct model_sink *sink)
{
	*p = (struct progress){
		.window = window,
		.doing = doing,
		.next_ns = isatty(STDERR_FILENO) ? now_ns() + SILENT_NS : UINT64_MAX,
	};
	*sink = (struct model_sink){ .ctx = p, .cpu_span = on_cpu_span };
}

void progress_now(struct progress *p, const char *doing)
{
	p->doing = doing;
	if (p->next_ns == UINT64_MAX || now_ns() < p->next_ns - (p->shown ? EVERY_NS : 0))
		return;
	fprintf(stderr, "\r%s\033[K", doing);
	p->shown = true;
}

void progress_end(struct progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}
