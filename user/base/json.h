/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * json.h - JSON, composed into a buf: commas, nesting, escaping and number limits kept right in one place.
 *
 *         struct json j = { .out = &b };
 *         json_object(&j); json_u64(&j, "tid", 12); json_array_key(&j, "jobs"); ... json_end(&j); json_end(&j);
 *
 * Inside arrays pass NULL as key. Bytes that are not valid UTF-8 are written as U+FFFD; integers are written in full.
 */
#ifndef SCHEDVIZ_BASE_JSON_H
#define SCHEDVIZ_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"

struct json {
	struct buf *out;
	uint64_t array_bits; /* bit d: depth d is an array */
	uint64_t used_bits;  /* bit d: depth d has an element already */
	unsigned depth;      /* at most 63 */
};

void json_object(struct json *j, const char *key);
void json_array(struct json *j, const char *key);
void json_end(struct json *j); /* closes whichever is open */
void json_str(struct json *j, const char *key, const char *s); /* NULL writes null */
void json_u64(struct json *j, const char *key, uint64_t v);
void json_i64(struct json *j, const char *key, int64_t v);
void json_double(struct json *j, const char *key, double v); /* %.6g; not finite writes null */
void json_bool(struct json *j, const char *key, bool v);
void json_null(struct json *j, const char *key);

#endif
