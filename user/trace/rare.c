/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rare.c - owns the rows of a chunk of rare events: for each kind, what it holds in which order, both ways. The path of
 * a program and a set of CPUs come after the row.
 */
#include <string.h>
#include "base/fmt.h"
#include "trace/bytes.h"
#include "trace/order.h"
#include "trace/rare.h"

/* In the list, a pointer is the place of what it points to. */
static void path_add(struct rare_list *l, struct event *ev, const char *path, size_t n)
{
	ev->exec.path = (const char *)(uintptr_t)l->paths.len;
	buf_put(&l->paths, path, n);
	buf_putc(&l->paths, '\0');
}

static void words_add(struct rare_list *l, struct event *ev, const struct cpuset *set)
{
	ev->allowed.set = (struct cpuset){ .bits = (uint64_t *)(uintptr_t)l->words.n, .nr_words = set->nr_words };
	for (uint32_t i = 0; i < set->nr_words; i++)
		*vec_push(&l->words) = set->bits[i];
}

void rare_add(struct rare_list *l, const struct event *ev)
{
	struct event *copy = vec_push(&l->events);

	*copy = *ev;
	if (ev->kind == EV_EXEC)
		path_add(l, copy, ev->exec.path, strnlen(ev->exec.path, RARE_MAX_PATH - 1));
	else if (ev->kind == EV_ALLOWED)
		words_add(l, copy, &ev->allowed.set);
}

void rare_point(const struct rare_list *l, struct event *ev)
{
	if (ev->kind == EV_EXEC)
		ev->exec.path = l->paths.data + (uintptr_t)ev->exec.path;
	else if (ev->kind == EV_ALLOWED)
		ev->allowed.set.bits = l->words.v + (uintptr_t)ev->allowed.set.bits;
}

void rare_keep_from(struct rare_list *l, size_t at)
{
	struct rare_list kept = { 0 };

	for (size_t i = at; i < l->events.n; i++) {
		struct event ev = l->events.v[i];

		rare_point(l, &ev);
		rare_add(&kept, &ev);
	}
	rare_release(l);
	*l = kept;
}

void rare_reset(struct rare_list *l)
{
	l->events.n = l->words.n = 0;
	buf_reset(&l->paths);
}

void rare_release(struct rare_list *l)
{
	vec_release(&l->events);
	vec_release(&l->words);
	buf_release(&l->paths);
}

/* A length, then the bytes. */
static void put_string(struct buf *out, const char *s, size_t max)
{
	size_t n = strnlen(s, max);

	put_varint(out, n);
	buf_put(out, s, n);
}

/* The next string of at most `max` bytes, *n of them; never NULL. */
static const char *take_string(struct cursor *c, size_t max, size_t *n)
{
	const uint8_t *s;

	*n = take_varint_max(c, max);
	s = take_bytes(c, *n);
	if (!s || memchr(s, '\0', *n)) {
		c->bad = true;
		*n = 0;
		return "";
	}
	return (const char *)s;
}

static void take_comm(struct cursor *c, char comm[COMM_LEN])
{
	size_t n;
	const char *s = take_string(c, COMM_LEN - 1, &n);

	memcpy(comm, s, n);
}

static void put_task(struct buf *out, const struct event *ev)
{
	put_varint(out, ev->task.tid);
	put_varint(out, ev->task.tgid);
	put_varint(out, ev->task.ppid);
	put_varint(out, ev->task.cpu);
	put_varint(out, (uint8_t)ev->task.state);
	put_varint(out, ev->task.kthread);
	put_varint(out, zigzag(ev->task.prio));
	put_string(out, ev->task.comm, COMM_LEN - 1);
	put_varint(out, zigzag(ev->task.syscall));
	put_varint(out, ev->task.arg);
}

static void take_task(struct cursor *c, struct event *ev)
{
	ev->task.tid = take_u32(c);
	ev->task.tgid = take_u32(c);
	ev->task.ppid = take_u32(c);
	ev->task.cpu = (uint32_t)take_varint_max(c, CPUSET_MAX_CPU);
	ev->task.state = (char)take_varint_max(c, '~');
	ev->task.kthread = take_varint_max(c, 1);
	ev->task.prio = (event_prio)unzigzag(take_varint_max(c, UINT16_MAX));
	take_comm(c, ev->task.comm);
	ev->task.syscall = (int32_t)unzigzag(take_u32(c));
	ev->task.arg = take_varint(c);
	if (ev->task.state <= ' ')
		c->bad = true;
}

static void put_fork(struct buf *out, const struct event *ev)
{
	put_varint(out, ev->fork.parent_tid);
	put_varint(out, ev->fork.parent_tgid);
	put_varint(out, ev->fork.tid);
	put_varint(out, ev->fork.tgid);
	put_varint(out, ev->fork.flags);
	put_varint(out, ev->fork.kthread);
	put_string(out, ev->fork.comm, COMM_LEN - 1);
}

static void take_fork(struct cursor *c, struct event *ev)
{
	ev->fork.parent_tid = take_u32(c);
	ev->fork.parent_tgid = take_u32(c);
	ev->fork.tid = take_u32(c);
	ev->fork.tgid = take_u32(c);
	ev->fork.flags = take_varint(c);
	ev->fork.kthread = take_varint_max(c, 1);
	take_comm(c, ev->fork.comm);
}

static void put_exec(struct buf *out, const struct event *ev)
{
	put_varint(out, ev->exec.tid);
	put_varint(out, ev->exec.tgid);
	put_varint(out, ev->exec.old_tid);
	put_string(out, ev->exec.comm, COMM_LEN - 1);
}

static void take_exec(struct cursor *c, struct event *ev)
{
	ev->exec.tid = take_u32(c);
	ev->exec.tgid = take_u32(c);
	ev->exec.old_tid = take_u32(c);
	take_comm(c, ev->exec.comm);
}

static void put_rename(struct buf *out, const struct event *ev)
{
	put_varint(out, ev->rename.tid);
	put_string(out, ev->rename.comm, COMM_LEN - 1);
}

static void take_rename(struct cursor *c, struct event *ev)
{
	ev->rename.tid = take_u32(c);
	take_comm(c, ev->rename.comm);
}

static void put_exit(struct buf *out, const struct event *ev)
{
	put_varint(out, ev->exit.tid);
	put_varint(out, ev->exit.tgid);
	put_varint(out, zigzag(ev->exit.code));
	put_varint(out, ev->exit.group_dead);
}

static void take_exit(struct cursor *c, struct event *ev)
{
	ev->exit.tid = take_u32(c);
	ev->exit.tgid = take_u32(c);
	ev->exit.code = (int32_t)unzigzag(take_u32(c));
	ev->exit.group_dead = take_varint_max(c, 1);
}

static void put_mark(struct buf *out, const struct event *ev)
{
	put_varint(out, ev->mark.tid);
	put_varint(out, ev->mark.what);
	put_varint(out, ev->mark.job);
	put_varint(out, ev->mark.arg);
}

static void take_mark(struct cursor *c, struct event *ev)
{
	ev->mark.tid = take_u32(c);
	ev->mark.what = (uint8_t)take_varint_max(c, MARK_KINDS - 1);
	ev->mark.job = take_varint(c);
	ev->mark.arg = take_varint(c);
}

static void put_hotplug(struct buf *out, const struct event *ev)
{
	put_varint(out, ev->hotplug.online);
}

static void take_hotplug(struct cursor *c, struct event *ev)
{
	ev->hotplug.online = take_varint_max(c, 1);
}

/* How many words of a set are needed: the last of them is not 0. */
static uint32_t words_used(const struct cpuset *set)
{
	uint32_t n = set->nr_words;

	while (n && !set->bits[n - 1])
		n--;
	return n;
}

/* The set follows, for it is kept beside the row. */
static void put_allowed(struct buf *out, const struct event *ev)
{
	put_varint(out, ev->allowed.tid);
	put_varint(out, ev->allowed.nr_known);
}

static void take_allowed(struct cursor *c, struct event *ev)
{
	ev->allowed.tid = take_u32(c);
	ev->allowed.nr_known = (uint32_t)take_varint_max(c, CPUSET_MAX_CPU + 1);
}

static void put_set(struct buf *out, const struct cpuset *set)
{
	uint32_t n = words_used(set);

	put_varint(out, n);
	for (uint32_t i = 0; i < n; i++)
		put_varint(out, set->bits[i]);
}

static void take_set(struct cursor *c, struct rare_list *l, struct event *ev)
{
	uint32_t n = (uint32_t)take_varint_max(c, CPUSET_MAX_CPU / 64 + 1);

	ev->allowed.set = (struct cpuset){ .bits = (uint64_t *)(uintptr_t)l->words.n, .nr_words = n };
	for (uint32_t i = 0; i < n; i++)
		*vec_push(&l->words) = take_varint(c);
	if (!n || !l->words.v[l->words.n - 1])
		c->bad = true;
}

/* `code`: the kind's number in a file. */
static const struct {
	uint8_t code;
	void (*put)(struct buf *out, const struct event *ev);
	void (*take)(struct cursor *c, struct event *ev);
} rows[EV_KINDS] = {
	[EV_TASK] = { 1, put_task, take_task },	     [EV_FORK] = { 2, put_fork, take_fork },
	[EV_EXEC] = { 3, put_exec, take_exec },	     [EV_RENAME] = { 4, put_rename, take_rename },
	[EV_MARK] = { 5, put_mark, take_mark },	     [EV_CPU] = { 6, put_hotplug, take_hotplug },
	[EV_EXIT] = { 13, put_exit, take_exit },     [EV_ALLOWED] = { 14, put_allowed, take_allowed },
};

/* EV_NONE: this build knows no such number. */
static enum event_kind kind_of_code(uint64_t code)
{
	for (int k = EV_NONE + 1; k < EV_KINDS; k++)
		if (rows[k].code && rows[k].code == code)
			return (enum event_kind)k;
	return EV_NONE;
}

static bool earlier(const void *a, const void *b)
{
	return ((const struct event *)a)->ts_ns < ((const struct event *)b)->ts_ns;
}

static void put_row(struct buf *out, const struct rare_list *l, const struct event *row, uint64_t at_ns)
{
	struct event ev = *row;

	rare_point(l, &ev);
	put_varint(out, rows[ev.kind].code);
	put_varint(out, ev.ts_ns - at_ns);
	put_varint(out, ev.cpu);
	rows[ev.kind].put(out, &ev);
	if (ev.kind == EV_EXEC)
		put_string(out, ev.exec.path, RARE_MAX_PATH - 1);
	else if (ev.kind == EV_ALLOWED)
		put_set(out, &ev.allowed.set);
}

/* The same with its length in front, for those who do not know its kind. */
static void put_long_row(struct buf *out, const struct rare_list *l, const struct event *ev, uint64_t at_ns)
{
	struct buf row = { 0 };

	put_row(&row, l, ev, at_ns);
	put_varint(out, row.len);
	buf_put(out, row.data, row.len);
	buf_release(&row);
}

void rare_encode_chunk(struct rare_list *l, struct packer *p, struct chunk *c, struct buf *out)
{
	void (*put)(struct buf *, const struct rare_list *, const struct event *, uint64_t) =
		c->kind == CHUNK_MORE ? put_long_row : put_row;
	struct event *v = l->events.v;
	size_t n = l->events.n, start = out->len;
	struct buf raw = { 0 };
	uint64_t at_ns;

	stable_sort(v, n, sizeof(*v), earlier);
	at_ns = v[0].ts_ns;
	for (size_t i = 0; i < n; i++) {
		put(&raw, l, &v[i], at_ns);
		at_ns = v[i].ts_ns;
	}
	packer_begin(p, out);
	packer_part(p, raw.data, raw.len, PACK_REPEATS);
	c->raw = (uint32_t)packer_end(p);
	c->stored = (uint32_t)(out->len - start);
	c->events = (uint32_t)n;
	c->first_ns = v[0].ts_ns;
	c->last_ns = at_ns;
	buf_release(&raw);
	rare_reset(l);
}

/* The rest of a row whose kind is known. */
static void take_event(struct cursor *c, struct rare_list *l, struct event *ev)
{
	const char *path;
	size_t path_len;

	rows[ev->kind].take(c, ev);
	if (ev->kind == EV_EXEC) {
		path = take_string(c, RARE_MAX_PATH - 1, &path_len);
		path_add(l, ev, path, path_len);
	} else if (ev->kind == EV_ALLOWED) {
		take_set(c, l, ev);
	}
	*vec_push(&l->events) = *ev;
}

/* False: of a kind that this build does not know; what follows its first three numbers has not been taken. */
static bool take_row(struct cursor *c, struct rare_list *l, uint64_t *at_ns)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.kind = (uint8_t)kind_of_code(take_varint(c));
	*at_ns += take_varint(c);
	ev.ts_ns = *at_ns;
	ev.cpu = (uint32_t)take_varint_max(c, CPUSET_MAX_CPU);
	if (ev.kind != EV_NONE)
		take_event(c, l, &ev);
	return ev.kind != EV_NONE;
}

static void take_short_row(struct cursor *c, struct rare_list *l, uint64_t *at_ns)
{
	if (!take_row(c, l, at_ns) || rare_is_more(l->events.v[l->events.n - 1].kind))
		c->bad = true;
}

static void take_long_row(struct cursor *c, struct rare_list *l, uint64_t *at_ns)
{
	size_t len = take_varint_max(c, cursor_left(c));
	struct cursor row = cursor_of(c->at, len);
	bool known = take_row(&row, l, at_ns);

	if (row.bad || (known && (cursor_left(&row) || !rare_is_more(l->events.v[l->events.n - 1].kind))))
		c->bad = true;
	take_bytes(c, len);
}

bool rare_decode_chunk(struct rare_list *l, struct unpacker *u, const struct chunk *chunk, const uint8_t *stored)
{
	void (*take)(struct cursor *, struct rare_list *, uint64_t *) =
		chunk->kind == CHUNK_MORE ? take_long_row : take_short_row;
	size_t events = l->events.n, paths = l->paths.len, words = l->words.n;
	uint64_t at_ns = chunk->first_ns;
	struct buf raw = { 0 };
	struct cursor c;

	buf_grow(&raw, chunk->raw + 1);
	c = cursor_of((const uint8_t *)raw.data, chunk->raw);
	c.bad = !unpack(u, stored, chunk->stored, (uint8_t *)raw.data, chunk->raw);
	for (uint32_t i = 0; i < chunk->events && !c.bad; i++)
		take(&c, l, &at_ns);
	c.bad |= cursor_left(&c) != 0;
	buf_release(&raw);
	if (!c.bad)
		return true;
	l->events.n = events;
	l->paths.len = paths;
	l->words.n = words;
	return false;
}
