/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * model_print.c - prints what the model makes of a trace, a line per span, wake-up and migration.
 *
 *         model_print trace.txt
 *
 * Not a test itself: tests/golden.sh compares what it prints with tests/golden/model/NAME/expected. It also holds the
 * model to its promises (model_check.h) and ends with "BROKEN" and a sentence where one is not kept.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "model/model.h"
#include "model_check.h"
#include "trace/syscalls.h"

static const char *const out_names[] = { "", " voluntary", " involuntary", " dead" };
static const char *const ctx_names[EV_CTX_KINDS] = { "task", "softirq", "hardirq", "nmi", "unknown" };
static const char *const effect_names[] = { "real", "early", "again", "new", "unknown" };
static const char *const cpu_state_names[NR_CPU_STATES] = { "unknown", "idle", "task", "offline", "unrecorded" };

struct print {
	const struct model *const *m;
	VEC(struct buf) tasks;
	VEC(struct buf) cpus;
	struct buf happened;
};

/* Milliseconds from the window's start, exact, without idle zeros. */
static void put_time(struct print *p, struct buf *out, uint64_t ns)
{
	char text[40];
	size_t n;

	if (ns == UINT64_MAX) {
		buf_puts(out, "never");
		return;
	}
	ns -= model_window(*p->m).from_ns;
	n = (size_t)snprintf(text, sizeof(text), "%llu.%06llu", (unsigned long long)(ns / 1000000),
			     (unsigned long long)(ns % 1000000));
	while (text[n - 1] == '0')
		n--;
	n -= text[n - 1] == '.';
	buf_put(out, text, n);
	buf_puts(out, "ms");
}

static void put_task(struct print *p, struct buf *out, task_id id)
{
	const struct task *t;

	if (!task_some(id)) {
		buf_puts(out, "nobody");
		return;
	}
	t = model_task(*p->m, id);
	fmt_safe(out, t->name, strlen(t->name), false);
	buf_printf(out, "/%u", t->tid);
}

static void put_cpu(struct buf *out, uint32_t cpu)
{
	if (cpu == CPU_NONE)
		buf_puts(out, " on no cpu");
	else
		buf_printf(out, " on cpu%u", cpu);
}

static struct buf *buf_at(void *bufs, size_t i)
{
	VEC(struct buf) *v = bufs;

	while (v->n <= i)
		*vec_push(v) = (struct buf){ 0 };
	return &v->v[i];
}

static void put_asleep(struct print *p, struct buf *out, const struct span *s)
{
	const char *name = s->syscall >= 0 ? syscall_name(model_arch(*p->m), s->syscall) : NULL;

	if (s->state < STATE_SLEEPING || s->syscall == EV_NO_SYSCALL)
		return;
	if (s->syscall == EV_SYSCALL_UNKNOWN)
		buf_puts(out, " in ?");
	else if (name)
		buf_printf(out, " in %s(0x%llx)", name, (unsigned long long)s->arg);
	else
		buf_printf(out, " in sys_%d(0x%llx)", s->syscall, (unsigned long long)s->arg);
}

static void put_waker(struct print *p, struct buf *out, const struct span *s)
{
	if (s->ctx == EV_CTX_UNKNOWN && !task_some(s->waker))
		return;
	buf_puts(out, " woken by ");
	put_task(p, out, s->waker);
	if (s->ctx != EV_CTX_TASK)
		buf_printf(out, " in %s", ctx_names[s->ctx]);
	put_cpu(out, s->waker_cpu);
}

static void on_span(void *ctx, const struct span *s)
{
	struct print *p = ctx;
	struct buf *out = buf_at(&p->tasks, s->task.i);

	buf_puts(out, "    ");
	put_time(p, out, s->from_ns);
	buf_puts(out, "..");
	put_time(p, out, s->to_ns);
	buf_printf(out, " %s", state_name(s->state));
	if (s->state == STATE_RUNNABLE)
		buf_printf(out, " (%s)", state_why_name(s->why));
	put_cpu(out, s->cpu);
	buf_puts(out, out_names[s->out]);
	put_asleep(p, out, s);
	put_waker(p, out, s);
	if (s->since_ns != s->from_ns) {
		buf_puts(out, " since ");
		put_time(p, out, s->since_ns);
	}
	buf_printf(out, "%s%s%s\n", s->then_ran ? " then ran" : "", s->cut_left ? " cut-left" : "",
		   s->cut_right ? " cut-right" : "");
}

static void on_cpu_span(void *ctx, const struct cpu_span *s)
{
	struct print *p = ctx;
	struct buf *out = buf_at(&p->cpus, s->cpu);

	buf_puts(out, "    ");
	put_time(p, out, s->from_ns);
	buf_puts(out, "..");
	put_time(p, out, s->to_ns);
	buf_printf(out, " %s", cpu_state_names[s->state]);
	if (task_some(s->task)) {
		buf_putc(out, ' ');
		put_task(p, out, s->task);
	}
	buf_putc(out, '\n');
}

static void on_wake(void *ctx, const struct wake *w)
{
	struct print *p = ctx;
	struct buf *out = &p->happened;

	buf_puts(out, "    ");
	put_time(p, out, w->ts_ns);
	buf_puts(out, " wake ");
	put_task(p, out, w->target);
	buf_puts(out, " by ");
	put_task(p, out, w->waker);
	put_cpu(out, w->waker_cpu);
	buf_printf(out, " in %s: %s\n", ctx_names[w->ctx], effect_names[w->effect]);
}

static void on_migration(void *ctx, const struct migration *mig)
{
	struct print *p = ctx;
	struct buf *out = &p->happened;

	buf_puts(out, "    ");
	put_time(p, out, mig->ts_ns);
	buf_puts(out, mig->placement ? " place " : " migrate ");
	put_task(p, out, mig->task);
	buf_printf(out, " cpu%u -> cpu%u\n", mig->from_cpu, mig->to_cpu);
}

/* Where it was allowed, if the recording speaks of that at all. */
static void put_allowed(struct print *p, struct buf *out, task_id id)
{
	const struct task *t = model_task(*p->m, id);
	uint64_t from_ns = t->born_ns, until_ns;
	bool known;

	if (!facts_get(model_facts(*p->m), "affinity"))
		return;
	do {
		const struct cpuset *set = model_allowed_set(*p->m, id, from_ns, &known, &until_ns);

		buf_puts(out, "    from ");
		put_time(p, out, from_ns);
		buf_puts(out, " allowed ");
		if (set)
			cpuset_format(set, out);
		else
			buf_puts(out, known ? "everywhere" : "not known");
		buf_puts(out, "\n");
		from_ns = until_ns;
	} while (until_ns < t->died_ns);
}

static void print_task(struct print *p, task_id id, unsigned depth)
{
	const struct task *t = model_task(*p->m, id);
	struct buf line = { 0 };

	buf_repeat(&line, "- ", depth);
	put_task(p, &line, id);
	buf_printf(&line, " of %u, ", t->tgid);
	put_time(p, &line, t->born_ns);
	buf_puts(&line, t->born_here ? " born .. " : " .. ");
	put_time(p, &line, t->died_ns);
	buf_puts(&line, t->died_here ? " died" : "");
	if (t->exit_known)
		buf_printf(&line, ", exit 0x%x", (unsigned)t->exit_code);
	buf_printf(&line, "%s%s%s%s\n", t->kthread ? ", kernel" : "", t->in_target ? ", target" : "",
		   t->outside ? ", outside" : "", model_is_recorder(*p->m, id) ? ", recorder" : "");
	fputs(buf_str(&line), stdout);
	fputs(buf_str(buf_at(&p->tasks, id.i)), stdout);
	buf_reset(&line);
	put_allowed(p, &line, id);
	fputs(buf_str(&line), stdout);
	buf_release(&line);
}

static void print_tasks(struct print *p)
{
	uint32_t n = model_nr_tasks(*p->m);
	task_id *order = xcalloc(n, sizeof(*order));
	uint8_t *depth = xcalloc(n, sizeof(*depth));

	model_tree_order(*p->m, order, depth);
	for (uint32_t i = 0; i < n; i++)
		print_task(p, order[i], depth[i]);
	free(order);
	free(depth);
}

static void put_jobs(struct print *p, struct buf *out)
{
	size_t n;
	const struct job *jobs = model_jobs(*p->m, &n);

	for (size_t i = 0; i < n; i++) {
		buf_printf(out, "%s %llu: submitted ", model_job_noun(*p->m), (unsigned long long)jobs[i].id);
		put_time(p, out, jobs[i].submitted_ns);
		buf_puts(out, " by ");
		put_task(p, out, jobs[i].submitter);
		buf_puts(out, ", started ");
		put_time(p, out, jobs[i].started_ns);
		buf_puts(out, ", finished ");
		put_time(p, out, jobs[i].finished_ns);
		buf_puts(out, " by ");
		put_task(p, out, jobs[i].worker);
		buf_printf(out, ", arg %llu\n", (unsigned long long)jobs[i].arg);
	}
}

static void print_model(struct print *p)
{
	struct buf rest = { 0 };

	print_tasks(p);
	for (size_t i = 0; i < p->cpus.n; i++)
		if (p->cpus.v[i].len)
			printf("cpu%zu\n%s", i, p->cpus.v[i].data);
	if (p->happened.len)
		printf("events\n%s", p->happened.data);
	put_jobs(p, &rest);
	health_report(model_health(*p->m), 1, &rest);
	fputs(buf_str(&rest), stdout);
	buf_release(&rest);
}

static void print_release(struct print *p)
{
	for (size_t i = 0; i < p->tasks.n; i++)
		buf_release(&p->tasks.v[i]);
	for (size_t i = 0; i < p->cpus.n; i++)
		buf_release(&p->cpus.v[i]);
	vec_release(&p->tasks);
	vec_release(&p->cpus);
	buf_release(&p->happened);
}

int main(int argc, char **argv)
{
	struct trace_reader *r = NULL;
	struct model *m = NULL;
	const struct model *seen = NULL;
	struct print p = { .m = &seen };
	struct check check = { 0 };
	struct model_sink sinks[] = {
		check_sink(&check),
		{ .ctx = &p, .span = on_span, .cpu_span = on_cpu_span, .wake = on_wake, .migration = on_migration },
	};
	struct err e = { 0 };
	const char *broken = NULL;

	if (argc != 2) {
		fprintf(stderr, "usage: model_print TRACE\n");
		return 2;
	}
	if (trace_reader_open(&r, argv[1], &e) < 0 || model_build(&m, r, NULL, 0, &e) < 0) {
		fprintf(stderr, "model_print: %s\n", e.text);
		trace_reader_close(r);
		return 1;
	}
	/* A second pass over the same file gives the same ids: names can be printed before they were learned. */
	seen = m;
	struct model *again = NULL;

	if (model_build(&again, r, sinks, 2, &e) < 0)
		abort();
	print_model(&p);
	broken = check_verdict(&check, again);
	if (broken)
		printf("BROKEN: %s\n", broken);
	print_release(&p);
	model_free(again);
	model_free(m);
	trace_reader_close(r);
	return broken ? 1 : 0;
}
