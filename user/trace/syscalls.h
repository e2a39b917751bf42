/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * syscalls.h - names of system calls, by architecture, for decoding what a task slept in.
 *
 * The tables are the ABI (arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h): numbers never
 * change, new ones are added at the end.
 */
#ifndef SCHEDVIZ_TRACE_SYSCALLS_H
#define SCHEDVIZ_TRACE_SYSCALLS_H

#include <stdint.h>

/* NULL when the arch or the number is not known. `arch` as uname -m says it. */
const char *syscall_name(const char *arch, int32_t nr);
/* The number, or a negative value. */
int32_t syscall_number(const char *arch, const char *name);

#endif
