/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * facts.c - owns the pairs of key and value that describe a recording, and their bytes in a chunk.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/fmt.h"
#include "base/vec.h"
#include "trace/escape.h"
#include "trace/facts.h"
#include "trace/order.h"

/* Index of the first fact whose key is not less than `key`. */
static size_t facts_lower(const struct facts *f, const char *key)
{
	size_t low = 0, high = f->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(f->v[mid].key, key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

void facts_set(struct facts *f, const char *key, const char *value)
{
	size_t i = facts_lower(f, key);
	char *copy = xstrdup(value);

	if (i < f->n && !strcmp(f->v[i].key, key)) {
		free(f->v[i].value);
		f->v[i].value = copy;
		return;
	}
	vec_reserve(f, f->n + 1);
	memmove(f->v + i + 1, f->v + i, (f->n - i) * sizeof(*f->v));
	f->v[i] = (struct fact){ .key = xstrdup(key), .value = copy };
	f->n++;
}

void facts_setf(struct facts *f, const char *key, const char *fmt, ...)
{
	struct buf value = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&value, fmt, ap);
	va_end(ap);
	facts_set(f, key, buf_str(&value));
	buf_release(&value);
}

const char *facts_get(const struct facts *f, const char *key)
{
	size_t i = facts_lower(f, key);

	return i < f->n && !strcmp(f->v[i].key, key) ? f->v[i].value : NULL;
}

uint64_t facts_u64(const struct facts *f, const char *key, uint64_t absent)
{
	const char *value = facts_get(f, key);
	uint64_t v;

	return value && !parse_u64(value, 0, UINT64_MAX, &v, NULL) ? v : absent;
}

static void fact_release(struct fact *fact)
{
	free(fact->key);
	free(fact->value);
}

static bool fact_before(const void *a, const void *b)
{
	return strcmp(((const struct fact *)a)->key, ((const struct fact *)b)->key) < 0;
}

/* Bring a set that had facts pushed at its end in order; of equal keys the last wins. */
static void facts_settle(struct facts *f)
{
	size_t kept = 0;

	stable_sort(f->v, f->n, sizeof(*f->v), fact_before);
	for (size_t i = 0; i < f->n; i++) {
		if (i + 1 < f->n && !strcmp(f->v[i].key, f->v[i + 1].key))
			fact_release(&f->v[i]);
		else
			f->v[kept++] = f->v[i];
	}
	f->n = kept;
}

void facts_merge(struct facts *into, const struct facts *from)
{
	for (size_t i = 0; i < from->n; i++)
		*vec_push(into) = (struct fact){ .key = xstrdup(from->v[i].key), .value = xstrdup(from->v[i].value) };
	facts_settle(into);
}

void facts_release(struct facts *f)
{
	for (size_t i = 0; i < f->n; i++)
		fact_release(&f->v[i]);
	vec_release(f);
}

void facts_encode(const struct facts *f, struct buf *out)
{
	for (size_t i = 0; i < f->n; i++) {
		buf_puts(out, f->v[i].key);
		buf_putc(out, ' ');
		fmt_safe(out, f->v[i].value, strlen(f->v[i].value), true);
		buf_putc(out, '\n');
	}
}

static int push_line(struct facts *f, const char *line, size_t n, struct err *e)
{
	const char *space = memchr(line, ' ', n);
	size_t key_len = space ? (size_t)(space - line) : 0;
	struct buf value = { 0 };
	bool good;

	if (!key_len || memchr(line, '\0', n))
		return err_set(e, -EBADMSG, "the facts of the recording have a line that is no key and value");
	good = unescape(&value, space + 1, n - key_len - 1);
	if (good)
		*vec_push(f) = (struct fact){ .key = xstrndup(line, key_len), .value = xstrdup(buf_str(&value)) };
	buf_release(&value);
	return good ? 0 : err_set(e, -EBADMSG, "the facts of the recording have a value with a broken escape");
}

int facts_decode(struct facts *f, const char *bytes, size_t n, struct err *e)
{
	const char *end = bytes + n;
	int ret = 0;

	if (n > FACTS_MAX_BYTES)
		return err_set(e, -EBADMSG, "the facts of the recording take %zu bytes: no recorder writes so many", n);
	while (!ret && bytes < end) {
		const char *line_end = memchr(bytes, '\n', (size_t)(end - bytes));

		line_end = line_end ? line_end : end;
		if (f->n >= FACTS_MAX)
			ret = err_set(e, -EBADMSG, "the recording has more than %u facts: no recorder writes so many",
				      FACTS_MAX);
		else
			ret = push_line(f, bytes, (size_t)(line_end - bytes), e);
		bytes = line_end + 1;
	}
	facts_settle(f);
	return ret;
}
