/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * opt.h - options are rows of a table; parsing fills a plain struct; the rows also make --help, the manual and
 * the completion.
 *
 *         struct show_cfg { struct window window; uint64_t top; bool cpus; const char *tasks; };
 *         static const struct opt show_opts[] = {
 *                 OPT_WINDOW('w', "window", struct show_cfg, window, "zoom to a window, as 2.001s..2.003s"),
 *                 OPT_U64(0, "top", struct show_cfg, top, 1, 1000000, "N", "show only the N busiest tasks"),
 *                 OPT_FLAG(0, "cpus", struct show_cfg, cpus, "draw only the lanes of the CPUs"),
 *                 OPT_END
 *         };
 *
 * Understood: --name value, --name=value, -x value, -xvalue, bundled flags -ab, "--" ends options. Prefixes of names
 * are not accepted, and a name behind a single dash is refused rather than read as letters. Whether options may follow
 * positional words is the caller's choice: `record` stops at the first word, because what follows is another program's.
 */
#ifndef SCHEDVIZ_BASE_OPT_H
#define SCHEDVIZ_BASE_OPT_H

#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/fmt.h"

enum opt_type {
	OPT_T_END,
	OPT_T_FLAG,	/* bool: set to true */
	OPT_T_U64,	/* uint64_t within [min, max] */
	OPT_T_DURATION, /* uint64_t nanoseconds within [min, max] */
	OPT_T_SIZE,	/* uint64_t bytes within [min, max] */
	OPT_T_WINDOW,	/* struct window */
	OPT_T_FROM,	/* one side of a struct window; a side that is not given stays 0 or becomes UINT64_MAX */
	OPT_T_TO,
	OPT_T_STRING,	/* const char *, pointing into argv */
	OPT_T_CHOICE,	/* int: index into `choices` */
	OPT_T_LIST,	/* struct opt_list: repeatable string */
	OPT_T_ALIAS,	/* a flag that sets int field to `min` (as --procs and --threads share one field) */
};

struct opt_list {
	const char **v; /* owned by the struct; released by opt_list_release */
	size_t n;
};
void opt_list_release(struct opt_list *l);

struct opt {
	enum opt_type type;
	char letter; /* 0: none */
	const char *name; /* never NULL, but in the row that ends the table */
	size_t offset;
	const char *arg; /* its name in --help: "FILE" */
	const char *help; /* NULL: understood, but not shown anywhere */
	uint64_t min, max;
	const char *const *choices; /* NULL-ended */
};

#define OPT_FIELD(st, f) .offset = offsetof(st, f)
#define OPT_ROW(t, c, n, st, f, h) .type = (t), .letter = (c), .name = (n), OPT_FIELD(st, f), .help = (h)
#define OPT_RANGE_ROW(t, c, n, st, f, lo, hi, a, h) OPT_ROW(t, c, n, st, f, h), .min = (lo), .max = (hi), .arg = (a)

#define OPT_FLAG(c, n, st, f, h) { OPT_ROW(OPT_T_FLAG, c, n, st, f, h) }
#define OPT_U64(c, n, st, f, lo, hi, a, h) { OPT_RANGE_ROW(OPT_T_U64, c, n, st, f, lo, hi, a, h) }
#define OPT_DURATION(c, n, st, f, lo, hi, h) { OPT_RANGE_ROW(OPT_T_DURATION, c, n, st, f, lo, hi, "TIME", h) }
#define OPT_SIZE(c, n, st, f, lo, hi, h) { OPT_RANGE_ROW(OPT_T_SIZE, c, n, st, f, lo, hi, "SIZE", h) }
#define OPT_WINDOW(c, n, st, f, h) { OPT_ROW(OPT_T_WINDOW, c, n, st, f, h), .arg = "FROM..TO" }
#define OPT_FROM(c, n, st, f, h) { OPT_ROW(OPT_T_FROM, c, n, st, f, h), .arg = "TIME" }
#define OPT_TO(c, n, st, f, h) { OPT_ROW(OPT_T_TO, c, n, st, f, h), .arg = "TIME" }
#define OPT_STRING(c, n, st, f, a, h) { OPT_ROW(OPT_T_STRING, c, n, st, f, h), .arg = (a) }
#define OPT_CHOICE(c, n, st, f, list, a, h) { OPT_ROW(OPT_T_CHOICE, c, n, st, f, h), .choices = (list), .arg = (a) }
#define OPT_LIST(c, n, st, f, a, h) { OPT_ROW(OPT_T_LIST, c, n, st, f, h), .arg = (a) }
#define OPT_ALIAS(c, n, st, f, value, h) { OPT_ROW(OPT_T_ALIAS, c, n, st, f, h), .min = (value) }
#define OPT_END { .type = OPT_T_END }

/* Release what parsing put into the struct that this table fills: its lists. */
void opt_release(const struct opt *opts, void *cfg);

/* A table and the struct it fills; a command may take several (its own, the common ones, a workload's). */
struct opt_group {
	const char *title; /* heading in --help; NULL: none */
	const struct opt *opts;
	void *cfg;
};

enum opt_order { OPT_ANYWHERE, OPT_STOP_AT_WORD };

bool opt_takes_value(const struct opt *o);

/* "-o, --output FILE"; without a letter the room for one stays. */
void opt_spell(const struct opt *o, struct buf *out);

/*
 * Parse argv[0..argc) (no program name in it). On success returns the number of positional words, which have been
 * moved, in order, to the front of argv. On error -EINVAL and a sentence that names the option and, for an unknown
 * one, the nearest right one. The first group that knows an option gets it. After fewer words than
 * argc, argv ends in NULL.
 */
int opt_parse(const struct opt_group *groups, size_t nr, int argc, char **argv, enum opt_order order, struct err *e);

/*
 * Where the first positional word of argv[0..argc) is, options and their values skipped; argc when there is none.
 * Nothing is changed and no value is looked at; an unknown option or a missing value is an error as above.
 */
int opt_find_word(const struct opt_group *groups, size_t nr, int argc, char **argv, struct err *e);

/*
 * Two aligned columns, wrapped to `columns`, an empty line before each title but one that begins `out`. The default
 * value is the table's business (write it into `help`).
 */
void opt_help(const struct opt_group *groups, size_t nr, unsigned columns, struct buf *out);

#endif
