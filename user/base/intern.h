/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * intern.h - each distinct string kept once, for as long as the table lives.
 *
 * Equal strings from one table have equal pointers, so names can be compared and stored by pointer.
 */
#ifndef SCHEDVIZ_BASE_INTERN_H
#define SCHEDVIZ_BASE_INTERN_H

#include <stddef.h>

struct intern; /* a zeroed pointer is the empty table: struct intern *t = NULL */

const char *intern(struct intern **t, const char *s);
const char *intern_n(struct intern **t, const char *s, size_t n); /* s need not end in NUL; stops at one */
void intern_free(struct intern *t);

#endif
