/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load.c - get the BPF programs into the kernel: choose, size, load, map, attach, follow, detach.
 */
#include "capture/capture_impl.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "schedviz.skel.h"

#define TREE_MAX 65536u /* followed tasks alive at once, with only_target */

/* Its messages begin with "libbpf:"; the verifier's log is one message of many lines. */
static int libbpf_says(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	struct buf text = { 0 };
	char *line, *rest;

	(void)level;
	if (!log_verbose())
		return 0;
	buf_vprintf(&text, fmt, ap);
	for (line = strtok_r(text.data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		log_debug("%s", line);
	buf_release(&text);
	return 0;
}

static bool is_wanted(const struct capture *c, const struct program *p)
{
	switch (p->need) {
	case NEED_WAKING:
		return p->context == c->probe.context;
	case NEED_DEPTH:
		return c->probe.context == WAKE_DEPTH;
	default:
		return true;
	}
}

/* Load only what this kernel has; an essential tracepoint that is missing is the end. */
static int choose_programs(struct capture *c, struct err *e)
{
	for (size_t i = 0; i < nr_programs; i++) {
		struct bpf_program *prog = bpf_object__find_program_by_name(c->skel->obj, programs[i].name);
		bool there = probe_has(&c->probe, &programs[i]);

		if (!there && programs[i].need == NEED_ALWAYS)
			return err_set(e, -ENOTSUP,
				       "this kernel has no tracepoint '%s', without which there is nothing to "
				       "record",
				       programs[i].hook);
		bpf_program__set_autoload(prog, there && is_wanted(c, &programs[i]) &&
							!(programs[i].function && c->no_functions));
		if (programs[i].need == NEED_WAKING && is_wanted(c, &programs[i]) &&
		    probe_name_variable(&c->probe, prog) < 0)
			return err_set(e, -EINVAL, "this libbpf cannot change a program before loading it");
	}
	return 0;
}

static size_t page_up(size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (n + page - 1) / page * page;
}

/* One element per CPU that is physically there; each a whole number of pages, so that it can be mapped. */
static void size_rings(struct capture *c, const struct capture_cfg *cfg)
{
	struct cpuset present = { 0 };
	uint64_t bytes = cfg->ring_bytes ? cfg->ring_bytes : CAPTURE_RING_DEFAULT;
	uint32_t i = 0;

	snapshot_present(&present);
	c->nr_rings = cpuset_count(&present);
	if (bytes * c->nr_rings > CAPTURE_RINGS_TOTAL)
		bytes = CAPTURE_RINGS_TOTAL / c->nr_rings;
	if (bytes < CAPTURE_RING_MIN)
		bytes = CAPTURE_RING_MIN;
	if (bytes > CAPTURE_RING_MAX)
		bytes = CAPTURE_RING_MAX;
	c->element = bytes / page_up(1) * page_up(1);
	c->capacity = (uint32_t)((c->element - SV_RING_DATA) / sizeof(struct sv_hot));
	free(c->rings);
	c->rings = xcalloc(c->nr_rings, sizeof(*c->rings));
	memset((void *)c->skel->rodata->sv_config.slot, 0xff, sizeof(c->skel->rodata->sv_config.slot));
	for (uint32_t cpu = cpuset_next(&present, 0); cpu < SV_MAX_CPUS; cpu = cpuset_next(&present, cpu + 1)) {
		c->skel->rodata->sv_config.slot[cpu] = (__u16)i;
		c->rings[i++].cpu = cpu;
	}
	c->nr_rings = i;
	cpuset_release(&present);
}

static int open_programs(struct capture *c, const struct capture_cfg *cfg, struct err *e)
{
	int ret;

	schedviz_bpf__destroy(c->skel);
	c->skel = schedviz_bpf__open();
	if (!c->skel)
		return probe_explain(e, -errno, "cannot open the BPF programs");
	ret = choose_programs(c, e);
	if (ret < 0)
		return ret;
	size_rings(c, cfg);
	c->skel->rodata->sv_config.capacity = c->capacity;
	c->skel->rodata->sv_config.half = c->capacity / 2;
	c->skel->rodata->sv_config.prev_state_arg = c->probe.prev_state_arg;
	c->skel->rodata->sv_config.only_target = cfg->only_target;
	c->skel->rodata->sv_config.disable_count = c->probe.disable_count;
	bpf_map__set_value_size(c->skel->maps.rings, (__u32)c->element);
	bpf_map__set_max_entries(c->skel->maps.rings, c->nr_rings);
	if (cfg->only_target)
		bpf_map__set_max_entries(c->skel->maps.tree, TREE_MAX);
	c->skel->rodata->sv_affinity.nr_possible = cpuset_count(&c->affinity.possible);
	c->skel->rodata->sv_affinity.nr_words = affinity_nr_words(&c->affinity);
	c->skel->rodata->sv_affinity.flags_arg = probe_function_args(&c->probe, "set_cpus_allowed_common") >= 3;
	c->skel->rodata->sv_affinity.look = c->no_functions != 0;
	if (c->no_functions)
		bpf_map__set_max_entries(c->skel->maps.told, SV_TOLD_SLOTS);
	return 0;
}

static void detach(struct capture *c)
{
	for (size_t i = 0; c->links && i < nr_programs; i++) {
		bpf_link__destroy(c->links[i]);
		c->links[i] = NULL;
	}
}

/* Those on functions, or the others. What is not essential may fail: its link stays NULL, and the facts say so. */
static int attach(struct capture *c, bool functions)
{
	for (size_t i = 0; i < nr_programs; i++) {
		struct bpf_program *prog = bpf_object__find_program_by_name(c->skel->obj, programs[i].name);

		if (!bpf_program__autoload(prog) || programs[i].function != functions)
			continue;
		c->links[i] = bpf_program__attach(prog);
		if (c->links[i])
			cost_watch(&c->cost, bpf_program__fd(prog));
		else if (functions || programs[i].need == NEED_ALWAYS || programs[i].need == NEED_WAKING)
			return -errno;
	}
	return 0;
}

static int why_no_function(const struct capture *c)
{
	int why = 0;

	for (size_t i = 0; i < nr_programs && !why; i++)
		if (programs[i].function)
			why = probe_function(&c->probe, programs[i].hook);
	return why;
}

/* Programs on functions are not essential, and more can be in their way: where one is refused, go without. */
static int load(struct capture *c, const struct capture_cfg *cfg, struct err *e)
{
	int ret;

	affinity_begin(&c->affinity);
	c->links = xcalloc(nr_programs, sizeof(*c->links));
	c->no_functions = why_no_function(c);
	for (;;) {
		ret = open_programs(c, cfg, e);
		if (ret < 0)
			return ret;
		ret = schedviz_bpf__load(c->skel);
		if (!ret && !c->no_functions)
			ret = attach(c, true);
		if (!ret || c->no_functions)
			break;
		c->no_functions = ret;
		detach(c);
	}
	return ret < 0 ? probe_explain(e, ret, "cannot load the BPF programs") : 0;
}

static int map_rings(struct capture *c, struct err *e)
{
	c->memory_size = c->element * c->nr_rings;
	c->memory = mmap(NULL, c->memory_size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(c->skel->maps.rings), 0);
	if (c->memory == MAP_FAILED) {
		c->memory = NULL;
		return err_sys(e, -errno, "cannot map the rings - give a smaller --buffer");
	}
	madvise(c->memory, c->memory_size, MADV_DONTFORK); /* no business of the recorded program's */
	for (uint32_t i = 0; i < c->nr_rings; i++) {
		c->rings[i].shared = (struct sv_ring *)((char *)c->memory + i * c->element);
		c->rings[i].shared->drains = 1;
	}
	return 0;
}

int capture_open(struct capture **out, const struct capture_cfg *cfg, struct err *e)
{
	struct capture *c = xcalloc(1, sizeof(*c));
	int ret;

	libbpf_set_print(libbpf_says);
	ret = probe_open(&c->probe, e);
	if (ret < 0)
		goto out;
	ret = load(c, cfg, e);
	if (ret < 0)
		goto out;
	ret = map_rings(c, e);
	if (ret < 0)
		goto out;
	ret = attach(c, false);
	if (ret < 0) {
		probe_explain(e, ret, "cannot attach to the scheduler's tracepoints");
		goto out;
	}
	c->rare = ring_buffer__new(bpf_map__fd(c->skel->maps.rare), capture_on_rare, c, NULL);
	if (!c->rare) {
		ret = probe_explain(e, -errno, "cannot map the ring of rare events");
		goto out;
	}
	*out = c;
	return 0;
out:
	capture_close(c);
	return ret;
}

static int tree_put(struct capture *c, uint32_t tid, uint8_t role, struct err *e)
{
	if (bpf_map_update_elem(bpf_map__fd(c->skel->maps.tree), &tid, &role, BPF_ANY) < 0)
		return err_sys(e, -errno, "cannot follow task %u", tid);
	return 0;
}

int capture_follow_children(struct capture *c, uint32_t tid, struct err *e)
{
	return tree_put(c, tid, SV_TREE_MAKER, e);
}

int capture_follow_tree(struct capture *c, uint32_t pid, struct err *e)
{
	struct idmap members = { 0 }; /* tgid -> 1 */
	size_t before = 0, now = 1;
	int ret = 0;

	idmap_set(&members, pid, 1);
	while (now != before && !ret) { /* children may come before their parents in the census */
		before = now;
		now = 0;
		for (size_t i = 0; i < c->census.tasks.n && !ret; i++) {
			const struct event *t = &c->census.tasks.v[i];

			if (idmap_get(&members, t->task.tgid) == IDMAP_NONE &&
			    idmap_get(&members, t->task.ppid) == IDMAP_NONE)
				continue;
			idmap_set(&members, t->task.tgid, 1);
			ret = tree_put(c, t->task.tid, SV_TREE_MEMBER, e);
			now++;
		}
	}
	idmap_release(&members);
	return ret;
}

void capture_unfollow(struct capture *c, uint32_t tid)
{
	bpf_map_delete_elem(bpf_map__fd(c->skel->maps.tree), &tid);
}

int capture_fd(const struct capture *c)
{
	return ring_buffer__epoll_fd(c->rare);
}

void capture_stop(struct capture *c)
{
	detach(c);
	c->stopped = true;
}

void capture_close(struct capture *c)
{
	if (!c)
		return;
	capture_stop(c);
	cost_end(&c->cost);
	ring_buffer__free(c->rare);
	if (c->memory)
		munmap(c->memory, c->memory_size);
	schedviz_bpf__destroy(c->skel);
	probe_close(&c->probe);
	snapshot_release(&c->census);
	vec_release(&c->early);
	intern_free(c->paths);
	affinity_release(&c->affinity);
	free(c->links);
	free(c->rings);
	free(c);
}
