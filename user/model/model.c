/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * model.c - the pass over a recording, and what can be asked about it afterwards.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "model/machine.h"

static void open_cpus(struct model *m)
{
	const char *list = facts_get(m->facts, "cpu.online");
	struct cpuset online = { 0 };
	bool known = list && cpuset_parse(&online, list, NULL) == 0;

	for (uint32_t i = 0; i < m->nr_cpus; i++) {
		cpu_open(m, i, !known || cpuset_has(&online, i));
		m->cpus[i].seen = known && cpuset_has(&online, i);
	}
	cpuset_release(&online);
}

static bool fact_is(const struct facts *f, const char *key, const char *value)
{
	const char *got = facts_get(f, key);

	return got && !strcmp(got, value);
}

static const char *fact_or(const struct facts *f, const char *key, const char *absent)
{
	const char *got = facts_get(f, key);

	return got && *got ? got : absent;
}

struct model *model_begin(const struct facts *facts, struct window window, uint32_t nr_cpus,
			  const struct model_sink *sinks, size_t nr)
{
	struct model *m = xcalloc(1, sizeof(*m));

	m->facts = facts;
	m->window = window;
	m->now_ns = window.from_ns;
	m->sinks = sinks;
	m->sinks_end = sinks + nr;
	m->nr_cpus = nr_cpus;
	m->cpus = xcalloc(nr_cpus ? nr_cpus : 1, sizeof(*m->cpus));
	m->placing = m->target = NOBODY;
	m->only_target = fact_is(facts, "mode", "target");
	m->late_state = fact_is(facts, "prev_state", "task");
	m->target_tid = (uint32_t)facts_u64(facts, "target.tid", 0);
	m->recorder_tgid = (uint32_t)facts_u64(facts, "recorder.tgid", 0);
	m->arch = fact_or(facts, "arch", "x86_64");
	m->job_noun = fact_or(facts, "job.noun", "job");
	open_cpus(m);
	allowed_open(m);
	return m;
}

/* Events of a CPU that no fact names; only a damaged file has them. */
static bool grow_cpus(struct model *m, uint32_t cpu)
{
	if (cpu > CPUSET_MAX_CPU)
		return false;
	m->cpus = xrealloc(m->cpus, cpu + 1, sizeof(*m->cpus));
	while (m->nr_cpus <= cpu)
		cpu_open(m, m->nr_cpus++, true);
	return true;
}

uint32_t model_cpu_number(const struct model *m, uint32_t cpu)
{
	return cpu < m->nr_cpus ? cpu : CPU_NONE;
}

/* `late`: also says something when it comes after the window's end, as the last marks and names do. */
static const struct {
	void (*rare)(struct model *m, const struct event *ev);
	void (*hot)(struct model *m, struct cpu *c, const struct event *ev);
	bool late;
} steps[EV_KINDS] = {
	[EV_TASK] = { .rare = roster_task, .late = true },
	[EV_FORK] = { .rare = roster_fork },
	[EV_EXEC] = { .rare = roster_exec, .late = true },
	[EV_RENAME] = { .rare = roster_rename, .late = true },
	[EV_MARK] = { .rare = job_mark, .late = true },
	[EV_CPU] = { .rare = cpu_hotplug },
	[EV_ALLOWED] = { .rare = allowed_event },
	[EV_LOST] = { .hot = cpu_lost, .late = true },
	[EV_CURRENT] = { .hot = cpu_current },
	[EV_WAKING] = { .hot = step_waking },
	[EV_WAKEUP_NEW] = { .hot = step_wakeup_new },
	[EV_MIGRATE] = { .hot = step_migrate },
	[EV_SWITCH] = { .hot = step_switch },
	[EV_EXIT] = { .rare = roster_exit, .late = true },
};

/* Before the clock or after the window: takes its nearer end. False: after it, and of no interest. */
static bool keep_odd_time(struct model *m, const struct event *ev)
{
	if (ev->ts_ns >= m->window.to_ns) {
		m->now_ns = m->window.to_ns;
		return steps[ev->kind].late;
	}
	m->cut_now = ev->ts_ns < m->window.from_ns;
	m->health.clock_backwards += !m->cut_now;
	return true;
}

static inline bool keep_time(struct model *m, const struct event *ev)
{
	m->cut_now = false;
	if (__builtin_expect(ev->ts_ns < m->now_ns || ev->ts_ns >= m->window.to_ns, 0))
		return keep_odd_time(m, ev);
	m->now_ns = ev->ts_ns;
	return true;
}

static bool places(const struct model *m, const struct event *ev)
{
	const struct stay *s = &m->stays.v[m->placing];

	return ev->kind == EV_MIGRATE && s->tid == ev->migrate.tid && s->span.waker_cpu == ev->cpu &&
	       m->now_ns - s->span.from_ns < PLACEMENT_NS;
}

static void hot_event(struct model *m, const struct event *ev)
{
	struct cpu *c;

	if (__builtin_expect(ev->cpu >= m->nr_cpus, 0) && !grow_cpus(m, ev->cpu)) {
		if (ev->kind == EV_LOST) /* of the stream of rare events */
			m->health.lost_rare += ev->lost.count ? ev->lost.count : 1;
		return;
	}
	c = &m->cpus[ev->cpu];
	c->seen = true;
	steps[ev->kind].hot(m, c, ev);
}

void model_event(struct model *m, const struct event *ev)
{
	if (ev->kind == EV_NONE || ev->kind >= EV_KINDS)
		return;
	m->events[ev->kind]++;
	if (!keep_time(m, ev))
		return;
	if (m->placing != NOBODY && !places(m, ev))
		step_placed(m);
	if (steps[ev->kind].hot)
		hot_event(m, ev);
	else if (steps[ev->kind].rare)
		steps[ev->kind].rare(m, ev);
}

void model_end(struct model *m)
{
	m->now_ns = m->window.to_ns;
	m->cut_now = false;
	if (m->placing != NOBODY)
		step_placed(m);
	stay_finish(m);
	cpu_finish(m);
	roster_finish(m);
	m->health.lost_rare += facts_u64(m->facts, "receipt.lost_rare", 0);
	m->health.lost_marks += facts_u64(m->facts, "receipt.lost_marks", 0);
	m->sinks = m->sinks_end = NULL;
}

int model_build(struct model **out, struct trace_reader *r, const struct model_sink *sinks, size_t nr, struct err *e)
{
	struct window window = trace_reader_window(r);
	const struct event *ev;
	struct model *m;

	if (window.from_ns >= window.to_ns)
		return err_set(e, -EINVAL, "the recording spans no time - it was cut before its first event");
	*out = m = model_begin(trace_reader_facts(r), window, trace_reader_nr_cpus(r), sinks, nr);
	trace_reader_rewind(r);
	while ((ev = trace_reader_next(r)))
		model_event(m, ev);
	m->health.lost_rare += trace_reader_damage(r)->lost_rare;
	if (trace_reader_damage(r)->lost_more || trace_reader_damage(r)->maybe_more)
		m->allowed.known = false;
	model_end(m);
	return 0;
}

void model_free(struct model *m)
{
	if (!m)
		return;
	vec_release(&m->stays);
	vec_release(&m->tasks);
	vec_release(&m->next_named);
	vec_release(&m->settled);
	idmap_release(&m->by_tid);
	idmap_release(&m->named);
	intern_free(m->names);
	job_release(&m->book);
	allowed_release(&m->allowed);
	free(m->cpus);
	free(m);
}

struct window model_window(const struct model *m)
{
	return m->window;
}

uint32_t model_nr_tasks(const struct model *m)
{
	return (uint32_t)m->tasks.n;
}

const struct task *model_task(const struct model *m, task_id id)
{
	return &m->tasks.v[id.i];
}

uint32_t model_nr_cpus(const struct model *m)
{
	return m->nr_cpus;
}

bool model_cpu_seen(const struct model *m, uint32_t cpu)
{
	return cpu < m->nr_cpus && m->cpus[cpu].seen;
}

const struct facts *model_facts(const struct model *m)
{
	return m->facts;
}

const char *model_arch(const struct model *m)
{
	return m->arch;
}

const struct job *model_jobs(const struct model *m, size_t *nr)
{
	*nr = m->book.jobs.n;
	return m->book.jobs.v;
}

const char *model_job_noun(const struct model *m)
{
	return m->job_noun;
}

const struct health *model_health(const struct model *m)
{
	return &m->health;
}

uint64_t model_events(const struct model *m, enum event_kind kind)
{
	return m->events[kind];
}

task_id model_target(const struct model *m)
{
	return (task_id){ m->target };
}

bool model_is_recorder(const struct model *m, task_id id)
{
	return m->recorder_tgid && m->tasks.v[id.i].tgid == m->recorder_tgid;
}
