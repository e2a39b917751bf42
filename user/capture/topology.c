/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * topology.c - the census of CPUs: which there are and what they share, from /sys/devices/system.
 */
#include "capture/snapshot.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

#define SYS_CPU "/sys/devices/system/cpu"

/* The node a CPU belongs to is a link in its directory: nodeN. */
static bool node_of(uint32_t cpu, char *out, size_t size)
{
	char path[64];
	struct dirent *d;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), SYS_CPU "/cpu%u", cpu);
	dir = opendir(path);
	while (dir && !found && (d = readdir(dir)))
		if (!strncmp(d->d_name, "node", 4) && d->d_name[4] >= '0' && d->d_name[4] <= '9') {
			snprintf(out, size, "%.15s", d->d_name + 4);
			found = true;
		}
	if (dir)
		closedir(dir);
	return found;
}

/* CPUs that share the largest cache: the list of its highest level. */
static bool llc_of(uint32_t cpu, char *out, size_t size)
{
	unsigned best = 0;

	for (unsigned i = 0; i < 16; i++) {
		char path[96], level[16], list[256];

		snprintf(path, sizeof(path), SYS_CPU "/cpu%u/cache/index%u/level", cpu, i);
		if (!file_read_line(path, level, sizeof(level)))
			break;
		snprintf(path, sizeof(path), SYS_CPU "/cpu%u/cache/index%u/shared_cpu_list", cpu, i);
		if ((unsigned)atoi(level) > best && file_read_line(path, list, sizeof(list))) {
			best = (unsigned)atoi(level);
			snprintf(out, size, "%s", list);
		}
	}
	return best;
}

static void cpu_facts(struct facts *facts, uint32_t cpu)
{
	static const struct {
		const char *fact, *file;
	} rows[] = { { "package", "physical_package_id" },
		     { "core", "core_id" },
		     { "siblings", "thread_siblings_list" } };
	char path[96], key[64], value[256];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(path, sizeof(path), SYS_CPU "/cpu%u/topology/%s", cpu, rows[i].file);
		snprintf(key, sizeof(key), "cpu.%u.%s", cpu, rows[i].fact);
		if (file_read_line(path, value, sizeof(value)))
			facts_set(facts, key, value);
	}
	snprintf(key, sizeof(key), "cpu.%u.node", cpu);
	if (node_of(cpu, value, sizeof(value)))
		facts_set(facts, key, value);
	snprintf(key, sizeof(key), "cpu.%u.llc", cpu);
	if (llc_of(cpu, value, sizeof(value)))
		facts_set(facts, key, value);
}

void snapshot_cpus(struct facts *facts)
{
	static const char *const lists[] = { "possible", "online" };
	struct cpuset online = { 0 };
	char path[64], key[32], value[4096];
	struct err e;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		snprintf(path, sizeof(path), SYS_CPU "/%s", lists[i]);
		snprintf(key, sizeof(key), "cpu.%s", lists[i]);
		if (file_read_line(path, value, sizeof(value)))
			facts_set(facts, key, value);
	}
	if (facts_get(facts, "cpu.online") && cpuset_parse(&online, facts_get(facts, "cpu.online"), &e) == 0)
		for (uint32_t cpu = cpuset_next(&online, 0); cpu != UINT32_MAX; cpu = cpuset_next(&online, cpu + 1))
			cpu_facts(facts, cpu);
	cpuset_release(&online);
}

/* One of the kernel's lists; false: it cannot be read or names none. */
static bool read_list(const char *name, struct cpuset *out)
{
	char path[64], value[4096];

	snprintf(path, sizeof(path), SYS_CPU "/%s", name);
	return file_read_line(path, value, sizeof(value)) && cpuset_parse(out, value, NULL) == 0 && cpuset_count(out);
}

void snapshot_present(struct cpuset *out)
{
	if (!read_list("present", out) && !read_list("possible", out))
		cpuset_add(out, 0);
}

void snapshot_possible(struct cpuset *out)
{
	if (!read_list("possible", out))
		snapshot_present(out);
}

void snapshot_online(struct cpuset *out)
{
	if (!read_list("online", out))
		snapshot_present(out);
}
