/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * perfetto_path.c - the critical path for Perfetto: a track of its own, whose slices tile its time.
 *
 * After the pass over everything else, since it takes one more of its own.
 */
#include "analysis/path_words.h"
#include "export/perfetto.h"

/* DebugAnnotation, of protos/perfetto/trace/track_event/debug_annotation.proto: in SQL args 'debug.NAME' */
enum { EVENT_ANNOTATION = 4, ANNOTATION_NAME = 10, ANNOTATION_UINT = 3, ANNOTATION_STRING = 6 };

#define PATH_RANK (-1) /* above the counters, which have 0 and more */

static void put_track(struct pf *p)
{
	size_t packet = pf_packet(p, p->job->window.from_ns, 0);
	size_t inner = pb_open(&p->packets, PACKET_TRACK_DESCRIPTOR);

	pb_uint(&p->packets, TRACK_UUID, pf_uuid(TRACK_OF_PATH, 0));
	pb_str(&p->packets, TRACK_NAME, "critical path");
	pb_int(&p->packets, TRACK_RANK, PATH_RANK);
	pb_str(&p->packets, TRACK_DESCRIPTION, "what the end waited for, step by step back to the beginning");
	pb_close(&p->packets, inner);
	pf_packet_end(p, packet);
}

/* ---- a slice ---- */

static void put_number(struct pf *p, const char *name, uint64_t value)
{
	size_t one = pb_open(&p->packets, EVENT_ANNOTATION);

	pb_str(&p->packets, ANNOTATION_NAME, name);
	pb_uint(&p->packets, ANNOTATION_UINT, value);
	pb_close(&p->packets, one);
}

static void put_word(struct pf *p, const char *name, const char *value)
{
	size_t one = pb_open(&p->packets, EVENT_ANNOTATION);

	pb_str(&p->packets, ANNOTATION_NAME, name);
	pb_str(&p->packets, ANNOTATION_STRING, value);
	pb_close(&p->packets, one);
}

static void put_details(struct pf *p, const struct path_step *s)
{
	size_t nr;
	const struct job *jobs = model_jobs(p->m, &nr);

	put_word(p, "kind", path_kind_name(s->kind));
	put_word(p, "then", path_edge_name(s->edge));
	if (task_some(s->task))
		put_number(p, "tid", pf_tid(p, s->task));
	if (s->cpu != CPU_NONE && (s->kind == PATH_RUNNING || s->kind == PATH_WAITING))
		put_number(p, "cpu", s->cpu);
	if (task_some(s->by))
		put_number(p, s->kind == PATH_WAITING ? "behind_tid" : "woken_by_tid", pf_tid(p, s->by));
	if (s->kind == PATH_WAITING && task_some(s->by))
		put_number(p, "behind_ns", s->by_ns);
	if (s->job < nr)
		put_number(p, "job", jobs[s->job].id);
}

static void put_begin(struct pf *p, const struct path_words *w, const struct path_step *s, uint64_t ns,
		      struct buf *name)
{
	size_t packet, inner = pf_track_event(p, ns, EVENT_SLICE_BEGIN, pf_uuid(TRACK_OF_PATH, 0), &packet);

	buf_reset(name);
	path_words_put(w, s, true, name);
	pb_str(&p->packets, EVENT_CATEGORY, "critical path");
	pb_bytes(&p->packets, EVENT_NAME, name->data, name->len);
	put_details(p, s);
	pf_track_event_end(p, packet, inner);
}

static void put_end(struct pf *p, uint64_t ns)
{
	size_t packet, inner = pf_track_event(p, ns, EVENT_SLICE_END, pf_uuid(TRACK_OF_PATH, 0), &packet);

	pf_track_event_end(p, packet, inner);
}

static void put_steps(struct pf *p, const struct export_path *x)
{
	struct path_words w;
	struct buf name = { 0 };

	path_words_init(&w, p->m);
	put_track(p);
	for (size_t i = x->part.from; i < x->part.to; i++) {
		struct window cut;

		pf_cut(p, x->path.steps.v[i].from_ns, x->path.steps.v[i].to_ns, &cut);
		put_begin(p, &w, &x->path.steps.v[i], cut.from_ns, &name);
		put_end(p, cut.to_ns);
	}
	path_words_release(&w);
	buf_release(&name);
}

int pf_path(struct pf *p, struct err *e)
{
	struct export_path x;
	int ret = export_path_make(&x, p->job, p->m, e);

	if (x.note.len)
		pf_attribute(p, "schedviz.critical_path", buf_str(&x.note));
	if (x.part.from < x.part.to)
		put_steps(p, &x);
	export_path_release(&x);
	return ret;
}
