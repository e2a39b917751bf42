/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * export.h - recordings for other programs: a table of formats, and the file that each is written to.
 *
 * An exporter reads the model only, by passes of its own over the recording, and puts what it makes into a struct
 * export_out, which keeps no more than a buffer: memory does not grow with the output, but for a critical path. The
 * same recording and the same wishes give the same bytes.
 */
#ifndef SCHEDVIZ_EXPORT_EXPORT_H
#define SCHEDVIZ_EXPORT_EXPORT_H

#include "analysis/path_read.h"
#include "analysis/summary.h"
#include "model/model.h"
#include "trace/outfile.h"

/* ---- what is written ---- */

struct export_out {
	struct buf buf; /* appended to by the exporter, which calls export_spill() now and then */
	struct outfile file;
	struct export_gzip *gzip; /* NULL: not compressed */
	int error;		  /* negative code of a write that failed: what comes now is dropped */
};

/* `path` may be "-"; a sentence says what is wrong with it. */
int export_open(struct export_out *o, const char *path, bool gzip, struct err *e);
/* Write what is in o->buf, if it is worth it. Negative: it cannot be written, there is no use in going on. */
int export_spill(struct export_out *o);
/* Write the rest and put the file into its place: 0, or a sentence. To be closed in either case. */
int export_finish(struct export_out *o, struct err *e);
/* A file that was not finished leaves nothing behind. */
void export_close(struct export_out *o);

/* ---- of what ---- */

#define SVG_WIDTH 1000u
#define SVG_WIDTH_MIN 500u
#define SVG_WIDTH_MAX 2000u /* of which the hardest recording (tests/figure.py) makes less than 1 MB */

struct export_job {
	struct trace_reader *reader;
	const struct model *model; /* of a finished pass: names, jobs, CPUs, health; NULL: see exporter.one_pass */
	struct model **made;	   /* then the exporter leaves its own there for the caller, who frees it */
	struct window window;	   /* absolute; spans are cut to it */
	struct task_filter filter; /* what is not let through is left out */
	const char *theory;	   /* of an included workload; NULL: none */
	const char *verdict;	   /* the same, one sentence */
	unsigned part;		   /* of exporter.parts */
	unsigned width;		   /* of a figure, in pixels; 0: SVG_WIDTH */
	bool dark;		   /* light on dark */
	bool path;		   /* the critical path, also of a whole machine */
};

struct exporter {
	const char *name;    /* "csv" */
	const char *summary; /* one line for help */
	const char *suffix;  /* of a file whose name the user leaves to us: "csv" */
	/* NULL: one file. Else a NULL-ended list of tables, a file for each */
	const char *const *parts;
	bool one_pass; /* it can do without job->model, unless there is a filter */
	/* Into out->buf; 0, or a negative code and a sentence unless out->error says it. */
	int (*write)(const struct export_job *job, struct export_out *out, struct err *e);
};

extern const struct exporter *const exporters[]; /* NULL-ended, in the order of help */

/* NULL and a sentence that names the nearest one. */
const struct exporter *exporter_find(const char *name, struct err *e);
/* The index of a part. Negative: it has no such, or none at all, and a sentence. */
int exporter_part(const struct exporter *x, const char *part, struct err *e);

/* ---- what exporters share ---- */

/* Is it to be written? By its name in job->model. */
bool export_wants(const struct export_job *job, task_id id);
bool export_has_job(const struct export_job *job, const struct job *j);
/* The part of [from_ns, to_ns) inside the window; false: there is none. */
bool export_cut(const struct export_job *job, uint64_t from_ns, uint64_t to_ns, struct window *out);
/* Words: of enum event_ctx, of enum wake_effect; NULL where it is not known. */
const char *export_context(uint8_t ctx);
const char *export_effect(uint8_t effect);
/* Of enum cpu_state: "idle". */
const char *export_cpu_state(uint8_t state);
/* "clock_nanosleep"; "" where a span has none or it is not known. ASCII. */
const char *export_syscall(const struct export_job *job, int32_t nr);
/* What strangers chose, as text or an attribute's value of XML or HTML: printable UTF-8, and nothing in it is markup.
 */
void export_markup(struct buf *out, const char *s);
/* Nanoseconds from the start of the recording. */
uint64_t export_since(const struct export_job *job, uint64_t ns);

/* ---- the critical path: export_path.c ---- */

#define EXPORT_PATH_MAX 100000u /* steps; of more than that nobody looks at each */

struct export_path {
	struct path path;
	struct path_part part; /* its steps inside the window: none if it is not told */
	struct buf note;       /* why it is not, if that is to be said */
};

/*
 * Of a recorded tree, or of the tasks that the filter lets through: one more pass, and a history in memory. Of a whole
 * machine only if job->path. `m` is finished. Errors: those of path_read(); export_path_release() in any case.
 */
int export_path_make(struct export_path *x, const struct export_job *job, const struct model *m, struct err *e);
void export_path_release(struct export_path *x);

#endif
