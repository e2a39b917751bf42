/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * burn.c - a loop whose speed is known, and how it is used to burn CPU time exactly.
 */
#include "workloads/burn.h"

#include <time.h>
#include "base/fmt.h"
#include "base/schedviz_mark.h"

#define TRIALS 5
#define TRIAL_NS (1 * NSEC_PER_MSEC)
#define ENOUGH_NS NSEC_PER_USEC	      /* about what a look costs, at its worst */
#define PACE_NS (100 * NSEC_PER_USEC) /* a part as long as that, with its look, tells how fast the loop is */

static uint64_t rounds_per_ms; /* 0: not known yet */

uint64_t burn_clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * NSEC_PER_SEC + (uint64_t)t.tv_nsec;
}

static void spin(uint64_t rounds)
{
	for (; rounds; rounds--)
		__asm__ volatile("" : "+r"(rounds));
}

static uint64_t spin_cost_ns(uint64_t rounds)
{
	uint64_t before_ns = burn_clock_ns();

	spin(rounds);
	return burn_clock_ns() - before_ns;
}

/* The median of some trials: a cold cache or a stolen CPU spoils one, not most. */
static uint64_t trial_median_ns(uint64_t rounds)
{
	uint64_t sorted[TRIALS];

	for (unsigned n = 0; n < TRIALS; n++) {
		uint64_t cost_ns = spin_cost_ns(rounds);
		unsigned at = n;

		for (; at && sorted[at - 1] > cost_ns; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = cost_ns;
	}
	return sorted[TRIALS / 2];
}

void burn_calibrate(void)
{
	uint64_t rounds = 100000;

	while (spin_cost_ns(rounds) < TRIAL_NS)
		rounds *= 2;
	/* threads that come here at once each store a good value */
	__atomic_store_n(&rounds_per_ms, rounds * NSEC_PER_MSEC / trial_median_ns(rounds), __ATOMIC_RELAXED);
}

static uint64_t rounds_at(uint64_t per_ms, uint64_t ns)
{
	return ns / NSEC_PER_MSEC * per_ms + ns % NSEC_PER_MSEC * per_ms / NSEC_PER_MSEC;
}

static uint64_t rounds_of(uint64_t ns)
{
	return rounds_at(__atomic_load_n(&rounds_per_ms, __ATOMIC_RELAXED), ns);
}

/*
 * How much of what is left to burn before the next look. A CPU may become half as fast at any time (its clock, a busy
 * sibling, a busy host; measured: 2.3 times slower than calibrated), and what was too much cannot be given back: so
 * parts are small while much is left, the first one most of all. Of less than a millisecond no such error matters, and
 * few looks do.
 */
static uint64_t part_of(uint64_t left_ns, int look)
{
	unsigned percent = left_ns < NSEC_PER_MSEC || look == BURN_LOOKS - 1 ? 90 : look == 1 ? 25 : 40;

	return left_ns / 100 * percent;
}

/* The pace of each part is what the next one reckons with. */
void burn(uint64_t ns)
{
	uint64_t left_ns = ns, now_ns, end_ns, pace;

	if (!ns)
		return;
	if (!__atomic_load_n(&rounds_per_ms, __ATOMIC_RELAXED))
		burn_calibrate();
	pace = __atomic_load_n(&rounds_per_ms, __ATOMIC_RELAXED);
	now_ns = burn_clock_ns();
	end_ns = now_ns + ns;
	for (int look = 1; look < BURN_LOOKS && left_ns > ENOUGH_NS; look++) {
		uint64_t rounds = rounds_at(pace, part_of(left_ns, look)), from_ns = now_ns;

		spin(rounds);
		now_ns = burn_clock_ns();
		left_ns = now_ns < end_ns ? end_ns - now_ns : 0;
		if (now_ns - from_ns > PACE_NS)
			pace = (uint64_t)((unsigned __int128)rounds * NSEC_PER_MSEC / (now_ns - from_ns));
	}
	spin(rounds_at(pace, left_ns));
}

void burn_blindly(uint64_t ns)
{
	if (!__atomic_load_n(&rounds_per_ms, __ATOMIC_RELAXED))
		burn_calibrate();
	spin(rounds_of(ns));
}

/* CLOCK_MONOTONIC is read without a system call (vdso), so the schedule does not change; 20 us is the error at the end.
 */
void burn_until(uint64_t ns)
{
	if (!__atomic_load_n(&rounds_per_ms, __ATOMIC_RELAXED))
		burn_calibrate();
	while (schedviz_mark_now() < ns)
		spin(rounds_of(20 * NSEC_PER_USEC));
}
