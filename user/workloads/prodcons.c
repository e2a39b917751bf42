/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * prodcons.c - the workload `prodcons`: a producer, a consumer and a bounded buffer between them, with semaphores.
 */
#include <errno.h>
#include <inttypes.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/schedviz_mark.h"
#include "workloads/team.h"
#include "workloads/theory.h"
#include "workloads/workload.h"

#define MAX_TASKS 10000
#define MAX_CAP 1000
#define FUTEX "futex,futex_wait"
/*
 * Two events nearer than this may come in either order: so late a sleep may end (80 us measured, timer slack and
 * wake-up) at each step, and a pause of the machine once.
 */
#define LATE_NS (2 * NSEC_PER_MSEC)
#define LATE_EACH_NS (200 * NSEC_PER_USEC)

struct prodcons_cfg {
	struct workload_cfg c;
	uint64_t produce_ns, consume_ns, cap;
};

static const struct opt prodcons_opts[] = {
	OPT_U64('n', "tasks", struct prodcons_cfg, c.tasks, 1, MAX_TASKS, "N", "items that are produced (8)"),
	OPT_DURATION(0, "produce", struct prodcons_cfg, produce_ns, 0, WORKLOAD_MAX_NS,
		     "how long it takes to make one (100ms)"),
	OPT_DURATION(0, "consume", struct prodcons_cfg, consume_ns, 0, WORKLOAD_MAX_NS,
		     "how long it takes to use one (250ms)"),
	OPT_U64(0, "cap", struct prodcons_cfg, cap, 1, MAX_CAP, "N", "items that the buffer holds (2)"),
	WORKLOAD_KIND_OPTS(struct prodcons_cfg, c, "both are processes", "both are threads (the default)"),
	WORKLOAD_SEED_OPT(struct prodcons_cfg, c),
	WORKLOAD_OPTS(struct prodcons_cfg, c),
	OPT_END
};

static const struct prodcons_cfg *own(const struct workload_cfg *cfg)
{
	return (const struct prodcons_cfg *)cfg;
}

static void prodcons_defaults(struct workload_cfg *cfg)
{
	*(struct prodcons_cfg *)cfg = (struct prodcons_cfg){
		.c = { .repeat = 1, .tasks = 8, .kind = KIND_THREADS },
		.produce_ns = 100 * NSEC_PER_MSEC,
		.consume_ns = 250 * NSEC_PER_MSEC,
		.cap = 2,
	};
}

static int prodcons_prepare(struct workload_cfg *cfg, struct err *e)
{
	struct prodcons_cfg *p = (struct prodcons_cfg *)cfg;

	p->produce_ns = workload_scaled(cfg, p->produce_ns);
	p->consume_ns = workload_scaled(cfg, p->consume_ns);
	if (!p->produce_ns && !p->consume_ns)
		return err_set(e, -EINVAL, "neither --produce nor --consume takes any time: nobody would have to wait");
	return 0;
}

static uint64_t produce_ns(const struct workload_cfg *cfg, uint64_t i)
{
	return workload_vary(own(cfg)->produce_ns, cfg->seed, 2 * i);
}

static uint64_t consume_ns(const struct workload_cfg *cfg, uint64_t i)
{
	return workload_vary(own(cfg)->consume_ns, cfg->seed, 2 * i + 1);
}

/* ---- theory ---- */

/* An item: made at `made`, in the buffer from `put` on, taken at `get`, used up at `done`. From the start, in ns. */
struct item {
	uint64_t made_ns, put_ns, free_ns /* when the consumer was free for it */, get_ns, done_ns;
};

/* put_i = max(put_i-1 + P_i, get_i-cap), get_i = max(put_i, get_i-1 + C_i-1). Release with free(). */
static struct item *course(const struct workload_cfg *cfg)
{
	struct item *items = xcalloc(cfg->tasks, sizeof(*items));

	for (uint64_t i = 0; i < cfg->tasks; i++) {
		struct item *it = &items[i], *before = i ? &items[i - 1] : NULL;
		uint64_t room_ns = i >= own(cfg)->cap ? items[i - own(cfg)->cap].get_ns : 0;

		it->made_ns = (before ? before->put_ns : 0) + produce_ns(cfg, i);
		it->put_ns = it->made_ns > room_ns ? it->made_ns : room_ns;
		it->free_ns = before ? before->done_ns : 0;
		it->get_ns = it->put_ns > it->free_ns ? it->put_ns : it->free_ns;
		it->done_ns = it->get_ns + consume_ns(cfg, i);
	}
	return items;
}

static void prodcons_predict(const struct workload_cfg *cfg, struct facts *out)
{
	const struct prodcons_cfg *p = own(cfg);
	struct item *items = course(cfg);
	uint64_t n = cfg->tasks, end_ns = items[n - 1].done_ns;
	struct buf text = { 0 };

	if (cfg->seed) {
		buf_printf(&text, "get_i = max(put_i, get_i-1 + C_i-1), %" PRIu64 " items: ", n);
	} else if (p->consume_ns >= p->produce_ns) {
		theory_time(&text, p->produce_ns);
		buf_printf(&text, " + %" PRIu64 " x ", n);
		theory_time(&text, p->consume_ns);
		buf_puts(&text, " = ");
	} else {
		buf_printf(&text, "%" PRIu64 " x ", n);
		theory_time(&text, p->produce_ns);
		buf_puts(&text, " + ");
		theory_time(&text, p->consume_ns);
		buf_puts(&text, " = ");
	}
	theory_time(&text, end_ns);
	theory_set(out, buf_str(&text), (struct theory_range){ end_ns, end_ns });
	buf_release(&text);
	free(items);
}

struct waits {
	uint64_t min, max;
};

/* How often something that is to happen at `b` has to wait for `a`: for certain, and with a near thing counted too. */
static void wait_add(struct waits *w, uint64_t i, uint64_t a_ns, uint64_t b_ns)
{
	uint64_t late_ns = LATE_NS + i * LATE_EACH_NS;

	w->min += a_ns > b_ns + late_ns;
	w->max += a_ns + late_ns > b_ns;
}

static void waits_of(const struct workload_cfg *cfg, struct waits *consumer, struct waits *producer)
{
	struct item *items = course(cfg);

	*consumer = *producer = (struct waits){ 0 };
	for (uint64_t i = 0; i < cfg->tasks; i++) {
		wait_add(consumer, i, items[i].put_ns, items[i].free_ns);
		if (i >= own(cfg)->cap)
			wait_add(producer, i, items[i - own(cfg)->cap].get_ns, items[i].made_ns);
	}
	free(items);
}

/* ---- the run ---- */

/*
 * Dijkstra's: the producer waits for room, the consumer for items. With one of each no lock is needed: they are never
 * at the same slot at once.
 */
struct buffer {
	sem_t room, items;
	uint64_t slots[MAX_CAP];
};

struct scene {
	const struct workload_cfg *cfg;
	struct buffer *buffer;
};

static void down(sem_t *s)
{
	while (sem_wait(s) < 0 && errno == EINTR)
		;
}

static void produce(const struct scene *s)
{
	struct buffer *b = s->buffer;

	prctl(PR_SET_NAME, "producer");
	workload_sleep_until(team_began_ns());
	for (uint64_t i = 0; i < s->cfg->tasks; i++) {
		workload_sleep(produce_ns(s->cfg, i));
		down(&b->room);
		b->slots[i % own(s->cfg)->cap] = i;
		schedviz_mark_submit(i);
		sem_post(&b->items);
	}
}

static void consume(const struct scene *s)
{
	struct buffer *b = s->buffer;

	prctl(PR_SET_NAME, "consumer");
	workload_sleep_until(team_began_ns());
	for (uint64_t i = 0; i < s->cfg->tasks; i++) {
		uint64_t item;

		down(&b->items);
		item = b->slots[i % own(s->cfg)->cap];
		schedviz_mark_start(item);
		sem_post(&b->room);
		workload_sleep(consume_ns(s->cfg, i));
		schedviz_mark_finish(item);
	}
}

static int member(void *arg, uint32_t i)
{
	(i ? consume : produce)(arg);
	return 0;
}

static int prodcons_work(const struct workload_cfg *cfg, struct buffer *b, struct err *e)
{
	struct scene scene = { .cfg = cfg, .buffer = b };
	const struct team_cfg team = { .n = 2, .kind = cfg->kind, .name = "member%u", .fn = member, .arg = &scene };
	struct team_span span;
	int ret = team_run(&team, &span, e);

	if (ret < 0)
		return ret;
	schedviz_mark_wall(span.from_ns, span.to_ns);
	workload_say("prodcons (%d) %" PRIu64 " items in %.4f s", getpid(), cfg->tasks,
		     (double)(span.to_ns - span.from_ns) / (double)NSEC_PER_SEC);
	return 0;
}

static int prodcons_run(const struct workload_cfg *cfg)
{
	struct err e = { 0 };
	struct buffer *b;
	int ret;

	if (workload_enter("prodcons", cfg, &e) < 0)
		return workload_failed(&e);
	schedviz_mark_noun("item");
	workload_map_program();
	b = shared_alloc(sizeof(*b), &e);
	if (!b)
		return workload_failed(&e);
	sem_init(&b->room, 1, (unsigned)own(cfg)->cap);
	sem_init(&b->items, 1, 0);
	ret = prodcons_work(cfg, b, &e);
	shared_free(b, sizeof(*b));
	return ret < 0 ? workload_failed(&e) : 0;
}

/* ---- the check ---- */

static uint64_t apart_ns(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* How far the worst put and get were from their times in theory; UINT64_MAX if one was not recorded. */
static uint64_t worst_ns(const struct workload_cfg *cfg, const struct evidence *ev)
{
	struct item *items = course(cfg);
	uint64_t seen = 0, worst = 0;
	size_t nr;
	const struct job *jobs = model_jobs(ev->model, &nr);

	for (size_t k = 0; k < nr; k++) {
		const struct job *j = &jobs[k];
		const struct item *it = j->id < cfg->tasks ? &items[j->id] : NULL;
		uint64_t put_ns, get_ns;

		if (!it || j->submitted_ns == UINT64_MAX || j->started_ns == UINT64_MAX)
			continue;
		seen++;
		put_ns = apart_ns(j->submitted_ns, ev->wall.from_ns + it->put_ns);
		get_ns = apart_ns(j->started_ns, ev->wall.from_ns + it->get_ns);
		worst = put_ns > worst ? put_ns : worst;
		worst = get_ns > worst ? get_ns : worst;
	}
	free(items);
	return seen == cfg->tasks ? worst : UINT64_MAX;
}

static void prodcons_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	uint64_t slack_ns = report_slack_ns(ev->wall.to_ns - ev->wall.from_ns), worst = worst_ns(cfg, ev);
	struct waits consumer, producer;

	waits_of(cfg, &consumer, &producer);
	if (worst == UINT64_MAX)
		report_text(r, false, "puts and gets", "all of them", "some are not in the recording");
	else
		report_ns(r, worst, 0, slack_ns, "the put or get farthest from its time");
	report_count(r, evidence_edges(ev, "producer", "consumer", FUTEX, ev->wall), consumer.min, consumer.max,
		     "wake-ups of the consumer (buffer was empty)");
	report_count(r, evidence_edges(ev, "consumer", "producer", FUTEX, ev->wall), producer.min, producer.max,
		     "wake-ups of the producer (buffer was full)");
	report_count(r,
		     evidence_timer_wakes(ev, "producer", FUTEX, ev->wall) +
			     evidence_timer_wakes(ev, "consumer", FUTEX, ev->wall),
		     0, 0, "of these waits ended by a timer");
}

static void waited_put(const struct evidence *ev, const char *who, const char *why, struct buf *out)
{
	struct evidence_sleeps s = evidence_sleeps(ev, evidence_one(ev, who), FUTEX, ev->wall);

	if (!s.n) {
		buf_printf(out, "the %s never had to wait", who);
		return;
	}
	buf_printf(out, "the %s slept %" PRIu64 " time%s in futex because the buffer was %s, ", who, s.n,
		   s.n == 1 ? "" : "s", why);
	fmt_duration(out, s.ns, true);
	buf_puts(out, " in all");
}

static void prodcons_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	const struct prodcons_cfg *p = own(cfg);
	bool consumer_faster = p->consume_ns < p->produce_ns;
	uint64_t there = evidence_edges(ev, "producer", "consumer", FUTEX, ev->wall);

	buf_puts(out, "Here ");
	waited_put(ev, "producer", "full", out);
	buf_puts(out, "; ");
	waited_put(ev, "consumer", "empty", out);
	buf_printf(out,
		   ". The faster of the two, here the %s, has to wait, and the slower wakes it: "
		   "%" PRIu64 " time%s from producer to consumer, %" PRIu64
		   " the other way. Who need not wait is not woken, and the kernel hears nothing of the item: a "
		   "semaphore that is free costs no system call. A buffer for %" PRIu64
		   " evens out how they vary; it cannot make the slower one faster.",
		   consumer_faster ? "consumer" : "producer", there, there == 1 ? "" : "s",
		   evidence_edges(ev, "consumer", "producer", FUTEX, ev->wall), p->cap);
}

const struct workload workload_prodcons = {
	.name = "prodcons",
	.group = GROUP_POOLS,
	.summary = "producer, consumer, bounded buffer: the faster waits",
	.lesson = "A producer makes 8 items, 100 ms each, and a consumer uses them, 250 ms each; between them is a "
		  "buffer for 2. The consumer is the slower one: soon the buffer is full and the producer must wait "
		  "for room each time. Give it --produce 250ms --consume 100ms and it is the other way round. --seed "
		  "N lets the lengths vary: then see what a larger --cap is good for.",
	.theory = "put_i = max(put_i-1 + P_i, get_i-cap), get_i = max(put_i, get_i-1 + C_i-1); the end is get_n + "
		  "C_n. With equal lengths: min(P, C) + n x max(P, C), the buffer does not matter.",
	.look = "Two lanes. The faster one sleeps in futex again and again, and the arrow that wakes it always comes "
		"from the slower. In the jobs: how long each item lay in the buffer.",
	.example = "schedviz run prodcons --produce 250ms --consume 100ms",
	.opts = prodcons_opts,
	.cfg_size = sizeof(struct prodcons_cfg),
	.defaults = prodcons_defaults,
	.prepare = prodcons_prepare,
	.predict = prodcons_predict,
	.run = prodcons_run,
	.check = prodcons_check,
	.explain = prodcons_explain,
};
