/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * text_words.h - the words that writing and reading the text form share, and a line cut into words.
 */
#ifndef SCHEDVIZ_TRACE_TEXT_WORDS_H
#define SCHEDVIZ_TRACE_TEXT_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "trace/event.h"

#define TEXT_PRIO 120	     /* not written where the form allows: nice 0 */
#define TEXT_ARCH "x86_64"   /* of a text that does not say */

struct text_state {
	char letter;
	uint32_t raw;
};

const struct text_state *text_state_of_raw(uint32_t raw);    /* NULL: no letter says exactly this */
const struct text_state *text_state_of_letter(char letter); /* NULL: no such letter */
extern const char *const text_mark_names[MARK_KINDS + 1];    /* NULL-ended, as fmt_nearest() likes them */
extern const char *const text_ctx_names[EV_CTX_KINDS + 1];

#define TEXT_MAX_WORDS 32 /* the longest line that is written has 18 */

/*
 * A line, as words between spaces. The first thing that goes wrong is kept in `why`; after it no word is given out any
 * more, so that a caller asks once, at the end of the line.
 */
struct words {
	const char *v[TEXT_MAX_WORDS];
	unsigned n, at;
	char why[160]; /* empty: all well */
};

void words_split(struct words *w, char *line); /* puts NULs into it */

void words_fail(struct words *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *words_peek(const struct words *w);		   /* the next word, or "" at the end */
const char *words_take(struct words *w, const char *what); /* `what` should be here, for the complaint */
bool words_take_if(struct words *w, const char *word);	  /* if it is this, take it */
void words_want(struct words *w, const char *word);	  /* take it, or complain */
uint64_t words_number(struct words *w, const char *what, uint64_t max); /* decimal or 0x... */
event_prio words_prio(struct words *w);
uint64_t words_time(struct words *w); /* relative; before 0 wraps around */
/* Index of the next word in a NULL-ended list, 0 when it is not there. */
unsigned words_choice(struct words *w, const char *what, const char *const *list);
void words_end(struct words *w); /* complain about a word that is left */

/* A word on its own, as words_number(). */
bool word_is_number(const char *s, uint64_t max, uint64_t *out);

#endif
