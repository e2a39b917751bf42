/* SPDX-License-Identifier: GPL-2.0-only */
/* test_base_store.c - where bytes, elements, numbers, strings and sentences are kept. */
#include <errno.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/idmap.h"
#include "base/intern.h"
#include "base/log.h"
#include "base/vec.h"
#include "test.h"

/* ---- buf ---- */

TEST(buf_zeroed_is_the_empty_string)
{
	struct buf b = { 0 };

	CHECK_STR(buf_str(&b), "");
	buf_reset(&b);
	buf_put(&b, NULL, 0);
	CHECK_STR(buf_str(&b), "");
	buf_release(&b);
	CHECK(!b.data && !b.len && !b.cap);
}

TEST(buf_puts_everything_and_ends_in_nul)
{
	struct buf b = { 0 };

	buf_puts(&b, "ab");
	buf_putc(&b, 'c');
	buf_put(&b, "d\0e", 3);
	buf_repeat(&b, "xy", 2);
	buf_repeat(&b, "xy", 0);
	CHECK_U64(b.len, 10);
	CHECK(!memcmp(b.data, "abcd\0exyxy", 11));
	buf_reset(&b);
	CHECK_STR(buf_str(&b), "");
	CHECK(b.cap > 0);
	buf_release(&b);
}

TEST(buf_printf_of_any_length)
{
	struct buf b = { 0 };

	for (int width = 0; width < 2000; width += 7) {
		buf_reset(&b);
		buf_printf(&b, "<%*s>", width, "");
		CHECK_U64(b.len, width + 2);
		CHECK_U64(strlen(buf_str(&b)), b.len);
	}
	buf_release(&b);
}

TEST(buf_grow_gives_room_and_changes_nothing)
{
	struct buf b = { 0 };
	char *to;

	buf_puts(&b, "head");
	to = buf_grow(&b, 10000);
	CHECK(to == b.data + 4);
	CHECK_U64(b.len, 4);
	CHECK_STR(buf_str(&b), "head");
	memset(to, 'x', 10000);
	b.len += 10000;
	buf_putc(&b, '.');
	CHECK_U64(strlen(buf_str(&b)), 10005);
	buf_release(&b);
}

/* ---- vec ---- */

TEST(vec_grows_and_keeps)
{
	VEC(uint32_t) v = { 0 };

	for (uint32_t i = 0; i < 10000; i++)
		*vec_push(&v) = i * 3;
	CHECK_U64(v.n, 10000);
	for (uint32_t i = 0; i < v.n; i++)
		CHECK(v.v[i] == i * 3);
	vec_release(&v);
	CHECK(!v.v && !v.n && !v.cap);
}

TEST(vec_reserve_does_not_shrink)
{
	VEC(char) v = { 0 };
	char *before;

	vec_reserve(&v, 100);
	before = v.v;
	CHECK(v.cap >= 100 && !v.n);
	vec_reserve(&v, 5);
	CHECK(v.v == before);
	vec_release(&v);
}

/* ---- alloc ---- */

TEST(alloc_of_nothing_is_something)
{
	void *a = xmalloc(0), *b = xcalloc(0, 8), *c = xrealloc(NULL, 0, 4);

	CHECK(a && b && c);
	free(a);
	free(b);
	free(c);
}

TEST(alloc_copies_strings)
{
	char *whole = xstrdup("worker"), *part = xstrndup("worker", 4), *more = xstrndup("ab", 100);

	CHECK_STR(whole, "worker");
	CHECK_STR(part, "work");
	CHECK_STR(more, "ab");
	free(whole);
	free(part);
	free(more);
}

/* ---- idmap ---- */

TEST(idmap_absent_is_none)
{
	struct idmap m = { 0 };

	CHECK_U64(idmap_get(&m, 0), IDMAP_NONE);
	CHECK_U64(idmap_get(&m, 4711), IDMAP_NONE);
	CHECK_U64(idmap_get(&m, UINT32_MAX), IDMAP_NONE);
	idmap_set(&m, 5000, 1);
	CHECK_U64(idmap_get(&m, 4999), IDMAP_NONE);
	CHECK_U64(idmap_get(&m, 0), IDMAP_NONE);
	idmap_release(&m);
}

TEST(idmap_keeps_every_kind_of_key)
{
	static const uint32_t keys[] = { 0, 1, 1023, 1024, IDMAP_DIRECT - 1, IDMAP_DIRECT, IDMAP_DIRECT + 1,
					 0x80000000u, UINT32_MAX - 1, UINT32_MAX };
	const uint32_t nr = sizeof(keys) / sizeof(keys[0]);
	struct idmap m = { 0 };

	for (uint32_t i = 0; i < nr; i++)
		idmap_set(&m, keys[i], i);
	for (uint32_t i = 0; i < nr; i++)
		CHECK_U64(idmap_get(&m, keys[i]), i);
	for (uint32_t i = 0; i < nr; i++)
		idmap_set(&m, keys[i], i + 100);
	for (uint32_t i = 0; i < nr; i++)
		CHECK_U64(idmap_get(&m, keys[i]), i + 100);
	idmap_release(&m);
	CHECK(!m.pages && !m.big);
}

TEST(idmap_none_removes)
{
	static const uint32_t keys[] = { 7, IDMAP_DIRECT + 7 };
	struct idmap m = { 0 };

	for (unsigned i = 0; i < 2; i++) {
		idmap_set(&m, keys[i], 1);
		idmap_set(&m, keys[i], IDMAP_NONE);
		CHECK_U64(idmap_get(&m, keys[i]), IDMAP_NONE);
		idmap_set(&m, keys[i], 2);
		CHECK_U64(idmap_get(&m, keys[i]), 2);
	}
	idmap_release(&m);
}

TEST(idmap_removing_what_is_absent_allocates_nothing)
{
	struct idmap m = { 0 };

	idmap_set(&m, 12, IDMAP_NONE);
	idmap_set(&m, UINT32_MAX, IDMAP_NONE);
	CHECK(!m.pages && !m.big);
}

TEST(idmap_many_huge_keys_that_would_collide)
{
	struct idmap m = { 0 };

	for (uint32_t i = 1; i < 1024; i++)
		idmap_set(&m, i << 22, i);
	for (uint32_t i = 1; i < 1024; i++)
		CHECK_U64(idmap_get(&m, i << 22), i);
	CHECK(!m.pages);
	for (uint32_t i = 1; i < 1024; i += 2)
		idmap_set(&m, i << 22, IDMAP_NONE);
	for (uint32_t i = 1; i < 1024; i++)
		CHECK_U64(idmap_get(&m, i << 22), i % 2 ? IDMAP_NONE : i);
	idmap_release(&m);
}

TEST(idmap_coming_and_going_huge_keys_stay_small)
{
	struct idmap m = { 0 };

	for (uint32_t i = 0; i < 100000; i++) {
		idmap_set(&m, IDMAP_DIRECT + i, i);
		idmap_set(&m, IDMAP_DIRECT + i, IDMAP_NONE);
	}
	CHECK(m.big_cap <= 1024);
	idmap_release(&m);
}

/* ---- intern ---- */

TEST(intern_equal_strings_have_equal_pointers)
{
	struct intern *t = NULL;
	const char *a = intern(&t, "worker0"), *b = intern(&t, "worker1");
	char copy[] = "worker0";

	CHECK(a != b);
	CHECK(intern(&t, copy) == a);
	CHECK(intern_n(&t, "worker0 and more", 7) == a);
	CHECK(intern_n(&t, "worker0\0 and more", 16) == a);
	CHECK_STR(intern(&t, ""), "");
	CHECK(intern(&t, "") == intern_n(&t, "x", 0));
	CHECK(intern(&t, "worker") != a);
	intern_free(t);
	intern_free(NULL);
}

TEST(intern_pointers_survive_growth)
{
	struct intern *t = NULL;
	const char *kept[2000];
	char name[16];

	for (int i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "task%d", i);
		kept[i] = intern(&t, name);
	}
	for (int i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "task%d", i);
		CHECK_STR(kept[i], name);
		CHECK(intern(&t, name) == kept[i]);
	}
	intern_free(t);
}

/* ---- err ---- */

TEST(err_returns_its_code)
{
	struct err e = { 0 };

	CHECK(err_set(&e, -EINVAL, "'%s' is not a trace", "x") == -EINVAL);
	CHECK(e.code == -EINVAL);
	CHECK_STR(e.text, "'x' is not a trace");
	CHECK(err_set(NULL, -ENOENT, "nobody hears it") == -ENOENT);
	CHECK(err_sys(NULL, -ENOENT, "nor this") == -ENOENT);
}

TEST(err_sys_appends_the_reason)
{
	struct err e = { 0 };

	CHECK(err_sys(&e, -ENOENT, "cannot open '%s'", "x.svz") == -ENOENT);
	CHECK_STR(e.text, "cannot open 'x.svz': No such file or directory");
}

TEST(err_is_cut_never_overrun)
{
	struct err e = { 0 };
	char text[2000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	err_set(&e, -EINVAL, "%s", text);
	CHECK_U64(strlen(e.text), sizeof(e.text) - 1);
	err_sys(&e, -EINVAL, "%s", text);
	CHECK_U64(strlen(e.text), sizeof(e.text) - 1);
}

/* ---- log ---- */

TEST(log_is_silent_unless_asked)
{
	CHECK(!log_verbose());
	log_debug("this line would stand in the test's output: %d", 1);
	log_set_verbose(true);
	CHECK(log_verbose());
	log_set_verbose(false);
}

TEST(the_first_line_of_a_file_is_read_without_its_newline)
{
	char line[8];

	CHECK(file_read_line("/proc/sys/kernel/ostype", line, sizeof(line)));
	CHECK_STR(line, "Linux");
	CHECK(!file_read_line("/proc/no/such/file", line, sizeof(line)));
	CHECK_STR(line, "");
	CHECK(!file_read_line("/dev/null", line, sizeof(line)));
}

TEST_MAIN
