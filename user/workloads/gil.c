/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gil.c - the workload `gil`: threads that compute under one lock, as Python's do, and when they must hand it over.
 */
#include "workloads/gil.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/schedviz_mark.h"
#include "workloads/burn.h"
#include "workloads/decimal.h"
#include "workloads/gil_lock.h"
#include "workloads/team.h"
#include "workloads/theory.h"

#define MAX_THREADS 64
#define ECHO_CALL_NS (20 * NSEC_PER_MSEC)
#define ECHO_WORK_NS (10 * NSEC_PER_USEC) /* what an answer costs */
/* Where every CPU is computing, whatever else runs takes time from it: with more than that a run is not judged. */
#define OTHERS_PERCENT 5
/* Waking up and getting a free CPU; or, with one CPU, the tick until the other is preempted (10 ms with HZ=100). */
#define WAKE_NS NSEC_PER_MSEC
#define TICK_NS (10 * NSEC_PER_MSEC)

static const char *const modes[] = { "ccall", "bytecode", "release", "none", NULL };

static const struct opt gil_opts[] = {
	OPT_CHOICE(0, "mode", struct gil_cfg, mode, modes, "MODE",
		   "a C call that keeps the lock, bytecode, a C call that gives it up, no lock at all (ccall)"),
	OPT_U64('n', "threads", struct gil_cfg, c.tasks, 1, MAX_THREADS, "N", "threads that compute (2)"),
	OPT_DURATION(0, "work", struct gil_cfg, c.work_ns, NSEC_PER_MSEC, WORKLOAD_MAX_NS,
		     "CPU time each needs (400ms)"),
	OPT_U64(0, "exp", struct gil_cfg, c.exp, 0, DECIMAL_MAX_EXP, "E",
		"each computes 8^E in decimal instead; the cost grows as E^2"),
	OPT_DURATION(0, "call", struct gil_cfg, call_ns, 0, WORKLOAD_MAX_NS,
		     "length of one C call (0: all the work in one; with --echo 20ms)"),
	OPT_DURATION(0, "interval", struct gil_cfg, interval_ns, 100 * NSEC_PER_USEC, NSEC_PER_SEC,
		     "how long a thread waits before it asks for the lock (5ms)"),
	OPT_DURATION(0, "check", struct gil_cfg, check_ns, NSEC_PER_USEC, NSEC_PER_SEC,
		     "how often bytecode looks whether another asks (50us)"),
	OPT_FLAG(0, "echo", struct gil_cfg, echo, "one thread computes, another answers a client"),
	WORKLOAD_OPTS(struct gil_cfg, c),
	OPT_END
};

static void gil_defaults(struct workload_cfg *cfg)
{
	struct gil_cfg *g = (struct gil_cfg *)cfg;

	*g = (struct gil_cfg){ .c = { .repeat = 1, .tasks = 2, .work_ns = 400 * NSEC_PER_MSEC },
			       .interval_ns = 5 * NSEC_PER_MSEC,
			       .check_ns = 50 * NSEC_PER_USEC };
}

/* The interval is Python's own and stays: what --scale shortens is the work. */
static int gil_prepare(struct workload_cfg *cfg, struct err *e)
{
	struct gil_cfg *g = (struct gil_cfg *)cfg;

	if (g->echo && cfg->exp)
		return err_set(e, -EINVAL, "--echo needs work of a known length - give --work instead of --exp");
	if (g->echo && cfg->tasks != 2)
		return err_set(e, -EINVAL, "--echo is about two threads, one that computes and one that answers");
	if (cfg->exp && g->call_ns)
		return err_set(e, -EINVAL, "--exp is one call - give --work instead");
	if (g->echo && !g->call_ns)
		g->call_ns = ECHO_CALL_NS;
	if (cfg->quick && cfg->exp)
		cfg->exp = cfg->exp / 2;
	return 0;
}

static bool gil_cannot(const struct workload_cfg *cfg, struct buf *why)
{
	if (gil_serial(gil_own(cfg)) || cfg->nr_cpus > 1 || cfg->tasks == 1)
		return false;
	buf_puts(why, "with one CPU no two threads can compute at once, lock or no lock");
	return true;
}

/* ---- theory ---- */

/*
 * The answer waits for an interval before it asks, unless a boundary comes first; then for the next boundary: at most
 * --check in bytecode, a whole call in C.
 */
struct theory_range gil_echo_range(const struct gil_cfg *g)
{
	uint64_t late_ns = g->c.nr_cpus > 1 ? WAKE_NS : TICK_NS;
	uint64_t longest_ns = g->mode == MODE_CCALL ? gil_call_ns(g) : g->check_ns;

	if (!gil_serial(g))
		return (struct theory_range){ 0, late_ns };
	return (struct theory_range){ g->interval_ns, g->interval_ns + longest_ns + late_ns };
}

static void predict_echo(const struct gil_cfg *g, struct facts *out)
{
	struct theory_range range = gil_echo_range(g);
	struct buf text = { 0 };

	buf_puts(&text, "a round trip takes ");
	if (range.min_ns) {
		theory_time(&text, g->interval_ns);
		buf_printf(&text, " and then until the next %s, at most ",
			   g->mode == MODE_CCALL ? "end of a call" : "look");
		theory_time(&text, g->mode == MODE_CCALL ? gil_call_ns(g) : g->check_ns);
	} else {
		buf_puts(&text, "as long as two wake-ups: nobody waits for a lock");
	}
	facts_set(out, "theory.text", buf_str(&text));
	buf_release(&text);
}

static void predict_work(const struct gil_cfg *g, struct facts *out)
{
	uint64_t n = g->c.tasks, m = g->c.nr_cpus < n ? g->c.nr_cpus : n, sum_ns = n * g->c.work_ns;
	struct theory_range range = { sum_ns, sum_ns };
	struct theory_task tasks[MAX_THREADS];
	struct buf text = { 0 };

	if (!gil_serial(g) && m > 1) {
		for (uint64_t i = 0; i < n; i++)
			tasks[i] = (struct theory_task){ .work_ns = g->c.work_ns };
		range = theory_bounds(tasks, n, n, g->c.nr_cpus);
	}
	buf_printf(&text, "%" PRIu64 " x ", n);
	theory_time(&text, g->c.work_ns);
	if (!gil_serial(g) && m > 1)
		buf_printf(&text, " on %" PRIu64 " CPUs", m);
	buf_puts(&text, " = ");
	theory_time(&text, range.min_ns);
	if (range.max_ns > range.min_ns) {
		buf_puts(&text, " to ");
		theory_time(&text, range.max_ns);
	}
	if (!gil_serial(g) && m > 1)
		range.max_ns += GIL_BALANCE_NS / 2;
	if (!gil_serial(g) && m == g->c.nr_cpus)
		range.max_ns += sum_ns / g->c.nr_cpus * OTHERS_PERCENT / 100;
	theory_set(out, buf_str(&text), range);
	buf_release(&text);
}

static void gil_predict(const struct workload_cfg *cfg, struct facts *out)
{
	const struct gil_cfg *g = gil_own(cfg);
	struct buf text = { 0 };

	if (g->echo) {
		predict_echo(g, out);
	} else if (cfg->exp) {
		buf_printf(&text, "%s%" PRIu64 " x the time of 8^%" PRIu64 " alone",
			   gil_serial(g) ? "" : "at least 1/m of ", cfg->tasks, cfg->exp);
		facts_set(out, "theory.text", buf_str(&text));
	} else {
		predict_work(g, out);
	}
	buf_release(&text);
}

/* ---- the run ---- */

struct house {
	const struct gil_cfg *cfg;
	struct gil gil;
	int line[2]; /* echo: the client's end, the server's */
	int done;    /* atomic: the burner has ended */
	uint64_t took_ns[MAX_THREADS];
	bool wrong[MAX_THREADS];
};

/* Between two bytecodes; never stops the computation. */
static int boundary(void *arg)
{
	gil_boundary(arg);
	return 0;
}

/* As burn(), in steps with a look at the request after each; the CPU clock is read a dozen times. */
static void burn_as_bytecode(struct house *h, uint64_t ns)
{
	uint64_t end_ns = burn_clock_ns() + ns, left_ns = ns, step_ns = h->cfg->check_ns;

	while (left_ns > step_ns) {
		uint64_t now_ns;

		for (uint64_t steps = left_ns / 2 / step_ns + 1; steps; steps--) {
			burn_blindly(step_ns);
			gil_boundary(&h->gil);
		}
		now_ns = burn_clock_ns();
		left_ns = now_ns < end_ns ? end_ns - now_ns : 0;
	}
	burn_blindly(left_ns);
}

/* What comes between two looks of the interpreter; with bytecode that looks by itself, all of it. */
static bool piece_do(struct house *h, uint64_t ns)
{
	const struct gil_cfg *g = h->cfg;
	bool looks = g->mode == MODE_BYTECODE, good = true;

	if (g->mode == MODE_RELEASE)
		gil_drop(&h->gil);
	if (g->c.exp)
		good = decimal_digits(g->c.exp, looks ? boundary : NULL, &h->gil) == decimal_expected(g->c.exp);
	else if (looks)
		burn_as_bytecode(h, ns);
	else
		burn(ns);
	if (g->mode == MODE_RELEASE)
		gil_take(&h->gil);
	return good;
}

static bool work_do(struct house *h)
{
	const struct gil_cfg *g = h->cfg;
	uint64_t left_ns = g->c.exp ? 1 : g->c.work_ns;
	bool good = true;

	if (g->mode != MODE_NONE)
		gil_take(&h->gil);
	while (left_ns) {
		uint64_t ns = g->mode == MODE_BYTECODE || !g->call_ns || left_ns < g->call_ns ? left_ns : g->call_ns;

		good &= piece_do(h, ns);
		left_ns -= ns;
		if (left_ns && gil_serial(g))
			gil_boundary(&h->gil);
	}
	if (g->mode != MODE_NONE)
		gil_drop(&h->gil);
	return good;
}

static int thread(void *arg, uint32_t i)
{
	struct house *h = arg;

	h->wrong[i] = !work_do(h);
	h->took_ns[i] = schedviz_mark_now() - team_began_ns();
	return 0;
}

/* ---- with --echo: three tasks of different roles ---- */

enum { BURNER, ECHO, CLIENT, NR_ROLES };

static void answer_all(struct house *h)
{
	bool locks = h->cfg->mode != MODE_NONE;
	char c;

	while (read(h->line[1], &c, 1) == 1) {
		if (locks)
			gil_take(&h->gil);
		burn_blindly(ECHO_WORK_NS);
		if (locks)
			gil_drop(&h->gil);
		if (write(h->line[1], &c, 1) != 1)
			return;
	}
}

/* Not of the interpreter: it never takes the lock, as a program at the other end of a connection would not. */
static void ask_all(struct house *h)
{
	char c = 'a';

	while (!__atomic_load_n(&h->done, __ATOMIC_RELAXED)) {
		uint64_t asked_ns = schedviz_mark_now();

		if (write(h->line[0], &c, 1) != 1 || read(h->line[0], &c, 1) != 1)
			break;
		schedviz_mark_instant(GIL_ROUND_TRIP, schedviz_mark_now() - asked_ns);
		workload_sleep(GIL_PAUSE_NS);
	}
	shutdown(h->line[0], SHUT_RDWR);
}

static int role_before(void *arg, uint32_t i)
{
	static const char *const names[NR_ROLES] = { "burner", "echo", "client" };

	(void)arg;
	return prctl(PR_SET_NAME, names[i]);
}

static int role(void *arg, uint32_t i)
{
	struct house *h = arg;

	if (i == ECHO)
		answer_all(h);
	else if (i == CLIENT)
		ask_all(h);
	else
		thread(arg, i);
	if (i == BURNER)
		__atomic_store_n(&h->done, 1, __ATOMIC_RELAXED);
	return 0;
}

/* ---- all of it ---- */

/* What one needs when nobody else computes, so that there is something to compare with. */
static void alone(const struct house *h)
{
	uint64_t from_ns = burn_clock_ns();

	decimal_digits(h->cfg->c.exp, NULL, NULL);
	schedviz_mark_instant(GIL_ALONE, burn_clock_ns() - from_ns);
}

static int house_say(const struct house *h, struct err *e)
{
	for (uint64_t i = 0; i < (h->cfg->echo ? 1 : h->cfg->c.tasks); i++) {
		if (h->wrong[i])
			return err_set(e, -EIO, "8^%" PRIu64 " came out wrong", h->cfg->c.exp);
		workload_say("gil (%d) %s%" PRIu64 " took %.3f s by its own stopwatch", getpid(),
			     h->cfg->echo ? "burner" : "thread", i, (double)h->took_ns[i] / 1e9);
	}
	return 0;
}

static int house_run(struct house *h, struct err *e)
{
	bool echo = h->cfg->echo;
	const struct team_cfg team = {
		.n = echo ? NR_ROLES : (uint32_t)h->cfg->c.tasks,
		.kind = KIND_THREADS,
		.name = "thread%u",
		.before = echo ? role_before : NULL,
		.fn = echo ? role : thread,
		.arg = h,
	};
	struct team_span span;
	int ret;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, h->line) < 0)
		return err_sys(e, -errno, "cannot make a connection");
	ret = team_run(&team, &span, e);
	close(h->line[0]);
	close(h->line[1]);
	if (ret < 0)
		return ret;
	schedviz_mark_wall(span.from_ns, span.to_ns);
	return house_say(h, e);
}

static int gil_run(const struct workload_cfg *cfg)
{
	static struct house h; /* too large to be sure of the stack */
	struct err e = { 0 };
	int ret;

	if (workload_enter("gil", cfg, &e) < 0)
		return workload_failed(&e);
	h.cfg = gil_own(cfg);
	schedviz_mark_noun("turn");
	workload_map_program();
	burn_calibrate();
	if (cfg->exp)
		alone(&h);
	gil_init(&h.gil, h.cfg->interval_ns);
	ret = house_run(&h, &e);
	gil_destroy(&h.gil);
	return ret < 0 ? workload_failed(&e) : 0;
}

const struct workload workload_gil = {
	.name = "gil",
	.group = GROUP_PYTHON,
	.summary = "one lock for all threads: two take as long as one by one",
	.lesson =
		"Python's threads compute under one lock, the GIL: two threads with 0.4 s of work each take 0.8 s, on "
		"however many CPUs. Who waits for the lock asks for it after 5 ms, and who has it looks whether "
		"somebody asks between two bytecodes. A long C call, as the decimal of a huge number, looks only at "
		"its "
		"end: the turn lasts as long as the call. Pure bytecode (--mode bytecode) hands over every 5 ms and is "
		"not faster for it. A C call that gives the lock up first, as hashing does (--mode release), is truly "
		"parallel. With --echo you see the worse half: a small answer waits for the lock, too.",
	.theory = "ccall, bytecode: n x C. release, none: n x C / min(n, m) with m CPUs; C is one thread's CPU time. "
		  "Turns: n by C calls, about n C / 5 ms by bytecode.",
	.look = "By C calls: two long strokes, one after the other, and under the first a thread asleep that a timer "
		"wakes every 5 ms in vain. By bytecode: short turns, now one, now the other, never both.",
	.example = "schedviz run gil --mode bytecode",
	.opts = gil_opts,
	.cfg_size = sizeof(struct gil_cfg),
	.quick_permille = 250,
	.defaults = gil_defaults,
	.prepare = gil_prepare,
	.cannot = gil_cannot,
	.predict = gil_predict,
	.run = gil_run,
	.check = gil_check,
	.explain = gil_explain,
};
