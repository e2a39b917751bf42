/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * inversion.c - the workload `inversion`: a task of low priority has the lock that one of high priority wants.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include "base/schedviz_mark.h"
#include "workloads/burn.h"
#include "workloads/team.h"
#include "workloads/theory.h"
#include "workloads/workload.h"

/* The kernel keeps a twentieth of each second from real-time tasks; half a second of them never meets that. */
#define MAX_NS (500 * NSEC_PER_MSEC)

struct inversion_cfg {
	struct workload_cfg c;
	uint64_t hold_ns, middle_ns;
	bool pi;
};

static const struct opt inversion_opts[] = {
	OPT_FLAG(0, "pi", struct inversion_cfg, pi, "use a mutex that hands the waiter's priority to its owner"),
	OPT_DURATION(0, "hold", struct inversion_cfg, hold_ns, NSEC_PER_MSEC, MAX_NS,
		     "CPU time low needs while it has the lock (20ms)"),
	OPT_DURATION(0, "m", struct inversion_cfg, middle_ns, NSEC_PER_MSEC, MAX_NS, "CPU time middle needs (150ms)"),
	WORKLOAD_RUN_OPTS(struct inversion_cfg, c), OPT_END
};

enum { LOW, MIDDLE, HIGH, NR_ROLES };
static const char *const role_names[NR_ROLES] = { "low", "middle", "high" };
#define PRIORITY(role) (10u + 10u * (role))

/* Jobs: who has the lock. */
enum { HOLD_OF_LOW, HOLD_OF_HIGH };

static const struct inversion_cfg *own(const struct workload_cfg *cfg)
{
	return (const struct inversion_cfg *)cfg;
}

static void inversion_defaults(struct workload_cfg *cfg)
{
	*(struct inversion_cfg *)cfg = (struct inversion_cfg){
		.c = { .repeat = 1 },
		.hold_ns = 20 * NSEC_PER_MSEC,
		.middle_ns = 150 * NSEC_PER_MSEC,
	};
}

static int inversion_prepare(struct workload_cfg *cfg, struct err *e)
{
	struct inversion_cfg *v = (struct inversion_cfg *)cfg;

	v->hold_ns = workload_scaled(cfg, v->hold_ns);
	v->middle_ns = workload_scaled(cfg, v->middle_ns);
	if (v->hold_ns + v->middle_ns > MAX_NS)
		return err_set(e, -EINVAL,
			       "--hold and --m are more than half a second together, for which no real-time task "
			       "may have a CPU to itself");
	if (v->hold_ns < 2 * NSEC_PER_MSEC)
		return err_set(e, -EINVAL, "--hold is too short for the others to come meanwhile - 2ms or more");
	return 0;
}

static bool inversion_needs_root(const struct workload_cfg *cfg)
{
	(void)cfg;
	return true; /* SCHED_FIFO */
}

/* ---- theory ---- */

/* When it begins, after low: high asks for the lock, then middle comes. */
static uint64_t delay_ns(const struct inversion_cfg *v, uint32_t role)
{
	static const uint64_t eighths[NR_ROLES] = { [LOW] = 0, [HIGH] = 1, [MIDDLE] = 2 };

	return v->hold_ns * eighths[role] / 8;
}

static uint64_t rest_ns(const struct inversion_cfg *v)
{
	return v->hold_ns - delay_ns(v, HIGH);
}

static uint64_t wait_ns(const struct inversion_cfg *v)
{
	return rest_ns(v) + (v->pi ? 0 : v->middle_ns);
}

static void inversion_predict(const struct workload_cfg *cfg, struct facts *out)
{
	const struct inversion_cfg *v = own(cfg);
	struct buf text = { 0 };

	buf_puts(&text, "high waits for low's last ");
	theory_time(&text, rest_ns(v));
	if (!v->pi) {
		buf_puts(&text, " and middle's ");
		theory_time(&text, v->middle_ns);
		buf_puts(&text, " = ");
		theory_time(&text, wait_ns(v));
	}
	facts_set(out, "theory.text", buf_str(&text));
	buf_release(&text);
}

/* ---- the run ---- */

struct scene {
	const struct inversion_cfg *cfg;
	pthread_mutex_t lock;
	uint32_t cpu;
	uint64_t waited_ns;
};

static int role_before(void *arg, uint32_t role)
{
	const struct scene *scene = arg;
	const struct sched_choice choice = { .set = true, .policy = SCHED_FIFO, .priority = PRIORITY(role) };
	struct err e = { 0 };

	prctl(PR_SET_NAME, role_names[role]);
	if (sched_apply(&choice, 0, &e) < 0 || workload_pin(scene->cpu, &e) < 0)
		return workload_failed(&e);
	return 0;
}

static void low(struct scene *scene)
{
	pthread_mutex_lock(&scene->lock);
	schedviz_mark_start(HOLD_OF_LOW);
	burn(scene->cfg->hold_ns);
	schedviz_mark_finish(HOLD_OF_LOW);
	pthread_mutex_unlock(&scene->lock);
}

static void high(struct scene *scene)
{
	uint64_t asked_ns = schedviz_mark_now();

	schedviz_mark_submit(HOLD_OF_HIGH);
	pthread_mutex_lock(&scene->lock);
	scene->waited_ns = schedviz_mark_now() - asked_ns;
	schedviz_mark_start(HOLD_OF_HIGH);
	burn(NSEC_PER_MSEC);
	schedviz_mark_finish(HOLD_OF_HIGH);
	pthread_mutex_unlock(&scene->lock);
}

static int act(void *arg, uint32_t role)
{
	struct scene *scene = arg;

	if (role != LOW)
		workload_sleep_until(team_began_ns() + delay_ns(scene->cfg, role));
	if (role == MIDDLE)
		burn(scene->cfg->middle_ns);
	else if (role == HIGH)
		high(scene);
	else
		low(scene);
	return 0;
}

static int scene_run(struct scene *scene, struct err *e)
{
	const struct team_cfg team = {
		.n = NR_ROLES,
		.kind = KIND_THREADS,
		.name = "task%u",
		.before = role_before,
		.fn = act,
		.arg = scene,
	};
	struct team_span span;
	int ret = team_run(&team, &span, e);

	if (ret < 0)
		return ret;
	schedviz_mark_wall(span.from_ns, span.to_ns);
	workload_say("inversion: high waited %.1f ms for a lock that is held for %.1f ms, on CPU %u",
		     (double)scene->waited_ns / 1e6, (double)scene->cfg->hold_ns / 1e6, scene->cpu);
	return 0;
}

static int inversion_run(const struct workload_cfg *cfg)
{
	struct scene scene = { .cfg = own(cfg) };
	pthread_mutexattr_t attr;
	struct err e = { 0 };
	int ret;

	if (workload_enter("inversion", cfg, &e) < 0)
		return workload_failed(&e);
	schedviz_mark_noun("hold");
	workload_map_program();
	burn_calibrate();
	scene.cpu = workload_cpu(0);
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, scene.cfg->pi ? PTHREAD_PRIO_INHERIT : PTHREAD_PRIO_NONE);
	ret = pthread_mutex_init(&scene.lock, &attr);
	if (ret)
		ret = err_sys(&e, -ret, "cannot make the mutex");
	else
		ret = scene_run(&scene, &e);
	pthread_mutexattr_destroy(&attr);
	return ret < 0 ? workload_failed(&e) : 0;
}

/* ---- the check ---- */

/* From asking for the lock until having it. Empty: it never had it. */
static struct window wait_of_high(const struct evidence *ev)
{
	size_t nr;
	const struct job *jobs = model_jobs(ev->model, &nr);

	for (size_t i = 0; i < nr; i++)
		if (jobs[i].id == HOLD_OF_HIGH && jobs[i].submitted_ns != UINT64_MAX &&
		    jobs[i].started_ns != UINT64_MAX)
			return (struct window){ jobs[i].submitted_ns, jobs[i].started_ns };
	return (struct window){ 0, 0 };
}

static void inversion_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	const struct inversion_cfg *v = own(cfg);
	struct window wait = wait_of_high(ev);
	uint64_t want_ns = wait_ns(v), slack_ns = report_slack_ns(want_ns);
	uint64_t middle_ns = evidence_ns(ev, evidence_one(ev, "middle"), STATE_RUNNING, wait);

	/* a task of the highest kernel priority may come in between, for well below a millisecond */
	report_ns(r, wait.to_ns - wait.from_ns, want_ns > slack_ns ? want_ns - slack_ns : 0, want_ns + slack_ns,
		  "high waited for the lock");
	slack_ns = report_slack_ns(v->middle_ns);
	if (v->pi)
		report_ns(r, middle_ns, 0, NSEC_PER_MSEC, "of that, middle ran");
	else
		report_ns(r, middle_ns, v->middle_ns > slack_ns ? v->middle_ns - slack_ns : 0, v->middle_ns + slack_ns,
			  "of that, middle ran");
	report_count(r, evidence_edges(ev, "low", "high", "futex", ev->wall), 1, 1, "wake-ups of high by low");
	report_count(r, evidence_sleeps(ev, evidence_one(ev, "high"), "futex", ev->wall).n, 1, 1,
		     "sleeps of high in futex");
}

static void inversion_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	const struct inversion_cfg *v = own(cfg);
	struct window wait = wait_of_high(ev);

	buf_puts(out, "high has the highest priority of the three and yet waited ");
	fmt_duration(out, wait.to_ns - wait.from_ns, true);
	buf_puts(out, " for the lock that low had; meanwhile low ran ");
	fmt_duration(out, evidence_ns(ev, evidence_one(ev, "low"), STATE_RUNNING, wait), true);
	buf_puts(out, " and middle ");
	fmt_duration(out, evidence_ns(ev, evidence_one(ev, "middle"), STATE_RUNNING, wait), true);
	buf_puts(out, v->pi ? ". That is as short as it can be: the mutex lent high's priority to low, which middle "
			      "therefore could not preempt. A mutex can do so because it knows its owner; a semaphore "
			      "has none. Compare with the run without --pi."
			    : ". middle never touched the lock: it preempted low, which then could not give the lock "
			      "back, so that middle in effect came before high, for as long as it liked. With --pi the "
			      "mutex lends high's priority to its owner, and the wait no longer depends on middle.");
}

const struct workload workload_inversion = {
	.name = "inversion",
	.group = GROUP_LOCKS,
	.summary = "a middle task blocks a high one; inheritance bounds it",
	.lesson =
		"Three real-time tasks on one CPU. low takes a lock and needs 20 ms of CPU time with it; high wants "
		"the same lock and falls asleep; middle wants no lock, only the CPU, and preempts low. So high waits "
		"for middle, though it has the higher priority: priority inversion, which once stopped a spacecraft "
		"on Mars. A mutex with priority inheritance (--pi) lets low run at high's priority until it gives the "
		"lock back. It needs root, because SCHED_FIFO does.",
	.theory = "Without --pi high waits for what is left of low's hold, and for middle: L_rest + M. With --pi: "
		  "L_rest, "
		  "whatever M is.",
	.look = "Hold 1, high's, waits from its bar's beginning. Without --pi middle's lane is solid while low waits, "
		"preempted. With --pi low runs on and middle waits.",
	.example = "schedviz run inversion --pi",
	.opts = inversion_opts,
	.cfg_size = sizeof(struct inversion_cfg),
	.quick_permille = 1000, /* it is short */
	.defaults = inversion_defaults,
	.prepare = inversion_prepare,
	.needs_root = inversion_needs_root,
	.predict = inversion_predict,
	.run = inversion_run,
	.check = inversion_check,
	.explain = inversion_explain,
};
