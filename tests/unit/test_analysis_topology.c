/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_analysis_topology.c - how far apart CPUs are, on machines of which much, little or nothing is known.
 */
#include "analysis/topology.h"
#include "unit/test.h"

static struct facts facts;
static struct topology topology;

static void know(const char *const (*rows)[2])
{
	for (; (*rows)[0]; rows++)
		facts_set(&facts, (*rows)[0], (*rows)[1]);
	topology_init(&topology, &facts);
}

static void forget(void)
{
	topology_release(&topology);
	facts_release(&facts);
}

/* Both ways round. */
static void check(uint32_t a, uint32_t b, enum cpu_distance want)
{
	CHECK_U64(topology_distance(&topology, a, b), want);
	CHECK_U64(topology_distance(&topology, b, a), want);
}

/* Two nodes of two caches of two cores of two threads, numbered as Linux does: the second threads come last. */
static void know_large_machine(void)
{
	for (uint32_t cpu = 0; cpu < 16; cpu++) {
		uint32_t core = cpu % 8;
		char key[32];

		snprintf(key, sizeof(key), "cpu.%u.siblings", cpu);
		facts_setf(&facts, key, "%u,%u", core, core + 8);
		snprintf(key, sizeof(key), "cpu.%u.core", cpu);
		facts_setf(&facts, key, "%u", core % 4);
		snprintf(key, sizeof(key), "cpu.%u.llc", cpu);
		facts_setf(&facts, key, "%u-%u,%u-%u", core / 2 * 2, core / 2 * 2 + 1, core / 2 * 2 + 8,
			   core / 2 * 2 + 9);
		snprintf(key, sizeof(key), "cpu.%u.package", cpu);
		facts_setf(&facts, key, "%u", core / 4);
		snprintf(key, sizeof(key), "cpu.%u.node", cpu);
		facts_setf(&facts, key, "%u", core / 4);
	}
	topology_init(&topology, &facts);
}

TEST(every_distance_of_a_large_machine)
{
	know_large_machine();
	check(0, 0, DISTANCE_CORE);
	check(0, 8, DISTANCE_CORE);
	check(0, 1, DISTANCE_CACHE);
	check(8, 1, DISTANCE_CACHE);
	check(0, 2, DISTANCE_NODE);
	check(3, 8, DISTANCE_NODE);
	check(0, 4, DISTANCE_FAR); /* a core of the same number in the other package */
	check(12, 0, DISTANCE_FAR);
	check(0, 16, DISTANCE_UNKNOWN);
	check(UINT32_MAX, 3, DISTANCE_UNKNOWN);
	forget();
}

TEST(threads_of_a_core_without_their_list)
{
	static const char *const rows[][2] = {
		{ "cpu.0.core", "0" }, { "cpu.0.package", "0" }, { "cpu.1.core", "0" }, { "cpu.1.package", "0" },
		{ "cpu.2.core", "0" }, { "cpu.2.package", "1" }, { "cpu.3.core", "0" }, { NULL, NULL },
	};

	know(rows);
	check(0, 1, DISTANCE_CORE);
	check(0, 2, DISTANCE_FAR);
	check(0, 3, DISTANCE_UNKNOWN); /* of which package is not known */
	forget();
}

TEST(a_machine_that_hides_its_caches)
{
	static const char *const rows[][2] = {
		{ "cpu.0.siblings", "0" }, { "cpu.0.core", "0" },     { "cpu.0.package", "0" },
		{ "cpu.0.node", "0" },	   { "cpu.1.siblings", "1" }, { "cpu.1.core", "0" },
		{ "cpu.1.package", "1" },  { "cpu.1.node", "0" },     { NULL, NULL },
	};

	know(rows);
	check(0, 1, DISTANCE_NODE); /* nodes decide, where they are known */
	forget();
}

TEST(a_package_stands_for_a_node_where_there_is_none)
{
	static const char *const rows[][2] = {
		{ "cpu.0.package", "0" }, { "cpu.0.core", "0" }, { "cpu.1.package", "0" }, { "cpu.1.core", "1" },
		{ "cpu.2.package", "1" }, { "cpu.2.core", "0" }, { NULL, NULL },
	};

	know(rows);
	check(0, 1, DISTANCE_NODE);
	check(0, 2, DISTANCE_FAR);
	forget();
}

TEST(nothing_known_and_nonsense)
{
	static const char *const rows[][2] = {
		{ "cpu.0.package", "" },
		{ "cpu.0.llc", "x" },
		{ "cpu.1.package", "-1" },
		{ "cpu.2.node", "99999999999999999999" },
		{ "cpu.3.node", "99999999999999999999" },
		{ "cpu.4294967295.node", "0" },
		{ "cpu.possible", "0-3" },
		{ NULL, NULL },
	};

	know(rows);
	check(0, 1, DISTANCE_UNKNOWN);
	check(2, 3, DISTANCE_UNKNOWN);
	check(0, 4294967295u, DISTANCE_UNKNOWN);
	check(3, 3, DISTANCE_CORE);
	forget();
	topology_init(&topology, &facts);
	check(0, 0, DISTANCE_UNKNOWN);
	forget();
}

TEST_MAIN
