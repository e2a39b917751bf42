/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explain.h - an account in words and tables, or as JSON: a section for each question.
 */
#ifndef SCHEDVIZ_RENDER_EXPLAIN_H
#define SCHEDVIZ_RENDER_EXPLAIN_H

#include "analysis/account.h"
#include "base/json.h"
#include "render/style.h"

struct explain_cfg {
	bool longest;	  /* the steps of the path by length, not by time */
	unsigned top;	  /* rows of a table, steps of a story: at most so many */
	const char *only; /* comma-separated names of sections; NULL: all that have something to say */
	uint64_t from_ns; /* times are shown relative to it: the recording's beginning */
};

struct explain_section {
	const char *name; /* "path" */
	const char *asks; /* "what the end waited for": its heading */
	/* Nothing written: it has nothing to say of this recording. No heading; lines end with a newline. */
	void (*text)(const struct account *a, const struct explain_cfg *cfg, const struct style *st, struct buf *out);
	/* One member, of the section's name, into an open object; as EXPLAIN_JSON.md documents it. */
	void (*json)(const struct account *a, struct json *j);
};

extern const struct explain_section explain_sections[]; /* in the order shown; ended by a NULL name */

/* 0, or -EINVAL and a sentence that names the unknown section and what there is. */
int explain_check_only(const char *only, struct err *e);

void explain_text(const struct account *a, const struct explain_cfg *cfg, const struct style *st, struct buf *out);
#define EXPLAIN_JSON_VERSION 1
void explain_json(const struct account *a, const struct explain_cfg *cfg, struct buf *out);

/* What `run` says below its picture: the path in a sentence or two, the parts of the wall time, the first findings. */
void explain_short(const struct account *a, const struct style *st, struct buf *out);

/* ---- the sections, each in explain_NAME.c ---- */

#define EXPLAIN_SECTIONS(X)                                            \
	X(findings, "What stands out")                                 \
	X(path, "What the end waited for")                             \
	X(whatif, "What if")                                           \
	X(ledger, "Where the CPUs' time went")                         \
	X(blame, "Who kept them from a CPU")                           \
	X(latency, "How long from a wake-up to a CPU, how long on it") \
	X(jobs, "Jobs, load and fairness")                             \
	X(locks, "Where they waited for each other")

#define X(section, asks)                                                                                              \
	void explain_##section##_text(const struct account *a, const struct explain_cfg *cfg, const struct style *st, \
				      struct buf *out);                                                               \
	void explain_##section##_json(const struct account *a, struct json *j);
EXPLAIN_SECTIONS(X)
#undef X

/* ---- shared by them ---- */

/* "a convoy at a lock": a kind of finding in a few words, after "has". */
const char *explain_finding_label(enum finding_kind kind);
/* A finding as a sentence, without its evidence, no newline. */
void explain_finding_line(const struct account *a, const struct finding_row *row, const struct style *st,
			  struct buf *out);

/* "worker0/4712", or with its role; "an interrupt" and the like are the caller's. Harmless bytes only. */
void explain_task(const struct account *a, task_id id, const struct style *st, struct buf *out);
/* "futex(0x7f10)", "clock_nanosleep", "read(5)": a call and, where it says something, its argument. */
void explain_call(const struct account *a, int32_t syscall, uint64_t arg, struct buf *out);
/* The members tid and name under `key`, or null. */
void explain_task_json(const struct account *a, struct json *j, const char *key, task_id id);

#endif
