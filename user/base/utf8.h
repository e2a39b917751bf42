/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * utf8.h - reading UTF-8 strictly: no overlong forms, no surrogates, nothing above U+10FFFF.
 *
 * The tables are the program's own, so that a drawing does not depend on the C library or the locale.
 */
#ifndef SCHEDVIZ_BASE_UTF8_H
#define SCHEDVIZ_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The character at s and its length in bytes; 0: what is there is not valid UTF-8, or cut by the end. */
size_t utf8_decode(const char *s, size_t n, uint32_t *out);

/* May it be shown as it is? No for controls, bidirectional controls, zero-width characters and non-characters. */
bool utf8_printable(uint32_t c);

/* Columns of a printable character: 0 (combining), 1 or 2. */
unsigned utf8_width(uint32_t c);

#endif
