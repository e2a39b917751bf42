/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sched.c - read policies, apply them through sched_setattr(2).
 */
#define _GNU_SOURCE
#include "workloads/sched.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SCHED_DEADLINE
#define SCHED_DEADLINE 6
#endif

/* struct sched_attr, version 0 (linux/sched/types.h): headers before glibc 2.41 do not have it. */
struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};
_Static_assert(sizeof(struct attr) == 48, "SCHED_ATTR_SIZE_VER0");

enum kind { FAIR, REALTIME, DEADLINE };

static const struct {
	const char *name;
	uint32_t policy;
	enum kind kind;
} policies[] = {
	{ "other", SCHED_OTHER, FAIR },	  { "batch", SCHED_BATCH, FAIR }, { "idle", SCHED_IDLE, FAIR },
	{ "fifo", SCHED_FIFO, REALTIME }, { "rr", SCHED_RR, REALTIME },	  { "deadline", SCHED_DEADLINE, DEADLINE },
};
#define NR_POLICIES (sizeof(policies) / sizeof(policies[0]))

static enum kind kind_of(uint32_t policy)
{
	for (size_t i = 0; i < NR_POLICIES; i++)
		if (policies[i].policy == policy)
			return policies[i].kind;
	return FAIR;
}

static int parse_rt(struct sched_choice *out, const char *text, const char *rest, struct err *e)
{
	uint64_t priority = 1;

	if (*rest && parse_u64(rest + 1, 1, 99, &priority, NULL) < 0)
		return err_set(e, -EINVAL, "'%s' is not a policy - its priority must be from 1 to 99, as fifo:10",
			       text);
	out->priority = (uint32_t)priority;
	return 0;
}

/* RUN/PERIOD or RUN/DEADLINE/PERIOD */
static int parse_deadline(struct sched_choice *out, const char *text, const char *rest, struct err *e)
{
	uint64_t *to[] = { &out->runtime_ns, &out->deadline_ns, &out->period_ns };
	char words[96];
	bool fits = true;
	size_t n = 0;
	char *save = NULL;

	strncpy(words, *rest ? rest + 1 : "", sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	for (char *w = strtok_r(words, "/", &save); w && fits; w = strtok_r(NULL, "/", &save), n++)
		fits = n < 3 && parse_duration(w, to[n], NULL) == 0;
	if (n == 2)
		out->period_ns = out->deadline_ns;
	if (!fits || n < 2 || !out->runtime_ns || out->runtime_ns > out->deadline_ns ||
	    out->deadline_ns > out->period_ns)
		return err_set(e, -EINVAL,
			       "'%s' is not a policy - give RUN <= DEADLINE <= PERIOD, as "
			       "deadline:10ms/100ms/100ms",
			       text);
	return 0;
}

static int parse_policy(struct sched_choice *out, const char *text, struct err *e)
{
	size_t n = strcspn(text, ":");

	for (size_t i = 0; i < NR_POLICIES; i++) {
		if (strlen(policies[i].name) != n || strncmp(policies[i].name, text, n))
			continue;
		out->policy = policies[i].policy;
		if (policies[i].kind == REALTIME)
			return parse_rt(out, text, text + n, e);
		if (policies[i].kind == DEADLINE)
			return parse_deadline(out, text, text + n, e);
		if (!text[n])
			return 0;
	}
	return err_set(e, -EINVAL,
		       "'%s' is not a policy - give other, batch, idle, fifo:P, rr:P or "
		       "deadline:RUN/DEADLINE/PERIOD",
		       text);
}

static int parse_nice(struct sched_choice *out, const char *text, struct err *e)
{
	char *end;
	long v = strtol(text, &end, 10);

	if (end == text || *end || v < -20 || v > 19)
		return err_set(e, -EINVAL, "'%s' is not a nice value - give -20 to 19", text);
	out->nice = (int32_t)v;
	out->nice_set = true;
	return 0;
}

int sched_parse(struct sched_choice *out, const char *policy, const char *nice, uint64_t slice_ns, struct err *e)
{
	int ret = 0;

	*out = (struct sched_choice){ .set = policy || nice || slice_ns, .slice_ns = slice_ns };
	if (policy)
		ret = parse_policy(out, policy, e);
	if (ret == 0 && nice)
		ret = parse_nice(out, nice, e);
	if (ret < 0)
		return ret;
	if ((nice || slice_ns) && kind_of(out->policy) != FAIR)
		return err_set(e, -EINVAL, "--policy %s knows neither nice values nor slices - leave --%s out", policy,
			       nice ? "nice" : "slice");
	return 0;
}

bool sched_is_fair(const struct sched_choice *c)
{
	return !c->set || kind_of(c->policy) == FAIR;
}

bool sched_needs_root(const struct sched_choice *c)
{
	return c->set && (kind_of(c->policy) != FAIR || c->nice < 0);
}

int sched_apply(const struct sched_choice *c, int tid, struct err *e)
{
	struct attr a = { .size = sizeof(a), .policy = c->policy, .nice = c->nice, .priority = c->priority };
	struct buf what = { 0 };
	int ret = 0;

	if (!c->set)
		return 0;
	if (!c->nice_set)
		a.nice = getpriority(PRIO_PROCESS, (id_t)tid);
	a.runtime = kind_of(c->policy) == DEADLINE ? c->runtime_ns : c->slice_ns;
	a.deadline = c->deadline_ns;
	a.period = c->period_ns;
	if (syscall(SYS_sched_setattr, tid, &a, 0) < 0) {
		ret = -errno;
		sched_describe(c, &what);
		if (ret == -EBUSY)
			err_set(e, ret, "the kernel refuses %s: too much CPU time is reserved already", buf_str(&what));
		else
			err_sys(e, ret, "cannot take %s%s", buf_str(&what), ret == -EPERM ? " - it needs root" : "");
		buf_release(&what);
	}
	return ret;
}

uint64_t sched_slice_ns(void)
{
	struct attr a = { 0 };

	return syscall(SYS_sched_getattr, 0, &a, sizeof(a), 0) < 0 ? 0 : a.runtime;
}

/* A number in a file of /proc/sys/kernel; `absent` when there is none. */
static long kernel_knob(const char *name, long absent)
{
	char path[80], text[32];
	int fd, n;

	snprintf(path, sizeof(path), "/proc/sys/kernel/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return absent;
	n = (int)read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n > 0 ? strtol(text, NULL, 10) : absent;
}

/* The fair server and requests for slices came with the same release, and only the latter can be asked for. */
uint32_t sched_left_permille(void)
{
	long runtime = kernel_knob("sched_rt_runtime_us", 950000), period = kernel_knob("sched_rt_period_us", 1000000);

	if (sched_slice_ns())
		return 50;
	return runtime < 0 || period <= runtime ? 0 : (uint32_t)((period - runtime) * 1000 / period);
}

uint64_t sched_rr_quantum_ns(void)
{
	long ms = kernel_knob("sched_rr_timeslice_ms", 100);

	return ms > 0 ? (uint64_t)ms * NSEC_PER_MSEC : 100 * NSEC_PER_MSEC;
}

const char *sched_policy_name(uint32_t policy)
{
	for (size_t i = 0; i < NR_POLICIES; i++)
		if (policies[i].policy == policy)
			return policies[i].name;
	return "unknown";
}

bool sched_is_realtime(const struct sched_choice *c)
{
	return kind_of(c->policy) == REALTIME;
}

void sched_describe(const struct sched_choice *c, struct buf *out)
{
	static const char *const names[] = {
		[SCHED_OTHER] = "SCHED_OTHER", [SCHED_FIFO] = "SCHED_FIFO", [SCHED_RR] = "SCHED_RR",
		[SCHED_BATCH] = "SCHED_BATCH", [SCHED_IDLE] = "SCHED_IDLE", [SCHED_DEADLINE] = "SCHED_DEADLINE",
	};

	buf_puts(out, names[c->policy]);
	if (kind_of(c->policy) == REALTIME)
		buf_printf(out, " %u", c->priority);
	if (kind_of(c->policy) == DEADLINE) {
		buf_putc(out, ' ');
		fmt_duration_arg(out, c->runtime_ns);
		buf_putc(out, '/');
		fmt_duration_arg(out, c->period_ns);
	}
	if (c->nice)
		buf_printf(out, " nice %d", c->nice);
	if (c->slice_ns) {
		buf_puts(out, " slice ");
		fmt_duration_arg(out, c->slice_ns);
	}
}

uint32_t sched_weight(int nice)
{
	static const uint32_t weights[40] = {
		88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916, 9548, 7620, 6100, 4904,
		3906,  3121,  2501,  1991,  1586,  1277,  1024,	 820,	655,   526,   423,  335,  272,	215,
		172,   137,   110,   87,    70,	   56,	  45,	 36,	29,    23,    18,   15,
	};

	return weights[nice + 20];
}
