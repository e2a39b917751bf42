/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ring.bpf.h - the producer's side of the hot rings, and the doorbell.
 *
 * One ring per CPU in the memory of an array map that the recorder has mapped. Only programs that run with interrupts
 * off write to them, so a ring has one producer. Nothing here is a system call, a lock or a wake-up, except the
 * doorbell when a ring is half full.
 */
#ifndef SCHEDVIZ_RING_BPF_H
#define SCHEDVIZ_RING_BPF_H

__u64 sv_lost_rare;    /* rare records dropped, but for */
__u64 sv_lost_allowed; /* those of where a task may run */
__u64 sv_lost_no_ring; /* hot records of CPUs without a ring */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, SV_RING_DATA); /* enlarged before loading */
	__uint(max_entries, 1);		  /* likewise */
} rings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} rare SEC(".maps");

/* The compiler may not move the record's stores past this; x86 does not either, arm64 would. */
#if defined(__TARGET_ARCH_x86)
#define publish(where, value)                         \
	do {                                          \
		asm volatile("" ::: "memory");        \
		*(volatile __u64 *)(where) = (value); \
	} while (0)
#else
#define publish(where, value) ((void)__sync_lock_test_and_set((where), (value)))
#endif

static __always_inline struct sv_ring *ring_here(void)
{
	__u32 slot = sv_config.slot[bpf_get_smp_processor_id() & (SV_MAX_CPUS - 1)];

	return bpf_map_lookup_elem(&rings, &slot);
}

/* Wake the recorder, once per drain. The wake-up itself is left to an interrupt, so the run queue's lock is no matter.
 */
static __always_inline void doorbell(struct sv_ring *r)
{
	__u64 drains = *(volatile __u64 *)&r->drains;
	struct sv_rare *bell;

	if (r->rung == drains)
		return;
	r->rung = drains;
	bell = bpf_ringbuf_reserve(&rare, sizeof(*bell), 0);
	if (!bell)
		return; /* the rare ring is full: it rang when it was half full */
	bell->ts_ns = 0;
	bell->cpu = 0;
	bell->kind = SV_RARE_DOORBELL;
	bpf_ringbuf_submit(bell, BPF_RB_FORCE_WAKEUP);
}

/*
 * Address of the record at the head. The comparison is for the verifier, and never fails. The empty asm keeps the
 * compiler from calculating with a copy made before the comparison: of that the verifier may not know the bound (6.1).
 */
static __always_inline struct sv_hot *ring_at(struct sv_ring *r)
{
	__u64 pos = r->pos;

	if (pos >= sv_config.capacity)
		return 0;
	asm volatile("" : "+r"(pos));
	return (struct sv_hot *)((char *)r + SV_RING_DATA) + pos;
}

static __always_inline void ring_push(struct sv_ring *r)
{
	__u32 pos = r->pos + 1;

	r->pos = pos < sv_config.capacity ? pos : 0;
	publish(&r->head, r->head + 1);
}

/* What could not be written is told, with its span, before anything else is. */
static __always_inline void ring_tell_loss(struct sv_ring *r)
{
	struct sv_hot *rec;

	rec = ring_at(r);
	if (!rec)
		return;
	rec->ts_ns = r->lost_to_ns;
	rec->tid = (__u32)r->lost_from_ns;
	rec->tid2 = r->lost_from_ns >> 32;
	rec->word = 0;
	rec->kind = SV_HOT_LOST;
	rec->flags = rec->prio = rec->prio2 = 0;
	rec->arg = r->lost;
	r->lost = 0;
	ring_push(r);
}

/*
 * The ring seemed half full: look how full it is. One record is kept free for telling a loss. Returns whether there is
 * room for a record of time `ts_ns`. A function of its own, to keep the programs' usual path short.
 */
static __noinline int ring_room(struct sv_ring *r, __u64 ts_ns)
{
	__u64 tail, used;

	if (!r)
		return 0;
	tail = *(volatile __u64 *)&r->tail;
	used = r->head - tail;
	r->tail_seen = tail;
	if (used < sv_config.half)
		goto room;
	doorbell(r);
	if (used < sv_config.capacity - 1)
		goto room;
	if (!r->lost)
		r->lost_from_ns = ts_ns;
	r->lost++;
	r->lost_to_ns = ts_ns;
	return 0;
room:
	if (r->lost)
		ring_tell_loss(r);
	return 1;
}

/*
 * Where this record goes, or NULL when the ring is full. The caller fills every field and calls ring_push(). The
 * time is read by the caller, so that it can be as early as possible.
 */
static __always_inline struct sv_hot *ring_reserve(struct sv_ring *r, __u64 ts_ns)
{
	if (__builtin_expect(r->head - r->tail_seen >= sv_config.half, 0) && !ring_room(r, ts_ns))
		return 0;
	return ring_at(r);
}

/* ---- rare ---- */

/* Half full is early enough to ring: the recorder needs milliseconds, the other half is a thousand forks. */
static __always_inline __u64 rare_wakeup(void)
{
	return bpf_ringbuf_query(&rare, BPF_RB_AVAIL_DATA) > (1 << 19) ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

/* The one place where rare records begin: header filled, everything after it zero, loss counted in `lost`. */
#define rare_reserve_or(type, what, lost)                                 \
	({                                                                \
		type *rec_ = bpf_ringbuf_reserve(&rare, sizeof(type), 0); \
		if (rec_) {                                               \
			__builtin_memset(rec_, 0, sizeof(type));          \
			rec_->h.ts_ns = bpf_ktime_get_ns();               \
			rec_->h.cpu = bpf_get_smp_processor_id();         \
			rec_->h.kind = (what);                            \
		} else {                                                  \
			__sync_fetch_and_add(&(lost), 1);                 \
		}                                                         \
		rec_;                                                     \
	})
#define rare_reserve(type, what) rare_reserve_or(type, what, sv_lost_rare)

static __always_inline void rare_submit(void *rec)
{
	bpf_ringbuf_submit(rec, rare_wakeup());
}

#endif
