/* SPDX-License-Identifier: GPL-2.0-only */
/* test_export_squeeze.c - whatever is squeezed, zlib's inflate() gives it back; and it does get shorter. */
#include <zlib.h>

#include "base/alloc.h"
#include "base/vec.h"
#include "export/squeeze.h"
#include "export/squeeze_code.h"
#include "test.h"

/* ---- streams, and what should come out of them ---- */

/* A stream on its way, and what it holds. Each part is given in memory of just its size, so that ASan sees its edges.
 */
struct stream {
	struct squeeze *s;
	struct buf out, want;
	size_t nr_parts, longest;
};

static void begin(struct stream *t)
{
	if (!t->s)
		t->s = squeeze_new();
	buf_reset(&t->out);
	buf_reset(&t->want);
	t->nr_parts = t->longest = 0;
	squeeze_begin(t->s, &t->out);
}

static void part(struct stream *t, unsigned kind, enum squeeze_shape shape, const void *bytes, size_t n)
{
	uint8_t *exact = xmalloc(n ? n : 1);

	if (n)
		memcpy(exact, bytes, n);
	squeeze_part(t->s, kind, shape, exact, n);
	memset(exact, 0xa5, n);
	free(exact);
	buf_put(&t->want, bytes, n);
	t->nr_parts++;
}

/* Ends it and inflates it. Returns the bytes it took. */
static size_t end(struct stream *t)
{
	size_t bound = t->want.len + 6 * t->nr_parts + 5 * (t->want.len / 65535) + 2 + 3 + 4;
	z_stream z = { 0 };
	uint8_t *got = xmalloc(t->want.len + 1);

	squeeze_end(t->s);
	CHECK(t->out.len <= bound);
	CHECK_U64(inflateInit(&z), Z_OK);
	z.next_in = (uint8_t *)t->out.data;
	z.avail_in = (uInt)t->out.len;
	z.next_out = got;
	z.avail_out = (uInt)t->want.len + 1;
	if (inflate(&z, Z_FINISH) != Z_STREAM_END)
		TEST_FAIL("inflate: %s, at byte %lu of %zu", z.msg ? z.msg : "ended early", z.total_out, t->want.len);
	CHECK_U64(z.total_in, t->out.len);
	CHECK_U64(z.total_out, t->want.len);
	CHECK(!memcmp(got, buf_str(&t->want), t->want.len));
	inflateEnd(&z);
	free(got);
	return t->out.len;
}

static void release(struct stream *t)
{
	squeeze_free(t->s);
	buf_release(&t->out);
	buf_release(&t->want);
	*t = (struct stream){ 0 };
}

/* One stream of one part, in codes made for it alone. */
static size_t alone(enum squeeze_shape shape, const void *bytes, size_t n)
{
	struct stream t = { 0 };
	size_t len;

	begin(&t);
	part(&t, 0, shape, bytes, n);
	len = end(&t);
	release(&t);
	return len;
}

static size_t both(const void *bytes, size_t n)
{
	size_t column = alone(SQUEEZE_COLUMN, bytes, n), records = alone(SQUEEZE_RECORDS, bytes, n);

	return column < records ? column : records;
}

/* ---- what goes in ---- */

static uint32_t random_state;

static uint32_t draw(uint32_t below)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (uint32_t)(((uint64_t)random_state * below) >> 32);
}

/* Bytes of `nr` values, from `first` up. */
static void put_random(struct buf *b, size_t n, uint32_t first, uint32_t nr)
{
	while (n--)
		buf_putc(b, (char)(first + draw(nr)));
}

/* A field of bytes, as the exporter has many: a time, constants, one of a few callers. */
static void put_record(struct buf *b, uint32_t *time, bool longer)
{
	static const uint8_t middle[] = { 0x93, 0x1d, 0x10, 0, 0x92, 1, 5, 8 };

	*time += draw(1 << 18);
	buf_putc(b, 0x12);
	buf_putc(b, longer ? 18 : 17);
	buf_putc(b, 8);
	for (int i = 0; i < 4; i++)
		buf_putc(b, (char)(0x80 | *time >> 7 * i));
	buf_put(b, middle, sizeof(middle));
	buf_putc(b, (char)(0x80 | draw(20)));
	buf_putc(b, 0x19);
	buf_puts(b, longer ? "\x10\xa2\x05" : "\x10\x01");
}

static void put_records(struct buf *b, size_t n, uint32_t longer_of_8)
{
	uint32_t time = 0;

	while (n--)
		put_record(b, &time, draw(8) < longer_of_8);
}

/* ---- tests: sizes and single bytes ---- */

TEST(nothing_at_all)
{
	struct stream t = { 0 };

	begin(&t);
	CHECK_U64(end(&t), 2 + 2 + 4);
	begin(&t);
	part(&t, 3, SQUEEZE_RECORDS, NULL, 0);
	CHECK_U64(end(&t), 2 + 2 + 4);
	release(&t);
	squeeze_free(NULL);
}

TEST(what_stands_in_the_buffer_stays)
{
	struct squeeze *s = squeeze_new();
	struct buf out = { 0 };
	uint8_t got[8];
	uLongf n = sizeof(got);

	buf_puts(&out, "before");
	squeeze_begin(s, &out);
	squeeze_part(s, 0, SQUEEZE_COLUMN, "abc", 3);
	squeeze_end(s);
	CHECK(!memcmp(out.data, "before", 6));
	CHECK_U64(strnlen(out.data + out.len, 1), 0);
	CHECK_U64(uncompress(got, &n, (uint8_t *)out.data + 6, out.len - 6), Z_OK);
	CHECK(n == 3 && !memcmp(got, "abc", 3));
	buf_release(&out);
	squeeze_free(s);
}

TEST(each_byte_alone_and_all_together)
{
	uint8_t all[256];

	for (unsigned i = 0; i < 256; i++) {
		all[i] = (uint8_t)i;
		both(&all[i], 1);
	}
	both(all, sizeof(all));
}

TEST(all_lengths)
{
	struct buf b = { 0 };

	random_state = 1;
	put_random(&b, 1200, 'a', 9);
	for (size_t n = 0; n <= 600; n++)
		both(b.data + n, n);
	buf_reset(&b);
	put_random(&b, 1200, 0, 256);
	for (size_t n = 0; n <= 600; n++)
		both(b.data + n, n);
	buf_release(&b);
}

/* ---- repetitions ---- */

TEST(runs_of_each_length)
{
	static const size_t around[] = { 3,   4,   5,	8,   11,  12,  64,    257,   258,
					 259, 260, 261, 262, 516, 517, 65535, 65536, 1000000 };
	struct buf b = { 0 };

	for (size_t i = 0; i < sizeof(around) / sizeof(around[0]); i++) {
		for (size_t period = 1; period <= 4; period++) {
			buf_reset(&b);
			buf_puts(&b, "ab");
			for (size_t n = 0; n < around[i]; n++)
				buf_putc(&b, "wxyz"[n % period]);
			buf_puts(&b, "cd");
			both(b.data, b.len);
			if (period < 4 && around[i] > 500)
				CHECK(alone(SQUEEZE_COLUMN, b.data, b.len) < 40 + around[i] / 258 * 13 / 8);
		}
	}
	buf_release(&b);
}

TEST(runs_of_every_length_in_one_part)
{
	struct buf b = { 0 };

	for (unsigned n = 1; n <= 600; n++) {
		for (unsigned i = 0; i < n; i++)
			buf_putc(&b, (char)n);
	}
	CHECK(alone(SQUEEZE_COLUMN, b.data, b.len) < b.len / 40);
	buf_release(&b);
}

TEST(records_cost_little_more_than_what_is_new_in_them)
{
	struct buf b = { 0 };

	random_state = 2;
	put_records(&b, 3000, 0);
	/* of 19 bytes 4 are drawn, of 28, 21, 14 and 4 bits */
	CHECK(alone(SQUEEZE_RECORDS, b.data, b.len) < b.len * 45 / 100);
	CHECK(alone(SQUEEZE_RECORDS, b.data, b.len) < alone(SQUEEZE_COLUMN, b.data, b.len) * 3 / 4);
	buf_reset(&b);
	put_records(&b, 3000, 3);
	CHECK(alone(SQUEEZE_RECORDS, b.data, b.len) < b.len * 45 / 100);
	buf_release(&b);
}

TEST(records_of_any_distance)
{
	struct buf b = { 0 };

	random_state = 3;
	/* the same two, ever farther apart, up to beyond what the format can say */
	for (size_t n = 1; n < 70000; n = n * 3 / 2 + 1) {
		buf_reset(&b);
		for (int i = 0; i < 3; i++) {
			buf_puts(&b, "\x12\x0csame as once");
			buf_putc(&b, 0x1a);
			for (size_t left = n; left >= 0x80 || (buf_putc(&b, (char)left), false); left >>= 7)
				buf_putc(&b, (char)(left | 0x80));
			put_random(&b, n, 0, 256);
		}
		alone(SQUEEZE_RECORDS, b.data, b.len);
	}
	buf_release(&b);
}

TEST(damaged_records)
{
	static const char *const damaged[] = { "\xff",
					       "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
					       "\x12",
					       "\x12\xff",
					       "\x12\x7f",
					       "\x12\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
					       "\x12\xff\xff\x7f" };
	struct buf b = { 0 };

	random_state = 4;
	for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
		for (size_t before = 0; before < 60; before++) {
			buf_reset(&b);
			put_records(&b, before, 2);
			buf_puts(&b, damaged[i]);
			alone(SQUEEZE_RECORDS, b.data, b.len);
			put_records(&b, 40, 2);
			alone(SQUEEZE_RECORDS, b.data, b.len - before);
		}
	}
	buf_reset(&b);
	put_random(&b, 300000, 0, 256);
	alone(SQUEEZE_RECORDS, b.data, b.len);
	buf_reset(&b);
	for (int i = 0; i < 50000; i++) /* each without a byte */
		buf_puts(&b, "\x12"), buf_putc(&b, 0);
	CHECK(alone(SQUEEZE_RECORDS, b.data, b.len) < b.len / 50);
	buf_release(&b);
}

/* ---- kinds and their codes ---- */

TEST(short_parts_of_one_kind_are_joined)
{
	struct stream t = { 0 };
	struct buf b = { 0 };
	size_t joined, apart;

	random_state = 5;
	put_random(&b, 6000, 'a', 4);
	begin(&t);
	for (size_t i = 0; i < b.len; i += 20)
		part(&t, 0, SQUEEZE_COLUMN, b.data + i, 20);
	joined = end(&t);
	begin(&t);
	for (size_t i = 0; i < b.len; i += 20)
		part(&t, 1 + i / 20 % 2, SQUEEZE_COLUMN, b.data + i, 20);
	apart = end(&t);
	CHECK(joined < b.len * 2 / 8 + 250);
	CHECK(joined < apart * 2 / 3);
	buf_release(&b);
	release(&t);
}

/* What only the first parts hold does not cost the later ones, which are unlike them; and what is new may come any
 * time. */
TEST(codes_are_renewed)
{
	struct stream t = { 0 };
	struct buf b = { 0 };
	size_t len;

	random_state = 6;
	put_random(&b, 20000, 0, 200);
	begin(&t);
	part(&t, 7, SQUEEZE_COLUMN, b.data, b.len);
	end(&t);
	for (uint32_t first = 0; first < 256; first += 16) {
		for (int i = 0; i < 100; i++) {
			buf_reset(&b);
			put_random(&b, 4000, first, 4);
			begin(&t);
			part(&t, 7, SQUEEZE_COLUMN, b.data, b.len);
			len = end(&t);
		}
		CHECK(len < 4000 * 22 / 80 + 200); /* 2 bits each, and not much more */
	}
	buf_release(&b);
	release(&t);
}

TEST(what_cannot_be_squeezed_is_stored)
{
	static const size_t sizes[] = { 1,     31,    32,     511,     512,	4096,	65534,
					65535, 65536, 131070, 1048576, 1048577, 3000000 };
	struct stream t = { 0 };
	struct buf b = { 0 };

	random_state = 7;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (unsigned kind = 0; kind < 2; kind++) {
			buf_reset(&b);
			put_random(&b, sizes[i], 0, 256);
			begin(&t);
			part(&t, kind, kind ? SQUEEZE_RECORDS : SQUEEZE_COLUMN, b.data, b.len);
			end(&t); /* asserts the bound */
		}
	}
	buf_release(&b);
	release(&t);
}

/* ---- mixtures ---- */

static void put_mixture(struct buf *b, uint32_t n)
{
	switch (draw(7)) {
	case 0:
		put_random(b, n, 0, 256);
		break;
	case 1:
		put_random(b, n, draw(256), 1);
		break;
	case 2:
		put_random(b, n, draw(256), 1 + draw(6));
		break;
	case 3:
		put_records(b, n / 19 + 1, draw(9));
		break;
	case 4:
		while (b->len < n)
			put_random(b, 1 + draw(300), draw(256), draw(2) ? 1 : 40);
		break;
	case 5: /* of rarely any others */
		while (b->len < n)
			put_random(b, 1, 0, draw(100) ? 3 : 256);
		break;
	default:
		for (uint32_t i = 0, period = 1 + draw(9); i < n; i++)
			buf_putc(b, (char)(i % period * 37));
	}
}

static void mixed_stream(struct stream *t, struct buf *b)
{
	for (uint32_t parts = 1 + draw(20); parts; parts--) {
		unsigned kind = draw(SQUEEZE_KINDS);

		buf_reset(b);
		put_mixture(b, draw(8) ? draw(draw(2) ? 60 : 1200) : draw(30000));
		if (b->len && !draw(10))
			b->data[draw((uint32_t)b->len)] ^= (char)draw(256);
		part(t, kind, kind % 2 ? SQUEEZE_RECORDS : SQUEEZE_COLUMN, buf_str(b), b->len);
	}
}

TEST(thousands_of_mixtures)
{
	struct stream t = { 0 };
	struct buf b = { 0 };

	random_state = 8;
	for (int i = 0; i < 4000; i++) {
		begin(&t);
		mixed_stream(&t, &b);
		end(&t);
		if (!draw(50))
			release(&t);
	}
	release(&t);
	buf_release(&b);
}

TEST(same_calls_same_bytes)
{
	struct stream one = { 0 }, two = { 0 };
	struct buf b = { 0 };

	for (uint32_t i = 0; i < 60; i++) {
		random_state = i;
		begin(&one);
		mixed_stream(&one, &b);
		end(&one);
		random_state = i;
		begin(&two);
		mixed_stream(&two, &b);
		end(&two);
		CHECK_U64(one.out.len, two.out.len);
		CHECK(!memcmp(one.out.data, two.out.data, one.out.len));
	}
	release(&one);
	release(&two);
	buf_release(&b);
}

/* ---- codes ---- */

/* Counts as steep as Fibonacci's want codes of any length: theirs are cut, and still fill the tree. */
TEST(codes_are_of_bounded_length_and_complete)
{
	struct sq_counts counts = { 0 };
	struct sq_code *code = xcalloc(1, sizeof(*code));

	for (unsigned nr = 2; nr <= SQ_LITERALS; nr++) {
		uint32_t a = 1, b = 1, filled = 0;

		memset(&counts, 0, sizeof(counts));
		for (unsigned i = 0; i < nr; i++) {
			counts.symbols[i] = a;
			if (a < UINT32_MAX / 2)
				b += a, a = b - a;
		}
		counts.symbols[SQ_END] = 1;
		counts.distances[0] = 1;
		sq_code_make(code, &counts);
		filled = 1u << (SQ_CODE_MAX - (code->end >> 16));
		for (unsigned i = 0; i < nr; i++) {
			CHECK(!(code->literals[i] & SQ_NO_CODE) && code->literals[i] >> 16 <= SQ_CODE_MAX);
			filled += 1u << (SQ_CODE_MAX - (code->literals[i] >> 16));
		}
		CHECK_U64(filled, 1u << SQ_CODE_MAX);
		CHECK(nr == SQ_LITERALS || code->literals[nr] & SQ_NO_CODE);
	}
	free(code);
}

TEST_MAIN
