/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * probe.h - what this kernel and this user can do, asked of the kernel itself and never of its version.
 */
#ifndef SCHEDVIZ_CAPTURE_PROBE_H
#define SCHEDVIZ_CAPTURE_PROBE_H

#include <stdbool.h>
#include "base/err.h"
#include "capture/programs.h"

struct bpf_program;
struct btf;

struct probe {
	struct btf *btf;     /* of the running kernel */
	bool prev_state_arg; /* sched_switch says the state it saw */
	bool disable_count;  /* the preempt count also counts local_interrupt_disable(): its bits are others */
	enum wake_context context;
	int variable; /* BTF id of the variable that holds the preempt count; 0: none is used */
};

/* Errors: no BTF (-ENOENT), not allowed (-EPERM). */
int probe_open(struct probe *p, struct err *e);
bool probe_has(const struct probe *p, const struct program *row); /* does BTF know what it hooks? */
int probe_function_args(const struct probe *p, const char *function); /* negative: there is no such function */
/* May a program run when this function returns? 0, or why not as -errno; attaching it may still fail. */
int probe_function(const struct probe *p, const char *function);
/* In a program that reads the variable with the preempt count: put its BTF id in. Before loading; negative: failed. */
int probe_name_variable(const struct probe *p, struct bpf_program *prog);
void probe_close(struct probe *p);

/* The sentence for a load or attach that failed with -errno, and its remedy: what the raw code means here. */
int probe_explain(struct err *e, int code, const char *what);

#endif
