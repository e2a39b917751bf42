/* SPDX-License-Identifier: GPL-2.0-only */
/* fmt_match.c - which word was meant, and which names a pattern means. */
#include "base/fmt.h"

#include <ctype.h>
#include <fnmatch.h>
#include <string.h>

#define WORD_MAX 32 /* longer ones are no slips of the finger */

static unsigned min(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/*
 * Edits from a to b: insert, delete, replace, swap two neighbours (optimal string alignment). Case costs nothing.
 * Three rows of the matrix are kept.
 */
static unsigned distance(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned rows[3][WORD_MAX + 1], *before = rows[0], *last = rows[1], *now = rows[2], *spare;

	for (unsigned j = 0; j <= nb; j++)
		last[j] = before[j] = j;
	for (unsigned i = 1; i <= na; i++) {
		now[0] = i;
		for (unsigned j = 1; j <= nb; j++) {
			now[j] = min(min(last[j], now[j - 1]) + 1, last[j - 1] + !same(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
				now[j] = min(now[j], before[j - 2] + 1);
		}
		spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[nb];
}

const char *fmt_nearest(const char *word, const char *const *words)
{
	size_t n = strlen(word);
	/* a third of the letters may be wrong, and one of a short word */
	unsigned best = n < 3 ? 2 : (unsigned)n / 3 + 2;
	const char *nearest = NULL;

	if (!n || n > WORD_MAX)
		return NULL;
	for (; *words; words++) {
		size_t len = strlen(*words);
		unsigned d;

		if (len > WORD_MAX)
			continue;
		d = distance(word, n, *words, len);
		/* the beginning of a word was probably meant to be all of it */
		if (n > 1 && len > n && !strncmp(word, *words, n))
			d = min(d, 1);
		if (d < best && d < n) {
			best = d;
			nearest = *words;
		}
	}
	return nearest;
}

bool fmt_glob(const char *pattern, const char *name)
{
	return !fnmatch(pattern, name, 0);
}
