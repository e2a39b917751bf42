/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * workload.c - the table of included workloads, and what happens to each of them before it runs.
 */
#define _GNU_SOURCE /* sched_setaffinity */
#include "workloads/workload.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include "base/alloc.h"
#include "base/buf.h"
#include "base/schedviz_mark.h"

#define PERMILLE 1000
#define SCALE_MAX_PERMILLE (100 * PERMILLE)

extern const struct workload workload_pool;

const struct workload *const workloads[] = {
	&workload_pool,
	NULL,
};

const struct workload *workload_find(const char *name)
{
	for (const struct workload *const *w = workloads; *w; w++)
		if (!strcmp((*w)->name, name))
			return *w;
	return NULL;
}

/* "0.1" is 100: read as 0.1 s, counted in ms. */
static int scale_parse(const char *text, uint64_t *permille, struct err *e)
{
	uint64_t ns;

	if (text[strspn(text, "0123456789.")] || parse_duration(text, &ns, NULL) < 0 || ns % NSEC_PER_MSEC ||
	    ns < NSEC_PER_MSEC || ns > SCALE_MAX_PERMILLE * NSEC_PER_MSEC)
		return err_set(e, -EINVAL, "'%s' is not a scale - give a factor from 0.001 to %d, as 0.1", text,
			       SCALE_MAX_PERMILLE / PERMILLE);
	*permille = ns / NSEC_PER_MSEC;
	return 0;
}

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

static int cpus_count(const char *list, uint32_t *nr, struct err *e)
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

/* Durations are at most hours: the product is far from overflowing. */
static uint64_t scaled(uint64_t ns, uint64_t permille)
{
	return ns * permille / PERMILLE;
}

int workload_prepare(const struct workload *w, struct workload_cfg *cfg, struct err *e)
{
	int ret;

	cfg->scale_permille = PERMILLE;
	if (cfg->scale) {
		ret = scale_parse(cfg->scale, &cfg->scale_permille, e);
		if (ret < 0)
			return ret;
	}
	cfg->sleep_ns = scaled(cfg->sleep_ns, cfg->scale_permille);
	cfg->work_ns = scaled(cfg->work_ns, cfg->scale_permille);
	ret = cpus_count(cfg->cpus, &cfg->nr_cpus, e);
	if (ret < 0)
		return ret;
	return w->check_cfg ? w->check_cfg(cfg, e) : 0;
}

int workload_enter(const char *name, const struct workload_cfg *cfg, struct err *e)
{
	prctl(PR_SET_NAME, name);
	signal(SIGPIPE, SIG_IGN);
	schedviz_mark_attach();
	return cpus_apply(cfg->cpus, e);
}
