/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * err.h - one sentence about what failed, made where it failed.
 *
 * Library code never prints and never exits: it fills a struct err and returns a negative code. Setting the
 * sentence and leaving are one expression, so a code can never be stale:
 *
 *         return err_set(e, -EINVAL, "'%s' is not a schedviz trace", path);
 *
 * Style of the sentence: lower case, no full stop, what went wrong first, the subject in single quotes, then the
 * remedy after " - " if there is one. Strangers' bytes in it (paths, names) are made harmless by whoever prints it.
 */
#ifndef SCHEDVIZ_BASE_ERR_H
#define SCHEDVIZ_BASE_ERR_H

#include <stdbool.h>

struct err {
	int code;       /* 0: nothing failed; else the negative code of the last err_set */
	char text[512]; /* cut, never overrun */
};

/* Fill `e` (NULL is allowed: the caller only wants the code) and return `code`, which must be negative. */
int err_set(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Like err_set() with ": " and strerror(-code) appended to the sentence. */
int err_sys(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#ifdef __clang_analyzer__
/* It looks into one file at a time, so it has to be told that the code given is the code returned. */
#define err_set(e, code, ...)                        \
	({                                           \
		const int code_ = (code);            \
		err_set((e), code_, __VA_ARGS__);    \
		code_;                               \
	})
#endif

#endif
