/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * drain.c - get events out of the rings, from the census at the start to the receipt at the end.
 */
#define _GNU_SOURCE
#include "capture/capture_impl.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "capture/decode.h"
#include "schedviz.skel.h"

/* Records read before the room they took is given back: often enough that a full ring empties while it is read. */
#define GIVE_BACK 4096

static uint64_t clock_ns(clockid_t which)
{
	struct timespec ts;

	clock_gettime(which, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

uint64_t capture_now(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* ---- one ring ---- */

static struct sv_hot *ring_record(const struct ring *r)
{
	return (struct sv_hot *)((char *)r->shared + SV_RING_DATA) + r->pos;
}

static void ring_step(const struct capture *c, struct ring *r)
{
	r->tail++;
	if (++r->pos == c->capacity)
		r->pos = 0;
}

static void ring_give_back(struct ring *r)
{
	__atomic_store_n(&r->shared->tail, r->tail, __ATOMIC_RELEASE);
}

/* The doorbell may ring again. */
static void ring_drained(struct ring *r)
{
	ring_give_back(r);
	__atomic_store_n(&r->shared->drains, r->shared->drains + 1, __ATOMIC_RELEASE);
}

static int ring_drain(struct capture *c, struct ring *r)
{
	uint64_t head = __atomic_load_n(&r->shared->head, __ATOMIC_ACQUIRE);
	struct event ev = { 0 };
	int ret = 0;

	while (r->tail < head && !ret) {
		bool known = decode_hot(ring_record(r), r->cpu, &ev);

		ring_step(c, r);
		if (r->tail % GIVE_BACK == 0)
			ring_give_back(r);
		if (!known || ev.ts_ns < c->from_ns || ev.ts_ns >= c->until_ns)
			continue;
		if (ev.kind == EV_LOST)
			r->lost += ev.lost.count;
		ret = c->fn(c->fn_ctx, &ev);
	}
	ring_drained(r);
	return ret;
}

/* After the end: a loss that no later record could tell. */
static int ring_last_loss(struct capture *c, struct ring *r)
{
	struct event ev = { .kind = EV_LOST, .cpu = r->cpu, .ts_ns = r->shared->lost_to_ns };

	if (!r->shared->lost || ev.ts_ns >= c->until_ns)
		return 0;
	ev.lost.from_ns = r->shared->lost_from_ns;
	ev.lost.count = r->shared->lost;
	r->lost += ev.lost.count;
	r->shared->lost = 0;
	return c->fn(c->fn_ctx, &ev);
}

/* ---- the rare ring ---- */

int capture_on_rare(void *ctx, void *data, size_t size)
{
	struct capture *c = ctx;
	struct event ev = { 0 };

	if (!decode_rare(data, size, &ev) || c->fn_ret)
		return 0;
	if (ev.kind == EV_ALLOWED && !affinity_clip(&c->affinity, &ev))
		return 0;
	if (ev.ts_ns < c->from_ns) {
		snapshot_apply(&c->census, &ev);
		return 0;
	}
	if (!c->census_told) {
		if (ev.kind == EV_EXEC)
			ev.exec.path = intern(&c->paths, ev.exec.path);
		else if (ev.kind == EV_ALLOWED)
			affinity_keep(&c->affinity, &ev);
		*vec_push(&c->early) = ev;
		return 0;
	}
	if (ev.ts_ns < c->until_ns)
		c->fn_ret = c->fn(c->fn_ctx, &ev);
	return 0;
}

/* ---- the start ---- */

/* What the rings hold from before the window brings the census up to date; the rest stays where it is. */
static void catch_up(struct capture *c)
{
	struct event ev = { 0 };

	for (uint32_t i = 0; i < c->nr_rings; i++) {
		struct ring *r = &c->rings[i];
		uint64_t head = __atomic_load_n(&r->shared->head, __ATOMIC_ACQUIRE);

		for (; r->tail < head; ring_step(c, r)) {
			if (decode_hot(ring_record(r), r->cpu, &ev) && ev.ts_ns >= c->from_ns)
				break;
			snapshot_apply(&c->census, &ev);
		}
		ring_drained(r);
	}
	ring_buffer__consume(c->rare);
}

/*
 * Run sv_current on every CPU, in an interrupt there. Not on our own: there it would not be in an interrupt, and we
 * will leave that CPU soon anyway, which tells the same. An offline CPU refuses, and a kernel may; neither matters.
 */
static void ask_cpus(struct capture *c)
{
	size_t size = CPU_ALLOC_SIZE(SV_MAX_CPUS);
	cpu_set_t *before = CPU_ALLOC(SV_MAX_CPUS), *own = CPU_ALLOC(SV_MAX_CPUS);
	int fd = bpf_program__fd(c->skel->progs.sv_current), here = sched_getcpu();

	if (!before || !own || here < 0 || sched_getaffinity(0, size, before) < 0)
		goto out;
	CPU_ZERO_S(size, own);
	CPU_SET_S((size_t)here, size, own);
	if (sched_setaffinity(0, size, own) < 0)
		goto out;
	for (uint32_t i = 0; i < c->nr_rings; i++) {
		LIBBPF_OPTS(bpf_test_run_opts, opts, .flags = BPF_F_TEST_RUN_ON_CPU, .cpu = c->rings[i].cpu);

		if (c->rings[i].cpu != (uint32_t)here)
			bpf_prog_test_run_opts(fd, &opts);
	}
	sched_setaffinity(0, size, before);
out:
	CPU_FREE(before);
	CPU_FREE(own);
}

static void attach_facts(const struct capture *c, struct facts *facts)
{
	for (size_t i = 0; i < nr_programs; i++) {
		const struct program *p = &programs[i];
		char key[64];

		snprintf(key, sizeof(key), "attach.%s", p->hook);
		if (c->links[i])
			facts_set(facts, key, "yes");
		else if (p->need == NEED_OPTIONAL)
			facts_setf(facts, key, "no: not recorded are %s", p->without);
		if (p->function && c->no_functions)
			facts_setf(facts, key, "no: not recorded are %s (%s)", p->without, strerror(-c->no_functions));
	}
	facts_set(facts, "affinity", c->no_functions ? "waits" : "yes");
}

/* What this clock said when the window began. */
static void clock_fact(const struct capture *c, struct facts *facts, const char *key, clockid_t which)
{
	facts_setf(facts, key, "%llu", (unsigned long long)(clock_ns(which) - (capture_now() - c->from_ns)));
}

static void machine_facts(const struct capture *c, struct facts *facts)
{
	struct utsname u;

	uname(&u);
	facts_set(facts, "kernel.release", u.release);
	facts_set(facts, "arch", u.machine);
	facts_set(facts, "host", u.nodename);
	facts_setf(facts, "window.from_ns", "%llu", (unsigned long long)c->from_ns);
	clock_fact(c, facts, "clock.boottime_ns", CLOCK_BOOTTIME);
	clock_fact(c, facts, "clock.realtime_ns", CLOCK_REALTIME);
	facts_setf(facts, "hz", "%ld", sysconf(_SC_CLK_TCK));
	facts_setf(facts, "ring.bytes", "%zu", c->element);
	facts_set(facts, "prev_state", c->probe.prev_state_arg ? "arg" : "task");
	facts_set(facts, "wake_context", wake_context_names[c->probe.context]);
	facts_setf(facts, "recorder.tgid", "%d", getpid());
	snapshot_cpus(facts);
	attach_facts(c, facts);
}

/* Where affinity is looked at, what the census says of it is what was told last. */
static void note_told(struct capture *c)
{
	for (size_t i = 0; i < c->census.tasks.n && c->no_functions; i++) {
		struct sv_told told = { .tid = c->census.tasks.v[i].task.tid };
		uint32_t slot = told.tid & (SV_TOLD_SLOTS - 1);

		if (!c->census.allowed.v[i].nr_words)
			continue;
		told.hash = affinity_hash(&c->affinity, &c->census.allowed.v[i]);
		bpf_map_update_elem(bpf_map__fd(c->skel->maps.told), &slot, &told, BPF_ANY);
	}
}

int capture_begin(struct capture *c, struct facts *facts, struct err *e)
{
	snapshot_scan(&c->census, capture_now());
	if (!c->census.tasks.n)
		return err_set(e, -ENOENT, "cannot read the tasks of this machine - is '/proc' mounted?");
	note_told(c);
	cost_begin(&c->cost);
	c->from_ns = capture_now();
	machine_facts(c, facts);
	catch_up(c);
	ask_cpus(c);
	snapshot_stamp(&c->census, c->from_ns);
	return 0;
}

/* ---- while it runs ---- */

static int tell_task(struct capture *c, const struct event *task, const struct cpuset *allowed)
{
	struct event ev = { .kind = EV_ALLOWED, .ts_ns = task->ts_ns };
	int ret;

	if (!task->task.tid) /* it has ended since */
		return 0;
	ret = c->fn(c->fn_ctx, task);
	ev.allowed.tid = task->task.tid;
	ev.allowed.set = *allowed;
	return ret || !allowed->nr_words ? ret : c->fn(c->fn_ctx, &ev);
}

/* Everybody who was there, then what happened to them before this was told. */
static int tell_census(struct capture *c)
{
	int ret = 0;

	c->census_told = true;
	for (size_t i = 0; i < c->census.tasks.n && !ret; i++)
		ret = tell_task(c, &c->census.tasks.v[i], &c->census.allowed.v[i]);
	for (size_t i = 0; i < c->early.n && !ret; i++)
		if (c->early.v[i].ts_ns < c->until_ns)
			ret = c->fn(c->fn_ctx, &c->early.v[i]);
	snapshot_release(&c->census);
	return ret;
}

int capture_drain(struct capture *c, uint64_t until_ns, capture_event_fn *fn, void *ctx)
{
	int ret = 0;

	c->fn = fn;
	c->fn_ctx = ctx;
	c->until_ns = until_ns;
	c->fn_ret = 0;
	if (!c->census_told)
		ret = tell_census(c);
	for (uint32_t i = 0; i < c->nr_rings && !ret; i++)
		ret = ring_drain(c, &c->rings[i]);
	for (uint32_t i = 0; i < c->nr_rings && !ret && c->stopped; i++)
		ret = ring_last_loss(c, &c->rings[i]);
	ring_buffer__consume(c->rare);
	return ret ? ret : c->fn_ret;
}

void capture_end_sample(struct capture *c)
{
	cost_end(&c->cost);
}

uint64_t capture_lost(const struct capture *c)
{
	uint64_t lost = c->skel->bss->sv_lost_no_ring;

	for (uint32_t i = 0; i < c->nr_rings; i++)
		lost += c->rings[i].lost + c->rings[i].shared->lost;
	return lost;
}

void capture_receipt(const struct capture *c, struct facts *facts)
{
	char key[32];

	for (uint32_t i = 0; i < c->nr_rings; i++)
		if (c->rings[i].lost) {
			snprintf(key, sizeof(key), "receipt.lost.%u", c->rings[i].cpu);
			facts_setf(facts, key, "%llu", (unsigned long long)c->rings[i].lost);
		}
	if (c->skel->bss->sv_lost_no_ring)
		facts_setf(facts, "receipt.lost_no_ring", "%llu", (unsigned long long)c->skel->bss->sv_lost_no_ring);
	facts_setf(facts, "receipt.lost_rare", "%llu", (unsigned long long)c->skel->bss->sv_lost_rare);
	if (c->skel->bss->sv_lost_allowed) {
		facts_setf(facts, "receipt.lost_allowed", "%llu", (unsigned long long)c->skel->bss->sv_lost_allowed);
		facts_set(facts, "affinity", "no"); /* anybody's change may be among them */
	}
	if (c->cost.runs) {
		facts_setf(facts, "receipt.bpf_ns_per_run", "%llu",
			   (unsigned long long)(c->cost.run_ns / c->cost.runs));
		facts_setf(facts, "receipt.bpf_runs_sampled", "%llu", (unsigned long long)c->cost.runs);
		facts_setf(facts, "receipt.bpf_sample_ns", "%llu", (unsigned long long)c->cost.sample_ns);
	}
}
