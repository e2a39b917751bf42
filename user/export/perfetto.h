/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * perfetto.h - the inside of the Perfetto exporter: what its own files share. PERFETTO.md says what becomes of what.
 *
 * The importer (trace_processor) sorts all packets by time before it looks at them, so a packet may be written late:
 * a switch, once it is known what the task that left did next; a task's name and process, at the end. What is held
 * until then is bounded by the number of tasks and 100 ms of each CPU's events.
 *
 * Times inside are those of the model (CLOCK_MONOTONIC); pf_boot() makes the importer's of them.
 */
#ifndef SCHEDVIZ_EXPORT_PERFETTO_H
#define SCHEDVIZ_EXPORT_PERFETTO_H

#include "base/idmap.h"
#include "base/intern.h"
#include "base/vec.h"
#include "export/export.h"
#include "export/pb.h"
#include "export/squeeze.h"

#define PF_NONE UINT32_MAX

/* The importer refuses a trace with a CPU number from here on (kMaxCpuCount, ftrace_tokenizer.cc). */
#define PF_MAX_CPUS 1024

#define PF_BUNDLE_NS 100000000u /* as traced_probes reads its buffers */

/* ---- field numbers (protos/perfetto/trace), those that more than one file needs ---- */

enum { TRACE_PACKET = 1 };
enum {
	PACKET_FTRACE_EVENTS = 1,
	PACKET_PROCESS_TREE = 2,
	PACKET_CLOCK_SNAPSHOT = 6,
	PACKET_TIMESTAMP = 8,
	PACKET_SEQUENCE_ID = 10,
	PACKET_TRACK_EVENT = 11,
	PACKET_INTERNED_DATA = 12,
	PACKET_SEQUENCE_FLAGS = 13,
	PACKET_SYSTEM_INFO = 45,
	PACKET_COMPRESSED = 50,
	PACKET_TRACK_DESCRIPTOR = 60,
	PACKET_CPU_INFO = 67,
	PACKET_TASK_STATE = 117,
	PACKET_TRACE_ATTRIBUTES = 126,
};
enum { FTRACE_TIMESTAMP = 1, FTRACE_PID = 2 };
/* See pf_track_event(). */
enum { SEQUENCE_STATE = 1, SEQUENCE_EVENTS = 2 };
enum { SEQ_CLEARED = 1, SEQ_NEEDS_STATE = 2 };
enum {
	EVENT_TYPE = 9,
	EVENT_TRACK = 11,
	EVENT_CATEGORY = 22,
	EVENT_NAME = 23,
	EVENT_COUNTER = 30,
	EVENT_FLOWS = 47,
	EVENT_FLOWS_END = 48
};
enum { EVENT_SLICE_BEGIN = 1, EVENT_SLICE_END = 2, EVENT_INSTANT = 3, EVENT_COUNT = 4 };
enum {
	TRACK_UUID = 1,
	TRACK_NAME = 2,
	TRACK_PROCESS = 3,
	TRACK_THREAD = 4,
	TRACK_PARENT = 5,
	TRACK_COUNTER = 8,
	TRACK_CHILD_ORDER = 11,
	TRACK_RANK = 12,
	TRACK_DESCRIPTION = 14,
	TRACK_PROCESS_ORDER = 19,
	TRACK_THREAD_ORDER = 20
};

/* ---- tracks: a number for each, never 0 ---- */

enum pf_track {
	TRACK_OF_PROCESS = 1,
	TRACK_OF_THREAD,
	TRACK_OF_GAPS,
	TRACK_OF_DEPTH,
	TRACK_OF_ALL,
	TRACK_OF_JOBS,
	TRACK_OF_PATH
};

/* `index`: of a task or a CPU. */
static inline uint64_t pf_uuid(enum pf_track kind, uint32_t index)
{
	return (uint64_t)index << 3 | kind;
}

/* ---- who is on a CPU: a task, the idle task, or somebody of whom nothing is known ---- */

/*
 * The importer knows no unknown: a CPU always runs somebody. These have tids that no task can have (the kernel's
 * PID_MAX_LIMIT is 2^22), one for each CPU, in a process of the kind's name.
 */
enum pf_nobody { NOBODY_UNKNOWN, NOBODY_UNRECORDED, NOBODY_LEFT_OUT, NOBODY_OFFLINE, NR_NOBODIES };
#define PF_FIRST_NOBODY (1u << 22)

static inline uint32_t pf_nobody_tid(enum pf_nobody kind, uint32_t cpu)
{
	return PF_FIRST_NOBODY + kind * PF_MAX_CPUS + cpu;
}

const char *pf_nobody_name(enum pf_nobody kind);

struct pf_who {
	uint32_t tid;
	uint32_t name; /* of pf.names */
	int32_t prio;  /* whole words: such a struct is made and copied faster than one with a short in it */
};

/* ---- a CPU's switches and wakings until they are written ---- */

/* prev_state as the tracepoint prints it on all kernels from 4.14 on; NULL_STATE is none of them: unknown. */
enum { LEFT_R = 0, LEFT_S = 1, LEFT_D = 2, LEFT_T = 4, LEFT_X = 0x10, LEFT_PREEMPTED = 0x100, LEFT_UNKNOWN = 0x200 };
#define LEFT_WAITS UINT16_MAX /* the next span of the task will say */

struct pf_switch {
	uint64_t ns;
	struct pf_who next;
	uint32_t left; /* the task, where its state is LEFT_WAITS */
};

struct pf_waking {
	uint64_t ns;
	struct pf_who who;
	uint32_t cpu;	/* where it last ran */
	uint32_t flags; /* common_flags */
};

struct pf_cpu {
	VEC(struct pf_switch) switches;
	VEC(uint16_t) states; /* parallel: LEFT_*. Told long after the rest, so they are together, in the cache */
	VEC(struct pf_waking) wakings;
	struct buf events;	    /* all others, encoded */
	uint64_t start_ns, last_ns; /* of what is not held back; start_ns UINT64_MAX: there is none */
	uint64_t end_ns;	    /* up to it there is room, from start_ns on; 0: perhaps there is none */
	uint32_t running;	    /* tid of who is, as far as is told */
	size_t held;		    /* switches at the front that a former bundle had to leave out */
	uint8_t nobodies;	    /* bit of each enum pf_nobody that ran there */
	bool open;		    /* who is next of the last switch is not known yet */
	bool seeded;
	bool lost; /* something went by unseen since the last bundle */
};

/* ---- a task ---- */

struct pf_task {
	uint32_t tid;	     /* as it was first known */
	uint32_t name;	     /* of pf.names, as long as it is called so; PF_NONE: look it up */
	uint32_t cpu, waits; /* of the switch that waits for its next span; PF_NONE: none does */
	uint64_t left_ns;    /* its time */
	uint64_t known_ns;   /* when it is introduced: alive, and after its birth; UINT64_MAX: not yet */
	uint32_t last_cpu;
	event_prio prio; /* with which it is switched in next, if `has_prio` */
	uint8_t row;	 /* enum task_state of its row in the importer, as far as is told; STATE_UNKNOWN: no state */
	bool has_prio, has_row, has_gaps, dead;
};

struct pf_name {
	const char *raw; /* of the model, its identity */
	char *safe;
	size_t length;
	uint32_t same_hash;	/* the one before it; PF_NONE: none */
	uint32_t bundle, index; /* its place in the intern table of that bundle */
};

struct pf_counts; /* perfetto_count.c */

/* Kinds of parts: the columns have the numbers of their fields, 1 to 12. */
enum { PART_PACKETS = 0, PART_NAMES = 5, PART_EVENTS = 13 };

struct pf_part {
	size_t from, to;
	unsigned kind;
};

struct pf_symbols; /* names of what was slept in, and who sleeps where: perfetto_sleep.c */

struct pf {
	const struct export_job *job;
	struct export_out *out;
	struct model *m; /* of this pass */
	struct pf_cpu *cpus;
	uint32_t nr_cpus, last_cpu; /* that there could be; that was seen */
	struct pf_counts *counts;
	VEC(struct pf_task) tasks;
	VEC(struct pf_name) names;
	uint32_t swapper;     /* of pf.names */
	struct idmap name_of; /* hash of `raw` -> the last of that hash */
	struct pf_symbols *symbols;
	struct buf packets;	   /* finished ones, not yet compressed */
	VEC(struct pf_part) parts; /* of `packets`, in order; between them is PART_PACKETS */
	struct buf columns;	   /* one at a time */
	VEC(struct pf_switch) ready; /* to be written, */
	VEC(uint16_t) ready_states;  /* with these states */
	uint32_t nr_bundles;
	int64_t to_boot_ns;	       /* what BOOTTIME is ahead of MONOTONIC */
	uint64_t events, track_events; /* switches and wakings; written so far */
	uint32_t nr_compressed;	       /* times that packets were */
	struct squeeze *squeeze;       /* NULL: packets are written as they are */
};

/* ---- perfetto_packet.c ---- */

static inline uint64_t pf_boot(const struct pf *p, uint64_t ns)
{
	return ns + (uint64_t)p->to_boot_ns;
}

/* export_cut(), in place. */
static inline bool pf_cut(const struct pf *p, uint64_t from_ns, uint64_t to_ns, struct window *out)
{
	struct window w = p->job->window;

	out->from_ns = from_ns > w.from_ns ? from_ns : w.from_ns;
	out->to_ns = to_ns < w.to_ns ? to_ns : w.to_ns;
	return out->from_ns < out->to_ns;
}

#define PF_NO_TIME UINT64_MAX
/* Begin a packet in p->packets, of that time or PF_NO_TIME; what it holds goes there until pf_packet_end(). */
size_t pf_packet(struct pf *p, uint64_t ns, unsigned flags);
void pf_packet_end(struct pf *p, size_t opened);
/* The same for who opened and closed it himself. */
void pf_packet_done(struct pf *p);
/* What is in p->packets since `from` resembles other parts of that kind, which is good for the compression. */
void pf_part(struct pf *p, unsigned kind, size_t from);
/* The same for a packet with a track event, begun and ended. */
size_t pf_track_event(struct pf *p, uint64_t ns, unsigned type, uint64_t track, size_t *packet);
void pf_track_event_end(struct pf *p, size_t packet, size_t opened);
void pf_packets_put(struct pf *p); /* all that there are, to p->out */

/* ---- perfetto.c ---- */

struct pf_task *pf_task_new(struct pf *p, task_id id);

static inline struct pf_task *pf_task(struct pf *p, task_id id)
{
	return id.i < p->tasks.n ? &p->tasks.v[id.i] : pf_task_new(p, id);
}

static inline uint32_t pf_tid(const struct pf *p, task_id id)
{
	return p->tasks.v[id.i].tid;
}

static inline bool pf_wants(const struct pf *p, task_id id)
{
	return p->job->filter.text ? export_wants(p->job, id) : task_some(id);
}

uint32_t pf_name(struct pf *p, const char *raw);

/* `prio`: its last one. */
static inline struct pf_who pf_who(struct pf *p, task_id id, event_prio prio)
{
	struct pf_task *t = pf_task(p, id);

	if (__builtin_expect(t->name == PF_NONE, 0))
		t->name = pf_name(p, model_task(p->m, id)->name);
	return (struct pf_who){ .tid = t->tid, .name = t->name, .prio = t->has_prio ? t->prio : prio };
}

const char *pf_called(struct pf *p, task_id id); /* its name now, harmless; until the next pf_name() */

/* ---- perfetto_cpu.c ---- */

/* `s` has ended, and is not empty inside the window. */
void pf_cpu_span(struct pf *p, const struct cpu_span *s);
/* What the task of `t` does since it left: `code` is one of LEFT_*. */
void pf_left(struct pf *p, struct pf_task *t, unsigned code);
void pf_waking(struct pf *p, const struct wake *w);
/* Room for one more event of that CPU at that time; it is written by the caller between the two. */
struct buf *pf_event(struct pf *p, uint32_t cpu, uint64_t ns, uint32_t pid, size_t *opened);
void pf_event_end(struct buf *events, size_t opened);
/* The same at once, where there are many: all that follows its timestamp is `n` bytes. */
#define PF_SHORT_MAX 19
void pf_short_event(struct pf *p, uint32_t cpu, uint64_t ns, const uint8_t bytes[PF_SHORT_MAX], size_t n);
void pf_bundles_end(struct pf *p);

/* ---- perfetto_sleep.c ---- */

void pf_slept(struct pf *p, const struct span *s, struct window cut);
/* Names that were not written yet, as the field interned_data. */
void pf_symbols_put(struct pf *p);
void pf_symbols_free(struct pf_symbols *y);

/* ---- perfetto_head.c, perfetto_tasks.c, perfetto_jobs.c, perfetto_path.c, perfetto_count.c ---- */

void pf_head(struct pf *p);
void pf_attribute(struct pf *p, const char *key, const char *value); /* one more, at any time */
void pf_tasks(struct pf *p); /* after the pass */
void pf_jobs(struct pf *p);
/* After the pass; it makes one more: errors are those of export_path_make(). */
int pf_path(struct pf *p, struct err *e);
/* Counters: what they show may be told at any time, of one counter in order. */
void pf_count_open(struct pf *p);
void pf_count_close(struct pf *p);
void pf_depth(struct pf *p, uint32_t cpu, uint64_t ns, uint32_t depth);
void pf_queued(struct pf *p, uint64_t ns, int64_t jobs);
void pf_counts_end(struct pf *p);

#endif
