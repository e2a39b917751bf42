/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * intrusion.c - a stay of the recorder on a CPU that begins at the instant a task of the target was preempted there.
 */
#include "render/intrusion.h"

#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"

struct pass {
	const struct model *known;
	uint64_t *pushed_ns; /* by CPU: when the target was last pushed off it; UINT64_MAX: never */
	uint32_t nr_cpus;
	struct intrusion *out;
};

/* A running span is given out when it ends, so before the span of whoever comes next on that CPU. */
static void on_span(void *ctx, const struct span *s)
{
	struct pass *p = ctx;

	if (s->state != STATE_RUNNING || s->out != OUT_INVOLUNTARY || s->cpu >= p->nr_cpus)
		return;
	if (model_task(p->known, s->task)->in_target)
		p->pushed_ns[s->cpu] = s->to_ns;
}

static void on_cpu_span(void *ctx, const struct cpu_span *s)
{
	struct pass *p = ctx;

	if (s->state != CPU_TASK || !model_is_recorder(p->known, s->task))
		return;
	p->out->stays++;
	p->out->run_ns += s->to_ns - s->from_ns;
	if (s->cpu < p->nr_cpus && p->pushed_ns[s->cpu] == s->from_ns) {
		p->out->displaced++;
		p->out->displaced_ns += s->to_ns - s->from_ns;
	}
}

int intrusion_measure(struct intrusion *out, const struct model *known, struct trace_reader *r, struct err *e)
{
	struct pass p = { .known = known, .nr_cpus = model_nr_cpus(known), .out = out };
	struct model_sink sink = { .ctx = &p, .span = on_span, .cpu_span = on_cpu_span };
	struct model *m = NULL;
	int ret;

	*out = (struct intrusion){ 0 };
	p.pushed_ns = xcalloc(p.nr_cpus + 1u, sizeof(*p.pushed_ns));
	memset(p.pushed_ns, 0xff, p.nr_cpus * sizeof(*p.pushed_ns));
	ret = model_build(&m, r, &sink, 1, e);
	model_free(m);
	free(p.pushed_ns);
	return ret;
}
