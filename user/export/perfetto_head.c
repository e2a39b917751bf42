/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * perfetto_head.c - what a Perfetto trace begins with: the machine, its clocks and CPUs, what was recorded and why.
 */
#include <ctype.h>
#include <stdlib.h>
#include "export/perfetto.h"

enum { CLOCK_IS_REALTIME = 1, CLOCK_IS_MONOTONIC = 3, CLOCK_IS_BOOTTIME = 6 };

static void put_clock(struct buf *out, unsigned id, uint64_t ns)
{
	enum { SNAPSHOT_CLOCKS = 1, CLOCK_ID = 1, CLOCK_TIME = 2 };
	size_t clock = pb_open(out, SNAPSHOT_CLOCKS);

	pb_uint(out, CLOCK_ID, id);
	pb_uint(out, CLOCK_TIME, ns);
	pb_close(out, clock);
}

/* The same instant by three clocks. The trace is told in the first, BOOTTIME. */
static void put_clocks(struct pf *p, const struct facts *facts)
{
	enum { SNAPSHOT_PRIMARY = 2 };
	uint64_t from_ns = trace_reader_window(p->job->reader).from_ns;
	uint64_t real_ns = facts_u64(facts, "clock.realtime_ns", 0);
	size_t packet = pf_packet(p, PF_NO_TIME, SEQ_CLEARED), inner = pb_open(&p->packets, PACKET_CLOCK_SNAPSHOT);

	put_clock(&p->packets, CLOCK_IS_BOOTTIME, pf_boot(p, from_ns));
	put_clock(&p->packets, CLOCK_IS_MONOTONIC, from_ns);
	if (real_ns)
		put_clock(&p->packets, CLOCK_IS_REALTIME, real_ns);
	pb_uint(&p->packets, SNAPSHOT_PRIMARY, CLOCK_IS_BOOTTIME);
	pb_close(&p->packets, inner);
	pf_packet_end(p, packet);
}

/*
 * The importer decodes prev_state by the release, of which it understands "X.Y." only; of "6.18-rc1" it would make
 * 4.4, whose states were different. Without a release it is told the first that had those we write.
 */
static void put_release(struct buf *out, const char *release)
{
	size_t major, minor;

	if (!release)
		release = "4.14.0";
	major = strspn(release, "0123456789");
	minor = release[major] == '.' ? strspn(release + major + 1, "0123456789") : 0;
	if (!major || !minor) {
		buf_printf(out, "4.14.0-%s", release);
		return;
	}
	buf_put(out, release, major + 1 + minor);
	buf_printf(out, "%s%s", release[major + 1 + minor] == '.' ? "" : ".0", release + major + 1 + minor);
}

static void put_system(struct pf *p, const struct facts *facts)
{
	enum { SYSTEM_UTSNAME = 1, SYSTEM_CPUS = 8, UTS_SYSNAME = 1, UTS_RELEASE = 3, UTS_MACHINE = 4 };
	size_t packet = pf_packet(p, PF_NO_TIME, 0), inner = pb_open(&p->packets, PACKET_SYSTEM_INFO), uts;
	const char *arch = facts_get(facts, "arch");
	struct buf release = { 0 };

	put_release(&release, facts_get(facts, "kernel.release"));
	uts = pb_open(&p->packets, SYSTEM_UTSNAME);
	pb_str(&p->packets, UTS_SYSNAME, "Linux");
	pb_str(&p->packets, UTS_RELEASE, buf_str(&release));
	pb_str(&p->packets, UTS_MACHINE, arch ? arch : "x86_64");
	pb_close(&p->packets, uts);
	pb_uint(&p->packets, SYSTEM_CPUS, p->nr_cpus);
	pb_close(&p->packets, inner);
	pf_packet_end(p, packet);
	buf_release(&release);
}

/* Of a CPU the format knows its model, which is not recorded, and its speed; that it exists must do. */
static void put_cpus(struct pf *p, const struct facts *facts)
{
	enum { INFO_CPUS = 1, CPU_PROCESSOR = 1 };
	size_t packet = pf_packet(p, PF_NO_TIME, 0), inner = pb_open(&p->packets, PACKET_CPU_INFO);
	const char *arch = facts_get(facts, "arch");

	for (uint32_t cpu = 0; cpu < p->nr_cpus && cpu < PF_MAX_CPUS; cpu++) {
		size_t one = pb_open(&p->packets, INFO_CPUS);

		pb_str(&p->packets, CPU_PROCESSOR, arch ? arch : "unknown");
		pb_close(&p->packets, one);
	}
	pb_close(&p->packets, inner);
	pf_packet_end(p, packet);
}

/* ---- in the overview of the UI, and in SQL as metadata 'trace_attribute.schedviz...' ---- */

static void put_attribute(struct buf *out, const char *key, const char *value)
{
	enum { ATTRIBUTES = 1, ATTRIBUTE_KEY = 1, ATTRIBUTE_STRING = 3 };
	struct buf safe = { 0 };
	size_t one;

	if (!value)
		return;
	fmt_safe(&safe, value, strlen(value), true);
	one = pb_open(out, ATTRIBUTES);
	pb_str(out, ATTRIBUTE_KEY, key);
	pb_str(out, ATTRIBUTE_STRING, buf_str(&safe));
	pb_close(out, one);
	buf_release(&safe);
}

static bool is_told(const char *key)
{
	static const char *const prefixes[] = { "receipt.", "theory.",	"run.", "cpu.online",	   "mode",
						"command",  "workload", "host", "schedviz.version" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (!strncmp(key, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

static void put_attributes(struct pf *p, const struct facts *facts)
{
	size_t packet = pf_packet(p, PF_NO_TIME, 0), inner = pb_open(&p->packets, PACKET_TRACE_ATTRIBUTES);
	struct buf key = { 0 };

	put_attribute(&p->packets, "schedviz.verdict", p->job->verdict);
	for (size_t i = 0; i < facts->n; i++) {
		const char *own = facts->v[i].key;

		if (!is_told(own))
			continue;
		buf_reset(&key);
		buf_printf(&key, "%s%s", strncmp(own, "schedviz.", 9) ? "schedviz." : "", own);
		put_attribute(&p->packets, buf_str(&key), facts->v[i].value);
	}
	pb_close(&p->packets, inner);
	pf_packet_end(p, packet);
	buf_release(&key);
}

void pf_attribute(struct pf *p, const char *key, const char *value)
{
	size_t packet = pf_packet(p, PF_NO_TIME, 0), inner = pb_open(&p->packets, PACKET_TRACE_ATTRIBUTES);

	put_attribute(&p->packets, key, value);
	pb_close(&p->packets, inner);
	pf_packet_end(p, packet);
}

/* The root of all tracks: processes and threads in the order of their ranks. */
static void put_root(struct pf *p)
{
	enum { ORDER_EXPLICIT = 1 };
	size_t packet = pf_packet(p, p->job->window.from_ns, 0);
	size_t inner = pb_open(&p->packets, PACKET_TRACK_DESCRIPTOR);

	pb_uint(&p->packets, TRACK_UUID, 0);
	pb_uint(&p->packets, TRACK_PROCESS_ORDER, ORDER_EXPLICIT);
	pb_uint(&p->packets, TRACK_THREAD_ORDER, ORDER_EXPLICIT);
	pb_close(&p->packets, inner);
	pf_packet_end(p, packet);
}

void pf_head(struct pf *p)
{
	const struct facts *facts = trace_reader_facts(p->job->reader);

	put_clocks(p, facts);
	put_system(p, facts);
	put_cpus(p, facts);
	put_attributes(p, facts);
	put_root(p);
}
