/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * text_parser.h - what is known while a text is read, between the files that read it.
 */
#ifndef SCHEDVIZ_TRACE_TEXT_PARSER_H
#define SCHEDVIZ_TRACE_TEXT_PARSER_H

#include "base/buf.h"
#include "base/idmap.h"
#include "base/intern.h"
#include "base/vec.h"
#include "trace/event.h"
#include "trace/facts.h"
#include "trace/text.h"
#include "trace/text_words.h"

struct parser {
	struct facts *facts;
	struct intern **paths;
	struct text_trace *out; /* for what events point to */
	VEC(struct event) events; /* times relative to the window until the end */
	struct words words;
	struct idmap declared; /* tids that a line introduced */
	struct buf word;       /* scratch */
	bool has_end;
	uint64_t end_ns;
};

/* The line "TIME end" or "TIME cpuN VERB ..." in p->words; what is wrong with it is in p->words.why. */
void text_take_event(struct parser *p);

#endif
