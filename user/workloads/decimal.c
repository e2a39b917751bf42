/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * decimal.c - powers of eight, and their digits by schoolbook division.
 */
#include "workloads/decimal.h"

#include <stddef.h>
#include <sys/mman.h>

#define CHUNK_DIGITS 9
#define CHUNK 1000000000u /* 10^9, the largest power of ten in a limb */

uint64_t decimal_eight_to_the_20th(void)
{
	uint64_t base = 8, power = 1;

	__asm__ volatile("" : "+r"(base));
	for (int i = 0; i < 20; i++)
		power *= base;
	return power;
}

uint64_t decimal_expected(uint64_t exp)
{
	/* log10(8) with 18 decimals: exact up to far beyond DECIMAL_MAX_EXP, as exp * log10(8) is never near a whole */
	return (uint64_t)((unsigned __int128)exp * 903089986991943586u / 1000000000000000000u) + 1;
}

static uint32_t divide(uint32_t *limbs, size_t n)
{
	uint64_t rest = 0;

	while (n-- > 0) {
		rest = rest << 32 | limbs[n];
		limbs[n] = (uint32_t)(rest / CHUNK);
		rest %= CHUNK;
	}
	return (uint32_t)rest;
}

static uint64_t digits_of(uint32_t v)
{
	uint64_t n = 0;

	for (; v; v /= 10)
		n++;
	return n;
}

/* Memory by mmap: a thread's first malloc() takes locks, and that would be drawn. */
uint64_t decimal_digits(uint64_t exp, int (*stop)(void *ctx), void *ctx)
{
	size_t n = (size_t)(3 * exp / 32) + 1, bytes = n * sizeof(uint32_t);
	uint32_t *limbs = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t digits = 0;

	if (limbs == MAP_FAILED)
		return 0;
	limbs[n - 1] = 1u << 3 * exp % 32;
	while (n) {
		uint32_t chunk = divide(limbs, n);

		while (n && !limbs[n - 1])
			n--;
		digits += n ? CHUNK_DIGITS : digits_of(chunk);
		if (stop && stop(ctx)) {
			digits = 0;
			break;
		}
	}
	munmap(limbs, bytes);
	return digits;
}
