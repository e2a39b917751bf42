/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * decimal.h - the seed's computation: a power of eight, written in decimal.
 */
#ifndef SCHEDVIZ_WORKLOADS_DECIMAL_H
#define SCHEDVIZ_WORKLOADS_DECIMAL_H

#include <stdint.h>

#define DECIMAL_MAX_EXP 2000000u /* minutes of it */

/*
 * Compute 8^exp in decimal by schoolbook division of the binary number, whose cost grows as exp^2, as str() of Python
 * did it, and return how many digits it has: floor(exp * log10(8)) + 1. `stop` is called between divisions, some
 * microseconds apart, and ends it early by returning true, with 0 digits; NULL: never. 0 also without memory.
 */
uint64_t decimal_digits(uint64_t exp, int (*stop)(void *ctx), void *ctx);

/* floor(exp * log10(8)) + 1, by arithmetic. */
uint64_t decimal_expected(uint64_t exp);

/* 8^20 = 1152921504606846976 by twenty multiplications that the compiler cannot do beforehand. */
uint64_t decimal_eight_to_the_20th(void);

#endif
