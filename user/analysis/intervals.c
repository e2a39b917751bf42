/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * intervals.c - sort, unite, cut and measure sets of stretches of time.
 */
#include "analysis/intervals.h"

#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"

void intervals_release(struct intervals *s)
{
	vec_release(s);
}

/* ---- sorting by begin ---- */

static int by_from(const void *a, const void *b)
{
	const struct interval *x = a, *y = b;

	return (x->from_ns > y->from_ns) - (x->from_ns < y->from_ns);
}

#define FEW 24 /* above so many quicksort is faster than insertion */

static void sort_few(struct interval *v, size_t n)
{
	if (n > FEW) {
		qsort(v, n, sizeof(*v), by_from);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		struct interval x = v[i];
		size_t k = i;

		for (; k > 0 && v[k - 1].from_ns > x.from_ns; k--)
			v[k] = v[k - 1];
		v[k] = x;
	}
}

/* By how much to shift [0, range] to get at most about `buckets` of them. */
static unsigned shift_for(uint64_t range, size_t buckets)
{
	unsigned shift = 0;

	while (range >> shift > buckets)
		shift++;
	return shift;
}

static bool is_sorted(const struct intervals *s, uint64_t *min_ns, uint64_t *max_ns)
{
	bool sorted = true;

	*min_ns = *max_ns = s->v[0].from_ns;
	for (size_t i = 1; i < s->n; i++) {
		uint64_t at_ns = s->v[i].from_ns;

		sorted &= at_ns >= s->v[i - 1].from_ns;
		*min_ns = at_ns < *min_ns ? at_ns : *min_ns;
		*max_ns = at_ns > *max_ns ? at_ns : *max_ns;
	}
	return sorted;
}

/* One bucket for about every stretch: distribute, then sort the few in each. */
static void sort_buckets(struct intervals *s, uint64_t min_ns, uint64_t max_ns)
{
	unsigned shift = shift_for(max_ns - min_ns, s->n);
	size_t nr = (size_t)((max_ns - min_ns) >> shift) + 1;
	size_t *end = xcalloc(nr + 1, sizeof(*end));
	struct interval *to = xmalloc(s->n * sizeof(*to));

	for (size_t i = 0; i < s->n; i++)
		end[((s->v[i].from_ns - min_ns) >> shift) + 1]++;
	for (size_t b = 1; b <= nr; b++)
		end[b] += end[b - 1];
	for (size_t i = 0; i < s->n; i++)
		to[end[(s->v[i].from_ns - min_ns) >> shift]++] = s->v[i];
	for (size_t b = 0, from = 0; b < nr; from = end[b++])
		if (end[b] - from > 1)
			sort_few(to + from, end[b] - from);
	free(end);
	free(s->v);
	s->v = to;
	s->cap = s->n;
}

static void sort(struct intervals *s)
{
	uint64_t min_ns, max_ns;

	if (s->n > 1 && !is_sorted(s, &min_ns, &max_ns))
		sort_buckets(s, min_ns, max_ns);
}

/* ---- making sets ---- */

static void unite_sorted(struct intervals *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n; i++) {
		struct interval x = s->v[i];

		if (kept && x.from_ns <= s->v[kept - 1].to_ns) {
			if (x.to_ns > s->v[kept - 1].to_ns)
				s->v[kept - 1].to_ns = x.to_ns;
		} else {
			s->v[kept++] = x;
		}
	}
	s->n = kept;
}

void intervals_settle(struct intervals *s)
{
	sort(s);
	unite_sorted(s);
}

/* Of those sorted by begin, one is covered twice as far as the latest end of those before it reaches. */
void intervals_settle_twice(struct intervals *s, struct intervals *twice)
{
	uint64_t reach_ns = 0;

	twice->n = 0;
	sort(s);
	for (size_t i = 0; i < s->n; i++) {
		struct interval x = s->v[i];

		intervals_add(twice, x.from_ns, x.to_ns < reach_ns ? x.to_ns : reach_ns);
		reach_ns = x.to_ns > reach_ns ? x.to_ns : reach_ns;
	}
	unite_sorted(twice);
	unite_sorted(s);
}

void intervals_add_ending(struct intervals *s, size_t base, uint64_t from_ns, uint64_t to_ns)
{
	if (from_ns >= to_ns)
		return;
	while (s->n > base && s->v[s->n - 1].to_ns >= from_ns) {
		from_ns = s->v[s->n - 1].from_ns < from_ns ? s->v[s->n - 1].from_ns : from_ns;
		s->n--;
	}
	*vec_push(s) = (struct interval){ from_ns, to_ns };
}

/* ---- with two sets ---- */

/* The first of `s` from `at` on that ends after `ts_ns`: near ones are found at once, far ones by doubling steps. */
static size_t first_after(const struct intervals *s, size_t at, uint64_t ts_ns)
{
	size_t step = 1, hi;

	if (at >= s->n || s->v[at].to_ns > ts_ns)
		return at;
	while (at + step < s->n && s->v[at + step].to_ns <= ts_ns) {
		at += step;
		step *= 2;
	}
	hi = at + step < s->n ? at + step : s->n;
	at++;
	while (at < hi) {
		size_t mid = at + (hi - at) / 2;

		if (s->v[mid].to_ns <= ts_ns)
			at = mid + 1;
		else
			hi = mid;
	}
	return at;
}

uint64_t intervals_cut(struct intervals *left, const struct intervals *set, struct intervals *spare)
{
	struct intervals out = *spare;
	uint64_t taken_ns = 0;
	size_t at = 0;

	if (!left->n || !set->n)
		return 0;
	out.n = 0;
	for (size_t i = 0; i < left->n; i++) {
		struct interval x = left->v[i];

		at = first_after(set, at, x.from_ns);
		for (size_t k = at; k < set->n && set->v[k].from_ns < x.to_ns && x.from_ns < x.to_ns; k++) {
			uint64_t from_ns = set->v[k].from_ns > x.from_ns ? set->v[k].from_ns : x.from_ns;
			uint64_t to_ns = set->v[k].to_ns < x.to_ns ? set->v[k].to_ns : x.to_ns;

			intervals_add(&out, x.from_ns, from_ns);
			taken_ns += to_ns - from_ns;
			x.from_ns = to_ns;
			at = k;
		}
		intervals_add(&out, x.from_ns, x.to_ns);
	}
	*spare = *left;
	*left = out;
	return taken_ns;
}

void intervals_common(const struct intervals *a, const struct intervals *b, struct intervals *out)
{
	size_t i = 0, k = 0;

	while (i < a->n && k < b->n) {
		const struct interval *x = &a->v[i], *y = &b->v[k];

		if (x->to_ns <= y->from_ns) {
			i = first_after(a, i, y->from_ns);
		} else if (y->to_ns <= x->from_ns) {
			k = first_after(b, k, x->from_ns);
		} else {
			intervals_add(out, x->from_ns > y->from_ns ? x->from_ns : y->from_ns,
				      x->to_ns < y->to_ns ? x->to_ns : y->to_ns);
			if (x->to_ns <= y->to_ns)
				i++;
			else
				k++;
		}
	}
}

void intervals_slice(const struct intervals *s, size_t *at, uint64_t from_ns, uint64_t to_ns, struct intervals *out)
{
	*at = first_after(s, *at, from_ns);
	for (size_t i = *at; i < s->n && s->v[i].from_ns < to_ns; i++)
		intervals_add(out, s->v[i].from_ns > from_ns ? s->v[i].from_ns : from_ns,
			      s->v[i].to_ns < to_ns ? s->v[i].to_ns : to_ns);
}

uint64_t intervals_total(const struct intervals *s)
{
	uint64_t ns = 0;

	for (size_t i = 0; i < s->n; i++)
		ns += s->v[i].to_ns - s->v[i].from_ns;
	return ns;
}

/* ---- how much of it, often asked ---- */

static void fill_buckets(struct coverage *c)
{
	size_t at = 0;

	for (size_t b = 0; b < c->nr_buckets; b++) {
		uint64_t begin_ns = c->from_ns + ((uint64_t)b << c->shift);

		while (at < c->set.n && c->set.v[at].to_ns <= begin_ns)
			at++;
		c->bucket[b] = (uint32_t)at;
	}
}

void coverage_make(struct coverage *c, struct intervals *set)
{
	uint64_t before_ns = 0, range_ns;

	*c = (struct coverage){ .set = *set };
	*set = (struct intervals){ 0 };
	if (!c->set.n)
		return;
	c->from_ns = c->set.v[0].from_ns;
	range_ns = c->set.v[c->set.n - 1].to_ns - c->from_ns;
	c->shift = shift_for(range_ns, 2 * c->set.n);
	c->nr_buckets = (size_t)(range_ns >> c->shift) + 1;
	c->bucket = xmalloc(c->nr_buckets * sizeof(*c->bucket));
	c->before_ns = xmalloc(c->set.n * sizeof(*c->before_ns));
	for (size_t i = 0; i < c->set.n; i++) {
		c->before_ns[i] = before_ns;
		before_ns += c->set.v[i].to_ns - c->set.v[i].from_ns;
	}
	fill_buckets(c);
}

uint64_t coverage_before(const struct coverage *c, uint64_t ts_ns)
{
	const struct interval *last;
	size_t at;

	if (!c->set.n || ts_ns <= c->from_ns)
		return 0;
	last = &c->set.v[c->set.n - 1];
	if (ts_ns >= last->to_ns)
		return c->before_ns[c->set.n - 1] + (last->to_ns - last->from_ns);
	at = first_after(&c->set, c->bucket[(ts_ns - c->from_ns) >> c->shift], ts_ns);
	return c->before_ns[at] + (ts_ns > c->set.v[at].from_ns ? ts_ns - c->set.v[at].from_ns : 0);
}

void coverage_release(struct coverage *c)
{
	intervals_release(&c->set);
	free(c->before_ns);
	free(c->bucket);
	*c = (struct coverage){ 0 };
}
