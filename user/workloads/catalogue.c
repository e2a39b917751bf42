/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * catalogue.c - the table of included workloads, and what happens to each of them before and after it runs.
 */
#include "workloads/workload.h"

#include <errno.h>
#include <string.h>
#include "base/buf.h"
#include "workloads/place.h"

#define PERMILLE 1000
#define SCALE_MAX_PERMILLE (100 * PERMILLE)
#define QUICK_PERMILLE 100
/* Above these shares the machine was not the workload's own: what does not hold then is not held against the theory. */
#define OTHERS_MAX 0.05
#define STEAL_MAX 0.01
#define UNKNOWN_MAX 0.005 /* of the wall clock, in which nobody knows what its tasks did */

/* By group, in the order in which one would learn from them. */
#define WORKLOADS(X) \
	X(seq) \
	X(procs) \
	X(threads) \
	X(create) \
	X(crash) \
	X(limits) \
	X(bomb) \
	X(pool) \
	X(chunk) \
	X(queue) \
	X(prodcons) \
	X(steal) \
	X(gil) \
	X(mix) \
	X(coro) \
	X(rooms) \
	X(race) \
	X(convoy) \
	X(inversion) \
	X(spin) \
	X(false) \
	X(barrier) \
	X(server) \
	X(herd) \
	X(pingpong) \
	X(nice) \
	X(groups) \
	X(slice) \
	X(policy) \
	X(deadline) \
	X(quota) \
	X(interactive) \
	X(jobs) \
	X(affinity) \
	X(balance) \
	X(amdahl) \
	X(smt)

#define X(name) extern const struct workload workload_##name;
WORKLOADS(X)
#undef X

const struct workload *const workloads[] = {
#define X(name) &workload_##name,
	WORKLOADS(X)
#undef X
		NULL,
};

const char *workload_group_name(enum workload_group g)
{
	static const char *const names[NR_WORKLOAD_GROUPS] = {
		[GROUP_TASKS] = "Processes and threads",  [GROUP_POOLS] = "Pools and queues",
		[GROUP_PYTHON] = "What Python does",	  [GROUP_LOCKS] = "Locks and shared memory",
		[GROUP_SERVERS] = "Servers and wake-ups", [GROUP_POLICIES] = "Who gets the CPU",
		[GROUP_CORES] = "More cores than one",
	};

	return names[g];
}

const struct workload *workload_find(const char *name)
{
	for (const struct workload *const *w = workloads; *w; w++)
		if (!strcmp((*w)->name, name))
			return *w;
	return NULL;
}

/* ---- before ---- */

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

uint64_t workload_scaled(const struct workload_cfg *cfg, uint64_t ns)
{
	return ns * cfg->scale_permille / PERMILLE; /* durations are at most hours: far from an overflow */
}

/* All that needs no machine. */
static int configure(const struct workload *w, struct workload_cfg *cfg, struct err *e)
{
	int ret;

	cfg->scale_permille = PERMILLE;
	if (cfg->scale) {
		ret = scale_parse(cfg->scale, &cfg->scale_permille, e);
		if (ret < 0)
			return ret;
	}
	if (cfg->quick)
		cfg->scale_permille =
			cfg->scale_permille * (w->quick_permille ? w->quick_permille : QUICK_PERMILLE) / PERMILLE;
	cfg->scale_permille = cfg->scale_permille ? cfg->scale_permille : 1;
	cfg->sleep_ns = workload_scaled(cfg, cfg->sleep_ns);
	cfg->work_ns = workload_scaled(cfg, cfg->work_ns);
	ret = sched_parse(&cfg->sched, cfg->policy, cfg->nice, cfg->slice_ns, e);
	if (ret < 0)
		return ret;
	return w->prepare ? w->prepare(cfg, e) : 0;
}

int workload_prepare(const struct workload *w, struct workload_cfg *cfg, struct err *e)
{
	int ret = place_count(cfg->cpus, &cfg->nr_cpus, e);

	return ret < 0 ? ret : configure(w, cfg, e);
}

int workload_restore(const struct workload *w, struct workload_cfg *cfg, uint32_t nr_cpus, struct err *e)
{
	cfg->nr_cpus = nr_cpus;
	return configure(w, cfg, e);
}

bool workload_needs_root(const struct workload *w, const struct workload_cfg *cfg)
{
	return sched_needs_root(&cfg->sched) || (w->needs_root && w->needs_root(cfg));
}

/* ---- after ---- */

static void check_wall(const struct workload *w, const struct workload_cfg *cfg, const struct evidence *ev,
		       struct report *r)
{
	uint64_t wall_ns = facts_u64(model_facts(ev->model), "run.wall_ns", UINT64_MAX), max_ns;
	struct facts theory = { 0 };

	w->predict(cfg, &theory);
	max_ns = facts_u64(&theory, "theory.wall_max_ns", UINT64_MAX);
	if (max_ns != UINT64_MAX && wall_ns != UINT64_MAX)
		report_wall(r, wall_ns, facts_u64(&theory, "theory.wall_min_ns", 0), max_ns, "wall clock");
	else if (max_ns != UINT64_MAX)
		report_text(r, false, "wall clock", "a measurement", "the workload did not get to its end");
	facts_release(&theory);
}

/* Who else had the CPUs that it might use. What is unknown of a CPU is mostly idle: a switch that the kernel hid. */
static void doubt_others(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	const char *mode = facts_get(model_facts(ev->model), "mode");
	struct cpuset set = { 0 };
	struct evidence_cpu cpu;
	uint64_t all_ns;

	if (!strcmp(mode ? mode : "", "target")) {
		report_doubt(r, "who else used the machine was not recorded");
		return;
	}
	if (cfg->cpus && cpuset_parse(&set, cfg->cpus, NULL) < 0)
		return;
	cpu = evidence_cpus(ev, cfg->cpus ? &set : NULL, ev->wall);
	cpuset_release(&set);
	all_ns = cpu.others_ns + cpu.ours_ns + cpu.recorder_ns + cpu.idle_ns;
	if ((double)cpu.others_ns > OTHERS_MAX * (double)all_ns)
		report_doubt(r, "others used %.1f %% of the machine", 100.0 * (double)cpu.others_ns / (double)all_ns);
}

static void doubt_losses(const struct evidence *ev, struct report *r)
{
	const struct health *h = model_health(ev->model);
	uint64_t n = h->lost_events + h->lost_rare + h->lost_marks + h->lost_spans;

	if (n)
		report_doubt(r, "%llu events were lost", (unsigned long long)n);
}

/* A hypervisor that ran somebody else: the guest's clock went on. */
static void doubt_steal(const struct evidence *ev, struct report *r)
{
	const struct facts *f = model_facts(ev->model);
	uint64_t all_ns = (ev->window.to_ns - ev->window.from_ns) * model_nr_cpus(ev->model);
	uint64_t steal_ns = facts_u64(f, "receipt.steal_ns", 0);

	if ((double)steal_ns > STEAL_MAX * (double)all_ns)
		report_doubt(r, "the hypervisor took %.1f %% of the CPUs away",
			     100.0 * (double)steal_ns / (double)all_ns);
}

/* A kernel that hides switches (of the first process's threads, say) leaves gaps in what is known of a task. */
static void doubt_unknown(const struct evidence *ev, struct report *r)
{
	uint64_t wall_ns = ev->wall.to_ns - ev->wall.from_ns, unknown_ns = 0;

	for (size_t i = 0; i < ev->tasks.n; i++)
		unknown_ns += evidence_ns(ev, ev->tasks.v[i].id, STATE_UNKNOWN, ev->wall);
	if ((double)unknown_ns > UNKNOWN_MAX * (double)wall_ns)
		report_doubt(r, "nobody saw what its tasks did for %.1f ms", (double)unknown_ns / 1e6);
}

void workload_check(const struct workload *w, const struct workload_cfg *cfg, const struct evidence *ev,
		    const char *cannot, struct report *r)
{
	check_wall(w, cfg, ev, r);
	w->check(cfg, ev, r);
	if (cannot)
		report_cannot(r, "%s", cannot);
	doubt_others(cfg, ev, r);
	doubt_losses(ev, r);
	doubt_unknown(ev, r);
	doubt_steal(ev, r);
}
