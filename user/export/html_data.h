/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * html_data.h - what the files of the page exporter share: blocks, the text blocks, and the encoder of spans.
 *
 * html/DATA.md is the contract with the page. Nobody outside html*.c includes this.
 */
#ifndef SCHEDVIZ_EXPORT_HTML_DATA_H
#define SCHEDVIZ_EXPORT_HTML_DATA_H

#include "export/export.h"
#include "trace/pack.h"

#define HTML_DATA_VERSION 1

/* The first byte of a block: what it holds. */
enum html_block_kind {
	BLOCK_HEAD = 'H',
	BLOCK_TASKS = 'T',
	BLOCK_ORDER = 'O',
	BLOCK_JOBS = 'J',
	BLOCK_PATH = 'P',
	BLOCK_SPANS = 'S',
	BLOCK_END = 'E'
};

/* ---- blocks: html_block.c ---- */

/* One block at a time: begun, given parts, ended, which writes its script element to the output. */
struct html_block {
	struct export_out *out;
	struct packer *packer;
	struct buf packed;
	uint32_t sum; /* Adler-32 of what went in */
	uint64_t written;
};

void html_block_init(struct html_block *b, struct export_out *out);
void html_block_begin(struct html_block *b, enum html_block_kind kind);
/* Each part may be packed in its own way: see trace/pack.h. */
void html_block_part(struct html_block *b, const void *bytes, size_t n, enum pack_how how);
void html_block_end(struct html_block *b);
/* A block that is one text. */
void html_block_text(struct html_block *b, enum html_block_kind kind, const struct buf *text);
void html_block_release(struct html_block *b);

/* ---- what is exported ---- */

struct html_count {
	uint64_t spans, cpu_spans;
	uint32_t *of_task, *of_cpu; /* how many, by task_id.i and by CPU number */
	uint32_t nr_tasks, nr_cpus; /* their lengths */
};

/* Everything that is known before the spans come. */
struct html_page {
	const struct export_job *job;
	const struct summary *sum;
	bool *shown; /* by task_id.i: let through by the filter */
	struct html_count count;
	struct export_path path;
};

/* The part of a span that is written; false: none of it is. */
bool html_takes_span(const struct html_page *p, const struct span *s, struct window *cut);
bool html_takes_cpu_span(const struct html_page *p, const struct cpu_span *s, struct window *cut);

/* ---- text blocks: html_text.c; the order of tasks: html_order.c ---- */

void html_text_blocks(const struct html_page *p, struct html_block *b);

struct html_order {
	uint32_t *ids; /* tasks with spans, in the order people read them */
	uint32_t n;
	uint32_t *parent; /* by task_id.i, of those in `ids`: the nearest ancestor there, or UINT32_MAX */
	uint8_t *depth;	  /* by task_id.i: how many ancestors it has there, at most 255 */
};

/*
 * The order of the terminal's picture: of a recorded command its tree as it grew; then, or of a machine from the
 * start, families from the busiest down, a family counting as its busiest member.
 */
void html_order_make(struct html_order *o, const struct html_page *p);
void html_order_release(struct html_order *o);

/* ---- spans: html_spans.c ---- */

struct html_spans;

/* The sink to hand to model_build(). */
struct html_spans *html_spans_new(const struct html_page *p, struct html_block *b, struct model_sink *sink);
void html_spans_end(struct html_spans *s); /* the last blocks, with the counts and the names of calls */
void html_spans_free(struct html_spans *s);

#endif
