/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * perfetto_tasks.c - who the tasks were, for Perfetto: processes and parents, names, the order of lanes, ends.
 *
 * Written after the pass, when all of it is known, but stamped with a time at which the task was alive: the importer
 * makes a new, empty thread of a tid that it meets after that thread's end.
 */
#include <stdlib.h>
#include "base/alloc.h"
#include "export/perfetto.h"

enum { TREE_PROCESSES = 1, TREE_THREADS = 2 };
enum { PROCESS_PID = 1, PROCESS_PPID = 2, PROCESS_CMDLINE = 3, PROCESS_IS_KTHREAD = 8 };
enum { THREAD_TID = 1, THREAD_NAME = 2, THREAD_TGID = 3 };
enum { FTRACE_FREE = 240 };

const char *pf_nobody_name(enum pf_nobody kind)
{
	static const char *const names[NR_NOBODIES] = {
		[NOBODY_UNKNOWN] = "not known",
		[NOBODY_UNRECORDED] = "not recorded",
		[NOBODY_LEFT_OUT] = "left out",
		[NOBODY_OFFLINE] = "offline",
	};

	return names[kind];
}

static const char *safe_name(struct pf *p, const char *raw)
{
	uint32_t name = pf_name(p, raw);

	return p->names.v[name].safe;
}

static bool is_leader(struct pf *p, task_id id)
{
	return pf_tid(p, id) == model_task(p->m, id)->tgid;
}

/* Can it be told at its time? Not a task that was never seen, nor one that was gone before it was. */
static bool is_known(struct pf *p, task_id id)
{
	const struct task *t = model_task(p->m, id);
	uint64_t ns = pf_task(p, id)->known_ns;

	return pf_wants(p, id) && ns != UINT64_MAX && t->tgid && pf_tid(p, id) && (!t->died_here || ns < t->died_ns);
}

/* ---- processes and threads ---- */

/* A parent that is gone by then must not be named, or it would be there again. */
static uint32_t parent_pid(struct pf *p, const struct task *t, uint64_t ns)
{
	const struct task *parent = task_some(t->parent) ? model_task(p->m, t->parent) : NULL;

	if (!parent)
		return t->ppid;
	return parent->born_ns <= ns && (!parent->died_here || ns < parent->died_ns) ? parent->tgid : 0;
}

/*
 * The importer calls a process by the first word of its command line. So that a worker is called by the name it gave
 * itself, that comes first; then its program, as far as it is known.
 */
static void put_cmdline(struct pf *p, const struct task *t)
{
	const char *slash = t->path ? strrchr(t->path, '/') : NULL;
	const char *program = slash ? slash + 1 : t->path;

	if (!program || strncmp(program, t->name, COMM_LEN - 1))
		pb_str(&p->packets, PROCESS_CMDLINE, safe_name(p, t->name));
	if (t->path)
		pb_str(&p->packets, PROCESS_CMDLINE, safe_name(p, t->path));
	else if (strchr(t->name, ' ')) /* or it would be cut there */
		pb_str(&p->packets, PROCESS_CMDLINE, "");
}

static void put_process(struct pf *p, task_id id)
{
	const struct task *t = model_task(p->m, id);
	uint32_t ppid = parent_pid(p, t, pf_task(p, id)->known_ns);
	size_t one;

	if (!is_leader(p, id) || !ppid)
		return;
	one = pb_open(&p->packets, TREE_PROCESSES);
	pb_uint(&p->packets, PROCESS_PID, t->tgid);
	pb_uint(&p->packets, PROCESS_PPID, ppid);
	put_cmdline(p, t);
	if (t->kthread)
		pb_uint(&p->packets, PROCESS_IS_KTHREAD, 1);
	pb_close(&p->packets, one);
}

static void put_thread(struct pf *p, task_id id)
{
	const struct task *t = model_task(p->m, id);
	size_t one = pb_open(&p->packets, TREE_THREADS);

	pb_uint(&p->packets, THREAD_TID, pf_tid(p, id));
	pb_str(&p->packets, THREAD_NAME, safe_name(p, t->name));
	pb_uint(&p->packets, THREAD_TGID, t->tgid);
	pb_close(&p->packets, one);
}

/* One tree of all that were there at the start, and a small one for each that came later. */
static void put_trees(struct pf *p, const task_id *order, uint32_t nr)
{
	uint64_t from_ns = p->job->window.from_ns;
	size_t packet = pf_packet(p, from_ns, 0), tree = pb_open(&p->packets, PACKET_PROCESS_TREE);

	for (uint32_t i = 0; i < nr; i++)
		if (is_known(p, order[i]) && pf_task(p, order[i])->known_ns == from_ns)
			put_process(p, order[i]);
	for (uint32_t i = 0; i < nr; i++)
		if (is_known(p, order[i]) && pf_task(p, order[i])->known_ns == from_ns)
			put_thread(p, order[i]);
	pb_close(&p->packets, tree);
	pf_packet_end(p, packet);
	for (uint32_t i = 0; i < nr; i++) {
		uint64_t ns = pf_task(p, order[i])->known_ns;

		if (!is_known(p, order[i]) || ns == from_ns)
			continue;
		packet = pf_packet(p, ns, 0);
		tree = pb_open(&p->packets, PACKET_PROCESS_TREE);
		put_process(p, order[i]);
		put_thread(p, order[i]);
		pb_close(&p->packets, tree);
		pf_packet_end(p, packet);
	}
}

/* ---- lanes ---- */

static size_t open_track(struct pf *p, uint64_t ns, uint64_t uuid, size_t *packet)
{
	size_t inner;

	*packet = pf_packet(p, ns, 0);
	inner = pb_open(&p->packets, PACKET_TRACK_DESCRIPTOR);
	pb_uint(&p->packets, TRACK_UUID, uuid);
	return inner;
}

/* `rank` 0: behind all that have one, in whatever order the UI likes. */
static void close_track(struct pf *p, size_t packet, size_t inner, int rank)
{
	if (rank)
		pb_int(&p->packets, TRACK_RANK, rank);
	pb_close(&p->packets, inner);
	pf_packet_end(p, packet);
}

static void put_thread_track(struct pf *p, task_id id, int rank)
{
	enum { OF_PID = 1, OF_TID = 2, OF_NAME = 5 };
	const struct task *t = model_task(p->m, id);
	size_t packet, inner, thread;

	inner = open_track(p, pf_task(p, id)->known_ns, pf_uuid(TRACK_OF_THREAD, id.i), &packet);
	thread = pb_open(&p->packets, TRACK_THREAD);
	pb_uint(&p->packets, OF_PID, t->tgid);
	pb_uint(&p->packets, OF_TID, pf_tid(p, id));
	pb_str(&p->packets, OF_NAME, safe_name(p, t->name));
	pb_close(&p->packets, thread);
	close_track(p, packet, inner, rank);
}

static void put_process_track(struct pf *p, task_id id, int rank)
{
	enum { PROCESS_TRACK_PID = 1, PROCESS_TRACK_NAME = 6 };
	const struct task *t = model_task(p->m, id);
	size_t packet, inner, process;

	inner = open_track(p, pf_task(p, id)->known_ns, pf_uuid(TRACK_OF_PROCESS, id.i), &packet);
	process = pb_open(&p->packets, TRACK_PROCESS);
	pb_uint(&p->packets, PROCESS_TRACK_PID, t->tgid);
	pb_str(&p->packets, PROCESS_TRACK_NAME, safe_name(p, t->name));
	pb_close(&p->packets, process);
	close_track(p, packet, inner, rank);
}

static void put_gaps_track(struct pf *p, task_id id)
{
	size_t packet, inner;

	inner = open_track(p, pf_task(p, id)->known_ns, pf_uuid(TRACK_OF_GAPS, id.i), &packet);
	pb_uint(&p->packets, TRACK_PARENT, pf_uuid(TRACK_OF_THREAD, id.i));
	pb_str(&p->packets, TRACK_NAME, "not known");
	close_track(p, packet, inner, 0);
}

/* The recorded tree comes first, in the order of the timeline; ranks below 0 because others have none, that is 0. */
static void put_tracks(struct pf *p, const task_id *order, uint32_t nr)
{
	int rank = -(int)nr - 1;

	for (uint32_t i = 0; i < nr; i++, rank++) {
		const struct task *t = model_task(p->m, order[i]);

		if (!is_known(p, order[i]))
			continue;
		if (is_leader(p, order[i]))
			put_process_track(p, order[i], t->in_target ? rank : 0);
		put_thread_track(p, order[i], t->in_target ? rank : 0);
		if (pf_task(p, order[i])->has_gaps)
			put_gaps_track(p, order[i]);
	}
}

static void put_nobodies(struct pf *p)
{
	unsigned any = 0;
	size_t packet, tree;

	for (uint32_t cpu = 0; cpu < p->nr_cpus; cpu++)
		any |= p->cpus[cpu].nobodies;
	if (!any)
		return;
	packet = pf_packet(p, p->job->window.from_ns, 0);
	tree = pb_open(&p->packets, PACKET_PROCESS_TREE);

	for (unsigned kind = 0; kind < NR_NOBODIES; kind++)
		for (uint32_t cpu = 0; cpu < p->nr_cpus; cpu++) {
			size_t one;

			if (!(p->cpus[cpu].nobodies & 1u << kind))
				continue;
			one = pb_open(&p->packets, TREE_THREADS);
			pb_uint(&p->packets, THREAD_TID, pf_nobody_tid(kind, cpu));
			pb_str(&p->packets, THREAD_NAME, pf_nobody_name(kind));
			pb_uint(&p->packets, THREAD_TGID, pf_nobody_tid(kind, 0));
			pb_close(&p->packets, one);
		}
	pb_close(&p->packets, tree);
	pf_packet_end(p, packet);
}

/* ---- ends ---- */

struct end {
	uint64_t ns;
	task_id id;
	uint32_t cpu;
};

static int by_cpu_and_time(const void *a, const void *b)
{
	const struct end *x = a, *y = b;

	if (x->cpu != y->cpu)
		return x->cpu < y->cpu ? -1 : 1;
	if (x->ns != y->ns)
		return x->ns < y->ns ? -1 : 1;
	return (x->id.i > y->id.i) - (x->id.i < y->id.i);
}

/*
 * When each task is freed. The kernel frees a leader after its last thread (delay_group_leader(),
 * include/linux/sched/signal.h), and the importer ends the process with it. UINT64_MAX: not, since it or one of them
 * outlives the recording, or because its tid is somebody else's by then: its end went by unseen, and that birth is it.
 */
static uint64_t *ends_of_all(struct pf *p, uint32_t nr)
{
	uint64_t *ends = xcalloc(nr, sizeof(*ends));
	struct idmap holder = { 0 }; /* of a tid, so far */

	for (uint32_t i = 0; i < nr; i++) {
		const struct task *t = model_task(p->m, (task_id){ i });
		uint32_t tid = pf_tid(p, (task_id){ i }), before = idmap_get(&holder, tid), leader;

		if (before != IDMAP_NONE && ends[before] >= t->born_ns)
			ends[before] = UINT64_MAX;
		idmap_set(&holder, tid, i);
		ends[i] = t->died_here ? t->died_ns : UINT64_MAX;
		leader = idmap_get(&holder, t->tgid);
		if (leader != IDMAP_NONE && ends[i] > ends[leader])
			ends[leader] = ends[i];
	}
	idmap_release(&holder);
	return ends;
}

static void put_free(struct pf *p, const struct end *e)
{
	enum { FREE_COMM = 1, FREE_PID = 2 };
	size_t opened, inner;
	struct buf *out = pf_event(p, e->cpu, e->ns, 0, &opened);

	inner = pb_open(out, FTRACE_FREE);
	pb_str(out, FREE_COMM, safe_name(p, model_task(p->m, e->id)->name));
	pb_uint(out, FREE_PID, pf_tid(p, e->id));
	pb_close(out, inner);
	pf_event_end(out, opened);
}

static void put_ends(struct pf *p, uint32_t nr)
{
	uint64_t *ends = ends_of_all(p, nr);
	VEC(struct end) all = { 0 };

	for (uint32_t i = 0; i < nr; i++) {
		task_id id = { i };
		uint32_t cpu = pf_task(p, id)->last_cpu;

		if (pf_wants(p, id) && pf_task(p, id)->known_ns != UINT64_MAX &&
		    window_contains(p->job->window, ends[i]))
			*vec_push(&all) = (struct end){ ends[i], id, cpu == CPU_NONE ? 0 : cpu };
	}
	if (all.n)
		qsort(all.v, all.n, sizeof(*all.v), by_cpu_and_time);
	for (size_t i = 0; i < all.n; i++)
		put_free(p, &all.v[i]);
	pf_bundles_end(p);
	vec_release(&all);
	free(ends);
}

void pf_tasks(struct pf *p)
{
	uint32_t nr = model_nr_tasks(p->m);
	task_id *order = xcalloc(nr + 1, sizeof(*order));

	pf_task(p, (task_id){ nr ? nr - 1 : 0 });
	model_tree_order(p->m, order, NULL);
	put_trees(p, order, nr);
	put_nobodies(p);
	put_tracks(p, order, nr);
	put_ends(p, nr);
	free(order);
}
