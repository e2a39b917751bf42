/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * place.c - which CPUs a workload may use, and how it takes its place on them.
 */
#define _GNU_SOURCE /* sched_setaffinity */
#include "workloads/place.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include "base/alloc.h"
#include "base/schedviz_mark.h"
#include "workloads/workload.h"

/* What this process may run on now. cpuset's words are the kernel's mask on any 64-bit machine. */
static int cpus_usable(struct cpuset *set, struct err *e)
{
	set->nr_words = (CPUSET_MAX_CPU + 1) / 64;
	set->bits = xcalloc(set->nr_words, sizeof(*set->bits));
	if (sched_getaffinity(0, set->nr_words * sizeof(*set->bits), (cpu_set_t *)set->bits) < 0)
		return err_sys(e, -errno, "cannot ask which CPUs may be used");
	return 0;
}

static int cpus_check(const struct cpuset *asked, const struct cpuset *usable, const char *list, struct err *e)
{
	struct buf text = { 0 };

	for (uint32_t cpu = cpuset_next(asked, 0); cpu != UINT32_MAX; cpu = cpuset_next(asked, cpu + 1)) {
		if (cpuset_has(usable, cpu))
			continue;
		cpuset_format(usable, &text);
		err_set(e, -EINVAL, "CPU %u of --cpus '%s' cannot be used here - usable: %s", cpu, list,
			buf_str(&text));
		buf_release(&text);
		return -EINVAL;
	}
	return cpuset_count(asked) ? 0 : err_set(e, -EINVAL, "--cpus '%s' names no CPU", list);
}

int place_count(const char *list, uint32_t *nr, struct err *e)
{
	struct cpuset usable = { 0 }, asked = { 0 };
	int ret;

	ret = cpus_usable(&usable, e);
	if (ret < 0)
		goto out;
	*nr = cpuset_count(&usable);
	if (!list)
		goto out;
	ret = cpuset_parse(&asked, list, e);
	if (ret < 0)
		goto out;
	ret = cpus_check(&asked, &usable, list, e);
	*nr = cpuset_count(&asked);
out:
	cpuset_release(&asked);
	cpuset_release(&usable);
	return ret;
}

static int cpus_apply(const char *list, struct err *e)
{
	struct cpuset set = { 0 };
	int ret;

	if (!list)
		return 0;
	ret = cpuset_parse(&set, list, e);
	if (ret == 0 && sched_setaffinity(0, set.nr_words * sizeof(*set.bits), (cpu_set_t *)set.bits) < 0)
		ret = err_sys(e, -errno, "cannot stay on the CPUs '%s'", list);
	cpuset_release(&set);
	return ret;
}

int workload_enter(const char *name, const struct workload_cfg *cfg, struct err *e)
{
	int ret;

	prctl(PR_SET_NAME, name);
	signal(SIGPIPE, SIG_IGN);
	schedviz_mark_attach();
	/* the policy first: on a CPU that a real-time task owns one would not get to ask for it */
	ret = sched_apply(&cfg->sched, 0, e);
	return ret < 0 ? ret : cpus_apply(cfg->cpus, e);
}

uint32_t workload_cpu(uint32_t nth)
{
	struct cpuset set = { 0 };
	uint32_t cpu = 0;

	if (cpus_usable(&set, NULL) == 0) {
		nth %= cpuset_count(&set);
		for (cpu = cpuset_next(&set, 0); nth; nth--)
			cpu = cpuset_next(&set, cpu + 1);
	}
	cpuset_release(&set);
	return cpu;
}

int workload_pin(uint32_t cpu, struct err *e)
{
	struct cpuset set = { 0 };
	int ret = 0;

	cpuset_add(&set, cpu);
	if (sched_setaffinity(0, set.nr_words * sizeof(*set.bits), (cpu_set_t *)set.bits) < 0)
		ret = err_sys(e, -errno, "cannot stay on CPU %u", cpu);
	cpuset_release(&set);
	return ret;
}
