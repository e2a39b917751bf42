/* SPDX-License-Identifier: GPL-2.0-only */
/* json.c - JSON on one line, valid whatever the strings hold. */
#include "base/json.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include "base/utf8.h"

#define JSON_MAX_DEPTH 63 /* bits of the two masks, less the top level */

static uint64_t bit(const struct json *j)
{
	return (uint64_t)1 << j->depth;
}

/* As \u escapes: what a terminal might obey stays harmless when the JSON is printed there. */
static void put_escaped(struct buf *out, uint32_t c)
{
	if (c >= 0x10000)
		buf_printf(out, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xd800 + ((c - 0x10000) >> 10), 0xdc00 + (c & 0x3ff));
	else
		buf_printf(out, "\\u%04" PRIx32, c);
}

/* Bytes that stand for themselves: mostly all of them. */
static size_t plain_prefix(const char *s)
{
	size_t n = 0;

	while (s[n] >= ' ' && s[n] < 0x7f && s[n] != '"' && s[n] != '\\')
		n++;
	return n;
}

static void put_string(struct buf *out, const char *s)
{
	static const char escaped[] = "\"\\\b\f\n\r\t", letter[] = "\"\\bfnrt";
	size_t n = strlen(s), len;
	uint32_t c;

	buf_putc(out, '"');
	len = plain_prefix(s);
	buf_put(out, s, len);
	for (size_t i = len; i < n; i += len ? len : 1) {
		const char *at;

		len = utf8_decode(s + i, n - i, &c);
		at = len == 1 ? strchr(escaped, s[i]) : NULL;
		if (!len)
			buf_puts(out, "\xef\xbf\xbd"); /* U+FFFD */
		else if (at)
			buf_printf(out, "\\%c", letter[at - escaped]);
		else if (!utf8_printable(c))
			put_escaped(out, c);
		else
			buf_put(out, s + i, len);
	}
	buf_putc(out, '"');
}

/* What comes before any value: the comma, and in an object the key. */
static void begin(struct json *j, const char *key)
{
	assert(!key == !(j->depth && !(j->array_bits & bit(j))));
	if (j->used_bits & bit(j))
		buf_putc(j->out, ',');
	j->used_bits |= bit(j);
	if (!key)
		return;
	put_string(j->out, key);
	buf_putc(j->out, ':');
}

static void open_level(struct json *j, const char *key, bool array)
{
	begin(j, key);
	assert(j->depth < JSON_MAX_DEPTH);
	j->depth++;
	j->used_bits &= ~bit(j);
	j->array_bits = array ? j->array_bits | bit(j) : j->array_bits & ~bit(j);
	buf_putc(j->out, array ? '[' : '{');
}

void json_object(struct json *j, const char *key)
{
	open_level(j, key, false);
}

void json_array(struct json *j, const char *key)
{
	open_level(j, key, true);
}

void json_end(struct json *j)
{
	assert(j->depth);
	buf_putc(j->out, j->array_bits & bit(j) ? ']' : '}');
	j->depth--;
}

void json_str(struct json *j, const char *key, const char *s)
{
	begin(j, key);
	if (s)
		put_string(j->out, s);
	else
		buf_puts(j->out, "null");
}

void json_u64(struct json *j, const char *key, uint64_t v)
{
	begin(j, key);
	buf_u64(j->out, v);
}

void json_i64(struct json *j, const char *key, int64_t v)
{
	begin(j, key);
	if (v < 0)
		buf_putc(j->out, '-');
	buf_u64(j->out, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

void json_double(struct json *j, const char *key, double v)
{
	begin(j, key);
	if (isfinite(v))
		buf_printf(j->out, "%.6g", v);
	else
		buf_puts(j->out, "null");
}

void json_bool(struct json *j, const char *key, bool v)
{
	begin(j, key);
	buf_puts(j->out, v ? "true" : "false");
}

void json_null(struct json *j, const char *key)
{
	begin(j, key);
	buf_puts(j->out, "null");
}
