/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report.h - what checking a recording against its theory found: expectations beside measurements, and a verdict.
 *
 * A finding is a number, what it should be between, and whether it is. A check adds one for every claim of its theory,
 * the headline first. Doubts are reasons for which a claim that does not hold may not be held against the theory:
 * others used the machine, events were lost, this machine cannot show it. All strings are copied; a zeroed report is
 * empty.
 *
 *         report_count(r, evidence_edges(...), 4, 4, "wake-ups of workers by the master");
 *         report_share(r, ours_ns, all_ns, 0.733, 0.773, "CPU time of 'nice0'");
 */
#ifndef SCHEDVIZ_ANALYSIS_REPORT_H
#define SCHEDVIZ_ANALYSIS_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/vec.h"

enum unit {
	UNIT_NS,    /* a duration */
	UNIT_COUNT, /* whole things */
	UNIT_PPM,   /* a share: parts per million */
	UNIT_MILLI, /* a ratio or a number with three decimals: thousandths */
	UNIT_RATE,  /* per second */
	UNIT_TEXT,  /* no number: `expected` and `measured` say it */
};

#define REPORT_ANY UINT64_MAX /* as an upper bound: there is none */

struct finding {
	char *what;
	enum unit unit;
	uint64_t got, min, max;	   /* both inclusive */
	char *expected, *measured; /* of UNIT_TEXT */
	bool told;		   /* no expectation: only told */
	bool holds;		   /* always true of what is only told */
};

struct report {
	VEC(struct finding) findings;
	VEC(char *) doubts; /* each a reason, as "others used 12.3 % of the machine" */
	bool cannot;	    /* one of them: this machine cannot show it, whatever was measured */
};

enum verdict { VERDICT_AS_PREDICTED, VERDICT_NOT_AS_PREDICTED, VERDICT_NOT_JUDGED, NR_VERDICTS };

/* `got` should be within [min, max]; max REPORT_ANY: at least min. */
void report_add(struct report *r, enum unit unit, uint64_t got, uint64_t min, uint64_t max, const char *what, ...)
	__attribute__((format(printf, 6, 7)));

#define report_ns(r, got, min, max, ...) report_add(r, UNIT_NS, got, min, max, __VA_ARGS__)
#define report_count(r, got, min, max, ...) report_add(r, UNIT_COUNT, got, min, max, __VA_ARGS__)
#define report_rate(r, got, min, max, ...) report_add(r, UNIT_RATE, got, min, max, __VA_ARGS__)
/* part/whole should be within [min, max], which are fractions as 0.25. */
#define report_share(r, part, whole, min, max, ...)                                                            \
	report_add(r, UNIT_PPM, report_ppm(part, whole), report_fraction(min, 1e6), report_fraction(max, 1e6), \
		   __VA_ARGS__)
/* a/b should be within [min, max], as 1.85; with b = 1 a plain number. */
#define report_ratio(r, a, b, min, max, ...) \
	report_add(r, UNIT_MILLI, report_milli(a, b), report_fraction(min, 1e3), report_fraction(max, 1e3), __VA_ARGS__)

/* The wall clock against theory: within 3 % or REPORT_WALL_SLACK_NS of the bounds, whichever is more. */
#define REPORT_WALL_SLACK_NS UINT64_C(5000000)
void report_wall(struct report *r, uint64_t got_ns, uint64_t min_ns, uint64_t max_ns, const char *what);
uint64_t report_slack_ns(uint64_t ns);

/* What is no number; and numbers that are told without an expectation. */
void report_text(struct report *r, bool holds, const char *what, const char *expected, const char *measured, ...)
	__attribute__((format(printf, 5, 6)));
void report_tell(struct report *r, enum unit unit, uint64_t got, const char *what, ...)
	__attribute__((format(printf, 4, 5)));

/* A reason to doubt what does not hold. */
void report_doubt(struct report *r, const char *reason, ...) __attribute__((format(printf, 2, 3)));
/* This machine or user cannot show it: never judged. */
void report_cannot(struct report *r, const char *reason, ...) __attribute__((format(printf, 2, 3)));

/*
 * As predicted: every finding holds, doubts or not. Otherwise not judged if there is a doubt, else not as predicted. A
 * report without an expectation is not judged.
 */
enum verdict report_verdict(const struct report *r);
const char *report_verdict_name(enum verdict v); /* "as predicted" */
/* The first finding that does not hold; NULL: all do. */
const struct finding *report_failed(const struct report *r);

void report_release(struct report *r);

uint64_t report_ppm(uint64_t part, uint64_t whole);   /* 0 when whole is 0 */
uint64_t report_milli(uint64_t a, uint64_t b);	      /* the same */
uint64_t report_fraction(double fraction, double of); /* rounded; below 0 is 0 */
uint64_t report_less(uint64_t a, uint64_t b);	      /* a - b; 0 when b is more */

#endif
