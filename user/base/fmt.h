/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fmt.h - how numbers, times, lists and strangers' names are read and written, everywhere the same.
 *
 * Time is integer nanoseconds; a window is half-open, [from_ns, to_ns).
 */
#ifndef SCHEDVIZ_BASE_FMT_H
#define SCHEDVIZ_BASE_FMT_H

#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/err.h"

#define NSEC_PER_SEC UINT64_C(1000000000)
#define NSEC_PER_MSEC UINT64_C(1000000)
#define NSEC_PER_USEC UINT64_C(1000)

struct window {
	uint64_t from_ns, to_ns;
};

static inline bool window_contains(struct window w, uint64_t ts_ns)
{
	return w.from_ns <= ts_ns && ts_ns < w.to_ns;
}

/* ---- reading: 0, or a negative code and a sentence that quotes `s`; nothing is accepted in part ---- */

/* -EINVAL: not a number; -ERANGE: one, but not within [min, max], which a negative one never is. */
int parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *out, struct err *e);
/* "2s" "150ms" "20us" "7ns" "1.5s" "2" (seconds) "1m" "1h": nanoseconds, exactly, below 100 years. -EINVAL: not a time;
 * -ERANGE: too long. */
int parse_duration(const char *s, uint64_t *out_ns, struct err *e);
/* "64K" "4M" "1G" or plain bytes; -EINVAL and -ERANGE as above. */
int parse_size(const char *s, uint64_t *out_bytes, struct err *e);
/* "FROM..TO", either side may be missing ("..2s" starts at 0, "2s.." ends at UINT64_MAX); FROM < TO. */
int parse_window(const char *s, struct window *out, struct err *e);

/* A set of CPU numbers, as the kernel writes them in /sys: "0-3,8", "" for none, a newline at the end. Zeroed is
 * empty. */
struct cpuset {
	uint64_t *bits;
	uint32_t nr_words;
};
#define CPUSET_MAX_CPU 65535u
int cpuset_parse(struct cpuset *set, const char *list, struct err *e); /* replaces the contents, if right */
void cpuset_add(struct cpuset *set, uint32_t cpu);
bool cpuset_has(const struct cpuset *set, uint32_t cpu);
uint32_t cpuset_count(const struct cpuset *set);
uint32_t cpuset_next(const struct cpuset *set, uint32_t from); /* first member >= from; UINT32_MAX: none */
void cpuset_format(const struct cpuset *set, struct buf *out);
void cpuset_release(struct cpuset *set);

/* ---- writing ---- */

/* At most 7 columns, three or four significant digits, unit by size: "0", "870ns", "61.2us", "1.90ms", "4.004s",
 * "12m04s", "3h20m". The micro sign is written "µ" when `utf8`, "u" otherwise. */
void fmt_duration(struct buf *out, uint64_t ns, bool utf8);
/* Seconds with nine decimals, "2.001234567": exact, stable, for machines. */
void fmt_seconds(struct buf *out, uint64_t ns);
/* As one would type them, exactly: what parse_duration() and parse_size() read back as the same value. "2s", "64K" */
void fmt_duration_arg(struct buf *out, uint64_t ns);
void fmt_size_arg(struct buf *out, uint64_t bytes);
void fmt_count(struct buf *out, uint64_t n);   /* 1,234,567 */
void fmt_bytes(struct buf *out, uint64_t n);   /* "812 B" "5.3 KiB" "41.0 MiB" */
void fmt_percent(struct buf *out, uint64_t part, uint64_t whole); /* "12.3 %"; "-" when whole is 0 */

/*
 * Append a name that a stranger chose so that no terminal, file or reader can be fooled by it: valid UTF-8 that is
 * printable stays (when `utf8`; else only ASCII), everything else, the backslash included, becomes \xNN per byte.
 * Also treated as unprintable: C0, DEL, C1, U+2028/2029, bidirectional controls, zero-width characters, surrogates.
 */
void fmt_safe(struct buf *out, const char *s, size_t n, bool utf8);
/* Terminal columns that valid UTF-8 `s` takes, by wcwidth-like rules for wide and combining characters. */
size_t fmt_columns(const char *s, size_t n);
/* Append s cut or padded with spaces to exactly `columns`; a cut one ends in "…" ("~" when not utf8). */
void fmt_cell(struct buf *out, const char *s, size_t columns, bool right_align, bool utf8);

/* Append the words of s, filled to lines of `columns`: the first goes on at column `at`, the others begin at `indent`;
 * ends the last line. A word that is too long stands alone. */
void fmt_wrap(struct buf *out, const char *s, size_t at, size_t indent, size_t columns);

/* One row of two columns, ending the line: "  left   right", right filled from column left_width + 4 on; a left that is
 * wider than left_width stands on a line of its own. */
void fmt_pair(struct buf *out, const char *left, size_t left_width, const char *right, size_t columns);

/* The word of `words` (NULL-ended) nearest to `word` by edit distance, or NULL when none is near enough to be meant. */
const char *fmt_nearest(const char *word, const char *const *words);

/* Does `name` match the shell glob `pattern` (* ? [])? */
bool fmt_glob(const char *pattern, const char *name);

#endif
