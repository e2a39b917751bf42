/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * job.c - jobs, put together from the marks of the programs that do them.
 */
#include "model/machine.h"

#define NEVER UINT64_MAX

static uint32_t job_hash(uint64_t id)
{
	/* Fibonacci hashing (2^64 / golden ratio); 20 bits stay in the direct part of an idmap */
	return (uint32_t)((id * 0x9e3779b97f4a7c15ull) >> 44);
}

static struct job *job_of(struct job_book *b, uint64_t id)
{
	uint32_t hash = job_hash(id), first = idmap_get(&b->by_hash, hash);

	for (uint32_t i = first; i != IDMAP_NONE; i = b->next.v[i])
		if (b->jobs.v[i].id == id)
			return &b->jobs.v[i];
	idmap_set(&b->by_hash, hash, (uint32_t)b->jobs.n);
	*vec_push(&b->next) = first;
	*vec_push(&b->jobs) = (struct job){
		.id = id,
		.submitted_ns = NEVER,
		.started_ns = NEVER,
		.finished_ns = NEVER,
		.submitter = TASK_NONE,
		.worker = TASK_NONE,
	};
	return &b->jobs.v[b->jobs.n - 1];
}

/* Each mark comes once per job, and none after it has finished. */
static bool job_take(struct job *j, enum mark_kind what, task_id who, uint64_t ts_ns)
{
	if (j->finished_ns != NEVER)
		return false;
	switch (what) {
	case MARK_SUBMIT:
		if (j->submitted_ns != NEVER || j->started_ns != NEVER)
			return false;
		j->submitted_ns = ts_ns;
		j->submitter = who;
		return true;
	case MARK_START:
		if (j->started_ns != NEVER)
			return false;
		j->started_ns = ts_ns;
		j->worker = who;
		return true;
	default:
		j->finished_ns = ts_ns;
		if (!task_some(j->worker))
			j->worker = who;
		return true;
	}
}

void job_mark(struct model *m, const struct event *ev)
{
	uint32_t id = roster_find(m, ev->mark.tid);
	struct job *j;

	if (id == NOBODY || !window_contains(m->window, ev->ts_ns) || ev->mark.what >= MARK_KINDS) {
		m->health.odd_marks++;
		return;
	}
	if (ev->mark.what == MARK_INSTANT) {
		TELL(m, instant, (task_id){ id }, ev->ts_ns, ev->mark.job, ev->mark.arg);
		return;
	}
	j = job_of(&m->book, ev->mark.job);
	if (!job_take(j, ev->mark.what, (task_id){ id }, ev->ts_ns))
		m->health.odd_marks++;
	else
		j->arg = ev->mark.arg;
}

void job_release(struct job_book *b)
{
	vec_release(&b->jobs);
	vec_release(&b->next);
	idmap_release(&b->by_hash);
}
