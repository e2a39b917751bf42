/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_analysis_locks_random.c - random tasks at random places: every sum equal to one that is counted in the plainest
 * way; and whatever the events say, the sums add up.
 */
#include "unit/locks_try.h"
#include "unit/soup.h"

#define TASKS 6u
#define PLACES 4u
#define STEPS 300u
#define ROUNDS 300

/* What was drawn. Times in us. */
struct slept {
	unsigned who, place; /* PLACES: elsewhere */
	unsigned from, to, again;
	enum { STILL, BY_TASK, BY_TIMER } end;
	unsigned waker;
};

static struct slept all[STEPS];
static unsigned nr, end_us;

static const char *const calls[PLACES + 1] = { "futex(0x10000)", "futex(0x20000)", "read(0x3)", "futex(0x30000)",
					       "clock_nanosleep(0x1)" };
static const uint64_t args[PLACES] = { 0x10000, 0x20000, 3, 0x30000 };

/* Steps of 60 us and more, so that no two wake-ups are one burst; 100 us on a CPU are progress. */
static void draw(struct dice *d)
{
	int asleep[TASKS], last[TASKS];
	unsigned now = 10;

	nr = 0;
	for (unsigned i = 0; i < TASKS; i++)
		asleep[i] = last[i] = -1;
	draw_begin(TASKS, ONE_PROCESS);
	while (nr < STEPS - 1 && now < 60 * STEPS) {
		unsigned who = roll(d, TASKS), by = roll(d, TASKS);

		now += 60 + roll(d, 60);
		if (asleep[who] < 0) {
			unsigned place = roll(d, 8) ? roll(d, 2) ? roll(d, PLACES) : 0 : PLACES;

			if (last[who] >= 0)
				all[last[who]].again = now;
			all[nr] = (struct slept){ .who = who, .place = place, .from = now, .again = UINT32_MAX };
			asleep[who] = last[who] = (int)nr++;
			sleeps(now, who, calls[place]);
			continue;
		}
		all[asleep[who]].to = now;
		if (roll(d, 8) && asleep[by] < 0) {
			all[asleep[who]].end = BY_TASK;
			all[asleep[who]].waker = by;
			wakes(now, by, who);
		} else {
			all[asleep[who]].end = BY_TIMER;
			wakes_by_irq(now, who, who);
		}
		asleep[who] = -1;
	}
	end_us = now + 500;
	for (unsigned i = 0; i < nr; i++)
		all[i].to = all[i].end == STILL ? end_us : all[i].to;
}

/* ---- the plainest way ---- */

static bool woke_somebody(unsigned who, unsigned from, unsigned to)
{
	for (unsigned i = 0; i < nr; i++)
		if (all[i].end == BY_TASK && all[i].waker == who && all[i].to >= from && all[i].to < to)
			return true;
	return false;
}

static bool in_vain(const struct slept *s)
{
	for (unsigned i = 0; i < nr; i++)
		if (all[i].who == s->who && all[i].from == s->again)
			return s->end == BY_TASK && all[i].place == s->place && s->again - (s->to + 1) < 100 &&
			       !woke_somebody(s->who, s->to, s->again);
	return false;
}

/* How many sleep at the place in the microsecond from `us` on. */
static unsigned sleepers_at(unsigned place, unsigned us)
{
	unsigned n = 0;

	for (unsigned i = 0; i < nr; i++)
		n += all[i].place == place && all[i].from <= us && us < all[i].to;
	return n;
}

static bool is_lock(unsigned place)
{
	uint64_t wakes_there = 0, among = 0;

	for (unsigned i = 0; i < nr; i++) {
		bool sleeps_there = false;

		if (all[i].place != place || all[i].end != BY_TASK)
			continue;
		for (unsigned k = 0; k < nr; k++)
			sleeps_there |= all[k].place == place && all[k].who == all[i].waker;
		wakes_there++;
		among += sleeps_there;
	}
	return wakes_there && 4 * among >= wakes_there;
}

/* Was who gave it there woken there before, not in vain, and neither gave it nor slept there since? */
static bool is_handover(const struct slept *give)
{
	const struct slept *had = NULL;

	for (unsigned i = 0; i < nr; i++)
		if (all[i].place == give->place && all[i].who == give->waker && all[i].from < give->to &&
		    (!had || all[i].from > had->from))
			had = &all[i];
	if (!had || had->end != BY_TASK || had->to > give->to || in_vain(had))
		return false;
	for (unsigned i = 0; i < nr; i++)
		if (all[i].place == give->place && all[i].end == BY_TASK && all[i].waker == give->waker &&
		    all[i].to > had->to && all[i].to < give->to)
			return false;
	return true;
}

static void check_user(const struct lock *l, unsigned place, unsigned who)
{
	struct lock_user u = user_of(l, who), want = { 0 };

	for (unsigned i = 0; i < nr; i++) {
		const struct slept *s = &all[i];

		if (s->place != place)
			continue;
		want.wakes += s->end == BY_TASK && s->waker == who;
		if (s->who != who)
			continue;
		want.sleeps++;
		want.ns += (s->to - s->from) * US;
		want.timeouts += s->end == BY_TIMER;
		want.in_vain += is_lock(place) && in_vain(s);
	}
	CHECK_U64(u.sleeps, want.sleeps);
	CHECK_U64(u.ns, want.ns);
	CHECK_U64(u.wakes, want.wakes);
	CHECK_U64(u.gives, want.wakes);
	CHECK_U64(u.timeouts, want.timeouts);
	CHECK_U64(u.in_vain, want.in_vain);
}

static void check_place(unsigned place)
{
	const struct lock *l = lock_at(args[place]);
	uint64_t queue_ns = 0, handovers = 0, slept_there = 0;
	unsigned most = 0;

	for (unsigned i = 0; i < nr; i++) {
		slept_there += all[i].place == place;
		if (all[i].place == place && all[i].end == BY_TASK && is_lock(place))
			handovers += is_handover(&all[i]);
	}
	if (!slept_there) {
		CHECK(!l);
		return;
	}
	for (unsigned us = 0; us < end_us; us++) {
		unsigned n = sleepers_at(place, us);

		queue_ns += n > 1 ? US : 0;
		most = n > most ? n : most;
	}
	CHECK((l->use == LOCK_USE_LOCK) == is_lock(place));
	CHECK_U64(l->max_sleepers, most);
	CHECK_U64(l->queue_ns, queue_ns);
	if (l->use == LOCK_USE_LOCK)
		CHECK_U64(l->handovers, handovers);
	for (unsigned who = 0; who < TASKS; who++)
		check_user(l, place, who);
}

/* ---- what holds of any ---- */

static void check_laws(const struct locks *locks, uint64_t window_ns)
{
	uint64_t ns = 0;

	for (size_t i = 0; i < locks->v.n; i++) {
		const struct lock *l = &locks->v.v[i];
		struct lock sum = { 0 };

		for (size_t k = 0; k < l->users.n; k++) {
			const struct lock_user *u = &l->users.v[k];

			sum.ns += u->ns;
			sum.sleeps += u->sleeps;
			sum.wakes += u->wakes;
			sum.gives += u->gives;
			sum.passes += u->passes;
			sum.in_vain += u->in_vain;
			sum.timeouts += u->timeouts;
			sum.held_ns += u->held_ns;
			sum.sleepers += u->sleeps > 0;
			CHECK(u->ns <= window_ns && u->max_ns <= u->ns);
		}
		ns += l->kind == LOCK_POLL ? 0 : l->ns;
		CHECK_U64(sum.ns, l->ns);
		CHECK_U64(sum.sleeps, l->sleeps);
		CHECK_U64(sum.wakes, l->wakes);
		CHECK_U64(sum.gives, l->gives);
		CHECK_U64(sum.timeouts, l->timeouts);
		CHECK_U64(sum.held_ns, l->held_ns);
		CHECK_U64(sum.sleepers, l->sleepers);
		CHECK(l->kind == LOCK_POLL || l->passes + l->in_vain >= l->wakes);
		CHECK(l->queue_ns <= window_ns && l->queues_ns <= window_ns && l->gives <= l->wakes);
		CHECK(i == 0 || l[-1].ns >= l->ns);
	}
	CHECK_U64(ns, locks->ns);
}

TEST(every_sum_is_what_is_counted_one_by_one)
{
	struct dice d = { 7 };
	uint64_t locks = 0, vain = 0, handed = 0;

	for (int round = 0; round < ROUNDS; round++) {
		draw(&d);
		draw_end(end_us, 0);
		check_laws(&drawn.account.locks, end_us * US);
		for (unsigned p = 0; p < PLACES; p++)
			check_place(p);
		for (size_t i = 0; i < drawn.account.locks.v.n; i++) {
			locks += drawn.account.locks.v.v[i].use == LOCK_USE_LOCK;
			vain += drawn.account.locks.v.v[i].in_vain;
			handed += drawn.account.locks.v.v[i].handovers;
		}
		try_end(&drawn);
	}
	CHECK(locks > ROUNDS && vain > ROUNDS && handed > ROUNDS); /* else little was tried */
}

TEST(windows_that_tile_have_all_there_is)
{
	struct dice d = { 11 };

	for (int round = 0; round < 20; round++) {
		uint64_t parts = 0, whole;

		draw(&d);
		draw_end(end_us, 0);
		whole = drawn.account.locks.ns;
		try_end(&drawn);
		for (unsigned i = 0; i < 4; i++) {
			struct window w = { end_us * US / 4 * i, i == 3 ? end_us * US : end_us * US / 4 * (i + 1) };

			try_text(&drawn, drawn_text.data, w, NULL);
			try_account(&drawn);
			check_laws(&drawn.account.locks, w.to_ns - w.from_ns);
			parts += drawn.account.locks.ns;
			try_end(&drawn);
		}
		CHECK_U64(parts, whole);
	}
}

/* ---- events that make no sense ---- */

static void draw_nonsense(struct dice *d)
{
	static const char *const asleep[] = {
		"futex(0x1000)",   "futex(0x1004)", "futex(0x1010)",	    "read(0x3)", "accept(0x4)", "write(0x3)",
		"epoll_wait(0x5)", "semop(0x7)",    "clock_nanosleep(0x1)", "?"
	};
	static const char *const contexts[] = { "task", "softirq", "hardirq", "unknown" };
	static const char *const kinds[] = { "submit", "start", "finish", "instant" };

	draw_begin(4, SIBLINGS);
	for (unsigned i = 0, now = 10; i < 400; i++, now += roll(d, 3) ? roll(d, 30) : roll(d, 3000)) {
		unsigned cpu = roll(d, 4), a = 100 + roll(d, 6), b = 100 + roll(d, 6);

		switch (roll(d, 10)) {
		case 0:
			buf_printf(&drawn_text, "%uus cpu%u fork x/%u -> x/%u tgid %u\n", now, cpu, a, b,
				   roll(d, 2) ? a : b);
			break;
		case 1:
			buf_printf(&drawn_text, roll(d, 2) ? "%uus cpu%u exit x/%u\n" : "%uus cpu%u lost %u\n", now,
				   cpu, a);
			break;
		case 2:
			buf_printf(&drawn_text, "%uus cpu%u mark x/%u %s %u\n", now, cpu, a, kinds[roll(d, 4)],
				   roll(d, 5));
			break;
		case 3:
		case 4:
		case 5:
			buf_printf(&drawn_text, "%uus cpu%u waking x/%u by x/%u in %s\n", now, cpu, a, b,
				   contexts[roll(d, 4)]);
			break;
		default:
			buf_printf(&drawn_text, "%uus cpu%u switch x/%u %s %s -> x/%u\n", now, cpu, a,
				   roll(d, 4)	? "S"
				   : roll(d, 2) ? "D"
						: "X",
				   asleep[roll(d, 10)], b);
		}
		end_us = now + 1;
	}
}

TEST(whatever_the_events_say_the_sums_add_up)
{
	struct dice d = { 5 };
	uint64_t seen = 0;

	for (int round = 0; round < 3 * ROUNDS; round++) {
		draw_nonsense(&d);
		draw_end(end_us, 0);
		check_laws(&drawn.account.locks, end_us * US);
		for (size_t i = 0; i < drawn.account.locks.v.n; i++)
			locks_while(&drawn.account.locks.v.v[i], &drawn.account.history);
		seen += drawn.account.locks.v.n;
		try_end(&drawn);
	}
	CHECK(seen > ROUNDS);
}

TEST_MAIN
