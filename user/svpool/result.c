/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * result.c - tasks are submitted, waited for, and their results kept and forgotten.
 *
 * One block of shared memory holds a submission: struct svp_batch, its tasks, its arguments, its results.
 */
#include "svpool/inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/schedviz_mark.h"

#define ALIGNMENT 64
#define RESULT_DEFAULT 64

struct submission {
	svp_fn fn;
	const void *args;
	size_t n, size, out_size, chunk;
	bool single;
};

/* ---- the block ---- */

/* *at becomes where `n` pieces of `size` bytes begin, *total grows by them; false: it overflows. */
static bool place(size_t *total, size_t *at, size_t n, size_t size)
{
	size_t bytes;

	*at = *total;
	return !__builtin_mul_overflow(n, size, &bytes) && !__builtin_add_overflow(bytes, ALIGNMENT - 1, &bytes) &&
	       !__builtin_add_overflow(*total, bytes & ~(size_t)(ALIGNMENT - 1), total);
}

static void tasks_fill(svp_res *r, const struct submission *s, const char *args, uint64_t job)
{
	for (size_t i = 0; i < r->nr_tasks; i++) {
		size_t from = i * s->chunk;

		r->tasks[i] = (struct svp_task){
			.batch = r->batch,
			.fn = s->fn,
			.args = args + from * s->size,
			.outs = r->outs + from * s->out_size,
			.n = s->n - from < s->chunk ? s->n - from : s->chunk,
			.size = s->size,
			.out_size = s->out_size,
			.job = job + from,
		};
	}
}

static int block_make(svp_res *r, const struct submission *s)
{
	svp *p = r->pool;
	size_t total = 0, at_batch, at_tasks, at_args, at_outs;
	char *block;

	if (!place(&total, &at_batch, 1, sizeof(*r->batch)) ||
	    !place(&total, &at_tasks, r->nr_tasks, sizeof(*r->tasks)) || !place(&total, &at_args, s->n, s->size) ||
	    !place(&total, &at_outs, s->n, s->out_size))
		return -ENOMEM;
	block = svp_arena_take(&p->arena, total, &r->class);
	if (!block)
		return -ENOMEM;
	r->batch = (struct svp_batch *)block;
	*r->batch = (struct svp_batch){ .id = ++p->nr_batches, .left = r->nr_tasks };
	r->tasks = (struct svp_task *)(block + at_tasks);
	r->outs = block + at_outs;
	if (s->n && s->size)
		memcpy(block + at_args, s->args, s->n * s->size);
	tasks_fill(r, s, block + at_args, p->next_job);
	return 0;
}

/* ---- submitting ---- */

static void list_add(svp *p, svp_res *r)
{
	r->next = p->results;
	if (r->next)
		r->next->prev = r;
	p->results = r;
	if (!r->nr_tasks)
		return;
	*p->backlog_end = r;
	p->backlog_end = &r->later;
}

static void list_remove(svp_res *r)
{
	if (r->next)
		r->next->prev = r->prev;
	if (r->prev)
		r->prev->next = r->next;
	else
		r->pool->results = r->next;
}

void svp_res_release(svp_res *r)
{
	svp_arena_give(&r->pool->arena, r->batch, r->class);
	free(r);
}

/* Forgotten ones that are done by now, in the order in which they were forgotten. */
static void forgotten_sweep(svp *p)
{
	svp_res *r;

	while ((r = p->forgotten) && svp_res_done(r)) {
		p->forgotten = r->next;
		if (!p->forgotten)
			p->forgotten_end = &p->forgotten;
		svp_res_release(r);
	}
}

static int may_submit(const svp *p, const struct submission *s)
{
	if (p->closed || !s->fn || (!s->args && s->n && s->size))
		return -EINVAL;
	return p->broken;
}

static void marks_submit(svp *p, size_t n)
{
	for (size_t i = 0; p->opts.marks && i < n; i++)
		schedviz_mark_submit(p->next_job + i);
	p->next_job += n;
}

/* Tokens go to those that idle before others are made. */
static int hand_out(svp *p)
{
	int ret;

	svp_push(p);
	ret = svp_staff(p);
	svp_push(p);
	if (ret == 0 || svp_any_alive(p))
		return 0;
	svp_give_up(p, ret);
	return ret;
}

static int submit(svp *p, const struct submission *s, svp_res **out)
{
	svp_res *r;
	int ret = may_submit(p, s);

	if (ret < 0)
		return ret;
	forgotten_sweep(p);
	r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->pool = p;
	r->nr_tasks = s->n / s->chunk + (s->n % s->chunk != 0);
	r->nr_items = s->n;
	r->chunk = s->chunk;
	r->out_size = s->out_size;
	r->single = s->single;
	ret = block_make(r, s);
	if (ret < 0) {
		free(r);
		return ret;
	}
	list_add(p, r);
	marks_submit(p, s->n);
	ret = hand_out(p);
	if (ret < 0)
		svp_res_free(r);
	*out = r;
	return ret;
}

static svp_res *submit_or_errno(svp *p, const struct submission *s)
{
	svp_res *r = NULL;
	int ret = submit(p, s, &r);

	if (ret == 0)
		return r;
	errno = -ret;
	return NULL;
}

size_t svp_chunk(size_t n, unsigned workers)
{
	size_t share = 4 * (size_t)(workers ? workers : 1);

	return n ? (n - 1) / share + 1 : 1;
}

static struct submission of_apply(const svp *p, svp_fn fn, const void *arg, size_t len)
{
	return (struct submission){
		.fn = fn,
		.args = arg,
		.n = 1,
		.size = len,
		.out_size = p->opts.result ? p->opts.result : RESULT_DEFAULT,
		.chunk = 1,
		.single = true,
	};
}

svp_res *svp_apply_async(svp *p, svp_fn fn, const void *arg, size_t len)
{
	struct submission s = of_apply(p, fn, arg, len);

	return submit_or_errno(p, &s);
}

static int submit_and_get(svp *p, const struct submission *s, void *out, size_t out_size)
{
	svp_res *r;
	int ret = submit(p, s, &r);

	if (ret < 0)
		return ret;
	ret = svp_res_get(r, out, out_size, -1);
	svp_res_free(r);
	return ret;
}

int svp_apply(svp *p, svp_fn fn, const void *arg, size_t len, void *out, size_t out_size)
{
	struct submission s = of_apply(p, fn, arg, len);

	return submit_and_get(p, &s, out, out_size);
}

svp_res *svp_map_async(svp *p, svp_fn fn, const void *args, size_t n, size_t size, size_t out_size, size_t chunk)
{
	struct submission s = { .fn = fn,
				.args = args,
				.n = n,
				.size = size,
				.out_size = out_size,
				.chunk = chunk ? chunk : svp_chunk(n, p->nr_workers) };

	return submit_or_errno(p, &s);
}

int svp_map(svp *p, svp_fn fn, const void *args, size_t n, size_t size, void *out, size_t out_size, size_t chunk)
{
	struct submission s = { .fn = fn,
				.args = args,
				.n = n,
				.size = size,
				.out_size = out_size,
				.chunk = chunk ? chunk : svp_chunk(n, p->nr_workers) };

	return submit_and_get(p, &s, out, n * out_size);
}

/* ---- results ---- */

/* Its entry says so, or is another task's by now. */
static bool task_finished(const svp *p, uint64_t task)
{
	uint64_t word = __atomic_load_n(&p->shared->ring[task % SVP_RING].word, __ATOMIC_SEQ_CST);

	return word >> 16 != task || (word & 0xffff) == SVP_FINISHED;
}

bool svp_res_done(svp_res *r)
{
	while (r->seen < r->pushed && task_finished(r->pool, r->base + r->seen))
		r->seen++;
	return r->seen == r->nr_tasks || (r->cut && r->seen == r->pushed);
}

/*
 * If not, the master will be woken for it, as it has said in `waiting_for` before it looked. Nothing left and yet not
 * done: a worker is between its two lines of svp_finish(), in which it counts and then finishes. Whoever counted to
 * zero meanwhile has woken the master, maybe already, and that worker will not, unless it is asked to.
 */
static bool done_or_waited_for(svp_res *r)
{
	svp *p = r->pool;
	bool any = p->backlog || r->batch->id <= p->suspect;

	__atomic_store_n(&p->shared->waiting_for, any ? SVP_ANY : r->batch->id, __ATOMIC_SEQ_CST);
	if (svp_res_done(r))
		return true;
	if (any || __atomic_load_n(&r->batch->left, __ATOMIC_SEQ_CST))
		return false;
	__atomic_store_n(&p->shared->waiting_for, SVP_ANY, __ATOMIC_SEQ_CST);
	return svp_res_done(r);
}

int svp_res_wait(svp_res *r, double seconds)
{
	uint64_t until_ns = svp_until(seconds);
	svp *p = r->pool;
	bool looked = false;
	int ret = 0;

	while (!done_or_waited_for(r)) {
		if (looked && svp_now() >= until_ns) {
			ret = -ETIMEDOUT;
			break;
		}
		svp_turn(p, until_ns);
		looked = true;
	}
	__atomic_store_n(&p->shared->waiting_for, 0, __ATOMIC_SEQ_CST);
	return ret;
}

static int status_of(const svp_res *r)
{
	for (size_t i = 0; i < r->pushed; i++)
		if (r->tasks[i].status < 0 || r->single)
			return r->tasks[i].status;
	return r->cut && r->pushed < r->nr_tasks ? r->cut_code : 0;
}

int svp_res_get(svp_res *r, void *out, size_t size, double seconds)
{
	size_t have = r->nr_items * r->out_size;
	int ret = svp_res_wait(r, seconds);

	if (ret < 0)
		return ret;
	if (out)
		memcpy(out, r->outs, size < have ? size : have);
	return status_of(r);
}

int svp_res_lost(const svp_res *r, struct svp_lost *lost)
{
	for (size_t i = 0; i < r->pushed; i++) {
		if (!task_finished(r->pool, r->base + i) || !r->tasks[i].lost)
			continue;
		*lost = r->tasks[i].how;
		lost->item = i * r->chunk;
		return 1;
	}
	return 0;
}

void svp_res_free(svp_res *r)
{
	svp *p;

	if (!r)
		return;
	p = r->pool;
	list_remove(r);
	r->prev = r->next = NULL;
	*p->forgotten_end = r;
	p->forgotten_end = &r->next;
	forgotten_sweep(p);
}
