/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report.c - gather findings and doubts, and come to a verdict.
 */
#include "analysis/report.h"

#include <stdlib.h>
#include "base/alloc.h"

static char *text_of(const char *fmt, va_list ap)
{
	struct buf text = { 0 };

	buf_vprintf(&text, fmt, ap);
	return text.data ? text.data : xstrdup("");
}

void report_add(struct report *r, enum unit unit, uint64_t got, uint64_t min, uint64_t max, const char *what, ...)
{
	struct finding f = { .unit = unit, .got = got, .min = min, .max = max, .holds = min <= got && got <= max };
	va_list ap;

	va_start(ap, what);
	f.what = text_of(what, ap);
	va_end(ap);
	*vec_push(&r->findings) = f;
}

uint64_t report_slack_ns(uint64_t ns)
{
	return ns / 100 * 3 > REPORT_WALL_SLACK_NS ? ns / 100 * 3 : REPORT_WALL_SLACK_NS;
}

void report_wall(struct report *r, uint64_t got_ns, uint64_t min_ns, uint64_t max_ns, const char *what)
{
	uint64_t below_ns = report_slack_ns(min_ns), above_ns = report_slack_ns(max_ns);

	report_ns(r, got_ns, min_ns > below_ns ? min_ns - below_ns : 0, max_ns + above_ns, "%s", what);
}

void report_text(struct report *r, bool holds, const char *what, const char *expected, const char *measured, ...)
{
	struct finding f = { .unit = UNIT_TEXT, .what = xstrdup(what), .expected = xstrdup(expected), .holds = holds };
	va_list ap;

	va_start(ap, measured);
	f.measured = text_of(measured, ap);
	va_end(ap);
	*vec_push(&r->findings) = f;
}

void report_tell(struct report *r, enum unit unit, uint64_t got, const char *what, ...)
{
	struct finding f = { .unit = unit, .got = got, .max = REPORT_ANY, .told = true, .holds = true };
	va_list ap;

	va_start(ap, what);
	f.what = text_of(what, ap);
	va_end(ap);
	*vec_push(&r->findings) = f;
}

void report_doubt(struct report *r, const char *reason, ...)
{
	va_list ap;

	va_start(ap, reason);
	*vec_push(&r->doubts) = text_of(reason, ap);
	va_end(ap);
}

void report_cannot(struct report *r, const char *reason, ...)
{
	va_list ap;

	va_start(ap, reason);
	*vec_push(&r->doubts) = text_of(reason, ap);
	va_end(ap);
	r->cannot = true;
}

const struct finding *report_failed(const struct report *r)
{
	for (size_t i = 0; i < r->findings.n; i++)
		if (!r->findings.v[i].holds)
			return &r->findings.v[i];
	return NULL;
}

enum verdict report_verdict(const struct report *r)
{
	size_t claims = 0;

	for (size_t i = 0; i < r->findings.n; i++)
		claims += !r->findings.v[i].told;
	if (!claims || r->cannot)
		return VERDICT_NOT_JUDGED;
	if (!report_failed(r))
		return VERDICT_AS_PREDICTED;
	return r->doubts.n ? VERDICT_NOT_JUDGED : VERDICT_NOT_AS_PREDICTED;
}

const char *report_verdict_name(enum verdict v)
{
	static const char *const names[NR_VERDICTS] = {
		[VERDICT_AS_PREDICTED] = "as predicted",
		[VERDICT_NOT_AS_PREDICTED] = "not as predicted",
		[VERDICT_NOT_JUDGED] = "not judged",
	};

	return names[v];
}

void report_release(struct report *r)
{
	for (size_t i = 0; i < r->findings.n; i++) {
		free(r->findings.v[i].what);
		free(r->findings.v[i].expected);
		free(r->findings.v[i].measured);
	}
	for (size_t i = 0; i < r->doubts.n; i++)
		free(r->doubts.v[i]);
	vec_release(&r->findings);
	vec_release(&r->doubts);
	*r = (struct report){ 0 };
}

uint64_t report_ppm(uint64_t part, uint64_t whole)
{
	return whole ? (uint64_t)((unsigned __int128)part * 1000000 / whole) : 0;
}

uint64_t report_milli(uint64_t a, uint64_t b)
{
	return b ? (uint64_t)((unsigned __int128)a * 1000 / b) : 0;
}

uint64_t report_fraction(double fraction, double of)
{
	return fraction * of >= 1.8e19 ? REPORT_ANY : fraction > 0 ? (uint64_t)(fraction * of + 0.5) : 0;
}

uint64_t report_less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}
