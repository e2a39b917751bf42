/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gen-trace.c - makes large traces of a machine that never was: tasks run, block in system calls, wake each other, are
 * woken by timers, preempted, moved, born and buried, always consistently. The same options make the same file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/fmt.h"
#include "base/opt.h"
#include "base/vec.h"
#include "trace/writer.h"

#define FROM_NS (1000 * NSEC_PER_SEC) /* the machine has been up for a while */
#define FIRST_TID 100u
#define TASK_DEAD 0x80u /* TASK_DEAD, include/linux/sched.h */
#define NOBODY UINT32_MAX

struct gen_cfg {
	uint64_t events, cpus, tasks, seed;
	const char *out;
};

static const struct opt gen_opts[] = {
	OPT_U64('e', "events", struct gen_cfg, events, 1000, 10000000000ull, "N", "how many events (1000000)"),
	OPT_U64('c', "cpus", struct gen_cfg, cpus, 1, 4096, "N", "on so many CPUs (2)"),
	OPT_U64('t', "tasks", struct gen_cfg, tasks, 2, 1000000, "N", "about so many tasks at a time (200)"),
	OPT_U64('s', "seed", struct gen_cfg, seed, 0, UINT64_MAX, "N", "another seed makes another file (1)"),
	OPT_STRING('o', "output", struct gen_cfg, out, "FILE", "where to (generated.svz)"),
	OPT_END
};

enum sim_state { SIM_ASLEEP, SIM_QUEUED, SIM_RUNNING, SIM_DEAD };

struct sim_task {
	uint32_t tid, cpu;
	uint32_t next; /* in its queue */
	uint32_t partner; /* whom it mostly wakes */
	uint8_t state; /* enum sim_state */
	uint8_t nvcsw;
	int32_t syscall; /* where it mostly blocks */
	uint64_t arg;
};

struct sim_cpu {
	uint64_t at_ns;		/* when it does something next */
	uint32_t current;	/* NOBODY: idle */
	uint32_t head, tail;	/* of its queue */
	uint32_t waiting;	/* in the queue */
};

struct sim {
	struct trace_writer *writer;
	struct err *err;
	int failed;
	uint64_t random;
	uint64_t events, wanted;
	struct sim_cpu *cpus;
	uint32_t nr_cpus;
	VEC(struct sim_task) tasks;
	uint32_t alive, wanted_alive, next_tid;
	uint64_t now_ns;
};

/* xorshift64*, Vigna 2016: small, fast and the same everywhere. */
static uint64_t rnd(struct sim *s)
{
	s->random ^= s->random >> 12;
	s->random ^= s->random << 25;
	s->random ^= s->random >> 27;
	return s->random * 0x2545f4914f6cdd1dull;
}

static uint32_t below(struct sim *s, uint64_t n)
{
	return (uint32_t)((rnd(s) >> 33) % n);
}

static bool chance(struct sim *s, uint32_t percent)
{
	return below(s, 100) < percent;
}

/* A time of about `ns`, now and then much longer. */
static uint64_t about(struct sim *s, uint64_t ns)
{
	return ns / 2 + below(s, ns << below(s, 4));
}

static uint32_t tid_of(const struct sim *s, uint32_t task)
{
	return task == NOBODY ? 0 : s->tasks.v[task].tid;
}

static void emit(struct sim *s, uint32_t cpu, struct event ev)
{
	ev.cpu = cpu;
	ev.ts_ns = s->now_ns;
	s->events++;
	if (!s->failed)
		s->failed = trace_writer_add(s->writer, &ev, s->err);
}

/* A little later on the same CPU, as one thing follows another within the kernel. */
static void tick(struct sim *s)
{
	s->now_ns += 200 + below(s, 700);
}

static void queue_push(struct sim *s, uint32_t cpu, uint32_t task)
{
	struct sim_cpu *c = &s->cpus[cpu];
	struct sim_task *t = &s->tasks.v[task];

	t->state = SIM_QUEUED;
	t->cpu = cpu;
	t->next = NOBODY;
	if (c->waiting++)
		s->tasks.v[c->tail].next = task;
	else
		c->head = task;
	c->tail = task;
	if (c->current == NOBODY && c->at_ns > s->now_ns + 2000)
		c->at_ns = s->now_ns + 1000 + below(s, 1000); /* an interrupt gets it out of idle */
}

static uint32_t queue_pop(struct sim *s, uint32_t cpu)
{
	struct sim_cpu *c = &s->cpus[cpu];
	uint32_t task = c->head;

	if (!c->waiting)
		return NOBODY;
	c->waiting--;
	c->head = s->tasks.v[task].next;
	return task;
}

/* An idle CPU if there is one near, else where it was. */
static uint32_t place(struct sim *s, uint32_t task)
{
	uint32_t was = s->tasks.v[task].cpu, other = below(s, s->nr_cpus);
	const struct sim_cpu *c = &s->cpus[was];

	if (c->current == NOBODY && !c->waiting)
		return was;
	return s->cpus[other].current == NOBODY && !s->cpus[other].waiting && chance(s, 70) ? other : was;
}

static void wake(struct sim *s, uint32_t cpu, uint32_t task, enum event_ctx ctx)
{
	uint32_t by = tid_of(s, s->cpus[cpu].current);
	struct sim_task *t = &s->tasks.v[task];
	uint32_t to = place(s, task);

	emit(s, cpu, (struct event){ .kind = EV_WAKING,
				     .waking = { .tid = t->tid, .waker_tid = by, .prio = 120, .ctx = (uint8_t)ctx } });
	if (to != t->cpu) {
		s->now_ns += 50 + below(s, 100);
		emit(s, cpu, (struct event){ .kind = EV_MIGRATE,
					     .migrate = { t->tid, by, 120, .from_cpu = t->cpu, .to_cpu = to } });
	}
	queue_push(s, to, task);
}

/* Take `out` off the CPU with the given switch half filled, and put the next task on it. */
static void switch_to_next(struct sim *s, uint32_t cpu, struct event ev)
{
	struct sim_cpu *c = &s->cpus[cpu];
	uint32_t next = queue_pop(s, cpu);

	ev.kind = EV_SWITCH;
	ev.sw.prev_tid = tid_of(s, c->current);
	ev.sw.next_tid = tid_of(s, next);
	ev.sw.prev_prio = ev.sw.next_prio = 120;
	c->current = next;
	if (next != NOBODY)
		s->tasks.v[next].state = SIM_RUNNING;
	emit(s, cpu, ev);
}

static void block(struct sim *s, uint32_t cpu)
{
	struct sim_task *t = &s->tasks.v[s->cpus[cpu].current];
	bool usual = chance(s, 85);
	struct event ev = { .sw.prev_state = 1, .sw.syscall = usual ? t->syscall : 230, .sw.arg = usual ? t->arg : 1 };

	t->state = SIM_ASLEEP;
	t->nvcsw ^= 1;
	ev.sw.nvcsw = t->nvcsw;
	switch_to_next(s, cpu, ev);
}

static void preempt(struct sim *s, uint32_t cpu)
{
	uint32_t task = s->cpus[cpu].current;
	struct event ev = { .sw.preempted = 1, .sw.syscall = EV_NO_SYSCALL, .sw.nvcsw = s->tasks.v[task].nvcsw };

	queue_push(s, cpu, task);
	switch_to_next(s, cpu, ev);
}

static uint32_t add_task(struct sim *s)
{
	static const int32_t calls[] = { 0 /* read */, 7 /* poll */, 202 /* futex */, 230 /* clock_nanosleep */,
					 232 /* epoll_wait */ };
	uint32_t nr = (uint32_t)s->tasks.n;
	struct sim_task *t = vec_push(&s->tasks);

	*t = (struct sim_task){ .tid = s->next_tid++, .cpu = nr % s->nr_cpus, .partner = nr ? nr ^ 1 : NOBODY };
	t->syscall = calls[below(s, sizeof(calls) / sizeof(calls[0]))];
	t->arg = t->syscall == 202 ? 0x7f0000000000ull + below(s, 1u << 30) * 8ull : 3 + below(s, 20);
	s->alive++;
	return nr;
}

static void fork_task(struct sim *s, uint32_t cpu)
{
	uint32_t parent = tid_of(s, s->cpus[cpu].current), nr = add_task(s), tid = s->tasks.v[nr].tid;
	struct event ev = { .kind = EV_FORK, .fork = { .parent_tid = parent, .parent_tgid = parent, .tid = tid,
						       .tgid = tid, .flags = 0x1200000 } };

	snprintf(ev.fork.comm, sizeof(ev.fork.comm), "child%u", tid % 1000);
	emit(s, cpu, ev);
	tick(s);
	emit(s, cpu, (struct event){ .kind = EV_WAKEUP_NEW, .wakeup_new = { .tid = tid, .parent_tid = parent,
									     .prio = 120, .target_cpu = cpu } });
	queue_push(s, cpu, nr);
}

static void exit_task(struct sim *s, uint32_t cpu)
{
	struct sim_task *t = &s->tasks.v[s->cpus[cpu].current];
	struct event ev = { .sw.prev_state = TASK_DEAD, .sw.syscall = EV_NO_SYSCALL };

	emit(s, cpu, (struct event){ .kind = EV_EXIT, .exit = { .tid = t->tid, .tgid = t->tid, .group_dead = true } });
	tick(s);
	t->state = SIM_DEAD;
	t->nvcsw ^= 1;
	ev.sw.nvcsw = t->nvcsw;
	s->alive--;
	switch_to_next(s, cpu, ev);
}

/* Someone asleep: mostly the partner of the task that asks. */
static uint32_t sleeper(struct sim *s, uint32_t asks)
{
	uint32_t task = asks == NOBODY ? NOBODY : s->tasks.v[asks].partner;

	for (int i = 0; i < 8; i++) {
		if (task < s->tasks.n && s->tasks.v[task].state == SIM_ASLEEP)
			return task;
		task = below(s, s->tasks.n);
	}
	return NOBODY;
}

static void step_idle(struct sim *s, uint32_t cpu)
{
	struct sim_cpu *c = &s->cpus[cpu];
	uint32_t task = c->waiting ? NOBODY : sleeper(s, NOBODY);

	if (task != NOBODY) {
		wake(s, cpu, task, chance(s, 70) ? EV_CTX_HARDIRQ : EV_CTX_SOFTIRQ);
		tick(s);
	}
	if (c->waiting)
		switch_to_next(s, cpu, (struct event){ .sw.syscall = EV_NO_SYSCALL, .sw.nvcsw = NVCSW_UNKNOWN });
	c->at_ns = s->now_ns + about(s, c->current == NOBODY ? 50000 : 3000);
}

static void step_busy(struct sim *s, uint32_t cpu)
{
	struct sim_cpu *c = &s->cpus[cpu];
	uint32_t task = chance(s, 90) ? sleeper(s, c->current) : NOBODY;

	if (task != NOBODY) {
		wake(s, cpu, task, chance(s, 90) ? EV_CTX_TASK : EV_CTX_HARDIRQ);
		tick(s);
	}
	if (s->alive < s->wanted_alive && below(s, 1000) < 4)
		fork_task(s, cpu);
	else if (below(s, 1000) < 2 && s->alive > 2)
		exit_task(s, cpu);
	else if (c->waiting && chance(s, 10))
		preempt(s, cpu);
	else if (chance(s, 85))
		block(s, cpu);
	c->at_ns = s->now_ns + about(s, 3000);
}

/* The CPU that does something first; the one with the lowest number of several. */
static uint32_t next_cpu(const struct sim *s)
{
	uint32_t first = 0;

	for (uint32_t cpu = 1; cpu < s->nr_cpus; cpu++)
		if (s->cpus[cpu].at_ns < s->cpus[first].at_ns)
			first = cpu;
	return first;
}

static void emit_opening(struct sim *s)
{
	for (uint32_t i = 0; i < s->wanted_alive; i++) {
		uint32_t nr = add_task(s);
		struct sim_task *t = &s->tasks.v[nr];
		struct event ev = { .kind = EV_TASK, .task = { .tid = t->tid, .tgid = t->tid, .ppid = 1, .cpu = t->cpu,
							       .state = 'S', .prio = 120, .syscall = t->syscall,
							       .arg = t->arg } };

		snprintf(ev.task.comm, sizeof(ev.task.comm), "task%u", i);
		emit(s, t->cpu, ev);
	}
	for (uint32_t cpu = 0; cpu < s->nr_cpus; cpu++) {
		emit(s, cpu, (struct event){ .kind = EV_CURRENT, .current = { .tid = 0, .prio = 120 } });
		s->cpus[cpu] = (struct sim_cpu){ .at_ns = s->now_ns + about(s, 5000), .current = NOBODY };
	}
}

static void simulate(struct sim *s)
{
	emit_opening(s);
	while (s->events < s->wanted && !s->failed) {
		uint32_t cpu = next_cpu(s);

		if (s->cpus[cpu].at_ns > s->now_ns)
			s->now_ns = s->cpus[cpu].at_ns;
		else
			s->now_ns++;
		if (s->cpus[cpu].current == NOBODY)
			step_idle(s, cpu);
		else
			step_busy(s, cpu);
	}
}

static void describe(const struct gen_cfg *cfg, struct facts *f)
{
	facts_set(f, "arch", "x86_64");
	facts_set(f, "kernel.release", "6.1.0");
	facts_set(f, "host", "generated");
	facts_set(f, "mode", "system");
	facts_set(f, "prev_state", "arg");
	facts_setf(f, "window.from_ns", "%llu", (unsigned long long)FROM_NS);
	facts_setf(f, "command", "gen-trace --events %llu --cpus %llu --tasks %llu --seed %llu",
		   (unsigned long long)cfg->events, (unsigned long long)cfg->cpus, (unsigned long long)cfg->tasks,
		   (unsigned long long)cfg->seed);
	facts_setf(f, "cpu.possible", "0-%llu", (unsigned long long)cfg->cpus - 1);
	facts_setf(f, "cpu.online", "0-%llu", (unsigned long long)cfg->cpus - 1);
}

static int generate(const struct gen_cfg *cfg, struct err *e)
{
	struct sim s = {
		.err = e,
		.random = cfg->seed * 0x9e3779b97f4a7c15ull + 0x1234567,
		.wanted = cfg->events,
		.nr_cpus = (uint32_t)cfg->cpus,
		.wanted_alive = (uint32_t)cfg->tasks,
		.next_tid = FIRST_TID,
		.now_ns = FROM_NS,
	};
	struct facts facts = { 0 }, receipt = { 0 };
	int ret;

	s.cpus = xcalloc(s.nr_cpus, sizeof(*s.cpus));
	describe(cfg, &facts);
	ret = trace_writer_open(&s.writer, cfg->out, &facts, e);
	if (ret < 0)
		goto out;
	simulate(&s);
	facts_setf(&receipt, "window.to_ns", "%llu", (unsigned long long)s.now_ns + 1);
	ret = s.failed ? s.failed : trace_writer_finish(s.writer, &receipt, e);
	if (!ret)
		ret = trace_writer_publish(s.writer, e);
out:
	trace_writer_close(s.writer);
	facts_release(&facts);
	facts_release(&receipt);
	vec_release(&s.tasks);
	free(s.cpus);
	return ret;
}

int main(int argc, char **argv)
{
	struct gen_cfg cfg = { .events = 1000000, .cpus = 2, .tasks = 200, .seed = 1, .out = "generated.svz" };
	const struct opt_group group = { .opts = gen_opts, .cfg = &cfg };
	struct err e = { 0 };
	int words = opt_parse(&group, 1, argc - 1, argv + 1, OPT_ANYWHERE, &e);

	if (!words && !generate(&cfg, &e))
		return 0;
	fprintf(stderr, "gen-trace: %s\n", words > 0 ? "takes no words, only options" : e.text);
	return 1;
}
