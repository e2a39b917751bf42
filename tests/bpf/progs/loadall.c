/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * loadall.c - show every BPF program to the verifier, in every variant that a recording may load.
 *
 * usage: loadall            prints "PASS load-PROGRAM-VARIANT" or "FAIL ...: why" for each that this kernel can have
 *        loadall --stats    prints "PROGRAM VARIANT INSNS PROCESSED STATES" for each: its length once it is loaded, the
 *                           instructions that the verifier processed and the states that it kept
 */
#if __has_include("schedviz.skel.h")
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/abi.h"
#include "capture/probe.h"
#include "schedviz.skel.h"

#define CAPACITY 1024u
#define LOG_STATS 4 /* BPF_LOG_STATS of the kernel's include/linux/bpf_verifier.h: since 5.2 */

struct variant {
	const char *name;
	bool only_target, prev_state_arg, look;
};

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level, (void)fmt, (void)ap;
	return 0;
}

struct stats {
	unsigned insns, processed, states;
};

/* "processed 74 insns (limit 1000000) max_states_per_insn 0 total_states 5 peak_states 5 mark_read 1" */
static int stats_read(struct stats *s, const struct bpf_program *p, const char *log)
{
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);
	const char *line = strstr(log, "processed ");

	if (!line || sscanf(line, "processed %u insns (limit %*u) max_states_per_insn %*u total_states %u",
			    &s->processed, &s->states) != 2)
		return -ENODATA;
	if (bpf_obj_get_info_by_fd(bpf_program__fd(p), &info, &size) < 0)
		return -errno;
	s->insns = info.xlated_prog_len / (unsigned)sizeof(struct bpf_insn);
	return 0;
}

/*
 * Load the program `only`, or with NULL all that `wanted` says, as one object. `stats`: NULL, or what became of that
 * one in the verifier.
 */
static int load(const struct probe *probe, const char *only, const bool *wanted, const struct variant *v,
		struct stats *stats)
{
	static char log[1 << 16];
	struct schedviz_bpf *skel = schedviz_bpf__open();
	struct bpf_program *asked;
	int ret;

	if (!skel)
		return -errno;
	skel->rodata->sv_config.capacity = CAPACITY;
	skel->rodata->sv_config.half = CAPACITY / 2;
	skel->rodata->sv_config.only_target = v->only_target;
	skel->rodata->sv_config.prev_state_arg = v->prev_state_arg;
	skel->rodata->sv_affinity.look = v->look;
	skel->rodata->sv_affinity.nr_words = SV_ALLOWED_WORDS;
	skel->rodata->sv_affinity.flags_arg = probe_function_args(probe, "set_cpus_allowed_common") >= 3;
	bpf_map__set_value_size(skel->maps.rings, SV_RING_DATA + CAPACITY * sizeof(struct sv_hot));
	for (size_t i = 0; i < nr_programs; i++) {
		struct bpf_program *p = bpf_object__find_program_by_name(skel->obj, programs[i].name);

		bpf_program__set_autoload(p, wanted[i] && (!only || !strcmp(programs[i].name, only)));
		probe_name_variable(probe, p);
	}
	asked = only ? bpf_object__find_program_by_name(skel->obj, only) : NULL;
	if (stats) {
		log[0] = '\0';
		bpf_program__set_log_buf(asked, log, sizeof(log));
		bpf_program__set_log_level(asked, LOG_STATS);
	}
	ret = schedviz_bpf__load(skel);
	if (!ret && stats)
		ret = stats_read(stats, asked, log);
	schedviz_bpf__destroy(skel);
	return ret;
}

/* Why this kernel cannot be asked to load it; NULL: it can. */
static const char *why_not(const struct probe *probe, const struct program *row, const struct variant *v)
{
	if (!probe_has(probe, row))
		return row->function ? "no such function" : "no such tracepoint";
	if (row->function && probe_function(probe, row->hook) < 0)
		return "this kernel lets no program sit on functions";
	if (row->need == NEED_WAKING && row->context != WAKE_DEPTH && row->context != probe->context)
		return "this kernel keeps its preempt count elsewhere";
	if (v->prev_state_arg && !probe->prev_state_arg)
		return "sched_switch has three arguments";
	return NULL;
}

/* All at once is quick; when that fails, one by one tells which it is. */
static int load_variant(const struct probe *probe, const struct variant *v)
{
	bool *wanted = calloc(nr_programs, sizeof(*wanted));
	int together, failed = 0;

	/* not a test that is skipped, if it is not wanted: there is nothing to load here */
	for (size_t i = 0; i < nr_programs; i++)
		wanted[i] = !why_not(probe, &programs[i], v);
	together = load(probe, NULL, wanted, v, NULL);
	for (size_t i = 0; i < nr_programs; i++) {
		int ret = wanted[i] && together ? load(probe, programs[i].name, wanted, v, NULL) : 0;

		if (!wanted[i])
			continue;
		failed |= ret < 0;
		printf(ret < 0 ? "FAIL load-%s-%s: %s\n" : "PASS load-%s-%s\n", programs[i].name, v->name,
		       strerror(-ret));
	}
	if (together && !failed) {
		printf("FAIL load-together-%s: each loads alone, but all: %s\n", v->name, strerror(-together));
		failed = 1;
	}
	free(wanted);
	return failed;
}

/* One by one: the length of each, and what it took to verify it. */
static int tell_stats(const struct probe *probe, const struct variant *v)
{
	bool *wanted = calloc(nr_programs, sizeof(*wanted));
	int failed = 0;

	for (size_t i = 0; i < nr_programs; i++)
		wanted[i] = !why_not(probe, &programs[i], v);
	for (size_t i = 0; i < nr_programs; i++) {
		const char *name = programs[i].name;
		struct stats s;
		int ret = wanted[i] ? load(probe, name, wanted, v, &s) : 0;

		failed |= ret < 0;
		if (ret < 0)
			printf("FAIL load-%s-%s: %s\n", name, v->name, strerror(-ret));
		else if (wanted[i])
			printf("%s %s %u %u %u\n", name, v->name, s.insns, s.processed, s.states);
	}
	free(wanted);
	return failed;
}

int main(int argc, char **argv)
{
	bool with_stats = argc > 1 && !strcmp(argv[1], "--stats");
	static const struct variant variants[] = {
		{ "all", false, true, false },
		{ "all-old-state", false, false, false },
		{ "only-target", true, true, false },
		{ "only-target-old-state", true, false, false },
		{ "look", false, true, true },
		{ "look-old-state", false, false, true },
		{ "only-target-look", true, true, true },
		{ "only-target-look-old-state", true, false, true },
	};
	struct probe probe;
	struct err e = { 0 };
	int failed = 0;

	libbpf_set_print(quiet);
	if (probe_open(&probe, &e) < 0) {
		printf("FAIL load: %s\n", e.text);
		return 1;
	}
	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++)
		failed |= (with_stats ? tell_stats : load_variant)(&probe, &variants[i]);
	probe_close(&probe);
	return failed;
}
#else
#include <stdio.h>

int main(void)
{
	printf("SKIP load: built without eBPF\n");
	return 0;
}
#endif
