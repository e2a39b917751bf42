/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * text_words.c - owns taking a line of the text form apart.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/fmt.h"
#include "trace/text_words.h"

/* Bits of include/linux/sched.h. I is TASK_IDLE, two of them; X what a last switch has, TASK_DEAD. */
static const struct text_state states[] = {
	{ 'R', 0x0 },  { 'S', 0x1 },  { 'D', 0x2 },  { 'T', 0x4 },   { 't', 0x8 },
	{ 'X', 0x80 }, { 'Z', 0x20 }, { 'P', 0x40 }, { 'I', 0x402 },
};
#define NR_TEXT_STATES (sizeof(states) / sizeof(states[0]))

const char *const text_mark_names[MARK_KINDS + 1] = {
	[MARK_SUBMIT] = "submit",
	[MARK_START] = "start",
	[MARK_FINISH] = "finish",
	[MARK_INSTANT] = "instant",
};

const char *const text_ctx_names[EV_CTX_KINDS + 1] = {
	[EV_CTX_TASK] = "task", [EV_CTX_SOFTIRQ] = "softirq", [EV_CTX_HARDIRQ] = "hardirq",
	[EV_CTX_NMI] = "nmi",	[EV_CTX_UNKNOWN] = "unknown",
};

const struct text_state *text_state_of_raw(uint32_t raw)
{
	for (size_t i = 0; i < NR_TEXT_STATES; i++)
		if (states[i].raw == raw)
			return &states[i];
	return NULL;
}

const struct text_state *text_state_of_letter(char letter)
{
	for (size_t i = 0; i < NR_TEXT_STATES; i++)
		if (states[i].letter == letter)
			return &states[i];
	return NULL;
}

void words_fail(struct words *w, const char *fmt, ...)
{
	va_list ap;

	if (w->why[0])
		return;
	va_start(ap, fmt);
	vsnprintf(w->why, sizeof(w->why), fmt, ap);
	va_end(ap);
}

void words_split(struct words *w, char *line)
{
	char *save = NULL;

	*w = (struct words){ 0 };
	for (char *word = strtok_r(line, " \t", &save); word; word = strtok_r(NULL, " \t", &save)) {
		if (w->n == TEXT_MAX_WORDS) {
			words_fail(w, "has more than %d words", TEXT_MAX_WORDS);
			break;
		}
		w->v[w->n++] = word;
	}
}

const char *words_peek(const struct words *w)
{
	return !w->why[0] && w->at < w->n ? w->v[w->at] : "";
}

const char *words_take(struct words *w, const char *what)
{
	const char *word = words_peek(w);

	if (*word)
		w->at++;
	else
		words_fail(w, "ends where %s should be", what);
	return word;
}

bool words_take_if(struct words *w, const char *word)
{
	if (strcmp(words_peek(w), word))
		return false;
	w->at++;
	return true;
}

void words_want(struct words *w, const char *word)
{
	const char *is = words_take(w, word);

	if (strcmp(is, word))
		words_fail(w, "has '%s' where '%s' should be", is, word);
}

bool word_is_number(const char *s, uint64_t max, uint64_t *out)
{
	char *end;

	if (strncmp(s, "0x", 2))
		return !parse_u64(s, 0, max, out, NULL);
	if (!s[2] || strspn(s + 2, "0123456789abcdefABCDEF") != strlen(s + 2) || strlen(s) > 18)
		return false;
	*out = strtoull(s + 2, &end, 16);
	return *out <= max;
}

uint64_t words_number(struct words *w, const char *what, uint64_t max)
{
	const char *word = words_take(w, what);
	uint64_t v = 0;

	if (!word_is_number(word, max, &v))
		words_fail(w, "has '%s' where %s should be, a number up to %llu", word, what, (unsigned long long)max);
	return v;
}

event_prio words_prio(struct words *w)
{
	const char *word = words_take(w, "a priority");
	bool negative = *word == '-';
	uint64_t v = 0;

	if (!word_is_number(word + negative, INT16_MAX, &v))
		words_fail(w, "has '%s' where a priority should be", word);
	return (event_prio)(negative ? -(int)v : (int)v);
}

uint64_t words_time(struct words *w)
{
	const char *word = words_take(w, "a time");
	bool negative = *word == '-';
	uint64_t ns = 0;

	if (parse_duration(word + negative, &ns, NULL) < 0)
		words_fail(w, "has '%s' where a time should be, such as 1.5ms", word);
	return negative ? -ns : ns;
}

unsigned words_choice(struct words *w, const char *what, const char *const *list)
{
	const char *word = words_take(w, what);
	const char *near;

	for (unsigned i = 0; list[i]; i++)
		if (!strcmp(word, list[i]))
			return i;
	near = fmt_nearest(word, list);
	if (near)
		words_fail(w, "has '%s' where %s should be - did you mean '%s'?", word, what, near);
	else
		words_fail(w, "has '%s' where %s should be", word, what);
	return 0;
}

void words_end(struct words *w)
{
	const char *word = words_peek(w);

	if (*word)
		words_fail(w, "has '%s' where it should end", word);
}
