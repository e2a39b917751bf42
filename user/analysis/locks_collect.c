/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * locks_collect.c - one pass over all stretches: who slept at a place where tasks meet, and what it did next.
 */
#include <stdlib.h>
#include "analysis/edge.h"
#include "analysis/locks_inside.h"
#include "base/alloc.h"
#include "trace/syscalls.h"

#define MAX_CALLS 1024u /* the tables of all architectures end well below */
#define FIRST_SLOTS 1024u

static const struct {
	enum lock_class class;
	const char *names[12];
} classes[] = {
	{ LOCK_CLASS_FUTEX, { "futex", "futex_wait" } },
	{ LOCK_CLASS_IN, { "read", "readv", "recvfrom", "recvmsg", "recvmmsg", "flock" } },
	{ LOCK_CLASS_OUT, { "write", "writev", "sendto", "sendmsg", "sendmmsg", "connect" } },
	{ LOCK_CLASS_ACCEPT, { "accept", "accept4" } },
	{ LOCK_CLASS_IPC, { "semop", "semtimedop", "msgsnd", "msgrcv" } },
	{ LOCK_CLASS_POLL, { "epoll_wait", "epoll_pwait", "epoll_pwait2" } },
};

static void learn_calls(struct lock_work *w)
{
	const char *arch = model_arch(w->h->model);

	w->class_of = xcalloc(MAX_CALLS, sizeof(*w->class_of));
	for (size_t c = 0; c < sizeof(classes) / sizeof(classes[0]); c++)
		for (const char *const *name = classes[c].names; *name; name++) {
			int32_t nr = syscall_number(arch, *name);

			if (nr >= 0 && (uint32_t)nr < MAX_CALLS)
				w->class_of[nr] = (uint8_t)classes[c].class;
		}
}

static void learn_processes(struct lock_work *w)
{
	uint32_t nr = model_nr_tasks(w->h->model);

	w->process = xcalloc(nr ? nr : 1, sizeof(*w->process));
	w->seat = xcalloc(nr ? nr : 1, sizeof(*w->seat));
	for (uint32_t i = 0; i < nr; i++) {
		task_id leader = model_task(w->h->model, (task_id){ i })->leader;

		w->process[i] = task_some(leader) ? leader.i : i;
	}
}

uint32_t locks_family(const struct lock_work *w, uint32_t process)
{
	const struct task *t = model_task(w->h->model, (task_id){ process });

	return task_some(t->parent) && t->ppid != 1 ? t->parent.i : process;
}

/* ---- places, by key ---- */

static size_t slot_of(const struct lock_work *w, uint8_t class, uint32_t process, uint64_t arg)
{
	uint64_t x = arg ^ ((uint64_t)process << 32 | class);

	/* the finaliser of MurmurHash3, public domain: keys differ in few bits */
	x = (x ^ x >> 33) * UINT64_C(0xff51afd7ed558ccd);
	x = (x ^ x >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	return (size_t)(x ^ x >> 33) & (w->nr_slots - 1);
}

static void grow_slots(struct lock_work *w)
{
	free(w->slots);
	w->nr_slots = w->nr_slots ? 2 * w->nr_slots : FIRST_SLOTS;
	w->slots = xcalloc(w->nr_slots, sizeof(*w->slots));
	for (uint32_t i = 0; i < w->places.n; i++) {
		const struct lock_place *p = &w->places.v[i];
		size_t at = slot_of(w, p->class, p->process, p->arg);

		while (w->slots[at])
			at = (at + 1) & (w->nr_slots - 1);
		w->slots[at] = i + 1;
	}
}

/* Its slot, or the free one where it would be. */
static size_t slot_find(const struct lock_work *w, uint8_t class, uint32_t process, uint64_t arg)
{
	size_t at = slot_of(w, class, process, arg);

	for (; w->slots[at]; at = (at + 1) & (w->nr_slots - 1)) {
		const struct lock_place *p = &w->places.v[w->slots[at] - 1];

		if (p->arg == arg && p->process == process && p->class == class)
			break;
	}
	return at;
}

uint32_t locks_find(const struct lock_work *w, uint8_t class, uint32_t process, uint64_t arg)
{
	return w->nr_slots ? w->slots[slot_find(w, class, process, arg)] - 1 : LOCK_NO_PLACE;
}

uint32_t locks_place(struct lock_work *w, uint8_t class, uint32_t process, uint64_t arg)
{
	size_t at;

	if (2 * w->places.n >= w->nr_slots)
		grow_slots(w);
	at = slot_find(w, class, process, arg);
	if (w->slots[at])
		return w->slots[at] - 1;
	w->slots[at] = (uint32_t)w->places.n + 1;
	*vec_push(&w->places) = (struct lock_place){
		.arg = arg,
		.process = process,
		.up = w->slots[at] - 1,
		.one = LOCK_NOBODY,
		.woken_by = LOCK_NOBODY,
		.class = class,
	};
	return w->slots[at] - 1;
}

/* ---- the pass ---- */

#define CACHED 16u

/* Of one task. */
struct walk {
	struct lock_work *w;
	const struct history_task *t;
	uint32_t process;
	size_t open; /* the last sleep, of which it is not known yet what came then; SIZE_MAX: none */
	uint64_t ran_ns;
	struct { /* places found before */
		uint64_t arg;
		uint32_t place;
		uint8_t class; /* LOCK_CLASS_NONE: free */
	} cache[CACHED];
};

static uint32_t find_place(const struct walk *k, uint8_t class, uint64_t arg)
{
	if (class == LOCK_CLASS_POLL) /* each has a descriptor of its own for what they all wait for */
		return locks_place(k->w, class, locks_family(k->w, k->process), 0);
	return locks_place(k->w, class, class == LOCK_CLASS_IPC ? 0 : k->process, arg); /* an id is the machine's */
}

static uint32_t place_of(struct walk *k, const struct stretch *s)
{
	uint8_t class = s->state == STATE_SLEEPING && s->syscall >= 0 && (uint32_t)s->syscall < MAX_CALLS
				? k->w->class_of[s->syscall]
				: LOCK_CLASS_NONE;
	size_t at = (s->arg ^ s->arg >> 4 ^ class) % CACHED;

	if (class == LOCK_CLASS_NONE)
		return LOCK_NO_PLACE;
	if (k->cache[at].class != class || k->cache[at].arg != s->arg) {
		k->cache[at].place = find_place(k, class, s->arg);
		k->cache[at].class = class;
		k->cache[at].arg = s->arg;
	}
	return k->cache[at].place;
}

/* The two words of a condition variable are the halves of eight bytes, and waiters change from one to the other. */
static void same_condition(struct lock_work *w, uint32_t a, uint32_t b)
{
	if (a != b && w->places.v[a].class == LOCK_CLASS_FUTEX && w->places.v[b].class == LOCK_CLASS_FUTEX &&
	    (w->places.v[a].arg ^ w->places.v[b].arg) == 4)
		locks_unite(w, a, b);
}

static void close_sleep(struct walk *k, uint64_t again_ns, uint32_t next)
{
	struct lock_sleep *s;

	if (k->open == SIZE_MAX)
		return;
	s = &k->w->sleeps.v[k->open];
	s->awake_ns = again_ns - s->to_ns < LOCK_LONG_NS ? (uint32_t)(again_ns - s->to_ns) : LOCK_LONG_NS;
	s->next = next;
	s->ran_ns = (k->ran_ns < LOCK_RAN_MAX_NS ? (uint32_t)k->ran_ns : LOCK_RAN_MAX_NS) & LOCK_RAN_MAX_NS;
	k->open = SIZE_MAX;
	if (next != LOCK_NO_PLACE)
		same_condition(k->w, s->place, next);
}

static void open_sleep(struct walk *k, size_t at, uint32_t place)
{
	const struct stretch *s = &k->t->v.v[at];
	struct lock_place *p = &k->w->places.v[place];
	struct lock_sleep *out;

	k->open = k->w->sleeps.n;
	out = vec_push(&k->w->sleeps);
	*out = (struct lock_sleep){
		.from_ns = s->from_ns,
		.to_ns = stretch_to_ns(k->t, at),
		.place = place,
		.who = k->t->id.i,
		.waker = LOCK_NOBODY,
	};
	p->syscall = p->one == LOCK_NOBODY ? s->syscall : p->syscall;
	if (p->one != k->t->id.i)
		p->one = p->one == LOCK_NOBODY ? k->t->id.i : LOCK_MANY;
	if (at + 1 == k->t->v.n || !edge_is_wake(k->t, at + 1) || stretch_ctx(&s[1]) == EV_CTX_UNKNOWN)
		return;
	if (stretch_ctx(&s[1]) != EV_CTX_TASK) {
		out->end = LOCK_END_IRQ;
		out->cpu = s[1].waker_cpu;
	} else if (task_some(s[1].waker)) {
		out->end = LOCK_END_TASK;
		out->waker = s[1].waker.i;
	}
}

/* The sleep before it was at no place. */
static void note_wake(struct lock_work *w, const struct history_task *t, size_t at)
{
	task_id waker = at < t->v.n && edge_is_wake(t, at) ? edge_from(w->h, t, at) : TASK_NONE;

	if (task_some(waker))
		*vec_push(&w->wakes) = (struct lock_wake){ t->v.v[at].from_ns, waker.i };
}

static void walk(struct walk *k)
{
	const struct history_task *t = k->t;

	for (size_t i = 0; i < t->v.n; i++) {
		const struct stretch *s = &t->v.v[i];
		uint32_t place;

		if (s->state == STATE_RUNNING)
			k->ran_ns += stretch_to_ns(t, i) - s->from_ns;
		if (s->state < STATE_SLEEPING)
			continue;
		place = place_of(k, s);
		if (place == LOCK_NO_PLACE)
			note_wake(k->w, t, i + 1);
		if (s->syscall == EV_NO_SYSCALL)
			continue; /* for a page: it has not gone on yet */
		close_sleep(k, s->from_ns, place);
		if (place == LOCK_NO_PLACE)
			continue;
		open_sleep(k, i, place);
		k->ran_ns = 0;
	}
	close_sleep(k, UINT64_MAX, LOCK_NO_PLACE);
}

void locks_collect(struct lock_work *w, const struct history *h)
{
	*w = (struct lock_work){ .h = h };
	learn_calls(w);
	learn_processes(w);
	for (size_t i = 0; i < h->tasks.n; i++) {
		struct walk k = { .w = w, .t = &h->tasks.v[i], .open = SIZE_MAX };

		k.process = w->process[k.t->id.i];
		walk(&k);
	}
}

void locks_collect_release(struct lock_work *w)
{
	vec_release(&w->places);
	vec_release(&w->sleeps);
	vec_release(&w->wakes);
	free(w->slots);
	free(w->class_of);
	free(w->process);
	free(w->seat);
	*w = (struct lock_work){ 0 };
}
