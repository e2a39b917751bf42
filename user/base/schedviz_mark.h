/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * schedviz_mark.h - how any C or C++ program tells a schedviz recording what its jobs are.
 *
 * Include it, call the marks, link nothing. Under `schedviz record` or `schedviz run` they appear in the timeline;
 * otherwise each costs a load and a branch:
 *
 *         schedviz_mark_noun("request");     what a job is called; optional
 *         schedviz_mark_submit(7);           job 7 was asked for, by the calling thread
 *         schedviz_mark_start(7);            the calling thread begins it
 *         schedviz_mark_finish(7);           and is done with it
 *         schedviz_mark_instant(3, 99);      anything else worth a point in time: an id and a number of your own
 *
 * A mark makes no system call and takes no lock: it reads the clock (vdso), claims a slot of a shared ring with one
 * compare-and-swap, fills it and publishes it. (Each thread asks for its tid at its first mark, and again after a
 * fork.) Any number of threads and processes may mark at once, in signal handlers too. When the ring is full the mark
 * is dropped and counted; nothing ever waits.
 *
 * The ring is a memfd that the recorder hands down: its number is in the environment variable SCHEDVIZ_MARKS_FD. It is
 * looked up before main() begins; a program that sets the variable for itself calls schedviz_mark_attach() again. A
 * program started by exec finds it again as long as neither variable nor descriptor is withheld from it.
 *
 * Limits: the recorder knows tids and clocks of the initial namespaces, so marks from inside another pid or time
 * namespace are not matched to their tasks. A child made by vfork() or a bare clone(CLONE_VM) must not mark.
 * Language: -std=gnu11 or later, C++11 or later (a strict -std=c11 needs -D_GNU_SOURCE). Linux 4.14 or later.
 */
#ifndef SCHEDVIZ_MARK_H
#define SCHEDVIZ_MARK_H

#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifdef __cplusplus
#define SCHEDVIZ_MARK_ASSERT(cond, text) static_assert(cond, text)
extern "C" {
#else
#define SCHEDVIZ_MARK_ASSERT(cond, text) _Static_assert(cond, text)
int sched_getcpu(void); /* sched.h shows it only with _GNU_SOURCE, which C++ always has */
#endif

/*
 * ---- the ring: one header page, then `capacity` records ----
 *
 * Native byte order; version 1. A reader other than the recorder may map it too. The file is sealed against any change
 * of size, so a mapping of it cannot fault.
 *
 *   offset  size  field
 *        0     8  magic         "SVMARKS1" as the bytes of a little-endian number
 *        8     4  version       1
 *       12     4  capacity      records; a power of two
 *       16    16  noun          what a job is called, UTF-8, padded with NUL; empty: "job"
 *       32     8  wall_from_ns  the span that the program itself measured, CLOCK_MONOTONIC;
 *       40     8  wall_to_ns      0: it did not (see schedviz_mark_wall)
 *       64     8  head          slots claimed so far, by all writers
 *       72     8  dropped       marks that found the ring full
 *      128     8  tail          slots that the reader has given back
 *     4096     -  records; slot number n is in records[n % capacity]
 */
#define SCHEDVIZ_MARKS_ENV "SCHEDVIZ_MARKS_FD"
#define SCHEDVIZ_MARK_MAGIC 0x31534b52414d5653ull
#define SCHEDVIZ_MARK_VERSION 1u
#define SCHEDVIZ_MARK_PAGE 4096u
#define SCHEDVIZ_MARK_MIN_CAPACITY 16u
#define SCHEDVIZ_MARK_MAX_CAPACITY (1u << 22)
#define SCHEDVIZ_MARK_NOUN_LEN 16

enum { SCHEDVIZ_MARK_SUBMIT, SCHEDVIZ_MARK_START, SCHEDVIZ_MARK_FINISH, SCHEDVIZ_MARK_INSTANT };

/*
 * `word`, written last, says that the rest is there: bits 0-7 what (above), 8-15 the lap (slot number / capacity + 1,
 * its low 8 bits), 16-31 the CPU it was marked on. A slot whose lap is not the expected one is not written yet.
 */
struct schedviz_mark_record {
	uint64_t ns; /* CLOCK_MONOTONIC */
	uint64_t job;
	uint64_t arg;
	uint32_t tid;
	uint32_t word;
};

struct schedviz_mark_ring {
	uint64_t magic;
	uint32_t version;
	uint32_t capacity;
	uint64_t noun[SCHEDVIZ_MARK_NOUN_LEN / 8];
	uint64_t wall_from_ns, wall_to_ns;
	uint64_t zero_a[2];
	uint64_t head;
	uint64_t dropped;
	uint64_t zero_b[6];
	uint64_t tail;
	uint64_t zero_c[495];
	struct schedviz_mark_record records[];
};

SCHEDVIZ_MARK_ASSERT(sizeof(struct schedviz_mark_record) == 32, "size of a record");
SCHEDVIZ_MARK_ASSERT(offsetof(struct schedviz_mark_ring, noun) == 16, "place of noun");
SCHEDVIZ_MARK_ASSERT(offsetof(struct schedviz_mark_ring, head) == 64, "place of head");
SCHEDVIZ_MARK_ASSERT(offsetof(struct schedviz_mark_ring, tail) == 128, "place of tail");
SCHEDVIZ_MARK_ASSERT(sizeof(struct schedviz_mark_ring) == SCHEDVIZ_MARK_PAGE, "size of the header");

/* The word that publishes slot number `n` of a ring with 2^shift slots. */
static inline uint32_t schedviz_mark_word(uint64_t n, unsigned shift, uint8_t what, uint32_t cpu)
{
	return (uint32_t)what | (uint32_t)(((n >> shift) + 1) & 0xff) << 8 | (cpu & 0xffff) << 16;
}

/* ---- what a program keeps about it: once per program or shared object, whichever files include this ---- */

struct schedviz_mark_state {
	struct schedviz_mark_ring *ring; /* NULL: nobody records */
	unsigned shift;			 /* its capacity is 2^shift; what the ring says later is not trusted */
	uint64_t *life;			 /* number of this process's life; zeroed in a child (MADV_WIPEONFORK) */
};
__attribute__((weak, visibility("hidden"))) struct schedviz_mark_state schedviz_mark_state;

/* The calling thread's tid, and in which life of the process it was asked for. */
struct schedviz_mark_self {
	uint64_t life;
	uint32_t tid;
};
static __thread struct schedviz_mark_self schedviz_mark_self __attribute__((unused));

/* CLOCK_MONOTONIC in nanoseconds: the clock of all marks and of the recording. */
static inline uint64_t schedviz_mark_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The descriptor that the environment names, or -1. */
static inline int schedviz_mark_env_fd(void)
{
	const char *text = getenv(SCHEDVIZ_MARKS_ENV);
	char *end;
	long fd;

	if (!text || *text < '0' || *text > '9')
		return -1;
	fd = strtol(text, &end, 10);
	return *end == '\0' && fd <= 0x7fffffff ? (int)fd : -1;
}

/* Capacity as power of two if `fd` is a sealed file of a ring's size, else 0: it may be anybody's descriptor. */
static inline unsigned schedviz_mark_fd_shift(int fd)
{
	const int get_seals = 1034, seal_shrink = 2; /* F_GET_SEALS, F_SEAL_SHRINK: fcntl.h hides them */
	struct stat st;
	uint64_t bytes;
	unsigned shift;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size <= (off_t)SCHEDVIZ_MARK_PAGE)
		return 0;
	if (fcntl(fd, get_seals) < 0 || !(fcntl(fd, get_seals) & seal_shrink))
		return 0;
	bytes = (uint64_t)st.st_size - SCHEDVIZ_MARK_PAGE;
	shift = (unsigned)__builtin_ctzll(bytes / sizeof(struct schedviz_mark_record) | 1ull << 63);
	if (bytes != sizeof(struct schedviz_mark_record) << shift || 1u << shift < SCHEDVIZ_MARK_MIN_CAPACITY ||
	    1u << shift > SCHEDVIZ_MARK_MAX_CAPACITY)
		return 0;
	return shift;
}

/*
 * Look for the recording's ring and use it from now on, instead of one found before. Returns 1 if there is one, 0 if
 * nobody records. Not to be called while other threads mark.
 */
static inline int schedviz_mark_attach(void)
{
	struct schedviz_mark_state *s = &schedviz_mark_state;
	int fd = schedviz_mark_env_fd();
	unsigned shift = fd < 0 ? 0 : schedviz_mark_fd_shift(fd);
	struct schedviz_mark_ring *ring;
	void *p;

	if (s->ring)
		munmap(s->ring, SCHEDVIZ_MARK_PAGE + (sizeof(struct schedviz_mark_record) << s->shift));
	s->ring = NULL;
	if (!shift)
		return 0;
	p = mmap(NULL, SCHEDVIZ_MARK_PAGE + (sizeof(struct schedviz_mark_record) << shift), PROT_READ | PROT_WRITE,
		 MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return 0;
	ring = (struct schedviz_mark_ring *)p;
	if (ring->magic != SCHEDVIZ_MARK_MAGIC || ring->version != SCHEDVIZ_MARK_VERSION ||
	    ring->capacity != 1u << shift) {
		munmap(p, SCHEDVIZ_MARK_PAGE + (sizeof(struct schedviz_mark_record) << shift));
		return 0;
	}
	if (!s->life) {
		p = mmap(NULL, sizeof(*s->life), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		/* without it every mark asks for its tid: slower, still right */
		if (p != MAP_FAILED && madvise(p, SCHEDVIZ_MARK_PAGE, MADV_WIPEONFORK) == 0)
			s->life = (uint64_t *)p;
	}
	s->shift = shift;
	s->ring = ring;
	return 1;
}

__attribute__((constructor)) static void schedviz_mark_attach_first(void)
{
	if (!schedviz_mark_state.ring)
		schedviz_mark_attach();
}

/* Is somebody recording? For a program that would have to prepare what it marks. */
static inline int schedviz_mark_on(void)
{
	return schedviz_mark_state.ring != NULL;
}

static inline uint32_t schedviz_mark_tid_ask(void)
{
	struct schedviz_mark_state *s = &schedviz_mark_state;
	struct schedviz_mark_self *self = &schedviz_mark_self;
	uint64_t life = schedviz_mark_now() | 1, none = 0;

	if (s->life && !__atomic_compare_exchange_n(s->life, &none, life, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		life = none; /* another thread of this process was first */
	self->tid = (uint32_t)syscall(SYS_gettid);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	self->life = s->life ? life : 0;
	return self->tid;
}

static inline uint32_t schedviz_mark_tid(void)
{
	uint64_t life = schedviz_mark_state.life ? __atomic_load_n(schedviz_mark_state.life, __ATOMIC_RELAXED) : 0;

	return life && schedviz_mark_self.life == life ? schedviz_mark_self.tid : schedviz_mark_tid_ask();
}

/* Claim a slot: 1 and its number, or 0 when the ring is full (which is counted). */
static inline int schedviz_mark_claim(struct schedviz_mark_ring *ring, uint64_t *slot)
{
	uint64_t head = __atomic_load_n(&ring->head, __ATOMIC_RELAXED), again;

	for (;;) {
		if ((head - __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE)) >> schedviz_mark_state.shift) {
			/* full, unless `head` was old already and the reader is past it */
			again = __atomic_load_n(&ring->head, __ATOMIC_RELAXED);
			if (again == head)
				break;
			head = again;
		} else if (__atomic_compare_exchange_n(&ring->head, &head, head + 1, 1, __ATOMIC_RELAXED,
						       __ATOMIC_RELAXED)) {
			*slot = head;
			return 1;
		}
	}
	__atomic_fetch_add(&ring->dropped, 1, __ATOMIC_RELAXED);
	return 0;
}

/* ---- the marks; see the top ---- */

static inline void schedviz_mark(uint8_t what, uint64_t job, uint64_t arg)
{
	struct schedviz_mark_ring *ring = schedviz_mark_state.ring;
	unsigned shift = schedviz_mark_state.shift;
	struct schedviz_mark_record *r;
	uint64_t ns, slot;

	if (!ring)
		return;
	ns = schedviz_mark_now();
	if (!schedviz_mark_claim(ring, &slot))
		return;
	r = &ring->records[slot & ((1ull << shift) - 1)];
	__atomic_store_n(&r->ns, ns, __ATOMIC_RELAXED);
	__atomic_store_n(&r->job, job, __ATOMIC_RELAXED);
	__atomic_store_n(&r->arg, arg, __ATOMIC_RELAXED);
	__atomic_store_n(&r->tid, schedviz_mark_tid(), __ATOMIC_RELAXED);
	__atomic_store_n(&r->word, schedviz_mark_word(slot, shift, what, (uint32_t)sched_getcpu()), __ATOMIC_RELEASE);
}

static inline void schedviz_mark_submit(uint64_t job)
{
	schedviz_mark(SCHEDVIZ_MARK_SUBMIT, job, 0);
}

static inline void schedviz_mark_start(uint64_t job)
{
	schedviz_mark(SCHEDVIZ_MARK_START, job, 0);
}

static inline void schedviz_mark_finish(uint64_t job)
{
	schedviz_mark(SCHEDVIZ_MARK_FINISH, job, 0);
}

static inline void schedviz_mark_instant(uint64_t id, uint64_t arg)
{
	schedviz_mark(SCHEDVIZ_MARK_INSTANT, id, arg);
}

/* What a job is called, at most 15 bytes of UTF-8 ("task": "task 4"). The last one said counts. */
static inline void schedviz_mark_noun(const char *noun)
{
	struct schedviz_mark_ring *ring = schedviz_mark_state.ring;
	uint64_t text[SCHEDVIZ_MARK_NOUN_LEN / 8] = { 0, 0 };
	size_t n = strlen(noun);

	if (!ring)
		return;
	memcpy(text, noun, n < SCHEDVIZ_MARK_NOUN_LEN ? n : SCHEDVIZ_MARK_NOUN_LEN - 1);
	__atomic_store_n(&ring->noun[0], text[0], __ATOMIC_RELAXED);
	__atomic_store_n(&ring->noun[1], text[1], __ATOMIC_RELAXED);
}

/*
 * The span that the program itself holds for its running time, as [from_ns, to_ns) of schedviz_mark_now(): what a
 * stopwatch in the program would have shown. In the header, not a record, so that a full ring cannot lose it.
 */
static inline void schedviz_mark_wall(uint64_t from_ns, uint64_t to_ns)
{
	struct schedviz_mark_ring *ring = schedviz_mark_state.ring;

	if (!ring)
		return;
	__atomic_store_n(&ring->wall_from_ns, from_ns, __ATOMIC_RELAXED);
	__atomic_store_n(&ring->wall_to_ns, to_ns, __ATOMIC_RELEASE);
}

#ifdef __cplusplus
}
#endif

#endif
