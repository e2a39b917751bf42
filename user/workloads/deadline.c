/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * deadline.c - the workload `deadline`: reservations of so much CPU time in every period, beside hogs on every CPU.
 *
 * Every task asks for itself, one after another, before the common start: a SCHED_DEADLINE task cannot fork, so they
 * are made before, and who is refused must not depend on who asks first. Nobody asks for a sleeping other, either:
 * where that one becomes ordinary again without having run, the kernel (seen on 6.18) keeps its reservation for ever.
 */
#include "workloads/deadline.h"

#include <errno.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "base/schedviz_mark.h"
#include "workloads/burn.h"
#include "workloads/hogs.h"
#include "workloads/team.h"

#define MAX_TASKS 100
#define LENGTH_MAX_NS (60 * NSEC_PER_SEC) /* reserved time is others' loss */
#define PERIOD_MAX_NS (4 * NSEC_PER_SEC)  /* kernel.sched_deadline_period_max_us is 4.19 s */
#define ASK_PERCENT 95			  /* of a CPU, for each hog, to see who is refused */
#define LEAD_EACH_NS (2 * NSEC_PER_MSEC)  /* to make a task and let it ask, several times over */
#define TURN_LOOK_NS (200 * NSEC_PER_USEC)
#define TURN_LOOKS 5000 /* a second */

static const struct opt deadline_opts[] = {
	OPT_U64('n', "tasks", struct deadline_cfg, c.tasks, 0, MAX_TASKS, "N",
		"tasks with a job in every period, beside the greedy one (2)"),
	OPT_DURATION(0, "runtime", struct deadline_cfg, runtime_ns, 100 * NSEC_PER_USEC, PERIOD_MAX_NS,
		     "CPU time that each of them reserves (10ms)"),
	OPT_DURATION(0, "period", struct deadline_cfg, period_ns, NSEC_PER_MSEC, PERIOD_MAX_NS,
		     "in every period of this length (100ms)"),
	OPT_DURATION(0, "work", struct deadline_cfg, job_ns, 0, PERIOD_MAX_NS, "CPU time that a job needs (8ms)"),
	OPT_DURATION(0, "length", struct deadline_cfg, length_ns, NSEC_PER_MSEC, LENGTH_MAX_NS,
		     "how long this goes on (2s)"),
	WORKLOAD_PACE_OPTS(struct deadline_cfg, c),
	OPT_END
};

static void deadline_defaults(struct workload_cfg *cfg)
{
	struct deadline_cfg *d = (struct deadline_cfg *)cfg;

	*d = (struct deadline_cfg){
		.c = { .repeat = 1, .tasks = 2 },
		.runtime_ns = 10 * NSEC_PER_MSEC,
		.period_ns = 100 * NSEC_PER_MSEC,
		.job_ns = 8 * NSEC_PER_MSEC,
		.length_ns = 2 * NSEC_PER_SEC,
	};
}

/* Period and reservation are what it is about: --scale changes how many periods there are. */
static int deadline_prepare(struct workload_cfg *cfg, struct err *e)
{
	struct deadline_cfg *d = (struct deadline_cfg *)cfg;

	d->length_ns = workload_scaled(cfg, d->length_ns);
	if (d->runtime_ns > d->period_ns)
		return err_set(e, -EINVAL, "--runtime is longer than --period - nobody can have more than a CPU");
	if (d->length_ns < 2 * d->period_ns)
		return err_set(e, -EINVAL, "--length has no two periods in it - make it longer, or --period shorter");
	return 0;
}

static bool deadline_needs_root(const struct workload_cfg *cfg)
{
	(void)cfg;
	return true;
}

/* ---- the run ---- */

struct shared {
	uint32_t turn; /* of the member that may ask */
	uint32_t granted, granted_hogs;
	int32_t failed; /* errno of a request that failed otherwise than by EBUSY */
};

struct stage {
	const struct deadline_cfg *cfg;
	struct sched_choice reservation, hogs_wish;
	struct shared *shared;
	bool granted; /* in each member: its own */
};

static uint32_t members(const struct deadline_cfg *d)
{
	return deadline_reserving(d) + d->c.nr_cpus;
}

/* Looks now and then: this is before the start. False when it never came, as somebody before it is gone. */
static bool wait_for_turn(const struct stage *s, uint32_t turn)
{
	for (int looks = 0; looks < TURN_LOOKS; looks++) {
		if (__atomic_load_n(&s->shared->turn, __ATOMIC_ACQUIRE) >= turn)
			return true;
		workload_sleep(TURN_LOOK_NS);
	}
	return false;
}

static bool ask(const struct sched_choice *choice, struct stage *s)
{
	struct err e = { 0 };
	int ret = sched_apply(choice, 0, &e);

	if (ret < 0 && ret != -EBUSY) {
		workload_failed(&e);
		__atomic_store_n(&s->shared->failed, -ret, __ATOMIC_RELAXED);
	}
	return ret == 0;
}

/*
 * First the reservations that stay; then every hog asks for nearly a CPU of its own, which cannot all be granted, and
 * is ordinary again when all have asked.
 */
static int member_before(void *arg, uint32_t i)
{
	static const struct sched_choice ordinary = { .set = true };
	struct stage *s = arg;
	bool is_hog = i >= deadline_reserving(s->cfg);
	char name[16];

	deadline_name(s->cfg, i, name, sizeof(name));
	prctl(PR_SET_NAME, name);
	if (!wait_for_turn(s, i))
		return 1;
	s->granted = ask(is_hog ? &s->hogs_wish : &s->reservation, s);
	*(is_hog ? &s->shared->granted_hogs : &s->shared->granted) += s->granted; /* its turn: nobody else writes */
	__atomic_store_n(&s->shared->turn, i + 1, __ATOMIC_RELEASE);
	if (is_hog && s->granted)
		return wait_for_turn(s, members(s->cfg)) && ask(&ordinary, s) ? 0 : 1;
	return s->shared->failed != 0;
}

static void do_jobs(const struct deadline_cfg *d, uint64_t from_ns, uint64_t to_ns)
{
	for (uint64_t at_ns = from_ns; at_ns < to_ns && schedviz_mark_now() < to_ns; at_ns += d->period_ns) {
		workload_sleep_until(at_ns); /* at once when that is past */
		burn(d->job_ns);
	}
	workload_sleep_until(to_ns);
}

/* The greedy one and the hogs want a CPU all the time; whoever was refused has nothing to show. */
static int member_main(void *arg, uint32_t i)
{
	const struct stage *s = arg;
	uint64_t from_ns = team_began_ns(), to_ns = from_ns + s->cfg->length_ns;

	if (i >= deadline_reserving(s->cfg) || (i == 0 && s->granted))
		burn_until(to_ns);
	else if (s->granted)
		do_jobs(s->cfg, from_ns, to_ns);
	return 0;
}

static int choice_make(struct sched_choice *out, uint64_t runtime_ns, uint64_t period_ns, struct err *e)
{
	struct buf text = { 0 };
	int ret;

	buf_puts(&text, "deadline:");
	fmt_duration_arg(&text, runtime_ns);
	buf_putc(&text, '/');
	fmt_duration_arg(&text, period_ns);
	ret = sched_parse(out, buf_str(&text), NULL, 0, e);
	buf_release(&text);
	return ret;
}

static int perform(struct stage *s, struct err *e)
{
	const struct team_cfg team = {
		.n = members(s->cfg),
		.name = "task%u",
		.before = member_before,
		.fn = member_main,
		.arg = s,
		.lead_ns = TEAM_LEAD_NS + members(s->cfg) * LEAD_EACH_NS,
	};
	struct team_span span;

	if (team_run(&team, &span, e) < 0)
		return workload_failed(e);
	schedviz_mark_instant(DEADLINE_SAID_GRANTED, s->shared->granted);
	schedviz_mark_instant(DEADLINE_SAID_HOGS, s->shared->granted_hogs);
	schedviz_mark_wall(span.from_ns, span.from_ns + s->cfg->length_ns);
	workload_say("deadline (%d) %u of %u tasks could reserve %.3f ms in every %.3f ms", getpid(),
		     s->shared->granted, deadline_reserving(s->cfg), (double)s->cfg->runtime_ns / 1e6,
		     (double)s->cfg->period_ns / 1e6);
	return 0;
}

static int deadline_run(const struct workload_cfg *cfg)
{
	struct stage s = { .cfg = (const struct deadline_cfg *)cfg };
	struct err e = { 0 };
	int status;

	if (workload_enter("deadline", cfg, &e) < 0)
		return workload_failed(&e);
	if (cfg->nr_cpus < sysconf(_SC_NPROCESSORS_ONLN)) {
		err_set(&e, -EPERM,
			"the kernel reserves time only for tasks that may use every CPU - leave taskset out");
		return workload_failed(&e);
	}
	if (choice_make(&s.reservation, s.cfg->runtime_ns, s.cfg->period_ns, &e) < 0 ||
	    choice_make(&s.hogs_wish, s.cfg->period_ns / 100 * ASK_PERCENT, s.cfg->period_ns, &e) < 0)
		return workload_failed(&e);
	s.shared = shared_alloc(sizeof(*s.shared), &e);
	if (!s.shared)
		return workload_failed(&e);
	burn_calibrate();
	schedviz_mark_instant(HOGS_SAID_TICK, hogs_tick_here_ns());
	status = perform(&s, &e);
	shared_free(s.shared, sizeof(*s.shared));
	return status;
}

const struct workload workload_deadline = {
	.name = "deadline",
	.group = GROUP_POLICIES,
	.summary = "reserve time in every period: no less, and no more",
	.lesson =
		"Three tasks reserve 10 ms in every 100 ms (SCHED_DEADLINE) on a machine whose CPUs are all taken by "
		"hogs. Two of them have a job of 8 ms in every period and never miss the end of it, whatever the "
		"hogs do. The third is greedy and computes on and on: it gets its tenth and no more, because the "
		"kernel throttles who has used up what it reserved. That is why a promise to one can be kept "
		"against all others.\n\n"
		"A promise that cannot be kept is not made: before the start each hog asks for 95 % of a CPU, and "
		"when the sum passes what there is the kernel refuses with EBUSY. Two more rules: such a task may not "
		"fork, and may not be pinned to fewer CPUs than there are. Try --work 15ms, and --tasks 20.",
	.theory =
		"A task that always wants a CPU gets runtime/period of one. No job is late as long as it needs at most "
		"the runtime and the sum of all runtime/period is at most 0.95 m on m CPUs, of which newer kernels "
		"(6.12 on) keep 0.05 m for ordinary tasks; more is refused.",
	.look = "Short strokes of periodic0 and periodic1 every 100 ms. greedy waits most of the time although it is "
		"the "
		"first to run: it is throttled. The hogs have the rest.",
	.example = "schedviz run deadline --work 15ms",
	.opts = deadline_opts,
	.cfg_size = sizeof(struct deadline_cfg),
	.quick_permille = 500,
	.defaults = deadline_defaults,
	.prepare = deadline_prepare,
	.needs_root = deadline_needs_root,
	.predict = deadline_predict,
	.run = deadline_run,
	.check = deadline_check,
	.explain = deadline_explain,
};
