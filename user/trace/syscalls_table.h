/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * syscalls_table.h - the tables behind syscalls.h, one file for each architecture.
 */
#ifndef SCHEDVIZ_TRACE_SYSCALLS_TABLE_H
#define SCHEDVIZ_TRACE_SYSCALLS_TABLE_H

#include <stddef.h>

struct syscall_table {
	const char *const *names; /* by number; NULL: no such call */
	size_t n;
};

extern const struct syscall_table syscalls_x86_64;
extern const struct syscall_table syscalls_aarch64;

#endif
