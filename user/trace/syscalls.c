/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * syscalls.c - owns which architecture has which table of system calls.
 */
#include <string.h>
#include "trace/syscalls.h"
#include "trace/syscalls_table.h"

static const struct {
	const char *arch;
	const struct syscall_table *table;
} archs[] = {
	{ "x86_64", &syscalls_x86_64 },
	{ "aarch64", &syscalls_aarch64 },
};

static const struct syscall_table *table_of(const char *arch)
{
	for (size_t i = 0; arch && i < sizeof(archs) / sizeof(archs[0]); i++)
		if (!strcmp(arch, archs[i].arch))
			return archs[i].table;
	return NULL;
}

const char *syscall_name(const char *arch, int32_t nr)
{
	const struct syscall_table *t = table_of(arch);

	return t && nr >= 0 && (size_t)nr < t->n ? t->names[nr] : NULL;
}

int32_t syscall_number(const char *arch, const char *name)
{
	const struct syscall_table *t = table_of(arch);

	for (size_t i = 0; t && i < t->n; i++)
		if (t->names[i] && !strcmp(t->names[i], name))
			return (int32_t)i;
	return -1;
}
