/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * frame.c - the lines over and under the views.
 */
#include "render/frame.h"

#include <string.h>
#include "analysis/doubts.h"
#include "base/fmt.h"
#include "render/verdict.h"
#include "render/words.h"

static void put_fact(const struct model *m, const char *key, const struct style *st, struct buf *out)
{
	const char *v = facts_get(model_facts(m), key);

	if (v)
		fmt_safe(out, v, strlen(v), st->utf8);
}

static void put_title(const struct model *m, struct window window, const struct style *st, struct buf *out)
{
	struct window whole = model_window(m);
	uint32_t cpus = 0;

	for (uint32_t c = 0; c < model_nr_cpus(m); c++)
		cpus += model_cpu_seen(m, c);
	style_ink(st, INK_HEAD, INK_PLAIN, false, out);
	if (facts_get(model_facts(m), "workload"))
		put_fact(m, "workload", st, out);
	else if (facts_get(model_facts(m), "command"))
		put_fact(m, "command", st, out);
	else
		buf_puts(out, "recording");
	style_plain(st, out);
	buf_puts(out, glyph_text(st, GLYPH_DOT));
	fmt_duration(out, whole.to_ns - whole.from_ns, st->utf8);
	buf_printf(out, " on %u CPU%s", cpus, plural(cpus));
	if (window.from_ns != whole.from_ns || window.to_ns != whole.to_ns) {
		buf_puts(out, glyph_text(st, GLYPH_DOT));
		buf_puts(out, "zoomed to ");
		fmt_duration(out, window.to_ns - window.from_ns, st->utf8);
	}
	buf_putc(out, '\n');
}

/* How a book would print what the facts spell in ASCII. */
static const struct {
	const char *ascii, *book;
} typeset[] = { { "ceil(", "⌈" }, { " x ", " × " } };

/* "ceil(5/4) x 2 s" as a book would print it, where the terminal can. */
static void put_formula(const char *text, const struct style *st, struct buf *out)
{
	bool ceiling = false;

	while (*text) {
		size_t n = st->utf8 ? strcspn(text, ceiling ? " c)" : " c") : strlen(text);
		size_t k = 0;

		fmt_safe(out, text, n, st->utf8);
		text += n;
		while (*text && k < 2 && strncmp(text, typeset[k].ascii, strlen(typeset[k].ascii)))
			k++;
		if (*text && k < 2) {
			buf_puts(out, typeset[k].book);
			text += strlen(typeset[k].ascii);
			ceiling |= k == 0;
		} else if (*text == ')') {
			buf_puts(out, "⌉");
			ceiling = false;
			text++;
		} else if (*text) {
			buf_putc(out, *text++);
		}
	}
}

static void put_verdict(uint64_t wall_ns, uint64_t min_ns, uint64_t max_ns, const struct style *st, struct buf *out)
{
	bool early = wall_ns + report_slack_ns(min_ns) < min_ns;
	bool late = wall_ns > max_ns && wall_ns - max_ns > report_slack_ns(max_ns);

	buf_putc(out, ' ');
	style_puts(st, early || late ? INK_BAD : INK_GOOD, glyph_text(st, early || late ? GLYPH_NO : GLYPH_YES), out);
	if (!early && !late)
		return;
	buf_putc(out, ' ');
	fmt_duration(out, early ? min_ns - wall_ns : wall_ns - max_ns, st->utf8);
	buf_puts(out, early ? " less than theory" : " more than theory");
}

/* By the clock alone, where nothing else was checked. */
static void put_wall(const struct facts *f, const struct style *st, struct buf *out)
{
	uint64_t wall_ns = facts_u64(f, "run.wall_ns", UINT64_MAX);
	uint64_t min_ns = facts_u64(f, "theory.wall_min_ns", 0);
	uint64_t max_ns = facts_u64(f, "theory.wall_max_ns", UINT64_MAX);

	if (wall_ns == UINT64_MAX)
		return;
	buf_puts(out, "measured ");
	fmt_duration(out, wall_ns, st->utf8);
	if (max_ns != UINT64_MAX || min_ns)
		put_verdict(wall_ns, min_ns, max_ns, st, out);
}

static void put_headline(const struct report *r, const struct style *st, struct buf *out)
{
	if (r->findings.n) {
		buf_puts(out, "measured ");
		verdict_measured(&r->findings.v[0], st, out);
		buf_putc(out, ' ');
	}
	verdict_word(r, st, out);
}

static void put_theory(const struct model *m, const struct report *report, const struct style *st, struct buf *out)
{
	const char *text = facts_get(model_facts(m), "theory.text");
	struct buf formula = { 0 }, measured = { 0 };

	if (!text)
		return;
	put_formula(text, st, &formula);
	buf_puts(out, "theory ");
	buf_puts(out, buf_str(&formula));
	if (report)
		put_headline(report, st, &measured);
	else
		put_wall(model_facts(m), st, &measured);
	if (measured.len)
		buf_puts(out,
			 text_columns(&formula) + text_columns(&measured) + 10 > st->columns ? "\n       " : "   ");
	buf_puts(out, buf_str(&measured));
	buf_putc(out, '\n');
	buf_release(&formula);
	buf_release(&measured);
}

void frame_head(const struct model *m, struct window window, const struct report *report, const struct style *st,
		struct buf *out)
{
	put_title(m, window, st, out);
	put_theory(m, report, st, out);
}

bool frame_doubtful(const struct model *m, const struct trace_damage *d)
{
	return d->cut || d->bad_chunks || d->late_events || health_doubtful(model_health(m));
}

void frame_foot(const struct model *m, const struct trace_damage *d, const struct style *st, struct buf *out)
{
	struct buf text = { 0 };

	doubts_report(m, d, st->utf8, &text);
	for (const char *at = buf_str(&text); *at;) {
		size_t n = strcspn(at, "\n");

		style_puts(st, INK_BAD, "! ", out);
		buf_put(out, at, n);
		buf_putc(out, '\n');
		at += n + (at[n] == '\n');
	}
	buf_release(&text);
}
