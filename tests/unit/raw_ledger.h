/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * raw_ledger.h - to which line of the ledger a CPU's instant belongs, asked anew for each, by the words of
 * analysis/ledger.h.
 */
#ifndef SCHEDVIZ_TESTS_RAW_LEDGER_H
#define SCHEDVIZ_TESTS_RAW_LEDGER_H

#include "unit/raw_waits.h"

struct book {
	const struct raw *r;
	const struct raw_waits *waits;
	const struct job *jobs;
	size_t nr_jobs;
	uint32_t workers;
};

static inline bool is_done(const struct book *b, const struct job *j)
{
	return target_has(&b->r->target, j->worker) && (j->started_ns != UINT64_MAX || j->finished_ns != UINT64_MAX);
}

static inline bool is_never_done(const struct book *b, const struct job *j)
{
	return !task_some(j->worker) && j->submitted_ns != UINT64_MAX &&
	       (!task_some(j->submitter) || target_has(&b->r->target, j->submitter));
}

static inline uint64_t began_ns(const struct book *b, const struct job *j)
{
	if (is_never_done(b, j))
		return UINT64_MAX;
	return j->started_ns != UINT64_MAX ? j->started_ns : model_task(b->r->m, j->worker)->born_ns;
}

static inline uint64_t ended_ns(const struct book *b, const struct job *j)
{
	uint64_t began = is_never_done(b, j) ? j->submitted_ns : began_ns(b, j), ended = 0;

	if (is_never_done(b, j)) {
		for (size_t i = 0; i < b->nr_jobs; i++)
			if (is_done(b, &b->jobs[i]) && model_task(b->r->m, b->jobs[i].worker)->died_ns > ended)
				ended = model_task(b->r->m, b->jobs[i].worker)->died_ns;
	} else {
		ended = j->finished_ns != UINT64_MAX ? j->finished_ns : model_task(b->r->m, j->worker)->died_ns;
	}
	return ended > began ? ended : began;
}

/* How many tasks are between their first job's begin and their last one's end. */
static inline uint32_t at_work(const struct book *b, uint64_t ts_ns)
{
	uint32_t n = 0;

	for (uint32_t t = 0; t < b->r->nr_tasks; t++) {
		uint64_t first = UINT64_MAX, last = 0;

		for (size_t i = 0; i < b->nr_jobs; i++)
			if (is_done(b, &b->jobs[i]) && b->jobs[i].worker.i == t) {
				uint64_t began = began_ns(b, &b->jobs[i]), ended = ended_ns(b, &b->jobs[i]);

				first = began < first ? began : first;
				last = ended > last ? ended : last;
			}
		n += first <= ts_ns && (ts_ns < last || (first == last && ts_ns == first));
	}
	return n;
}

static inline bool is_free(const struct book *b, task_id worker, uint64_t ts_ns)
{
	const struct task *t = model_task(b->r->m, worker);

	for (size_t i = 0; i < b->nr_jobs; i++)
		if (is_done(b, &b->jobs[i]) && task_is(b->jobs[i].worker, worker) &&
		    began_ns(b, &b->jobs[i]) <= ts_ns && ts_ns < ended_ns(b, &b->jobs[i]))
			return false;
	return t->born_ns <= ts_ns && ts_ns < t->died_ns;
}

static inline bool is_dispatch(const struct book *b, uint64_t ts_ns)
{
	bool queued = false, free = false;

	for (size_t i = 0; i < b->nr_jobs; i++) {
		const struct job *j = &b->jobs[i];
		uint64_t until = is_never_done(b, j) ? ended_ns(b, j) : is_done(b, j) ? began_ns(b, j) : 0;

		queued |= j->submitted_ns <= ts_ns && ts_ns < until &&
			  (is_never_done(b, j) || !task_is(j->submitter, j->worker));
		free |= is_done(b, j) && is_free(b, j->worker, ts_ns);
	}
	return queued && free;
}

static inline enum ledger_line phase_at(const struct book *b, uint64_t ts_ns)
{
	uint32_t begun = 0, left = 0;

	for (size_t i = 0; i < b->nr_jobs; i++) {
		const struct job *j = &b->jobs[i];

		begun += is_done(b, j) && began_ns(b, j) <= ts_ns;
		left += (is_done(b, j) || is_never_done(b, j)) && ended_ns(b, j) > ts_ns;
	}
	if (!b->workers)
		return NR_LEDGER_LINES;
	if (!begun)
		return LEDGER_STARTUP;
	if (!left)
		return LEDGER_JOIN;
	if (is_dispatch(b, ts_ns))
		return LEDGER_DISPATCH;
	return left < b->workers ? LEDGER_TAIL : NR_LEDGER_LINES;
}

static inline bool is_held(const struct book *b, uint32_t task, uint64_t ts_ns)
{
	for (size_t i = 0; i < b->waits->v.n; i++) {
		const struct wait *w = &b->waits->v.v[i];

		if (w->victim.i == task && w->from_ns <= ts_ns && ts_ns < w->to_ns)
			return w->held != HELD_NOT;
	}
	return false;
}

static inline enum ledger_line idle_line(const struct book *b, size_t cut, uint32_t cpu)
{
	const struct raw *r = b->r;
	bool beside = false, maybe = false, pinned = false, held = false, ran = false, timed = false, asleep = false;
	enum ledger_line phase = phase_at(b, r->cut[cut]);

	for (uint32_t t = 0; t < r->nr_tasks; t++) {
		const struct span *s = r->target.has[t] ? raw_did(r, cut, t) : NULL;
		const struct cpuset *set;
		uint64_t until_ns;
		bool known;

		if (!s)
			continue;
		ran |= s->state == STATE_RUNNING;
		timed |= raw_is_timed(r, s);
		asleep |= s->state >= STATE_SLEEPING;
		if (s->state != STATE_RUNNABLE)
			continue;
		if (is_held(b, t, r->cut[cut])) {
			held = true;
			continue;
		}
		set = model_allowed_set(r->m, (task_id){ t }, r->cut[cut], &known, &until_ns);
		maybe |= !known;
		beside |= known && (!set || cpuset_has(set, cpu));
		pinned |= known && set && !cpuset_has(set, cpu);
	}
	return beside			  ? LEDGER_BESIDE
	       : maybe			  ? LEDGER_BESIDE_MAYBE
	       : pinned			  ? LEDGER_PINNED
	       : held			  ? LEDGER_HELD
	       : phase != NR_LEDGER_LINES ? phase
	       : ran			  ? LEDGER_PARTLY
	       : timed			  ? LEDGER_PLANNED
	       : asleep			  ? LEDGER_ASLEEP
					  : LEDGER_NOBODY;
}

static inline enum ledger_line line_at(const struct book *b, size_t cut, uint32_t cpu)
{
	const struct cpu_span *s = raw_had(b->r, cut, cpu);

	switch (s ? s->state : CPU_UNKNOWN) {
	case CPU_TASK:
		return b->r->target.has[s->task.i]	     ? LEDGER_OURS
		       : model_is_recorder(b->r->m, s->task) ? LEDGER_RECORDER
							     : LEDGER_OTHERS;
	case CPU_IDLE:
		return idle_line(b, cut, cpu);
	case CPU_OFFLINE:
		return LEDGER_OFFLINE;
	case CPU_UNRECORDED:
		return LEDGER_UNRECORDED;
	default:
		return LEDGER_UNKNOWN;
	}
}

#endif
