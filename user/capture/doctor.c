/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * doctor.c - the checks of `schedviz doctor`, a function each.
 */
#include "capture/doctor.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>

#include "base/file.h"
#include "base/fmt.h"
#include "base/privilege.h"
#include "capture/capture.h"
#include "capture/probe.h"

static struct check *add(check_list *out, const char *name, enum check_verdict verdict, const char *detail,
			 const char *remedy)
{
	struct check *c = vec_push(out);

	*c = (struct check){ .name = name, .verdict = verdict };
	snprintf(c->detail, sizeof(c->detail), "%s", detail);
	snprintf(c->remedy, sizeof(c->remedy), "%s", remedy);
	return c;
}

static void check_kernel(check_list *out)
{
	struct utsname u;
	char text[160];

	uname(&u);
	snprintf(text, sizeof(text), "%.80s on %.40s", u.release, u.machine);
	add(out, "kernel", CHECK_YES, text, "");
}

static void check_privilege(check_list *out)
{
	struct identity caller;
	char text[200];

	identity_caller(&caller);
	if (capability_has(CAP_SYS_ADMIN))
		snprintf(text, sizeof(text), "root's, for user %.60s; given up once the programs are attached",
			 caller.name[0] ? caller.name : "without a name");
	else if (capability_can_record())
		snprintf(text, sizeof(text),
			 "CAP_BPF and CAP_PERFMON; the programs' cost is not sampled (CAP_SYS_ADMIN)");
	else
		snprintf(text, sizeof(text), "none");
	if (capability_can_record())
		add(out, "privileges", CHECK_YES, text, "");
	else
		add(out, "privileges", CHECK_NO, text,
		    "run it with sudo; or, for one user, setcap cap_bpf,cap_perfmon+ep on the program");
}

static bool is_asked(const struct program *row, const struct probe *p)
{
	if (row->need == NEED_WAKING)
		return row->context == p->context;
	return row->need != NEED_DEPTH || p->context == WAKE_DEPTH;
}

static void check_hooks(check_list *out, const struct probe *p)
{
	for (size_t i = 0; i < nr_programs; i++) {
		const struct program *row = &programs[i];
		bool vital = row->need == NEED_ALWAYS || row->need == NEED_WAKING;
		char text[200];

		if (!is_asked(row, p))
			continue;
		if (probe_has(p, row)) {
			add(out, row->hook, CHECK_YES, "there", "");
			continue;
		}
		snprintf(text, sizeof(text), "missing; without it a recording lacks %s", row->without);
		add(out, row->hook, vital ? CHECK_NO : CHECK_LESS, text, "none but another kernel");
	}
}

static void check_btf(check_list *out, struct probe *p)
{
	static const char *const how[NR_WAKE_CONTEXTS] = {
		[WAKE_DEPTH] = "by counting interrupts (this kernel does not name its preempt count)",
		[WAKE_COUNT] = "by the preempt count",
		[WAKE_PCPU_HOT] = "by the preempt count in pcpu_hot",
		[WAKE_THREAD_INFO] = "by the preempt count in thread_info",
	};
	struct err e = { 0 };

	if (probe_open(p, &e) < 0) {
		add(out, "BTF", CHECK_NO, e.text,
		    "a kernel with CONFIG_DEBUG_INFO_BTF=y, as the distributions build it");
		return;
	}
	add(out, "BTF", CHECK_YES, "the kernel describes its types", "");
	check_hooks(out, p);
	add(out, "prev_state", CHECK_YES,
	    p->prev_state_arg ? "sched_switch says the state it saw"
			      : "read from the task, a moment late (kernel before 5.18)",
	    "");
	add(out, "waker's context", CHECK_YES, how[p->context], "");
}

/* "none [integrity] confidentiality": the one in brackets is in force. */
static void check_lockdown(check_list *out)
{
	char text[128];

	if (!file_read_line("/sys/kernel/security/lockdown", text, sizeof(text)))
		add(out, "lockdown", CHECK_YES, "off (no such file)", "");
	else if (strstr(text, "[confidentiality]"))
		add(out, "lockdown", CHECK_NO, "confidentiality: programs may not read the kernel",
		    "boot with lockdown=integrity, or without Secure Boot");
	else
		add(out, "lockdown", CHECK_YES, text, "");
}

static void check_sysctls(check_list *out)
{
	static const struct {
		const char *name, *path;
	} rows[] = {
		{ "unprivileged_bpf_disabled", "/proc/sys/kernel/unprivileged_bpf_disabled" },
		{ "perf_event_paranoid", "/proc/sys/kernel/perf_event_paranoid" },
		{ "bpf_stats_enabled", "/proc/sys/kernel/bpf_stats_enabled" },
		{ "bpf_jit_enable", "/proc/sys/net/core/bpf_jit_enable" },
	};
	char text[64], detail[128];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!file_read_line(rows[i].path, text, sizeof(text)))
			continue;
		snprintf(detail, sizeof(detail), "%s: no matter with the privileges above", text);
		if (!strcmp(rows[i].name, "bpf_stats_enabled") && text[0] != '0')
			add(out, rows[i].name, CHECK_LESS, "on: every program run costs some 60 ns more",
			    "sysctl kernel.bpf_stats_enabled=0");
		else if (!strcmp(rows[i].name, "bpf_jit_enable") && text[0] == '0')
			add(out, rows[i].name, CHECK_LESS, "off: programs are interpreted and cost several times more",
			    "sysctl net.core.bpf_jit_enable=1");
		else
			add(out, rows[i].name, CHECK_YES, detail, "");
	}
}

static void check_memlock(check_list *out)
{
	struct rlimit limit;
	char text[128];

	getrlimit(RLIMIT_MEMLOCK, &limit);
	if (limit.rlim_cur == RLIM_INFINITY)
		snprintf(text, sizeof(text), "unlimited");
	else
		snprintf(text, sizeof(text), "%" PRIu64 " KiB; kernels from 5.11 on do not count BPF memory against it",
			 (uint64_t)limit.rlim_cur >> 10);
	add(out, "memory lock limit", CHECK_YES, text, "");
}

static int count_event(void *ctx, const struct event *ev)
{
	uint64_t *n = ctx;

	*n += ev->kind == EV_SWITCH;
	return 0;
}

/* There is more to a function than that it is there: only trying tells. */
static void check_affinity(check_list *out, const struct facts *facts)
{
	const char *affinity = facts_get(facts, "affinity"), *why = facts_get(facts, "attach.set_cpus_allowed_common");

	if (affinity && !strcmp(affinity, "yes"))
		add(out, "affinity", CHECK_YES, "told at the instant that it changes", "");
	else
		add(out, "affinity", CHECK_LESS, why ? why : "looked at when a task begins to wait",
		    "none is needed: it is looked at whenever a task begins to wait");
}

static void check_recording(check_list *out)
{
	const struct capture_cfg cfg = { 0 };
	struct capture *c = NULL;
	struct facts facts = { 0 };
	uint64_t switches = 0;
	struct err e = { 0 };
	char text[128];
	int ret;

	ret = capture_open(&c, &cfg, &e);
	if (ret == 0)
		ret = capture_begin(c, &facts, &e);
	if (ret < 0) {
		add(out, "recording", CHECK_NO, e.text, "see above; -v says more");
	} else {
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
		capture_stop(c);
		capture_drain(c, UINT64_MAX, count_event, &switches);
		snprintf(text, sizeof(text), "works: %" PRIu64 " switches in 20 ms", switches);
		add(out, "recording", switches ? CHECK_YES : CHECK_NO, text, switches ? "" : "report this machine");
		check_affinity(out, &facts);
	}
	facts_release(&facts);
	capture_close(c);
}

void capture_doctor(check_list *out)
{
	struct probe probe = { 0 };

	check_kernel(out);
	check_privilege(out);
	check_btf(out, &probe);
	check_lockdown(out);
	check_sysctls(out);
	check_memlock(out);
	if (capability_can_record())
		check_recording(out);
	probe_close(&probe);
}
