/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * text_parse.c - owns reading a text line by line, and what holds for all of it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/fmt.h"
#include "trace/escape.h"
#include "trace/text.h"
#include "trace/text_parser.h"

#define TEXT_MAX_CPUS 4096 /* of "cpus N", which makes facts for each */

/* "cpus N": a machine of one package without hyper-threading. */
static void take_cpus(struct parser *p)
{
	uint64_t n = words_number(&p->words, "a number of cpus", TEXT_MAX_CPUS);
	static const char *const zeros[] = { "package", "node", "llc" };
	char key[64];

	if (!n)
		words_fail(&p->words, "has no cpu at all");
	if (p->words.why[0])
		return;
	facts_setf(p->facts, "cpu.possible", n > 1 ? "0-%llu" : "%llu", (unsigned long long)n - 1);
	facts_set(p->facts, "cpu.online", facts_get(p->facts, "cpu.possible"));
	for (unsigned cpu = 0; cpu < n; cpu++) {
		for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++) {
			snprintf(key, sizeof(key), "cpu.%u.%s", cpu, zeros[i]);
			facts_set(p->facts, key, "0");
		}
		snprintf(key, sizeof(key), "cpu.%u.core", cpu);
		facts_setf(p->facts, key, "%u", cpu);
		snprintf(key, sizeof(key), "cpu.%u.siblings", cpu);
		facts_setf(p->facts, key, "%u", cpu);
	}
}

/* "fact KEY VALUE": the value is the rest of the line, so this is looked for before the line is cut into words. */
static bool take_fact(struct parser *p, char *line)
{
	char *key, *value;

	if (strncmp(line, "fact ", 5))
		return false;
	key = line + 5;
	value = key + strcspn(key, " ");
	if (*value)
		*value++ = '\0';
	buf_reset(&p->word);
	if (!*key || !unescape(&p->word, value, strlen(value)))
		words_fail(&p->words, "has no fact that can be understood, as 'fact KEY VALUE'");
	else
		facts_set(p->facts, key, buf_str(&p->word));
	return true;
}

static void take_line(struct parser *p, char *line)
{
	size_t n = strlen(line);

	if (n && line[n - 1] == '\r')
		line[n - 1] = '\0';
	p->words.n = p->words.at = 0;
	if (take_fact(p, line))
		return;
	words_split(&p->words, line);
	if (!p->words.n || p->words.v[0][0] == '#')
		return;
	if (words_take_if(&p->words, "cpus"))
		take_cpus(p);
	else
		text_take_event(p);
	words_end(&p->words);
}

static int take_lines(struct parser *p, char *text, size_t n, struct err *e)
{
	char *end = text + n;
	unsigned long nr = 1;

	for (char *line = text; line < end; nr++) {
		char *eol = memchr(line, '\n', (size_t)(end - line));

		eol = eol ? eol : end;
		*eol = '\0';
		if (memchr(line, '\0', (size_t)(eol - line)))
			return err_set(e, -EBADMSG, "line %lu holds a NUL byte: this is no text", nr);
		if (nr > 1)
			take_line(p, line);
		else if (strcmp(line, TEXT_MAGIC) && strcmp(line, TEXT_MAGIC "\r"))
			return err_set(e, -ENOTSUP, "line 1 is '%s', this build reads '%s'", line, TEXT_MAGIC);
		if (p->words.why[0])
			return err_set(e, -EBADMSG, "line %lu %s", nr, p->words.why);
		line = eol + 1;
	}
	return 0;
}

/* Times become those of the recording's clock; what a hand-written text leaves out gets said. */
static void settle(struct parser *p)
{
	uint64_t from_ns = facts_u64(p->facts, "window.from_ns", 0);

	for (size_t i = 0; i < p->events.n; i++) {
		struct event *ev = &p->events.v[i];

		ev->ts_ns += from_ns;
		if (ev->kind == EV_LOST)
			ev->lost.from_ns += from_ns;
	}
	if (p->out->sets.n && !facts_get(p->facts, "affinity"))
		facts_set(p->facts, "affinity", "yes");
	facts_setf(p->facts, "window.from_ns", "%llu", (unsigned long long)from_ns);
	if (p->has_end)
		facts_setf(p->facts, "window.to_ns", "%llu", (unsigned long long)(from_ns + p->end_ns));
	if (!facts_get(p->facts, "arch"))
		facts_set(p->facts, "arch", TEXT_ARCH);
}

int text_parse(struct text_trace *out, const char *bytes, size_t n, struct err *e)
{
	char *text = xmalloc(n + 1);
	struct parser p = { 0 };
	int ret;

	*out = (struct text_trace){ 0 };
	p.facts = &out->facts;
	p.paths = &out->paths;
	p.out = out;
	memcpy(text, bytes, n);
	ret = take_lines(&p, text, n, e);
	if (!ret)
		settle(&p);
	out->events = p.events.v;
	out->n = p.events.n;
	out->cap = p.events.cap;
	idmap_release(&p.declared);
	buf_release(&p.word);
	free(text);
	return ret;
}

void text_trace_release(struct text_trace *t)
{
	facts_release(&t->facts);
	free(t->events);
	intern_free(t->paths);
	for (size_t i = 0; i < t->sets.n; i++)
		cpuset_release(&t->sets.v[i]);
	vec_release(&t->sets);
	*t = (struct text_trace){ 0 };
}
