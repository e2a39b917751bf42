/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * burn.h - use CPU time, a given amount of it, without changing the schedule it is used in.
 *
 * Reading the thread's CPU clock is a system call that brings the scheduler's books up to date and may end the caller's
 * slice, so a loop around it is preempted far more often than a program that computes. burn() computes: a calibrated
 * loop in user space for most of the time that is left, then a look at the clock, at most BURN_LOOKS of them.
 */
#ifndef SCHEDVIZ_WORKLOADS_BURN_H
#define SCHEDVIZ_WORKLOADS_BURN_H

#include <stdint.h>

#define BURN_LOOKS 8

/*
 * Learn how fast the loop is, in about 10 ms of CPU time. Once, before threads or processes that burn are made;
 * a burn() without it calibrates first.
 */
void burn_calibrate(void);

/* Use `ns` of the calling thread's CPU time. 0 does nothing. */
void burn(uint64_t ns);

/* Use about `ns` by the calibrated loop alone, with no look at any clock: a step of a computation, not all of it. */
void burn_blindly(uint64_t ns);

/* Compute until CLOCK_MONOTONIC is `ns`, however much CPU time that is: looks at the clock (no system call) at times.
 */
void burn_until(uint64_t ns);

/* CPU time that the calling thread has used. */
uint64_t burn_clock_ns(void);

#endif
