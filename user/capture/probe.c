/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * probe.c - ask the kernel's BTF, and where that is not enough the verifier, what can be used.
 */
#include "capture/probe.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/privilege.h"
#include "bpf/abi.h"

#define KERNEL_BTF "/sys/kernel/btf/vmlinux"

/* A tracepoint's arguments are those of the function type btf_trace_NAME points to; the first is the tool's own. */
static int tracepoint_args(const struct btf *btf, const char *name)
{
	const struct btf_type *t;
	char type[96];
	int id;

	snprintf(type, sizeof(type), "btf_trace_%s", name);
	id = btf__find_by_name_kind(btf, type, BTF_KIND_TYPEDEF);
	if (id < 0)
		return -1;
	t = btf__type_by_id(btf, btf__type_by_id(btf, (__u32)id)->type); /* the pointer */
	t = btf__type_by_id(btf, t->type);				 /* the function */
	return t && btf_is_func_proto(t) ? btf_vlen(t) - 1 : -1;
}

int probe_function_args(const struct probe *p, const char *function)
{
	int id = btf__find_by_name_kind(p->btf, function, BTF_KIND_FUNC);
	const struct btf_type *t;

	if (id < 0)
		return -1;
	t = btf__type_by_id(p->btf, btf__type_by_id(p->btf, (__u32)id)->type);
	return t && btf_is_func_proto(t) ? btf_vlen(t) : -1;
}

/* Some kernels have the function and the means, and yet refuse (a hypervisor that forbids to patch code). */
int probe_function(const struct probe *p, const char *function)
{
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_TRACE_FEXIT);
	int fd, id = btf__find_by_name_kind(p->btf, function, BTF_KIND_FUNC);

	if (id < 0)
		return -ENOENT;
	opts.attach_btf_id = (__u32)id;
	fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "sv_probe", "GPL", insns, sizeof(insns) / sizeof(insns[0]), &opts);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

bool probe_has(const struct probe *p, const struct program *row)
{
	return (row->function ? probe_function_args(p, row->hook) : tracepoint_args(p->btf, row->hook)) >= 0;
}

#ifdef __x86_64__
/*
 * The BTF id of this per-CPU variable if a program can name it, else 0. BTF may list it while the symbol table does not
 * (no KALLSYMS_ALL); only the verifier knows. So it is shown the smallest program that does.
 */
static int can_name(const struct btf *btf, const char *variable)
{
	int id = btf__find_by_name_kind(btf, variable, BTF_KIND_VAR);
	struct bpf_insn insns[] = {
		{ .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = 1, .src_reg = BPF_PSEUDO_BTF_ID, .imm = id },
		{ 0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd;

	if (id < 0)
		return 0;
	fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "sv_probe", "GPL", insns, sizeof(insns) / sizeof(insns[0]),
			   NULL);
	if (fd < 0)
		return 0;
	close(fd);
	return id;
}

static void find_wake_context(struct probe *p)
{
	static const struct {
		const char *variable;
		enum wake_context context;
	} rows[] = { { "__preempt_count", WAKE_COUNT }, { "pcpu_hot", WAKE_PCPU_HOT } };

	p->context = WAKE_DEPTH;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && !p->variable; i++) {
		p->variable = can_name(p->btf, rows[i].variable);
		if (p->variable)
			p->context = rows[i].context;
	}
}
#else
static void find_wake_context(struct probe *p)
{
	p->context = WAKE_THREAD_INFO;
}
#endif

int probe_open(struct probe *p, struct err *e)
{
	memset(p, 0, sizeof(*p));
	p->btf = btf__load_vmlinux_btf();
	if (!p->btf)
		return err_set(e, -ENOENT,
			       "cannot read the kernel's type information '" KERNEL_BTF "': %s - it needs "
			       "a kernel with CONFIG_DEBUG_INFO_BTF=y, as the distributions build it",
			       strerror(errno));
	p->prev_state_arg = tracepoint_args(p->btf, "sched_switch") >= 4;
	p->disable_count = btf__find_by_name_kind(p->btf, "local_interrupt_disable_state", BTF_KIND_VAR) > 0;
	find_wake_context(p);
	return 0;
}

/* Put the variable's id where SV_VARIABLE stands in the program's code. */
int probe_name_variable(const struct probe *p, struct bpf_program *prog)
{
	size_t n = bpf_program__insn_cnt(prog);
	struct bpf_insn *insns = xcalloc(n, sizeof(*insns));
	int ret = 0;

	memcpy(insns, bpf_program__insns(prog), n * sizeof(*insns));
	for (size_t i = 0; i < n; i++)
		if (insns[i].code == (BPF_LD | BPF_IMM | BPF_DW) && !insns[i].src_reg && insns[i].imm == SV_VARIABLE) {
			insns[i].src_reg = BPF_PSEUDO_BTF_ID;
			insns[i].imm = p->variable;
		}
	if (p->variable)
		ret = bpf_program__set_insns(prog, insns, n);
	free(insns);
	return ret;
}

void probe_close(struct probe *p)
{
	btf__free(p->btf);
	p->btf = NULL;
}

int probe_explain(struct err *e, int code, const char *what)
{
	if ((code == -EPERM || code == -EACCES) && !capability_can_record())
		return err_set(e, -EPERM, "recording needs root, or CAP_BPF and CAP_PERFMON - run it with sudo");
	if (code == -EPERM)
		return err_set(e, code,
			       "%s: the kernel refused although the privileges are there - 'schedviz doctor' "
			       "looks for the reason (lockdown, a container's seccomp filter)",
			       what);
	if (code == -EACCES) /* what the verifier says */
		return err_set(e, -ENOTSUP,
			       "%s: this kernel's verifier refuses one - please report it, with what -v shows", what);
	if (code == -ENOMEM || code == -E2BIG)
		return err_set(e, code, "%s: not enough kernel memory for the rings - give a smaller --buffer", what);
	return err_sys(e, code, "%s (-v says what libbpf and the verifier say, 'schedviz doctor' what is missing)",
		       what);
}
