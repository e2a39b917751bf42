/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * perfetto.c - a recording for Perfetto: the pass over it, and what tasks do in it.
 */
#include "export/formats.h"

#include <errno.h>
#include <stdlib.h>
#include "base/alloc.h"
#include "export/perfetto.h"

/* ---- tasks and names ---- */

struct pf_task *pf_task_new(struct pf *p, task_id id)
{
	while (id.i >= p->tasks.n)
		*vec_push(&p->tasks) = (struct pf_task){
			.known_ns = UINT64_MAX,
			.waits = PF_NONE,
			.last_cpu = CPU_NONE,
		};
	return &p->tasks.v[id.i];
}

/* An exec by a thread gives it its leader's tid. It keeps the one it had at first, or there would be two of that. */
static void on_born(void *ctx, task_id id)
{
	struct pf *p = ctx;

	pf_task(p, id)->tid = model_task(p->m, id)->tid;
	pf_task(p, id)->name = PF_NONE;
}

static uint32_t hash_of(const char *raw)
{
	uint64_t x = (uint64_t)(uintptr_t)raw * UINT64_C(0x9e3779b97f4a7c15);

	return (uint32_t)(x >> 44); /* small: kept in pages */
}

uint32_t pf_name(struct pf *p, const char *raw)
{
	uint32_t hash = hash_of(raw), at = idmap_get(&p->name_of, hash);
	struct buf safe = { 0 };

	for (uint32_t i = at; i < p->names.n; i = p->names.v[i].same_hash)
		if (p->names.v[i].raw == raw)
			return i;
	fmt_safe(&safe, raw, strlen(raw), true);
	*vec_push(&p->names) = (struct pf_name){
		.raw = raw,
		.safe = safe.data ? safe.data : xcalloc(1, 1),
		.length = safe.len,
		.same_hash = at,
	};
	idmap_set(&p->name_of, hash, (uint32_t)(p->names.n - 1));
	return (uint32_t)(p->names.n - 1);
}

const char *pf_called(struct pf *p, task_id id)
{
	uint32_t name = pf_who(p, id, 0).name;

	return p->names.v[name].safe;
}

/* ---- spans of tasks ---- */

static bool is_asleep(unsigned state)
{
	return state == STATE_SLEEPING || state == STATE_BLOCKED || state == STATE_STOPPED;
}

/* How the switch before this span says that it began. */
static unsigned code_of(const struct span *s)
{
	static const uint16_t codes[NR_STATES] = {
		[STATE_UNKNOWN] = LEFT_UNKNOWN, [STATE_RUNNING] = LEFT_R, [STATE_RUNNABLE] = LEFT_R,
		[STATE_SLEEPING] = LEFT_S,	[STATE_BLOCKED] = LEFT_D, [STATE_STOPPED] = LEFT_T,
	};

	return s->state == STATE_RUNNABLE && s->why == WHY_PREEMPTED ? LEFT_PREEMPTED : codes[s->state];
}

/* Does the importer know already that it began, by a switch, a waking or a birth, or because nothing changed? */
static bool is_told(const struct pf_task *t, const struct span *s)
{
	return s->state == STATE_RUNNING || (t->has_row && (t->row == STATE_RUNNING || t->row == s->state));
}

/* A state that nothing announces, as at the opening: the importer has an event for it that needs no CPU. */
static void put_state(struct pf *p, const struct span *s, uint64_t ns)
{
	static const uint8_t states[NR_STATES] = {
		[STATE_RUNNABLE] = 2,
		[STATE_SLEEPING] = 4,
		[STATE_BLOCKED] = 5,
		[STATE_STOPPED] = 6,
	};
	enum { STATE_CPU = 1, STATE_COMM, STATE_TID, STATE_STATE, STATE_PRIO };
	size_t packet = pf_packet(p, ns, 0), inner = pb_open(&p->packets, PACKET_TASK_STATE);
	struct pf_who who = pf_who(p, s->task, s->prio);

	pb_uint(&p->packets, STATE_CPU, s->cpu == CPU_NONE ? 0 : s->cpu);
	pb_str(&p->packets, STATE_COMM, p->names.v[who.name].safe);
	pb_uint(&p->packets, STATE_TID, who.tid);
	pb_uint(&p->packets, STATE_STATE, states[s->state]);
	pb_int(&p->packets, STATE_PRIO, who.prio);
	pb_close(&p->packets, inner);
	pf_packet_end(p, packet);
}

/* A gap that no switch begins: the importer goes on with the state before it, so it is marked beside it. */
static void put_gap(struct pf *p, const struct span *s, struct window cut)
{
	static const unsigned types[2] = { EVENT_SLICE_BEGIN, EVENT_SLICE_END };
	/* at its birth the thread is not there yet, as far as other sequences know */
	bool new_born = cut.from_ns == model_task(p->m, s->task)->born_ns;
	const uint64_t times[2] = { cut.from_ns + new_born, cut.to_ns };

	for (int i = 0; i < 2; i++) {
		size_t packet, inner;

		inner = pf_track_event(p, times[i], types[i], pf_uuid(TRACK_OF_GAPS, s->task.i), &packet);
		if (i == 0)
			pb_str(&p->packets, EVENT_NAME, "not known");
		pf_track_event_end(p, packet, inner);
	}
	pf_task(p, s->task)->has_gaps = true;
}

static void on_span(void *ctx, const struct span *s)
{
	struct pf *p = ctx;
	struct pf_task *t;
	struct window cut;

	if (!pf_wants(p, s->task) || !pf_cut(p, s->from_ns, s->to_ns, &cut))
		return;
	t = pf_task(p, s->task);
	if (t->waits != PF_NONE && s->from_ns >= t->left_ns)
		pf_left(p, t, code_of(s));
	if (s->state == STATE_UNKNOWN) {
		if (t->has_row)
			put_gap(p, s, cut);
	} else if (!is_told(t, s)) {
		put_state(p, s, cut.from_ns);
	}
	if (is_asleep(s->state))
		pf_slept(p, s, cut);
	if (t->known_ns == UINT64_MAX)
		t->known_ns = s->from_ns <= p->job->window.from_ns ? cut.from_ns : cut.to_ns;
	if (s->cpu != CPU_NONE)
		t->last_cpu = s->cpu;
	t->has_prio = s->then_ran;
	t->prio = s->prio;
	t->dead = s->out == OUT_DEAD;
	if (s->state != STATE_UNKNOWN || t->row == STATE_RUNNING)
		t->row = s->state;
	t->has_row |= s->state != STATE_UNKNOWN;
}

static void on_cpu_span(void *ctx, const struct cpu_span *s)
{
	struct pf *p = ctx;
	struct window cut;

	if (s->cpu > p->last_cpu)
		p->last_cpu = s->cpu;
	if (pf_cut(p, s->from_ns, s->to_ns, &cut))
		pf_cpu_span(p, s);
}

/* ---- events of tasks ---- */

enum { FTRACE_NEWTASK = 235, FTRACE_RENAME = 236, FTRACE_MIGRATE = 491 };
#define CLONE_THREAD 0x10000

/* Who is not followed has no spans, but it is named where it makes somebody. */
static void pf_meet(struct pf *p, task_id id)
{
	uint64_t born_ns = model_task(p->m, id)->born_ns, from_ns = p->job->window.from_ns;

	if (pf_task(p, id)->known_ns == UINT64_MAX)
		pf_task(p, id)->known_ns = born_ns > from_ns ? born_ns : from_ns;
}

static void on_birth(struct pf *p, const struct wake *w)
{
	enum { NEWTASK_PID = 1, NEWTASK_COMM, NEWTASK_FLAGS };
	const struct task *k = model_task(p->m, w->target);
	uint32_t tid = pf_tid(p, w->target);
	size_t opened, inner;
	struct buf *out;

	if (!k->born_here || !task_some(w->waker) || k->born_ns <= p->job->window.from_ns)
		return;
	pf_meet(p, w->waker);
	out = pf_event(p, w->waker_cpu, k->born_ns, pf_tid(p, w->waker), &opened);
	inner = pb_open(out, FTRACE_NEWTASK);
	pb_uint(out, NEWTASK_PID, tid);
	pb_str(out, NEWTASK_COMM, pf_called(p, w->target));
	pb_uint(out, NEWTASK_FLAGS, tid == k->tgid ? 0 : CLONE_THREAD);
	pb_close(out, inner);
	pf_event_end(out, opened);
	pf_task(p, w->target)->has_row = true;
	pf_task(p, w->target)->row = STATE_RUNNABLE;
}

/*
 * Not told are the wakings of which the importer would make rows that were not there: of a task of which nothing was
 * known or that was preempted, for it takes these for asleep; and one that the clocks put after the switch it caused,
 * which would be a wait of no length. (Of who runs now, the last row told is that of its wait. After a gap that is the
 * gap, and that it was over may turn out to be wrong: where the kernel hides switches, a later one tells.)
 */
static bool is_waking(const struct pf_task *t, const struct wake *w)
{
	switch (w->effect) {
	case WAKE_REAL:
		return !w->late;
	case WAKE_EARLY:
		return !t->has_row || t->row == STATE_RUNNABLE || is_asleep(t->row);
	case WAKE_AGAIN:
		return t->row == STATE_RUNNABLE;
	default:
		return false;
	}
}

static void on_wake(void *ctx, const struct wake *w)
{
	struct pf *p = ctx;

	if (!pf_wants(p, w->target) || w->ts_ns <= p->job->window.from_ns || w->ts_ns >= p->job->window.to_ns)
		return;
	if (w->effect == WAKE_NEW)
		on_birth(p, w);
	else if (is_waking(pf_task(p, w->target), w))
		pf_waking(p, w);
	if (w->effect == WAKE_REAL && !w->late)
		pf_task(p, w->target)->row = STATE_RUNNABLE;
}

static void on_migration(void *ctx, const struct migration *mg)
{
	enum { MIGRATE_PID = 2, MIGRATE_FROM = 4, MIGRATE_TO = 5 };
	struct pf *p = ctx;
	size_t opened, inner;
	struct buf *out;

	if (mg->placement || !window_contains(p->job->window, mg->ts_ns) || !pf_wants(p, mg->task))
		return;
	out = pf_event(p, mg->from_cpu, mg->ts_ns, 0, &opened);
	inner = pb_open(out, FTRACE_MIGRATE);
	pb_uint(out, MIGRATE_PID, pf_tid(p, mg->task));
	pb_uint(out, MIGRATE_FROM, mg->from_cpu);
	pb_uint(out, MIGRATE_TO, mg->to_cpu);
	pb_close(out, inner);
	pf_event_end(out, opened);
}

static void on_rename(void *ctx, task_id id, uint64_t ns)
{
	enum { RENAME_PID = 1, RENAME_NEW = 3 };
	struct pf *p = ctx;
	uint32_t cpu, tid;
	size_t opened, inner;
	struct buf *out;

	pf_task(p, id)->name = PF_NONE;
	if (ns <= p->job->window.from_ns || ns >= p->job->window.to_ns || !pf_wants(p, id))
		return;
	cpu = pf_task(p, id)->last_cpu;
	tid = pf_tid(p, id);
	out = pf_event(p, cpu == CPU_NONE ? 0 : cpu, ns, tid, &opened);
	inner = pb_open(out, FTRACE_RENAME);
	pb_uint(out, RENAME_PID, tid);
	pb_str(out, RENAME_NEW, pf_called(p, id));
	pb_close(out, inner);
	pf_event_end(out, opened);
}

static void on_depth(void *ctx, uint32_t cpu, uint64_t ns, uint32_t depth)
{
	pf_depth(ctx, cpu, ns, depth);
}

/* ---- all of it ---- */

static void open_pass(struct pf *p, const struct export_job *job, struct export_out *out)
{
	uint32_t nr = trace_reader_nr_cpus(job->reader);
	const struct facts *facts = trace_reader_facts(job->reader);
	struct window whole = trace_reader_window(job->reader);

	*p = (struct pf){ .job = job, .out = out };
	/* Whoever compresses the file does that better without this. */
	if (!out->gzip)
		p->squeeze = squeeze_new();
	p->to_boot_ns = (int64_t)(facts_u64(facts, "clock.boottime_ns", whole.from_ns) - whole.from_ns);
	p->cpus = xcalloc(nr, sizeof(*p->cpus));
	for (uint32_t cpu = 0; cpu < nr; cpu++)
		p->cpus[cpu].start_ns = UINT64_MAX;
	p->nr_cpus = nr;
	p->swapper = pf_name(p, "swapper");
	pf_count_open(p);
}

static void close_pass(struct pf *p)
{
	for (uint32_t cpu = 0; cpu < p->nr_cpus && p->cpus; cpu++) {
		vec_release(&p->cpus[cpu].switches);
		vec_release(&p->cpus[cpu].states);
		vec_release(&p->cpus[cpu].wakings);
		buf_release(&p->cpus[cpu].events);
	}
	for (size_t i = 0; i < p->names.n; i++)
		free(p->names.v[i].safe);
	squeeze_free(p->squeeze);
	free(p->cpus);
	vec_release(&p->tasks);
	vec_release(&p->names);
	vec_release(&p->ready);
	vec_release(&p->ready_states);
	vec_release(&p->parts);
	idmap_release(&p->name_of);
	buf_release(&p->packets);
	buf_release(&p->columns);
	pf_symbols_free(p->symbols);
	pf_count_close(p);
	model_free(p->m);
}

static int perfetto_write(const struct export_job *job, struct export_out *out, struct err *e)
{
	struct pf p;
	struct model_sink sink = {
		.ctx = &p,
		.task_born = on_born,
		.span = on_span,
		.cpu_span = on_cpu_span,
		.wake = on_wake,
		.migration = on_migration,
		.renamed = on_rename,
		.depth = on_depth,
	};
	int ret;

	open_pass(&p, job, out);
	pf_head(&p);
	ret = model_build(&p.m, job->reader, &sink, 1, e);
	if (ret == 0 && p.last_cpu >= PF_MAX_CPUS)
		ret = err_set(e, -ERANGE, "Perfetto knows CPUs 0 to %u only, and there is a CPU %u", PF_MAX_CPUS - 1,
			      p.last_cpu);
	if (ret == 0) {
		pf_bundles_end(&p);
		pf_counts_end(&p);
		pf_jobs(&p);
		ret = pf_path(&p, e);
	}
	if (ret == 0) {
		pf_tasks(&p);
		pf_packets_put(&p);
	}
	if (job->made) {
		*job->made = p.m;
		p.m = NULL;
	}
	close_pass(&p);
	return ret;
}

const struct exporter exporter_perfetto = {
	.name = "perfetto",
	.summary = "for ui.perfetto.dev and trace_processor",
	.suffix = "pftrace",
	.one_pass = true,
	.write = perfetto_write,
};
