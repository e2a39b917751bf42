/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * session.c - the order of a recording, and the loop that it spends its time in.
 */
#define _GNU_SOURCE
#include "cmd/session.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "capture/capture.h"
#include "cmd/child.h"
#include "cmd/follow.h"
#include "cmd/frame.h"
#include "trace/writer.h"

/*
 * How long to sleep when no ring fills: what is still in the rings is lost if the recorder is killed, and each look
 * costs two switches on a machine that may be idle. So the sleep is long while little comes.
 */
#define SLEEP_FIRST_NS (1 * NSEC_PER_SEC)
#define SLEEP_MAX_NS (8 * NSEC_PER_SEC)
/* So long the kernel counts what our programs cost: some thousands of runs on a busy machine, and then no more. */
#define SAMPLE_NS (50 * NSEC_PER_MSEC)
#define FEW_EVENTS 1024
/* After the first Ctrl-C the program has this long to end by itself. */
#define GRACE_NS (2 * NSEC_PER_SEC)
/* The program's last switch comes just after it told its parent of its end. */
#define LAST_SWITCH_TRIES 50
#define LAST_SWITCH_STEP_US 200

struct session {
	struct session_cfg *cfg;
	struct capture *capture;
	struct trace_writer *writer;
	struct mark_ring marks;
	struct child child;
	struct follow follow; /* the process of -p */
	int signals;
	uint64_t from_ns, stop_at_ns, to_ns;
	uint64_t sleep_ns, flushed_ns;
	uint64_t events, seen, wakeups;
	uint64_t steal_ns; /* of all CPUs, when the recording began */
	bool asked_to_stop, stop, child_left;
	struct err *err;
};

/* ---- events on their way to the file ---- */

#define RAW_DEAD (0x10 | 0x20 | 0x80) /* EXIT_DEAD, EXIT_ZOMBIE, TASK_DEAD */

static int keep(void *ctx, const struct event *ev)
{
	struct session *s = ctx;

	if (ev->kind == EV_SWITCH && s->child.pid && ev->sw.prev_tid == (uint32_t)s->child.pid &&
	    ev->sw.prev_state & RAW_DEAD && !ev->sw.preempted)
		s->child_left = true;
	s->events++;
	return trace_writer_add(s->writer, ev, s->err);
}

static int keep_marks(struct session *s, uint64_t until_ns)
{
	struct event ev;
	int ret = 0;

	while (!ret && mark_ring_next(&s->marks, &ev))
		if (ev.ts_ns >= s->from_ns && ev.ts_ns < until_ns)
			ret = keep(s, &ev);
	return ret;
}

static int drain(struct session *s, uint64_t until_ns)
{
	int ret = capture_drain(s->capture, until_ns, keep, s);

	return ret < 0 ? ret : keep_marks(s, until_ns);
}

/* ---- the loop ---- */

static void on_signal(struct session *s)
{
	struct signalfd_siginfo si;

	while (read(s->signals, &si, sizeof(si)) == sizeof(si)) {
		if (si.ssi_signo == SIGCHLD)
			continue; /* child_poll() looks */
		if (s->asked_to_stop || !s->child.pid) {
			s->stop = true;
			continue;
		}
		/* A terminal's Ctrl-C goes to the program too; what somebody sent to us alone is passed on. */
		if (si.ssi_code <= 0)
			child_signal(&s->child, (int)si.ssi_signo);
		s->asked_to_stop = true;
		if (s->stop_at_ns > capture_now() + GRACE_NS)
			s->stop_at_ns = capture_now() + GRACE_NS;
	}
}

static bool is_over(struct session *s)
{
	if (s->child.pid && child_poll(&s->child))
		return true;
	if (s->cfg->pid && follow_ended(&s->follow))
		return true;
	return s->stop || capture_now() >= s->stop_at_ns;
}

/* Little came: look less often. Much came: the doorbell wakes us anyway. */
static void adapt_sleep(struct session *s)
{
	bool few = s->events - s->seen < FEW_EVENTS;

	s->seen = s->events;
	if (!few || s->sleep_ns < SLEEP_FIRST_NS)
		s->sleep_ns = SLEEP_FIRST_NS;
	else if (s->sleep_ns < SLEEP_MAX_NS)
		s->sleep_ns = SLEEP_MAX_NS;
}

static int step(struct session *s)
{
	struct pollfd fds[] = {
		{ .fd = s->signals, .events = POLLIN },
		{ .fd = capture_fd(s->capture), .events = POLLIN },
		{ .fd = s->cfg->pid ? s->follow.pidfd : -1, .events = POLLIN },
	};
	uint64_t now = capture_now(), until = now + s->sleep_ns;
	struct timespec ts;
	int ret;

	if (until > s->stop_at_ns)
		until = s->stop_at_ns;
	until = until > now ? until - now : 0;
	ts = (struct timespec){ .tv_sec = (time_t)(until / NSEC_PER_SEC), .tv_nsec = (long)(until % NSEC_PER_SEC) };
	if (ppoll(fds, sizeof(fds) / sizeof(fds[0]), &ts, NULL) < 0 && errno != EINTR)
		return err_sys(s->err, -errno, "cannot wait for events");
	s->wakeups++;
	on_signal(s);
	if (is_over(s))
		return 1;
	capture_end_sample(s->capture);
	ret = drain(s, UINT64_MAX);
	if (ret < 0)
		return ret;
	adapt_sleep(s);
	now = capture_now();
	if (now - s->flushed_ns < SLEEP_FIRST_NS)
		return 0;
	s->flushed_ns = now;
	return trace_writer_flush(s->writer, s->err);
}

/* ---- beginning ---- */

static int block_signals(struct session *s, struct err *e)
{
	static const int wanted[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		sigaddset(&set, wanted[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signals < 0 ? err_sys(e, -errno, "cannot watch for signals") : 0;
}

static bool has_child(const struct session_cfg *cfg)
{
	return cfg->argv || cfg->main;
}

/* With --only-target our own forks are followed for the moment in which the child is made. */
static int make_child(struct session *s, struct err *e)
{
	struct identity caller;
	const struct child_cfg cfg = {
		.argv = s->cfg->argv,
		.main = s->cfg->main,
		.main_ctx = s->cfg->main_ctx,
		.as = &s->cfg->child,
		.us = &caller,
		.marks = &s->marks,
		.dies_with_us = s->cfg->main,
	};
	uint32_t self = (uint32_t)syscall(SYS_gettid);
	int ret = s->cfg->only_target ? capture_follow_children(s->capture, self, e) : 0;

	if (ret < 0)
		return ret;
	identity_caller(&caller);
	ret = child_fork(&s->child, &cfg, e);
	if (s->cfg->only_target)
		capture_unfollow(s->capture, self);
	return ret < 0 ? ret : child_keep(&s->child, &cfg, e);
}

static int choose_target(struct session *s, struct facts *facts, struct err *e)
{
	uint32_t root = s->cfg->pid;
	int ret = 0;

	if (has_child(s->cfg)) {
		ret = make_child(s, e);
		root = (uint32_t)s->child.pid;
	} else if (s->cfg->pid && s->cfg->only_target) {
		ret = capture_follow_tree(s->capture, s->cfg->pid, e);
	}
	if (root && !s->cfg->machine)
		facts_setf(facts, "target.tid", "%u", root);
	facts_set(facts, "mode", s->cfg->only_target ? "target" : "system");
	return ret;
}

/*
 * From here on the recorder is nobody special. It is made a little more urgent first: it runs rarely and shortly, and
 * must get its turn among hundreds of runnable tasks before a ring is full.
 */
static int drop_privileges(struct err *e)
{
	struct identity caller;
	int ret;

	setpriority(PRIO_PROCESS, 0, -20);
	identity_caller(&caller);
	ret = identity_become(&caller, e);
	return ret < 0 ? ret : capability_drop_all(e);
}

/* As the calling user; one who is root by himself opens the file with root's rights, before they are dropped. */
static int open_output(struct session *s, struct facts *facts, struct err *e)
{
	struct identity caller;
	int ret = 0;

	identity_caller(&caller);
	if (identity_differs(&caller))
		ret = drop_privileges(e);
	if (ret < 0)
		return ret;
	ret = trace_writer_open(&s->writer, s->cfg->output, facts, e);
	return ret < 0 ? ret : drop_privileges(e);
}

/* What a hypervisor has taken from all CPUs so far; 0 where the kernel does not know. proc(5), /proc/stat. */
static uint64_t steal_now_ns(void)
{
	unsigned long long ticks = 0;
	FILE *f = fopen("/proc/stat", "re");

	if (!f)
		return 0;
	if (fscanf(f, "cpu %*u %*u %*u %*u %*u %*u %*u %llu", &ticks) != 1)
		ticks = 0;
	fclose(f);
	return ticks * (NSEC_PER_SEC / (uint64_t)sysconf(_SC_CLK_TCK));
}

static int begin(struct session *s, struct err *e)
{
	const struct capture_cfg cfg = { .ring_bytes = s->cfg->ring_bytes, .only_target = s->cfg->only_target };
	struct facts facts = { 0 };
	int ret;

	ret = capture_open(&s->capture, &cfg, e);
	if (ret < 0)
		return ret;
	facts_set(&facts, "schedviz.version", SCHEDVIZ_VERSION);
	facts_merge(&facts, &s->cfg->facts);
	ret = capture_begin(s->capture, &facts, e);
	if (ret < 0)
		goto out;
	s->from_ns = facts_u64(&facts, "window.from_ns", 0);
	s->steal_ns = steal_now_ns();
	ret = choose_target(s, &facts, e);
	if (ret < 0)
		goto out;
	ret = open_output(s, &facts, e);
	if (ret < 0)
		goto out;
	if (has_child(s->cfg))
		ret = child_go(&s->child, e);
	if (ret < 0)
		goto out;
	ret = trace_writer_publish(s->writer, e);
	s->flushed_ns = capture_now();
	s->stop_at_ns = s->cfg->duration_ns ? s->flushed_ns + s->cfg->duration_ns : UINT64_MAX;
	s->sleep_ns = SAMPLE_NS;
out:
	facts_release(&facts);
	return ret;
}

/* ---- the end ---- */

static void fact_u64(struct facts *f, const char *key, uint64_t value)
{
	facts_setf(f, key, "%" PRIu64, value);
}

static uint64_t timeval_ns(struct timeval tv)
{
	return (uint64_t)tv.tv_sec * NSEC_PER_SEC + (uint64_t)tv.tv_usec * NSEC_PER_USEC;
}

static void receipt(struct session *s, struct facts *out)
{
	char noun[SCHEDVIZ_MARK_NOUN_LEN];
	struct window wall;
	struct rusage ru;
	char key[64];

	fact_u64(out, "window.to_ns", s->to_ns);
	capture_receipt(s->capture, out);
	for (int k = EV_NONE + 1; k < EV_KINDS; k++) {
		uint64_t n = trace_writer_events(s->writer, (enum event_kind)k);

		snprintf(key, sizeof(key), "receipt.events.%s", event_kind_name((enum event_kind)k));
		if (n)
			fact_u64(out, key, n);
	}
	getrusage(RUSAGE_SELF, &ru);
	fact_u64(out, "receipt.recorder_user_ns", timeval_ns(ru.ru_utime));
	fact_u64(out, "receipt.recorder_sys_ns", timeval_ns(ru.ru_stime));
	fact_u64(out, "receipt.recorder_rss_bytes", (uint64_t)ru.ru_maxrss * 1024);
	fact_u64(out, "receipt.wakeups", s->wakeups);
	fact_u64(out, "receipt.lost_marks", mark_ring_dropped(&s->marks));
	fact_u64(out, "receipt.bytes", trace_writer_bytes(s->writer));
	fact_u64(out, "receipt.steal_ns", steal_now_ns() - s->steal_ns);
	if (s->child.reaped)
		facts_setf(out, "receipt.exit_status", "%d", s->child.wait_status);
	if (mark_ring_wall(&s->marks, &wall)) {
		fact_u64(out, "run.wall_from_ns", wall.from_ns);
		fact_u64(out, "run.wall_ns", (wall.to_ns - wall.from_ns));
	}
	mark_ring_noun(&s->marks, noun);
	if (noun[0])
		facts_set(out, "job.noun", noun);
}

/* The program's end was told before its last switch: wait for that, so that its life in the recording is whole. */
static int await_last_switch(struct session *s)
{
	int ret = 0;

	for (int i = 0; i < LAST_SWITCH_TRIES && s->child.reaped && !s->child_left && !ret; i++) {
		ret = drain(s, UINT64_MAX);
		if (!s->child_left)
			usleep(LAST_SWITCH_STEP_US);
	}
	return ret;
}

static int finish(struct session *s, struct err *e)
{
	struct facts facts = { 0 };
	int ret = await_last_switch(s);

	s->to_ns = capture_now();
	capture_stop(s->capture);
	capture_end_sample(s->capture);
	mark_ring_end(&s->marks);
	if (ret >= 0)
		ret = drain(s, s->to_ns);
	if (ret >= 0) {
		receipt(s, &facts);
		ret = trace_writer_finish(s->writer, &facts, e);
	}
	facts_release(&facts);
	return ret;
}

/* A program that outlives its recording (a second Ctrl-C, --duration, a full disk) is ended, kindly first. */
static void end_child(struct session *s)
{
	if (!s->child.pid)
		return;
	child_signal(&s->child, SIGTERM);
	for (int i = 0; i < 100 && !child_poll(&s->child); i++)
		usleep(10000);
}

int session_record(struct session_cfg *cfg, struct session_result *out, struct err *e)
{
	struct session s = { .cfg = cfg, .signals = -1, .err = e, .follow.pidfd = -1 };
	bool begun = false;
	int ret;

	memset(out, 0, sizeof(*out));
	ret = block_signals(&s, e);
	if (ret < 0)
		goto out;
	ret = cfg->pid ? follow_open(&s.follow, cfg->pid, e) : 0;
	if (ret < 0)
		goto out;
	ret = mark_ring_create(&s.marks, 0, e);
	if (ret < 0)
		goto out;
	ret = begin(&s, e);
	if (ret < 0)
		goto out;
	begun = true;
	while (!ret)
		ret = step(&s);
	if (ret > 0)
		ret = finish(&s, e);
out:
	if (begun) {
		end_child(&s);
		out->exit_code = child_exit_code(&s.child);
		out->wall_ns = s.to_ns - s.from_ns;
	}
	out->events = s.events;
	if (s.capture)
		out->lost = capture_lost(s.capture);
	if (s.writer)
		out->bytes = trace_writer_bytes(s.writer);
	child_release(&s.child);
	trace_writer_close(s.writer);
	capture_close(s.capture);
	mark_ring_release(&s.marks);
	follow_close(&s.follow);
	if (s.signals >= 0)
		close(s.signals);
	return ret;
}
